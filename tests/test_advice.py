"""What makes a session hard to follow by ear."""

from __future__ import annotations

from pathlib import Path

import pytest

from coach.advice import MAX_WORDS, advise
from coach.routine import routine_from
from coach.script import parse_script, read_script
from tests.conftest import bundled

HEAD = "title: T\nequipment: [an exercise mat, a chair]\nsafety: [Stop if it hurts.]\nexercises:\n"


def advice(text: str) -> list[str]:
    """Return the advice on a script as `line message`."""
    document = parse_script(text, "test.yaml")
    notes = advise(document, routine_from(document, Path("test.yaml")))
    assert all(note.severity == "advice" for note in notes)
    return [f"{note.where.line} {note.message}" for note in notes]


def of(*exercises: str, head: str = HEAD) -> list[str]:
    """Return the advice on a script of these exercises, each a mapping on a line."""
    return advice(head + "".join(f"  - {{{exercise}}}\n" for exercise in exercises))


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_bundled_routines_need_no_advice(path: Path) -> None:
    document = read_script(path)
    assert advise(document, routine_from(document, path)) == ()


def test_an_instruction_may_have_25_words() -> None:
    fits, long = (" ".join(["up"] * count) for count in (MAX_WORDS, MAX_WORDS + 1))
    assert of(f"name: A, hold: 5, cue: {fits}") == []
    told = "26 words at a time: at most 25 are kept in mind, so make two sentences of it"
    assert of(f"name: A, hold: 5, guide: {long}, cue: Go") == [f"5 {told}"]
    assert of(f"name: A, hold: 5, setup: [{fits}, {long}]") == [f"5 {told}"]
    assert of("name: A, hold: 5", head=HEAD.replace("Stop if it hurts", long)) == [f"3 {told}"]


def test_an_instruction_in_another_language_is_counted_too() -> None:
    long = " ".join(["auf"] * 26)
    assert of(f"name: A, hold: 5, guide: {{en: Up, de: {long}}}, cue: Go") == [
        "5 26 words at a time: at most 25 are kept in mind, so make two sentences of it"
    ]


def test_advice_has_its_place() -> None:
    document = parse_script(f"{HEAD}  - {{name: A, hold: 5, cue: Take a towel}}\n", "a.yaml")
    (note,) = advise(document, routine_from(document, Path("a.yaml")))
    assert (str(note.where), note.source[note.where.column - 1 :][:4]) == ("a.yaml:5:29", "Take")


def test_no_safety_line() -> None:
    told = "1 no `safety`: say when to stop, and who is to ask a doctor before"
    body = "exercises: [{name: A, hold: 5}]\n"
    assert advice(f"title: T\n{body}") == [told]
    assert advice(f"title: T\nsafety: []\n{body}") == [told]


def test_a_setup_wants_time() -> None:
    assert of("name: A, hold: 5, setup: Breathe out., settle: 2s") == [
        "5 2s to settle: give at least 3s, or `settle: ready`"
    ]
    for good in ("settle: 3s", "settle: ready", "rest: 5"):
        assert of(f"name: A, hold: 5, setup: Breathe out., {good}") == []
    assert of("name: A, hold: 5, settle: 0") == []


def test_a_change_of_posture_wants_more_time() -> None:
    stand, sit, lie = (
        f"name: {name}, hold: 5, setup: {text}"
        for name, text in (("A", "Stand tall."), ("B", "Sit on the chair."), ("C", "Lie down."))
    )
    assert of(f"{stand}, settle: 3s", f"{sit}, settle: 3s") == [
        "6 3s to settle from standing to seated: give at least 5s, or `settle: ready`"
    ]
    assert of(f"{stand}, settle: 3s", f"{sit}, settle: 5s") == []
    assert of(f"{stand}, settle: 3s", lie) == [  # 5s is the default
        "6 5s to settle from standing to the floor: give at least 8s, or `settle: ready`"
    ]
    assert of(f"{stand}, settle: 3s", f"{lie}, settle: 8s") == []
    assert of(lie, f"{lie.replace('C', 'D')}, settle: 3s") == []


@pytest.mark.parametrize(
    ("setup", "is_down"),
    [
        ("Come onto your hands and knees.", True),
        ("Kneel on the mat.", True),
        ("Lie on your back with both knees bent.", True),
        ("Sit down on the floor.", True),
        ("Roll onto your side to get up, and stand.", False),
        ("Stand with your feet flat on the floor.", False),
        ("Do not lie down, but stand.", False),
        ("Breathe.", False),
    ],
)
def test_postures(setup: str, is_down: bool) -> None:
    found = of("name: A, hold: 5, setup: Stand.", f"name: B, hold: 5, setup: '{setup}', settle: 5s")
    assert any("to the floor" in note for note in found) is is_down


def test_up_from_the_floor_and_down_again() -> None:
    down, up = "hold: 5, setup: Lie down., settle: 9s", "hold: 5, setup: Stand., settle: 9s"
    found = of(f"name: A, {down}", f"name: B, {up}", f"name: C, {down}")
    assert found == [
        "7 back to the floor after standing up from it: put exercises of one position together"
    ]
    assert of(f"name: A, {up}", f"name: B, {down}", f"name: C, {up}") == []
    hard = HEAD.replace("title", "level: hard\ntitle")
    assert of(f"name: A, {down}", f"name: B, {up}", f"name: C, {down}", head=hard) == []


def test_what_is_needed_is_named() -> None:
    needs = "name: A, hold: 5, cue: Go, guide:"
    assert of(f"{needs} Put a towel under your knee. Fold the towel.") == [
        "5 this needs a towel, which is not in `equipment`: name it, so that it is at hand"
    ]
    for good in (
        "Hold on to the chair.",
        "Come back to the mat.",
        "Lie on the carpet.",
        "Stand as if against a wall.",
        "Stand on the balls of your feet.",
        "Hold the chair or the wall.",
        "'Not on a pillow, on the mat.'",
    ):
        assert of(f"{needs} {good}") == []


def test_numbers_that_a_field_could_say() -> None:
    assert of("name: A, hold: 5s, setup: Hold for five seconds.") == [
        '5 "five seconds" does not follow an adjustment: write {hold}'
    ]
    assert of("name: A, reps: 10, setup: Do 10 reps.") == [
        '5 "10 reps" does not follow an adjustment: write {reps}'
    ]
    assert of("name: A, work: 30, setup: For 30 seconds.")[0].endswith("write {work}")
    assert of("name: A, sets: 2, hold: 5, setup: Do 2 sets.")[0].endswith("write {sets}")
    for good in ("hold: 5, setup: 'For {hold}.'", "hold: 5, setup: Do it two times.", "reps: 3"):
        assert of(f"name: A, {good}") == []
