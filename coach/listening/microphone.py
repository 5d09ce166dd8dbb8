"""The microphone: by miniaudio where it is installed, else by sounddevice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.listening.capture import Capture, MicrophoneError
from coach.outputs import is_installed

if TYPE_CHECKING:
    from types import ModuleType

    from coach.outputs import Device


SYSTEMS_OWN = "default"
"""What is given as a name for the system's own choice, where another one is saved."""


def list_microphones() -> tuple[Device, ...]:
    """Return the microphones, the default first; empty if there are none.

    Raises:
        MicrophoneError: nothing that could open one is installed, or the sound system hangs.
    """
    found: tuple[Device, ...] = _library().list_microphones()
    return found


def open_microphone(wanted: str | None = None) -> Capture:
    """Return a microphone that is open.

    Args:
        wanted: its name or a part of it; None or `SYSTEMS_OWN` is the system's own choice.

    Raises:
        MicrophoneError: there is none, it may not be used, another program has it, or it hangs.
    """
    name = None if wanted == SYSTEMS_OWN else wanted
    capture: Capture = _library().open_microphone(name)
    return capture


def _library() -> ModuleType:
    if is_installed("miniaudio"):
        from coach.listening import miniaudio_microphone

        return miniaudio_microphone
    if is_installed("sounddevice"):
        from coach.listening import sounddevice_microphone

        return sounddevice_microphone
    from coach.outputs.mend import pip_install

    raise MicrophoneError(
        "failed",
        "neither of the packages miniaudio and sounddevice is installed",
        pip_install("miniaudio"),
    )
