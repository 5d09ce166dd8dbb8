"""Whatever is drafted from is refused in a sentence, or becomes a script that passes the check."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.draft import draft
from coach.draft.reading import handout_from
from coach.errors import CoachError, ScriptError
from coach.routine import routine_from
from coach.script import parse_script
from tests.draft.handouts import HANDOUTS

LINES = sorted(
    {
        line
        for path in HANDOUTS
        if path.suffix in (".txt", ".md")
        for line in path.read_text("utf-8").splitlines()
    }
)
EDGES = [
    *("", "", "", "# Lift", "1. Lift", "- Lift your leg. Repeat 0 times.", "Repeat 99999 times."),
    *(
        "Hold for 0 seconds.",
        "Hold for 9999 minutes, 100-1 times.",
        "{hold} {side} {{",
        "3 x 0 x 5 s",
    ),
    *("Repeat 2.5 times, 1.5 sets.", "10-5 reps each side", "\u0000\u202e", "| a | b |", "|--|--|"),
    *("x " * 700, "Push your leg up " * 70 + "and hold for 5 seconds.", "Lift: 10 - 10 - 10 x 3"),
    *("Two rounds of each exercise, 0 seconds rest between rounds.", "Cat 10 x 5 s, 3 x 10, 5 x 5"),
    *("Squeeze and hold for 5 seconds. Repeat 10 times.", "Stand. Hold 5 s, 6 s, 7 s, 8 s, 9 s."),
]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.sampled_from(EDGES)), max_size=25))
def test_a_draft_is_a_script(lines: list[str]) -> None:
    try:
        handout = handout_from(io.BytesIO("\n".join(lines).encode()), "handout")
        drafted = draft(handout, file="handout")
    except ScriptError as error:
        pytest.fail(str(error.problems))
    except CoachError:
        return
    routine = routine_from(parse_script(drafted.text, "x.yaml"), Path("x.yaml"))
    assert len(list(routine.exercises())) == drafted.exercises
    assert drafted.text.count("# check:") == drafted.guesses


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_every_number_is_the_handouts_or_marked(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        drafted = draft(handout_from(io.BytesIO(text.encode()), "handout"), file="handout").text
    except CoachError:
        return
    about = ""
    for line in drafted.splitlines():
        if re.match(r"\s*# ", line):
            about += line
        elif re.match(r"[\s-]*(?:reps|sets|hold|work|move|rest|rounds|settle): ", line):
            assert "check:" in about + line or '# "' in about + line, line
            about = ""
