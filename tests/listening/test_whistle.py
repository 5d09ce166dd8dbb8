"""Whistles that glide are heard; tones that stay, beeps and voices are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coach.cues import load_pack, load_samples
from coach.files.shipped import data_dir
from coach.listening import RATE, Heard
from coach.listening.whistle import Whistles
from tests.listening.voices import apart, silence, spoken

Samples = NDArray[np.int16]
PACKS = sorted(path.name for path in data_dir("audio_cues").iterdir() if path.is_dir())


def whistle(low: float, high: float, seconds: float, level: float = 0.1) -> Samples:
    """Return a glide between two pitches in Hz, with breath in it and soft ends."""
    count = round(seconds * RATE)
    hertz = np.linspace(low, high, count)
    wave = np.sin(2 * np.pi * np.cumsum(hertz) / RATE)
    wave += 0.05 * np.random.default_rng(2).standard_normal(count)
    edge = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.03 * RATE))
    return np.rint(wave * edge * level * 32767).astype(np.int16)


def heard(samples: Samples, block: int = 320) -> list[Heard]:
    whistles = Whistles()
    return [
        found
        for start in range(0, len(samples), block)
        for found in whistles.hear(samples[start : start + block])
    ]


@given(
    low=st.integers(1250, 2000),
    glide=st.integers(350, 1400),
    seconds=st.floats(0.45, 1.3),
    level=st.floats(0.003, 0.8),
    is_rising=st.booleans(),
)
def test_a_glide_is_a_command(
    low: int, glide: int, seconds: float, level: float, is_rising: bool
) -> None:
    ends = (low, low + glide) if is_rising else (low + glide, low)
    (found,) = heard(apart(whistle(*ends, seconds, level)))
    assert found.command == ("resume" if is_rising else "pause")
    assert found.wording == ""
    assert 0.5 < found.confidence <= 1
    assert found.at == pytest.approx(1, abs=0.1)
    assert found.end == pytest.approx(1 + seconds, abs=0.1)


@given(hertz=st.integers(500, 3600), drift=st.integers(-150, 150), seconds=st.floats(0.05, 3))
def test_a_steady_tone_is_none(hertz: int, drift: int, seconds: float) -> None:
    assert heard(apart(whistle(hertz, hertz + drift, seconds))) == []


@pytest.mark.parametrize("seconds", [0.1, 0.2, 2.0, 4.0])
def test_a_glide_of_another_length_is_none(seconds: float) -> None:
    assert heard(apart(whistle(900, 1600, seconds))) == []


def test_up_and_down_is_none() -> None:
    both = np.concatenate([whistle(900, 1500, 0.5), whistle(1500, 900, 0.5)])
    assert heard(apart(both)) == []


@pytest.mark.parametrize("pack", PACKS)
def test_beeps_are_none(pack: str) -> None:
    sounds = load_samples(load_pack(pack, data_dir("audio_cues")), RATE)
    assert heard(apart(*sounds.values())) == []
    close = np.concatenate([sounds[name] for name in ("ready", "final", "start", "end")] * 2)
    assert heard(apart(close)) == []


def test_voices_are_none() -> None:
    texts = ("Lift your leg, and hold.", "Oh, who are you?", "Ooooh! Wow! No, no, no!")
    assert heard(apart(*spoken(*texts))) == []


@pytest.mark.parametrize("block", [1, 255, 1024, 5000])
def test_blocks_do_not_matter(block: int) -> None:
    samples = apart(whistle(900, 1500, 0.5), whistle(1500, 900, 0.7))
    assert heard(samples, block) == heard(samples)


def test_what_was_skipped_is_forgotten() -> None:
    whistles = Whistles()
    assert not whistles.hear(np.concatenate([silence(1), whistle(900, 1500, 0.6)]))
    whistles.skip(RATE)
    assert not whistles.hear(silence(1))
    (found,) = whistles.hear(apart(whistle(1500, 900, 0.6)))
    assert found.at == pytest.approx(1 + 0.6 + 1 + 1 + 1, abs=0.1)
