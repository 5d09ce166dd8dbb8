"""Encouragement varies, is the same on any day, and keeps out of the way."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.phrases import Phrasebook, load_phrasebook
from coach.phrases.remarks import Occasion, Remarks
from coach.plan import plan
from coach.session import build, prepared
from coach.settings import Manner, Settings
from coach.steps import At, Rank, Say, Step, Timed
from coach.units import Style
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of

ENGLISH = load_phrasebook("en")
OCCASIONS: tuple[Occasion, ...] = ("well_done", "keep_going", "in_set")
LONG = (
    "title: T\nexercises:\n"
    "  - {name: A, sets: 4, reps: 8, rest: 20s, phases: [{cue: Up, move: 2s, hold: 5s}, {cue: Down, move: 3s}]}\n"
    "  - {name: B, sets: 3, hold: 45s, rest: 20s}\n"
    "  - {name: C, sets: 2, hold: 25s, rest: 20s}\n"
)


def steps_of(style: Style, detail: Any = "full", text: str = LONG) -> tuple[Step, ...]:
    return plan(routine_of(text), Manner(style=style, detail=detail), ENGLISH, Fraction(600))


def remarks_in(steps: tuple[Step, ...]) -> list[str]:
    """Return what is said to encourage, in order; "Get ready." is none."""
    found: list[Say] = []
    for step in steps:
        if isinstance(step, Timed):
            found += step.opening
            found += [at.what for at in step.events if isinstance(at.what, Say)]
    known = {
        phrase
        for occasion in OCCASIONS
        for key in (occasion, f"{occasion}_lively")
        for phrase in ENGLISH.phrases[key]
    }
    said = [say for say in found if say.text in known]
    assert all(say.rank == Rank.ENCOURAGEMENT for say in said)
    return [say.text for say in said]


@given(
    count=st.integers(1, 9),
    drawn=st.integers(0, 40),
    seed=st.text(max_size=5),
    style=st.sampled_from(["calm", "lively"]),
)
def test_nothing_comes_again_before_all_is_said_nor_twice_in_a_row(
    count: int, drawn: int, seed: str, style: Style
) -> None:
    phrases = [str(n) for n in range(count)]
    book = Phrasebook("xx", {"well_done": phrases, "well_done_lively": phrases})
    remarks = Remarks(book, style, seed)
    said = [remarks.next("well_done") for _ in range(drawn)]
    for first in range(0, drawn, count):
        part = said[first : first + count]
        assert len(set(part)) == len(part)
    if count > 1:
        assert all(one != other for one, other in pairwise(said))


def test_the_same_seed_says_the_same_and_others_differ() -> None:
    def said(seed: str) -> list[str]:
        remarks = Remarks(ENGLISH, "calm", seed)
        return [remarks.next("well_done") for _ in range(20)]

    assert said("back") == said("back")
    assert len({tuple(said(seed)) for seed in "abcdefgh"}) == 8


def test_rounds_have_different_orders() -> None:
    remarks = Remarks(ENGLISH, "lively", "s")
    size = len(ENGLISH.phrases["well_done_lively"])
    rounds = [tuple(remarks.next("well_done") for _ in range(size)) for _ in range(4)]
    assert len(set(rounds)) == 4


def test_the_lists_are_long_enough_and_those_in_a_set_short() -> None:
    for occasion in OCCASIONS:
        for key in (occasion, f"{occasion}_lively"):
            phrases = ENGLISH.phrases[key]
            assert len(set(phrases)) == len(phrases) >= 5
            assert all(phrase[-1] in ".!" for phrase in phrases)
            if occasion == "in_set":
                assert all(len(phrase) <= 12 for phrase in phrases)


def test_plain_says_none_calm_few_and_lively_many() -> None:
    counts = {style: len(remarks_in(steps_of(style))) for style in ("plain", "calm", "lively")}
    assert counts["plain"] == 0
    assert 3 <= counts["calm"] <= 8
    assert counts["lively"] >= 2 * counts["calm"]
    assert set(remarks_in(steps_of("calm"))).isdisjoint(ENGLISH.phrases["well_done_lively"])


@pytest.mark.parametrize("detail", ["brief", "cues"])
def test_less_detail_leaves_out_all_of_it(detail: str) -> None:
    assert remarks_in(steps_of("lively", detail)) == []


def test_in_a_set_it_comes_at_every_third_repetition_but_not_the_last() -> None:
    steps = steps_of("lively")
    places = [
        step.where.rep
        for step in steps
        if isinstance(step, Timed) and step.where.exercise == "a" and step.kind in ("hold", "move")
        for at in step.events
        if isinstance(at, At) and isinstance(at.what, Say) and at.what.rank == Rank.ENCOURAGEMENT
    ]
    assert places == [3, 6] * 4


@pytest.mark.parametrize("word_seconds", [Fraction(1, 10), Fraction(1), Fraction(3)])
def test_lively_makes_no_session_longer(word_seconds: Fraction) -> None:
    """Neither a move nor a hold grows for it; at rests it may push what has to be said."""
    text = LONG.replace("rest: 20s", "rest: 0s")

    def spans(style: Style) -> list[tuple[str, int]]:
        ready = prepared(routine_of(text), Settings(style=style))
        session = build(ready, FakeVoice(word_seconds), fake_cues(), RATE)
        return [(span.kind, span.end - span.start) for span in session.timeline.spans]

    assert spans("lively") == spans("plain")


@pytest.mark.parametrize(("style", "seconds"), [("calm", 40), ("lively", 20)])
def test_a_long_hold_has_a_word_from_its_limit_on(style: Style, seconds: int) -> None:
    def late(length: float) -> int:
        text = f"title: T\nexercises: [{{name: A, hold: {length}}}]\n"
        return len(remarks_in(steps_of(style, text=text)))

    assert (late(seconds - 0.5), late(seconds)) == (0, 1)


@pytest.mark.parametrize(
    ("phases", "phase"),
    [
        ("{cue: Up, hold: 3s}", "up"),
        ("{cue: Up, hold: 2.5s}", None),
        ("{cue: Up, hold: 2s}, {cue: On, hold: 4s}", "on"),
        ("{cue: Up, hold: 4s}, {cue: On, hold: 4s}", "up"),
        ("{cue: Up, hold: 4s, work: 4s}", "up"),
    ],
)
def test_a_word_in_a_repetition_comes_once_and_where_there_is_room(
    phases: str, phase: str | None
) -> None:
    text = f"title: T\nexercises: [{{name: A, reps: 4, phases: [{phases}]}}]\n"
    found = [
        (step.where.rep, step.kind, step.where.phase)
        for step in steps_of("lively", text=text)
        if isinstance(step, Timed)
        for at in step.events
        if isinstance(at.what, Say) and at.what.rank == Rank.ENCOURAGEMENT
    ]
    assert found == ([(3, "hold", phase)] if phase else [])
