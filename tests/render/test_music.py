"""Music below a session: decoded, looped, ducked and faded."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coach.cli import run
from coach.errors import CoachError
from coach.render.music import DUCKED_DB, FADE_IN_S, FADE_OUT_S, Tune, lay_below, load_tune
from coach.render.programme import Programme, produce
from coach.steps import Where
from coach.timeline import Clip, Timeline
from tests.render.sounds import measured

pytestmark = pytest.mark.usefixtures("clips_at_hand")

RATE = 48_000


def tone(
    path: Path, seconds: float, rate: int = 44_100, channels: int = 2, pitch: int = 220
) -> Path:
    time = np.arange(round(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * pitch * time)
    soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate)
    return path


def session(seconds: int, *spoken: tuple[float, float]) -> Timeline:
    """Return a session with clips of noise from one second to another."""
    noise = np.random.default_rng(1)
    clips = tuple(
        Clip(
            round(start * RATE),
            (noise.standard_normal(round((stop - start) * RATE)) * 3000).astype(np.int16),
            "speech",
            "x",
            Where(),
        )
        for start, stop in spoken
    )
    longest = max(len(clip.samples) for clip in clips)
    return Timeline(RATE, seconds * RATE, clips, (), (), (), longest)


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        ("mp3", []),
        ("m4a", []),
        ("opus", []),
        ("flac", ["-ar", "96000"]),
        ("wav", ["-ac", "1", "-ar", "8000"]),
        ("ogg", ["-ac", "1", "-c:a", "libvorbis"]),
    ],
)
def test_every_usual_format_is_read(tmp_path: Path, ending: str, options: list[str]) -> None:
    source = tone(tmp_path / "source.wav", 5)
    path = tmp_path / f"music.{ending}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *options, path], check=True)
    tune = load_tune(path, RATE, 60 * RATE)
    assert len(tune.samples) == pytest.approx(5 * RATE, abs=0.1 * RATE)
    middle = tune.samples[RATE : 4 * RATE]
    assert middle.shape[1] == 2
    spectrum = np.abs(np.fft.rfft(middle[:, 1]))
    assert np.argmax(spectrum) / 3 == pytest.approx(220, abs=1)


def test_tags_in_another_encoding_are_passed_over(tmp_path: Path) -> None:
    path = tone(tmp_path / "tagged.wav", 2)
    tags = b"LIST\x10\0\0\0INFOINAM\x04\0\0\0M\xfcs\0"
    whole = path.read_bytes() + tags
    path.write_bytes(whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:])
    assert len(load_tune(path, RATE, 5 * RATE).samples) > RATE


@hypothesis_settings(max_examples=20)
@given(st.integers(2 * RATE, 6 * RATE), st.integers(1, RATE))
def test_looping_never_jumps(length: int, cross: int) -> None:
    time = np.arange(length) / RATE
    wave = np.round(8000 * np.sin(2 * np.pi * 97.3 * time)).astype(np.int16)
    tune = Tune(np.repeat(wave[:, None], 2, axis=1), RATE, max(RATE // 50, cross))
    heard = tune.read(0, 3 * length)[:, 0]
    steepest = 8000 * 2 * np.pi * 97.3 / RATE
    assert np.abs(np.diff(heard)).max() < 2 * steepest + 8000 * np.pi / (RATE // 50)


@given(st.integers(0, 10 * RATE), st.integers(1, 3000))
def test_any_range_of_a_loop_is_what_it_is_in_the_whole(start: int, count: int) -> None:
    noise = np.random.default_rng(2).integers(-9000, 9000, (RATE, 2)).astype(np.int16)
    tune = Tune(noise, RATE, RATE // 10)
    whole = tune.read(0, start + count)
    assert np.allclose(tune.read(start, start + count), whole[start:])


def test_a_folder_is_played_in_order_each_going_over_into_the_next(tmp_path: Path) -> None:
    tone(tmp_path / "1.wav", 8, pitch=200)
    tone(tmp_path / "2.flac", 8, pitch=400)
    (tmp_path / "cover.jpg").write_bytes(b"x")
    (tmp_path / ".hidden.mp3").write_bytes(b"x")
    tune = load_tune(tmp_path, RATE, 60 * RATE)
    assert len(tune.samples) == pytest.approx(13 * RATE, abs=200)
    for second, pitch in ((2, 200), (10, 400)):
        part = tune.samples[second * RATE : (second + 1) * RATE, 0]
        assert np.argmax(np.abs(np.fft.rfft(part))) == pitch
    assert np.abs(np.diff(tune.samples[:, 0].astype(int))).max() < 2000


def test_only_as_much_is_read_as_is_needed(tmp_path: Path) -> None:
    path = tone(tmp_path / "long.wav", 60)
    assert len(load_tune(path, RATE, 5 * RATE).samples) < 12 * RATE


def test_music_gives_way_smoothly_and_fades_at_both_ends(tmp_path: Path) -> None:
    tune = load_tune(tone(tmp_path / "a.wav", 60), RATE, 60 * RATE)
    timeline = session(40, (10, 14), (14.5, 16), (30, 31))
    bed = lay_below(timeline, tune, -20, -10)
    heard = bed.read(0, timeline.duration)[:, 0]
    level = np.sqrt(np.square(heard).reshape(-1, RATE // 10).mean(axis=1))
    loud = float(np.median(level[50:80]))
    assert level[0] < 0.1 * loud, "it fades in"
    assert level[-1] < 0.1 * loud, "it fades out"
    assert loud == pytest.approx(level[round(FADE_IN_S * 10) + 1], rel=0.2)
    assert level[-round(FADE_OUT_S * 10) - 2] == pytest.approx(loud, rel=0.2)
    under = level[101:159] / loud
    assert 20 * np.log10(under.max()) < DUCKED_DB + 1.5, "also between two sounds that are close"
    changes = 20 * np.log10(level[25:350] / level[24:349])
    assert np.abs(changes).max() < 4, "no step that could be heard"
    assert not bed.read(timeline.duration, timeline.duration + 10).any()


@pytest.mark.parametrize("level", [-20.0, -6.0])
def test_music_is_as_much_softer_than_the_voice_as_is_wanted(tmp_path: Path, level: float) -> None:
    tune = load_tune(tone(tmp_path / "a.wav", 7), RATE, 60 * RATE)
    timeline = session(60, (40, 41))
    bed = lay_below(timeline, tune, -20, level)
    path = tmp_path / "bed.wav"
    soundfile.write(path, np.rint(bed.read(5 * RATE, 35 * RATE)).astype(np.int16), RATE)
    assert measured(path)[0] == pytest.approx(-20 + level, abs=0.3)


def test_a_programme_with_music_is_as_loud_as_is_wanted_and_the_same_in_every_range(
    tmp_path: Path,
) -> None:
    tune = load_tune(tone(tmp_path / "a.wav", 7, pitch=1000), RATE, 60 * RATE)
    timeline = session(30, (3, 9), (12, 20), (21, 28))
    programme = produce(timeline, -16, lay_below(timeline, tune, -21, 0))
    whole = programme.read(0, programme.duration)
    assert whole.shape == (timeline.duration, 2)
    path = tmp_path / "whole.wav"
    soundfile.write(path, whole, RATE)
    loudness, peak = measured(path)
    assert loudness == pytest.approx(-16, abs=0.5)
    assert peak <= -1
    for start in (0, 1, 12_345, 10 * RATE + 7):
        part = programme.read(start, start + 50_000).astype(int)
        assert np.abs(part - whole[start : start + 50_000]).max() <= 1
    assert isinstance(programme, Programme)


def broken(path: Path) -> None:
    tone(path, 5)
    path.write_bytes(path.read_bytes()[:30] + b"no sound at all")


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("a.mp3", lambda path: path.write_text("words\n" * 99), "cannot read music from"),
        ("a.wav", lambda path: path.write_bytes(b""), "cannot read music from"),
        ("none.mp3", lambda _: None, "no such file"),
        ("folder", lambda path: path.mkdir(), "there is no music in the folder"),
        ("short.wav", lambda path: tone(path, 0.2), "expected music of a second at least"),
        ("silent.wav", lambda path: soundfile.write(path, np.zeros(RATE * 3), RATE), "silent"),
    ],
)
def test_music_that_is_none_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, make: object, told: str
) -> None:
    path = tmp_path / name
    make(path)  # type: ignore[operator]
    target = tmp_path / "out.mp3"
    script = tmp_path / "a.yaml"
    script.write_text("title: A\nexercises: [{name: A, hold: 2}]\n")
    assert run(["render", str(script), "-o", str(target), "--music", str(path)]) == 1
    assert told in capsys.readouterr().err
    assert not target.exists()


def test_no_music_is_a_coach_error(tmp_path: Path) -> None:
    with pytest.raises(CoachError, match="no such file"):
        load_tune(tmp_path / "none.ogg", RATE, RATE)
