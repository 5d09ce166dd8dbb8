"""Steps and clips into a timeline, and any range of it into samples.

Inside a timeline time is an `int` count of frames at one rate, and ranges are half-open. Files
and live sessions are both made from it, so they cannot differ.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from coach.steps import At, Chapter, Cue, Gap, Part, Rank, Say, SpanKind, Step, Timed, Where
from coach.units import frames

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples: TypeAlias = NDArray[np.int16]

WORD_GAP = Fraction(3, 20)
"""Seconds of silence at least between two things that are spoken."""
TONE_GAP = Fraction(1, 20)
"""Seconds between a span's first tone and the word that follows it."""


class Clip(Struct, frozen=True, eq=False):
    """A sound at its place; equal to none but itself."""

    start: int
    """Frames from the timeline's first."""
    samples: Samples
    """Mono, int16, at the timeline's rate."""
    kind: Literal["speech", "cue"]
    label: str
    """The text that is spoken, or the cue's name."""
    where: Where
    speed: Fraction | None = None
    """At which it is spoken beside the session's; see `Line`."""

    @property
    def end(self) -> int:
        """The frame after its last."""
        return self.start + len(self.samples)


class Span(Struct, frozen=True):
    """A stretch of time in which the user does one thing."""

    start: int
    """Frames from the timeline's first."""
    end: int
    """The frame after its last."""
    kind: SpanKind
    where: Where


class Marker(Struct, frozen=True):
    """A chapter begins, or a part of one."""

    start: int
    """Frames from the timeline's first."""
    title: str


class LeftOut(Struct, frozen=True):
    """Something that was to be spoken and did not fit."""

    at: int
    """Where it was to begin, in frames from the timeline's first."""
    text: str
    why: str
    speed: Fraction | None = None
    """At which it was to be spoken beside the session's; see `Line`."""


class Timeline(Struct, frozen=True):
    """A whole session."""

    rate: int
    """Frames per second (Hz)."""
    duration: int
    """Frames."""
    clips: tuple[Clip, ...]
    """By their start."""
    spans: tuple[Span, ...]
    """By their start; they do not overlap."""
    markers: tuple[Marker, ...]
    left_out: tuple[LeftOut, ...]
    longest_clip: int
    """Frames; how far before a range `mix` has to look for clips that reach into it."""
    parts: tuple[Marker, ...] = ()
    """Where the sets and sides of exercises begin that have more than one."""

    def chapters(self) -> Iterator[tuple[Marker, int]]:
        """Yield each chapter's marker and the frame at which the next begins."""
        ends = [*(marker.start for marker in self.markers[1:]), self.duration]
        yield from zip(self.markers, ends, strict=False)


def lay_out(steps: Sequence[Step], clip_of: Callable[[Say | Cue], Samples], rate: int) -> Timeline:
    """Return the timeline of `steps` at `rate` Hz.

    The rules: a span lasts what it was given, to the frame, unless it may stretch; cues sit at
    the frame nearest to their second; two spoken clips never overlap; what is spoken is whole or
    left out by rank, and what is left out is listed.
    """
    layout = _Layout(clip_of, rate)
    for step in steps:
        layout.add(step)
    return layout.timeline()


class _Event(Struct, frozen=True):
    """A sound of a span, and its times in frames from the span's start."""

    at: At
    samples: Samples
    offset: int
    until: int | None
    is_last: bool
    """Whether it belongs to the span's end, wherever that comes to be."""


class _Layout:
    """Places one step after the other."""

    def __init__(self, clip_of: Callable[[Say | Cue], Samples], rate: int) -> None:
        self._clip_of = clip_of
        self._rate = rate
        self._now = 0
        self._clips: list[Clip] = []
        self._spans: list[Span] = []
        self._markers: list[Marker] = []
        self._parts: list[Marker] = []
        self._left_out: list[LeftOut] = []
        self._end = 0
        """The frame after the last sample of all."""
        self._end_of_hold = -1
        """The frame at which the last hold's end tone begins."""
        self._end_of_work: Clip | None = None
        """A tone that is not needed where the next span begins at its frame."""
        self._word_gap = frames(WORD_GAP, rate)
        self._tone_gap = frames(TONE_GAP, rate)
        self._events: dict[tuple[int, int], tuple[list[_Event], list[tuple[Say, _Event]]]] = {}
        """What `_events_of` found, by the objects it was found in: equal spans share theirs."""

    def add(self, step: Step) -> None:
        if isinstance(step, Timed):
            self._timed(step)
            return
        self._keep_end_of_work()
        if isinstance(step, Gap):
            self._now += frames(step.seconds, self._rate)
        elif isinstance(step, Chapter):
            self._markers.append(Marker(self._now, step.title))
        elif isinstance(step, Part):
            self._parts.append(Marker(self._now, step.title))
        else:
            self._now = self._place(step.what, self._now, step.where)

    def timeline(self) -> Timeline:
        self._keep_end_of_work()
        return Timeline(
            rate=self._rate,
            duration=max(self._now, self._end),
            clips=tuple(sorted(self._clips, key=attrgetter("start"))),
            spans=tuple(self._spans),
            markers=tuple(self._markers),
            left_out=tuple(sorted(self._left_out, key=attrgetter("at"))),
            longest_clip=max((len(clip.samples) for clip in self._clips), default=0),
            parts=tuple(self._parts),
        )

    def _place(
        self, what: Say | Cue, start: int, where: Where, samples: Samples | None = None
    ) -> int:
        """Put a sound at `start` and return the frame after its last."""
        samples = self._clip_of(what) if samples is None else samples
        end = start + len(samples)
        if end == start:
            return start
        if isinstance(what, Say):
            self._clips.append(Clip(start, samples, "speech", what.text, where, what.speed))
        else:
            self._clips.append(Clip(start, samples, "cue", what.name, where, None))
        self._end = max(self._end, end)
        return end

    def _keep_end_of_work(self) -> None:
        if self._end_of_work:
            self._clips.append(self._end_of_work)
            self._end_of_work = None

    def _events_of(self, step: Timed) -> tuple[list[_Event], list[tuple[Say, _Event]]]:
        """Return the cues of a span, and what is spoken in it, what matters most first."""
        key = (id(step.events), id(step.seconds))
        if (found := self._events.get(key)) is None:
            cues, says = [], []
            for at in step.events:
                offset = frames(at.offset, self._rate)
                until = None if at.until is None else frames(at.until, self._rate)
                is_last = at.offset == step.seconds
                event = _Event(at, self._clip_of(at.what), offset, until, is_last)
                if isinstance(at.what, Say):
                    says.append((at.what, event))
                else:
                    cues.append(event)
            says.sort(key=lambda said: (said[0].rank, said[1].at.offset))
            found = self._events[key] = cues, says
        return found

    def _timed(self, step: Timed) -> None:
        cues, says = self._events_of(step)
        length = frames(step.seconds, self._rate)
        tone = len(cues[0].samples) + self._tone_gap if cues and not cues[0].at.offset else 0
        beeps_from = length
        if step.beeps_from is not None:
            beeps_from = frames(step.beeps_from, self._rate) - self._word_gap
        before, inside = self._fit_opening(step, tone, beeps_from)
        for say in before:
            self._keep_end_of_work()
            self._now = self._place(say, self._now, step.where) + self._word_gap
        start = self._now
        if step.stretches:
            ends = (end + self._word_gap for _, _, end in inside)
            length = max((length, *ends))
        if start != (self._end_of_work.start if self._end_of_work else -1):
            self._keep_end_of_work()
        elif step.kind in ("hold", "work"):
            self._end_of_work = None
        spoken = [(offset, end) for _, offset, end in inside]
        for say, offset, _ in inside:
            self._place(say, start + offset, step.where)
        for event in cues:
            self._place_cue(event, start, length, step)
        for say, event in says:
            self._place_if_free(say, event, start, length, spoken, step.where)
        self._spans.append(Span(start, start + length, step.kind, step.where))
        self._now = start + length
        if step.kind == "hold":
            self._end_of_hold = self._now

    def _place_cue(self, event: _Event, start: int, length: int, step: Timed) -> None:
        frame = start + (length if event.is_last else event.offset)
        is_work, what = step.kind == "work", event.at.what
        if is_work and what == Cue("start") and frame == self._end_of_hold:
            return
        self._place(what, frame, step.where, event.samples)
        if is_work and what == Cue("end"):
            self._end_of_work = self._clips.pop()

    def _fit_opening(
        self, step: Timed, first: int, last: int
    ) -> tuple[list[Say], list[tuple[Say, int, int]]]:
        """Return what is spoken before the span, and what inside with its offsets and ends.

        What does not fit between the offsets `first` and `last` is left out by rank; if what is
        required does not fit even alone, that is spoken before.
        """
        kept = [say for say in step.opening if len(self._clip_of(say))]
        required = [say for say in kept if say.rank == Rank.REQUIRED]
        while True:
            inside = self._in_a_row(kept, first)
            if step.stretches or not inside or inside[-1][2] <= last:
                return [], inside
            alone = self._in_a_row(required, first)
            if alone and alone[-1][2] > last:
                return kept, []
            # What the span does not leave room for, the least important first.
            least = max(kept, key=lambda say: say.rank)
            kept = [say for say in kept if say is not least]
            self._leave_out(self._now + first, least, "no room beside what matters more")

    def _in_a_row(self, says: Sequence[Say], first: int) -> list[tuple[Say, int, int]]:
        row = []
        offset = first
        for say in says:
            end = offset + len(self._clip_of(say))
            row.append((say, offset, end))
            offset = end + self._word_gap
        return row

    def _place_if_free(
        self,
        say: Say,
        event: _Event,
        start: int,
        length: int,
        spoken: list[tuple[int, int]],
        where: Where,
    ) -> None:
        """Speak something at its place in a span, unless something else is spoken then.

        `spoken` holds the offsets and ends of what is, in order.
        """
        offset = event.offset
        end = offset + len(event.samples)
        limit = length if event.until is None else min(length, event.until)
        if end > limit:
            why = "longer than a second" if limit < length else "longer than the span"
            self._leave_out(start + offset, say, why)
            return
        # What is spoken does not overlap, so only the neighbours can reach into this.
        after = bisect_left(spoken, (offset, end))
        neighbours = spoken[max(0, after - 1) : after + 1]
        if any(offset < other_end and other < end for other, other_end in neighbours):
            self._leave_out(start + offset, say, "something else is spoken then")
        else:
            spoken.insert(after, (offset, end))
            self._place(say, start + offset, where, event.samples)

    def _leave_out(self, at: int, say: Say, why: str) -> None:
        self._left_out.append(LeftOut(at, say.text, why, say.speed))


def mix(timeline: Timeline, start: int, stop: int) -> Samples:
    """Return the samples of the frames from `start` up to `stop`, mono int16, saturated.

    Frames beyond the timeline's end are silent.
    """
    import numpy as np

    block: Samples = np.zeros(max(0, stop - start), np.int16)
    begin = attrgetter("start")
    first = bisect_left(timeline.clips, start - timeline.longest_clip, key=begin)
    last = bisect_left(timeline.clips, stop, key=begin)
    written = start
    for clip in timeline.clips[first:last]:
        low, high = max(clip.start, start), min(clip.end, stop)
        if low >= high:
            continue
        part = clip.samples[low - clip.start : high - clip.start]
        target = block[low - start : high - start]
        if low >= written:
            target[:] = part
        else:
            total = target.astype(np.int32) + part
            target[:] = np.clip(total, -32768, 32767)
        written = max(written, high)
    return block
