"""What the tests of import and export share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from coach.exchange import Content, Imported, imported, load_format, recognise, routines_in
from coach.exchange.content import Notes, parsed_json
from coach.exchange.program import Group, Step
from coach.routine import Routine, routine_from
from coach.script import parse_script

SAMPLES = Path(__file__).parent / "samples"


def content_of(text: str, title: str = "Title") -> Content:
    """Return the content that a file with this text has."""
    if text.lstrip()[:1] in ("{", "["):
        return Content("file", title, text, parsed_json(text, "file"), is_json=True)
    return Content("file", title, text)


def as_json(data: Any) -> Content:
    return content_of(json.dumps(data))


def import_all(content: Content, name: str = "") -> list[Imported]:
    """Return all routines of a file as scripts."""
    program = load_format(name or recognise(content))
    return [imported(found, "", None) for found in routines_in(content, program, Notes())]


def routine_in(script: str) -> Routine:
    """Return the routine of a script's text; its id is always the same."""
    return routine_from(parse_script(script, "script"), Path("routine.yaml"))


def seconds_in(steps: Sequence[Step]) -> Fraction:
    """Return how long a program takes, all its loops done."""
    return sum(_lengths(steps), Fraction(0))


def _lengths(steps: Sequence[Step]) -> Iterator[Fraction]:
    for step in steps:
        if isinstance(step, Group):
            yield step.times * seconds_in(step.steps)
        else:
            yield step.seconds
