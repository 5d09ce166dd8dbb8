"""Where a live session can go, over generated routines."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from coach.correspondence import Correspondence
from coach.phrases import load_phrasebook
from coach.places import (
    find,
    go_on_at,
    last_words,
    next_exercise,
    next_place,
    place_at,
    places,
    previous_exercise,
    previous_place,
    repetitions,
    resume_at,
    sentence_before,
    span_at,
    speech_at,
)
from coach.routine import Circuit, Item, Routine
from coach.session import Prepared, build
from coach.settings import Manner
from coach.steps import Where
from coach.timeline import Clip, Span, Timeline
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of
from tests.strategies import scripts
from tests.test_timeline import manners, voices

FRACTIONS = st.fractions(0, 1)


def timeline_of(routine: Routine, manner: Manner, voice: FakeVoice) -> Timeline:
    return build(
        Prepared(routine, manner, load_phrasebook("en")), voice, fake_cues(), RATE
    ).timeline


def planned(items: tuple[Item, ...]) -> int:
    """Return how many repetitions are prescribed, counted apart from the code that is tested."""
    total = 0
    for item in items:
        if isinstance(item, Circuit):
            total += item.rounds.value * planned(item.items)
        else:
            total += item.repetitions
    return total


@given(script=scripts(), manner=manners, voice=voices)
def test_places_cover_the_session_and_hold_every_repetition_once(
    script: Any, manner: Manner, voice: FakeVoice
) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    timeline = timeline_of(routine, manner, voice)
    found = places(timeline)
    assert found[0].start == 0
    assert found[-1].end == timeline.duration
    assert all(place.end == following.start for place, following in pairwise(found))
    assert all(place.start < place.done_at for place in found)
    paced = {exercise.id: exercise.reps.value for exercise in routine.exercises()}
    done = Counter(
        where
        for place in found
        if place.kind == "reps"
        for where in repetitions(place.where, paced[place.where.exercise or ""])
    )
    assert set(done.values()) <= {1}
    # With beeps and counts alone, nothing is left of a phase that has only words.
    is_silent = any(not phase.time for item in routine.exercises() for phase in item.phases)
    if manner.detail == "cues" and is_silent:
        assert len(done) <= planned(routine.items)
    else:
        assert len(done) == planned(routine.items)


@given(script=scripts(), manner=manners, voice=voices, part=FRACTIONS)
def test_a_break_is_resumed_before_it_and_never_within_a_word_or_a_hold(
    script: Any, manner: Manner, voice: FakeVoice, part: Fraction
) -> None:
    timeline = timeline_of(routine_of(yaml.safe_dump(script, sort_keys=False)), manner, voice)
    frame = int(part * timeline.duration)
    start = resume_at(timeline, frame)
    assert start <= frame
    assert resume_at(timeline, start) == start, "a second break changes nothing"
    span = span_at(timeline, start)
    if span and span.kind in ("hold", "move"):
        assert start == span.start
    else:
        speech = speech_at(timeline, start)
        assert speech is None or speech.start == start or (span and start == span.start)


@given(script=scripts(), manner=manners, voice=voices, part=FRACTIONS)
def test_skipping_on_comes_to_every_place_and_ends(
    script: Any, manner: Manner, voice: FakeVoice, part: Fraction
) -> None:
    timeline = timeline_of(routine_of(yaml.safe_dump(script, sort_keys=False)), manner, voice)
    found = places(timeline)
    frame, visited = 0, [found[0]]
    while place := next_place(found, frame):
        assert place.start > frame
        frame = place.start
        visited.append(place)
    assert tuple(visited) == found
    while (before := previous_place(found, frame, RATE)).start:
        assert before.start < frame
        frame = before.start
    frame, chapters = 0, [0]
    while (start := next_exercise(timeline, frame)) is not None:
        frame = start
        chapters.append(start)
    assert chapters == [marker.start for marker in timeline.markers]
    here = int(part * timeline.duration)
    assert previous_exercise(timeline, here) in chapters
    assert found[place_at(found, here)].start <= here
    waited = go_on_at(timeline, here)
    assert waited is None or waited > here


@given(script=scripts(), manner=manners, voice=voices, part=FRACTIONS)
def test_a_timeline_corresponds_to_itself(
    script: Any, manner: Manner, voice: FakeVoice, part: Fraction
) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    timeline = timeline_of(routine, manner, voice)
    same = Correspondence(timeline, timeline_of(routine, manner, voice))
    frame = int(part * timeline.duration)
    assert same.to(frame) == frame
    assert same.switch_from(frame) == frame


@given(
    script=scripts(),
    manner=manners,
    voices=st.tuples(voices, voices),
    reps=st.integers(1, 9),
    part=FRACTIONS,
)
def test_the_same_place_in_a_changed_session(
    script: Any,
    manner: Manner,
    voices: tuple[FakeVoice, FakeVoice],
    reps: int,
    part: Fraction,
) -> None:
    """Other repetitions, other holds, another voice: the place stays, and no word is cut."""
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    changed = replace(routine, items=tuple(with_reps(item, reps) for item in routine.items))
    old = timeline_of(routine, manner, voices[0])
    new = timeline_of(changed, manner, voices[1])
    same = Correspondence(old, new)
    frame = same.switch_from(int(part * old.duration))
    target = same.to(frame)
    assert 0 <= target <= new.duration
    cut, joined = speech_at(old, frame), speech_at(new, target)
    if cut or (joined and joined.start != target):
        assert cut
        assert joined
        assert cut.label == joined.label
        assert frame - cut.start == target - joined.start
    before = places(old)[place_at(places(old), frame)]

    def alike(timeline: Timeline) -> int:
        kind = (before.kind, before.where)
        return sum((place.kind, place.where) == kind for place in places(timeline))

    # The words before a short rest, which belong to no exercise, may have gone into it.
    if alike(old) == alike(new):
        if before.start < frame < before.end - 1 and not speech_at(old, frame + 1):
            after = places(new)[place_at(places(new), target)]
            assert after.where.exercise == before.where.exercise


def with_reps(item: Item, reps: int) -> Item:
    if isinstance(item, Circuit):
        return replace(item, items=tuple(with_reps(inner, reps) for inner in item.items))
    return replace(item, reps=item.reps.at(reps)) if item.is_repeated else item


TWO = """
title: Two
rest: 10
exercises:
  - name: Cat
    setup: [Come down., Breathe.]
    settle: 6
    reps: 3
    phases: [{cue: Up, guide: Slowly., move: 2, hold: 5}, {cue: Down, move: 2}]
  - {name: Push-ups, reps: 10, settle: ready}
"""


def two() -> Timeline:
    return timeline_of(routine_of(TWO), Manner(), FakeVoice())


def test_what_each_place_is() -> None:
    kinds = [(place.kind, place.where.exercise, place.where.rep) for place in places(two())]
    assert kinds == [
        ("words", None, 0),
        ("words", "cat", 0),
        ("settle", "cat", 0),
        ("reps", "cat", 1),
        ("reps", "cat", 2),
        ("reps", "cat", 3),
        ("rest", "cat", 0),
        ("words", "push-ups", 0),
        ("settle", "push-ups", 0),
        ("reps", "push-ups", 0),
        ("words", None, 0),
    ]


def test_back_goes_to_the_start_and_from_there_to_the_place_before() -> None:
    timeline = two()
    found = places(timeline)
    assert previous_place(found, found[4].start + RATE, RATE) == found[3]
    assert previous_place(found, found[4].start + 2 * RATE, RATE) == found[4]
    assert (
        previous_exercise(timeline, timeline.markers[2].start + RATE) == timeline.markers[1].start
    )
    late = timeline.markers[2].start + 5 * RATE
    assert previous_exercise(timeline, late) == timeline.markers[2].start


def test_going_on_skips_to_the_beeps_or_past_the_repetitions() -> None:
    timeline = two()
    settle = next(span for span in timeline.spans if span.where.exercise == "push-ups")
    assert go_on_at(timeline, settle.start) == settle.end - 3.5 * RATE
    assert go_on_at(timeline, settle.end - 3 * RATE) is None
    work = next(span for span in timeline.spans if span.kind == "work")
    assert go_on_at(timeline, work.start + RATE) == work.end
    hold = next(span for span in timeline.spans if span.kind == "hold")
    assert go_on_at(timeline, hold.start) is None


def test_the_sentence_before_and_the_last_words() -> None:
    timeline = two()
    clips = [clip for clip in timeline.clips if clip.kind == "speech"]
    assert sentence_before(timeline, clips[2].start + 1) == clips[2].start
    assert sentence_before(timeline, clips[2].start) == clips[1].start
    assert sentence_before(timeline, 0) == 0
    rest = next(place for place in places(timeline) if place.kind == "rest")
    said = [clip for clip in clips if rest.start <= clip.start < rest.end]
    assert last_words(timeline, rest.start, rest.end) == said[-1].end
    assert last_words(timeline, rest.start, said[0].start) == rest.start


def test_a_repetition_is_found_again_or_the_first_of_its_exercise() -> None:
    found = places(two())
    assert find(found, Where("cat", "up", 1, None, 2)) == 4
    assert find(found, Where("cat", None, 1, None, 9)) == 3
    assert find(found, Where("push-ups", None, 1)) == 9
    assert find(found, Where("dog", None, 1, None, 1)) is None


def test_nothing_has_no_places_and_repetitions_at_ones_own_pace_are_counted() -> None:
    assert places(Timeline(RATE, 0, (), (), (), (), 0)) == ()
    own = Where("a", None, 1)
    assert repetitions(own, 2) == (replace(own, rep=1), replace(own, rep=2))
    assert repetitions(replace(own, rep=7), 2) == (replace(own, rep=7),)


def test_after_a_break_a_hold_begins_again_and_work_goes_on() -> None:
    timeline = two()
    hold = next(span for span in timeline.spans if span.kind == "hold")
    assert resume_at(timeline, hold.start + RATE) == hold.start
    work = next(span for span in timeline.spans if span.kind == "work")
    assert resume_at(timeline, work.start + 9 * RATE) == work.start + 9 * RATE


def bare(*clips: Clip, span: Span | None = None) -> Timeline:
    return Timeline(RATE, 10 * RATE, clips, (span,) if span else (), (), (), RATE)


def test_a_change_waits_for_what_the_new_session_says_in_a_rest() -> None:
    rest = Span(0, 10 * RATE, "rest", Where())
    words = Clip(2 * RATE, np.ones(RATE, np.int16), "speech", "New", Where())
    change = Correspondence(bare(span=rest), bare(words, span=rest))
    assert change.switch_from(2 * RATE + 7) == 3 * RATE
    assert change.switch_from(RATE) == RATE
    assert change.switch_from(11 * RATE) == 11 * RATE, "beyond the end there is nothing to break"


def test_what_stands_in_a_span_that_is_new_stands_for_its_beginning() -> None:
    hold = Span(3 * RATE, 10 * RATE, "hold", Where("a", None, 1, None, 1))
    change = Correspondence(bare(), bare(span=hold))
    assert change.to(5 * RATE) == 3 * RATE
    assert change.to(2 * RATE) == 2 * RATE
    assert Correspondence(bare(), bare()).to(12 * RATE) == 10 * RATE


def test_a_sentence_of_which_only_a_part_was_heard_begins_anew() -> None:
    words = Clip(2 * RATE, np.ones(RATE, np.int16), "speech", "Words", Where())
    other = replace(words, label="Other words")
    same, changed = (Correspondence(bare(words), bare(clip)) for clip in (words, other))
    assert same.switch_from(2 * RATE + 7) == 2 * RATE + 7
    assert same.to(2 * RATE + 7) == 2 * RATE + 7
    assert changed.to(2 * RATE + 7) == 2 * RATE + 7, "the sentence in its place"
    longer = replace(other, start=RATE, samples=np.ones(3 * RATE, np.int16))
    assert Correspondence(bare(words), bare(longer)).to(5 * RATE // 2) == 3 * RATE // 2
    silent = Correspondence(bare(), bare(words))
    assert silent.to(2 * RATE + 7) == 2 * RATE


def test_a_repetition_that_is_not_planned_any_more_is_done_first() -> None:
    first, second = (
        Span(n * RATE, (n + 2) * RATE, "hold", Where("a", phase, 1, None, 2))
        for n, phase in ((2, "x"), (4, "y"))
    )
    rest = Span(6 * RATE, 8 * RATE, "rest", Where("a", None, 1))
    old = Timeline(RATE, 9 * RATE, (), (first, second, rest), (), (), 0)
    new = Timeline(RATE, 5 * RATE, (), (replace(rest, start=2 * RATE, end=4 * RATE),), (), (), 0)
    change = Correspondence(old, new)
    assert change.switch_from(RATE) == RATE
    assert change.switch_from(3 * RATE) == 6 * RATE
    assert change.switch_from(5 * RATE) == 6 * RATE


def test_in_the_beeps_of_a_rest_one_goes_on_before_them() -> None:
    rest = Span(0, 10 * RATE, "rest", Where())
    assert resume_at(bare(span=rest), 9 * RATE) == 6.5 * RATE
    assert resume_at(bare(span=rest), 5 * RATE) == 5 * RATE


def test_what_is_said_in_a_set_and_leads_to_nothing_is_words() -> None:
    words = Clip(RATE, np.ones(RATE, np.int16), "speech", "Words", Where("a", None, 1))
    assert [place.kind for place in places(bare(words))] == ["words"]
