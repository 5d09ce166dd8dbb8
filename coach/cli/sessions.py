"""Sessions as the commands make them: with a speech engine, the clip store and a cue pack."""

from __future__ import annotations

from contextlib import ExitStack, closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

from coach.cli.console import note, progress
from coach.cues import load_pack, load_samples
from coach.files import data_dir
from coach.routine import Routine
from coach.session import EstimatedVoice, Prepared, Session, build, prepare, texts_of
from coach.settings import Manner, Settings
from coach.speech import Engine, open_engine
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore
from coach.steps import CueName

if TYPE_CHECKING:
    from coach.timeline import Samples

DEFAULT_CUES = "classic"


def build_session(path: Path, settings: Settings, rate: int, *, quiet: bool) -> Session:
    """Return the session of the routine at `path`, spoken for real.

    Starting an engine takes longer than anything that comes before, so it begins as soon as it is
    known to be needed, and goes on while the libraries and the cue pack are loaded.

    Raises:
        CoachError: the script, a setting, the cue pack or the speech engine is at fault.
    """
    store = ClipStore()
    with ExitStack() as stack:
        guess = _guess(settings)
        engine = stack.enter_context(_engine(settings, guess))
        if store.is_empty():
            engine.start(engine.workers)
        prepared = prepare(path, settings)
        decided = prepared.manner
        if (decided.speed, decided.language) != (guess.speed, guess.language):
            engine = stack.enter_context(_engine(settings, decided))
        speaker = _speaker(prepared, engine, store, rate)
        show = stack.enter_context(progress("Speaking", quiet=quiet))
        speaker.begin(texts_of(prepared))
        cues = _cues(prepared.routine, settings, rate)
        session = build(prepared, speaker, cues, rate, show)
    if store.problem and not quiet:
        note(f"coach: {store.problem}; the session is not affected.")
    return session


def describe_session(path: Path, settings: Settings, rate: int) -> tuple[Session, bool]:
    """Return the session of the routine at `path` without speaking it, and whether it is exact.

    Clips that are stored have their true length; the length of others is guessed.
    """
    prepared = prepare(path, settings)
    with _engine(settings, prepared.manner) as engine:
        speaker = _speaker(prepared, engine, ClipStore(), rate)
        voice = EstimatedVoice(rate, prepared.manner.speed, speaker.lengths)
        session = build(prepared, voice, _cues(prepared.routine, settings, rate), rate)
    return session, voice.is_exact


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
        self._stack = ExitStack()
        self._engines: dict[tuple[Fraction, str], Engine] = {}
        self._speakers: dict[Engine, Speaker] = {}
        self._pronounce: dict[str, str] = {}
        self._pack: dict[CueName, Samples] = {}
        if self._store.is_empty():
            engine = self._engine(_guess(settings))
            engine.start(engine.workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what could not be spoken or stored, a sentence each."""
        told = [problem for speaker in self._speakers.values() for problem in speaker.problems]
        return (*told, *([self._store.problem] if self._store.problem else []))

    def furnish(self, routine: Routine) -> None:
        """Take the routine's cue pack, and how it pronounces words.

        Raises:
            CuePackError: there is no such pack, or something is wrong with it.
        """
        self._pronounce = dict(routine.pronounce)
        self._pack = _cues(routine, self._settings, self.rate)

    def voice_for(self, decided: Manner) -> Speaker:
        """Return what speaks in this manner."""
        engine = self._engine(decided)
        if engine not in self._speakers:
            self._speakers[engine] = Speaker(
                engine,
                self._store,
                language=decided.language,
                pronounce=self._pronounce,
                rate=self.rate,
            )
        return self._speakers[engine]

    def cues(self, louder: int) -> dict[CueName, Samples]:
        """Return the sounds of the cue pack, so many decibels louder; full scale is the limit."""
        return {name: _louder(samples, louder) for name, samples in self._pack.items()}

    def _engine(self, decided: Manner) -> Engine:
        key = (decided.speed, decided.language)
        if key not in self._engines:
            self._engines[key] = self._stack.enter_context(_engine(self._settings, decided))
        return self._engines[key]


def _louder(samples: Samples, decibels: int) -> Samples:
    import numpy as np

    if not decibels:
        return samples
    scaled = np.rint(samples * 10 ** (decibels / 20))
    louder: Samples = np.clip(scaled, -32768, 32767).astype(np.int16)
    return louder


def _guess(settings: Settings) -> Manner:
    """Return the manner in which a session is going to be spoken, unless its routine says other."""
    return Manner(speed=settings.speed or Fraction(1), language=settings.language or "en")


def _engine(settings: Settings, decided: Manner) -> closing[Engine]:
    """Return the engine that the settings ask for, to be used in a `with` statement."""
    return closing(
        open_engine(
            settings.engine or "auto",
            voice=settings.voice,
            speed=decided.speed,
            language=decided.language,
        )
    )


def _speaker(prepared: Prepared, engine: Engine, store: ClipStore, rate: int) -> Speaker:
    return Speaker(
        engine,
        store,
        language=prepared.manner.language,
        pronounce=dict(prepared.routine.pronounce),
        rate=rate,
    )


def _cues(routine: Routine, settings: Settings, rate: int) -> dict[CueName, Samples]:
    chosen = settings.cues or routine.cues or DEFAULT_CUES
    return load_samples(load_pack(chosen, data_dir("audio_cues")), rate)
