"""Profiles: where the settings and the history of each of several people are kept."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from coach.errors import SettingError, did_you_mean

VARIABLE = "COACH_PROFILE"
"""The environment variable that names the profile where no option does."""
_NAME = re.compile(r"[^\W_](?:[\w-]{0,38}[^\W_])?")


class Profile(Struct, frozen=True):
    """One person's place; without a name, that of whoever does not use profiles."""

    name: str = ""

    @property
    def settings_folder(self) -> Path:
        """Return where the saved settings are, in the system's place for settings."""
        from platformdirs import user_config_path

        return self._within(user_config_path("audio-coach")) / "settings"

    @property
    def pronounce_path(self) -> Path:
        """Return the file in which this person says how words are pronounced."""
        return self.settings_folder.with_name("pronounce.yaml")

    @property
    def history_path(self) -> Path:
        """Return where the history is, in the system's place for a user's data."""
        from platformdirs import user_data_path

        return self._within(user_data_path("audio-coach")) / "history.db"

    @property
    def is_new(self) -> bool:
        """Whether nothing has been kept for this person yet."""
        return bool(self.name) and not (self.settings_folder.exists() or self.history_path.exists())

    def others(self) -> tuple[str, ...]:
        """Return the names of the other profiles, in order."""
        folders = {path.parent.parent for path in (self.settings_folder, self.history_path)}
        found: set[str] = set()
        for folder in folders if self.name else ():
            if folder.is_dir():
                found |= {path.name for path in folder.iterdir() if path.is_dir()}
        return tuple(sorted(found - {self.name}))

    def _within(self, folder: Path) -> Path:
        return folder / "profiles" / self.name if self.name else folder


def parse_profile(text: str) -> Profile:
    """Return the profile called `text`; its name is a folder's, so case does not tell them apart.

    Raises:
        SettingError: it is no name for a profile.
    """
    name = text.strip().casefold()
    if not _NAME.fullmatch(name):
        raise SettingError(
            f'expected a profile\'s name of letters, digits and hyphens, found "{text[:40]}"',
            f"Give --profile or {VARIABLE} a name such as anna.",
        )
    return Profile(name)


def new_profile_notice(profile: Profile) -> str:
    """Return a sentence that tells that nothing has been kept under this name so far."""
    others = profile.others()
    if not others:
        return f"`{profile.name}` is a new profile."
    guess = did_you_mean(profile.name, others)
    return f"`{profile.name}` is a new profile{guess or '.'} The others: {', '.join(others)}."
