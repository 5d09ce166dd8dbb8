"""Live sound through miniaudio, which streams: the default output.

Three things that it does are held in check here. Where there is no sound system it takes a "Null"
backend and plays to nobody, so the real ones are named, one at a time. A call may wait for ever
for a sound server that hangs, so calls have a time limit. And when a PulseAudio server is lost it
just stops asking for sound and goes on calling itself running, so the requests are watched.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Generator
from typing import Any

from coach.errors import DeviceError
from coach.outputs import INSTEAD, Device, Source, is_installed
from coach.outputs.lead import Lead
from coach.outputs.mend import not_installed
from coach.outputs.sound_systems import (
    Found,
    SoundSystem,
    choose,
    closing_fully,
    list_devices,
    quieten,
    sound_systems,
)
from coach.outputs.time_limit import TooLateError, within

OPEN_S = 4.0
"""Seconds until a device must be running; a Bluetooth loudspeaker may have to wake up."""

CLOSE_S = 0.5
"""Seconds that closing may take before it is left to itself."""

SILENT_S = 1.0
"""Seconds without a request for sound after which the device is taken for lost."""

LOOK_S = 0.25
"""Seconds that count at most between two looks: a process that was stopped has lost nothing."""

SWITCH_S = 0.001
"""Seconds after which a busy Python thread lets another one run while a device plays. Beside three
busy threads, Python's own 5 ms made 29 gaps in 21 s, and 1 ms made 2."""


PRIORITY = 1
"""Of the thread that hands out sound, among those that keep real time: the lowest."""


class MiniaudioOutput:
    """Plays on the system's default device, or on the one whose name has `device` in it."""

    name = "miniaudio"

    def __init__(self, device: str | None = None) -> None:
        self._device = device

    def devices(self) -> tuple[Device, ...]:
        """Return the devices, the default first.

        Raises:
            DeviceError: miniaudio is not installed, or no sound system answers.
        """
        _check_installed()
        found = _in_time(_all_devices)
        return tuple(sorted((one.device for one in found), key=lambda one: not one.is_default))

    def start(self, source: Source, rate: int) -> MiniaudioPlayback:
        """Begin to play `source` at `rate` Hz; return as soon as the device has taken sound.

        Raises:
            DeviceError: miniaudio is not installed, there is no (such) device, or it did not
                start in time.
        """
        _check_installed()
        begun = time.monotonic()
        feed = _Feed(source, rate)
        opened = _in_time(lambda: _open(self._device, feed, rate), _close)
        playback = MiniaudioPlayback(opened, feed)
        if not feed.running.wait(max(0.0, begun + OPEN_S - time.monotonic())):
            playback.close()
            raise _no_answer()
        return playback


class MiniaudioPlayback:
    """A device that plays."""

    def __init__(self, device: Any, feed: _Feed) -> None:
        self._device = device
        self._feed = feed
        self._lock = threading.Lock()
        self._closed = False
        self._asked_at = feed.asked_at
        self._looked_at = time.monotonic()
        self._silent = 0.0
        """Seconds of looking, since anything was asked for."""
        self._usual_switch_s = sys.getswitchinterval()
        sys.setswitchinterval(min(SWITCH_S, self._usual_switch_s))

    @property
    def latency(self) -> float:
        """Return about how many seconds pass between the reading of a frame and its sound."""
        return self._feed.lead.latency

    @property
    def underruns(self) -> int:
        """Return how often the device lost more than 15 ms waiting for sound."""
        return self._feed.lead.underruns

    def problem(self) -> str | None:
        """Return why nothing is heard any more, or None while all is well."""
        if self._closed:
            return None
        if self._feed.error is not None:
            return f"the session could not be played: {self._feed.error}"
        if self._feed.stopped:
            return "the sound device has stopped: it was taken away, or its server ended"
        if self._silence() > SILENT_S:
            return "the sound device takes no more sound: its server ended, or hangs"
        return None

    def _silence(self) -> float:
        now, asked_at = time.monotonic(), self._feed.asked_at
        is_asked = asked_at != self._asked_at
        self._silent = 0.0 if is_asked else self._silent + min(now - self._looked_at, LOOK_S)
        self._asked_at, self._looked_at = asked_at, now
        return self._silent

    def close(self) -> None:
        """End at once; what hangs is left behind on a thread of its own."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._feed.closed = True
        sys.setswitchinterval(self._usual_switch_s)
        device, self._device = self._device, None
        # With a server that hangs, the thread ends when that does, or with the process.
        with contextlib.suppress(TooLateError):
            within(CLOSE_S, lambda: _close(device))


class _Feed:
    """Hands sound to a device, and notes when. All but `closed` is written by its thread."""

    def __init__(self, source: Source, rate: int) -> None:
        self._source = source
        self.lead = Lead(rate)
        self.asked_at = time.monotonic()
        """The monotonic time of the last request."""
        self.running = threading.Event()
        """Set by the second request: the first one comes before anything is played."""
        self.error: Exception | None = None
        """What the source raised."""
        self.stopped = False
        self.closed = False

    def blocks(self) -> Generator[bytes, int, None]:
        """Yield as many frames as are sent in, each time."""
        begun = False
        count = yield b""
        _take_precedence()
        while True:
            self.asked_at = time.monotonic()
            if begun:
                self.running.set()
            begun = True
            self.lead.gave(count, self.asked_at)
            count = yield self._read(count)

    def _read(self, count: int) -> bytes:
        if self.error is None and not self.closed:
            try:
                samples = self._source.read(count)
                if samples.dtype != "int16" or samples.shape != (count,):
                    found = f"{samples.dtype} of shape {samples.shape}"
                    raise ValueError(f"expected {count} frames of int16, found {found}")  # noqa: TRY301
                return samples.tobytes()
            except Exception as error:  # noqa: BLE001 - miniaudio would print it and stop asking
                self.error = error
        return bytes(2 * count)

    def stop(self) -> None:
        """Note that the device has stopped by itself, unless it was asked to."""
        self.stopped = not self.closed


def _take_precedence() -> None:
    """Let this thread run before all others, where the system lets it: sound cannot wait.

    That is so for root, and for whoever has been given `rtprio`, as those who make music are.
    """
    if sys.platform == "linux":
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        with contextlib.suppress(OSError):
            os.sched_setscheduler(threading.get_native_id(), policy, os.sched_param(PRIORITY))


def _open(wanted: str | None, feed: _Feed, rate: int) -> Any:
    """Return a device that has been started.

    Raises:
        DeviceError: there is no (such) device, or it cannot be used.
    """
    import miniaudio

    choices: list[tuple[SoundSystem, Any]] = [(system, None) for system in sound_systems()]
    if wanted is not None:
        chosen = choose(wanted, _all_devices(), what="sound device")
        choices = [(chosen.system, chosen.id)]
    said = []
    for system, device_id in choices:
        try:
            return _started(system, device_id, feed, rate)
        except miniaudio.MiniaudioError as error:
            said.append(f"{system.name}: {' '.join(map(str, error.args))}")
    raise DeviceError(f"no sound device can be used ({'; '.join(said)})", INSTEAD)


def _started(system: SoundSystem, device_id: Any, feed: _Feed, rate: int) -> Any:
    import miniaudio

    quieten(system)
    device = closing_fully(miniaudio.PlaybackDevice)(
        miniaudio.SampleFormat.SIGNED16,
        nchannels=1,
        sample_rate=rate,
        buffersize_msec=system.period_ms,
        callback_periods=system.periods,
        device_id=device_id,
        backends=[miniaudio.Backend[system.name]],
        app_name="coach",
    )
    if device.backend == "Null":  # pragma: no cover - it was not named
        raise miniaudio.MiniaudioError("plays to nobody")
    device.stop_callback = feed.stop
    blocks = feed.blocks()
    next(blocks)
    device.start(blocks)
    return device


def _close(device: Any) -> None:
    device.close()


def _all_devices() -> list[Found]:
    found = list_devices("playback")
    if not found:
        raise DeviceError("no sound system answers, and none knows a device", INSTEAD)
    return found


def _check_installed() -> None:
    if not is_installed("miniaudio"):
        raise not_installed("miniaudio")


def _in_time(task: Any, too_late: Any = lambda _: None) -> Any:
    try:
        return within(OPEN_S, task, too_late)
    except TooLateError:
        raise _no_answer() from None


def _no_answer() -> DeviceError:
    return DeviceError(f"the sound device did not start within {OPEN_S:g} s: it hangs", INSTEAD)
