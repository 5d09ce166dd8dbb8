"""Where a command leads in a live session. Pure: what is played and where in, a way out.

Frames are of the session's timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from coach.places import (
    Place,
    find,
    go_on_at,
    last_words,
    next_exercise,
    next_place,
    place_at,
    places,
    previous_exercise,
    previous_place,
    resume_at,
    sentence_before,
)
from coach.plan import LEAD_IN
from coach.units import frames

if TYPE_CHECKING:
    from coach.session import Session
    from coach.steps import Where
    from coach.timeline import Timeline

REPEAT = Fraction(1, 2)
"""Who asks to repeat within these seconds after a sentence has begun means the one before."""


class Way(Struct, frozen=True):
    """How to go on."""

    start: int
    """The frame to play from."""
    before: Sequence[tuple[int, int]] = ()
    """Ranges that are played before that, each from its first frame up to its second."""
    stays: bool = False
    """Within the range that is played now, with all that is to come after it."""


class Detour(Struct, frozen=True):
    """A range that is played before something else."""

    start: int
    stop: int
    then: int
    """The frame to go on from in the end."""


class Planned(Struct, frozen=True):
    """A session that is or was played, and its places."""

    session: Session
    found: tuple[Place, ...]

    @classmethod
    def of(cls, session: Session) -> Planned:
        """Return a session with its places."""
        return cls(session, places(session.timeline))

    @property
    def timeline(self) -> Timeline:
        """Return the session's timeline."""
        return self.session.timeline

    def place_at(self, frame: int) -> Place:
        """Return the place that holds a frame."""
        return self.found[place_at(self.found, frame)]


def beginning(plan: Planned, resume: Where | None) -> Way:
    """Return where a session begins.

    One that is resumed begins with the lead-in, and with what its user needs to take the
    position again.

    Args:
        plan: the session.
        resume: the repetition to begin with; None for the first.
    """
    i = None if resume is None else find(plan.found, resume)
    if i is None:
        return Way(0)
    place = plan.found[i]
    clips = plan.timeline.clips
    lead_in = clips[0].end + frames(LEAD_IN, plan.timeline.rate) if clips else 0
    ranges = [(0, lead_in), *_explanation(plan, place)]
    ready = next((other for other in plan.found[i::-1] if other.kind == "switch"), None)
    if ready is None or (ready.where.set, ready.where.side) != (place.where.set, place.where.side):
        words = next_place(plan.found, ranges[-1][0]) if len(ranges) > 1 else None
        ready = words if words and words.kind == "settle" else None
    if ready:
        ranges.append((ready.start, ready.end))
    return Way(place.start, ranges)


def skip(plan: Planned, frame: int, detour: Detour | None) -> Way:
    """Return the way to the next place, or past a detour."""
    if detour:
        return Way(detour.then)
    place = next_place(plan.found, frame)
    return Way(place.start if place else plan.timeline.duration)


def back(plan: Planned, frame: int, detour: Detour | None) -> Way:
    """Return the way to the start of this place, or to the one before."""
    start = previous_place(plan.found, frame, plan.timeline.rate).start
    return Way(max(start, detour.start), stays=True) if detour else Way(start)


def skip_exercise(plan: Planned, frame: int, _: Detour | None) -> Way:
    """Return the way to the next chapter, or to the end."""
    start = next_exercise(plan.timeline, frame)
    return Way(plan.timeline.duration if start is None else start)


def back_exercise(plan: Planned, frame: int, _: Detour | None) -> Way:
    """Return the way to the start of this chapter, or to the one before."""
    return Way(previous_exercise(plan.timeline, frame))


def go_on(plan: Planned, frame: int, detour: Detour | None) -> Way | None:
    """Return the way past what is left of a wait; None if nothing is waited for."""
    after = go_on_at(plan.timeline, frame)
    if after is None:
        return None
    return Way(after, stays=detour is not None and after < detour.stop)


def repeat(plan: Planned, frame: int, detour: Detour | None) -> Way:
    """Return the way that says again what is to be done, and then goes on as before."""
    timeline, place = plan.timeline, plan.place_at(frame)
    a_moment_ago = frame - frames(REPEAT, timeline.rate)
    if detour:
        return Way(max(sentence_before(timeline, a_moment_ago), detour.start), stays=True)
    if place.kind in ("reps", "settle"):
        return Way(place.start, _explanation(plan, place))
    if place.kind == "words":
        return Way(sentence_before(timeline, a_moment_ago))
    said = last_words(timeline, place.start, frame)
    if said > frame:
        return Way(place.start)
    return Way(resume_at(timeline, frame), [(place.start, said)])


def _explanation(plan: Planned, place: Place) -> list[tuple[int, int]]:
    """Return from where to where the exercise of a place is explained, if it is.

    That is its name, its setup and its dose, and the side to begin with, unless the place is on
    another one.
    """
    for words in plan.found:
        if words.where.exercise == place.where.exercise and words.kind == "words":
            if words.where.set:
                continue
            exercises = plan.session.routine.exercises()
            exercise = next(item for item in exercises if item.id == place.where.exercise)
            if place.where.side in (None, *exercise.sides[:1]):
                return [(words.start, words.end)]
            return [(words.start, sentence_before(plan.timeline, words.end))]
    return []
