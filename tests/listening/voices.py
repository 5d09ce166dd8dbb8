"""Spoken phrases for the tests, by the voices that come with the packages of `dev`."""

from __future__ import annotations

from contextlib import closing
from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from coach.listening import RATE
from coach.speech import open_engine

Samples = NDArray[np.int16]


def silence(seconds: float) -> Samples:
    """Return the faint noise of a quiet microphone."""
    noise = np.random.default_rng(1).standard_normal(round(seconds * RATE))
    return np.rint(noise * 3).astype(np.int16)


@cache
def spoken(*texts: str, engine: str = "neural", voice: str | None = None) -> tuple[Samples, ...]:
    """Return each text as a voice says it, at a middling level."""
    made = []
    with closing(open_engine(engine, voice=voice)) as opened:
        opened.start(len(texts))
        for text in texts:
            speech = opened.synthesize(text)
            sound = soxr.resample(speech.samples.astype(np.float64), speech.rate, RATE)
            loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
            sound = sound[loud[0] : loud[-1] + 1]
            made.append(np.rint(sound * (8000 / np.abs(sound).max())).astype(np.int16))
    return tuple(made)


def apart(*sounds: Samples, gap: float = 1.0) -> Samples:
    """Return sounds with silence before, between and behind them."""
    parts = [silence(gap)]
    for sound in sounds:
        parts += [sound, silence(gap)]
    return np.concatenate(parts)
