"""The voices that a person prefers for all routines, one for each language.

They lie over the script and under everything that is saved for a routine. A file beside the
folder of the saved settings keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field, structs

from coach.profile import Profile
from coach.settings import Settings
from coach.settings.saved import Saved, SavedValue, SettingsStore, this_moment

FILE = "voices"
"""The name of their file, without its ending."""


class DefaultVoice(Struct, frozen=True):
    """A voice and the engine that has it."""

    voice: str
    engine: str


class DefaultVoices(Struct, frozen=True):
    """The default voices of one person, and what is wrong with them."""

    voices: Mapping[str, DefaultVoice] = field(default_factory=dict)
    """By primary language tag, such as `en`."""
    problem: str = ""
    """A sentence; empty if all is well."""

    def applied(self, settings: Settings, language: str) -> Settings:
        """Return settings with the default voice for a language, if they ask for no other.

        Args:
            settings: of all layers.
            language: the language tag in which the session is spoken.
        """
        found = self.voices.get(primary(language))
        if found is None or settings.voice or settings.engine not in (None, found.engine):
            return settings
        return structs.replace(settings, voice=found.voice, engine=found.engine)


def primary(language: str) -> str:
    """Return `en` for `en-us` or `en_US`."""
    return language.replace("_", "-").partition("-")[0].casefold()


def load_default_voices(profile: Profile) -> DefaultVoices:
    """Return the default voices of a person; a damaged file is moved aside."""
    loaded = _store(profile).load(FILE)
    values = loaded.saved.values
    found = {
        language: DefaultVoice(values[f"{language}.voice"].text, values[f"{language}.engine"].text)
        for language, _, key in (name.rpartition(".") for name in values)
        if key == "voice" and f"{language}.engine" in values
    }
    return DefaultVoices(found, loaded.problem)


def save_default_voice(profile: Profile, language: str, chosen: DefaultVoice) -> None:
    """Make a voice the default for a language.

    Raises:
        CoachError: the file cannot be written, or is from a newer coach.
    """
    _change(profile, {language: chosen})


def forget_default_voices(profile: Profile, language: str | None = None) -> DefaultVoices:
    """Take the default voice for a language away, or all, and return what they were.

    Raises:
        CoachError: the file cannot be written, or is from a newer coach.
    """
    known = load_default_voices(profile)
    gone = {
        tag: voice
        for tag, voice in known.voices.items()
        if language is None or tag == primary(language)
    }
    if gone:
        _change(profile, dict.fromkeys(gone))
    return DefaultVoices(gone)


def _change(profile: Profile, changes: Mapping[str, DefaultVoice | None]) -> None:
    now = this_moment()
    values = {
        f"{primary(language)}.{key}": SavedValue(getattr(chosen, key), now) if chosen else None
        for language, chosen in changes.items()
        for key in ("voice", "engine")
    }

    def change(saved: Saved) -> Saved:
        return saved.with_values(values)

    _store(profile).change(FILE, change)


def default_voices_path(profile: Profile) -> Path:
    """Return the file that keeps a person's default voices."""
    return _store(profile).path(FILE)


def _store(profile: Profile) -> SettingsStore:
    return SettingsStore(profile.settings_folder.parent, _HEADER)


_HEADER = """\
# The default voices: see `coach voices --help`, which writes this file. Comments are not kept.
"""
