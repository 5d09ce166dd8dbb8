"""`coach fmt`: keys in the usual order, and everything else as it was."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coach.cli import run
from coach.errors import CoachError, ScriptError
from coach.formatting import in_usual_order
from coach.script_writer import (
    CIRCUIT_ORDER,
    EXERCISE_ORDER,
    PHASE_ORDER,
    ROUTINE_ORDER,
    write_script,
)
from tests.conftest import bundled, routine_of
from tests.strategies import scripts

PATH = Path("test.yaml")
MESSY = """\
# My routine
---
exercises:
  # The first one
  - hold: 5s  # as prescribed
    reps: "5-10"
    # what to say
    name: 'Plank'

  # A circuit
  - exercises:
      - &base
        work: 30s
        # why
        # that
        name: Jumping jacks
      - <<: *base
        name: Squats
    rounds: 3  # rounds
  - phases:
      - {hold: 5s, cue: "Up, and stay", move: 2s}
      - move: 2s
        cue: >-
          Down again,
          # slowly

          and rest
      # last
      - cue: Rest
    name: Lift

title: Test   # not "exam"
# at the very end of the keys
safety:
  - Stop if it hurts.
  # in the list
# below all
"""
TIDY = """\
# My routine
---
title: Test   # not "exam"

# at the very end of the keys
safety:
  - Stop if it hurts.
  # in the list
exercises:
  # The first one
  # what to say
  - name: 'Plank'
    reps: "5-10"
    hold: 5s  # as prescribed

  # A circuit
  - rounds: 3  # rounds
    exercises:
      - &base
        # why
        # that
        name: Jumping jacks
        work: 30s
      - <<: *base
        name: Squats
  - name: Lift
    phases:
      - {cue: "Up, and stay", move: 2s, hold: 5s}
      - cue: >-
          Down again,
          # slowly

          and rest
        move: 2s
      # last
      - cue: Rest
# below all
"""


def tidy(text: str) -> str:
    return in_usual_order(text, PATH)


def test_comments_anchors_and_quotation_marks_stay() -> None:
    found = tidy(MESSY)
    assert found == TIDY
    assert tidy(found) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{exercises: [{hold: 5, name: A}], title: T}\n", "{title: T, exercises: [{name: A, hold: 5}]}\n"),
        ("{exercises: [\n  {hold: 5,\n   name: A}  # x\n], title: T}", "{title: T, exercises: [\n  {name: A,\n   hold: 5}  # x\n]}"),
        ("exercises:\n- hold: 5\n  name: A\ntitle: T", "title: T\nexercises:\n- name: A\n  hold: 5"),
        ("exercises: # all\n  - hold: 5\n    name: A\ntitle: T", "title: T\nexercises: # all\n  - name: A\n    hold: 5"),
        ("exercises:\r\n  - hold: 5\r\n    name: A\r\ntitle: T\r\n", "title: T\r\nexercises:\r\n  - name: A\r\n    hold: 5\r\n"),
        ("exercises: &e\n  -\n    hold: 5\n    name: Ü\ntitle: T\n", "title: T\nexercises: &e\n  -\n    name: Ü\n    hold: 5\n"),
        ("exercises:\n  - hold: 5\n    setup: |\n      Up\n        # no comment\n\n    name: A\ntitle: T\n",
         "title: T\nexercises:\n  - name: A\n    setup: |\n      Up\n        # no comment\n\n    hold: 5\n"),
    ],
)  # fmt: skip
def test_layouts(text: str, expected: str) -> None:
    assert tidy(text) == expected
    assert tidy(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "title: T\nexercises:\n  - {hold: &a 5s, move: *a, name: A}\n",
        "title: T\nexercises:\n  - hold: &a 5s\n    move: 2s\n    rest: *a\n    reps: 3\n    name: &n A\n    cue: *n\n",
    ],
)
def test_an_alias_never_goes_before_its_anchor(text: str) -> None:
    found = tidy(text)
    assert routine_of(found).items == routine_of(text).items
    assert tidy(found) == found


def test_anchors_that_would_change_places_keep_their_mapping_as_it_is() -> None:
    text = "title: T\nexercises:\n  - {hold: &a 5s, move: *a, name: A}\n"
    assert tidy(text) == text


def test_keys_as_nobody_writes_them_stay() -> None:
    text = "title: T\nexercises:\n  - ? hold\n    : 5s\n    ? name\n    : A\n"
    assert tidy(text) == text


def test_a_script_with_problems_is_refused() -> None:
    with pytest.raises(ScriptError):
        tidy("titel: T\n")


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_the_bundled_routines_are_in_order(path: Path) -> None:
    text = path.read_text("utf-8")
    assert in_usual_order(text, path) == text


def shuffled(value: Any, at_random: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        at_random.shuffle(keys)
        return {key: shuffled(value[key], at_random) for key in keys}
    return [shuffled(item, at_random) for item in value] if isinstance(value, list) else value


def with_comments(text: str, at_random: random.Random) -> str:
    """Return a text with a comment, its indentation kept, above some of its lines."""
    lines = []
    for number, line in enumerate(text.splitlines()):
        if at_random.random() < 0.3 and line.lstrip():
            lines.append(f"{line[: len(line) - len(line.lstrip())]}# {number}")
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def check_order(value: Any, order: tuple[str, ...] = ROUTINE_ORDER) -> None:
    """Check that the keys of a script, as read, are in the usual order."""
    ranks = [order.index(key) for key in value]
    assert ranks == sorted(ranks)
    for item in value.get("exercises", ()):
        check_order(item, CIRCUIT_ORDER if "exercises" in item else EXERCISE_ORDER)
    for part in value.get("phases", ()):
        check_order(part, PHASE_ORDER)


@given(scripts(), st.randoms(use_true_random=False), st.sampled_from([None, False, True]))
def test_generated_scripts(script: Any, at_random: random.Random, flow: bool | None) -> None:
    text = yaml.safe_dump(
        shuffled(script, at_random), sort_keys=False, default_flow_style=flow, width=10_000
    )
    if flow is False:
        text = with_comments(text, at_random)
    found = tidy(text)
    check_order(yaml.safe_load(found))
    assert routine_of(found).items == routine_of(text).items
    assert tidy(found) == found
    assert sorted(found.split()) == sorted(text.split()) or flow is not False


@given(scripts())
def test_what_coach_writes_is_in_order(script: Any) -> None:
    text = write_script(script)
    assert tidy(text) == text


# -- the command -----------------------------------------------------------------------------


def test_files_are_rewritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(MESSY)
    assert run(["fmt", "--check", str(path)]) == 1
    assert run(["fmt", "--diff", str(path)]) == 0
    assert "\n+  - name: 'Plank'\n" in capsys.readouterr().out
    assert run(["fmt", "--check", "--diff", str(path)]) == 1
    assert path.read_text() == MESSY
    assert run(["fmt", str(tmp_path)]) == 0
    assert path.read_text() == tidy(MESSY)
    assert run(["fmt", "--check", str(path)]) == 0
    assert list(tmp_path.iterdir()) == [path]


def test_what_has_problems_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = tmp_path / "a.yaml", tmp_path / "b.yaml"
    bad.write_text("exercises: []\ntitle: T\n")
    good.write_text("exercises: [{hold: 5, name: A}]\ntitle: T\n")
    assert run(["fmt", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert f"{bad}: left alone, since it has problems" in captured.out
    assert "expected a list of at least 1" in captured.err
    assert bad.read_text() == "exercises: []\ntitle: T\n"
    assert good.read_text() == "title: T\nexercises: [{name: A, hold: 5}]\n"


def test_what_ships_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "box-breathing"]) == 1
    assert "`coach edit box-breathing`" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["title: [", "title: Other", "# A comment\ntitle: T"])
def test_what_would_come_out_wrong_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = "\nexercises: [{name: A, hold: 5s}]\n"
    monkeypatch.setattr("coach.formatting._Mover.moved", lambda *_: wrong + rest)
    with pytest.raises(CoachError, match=r"test\.yaml cannot be put into order without changing"):
        in_usual_order(f"title: T{rest}", PATH)


def test_an_anchor_stays_above_its_alias() -> None:
    text = "title: T\nexercises:\n  - rest: &t 5s\n    name: A\n    hold: *t\n"
    assert in_usual_order(text, PATH) == text


def test_within_braces_a_comment_keeps_the_order_and_aliases_stay() -> None:
    kept = "title: T\nexercises:\n  - {hold: 5s, # why\n     name: A}\n"
    assert in_usual_order(kept, PATH) == kept
    text = "title: T\nexercises:\n  - name: A\n    phases: [&p {hold: 5s, cue: Up}, *p]\n"
    assert "[&p {cue: Up, hold: 5s}, *p]" in in_usual_order(text, PATH)
