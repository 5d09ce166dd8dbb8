"""What one person has saved and done, brought to a session of a routine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from coach.errors import CoachError, HistoryError, SpeechError
from coach.files.shipped import data_dir
from coach.library import find_routine, known_as
from coach.phrases import load_phrasebook
from coach.settings import Settings, layered
from coach.settings.default_voices import DefaultVoices, load_default_voices
from coach.settings.dose import routine_doses
from coach.settings.foresee import Foreseen, When, foresee
from coach.settings.layers import (
    InForce,
    has_progress,
    in_force,
    manner_of,
    saved_layer,
)
from coach.settings.moved import moved_notices
from coach.settings.saved import Loaded, Saved, SettingsStore
from coach.settings.since import DoseChange, changes_since
from coach.speech.pronounce import Pronunciations, load_pronunciations
from coach.translation import language_notice

if TYPE_CHECKING:
    from coach.cli.options import Request
    from coach.history import Past
    from coach.profile import Profile
    from coach.routine import Routine


class Decided(Struct, frozen=True):
    """What is in force for a session, and what there is to say about it."""

    settings: Settings
    """All layers, absolute."""
    in_force: InForce
    changes: tuple[DoseChange, ...] = ()
    """What is different from the last time; empty unless some range is climbed."""
    notices: tuple[str, ...] = ()
    """What went wrong without stopping anything, a sentence each."""
    foreseen: Foreseen | None = None
    """What was counted on, if a moment to come was asked for."""
    last: Settings | None = None
    """Those of the last time, unless nothing is climbed."""
    is_longest: bool = False
    """Whether all that was chosen to fill a time is at the end of what is prescribed."""

    def changes_with(self, routine: Routine, settings: Settings) -> tuple[DoseChange, ...]:
        """Return what would be different from the last time with these settings.

        Args:
            routine: as the script has it.
            settings: absolute.
        """
        return () if self.last is None else changes_since(routine, settings, self.last)

    def with_settings(self, routine: Routine, settings: Settings) -> Decided:
        """Return the same with other settings, and what is different with those."""
        changes = self.changes_with(routine, settings)
        return structs.replace(self, settings=settings, changes=changes)


class Personal:
    """The saved settings and the history of one person, for one routine.

    Attributes:
        path: the routine's script.
        script: what it is known by: its path, or its name.
        stored: what is saved for it, if that is to be used.
        saved: the same without what cannot be used here.
        asked: what is known of the settings before the routine is loaded.
        manner: the same with the default voice, if the routine's language is the likely one.
    """

    def __init__(self, name: str, request: Request, saved: Saved | None = None) -> None:
        """Find the routine, and read what is saved for it unless that is given.

        Raises:
            CoachError: there is no such routine.
        """
        self.path: Path = find_routine(name)
        self.script: Path | str = known_as(name)
        self._name = name
        self._request = request
        self._problems: tuple[str, ...] = ()
        if saved is None:
            saved = Saved()
            if request.use_saved:
                store = SettingsStore(request.profile.settings_folder)
                loaded = store.load(self.script)
                saved = loaded.saved
                self._problems = (loaded.problem,) if loaded.problem else ()
                if loaded == Loaded(Saved()) and isinstance(self.script, Path):
                    self._problems = tuple(moved_notices(store, self.script))
        self.stored = saved
        missing = _missing(saved)
        self._problems += tuple(
            f"the saved `{name}` is kept but not used: {why}" for name, why in missing.items()
        )
        self.saved = saved.with_values(dict.fromkeys(missing))
        self.asked = layered(manner_of(self.saved), request.settings)
        self._defaults = self._default_voices() if request.use_saved else DefaultVoices()
        self.manner = self._defaults.applied(self.asked, self.asked.language or "en")

    def manner_for(self, routine: Routine) -> Settings:
        """Return the settings besides doses, as far as they are known, for the loaded routine."""
        return self._defaults.applied(self.asked, self.asked.language or routine.language)

    def with_saved(self, saved: Saved) -> Personal:
        """Return the same with other settings saved."""
        return Personal(self._name, self._request, saved)

    def decide(self, routine: Routine, when: When | None = None) -> Decided:
        """Return what is in force for a session now, or at a moment to come.

        Raises:
            SettingError: what is asked for does not fit the routine.
        """
        now = datetime.now(UTC).astimezone()
        is_climbed = has_progress(routine, self.saved) and not self._request.is_resumed
        past = self._past() if is_climbed else None
        finished = past.finished if past else ()
        foreseen = None
        if when:
            skip = saved_layer(routine, self.saved).settings.skip
            foreseen = foresee(finished, now, when, skip)
        found = in_force(
            routine,
            self._request.settings,
            self.saved,
            foreseen.sessions if foreseen else finished,
            foreseen.at if foreseen else now,
            self._defaults,
        )
        language = found.settings.language or routine.language
        notices = (*self._problems, *found.problems, language_notice(routine, language))
        decided = Decided(
            found.settings,
            found,
            notices=tuple(filter(None, notices)),
            foreseen=foreseen,
            last=past.last if past and found.standings else None,
        )
        return decided.with_settings(routine, found.settings)

    @cached_property
    def pronounce(self) -> Pronunciations:
        """How this person wants words to be said.

        Raises:
            CoachError: the file that says so is wrong.
        """
        return load_pronunciations(self._request.profile.pronounce_path)

    @property
    def fit(self) -> Fraction | None:
        """The seconds that the session is to fill, if it is to."""
        return self._request.fit

    def fitted(
        self,
        routine: Routine,
        decided: Decided,
        length_of: Callable[[Settings], Fraction],
    ) -> Decided:
        """Return what is decided, fitted into the time that is asked for, if it is.

        Raises:
            SettingError: nothing fits.
        """
        if self.fit is None:
            return decided
        from coach.settings.fit import fit

        settings = fit(routine, decided.in_force.settings, self.fit, length_of)
        prescribed = routine_doses(routine)
        is_longest = all(
            override.value == prescribed[override.address].high
            for override in settings.overrides
            if override.origin == "fit"
        )
        fitted = decided.with_settings(routine, settings)
        return structs.replace(fitted, is_longest=is_longest)

    def _default_voices(self) -> DefaultVoices:
        found, problems = usable_voices(self._request.profile)
        self._problems += problems
        return found

    def _past(self) -> Past | None:
        from coach.history import History

        try:
            past = History(self._request.profile.history_path).past(self.script)
        except HistoryError as error:
            self._problems = (*self._problems, f"progress is not counted: {error.message}")
            return None
        if number := past.unreadable:
            of_them = "a session that" if number == 1 else f"{number} sessions that"
            problem = f"progress is counted without {of_them} cannot be understood"
            self._problems = (*self._problems, problem)
        return past


def _missing(saved: Saved) -> dict[str, str]:
    """Return what is saved of which the sounds, the words or the engine are gone, and why."""
    missing = {}
    checks = (("cues", check_cues), ("language", load_phrasebook), ("engine", check_engine))
    for name, check in checks:
        if name in saved.values:
            try:
                check(saved.values[name].text)
            except CoachError as error:
                missing[name] = error.message
    if "engine" in missing and "voice" in saved.values:
        missing["voice"] = "it was chosen for that engine"
    elif "voice" in saved.values:
        try:
            check_voice_file(saved.values["voice"].text)
        except CoachError as error:
            missing["voice"] = error.message
    return missing


def usable_voices(profile: Profile) -> tuple[DefaultVoices, tuple[str, ...]]:
    """Return a person's default voices that are there, and a sentence for each other."""
    loaded = load_default_voices(profile)
    problems = [loaded.problem] if loaded.problem else []
    usable = {}
    for language, chosen in loaded.voices.items():
        try:
            check_engine(chosen.engine)
            check_voice_file(chosen.voice)
            usable[language] = chosen
        except CoachError as error:
            problems.append(
                f"the default voice `{chosen.voice}` is kept but not used: {error.message}"
            )
    return DefaultVoices(usable), tuple(problems)


def check_engine(name: str) -> None:
    """Check that there is a speech engine of that name, and that it is installed.

    Raises:
        SpeechError: there is none, or it is not.
    """
    from coach.speech import open_engine
    from coach.speech.extras import EXTRAS, check_installed

    if name in EXTRAS:
        check_installed(name)
    open_engine(name).close()


def check_voice_file(voice: str) -> None:
    """Check that a voice that is a file is there.

    Raises:
        SpeechError: it is not, any more.
    """
    if voice.endswith(".onnx") and not Path(voice).expanduser().is_file():
        raise SpeechError(f"there is no file {voice}")


def check_cues(name: str) -> None:
    """Check that there is a cue pack of that name or in that folder.

    Raises:
        CuePackError: there is none, or something is wrong with it.
    """
    from coach.cues import load_pack

    load_pack(name, data_dir("audio_cues"))
