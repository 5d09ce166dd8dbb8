"""`coach new`: a script to fill in, or one from questions and answers."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import url2pathname

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from coach.advice import advise
from coach.cli import run
from coach.cli.new import _ask
from coach.files.shipped import SCHEMA
from coach.interview import Question, interview
from coach.library import own_folder
from coach.routine import load_routine, routine_from
from coach.script import parse_script, read_script
from coach.script_writer import write_script
from tests.waiting import LIMIT_S


def test_a_starter_is_good_and_commented(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert run(["new", "--blank", str(path)]) == 0
    document = read_script(path)
    routine = routine_from(document, path)
    assert routine.warnings == ()
    assert advise(document, routine) == ()
    assert path.read_text("utf-8").count("#") > 15
    assert run(["fmt", "--check", str(path)]) == 0


def test_its_first_line_leads_editors_to_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert run(["new", str(path)]) == 0  # not on a terminal, so nothing is asked
    line = path.read_text("utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=file://(\S+)", line)
    assert match is not None
    schema = Path(url2pathname(match[1]))
    assert schema == SCHEMA
    assert json.loads(schema.read_text("utf-8"))["title"] == "Audio coach routine"


def test_what_is_commented_out_is_good_too(tmp_path: Path) -> None:
    text = SCHEMA.with_name("starter.yaml").read_text("utf-8")
    with_circuit = re.sub(r"(?m)^  # (?=- rounds|  )", "  ", text)
    assert with_circuit.count("rounds: 2-3") == 1
    routine = routine_from(parse_script(with_circuit, "x"), Path("x.yaml"))
    assert len(list(routine.circuits())) == 1


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine")
    assert run(["new", str(path)]) == 1
    assert f"{path} is there already" in capsys.readouterr().err
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.txt", "ends with .yaml"),
        ("a b", "letters, digits and hyphens"),
        ("box-breathing", "there is a routine `box-breathing` already"),
        ("nowhere/mine.yaml", "there is no folder nowhere"),
    ],
)
def test_names_that_cannot_be(
    name: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["new", name]) == 1
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_alone_is_a_routine_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "mine"]) == 0
    assert (own_folder() / "mine.yaml").is_file()
    assert "`coach play mine`" in capsys.readouterr().out
    assert run(["show", "mine", "--no-saved"]) == 0
    assert run(["new", "mine"]) == 1


# -- questions and answers -------------------------------------------------------------------


def interviewed(*answers: str) -> tuple[Any, list[str]]:
    """Return the script that follows from answers, and what was said about those that are wrong."""
    left = list(answers)
    complaints: list[str] = []

    def ask(question: Question) -> str:
        while True:
            answer = left.pop(0)
            answer = question.default if answer == "DEFAULT" else answer
            problem = question.problem(answer)
            if not problem:
                return answer
            complaints.append(problem)

    script = interview(ask)
    assert left == []
    return script, complaints


def test_questions_and_answers() -> None:
    script, complaints = interviewed(
        *("Knees", "For my knees.", "", "easy", "a mat, a ball", "DEFAULT"),
        *(
            "Bridge",
            "Lie on your back. Bend your knees.",
            "DEFAULT",
            "",
            "5-10s",
            "10",
            "2-3",
            "Up",
        ),
        *("Push-ups", "", "left, right", "", "", "8-12", ""),
        *("Jumps", "Stand.", "ready", "", "", "30s", "", "", ""),
        "",
    )
    assert complaints == []
    assert script == {
        "coach": 1,
        "title": "Knees",
        "language": "en",
        "description": "For my knees.",
        "level": "easy",
        "equipment": ["a mat", "a ball"],
        "safety": ["Stop if anything hurts."],
        "exercises": [
            {
                "name": "Bridge",
                "setup": ["Lie on your back.", "Bend your knees."],
                "settle": "8s",
                "hold": "5-10s",
                "reps": "10",
                "sets": "2-3",
                "cue": "Up",
            },
            {"name": "Push-ups", "sides": ["left", "right"], "reps": "8-12"},
            {"name": "Jumps", "setup": ["Stand."], "settle": "ready", "work": "30s"},
        ],
    }
    text = write_script(script)
    routine = routine_from(parse_script(text, "x"), Path("x.yaml"))
    assert routine.warnings == ()


def test_wrong_answers_are_told_and_asked_again() -> None:
    script, complaints = interviewed(
        *("", "{rest}", "T", "", "", "heavy", "hard", "", "Stop."),
        *("", "A", "", "left", "left, right", "20x", "", "", "", "0", "3", ""),
        *("A", "B", "", "", "5", "10-5", "", "", ""),
        "",
    )
    assert complaints == [
        "An answer is needed here.",
        "Unknown field {rest}: this text takes no fields.",
        'Expected one of easy, medium, hard; found "heavy"; did you mean `easy`?',
        "An answer is needed here.",
        "Expected a list of at least 2, found 1.",
        'Expected a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s, found "20x".',
        "An answer is needed here.",
        'Expected at least 1, found "0".',
        "Expected different ids, found `a` again (first on line 7): give this exercise an `id` of "
        "its own.",
        "Expected the lower end first, found 10 before 5.",
    ]
    assert [exercise["name"] for exercise in script["exercises"]] == ["A", "B"]


def test_an_answer_is_taken_only_when_it_is_right() -> None:
    question = Question("Hold?", "5s", problem=lambda text: "" if text == "5s" else "No.")
    with create_pipe_input() as typed, create_app_session(input=typed, output=DummyOutput()):
        typed.send_text("5\r" + "s\r")
        assert _ask(question) == "5s"


@pytest.mark.skipif(os.name == "nt", reason="no terminal to be had")
def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    script = tmp_path / "mine.yaml"
    ours, theirs = pty.openpty()
    answers = {
        "the routine called": "Knees",
        "What is it for": "",
        "Who prescribed": "",
        "ask of the body": "",
        "needed": "",
        "before it begins": "",
        "Exercise 1": "Bridge",
        "position taken": "",
        "which sides": "",
        "is it held": "5s",
        "repetitions": "",
        "How many sets": "",
        "said each time": "",
        "Exercise 2": "",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "coach", "new", str(script)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
    ) as process:
        os.close(theirs)
        try:
            for question, answer in answers.items():
                shown = b""
                while question.encode() not in shown:
                    shown += os.read(ours, 4096)
                os.write(ours, answer.encode() + b"\r")
            while True:
                try:
                    if not os.read(ours, 4096):
                        break
                except OSError:
                    break
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
            os.close(ours)
    routine = load_routine(script)
    assert routine.title == "Knees"
    assert [exercise.name for exercise in routine.exercises()] == ["Bridge"]
