from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach import units


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("5s", 5),
        ("1.5", Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("90s", 90),
        ("1:30", 90),
        ("1:02:03", 3723),
        ("1m30s", 90),
        ("1 min 30 sec", 90),
        ("2h", 7200),
        ("1.5 min", 90),
        ("010", 10),
        ("0.1", Fraction(1, 10)),
        (" 7 seconds ", 7),
        ("1h30m", 5400),
        ("1h30s", 3630),
        ("1" * 40, int("1" * 40)),
    ],
)
def test_durations_are_exact(text: str, expected: Fraction) -> None:
    assert units.parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "s",
        "1h30",
        "1" * 41,
        "five",
        "-3",
        "1e3",
        "5x",
        "1:75",
        "5 5",
        "nan",
        "inf",
        "9" * 50,
        "1,5",
    ],
)
def test_what_is_no_duration_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 5, 5s"):
        units.parse_duration(text)


@given(st.fractions(min_value=0, max_value=10**6).map(lambda f: Fraction(round(f * 1000), 1000)))
def test_a_shown_duration_is_read_back(value: Fraction) -> None:
    assert units.parse_duration(units.short_duration(value)) == value


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("5-10", ("5", "10")),
        ("5-10s", ("5s", "10s")),
        ("5 to 10", ("5", "10")),
        ("5s - 10s", ("5s", "10s")),
        ("1:30-2:00", ("1:30", "2:00")),
        ("5\u201310 min", ("5min", "10 min")),
        ("1-2m", ("1m", "2m")),
        (f"{'0' * 38}1-{'0' * 39}2", ("1", "2")),
    ],
)
def test_ranges_share_their_unit(text: str, ends: tuple[str, str]) -> None:
    found = units.split_range(text)
    assert found is not None
    assert [units.parse_duration(end) for end in found] == [
        units.parse_duration(end) for end in ends
    ]


@pytest.mark.parametrize(
    "text", ["5", "-5", "1:30", "", "-", "5-", "0" * 39 + "1-" + "0" * 39 + "2"]
)
def test_single_values_are_no_ranges(text: str) -> None:
    assert units.split_range(text) is None


@given(st.integers(1, 10**5), st.sampled_from([22_050, 24_000, 44_100, 48_000]))
def test_frames_and_seconds_are_inverse(count: int, rate: int) -> None:
    assert units.frames(units.seconds(count, rate), rate) == count


@given(st.fractions(0, 10**5), st.sampled_from([22_050, 24_000, 48_000]))
def test_frames_are_off_by_half_a_frame_at_most(value: Fraction, rate: int) -> None:
    assert abs(units.frames(value, rate) - value * rate) <= Fraction(1, 2)


@pytest.mark.parametrize("rate", [1, 8])
def test_halves_of_a_frame_go_to_the_even_one(rate: int) -> None:
    quarters = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    found = [units.frames(Fraction(n, 4 * rate), rate) for n in range(len(quarters))]
    assert found == quarters


def test_counts() -> None:
    assert units.parse_count("010") == 10
    for text in ("1.5", "-1", "ten", "", "1" * 60):
        with pytest.raises(ValueError, match="expected a whole number"):
            units.parse_count(text)


def test_quantities_keep_their_bounds() -> None:
    assert units.REPS.value("1000") == 1000
    with pytest.raises(ValueError, match='expected at most 1000, found "1001"'):
        units.REPS.value("1001")
    with pytest.raises(ValueError, match=r"expected at least 0\.5s"):
        units.ACTIVE_TIME.value("0")
    with pytest.raises(ValueError, match="expected at most 24h"):
        units.TIME.value("100h")
    with pytest.raises(ValueError, match="expected a number such as"):
        units.SPEED.value("fast")


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (
            units.parse_duration,
            " 5 x",
            'expected a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s, found "5 x"',
        ),
        (units.parse_count, " 5 x", 'expected a whole number such as 8, found "5 x"'),
        (units.parse_factor, " 5 x", 'expected a number such as 0.9, found "5 x"'),
        (units.parse_volume, " 5 x", 'expected decibels such as -3 or 4.5, found "5 x"'),
        (units.REPS.value, " 0 ", 'expected at least 1, found "0"'),
        (units.SETS.value, "101", 'expected at most 100, found "101"'),
        (units.ACTIVE_TIME.value, "0.4", 'expected at least 0.5s, found "0.4"'),
        (units.TIME.value, "25h", 'expected at most 24h, found "25h"'),
        (units.PAUSE.value, "61", 'expected at most 1m, found "61"'),
        (
            units.parse_count,
            "x" * 41,
            f'expected a whole number such as 8, found "{"x" * 39}\u2026"',
        ),
        (units.parse_count, "x" * 40, f'expected a whole number such as 8, found "{"x" * 40}"'),
    ],
)
def test_what_is_refused_is_quoted_beside_what_was_expected(
    read: Callable[[str], object], text: str, sentence: str
) -> None:
    with pytest.raises(ValueError) as caught:
        read(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "quantity", [units.TIME, units.ACTIVE_TIME, units.REPS, units.SPEED, units.VOLUME]
)
def test_both_bounds_are_values(quantity: units.Quantity[Any]) -> None:
    for bound in (quantity.least, quantity.most):
        assert quantity.value(quantity.show(bound)) == bound
        assert quantity.changed(bound, units.Relative(Fraction(0))) == bound
        within = quantity.changed(bound, units.Relative(Fraction(0), is_part=True))
        assert within == bound


def test_counts_factors_and_volumes_have_at_most_forty_characters() -> None:
    for read in (units.parse_count, units.parse_factor, units.parse_volume):
        assert read("1".rjust(40, "0")) == 1
        with pytest.raises(ValueError):
            read("1".rjust(41, "0"))
    assert units.parse_decibels("1".rjust(40, "0"), 0, 2) == 1
    with pytest.raises(ValueError):
        units.parse_decibels("1".rjust(41, "0"), 0, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("-3", -3), ("\N{MINUS SIGN}3 dB", -3), ("+4.5", Fraction(9, 2)), (" .5dB ", Fraction(1, 2))],
)
def test_volumes_and_decibels(text: str, expected: Fraction) -> None:
    assert units.parse_volume(text) == expected
    assert units.parse_decibels(text, -3, 4.5) == expected


def test_decibels_outside_or_none_are_refused_with_the_bounds() -> None:
    for text in ("-3.1", "4.6", "loud"):
        with pytest.raises(ValueError) as caught:
            units.parse_decibels(text, -3, 4.5)
        assert str(caught.value) == f'expected a number from -3 to 4.5, found "{text}"'


@pytest.mark.parametrize(
    ("quantity", "text", "amount", "is_part"),
    [
        (units.REPS, "+2", 2, False),
        (units.REPS, "\N{MINUS SIGN} 2", -2, False),
        (units.TIME, "-1.5s", Fraction(-3, 2), False),
        (units.TIME, " +20% ", Fraction(1, 5), True),
        (units.TIME, "-25%", Fraction(-1, 4), True),
    ],
)
def test_changes_have_a_sign(
    quantity: units.Quantity[Any], text: str, amount: Fraction, *, is_part: bool
) -> None:
    assert quantity.relative(text) == units.Relative(Fraction(amount), is_part)


def test_what_has_no_sign_is_no_change() -> None:
    assert units.TIME.relative("5s") is None
    with pytest.raises(ValueError, match="expected a whole number"):
        units.REPS.relative("+x")


@pytest.mark.parametrize(
    ("quantity", "value", "change", "expected"),
    [
        (units.REPS, 8, units.Relative(Fraction(2)), 10),
        (units.REPS, 10, units.Relative(Fraction(1, 4), is_part=True), 13),  # 12.5: halves go up
        (units.REPS, 10, units.Relative(Fraction(1, 5), is_part=True), 12),
        (units.REPS, 10, units.Relative(Fraction(6, 25), is_part=True), 12),
        (units.TIME, Fraction(10), units.Relative(Fraction(6, 25), is_part=True), Fraction(25, 2)),
        (units.TIME, Fraction(10), units.Relative(Fraction(-3)), Fraction(7)),
    ],
)
def test_changes_are_rounded_to_the_grain_where_they_are_parts(
    quantity: units.Quantity[Any], value: Any, change: units.Relative, expected: Any
) -> None:
    changed = quantity.changed(value, change)
    assert changed == expected
    assert type(changed) is type(value)


@pytest.mark.parametrize(
    ("quantity", "value", "amount", "sentence"),
    [
        (units.REPS, 3, -3, "expected at least 1, found 0 (3 is in force)"),
        (units.REPS, 999, 2, "expected at most 1000, found 1001 (999 is in force)"),
        (units.TIME, Fraction(1), -2, "expected at least 0s, found -1 (1s is in force)"),
    ],
)
def test_a_change_beyond_the_bounds_is_refused_with_what_is_in_force(
    quantity: units.Quantity[Any], value: Any, amount: int, sentence: str
) -> None:
    with pytest.raises(ValueError) as caught:
        quantity.changed(value, units.Relative(Fraction(amount)))
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(59), "59s"),
        (Fraction(60), "1m"),
        (Fraction(61), "1m1s"),
        (Fraction(121, 2), "60.5s"),
        (Fraction(7265), "2h1m5s"),
        (Fraction(1, 3), "0.333s"),
        (Fraction(0), "0s"),
    ],
)
def test_durations_are_shown_as_scripts_write_them(value: Fraction, shown: str) -> None:
    assert units.short_duration(value) == shown


@given(st.decimals(0, 10**6, places=5, allow_nan=False))
def test_an_exact_duration_loses_no_decimal(value: Decimal) -> None:
    shown = units.exact_duration(Fraction(value))
    assert units.parse_duration(shown) == Fraction(value)


def test_an_exact_duration_has_only_the_decimals_that_it_needs() -> None:
    assert units.exact_duration(Fraction("90.125")) == "90.125s"
    assert units.exact_duration(Fraction("90")) == "1m30s"
    assert units.exact_duration(Fraction("1.23456")) == "1.23456s"


def test_a_range_is_beyond_only_outside_of_two_ends() -> None:
    five_to_ten = units.Range(5, 10, 5)
    assert not five_to_ten.at(10).is_beyond
    assert five_to_ten.at(11).is_beyond
    assert five_to_ten.at(4).is_beyond
    assert not units.Range.fixed(5).at(8).is_beyond
    assert units.Range.fixed(5) == units.Range(5, 5, 5)
    assert five_to_ten.at(7) == units.Range(5, 10, 7)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0:00"), (5, "0:05"), (812, "13:32"), (3600, "1:00:00"), (3723, "1:02:03")],
)
def test_clock(value: int, text: str) -> None:
    assert units.clock(Fraction(value)) == text


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [(1, 1, 1), (19, 1, 1), (20, 5, 1), (Fraction(41, 2), 5, 5), (60, 5, 5)],
)
def test_the_steps_of_a_time(value: Fraction, up: int, down: int) -> None:
    assert units.time_step(Fraction(value), is_up=True) == up
    assert units.time_step(Fraction(value), is_up=False) == down
