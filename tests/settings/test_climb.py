"""Progress over sessions and weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.progress import parse_progress
from coach.settings import Address, Override, Settings
from coach.settings.adjust import set_doses
from coach.settings.choose import chosen_ids
from coach.settings.climb import Climbed, Rule, climb
from coach.settings.counter import Done
from coach.settings.dose import routine_doses
from coach.settings.foresee import When, foresee
from tests.conftest import routine_of
from tests.settings.test_progress import RULES

ROUTINE = routine_of("""
title: T
exercises:
  - {name: Cat, reps: 5-10, phases: [{cue: Up, move: 1, hold: 5-8s}, {cue: Down, hold: 5s}]}
  - {name: Plank, hold: {from: 10s, to: 40s, start: 20s}, sets: 1-3}
  - rounds: 1-3
    exercises: [{name: Jacks, work: 30-45s}]
""")
START = datetime(2026, 3, 2, 18, tzinfo=UTC)
FAR = START + timedelta(days=10_000)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def done(*days: float, pain: int | None = None, **settings: Any) -> list[Done]:
    return [Done(day(number), pain, Settings(**settings)) for number in days]


def after(
    rule: str, past: Sequence[Done], at: datetime = FAR, since: datetime | None = None
) -> Climbed:
    rules = {item.id: Rule(parse_progress(rule), since) for item in ROUTINE.owners()}
    return climb(ROUTINE, rules, past, at)


def values(climbed: Climbed) -> dict[str, Any]:
    return {str(item.address): item.value for item in climbed.overrides}


def reps(rule: str, past: Sequence[Done], at: datetime = FAR, **others: Any) -> int:
    value: int = values(after(rule, past, at, **others)).get("cat.reps", 5)
    return value


def test_a_step_comes_after_so_many_sessions_and_stops_at_the_top() -> None:
    found = [reps("+1 rep every 2 sessions", done(*range(n))) for n in range(14)]
    assert found == [5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 10, 10]
    assert [reps("+3 reps every session", done(*range(n))) for n in range(4)] == [5, 8, 10, 10]


def test_a_single_prescribed_value_is_not_climbed() -> None:
    found = values(after("+1s hold every session", done(0, 1)))
    assert found == {"cat.up.hold": 7, "plank.phase-1.hold": 22}


def test_everything_of_a_kind_climbs_where_it_has_a_range() -> None:
    assert values(after("+1 set every session", done(0))) == {"plank.sets": 2}
    assert values(after("+1 round every session", done(0))) == {"circuit-1.rounds": 2}
    assert values(after("+5s work every session", done(0))) == {"jacks.phase-1.work": 35}


def test_the_next_kind_begins_where_the_one_before_is_at_its_top() -> None:
    rule = "+2 reps every session, then +1s hold every session"
    found = [values(after(rule, done(*range(n)))) for n in range(7)]
    assert [(f.get("cat.reps", 5), f.get("cat.up.hold", 5)) for f in found] == [
        (5, 5), (7, 5), (9, 5), (10, 5), (10, 6), (10, 7), (10, 8),
    ]  # fmt: skip
    assert found[1]["plank.phase-1.hold"] == 21, "what has no range of the first kind skips it"


def test_weeks_count_when_they_are_over_and_had_a_session() -> None:
    rule = "+1 rep every week"
    past = done(0, 2, 8, 30)
    found = {n: reps(rule, past, day(n)) for n in (0, 6, 7, 13, 14, 27, 29, 34, 35, 36, 50)}
    assert found == {
        0: 5, 6: 5, 7: 6, 13: 6, 14: 7, 27: 7, 29: 7, 34: 7, 35: 7, 36: 7, 50: 8,
    }  # fmt: skip
    assert reps("+1 rep every 2 weeks", done(0, 8), day(14)) == 6


def test_after_an_idle_week_the_next_one_begins_with_the_next_session() -> None:
    past = done(0, 27, 28)
    found = {n: reps("+1 rep every week", past, day(n)) for n in (7, 28.5, 33, 34, 35, 60)}
    assert found == {7: 6, 28.5: 6, 33: 6, 34: 7, 35: 7, 60: 7}
    assert reps("+1 rep every week", done(0, 13, 14), day(21)) == 8, "no week without a session"


def test_a_value_that_was_set_begins_anew_and_the_others_go_on() -> None:
    rule = parse_progress("+1 rep every 2 sessions, then +1s hold every session")
    rules = {"cat": Rule(rule)}
    reps, hold = Address("reps", "cat"), Address("hold", "cat", "up")

    def found(*days: float, **since: float) -> dict[str, Any]:
        addresses = {"reps": reps, "hold": hold}
        starts = {addresses[name]: day(number) for name, number in since.items()}
        return values(climb(ROUTINE, rules, done(*days), FAR, starts))

    assert found(*range(7), hold=6.5) == {"cat.reps": 8}
    assert found(*range(12), hold=11.5) == {"cat.reps": 10}
    assert found(*range(13), hold=11.5) == {"cat.reps": 10, "cat.up.hold": 6}
    assert found(*range(12), reps=11.5) == {"cat.up.hold": 7}, "what was climbed of others stays"
    assert found(*range(14), reps=11.5) == {"cat.reps": 6, "cat.up.hold": 7}
    assert found(*range(5), reps=2.5) == {"cat.reps": 6}, "half a step does not count any more"
    assert found(*range(3), reps=50) == {}


def test_a_value_that_was_set_by_a_clock_that_is_ahead_counts_no_week_that_lasts() -> None:
    rules = {"plank": Rule(parse_progress("+1 set every week, then +1s hold every week"))}
    starts = {Address("hold", "plank", "phase-1"): day(400)}
    assert values(climb(ROUTINE, rules, done(0), day(3), starts)) == {}


def test_a_session_in_the_evening_belongs_to_its_own_day() -> None:
    zone = timezone(timedelta(hours=-8))
    past = [Done(datetime(2026, 3, 2, 23, tzinfo=zone))]
    assert reps("+1 rep every week", past, datetime(2026, 3, 9, 0, 1, tzinfo=zone)) == 6
    assert reps("+1 rep every week", past, datetime(2026, 3, 8, 23, 59, tzinfo=zone)) == 5


@given(
    RULES.map(str),
    st.lists(st.tuples(st.floats(-800, 800), st.sampled_from((-10, -5, 0, 1, 2, 14))), max_size=30),
    st.floats(-800, 800),
)
def test_a_clock_that_jumps_keeps_every_value_in_its_range(
    rule: str, moments: list[tuple[float, int]], now: float
) -> None:
    past = [
        Done(day(number).astimezone(timezone(timedelta(hours=hours)))) for number, hours in moments
    ]
    climbed = after(rule, past, day(now))
    prescribed = routine_doses(ROUTINE)
    for item in climbed.overrides:
        low, high = prescribed[item.address].low, prescribed[item.address].high
        assert low <= item.value <= high
    for standing in climbed.standings.values():
        assert 0 <= standing.level <= standing.top
        assert 0 <= standing.counted <= max(len(past), 1600 // 7)


def test_pain_holds_back() -> None:
    rule = "+1 rep every 2 sessions; hold if pain >= 4"
    hurt = done(1, 2, 3, pain=4)
    assert reps(rule, [*done(0), *hurt, *done(4)]) == 6
    assert reps(rule, [*done(0), *hurt]) == 5
    assert after(rule, [*done(0), *hurt]).standings["cat"].is_held
    assert reps(rule, done(*range(4), pain=3)) == 7


def test_pain_steps_down_and_never_below_the_start() -> None:
    rule = "+1 rep every session; hold if pain >= 4; down if pain >= 6"
    assert reps(rule, [*done(0, 1, 2), *done(3, pain=7)]) == 7
    assert reps(rule, [*done(0), *done(1, 2, 3, pain=9), *done(4)]) == 6


def test_a_week_that_hurt_does_not_count() -> None:
    rule = "+1 rep every week; hold if pain >= 4"
    assert reps(rule, [*done(0), *done(1, pain=5), *done(7)], day(13)) == 5
    assert reps(rule, [*done(0), *done(1, pain=5), *done(7)], day(14)) == 6
    assert reps(rule, [*done(0, pain=5), *done(1)], day(8)) == 5


def test_a_value_set_outside_of_its_range_stays() -> None:
    routine = set_doses(ROUTINE, [Override("reps", 1, "cat")], beyond_range=True).routine
    rules = {"cat": Rule(parse_progress("+1 rep every session"))}
    assert climb(routine, rules, done(0, 1), FAR) == Climbed()


def test_pain_leads_down_a_kind_too() -> None:
    rule = "+5 reps every session, then +1s hold every week; down if pain >= 6"
    past = [*done(0, 1, 9), *done(10, pain=6)]
    assert values(after(rule, done(0, 1, 9), day(9.5)))["cat.up.hold"] == 6
    assert "cat.up.hold" not in values(after(rule, past, day(11)))
    assert values(after(rule, [*past, *done(11, pain=6)], day(12))).get("cat.reps", 5) == 5


def test_only_sessions_with_that_exercise_count() -> None:
    rule = "+1 rep every session"
    assert reps(rule, done(0, skip=("cat",))) == 5
    assert reps(rule, done(0, only=("cat",))) == 6
    assert values(after("+1 round every session", done(0, skip=("circuit-1",)))) == {}
    assert values(after("+1 round every session", done(0, skip=("gone",)))) == {
        "circuit-1.rounds": 2
    }


def test_what_was_chosen_is_looked_up_once_for_each_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def count(_routine: Any, only: Any, skip: Any) -> set[str]:
        asked.append((only, skip))
        return chosen_ids(ROUTINE, only, skip)

    monkeypatch.setattr("coach.settings.climb.chosen_ids", count)
    past = [*done(*range(50)), *done(*range(50, 90), skip=("plank",))]
    assert reps("+1 rep every session", past) == 10
    assert sorted(asked) == [((), ()), ((), ("plank",))]


def test_sessions_before_the_rule_do_not_count() -> None:
    assert reps("+1 rep every session", done(0, 1, 2, 3), since=day(2)) == 7


def test_no_rule_no_progress() -> None:
    assert climb(ROUTINE, {}, done(0, 1), FAR) == Climbed()
    assert after("none", done(0, 1)) == Climbed()


SESSIONS = st.lists(
    st.builds(
        lambda gap, pain: (gap, pain),
        st.floats(0, 9, allow_nan=False),
        st.none() | st.integers(0, 10),
    ),
    max_size=40,
)


def history(gaps: Sequence[tuple[float, int | None]]) -> list[Done]:
    at, past = 0.0, []
    for gap, pain in gaps:
        at += gap
        past.append(Done(day(at), pain))
    return past


@given(RULES, SESSIONS, st.floats(0, 400, allow_nan=False))
def test_progress_stays_inside_the_range(rule: Any, gaps: Any, at: float) -> None:
    rules = {item.id: Rule(rule) for item in ROUTINE.owners()}
    found = climb(ROUTINE, rules, history(gaps), day(at))
    adjusted = set_doses(ROUTINE, found.overrides).routine
    for address, value in routine_doses(adjusted).items():
        start = routine_doses(ROUTINE)[address]
        assert value == start or start.value < value.value <= start.high
    for standing in found.standings.values():
        assert 0 <= standing.level <= standing.top
        assert standing.level == standing.top or 0 <= standing.counted < standing.every


@given(RULES, SESSIONS, st.floats(0, 400, allow_nan=False))
def test_what_comes_later_does_not_change_what_was(rule: Any, gaps: Any, at: float) -> None:
    rules = {item.id: Rule(rule) for item in ROUTINE.owners()}
    past = history(gaps)
    before = [session for session in past if session.at < day(at)]
    assert climb(ROUTINE, rules, past, day(at)) == climb(ROUTINE, rules, before, day(at))


@given(SESSIONS, st.integers(0, 60))
def test_what_is_foreseen_follows_the_past_and_is_over_by_then(gaps: Any, days: int) -> None:
    past = history(gaps)
    now = past[-1].at + timedelta(hours=1) if past else START
    seen = foresee(past, now, When(now + timedelta(days=days)))
    coming = seen.sessions[len(past) :]
    assert seen.sessions[: len(past)] == tuple(past)
    assert all(now <= session.at < seen.at for session in coming)
    assert all(session.pain is None for session in coming)
    assert [session.at for session in coming] == sorted(session.at for session in coming)


@given(SESSIONS)
def test_without_pain_nothing_goes_down(gaps: Any) -> None:
    past = [Done(session.at) for session in history(gaps)]
    found = [reps("+1 rep every week", past, day(n)) for n in range(0, 200, 5)]
    assert found == sorted(found)


def test_what_is_left_out_does_not_come_either() -> None:
    seen = foresee([], START, When(START, 5), skip=("cat",))
    found = values(after("+1 rep every session, then +1 set every session", seen.sessions, seen.at))
    assert (found.get("cat.reps"), found["plank.sets"]) == (None, 3)


def test_a_pace_is_that_of_the_last_weeks() -> None:
    now = day(28)
    daily = foresee(done(*range(28)), now, When(now + timedelta(days=7)))
    assert (round(float(daily.pace), 1), daily.is_known) == (7.0, True)
    assert len(daily.sessions) - 28 == 7
    unknown = foresee([], now, When(now + timedelta(days=14)))
    assert (unknown.pace, unknown.is_known, len(unknown.sessions)) == (Fraction(3), False, 6)
    exact = foresee([], now, When(now, 5))
    assert len(exact.sessions) == 5
    assert exact.at > exact.sessions[-1].at
