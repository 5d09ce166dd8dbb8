"""The counting of sessions and weeks by which one exercise or circuit climbs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from coach.progress import Climb, Progress, Unit
from coach.settings import Address, Override, Settings
from coach.units import Range

DAYS_OF_A_WEEK = 7


class Done(Struct, frozen=True):
    """A session that was finished."""

    at: datetime
    """When it was begun, with a time zone."""
    pain: int | None = None
    """The worse of the pain before and after it, 0 to 10; None if it was not noted."""
    settings: Settings = field(default_factory=Settings)
    """Those in force."""


class Standing(Struct, frozen=True):
    """How far an exercise or a circuit has come."""

    progress: Progress
    level: int
    """Steps climbed."""
    top: int
    """Steps that there are."""
    counted: int
    """Sessions or weeks that count towards the next step."""
    every: int
    """How many it takes; 0 at the top."""
    unit: Unit
    is_held: bool
    """Whether the last session did not count because of pain."""


class _Kind(Struct, frozen=True):
    """One kind of step, with what it climbs."""

    climb: Climb
    rungs: Mapping[Address, int]
    """How many steps each value takes to its top."""

    @property
    def most(self) -> int:
        """How many steps it takes until all are at their top."""
        return max(self.rungs.values())


class Counter:
    """Counts sessions, or weeks with sessions, and climbs.

    A week is seven days from the first session that counts for a step, and the next one follows
    it; after a week without any session the next one begins with the next session. It counts when
    it is over, if there was a session in it and none that hurt too much.

    Args:
        progress: the rule.
        values: what it can climb, each below its top, by its full address.
    """

    def __init__(self, progress: Progress, values: Mapping[Address, Range[Any]]) -> None:
        self._progress = progress
        self._values = values
        self._kinds = tuple(_kinds(progress, values))
        self.top = sum(kind.most for kind in self._kinds)
        """Steps that there are."""
        self._taken = {address: 0 for kind in self._kinds for address in kind.rungs}
        """Steps that each value has taken."""
        self._now = self._next()
        self._counted = 0
        self._is_held = False
        self._begun: date | None = None
        """The first day of the week that is counted."""
        self._is_good = False
        """Whether there was a session in that week."""
        self._is_bad = False
        """Whether one hurt too much."""

    def run(
        self, past: Sequence[Done], starts: Sequence[tuple[datetime, Address]], at: datetime
    ) -> None:
        """Count sessions, in the order of their beginnings, until a moment.

        Args:
            past: the sessions.
            starts: from when on single values are climbed, in order.
            at: the moment, not before any of the sessions.
        """
        coming = list(reversed(starts))
        for session in past:
            while coming and coming[-1][0] <= session.at:
                self._start(*coming.pop(), session.at)
            self._add(session)
        for start in reversed(coming):
            self._start(*start, at)
        self._look(at.date())

    def standing(self) -> Standing:
        """Return how it stands."""
        climb = self._now.climb if self._now else None
        return Standing(
            progress=self._progress,
            level=self.top - sum(self._left(kind) for kind in self._kinds),
            top=self.top,
            counted=self._counted,
            every=climb.every if climb else 0,
            unit=climb.unit if climb else "session",
            is_held=self._is_held,
        )

    def overrides(self) -> Iterator[Override]:
        """Yield what has been climbed."""
        for kind in self._kinds:
            for address in kind.rungs:
                if steps := self._taken[address]:
                    value = self._values[address]
                    amount = min(value.high, value.value + steps * kind.climb.amount)
                    yield Override(address.key, amount, address.owner, address.phase, "progress")

    def _start(self, since: datetime, address: Address, at: datetime) -> None:
        """Begin with a value that was set at a moment, as is known `at` a later one."""
        if address not in self._taken:
            return
        self._look(min(since, at).astimezone(at.tzinfo).date())
        self._taken[address] = 0
        now = self._now = self._next()
        if now and address in now.rungs:
            self._begin()

    def _add(self, session: Done) -> None:
        self._look(session.at.date())
        pain, progress = session.pain, self._progress
        is_down = _hurts(pain, progress.down_from)
        self._is_held = is_down or _hurts(pain, progress.hold_from)
        if is_down:
            self._step_down()
        elif self._unit() == "session" and not self._is_held:
            self._count()
        if self._unit() == "week":
            self._begun = self._begun or session.at.date()
            self._is_bad = self._is_bad or self._is_held
            self._is_good = True

    def _look(self, day: date) -> None:
        """Count the weeks that are over on that day."""
        if self._begun is None:
            return
        weeks = (day - self._begun).days // DAYS_OF_A_WEEK
        if weeks < 1 or self._unit() != "week":
            return
        is_idle = weeks > 1 or not self._is_good
        is_counted = self._is_good and not self._is_bad
        following = date.fromordinal(self._begun.toordinal() + DAYS_OF_A_WEEK)
        self._begun = None if is_idle else following
        self._is_good = self._is_bad = False
        if is_counted:
            self._count()

    def _unit(self) -> Unit | None:
        return self._now.climb.unit if self._now else None

    def _left(self, kind: _Kind) -> int:
        """Return how many steps are left of a kind."""
        return max(0, *(rungs - self._taken[address] for address, rungs in kind.rungs.items()))

    def _next(self) -> _Kind | None:
        """Return the kind of the next step; None at the top."""
        return next((kind for kind in self._kinds if self._left(kind)), None)

    def _count(self) -> None:
        self._counted += 1
        if self._now and self._counted >= self._now.climb.every:
            self._move(self._now, 1)

    def _step_down(self) -> None:
        climbed = (kind for kind in reversed(self._kinds) if any(map(self._taken.get, kind.rungs)))
        if kind := next(climbed, None):
            self._move(kind, -1)
        self._counted = 0

    def _move(self, kind: _Kind, steps: int) -> None:
        for address in kind.rungs:
            self._taken[address] = min(kind.most, max(0, self._taken[address] + steps))
        before, self._now = self._now, self._next()
        self._counted = 0
        if self._now is not before:
            self._begin()

    def _begin(self) -> None:
        """Count from nothing towards the next step."""
        self._counted = 0
        self._begun = None
        self._is_good = self._is_bad = False


def _kinds(progress: Progress, values: Mapping[Address, Range[Any]]) -> Iterator[_Kind]:
    seen: set[str] = set()
    for climb in progress.climbs:
        rungs = {
            address: math.ceil(Fraction(value.high - value.value) / climb.amount)
            for address, value in values.items()
            if address.key == climb.key
        }
        # What the first kind of step has brought to its top, another one cannot climb.
        if rungs and climb.key not in seen:
            yield _Kind(climb, rungs)
        seen.add(climb.key)


def _hurts(pain: int | None, limit: int | None) -> bool:
    return pain is not None and limit is not None and pain >= limit
