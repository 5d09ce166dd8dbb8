"""What is to be saved of what is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import CoachError, SettingError
from coach.routine import Routine
from coach.settings import Settings
from coach.settings.adjust import amounts, set_doses
from coach.settings.assign import Ask, assign, reset
from coach.settings.counter import Done
from coach.settings.dose import show_amount
from coach.settings.layers import in_force
from coach.settings.saved import Saved, SavedValue
from coach.settings.text import SAVED_KEYS, parse_assignment, parse_speed
from tests.conftest import routine_of
from tests.settings.test_layers import NOW, ROUTINE, overrides, saved
from tests.strategies import scripts

LATER = NOW + timedelta(days=30)


def given_saved(before: Saved, *texts: str, is_beyond: bool = False, routine: Routine = ROUTINE,
                past: list[Done] | None = None) -> Saved:  # fmt: skip
    """Return what is saved after `coach adjust` with these texts, on a later day."""
    state = in_force(routine, Settings(), before, past or [], LATER)
    ask = Ask(routine, state, LATER, is_beyond=is_beyond)
    return assign(before, [parse_assignment(text, SAVED_KEYS) for text in texts], ask)


def shown(found: Saved) -> dict[str, str]:
    return {name: entry.text for name, entry in found.values.items()}


def test_values_are_saved_under_their_names() -> None:
    found = given_saved(Saved(), "cat.hold=8", "reps=7", "plank.hold=0:30", "ring.rounds=2")
    assert shown(found) == {"reps": "7", "cat.hold": "8s", "plank.hold": "30s", "ring.rounds": "2"}
    assert {entry.since for entry in found.values.values()} == {LATER}


def test_everything_that_a_script_sets_about_a_dose_can_be_saved() -> None:
    texts = (
        *("cat.up.move=2", "cat.settle=ready", "plank.settle=1m30s", "plank.switch=9"),
        *("plank.sides=right", "ring.rest=40", "jacks.work=45s", "plank.sets=2", "rest=25"),
    )
    found = shown(given_saved(Saved(), *texts))
    assert found["cat.settle"] == "ready"
    assert found["plank.settle"] == "1m30s"
    assert found["plank.sides"] == "right"
    paced = routine_of("title: T\nexercises: [{name: A, reps: 5}]\n")
    assert shown(given_saved(Saved(), "a.pace=4", routine=paced)) == {"a.pace": "4s"}


def test_what_names_all_takes_the_place_of_what_named_one() -> None:
    before = saved(cat__reps="8", cat__up__hold="6", cat__hold="7", plank__hold="30")
    assert shown(given_saved(before, "reps=7")) == {
        "cat.up.hold": "6", "cat.hold": "7", "plank.hold": "30", "reps": "7",
    }  # fmt: skip
    assert "cat.up.hold" not in given_saved(before, "cat.hold=8").values
    both = given_saved(before, "cat.reps=9", "reps=7")
    assert (both.values["reps"].text, both.values["cat.reps"].text) == ("7", "9")


def test_what_is_relative_is_saved_as_what_it_comes_to() -> None:
    assert shown(given_saved(Saved(), "reps=+2")) == {"reps": "7"}
    assert shown(given_saved(saved(reps="7"), "reps=+1")) == {"reps": "8"}
    assert shown(given_saved(Saved(), "hold=+20%")) == {
        "cat.hold": "6s", "plank.hold": "24s",
    }  # fmt: skip
    uneven = saved(cat__up__hold="8")
    assert shown(given_saved(uneven, "cat.hold=-1s")) == {
        "cat.up.hold": "7s", "cat.down.hold": "4s",
    }  # fmt: skip
    one = saved(cat__up__hold="7")
    assert shown(given_saved(one, "cat.up.hold=+1")) == {"cat.up.hold": "8s"}
    rule = Saved({"progress": SavedValue("+1 rep every session", NOW)})
    past = [Done(NOW + timedelta(days=n)) for n in range(3)]
    climbed = given_saved(rule, "reps=-1", past=past)
    assert climbed.values["reps"].text == "7", "of the 8 that were in force"


def test_what_is_relative_changes_what_the_same_call_has_set() -> None:
    assert shown(given_saved(Saved(), "cat.hold=+1", "hold=7", is_beyond=True)) == {
        "hold": "7s", "cat.hold": "8s",
    }  # fmt: skip
    assert shown(given_saved(Saved(), "reps=+1", "reps=+1")) == {"reps": "7"}
    assert shown(given_saved(Saved(), "reps=8", "reps=+1")) == {"reps": "9"}
    assert shown(given_saved(Saved(), "speed=+0.1", "speed=+0.1")) == {"speed": "1"}


def test_what_did_not_fit_before_keeps_nothing_from_being_saved() -> None:
    before = saved(skip=("cat", "plank", "jacks"), gone__reps="7")
    assert shown(given_saved(before, "cat.reps=7"))["cat.reps"] == "7"
    with pytest.raises(SettingError, match="nothing is left to do"):
        given_saved(before, "skip=cat,plank,ring")
    assert "skip" not in given_saved(before, "skip=none").values
    long = Saved({"plank.hold": SavedValue("23h", NOW, is_beyond=True)})
    with pytest.raises(CoachError, match="expected a session of at most 48 hours"):
        given_saved(long, "sets=3", is_beyond=True)


def test_besides_doses() -> None:
    found = given_saved(Saved(), "speed=+0.1", "detail=brief", "skip=plank, ring", "voice= en-gb ")
    assert shown(found) == {
        "speed": "0.9", "detail": "brief", "skip": "plank, ring", "voice": "en-gb",
    }  # fmt: skip
    assert found.values["skip"].value == ("plank", "ring")
    assert "skip" not in given_saved(found, "skip=none").values


def test_rules_of_progress() -> None:
    found = given_saved(Saved(), "progress=+1 rep every other session", "cat.progress=off")
    assert shown(found) == {"progress": "+1 rep every 2 sessions", "cat.progress": "none"}
    assert shown(given_saved(found, "progress=none")) == {"progress": "none"}


def test_progress_begins_anew() -> None:
    rule = Saved({"progress": SavedValue("+1 rep every session", NOW)})
    past = [Done(NOW + timedelta(days=n)) for n in range(3)]
    again = given_saved(rule, "progress=restart")
    assert again.values["progress"] == SavedValue("+1 rep every session", LATER)
    assert in_force(ROUTINE, Settings(), rule, past, LATER).settings.overrides
    assert not in_force(ROUTINE, Settings(), again, past, LATER).settings.overrides
    one = given_saved(rule, "cat.progress=restart")
    assert one.values["cat.progress"].since == LATER
    assert one.values["progress"].since == NOW
    with pytest.raises(SettingError, match="there is no progress to restart"):
        given_saved(Saved(), "progress=restart")


def test_beyond_is_noted_only_where_it_is() -> None:
    found = given_saved(Saved(), "cat.reps=12", "plank.hold=30", is_beyond=True)
    assert {name: entry.is_beyond for name, entry in found.values.items()} == {
        "cat.reps": True, "plank.hold": False,
    }  # fmt: skip
    assert given_saved(found, "cat.reps=-1", is_beyond=True).values["cat.reps"].text == "11"


def test_a_time_is_saved_exactly() -> None:
    found = given_saved(Saved(), "plank.rest=1.23456s")
    assert found.values["plank.rest"].text == "1.23456s"
    (override,) = in_force(ROUTINE, Settings(), found, [], LATER).settings.overrides
    assert override.value == Fraction(123456, 100_000)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["reps"], "expected a setting such as reps=8"),
        (["=8"], "expected a setting such as reps=8"),
        (["hodl=8"], "there is no setting `hodl`; did you mean `hold`?"),
        (["cat=8"], "there is no setting `cat`"),
        (["a.b.c.reps=8"], "expected NAME, EXERCISE.NAME or EXERCISE.PHASE.NAME"),
        (["cat..hold=8"], "expected NAME, EXERCISE.NAME or EXERCISE.PHASE.NAME"),
        (["cat.up.reps=8"], "a phase has no `reps`, only move, hold, work"),
        (["cta.reps=8"], "there is no exercise `cta`; did you mean `cat`?"),
        (["up.hold=8"], "there is no exercise `up`"),
        (["cat.upp.hold=8"], "there is no phase `upp` in `cat`; did you mean `up`?"),
        (["reps=1.5"], 'reps=1.5: expected a whole number such as 8, found "1.5"'),
        (["reps=5s"], 'reps=5s: expected a whole number such as 8, found "5s"'),
        (["hold=abc"], "hold=abc: expected a duration"),
        (["hold=5kg"], "hold=5kg: expected a duration"),
        (["hold="], 'hold=: expected a duration such as .* found ""'),
        (["reps=0"], "reps=0: expected at least 1"),
        (["reps=11"], "reps 11 is outside the prescribed 5 to 10 of cat"),
        (["reps=+6"], "reps 11 is outside the prescribed 5 to 10 of cat"),
        (["reps=-5"], "reps: expected at least 1, found 0"),
        (["hold=-100%"], "hold: expected at least 0.5s, found 0"),
        (["cat.reps=+99999"], "at most 1000"),
        (["reps=7", "reps=8"], "`reps` is given twice: 7 and 8"),
        (["work=5", "plank.work=5"], "`plank` has no `work`"),
        (["pace=5"], "no exercise has `pace`"),
        (["sides=top"], "no exercise has the sides top"),
        (["plank.sides=top"], "there is no side `top`"),
        (["plank.sides="], "expected sides such as left"),
        (["cat.speed=1"], "`speed` belongs to the whole session"),
        (["speed=fast"], "speed: expected a number"),
        (["speed=+2"], "speed: expected at most 2"),
        (["detail=loud"], "detail: expected one of full, brief, cues"),
        (["skip=nobody"], "there is no exercise `nobody`"),
        (["skip=,"], "^skip: expected a name, found an empty text"),
        (["skip=cat,plank,jacks"], "nothing is left to do"),
        (["skip=cat,plank,ring"], "nothing is left to do"),
        (["progress=soon"], "progress: expected a rule"),
        (["nobody.progress=none"], "there is no exercise `nobody`"),
        (["cat.hold=20h"], "expected a session of at most 48 hours|is outside"),
    ],
)
def test_what_cannot_be_saved(texts: list[str], message: str) -> None:
    before = saved(plank__hold="30")
    with pytest.raises(SettingError, match=message) as caught:
        given_saved(before, *texts)
    assert caught.value.message


def test_a_phase_without_its_exercise_is_explained() -> None:
    with pytest.raises(SettingError) as caught:
        given_saved(Saved(), "up.hold=8")
    assert caught.value.hint == "It is a phase: name its exercise, too, as in cat.up."


BEFORE = saved(reps="7", cat__up__hold="6", cat__rest="9", plank__hold="30", speed="1")


@pytest.mark.parametrize(
    ("targets", "left"),
    [
        ([], set()),
        (["cat"], {"reps", "plank.hold", "speed"}),
        (["cat.up"], {"reps", "cat.rest", "plank.hold", "speed"}),
        (["cat.rest"], {"reps", "cat.up.hold", "plank.hold", "speed"}),
        (["hold"], {"reps", "cat.rest", "speed"}),
        (["speed", "reps"], {"cat.up.hold", "cat.rest", "plank.hold"}),
    ],
)
def test_reset_takes_back(targets: list[str], left: set[str]) -> None:
    assert set(reset(BEFORE, targets).values) == left


def test_reset_where_an_exercise_is_called_as_a_setting() -> None:
    before = saved(hold__reps="7", hold__hold="9", cat__hold="6", speed="1")
    with pytest.raises(SettingError, match="`hold` is an exercise and a setting") as caught:
        reset(before, ["hold"])
    assert "hold.reps" in caught.value.hint
    assert "cat.hold" in caught.value.hint
    assert set(reset(before, ["hold.hold", "speed"]).values) == {"hold.reps", "cat.hold"}
    general = before.with_values(saved(hold="8").values)
    assert set(reset(general, ["hold"]).values) == set(before.values), "just what is called so"
    assert set(reset(saved(hold__hold="9", speed="1"), ["hold"]).values) == {"speed"}


def test_reset_of_a_phase_needs_its_exercise() -> None:
    for target in ("up", "up.hold"):
        with pytest.raises(SettingError, match=f"nothing is saved for `{target}`"):
            reset(BEFORE, [target])
    with pytest.raises(SettingError) as caught:
        reset(BEFORE, ["up"])
    assert caught.value.hint == "It is a phase: name its exercise, too, as in cat.up."


def test_reset_of_what_is_not_saved_is_told() -> None:
    with pytest.raises(SettingError) as caught:
        reset(BEFORE, ["plonk"])
    assert caught.value.message == "nothing is saved for `plonk`; did you mean `plank`?"
    assert "cat.up.hold" in caught.value.hint


@given(scripts(), st.data())
def test_what_is_saved_is_in_force_afterwards_and_nothing_else_changes(
    script: Any, data: st.DataObject
) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    items = [data.draw(overrides(routine)) for _ in range(2)]
    found = Saved()
    for item in items:
        text = f"{item.address}={show_amount(item.key, item.value)}"  # type: ignore[arg-type]
        state = in_force(routine, Settings(), found, [], LATER)
        ask = Ask(routine, state, datetime(2026, 1, 1, tzinfo=UTC), is_beyond=True)
        found = assign(found, [parse_assignment(text, SAVED_KEYS)], ask)
    wanted = dict(amounts(set_doses(routine, items, beyond_range=True).routine))
    state = in_force(routine, Settings(), found, [], LATER)
    got = dict(amounts(set_doses(routine, state.settings.overrides, beyond_range=True).routine))
    assert state.problems == ()
    assert got == wanted


def test_who_wants_a_speed_for_one_exercise_is_told_where_it_stands() -> None:
    with pytest.raises(SettingError) as caught:
        given_saved(Saved(), "cat.speed=0.8")
    assert "in the script: `speed: 0.8`" in caught.value.hint
    with pytest.raises(SettingError) as caught:
        parse_speed("cat=0.8")
    assert "in the script: `speed: 0.8`" in caught.value.hint
