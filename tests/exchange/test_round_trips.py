"""Import, export and import again: the routine is the same."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coach.errors import CoachError
from coach.exchange import Content, export
from coach.exchange.content import Notes
from coach.exchange.unfolding import program_of
from tests.exchange import strategies
from tests.exchange.reading import (
    SAMPLES,
    as_json,
    content_of,
    import_all,
    routine_in,
    seconds_in,
)

SAMPLE_FORMATS = {
    "jawt-workout.json": "jawt",
    "jawt-backup.json": "jawt",
    "timer-machine-backup.json": "timer-machine",
    "openhiit-timers.json": "openhiit",
    "physio-timer.json": "physio-timer",
    "w2a.yaml": "w2a",
    "table.csv": "csv",
    "table-semicolons.csv": "csv",
    "phrases.txt": "phrases",
    "phrases-breathing.txt": "phrases",
}


def same_after(content: Content, name: str) -> None:
    """Check each routine of a file after it went out and in again."""
    try:
        before = import_all(content, name)
    except CoachError:
        assume(False)
    for script in before:
        routine = routine_in(script.text)
        exported = export(routine, name)
        again = import_all(content_of(exported.text, script.title))
        assert [routine_in(other.text) for other in again] == [routine]


@pytest.mark.parametrize("sample", SAMPLE_FORMATS)
def test_samples(sample: str) -> None:
    text = (SAMPLES / sample).read_text("utf-8-sig")
    same_after(content_of(text), SAMPLE_FORMATS[sample])


@given(st.lists(strategies.jawt_workouts(), min_size=1, max_size=2))
def test_just_another_workout_timer(workouts: list[dict[str, Any]]) -> None:
    same_after(as_json({"workouts": workouts}), "jawt")


@given(strategies.timer_machine_timers())
def test_timer_machine(timer: dict[str, Any]) -> None:
    same_after(as_json({"timers": [timer]}), "timer-machine")


@given(strategies.openhiit_timers())
def test_openhiit(timer: dict[str, Any]) -> None:
    same_after(as_json([timer]), "openhiit")


@given(strategies.physio_timer_exercises())
def test_physio_timer(exercises: list[dict[str, Any]]) -> None:
    same_after(as_json(exercises), "physio-timer")


@given(strategies.w2a_workouts())
def test_w2a(workout: dict[str, Any]) -> None:
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in workout.items())
    same_after(content_of(text), "w2a")


@given(strategies.tables(), st.sampled_from(",;\t"))
def test_tables(lines: list[list[str]], separator: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(lines)
    same_after(content_of(text.getvalue()), "csv")


@given(strategies.phrase_lines())
def test_lines_of_phrases(text: str) -> None:
    same_after(content_of(text), "phrases")


@given(strategies.jawt_workouts())
def test_a_workout_takes_as_long_as_in_the_app(workout: dict[str, Any]) -> None:
    script = import_all(as_json(workout))[0]
    notes = Notes()
    here = seconds_in(program_of(routine_in(script.text), notes))
    there = sum(
        set_["repetitions"] * exercise["duration"]
        for set_ in workout["sets"]
        for exercise in set_["exercises"]
    )
    is_shorter = any(line.startswith("the rest at the very end") for line in script.left_behind)
    assert here < there if is_shorter else here == there
