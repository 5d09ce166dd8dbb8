"""Doses are found whatever surrounds them, and keep the words that they came from."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.draft.dose import WORDS, Dose, doses_in
from coach.draft.sentences import is_bare, sentences, without_doses

numbers = st.one_of(
    st.integers(2, 200).map(lambda number: (str(number), number)),
    st.sampled_from(
        [(word, value) for word, value in WORDS.items() if len(word) > 2 and value > 2]
    ),
)
joints = st.sampled_from(["-", " - ", "\u2013", " to ", " or "])
units = st.sampled_from(
    [("seconds", 1), ("secs", 1), ("sec", 1), ("s", 1), ("minutes", 60), ("min", 60)]
)
before = st.sampled_from(["", "Lie down. ", "Slowly lift your leg, ", "Then "])
after = st.sampled_from(["", ".", ", then relax.", " and lower.", "\nDone."])


def found(text: str) -> dict[str, Dose]:
    return {dose.kind: dose for dose in doses_in(text)}


@given(before, numbers, units, after)
def test_a_hold_is_found(
    start: str, number: tuple[str, int], unit: tuple[str, int], end: str
) -> None:
    hold = found(f"{start}hold for {number[0]} {unit[0]}{end}")["hold"]
    assert hold.low == hold.high == number[1] * unit[1]


@given(numbers, joints, numbers, units)
def test_a_range_is_one_dose(
    first: tuple[str, int], joint: str, second: tuple[str, int], unit: tuple[str, int]
) -> None:
    doses = doses_in(f"Hold it for {first[0]}{joint}{second[0]} {unit[0]}.")
    assert [dose.kind for dose in doses] == ["hold"]
    values = sorted([first[1] * unit[1], second[1] * unit[1]])
    assert [doses[0].low, doses[0].high] == values


@given(numbers, numbers)
def test_sets_and_repetitions(sets: tuple[str, int], reps: tuple[str, int]) -> None:
    doses = found(f"Do {sets[0]} sets of {reps[0]}.")
    assert (doses["sets"].low, doses["reps"].low) == (sets[1], reps[1])
    doses = found(f"{reps[0]} reps x {sets[0]} sets")
    assert (doses["sets"].low, doses["reps"].low) == (sets[1], reps[1])


@given(st.text(max_size=300))
def test_words_are_those_of_the_text(text: str) -> None:
    for dose in doses_in(text):
        assert dose.words in text[dose.start : dose.end]
        assert 0 <= dose.low <= dose.high


@given(st.text(alphabet="0123456789 xsecrpt-.,/:()holdminutes\n", max_size=300))
def test_any_text_is_read(text: str) -> None:
    for sentence in sentences(text):
        without_doses(sentence)
        is_bare(sentence)
    assert all(isinstance(dose.low, Fraction) for dose in doses_in(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hold for 5 seconds and repeat for 5-10 repetitions", {"hold": "5", "reps": "5-10"}),
        ("10 x 5 sec", {"times": "10", "time": "5"}),
        ("3x10", {"sets": "3", "reps": "10"}),
        ("10 reps x 3 sets", {"sets": "3", "reps": "10"}),
        ("10 x 3", {"sets": "3", "reps": "10"}),
        ("3 x 10 x 5s", {"sets": "3", "reps": "10", "hold": "5"}),
        ("5 sec hold", {"hold": "5"}),
        ("30s each side", {"time": "30", "sides": "2"}),
        ("2/day", {"often": "1"}),
        ("Repeat 10 Times", {"reps": "10"}),
        ("Perform 2 Times a Day", {"often": "1"}),
        ("once or twice a day", {"often": "1"}),
        ("Repeat twice more.", {"reps": "3"}),
        ("Hold for a count of five.", {"hold": "5"}),
        ("1 minute rest between sets", {"rest": "60"}),
        ("Rest for 15 seconds.", {"pause": "15"}),
        ("hold for five breaths", {"breaths": "5"}),
        ("Repeat up to 10 times.", {"reps": "10"}),
        ("six-8 reps", {"reps": "6-8"}),
        ("Repeat on the other side.", {"sides": "2"}),
        ("Let your knees fall to each side.", {}),
        ("Lift both legs together.", {}),
        ("Bend to 90 degrees, 20 cm off the bed, after 2 weeks.", {}),
    ],
)
def test_manners_of_saying_it(text: str, expected: dict[str, str]) -> None:
    assert {dose.kind: dose.count for dose in doses_in(text)} == expected
