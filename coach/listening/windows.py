"""When the coach makes sound itself, so that its words are not taken for its user's.

Pure. Frames count from the timeline's first, and ranges are half-open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING

from coach.units import frames

if TYPE_CHECKING:
    from coach.timeline import Clip, Timeline

ECHO = Fraction(7, 20)
"""Seconds for which a room goes on sounding."""
SHORT = Fraction(3, 20)
"""Seconds up to which a tone does not stand in the way: no recogniser takes it for a word, and
without the ticks a hold is the quietest time there is."""


def sounding_spans(timeline: Timeline, frame: int, horizon: int) -> tuple[tuple[int, int], ...]:
    """Return when the coach is heard, from `frame` on for `horizon` frames.

    That is while it speaks or lets a long tone sound, and a moment after each; the spans are in
    order and do not touch.
    """
    echo = frames(ECHO, timeline.rate)
    until = frame + horizon
    spans: list[tuple[int, int]] = []
    for clip in _clips(timeline, frame - echo, until):
        start, end = max(clip.start, frame), min(clip.end + echo, until)
        if start >= end or not _disturbs(clip, timeline.rate):
            continue
        if spans and start <= spans[-1][1]:
            start, end = spans[-1][0], max(end, spans[-1][1])
            spans.pop()
        spans.append((start, end))
    return tuple(spans)


def spoken_at(timeline: Timeline, frame: int) -> Iterator[str]:
    """Yield what the coach is saying at a frame."""
    for clip in _clips(timeline, frame, frame + 1):
        if clip.kind == "speech" and clip.start <= frame < clip.end:
            yield clip.label


def _clips(timeline: Timeline, start: int, stop: int) -> tuple[Clip, ...]:
    """Return the clips that may sound between two frames."""
    begin = attrgetter("start")
    first = bisect_left(timeline.clips, start - timeline.longest_clip, key=begin)
    last = bisect_left(timeline.clips, stop, key=begin)
    return timeline.clips[first:last]


def _disturbs(clip: Clip, rate: int) -> bool:
    return clip.kind == "speech" or len(clip.samples) > frames(SHORT, rate)
