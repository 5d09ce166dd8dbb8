"""What to tell a user who has no sound: the command that mends it."""

from __future__ import annotations

import ctypes
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from coach.errors import DeviceError

BUILD_TOOLS: Mapping[str, str] = MappingProxyType(
    {
        "apt-get": "sudo apt install gcc python3-dev libasound2-dev",
        "apk": "sudo apk add gcc musl-dev linux-headers python3-dev alsa-lib-dev",
        "dnf": "sudo dnf install gcc python3-devel alsa-lib-devel",
        "pacman": "sudo pacman -S gcc alsa-lib",
        "zypper": "sudo zypper install gcc python3-devel alsa-devel",
    }
)
"""Program -> the command that installs with it what simpleaudio is built with on Linux."""

SOUND_LIBRARIES: Mapping[str, str] = MappingProxyType(
    {
        "apt-get": "sudo apt install libpulse0 libasound2-plugins",
        "apk": "sudo apk add libpulse alsa-lib",
        "dnf": "sudo dnf install pulseaudio-libs alsa-lib",
        "pacman": "sudo pacman -S libpulse alsa-lib",
        "zypper": "sudo zypper install libpulse0 libasound2",
    }
)
"""Program -> the command that installs with it what miniaudio opens on Linux."""

PORTAUDIO: Mapping[str, str] = MappingProxyType(
    {
        "apt-get": "sudo apt install libportaudio2",
        "apk": "sudo apk add portaudio",
        "dnf": "sudo dnf install portaudio",
        "pacman": "sudo pacman -S portaudio",
        "zypper": "sudo zypper install libportaudio2",
        "brew": "brew install portaudio",
    }
)
"""Program -> the command that installs with it what sounddevice opens."""

SOUND_SERVERS: Mapping[str, str] = MappingProxyType(
    {
        "apt-get": "sudo apt install pulseaudio",
        "apk": "sudo apk add pulseaudio",
        "dnf": "sudo dnf install pipewire-pulseaudio",
        "pacman": "sudo pacman -S pipewire-pulse",
        "zypper": "sudo zypper install pipewire-pulseaudio",
    }
)
"""Program -> the command that installs a sound server with it."""


def pip_install(package: str) -> str:
    """Return the command that installs `package` for this interpreter."""
    # By its path: the `pip` on the PATH may belong to another Python.
    return f'"{sys.executable}" -m pip install {package}'


def system_install(commands: Mapping[str, str]) -> str | None:
    """Return the one of `commands` whose program is here, or None."""
    return next((commands[program] for program in commands if shutil.which(program)), None)


def not_installed(package: str) -> DeviceError:
    """Return the error for an output whose package is missing."""
    command = pip_install(package)
    needs = system_install(BUILD_TOOLS) if package == "simpleaudio" else None
    if package == "simpleaudio" and sys.platform == "linux":
        # It has no wheel: pip builds it.
        tools = needs or "install gcc and the headers of Python and ALSA"
        command = f"{tools} && {command}" if needs else f"{tools}, then: {command}"
    return DeviceError(f"the package {package} is not installed", command)


class Advice(Struct, frozen=True):
    """Something about this system that keeps it silent, and what to do about it."""

    finding: str
    """A sentence."""
    command: str | None
    """What mends it, ready to be typed; None if that is not for a command."""


def advice(environ: Mapping[str, str]) -> tuple[Advice, ...]:
    """Return what may be the reason that there is no sound device here, most telling first.

    Args:
        environ: the environment's variables.
    """
    if sys.platform != "linux":
        name = "macOS" if sys.platform == "darwin" else "the system"
        return (Advice(f"{name} offers no device to play on; see its sound settings", None),)
    found = []
    if environ.get("SSH_CONNECTION"):
        found.append(
            Advice(
                "you are connected over SSH: sound would come out of this machine, not yours; "
                "a rendered file can be taken along",
                "coach render ROUTINE -o session.wav",
            )
        )
    if not _loads("libpulse.so.0") and not _loads("libasound.so.2"):
        command = system_install(SOUND_LIBRARIES)
        found.append(Advice("neither the PulseAudio nor the ALSA library is installed", command))
    found.append(_server_advice(environ))
    return tuple(found)


def _server_advice(environ: Mapping[str, str]) -> Advice:
    """Return what to do about the sound server."""
    named = environ.get("PULSE_SERVER")
    if named:
        finding = f"the sound server is to be `{named}` (by PULSE_SERVER), which does not answer"
        return Advice(finding, "unset PULSE_SERVER")
    folder = environ.get("PULSE_RUNTIME_PATH") or f"{environ.get('XDG_RUNTIME_DIR', '')}/pulse"
    is_there = Path(folder, "native").exists()
    for program, unit in (("pipewire-pulse", "pipewire-pulse"), ("pulseaudio", "pulseaudio")):
        if not shutil.which(program):
            continue
        if is_there:
            finding = f"the sound server {program} is there, but gives no device"
            return Advice(finding, f"systemctl --user restart {unit}")
        if program == "pulseaudio":
            return Advice("no sound server is running", "pulseaudio --start")
        return Advice("no sound server is running", f"systemctl --user start {unit}")
    return Advice("no sound server is installed", system_install(SOUND_SERVERS))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
