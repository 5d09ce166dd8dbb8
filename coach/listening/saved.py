"""What a person has found out about listening: the microphone, and a threshold that suits.

`coach doctor --listen` saves it in a file beside the folder of the saved settings.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from coach.profile import Profile
from coach.settings.saved import Saved, SavedValue, SettingsStore, this_moment

FILE = "listening"
"""The name of the file, without its ending."""


class SavedListening(Struct, frozen=True):
    """How one person's commands are listened to."""

    threshold: float | None = None
    """The confidence from which on a command counts, 0 to 1; None is the usual one."""
    microphone: str | None = None
    """Its name or a part of it; None is the system's own choice."""
    problem: str = ""
    """What is wrong with the file, a sentence; empty if all is well."""


def load_listening(profile: Profile) -> SavedListening:
    """Return what is saved for a person; a damaged file is moved aside."""
    loaded = _store(profile).load(FILE)
    values, problem = loaded.saved.values, loaded.problem
    threshold: float | None = None
    if "threshold" in values:
        text = values["threshold"].text
        threshold = _threshold(text)
        if threshold is None and not problem:
            problem = (
                f'in {listening_path(profile)}, expected a threshold from 0 to 1, found "{text}": '
                "it is not used"
            )
    microphone = values["microphone"].text if "microphone" in values else None
    return SavedListening(threshold, microphone or None, problem)


def save_listening(
    profile: Profile, *, threshold: float | None, microphone: str | None
) -> SavedListening:
    """Save how a person is listened to, and return that; None takes back what was saved.

    Raises:
        CoachError: the file cannot be written, or is from a newer coach.
    """
    now = this_moment()
    values = {
        "threshold": None if threshold is None else SavedValue(f"{threshold:.2f}", now),
        "microphone": None if microphone is None else SavedValue(microphone, now),
    }

    def change(saved: Saved) -> Saved:
        return saved.with_values(values)

    _store(profile).change(FILE, change)
    return load_listening(profile)


def listening_path(profile: Profile) -> Path:
    """Return the file that keeps it."""
    return _store(profile).path(FILE)


def _threshold(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _store(profile: Profile) -> SettingsStore:
    return SettingsStore(profile.settings_folder.parent, _HEADER)


_HEADER = """\
# How spoken commands are listened to: see `coach doctor --help`, which writes this file. Comments
# are not kept.
"""
