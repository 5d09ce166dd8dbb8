"""A session that fits into a time: the longest, evenly raised, inside the ranges."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coach.errors import SettingError
from coach.phrases import load_phrasebook
from coach.routine import Routine
from coach.session import EstimatedVoice, Prepared, length_of
from coach.settings import Address, Manner, Override, Settings
from coach.settings.adjust import adjust
from coach.settings.dose import routine_doses
from coach.settings.fit import FITTED, REST_STEP, fit
from coach.steps import CUE_NAMES
from tests.conftest import routine_of
from tests.strategies import scripts

RATE = 1000
TONES: Any = dict.fromkeys(CUE_NAMES, range(RATE // 4))


def clock_of(routine: Routine) -> Callable[[Settings], Fraction]:
    """Return what tells how long sessions take."""

    def length(settings: Settings) -> Fraction:
        ready = Prepared(adjust(routine, settings).routine, Manner(), load_phrasebook("en"))
        return length_of(ready, EstimatedVoice(RATE, Fraction(1)), TONES, RATE)

    return length


def chosen(settings: Settings) -> dict[str, Any]:
    return {str(o.address): o.value for o in settings.overrides if o.origin == "fit"}


def dials(routine: Routine) -> dict[Address, Any]:
    return {
        address: value
        for address, value in routine_doses(routine).items()
        if address.key in FITTED and not value.is_fixed
    }


def edge(routine: Routine, *, top: bool) -> Settings:
    """Return the settings with everything that may be chosen at an end of its range."""
    return Settings(
        tuple(
            Override(address.key, value.high if top else value.low, address.owner)
            for address, value in dials(routine).items()
        )
    )


# Each of the examples lays out dozens of sessions.
@hypothesis_settings(max_examples=max(5, hypothesis_settings().max_examples // 3))
@given(scripts(), st.fractions(0, 1))
def test_it_fits_stays_inside_and_nothing_more_would_fit(script: Any, part: Fraction) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    assume(dials(routine))
    length = clock_of(routine)
    shortest, longest = length(edge(routine, top=False)), length(edge(routine, top=True))
    limit = shortest + (longest - shortest) * part
    fitted = fit(routine, Settings(), limit, length)
    assert length(fitted) <= limit
    values = routine_doses(adjust(routine, fitted).routine)  # which checks the ranges
    levels = []
    for address, prescribed in dials(routine).items():
        value = values[address].value
        assert prescribed.low <= value <= prescribed.high
        step = REST_STEP if isinstance(value, Fraction) else 1
        if value < prescribed.high:
            more = Override(address.key, min(prescribed.high, value + step), address.owner)
            further = Settings((*fitted.overrides, more))
            # The rest after the last exercise, for one, takes no time.
            is_in_vain = length(further) == length(fitted)
            assert is_in_vain or length(further) > limit, f"{address} could be more"
        levels.append(Fraction(value - prescribed.low) / (prescribed.high - prescribed.low))
    others = set(values) - set(dials(routine))
    before = routine_doses(routine)
    assert all(values[address] == before[address] for address in others)
    if part == 1:
        assert set(levels) <= {1}


EVEN = """
title: T
exercises:
  - {name: A, reps: 5-10, phases: [{cue: Go, move: 4s}]}
  - {name: B, reps: 5-10, phases: [{cue: Go, move: 9s}]}
  - {name: C, reps: 10-20, hold: 5-9s, rest: 10-30s}
"""


def fitted(limit: int, *overrides: Override, **settings: Any) -> dict[str, Any]:
    routine = routine_of(EVEN)
    asked = Settings(overrides, **settings)
    return chosen(fit(routine, asked, Fraction(limit), clock_of(routine)))


def test_everything_is_raised_evenly() -> None:
    for limit in range(290, 560, 23):
        found = fitted(limit)
        parts = [
            Fraction(found["a.reps"] - 5, 5),
            Fraction(found["b.reps"] - 5, 5),
            Fraction(found["c.reps"] - 10, 10),
        ]
        assert max(parts) - min(parts) <= Fraction(2, 5), "only what is left is uneven"


def test_what_is_left_is_used() -> None:
    routine, length = routine_of(EVEN), clock_of(routine_of(EVEN))
    for limit in range(290, 560, 23):
        settings = fit(routine, Settings(), Fraction(limit), length)
        at_top = length(edge(routine, top=True)) <= limit
        assert at_top or limit - length(settings) < Fraction(11, 2), "the cheapest step takes 5 s"


def test_what_this_session_asks_for_stays() -> None:
    found = fitted(400, Override("reps", 9, "a"))
    assert "a.reps" not in found
    assert "b.reps" in found
    assert "a.reps" in fitted(400, Override("reps", 9, "a", origin="saved"))


def test_what_is_beyond_the_range_or_left_out_is_let_be() -> None:
    beyond = Override("reps", 12, "a", origin="saved", is_beyond=True)
    assert "a.reps" not in fitted(450, beyond)
    assert set(fitted(200, skip=("c",))) == {"a.reps", "b.reps"}


def test_a_sentence_where_nothing_fits() -> None:
    with pytest.raises(SettingError) as caught:
        fitted(60)
    assert caught.value.message.startswith("nothing fits into 1:00: the shortest session inside")
    assert "--skip" in caught.value.hint


def test_nothing_to_choose_is_no_error() -> None:
    routine = routine_of("title: T\nexercises: [{name: A, hold: 5}]\n")
    assert fit(routine, Settings(), Fraction(600), clock_of(routine)) == Settings()


def test_a_routine_of_many_exercises_asks_for_few_lengths() -> None:
    items = "".join(
        f"  - {{name: E{n}, reps: 5-10, phases: [{{cue: Go, move: 4s}}]}}\n" for n in range(400)
    )
    routine = routine_of(f"title: T\nexercises:\n{items}")
    asked = 0

    def length(settings: Settings) -> Fraction:
        nonlocal asked
        asked += 1
        adjusted = adjust(routine, settings).routine
        return sum((e.repetition * e.reps.value for e in adjusted.exercises()), Fraction(0))

    settings = fit(routine, Settings(), Fraction(4 * (400 * 7 + 123)), length)
    assert length(settings) == 4 * (400 * 7 + 123)
    assert asked < 40


@pytest.mark.parametrize(
    ("limit", "rest"), [(10, 10), (14, 10), (15, 15), (29, 25), (30, 30), (31, 31)]
)
def test_rests_are_raised_by_five_seconds_and_up_to_their_end(limit: int, rest: int) -> None:
    routine = routine_of("title: T\nexercises: [{name: A, reps: 5, sets: 2, rest: 10-31s}]\n")

    def length(settings: Settings) -> Fraction:
        (exercise,) = adjust(routine, settings).routine.exercises()
        return exercise.rest.value

    assert chosen(fit(routine, Settings(), Fraction(limit), length)) == {"a.rest": rest}
