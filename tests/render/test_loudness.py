"""The loudness of a programme, and its peaks."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from coach.limiter import LOOK_S, STEP_S, factors_of, gains, on_frames
from coach.render.levelling import CEILING_DB, levelled
from coach.render.loudness import LOUDNESS, gated, of_clips, of_sound
from coach.render.measuring import ClipMeter, Measurement
from coach.render.programme import Programme, produce
from coach.speech.store import ClipStore
from coach.timeline import Clip, Timeline
from tests.conftest import RATE, spoken, typical
from tests.render.sounds import measured

pytestmark = pytest.mark.usefixtures("clips_at_hand")

CEILING = 10 ** (CEILING_DB / 20)


def timeline_of(*clips: tuple[int, np.ndarray, str]) -> Timeline:
    from coach.steps import Where

    made = tuple(Clip(start, samples, kind, "x", Where()) for start, samples, kind in clips)  # type: ignore[arg-type]
    end = max(clip.end for clip in made) + RATE
    return Timeline(RATE, end, made, (), (), (), max(len(clip.samples) for clip in made))


def louder(timeline: Timeline, gain: float) -> Timeline:
    clips = (clip.samples for clip in timeline.clips)
    return levelled(timeline, gain, ClipMeter().measure(clips, RATE))


@cache
def spoken_timeline(path: Path) -> Timeline:
    return spoken(path, RATE).timeline


def noise(seconds: float, level: float, seed: int = 1) -> np.ndarray:
    shape = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return np.clip(shape * level, -32768, 32767).astype(np.int16)


def written(programme: Programme, folder: Path) -> Path:
    path = folder / "sound.wav"
    soundfile.write(path, programme.read(0, programme.duration), programme.rate)
    return path


@pytest.mark.parametrize("path", typical()[::2], ids=lambda path: path.stem)
def test_bundled_routines_are_as_loud_as_is_wanted(path: Path, tmp_path: Path) -> None:
    programme = produce(spoken_timeline(path), LOUDNESS)
    found, peak = measured(written(programme, tmp_path))
    assert abs(found - LOUDNESS) <= 0.5
    assert peak <= -1.0


@pytest.mark.parametrize("target", [-23.0, -16.0, -14.0])
def test_loudness_is_what_ffmpeg_measures_though_silence_is_left_out(
    target: float, tmp_path: Path
) -> None:
    clips = [
        (n * 3 * RATE + 777 * n, noise(0.3 + n / 9, 900 + 300 * n, n), "speech") for n in range(9)
    ]
    programme = produce(timeline_of(*clips), target)
    found, _ = measured(written(programme, tmp_path))
    again = of_sound(programme)
    assert again is not None
    assert abs(again - found) <= 0.11, "ffmpeg rounds to a tenth"
    assert abs(found - target) <= 0.5


def test_a_session_of_silence_has_no_loudness_and_stays_so() -> None:
    timeline = timeline_of((0, np.zeros(RATE, np.int16), "speech"))
    programme = produce(timeline, LOUDNESS)
    assert not programme.read(0, RATE).any()


def test_beeps_keep_their_level_beside_words_that_are_limited() -> None:
    words, beep = noise(2, 1800), noise(0.1, 1000, 2)
    raised = louder(timeline_of((0, words, "speech"), (3 * RATE, beep, "cue")), 12.0)
    power = [float(np.square(clip.samples.astype(float)).mean()) for clip in raised.clips]
    before = [float(np.square(samples.astype(float)).mean()) for samples in (words, beep)]
    change = [10 * math.log10(now / was) for now, was in zip(power, before, strict=True)]
    assert change[1] == pytest.approx(12.0, abs=0.1)
    assert change[0] == pytest.approx(12.0, abs=0.3)


@given(st.integers(1, 2**31), st.floats(0.1, 20.0), st.floats(-6.0, 30.0))
def test_no_true_peak_is_above_the_ceiling(seed: int, crest: float, gain: float) -> None:
    source = noise(0.4, 2000, seed)
    source[seed % len(source)] = min(32767, int(2000 * crest))
    raised = louder(timeline_of((0, source, "speech")), gain).clips[0].samples
    peak = np.abs(soxr.resample(np.pad(raised / 32768, 200), RATE, 4 * RATE)).max()
    assert peak <= CEILING * 10 ** (0.4 / 20), "limiting adds a little beyond the band"
    assert np.abs(raised).max() <= CEILING * 32768 + 1


@given(st.integers(0, RATE - 1), st.floats(0.6, 8.0))
def test_the_limiter_is_smooth_and_leaves_alone_what_is_far(at: int, peak: float) -> None:
    signal = np.full(RATE, 0.4, np.float32)
    signal[at] = peak
    factors = gains(signal, 0.5, RATE)
    if peak <= 0.5:
        assert factors is None
        return
    assert factors is not None
    assert signal[at] * factors[at] <= 0.5 + 1e-6
    assert np.abs(np.diff(factors)).max() < 0.01, "no jump that could be heard"
    far = round(3 * LOOK_S * RATE)
    assert (factors[: max(0, at - far)] == 1).all()
    assert (factors[at + far :] == 1).all()


@given(st.integers(0, 2**31), st.integers(0, 60))
def test_the_limiter_looks_near_peaks_alone_and_finds_what_it_would_find_everywhere(
    seed: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    peaks = np.full(600, 0.2, np.float32)
    peaks[random.integers(0, len(peaks), count)] = random.uniform(0.4, 3, count)
    look = round(LOOK_S / STEP_S)
    needed = np.pad(0.5 / np.maximum(peaks, 0.5), look + 1, constant_values=1)
    least = sliding_window_view(needed, 2 * look + 3).min(axis=1)
    weights = np.hanning(2 * look + 3)[1:-1]
    mean = sliding_window_view(np.pad(least, look, mode="edge"), 2 * look + 1) @ weights
    factors = factors_of(peaks, 0.5)
    if peaks.max() <= 0.5:
        assert factors is None
        return
    assert factors == pytest.approx(mean / weights.sum(), abs=1e-6)


def test_any_range_is_read_as_it_is_in_the_whole() -> None:
    clips = [(n * 9000, noise(0.5, 9000, n), "speech") for n in range(12)]
    programme = Programme(timeline_of(*clips))
    whole = programme.read(0, programme.duration)
    for start in (0, 1, 23, 24, 5000, 77_777, programme.duration - 5):
        stop = min(programme.duration, start + 20_001)
        assert (programme.read(start, stop) == whole[start:stop]).all()
    assert not programme.read(programme.duration, programme.duration + 100).any()


def test_what_sounds_together_is_limited() -> None:
    loud = noise(1, 12_000)
    programme = Programme(timeline_of((0, loud, "speech"), (100, loud, "cue")))
    assert (
        np.abs(programme.read(0, programme.duration).astype(int)).max()
        <= 32768 * 10 ** (-1.5 / 20) + 1
    )


def test_gating_leaves_out_what_is_soft() -> None:
    def of(*levels: float) -> float | None:
        return gated(10 ** (np.array(levels) / 10))

    assert of() is None
    assert of(-math.inf, -80.0) is None
    assert of(*[-20.0] * 10, *[-69.0] * 90) == pytest.approx(-20.0)
    assert of(-20.0, -20.0, -25.0, -60.0) == pytest.approx(-21.123, abs=0.001)


@pytest.mark.parametrize("path", typical()[::2], ids=lambda path: path.stem)
def test_clip_by_clip_it_is_what_the_whole_is(path: Path) -> None:
    timeline = spoken_timeline(path)
    measured = ClipMeter().measure((clip.samples for clip in timeline.clips), RATE)
    whole = of_sound(Programme(timeline))
    assert whole is not None
    assert of_clips(timeline, measured) == pytest.approx(whole, abs=0.25)


def test_long_sounds_are_measured_in_parts_as_in_one(tmp_path: Path) -> None:
    timeline = timeline_of((0, noise(200, 2000), "speech"), (30 * RATE, noise(9, 6000), "speech"))
    programme = Programme(timeline)
    found = of_sound(programme)
    assert found == pytest.approx(measured(written(programme, tmp_path))[0], abs=0.06)


def test_a_clip_that_is_known_is_not_measured_again() -> None:
    meter, clip = ClipMeter(), noise(1, 2000)
    first = meter.measure([clip, clip], RATE)
    assert meter.measure([clip], RATE)[id(clip)] is first[id(clip)]
    assert meter.measure([clip.copy()], RATE).keys() != first.keys()


def same(one: Measurement, other: Measurement) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in ("blocks", "peaks", "powers")
    )


def kept_in(folder: Path) -> Path:
    (path,) = folder.rglob("*.levels")
    return path


@pytest.mark.parametrize("length", [0, 1, 17, 2400, 30_001])
def test_what_was_measured_is_kept_for_the_next_run(length: int, tmp_path: Path) -> None:
    clip, store = noise(2, 3000)[:length], ClipStore(tmp_path)
    fresh = ClipMeter().measure([clip], RATE)[id(clip)]
    assert same(ClipMeter(store).measure([clip], RATE)[id(clip)], fresh)
    before = kept_in(tmp_path).stat().st_ino
    again = clip.copy()
    assert same(ClipMeter(store).measure([again], RATE)[id(again)], fresh)
    assert kept_in(tmp_path).stat().st_ino == before
    ClipMeter(store).measure([clip], 2 * RATE)
    assert len(list(tmp_path.rglob("*.levels"))) == 2


@pytest.mark.parametrize("damage", ["cut off", "a bit", "empty", "more"])
def test_a_damaged_measurement_is_made_anew(damage: str, tmp_path: Path) -> None:
    clip, store = noise(0.3, 3000), ClipStore(tmp_path)
    fresh = ClipMeter(store).measure([clip], RATE)[id(clip)]
    path = kept_in(tmp_path)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    ways = {"cut off": whole[:-9], "a bit": bytes(flipped), "empty": b"", "more": whole + b"1234"}
    path.write_bytes(ways[damage])
    assert same(ClipMeter(store).measure([clip], RATE)[id(clip)], fresh)
    assert path.read_bytes() == whole


@given(st.integers(1, 50), st.integers(1, 60), st.data())
def test_factors_between_steps_are_on_lines(steps: int, step: int, data: st.DataObject) -> None:
    factors = np.random.default_rng(steps).random(steps).astype(np.float32)
    length = steps * step - data.draw(st.integers(0, step - 1))
    middles = np.arange(steps) * step + (step - 1) / 2
    expected = np.interp(np.arange(length), middles, factors)
    np.testing.assert_allclose(on_frames(factors, length, step), expected, atol=2e-7)
