"""What has been done of a live session, and what is still to come."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from coach.places import Place, place_at, repetitions
from coach.steps import Where

if TYPE_CHECKING:
    from coach.navigation import Planned
    from coach.replan import Replanner
    from coach.settings import Settings
    from coach.timeline import Timeline


class Recording(Protocol):
    """What is kept of a session; see `coach.history`."""

    def done(self, where: Where) -> None:
        """Note that a repetition was finished."""
        ...

    def at(self, where: Where, played: float) -> None:
        """Note the repetition to go on from, and the seconds that were played so far."""
        ...

    def hurt(self, where: Where, played: float) -> None:
        """Note that something hurts, after so many seconds."""
        ...

    def change(self, settings: Settings, planned: int) -> None:
        """Note that the settings, and the repetitions that are planned, are others now."""
        ...


class Ending(Struct, frozen=True):
    """How a session ended."""

    is_finished: bool
    done: int
    """Repetitions."""
    planned: int
    played: Fraction
    """Seconds, pauses not counted."""
    where: Where
    """The repetition that was under way or would have come next."""
    problem: str = ""
    """Why it could not go on; empty if it was not the coach's fault."""


class Tally:
    """Counts the repetitions of a session whose plan may change.

    Attributes:
        done: the repetitions that were finished.
        frames: how many frames were played.
        coming: the repetition to go on from if the session is broken off now.
    """

    def __init__(self, replanner: Replanner, tell: Callable[[Where], None]) -> None:
        """Begin to count what `replanner` plays.

        Args:
            replanner: has begun.
            tell: gets each repetition as it is finished.
        """
        self.done: set[Where] = set()
        self.frames = 0
        self._replanner = replanner
        self._tell = tell
        self._behind: set[Where] = set()
        """The repetitions that were planned before the one that comes next, done or skipped."""
        self._passed: tuple[Timeline | None, int] = (None, 0)
        """Up to which place of a timeline they have been noted."""
        self.coming = self._note_behind()

    def count(self) -> int:
        """Note what was played since the last call, and return how many frames that is."""
        player = self._replanner.player
        # Asked first: what is taken then is of this timeline or of a later one.
        playing = player.timeline
        frames = 0
        for played in player.take_played():
            frames += played.stop - played.start
            plan = self._replanner.of(played.timeline)
            for i in range(place_at(plan.found, played.start), len(plan.found)):
                place = plan.found[i]
                if place.start >= played.stop:
                    break
                if played.start < place.done_at <= played.stop:
                    self.finish(plan, place)
        self.frames += frames
        self._replanner.forget_before(playing)
        self.coming = self._note_behind()
        return frames

    def finish(self, plan: Planned, place: Place) -> None:
        """Note that a place was done, if it is one of repetitions."""
        for where in _repetitions(plan, place):
            if where not in self.done:
                self.done.add(where)
                self._tell(where)

    @property
    def planned(self) -> int:
        """Return how many repetitions there are, those behind as they were planned then."""
        plan, frame = self.destination()
        upcoming = plan.found[place_at(plan.found, frame) :]
        ahead = {where for place in upcoming for where in _repetitions(plan, place)}
        return len(self._behind | self.done | ahead)

    def destination(self) -> tuple[Planned, int]:
        """Return what is played, and the frame that comes next apart from a detour."""
        plan, frame = self._replanner.here()
        detour = self._replanner.player.detour()
        return plan, detour.then if detour else frame

    def _note_behind(self) -> Where:
        """Note the repetitions that the session has passed, as they were planned at that time.

        Returns the one to go on from.
        """
        plan, frame = self.destination()
        i = place_at(plan.found, frame)
        timeline, passed = self._passed
        if timeline is None or timeline is plan.timeline:
            for place in plan.found[passed:i]:
                self._behind.update(_repetitions(plan, place))
        self._passed = (plan.timeline, i)
        return next_repetition(plan, frame)


def next_repetition(plan: Planned, frame: int) -> Where:
    """Return the repetition that is under way at a frame or comes next; nowhere if none does."""
    for i in range(place_at(plan.found, frame), len(plan.found)):
        place = plan.found[i]
        if place.kind == "reps" and frame < place.done_at:
            return place.where
    return Where()


def _repetitions(plan: Planned, place: Place) -> tuple[Where, ...]:
    if place.kind != "reps":
        return ()
    if place.where.rep:
        return (place.where,)
    exercises = plan.session.routine.exercises()
    paced = next(item for item in exercises if item.id == place.where.exercise)
    return repetitions(place.where, paced.reps.value)
