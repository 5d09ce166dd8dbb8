"""The engine around workers that hang, die or write nonsense."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from coach.errors import SpeechError
from coach.parallel import as_finished
from coach.speech import Voice
from coach.speech.pool import Limits, Worker, WorkerLostError
from coach.speech.pyttsx3_engine import Pyttsx3Engine

FAKE = Path(__file__).with_name("fake_worker.py")
PATIENT = Limits(start=60, sentence=60, character=0)
HASTY = Limits(start=60, sentence=0.2, character=0)


class Workers:
    """Opens engines over fake workers, and counts the processes that these start."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self.engines: list[Pyttsx3Engine] = []

    def __call__(self, how: str, *, limits: Limits = PATIENT, count: int = 1) -> Pyttsx3Engine:
        command = (sys.executable, str(FAKE), how, str(self._record))
        self.engines.append(Pyttsx3Engine(command=command, workers=count, limits=limits))
        return self.engines[-1]

    @property
    def started(self) -> int:
        return len(self._record.read_text().splitlines()) if self._record.exists() else 0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where temporary files are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    opened = Workers(tmp_path / "record")
    yield opened
    for engine in opened.engines:
        engine.close()


def test_a_good_worker_is_kept(workers: Workers) -> None:
    engine = workers("well")
    assert workers.started == 0
    for _ in range(5):
        speech = engine.synthesize("One.")
        assert speech.rate == 16000
        assert speech.samples.shape == (8000,)
        assert speech.samples.dtype == np.int16
    assert workers.started == 1


@pytest.mark.parametrize(
    "how",
    [
        "die",
        "die-silently",
        "babble",
        "odd-json",
        "refuse",
        "nothing",
        "garbage-file",
        "header-only",
        "half-and-die",
        "killed",
        "other-number",
        "too-long",
        "not-a-number",
    ],
)
def test_one_failure_is_made_good_by_a_fresh_worker(workers: Workers, how: str) -> None:
    engine = workers(f"once-{how}")
    assert engine.synthesize("One.").samples.size
    assert workers.started == 2
    assert engine.synthesize("Two.").samples.size
    assert workers.started == 2


def test_a_worker_that_hangs_is_replaced(workers: Workers) -> None:
    # Its successor has the same limit and must keep to it on a busy machine.
    engine = workers("once-hang", limits=Limits(start=60, sentence=3, character=0))
    assert engine.synthesize("One.").samples.size
    assert workers.started == 2


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("die", r"status 3 \(OSError: no such thing\)"),
        ("die-silently", r"status 4 \(2 attempts\)"),
        ("babble", "hello there"),
        ("odd-json", "something else than JSON"),
        ("refuse", "reported ValueError: no"),
        ("nothing", "no sound file"),
        ("garbage-file", "no sound file"),
        ("header-only", "without sound"),
        ("silent-file", "nothing but silence"),
        ("die-at-start", "status 1"),
        ("endless", "something else than JSON"),
        ("deep", "something else than JSON"),
        ("half-and-die", "something else than JSON"),
        ("close-output", "status 6"),
        ("killed", "was killed by signal 9"),
        ("other-number", "answered what it was not asked"),
        ("too-long", "wrote 100 s of sound"),
        ("slow", "wrote sound of 1 Hz"),
        ("fast", "wrote sound of 4000000 Hz"),
        ("no-rate", "no sound file"),
        ("cut-off", "without sound"),
        ("not-a-number", "nothing but silence"),
        ("no-list", "gave no list of voices"),
    ],
)
def test_two_failures_are_an_error_that_names_the_sentence(
    workers: Workers, how: str, told: str
) -> None:
    text = "Round your back slowly and look at the floor, then wait."
    with pytest.raises(SpeechError, match=told) as caught:
        workers(how).synthesize(text)
    assert "“Round your back slowly and look at the f…”" in caught.value.message
    assert caught.value.hint
    assert workers.started == 2


@pytest.mark.parametrize("how", ["hang", "half"])
def test_a_worker_that_always_hangs_is_an_error(workers: Workers, how: str) -> None:
    with pytest.raises(SpeechError, match=r"gave no answer within 0\.2 s"):
        workers(how, limits=HASTY).synthesize("One.")
    assert workers.started == 2


def test_one_that_dies_again_and_again_holds_up_no_sentence(workers: Workers) -> None:
    engine = workers("at-the-third")
    assert all(engine.synthesize(f"Number {number}.").samples.size for number in range(7))
    assert workers.started == 4


def test_an_answer_too_many_is_no_sound_of_another_sentence(workers: Workers) -> None:
    engine = workers("once-twice")
    assert all(engine.synthesize(f"Number {number}.").samples.size for number in range(3))
    assert workers.started == 2


def test_a_flood_of_messages_does_not_fill_the_disk(workers: Workers, place: Path) -> None:
    engine = workers("flood")
    assert engine.synthesize("One.").samples.size
    assert sum(path.stat().st_size for path in place.rglob("*")) < 100_000


def test_the_limit_grows_with_the_text() -> None:
    limits = Limits(sentence=10, character=0.1)
    assert limits.for_text("") == 10
    assert limits.for_text("x" * 100) == pytest.approx(20)


def test_two_channels_become_one(workers: Workers) -> None:
    speech = workers("stereo").synthesize("One.")
    assert speech.rate == 44100
    assert speech.samples.shape == (8000,)


@pytest.mark.parametrize(
    ("how", "told", "hint"),
    [
        ("no-pyttsx3", "pyttsx3 is missing", "-m pip install"),
        ("no-library", "it is not there", "install"),
    ],
)
def test_what_is_missing_is_told_with_the_command_that_mends_it(
    workers: Workers, how: str, told: str, hint: str
) -> None:
    speaking, listing = workers(how), workers(how)
    for call in (lambda: speaking.synthesize("One."), listing.voices):
        with pytest.raises(SpeechError, match=told) as caught:
            call()
        assert hint in caught.value.hint
    assert workers.started == 2


def test_a_command_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with (
        Pyttsx3Engine(command=[str(tmp_path / "missing")]) as engine,
        pytest.raises(SpeechError, match="could not be started"),
    ):
        engine.synthesize("One.")


def test_a_missing_place_for_temporary_files_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with (
        Pyttsx3Engine() as engine,
        pytest.raises(SpeechError, match="temporary") as caught,
    ):
        engine.synthesize("One.")
    assert "TMPDIR" in caught.value.hint


def test_workers_share_the_work(workers: Workers) -> None:
    engine = workers("well", count=3)
    texts = [f"Number {number}." for number in range(60)]
    spoken = dict(as_finished(engine.synthesize, texts, 8))
    assert len(spoken) == 60
    assert workers.started <= 3


def test_voices_are_listed_in_one_spelling(workers: Workers) -> None:
    assert workers("well").voices() == (
        Voice("pyttsx3", "gmw/en-us", "English (America)", ("en-us",), "male"),
        Voice("pyttsx3", "roa/fr", "French", ("fr-fr",), "female"),
        Voice("pyttsx3", "x", "X", (), None),
    )


def test_closing_ends_a_sentence_in_the_making(workers: Workers) -> None:
    engine = workers("hang")
    failures = []

    def speak() -> None:
        try:
            engine.synthesize("One.")
        except SpeechError as error:
            failures.append(error)

    thread = threading.Thread(target=speak)
    thread.start()
    # The record is written by the worker once it runs; it may still be anywhere in its start.
    while not workers.started:
        thread.join(0.01)
    engine.close()
    thread.join(60)
    assert not thread.is_alive()
    assert len(failures) == 1


def test_a_closed_worker_keeps_nobody_waiting(tmp_path: Path) -> None:
    worker = Worker([sys.executable, str(FAKE), "well", str(tmp_path / "record")])
    worker.close()
    with pytest.raises(WorkerLostError, match="killed by signal"):
        worker.ask({"do": "hello"}, 3600)


def test_a_closed_engine_says_so(workers: Workers, tmp_path: Path) -> None:
    engine = workers("well")
    engine.synthesize("One.")
    engine.close()
    engine.close()
    for call in (lambda: engine.synthesize("One."), engine.voices):
        with pytest.raises(SpeechError, match="closed"):
            call()
    assert workers.started == 1


def test_closing_removes_the_workspace(workers: Workers, place: Path) -> None:
    engine = workers("well")
    engine.synthesize("One.")
    (workspace,) = place.iterdir()
    assert not list(workspace.glob("*.wav"))
    engine.close()
    assert not list(place.iterdir())


def test_what_killed_sessions_left_is_removed(workers: Workers, place: Path) -> None:
    for name in ("old", "new"):
        (place / f"coach-speech-{name}").mkdir()  # before it was marked
        (place / f"coach-speech-{name}" / "1.wav").touch()
    os.utime(place / "coach-speech-old", (0, 0))
    engine = workers("well")
    engine.synthesize("One.")
    engine.close()
    assert [path.name for path in place.iterdir()] == ["coach-speech-new"]


def test_an_engine_that_nobody_holds_closes_itself(
    workers: Workers, place: Path, tmp_path: Path
) -> None:
    command = (sys.executable, str(FAKE), "well", str(tmp_path / "record"))
    engine = Pyttsx3Engine(command=command)
    engine.synthesize("One.")
    assert list(place.iterdir())
    del engine
    assert not list(place.iterdir())
