"""Sessions as the commands make them: with a speech engine, the clip store and a cue pack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.console import progress
from coach.cues import load_pack, load_samples
from coach.files import data_dir
from coach.session import EstimatedVoice, Prepared, Session, build, prepare, texts_of
from coach.settings import Settings
from coach.speech import open_engine
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore
from coach.steps import CueName

if TYPE_CHECKING:
    from coach.timeline import Samples

DEFAULT_CUES = "classic"


def build_session(path: Path, settings: Settings, rate: int, *, quiet: bool) -> Session:
    """Return the session of the routine at `path`, spoken for real.

    Raises:
        CoachError: the script, a setting, the cue pack or the speech engine is at fault.
    """
    prepared = prepare(path, settings)
    store = ClipStore()
    with (
        _speaker(prepared, settings, rate, store) as speaker,
        progress("Speaking", quiet=quiet) as show,
    ):
        # The engine starts while the cue pack and the libraries are loaded.
        speaker.begin(texts_of(prepared))
        cues = _cues(prepared, settings, rate)
        session = build(prepared, speaker, cues, rate, show)
    if store.problem and not quiet:
        click.echo(f"coach: {store.problem}; the session is not affected.", err=True)
    return session


def describe_session(path: Path, settings: Settings, rate: int) -> tuple[Session, bool]:
    """Return the session of the routine at `path` without speaking it, and whether it is exact.

    Clips that are stored have their true length; the length of others is guessed.
    """
    prepared = prepare(path, settings)
    with _speaker(prepared, settings, rate, ClipStore()) as speaker:
        voice = EstimatedVoice(rate, prepared.manner.speed, speaker.stored)
        session = build(prepared, voice, _cues(prepared, settings, rate), rate)
    return session, voice.is_exact


@contextmanager
def _speaker(
    prepared: Prepared, settings: Settings, rate: int, store: ClipStore
) -> Iterator[Speaker]:
    decided = prepared.manner
    engine = open_engine(
        settings.engine or "auto",
        voice=settings.voice,
        speed=decided.speed,
        language=decided.language,
    )
    with closing(engine):
        yield Speaker(
            engine,
            store,
            language=decided.language,
            pronounce=dict(prepared.routine.pronounce),
            rate=rate,
        )


def _cues(prepared: Prepared, settings: Settings, rate: int) -> dict[CueName, Samples]:
    chosen = settings.cues or prepared.routine.cues or DEFAULT_CUES
    return load_samples(load_pack(chosen, data_dir("audio_cues")), rate)
