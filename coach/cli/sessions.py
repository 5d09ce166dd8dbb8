"""Sessions as the commands make them: with a speech engine, the clip store and a cue pack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from coach.cli.console import progress
from coach.cues import load_pack, load_samples
from coach.files import data_dir
from coach.plan import CueName
from coach.session import EstimatedVoice, Prepared, Session, build, prepare
from coach.settings import Settings
from coach.speech import Engine, open_engine
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore

if TYPE_CHECKING:
    from coach.timeline import Samples

DEFAULT_CUES = "classic"


def build_session(path: Path, settings: Settings, rate: int, *, quiet: bool) -> Session:
    """Return the session of the routine at `path`, spoken for real.

    Raises:
        CoachError: the script, a setting, the cue pack or the speech engine is at fault.
    """
    prepared = prepare(path, settings)
    with _speaker(prepared, settings, rate) as speaker, progress("Speaking", quiet=quiet) as show:
        return build(prepared, speaker, _cues(prepared, settings, rate), rate, show)


def describe_session(path: Path, settings: Settings, rate: int) -> tuple[Session, bool]:
    """Return the session of the routine at `path` without speaking it, and whether it is exact.

    Clips that are stored have their true length; the length of others is guessed.
    """
    prepared = prepare(path, settings)
    with _speaker(prepared, settings, rate) as speaker:
        voice = EstimatedVoice(rate, prepared.manner.speed, speaker.stored)
        session = build(prepared, voice, _cues(prepared, settings, rate), rate)
    return session, voice.is_exact


def open_session_engine(settings: Settings, language: str, speed: Fraction) -> Engine:
    """Return the speech engine that the settings ask for, not yet started.

    Raises:
        SpeechError: there is no such engine.
    """
    return open_engine(
        settings.engine or "auto", voice=settings.voice, speed=speed, language=language
    )


@contextmanager
def _speaker(prepared: Prepared, settings: Settings, rate: int) -> Iterator[Speaker]:
    decided = prepared.manner
    with closing(open_session_engine(settings, decided.language, decided.speed)) as engine:
        yield Speaker(
            engine,
            ClipStore(),
            language=decided.language,
            pronounce=dict(prepared.routine.pronounce),
            rate=rate,
        )


def _cues(prepared: Prepared, settings: Settings, rate: int) -> dict[CueName, Samples]:
    chosen = settings.cues or prepared.routine.cues or DEFAULT_CUES
    return load_samples(load_pack(chosen, data_dir("audio_cues")), rate)
