"""A script from questions and answers; who asks, and how, is the caller's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, get_args

from msgspec import Struct

from coach.errors import ScriptError
from coach.routine import routine_from
from coach.script import parse_script
from coach.script_writer import write_script
from coach.units import Level

Script: TypeAlias = dict[str, Any]


class Question(Struct, frozen=True):
    """Something to ask."""

    text: str
    example: str = ""
    """What an answer looks like."""
    default: str = ""
    """What is there to be changed or taken."""
    problem: Callable[[str], str] = lambda _: ""
    """Returns what is wrong with an answer; empty if it is right."""


SAFETY = "Stop if anything hurts."
"""What is said at least."""
Ask: TypeAlias = Callable[[Question], str]
"""Puts a question until its answer has no problem, and returns that."""


def interview(ask: Ask) -> Script:
    """Return the script that follows from the answers, as plain data."""
    return _Interview(ask).script()


class _Interview:
    """Asks for one key after the other; each answer is checked as loading the script would."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._script: Script = {"coach": 1, "title": "Title", "language": "en"}
        self._exercises: list[Script] = []

    def script(self) -> Script:
        """Return the script, after all has been asked."""
        script = self._script
        script["title"] = self._routine("title", "What is the routine called?", "Knee strength")
        levels = ", ".join(get_args(Level))
        for key, text, example in (
            (
                "description",
                "What is it for, in one sentence?",
                "After an operation.",
            ),
            ("source", "Who prescribed it?", "my physiotherapist"),
            ("level", "How much does it ask of the body?", levels),
            ("equipment", "What is needed?", "a mat, a chair"),
        ):
            if answer := self._routine(key, text, example, is_needed=False):
                script[key] = _value(key, answer)
        text = "What is said before it begins?"
        script["safety"] = _value("safety", self._routine("safety", text, default=SAFETY))
        while exercise := self._exercise():
            self._exercises.append(exercise)
        return {**script, "exercises": self._exercises}

    def _exercise(self) -> Script | None:
        """Return the next exercise, or None if there is no other."""
        exercise: Script = {}

        def asked(
            key: str, text: str, example: str, *, needed: bool = False, default: str = ""
        ) -> bool:
            check = self._check(key, exercise, is_needed=needed)
            if answer := self._ask(Question(text, example, default, check)).strip():
                exercise[key] = _value(key, answer)
            return bool(answer)

        number = len(self._exercises) + 1
        is_first = number == 1
        text = f"Exercise {number}: what is it called?{'' if is_first else ' Enter ends.'}"
        if not asked("name", text, "Bridge", needed=is_first):
            return None
        if asked("setup", "How is the position taken?", "Lie on your back. Bend your knees."):
            asked("settle", "How long does that take?", "8s, ready", needed=True, default="8s")
        asked("sides", "On which sides, if on each?", "left, right")
        is_timed = asked("hold", "How long is it held, if it is?", "5s, 20-40s") or asked(
            "work", "How long is it done, if by time?", "30s, 20-30s"
        )
        asked("reps", "How many repetitions?", "10, 5-10", needed=not is_timed)
        asked("sets", "How many sets?", "3, 2-3")
        if is_timed:
            asked("cue", "What is said each time?", "Lift your hips")
        return exercise

    def _routine(
        self, key: str, text: str, example: str = "", *, is_needed: bool = True, default: str = ""
    ) -> str:
        check = self._check(key, None, is_needed=is_needed)
        return self._ask(Question(text, example, default, check)).strip()

    def _check(self, key: str, exercise: Script | None, *, is_needed: bool) -> Callable[[str], str]:
        """Return the function that says what is wrong with an answer."""

        def problem(answer: str) -> str:
            if not answer.strip():
                return "An answer is needed here." if is_needed else ""
            own = {key: _value(key, answer.strip())}
            last = {"name": "Name", **(exercise or {}), **(own if exercise is not None else {})}
            if not last.keys() & {"hold", "work"}:
                last["hold"] = "5s"
            script = {**self._script, **(own if exercise is None else {})}
            text = write_script({**script, "exercises": [*self._exercises, last]})
            try:
                routine_from(parse_script(text, "answers"), Path("answers.yaml"))
            except ScriptError as error:
                message = error.problems[0].message
                end = "" if message.endswith("?") else "."
                return f"{message[:1].upper()}{message[1:]}{end}"
            return ""

        return problem


def _value(key: str, answer: str) -> Any:
    """Return what an answer means: a list of things, sentences, or the text as it is."""
    if key in ("equipment", "sides"):
        return _listed(answer)
    return _sentences(answer) if key in ("setup", "safety") else answer


def _listed(answer: str) -> list[str]:
    return [part.strip() for part in answer.split(",") if part.strip()]


def _sentences(answer: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", answer.strip())
