"""`coach draft` as it is called."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from coach.cli import run
from coach.routine import load_routine
from tests.draft.handouts import CORPUS, HANDOUTS, data_of

LEAFLET = CORPUS / "01-hospital-low-back.txt"


def test_a_script_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "back.yaml"
    assert run(["draft", str(LEAFLET), "-o", str(path)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    guesses = path.read_text("utf-8").count("# check:")
    assert said.err == (
        f"4 exercises found; {guesses} places to check in {path} (marked `# check:`).\n"
    )
    routine = load_routine(path)
    assert next(item.name for item in routine.exercises()) == "Pelvic tilt"
    assert run(["check", str(path)]) == 0


def test_without_a_file_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["draft", str(LEAFLET), "--title", "My: back", "--language", "en-GB"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# Drafted from 01-hospital-low-back.txt.")
    assert 'title: "My: back"\nlanguage: en-GB\n' in printed


def test_standard_input_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LEAFLET.read_bytes())))
    assert run(["draft", "-"]) == 0
    assert "Drafted from standard input." in capsys.readouterr().out


def test_a_file_is_replaced_only_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "back.yaml"
    path.write_text("mine")
    assert run(["draft", str(LEAFLET), "-o", str(path)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert run(["draft", str(LEAFLET), "-o", str(path), "--force"]) == 0
    assert path.read_text() != "mine"


def test_without_exercises_there_is_no_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = tmp_path / "story.txt"
    story.write_text("Once upon a time there were two dogs.\n\nThey lived for 12 years.\n")
    assert run(["draft", str(story), "-o", str(tmp_path / "x.yaml")]) == 1
    assert "nothing in story.txt looks like an exercise" in capsys.readouterr().err
    assert not (tmp_path / "x.yaml").exists()


def test_a_language_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["draft", str(LEAFLET), "--language", "gibberish!"]) in (1, 2)
    assert "language" in capsys.readouterr().err


@pytest.mark.parametrize("path", HANDOUTS[4::15], ids=lambda path: path.name)
def test_a_draft_passes_the_check(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handout, script = tmp_path / "handout", tmp_path / "script.yaml"
    handout.write_bytes(data_of(path))
    assert run(["draft", str(handout), "-o", str(script)]) == 0
    capsys.readouterr()
    assert run(["check", str(script)]) == 0
    assert capsys.readouterr().out.startswith(f"{script}: good")
