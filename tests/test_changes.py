"""What a key in mid-session means for the settings."""

from __future__ import annotations

from fractions import Fraction

import pytest

from coach.changes import CHANGES, Refused, changed
from coach.controls import Command
from coach.routine import Exercise
from coach.session import prepared
from coach.settings import Override, Settings
from coach.steps import Where
from tests.conftest import routine_of

SCRIPT = """
title: Some
exercises:
  - name: Cat
    reps: 5-6
    phases: [{cue: Up, hold: 5-6}, {cue: Down, hold: 4}, {cue: Rest, move: 2}]
  - {name: Jump, work: 30-40}
  - {name: Bridge, reps: 5, phases: [{cue: Up, move: 2}]}
  - {name: Sit, hold: 1}
  - {name: Plank, hold: {from: 20, to: 60, start: 30}}
"""


def after(
    *commands: Command, exercise: str = "cat", rep: int = 1, settings: Settings | None = None
) -> tuple[Settings, str]:
    """Return the settings after the commands, and what the last one told."""
    now, notice = settings or Settings(), ""
    for command in commands:
        ready = prepared(routine_of(SCRIPT), now)
        change = changed(command, ready, now, Where(exercise, None, 1, None, rep))
        now, notice = change.settings, change.notice
    return now, notice


def exercise(settings: Settings, name: str) -> Exercise:
    routine = prepared(routine_of(SCRIPT), settings).routine
    return next(item for item in routine.exercises() if item.id == name)


def test_repetitions() -> None:
    settings, notice = after(Command.MORE)
    assert exercise(settings, "cat").reps.value == 6
    assert notice == "Cat: 6 repetitions."
    assert after(Command.MORE, Command.FEWER)[0].overrides == (Override("reps", 5, "cat"),)
    with pytest.raises(Refused, match="5 to 6 repetitions are prescribed"):
        after(Command.MORE, Command.MORE)
    beyond = Settings(beyond_range=True)
    assert exercise(after(Command.MORE, Command.MORE, settings=beyond)[0], "cat").reps.value == 7
    assert after(*[Command.FEWER] * 4, exercise="bridge")[1] == "Bridge: 1 repetition."


def test_there_are_never_fewer_repetitions_than_have_begun() -> None:
    assert after(Command.FEWER, exercise="bridge", rep=4)[1] == "Bridge: 4 repetitions."
    with pytest.raises(Refused, match="last repetition already"):
        after(Command.FEWER, Command.FEWER, exercise="bridge", rep=4)


def test_holds_change_together_each_within_its_range() -> None:
    settings, notice = after(Command.LONGER)
    assert [phase.hold and phase.hold.value for phase in exercise(settings, "cat").phases] == [
        6,
        5,
        None,
    ]
    assert notice == "Cat: hold 6s, 5s."
    settings, _ = after(Command.LONGER, Command.LONGER)
    assert [phase.hold and phase.hold.value for phase in exercise(settings, "cat").phases] == [
        6,
        6,
        None,
    ]
    settings, _ = after(*[Command.SHORTER] * 3)
    assert [phase.hold and phase.hold.value for phase in exercise(settings, "cat").phases] == [
        5,
        1,
        None,
    ]
    with pytest.raises(Refused, match="prescribed"):
        after(*[Command.SHORTER] * 4)


def test_long_holds_and_work_change_by_more() -> None:
    assert after(Command.LONGER, exercise="plank")[1] == "Plank: hold 35s."
    assert after(Command.SHORTER, exercise="plank")[1] == "Plank: hold 25s."
    assert after(Command.LONGER, exercise="jump")[1] == "Jump: work 35s."
    with pytest.raises(Refused, match="30s to 40s are prescribed"):
        after(Command.SHORTER, exercise="jump")
    with pytest.raises(Refused, match="Bridge has nothing to hold"):
        after(Command.LONGER, exercise="bridge")


def test_longer_and_shorter_undo_each_other() -> None:
    for command, back in ((Command.LONGER, Command.SHORTER), (Command.SHORTER, Command.LONGER)):
        for name in ("plank", "cat"):
            if (command, name) == (Command.SHORTER, "cat"):
                continue  # its first hold is at its least
            settings, _ = after(command, back, exercise=name)
            assert exercise(settings, name) == exercise(Settings(), name)


def test_speech() -> None:
    settings, notice = after(Command.FASTER, Command.FASTER)
    assert settings.speed == Fraction(6, 5)
    assert notice == "Speech faster: 1.2."
    assert after(Command.SLOWER)[0].speed == Fraction(9, 10)
    with pytest.raises(Refused, match="cannot get slower"):
        after(*[Command.SLOWER] * 6)


def test_when_no_exercise_is_left() -> None:
    for command in CHANGES - {Command.FASTER, Command.SLOWER}:
        with pytest.raises(Refused, match="No exercise is left"):
            after(command, exercise="none")


def test_nothing_gets_less_than_one_or_more_than_can_be() -> None:
    with pytest.raises(Refused, match="Bridge: one repetition is the least"):
        after(*[Command.FEWER] * 5, exercise="bridge", rep=0)
    with pytest.raises(Refused, match="1000 repetitions are the most"):
        after(
            Command.MORE, exercise="bridge", settings=Settings((Override("reps", 1000, "bridge"),))
        )
    with pytest.raises(Refused, match="Sit cannot get shorter"):
        after(Command.SHORTER, exercise="sit")
