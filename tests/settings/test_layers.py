"""Layers: the script, what is saved, what was climbed, what this session asks for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coach.phrases import load_phrasebook
from coach.phrases.doses import spoken_dose
from coach.routine import Routine
from coach.session import Prepared, build, prepared
from coach.settings import Address, Manner, Override, Settings
from coach.settings.adjust import adjust, amounts, set_doses
from coach.settings.counter import Done
from coach.settings.dose import doses, routine_doses, show_amount
from coach.settings.layers import InForce, has_progress, in_force, manner_of, saved_layer
from coach.settings.saved import Saved, SavedValue
from coach.settings.since import changes_since
from coach.settings.text import parse_option
from coach.units import Range
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of
from tests.strategies import scripts

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXT = """
title: T
speed: 0.8
exercises:
  - {name: Cat, reps: 5-10, phases: [{cue: Up, move: 1, hold: 5-8s}, {cue: Down, hold: 5s}]}
  - {name: Plank, hold: 20-40s, sides: [left, right]}
  - {rounds: 1-3, name: Ring, exercises: [{name: Jacks, work: 30s}]}
"""
ROUTINE = routine_of(TEXT)


def saved(since: datetime = NOW, **values: Any) -> Saved:
    """Return saved settings; `__` stands for a dot, `_` for a hyphen."""
    names = {name.replace("__", ".").replace("_", "-"): value for name, value in values.items()}
    return Saved({name: SavedValue(value, since) for name, value in names.items()})


def found(
    saved: Saved, *options: tuple[Any, str], past: Sequence[Done] = (), routine: Routine = ROUTINE,
    at: datetime = NOW + timedelta(days=100), **settings: Any,
) -> InForce:  # fmt: skip
    overrides = tuple(parse_option(key, text) for key, text in options)
    return in_force(routine, Settings(overrides, **settings), saved, past, at)


def values(state: InForce) -> dict[str, Any]:
    return {str(override.address): override.value for override in state.settings.overrides}


def origins(state: InForce) -> dict[str, str]:
    return {str(override.address): override.origin for override in state.settings.overrides}


def test_a_later_layer_wins_and_every_value_says_where_it_is_from() -> None:
    state = found(saved(reps="7", cat__up__hold="6"), ("reps", "cat=8"), ("hold", "plank=25"))
    assert values(state) == {"cat.reps": 8, "cat.up.hold": 6, "plank.phase-1.hold": 25}
    assert origins(state) == {
        "cat.reps": "session", "cat.up.hold": "saved", "plank.phase-1.hold": "session",
    }  # fmt: skip


def test_the_layer_wins_over_how_narrow_a_name_is() -> None:
    assert values(found(saved(cat__reps="7"), ("reps", "6"))) == {"cat.reps": 6}


def test_within_what_is_saved_the_narrower_name_wins() -> None:
    state = found(saved(cat__up__hold="7", hold="30", cat__hold="6"))
    assert values(state)["cat.up.hold"] == 7
    assert values(state)["cat.down.hold"] == 6


def test_what_is_relative_changes_what_is_below() -> None:
    past = [Done(NOW + timedelta(days=n)) for n in range(2)]
    rule = {"progress": SavedValue("+1 rep every session", NOW)}
    state = found(Saved({**saved(reps="6").values, **rule}), ("reps", "+1"), past=past)
    assert values(state) == {"cat.reps": 9}
    percent = found(saved(cat__hold="8"), ("hold", "-25%"), ("reps", "+20%"), beyond_range=True)
    assert values(percent) == {
        "cat.reps": 6, "cat.up.hold": 6, "cat.down.hold": 6, "plank.phase-1.hold": 15,
    }  # fmt: skip


def test_progress_climbs_from_what_is_saved_and_counts_from_then() -> None:
    early, late = NOW, NOW + timedelta(days=10)
    past = [Done(NOW + timedelta(days=n, hours=1)) for n in range(12)]
    rule = {"progress": SavedValue("+1 rep every 2 sessions", early)}
    assert values(found(Saved(rule), past=past))["cat.reps"] == 10
    set_later = {**rule, "cat.reps": SavedValue("7", late)}
    state = found(Saved(set_later), past=past)
    assert (values(state)["cat.reps"], origins(state)["cat.reps"]) == (8, "progress")
    other = {**rule, "cat.rest": SavedValue("7", late), "speed": SavedValue("1", late)}
    assert values(found(Saved(other), past=past))["cat.reps"] == 10, "a rest is not climbed"


def test_a_value_that_is_not_climbed_by_the_rule_does_not_begin_it_anew() -> None:
    past = [Done(NOW + timedelta(days=n)) for n in range(6)]
    rule = {"progress": SavedValue("+1 rep every 2 sessions", NOW)}
    held = {**rule, "cat.hold": SavedValue("6", NOW + timedelta(days=10))}
    assert values(found(Saved(held), past=past))["cat.reps"] == 8


def test_a_value_that_was_saved_below_its_range_stays_and_the_session_can_be_had() -> None:
    past = [Done(NOW + timedelta(days=n)) for n in range(6)]
    rule = {"progress": SavedValue("+1 rep every session", NOW)}
    low = Saved({**rule, "reps": SavedValue("1", NOW, is_beyond=True)})
    state = found(low, past=past)
    assert (values(state), origins(state)) == ({"cat.reps": 1}, {"cat.reps": "saved"})
    adjust(ROUTINE, state.settings)


def test_a_saved_rule_takes_the_place_of_the_scripts() -> None:
    routine = routine_of(TEXT.replace("speed: 0.8", "progress: +1 rep every session"))
    past = [Done(NOW + timedelta(hours=1))]
    assert values(found(Saved(), past=past, routine=routine)) == {"cat.reps": 6}
    for rules, expected in (
        ({"progress": "none"}, {}),
        ({"cat.progress": "+2 reps every session"}, {"cat.reps": 7}),
        ({"progress": "none", "cat.progress": "+3 reps every session"}, {"cat.reps": 8}),
    ):
        kept = Saved({name: SavedValue(rule, NOW) for name, rule in rules.items()})
        assert values(found(kept, past=past, routine=routine)) == expected


def test_what_is_saved_besides_doses() -> None:
    kept = saved(speed="1.2", detail="brief", count="both", voice="en-gb", skip=("plank",))
    state = found(kept, count="voice")
    assert state.settings.speed == Fraction(6, 5)
    assert (state.settings.detail, state.settings.count) == ("brief", "voice")
    assert state.settings.skip == ("plank",)
    assert state.origins == {
        "speed": "saved", "detail": "saved", "count": "session", "voice": "saved",
        "language": "script", "skip": "saved",
    }  # fmt: skip
    assert manner_of(kept) == Settings(
        speed=Fraction(6, 5), detail="brief", count="both", voice="en-gb"
    )


def test_what_this_session_does_alone_is_done_even_if_it_is_left_out_otherwise() -> None:
    state = found(saved(skip="plank"), only=("plank",))
    assert (state.settings.only, state.settings.skip) == (("plank",), ())
    state = found(saved(skip="plank"), skip=("cat",))
    assert state.settings.skip == ("plank", "cat")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("gone.reps", "7", "there is no exercise `gone`"),
        ("gone.progress", "none", "there is no exercise `gone`"),
        ("skip", ("gone",), "there is no exercise `gone`"),
        ("cat.sideways.hold", "7", "there is no phase `sideways`"),
        ("cat.work", "7", "`cat` has no `work`"),
        ("reps", "12", "reps 12 is outside the prescribed 5 to 10 of cat"),
        ("reps", "seven", "expected a whole number"),
        ("cat.sides", "left", "`cat` has no `sides`"),
        ("plank.sides", "top", "there is no side `top`"),
        ("speed", "9", "expected at most 2"),
        ("cat.speed", "1", "`speed` belongs to the whole session"),
        ("detail", "loud", "expected one of full, brief, cues"),
        ("cues", "", "expected a name"),
        ("voice", "a\x07", "control character"),
        ("a.b.c.d", "1", "expected NAME, EXERCISE.NAME or EXERCISE.PHASE.NAME"),
        ("colour", "red", "there is no setting `colour`"),
        ("progress", "fast", "expected a rule"),
        ("reps", "+1", "expected a value, found the change +1: write what it comes to"),
        ("speed", "+0.1", "speed: expected a number"),
        ("skip", ("cat", "plank", "ring"), "nothing is left to do: every exercise is skipped"),
        ("cat.hold", "20h", "expected a session of at most 48 hours"),
    ],
)
def test_what_does_not_fit_is_told_and_the_rest_is_used(
    name: str, value: Any, problem: str
) -> None:
    is_beyond = value == "20h"
    kept = Saved({name: SavedValue(value, NOW, is_beyond), **saved(plank__hold="30").values})
    state = found(kept)
    assert values(state) == {"plank.phase-1.hold": 30}
    (told,) = state.problems
    assert told.startswith(f"the saved `{name}` is kept but not used: ")
    assert problem in told


def test_what_is_too_much_together_is_not_used_from_where_it_is_so() -> None:
    names = ("reps", "cat.up.hold", "plank.hold", "plank.sets", "cat.sets")
    texts = ("3", "20h", "20", "2", "3")
    kept = Saved({
        name: SavedValue(text, NOW, is_beyond=True)
        for name, text in zip(names, texts, strict=True)
    })  # fmt: skip
    state = found(kept)
    (told,) = state.problems
    assert told.startswith("the saved `cat.up.hold` is kept but not used: expected a session of")
    adjust(ROUTINE, state.settings)
    assert values(state) == {
        "cat.reps": 3, "plank.phase-1.hold": 20, "plank.sets": 2, "cat.sets": 3,
    }  # fmt: skip


def test_where_much_is_too_much_a_session_can_be_had() -> None:
    items = "".join(f"  - {{name: E{n}, reps: 1, sets: 1, pace: 1h}}\n" for n in range(40))
    routine = routine_of(f"title: T\nexercises:\n{items}")
    kept = Saved({f"e{n}.reps": SavedValue("7", NOW) for n in range(40)})
    state = found(kept, routine=routine)
    assert list(values(state)) == ["e0.reps"]
    assert len(state.problems) == 39
    adjust(routine, state.settings)


def test_progress_that_makes_a_session_too_long_is_not_used() -> None:
    text = "title: T\nexercises: [{name: A, hold: 1h-20h, reps: 9, progress: +9h hold a week}]"
    past = [Done(NOW + timedelta(days=n)) for n in range(9)]
    state = found(Saved(), past=past, routine=routine_of(text))
    assert (values(state), state.standings) == ({}, {})
    assert "progress is not used: expected a session of at most 48 hours" in state.problems[0]


def test_many_saved_values_are_met_quickly() -> None:
    items = "".join(f"  - {{name: E{n}, reps: 5-10}}\n" for n in range(1500))
    routine = routine_of(f"title: T\nexercises:\n{items}")
    kept = Saved({f"e{n}.reps": SavedValue("7", NOW) for n in range(300)})
    looked_at = 0

    def count(*_: Any) -> None:
        nonlocal looked_at
        looked_at += 1

    sys.setprofile(lambda _frame, event, _arg: count() if event == "call" else None)
    try:
        layer = saved_layer(routine, kept)
    finally:
        sys.setprofile(None)
    assert len(layer.settings.overrides) == 300
    assert looked_at < 300 * 1500


def test_beyond_is_allowed_where_it_was_when_it_was_saved() -> None:
    kept = Saved({"reps": SavedValue("12", NOW, is_beyond=True)})
    state = found(kept)
    assert values(state) == {"cat.reps": 12}
    assert adjust(ROUTINE, state.settings).sources[Address("reps", "cat")].is_beyond
    assert state.problems == ()


def test_sides_are_chosen_by_their_names() -> None:
    def sides(text: str) -> tuple[str, ...]:
        state = found(saved(sides=text))
        plank = list(adjust(ROUTINE, state.settings).routine.exercises())[1]
        return plank.sides

    assert sides("left") == ("left",)
    assert sides("Right, left") == ("right", "left")
    assert sides("r") == ("right",)


# -- properties ----------------------------------------------------------------------------------


@st.composite
def overrides(draw: st.DrawFn, routine: Routine) -> Override:
    """Return an override that has something to change, named as a whole or narrowly."""
    address = draw(st.sampled_from(sorted(routine_doses(routine), key=str)))
    is_time = isinstance(routine_doses(routine)[address].low, Fraction)
    value = Fraction(draw(st.integers(1, 40))) if is_time else draw(st.integers(1, 4))
    owner = draw(st.sampled_from([address.owner, None]))
    phase = address.phase if owner and draw(st.booleans()) else None
    if address.key == "reps" and owner is None:
        owner = address.owner  # for all, what is not repeated stays
    return Override(address.key, value, owner, phase)


@given(scripts(), st.data())
def test_layers_compose_in_order(script: Any, data: st.DataObject) -> None:
    """One layer upon the other is both in a row, and pinned they need nothing below."""
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    lower = data.draw(st.lists(overrides(routine), max_size=4))
    upper = data.draw(st.lists(overrides(routine), max_size=4))
    both = set_doses(routine, (*lower, *upper), beyond_range=True)
    stepwise = set_doses(
        set_doses(routine, lower, beyond_range=True).routine, upper, beyond_range=True
    )
    assert both.routine == stepwise.routine
    assert set_doses(routine, both.pinned(), beyond_range=True).routine == both.routine
    now = dict(amounts(both.routine))
    for address, source in both.sources.items():
        assert now[address] == source.value, "the last override that names it"


def length(routine: Routine) -> Fraction:
    """Return a session's seconds with a voice that takes the same time for whatever it says."""
    ready = Prepared(routine, Manner(), load_phrasebook("en"))
    voice = FakeVoice(Fraction(0), Fraction(1, 4))
    return Fraction(build(ready, voice, fake_cues(), RATE).timeline.duration, RATE)


def times(routine: Routine, exercise: str) -> int:
    """Return how often an exercise's set is done, by sets, sides and rounds."""

    def count(items: Any, rounds: int) -> int:
        total = 0
        for item in items:
            if hasattr(item, "rounds"):
                total += count(item.items, rounds * item.rounds.value)
            elif item.id == exercise:
                total += rounds * item.sets.value * max(1, len(item.sides))
        return total

    return count(routine.items, 1)


@given(scripts(), st.data())
def test_a_longer_hold_makes_the_session_longer_by_just_that(
    script: Any, data: st.DataObject
) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    held = [
        (address, value)
        for exercise in routine.exercises()
        for address, value in doses(exercise)
        if address.key == "hold"
    ]
    if not held:
        return
    address, value = data.draw(st.sampled_from(held))
    # Both outside of a range, of which it is told; whatever is said in such a hold fits there.
    low = max(value.value if value.is_fixed else value.high + 1, Fraction(3))
    high = low + data.draw(st.integers(1, 30))
    lengths = []
    for hold in (low, high):
        override = Override("hold", hold, address.owner, address.phase)
        adjusted = adjust(routine, Settings((override,), beyond_range=True)).routine
        lengths.append(length(adjusted))
    exercise = next(item for item in routine.exercises() if item.id == address.owner)
    repetitions = exercise.reps.value * times(routine, exercise.id)
    assert lengths[1] - lengths[0] == (high - low) * repetitions


MOVES = st.lists(
    st.fixed_dictionaries(
        {"cue": st.just("Go"), "move": st.integers(3, 6)}, optional={"hold": st.integers(3, 9)}
    ),
    min_size=1,
    max_size=3,
)


@given(MOVES, st.integers(2, 12), st.integers(1, 12), st.integers(1, 3))
def test_more_repetitions_make_the_session_longer_by_just_their_time(
    phases: Any, fewer: int, more: int, sets: int
) -> None:
    item = {"name": "A", "reps": fewer, "sets": sets, "phases": phases, "rest": 10}
    text = yaml.safe_dump({"title": "T", "exercises": [item]}, sort_keys=False)
    lengths = []
    for reps in (fewer, fewer + more):
        settings = Settings((parse_option("reps", str(reps)),))
        lengths.append(length(adjust(routine_of(text), settings).routine))
    # Three quarters of a second pass between two repetitions, half of one after a hold in them.
    pauses = Fraction(3, 4) + sum(Fraction(1, 2) for phase in phases[:-1] if "hold" in phase)
    repetition = sum(phase["move"] + phase.get("hold", 0) for phase in phases) + pauses
    assert lengths[1] - lengths[0] == more * sets * repetition


@given(scripts(), st.data())
def test_spoken_numbers_are_the_values_in_force(script: Any, data: st.DataObject) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    chosen = tuple(data.draw(st.lists(overrides(routine), max_size=4)))
    ready = prepared(routine, Settings(chosen, beyond_range=True))
    phrases = load_phrasebook("en")
    said = [
        clip.label
        for clip in build(ready, FakeVoice(), fake_cues(), RATE).timeline.clips
        if clip.kind == "speech"
    ]
    for exercise in ready.routine.exercises():
        dose = spoken_dose(exercise, phrases)
        assert not dose or f"{dose[0].upper()}{dose[1:]}." in said
        if exercise.reps.value > 1:
            assert phrases.say("repetitions", n=exercise.reps.value) in dose
        for phase in exercise.phases:
            if phase.hold:
                assert phrases.duration(phase.hold.value) in dose
        if "Do {reps} of these." in exercise.setup:
            assert f"Do {exercise.reps.value} of these." in said
        beyond = [value for _, value in doses(exercise) if value.is_beyond]
        told = [value for value in (exercise.reps, exercise.sets) if value in beyond]
        if told:
            shown = f"{told[0].low} to {told[0].high}"
            assert any("beyond the prescribed" in text and shown in text for text in said)


@given(scripts(), st.data())
def test_a_saved_value_is_read_as_it_was_meant(script: Any, data: st.DataObject) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    chosen = data.draw(st.lists(overrides(routine), max_size=4, unique_by=lambda o: o.address))
    kept = Saved({
        str(item.address): SavedValue(show_amount(item.key, item.value), NOW, is_beyond=True)  # type: ignore[arg-type]
        for item in chosen
    })  # fmt: skip
    layer = saved_layer(routine, kept)
    assert layer.problems == {}
    assert {(o.address, o.value) for o in layer.settings.overrides} == {
        (o.address, o.value) for o in chosen
    }


# -- what is different from the last time --------------------------------------------------------


def changes(now: Settings, last: Settings) -> list[str]:
    found = changes_since(ROUTINE, now, last)
    return [f"{c.key} {c.before}>{c.now} {'+'.join(c.owners)}" for c in found]


def test_changes_are_told_by_what_they_are() -> None:
    now = Settings((parse_option("reps", "7"), parse_option("hold", "plank=25")))
    assert changes(now, Settings()) == ["reps 5>7 cat", "hold 20>25 plank"]
    assert changes(now, now) == []
    gone = Settings((Override("reps", 6, "gone"), Override("hold", Fraction(9), "cat", "gone")))
    assert changes(Settings(), gone) == [], "what is not in the script any more"
    some = Settings((
        Override("reps", 7, "cat"), Override("sides", ("top",), "plank"),
        Override("sets", 1000, "plank"), Override("work", Fraction(9), "cat"),
    ))  # fmt: skip
    assert changes(now, some) == ["sets 1000>1 plank", "hold 20>25 plank"]


def spoken(*options: tuple[Any, str], last: Settings | None = None, text: str = TEXT) -> list[str]:
    routine = routine_of(text)
    settings = Settings(tuple(parse_option(*option) for option in options), beyond_range=True)
    told = changes_since(routine, settings, last or Settings())
    ready = prepared(routine, settings, told)
    timeline = build(ready, FakeVoice(), fake_cues(), RATE).timeline
    return [clip.label for clip in timeline.clips if clip.kind == "speech"]


def test_the_introduction_says_what_is_different_today() -> None:
    assert "Today, 6 repetitions, one more than last time." in spoken(("reps", "6"))
    last = Settings((parse_option("reps", "8"),))
    assert "Today, 5 repetitions, 3 fewer than last time." in spoken(last=last)
    said = spoken(("hold", "plank=25"), ("hold", "cat.up=6"))
    assert "Today, holds of 25 seconds in Plank, 5 seconds longer than last time." in said
    assert "Today, holds of 6 seconds in Cat, 1 second longer than last time." in said
    many = [("hold", f"e{n}=2{n}") for n in range(1, 6)]
    items = "".join(f"  - {{name: E{n}, hold: 10-60}}\n" for n in range(1, 6))
    said = spoken(*many, text=f"title: T\nexercises:\n{items}")
    assert sum(text.startswith("Today") for text in said) == 3
    assert "Other doses have changed, too." in said


def test_what_is_beyond_is_said_with_what_is_prescribed() -> None:
    said = spoken(("reps", "12"), ("hold", "plank=1:30"))
    assert "That is beyond the prescribed 5 to 10 repetitions." in said
    assert "That is beyond the prescribed holds of 20 seconds to 40 seconds." in said
    assert not any("beyond" in text for text in spoken(("reps", "10")))
    assert Range(5, 10, 12).is_beyond


ALL_RANGES = """
title: All
exercises:
  - name: Lunge
    reps: 5-10
    rest: 10-20
    settle: 3-5
    switch: 3-5
    sides: [left, right]
    phases: [{cue: Down, move: 1-2}, {cue: Up, hold: 2-4}]
  - {name: Squat, reps: 5-10, pace: 2-3}
  - rounds: 2-3
    rest: 0
    name: Outer
    exercises:
      - {name: Inner, rounds: 1-2, rest: 5-10, exercises: [{name: Jacks, work: 20-30, rest: 0}]}
"""


def test_every_range_that_is_left_is_told_and_once() -> None:
    keys = {"rest": "40", "settle": "9", "switch": "9", "move": "7", "pace": "8"}
    given = [(key, text) for key, text in keys.items() if key != "rest"]
    rests = [("rest", f"{name}=40") for name in ("lunge", "inner")]
    said = spoken(*given, *rests, ("rounds", "4"), text=ALL_RANGES)
    beyond = [text for text in said if "beyond" in text]
    assert beyond == [
        "That is beyond the prescribed rests of 10 seconds to 20 seconds, "
        "3 seconds to 5 seconds to get ready, 3 seconds to 5 seconds to switch sides, "
        "and moves of 1 second to 2 seconds.",
        "That is beyond the prescribed 2 seconds to 3 seconds a repetition.",
        "That is beyond the prescribed 2 to 3 rounds.",
        "That is beyond the prescribed 1 to 2 rounds and rests of 5 seconds to 10 seconds.",
    ]


def test_what_is_saved_besides_doses_is_known_without_a_routine() -> None:
    found = manner_of(saved(speed="fast", detail="brief", reps="7", skip=("cat",), cue_volume="-3"))
    assert found == Settings(detail="brief", cue_volume=Fraction(-3))


def test_an_exercise_of_which_two_phases_change_alike_is_told_once() -> None:
    even = routine_of("title: T\nexercises: [{name: A, phases: [{hold: 5}, {hold: 5}]}]\n")
    told = changes_since(even, Settings((parse_option("hold", "7"),)), Settings())
    assert [(change.key, change.before, change.now, change.owners) for change in told] == [
        ("hold", 5, 7, ("a",))
    ]


def test_amounts_are_shown_as_people_write_them() -> None:
    shown = [show_amount("sides", ("left", "right")), show_amount("settle", "ready")]
    assert shown == ["left,right", "ready"]
    assert [show_amount("hold", Fraction(90)), show_amount("reps", 8)] == ["1m30s", "8"]


def test_only_where_something_is_climbed_does_it_matter_what_was_done() -> None:
    ruled = routine_of(
        TEXT.replace("{name: Plank,", "{name: Plank, progress: +2s hold every week,")
    )
    idle = routine_of(TEXT.replace("{name: Plank,", "{name: Plank, progress: none,"))
    assert has_progress(ruled, Saved())
    assert not has_progress(idle, saved(reps="7"))
    assert has_progress(ROUTINE, saved(cat__progress="none"))
