"""Files that are broken, huge, or of no program that is known: a sentence, never a traceback."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import CoachError
from coach.exchange import (
    FORMATS,
    Content,
    imported,
    load_format,
    read_content,
    recognise,
    routines_in,
)
from coach.exchange.content import MAX_BYTES, MAX_VALUES, Notes, decoded, parsed_json
from tests.exchange import strategies
from tests.exchange.reading import as_json, content_of

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "5", "5-10", "1e9", "-1", "0.0001", "30s", "Rest", "group", "VOICE"])
    | st.text(max_size=8)
)
KEYS = st.sampled_from(
    [
        *("title", "name", "sets", "workouts", "version", "repetitions", "exercises", "duration"),
        *(
            "timers",
            "steps",
            "loop",
            "label",
            "length",
            "behaviour",
            "type",
            "step_type",
            "folders",
        ),
        *("startStep", "endStep", "timeSettings", "activities", "workTime", "restTime", "restarts"),
        *("activeIntervals", "holdTime", "gapTime", "days", "slots", "entries", "exercise"),
        *("repetition_unit", "set_nr_configs", "repetitions_configs", "rest_configs", "value"),
        *("comment", "is_rest", "iteration", "content", "x"),
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)
JSON_FORMATS = [name for name in FORMATS if load_format(name).LOOKS_FOR.startswith("JSON")]
TEXT_FORMATS = [name for name in FORMATS if name not in JSON_FORMATS]


def read(content: Content, name: str) -> None:
    """Read a file as one of a program; each routine is a good script or an error."""
    notes = Notes()
    with contextlib.suppress(CoachError):
        for found in routines_in(content, load_format(name), notes):
            with contextlib.suppress(CoachError):
                imported(found, "", None)
    assert all("\n" not in line for line in notes.lines())


@given(JSON, st.sampled_from(JSON_FORMATS))
def test_any_json(data: Any, name: str) -> None:
    content = as_json(data)
    with contextlib.suppress(CoachError):
        recognise(content)
    read(content, name)


WHOLE_FILES = st.one_of(
    strategies.jawt_workouts().map(lambda data: ("jawt", {"workouts": [data]})),
    strategies.timer_machine_timers().map(lambda data: ("timer-machine", {"timers": [data]})),
    strategies.openhiit_timers().map(lambda data: ("openhiit", [data])),
    strategies.physio_timer_exercises().map(lambda data: ("physio-timer", data)),
)


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each value."""
    entries: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    if isinstance(value, list):
        entries = list(enumerate(value))
    return [above, *(place for key, below in entries for place in places(below, (*above, key)))]


@given(WHOLE_FILES, SCALARS | st.just([]) | st.just({}), st.data())
def test_files_with_one_value_that_is_wrong(
    file: tuple[str, Any], wrong: Any, data: st.DataObject
) -> None:
    name, content = file
    content = json.loads(json.dumps(content))
    *way, last = data.draw(st.sampled_from(places(content)[1:]))
    owner = content
    for step in way:
        owner = owner[step]
    owner[last] = wrong
    read(as_json(content), name)


@given(st.lists(st.lists(st.text(max_size=6), max_size=5), max_size=6), st.sampled_from(",;\t"))
def test_any_table(cells: list[list[str]], separator: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([["name", "reps", "seconds"], *cells])
    read(content_of(text.getvalue()), "csv")


@given(st.text(max_size=200), st.sampled_from(TEXT_FORMATS))
def test_any_text(text: str, name: str) -> None:
    content = Content("file", "Title", text)
    with contextlib.suppress(CoachError):
        recognise(content)
    read(content, name)


@given(st.binary(max_size=300))
def test_any_bytes(bytes_: bytes) -> None:
    with contextlib.suppress(CoachError):
        text = decoded(bytes_, "file")
        recognise(content_of(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"workouts": [', "expected JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ' * 5000 + "1" + "}" * 5000, "nested too deeply"),
        ("[" + "1," * MAX_VALUES + "1]", f"more than {MAX_VALUES:,} values"),
    ],
)
def test_broken_json(text: str, message: str) -> None:
    with pytest.raises(CoachError, match=message):
        parsed_json(text, "file.json")


def test_numbers_that_are_too_long_are_no_numbers() -> None:
    digits = "9" * 5000
    text = f'{{"title": "x", "sets": [{{"repetitions": {digits}, "exercises": '
    text += f'[{{"name": "Squats", "duration": {digits}}}, {{"name": "Plank", "duration": 1e999}},'
    text += ' {"name": "Lunges", "duration": NaN}, {"name": "Bridge", "duration": 20}]}]}'
    found = routines_in(content_of(text), load_format("jawt"), Notes())
    script = imported(found[0], "", None)
    assert script.exercises == 1
    assert any("Squats, Plank, Lunges" in line for line in script.left_behind)


def test_loops_that_would_be_endless_are_an_error() -> None:
    step: dict[str, Any] = {"label": "Squats", "length": 20_000, "behaviour": [{"type": "HALT"}]}
    pair = [step, step]
    for _ in range(6):
        pair = [{"step_type": "group", "name": "", "loop": 10**9, "steps": pair}, step]
    timer = {"name": "Endless", "loop": 10**9, "steps": pair}
    found = routines_in(as_json({"timers": [timer]}), load_format("timer-machine"), Notes())
    with pytest.raises(CoachError, match="at most 10,000 exercises"):
        imported(found[0], "", None)


def test_sessions_of_days_are_an_error() -> None:
    workout = {
        "title": "Long",
        "sets": [{"repetitions": 500, "exercises": [{"name": "Run", "duration": 80_000}] * 2}],
    }
    found = routines_in(as_json(workout), load_format("jawt"), Notes())
    with pytest.raises(CoachError, match="a session of at most 48 hours"):
        imported(found[0], "", None)


def test_files_that_are_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(CoachError, match="larger than 10 MB"):
        read_content(path)


@pytest.mark.parametrize("data", [b"\0\1\2", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xfea"])
def test_files_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(data)
    with pytest.raises(CoachError, match="is no text"):
        read_content(path)


@pytest.mark.parametrize("name", ["none.json", ".", "a\0b"])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(CoachError, match="cannot read"):
        read_content(tmp_path / name)
