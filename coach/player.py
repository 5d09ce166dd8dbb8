"""A live session's tape: where it is, and everything that moves it, without a click.

`Player` is the source that an output pulls sound from, on a thread of its own; the other methods
are for the thread that runs the session. Nothing here waits for anything.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from coach.correspondence import Correspondence
from coach.navigation import Detour, Way
from coach.places import resume_at, sounding, speech_at
from coach.timeline import WORD_GAP, mix
from coach.units import frames

if TYPE_CHECKING:
    from coach.timeline import Samples, Timeline

FADE_S = 0.01
"""Seconds over which sound that is broken off fades out, and sound that is joined in its middle
fades in: short enough to be no fade for the ear, long enough to be no click."""


class Stretch(Struct, frozen=True):
    """A range of a timeline to be played, and what comes after it."""

    timeline: Timeline
    start: int
    """Frames from the timeline's first."""
    stop: int
    """The frame after its last."""
    then: Stretch | None = None


class Played(Struct, frozen=True):
    """A range of a timeline that was handed to the output without a break."""

    timeline: Timeline
    start: int
    stop: int


Ready = Callable[[int], int]
"""Returns the frame up to which a timeline can be played, beginning at a frame."""


class _Change(Struct, frozen=True):
    """Another timeline that is going to take the place of the one that is played."""

    timeline: Timeline
    same: Correspondence
    at: int
    """The frame of the old one from which on it does."""
    ready: Ready


class Player:
    """Plays a timeline that may be changed at any time."""

    def __init__(self, timeline: Timeline, ready: Ready, start: int = 0) -> None:
        """Make a player that is paused at the frame `start` of `timeline`."""
        self._lock = threading.Lock()
        self._ready = ready
        self._stretch = Stretch(timeline, start, timeline.duration)
        self._position = self._begun = start
        """The second is where what has been played without a break began."""
        self._change: _Change | None = None
        self._is_paused = True
        self._tails: list[tuple[int, Samples]] = []
        """What was sounding at a break, faded out, and at which frame from the next one read it
        belongs."""
        self._joined = -1
        """Frames played since sound was joined in its middle, while it fades in; else -1."""
        self._aside: Samples | None = None
        """What is still to be heard of an interjection."""
        self._is_above = False
        """Whether that is heard above the timeline, which otherwise stands still meanwhile."""
        self._played: list[Played] = []

    # -- what the output calls ---------------------------------------------------------------

    def read(self, count: int) -> Samples:
        """Return the next `count` frames; silence in a pause and where nothing is ready."""
        import numpy as np

        block: Samples = np.zeros(count, np.int16)
        with self._lock:
            filled = 0 if self._is_above else self._read_aside(block)
            while not self._is_paused and filled < count:
                here = self._position
                stop = min(self._stop(), here + count - filled)
                if stop > here:
                    block[filled : filled + stop - here] = self._mixed(here, stop)
                    self._note(here, stop)
                    self._position = stop
                    filled += stop - here
                elif not self._go_on(filled):
                    break
            if not self._stands and self._position >= self._stretch.stop:
                self._go_on(filled)  # so that nobody sees a place that is not going to be played
            if self._is_above:
                self._read_aside(block)
            tails, self._tails = self._tails, []
            for offset, tail in tails:
                added = _add(block[offset:], tail)
                if added < len(tail):
                    self._tails.append((max(0, offset - count), tail[added:]))
        return block

    # -- what the session asks ---------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """Return what is being played."""
        return self._stretch.timeline

    @property
    def position(self) -> int:
        """Return the frame that is handed out next."""
        return self._position

    @property
    def is_waiting(self) -> bool:
        """Return whether it stands at something that is not ready."""
        with self._lock:
            return self._position < self.timeline.duration and self._is_at_end()

    @property
    def is_over(self) -> bool:
        """Return whether the last frame has been handed out."""
        with self._lock:
            return self._position >= self.timeline.duration and self._is_at_end()

    @property
    def aside_left(self) -> int:
        """Return how many frames of an interjection are still to be handed out; 0 for none."""
        with self._lock:
            return 0 if self._aside is None else len(self._aside)

    def here(self) -> tuple[Timeline, int]:
        """Return what is being played, and the frame of it that is handed out next."""
        with self._lock:
            return self.timeline, self._position

    def heard(self, lag: int) -> tuple[Timeline, int]:
        """Return what is being played, and the frame that is heard if that is `lag` frames late."""
        with self._lock:
            return self.timeline, max(self._position - lag, self._begun)

    def detour(self) -> Detour | None:
        """Return the range that is played before something else, if there is one."""
        with self._lock:
            last = stretch = self._stretch
            while last.then is not None:
                last = last.then
            is_last = last is stretch
            return None if is_last else Detour(stretch.start, stretch.stop, last.start)

    def take_played(self) -> Sequence[Played]:
        """Return what has been played since the last call, in order."""
        with self._lock:
            played, self._played = self._played, []
        return played

    # -- what the session does ---------------------------------------------------------------

    def pause(self) -> None:
        """Fall silent at once, to go on at the start of the sentence or of the hold."""
        with self._lock:
            if not self._is_paused:
                self._stand()
                self._is_paused = True

    def hush(self) -> None:
        """Forget what was fading out or interjected, since nobody heard it."""
        with self._lock:
            self._tails = []
            self._aside = None

    def resume(self) -> None:
        """Go on where `pause` has gone to; what was interjected in the pause is broken off."""
        with self._lock:
            if self._is_paused:
                self._end_aside()
                self._is_paused = False

    def interject(self, samples: Samples) -> None:
        """Let something else be heard at once; if a sentence is in its way, that is said later.

        Where nothing is spoken for as long as it takes, as in a hold, all else goes on. Otherwise
        it stands still as in a pause, and goes on as after one; in a pause it stays paused.
        Whatever moves the session breaks it off, and so does another interjection.

        Args:
            samples: mono int16, at the timeline's rate.
        """
        with self._lock:
            is_above = not self._stands and self._leaves_room_for(len(samples))
            if is_above:
                self._end_aside()
            else:
                self._stand()
            # Not earlier: below one that is still heard, nothing would break off.
            self._is_above = is_above
            self._aside = samples if len(samples) else None

    def add(self, samples: Samples) -> None:
        """Let something short be heard at once, above what is played or in its silence.

        Args:
            samples: mono int16, at the timeline's rate.
        """
        with self._lock:
            self._tails.append((0, samples))

    def go_to(self, timeline: Timeline, way: Way) -> bool:
        """Go on as `way` says, unless another timeline has come into force; return whether.

        Args:
            timeline: the one that the way's frames are of.
            way: where to.
        """
        with self._lock:
            if timeline is not self.timeline:
                return False
            self._break_off(0)
            self._end_aside()
            if not way.stays:
                stretch = Stretch(timeline, way.start, timeline.duration)
                for first, stop in reversed(way.before):
                    stretch = Stretch(timeline, first, stop, stretch)
                self._stretch = stretch
            self._move(way.start if way.stays else self._stretch.start)
            return True

    def replace(self, timeline: Timeline, ready: Ready) -> None:
        """Go on in another timeline at the same place, as soon as no word is cut by that."""
        while True:
            old = self.timeline
            same = Correspondence(old, timeline)  # takes its time, in which the sound goes on
            with self._lock:
                if self.timeline is not old:  # a change before this one has just come into force
                    continue
                here = self._position
                at = here if self._stands else same.switch_from(here)
                self._change = _Change(timeline, same, at, ready)
                if self._stands:
                    self._move(here)
                return

    # -- with the lock held --------------------------------------------------------------------

    @property
    def _stands(self) -> bool:
        """Whether nothing of the timeline is played, because of a pause or an interjection."""
        return self._is_paused or (self._aside is not None and not self._is_above)

    def _stand(self) -> None:
        """Break off what is heard, and go to where to go on after a break."""
        if not self._stands:
            self._break_off(0)
            self._move(resume_at(self.timeline, self._position))
        self._end_aside()

    def _leaves_room_for(self, count: int) -> bool:
        """Return whether nothing is spoken in the next `count` frames and a moment after them."""
        here = self._position
        until = here + count + frames(WORD_GAP, self.timeline.rate)
        begin = attrgetter("start")
        first = bisect_left(self.timeline.clips, here, key=begin)
        last = bisect_left(self.timeline.clips, until, key=begin)
        coming = self.timeline.clips[first:last]
        is_quiet = all(clip.kind != "speech" for clip in coming)
        return is_quiet and speech_at(self.timeline, here) is None and until <= self._stretch.stop

    def _read_aside(self, block: Samples) -> int:
        """Add the next frames of what is interjected to `block`, and return how many."""
        if self._aside is None:
            return 0
        added = _add(block, self._aside)
        self._aside = self._aside[added:] if added < len(self._aside) else None
        return added

    def _end_aside(self) -> None:
        """Let fade out what is interjected."""
        if self._aside is not None:
            self._fade_out(self._aside[: _fade_frames(self.timeline)], 1.0, 0)
            self._aside = None

    def _is_at_end(self) -> bool:
        is_last = self._stretch.then is None and self._change is None and self._aside is None
        return is_last and self._position >= self._stop()

    def _stop(self) -> int:
        """Return the frame up to which the stretch can be played."""
        stop = min(self._stretch.stop, self._ready(self._position))
        return stop if self._change is None else min(stop, max(self._change.at, self._position))

    def _go_on(self, filled: int) -> bool:
        """Go on after the end of what can be played, if there is anything."""
        # At something that is not spoken, nothing is broken off either.
        if self._change is not None and self._position >= min(
            self._change.at, self._ready(self._position)
        ):
            self._change_over(filled)
            return True
        if self._position >= self._stretch.stop and self._stretch.then is not None:
            self._break_off(filled)
            self._stretch = self._stretch.then
            self._move(self._stretch.start)
            return True
        return False

    def _change_over(self, filled: int) -> None:
        """Put the change in force where the sound is, `filled` frames into what is read next."""
        change, here = self._change, self._position
        if change is None:
            return
        target = change.same.to(here)
        is_heard = self._tail(self.timeline, here) != self._tail(change.timeline, target)
        if is_heard:
            self._break_off(filled)
        joined = self._joined
        self._adopt(target)
        self._joined = self._joined if is_heard else joined

    def _adopt(self, target: int) -> None:
        """Take over the timeline of the change, at its frame `target`."""
        if self._change is not None:
            self._stretch = _translated(self._stretch, self._change)
            self._ready = self._change.ready
            self._change = None
        self._position = self._begun = target
        self._joined = 0 if _is_sounding(self.timeline, target) else -1

    def _move(self, frame: int) -> None:
        """Go to a frame of the timeline that was played so far, even if another takes its place."""
        self._adopt(self._change.same.to(frame) if self._change else frame)

    def _break_off(self, offset: int) -> None:
        """Let fade out what sounds, beginning `offset` frames into what is read next."""
        import numpy as np

        if self._stands:
            return
        tail = np.frombuffer(self._tail(self.timeline, self._position), np.int16)
        self._fade_out(tail, 1.0 if self._joined < 0 else self._joined / len(tail), offset)

    def _fade_out(self, tail: Samples, level: float, offset: int) -> None:
        import numpy as np

        fade = np.linspace(level, 0, len(tail))
        self._tails.append((offset, np.rint(tail * fade).astype(np.int16)))

    def _tail(self, timeline: Timeline, position: int) -> bytes:
        """Return what sounds from `position` on, for as long as a fade lasts."""
        return mix(timeline, position, position + _fade_frames(timeline)).tobytes()

    def _mixed(self, start: int, stop: int) -> Samples:
        import numpy as np

        block = mix(self.timeline, start, stop)
        if self._joined >= 0:
            length = _fade_frames(self.timeline)
            head = block[: length - self._joined]
            ramp = np.arange(self._joined, self._joined + len(head)) / length
            head[:] = np.rint(head * ramp).astype(np.int16)
            self._joined = -1 if len(head) + self._joined == length else self._joined + len(head)
        return block

    def _note(self, start: int, stop: int) -> None:
        if self._played:
            last = self._played[-1]
            if last.timeline is self.timeline and last.stop == start:
                start = last.start
                self._played.pop()
        self._played.append(Played(self.timeline, start, stop))


def _translated(stretch: Stretch, change: _Change) -> Stretch:
    """Return a stretch, and what comes after it, in another timeline."""
    to = change.same.to
    is_whole = stretch.stop >= stretch.timeline.duration
    return Stretch(
        change.timeline,
        to(stretch.start),
        change.timeline.duration if is_whole else to(stretch.stop),
        None if stretch.then is None else _translated(stretch.then, change),
    )


def _add(block: Samples, samples: Samples) -> int:
    """Add as much of `samples` to a block as there is room for, and return how many frames."""
    import numpy as np

    target = block[: len(samples)]
    total = target.astype(np.int32) + samples[: len(target)]
    target[:] = np.clip(total, -32768, 32767)
    return len(target)


def _is_sounding(timeline: Timeline, frame: int) -> bool:
    return any(True for _ in sounding(timeline, frame))


def _fade_frames(timeline: Timeline) -> int:
    return round(FADE_S * timeline.rate)
