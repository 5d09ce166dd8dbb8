"""How the user wants words to be said, over what the script says."""

from __future__ import annotations

from pathlib import Path

import pytest

from coach.errors import ScriptError
from coach.profile import Profile
from coach.speech.pronounce import load_pronunciations, pronunciation
from tests.conftest import routine_of

SCRIPT = "title: T\npronounce: {SI: S I, XY: ex why}\nexercises: [{name: SI and XY, hold: 5s}]\n"


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert load_pronunciations(tmp_path / "none.yaml") == {}
    (tmp_path / "empty.yaml").write_text("\n")
    assert load_pronunciations(tmp_path / "empty.yaml") == {}


def test_the_user_wins_in_the_languages_that_are_named(tmp_path: Path) -> None:
    path = tmp_path / "pronounce.yaml"
    path.write_text("SI: sigh\nXY: {de: ix ypsilon}\nno: nope\n", "utf-8")
    own = load_pronunciations(path)
    routine = routine_of(SCRIPT)
    assert pronunciation(routine, own, "en") == {"SI": "sigh", "XY": "ex why", "no": "nope"}
    assert pronunciation(routine, own, "de-AT")["XY"] == "ix ypsilon"


def test_what_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "pronounce.yaml"
    path.write_text("SI:\nXY: [a]\nA: b\nA: c\n", "utf-8")
    with pytest.raises(ScriptError) as raised:
        load_pronunciations(path)
    told = [(problem.where.line, problem.message) for problem in raised.value.problems]
    assert [line for line, _ in told] == [1, 2, 4]
    assert "expected how to say the word" in told[0][1]


def test_it_is_beside_the_saved_settings() -> None:
    profile = Profile("anna")
    assert profile.pronounce_path.parent == profile.settings_folder.parent
    assert profile.pronounce_path != Profile().pronounce_path
