from __future__ import annotations

from fractions import Fraction

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
    ],
)
def test_durations_are_exact(text: str, expected: Fraction) -> None:
    assert units.parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "s", "five", "-3", "1e3", "5x", "1:75", "5 5", "nan", "inf", "9" * 50, "1,5"]
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
    ],
)
def test_ranges_share_their_unit(text: str, ends: tuple[str, str]) -> None:
    found = units.split_range(text)
    assert found is not None
    assert [units.parse_duration(end) for end in found] == [
        units.parse_duration(end) for end in ends
    ]


@pytest.mark.parametrize("text", ["5", "-5", "1:30", "", "-", "5-"])
def test_single_values_are_no_ranges(text: str) -> None:
    assert units.split_range(text) is None


@given(st.integers(1, 10**5), st.sampled_from([22_050, 24_000, 44_100, 48_000]))
def test_frames_and_seconds_are_inverse(count: int, rate: int) -> None:
    assert units.frames(units.seconds(count, rate), rate) == count


@given(st.fractions(0, 10**5), st.sampled_from([22_050, 24_000, 48_000]))
def test_frames_are_off_by_half_a_frame_at_most(value: Fraction, rate: int) -> None:
    assert abs(units.frames(value, rate) - value * rate) <= Fraction(1, 2)


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


def test_a_range_is_beyond_only_outside_of_two_ends() -> None:
    five_to_ten = units.Range(5, 10, 5)
    assert not five_to_ten.at(10).is_beyond
    assert five_to_ten.at(11).is_beyond
    assert five_to_ten.at(4).is_beyond
    assert not units.Range.fixed(5).at(8).is_beyond


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0:00"), (5, "0:05"), (812, "13:32"), (3723, "1:02:03")]
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
