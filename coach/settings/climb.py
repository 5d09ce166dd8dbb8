"""Progress: how far a prescribed range has been climbed by what was done.

Pure: a function of the rule and the sessions alone, so it is the same whenever it is asked for a
given moment. A rule climbs from the values in force below it, step by step, and stops at the top
of each range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from coach.progress import Climb, Progress, Unit
from coach.routine import Circuit, Exercise, Routine, exercises_in
from coach.settings import Address, Override, Settings
from coach.settings.adjust import chosen_ids
from coach.settings.dose import doses
from coach.units import Range

DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Done:
    """A session that was finished."""

    at: datetime
    """When it was begun, with a time zone."""
    pain: int | None = None
    """The worse of the pain before and after it, 0 to 10; None if it was not noted."""
    settings: Settings = field(default_factory=Settings)
    """Those in force."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, and from when on it counts."""

    progress: Progress
    since: datetime | None = None
    """Sessions before that do not count; None means that all do."""


@dataclass(frozen=True, slots=True)
class Standing:
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


@dataclass(frozen=True, slots=True)
class Climbed:
    """What progress comes to."""

    overrides: tuple[Override, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """By the id of the exercise or the circuit; only of those that a rule can change."""


def climb(
    routine: Routine, rules: Mapping[str, Rule], past: Sequence[Done], at: datetime
) -> Climbed:
    """Return what progress comes to at a moment.

    Args:
        routine: with the values in force from which is climbed.
        rules: by the id of the exercise or the circuit.
        past: the sessions that were finished, in the order of their beginnings.
        at: the moment, with a time zone; later sessions do not count.
    """
    before = [session for session in past if session.at < at]
    chosen = [_chosen(routine, session.settings) for session in before]
    overrides: list[Override] = []
    standings: dict[str, Standing] = {}
    for item in routine.owners():
        rule = rules.get(item.id)
        if rule is None or not rule.progress.climbs:
            continue
        values = [(address, value) for address, value in doses(item) if _is_climbable(value)]
        rungs = _rungs(rule.progress, values)
        if not any(rungs):
            continue
        own = {item.id} if isinstance(item, Exercise) else _ids(item)
        counting = [
            session
            for session, ids in zip(before, chosen, strict=True)
            if own & ids and (rule.since is None or session.at >= rule.since)
        ]
        counter = _Counter(rule.progress, rungs)
        for session in counting:
            counter.add(session)
        counter.look(at.date())
        standings[item.id] = counter.standing()
        overrides += _values_at(counter.level, rule.progress, rungs, values)
    return Climbed(tuple(overrides), standings)


def _chosen(routine: Routine, settings: Settings) -> set[str]:
    return chosen_ids(routine, settings.only, settings.skip)


def _ids(circuit: Circuit) -> set[str]:
    return {exercise.id for exercise in exercises_in(circuit.items)}


def _is_climbable(value: Range[Any]) -> bool:
    return not value.is_fixed and value.value < value.high


def _rungs(progress: Progress, values: Sequence[tuple[Address, Range[Any]]]) -> list[int]:
    """Return for each kind of step how many it takes until all of its values are at their top."""
    rungs: list[int] = []
    climbed: set[str] = set()
    for climb_ in progress.climbs:
        steps = (
            math.ceil(Fraction(value.high - value.value) / climb_.amount)
            for address, value in values
            if address.key == climb_.key and climb_.key not in climbed
        )
        rungs.append(max(steps, default=0))
        climbed.add(climb_.key)
    return rungs


def _values_at(
    level: int,
    progress: Progress,
    rungs: Sequence[int],
    values: Sequence[tuple[Address, Range[Any]]],
) -> list[Override]:
    overrides: dict[Address, Override] = {}
    in_force = dict(values)
    for climb_, most in zip(progress.climbs, rungs, strict=True):
        steps = min(level, most)
        level -= steps
        for address, value in in_force.items():
            if steps and address.key == climb_.key:
                amount = min(value.high, value.value + steps * climb_.amount)
                in_force[address] = value.at(amount)
                overrides[address] = Override(
                    address.key, amount, address.owner, address.phase, "progress"
                )
    return list(overrides.values())


class _Counter:
    """Counts sessions, or weeks with sessions, and climbs.

    A week is seven days from the first session that counts for a step; it counts when it is over,
    if there was a session in it and none that hurt too much.
    """

    def __init__(self, progress: Progress, rungs: Sequence[int]) -> None:
        self.level = 0
        self._progress = progress
        self._climbs = [
            climb_
            for climb_, number in zip(progress.climbs, rungs, strict=True)
            for _ in range(number)
        ]
        """One for each step."""
        self._counted = 0
        self._is_held = False
        self._begun: date | None = None
        """The first day of the week that is counted."""
        self._is_good = False
        """Whether there was a session in that week."""
        self._is_bad = False
        """Whether one hurt too much."""

    def add(self, session: Done) -> None:
        """Count a session."""
        self.look(session.at.date())
        pain, progress = session.pain, self._progress
        is_down = _hurts(pain, progress.down_from)
        self._is_held = is_down or _hurts(pain, progress.hold_from)
        if is_down:
            self._move(-1)
        elif self._unit() == "session" and not self._is_held:
            self._count()
        if self._unit() == "week":
            self._begun = self._begun or session.at.date()
            self._is_bad = self._is_bad or self._is_held
            self._is_good = True

    def look(self, day: date) -> None:
        """Count the weeks that are over on that day."""
        if self._begun is None:
            return
        weeks = (day - self._begun).days // DAYS_OF_A_WEEK
        if weeks < 1 or self._unit() != "week":
            return
        is_counted = self._is_good and not self._is_bad
        self._begun = date.fromordinal(self._begun.toordinal() + weeks * DAYS_OF_A_WEEK)
        self._is_good = self._is_bad = False
        if is_counted:
            self._count()

    def standing(self) -> Standing:
        """Return how it stands."""
        climb_ = self._climb()
        return Standing(
            progress=self._progress,
            level=self.level,
            top=len(self._climbs),
            counted=self._counted,
            every=climb_.every if climb_ else 0,
            unit=climb_.unit if climb_ else "session",
            is_held=self._is_held,
        )

    def _climb(self) -> Climb | None:
        return self._climbs[self.level] if self.level < len(self._climbs) else None

    def _unit(self) -> Unit | None:
        climb_ = self._climb()
        return climb_.unit if climb_ else None

    def _count(self) -> None:
        climb_ = self._climb()
        if climb_ is None:
            return
        self._counted += 1
        if self._counted >= climb_.every:
            self._move(1)

    def _move(self, steps: int) -> None:
        before = self._climb()
        self.level = max(0, self.level + steps)
        self._counted = 0
        if self._climb() != before:
            self._begun = None
            self._is_good = self._is_bad = False


def _hurts(pain: int | None, limit: int | None) -> bool:
    return pain is not None and limit is not None and pain >= limit
