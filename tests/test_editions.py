"""Scripts with texts in several languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from coach.cli import run
from coach.editions import matching
from coach.errors import ScriptError
from coach.format import json_schema
from coach.phrases import languages
from coach.routine import Circuit, Routine, load_routine
from coach.session import prepared
from coach.settings import Override, Settings
from coach.translation import in_language, language_notice
from tests.conftest import bundled, routine_of

SCRIPT = """
title: {en: Test, de: Probe}
description: {en: Short, de: Kurz}
safety: {en: [One., Two.], de: [Nur eins.]}
closing: [{en: Bye., de: Tschüs.}]
equipment: {en: a mat, de: eine Matte}
pronounce: {SI: {en: S I}, XY: ex}
exercises:
  - name: {en: Round trip, de: Rundweg}
    rounds: 2
    exercises:
      - name: {en: Cat-camel, de: Katze}
        setup: [{en: Kneel., de: Knie dich hin.}]
        sides: {en: [left foot, right foot], de: [linker Fuß, rechter Fuß]}
        phases:
          - {cue: {en: Up, de: Hoch}, guide: {en: "Go, {side}.", de: "Los, {side}."}, hold: 3s}
          - {cue: {en: Up, de: Noch mal}, move: 1s}
  - {name: {en: Plank, de: Stütz}, cue: {en: Hold, de: Halten}, hold: 5s, sides: [left, right]}
"""


def ids(routine: Routine) -> list[str]:
    phases = [phase.id for exercise in routine.exercises() for phase in exercise.phases]
    return [item.id for item in routine.owners()] + phases


def in_german(text: str = SCRIPT, settings: Settings | None = None) -> Routine:
    settings = settings or Settings(language="de")
    return prepared(routine_of(text), settings).routine


def test_a_script_without_languages_has_none() -> None:
    routine = routine_of("title: T\nexercises: [{name: A, hold: 5s}]\n")
    assert not routine.translations
    assert in_language(routine, "de") is routine


def test_every_text_is_picked() -> None:
    routine = in_german()
    assert (routine.title, routine.description, routine.language) == ("Probe", "Kurz", "de")
    assert (routine.safety, routine.closing) == (("Nur eins.",), ("Tschüs.",))
    assert routine.equipment == ("eine Matte",)
    circuit, plank = routine.items
    assert isinstance(circuit, Circuit)
    assert (circuit.name, plank.name) == ("Rundweg", "Stütz")
    cat = next(routine.exercises())
    assert (cat.name, cat.setup) == ("Katze", ("Knie dich hin.",))
    assert cat.sides == ("linker Fuß", "rechter Fuß")
    assert [phase.cue for phase in cat.phases] == ["Hoch", "Noch mal"]
    assert cat.phases[0].guide == "Los, {side}."


def test_ids_are_made_of_the_script_s_own_language() -> None:
    english = routine_of(SCRIPT)
    assert ids(english) == ids(in_german())
    assert ids(english) == ["cat-camel", "plank", "round-trip", "up", "up-2", "hold"]


def test_the_own_language_may_be_any() -> None:
    routine = routine_of("language: de\n" + SCRIPT)
    assert routine.title == "Probe"
    assert ids(routine)[0] == "katze"
    assert in_language(routine, "en").title == "Test"


def test_settings_name_what_the_own_language_names() -> None:
    override = Override("sides", ("right foot",), "cat-camel")
    settings = Settings(overrides=(override,), skip=("plank",), language="de-AT")
    cat = next(in_german(settings=settings).exercises())
    assert cat.sides == ("rechter Fuß",)


def test_pronunciation_by_language() -> None:
    assert dict(routine_of(SCRIPT).pronounce) == {"SI": "S I", "XY": "ex"}
    assert dict(in_german().pronounce) == {"XY": "ex"}


def test_what_is_not_translated_stays_and_is_told() -> None:
    routine = routine_of(SCRIPT.replace("{en: Plank, de: Stütz}", "Plank"))
    assert [warning.where.line for warning in routine.warnings] == [18]
    assert "missing in `de`, where it is said in `en`" in routine.warnings[0].message
    assert [item.name for item in in_language(routine, "de").items] == ["Rundweg", "Plank"]
    assert language_notice(routine, "de").startswith("1 text is missing in `de`")
    assert language_notice(routine, "en-GB") == ""
    assert language_notice(routine_of(SCRIPT), "de") == ""
    assert "no texts in `nl`" in language_notice(routine, "nl")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("{en: Cat-camel, de: Katze}", "{de: Katze}", "expected the text in the script's language `en`, found only `de`"),
        ("{en: Up, de: Hoch}", "{en: Up, de: ''}", "expected a text, found an empty one"),
        ("{en: Up, de: Hoch}", "{en: Up, de: [Hoch]}", "expected a text, found a list"),
        ("Los, {side}.", "Los, {seite}.", r"unknown field \{seite\}"),
        ("[linker Fuß, rechter Fuß]", "[a, b, c]", "expected 2 sides, as in the script's own language, found 3"),
        ("{en: Up, de: Hoch}", "{English: Up, German: Hoch}", "expected a text, found a mapping"),
    ],
)  # fmt: skip
def test_problems_have_their_places(before: str, after: str, message: str) -> None:
    assert before in SCRIPT
    text = SCRIPT.replace(before, after)
    with pytest.raises(ScriptError) as raised:
        routine_of(text)
    (problem,) = raised.value.problems

    assert re.search(message, problem.message)
    line = text.splitlines()[problem.where.line - 1]
    assert after in line or before.split(",", maxsplit=1)[0] in line


def test_languages_are_matched_roughly() -> None:
    assert matching("de-AT", ("en", "de")) == "de"
    assert matching("de", ("en", "de-CH")) == "de-CH"
    assert matching("pt_BR", ("pt", "pt-BR")) == "pt-BR"
    assert matching("nl", ("en",)) is None


def test_too_many_languages_of_too_long_a_script_are_refused() -> None:
    tags = ", ".join(f"{a}{b}: x" for a in "abcdefghij" for b in "abcdefghijklmnopqrstuvwxyz")
    texts = "\n".join(f"  - {{name: {{en: A{i}}}, hold: 1s}}" for i in range(4000))
    with pytest.raises(ScriptError) as raised:
        routine_of(f"title: {{en: T, {tags}}}\nexercises:\n{texts}\n")
    assert "expected less text than" in raised.value.problems[0].message


def test_the_schema_knows_languages() -> None:

    from jsonschema import Draft202012Validator  # takes a second

    validator = Draft202012Validator(json_schema())
    script = yaml.safe_load(SCRIPT)
    assert not list(validator.iter_errors(script))
    script["title"] = {"German": "x"}
    assert list(validator.iter_errors(script))


def test_the_bundled_routine_is_complete_in_seven_languages() -> None:

    path = next(path for path in bundled() if path.stem == "si-joint-relief")

    routine = load_routine(path)
    assert set(routine.translations) == set(languages())
    assert not routine.untranslated or not any(routine.untranslated.values())
    assert not routine.warnings
    for language in languages():
        spoken = in_language(routine, language)
        doses = [
            (e.reps, e.settle, [(p.move, p.hold) for p in e.phases]) for e in spoken.exercises()
        ]
        own = [
            (e.reps, e.settle, [(p.move, p.hold) for p in e.phases]) for e in routine.exercises()
        ]
        assert doses == own
        assert len(spoken.safety) == len(routine.safety)


def test_check_and_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "a.yaml"
    script.write_text(SCRIPT.replace("{en: Plank, de: Stütz}", "Plank"), "utf-8")
    assert run(["check", str(script)]) == 0
    captured = capsys.readouterr()
    assert "good, with 1 warning" in captured.out
    assert "missing in `de`" in captured.err
    assert run(["show", str(script), "--language", "de"]) == 0
    captured = capsys.readouterr()
    assert "Katze" in captured.out
    assert "cat-camel" in captured.out
    assert "1 text is missing in `de`" in captured.err


def test_where_words_with_their_sounds_are_expected_a_text_is_refused() -> None:
    with pytest.raises(ScriptError, match="1 problem") as caught:
        routine_of("title: {en: T, de: P}\npronounce: x\nexercises: [{name: A, hold: 5}]\n")
    assert "expected" in caught.value.problems[0].message


def test_a_text_in_other_languages_only_is_told_with_those() -> None:
    text = "language: en\ntitle: {de: Probe, fr: Essai}\nexercises: [{name: A, hold: 5}]\n"
    with pytest.raises(ScriptError) as caught:
        routine_of(text)
    assert [problem.message for problem in caught.value.problems] == [
        "expected the text in the script's language `en`, found only `de`, `fr`"
    ]
