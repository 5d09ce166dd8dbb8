from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coach.speech.level import FADE_S, PAD_S, PEAK_DB, TARGET_DB, active_level, level, trim

Clip: TypeAlias = NDArray[np.int16]

RATES = st.sampled_from([8000, 16000, 22050, 24000, 44100, 48000])
FULL_SCALE = 32768


def silence(seconds: float, rate: int) -> Clip:
    return np.zeros(round(seconds * rate), np.int16)


def sine(seconds: float, rate: int, db: float, hertz: float = 220.0) -> Clip:
    """A sine whose mean power is `db` below that of full scale."""
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    samples: Clip = np.rint(wave * FULL_SCALE * np.sqrt(2) * 10 ** (db / 20)).astype(np.int16)
    return samples


def noise(seconds: float, rate: int, db: float, seed: int = 0) -> Clip:
    wave = np.random.default_rng(seed).normal(0, 1, round(seconds * rate))
    return np.rint(wave * FULL_SCALE * 10 ** (db / 20)).clip(-32768, 32767).astype(np.int16)


def speech_like(rate: int, seed: int, db: float) -> Clip:
    """Syllables of noise with weaker ends and pauses between them; the strongest are at `db`."""
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(int(random.integers(1, 8))):
        parts.append(noise(random.uniform(0.02, 0.15), rate, db - random.uniform(10, 25), seed))
        parts.append(noise(random.uniform(0.06, 0.3), rate, db - random.uniform(0, 6), seed + 1))
        parts.append(silence(random.uniform(0, 0.3), rate))
    return np.concatenate(parts)


def peak(samples: Clip) -> float:
    return 20 * math.log10(int(np.abs(samples.astype(np.int32)).max()) / FULL_SCALE)


@given(RATES, st.floats(-60, -4))
def test_the_level_of_a_tone_is_its_power(rate: int, db: float) -> None:
    assert active_level(sine(0.5, rate, db), rate) == pytest.approx(db, abs=0.4)


def test_pauses_do_not_lower_the_level() -> None:
    rate = 22050
    word = speech_like(rate, 3, -20)
    alone = active_level(word, rate)
    apart = active_level(np.concatenate([word, silence(3, rate), word, silence(2, rate)]), rate)
    assert apart == pytest.approx(alone, abs=0.3)


@given(RATES)
def test_noise_beneath_speech_does_not_count(rate: int) -> None:
    tone = sine(1, rate, -20)
    quiet = noise(4, rate, -50)
    level_db = active_level(np.concatenate([quiet, tone, quiet]), rate)
    assert level_db == pytest.approx(-20, abs=0.2)


@settings(deadline=None)
@given(RATES, st.integers(0, 1000), st.floats(-45, -8))
def test_every_clip_reaches_the_target_unless_a_peak_forbids_it(
    rate: int, seed: int, db: float
) -> None:
    clip = speech_like(rate, seed, db)
    levelled = level(clip, rate)
    assert levelled.dtype == np.int16
    assert levelled.shape == clip.shape
    assert peak(levelled) <= PEAK_DB + 0.01
    reached = active_level(levelled, rate)
    assert reached is not None
    if peak(levelled) < PEAK_DB - 0.1:
        assert reached == pytest.approx(TARGET_DB, abs=0.3)
    else:
        assert reached <= TARGET_DB + 0.3


@pytest.mark.parametrize("value", [2500, 4000, 5500])
def test_a_peak_is_limited_and_the_level_is_reached(value: int) -> None:
    rate = 16000
    clip = sine(1, rate, -40)
    clip[8000:8008] = value
    levelled = level(clip, rate)
    assert peak(levelled) <= PEAK_DB + 0.01
    assert active_level(levelled, rate) == pytest.approx(TARGET_DB, abs=0.3)


def test_a_click_holds_the_gain_back() -> None:
    rate = 16000
    clip = sine(1, rate, -40)
    clip[8000] = 20000
    levelled = level(clip, rate)
    assert peak(levelled) <= PEAK_DB + 0.01
    reached = active_level(levelled, rate)
    assert reached is not None
    assert reached < TARGET_DB - 1


def test_a_target_can_be_given() -> None:
    assert active_level(level(sine(1, 8000, -40), 8000, -26.0), 8000) == pytest.approx(-26, abs=0.3)


@pytest.mark.parametrize("size", [0, 1, 3, 1000])
def test_silence_stays_silence(size: int) -> None:
    nothing = np.zeros(size, np.int16)
    assert np.array_equal(level(nothing, 22050), nothing)
    assert active_level(nothing, 22050) is None
    assert trim(nothing, 22050).size == 0


@pytest.mark.parametrize("value", [-32768, -1, 1, 32767])
@pytest.mark.parametrize("size", [1, 2, 50, 5000])
def test_odd_clips_do_not_fail(size: int, value: int) -> None:
    clip = np.full(size, value, np.int16)
    for result in (trim(clip, 22050), level(clip, 22050), trim(clip, 8000)):
        assert result.dtype == np.int16
        assert result.size <= size


@settings(deadline=None)
@given(RATES, st.integers(0, 1000), st.floats(0, 1), st.floats(0, 1), st.floats(-30, -12))
def test_trim_takes_silence_and_nothing_else(
    rate: int, seed: int, before: float, after: float, db: float
) -> None:
    random = np.random.default_rng(seed)
    # Engines' silence is not always digital.
    floor_db = db - random.uniform(62, 80)
    word = np.concatenate([noise(0.05, rate, db - 33, seed), speech_like(rate, seed, db)])
    word = np.trim_zeros(np.concatenate([word, noise(0.06, rate, db - 33, seed)]))
    clip = np.concatenate(
        [noise(before, rate, floor_db, seed), word, noise(after, rate, floor_db, seed + 1)]
    )
    trimmed = trim(clip, rate)
    frame = 0.005 * rate + 1
    assert trimmed.size >= word.size - 2 * frame
    assert trimmed.size <= word.size + 2 * 0.030 * rate + 2
    assert trimmed.size <= clip.size


@pytest.mark.parametrize("db", [-25, -30, -35])
def test_weak_consonants_at_the_ends_stay(db: float) -> None:
    rate = 22050
    vowel, consonant = sine(0.2, rate, -15), noise(0.1, rate, -15 + db)
    clip = np.concatenate([silence(0.3, rate), consonant, vowel, consonant, silence(0.3, rate)])
    start = round((0.3 - PAD_S) * rate)
    length = round((0.4 + 2 * PAD_S) * rate)
    trimmed = trim(clip, rate)
    assert abs(trimmed.size - length) <= round(0.010 * rate)
    fade = round(FADE_S * rate)
    inner = trimmed[fade:-fade]
    places = [start + shift for shift in range(-120, 121)]
    assert any(
        np.array_equal(clip[place + fade : place + fade + inner.size], inner) for place in places
    )


def test_ends_do_not_click() -> None:
    rate = 22050
    trimmed = trim(np.full(rate, 10000, np.int16), rate)
    fade = round(FADE_S * rate)
    assert abs(int(trimmed[0])) < 100
    assert abs(int(trimmed[-1])) < 100
    assert np.all(np.diff(trimmed[:fade].astype(np.int32)) >= 0)
    assert np.all(trimmed[fade:-fade] == 10000)


@settings(deadline=None)
@given(RATES, st.integers(0, 1000), st.floats(-40, -12))
def test_trimming_again_takes_no_more_than_the_pads(rate: int, seed: int, db: float) -> None:
    clip = np.concatenate([silence(0.2, rate), speech_like(rate, seed, db), silence(0.2, rate)])
    once = trim(clip, rate)
    assert once.size - trim(once, rate).size <= 2 * (FADE_S + 0.005) * rate + 2


def test_the_clip_that_was_given_is_left_alone() -> None:
    rate = 22050
    clip = speech_like(rate, 1, -30)
    before = clip.copy()
    clip.flags.writeable = False
    trim(clip, rate)
    level(clip, rate)
    assert np.array_equal(clip, before)
