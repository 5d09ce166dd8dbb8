"""A microphone through miniaudio, which is there wherever live sound is.

Held in check as for playing (see `coach.outputs.miniaudio_output`): sound systems are named, calls
have a time limit, and a server that is lost is noticed by its silence. It captures at the device's
own rate, because miniaudio's resampler is unfit.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from coach.errors import DeviceError
from coach.listening.capture import Block, Inlet, Kind, MicrophoneError
from coach.listening.permission import hint_for
from coach.outputs import Device
from coach.outputs.sound_systems import (
    Found,
    choose,
    closing_fully,
    list_devices,
    quieten,
)
from coach.outputs.time_limit import TooLateError, within

OPEN_S = 4.0
"""Seconds until a microphone must be open."""

CLOSE_S = 0.5
"""Seconds that closing may take before it is left to itself."""

PERIOD_MS = 20
"""Milliseconds of a block."""

PERIODS = 10
"""Blocks that a device can hold while this process is kept from running."""


def list_microphones() -> tuple[Device, ...]:
    """Return the microphones, the default first; empty if there are none.

    Raises:
        MicrophoneError: the sound system hangs.
    """
    found = [one.device for one in _in_time(_microphones)]
    return tuple(sorted(found, key=lambda one: not one.is_default))


def open_microphone(wanted: str | None) -> MiniaudioCapture:
    """Return the microphone with `wanted` in its name, or the system's default one, open.

    Raises:
        MicrophoneError: there is none, or it cannot be used.
    """
    return MiniaudioCapture(*_in_time(lambda: _open(wanted), lambda opened: opened[0].close()))


class MiniaudioCapture:
    """A microphone that is open."""

    def __init__(self, device: Any, inlet: Inlet, name: str) -> None:
        self._device = device
        self._inlet = inlet
        self.name = name

    def read(self, timeout: float) -> Block | None:
        """Return the next block, or None if there is none within `timeout` seconds."""
        return self._inlet.read(timeout)

    def is_lost(self) -> bool:
        """Return whether nothing comes any more."""
        return self._inlet.is_lost()

    def close(self) -> bool:
        """End at once; return whether it did. What hangs is left behind on a thread of its own."""
        device, self._device = self._device, None
        try:
            within(CLOSE_S, (lambda: None) if device is None else device.close)
        except TooLateError:
            return False
        return True


def _microphones() -> list[Found]:
    return [one for one in list_devices("capture") if one.is_equipment]


def _open(wanted: str | None) -> tuple[Any, Inlet, str]:
    import miniaudio

    chosen = _chosen(wanted)
    quieten(chosen.system)
    try:
        # By its id even if it is the default: else a server that loses it would go on with
        # whatever else there is, such as the monitor of a loudspeaker.
        device = closing_fully(miniaudio.CaptureDevice)(
            miniaudio.SampleFormat.SIGNED16,
            nchannels=1,
            sample_rate=0,
            buffersize_msec=PERIOD_MS,
            callback_periods=PERIODS,
            device_id=chosen.id,
            backends=[miniaudio.Backend[chosen.system.name]],
            app_name="coach",
        )
        inlet = Inlet(device._device.sampleRate)  # noqa: SLF001 - the class has only what was asked
        device.stop_callback = lambda: setattr(inlet, "stopped", True)
        blocks = _taking(inlet)
        next(blocks)
        device.start(blocks)
    except miniaudio.MiniaudioError as error:
        raise _cannot_be_used(chosen.device.name, error) from error
    return device, inlet, chosen.device.name


def _chosen(wanted: str | None) -> Found:
    everything = list_devices("capture")
    microphones = [one for one in everything if one.is_equipment]
    if wanted is not None:
        # Whoever wants to listen to a loudspeaker may, by its whole name.
        exact = [one for one in everything if one.device.name.casefold() == wanted.casefold()]
        if exact:
            return exact[0]
    if not microphones:
        raise MicrophoneError("none", "there is no microphone", hint_for("none"))
    if wanted is not None:
        try:
            return choose(wanted, microphones, "microphone")
        except DeviceError as error:
            raise MicrophoneError("none", error.message, error.hint) from None
    default = (one for one in microphones if one.device.is_default)
    return next(default, microphones[0])


def _taking(inlet: Inlet) -> Generator[None, bytes, None]:
    """Take whatever is sent in."""
    while True:
        inlet.put((yield))


def _cannot_be_used(name: str, error: Any) -> MicrophoneError:
    from miniaudio import lib

    code = error.args[1] if len(error.args) > 1 else None
    kind: Kind = "failed"
    if code == lib.MA_ACCESS_DENIED:
        kind = "refused"
    elif code in (lib.MA_BUSY, lib.MA_ALREADY_IN_USE):
        kind = "busy"
    said = {
        "refused": f"the system does not let this program use the microphone `{name}`",
        "busy": f"the microphone `{name}` is used by another program",
        "failed": f"the microphone `{name}` cannot be used ({error.args[0]})",
    }
    return MicrophoneError(kind, said[kind], hint_for(kind))


def _in_time(task: Any, too_late: Any = lambda _: None) -> Any:
    try:
        return within(OPEN_S, task, too_late)
    except TooLateError:
        message = f"the microphone did not start within {OPEN_S:g} s: it hangs"
        raise MicrophoneError("failed", message, hint_for("failed")) from None
