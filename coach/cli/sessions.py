"""Sessions as the commands make them: with a speech engine, the clip store and a cue pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from functools import cache, partial
from typing import TYPE_CHECKING, Self

from msgspec import Struct
from msgspec.structs import replace

from coach.cli.console import note, progress
from coach.cues import CuePack, load_lengths, load_pack, load_samples
from coach.errors import SettingError
from coach.files.shipped import data_dir
from coach.routine import Routine, load_routine
from coach.session import (
    EstimatedVoice,
    GradualVoice,
    Progress,
    Session,
    build,
    length_of,
    outline,
    prepared,
    silence,
)
from coach.settings import Manner, Settings, manner
from coach.settings.dose import show_amount
from coach.speech import Engine
from coach.speech.pronounce import AS_WRITTEN, Pronunciations, pronunciation
from coach.speech.speakers import Voices
from coach.speech.store import ClipStore
from coach.steps import CueName
from coach.units import Relative, clock, seconds
from coach.volume import balanced, cues_at, heard, voice_at

if TYPE_CHECKING:
    from pathlib import Path

    from coach.cli.personal import Decided, Personal
    from coach.settings.foresee import When
    from coach.settings.since import DoseChange
    from coach.steps import Line
    from coach.timeline import Samples

DEFAULT_CUES = "classic"
FIT_ROUNDS = 8
"""How often a session is spoken at most until it fits; more than two are rare."""
LEAST_MARGIN = Fraction(1)
"""Seconds; a smaller margin is given up where there is no room for it."""


class Made(Struct, frozen=True):
    """A session, and what it was decided from."""

    session: Session
    decided: Decided
    is_exact: bool = True
    """Whether every sentence has its true length."""


def build_session(personal: Personal, rate: int, *, quiet: bool) -> Made:
    """Return a session of a person's routine, spoken for real.

    Starting an engine takes longer than anything that comes before, so it begins as soon as it is
    known to be needed, and goes on while the libraries and the cue pack are loaded.

    Raises:
        CoachError: the script, a setting, the cue pack or the speech engine is at fault.
    """
    store = ClipStore()
    with ExitStack() as stack:
        voices = stack.enter_context(Voices(store))
        engine = voices.engine(personal.manner, _guess(personal.manner))
        if store.is_empty():
            engine.start(engine.workers)
        routine = load_routine(personal.path)
        decided = personal.decide(routine)
        ready = prepared(routine, decided.settings)
        said = pronunciation(ready.routine, personal.pronounce, ready.manner.language)
        speakers = voices.speakers(decided.settings, ready.manner, said, rate)
        show = stack.enter_context(progress("Speaking", quiet=quiet))
        outlined = outline(ready) if personal.fit is None else None
        if outlined is not None:
            speakers.begin(outlined.lines)
        volumes = balanced(ready.manner)
        cues = cues_at(cues_of(routine, decided.settings, rate), volumes.cues, rate)
        voice = KeepingVoice(voice_at(speakers, volumes.speech, rate))
        length = Lengths(routine, ready.manner, cues, rate, voice.lengths)
        for _ in range(FIT_ROUNDS):
            made = fitted(personal, routine, decided, length)
            if outlined is None:
                ready = prepared(routine, made.settings)
            session = build(ready, voice, cues, rate, show, outlined)
            if personal.fit is None or not length.learn(session, made.settings, personal.fit):
                break
        else:
            raise SettingError(
                f"no session was found that fits into {clock(personal.fit or Fraction(0))} as this "
                "voice speaks",
                "Allow a little more time.",
            )
    if store.problem and not quiet:
        note(f"coach: {store.problem}; the session is not affected.")
    return Made(session, made)


def fitted(personal: Personal, routine: Routine, decided: Decided, length: Lengths) -> Decided:
    """Return what is decided, fitted into the time that is asked for, if it is.

    As much of the margin of `length` is kept as there is room for.

    Raises:
        SettingError: nothing fits.
    """
    while True:
        try:
            return personal.fitted(routine, decided, length)
        except SettingError:
            if not length.margin:
                raise
        length.margin = length.margin / 2 if length.margin > LEAST_MARGIN else Fraction(0)


class KeepingVoice:
    """A voice that keeps its clips, of which the next attempt at a session needs most again."""

    def __init__(self, voice: GradualVoice) -> None:
        self._voice = voice
        self._clips: dict[Line, Samples] = {}

    def speak(
        self, lines: Iterable[Line], progress: Progress | None = None
    ) -> Mapping[Line, Samples]:
        """Return the samples of each line."""
        wanted = tuple(lines)
        missing = [line for line in wanted if line not in self._clips]
        if missing:
            self._clips |= self._voice.speak(missing, progress)
        return {line: self._clips[line] for line in wanted}

    def lengths(self, lines: Iterable[Line]) -> Mapping[Line, int]:
        """Return how many frames the clips of those lines have that need no engine."""
        wanted = tuple(lines)
        unspoken = [line for line in wanted if line not in self._clips]
        found = {line: len(self._clips[line]) for line in wanted if line in self._clips}
        return {**self._voice.lengths(unspoken), **found}


def tell_decided(decided: Decided, personal: Personal, *, quiet: bool) -> None:
    """Tell what of the saved settings is not used, and what was chosen to fill a time."""
    for notice in decided.notices:
        note(f"coach: {notice}")
    if personal.fit is None or quiet:
        return
    chosen = [override for override in decided.settings.overrides if override.origin == "fit"]
    shown = ", ".join(
        f"{override.address}={show_amount(override.key, override.value)}"
        for override in chosen
        if not isinstance(override.value, Relative)
    )
    if chosen and decided.is_longest:
        note(
            "Even with all sets, repetitions and rests that are prescribed it is over before "
            f"{clock(personal.fit)}: {shown}."
        )
    elif chosen:
        note(f"Chosen to fill {clock(personal.fit)}: {shown}.")
    else:
        note("No range is left to choose from, so the session is as it was.")


def describe_session(personal: Personal, rate: int, when: When | None = None) -> Made:
    """Return a session of a person's routine without speaking it; see `described`."""
    routine = load_routine(personal.path)
    return described(personal, routine, personal.decide(routine, when), rate)


def described(personal: Personal, routine: Routine, decided: Decided, rate: int) -> Made:
    """Return a session with what is decided, without speaking it.

    Clips that are stored have their true length; the length of others is guessed.

    Raises:
        CoachError: a setting, the cue pack or the speech engine is at fault, or nothing fits.
    """
    ready = prepared(routine, decided.settings)
    said = pronunciation(routine, personal.pronounce, ready.manner.language)
    with Voices(ClipStore()) as voices:
        speakers = voices.speakers(decided.settings, ready.manner, said, rate)
        cues = silent_cues_of(routine, decided.settings, rate)
        if personal.fit is not None:
            length = Lengths(routine, ready.manner, cues, rate, speakers.lengths)
            decided = fitted(personal, routine, decided, length)
            ready = prepared(routine, decided.settings)
        voice = EstimatedVoice(rate, ready.manner.speed, speakers.lengths)
        session = build(ready, voice, cues, rate)
    return Made(session, decided, voice.is_exact)


@contextmanager
def open_lengths(
    routine: Routine, settings: Settings, rate: int, pronounce: Pronunciations = AS_WRITTEN
) -> Iterator[Callable[[Settings], Fraction]]:
    """Yield what tells how many seconds sessions of a routine take, spoken at whatever speed.

    Args:
        routine: as the script has it.
        settings: whose engine, voice, language and cue pack are used.
        rate: Hz.
        pronounce: how the user wants words to be said.
    """
    cues = silent_cues_of(routine, settings, rate)
    ready = prepared(routine, Settings(language=settings.language))
    said = pronunciation(ready.routine, pronounce, ready.manner.language)
    with Voices(ClipStore()) as voices:

        @cache
        def lengths_at(speed: Fraction) -> Lengths:
            spoken = manner(routine, replace(settings, speed=speed))
            speakers = voices.speakers(settings, spoken, said, rate)
            return Lengths(routine, spoken, cues, rate, speakers.lengths)

        yield lambda wanted: lengths_at(manner(routine, wanted).speed)(wanted)


class Lengths:
    """Tells how long sessions with other settings are, without speaking them.

    Attributes:
        margin: seconds that are added to a length of which a part is a guess.
    """

    def __init__(
        self,
        routine: Routine,
        decided: Manner,
        cues: Mapping[CueName, Samples],
        rate: int,
        lengths: Callable[[Iterable[Line]], Mapping[Line, int]],
        changes_with: Callable[[Settings], tuple[DoseChange, ...]] = lambda _: (),
    ) -> None:
        """Bind the parts.

        Args:
            routine: as the script has it.
            decided: how it is spoken.
            cues: the cue pack's sounds.
            rate: Hz.
            lengths: tells how many frames a line takes, if that is known.
            changes_with: returns what a session with these settings tells as different.
        """
        self.margin = Fraction(0)
        self._has_learned = False
        self._routine = routine
        self._cues = cues
        self._rate = rate
        self._known: dict[Line, int | None] = {}
        self._lengths = lengths
        self._changes_with = changes_with
        self._voice = EstimatedVoice(rate, decided.speed, self._looked_up)

    def __call__(self, settings: Settings) -> Fraction:
        """Return the seconds that a session with these settings takes."""
        length = self._measured(settings)
        return length if self._voice.is_exact else length + self.margin

    def _measured(self, settings: Settings) -> Fraction:
        ready = prepared(self._routine, settings, self._changes_with(settings))
        self._voice.is_exact = True
        return length_of(ready, self._voice, self._cues, self._rate)

    def learn(self, session: Session, settings: Settings, limit: Fraction) -> bool:
        """Return whether a session that was spoken is longer than `limit` seconds.

        If so, the lengths of its sentences are looked for anew. The first time that leaves
        little to guess, so only then the margin is widened to what the guess was wrong by.
        """
        length = seconds(session.timeline.duration, session.timeline.rate)
        if length <= limit:
            return False
        if self._has_learned:
            self.margin = max(2 * self.margin, length - self._measured(settings))
        self._has_learned = True
        self._known = {line: found for line, found in self._known.items() if found is not None}
        return True

    def _looked_up(self, lines: Iterable[Line]) -> Mapping[Line, int]:
        """Return the lengths that are known, each looked for once."""
        wanted = tuple(lines)
        missing = [line for line in wanted if line not in self._known]
        if missing:
            self._known |= {**dict.fromkeys(missing), **self._lengths(missing)}
        return {line: length for line in wanted if (length := self._known[line]) is not None}


class LiveStudio:
    """Voices and cues for a live session, in which the speed of speech may change."""

    def __init__(self, settings: Settings, rate: int) -> None:
        """Bind the settings. If nothing is stored, an engine begins to start.

        Args:
            settings: of the user.
            rate: Hz of all sounds.
        """
        self.rate = rate
        self._settings = settings
        self._store = ClipStore()
        self._voices = Voices(self._store)
        self._spoken: dict[tuple[Engine, Fraction], GradualVoice] = {}
        self._pronounce: Callable[[str], dict[str, str]] = lambda _: {}
        self._pack: dict[CueName, Samples] = {}
        self._cue_volume = Fraction(0)
        if self._store.is_empty():
            engine = self._voices.engine(settings, _guess(settings))
            engine.start(engine.workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._voices.close()

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what could not be spoken or stored, a sentence each."""
        return self._voices.problems

    def furnish(
        self,
        routine: Routine,
        settings: Settings | None = None,
        pronounce: Pronunciations = AS_WRITTEN,
    ) -> None:
        """Take the routine's cue pack, and how it and the user pronounce words.

        Args:
            routine: as the script has it.
            settings: those of the user, where they are known better by now.
            pronounce: how the user pronounces words.

        Raises:
            CuePackError: there is no such pack, or something is wrong with it.
        """
        self._settings = settings or self._settings
        self._pronounce = partial(pronunciation, routine, pronounce)
        self._pack = cues_of(routine, self._settings, self.rate)
        self._cue_volume = heard(manner(routine, self._settings)).cues

    def lengths(self, routine: Routine, decided: Decided) -> Lengths:
        """Return what tells how long sessions of a routine are, which tell what has changed."""
        spoken = manner(routine, decided.settings)
        lengths = self.voice_for(spoken).lengths
        changes_with = partial(decided.changes_with, routine)
        return Lengths(routine, spoken, self.cues(0), self.rate, lengths, changes_with)

    def voice_for(self, decided: Manner) -> GradualVoice:
        """Return what speaks in this manner."""
        key = (self._voices.engine(self._settings, decided), heard(decided).speech)
        if key not in self._spoken:
            said = self._pronounce(decided.language)
            speakers = self._voices.speakers(self._settings, decided, said, self.rate)
            self._spoken[key] = voice_at(speakers, key[1], self.rate)
        return self._spoken[key]

    def cues(self, louder: int) -> dict[CueName, Samples]:
        """Return the sounds of the cue pack at their volume, and so many decibels louder."""
        return cues_at(self._pack, self._cue_volume + louder, self.rate)


def _guess(settings: Settings) -> Manner:
    """Return the manner in which a session is going to be spoken, unless its routine says other."""
    return Manner(speed=settings.speed or Fraction(1), language=settings.language or "en")


def cues_of(routine: Routine, settings: Settings, rate: int) -> dict[CueName, Samples]:
    """Return the sounds that mark what happens, at `rate` Hz.

    Raises:
        CuePackError: there is no such pack, or something is wrong with it.
    """
    return load_samples(_pack_of(routine, settings), rate)


def silent_cues_of(routine: Routine, settings: Settings, rate: int) -> Mapping[CueName, Samples]:
    """Return something silent that is as long as each of those sounds, read from no more of them.

    Raises:
        CuePackError: there is no such pack, or something is wrong with it.
    """
    lengths = load_lengths(_pack_of(routine, settings), rate)
    return {name: silence(length) for name, length in lengths.items()}


def _pack_of(routine: Routine, settings: Settings) -> CuePack:
    return load_pack(pack_name(routine, settings), data_dir("audio_cues"))


def pack_name(routine: Routine, settings: Settings) -> str | Path:
    """Return the name or the folder of the cue pack that is chosen."""
    return settings.cues or routine.cues or DEFAULT_CUES
