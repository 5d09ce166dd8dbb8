"""Routines by name: those that ship, and the user's own, which go before them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coach.cli import run
from coach.errors import CoachError
from coach.library import find_routine, known_as, own_folder, own_routines, routines
from tests.conftest import bundled

SCRIPT = "title: Mine\nlanguage: en\ntags: [home]\nexercises: [{name: A, hold: 5, reps: 20}]\n"


@pytest.fixture
def own() -> Path:
    """Return the user's folder with a routine of their own and one that ships."""
    folder = own_folder()
    folder.mkdir(parents=True)
    for name in ("mine.yaml", "box-breathing.yml"):
        (folder / name).write_text(SCRIPT)
    for name in ("notes.txt", ".hidden.yaml"):
        (folder / name).write_text("no: script")
    (folder / "folder.yaml").mkdir()
    return folder


def test_without_any_own_those_that_ship_are_there() -> None:
    assert own_routines() == {}
    assert routines() == {path.stem: path for path in bundled()}


def test_own_ones_go_first(own: Path) -> None:
    assert set(own_routines()) == {"mine", "box-breathing"}
    assert find_routine("mine") == own / "mine.yaml"
    assert find_routine("box-breathing") == own / "box-breathing.yml"
    (own / "box-breathing.yaml").write_text(SCRIPT)
    assert find_routine("box-breathing") == own / "box-breathing.yaml"
    assert list(routines()) == sorted({*(path.stem for path in bundled()), "mine"})


def test_a_path_is_a_path(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_routine("mine.yaml") == Path("mine.yaml")
    assert find_routine("./mine") == Path("mine")
    (tmp_path / "script").write_text(SCRIPT)
    assert find_routine("script") == Path("script")
    with pytest.raises(CoachError, match="there is no routine `mien`; did you mean `mine`"):
        find_routine("mien")
    with pytest.raises(CoachError, match=r"there is no routine `m{59}…`$"):
        find_routine(300 * "m")


def test_a_routine_is_known_by_its_name_however_it_is_given(own: Path, tmp_path: Path) -> None:
    assert known_as("mine") == "mine"
    assert known_as(str(own / "mine.yaml")) == "mine"
    other = tmp_path / "mine.yaml"
    other.write_text(SCRIPT)
    assert known_as(str(other)) == other
    assert known_as("nowhere.yaml") == Path("nowhere.yaml")


def test_the_list_marks_own_ones(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--json"]) == 0
    rows: Any = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in rows if row["own"]} == {"mine", "box-breathing"}
    assert [row["title"] for row in rows if row["name"] == "box-breathing"] == ["Mine"]
    assert run(["list", "--tag", "home"]) == 0
    text = capsys.readouterr().out
    assert "mine (yours)" in text
    assert "evening-stretches" not in text


def test_an_own_one_with_problems_keeps_nobody_from_the_list(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "mine.yaml").write_text("titel: Mine\n")
    assert run(["list", "--json"]) == 0
    captured = capsys.readouterr()
    assert "mine" not in [row["name"] for row in json.loads(captured.out)]
    assert captured.err == "mine cannot be used as it is: `coach check mine` tells why.\n"
    assert run(["check", "mine"]) == 1


def test_settings_stay_with_the_name(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / "box-breathing.yml").unlink()
    assert run(["adjust", "mine", "reps=7"]) == 0
    capsys.readouterr()
    for name in ("mine", str(own / "mine.yaml")):
        assert run(["show", "--json", name]) == 0
        shown: Any = json.loads(capsys.readouterr().out)
        assert shown["exercises"][0]["reps"]["value"] == 7
