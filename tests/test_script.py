"""From text to a routine: what is read, and how what is wrong is told."""

from __future__ import annotations

import difflib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coach.cli.console import problem_lines
from coach.errors import MOST_PROBLEMS, CoachError, ScriptError
from coach.routine import LONGEST_READY_WAIT, Circuit, Exercise, load_routine, wait_for_user
from coach.script import MAX_BYTES, describe, is_beside, parse_script
from coach.translation import in_language
from coach.units import Range
from tests.conftest import bundled, routine_of
from tests.strategies import scripts

HEAD = "coach: 1\ntitle: Test\nexercises:\n"


def problems(text: str) -> list[str]:
    """Return the problems of a script as `line:column message`."""
    with pytest.raises(ScriptError) as caught:
        routine_of(text)
    return [f"{p.where.line}:{p.where.column} {p.message}" for p in caught.value.problems]


def test_what_was_found_is_described() -> None:
    entries = parse_script("a:\nb: ''\nc: [1]\nd: {e: 1}\n", "test.yaml").root.entries.values()
    assert [describe(node) for _, node in entries] == [
        *("nothing", 'the text ""', "a list", "a mapping"),
    ]


def exercise(text: str) -> Exercise:
    """Return the only exercise of a script; `text` are its keys, indented by four."""
    item = routine_of(f"{HEAD}  - name: Plank\n{text}").items[0]
    assert isinstance(item, Exercise)
    return item


def test_short_form_is_one_phase() -> None:
    plank = exercise("    hold: 20-40s\n    sides: [left, right]\n    cue: Up\n    rest: 1:30\n")
    assert plank.id == "plank"
    assert [phase.id for phase in plank.phases] == ["up"]
    assert plank.phases[0].hold == Range(Fraction(20), Fraction(40), Fraction(20))
    assert plank.sides == ("left", "right")
    assert plank.rest == Range.fixed(Fraction(90))


def test_ranges_as_a_mapping_start_where_they_say() -> None:
    plank = exercise("    hold: 5\n    reps: {from: 5, to: 10, start: 6}\n")
    assert plank.reps == Range(5, 10, 6)


def test_what_yaml_would_misread_is_read_as_it_was_meant() -> None:
    plank = exercise("    reps: 010\n    hold: 1:30\n    cue: on\n    id: yes\n")
    assert plank.reps.value == 10
    assert plank.phases[0].hold == Range.fixed(Fraction(90))
    assert plank.phases[0].cue == "on"
    assert plank.id == "yes"


def test_repetitions_without_a_phase_are_self_paced() -> None:
    assert exercise("    reps: 10\n").is_self_paced
    assert not exercise("    hold: 5\n").is_self_paced


def test_defaults_come_from_the_top_and_give_way() -> None:
    routine = routine_of(
        "title: T\nrest: 20s\nsettle: ready\nswitch: 3\nsets: 2\nexercises:\n"
        "  - {name: A, hold: 5}\n  - {name: B, hold: 5, rest: 0, settle: 4s, sets: 1}\n"
    )
    first, second = routine.exercises()
    assert (first.rest.value, first.sets.value, first.settle_ready) == (20, 2, True)
    assert (second.rest.value, second.sets.value, second.settle_ready) == (0, 1, False)
    assert second.settle.value == 4


def test_circuits_nest_once() -> None:
    routine = routine_of(
        "title: T\nexercises:\n  - rounds: 2\n    exercises:\n      - {name: A, work: 5}\n"
        "      - rounds: 3-5\n        exercises: [{name: B, work: 5}]\n"
    )
    outer = routine.items[0]
    assert isinstance(outer, Circuit)
    inner = outer.items[1]
    assert isinstance(inner, Circuit)
    assert inner.rounds == Range(3, 5, 3)
    assert [e.id for e in routine.exercises()] == ["a", "b"]
    deeper = (
        "title: T\nexercises:\n  - rounds: 2\n    exercises:\n      - rounds: 2\n"
        "        exercises:\n          - {rounds: 2, exercises: [{name: A, work: 1}]}\n"
    )
    assert problems(deeper) == [
        "7:13 a circuit may stand in one other circuit, but no deeper",
    ]


def test_anchors_and_merge_keys() -> None:
    routine = routine_of(
        "title: T\nexercises:\n  - &base {name: A, hold: 5s, reps: 4}\n"
        "  - {<<: *base, name: B, reps: 6}\n"
    )
    first, second = routine.exercises()
    assert (first.reps.value, second.reps.value) == (4, 6)
    assert second.phases[0].hold == first.phases[0].hold


def test_phases_with_the_same_cue_have_different_ids() -> None:
    plank = exercise(
        "    phases: [{cue: Hold, hold: 4}, {cue: In, work: 4}, {cue: Hold, hold: 4}]\n"
    )
    assert [phase.id for phase in plank.phases] == ["hold", "in", "hold-2"]


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_bundled_routines_have_no_problem_and_no_warning(path: Path) -> None:
    routine = load_routine(path)
    assert routine.warnings == ()
    assert routine.safety
    assert routine.source
    assert routine.description


def test_si_joint_relief_has_the_prescribed_doses() -> None:
    routine = load_routine(next(p for p in bundled() if p.stem == "si-joint-relief"))
    found = {
        e.id: (e.reps, [(p.hold.low, p.hold.high) for p in e.phases if p.hold])
        for e in routine.exercises()
    }
    five_to_ten = Range(5, 10, 5)
    assert found == {
        "cat-camel": (five_to_ten, [(5, 5), (5, 5)]),
        "hand-heel-rocks": (five_to_ten, [(5, 10), (5, 10)]),
        "bridging": (five_to_ten, []),
        "resisted-hip-abduction": (five_to_ten, [(3, 3)]),
        "hip-adduction-ball-squeeze": (five_to_ten, [(5, 5)]),
    }


# -- what is wrong ---------------------------------------------------------------------------


def test_all_problems_are_told_at_once_with_their_places() -> None:
    assert problems(
        "titel: T\n"
        "rest: 20x\n"
        "exercises:\n"
        "  - name: Cat\n"
        "    hodl: 5s\n"
        "    reps: 10-5\n"
        "  - name: Cat\n"
        "    hold: 1000h\n"
        "  - rounds: 1000000\n"
        '    exercises: [{name: Side, hold: 5, cue: "go {site}"}]\n'
        "  - just text\n"
    ) == [
        "1:1 unknown key `titel` in a routine; did you mean `title`?",
        '2:7 expected a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s, found "20x"',
        "5:5 unknown key `hodl` in an exercise; did you mean `hold`?",
        "6:11 expected the lower end first, found 10 before 5",
        "7:11 expected different ids, found `cat` again (first on line 4): "
        "give this exercise an `id` of its own",
        '8:11 expected at most 24h, found "1000h"',
        '9:13 expected at most 1000, found "1000000"',
        "10:48 unknown field {site}: expected one of {hold}, {work}, {reps}, {sets}, {side}, "
        "{rest}, {name}; did you mean `side`?",
        '11:5 expected a mapping with keys, found the text "just text"',
    ]


def test_a_problem_shows_its_line_and_a_caret() -> None:
    with pytest.raises(ScriptError) as caught:
        routine_of(HEAD + "  - name: A\n    hodl: 5s\n")
    assert problem_lines(caught.value.problems[0]) == (
        "test.yaml:5:5: unknown key `hodl` in an exercise; did you mean `hold`?",
        "        hodl: 5s",
        "        ^",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 expected a routine with `title` and `exercises`, found an empty file"),
        ("# only\n", "1:1 expected a routine with `title` and `exercises`, found an empty file"),
        ("- 1\n", "1:1 expected a routine with `title` and `exercises`, found a list"),
        ("hello", '1:1 expected a routine with `title` and `exercises`, found the text "hello"'),
        ("a:\n\tb: 1\n", "2:1 expected YAML, found a tab: indent with spaces"),
        ("title: a: b\n", "1:9 expected YAML, found a second colon in one line: put a text that "
         "contains a colon in quotation marks"),
        ("title: [a\n", "1:8 expected YAML, found an opening bracket or brace that is not closed"),
        ("title: 'a\n", "1:8 expected YAML, found a quotation mark that is not closed"),
        ("title: T\nfoo\nbar: 1\n", "2:1 expected YAML, found a line without `key:`"),
        ("title: T\n exercises: x\n", "2:11 expected YAML, found a line that does not fit the "
         "indentation of those above it"),
        ("title: {side} first\n", "1:15 expected YAML, found a text that begins with `{`: put the text "
         "in quotation marks"),
        ("title: 'it's'\n", "1:12 expected YAML, found the quotation mark ' within a text in such marks: "
         "take the other kind"),
        ("title: *bold*\n", "1:13 expected YAML, found a text that begins with `*`: put the text in "
         "quotation marks"),
        ("title: T\nexercises:\n  - name: A\n\thold: 5\n", "4:1 expected YAML, found a tab: indent with "
         "spaces"),
        ("title: T\nexercises: []\n", "2:12 expected a list of at least 1, found 0"),
        ("title: @x\n", "1:8 expected YAML, found `@` at the start of a text: put the text in "
         "quotation marks"),
        ("title: \x07\n", "1:8 expected a YAML text, found an unprintable character (0x07)"),
        ("title: T\nexercises: &a [*a]\n", "2:16 expected an anchor that is complete, found `*a` within "
         "its own `&a`"),
        ("title: *a\nrest: &a 5\n", "1:8 expected an anchor `&a` above, found none"),
        ('title: "\\uD800"\n', "1:11 expected YAML, found an escape such as \\uD800 that is no character"),
        ("a: 1\n---\nb: 2\n", "2:1 expected one document in a file, found a second one"),
        ("title: !!python/object:os.system x\n", "1:8 expected a plain value, found the YAML tag "
         "`tag:yaml.org,2002:python/object:os.syst…`"),
    ],
)  # fmt: skip
def test_what_is_not_a_script(text: str, expected: str) -> None:
    assert expected in problems(text)


def test_a_hundred_thousand_brackets() -> None:
    (problem,) = problems("[" * 100_000)  # newer versions of libyaml notice later
    assert problem.partition(" ")[2] == "expected at most 40 levels of nesting, found more"


@pytest.mark.parametrize(
    ("keys_of_exercise", "expected"),
    [
        ("hold: 5\n    hold: 6", "6:5 expected each key once, found `hold` again (first on line 5)"
         ": keep one of the two"),
        ("hold:", "5:5 `hold` has no value: give it one, or leave the key out"),
        ("hold: 0", '5:11 expected at least 0.5s, found "0"'),
        ("hold: -5s", '5:11 expected a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s, found "-5s"'),
        ("hold: 100h", '5:11 expected at most 24h, found "100h"'),
        ("reps: " + "9" * 5000, '5:11 expected a whole number such as 8, found "' + "9" * 39 + '…"'),
        ("reps: 1000000000", '5:11 expected at most 1000, found "1000000000"'),
        ("hold: 1e999", '5:11 expected a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s, found "1e999"'),
        ("hold: 10^30", '5:11 expected a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s, found "10^30"'),
        ("hold: " + "9" * 40, '5:11 expected at most 24h, found "' + "9" * 40 + '"'),
        ("phases: [" + "{work: 1}, " * 51 + "]", "5:13 expected at most 50 entries, found more"),
        ("setup: [" + "a, " * 51 + "]\n    hold: 5", "5:12 expected at most 50 entries, found more"),
        ("reps: 1000000", '5:11 expected at most 1000, found "1000000"'),
        ("reps: 0", '5:11 expected at least 1, found "0"'),
        ("reps: 1.5", '5:11 expected a whole number such as 8, found "1.5"'),
        ("reps: [5]", "5:11 expected a whole number such as 8, or a range such as 5-10, found a list"),
        ("reps: {from: 5, too: 8}", "5:26 unknown key `too` in a range; did you mean `to`?"),
        ("reps: {from: 5, to: 8, start: 9}", "5:35 expected a start from 5 to 8, found 9"),
        ("setup: [a, [b]]\n    hold: 5", "5:16 expected a text, found a list"),
        ("setup: [Mind this: breathe]\n    hold: 5", "5:13 expected a text, found a mapping: put a "
         "text that contains a colon in quotation marks"),
        ("sides: [left]\n    hold: 5", "5:12 expected a list of at least 2, found 1"),
        ("sides: [left, Left]\n    hold: 5", "5:19 expected different sides, found `Left` again"),
        ("id: a.b\n    hold: 5", '5:9 expected an id of letters, digits and hyphens, found "a.b"'),
        ("settle: redy\n    hold: 5", "5:13 expected a duration such as 5, 5s, 1.5, 90s, 1:30 or "
         '1m30s, or `ready`, found "redy"'),
        ("setup: []", '4:5 expected `phases`, `hold`, `work` or `reps` in "A", found none'),
        ("phases: [{guide: Go}]", "5:14 expected `cue`, `move`, `hold` or `work` in a phase, found none"),
        ("phases: [{cue: Go}]\n    hold: 5", "6:11 expected `hold` inside a phase, since the "
         "exercise has `phases`"),
        ("hold: 5\n    setup: Lie on your {side}.", "6:24 {side} needs `sides` in the exercise"),
        ("reps: 5\n    setup: For {hold}.", "6:16 {hold} needs a `hold` in the exercise"),
        ("phases: [{cue: a, hold: 5}, {cue: b, hold: 6}]\n    setup: For {hold}.",
         "6:16 the phases differ in `hold`: use {hold} in the phase's own guide"),
        ("reps: 5\n    guide: Keep straight.", "6:12 expected `cue`, `move`, `hold` or `work` beside "
         "`guide`; or else `setup`"),
        ("phases: [{id: x, hold: 5}, {id: x, hold: 6}]", "5:37 expected different ids, found `x` "
         "again"),
        ("hold: 1h30", '5:11 expected a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s, found "1h30"'),
        ("hold: 5\n    cue: Go {", "6:13 found a brace without a field name: write {{ or }} for the "
         "character itself"),
        (f"hold: 5\n    setup: {'x' * 5000}", "6:12 expected at most 1,000 characters, found 5,000: "
         "split it into several sentences of a list"),
        ('hold: 5\n    setup: "a\\e[31m"', "6:12 expected a text, found a control character (0x1B)"),
    ],
)  # fmt: skip
def test_problems_of_an_exercise(keys_of_exercise: str, expected: str) -> None:
    assert expected in problems(f"{HEAD}  - name: A\n    {keys_of_exercise}\n")


def test_a_path_that_cannot_be_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("./loop", "./" + "x" * 110, "x" * 119, '"./a\\0"'):
        path = tmp_path / "a.yaml"
        path.write_text(f"title: T\ncues: {name}\nexercises: [{{name: A, hold: 5}}]\n")
        try:
            load_routine(path)
        except ScriptError as error:
            assert any("leads nowhere" in problem.message for problem in error.problems)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("level: heavy", '2:8 expected one of easy, medium, hard; found "heavy"'),
        ("tags: [low back, 'a, b']", '2:18 expected a tag such as low back, found "a, b"'),
        (f"tags: {'x' * 41}", "2:7 expected a tag such as low back"),
        ("tags: {a: b}", "2:7 expected a list, found a mapping"),
    ],
)
def test_problems_of_level_and_tags(key: str, expected: str) -> None:
    (found,) = problems(f"title: T\n{key}\nexercises: [{{name: A, hold: 5}}]\n")
    assert found.startswith(expected)


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "a/../../b"])
def test_a_path_may_not_leave_the_folder(name: str) -> None:
    found = problems(f"title: T\ncues: {name}\nexercises: [{{name: A, hold: 5}}]\n")
    assert found == ["2:7 expected a path below the script's own folder, found one that leaves it"]


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
        for new, old in zip("bcdefghi", "abcdefgh", strict=True)
    )
    assert any("expected at most 1,000,000 values after unfolding" in p for p in problems(bomb))


def test_a_bomb_of_merge_keys_is_refused() -> None:
    big = ", ".join(f"k{n}: v" for n in range(2000))
    bomb = f"a: &a {{{big}}}\nb: [{', '.join(['{<<: *a}'] * 5000)}]\n"
    assert any("expected at most 1,000,000 values after unfolding" in p for p in problems(bomb))


def test_long_lines_are_quoted_in_part() -> None:
    with pytest.raises(ScriptError) as caught:
        routine_of("{title: T, exercises: [{name: A, hold: 5, setup: " + "x" * 900 + ", hodl: 3}]}")
    problem = caught.value.problems[0]
    assert len(problem.source) <= 120
    lines = problem_lines(problem)
    assert lines[1][lines[2].index("^") :].startswith("hodl: 3")


def test_names_without_letters_get_ids_that_are_free() -> None:
    routine = routine_of(
        "title: T\nexercises: [{name: Exercise 1, hold: 5}, {name: '!!!', hold: 5}, "
        "{name: '???', hold: 5}]\n"
    )
    assert [e.id for e in routine.exercises()] == ["exercise-1", "exercise-2", "exercise-3"]


def test_an_alias_of_itself_is_refused() -> None:
    assert problems(f"title: &a [*a]\n{HEAD[17:]}  - {{name: A, hold: 5}}\n")[0] == (
        "1:12 expected an anchor that is complete, found `*a` within its own `&a`"
    )


def test_a_session_may_last_two_days_but_no_longer() -> None:
    body = "  - {{name: A, hold: 60m, reps: {reps}}}\n"
    assert routine_of(HEAD + body.format(reps=47))
    too_long = "3:1 expected a session of at most 48 hours, found "
    assert problems(HEAD + body.format(reps=50)) == [f"{too_long}51 hours"]
    for waiting in (
        "  - {name: A, hold: 5, settle: 24h}\n  - {name: B, hold: 5, settle: 24h}\n",
        "  - {name: A, hold: 5, sides: [l, r], sets: 3, switch: 24h}\n",
        "  - {rounds: 4, rest: 24h, exercises: [{name: A, hold: 5}]}\n",
        "  - {name: A, reps: 1000, sets: 100, phases: [{cue: a}, {cue: b}, {cue: c}, {cue: d}]}\n",
    ):
        assert problems(HEAD + waiting)[0].startswith(too_long)


def test_too_many_repetitions_are_refused_without_a_wait() -> None:
    body = "  - rounds: 1000\n    exercises: [{name: A, work: 0.5, reps: 1000, sets: 100}]\n"
    assert problems(HEAD + body) == [
        "3:1 expected at most 1,000,000 beeps, moves and cues in a session, found 300,000,000"
    ]


def test_numbers_that_contradict_the_setting_are_a_warning() -> None:
    routine = routine_of(HEAD + "  - {name: A, hold: 8s, setup: Hold for five seconds.}\n")
    assert [warning.message for warning in routine.warnings] == [
        '"five seconds" in this text contradicts the setting (8): write {hold}, '
        "which follows every adjustment"
    ]
    for good in (
        "hold: 5s, setup: For 5 seconds.",
        "reps: 5-10, hold: 5, setup: Do 5-10 reps of it.",
        "reps: 5-10, hold: 5, setup: Five to ten times.",
        "phases: [{cue: a, hold: 5}, {cue: b, hold: 8}], setup: First 5 seconds and then 8 seconds.",
    ):
        assert not routine_of(HEAD + f"  - {{name: A, {good}}}\n").warnings
    for bad, advice in (
        ("work: 1.5, setup: For 5 seconds.", "(1.5): write {work}"),
        ("reps: 5-10, hold: 5, setup: Do 5-8 reps.", "(5): write {reps}"),
    ):
        (warning,) = routine_of(HEAD + f"  - {{name: A, {bad}}}\n").warnings
        assert advice in warning.message


# -- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("title: Übung\n".encode("latin-1"), "expected UTF-8 text, found the byte 0xDC"),
        (b"\x7fELF\0\0\xff", "expected a YAML text, found a binary file"),
        (b"title: a\0b\n", "found a binary file"),
        (bytes(range(256)), "found a binary file"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    with pytest.raises(ScriptError) as caught:
        load_routine(path)
    assert expected in caught.value.problems[0].message


def test_utf16_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    text = HEAD + "  - {name: Übung, hold: 5}\n"
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.yaml"
        path.write_text(text, encoding)
        assert next(load_routine(path).exercises()).id == "ubung"


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(CoachError, match=f"larger than {MAX_BYTES // 1_000_000} MB"):
        load_routine(path)


def test_near_matches_are_looked_for_only_of_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[str] = []
    search = difflib.get_close_matches

    def counted(word: str, *arguments: Any, **options: Any) -> list[str]:
        searches.append(word)
        return search(word, *arguments, **options)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    several = range(100)
    found = problems(
        "titel: T\nexercises:\n- name: A\n  rest: {"
        + ", ".join(f"fro{n}: 1" for n in several)
        + "}\n  setup:\n"
        + "".join(f"  - Now {{hodl{n}}}.\n" for n in range(40))
        + "".join(f"  holdd{n}: 1\n" for n in several)
        + "".join(f"titel{n}: T\n" for n in several)
    )
    assert len(found) > 300
    assert [line.endswith("?") for line in found[:3]] == [True, False, False]
    assert all("did you mean `from`?" in line for line in found[3:MOST_PROBLEMS])
    assert not any("did you mean" in line for line in found[MOST_PROBLEMS:])
    assert len(searches) <= MOST_PROBLEMS + 1, "one more for the title that is missing"


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_unreadable_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(CoachError, match="cannot read"):
        load_routine(tmp_path / name)


def test_a_brace_is_one_that_is_written_twice_whichever_the_text() -> None:
    routine = routine_of(
        "title: {en: 'Set {{A}}', de: 'Satz {{A}}'}\n"
        "description: '{{d}}'\nsource: '{{s}}'\nequipment: ['{{e}} for {name}']\n"
        "safety: {en: '{name} {{1}}', de: '{name} {{2}}'}\nclosing: 'End }}'\ncues: 'a{{b'\n"
        "exercises:\n"
        "- {rounds: 1, name: '{{c}}', exercises: [{name: '{{n}}', hold: 1, sides: ['{{', '}}']}]}\n"
    )
    assert (routine.title, routine.description, routine.source) == ("Set {A}", "{d}", "{s}")
    assert routine.equipment == ("{e} for Set {A}",)
    assert (routine.safety, routine.closing) == (("Set {A} {1}",), ("End }",))
    assert routine.cues == "a{{b", "a path is no text"
    assert [circuit.name for circuit in routine.circuits()] == ["{c}"]
    assert [(one.name, one.sides) for one in routine.exercises()] == [("{n}", ("{", "}"))]
    german = in_language(routine, "de")
    assert (german.title, german.safety) == ("Satz {A}", ("Satz {A} {2}",))


@pytest.mark.parametrize("name", ["🧘 Stretch", "תרגיל", "Übung für Füße", "🙂"])
def test_names_in_any_script(name: str) -> None:
    routine = routine_of(f"title: T\nexercises: [{{name: {name}, hold: 5}}]\n")
    found = next(routine.exercises())
    assert found.name == name
    assert found.id


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_no_text_ends_in_anything_but_problems(text: str) -> None:
    try:
        routine_of(text)
    except ScriptError as error:
        assert error.problems


@given(scripts(), st.data())
def test_no_damaged_script_ends_in_anything_but_problems(script: Any, data: st.DataObject) -> None:
    text = yaml.safe_dump(script, sort_keys=False)
    lines = text.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.sampled_from(
            [lines[at][: len(lines[at]) // 2], lines[at] + ": {", "  - []", "x: [1, {}]"]
        )
    )
    try:
        routine_of("\n".join(lines))
    except ScriptError as error:
        assert error.problems


@given(scripts())
def test_generated_scripts_are_read_and_every_dose_kept(script: Any) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    assert len(routine.items) == len(script["exercises"])
    assert all(isinstance(item, Exercise | Circuit) for item in routine.items)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: |x\n", "1:9 expected YAML, found did not find expected comment or line break"),
        ("title: T\n? [a]\n: b\n", "2:3 expected a key, found a list"),
        ("title: T\n<<: x\n", "2:5 expected a mapping to merge after `<<`, such as `*name`"),
        ("title: " + "[" * 42 + "]" * 42, "1:48 expected at most 40 levels of nesting, found more"),
    ],
)
def test_problems_of_the_text_itself(text: str, expected: str) -> None:
    assert expected in problems(text)


def test_a_phase_may_have_an_id_of_its_own() -> None:
    found = exercise(
        "    phases: [{cue: Up, hold: 5, id: top}, {cue: Up, hold: 5}, {cue: Up, move: 1}]\n"
    )
    assert [phase.id for phase in found.phases] == ["top", "up", "up-2"]


def test_a_live_session_waits_as_long_as_its_user_may_take() -> None:
    text = "title: T\nexercises:\n  - {name: A, settle: ready, reps: 5}\n  - {name: B, reps: 5}\n"
    ring = "  - {rounds: 2, exercises: [{name: C, settle: ready, reps: 5}]}\n"
    found = wait_for_user(routine_of(text + ring))
    assert [item.settle.value == LONGEST_READY_WAIT for item in found.exercises()] == [
        True,
        False,
        True,
    ]


def test_a_name_that_no_file_can_have_is_beside_no_script() -> None:
    assert not is_beside(Path("a.yaml"), "x" * 5000)
