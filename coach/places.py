"""The places of a timeline that a live session goes to.

Everything here is pure. Frames count from the timeline's first, and ranges are half-open.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from coach.steps import Where
from coach.timeline import Clip, Span, Timeline
from coach.units import frames

PlaceKind = Literal["words", "reps", "rest", "settle", "switch"]

GRACE = Fraction(3, 2)
"""Seconds into a place within which "back" means the one before."""
EXERCISE_GRACE = Fraction(4)
"""The same for exercises."""
CLOSING_BEEPS = Fraction(3)
"""Seconds before the end of a waiting span at which its three beeps begin."""
LEAD_TO_BEEPS = Fraction(1, 2)
"""Seconds of silence before these beeps, where somebody comes in just before them."""

_TO_BEEPS = CLOSING_BEEPS + LEAD_TO_BEEPS

WAITING: dict[str, PlaceKind] = {"rest": "rest", "settle": "settle", "switch": "switch"}
"""The spans that are places of their own."""


class Place(Struct, frozen=True):
    """A stretch of a session that is skipped or gone back to as one."""

    start: int
    end: int
    """Where the next place begins."""
    kind: PlaceKind
    """`reps` is a repetition, or a whole set of self-paced ones; `words` are instructions."""
    where: Where
    """Without a phase."""
    done_at: int
    """The frame at which its last span or sound ends, and with it a repetition; at most `end`."""


class _Piece(Struct, frozen=True):
    """A span, or a clip outside of spans."""

    start: int
    end: int
    kind: PlaceKind
    where: Where


def places(timeline: Timeline) -> tuple[Place, ...]:
    """Return the places of a timeline in order, from its first frame to its last."""
    found: list[Place] = []
    pieces: list[_Piece] = []
    for piece in _merged(tuple(_pieces(timeline))):
        if pieces and (piece.kind, piece.where) != (pieces[-1].kind, pieces[-1].where):
            found.append(_place(pieces))
            pieces = []
        pieces.append(piece)
    if pieces:
        found.append(_place(pieces))
    starts = [place.start for place in found]
    starts[:1] = [0]
    ends = [*starts[1:], timeline.duration]
    return tuple(
        replace(place, start=start, end=end, done_at=min(place.done_at, end))
        for place, start, end in zip(found, starts, ends, strict=bool(found))
    )


def repetitions(where: Where, self_paced: int) -> tuple[Where, ...]:
    """Return the repetitions that a `reps` place stands for.

    Args:
        where: the place's.
        self_paced: the exercise's repetitions, if they are left to the user's own tempo.
    """
    if where.rep:
        return (where,)
    return tuple(replace(where, rep=rep) for rep in range(1, self_paced + 1))


def place_at(found: Sequence[Place], frame: int) -> int:
    """Return the index of the place that holds `frame`; before the first it is the first."""
    return max(0, bisect_right(found, frame, key=attrgetter("start")) - 1)


def next_place(found: Sequence[Place], frame: int) -> Place | None:
    """Return the place after the one that holds `frame`, or None at the last."""
    i = place_at(found, frame) + 1
    return found[i] if i < len(found) else None


def previous_place(found: Sequence[Place], frame: int, rate: int) -> Place:
    """Return the place that holds `frame`; or, close to its start, the one before."""
    i = place_at(found, frame)
    is_at_start = frame - found[i].start < frames(GRACE, rate)
    return found[max(0, i - 1)] if is_at_start else found[i]


def next_exercise(timeline: Timeline, frame: int) -> int | None:
    """Return where the next chapter begins, or None in the last."""
    i = bisect_right(timeline.markers, frame, key=attrgetter("start"))
    return timeline.markers[i].start if i < len(timeline.markers) else None


def previous_exercise(timeline: Timeline, frame: int) -> int:
    """Return where this chapter begins; or, close to its start, the one before."""
    i = max(0, bisect_right(timeline.markers, frame, key=attrgetter("start")) - 1)
    is_at_start = frame - timeline.markers[i].start < frames(EXERCISE_GRACE, timeline.rate)
    return timeline.markers[max(0, i - 1) if is_at_start else i].start


def span_at(timeline: Timeline, frame: int) -> Span | None:
    """Return the span that holds `frame`."""
    i = bisect_right(timeline.spans, frame, key=attrgetter("start")) - 1
    return timeline.spans[i] if i >= 0 and frame < timeline.spans[i].end else None


def is_timed(timeline: Timeline, frame: int) -> bool:
    """Return whether a frame is in a span whose length counts: any but a move."""
    span = span_at(timeline, frame)
    return span is not None and span.kind != "move"


def sounding(timeline: Timeline, frame: int) -> Iterator[Clip]:
    """Yield the clips that have begun before `frame` and have not ended, the latest first."""
    i = bisect_left(timeline.clips, frame, key=attrgetter("start")) - 1
    while i >= 0 and timeline.clips[i].start > frame - timeline.longest_clip:
        if timeline.clips[i].end > frame:
            yield timeline.clips[i]
        i -= 1


def speech_at(timeline: Timeline, frame: int) -> Clip | None:
    """Return the sentence that is broken off at `frame`."""
    return next((clip for clip in sounding(timeline, frame) if clip.kind == "speech"), None)


def resume_at(timeline: Timeline, frame: int) -> int:
    """Return where to go on after a break at `frame`.

    A hold begins again with its start tone, a move with its cue, a sentence with its first word.
    Rests and work go on where they were; the three beeps that lead on are never heard in part.
    """
    span = span_at(timeline, frame)
    if span is None:
        return min((clip.start for clip in sounding(timeline, frame)), default=frame)
    if span.kind in ("hold", "move"):
        return span.start
    if span.kind in WAITING:
        frame = max(span.start, min(frame, _before_beeps(span, timeline.rate)))
    speech = speech_at(timeline, frame)
    return max(span.start, speech.start) if speech else frame


def go_on_at(timeline: Timeline, frame: int) -> int | None:
    """Return where somebody goes on who does not need the rest of the wait at `frame`.

    That is the end of self-paced repetitions, and otherwise the beeps that lead to what comes
    next. None means that there is nothing to wait for at `frame`.
    """
    span = span_at(timeline, frame)
    if span is None:
        return None
    if span.kind == "work" and span.where.rep == 0:
        return span.end
    if span.kind not in WAITING:
        return None
    beeps = _before_beeps(span, timeline.rate)
    if frame >= beeps:
        return None
    speech = speech_at(timeline, beeps)
    return speech.end if speech else beeps


def sentence_before(timeline: Timeline, frame: int) -> int:
    """Return where the latest sentence begins that began before `frame`; 0 if there is none."""
    i = bisect_left(timeline.clips, frame, key=attrgetter("start")) - 1
    while i >= 0 and timeline.clips[i].kind != "speech":
        i -= 1
    return timeline.clips[i].start if i >= 0 else 0


def last_words(timeline: Timeline, start: int, frame: int) -> int:
    """Return where the last sentence ends that begins from `start` on and before `frame`."""
    begun = sentence_before(timeline, frame)
    i = bisect_left(timeline.clips, begun, key=attrgetter("start"))
    ends = [clip.end for clip in timeline.clips[i : i + 2] if clip.start == begun]
    return max(ends) if begun >= start and ends else start


def find(found: Sequence[Place], where: Where) -> int | None:
    """Return the index of the repetition at `where`, or of the first one of its exercise."""
    wanted = replace(where, phase=None)
    fallback = None
    for i, place in enumerate(found):
        if place.kind == "reps":
            if place.where == wanted:
                return i
            if fallback is None and place.where.exercise == wanted.exercise:
                fallback = i
    return fallback


# -- pieces ------------------------------------------------------------------------------------


def _pieces(timeline: Timeline) -> Iterator[_Piece]:
    """Yield spans, and clips outside of them, by their start."""
    spans = iter((*timeline.spans, None))
    span = next(spans)
    for clip in (*timeline.clips, None):
        while span and (clip is None or span.start <= clip.start):
            yield _piece_of(span)
            span = next(spans)
        if clip and not span_at(timeline, clip.start):
            where = replace(clip.where, phase=None)
            yield _Piece(clip.start, clip.end, "reps" if where.rep else "words", where)


def _piece_of(span: Span) -> _Piece:
    kind = WAITING.get(span.kind, "reps")
    return _Piece(span.start, span.end, kind, replace(span.where, phase=None))


def _merged(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """Yield the pieces, tones at the start and end of repetitions as parts of them."""
    before: _Piece | None = None
    for i, piece in enumerate(pieces):
        following = pieces[i + 1] if i + 1 < len(pieces) else None
        if piece.kind == "words" and piece.where.set:
            if before and before.kind == "reps" and before.where == piece.where:
                piece = replace(piece, kind="reps")  # noqa: PLW2901
            elif following and replace(following.where, rep=0) == piece.where:
                piece = replace(piece, kind=following.kind, where=following.where)  # noqa: PLW2901
        before = piece
        yield piece


def _place(pieces: Sequence[_Piece]) -> Place:
    first = pieces[0]
    end = max(piece.end for piece in pieces)
    return Place(first.start, end, first.kind, first.where, done_at=end)


def _before_beeps(span: Span, rate: int) -> int:
    return span.end - frames(_TO_BEEPS, rate)
