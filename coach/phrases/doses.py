"""Doses in words: what they are, what has changed since the last time, what is beyond the range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from coach.routine import Exercise, Item, Routine
from coach.settings.dose import doses
from coach.units import Range

if TYPE_CHECKING:
    from coach.phrases import Phrasebook
    from coach.settings import DoseKey
    from coach.settings.since import DoseChange

MOST_CHANGES = 3
"""Sentences about what has changed; nobody remembers more."""
MOST_NAMES = 3
"""Exercises that such a sentence names; of more it gives the number."""


def spoken_dose(exercise: Exercise, phrases: Phrasebook) -> str:
    """Return the dose in words, or an empty text where there is nothing to say."""
    reps, sets = exercise.reps.value, exercise.sets.value
    repetitions = phrases.say("repetitions", n=reps)
    parts = []
    if sets > 1:
        key = "dose_sets" if reps > 1 or exercise.is_self_paced else "dose_sets_only"
        parts.append(phrases.say(key, n=sets, repetitions=repetitions))
    elif reps > 1 or exercise.is_self_paced:
        parts.append(repetitions)
    holds = dict.fromkeys(phase.hold.value for phase in exercise.phases if phase.hold)
    works = [phase.work.value for phase in exercise.phases if phase.work]
    if holds:
        times = phrases.listed([phrases.duration(time) for time in holds])
        is_repeated = reps > 1 or sets > 1 or len(exercise.phases) > 1
        key = "dose_hold_each" if is_repeated and len(holds) == 1 else "dose_hold"
        parts.append(phrases.say(key, time=times))
    elif len(works) == 1 and len(exercise.phases) == 1:
        key = "dose_work_each" if parts else "dose_work"
        parts.append(phrases.say(key, time=phrases.duration(works[0])))
    if len(exercise.sides) > 1:
        parts.append(phrases.say("dose_each_side"))
    if exercise.is_self_paced:
        parts.append(phrases.say("dose_own_pace"))
    return phrases.listed_with_comma(parts)


def spoken_changes(
    changes: Sequence[DoseChange], routine: Routine, phrases: Phrasebook
) -> Iterator[str]:
    """Yield what is different from the last time, a sentence each."""
    items = {item.id: item for item in routine.owners()}
    told = 0
    for change in changes:
        owners = [owner for owner in change.owners if owner in items]
        if not owners:
            continue
        if told == MOST_CHANGES:
            yield phrases.say("today_others")
            return
        told += 1
        what = _amount(change.key, change.now, phrases)
        than = _than(change, phrases)
        if {item.id for item in items.values() if _has(item, change.key)} <= set(owners):
            yield phrases.say("today", what=what, than=than)
        else:
            names = [items[owner].name for owner in owners]
            named = phrases.listed(names)
            if len(names) > MOST_NAMES or not all(names):
                named = phrases.say("some_exercises", n=len(names))
            yield phrases.say("today_for", what=what, names=named, than=than)


def spoken_limits(item: Item, phrases: Phrasebook) -> Iterator[str]:
    """Yield a sentence about the prescribed ranges that an item's dose is outside of, if any."""
    ranges = dict.fromkeys(
        _range(address.key, value, phrases) for address, value in doses(item) if value.is_beyond
    )
    if ranges:
        yield phrases.say("beyond", ranges=phrases.listed(list(ranges)))


def _has(item: Item, key: DoseKey) -> bool:
    if key == "reps":
        return isinstance(item, Exercise) and item.is_repeated
    return any(address.key == key for address, _ in doses(item))


def _range(key: DoseKey, value: Range[Any], phrases: Phrasebook) -> str:
    """Return what is prescribed: "5 to 10 repetitions", "holds of 5 seconds to 10 seconds"."""
    if isinstance(value.low, Fraction):
        low, high = phrases.duration(value.low), phrases.duration(value.high)
        return phrases.say(f"{key}_of", time=phrases.say("range", low=low, high=high))
    return phrases.say("range", low=str(value.low), high=_amount(key, value.high, phrases))


def _amount(key: DoseKey, value: int | Fraction, phrases: Phrasebook) -> str:
    """Return an amount as it is spoken: "6 repetitions", "holds of 8 seconds"."""
    if isinstance(value, Fraction):
        return phrases.say(f"{key}_of", time=phrases.duration(value))
    names = {"reps": "repetitions", "sets": "dose_sets_only", "rounds": "rounds"}
    return phrases.say(names[key], n=value)


def _than(change: DoseChange, phrases: Phrasebook) -> str:
    """Return how much that is as against the last time."""
    difference = change.now - change.before
    if isinstance(difference, Fraction):
        key = "longer_than_last" if difference > 0 else "shorter_than_last"
        return phrases.say(key, time=phrases.duration(abs(difference)))
    key = "more_than_last" if difference > 0 else "fewer_than_last"
    return phrases.say(key, n=abs(difference))
