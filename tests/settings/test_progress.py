"""Rules of progress, as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import ScriptError
from coach.progress import Climb, Progress, parse_pain, parse_progress
from tests.conftest import routine_of

CLIMBS = st.builds(
    Climb,
    key=st.sampled_from(["reps", "sets", "rounds"]),
    amount=st.integers(1, 9),
    every=st.integers(1, 100),
    unit=st.sampled_from(["session", "week"]),
) | st.builds(
    Climb,
    key=st.sampled_from(["hold", "work"]),
    amount=st.integers(1, 40).map(lambda n: Fraction(n, 2))
    | st.integers(1, 24 * 3600).map(Fraction)
    | st.decimals("0.5", 24 * 3600, places=6).map(Fraction),
    every=st.integers(1, 100),
    unit=st.sampled_from(["session", "week"]),
)
LEVELS = st.sampled_from([(None, None), (4, None), (None, 6), (4, 6), (1, 10)])
RULES = st.builds(
    lambda climbs, levels: Progress(tuple(climbs), *levels),
    st.lists(CLIMBS, min_size=1, max_size=4),
    LEVELS,
)


@given(RULES)
def test_a_rule_is_read_as_it_is_shown(rule: Progress) -> None:
    assert parse_progress(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+1 rep every 2 sessions", "+1 rep every 2 sessions"),
        ("1 repetition each session", "+1 rep every session"),
        ("+2 reps every other session", "+2 reps every 2 sessions"),
        ("+1s hold per week", "+1s hold every week"),
        ("+5 seconds of hold every 3rd session", "+5s hold every 3 sessions"),
        ("+1 set every 2 weeks", "+1 set every 2 weeks"),
        ("+0:30 work a week", "+30s work every week"),
        ("+90s hold every week", "+1m30s hold every week"),
        ("+1 min 30 sec of hold every week", "+1m30s hold every week"),
        ("+1h hold every 100 weeks", "+1h hold every 100 weeks"),
        (
            "+1 rep every session then +1s hold every week, hold if pain > 3; down if pain \u2265 7",
            "+1 rep every session, then +1s hold every week; hold if pain >= 4; down if pain >= 7",
        ),
        ("None", "none"),
        ("off", "none"),
    ],
)
def test_what_people_write(text: str, shown: str) -> None:
    assert str(parse_progress(text)) == shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a rule such as `.1 rep every 2 sessions`"),
        ("faster", 'found "faster"'),
        ("+1 rip every session", 'found "rip"; did you mean `rep`'),
        ("+0 reps every session", "expected a whole number such as 8 in a rule"),
        ("+0s hold every session", "expected at least 0.5s"),
        ("+1.5 reps every session", "expected a whole number"),
        ("+1 rep every 0 sessions", "expected every 1 to 100 sessions"),
        ("+1 rep every few sessions", "expected a whole number"),
        ("hold if pain >= 4", "expected a rule"),
        ("+1 rep every session; hold if it hurts", "expected a condition such as `pain >= 4`"),
        ("+1 rep every session; hold if pain >= 0", "from 1 to 10"),
        ("+1 rep every session; hold if pain >= 6; down if pain >= 4", "hold at less pain"),
        ("+1 rep a week; hold if pain > 3; hold if pain > 5", "one condition to hold, found pain"),
        ("; ".join(["+1 rep every session"] * 11), "at most 10 steps"),
        ("+1 rep every session, " * 10_000, "expected"),
    ],
)
def test_what_is_no_rule(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_progress(text)


def test_pain() -> None:
    assert [parse_pain(text) for text in ("pain >= 4", "Pain>3", "pain\u22655")] == [4, 4, 5]


def rules(progress: str) -> list[str]:
    text = (
        f"title: T\nprogress: {progress}\nexercises:\n"
        "  - {name: A, hold: 5-9}\n  - {name: B, hold: 5-9, progress: none}\n"
        "  - {rounds: 1-3, exercises: [{name: C, reps: 2-4, progress: +1 rep every week}]}\n"
    )
    return [str(item.progress) for item in routine_of(text).owners()]


@pytest.mark.parametrize(
    "written",
    [
        "+1s hold every session, then +1 round every week",
        "[+1s hold every session, +1 round every week]",
        "{steps: [+1s hold every session, +1 round every week]}",
    ],
)
def test_a_script_has_a_rule_for_all_and_for_single_exercises(written: str) -> None:
    rule = "+1s hold every session, then +1 round every week"
    assert rules(written) == [rule, "none", "+1 rep every week", rule]


def test_a_script_holds_and_steps_down_by_pain() -> None:
    found = rules("{steps: +1s hold every session, hold_if: pain >= 4, down_if: pain > 6}")
    assert found[0] == "+1s hold every session; hold if pain >= 4; down if pain >= 7"


@pytest.mark.parametrize(
    "written",
    [
        '["+1s hold every session; hold if pain >= 4", "+1 round a week; down if pain >= 7"]',
        '["+1s hold every session; hold if pain >= 4; down if pain >= 7", "+1 round a week"]',
        '{steps: ["+1s hold every session; hold if pain > 3", +1 round a week], down_if: pain > 6}',
        '{steps: "+1s hold every session, then +1 round a week; hold if pain > 3; down if pain > 6"}',
        '{steps: ["+1s hold a session", "+1 round a week; hold if pain > 3"], '
        "hold_if: pain > 3, down_if: pain > 6}",
    ],
)
def test_a_condition_counts_wherever_it_is_written(written: str) -> None:
    rule = "+1s hold every session, then +1 round every week; hold if pain >= 4; down if pain >= 7"
    assert rules(written)[0] == rule


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "[]",
            "2:11 expected a rule such as `+1 rep every 2 sessions` or `+1s hold every week`, f",
        ),
        ("{steps: []}", "2:19 expected a rule such as"),
        ("[none, +1 rep every week]", "2:12 expected a rule such as"),
        ("{steps: none, hold_if: pain >= 4}", "2:34 expected steps beside a condition"),
        (
            '{steps: "+1 rep a week; hold if pain >= 3", hold_if: pain >= 4}',
            "2:64 expected one condition to hold, found pain >= 3 and pain >= 4",
        ),
        ("fast", "2:11 expected a rule such as"),
        ("[+1 rep every week, fast]", "2:31 expected a rule such as"),
        ("{hold_if: pain >= 4}", "2:11 expected `steps` in `progress`, found none"),
        (
            "{steps: +1 rep every week, hold_fi: 4}",
            "2:47 unknown key `hold_fi` in `progress`; did ",
        ),
        ("{steps: +1 rep every week, hold_if: 4}", "2:47 expected a condition such as"),
        ("{steps: +1 rep every week, hold_if: pain >= 5, down_if: pain >= 5}", "2:11 expected to "),
        ("{steps: {a: b}}", "2:11 expected a rule such as"),
    ],
)
def test_rules_that_are_wrong_are_told_with_their_place(written: str, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        rules(written)
    problem = caught.value.problems[0]
    told = f"{problem.where.line}:{problem.where.column} {problem.message}"
    assert told.startswith(message)
