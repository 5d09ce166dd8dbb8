"""A microphone through sounddevice, where miniaudio is not installed."""

from __future__ import annotations

from typing import Any

from coach.errors import did_you_mean
from coach.listening.capture import Block, Inlet, Kind, MicrophoneError
from coach.listening.permission import hint_for
from coach.outputs import Device
from coach.outputs.mend import PORTAUDIO, system_install
from coach.outputs.time_limit import TooLateError, within

OPEN_S = 4.0
"""Seconds until a microphone must be open."""

CLOSE_S = 0.5
"""Seconds that closing may take before it is left to itself."""

BLOCK_S = 0.02
"""Seconds of a block."""

Listed = dict[str, Any]


def list_microphones() -> tuple[Device, ...]:
    """Return the microphones, the default first; empty if there are none.

    Raises:
        MicrophoneError: the sound system hangs.
    """
    found, default, systems = _in_time(_query)
    devices = [
        Device(one["name"], one["index"] == default, systems[one["hostapi"]]["name"])
        for one in found
    ]
    return tuple(sorted(devices, key=lambda one: not one.is_default))


def open_microphone(wanted: str | None) -> SounddeviceCapture:
    """Return the microphone with `wanted` in its name, or the system's default one, open.

    Raises:
        MicrophoneError: there is none, or it cannot be used.
    """
    return SounddeviceCapture(*_in_time(lambda: _open(wanted), lambda opened: opened[0].close()))


class SounddeviceCapture:
    """A microphone that is open."""

    def __init__(self, stream: Any, inlet: Inlet, name: str) -> None:
        self._stream = stream
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
        stream, self._stream = self._stream, None
        try:
            within(CLOSE_S, lambda: stream is None or stream.abort() or stream.close())
        except TooLateError:
            return False
        return True


def _sounddevice() -> Any:
    """Return the library.

    Raises:
        MicrophoneError: it lacks PortAudio, which its wheels for Linux do not bring along.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        hint = system_install(PORTAUDIO) or "Install PortAudio with your system's package manager."
        message = f"the package sounddevice cannot be used: {error}"
        raise MicrophoneError("failed", message, hint) from error
    return sounddevice


def _query() -> tuple[list[Listed], int, Any]:
    """Return the microphones, the number of the default one, and the sound systems."""
    sounddevice = _sounddevice()
    # PortAudio lists the devices once, when it begins.
    sounddevice._terminate()  # noqa: SLF001 - there is no other way to see what was plugged in
    sounddevice._initialize()  # noqa: SLF001
    devices = [dict(one) for one in sounddevice.query_devices() if one["max_input_channels"]]
    return devices, sounddevice.default.device[0], sounddevice.query_hostapis()


def _open(wanted: str | None) -> tuple[Any, Inlet, str]:
    sounddevice = _sounddevice()
    found, default, _ = _query()
    chosen = _chosen(found, default, wanted)
    rate = int(chosen["default_samplerate"])
    inlet = Inlet(rate)

    def take(data: Any, _frames: int, _time: object, _status: object) -> None:
        inlet.put(bytes(data))

    try:
        stream = sounddevice.RawInputStream(
            rate,
            round(BLOCK_S * rate),
            chosen["index"],
            channels=1,
            dtype="int16",
            callback=take,
            finished_callback=lambda: setattr(inlet, "stopped", True),
        )
        stream.start()
    except sounddevice.PortAudioError as error:
        raise _cannot_be_used(chosen["name"], error) from error
    return stream, inlet, chosen["name"]


def _chosen(found: list[Listed], default: int, wanted: str | None) -> Listed:
    if not found:
        raise MicrophoneError("none", "there is no microphone", hint_for("none"))
    if wanted is None:
        return next((one for one in found if one["index"] == default), found[0])
    folded = wanted.casefold()
    exact = [one for one in found if one["name"].casefold() == folded]
    partly = [one for one in found if folded in one["name"].casefold()]
    # The same device is there once for each sound system; the first one is the best.
    if exact or partly:
        return (exact or partly)[0]
    names = sorted({one["name"] for one in found})
    raise MicrophoneError(
        "none",
        f"there is no microphone `{wanted}`{did_you_mean(wanted, names)}",
        "Choose one: " + ", ".join(f"`{name}`" for name in names),
    )


def _cannot_be_used(name: str, error: Exception) -> MicrophoneError:
    said = str(error)
    kind: Kind = "failed"
    if "unavailable" in said.lower() or "busy" in said.lower():
        kind = "busy"
    elif "denied" in said.lower() or "permission" in said.lower():
        kind = "refused"
    messages = {
        "refused": f"the system does not let this program use the microphone `{name}`",
        "busy": f"the microphone `{name}` is used by another program",
        "failed": f"the microphone `{name}` cannot be used ({said})",
    }
    return MicrophoneError(kind, messages[kind], hint_for(kind))


def _in_time(task: Any, too_late: Any = lambda _: None) -> Any:
    try:
        return within(OPEN_S, task, too_late)
    except TooLateError:
        message = f"the microphone did not start within {OPEN_S:g} s: it hangs"
        raise MicrophoneError("failed", message, hint_for("failed")) from None
