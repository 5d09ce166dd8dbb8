"""The real engine: the system's voices through pyttsx3, in real worker processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import coach
from coach.errors import SpeechError
from coach.parallel import as_finished
from coach.speech import Engine, open_engine
from coach.speech.level import trim
from coach.speech.pool import WORKER_COMMAND, Worker, WorkerRefusedError
from coach.speech.pyttsx3_engine import Pyttsx3Engine

WATCHED = Path(__file__).with_name("watched_worker.py")
ROOT = str(Path(coach.__file__).parents[1])
SENTENCE = "Round your back slowly and look at the floor."
END_S = 60


@contextlib.contextmanager
def opened(**options: Any) -> Iterator[Engine]:
    """Open the engine and close it."""
    with contextlib.closing(open_engine("pyttsx3", **options)) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with opened() as spoken_with:
        yield spoken_with


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which workers look for packages first."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@contextlib.contextmanager
def worker_for(folder: Path) -> Iterator[Worker]:
    worker = Worker([*WORKER_COMMAND, str(folder)])
    try:
        yield worker
    finally:
        worker.close()


def test_a_sentence_is_spoken(engine: Engine) -> None:
    speech = engine.synthesize(SENTENCE)
    assert speech.samples.dtype == np.int16
    assert 1.5 < speech.samples.size / speech.rate < 6


def test_sentences_are_spoken_side_by_side_and_whole(engine: Engine) -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    texts = [" ".join(words[: count + 1]) for count in range(len(words))] * 3
    lengths: dict[int, set[int]] = {}
    for text, speech in as_finished(engine.synthesize, texts, 4):
        lengths.setdefault(len(text.split()), set()).add(trim(speech.samples, speech.rate).size)
    # More words always take longer: no clip is cut off or mixed up with another.
    assert all(max(lengths[count]) < min(lengths[count + 1]) for count in range(1, 10))


def test_numbers_leave_room_within_a_second(engine: Engine) -> None:
    numbers = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ]
    for _, speech in as_finished(engine.synthesize, numbers, engine.workers):
        assert 0.2 < trim(speech.samples, speech.rate).size / speech.rate < 0.95


def test_the_list_of_voices(engine: Engine) -> None:
    voices = engine.voices()
    assert len({voice.id for voice in voices}) == len(voices) > 0
    assert all(voice.engine == "pyttsx3" and voice.id and voice.name for voice in voices)
    assert any(tag.startswith("en") for voice in voices for tag in voice.languages)
    assert {voice.gender for voice in voices} <= {"female", "male", None}


def test_every_way_to_name_a_voice_gives_its_sound(engine: Engine) -> None:
    listed = [voice for voice in engine.voices() if any(t[:2] == "en" for t in voice.languages)]
    voice = listed[-1]
    sizes = set()
    for requested in (voice.id, voice.id.upper(), voice.name):
        with opened(voice=requested) as other:
            sizes.add(other.synthesize(SENTENCE).samples.size)
    assert max(sizes) - min(sizes) < 2000


def test_a_wrong_voice_is_told_with_its_near_match(engine: Engine) -> None:
    name = engine.voices()[0].name
    with (
        opened(voice=f"{name}x") as other,
        pytest.raises(SpeechError, match="did you mean") as caught,
    ):
        other.synthesize(SENTENCE)
    assert "coach voices" in caught.value.hint


def test_a_language_without_a_voice_is_told() -> None:
    with (
        opened(language="xx-nowhere") as other,
        pytest.raises(SpeechError, match="no voice for the language `xx-nowhere`"),
    ):
        other.synthesize(SENTENCE)


def test_speed_changes_the_length() -> None:
    seconds = []
    for speed in (Fraction(1, 2), Fraction(1), Fraction(2)):
        with opened(speed=speed) as other:
            speech = other.synthesize(SENTENCE)
            seconds.append(speech.samples.size / speech.rate)
    assert seconds[0] > 1.3 * seconds[1]
    assert seconds[1] > 1.3 * seconds[2]


def test_fingerprints_differ_where_the_sound_does() -> None:
    options: list[dict[str, Any]] = [
        *({}, {"voice": "en"}, {"voice": "fr"}, {"language": "de"}),
        {"speed": Fraction(2)},
    ]
    prints = [open_engine("pyttsx3", **option).fingerprint for option in options]
    assert len(set(prints)) == len(prints)
    upper, lower = (open_engine("pyttsx3", voice=voice) for voice in ("EN", "en"))
    assert upper.fingerprint == lower.fingerprint


def test_sixty_sentences_with_changing_settings_in_one_process(
    engine: Engine, tmp_path: Path
) -> None:
    ids = [voice.id for voice in engine.voices() if any(t[:2] == "en" for t in voice.languages)]
    lengths: dict[int, list[float]] = {}
    rates: dict[str, set[int]] = {}
    with worker_for(tmp_path) as worker:
        for number in range(60):
            voice, words_per_minute = ids[number % len(ids)], (110, 170, 260)[number % 3]
            text = " ".join([SENTENCE] * (1 + number % 2))
            path = tmp_path / f"{number}.{'aiff' if sys.platform == 'darwin' else 'wav'}"
            request: dict[str, object] = {
                "text": text,
                "voice": voice,
                "rate": words_per_minute,
                "path": str(path),
            }
            assert worker.ask({"do": "speak", **request}, END_S)["ok"]
            samples, rate = soundfile.read(path, dtype="int16")
            assert np.abs(samples).max() > 1000
            rates.setdefault(voice, set()).add(rate)
            seconds = len(samples) / rate / (1 + number % 2)
            lengths.setdefault(words_per_minute, []).append(seconds)
    assert all(len(found) == 1 for found in rates.values())
    means = [np.mean(lengths[words_per_minute]) for words_per_minute in (110, 170, 260)]
    assert means[0] > 1.2 * means[1] > 1.2 * 1.2 * means[2]


def test_texts_of_all_kinds_are_spoken(engine: Engine) -> None:
    texts = ["a", "“Über” naïve café", "5", "half ½ 90° 50%", "x " * 500, 'say "this"\\n', "-5"]
    for _, speech in as_finished(engine.synthesize, texts, engine.workers):
        assert speech.samples.size


def test_a_path_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with worker_for(tmp_path) as worker:
        request: dict[str, object] = {"do": "speak", "text": "One.", "voice": None, "rate": 160}
        with pytest.raises(WorkerRefusedError, match="FileNotFoundError"):
            worker.ask({**request, "path": str(tmp_path / "missing" / "x.wav")}, END_S)
        path = tmp_path / "x.wav"
        assert worker.ask({**request, "path": str(path)}, END_S)["ok"]
        assert soundfile.info(path).frames


@pytest.mark.parametrize("value", ["/nowhere", "x" * 500])
def test_a_data_path_of_the_users_own_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ESPEAK_DATA_PATH", value)
    with opened() as other:
        assert other.synthesize(SENTENCE).samples.size


def test_data_that_lie_deep_in_the_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path.joinpath(*(letter * 60 for letter in "abc"))
    package = deep / "espeakng_loader"
    package.mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(deep))
    if sys.platform == "linux":  # the others bring their voices along
        import espeakng_loader

        (package / "espeak-ng-data").symlink_to(espeakng_loader.get_data_path())
        (package / "__init__.py").write_text(
            "from pathlib import Path\n"
            f"def get_library_path(): return {espeakng_loader.get_library_path()!r}\n"
            "def get_data_path(): return str(Path(__file__).parent / 'espeak-ng-data')\n"
        )
    with opened() as other:
        assert other.synthesize(SENTENCE).samples.size


def test_a_relative_import_path_survives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyttsx3").mkdir()
    (tmp_path / "pyttsx3" / "__init__.py").write_text("raise ImportError('the one beside us')")
    # What lies in the working folder is not taken for a library...
    with opened() as other:
        assert other.synthesize(SENTENCE).samples.size
    # ...unless the user says so.
    monkeypatch.setenv("PYTHONPATH", ".")
    with opened() as other, pytest.raises(SpeechError, match="the one beside us"):
        other.synthesize(SENTENCE)


def test_a_missing_pyttsx3_is_told_with_the_command(packages: Path) -> None:
    (packages / "pyttsx3.py").write_text("raise ModuleNotFoundError(\"No module named 'pyttsx3'\")")
    with opened() as other, pytest.raises(SpeechError, match="pyttsx3 is missing") as caught:
        other.voices()
    assert 'pip install "pyttsx3' in caught.value.hint


def test_a_missing_library_is_told_with_the_command(packages: Path) -> None:
    (packages / "espeakng_loader.py").write_text("raise ImportError('no wheel for this machine')")
    (packages / "pyttsx3.py").write_text(
        "def init(driver): raise RuntimeError('you probably do not have eSpeak installed')"
    )
    with opened() as other, pytest.raises(SpeechError, match="do not have eSpeak") as caught:
        other.synthesize(SENTENCE)
    assert "install" in caught.value.hint


def test_the_worker_needs_nothing_of_the_coach(tmp_path: Path) -> None:
    alone = shutil.copy(WORKER_COMMAND[-1], tmp_path / "alone.py")
    with Pyttsx3Engine(command=(sys.executable, "-P", str(alone))) as other:
        assert other.synthesize(SENTENCE).samples.size


@contextlib.contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    """A socket to which watched workers connect; their connections end when they do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(END_S)
        yield server, server.getsockname()[1]


def accept(server: socket.socket) -> socket.socket:
    connection, _ = server.accept()
    connection.settimeout(END_S)
    return connection


def has_ended(connection: socket.socket) -> bool:
    """Wait for the end of a worker's process; raises TimeoutError if it lives on."""
    with connection, contextlib.suppress(ConnectionResetError):
        while connection.recv(100):
            pass
    return True


def test_no_process_is_left_after_closing() -> None:
    with listening() as (server, port):
        command = (sys.executable, str(WATCHED), str(port), "well", WORKER_COMMAND[-1])
        with Pyttsx3Engine(command=command, workers=2) as other:
            texts = [f"Number {number}." for number in range(20)]
            assert len(dict(as_finished(other.synthesize, texts, 2))) == 20
            connections = [accept(server)]
        server.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            connections.append(accept(server))
        assert all(has_ended(connection) for connection in connections)


PARENT = """
import os, signal, sys, threading, _thread
from coach.speech.pyttsx3_engine import Pyttsx3Engine
from coach.speech.pool import Limits
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore
from pathlib import Path

how, store, *command = sys.argv[1:]
engine = Pyttsx3Engine(command=command, workers=1, limits=Limits(sentence=3600))

def wait_for_the_word() -> None:
    sys.stdin.readline()
    _thread.interrupt_main()

if how == "interrupted":
    threading.Thread(target=wait_for_the_word, daemon=True).start()
try:
    if how == "fails":
        engine.synthesize("One.")
        raise RuntimeError("a bug")
    Speaker(engine, ClipStore(Path(store)), language="en", rate=24000).speak(["One.", "Two."])
    print("spoken", flush=True)
    sys.stdin.readline()
except KeyboardInterrupt:
    sys.exit(130)
"""


@contextlib.contextmanager
def parent(how: str, tmp_path: Path, port: int, worker: str) -> Iterator[subprocess.Popen[str]]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    variables = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    command = [sys.executable, str(WATCHED), str(port), worker, WORKER_COMMAND[-1]]
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, how, str(tmp_path / "store"), *command],
        env={**os.environ, "PYTHONPATH": ROOT, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_parent_leaves_no_process_and_no_files(tmp_path: Path) -> None:
    with listening() as (server, port), parent("killed", tmp_path, port, "well") as process:
        connection = accept(server)
        assert process.stdout is not None
        assert process.stdout.readline() == "spoken\n"
        process.kill()
        assert has_ended(connection)
        assert not list((tmp_path / "temporary").iterdir())


def test_a_killed_parent_leaves_no_process_that_hangs(tmp_path: Path) -> None:
    with listening() as (server, port), parent("killed", tmp_path, port, "hang") as process:
        connection = accept(server)
        assert connection.recv(1) == b"!"
        process.kill()
        assert has_ended(connection)
        assert not list((tmp_path / "temporary").iterdir())


def test_ctrl_c_ends_the_parent_and_a_worker_that_hangs(tmp_path: Path) -> None:
    with listening() as (server, port), parent("interrupted", tmp_path, port, "hang") as process:
        connection = accept(server)
        assert connection.recv(1) == b"!"
        assert process.stdin is not None
        process.stdin.write("now\n")
        process.stdin.flush()
        assert process.wait(END_S) == 130
        assert has_ended(connection)
        assert not list((tmp_path / "temporary").iterdir())


def test_an_exception_ends_the_workers(tmp_path: Path) -> None:
    with listening() as (server, port), parent("fails", tmp_path, port, "well") as process:
        connection = accept(server)
        assert process.wait(END_S) == 1
        assert has_ended(connection)
        assert not list((tmp_path / "temporary").iterdir())


def test_workers_that_were_started_ahead_are_the_ones_that_speak(tmp_path: Path) -> None:
    with Pyttsx3Engine(workers=2) as engine:
        engine.start(5)
        ahead = set(engine._pool._all)
        assert len(ahead) == 2
        assert engine.synthesize("One.").samples.size
        assert engine._pool._all == ahead


def test_a_worker_that_is_dropped_leaves_the_others_their_workspace() -> None:
    with Pyttsx3Engine(workers=2) as engine:
        for _ in range(10):
            with pytest.raises(ZeroDivisionError), engine._pool.worker() as (_, path):
                raise ZeroDivisionError
            assert path.parent.is_dir()
        assert engine.synthesize("One.").samples.size


def test_the_first_sentence_of_a_fresh_worker_has_its_sound() -> None:
    for _ in range(15):
        with Pyttsx3Engine(workers=1) as engine:
            engine.start(1)
            before = set(engine._pool._all)
            assert engine.synthesize("One.").samples.size
            assert engine._pool._all == before, "no second worker was needed"
