"""Progress: how far a prescribed range has been climbed by what was done.

Pure: a function of the rule and the sessions alone, so it is the same whenever it is asked for a
given moment. A rule climbs from the values in force below it, step by step, and stops at the top
of each range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from coach.progress import Progress
from coach.routine import Circuit, Exercise, Routine, exercises_in
from coach.settings import Address, Override
from coach.settings.choose import chosen_ids
from coach.settings.counter import Counter, Done, Standing
from coach.settings.dose import doses
from coach.units import Range


class Rule(Struct, frozen=True):
    """A rule, and from when on it counts."""

    progress: Progress
    since: datetime | None = None
    """Sessions before that do not count; None means that all do."""


class Climbed(Struct, frozen=True):
    """What progress comes to."""

    overrides: tuple[Override, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """By the id of the exercise or the circuit; only of those that a rule can change."""


def climb(
    routine: Routine,
    rules: Mapping[str, Rule],
    past: Sequence[Done],
    at: datetime,
    since: Mapping[Address, datetime] = MappingProxyType({}),
) -> Climbed:
    """Return what progress comes to at a moment.

    Args:
        routine: with the values in force from which is climbed.
        rules: by the id of the exercise or the circuit.
        past: the sessions that were finished, in the order of their beginnings.
        at: the moment, with a time zone; later sessions do not count.
        since: when values were set, by their full addresses; each begins to be climbed then,
            whatever was climbed of others.
    """
    before = [session for session in past if session.at < at]
    choices = [(session.settings.only, session.settings.skip) for session in before]
    chosen = {choice: chosen_ids(routine, *choice) for choice in set(choices)}
    overrides: list[Override] = []
    standings: dict[str, Standing] = {}
    for item in routine.owners():
        rule = rules.get(item.id)
        if rule is None or not rule.progress.climbs:
            continue
        values = {address: value for address, value in doses(item) if _is_climbable(value)}
        counter = Counter(rule.progress, values)
        if not counter.top:
            continue
        own = {item.id} if isinstance(item, Exercise) else _ids(item)
        is_done = {choice: not own.isdisjoint(ids) for choice, ids in chosen.items()}
        counting = [
            session
            for session, choice in zip(before, choices, strict=True)
            if is_done[choice] and (rule.since is None or session.at >= rule.since)
        ]
        starts = sorted(
            ((since[address], address) for address in values if address in since),
            key=lambda start: start[0],
        )
        counter.run(counting, starts, at)
        standings[item.id] = counter.standing()
        overrides += counter.overrides()
    return Climbed(tuple(overrides), standings)


def _ids(circuit: Circuit) -> set[str]:
    return {exercise.id for exercise in exercises_in(circuit.items)}


def _is_climbable(value: Range[Any]) -> bool:
    """Return whether a value has room above it, and was not set outside of its range."""
    return not value.is_fixed and value.low <= value.value < value.high
