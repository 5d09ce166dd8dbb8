"""What is fuzzed: each target takes bytes as a stranger's file, and lets out nothing but a defect.

A target reads the file as the commands do and goes on with what it holds as far as a command would
without a voice. The errors that a user is told are caught, and looked at: each is a sentence.
"""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile
from msgspec import structs

from coach import exchange
from coach.advice import advise
from coach.batch.manifest import Manifest
from coach.batch.roster import read_roster
from coach.cues.reading import read_pack
from coach.cues.sounds import MAX_SECONDS, read_mono
from coach.draft import documents, draft, reading
from coach.draft.blocks import Handout
from coach.errors import CoachError, CuePackError, ScriptError
from coach.exchange.content import Notes
from coach.formatting import in_usual_order
from coach.routine import Routine, exercises_in, routine_from
from coach.script import parse_script, read_text
from coach.session import estimate, prepared
from coach.settings import Settings
from coach.settings.layers import in_force
from coach.settings.saved import SettingsStore
from coach.speech.piper_engine import _voice
from coach.steps import CUE_NAMES

MOST_EXERCISES, MOST_REPETITIONS = 50, 500
"""Of a routine that is also planned: planning takes as long as its session is eventful."""
LONGEST_MESSAGE = 4_000
"""Characters; what is quoted of a file is shortened."""
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OWN = """
title: T
exercises:
  - {name: Cat, reps: 5-10, phases: [{cue: Up, move: 1, hold: 5-8s}, {cue: Down, hold: 5s}]}
  - {name: Plank, hold: 20-40s, sides: [left, right], progress: +5s hold every week}
  - {rounds: 1-3, name: Ring, exercises: [{name: Jacks, work: 30s}]}
"""
"""The routine that saved settings are for."""


class Place:
    """A folder with everything that a stranger's file may lie beside, and a secret outside."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "inside"
        self.pack = self.folder / "pack"
        self.pack.mkdir(parents=True)
        tone = np.full((800, 1), 9000, np.int16)
        for name in CUE_NAMES:
            soundfile.write(self.pack / f"{name}.wav", tone, 8000)
        shutil.copy(self.pack / "tick.wav", root / "secret.wav")
        shutil.copytree(self.pack, root / "secret")
        (self.folder / "out").symlink_to(root / "secret")
        (self.pack / "out").symlink_to(root / "secret")
        (self.folder / "voice.onnx").touch()
        self.own = routine_from(parse_script(OWN, "own.yaml"), Path("own.yaml"))

    def file(self, name: str, data: bytes) -> Path:
        """Return the path of a file with this content."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path


@contextmanager
def place() -> Iterator[Place]:
    """Yield a place that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="coach-fuzz-") as root:
        yield Place(Path(root).resolve())


@contextmanager
def told() -> Iterator[None]:
    """Let a block raise what users are told, and look at it."""
    try:
        yield
    except CoachError as error:
        messages = [error.message, error.hint]
        if isinstance(error, ScriptError):
            assert error.problems, "an error without a problem"
            assert all(problem.message for problem in error.problems)
            assert all(problem.where.line > 0 for problem in error.problems)
            assert all(problem.where.column > 0 for problem in error.problems)
            messages += [problem.message for problem in error.problems[:100]]
        assert error.message.strip(), "an error that says nothing"
        longest = max(map(len, messages))
        assert longest < LONGEST_MESSAGE, f"a message of {longest} characters"


def script(here: Place, data: bytes) -> None:
    """A routine script: checked, put in order, planned, exported."""
    path = here.file("script.yaml", data)
    with told():
        text = read_text(path)
        document = parse_script(text, str(path))
        routine = routine_from(document, path)
        if isinstance(routine.cues, Path):
            assert routine.cues.resolve().is_relative_to(here.folder), "a pack from outside"
        advise(document, routine)
        with told():
            in_usual_order(text, path)
        _planned(routine)


def _planned(routine: Routine) -> None:
    """Plan a session and lay it out, if it is small."""
    exercises = list(exercises_in(routine.items))
    rounds = math.prod(circuit.rounds.value for circuit in routine.circuits())
    repetitions = rounds * sum(exercise.repetitions for exercise in exercises)
    if len(exercises) > MOST_EXERCISES or repetitions > MOST_REPETITIONS:
        return
    if any(exercise.repetition > 600 for exercise in exercises):
        return
    with told():
        assert estimate(prepared(routine, Settings())) > 0
    for name in exchange.WRITABLE:
        with told():
            exchange.export(routine, name)


def imports(here: Place, data: bytes) -> None:
    """A file of another program: told apart, and read as one of each that it may be of."""
    path = here.file("workout", data)
    with told():
        content = exchange.read_content(path)
        with told():
            exchange.recognise(content)
        for name in exchange.FORMATS:
            with told():
                _imported(content, name)


def _imported(content: exchange.Content, name: str) -> None:
    notes = Notes()
    program = exchange.load_format(name)
    for found in exchange.routines_in(content, program, notes)[:3]:
        with told():
            made = exchange.imported(found, "", None)
            assert made.exercises > 0
            assert all("\n" not in line for line in made.left_behind)
    assert all("\n" not in line for line in notes.lines())


def handout(here: Place, data: bytes) -> None:
    """A handout: text, Markdown or a page."""
    del here
    if data[:4] == b"PK\x03\x04" or b"%PDF-" in data[:1024]:
        return  # `document` has those
    with told():
        draft(reading.handout_from(io.BytesIO(data), "handout", _unfold), file="handout")


def document(here: Place, data: bytes) -> None:
    """A handout: PDF or Word."""
    del here
    with told():
        draft(reading.handout_from(io.BytesIO(data), "handout", _unfold), file="handout")


def _unfold(kind: str, data: bytes, name: str) -> Handout:
    """Return what is in a document, read in this process, where it is seen what is run."""
    if kind == "html":
        return documents.page_handout(data)
    # The libraries for the other kinds raise what they like, which counts as damage.
    return reading.handout_of(documents.answer(kind, data), name)


def settings(here: Place, data: bytes) -> None:
    """A file of saved settings, which meets its routine."""
    folder = here.folder / "settings"
    store = SettingsStore(folder)
    here.file("settings/own.yaml", data)
    loaded = store.load("own")
    for file in folder.iterdir():  # what is damaged is moved aside each time
        file.unlink()
    assert "\n" not in loaded.problem
    state = in_force(here.own, Settings(), loaded.saved, (), NOW)
    assert all(len(problem) < LONGEST_MESSAGE for problem in state.problems)
    # Whatever was saved, there is a session.
    prepared(here.own, structs.replace(state.settings, language=None, cues=None))


def cues(here: Place, data: bytes) -> None:
    """A cue pack's description."""
    here.file("pack/pack.yaml", data)
    try:
        with told():
            pack, problems = read_pack(here.pack)
            assert all(cue.path.is_relative_to(here.pack) for cue in pack.cues), "from outside"
            assert problems or {cue.name for cue in pack.cues} == set(CUE_NAMES)
            assert all(len(problem) < LONGEST_MESSAGE for problem in problems)
    finally:
        (here.pack / "pack.yaml").unlink()


def sound(here: Place, data: bytes) -> None:
    """A cue's sound."""
    path = here.file("sound.wav", data)
    with told():
        try:
            samples, rate = read_mono(path)
        except CuePackError as error:
            assert str(path) in error.message
            raise
        assert 0 < len(samples) <= MAX_SECONDS * rate
        assert np.isfinite(samples).all()


def catalog(here: Place, data: bytes) -> None:
    """What names routines and voices: a roster, a manifest, a voice's description."""
    path = here.file("roster.csv", data)
    with told():
        roster = read_roster(path)
        assert all("/" not in entry.file for entry in roster.entries)
        assert all(len(problem.message) < LONGEST_MESSAGE for problem in roster.problems)
    here.file("manifest.jsonl", data)
    Manifest(here.folder).has("a.mp3", "key")
    here.file("voice.onnx.json", data)
    _voice("voice", here.folder / "voice.onnx")


KEPT = Path(__file__).parent / "corpus"
"""A folder for each target: what has a name was written to be hostile, the rest was found."""
TARGETS: Mapping[str, Callable[[Place, bytes], None]] = {
    "script": script,
    "imports": imports,
    "handout": handout,
    "document": document,
    "settings": settings,
    "cues": cues,
    "sound": sound,
    "catalog": catalog,
}


def seeds(target: str) -> list[bytes]:
    """Return files that a target takes, of those that other tests have."""
    from tests.conftest import bundled
    from tests.draft.handouts import HANDOUTS, data_of
    from tests.exchange.reading import SAMPLES

    scripts = [path.read_bytes() for path in bundled()]
    if target == "script":
        return scripts
    if target == "imports":
        return [path.read_bytes() for path in sorted(SAMPLES.iterdir())]
    if target in ("handout", "document"):
        wanted = (".pdf.txt", ".docx.txt")
        return [
            data_of(path)
            for path in HANDOUTS
            if path.name.endswith(wanted) == (target == "document")
        ]
    return list(_small_seeds(target))


def _small_seeds(target: str) -> Iterator[bytes]:
    from coach.files.shipped import data_dir

    if target == "settings":
        values = {"cat.hold": "6s", "plank.sides": "left", "speed": "0.9", "skip": "cat"}
        yield _saved(values)
        yield _saved({"reps": "8", "progress": "+1 rep every 2 sessions", "ring.rounds": "2"})
        yield _saved({"cat.up.hold": "5-9", "count": "voice", "cue-volume": "-3", "nothing": "1"})
    elif target == "cues":
        for path in sorted(data_dir("audio_cues").glob("*/pack.yaml")):
            yield path.read_bytes()
        yield json.dumps({"cues": {name: {"file": f"{name}.wav"} for name in CUE_NAMES}}).encode()
    elif target == "sound":
        tone = (9000 * np.sin(np.arange(1600) / 4)).astype(np.int16)
        for kind in ("WAV", "FLAC", "OGG", "AIFF", "MP3", "CAF", "AU", "W64", "RF64"):
            file = io.BytesIO()
            soundfile.write(file, tone, 8000, format=kind)
            yield file.getvalue()
    elif target == "catalog":
        table = io.StringIO()
        csv.writer(table).writerows(
            [
                ["name", "routine", "settings", "voice", "language", "format"],
                ["Ann", "box-breathing", "reps=8 cat.hold=5s speed=0.9", "", "en", "mp3"],
                ["Bob", "si-joint-relief", "", "heart", "de", "m4a"],
            ]
        )
        yield table.getvalue().encode()
        yield b'{"file": "a.mp3", "key": "key", "bytes": 5}\n{"file": 1}\n[]\n'
        yield b'{"language": {"code": "en_US"}, "espeak": {"voice": "en-us"}}'


def _saved(values: Mapping[str, str]) -> bytes:
    since = dict.fromkeys(values, "2026-01-05T10:00:00.000Z")
    return json.dumps({"coach": "1", "routine": "own", "values": values, "since": since}).encode()
