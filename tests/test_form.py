"""The form of `coach adjust`: what keys do to it, and the whole of it on a real terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from coach.cli.form import Choice, Form, application
from coach.library import find_routine
from coach.profile import Profile
from coach.routine import load_routine
from coach.session import estimate, prepared
from coach.settings import Settings
from coach.settings.saved import SettingsStore
from coach.settings.text import parse_option
from coach.units import clock
from tests.conftest import routine_of
from tests.test_cli import SHORT

ROUTINE = routine_of("""
title: T
exercises:
  - {name: Cat, reps: 5-10, rest: 0-20s, phases: [{cue: Up, move: 1, hold: 5-8s}, {hold: 20-40s}]}
  - {name: Plank, hold: 30s, rest: 0}
  - {rounds: 1-3, name: Ring, exercises: [{name: Jacks, work: 30-45s}]}
""")


def length_of(settings: Settings) -> Fraction:
    return estimate(prepared(ROUTINE, settings))


def form(*options: tuple[str, str]) -> Form:
    overrides = tuple(parse_option(key, text) for key, text in options)  # type: ignore[arg-type]
    return Form(ROUTINE, Settings(overrides, beyond_range=True), length_of)


def go(to: str, form: Form, steps: int) -> str:
    """Change the field that is called so by some steps, and return what it shows then."""
    section = ""
    for title, field, number in form.lines():
        section = title or section
        if field is not None and f"{section}/{field.label}" == to:
            form.choose(number - form.at)
            for _ in range(abs(steps)):
                form.move(1 if steps > 0 else -1)
            return shown(form)
    raise AssertionError(to)


def shown(form: Form) -> str:
    return next(field.shown for _, field, number in form.lines() if field and number == form.at)


def asked(form: Form) -> dict[str, str]:
    return {item.name: item.value for item in form.assignments()}


def test_every_exercise_has_its_fields() -> None:
    labels = [f"  {field.label}" if field else title for title, field, _ in form().lines()]
    assert labels == [
        "Cat", "  do it", "  reps", "  rest", "  hold: Up", "  hold",
        "Plank", "  do it", "  rest", "  hold",
        "Jacks", "  do it", "  rest", "  work",
        "Ring", "  rounds", "  rest",
        "The whole session", "  speed", "  detail", "  count",
    ]  # fmt: skip


def test_arrows_stay_inside_the_range() -> None:
    shown = form()
    assert go("Cat/reps", shown, 3) == "8"
    assert go("Cat/reps", shown, 30) == "10"
    assert go("Cat/reps", shown, -30) == "5"
    assert go("Cat/hold: Up", shown, 9) == "8s"
    assert go("Ring/rounds", shown, 9) == "3"


def test_long_times_go_in_longer_steps() -> None:
    shown = form()
    assert go("Cat/hold", shown, 1) == "25s"
    assert go("Cat/hold", shown, -1) == "20s"
    assert go("Plank/hold", shown, -3) == "19s"
    assert go("Plank/hold", shown, 2) == "25s"


def test_a_single_value_is_free_down_to_a_second_or_what_it_was() -> None:
    shown = form()
    assert go("Plank/hold", shown, -99) == "1s"
    assert go("Plank/rest", shown, -3) == "0s"
    assert go("Plank/rest", shown, 3) == "3s"


def test_from_outside_of_the_range_the_first_step_leads_to_its_end() -> None:
    shown = form(("reps", "cat=14"))
    assert go("Cat/reps", shown, 0) == "14"
    assert go("Cat/reps", shown, -1) == "10"
    assert go("Cat/reps", form(("reps", "cat=14")), 1) == "14"
    less = form(("reps", "cat=2"))
    assert go("Cat/reps", less, -1) == "2"
    assert go("Cat/reps", less, 1) == "5"


def test_the_length_follows() -> None:
    changed = form()
    before = changed.length
    assert before == clock(length_of(Settings()))
    go("Cat/reps", changed, 1)
    assert changed.length == clock(length_of(Settings((parse_option("reps", "cat=6"),))))
    assert changed.length != before
    for name in ("Cat", "Plank", "Jacks"):
        go(f"{name}/do it", changed, -1)
    assert changed.length == "nothing is left to do: every exercise is skipped"


def test_what_has_changed_is_to_be_saved() -> None:
    changed = form()
    assert asked(changed) == {}
    go("Cat/reps", changed, 2)
    go("Cat/hold: Up", changed, 1)
    go("Plank/do it", changed, -1)
    go("Ring/rounds", changed, 1)
    go("The whole session/speed", changed, -2)
    go("The whole session/detail", changed, 1)
    assert asked(changed) == {
        "cat.reps": "7", "cat.up.hold": "6s", "ring.rounds": "2", "speed": "0.9",
        "detail": "brief", "skip": "plank",
    }  # fmt: skip
    go("Cat/reps", changed, -2)
    go("Plank/do it", changed, 1)
    assert set(asked(changed)) == {"cat.up.hold", "ring.rounds", "speed", "detail"}


def test_exercises_are_not_taken_for_settings() -> None:
    names = ("speed", "detail", "count", "skip", "progress")
    items = "".join(f"  - {{name: {name}, hold: 5-9}}\n" for name in names)
    routine = routine_of(f"title: T\nexercises:\n{items}")
    told: list[Settings] = []

    def length_of(settings: Settings) -> Fraction:
        told.append(settings)
        return estimate(prepared(routine, settings))

    changed = Form(routine, Settings(), length_of)
    assert (told[-1].detail, told[-1].count, told[-1].speed) == ("full", "beep", 1)
    for name in names:
        go(f"{name}/do it", changed, -1)
        go(f"{name}/hold", changed, 1)
    assert told[-1].skip == names
    assert asked(changed) == {
        **{f"{name}.phase-1.hold": "6s" for name in names},
        "skip": ", ".join(names),
    }


def test_a_circuit_that_is_left_out_is_left_out() -> None:
    changed = Form(ROUTINE, Settings(skip=("ring",)), length_of)
    assert go("Jacks/do it", changed, 0) == "no"
    go("Plank/do it", changed, -1)
    assert asked(changed) == {"skip": "ring, plank"}
    go("Jacks/do it", changed, 1)
    assert asked(changed) == {"skip": "plank"}
    go("Jacks/do it", changed, -1)
    assert asked(changed) == {"skip": "ring, plank"}


def test_a_field_is_put_back_to_what_is_prescribed() -> None:
    changed = form(("reps", "8"), ("hold", "plank=50"))
    go("Cat/reps", changed, 1)
    changed.put_back()
    assert asked(changed) == {"cat.reps": "5"}
    go("Plank/hold", changed, 0)
    changed.put_back()
    assert shown(changed) == "30s"


def test_choosing_stops_at_both_ends() -> None:
    chosen = form()
    chosen.choose(-5)
    assert chosen.at == 0
    chosen.choose(500)
    last = [field for _, field, _ in chosen.lines() if field][-1]
    assert isinstance(last, Choice)
    assert last.name == "count"


def test_a_session_of_many_options_is_what_it_was() -> None:
    for _, field, _ in form().lines():
        if field:
            assert field.moved(0) == field == field.prescribed()


# -- keys ----------------------------------------------------------------------------------------


def pressed(keys: str) -> tuple[bool, Form]:
    """Return whether the form is saved after these keys, and the form."""
    changed = form()
    with create_pipe_input() as source, create_app_session(input=source, output=DummyOutput()):
        source.send_text(keys)
        return application(changed).run(), changed


DOWN, UP, RIGHT, LEFT = "\x1b[B", "\x1b[A", "\x1b[C", "\x1b[D"


@pytest.mark.parametrize(
    ("keys", "is_saved", "expected"),
    [
        (DOWN + RIGHT * 2 + "\r", True, {"cat.reps": "7"}),
        (DOWN + RIGHT * 2 + LEFT + "s", True, {"cat.reps": "6"}),
        ("jl+=hs", True, {"cat.reps": "7"}),
        ("\t" * 3 + UP + "\x1b[Z" + RIGHT + "\r", True, {"cat.reps": "6"}),
        (DOWN + RIGHT * 2 + "d\r", True, {}),
        (DOWN + RIGHT + "q", False, {"cat.reps": "6"}),
        (DOWN + RIGHT + "\x1b", False, {"cat.reps": "6"}),
        ("\x1b[6~\x1b[6~\x1b[5~\r", True, {}),
        # Nothing is left to do, which cannot be saved.
        ("h" + "jjjjjh" + "jjjh\rs" + "d\r", True, {"skip": "cat, plank"}),
    ],
)
def test_keys(keys: str, is_saved: bool, expected: dict[str, str]) -> None:
    result, changed = pressed(keys)
    assert result is is_saved
    assert asked(changed) == expected


def test_ctrl_c_interrupts() -> None:
    with pytest.raises(KeyboardInterrupt):
        pressed(RIGHT + "\x03")


# -- a terminal ----------------------------------------------------------------------------------


class Terminal:
    """`coach adjust` on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "coach", "adjust", *arguments],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(slave)
        self.seen = b""

    def read_until(self, text: bytes) -> None:
        while text not in self.seen:
            assert self._read(), f"{text!r} is not in {self.seen!r}"

    def _read(self) -> bool:
        """Return whether anything more was printed; nothing for half a minute is the end."""
        if not select.select([self.master], [], [], 30)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side is closed
            return False
        self.seen += data
        return bool(data)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        """Return the exit code; what is still printed is read meanwhile."""
        while self._read():
            pass
        os.close(self.master)
        return self.process.wait(30)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


@pytest.fixture
def terminal(script: Path) -> Iterator[Terminal]:
    opened = Terminal(str(script))
    yield opened
    opened.process.kill()
    opened.process.wait()


def test_the_form_on_a_terminal_saves(terminal: Terminal, script: Path) -> None:
    terminal.read_until(b"leave")
    assert b"Squeeze" in terminal.seen
    terminal.press(DOWN + RIGHT)
    terminal.read_until(b"*")
    terminal.press("\r")
    assert terminal.end() == 0
    assert b"squeeze.reps  3  (was 2, prescribed 2 to 4)" in terminal.seen
    saved = SettingsStore(Profile().settings_folder).load(script).saved
    assert {name: entry.text for name, entry in saved.values.items()} == {"squeeze.reps": "3"}


def test_ctrl_c_in_the_form_saves_nothing(terminal: Terminal, script: Path) -> None:
    terminal.read_until(b"leave")
    terminal.press(DOWN + RIGHT + "\x03")
    assert terminal.end() == 130
    assert b"Interrupted." in terminal.seen
    assert b"Traceback" not in terminal.seen
    assert terminal.seen.rindex(b"\x1b[?1049l") > terminal.seen.rindex(b"\x1b[?1049h")
    assert not SettingsStore(Profile().settings_folder).path(script).exists()


def test_the_form_shows_the_bundled_routine() -> None:
    routine = load_routine(find_routine("si-joint-relief"))
    shown = Form(routine, Settings(), lambda settings: estimate(prepared(routine, settings)))
    titles = [title for title, field, _ in shown.lines() if field is None]
    assert titles == [*(e.name for e in routine.exercises()), "The whole session"]
