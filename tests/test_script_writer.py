"""Scripts that are written: read again they are the same, and they look as if by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach import format as keys
from coach.script import Items, Mapping, Node, Scalar, parse_script
from coach.script_writer import (
    CIRCUIT_ORDER,
    EXERCISE_ORDER,
    PHASE_ORDER,
    ROUTINE_ORDER,
    WIDTH,
    write_script,
)

texts = st.text(
    st.one_of(
        st.sampled_from(list(" :#-,[]{}'\"&*!|>%@`?=~\\\n\t/.0123456789eEyn<")),
        st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"),
    ),
    max_size=150,
)
phases = st.fixed_dictionaries({"cue": texts}, optional={"guide": texts, "hold": st.integers(1, 9)})
exercises = st.fixed_dictionaries(
    {"name": texts},
    optional={
        "setup": st.lists(texts, min_size=1, max_size=3),
        "sides": st.lists(texts, min_size=1, max_size=3),
        "reps": st.sampled_from(["5-10", "5"]),
        "phases": st.lists(phases, min_size=1, max_size=3),
    },
)
scripts = st.fixed_dictionaries(
    {"title": texts, "exercises": st.lists(exercises, min_size=1, max_size=3)},
    optional={"safety": st.lists(texts, min_size=1, max_size=2), "description": texts},
)


def places(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [place]
    if isinstance(value, dict):
        for key, below in value.items():
            found += places(below, (*place, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            found += places(below, (*place, index))
    return found


def plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def as_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_texts(below) for key, below in value.items()}
    return [as_texts(below) for below in value] if isinstance(value, list) else str(value)


@given(scripts, st.data())
def test_what_is_written_is_read_again(script: dict[str, Any], data: st.DataObject) -> None:
    about = data.draw(st.dictionaries(st.sampled_from(places(script)), texts, max_size=4))
    written = write_script(script, about)
    assert plain(parse_script(written, "x.yaml").root) == as_texts(script)


@pytest.mark.parametrize(
    ("order", "model"),
    [
        (ROUTINE_ORDER, keys.RoutineKeys),
        (CIRCUIT_ORDER, keys.CircuitKeys),
        (EXERCISE_ORDER, keys.ExerciseKeys),
        (PHASE_ORDER, keys.PhaseKeys),
    ],
)
def test_every_key_has_its_place(order: tuple[str, ...], model: Any) -> None:
    assert set(model.model_fields) <= set(order)


def test_it_looks_as_if_by_hand() -> None:
    script = {
        "exercises": [
            {
                "hold": "5s",
                "reps": "5-10",
                "name": "Bridge: with a ball",
                "setup": ["Lie down.", "Bend your knees."],
                "phases": [{"hold": "5s", "cue": "Up", "move": "2s"}, {"cue": "Down, slowly"}],
            },
            {"name": "Plank", "sides": ["left", "right"], "hold": {"from": 5, "to": 10}},
        ],
        "safety": ["word " * 30 + "end"],
        "title": "10",
        "coach": 1,
    }
    written = write_script(
        script,
        {
            (): "Drafted.\nRead it.",
            ("exercises", 0, "reps"): '"repeat 5-10 times"',
            ("exercises", 0, "phases", 0, "hold"): "check: a guess",
            ("exercises", 1, "hold"): "long " * 30,
            ("exercises", 1): "about the plank",
        },
    )
    assert (
        written
        == """\
# Drafted.
# Read it.
coach: 1
title: "10"
safety:
  - >-
    word word word word word word word word word word word word word word word word word word word
    word word word word word word word word word word word end
exercises:
  - name: "Bridge: with a ball"
    setup:
      - Lie down.
      - Bend your knees.
    reps: 5-10  # "repeat 5-10 times"
    hold: 5s
    phases:
      - cue: Up
        move: 2s
        hold: 5s  # check: a guess
      - {cue: "Down, slowly"}

  # about the plank
  - name: Plank
    sides: [left, right]
    # long long long long long long long long long long long long long long long long long long long
    # long long long long long long long long long long long
    hold: {from: 5, to: 10}
"""
    )
    assert max(map(len, written.splitlines())) <= WIDTH


def test_values_of_every_kind_are_written_and_read_again() -> None:
    long = "A sentence that is longer than a line has room for, with a colon: so. " * 2 + "End."
    word = "x" * (WIDTH + 9)
    script = {
        "title": {"en": long, "de": long},
        "warm": True,
        "cold": False,
        "half": Fraction(1, 2),
        "whole": Fraction(3),
        "number": 7,
        "safety": [word, [long, [word]]],
    }
    written = write_script(script)
    assert plain(parse_script(written, "x").root) == {
        "title": {"en": long, "de": long},
        "warm": "true",
        "cold": "false",
        "half": "0.5",
        "whole": "3",
        "number": "7",
        "safety": [word, [long, [word]]],
    }
