"""Files of other programs as scripts: what stands where, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coach.cli import run
from coach.errors import CoachError
from coach.exchange import FORMATS, WRITABLE, load_format, recognise, routines_in
from coach.exchange.content import Notes
from coach.units import short_duration
from tests.exchange.reading import SAMPLES, as_json, content_of, import_all, routine_in

SAMPLE_FORMATS = {
    "jawt-workout.json": "jawt",
    "jawt-backup.json": "jawt",
    "timer-machine-backup.json": "timer-machine",
    "openhiit-timers.json": "openhiit",
    "physio-timer.json": "physio-timer",
    "wger-structure.json": "wger",
    "w2a.yaml": "w2a",
    "table.csv": "csv",
    "table-semicolons.csv": "csv",
    "phrases.txt": "phrases",
    "phrases-breathing.txt": "phrases",
}
GOLDENS = Path(__file__).parent / "scripts"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text("utf-8-sig")


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_the_format_is_told_from_the_content(name: str) -> None:
    assert recognise(content_of(sample(name))) == SAMPLE_FORMATS[name]


@pytest.mark.parametrize("name", SAMPLE_FORMATS)
def test_samples_become_the_scripts_that_are_kept(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(SAMPLES / name), "-o", f"{tmp_path}/out/"]) == 0
    told = capsys.readouterr().err.replace(str(tmp_path), "")
    folder = GOLDENS / name.replace(".", "-")
    made = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").iterdir()}
    made["told.txt"] = told
    kept = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert made == kept
    assert run(["check", f"{tmp_path}/out"]) == 0
    assert "problem" not in capsys.readouterr().out


def test_one_routine_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(SAMPLES / "physio-timer.json")]) == 0
    assert "Hamstring Stretch" in capsys.readouterr().out


def test_several_routines_need_a_folder_or_a_choice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = str(SAMPLES / "jawt-backup.json")
    assert run(["import", backup]) == 1
    told = capsys.readouterr().err
    assert '"Morning core", "Abendübung"' in told
    assert "--only" in told
    target = tmp_path / "one.yaml"
    assert (
        run(["import", backup, "--only", "abendübung", "--language", "de", "-o", str(target)]) == 0
    )
    assert "language: de" in target.read_text("utf-8")
    assert run(["import", backup, "--only", "Abendubung"]) == 1
    assert "did you mean `Abendübung`?" in capsys.readouterr().err


def test_a_script_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "script.yaml"
    target.write_text("mine", "utf-8")
    arguments = ["import", str(SAMPLES / "table.csv"), "-o", str(target)]
    assert run(arguments) == 1
    assert "is there already" in capsys.readouterr().err
    assert target.read_text("utf-8") == "mine"
    assert run([*arguments, "--force"]) == 0
    assert "Clamshell" in target.read_text("utf-8")


def test_where_scripts_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, backup = str(SAMPLES / "table.csv"), str(SAMPLES / "jawt-backup.json")
    for name in ("folder", "my.folder/", "below/another"):
        assert run(["import", table, "-o", f"{tmp_path}/{name}"]) == 0
        assert (tmp_path / name / "table.yaml").is_file()
    assert run(["import", table, "-o", f"{tmp_path}/script.yml"]) == 0
    assert (tmp_path / "script.yml").is_file()
    assert run(["import", backup, "-o", f"{tmp_path}/both.yaml"]) == 1
    assert "has 2 routines" in capsys.readouterr().err
    assert run(["import", table, "-o", f"{tmp_path}/script.yml/"]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_the_file_itself_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "workout.yaml"
    path.write_text(sample("w2a.yaml"), "utf-8")
    assert run(["import", str(path), "-o", str(path), "--force"]) == 1
    assert path.read_text("utf-8") == sample("w2a.yaml")


def test_a_routine_that_cannot_be_a_script_leaves_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workouts = [
        {"title": "Empty", "sets": []},
        {"title": "Good", "sets": [{"exercises": [{"name": "Squats", "duration": 30}]}]},
        {"title": "Good", "sets": [{"exercises": [{"name": "Plank", "duration": 30}]}]},
    ]
    path = tmp_path / "backup.json"
    path.write_text(json.dumps({"workouts": workouts}), "utf-8")
    assert run(["import", str(path), "-o", f"{tmp_path}/out"]) == 1
    assert 'cannot make a script of "Empty"' in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "good-2.yaml",
        "good.yaml",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"title": "x", "set": []}', "a mapping with `title`, `set`"),
        ('[{"name": "x", "hold": 5}]', "a list of a mapping with `name`, `hold`"),
        ("[]", "an empty list"),
        ("Do ten push-ups.\nThen rest.", "lines of text"),
        (
            "coach: 1\ntitle: Mine\nexercises:\n  - {name: A, hold: 5}",
            "script of the coach already",
        ),
    ],
)
def test_a_near_miss_says_what_was_looked_for(text: str, found: str) -> None:
    with pytest.raises(CoachError) as error:
        recognise(content_of(text))
    assert found in error.value.message


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_is_named_but_wrong_is_an_error(name: str) -> None:
    for text in ("nothing of the kind", '{"a": 1}', "[1, 2]"):
        with pytest.raises(CoachError):
            import_all(content_of(text), name)


def test_files_of_the_app_that_are_latin_1_are_read(tmp_path: Path) -> None:
    path = tmp_path / "backup.json"
    path.write_bytes(sample("jawt-backup.json").encode("latin-1"))
    assert run(["import", str(path), "--only", "Abendübung", "-o", str(tmp_path / "x.yaml")]) == 0


def test_names_that_come_again_get_an_id() -> None:
    exercise = {"name": "Squats", "duration": 30}
    other = {"name": "Squats 2", "duration": 30}
    workout = {"title": "x", "sets": [{"exercises": [exercise, other, exercise, exercise]}]}
    routine = routine_in(import_all(as_json(workout))[0].text)
    ids = [item.id for item in routine.exercises()]
    assert ids == ["squats", "squats-2", "squats-3", "squats-4"]


def openhiit(**changes: Any) -> list[str]:
    """Return the exercises of a timer and their times."""
    times = {"workTime": 20, "restTime": 10, "getReadyTime": 0}
    timer: dict[str, Any] = {"name": "x", "timeSettings": times, "activities": ["A", "B"]}
    routine = routine_in(import_all(as_json(timer | changes))[0].text)
    return [
        f"{exercise.name} {short_duration(exercise.repetition)} x{exercise.sets.value}"
        for exercise in routine.exercises()
    ]


def test_activities_that_are_missing_are_called_work() -> None:
    assert openhiit(activeIntervals=3) == ["A 20s x1", "B 20s x1", "Work 20s x1"]
    assert openhiit(activities=[], activeIntervals=8) == ["Work 20s x8"]
    assert openhiit(activities=[], intervals=4) == ["Work 20s x4"]


def table(text: str) -> dict[str, Any]:
    """Return the only exercise of a table as its script has it."""
    found = routines_in(content_of(text), load_format("csv"), Notes())
    item: dict[str, Any] = found[0].draft(Notes()).script["exercises"][0]
    return item


@pytest.mark.parametrize(
    ("cells", "key", "value"),
    [
        ("seconds|1:30", "hold", "1m30s"),
        ("Hold Time|20-40 s", "hold", "20-40s"),
        ("work|2,5", "work", "2.5s"),
        ("REPS|10 - 12", "reps", "10-12"),
        ("Sets|3", "sets", "3"),
        ("side|each side", "sides", ["left", "right"]),
        ("sides|front/back", "sides", ["front", "back"]),
        ("rest|0", "rest", "0s"),
        ("notes|Up. Down.", "setup", ["Up.", "Down."]),
    ],
)
def test_cells_of_tables(cells: str, key: str, value: Any) -> None:
    heading, cell = cells.split("|")
    assert table(f"{heading};Exercise\n{cell};Bridge\n")[key] == value
    assert table(f"\ufeffname\t{heading}\n\nBridge\t{cell}\n"[1:])[key] == value


def test_cells_that_are_not_understood_are_told() -> None:
    notes = Notes()
    text = "name,reps,sides\nBridge,a lot,somewhere\n"
    routines_in(content_of(text), load_format("csv"), Notes())[0].draft(notes)
    assert notes.lines() == (
        'values that are not understood: reps "a lot" of Bridge (line 2), '
        'sides "somewhere" of Bridge (line 2)',
    )


def test_every_format_is_offered_by_the_commands() -> None:
    from coach.cli import exchange

    assert tuple(exchange.FORMATS) == tuple(FORMATS)
    assert tuple(exchange.WRITABLE) == WRITABLE


def test_keys_that_are_not_known_are_told() -> None:
    exercise = {"name": "Squats", "duration": 30, "weight": 5}
    workout = {"title": "x", "colour": "red", "sets": [{"exercises": [exercise]}]}
    told = import_all(as_json(workout))[0].left_behind
    assert told == ("keys that are not known: `colour`, `weight`",)


def test_short_loops_become_phases() -> None:
    breaths = [{"name": "Inhale", "duration": 4}, {"name": "Exhale", "duration": 8}]
    workout = {"title": "x", "sets": [{"repetitions": 10, "exercises": breaths}]}
    (exercise,) = routine_in(import_all(as_json(workout))[0].text).exercises()
    assert exercise.name == "Inhale, Exhale"
    assert exercise.reps.value == 10
    assert [(phase.cue, phase.time) for phase in exercise.phases] == [("Inhale", 4), ("Exhale", 8)]


def test_getting_ready_is_time_to_settle() -> None:
    steps = [{"name": "Get ready", "duration": 10}, {"name": "Squats", "duration": 30}]
    workout = {"title": "x", "sets": [{"exercises": steps}]}
    (exercise,) = routine_in(import_all(as_json(workout))[0].text).exercises()
    assert (exercise.name, exercise.settle.value) == ("Squats", 10)
