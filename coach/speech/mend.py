"""What to tell a user whose speech engine or its library is missing: the command that mends it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys

from coach.errors import SpeechError

WHEEL_MACHINES = ("x86_64", "aarch64")
"""Linux machines (with glibc) for which espeakng-loader brings eSpeak NG along."""

PACKAGE_MANAGERS = (
    ("apt-get", "sudo apt install espeak-ng"),
    ("apk", "sudo apk add espeak-ng"),
    ("dnf", "sudo dnf install espeak-ng"),
    ("pacman", "sudo pacman -S espeak-ng"),
    ("zypper", "sudo zypper install espeak-ng"),
    ("brew", "brew install espeak-ng"),
)
"""Program -> the command that installs eSpeak NG with it."""


def pip_install(package: str) -> str:
    """Return the command that installs `package` for this interpreter."""
    return f'"{sys.executable}" -m pip install {package}'


def missing_pyttsx3(said: str) -> SpeechError:
    """Return the error for a pyttsx3 that cannot be imported; `said` is Python's message."""
    return SpeechError(
        f"the speech library pyttsx3 is missing ({said})", hint=pip_install('"pyttsx3>=2.99,<3"')
    )


def missing_library(said: str) -> SpeechError:
    """Return the error for a system engine that pyttsx3 cannot use; `said` is its message."""
    if sys.platform in ("win32", "darwin"):
        name = "SAPI5" if sys.platform == "win32" else "NSSpeech"
        return SpeechError(
            f"pyttsx3 cannot use the system's voices, {name} ({said})",
            # Brings the bridge to the system along: pywin32 and comtypes, or pyobjc.
            hint=pip_install('--force-reinstall "pyttsx3>=2.99,<3"'),
        )
    return SpeechError(f"the speech library eSpeak NG is missing ({said})", hint=_get_espeak())


def _get_espeak() -> str:
    has_wheel = platform.machine() in WHEEL_MACHINES and platform.libc_ver()[0] == "glibc"
    if has_wheel and importlib.util.find_spec("espeakng_loader") is None:
        return pip_install("espeakng-loader")
    for program, command in PACKAGE_MANAGERS:
        if shutil.which(program):
            return command
    return "install espeak-ng with your system's package manager"
