from __future__ import annotations

import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coach
from coach.errors import SpeechError
from coach.parallel import as_finished
from coach.speech import ENGINES, Engine, Speech, Voice, open_engine
from coach.speech.level import TARGET_DB, active_level
from coach.speech.speaker import Speaker
from coach.speech.speakers import Speakers
from coach.speech.store import ClipStore
from coach.steps import Line
from coach.units import decimal

RATE = 24000


class FakeEngine:
    """Says each word as a tenth of a second of tone, between silences."""

    name = "fake"
    rate = 22050

    def __init__(self, fingerprint: str = "fake 1", workers: int = 3) -> None:
        self.fingerprint = fingerprint
        self.workers = workers
        self.said: list[str] = []
        self.begun = 0

    def start(self, count: int) -> None:
        self.begun += count

    def synthesize(self, text: str) -> Speech:
        self.said.append(text)
        tone = np.sin(np.arange(len(text.split()) * self.rate // 10) / 10) * 3000
        silence = np.zeros(self.rate // 2)
        return Speech(self.rate, np.concatenate([silence, tone, silence]).astype(np.int16))

    def voices(self) -> tuple[Voice, ...]:
        return ()

    def close(self) -> None:
        pass


class Refusing(FakeEngine):
    def synthesize(self, text: str) -> Speech:
        raise AssertionError(text)


class Failing(FakeEngine):
    """Fails at one text, but lets all that are begun with it go on until they are released."""

    def __init__(self, fails: str) -> None:
        super().__init__(workers=2)
        self.fails = fails
        self.release = threading.Event()

    def synthesize(self, text: str) -> Speech:
        if text == self.fails:
            raise SpeechError(f"no {text}")
        speech = super().synthesize(text)
        self.release.wait()
        return speech


def speaker(engine: Engine, folder: Path, **options: Any) -> Speaker:
    return Speaker(engine, ClipStore(folder), **{"language": "en", "rate": RATE, **options})


def test_each_text_gets_its_clip(tmp_path: Path) -> None:
    clips = speaker(FakeEngine(), tmp_path).speak(["Arch up.", "Sink", "Back to neutral"])
    assert list(clips) == ["Arch up.", "Sink", "Back to neutral"]
    for text, clip in clips.items():
        assert clip.dtype == np.int16
        tone = len(text.split()) * RATE // 10
        assert tone <= clip.size <= tone + 0.06 * RATE
        assert active_level(clip, RATE) == pytest.approx(TARGET_DB, abs=1)


def test_the_store_saves_the_engine(tmp_path: Path) -> None:
    engine = FakeEngine()
    first = speaker(engine, tmp_path).speak(["One", "Two"])
    again = speaker(Refusing(), tmp_path).speak(["Two", "One"])
    assert sorted(engine.said) == ["One", "Two"]
    assert all(np.array_equal(first[text], again[text]) for text in first)
    assert list(again) == ["Two", "One"]


def test_the_engine_begins_only_for_what_is_missing(tmp_path: Path) -> None:
    engine = FakeEngine()
    speaks = speaker(engine, tmp_path)
    speaks.begin(["One", "Two", "Two", "\N{SLIGHTLY SMILING FACE}"])
    assert engine.begun == 2
    speaks.speak(["One", "Two"])
    speaks.begin(["One", "Two"])
    assert engine.begun == 2
    speaks.begin(["One", "Three"])
    assert engine.begun == 3


def test_no_more_is_synthesised_at_once_than_the_engine_can(tmp_path: Path) -> None:
    at_once = [0, 0]
    lock = threading.Lock()

    class Counting(FakeEngine):
        def synthesize(self, text: str) -> Speech:
            with lock:
                at_once[0] += 1
                at_once[1] = max(at_once)
            speech = super().synthesize(text)
            with lock:
                at_once[0] -= 1
            return speech

    speaker(Counting(workers=2), tmp_path).speak([f"Number {n}" for n in range(40)])
    assert 1 <= at_once[1] <= 2


def test_equal_texts_are_spoken_once(tmp_path: Path) -> None:
    engine = FakeEngine()
    clips = speaker(engine, tmp_path).speak(["Hold 10s", "Hold  10 s", "Hold 10 seconds"])
    assert engine.said == ["Hold 10 seconds"]
    assert len(clips) == 3


def test_texts_are_normalised_and_pronounced(tmp_path: Path) -> None:
    engine = FakeEngine()
    speaker(engine, tmp_path, pronounce={"TRX": "tee are ex"}).speak(["TRX 5-10 reps"])
    assert engine.said == ["tee are ex 5 to 10 repetitions"]


def test_what_cannot_be_spoken_is_an_empty_clip(tmp_path: Path) -> None:
    speaks = speaker(Refusing(), tmp_path)
    for clips in (speaks.speak(["...", ""]), dict(speaks.each(["...", ""]))):
        assert set(clips) == {"...", ""}
        assert all(clip.size == 0 and clip.dtype == np.int16 for clip in clips.values())


@pytest.mark.parametrize("rate", [8000, 24_000, 48_000])
def test_lengths_are_known_without_the_engine(tmp_path: Path, rate: int) -> None:
    clips = speaker(FakeEngine(), tmp_path, rate=rate).speak(["One", "..."])
    lengths = speaker(Refusing(), tmp_path, rate=rate).lengths(["One", "Two", "..."])
    assert lengths == {text: len(clip) for text, clip in clips.items()}


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        (FakeEngine("fake 2"), {}),
        (FakeEngine(), {"language": "en-gb"}),
        (FakeEngine(), {"pronounce": {"One": "wun"}}),
    ],
)
def test_whatever_changes_the_sound_is_another_clip(
    tmp_path: Path, engine: FakeEngine, options: Any
) -> None:
    speaker(FakeEngine(), tmp_path).speak(["One"])
    speaker(engine, tmp_path, **options).speak(["One"])
    assert len(engine.said) == 1


def test_one_stored_clip_serves_every_rate(tmp_path: Path) -> None:
    speaker(FakeEngine(), tmp_path).speak(["One two three"])
    sizes = {
        rate: speaker(Refusing(), tmp_path, rate=rate)
        .speak(["One two three"])["One two three"]
        .size
        for rate in (22050, 24000, 48000)
    }
    assert sizes[24000] == pytest.approx(sizes[22050] * 24000 / 22050, abs=2)
    assert sizes[48000] == pytest.approx(sizes[22050] * 48000 / 22050, abs=2)


def test_a_damaged_clip_is_made_again(tmp_path: Path) -> None:
    speaker(FakeEngine(), tmp_path).speak(["One"])
    (path,) = tmp_path.rglob("*.wav")
    path.write_bytes(path.read_bytes()[:-100])
    engine = FakeEngine()
    speaker(engine, tmp_path).speak(["One"])
    assert engine.said == ["One"]
    speaker(Refusing(), tmp_path).speak(["One"])


def test_progress_counts_up_to_all(tmp_path: Path) -> None:
    speaker(FakeEngine(), tmp_path).speak(["One"])
    seen = []
    speaker(FakeEngine(), tmp_path).speak(
        ["One", "Two", "Three", "One", "..."], lambda *counts: seen.append(counts)
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_store_that_cannot_be_written_changes_nothing_else(tmp_path: Path) -> None:
    in_the_way = tmp_path / "clips"
    in_the_way.write_text("a file")
    store = ClipStore(in_the_way)
    clips = Speaker(FakeEngine(), store, language="en", rate=RATE).speak(["One", "Two"])
    assert all(clip.size for clip in clips.values())
    assert store.problem is not None


def test_the_first_failure_ends_the_rest(tmp_path: Path) -> None:
    engine = Failing("Fail")
    texts = ["One", "Fail", *(f"later {number}" for number in range(50))]
    try:
        with pytest.raises(SpeechError, match="no Fail"):
            speaker(engine, tmp_path).speak(texts)
        assert engine.said in ([], ["One"], ["One", "later 0"])
    finally:
        engine.release.set()


def test_an_interrupted_run_keeps_what_was_spoken(tmp_path: Path) -> None:
    def interrupt(ready: int, _: object) -> None:
        if ready == 2:
            raise KeyboardInterrupt

    engine = FakeEngine(workers=1)
    texts = [f"number {number}" for number in range(100)]
    with pytest.raises(KeyboardInterrupt):
        speaker(engine, tmp_path).speak(texts, interrupt)
    assert len(engine.said) < 100
    # Which two came first is up to the threads.
    assert len(speaker(Refusing(), tmp_path).lengths(texts)) >= 2


def test_as_finished_gives_every_result_in_any_order() -> None:
    found = dict(as_finished(lambda number: number * 2, range(100), 4))
    assert found == {number: number * 2 for number in range(100)}
    assert list(as_finished(str, [], 4)) == []


def test_as_finished_hands_out_no_more_than_threads() -> None:
    running = []
    most = []
    lock = threading.Lock()

    def work(_: object) -> None:
        with lock:
            running.append(1)
            most.append(len(running))
        with lock:
            running.pop()

    list(as_finished(work, range(200), 2))
    assert max(most) <= 2


def test_open_engine_names_the_near_match() -> None:
    with pytest.raises(SpeechError, match="did you mean `pyttsx3`") as caught:
        open_engine("pytsx3")
    assert all(name in caught.value.hint for name in ("auto", *ENGINES))


@pytest.mark.parametrize("speed", [Fraction(2, 5), Fraction(21, 10), Fraction(-1), Fraction(0)])
def test_a_speed_out_of_range_is_refused(speed: Fraction) -> None:
    with pytest.raises(SpeechError, match=r"from 0\.5 to 2"):
        open_engine(speed=speed)


def test_an_engine_of_another_package_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other_engine.py").write_text(
        "class Other:\n"
        "    def __init__(self, *, voice, speed, language):\n"
        "        self.opened_with = (voice, speed, language)\n"
    )
    distribution = tmp_path / "other-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (distribution / "entry_points.txt").write_text("[coach.engines]\nother = other_engine:Other\n")
    monkeypatch.syspath_prepend(tmp_path)
    engine: Any = open_engine("other", voice="v", speed=Fraction(3, 2), language="de")
    assert engine.opened_with == ("v", Fraction(3, 2), "de")
    with pytest.raises(SpeechError, match="did you mean `other`"):
        open_engine("othr")


FINGERPRINT = """
import sys
from coach.speech import open_engine
assert "numpy" not in sys.modules
print(open_engine().fingerprint, open_engine("pyttsx3").fingerprint)
heavy = {"numpy", "soundfile", "soxr", "pyttsx3", "espeakng_loader", "hibari", "onnxruntime"} & set(sys.modules)
assert not heavy, heavy
"""


def test_opening_an_engine_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FINGERPRINT],
        env={**os.environ, "PYTHONPATH": str(Path(coach.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "pyttsx3" in done.stdout


def test_lines_are_spoken_at_their_own_speeds(tmp_path: Path) -> None:
    engines = {speed: FakeEngine() for speed in (Fraction(3, 5), Fraction(6, 5), Fraction(2))}
    opened = {
        speed: speaker(engine, tmp_path / decimal(speed)) for speed, engine in engines.items()
    }
    voice = Speakers(lambda speed: opened[speed], Fraction(6, 5))
    slow, fast = Fraction(1, 2), Fraction(2)
    lines = [Line("One"), Line("Two", slow), Line("One", slow), Line("Three"), Line("Four", fast)]
    told: list[tuple[int, int]] = []
    clips = voice.speak(lines, lambda done, total: told.append((done, total)))
    assert set(clips) == set(lines)
    said = {speed: sorted(engine.said) for speed, engine in engines.items()}
    assert said == {
        Fraction(3, 5): ["One", "Two"],
        Fraction(6, 5): ["One", "Three"],
        Fraction(2): ["Four"],  # 2.4 is more than engines do
    }
    assert told[-1] == (5, 5)
    assert told == sorted(told)
    one_by_one = [line for line, _ in voice.each(lines)]
    assert set(one_by_one) == set(lines)
    speeds = [line.speed for line in lines]
    assert [line.speed for line in one_by_one] == speeds, "what is needed first comes first"
    assert voice.lengths(lines) == {line: len(clips[line]) for line in lines}
