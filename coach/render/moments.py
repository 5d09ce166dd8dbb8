"""What a screen shows while a session is heard: one moment after the other, without a break.

Everything here is pure. Frames count from the timeline's first, and ranges are half-open.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from coach.steps import SpanKind, Where
from coach.timeline import Clip, Timeline

MomentKind: TypeAlias = SpanKind | Literal["words"]
"""`words` are instructions, during which there is nothing to do but to listen."""


class Moment(Struct, frozen=True):
    """A stretch of a session in which a screen shows the same; it lasts until the next one."""

    start: int
    """The frame from which on it is shown: a cue may be spoken before its span begins."""
    begins: int
    """The frame from which on its time runs."""
    end: int
    """The frame at which its time is over."""
    kind: MomentKind
    where: Where


def moments(timeline: Timeline) -> tuple[Moment, ...]:
    """Return the moments of a timeline in order, from its first frame to its last.

    There is one for every span, and it is shown already while its cue is spoken. Besides them
    there is one for all the instructions in a row, cut where a chapter begins.
    """
    found: list[Moment] = []
    now = 0
    for span in timeline.spans:
        if span.end <= span.start:
            continue
        for moment in _before(timeline, now, span.start, is_over=False):
            found.append(moment)
            now = moment.end
        found.append(Moment(now, span.start, span.end, span.kind, span.where))
        now = span.end
    found += _before(timeline, now, timeline.duration, is_over=True)
    if not found and timeline.duration:
        found.append(Moment(0, 0, timeline.duration, "words", Where()))
    if found:
        found[0] = replace(found[0], start=0)
    return tuple(found)


def _before(timeline: Timeline, start: int, end: int, *, is_over: bool) -> Iterator[Moment]:
    """Yield the instructions in a stretch without spans.

    What is left of it at its end belongs to the span that follows, if any.
    """
    by_start = attrgetter("start")
    first = bisect_right(timeline.markers, start, key=by_start)
    last = bisect_left(timeline.markers, end, first, key=by_start)
    bounds = [start, *(marker.start for marker in timeline.markers[first:last]), end]
    for i, (left, right) in enumerate(itertools.pairwise(bounds)):
        clips = _clips_in(timeline, left, right)
        words = [clip for clip in clips if clip.kind == "speech" and not clip.where.set]
        if not words:
            continue
        is_last = not is_over and i == len(bounds) - 2
        stop = min(right, max(clip.end for clip in words)) if is_last else right
        yield Moment(left, left, stop, "words", words[0].where)


def _clips_in(timeline: Timeline, start: int, end: int) -> Sequence[Clip]:
    key = attrgetter("start")
    first, last = (bisect_left(timeline.clips, frame, key=key) for frame in (start, end))
    return timeline.clips[first:last]
