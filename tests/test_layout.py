"""Where a timeline puts each sound, to the frame: steps and clips made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from coach.steps import (
    At,
    Chapter,
    Cue,
    CueName,
    Gap,
    Now,
    Part,
    Rank,
    Say,
    SpanKind,
    Step,
    Timed,
    Where,
)
from coach.timeline import Clip, LeftOut, Marker, Span, Timeline, lay_out, mix

RATE = 100
"""Frames a second: a word gap has 15, the gap after a tone 5."""
TONE = 10
HERE = Where("a", "b", 1, None, 1)
THERE = Where("a", None, 1)


def clip_of(what: Say | Cue) -> NDArray[np.int16]:
    """Return a tone of ten frames, or as many frames as a text's first word says."""
    length = TONE if isinstance(what, Cue) else int(what.text.split()[0])
    return np.full(length, 1, np.int16)


def laid_out(*steps: Step) -> Timeline:
    return lay_out(steps, clip_of, RATE)


def sounds(timeline: Timeline) -> list[tuple[int, str]]:
    return [(clip.start, clip.label) for clip in timeline.clips]


def told(clip: Clip) -> tuple[object, ...]:
    return (clip.start, clip.end, clip.kind, clip.label, clip.where, clip.speed)


def at(frame: int, what: Say | Cue, until: int | None = None) -> At:
    return At(Fraction(frame, RATE), what, None if until is None else Fraction(until, RATE))


def span(
    frames: int,
    *events: At,
    kind: SpanKind = "hold",
    opening: Sequence[Say] = (),
    beeps_from: int | None = None,
    stretches: bool = False,
) -> Timed:
    beeps = None if beeps_from is None else Fraction(beeps_from, RATE)
    seconds = Fraction(frames, RATE)
    return Timed(kind, seconds, HERE, tuple(opening), events, beeps, stretches)


def test_what_follows_begins_where_a_sound_or_a_gap_ends() -> None:
    timeline = laid_out(
        Chapter("One"), Now(Cue("ready"), THERE), Gap(Fraction(1, 4)), Part("Left"),
        Now(Say("30 words", speed=Fraction(4, 5)), HERE), Chapter("Two"), Gap(Fraction(1)),
    )  # fmt: skip
    assert list(map(told, timeline.clips)) == [
        (0, 10, "cue", "ready", THERE, None),
        (35, 65, "speech", "30 words", HERE, Fraction(4, 5)),
    ]
    assert timeline.markers == (Marker(0, "One"), Marker(65, "Two"))
    assert timeline.parts == (Marker(35, "Left"),)
    assert list(timeline.chapters()) == [(Marker(0, "One"), 65), (Marker(65, "Two"), 165)]
    assert (timeline.rate, timeline.duration, timeline.longest_clip) == (RATE, 165, 30)
    assert timeline.spans == ()


def test_a_session_lasts_until_its_last_sample() -> None:
    assert laid_out(span(50, at(45, Cue("final")))).duration == 55
    assert laid_out(span(50, at(40, Cue("final")))).duration == 50
    assert laid_out(Gap(Fraction(1))).longest_clip == 0


def test_an_opening_begins_after_the_first_tone_and_its_words_stand_apart() -> None:
    timeline = laid_out(
        span(200, at(0, Cue("start")), at(200, Cue("end")), opening=[Say("20"), Say("30")])
    )
    assert sounds(timeline) == [(0, "start"), (15, "20"), (50, "30"), (200, "end")]
    assert timeline.spans == (Span(0, 200, "hold", HERE),)
    assert {clip.where for clip in timeline.clips} == {HERE}
    without = laid_out(span(200, at(100, Cue("halfway")), opening=[Say("20")]))
    assert sounds(without) == [(0, "20"), (100, "halfway")]


@pytest.mark.parametrize(("length", "start"), [(35, 0), (34, 50)])
def test_an_opening_fits_inside_to_the_frame_or_is_spoken_before(length: int, start: int) -> None:
    # 10 of the tone, 5 after it, 20 of the words.
    timeline = laid_out(span(length, at(0, Cue("start")), opening=[Say("20")]))
    words = next(clip for clip in timeline.clips if clip.kind == "speech")
    begin = timeline.spans[0].start
    assert (words.start, begin) == ((15, 0) if start == 0 else (0, 35))
    assert timeline.spans[0].end - begin == length


@pytest.mark.parametrize(("beeps_from", "begin"), [(50, 0), (49, 50)])
def test_an_opening_is_over_a_word_gap_before_the_beeps(beeps_from: int, begin: int) -> None:
    timeline = laid_out(span(200, opening=[Say("35")], beeps_from=beeps_from))
    assert timeline.spans[0].start == begin


def test_of_an_opening_the_least_important_is_left_out_first() -> None:
    opening = [
        Say("20 required"), Say("20 praise", Rank.ENCOURAGEMENT, Fraction(1, 2)),
        Say("20 count", Rank.COUNT),
    ]  # fmt: skip
    timeline = laid_out(Gap(Fraction(1)), span(55, opening=opening))
    assert sounds(timeline) == [(100, "20 required"), (135, "20 count")]
    why = "no room beside what matters more"
    assert timeline.left_out == (LeftOut(100, "20 praise", why, Fraction(1, 2)),)
    tight = laid_out(span(20, at(0, Cue("start")), opening=[Say("5"), Say("9", Rank.COUNT)]))
    assert sounds(tight) == [(0, "start"), (15, "5")]
    assert tight.left_out == (LeftOut(15, "9", why),)


def test_a_span_that_stretches_holds_its_opening_and_a_gap() -> None:
    timeline = laid_out(span(20, kind="move", opening=[Say("30"), Say("30")], stretches=True))
    assert timeline.spans == (Span(0, 90, "move", HERE),)
    roomy = laid_out(span(200, kind="move", opening=[Say("30")], stretches=True))
    assert roomy.spans == (Span(0, 200, "move", HERE),)


def test_the_end_tone_of_a_span_that_stretches_stands_at_its_end() -> None:
    timeline = laid_out(span(20, at(20, Cue("end")), opening=[Say("30")], stretches=True))
    assert sounds(timeline) == [(0, "30"), (45, "end")]


@pytest.mark.parametrize(
    ("length", "until", "why"),
    [
        (20, 120, None),
        (21, 120, "longer than a second"),
        (100, None, None),
        (101, None, "longer than the span"),
        (101, 200, "longer than the span"),
        (101, 250, "longer than the span"),
    ],
)
def test_what_is_longer_than_its_place_is_left_out(
    length: int, until: int | None, why: str | None
) -> None:
    text = f"{length} frames"
    said = Say(text, Rank.COUNT, Fraction(3, 2))
    timeline = laid_out(Gap(Fraction(1)), span(200, at(100, said, until)))
    spoken = [(200, 200 + length, "speech", text, HERE, Fraction(3, 2))]
    left = [LeftOut(200, text, why or "", Fraction(3, 2))]
    assert list(map(told, timeline.clips)) == ([] if why else spoken)
    assert list(timeline.left_out) == (left if why else [])


@pytest.mark.parametrize(
    ("begin", "fits"), [(10, True), (11, False), (20, False), (39, False), (40, True)]
)
def test_what_is_spoken_in_a_span_touches_and_never_overlaps(begin: int, *, fits: bool) -> None:
    first = at(20, Say("20 first", Rank.COUNT))
    second = at(begin, Say("10 second", Rank.HALFWAY))
    far = at(150, Say("10 far", Rank.COUNT))
    timeline = laid_out(span(200, far, second, first))
    assert ("10 second" in [label for _, label in sounds(timeline)]) == fits
    why = "something else is spoken then"
    assert timeline.left_out == (() if fits else (LeftOut(begin, "10 second", why),))
    assert sounds(timeline) == sorted(sounds(timeline))


def test_among_many_the_neighbours_are_found() -> None:
    counts = [at(20 * n, Say("10", Rank.COUNT)) for n in range(1, 9)]
    between = [at(20 * n + 10, Say("10 between", Rank.HALFWAY)) for n in range(8, 0, -1)]
    across = [at(20 * n + 9, Say("2 across", Rank.ENCOURAGEMENT)) for n in range(1, 9)]
    timeline = laid_out(span(300, *across, *between, *counts, opening=[Say("20")]))
    assert len(timeline.clips) == 17
    assert [item.at for item in timeline.left_out] == [20 * n + 9 for n in range(1, 9)]


def test_of_the_same_rank_the_earlier_is_spoken() -> None:
    early, late = at(10, Say("50 early", Rank.COUNT)), at(30, Say("50 late", Rank.COUNT))
    assert sounds(laid_out(span(200, late, early))) == [(10, "50 early")]


def tones(*steps: Step) -> list[tuple[int, str]]:
    return sounds(laid_out(*steps))


def marked(kind: SpanKind, frames: int = 100) -> Timed:
    return span(frames, at(0, Cue("start")), at(frames, Cue("end")), kind=kind)


def test_where_spans_touch_one_tone_is_enough() -> None:
    start, end = "start", "end"
    assert tones(marked("work"), marked("work")) == [(0, start), (100, start), (200, end)]
    assert tones(marked("work"), marked("hold")) == [(0, start), (100, start), (200, end)]
    assert tones(marked("hold"), marked("work")) == [(0, start), (100, end), (200, end)]
    assert sorted(tones(marked("hold"), marked("hold"))) == [
        (0, start), (100, end), (100, start), (200, end),
    ]  # fmt: skip


def test_the_tone_at_the_end_of_work_is_kept_where_nothing_else_begins() -> None:
    whole = [(0, "start"), (100, "end")]
    assert tones(marked("work")) == whole
    assert tones(marked("work"), Gap(Fraction(1))) == whole
    rest = span(100, at(0, Cue("rest")), kind="rest")
    assert sorted(tones(marked("work"), rest)) == [(0, "start"), (100, "end"), (100, "rest")]
    words = span(20, opening=[Say("30")])
    assert tones(marked("work"), words) == [(0, "start"), (100, "end"), (100, "30")]


def test_the_start_tone_of_work_is_only_dropped_at_the_end_of_a_hold() -> None:
    apart = tones(marked("hold"), Gap(Fraction(1)), marked("work"))
    assert apart == [(0, "start"), (100, "end"), (200, "start"), (300, "end")]
    halfway: CueName = "halfway"
    other = tones(marked("hold"), span(100, at(0, Cue(halfway)), kind="work"))
    assert sorted(other) == [(0, "start"), (100, "end"), (100, halfway)]


def timeline_of(*clips: tuple[int, list[int]]) -> Timeline:
    made = tuple(
        Clip(start, np.array(samples, np.int16), "cue", "x", HERE) for start, samples in clips
    )
    longest = max(len(samples) for _, samples in clips)
    return Timeline(RATE, 100, made, (), (), (), longest)


def test_a_mix_is_saturated_at_both_ends() -> None:
    timeline = timeline_of((0, [30_000, -30_000, 16_000]), (0, [30_000, -30_000, 16_768]))
    assert mix(timeline, 0, 4).tolist() == [32_767, -32_768, 32_767, 0]
    assert mix(timeline, 0, 4).dtype == np.int16
    assert mix(timeline_of((0, [-32_768]), (0, [-1])), 0, 1).tolist() == [-32_768]


def test_any_range_of_a_mix_is_its_part_of_the_whole() -> None:
    timeline = timeline_of(
        (2, [1, 2, 3, 4, 5, 6, 7, 8]), (3, [10, 20]), (5, [100]), (9, [40]), (10, [50, 60])
    )
    whole = [0, 0, 1, 12, 23, 104, 5, 6, 7, 48, 50, 60, 0]
    for start in range(len(whole) + 1):
        for stop in range(start, len(whole) + 1):
            assert mix(timeline, start, stop).tolist() == whole[start:stop]
    assert mix(timeline, 5, 4).tolist() == []
