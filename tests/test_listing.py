"""`coach list`: which routines there are, and which of them fit what somebody wants."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coach.cli import run
from tests.conftest import bundled, routine_of

TAIL = "exercises: [{name: A, hold: 5}]\n"


def names(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the names of the routines that `coach list` lists."""
    assert run(["list", "--json", *arguments]) == 0
    rows: Any = json.loads(capsys.readouterr().out)
    return [row["name"] for row in rows]


def test_level_and_tags_of_a_script() -> None:
    routine = routine_of(f"title: T\nlevel: hard\ntags: [low back, core-2]\n{TAIL}")
    assert routine.level == "hard"
    assert routine.tags == ("low back", "core-2")
    assert routine_of(f"title: T\ntags: neck\n{TAIL}").tags == ("neck",)
    plain = routine_of(f"title: T\n{TAIL}")
    assert (plain.level, plain.tags) == (None, ())


def test_every_row_tells_level_tags_and_equipment(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--json"]) == 0
    rows: Any = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == [path.stem for path in bundled()]
    assert all(row["level"] and row["tags"] for row in rows)
    assert any(row["equipment"] for row in rows)


def test_a_tag_is_found_however_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    found = names(capsys, "--tag", "low back")
    assert "si-joint-relief" in found
    assert found == names(capsys, "--tag", "Low-Back")
    assert "box-breathing" not in found
    assert "si-joint-relief" in names(capsys, "--tag", "low back", "--tag", "pregnancy")
    assert names(capsys, "--tag", "breathing", "--tag", "pregnancy") == []


def test_a_tag_that_no_routine_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--tag", "pregnency"]) == 1
    assert (
        "no routine has the tag `pregnency`; did you mean `pregnancy`?" in capsys.readouterr().err
    )


def test_equipment_is_found_by_a_word_in_any_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"si-joint-relief", "evening-stretches"} <= set(names(capsys, "--equipment", "mat"))
    assert "si-joint-relief" in names(capsys, "--equipment", "Ball", "--equipment", "esterilla")
    assert names(capsys, "--equipment", "ma") == []


def test_what_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = names(capsys, "--equipment", "none")
    assert {"box-breathing", "living-room-circuit"} <= set(found)
    assert "si-joint-relief" not in found


def test_levels(capsys: pytest.CaptureFixture[str]) -> None:
    easy = names(capsys, "--level", "easy")
    medium = names(capsys, "--level", "medium")
    assert "living-room-circuit" in medium
    assert not set(easy) & set(medium)
    assert set(names(capsys, "--level", "easy", "--level", "medium")) == {*easy, *medium}


def test_lengths(capsys: pytest.CaptureFixture[str]) -> None:
    everything = set(names(capsys))
    short = set(names(capsys, "--shorter-than", "8m"))
    long = set(names(capsys, "--longer-than", "8 min"))
    assert short
    assert long
    assert short | long == everything
    assert not short & long
    assert set(names(capsys, "--longer-than", "8m", "--shorter-than", "0:08:00")) == set()


@pytest.mark.parametrize(
    ("length", "message"),
    [("10", "with its unit, such as 10m"), ("soon", "expected a duration"), ("-5m", "expected a")],
)
def test_lengths_that_are_none(
    capsys: pytest.CaptureFixture[str], length: str, message: str
) -> None:
    assert run(["list", "--shorter-than", length]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_nothing_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--shorter-than", "1s"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "No routine is like that" in captured.err


def test_show_tells_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "si-joint-relief"]) == 0
    text = capsys.readouterr().out
    for part in (
        "Source: ",
        "Level: easy",
        "Tags: physiotherapy",
        "You need: ",
        "- Do this session",
    ):
        assert part in text
    assert run(["show", "si-joint-relief", "--json"]) == 0
    shown: Any = json.loads(capsys.readouterr().out)
    assert shown["level"] == "easy"
    assert "pregnancy" in shown["tags"]
