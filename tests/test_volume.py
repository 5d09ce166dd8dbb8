"""The volume of cues and of speech: apart, bounded, and in files without changing the whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from coach.cli import run
from coach.cli.sessions import LiveStudio
from coach.history.entry import settings_from_json, settings_to_json
from coach.limiter import peaks_of
from coach.settings import Manner, Settings, layered, manner
from coach.steps import Line
from coach.volume import Volumes, at_volume, balanced, cues_at, heard, voice_at
from tests.conftest import routine_of

pytestmark = pytest.mark.usefixtures("clips_at_hand")

RATE = 24_000
SHORT = (
    "title: Short\nexercises:\n"
    "  - {name: Squeeze, reps: 2, settle: 3s, phases: [{cue: Squeeze, move: 1s, hold: 6s}]}\n"
)


def tone(level: float, seconds: float = 0.5) -> NDArray[np.int16]:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.rint(level * 32767 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)


def power_db(samples: NDArray[Any]) -> float:
    return 10 * float(np.log10(np.mean(np.square(samples.astype(float)))))


# Clips


@pytest.mark.parametrize("decibels", [-24, -3, 4])
def test_a_clip_is_as_much_louder_as_asked(decibels: int) -> None:
    clip = tone(0.2)
    louder = at_volume(clip, Fraction(decibels), RATE)
    assert power_db(louder) - power_db(clip) == pytest.approx(decibels, abs=0.02)
    assert at_volume(clip, Fraction(0), RATE) is clip


def test_what_gets_too_loud_is_limited_and_not_clipped() -> None:
    louder = at_volume(tone(0.7), Fraction(9), RATE).astype(float)
    assert np.abs(louder).max() <= 0.9 * 32768
    assert np.abs(louder).max() > 0.85 * 32768
    spectrum = np.abs(np.fft.rfft(louder[2400:-2400] * np.hanning(len(louder) - 4800)))
    frequencies = np.fft.rfftfreq(len(louder) - 4800, 1 / RATE)
    elsewhere = np.sum(spectrum[np.abs(frequencies - 440) > 50] ** 2)
    assert elsewhere < 1e-5 * np.sum(spectrum**2), "no harmonics, as clipping makes them"


class OneClip:
    """A voice that says the same to everything."""

    def __init__(self) -> None:
        self.clip = tone(0.1)

    def speak(self, lines: Iterable[Line], progress: Any = None) -> Mapping[Line, Any]:
        del progress
        return dict.fromkeys(lines, self.clip)

    def each(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Any]]:
        yield from self.speak(lines).items()

    def lengths(self, lines: Iterable[Line]) -> Mapping[Line, int]:
        return dict.fromkeys(lines, len(self.clip))


def test_a_voice_is_louder_and_makes_each_clip_once() -> None:
    voice = OneClip()
    assert voice_at(voice, Fraction(0), RATE) is voice
    softer = voice_at(voice, Fraction(-6), RATE)
    line = Line("a")
    first, again = softer.speak([line])[line], dict(softer.each([line]))[line]
    assert first is again
    assert power_db(first) - power_db(voice.clip) == pytest.approx(-6, abs=0.02)
    assert softer.lengths([line]) == {line: len(voice.clip)}


def test_in_files_only_the_difference_counts_and_nothing_is_made_louder() -> None:
    given = Manner(cue_volume=Fraction(6), speech_volume=Fraction(-3))
    assert heard(given) == Volumes(Fraction(6), Fraction(-3))
    assert balanced(given) == Volumes(Fraction(0), Fraction(-9))
    assert balanced(Manner(cue_volume=Fraction(-4))) == Volumes(Fraction(-4), Fraction(0))
    assert balanced(Manner()) == Volumes()


# Layers


def test_the_layers_and_zero_is_a_value() -> None:
    routine = routine_of("title: T\ncue_volume: -6\nexercises: [{name: A, hold: 5}]\n")
    assert manner(routine, Settings()).cue_volume == -6
    assert manner(routine, Settings(cue_volume=Fraction(0))).cue_volume == 0
    lower, upper = Settings(cue_volume=Fraction(3)), Settings(cue_volume=Fraction(0))
    assert layered(lower, upper).cue_volume == 0
    assert layered(lower, Settings()).cue_volume == 3


def test_the_history_keeps_them() -> None:
    given = Settings(cue_volume=Fraction(0), speech_volume=Fraction(-9, 2), style="lively")
    assert settings_from_json(settings_to_json(given)) == given
    assert settings_from_json('{"cue_volume": "90", "style": "loud"}') == Settings()


# Commands


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


def rendered(script: Path, *options: str) -> tuple[float, float]:
    """Return the mean levels of cues and of speech in a file, in dB."""
    target, sheet = script.with_name("out.wav"), script.with_name("out.json")
    arguments = [str(script), "-o", str(target), "--cue-sheet", str(sheet), "-q", *options]
    assert run(["render", *arguments]) == 0
    samples, rate = soundfile.read(target)
    levels: dict[str, list[float]] = {"cue": [], "speech": []}
    events = json.loads(sheet.read_text("utf-8"))["events"]
    for event in events:
        if event["kind"] in levels and event.get("cue") != "tick":
            part = samples[round(event["start"] * rate) : round(event["end"] * rate)]
            levels[event["kind"]].append(power_db(part))
    return float(np.mean(levels["cue"])), float(np.mean(levels["speech"]))


def loudness(path: Path) -> float:
    from coach.render.loudness import of_sound

    class Whole:
        def __init__(self) -> None:
            self.samples, self.rate = soundfile.read(path, dtype="int16", always_2d=True)
            self.channels, self.duration = 1, len(self.samples)

        def sounding(self) -> Any:
            from coach.render.pieces import Piece

            return [Piece(0, self.duration)]

        def read(self, start: int, stop: int) -> Any:
            part = self.samples[start:stop]
            return np.pad(part, ((0, stop - start - len(part)), (0, 0)))

    found = of_sound(Whole())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (("--cue-volume", "6"), 6),
        (("--cue-volume", "-9"), -9),
        (("--speech-volume", "4"), -4),
        (("--cue-volume", "-6", "--speech-volume", "-6"), 0),
    ],
)
def test_a_file_has_another_balance_and_the_same_loudness(
    script: Path, options: tuple[str, ...], difference: float
) -> None:
    cues, speech = rendered(script)
    assert loudness(script.with_name("out.wav")) == pytest.approx(-16, abs=0.3)
    other_cues, other_speech = rendered(script, *options)
    assert (other_cues - other_speech) - (cues - speech) == pytest.approx(difference, abs=0.8)
    assert loudness(script.with_name("out.wav")) == pytest.approx(-16, abs=0.3)


def test_it_is_saved_and_told(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjust", str(script), "cue-volume=-3", "speech_volume=+2dB", "-q"]) == 0
    assert run(["show", str(script), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["manner"]
    assert found["cue-volume"] == {"value": -3, "origin": "saved"}
    assert found["speech-volume"] == {"value": 2, "origin": "saved"}
    assert run(["show", str(script), "--cue-volume", "0"]) == 0
    assert "cue-volume 0 dB (this session)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("render", "--cue-volume", "10"), 1, "--cue-volume: expected at most 9"),
        (("show", "--speech-volume", "-25"), 1, "--speech-volume: expected at least -24"),
        (("show", "--speech-volume", "loud"), 1, "expected decibels such as -3 or 4.5"),
        (("adjust", "cue-volume=loud"), 1, "cue-volume: expected decibels"),
        (("adjust", "cue-volum=3"), 1, "did you mean `cue-volume`?"),
        (("adjust", "squeeze.cue-volume=3"), 1, "belongs to the whole session"),
        (("adjust", "--cue-volume", "3"), 2, "cue-volume=3"),
        (("adjust", "style=livly"), 1, "did you mean `lively`?"),
    ],
)
def test_what_is_refused(
    script: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    expected: str,
) -> None:
    command, *rest = arguments
    assert run([command, str(script), *rest]) == code
    assert expected in capsys.readouterr().err


def test_a_script_is_refused_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "loud.yaml"
    path.write_text(SHORT.replace("title: Short", "title: Short\ncue_volume: 20\nstyle: loud"))
    assert run(["check", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "loud.yaml:2:13: expected at most 9" in out + err
    assert "loud.yaml:3:8: expected one of calm, plain, lively" in out + err


def test_a_live_session_takes_them_as_they_are(script: Path) -> None:
    routine = routine_of(SHORT.replace("title: Short", "title: Short\ncue_volume: -6"))
    with LiveStudio(Settings(speech_volume=Fraction(-3)), RATE) as studio:
        studio.furnish(routine)
        softer = studio.cues(0)
        assert (
            cues_at(studio._pack, Fraction(-3), RATE)["end"].tolist()
            == studio.cues(3)["end"].tolist()
        )
        assert power_db(softer["end"]) - power_db(studio._pack["end"]) == pytest.approx(
            -6, abs=0.05
        )
        asked = manner(routine, Settings(speech_volume=Fraction(-3)))
        line = Line("Squeeze.")
        low = studio.voice_for(asked).speak([line])[line]
        usual = studio.voice_for(Manner()).speak([line])[line]
        assert power_db(low) - power_db(usual) == pytest.approx(-3, abs=0.05)


def test_nothing_has_no_peaks() -> None:
    assert len(peaks_of(np.zeros(0, np.float32), 10)) == 0
