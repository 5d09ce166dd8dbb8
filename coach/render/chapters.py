"""The chapters of a session: what people jump to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from coach.timeline import Timeline

LONG_S = 120
"""An exercise that lasts longer than this has a chapter for each set and side."""


class Chapter(Struct, frozen=True):
    """A half-open range of a session with a title."""

    start: int
    """Milliseconds from the first frame."""
    stop: int
    """The millisecond after its last, where the next one begins."""
    title: str
    first: int
    """The frame at which it begins."""
    end: int
    """The frame after its last."""


def chapters_of(timeline: Timeline) -> tuple[Chapter, ...]:
    """Return the chapters, which cover the whole session in order.

    The introduction, each exercise, and the closing; of an exercise longer than `LONG_S` seconds
    also each set and side.
    """
    begun: list[tuple[int, str]] = []
    parts = list(reversed(timeline.parts))
    for marker, end in timeline.chapters():
        begun.append((marker.start, marker.title))
        while parts and parts[-1].start < end:
            part = parts.pop()
            if end - marker.start > LONG_S * timeline.rate:
                begun.append((part.start, part.title))
    # What begins at the same frame is one chapter, with the more exact title.
    starts = dict(begun)
    firsts = list(starts)
    ends = [*firsts[1:], timeline.duration]

    def milliseconds(frame: int) -> int:
        return round(1000 * frame / timeline.rate)

    return tuple(
        Chapter(milliseconds(first), milliseconds(end), starts[first], first, end)
        for first, end in zip(firsts, ends, strict=False)
        if end > first
    )


def podcast_chapters(timeline: Timeline) -> dict[str, Any]:
    """Return the chapters as Podcasting 2.0 has them (JSON Chapters 1.2.0)."""
    return {
        "version": "1.2.0",
        "chapters": [
            {
                "startTime": chapter.first / timeline.rate,
                "endTime": chapter.end / timeline.rate,
                "title": chapter.title,
            }
            for chapter in chapters_of(timeline)
        ],
    }
