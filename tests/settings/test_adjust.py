"""What a user sets over a script."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import CoachError, SettingError
from coach.routine import Exercise, Routine
from coach.settings import Address, Manner, Override, Settings, manner
from coach.settings.adjust import adjust
from coach.settings.choose import check_owner
from coach.settings.dose import routine_doses, show_range
from coach.settings.text import parse_option, parse_speed
from coach.units import Range, Relative
from tests.conftest import routine_of
from tests.strategies import scripts

TWO = """
title: Two
exercises:
  - name: Cat-camel
    reps: 5-10
    rest: 20s
    phases: [{cue: Arch up, hold: 5s}, {cue: Rest, move: 2s}, {cue: Sink, hold: 5-10s}]
  - rounds: 2
    exercises:
      - {name: Bridging, reps: 5-10, phases: [{cue: Lift, move: 4s}]}
"""


def adjusted(*settings: tuple[Any, str], **others: Any) -> Routine:
    overrides = tuple(parse_option(key, text) for key, text in settings)
    return adjust(routine_of(TWO), Settings(overrides=overrides, **others)).routine


def holds(routine: Routine) -> list[Fraction]:
    return [p.hold.value for e in routine.exercises() for p in e.phases if p.hold]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8", Override("hold", Fraction(8))),
        ("cat-camel=8s", Override("hold", Fraction(8), "cat-camel")),
        ("cat-camel.arch-up=1:30", Override("hold", Fraction(90), "cat-camel", "arch-up")),
        ("+2", Override("hold", Relative(Fraction(2)))),
        ("cat-camel=-1.5s", Override("hold", Relative(Fraction(-3, 2)), "cat-camel")),
        ("+20%", Override("hold", Relative(Fraction(1, 5), is_part=True))),
    ],
)
def test_addresses(text: str, expected: Override) -> None:
    assert parse_option("hold", text) == expected


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("hold", "abc", '--hold abc: expected a duration such as .* found "abc"'),
        ("reps", "1.5", '--reps 1.5: expected a whole number such as 8, found "1.5"'),
        ("reps", "0", '--reps 0: expected at least 1, found "0"'),
        ("hold", "--1", '--hold --1: expected a duration such as .* found "--1"'),
        ("hold", "+", '--hold [+]: expected a duration such as .* found "[+]"'),
        ("reps", "+1.5", '--reps [+]1.5: expected a whole number such as 8, found "1.5"'),
        ("reps", "+x%", '--reps [+]x%: expected a number such as 0.9, found "x"'),
        ("hold", "100h", "--hold 100h: expected at most 24h"),
        ("reps", "a.b=5", "--reps: expected VALUE or EXERCISE=VALUE, found"),
        ("hold", "=5", "--hold: expected VALUE or EXERCISE=VALUE or EXERCISE.PHASE=VALUE, found"),
        ("hold", "a.=4", "--hold: expected VALUE or EXERCISE=VALUE or EXERCISE.PHASE=VALUE, found"),
        ("hold", "a=", '--hold a=: expected a duration such as .* found ""'),
    ],
)
def test_values_that_are_none(key: Any, text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        parse_option(key, text)


def test_a_value_for_all_reaches_every_exercise_that_has_it() -> None:
    assert holds(adjusted(("hold", "8"))) == [8, 8]
    assert [e.reps.value for e in adjusted(("reps", "7")).exercises()] == [7, 7]


def test_a_value_for_one_reaches_only_that() -> None:
    assert holds(adjusted(("hold", "cat-camel.sink=8"))) == [5, 8]
    assert [e.reps.value for e in adjusted(("reps", "bridging=7")).exercises()] == [5, 7]


def test_repetitions_for_all_leave_what_is_not_repeated() -> None:
    text = "title: T\nexercises: [{name: A, work: 30}, {name: B, hold: 5, reps: 4}]\n"
    setting = Settings(overrides=(parse_option("reps", "6"),))
    assert [e.reps.value for e in adjust(routine_of(text), setting).routine.exercises()] == [1, 6]
    named = Settings(overrides=(parse_option("reps", "a=6"),))
    assert [e.reps.value for e in adjust(routine_of(text), named).routine.exercises()] == [6, 4]
    with pytest.raises(SettingError, match="no exercise has `reps`"):
        adjust(routine_of("title: T\nexercises: [{name: A, hold: 30}]\n"), setting)


def test_a_later_setting_wins() -> None:
    assert holds(adjusted(("hold", "6"), ("hold", "cat-camel.sink=8"))) == [6, 8]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (("reps", "11"), "reps 11 is outside the prescribed 5 to 10 of cat-camel, bridging"),
        (("hold", "cat-camel.sink=4"), "hold 4s is outside the prescribed 5s to 10s of "
         "cat-camel.sink"),
        (("hold", "cat=8"), "there is no exercise `cat`"),
        (("hold", "cat-camle=8"), "there is no exercise `cat-camle`; did you mean `cat-camel`?"),
        (("hold", "cat-camel.snik=8"), "there is no phase `snik` in `cat-camel`; did you mean `sink`?"),
        (("hold", "bridging=8"), "`bridging` has no `hold`"),
        (("hold", "cat-camel.rest=8"), "`cat-camel.rest` has no `hold`"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(setting: tuple[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        adjusted(setting)
    assert message in caught.value.message


def test_beyond_the_range_on_purpose() -> None:
    routine = adjusted(("reps", "12"), beyond_range=True)
    assert [e.reps.value for e in routine.exercises()] == [12, 12]
    assert all(e.reps.is_beyond for e in routine.exercises())


def test_a_single_prescribed_value_is_no_range() -> None:
    assert holds(adjusted(("hold", "cat-camel.arch-up=8"))) == [8, 5]


def test_only_and_skip() -> None:
    assert [e.id for e in adjusted(only=("bridging",)).exercises()] == ["bridging"]
    assert [e.id for e in adjusted(skip=("bridging",)).exercises()] == ["cat-camel"]
    assert len(adjusted(skip=("bridging",)).items) == 1, "an empty circuit goes, too"
    with pytest.raises(SettingError, match="nothing is left to do"):
        adjusted(skip=("bridging", "cat-camel"))
    with pytest.raises(SettingError, match="there is no exercise `brigding`; did you mean"):
        adjusted(only=("brigding",))


def test_a_session_that_becomes_too_long_is_refused() -> None:
    with pytest.raises(CoachError, match="expected a session of at most 48 hours"):
        adjusted(("hold", "cat-camel=20h"), beyond_range=True)


def test_speed() -> None:
    assert parse_speed("0.9") == Fraction(9, 10)
    for text in ("fast", "3", "0.1", "1/2", "nan", ""):
        with pytest.raises(SettingError, match="--speed: expected"):
            parse_speed(text)


def test_the_user_wins_over_the_script_and_the_script_over_the_default() -> None:
    routine = routine_of("title: T\ncount: voice\nspeed: 0.9\nexercises: [{name: A, hold: 5}]\n")
    assert manner(routine, Settings()) == Manner("full", "voice", Fraction(9, 10), "en")
    chosen = Settings(count="both", detail="cues", speed=Fraction(1))
    assert manner(routine, chosen) == Manner("cues", "both", Fraction(1), "en")


@given(scripts(), st.data())
def test_an_override_changes_exactly_what_it_names(script: Any, data: st.DataObject) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    before = routine_doses(routine)
    address = data.draw(st.sampled_from(sorted(before, key=str)))
    amount = data.draw(st.integers(1, 50))
    value = Fraction(amount) if isinstance(before[address].low, Fraction) else amount
    override = Override(address.key, value, address.owner, address.phase)
    changed = adjust(routine, Settings(overrides=(override,), beyond_range=True))
    after = routine_doses(changed.routine)
    assert after.pop(address).value == amount
    del before[address]
    assert after == before
    assert changed.sources == {address: override}


def test_how_long_to_wait_for_somebody_is_not_prescribed() -> None:
    text = "title: T\nexercises: [{name: A, hold: 5-10s, settle: ready}, {name: B, hold: 5}]\n"
    plain = routine_of(text.replace(", settle: ready", ""))
    changed = adjust(plain, Settings(overrides=(parse_option("settle", "a=ready"),))).routine
    (exercise, _) = changed.exercises()
    before, after = routine_doses(plain), routine_doses(changed)
    assert after.keys() == before.keys()
    assert after[Address("settle", "a")] == Range.fixed(exercise.settle.value)
    assert routine_doses(routine_of(text)).keys() == before.keys()


def test_what_is_prescribed_is_shown_as_people_write_it() -> None:
    assert show_range("reps", Range(5, 10, 10)) == "5 to 10"
    assert show_range("hold", Range.fixed(Fraction(90))) == "1m30s"


def test_the_circuits_are_named_where_none_is_found() -> None:
    one = "{rounds: 2, exercises: [{name: %s, hold: 5}]}"
    routine = routine_of(f"title: T\nexercises: [{one % 'A'}, {one % 'B'}]\n")
    with pytest.raises(SettingError) as caught:
        adjust(routine, Settings(only=("pelvis",)))
    assert caught.value.hint.endswith("The circuits: circuit-1, circuit-2.")


@given(scripts())
def test_no_setting_changes_nothing(script: Any) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    assert adjust(routine, Settings()).routine == routine
    assert all(isinstance(exercise, Exercise) for exercise in routine.exercises())


WAITING = routine_of("""
title: T
exercises:
  - {name: A, reps: 2, settle: ready}
  - {name: B, reps: 2, settle: 3-6s}
""")


def settled(*texts: str, beyond_range: bool = False) -> list[tuple[Fraction, bool]]:
    overrides = tuple(parse_option("settle", text) for text in texts)
    routine = adjust(WAITING, Settings(overrides, beyond_range=beyond_range)).routine
    return [(item.settle.value, item.settle_ready) for item in routine.exercises()]


def test_what_waits_for_its_user_has_no_time_to_change() -> None:
    assert settled("+2") == [(10, True), (5, False)]
    assert settled("+2", "b=ready") == [(10, True), (10, True)]
    assert settled("a=4", "+1") == [(5, False), (4, False)]
    with pytest.raises(SettingError, match="every exercise waits until its user is ready"):
        settled("ready", "+1")
    for texts in (("a=+2",), ("b=ready", "b=-1")):
        with pytest.raises(SettingError, match="waits until its user is ready") as caught:
            settled(*texts)
        assert caught.value.hint.endswith(".settle=10s.")


def test_what_waits_for_its_user_is_inside_of_every_range_and_keeps_it() -> None:
    assert settled("ready") == [(10, True), (10, True)]
    assert settled("b=ready", "b=6") == [(10, True), (6, False)]
    with pytest.raises(SettingError, match="settle 7s is outside the prescribed 3s to 6s of b"):
        settled("b=ready", "b=7")


def test_what_is_in_force_of_a_part_can_be_pinned() -> None:
    overrides = (parse_option("settle", "4"), parse_option("reps", "3"))
    part = adjust(WAITING, Settings(overrides, only=("a",)))
    assert {str(override.address) for override in part.pinned()} == {"a.settle", "a.reps"}


def test_a_name_that_is_known_is_no_error() -> None:
    for name in ("cat-camel", "circuit-1"):
        check_owner(routine_of(TWO), name)


def test_the_style_and_the_volumes_of_a_session_win_over_the_scripts() -> None:
    head = "title: T\nstyle: lively\ncue_volume: -3\nspeech_volume: 2\n"
    routine = routine_of(f"{head}exercises: [{{name: A, hold: 5}}]\n")
    own = manner(routine, Settings())
    assert (own.style, own.cue_volume, own.speech_volume) == ("lively", -3, 2)
    asked = Settings(
        style="plain", cue_volume=Fraction(0), speech_volume=Fraction(-1), language="de"
    )
    chosen = manner(routine, asked)
    assert (chosen.style, chosen.cue_volume, chosen.speech_volume) == ("plain", 0, -1)
    assert chosen.language == "de"
