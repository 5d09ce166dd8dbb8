"""What to do about a microphone that cannot be used, on each system."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coach.listening.capture import Kind

_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "darwin": (
            "Allow it for the terminal in System Settings > Privacy & Security > Microphone, "
            "and open the terminal anew."
        ),
        "win32": (
            "Allow it in Settings > Privacy & security > Microphone, where desktop apps are "
            "a switch of their own."
        ),
    }
)
_REFUSED_ELSEWHERE = (
    "Within Flatpak, Snap or a container, allow the microphone there; without a sound server, "
    "add yourself to the group `audio` and log in again."
)

_PLACE: Mapping[str, str] = MappingProxyType(
    {
        "darwin": "System Settings > Sound > Input",
        "win32": "Settings > System > Sound > Input",
    }
)
_PLACE_ELSEWHERE = "the sound settings (or `pavucontrol`), under Input"


def place() -> str:
    """Return where this system shows its microphones and how loud they are."""
    return _PLACE.get(sys.platform, _PLACE_ELSEWHERE)


def refused_hint() -> str:
    """Return how this system is told that a microphone may be used."""
    return _REFUSED.get(sys.platform, _REFUSED_ELSEWHERE)


def hint_for(kind: Kind) -> str:
    """Return what to do about a microphone with which this is wrong."""
    if kind == "refused":
        return refused_hint()
    if kind == "busy":
        return "End the program that uses it, or choose another one with --microphone NAME."
    if kind == "none":
        return f"Plug one in, and see whether it is listed in {place()}."
    return (
        f"See whether it works in {place()}, or choose another one with --microphone NAME; "
        "`coach doctor` lists them."
    )
