"""Routines as files of other programs, which these read."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from coach.cli import run
from coach.errors import CoachError
from coach.exchange import WRITABLE, export
from coach.exchange.content import Notes
from coach.exchange.unfolding import program_of
from coach.library import bundled_routines
from coach.routine import Routine, load_routine
from coach.script_writer import write_script
from tests import strategies as scripts
from tests.exchange.reading import content_of, import_all, routine_in, seconds_in

ROUTINES = {name: load_routine(path) for name, path in bundled_routines().items()}


def integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def jawt_reads(text: str) -> None:
    """Check what `Backup.fromJson` needs: the keys that are required, with their types."""
    assert text.isascii()
    data = json.loads(text)
    for workout in data["workouts"]:
        assert isinstance(workout["title"], str)
        assert integer(workout["version"])
        assert integer(workout["position"])
        for set_ in workout["sets"]:
            assert integer(set_["repetitions"])
            assert set_["repetitions"] > 0
            assert isinstance(set_["id"], str)
            assert set_["exercises"]
            for exercise in set_["exercises"]:
                assert integer(exercise["duration"])
                assert exercise["duration"] > 0
                assert isinstance(exercise["name"], str)
                assert isinstance(exercise["id"], str)


def timer_machine_reads(text: str) -> None:
    """Check what Moshi's adapters need, and the enumerations."""
    data = json.loads(text)
    assert {"folders", "timers", "timerStamps", "schedulers", "prefs"} <= set(data)
    for timer in data["timers"]:
        assert integer(timer["id"])
        assert integer(timer["loop"])
        assert timer["folderId"] in {folder["id"] for folder in data["folders"]}
        for step in timer["steps"]:
            inner = step["steps"] if step["step_type"] == "group" else [step]
            for below in inner:
                timer_machine_reads_step(below)
        for key, kind in (("startStep", "START"), ("endStep", "END")):
            if key in timer:
                timer_machine_reads_step(timer[key] | {"step_type": "step"})
                assert timer[key]["type"] == kind


def timer_machine_reads_step(step: dict[str, Any]) -> None:
    assert step["step_type"] == "step"
    assert isinstance(step["label"], str)
    assert integer(step["length"])
    assert step["type"] in ("NORMAL", "NOTIFIER", "START", "END")
    for behaviour in step["behaviour"]:
        assert behaviour["type"] in ("VOICE", "COUNT", "HALT")
        assert set(behaviour) <= {"type", "label", "content", "loop"}


def openhiit_reads(text: str) -> None:
    """Check what `TimerType.fromJson` needs; the file has to begin with a bracket."""
    assert text.startswith("[")
    for timer in json.loads(text):
        numbers = ("timerIndex", "totalTime", "intervals", "activeIntervals", "restarts", "color")
        assert all(integer(timer[key]) for key in numbers)
        assert isinstance(timer["name"], str)
        assert all(isinstance(name, str) for name in timer["activities"])
        times = timer["timeSettings"]
        assert all(integer(times[key]) for key in times if key.endswith("Time"))
        lengths = list(openhiit_intervals(timer))
        assert timer["totalTime"] == sum(lengths)
        assert timer["intervals"] == len(lengths)


def openhiit_intervals(timer: dict[str, Any]) -> Iterator[int]:
    """Yield the intervals that the app makes of a timer (`generateIntervalsFromTimer`)."""
    times = timer["timeSettings"]
    lengths = [times["getReadyTime"], times["warmupTime"]]
    if times["warmupTime"]:
        lengths.append(times["restTime"])
    for round_ in range(timer["restarts"] + 1):
        for position in range(timer["activeIntervals"]):
            lengths.append(times["workTime"])
            if position < timer["activeIntervals"] - 1:
                lengths.append(times["restTime"])
        if round_ < timer["restarts"]:
            lengths.append(times["breakTime"] or times["restTime"])
    lengths.append(times["cooldownTime"])
    yield from (length for length in lengths if length > 0)


def physio_timer_reads(text: str) -> None:
    for exercise in json.loads(text):
        assert set(exercise) == {"name", "sets", "holdTime", "restTime", "gapTime"}
        assert all(integer(exercise[key]) for key in exercise if key != "name")
        assert exercise["holdTime"] > 0


W2A_KEYS = {
    *("tts", "audio_format", "i18n", "before_workout_announce", "after_workout_announce"),
    *("pause", "half_time", "exercise_beginning", "exercises"),
}


def w2a_reads(text: str) -> None:
    """Check what `config.Parse` needs, which takes no key that it does not know."""
    data = yaml.safe_load(text)
    assert set(data) <= W2A_KEYS
    assert set(data) >= W2A_KEYS - {"before_workout_announce", "after_workout_announce"}
    durations = [data["pause"]["duration"], data["half_time"]["duration"]]
    for exercise in data["exercises"]:
        assert exercise["name"]
        known = {"name", "duration", "texts", "half_time", "pause_duration"}
        assert set(exercise) <= known
        assert exercise.get("texts") != []
        durations += [exercise[key] for key in ("duration", "pause_duration") if key in exercise]
    go = re.compile(r"(\d+(\.\d+)?(h|ms|m|s))+")
    assert all(go.fullmatch(duration) for duration in durations)


def csv_reads(text: str) -> None:
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    for row in rows:
        assert row["name"]
        assert None not in row
        for column in ("seconds", "reps", "sets"):
            assert re.fullmatch(r"|\d+(\.\d+)?(-\d+(\.\d+)?)?", row[column])


def phrases_reads(text: str) -> None:
    for line in text.splitlines():
        phrase, _, seconds = line.rpartition(";")
        assert phrase
        assert Fraction(seconds) >= 0


READERS: dict[str, Callable[[str], None]] = {
    "jawt": jawt_reads,
    "timer-machine": timer_machine_reads,
    "openhiit": openhiit_reads,
    "physio-timer": physio_timer_reads,
    "w2a": w2a_reads,
    "csv": csv_reads,
    "phrases": phrases_reads,
}


def read_back(routine: Routine, name: str) -> str:
    """Return the file of a routine after it was read as the program would, and by the coach."""
    text = export(routine, name).text
    READERS[name](text)
    assert import_all(content_of(text), name)
    return text


@pytest.mark.parametrize("name", WRITABLE)
@pytest.mark.parametrize("routine", ROUTINES)
def test_bundled_routines_are_read(routine: str, name: str) -> None:
    try:
        read_back(ROUTINES[routine], name)
    except CoachError as error:
        # Only this one has forms that a routine may not fit.
        assert name == "openhiit"
        assert "OpenHIIT has" in error.message
        assert "jawt" in error.hint


@given(scripts.scripts(), st.sampled_from(WRITABLE))
def test_any_routine_is_read(script: dict[str, Any], name: str) -> None:
    routine = routine_in(write_script(script))
    try:
        text = export(routine, name).text
    except CoachError:
        assume(False)
    READERS[name](text)
    import_all(content_of(text), name)


@given(scripts.scripts())
def test_a_timer_takes_as_long_as_the_routine(script: dict[str, Any]) -> None:
    routine = routine_in(write_script(script))
    data = json.loads(export(routine, "timer-machine").text)["timers"][0]
    notes = Notes()
    program = program_of(routine, notes, setup=True, guide=True)
    assert milliseconds(data["steps"]) * data["loop"] == seconds_in(program) * 1000


def milliseconds(steps: list[dict[str, Any]]) -> int:
    return sum(
        milliseconds(step["steps"]) * step["loop"]
        if step["step_type"] == "group"
        else step["length"]
        for step in steps
    )


def script(*exercises: str) -> Routine:
    items = "".join(f"  - {exercise}\n" for exercise in exercises)
    return routine_in(f"coach: 1\ntitle: Mine\nsettle: 3s\nrest: 10s\nexercises:\n{items}")


def test_what_stays_behind_is_told() -> None:
    told = export(ROUTINES["si-joint-relief"], "jawt").left_behind
    texts = ("description", "source", "equipment", "safety", "closing", "pronounce")
    assert ", ".join(f"`{name}`" for name in (*texts, "level", "tags")) in told
    assert "the other languages" in told
    assert any(line.startswith("prescribed ranges") for line in told)
    plain = script("{name: Squats, work: 30s}", "{name: Plank, work: 20s}")
    assert export(plain, "jawt").left_behind == ()


def test_what_a_table_has_no_column_for_is_told() -> None:
    routine = script(
        "{name: Bridge, cue: Push, hold: {from: 20, to: 60, start: 30}, reps: 5}",
        "{name: Push-ups, reps: 10, pace: 20s}",
        "{name: Side, sides: [left / front, right / back], switch: 30s, hold: 5s}",
    )
    written = export(routine, "csv")
    assert {
        *("`title`", "`cue`: Bridge", "where a range starts (its low end is read): Bridge"),
        *("`pace`: Push-ups", "`switch`: Side", "what sides are called: Side"),
    } <= set(written.left_behind)
    assert "left front/right back" in written.text


def test_phrases_have_the_name_of_what_is_repeated() -> None:
    routine = script(
        "{name: Hip, sides: [left, right], reps: 2, phases: [{cue: Lean in, hold: 9}]}"
    )
    lines = [line.partition(";")[0] for line in export(routine, "phrases").text.splitlines()]
    lean = [line for line in lines if "Lean in" in line]
    assert lean == ["Hip, left side: Lean in", "Lean in", "Hip, right side: Lean in", "Lean in"]


def test_sides_phases_and_sets_become_intervals() -> None:
    routine = script(
        "{name: Side plank, sides: [left, right], switch: 5s, hold: 20s}",
        "{name: Push-ups, reps: 8, pace: 2s, sets: 2}",
    )
    workout = json.loads(export(routine, "jawt").text)["workouts"][0]
    plank = "Side plank,"
    assert [
        (set_["repetitions"], [(e["name"], e["duration"]) for e in set_["exercises"]])
        for set_ in workout["sets"]
    ] == [
        (1, [(f"{plank} left side", 20), ("Rest", 5), (f"{plank} right side", 20), ("Rest", 10)]),
        (2, [("8 \N{MULTIPLICATION SIGN} Push-ups", 16), ("Rest", 10)]),
    ]


def test_what_only_moves_is_no_rest() -> None:
    routine = script("{name: Heel raise, move: 5s, reps: 3}", "{name: Plank, move: 2s, hold: 5s}")
    raises, plank = json.loads(export(routine, "physio-timer").text)
    assert (raises["sets"], raises["holdTime"], raises["restTime"]) == (3, 5, 0)
    assert (plank["sets"], plank["holdTime"], plank["restTime"]) == (1, 7, 10)


def test_openhiit_has_one_time_for_all() -> None:
    message = "one time of work for all, found 20s, 30s"
    with pytest.raises(CoachError, match=message):
        export(script("{name: Squats, work: 30s}", "{name: Plank, work: 20s}"), "openhiit")


def test_half_the_time_is_for_each_side() -> None:
    text = export(script("{name: Side plank, sides: [left, right], work: 15s}"), "w2a").text
    exercise = yaml.safe_load(text)["exercises"][0]
    assert exercise == {"name": "Side plank", "duration": "30s", "half_time": True}


def test_wger_reads_no_files() -> None:
    with pytest.raises(CoachError, match="wger reads no files"):
        export(script("{name: Squats, work: 30s}"), "wger")


def test_too_many_steps_are_an_error() -> None:
    routine = script("{name: Squats, reps: 900, sets: 100, work: 1s}")
    with pytest.raises(CoachError, match="at most 10,000 steps"):
        export(routine, "phrases")


def test_the_command_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "routine.json"
    arguments = ["export", "si-joint-relief", "--to", "jawt", "--language", "de", "-o", str(target)]
    assert run(arguments) == 0
    workout = json.loads(target.read_text("utf-8"))["workouts"][0]
    assert workout["title"].startswith("Linderung")
    assert "not carried over" in capsys.readouterr().err
    assert run(["export", "si-joint-relief", "--to", "jawt", "--language", "xx"]) == 1
    assert "It is there in en, de" in capsys.readouterr().err
    assert run(["export", "box-breathing", "--to", "phrases"]) == 0
    assert "Breathe in" in capsys.readouterr().out


def test_the_script_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\nexercises: [{name: A, hold: 5}]", "utf-8")
    assert run(["export", str(path), "--to", "csv", "-o", str(path)]) == 1
    assert path.read_text("utf-8").startswith("title")
