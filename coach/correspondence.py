"""The same place in another timeline, for a session that is changed while it is heard.

Everything here is pure. Frames count from a timeline's first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from coach.places import WAITING, is_timed, span_at, speech_at
from coach.steps import Where
from coach.timeline import Clip, Span, Timeline


class Correspondence:
    """Which frame of a new timeline a frame of an old one stands for.

    Both come from the same routine with other settings. What has a counterpart (a span, a
    sentence, a tone between them) ties the two together; in between, time runs the same.
    """

    def __init__(self, old: Timeline, new: Timeline) -> None:
        self._old = old
        self._new = new
        anchors = list(_anchors(old))
        counterpart = _counterparts(anchors, list(_anchors(new)))
        self._from: list[int] = [0]
        self._to: list[int] = [0]
        for anchor in anchors:
            target = counterpart.get(anchor.key, -1)
            if target >= self._to[-1]:
                self._from.append(anchor.frame)
                self._to.append(target)
        self._gone = {
            anchor.frame
            for anchor in anchors
            if anchor.key[0] == "span" and anchor.key not in counterpart
        }
        """Where spans of the old timeline begin that the new one does not have."""

    def switch_from(self, frame: int) -> int:
        """Return the first frame, from `frame` on, at which the change breaks nothing off.

        No word is cut or said twice, no span is left that exists only in the old timeline, and
        in a hold or a rest nothing is said in either.
        """
        while frame < self._old.duration:
            frame = max(frame, self._end_of_gone(frame))
            speech, target = speech_at(self._old, frame), self._mapped(frame)
            other = speech_at(self._new, target)
            if speech and other and frame - speech.start == target - other.start:
                if _equal(speech, other):
                    return frame
            if speech:
                frame = speech.end
            elif other and is_timed(self._new, target):
                frame += other.end - target
            else:
                return frame
        return frame

    def _end_of_gone(self, frame: int) -> int:
        """Return where a repetition ends that has begun before `frame` and is no longer planned."""
        spans = self._old.spans
        i = bisect_left(spans, frame, key=attrgetter("start")) - 1
        end = 0
        while 0 <= i < len(spans) and spans[i].start in self._gone:
            end = spans[i].end
            is_same = i + 1 < len(spans) and _place_of(spans[i]) == _place_of(spans[i + 1])
            i = i + 1 if is_same else len(spans)
        return end

    def to(self, frame: int) -> int:
        """Return the frame that `frame` stands for, outside of words or in the same word."""
        target = self._mapped(frame)
        span = span_at(self._new, target)
        if span and span.kind != "move" and span_at(self._old, frame) is None:
            return span.start
        other = speech_at(self._new, target)
        if other is None:
            return target
        speech = speech_at(self._old, frame)
        is_same = speech is not None and frame - speech.start == target - other.start
        return target if is_same else other.start

    def _mapped(self, frame: int) -> int:
        i = bisect_right(self._from, frame) - 1
        target = self._to[i] + frame - self._from[i]
        if i + 1 == len(self._to):
            return min(target, self._new.duration)
        limit = self._to[i + 1]
        # The last frame before it, so that whatever ends there is seen to end.
        return target if target < limit else max(self._to[i], limit - 1)


def _equal(clip: Clip, other: Clip) -> bool:
    import numpy as np

    return clip.samples is other.samples or np.array_equal(clip.samples, other.samples)


def _place_of(span: Span) -> tuple[Where, bool]:
    """Return the place that a span is a part of, as far as a span tells."""
    return replace(span.where, phase=None), span.kind in WAITING


_Key = tuple[str, str, Where, int]


class _Anchor(Struct, frozen=True):
    """Something that two timelines may have in common."""

    frame: int
    key: _Key
    """What it is, by its content."""
    ordinal: _Key | None = None
    """The same by its order at its place, for a sentence that may be another one now."""


def _counterparts(old: Sequence[_Anchor], new: Sequence[_Anchor]) -> dict[_Key, int]:
    """Return the frame in the new timeline of each old anchor that has a counterpart there."""
    frames_of = {anchor.key: anchor.frame for anchor in new}
    known = {anchor.key for anchor in old}
    changed = {anchor.ordinal: anchor.frame for anchor in new if anchor.key not in known}
    found: dict[_Key, int] = {}
    for anchor in old:
        if anchor.key in frames_of:
            found[anchor.key] = frames_of[anchor.key]
        elif anchor.ordinal in changed and anchor.ordinal is not None:
            found[anchor.key] = changed[anchor.ordinal]
    return found


def _anchors(timeline: Timeline) -> Iterator[_Anchor]:
    """Yield spans, and clips outside of spans or in moves, by their frame."""
    seen: dict[tuple[str, str, Where], int] = {}
    found: list[tuple[int, int, _Anchor]] = []

    def add(rank: int, frame: int, kind: str, label: str, where: Where, *numbers: int) -> None:
        ordinal = (kind, "", where, numbers[1]) if len(numbers) > 1 else None
        anchor = _Anchor(frame, (kind, label, where, numbers[0]), ordinal)
        found.append((frame, rank, anchor))

    for one in timeline.spans:
        number = _count(seen, ("span", one.kind, one.where))
        add(1, one.start, "span", one.kind, one.where, number)
        add(0, one.end, "end of span", one.kind, one.where, number)
    spans = iter(timeline.spans)
    span: Span | None = next(spans, None)
    for clip in timeline.clips:
        # Both are in order, and most clips are in spans.
        while span and span.end <= clip.start:
            span = next(spans, None)
        if span and span.start <= clip.start and (span.kind != "move" or clip.kind == "cue"):
            continue
        numbers = [_count(seen, (clip.kind, clip.label, clip.where))]
        if clip.kind == "speech":
            numbers.append(_count(seen, ("sentence", "", clip.where)))
        add(2, clip.start, clip.kind, clip.label, clip.where, *numbers)
        add(0, clip.end, f"end of {clip.kind}", clip.label, clip.where, *numbers)
    found.sort(key=lambda item: item[:2])
    yield from (anchor for _, _, anchor in found)


def _count(seen: dict[tuple[str, str, Where], int], key: tuple[str, str, Where]) -> int:
    seen[key] = seen.get(key, 0) + 1
    return seen[key]
