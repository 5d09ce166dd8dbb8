"""Sessions as the commands make them: with a speech engine, the clip store and a cue pack."""

from __future__ import annotations

from contextlib import ExitStack, closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from coach.cli.console import note, progress
from coach.cues import load_pack, load_samples
from coach.files import data_dir
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
        # What the routine has still to confirm.
        guess = Manner(speed=settings.speed or Fraction(1), language=settings.language or "en")
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
        cues = _cues(prepared, settings, rate)
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
        voice = EstimatedVoice(rate, prepared.manner.speed, speaker.stored)
        session = build(prepared, voice, _cues(prepared, settings, rate), rate)
    return session, voice.is_exact


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


def _cues(prepared: Prepared, settings: Settings, rate: int) -> dict[CueName, Samples]:
    chosen = settings.cues or prepared.routine.cues or DEFAULT_CUES
    return load_samples(load_pack(chosen, data_dir("audio_cues")), rate)
