"""PhysioTimer: exported routines.

The fields are those of index.html in gkdivya/physio-timer, whose export is the bare list of
exercises: `name`, `sets`, and `holdTime`, `restTime` and `gapTime` in whole seconds. What they mean
is in its `completePhase` and `moveToNextExercise`: each set is one hold, with `restTime` between
two of them and none after the last; `gapTime` is the time to get ready *before* its exercise, 5
where it is 0; before the first one it is always 5.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from coach.errors import CoachError
from coach.exchange import Content, Draft, Found
from coach.exchange.content import (
    MAX_ENTRIES,
    Notes,
    active_time,
    count,
    idle_time,
    mappings,
    name_of,
    number,
    tell_unknown,
    whole_seconds,
)
from coach.exchange.items import with_usual_rest
from coach.exchange.unfolding import tell_what_stays
from coach.phrases import load_phrasebook
from coach.routine import Circuit, Exercise, Item, Routine
from coach.units import SETS

TITLE = "PhysioTimer"
LOOKS_FOR = "JSON, a list of exercises with `name`, `sets` and `holdTime`"
_KEYS = ("name", "sets", "holdTime", "restTime", "gapTime")
GAP = 5
"""Seconds; what the app takes for none."""


def recognise(content: Content) -> bool:
    """Return whether this is a list of exercises, or the routines that the app has saved."""
    data = content.data
    if not isinstance(data, list) or not data:
        return False
    return all(_is_exercise(item) for item in data) or all(_is_saved(item) for item in data)


def _is_exercise(item: Any) -> bool:
    return isinstance(item, dict) and "holdTime" in item


def _is_saved(item: Any) -> bool:
    """Whether this is an entry of the app's `physioRoutines`."""
    if not isinstance(item, dict) or not isinstance(item.get("exercises"), list):
        return False
    return all(_is_exercise(exercise) for exercise in item["exercises"])


def read(content: Content, notes: Notes) -> list[Found]:
    """Return the routine, or all that were saved."""
    del notes
    data = content.data if isinstance(content.data, list) else []
    saved = [item for item in mappings(data) if _is_saved(item)]
    if saved:
        return [
            Found(name_of(item.get("name")) or content.title, partial(_draft, item["exercises"]))
            for item in saved
        ]
    return [Found(content.title, partial(_draft, data))] if data else []


def _draft(exercises: Any, notes: Notes) -> Draft:
    items = []
    for position, exercise in enumerate(mappings(exercises), 1):
        tell_unknown(exercise, _KEYS, notes)
        item = _exercise(exercise, position, notes)
        if item:
            items.append(item)
    if not items:
        raise CoachError("expected exercises with a `holdTime`, found none")
    if any("sets" in item for item in items[:-1]):
        notes.add("going on after the last set without a rest (the coach rests before `gapTime`)")
    return Draft(with_usual_rest(items))


def _exercise(exercise: Mapping[str, Any], position: int, notes: Notes) -> dict[str, Any]:
    name = name_of(exercise.get("name")) or f"Exercise {position}"
    hold = _seconds(exercise, "holdTime", name, notes)
    if not hold:
        notes.add("exercises without a `holdTime` in seconds", name)
        return {}
    sets = count(exercise.get("sets", 1))
    if sets is None or not 1 <= sets <= SETS.most:
        notes.add(f"`sets` that are no number from 1 to {SETS.most}", name)
        sets = min(max(sets or 1, 1), SETS.most)
    gap = (
        Fraction(GAP)
        if position == 1
        else _seconds(exercise, "gapTime", name, notes) or Fraction(GAP)
    )
    item = {"name": name, "settle": idle_time(gap, notes, name)}
    item["hold"] = active_time(hold, notes, name)
    if sets > 1:
        rest = idle_time(_seconds(exercise, "restTime", name, notes), notes, name)
        item |= {"sets": str(sets), "rest": rest}
    return item


def _seconds(exercise: Mapping[str, Any], key: str, name: str, notes: Notes) -> Fraction:
    seconds = number(exercise.get(key, 0))
    if seconds is None or seconds < 0:
        notes.add(f"`{key}` that is no number of seconds", name)
        return Fraction(0)
    return seconds


def write(routine: Routine, notes: Notes) -> str:
    """Return the list of exercises that the app's import takes.

    Raises:
        CoachError: it would be too long.
    """
    tell_what_stays(routine, notes, kept=("settle",))
    phrases = load_phrasebook(routine.language)
    written = []
    if any(item.rest.value for item in routine.items[:-1]):
        notes.add("rests after exercises (the app has only `gapTime` there)")
    for exercise in _in_turn(routine.items, notes):
        for side in exercise.sides or ("",):
            parts = (exercise.name, phrases.side(side)) if side else (exercise.name,)
            written.append(_written(exercise, phrases.listed_with_comma(parts), notes))
        if len(written) > MAX_ENTRIES:
            raise CoachError(
                f"expected at most {MAX_ENTRIES:,} exercises in all rounds, found more",
                "Choose a format that has circuits, such as jawt or timer-machine.",
            )
    return json.dumps(written, ensure_ascii=False, indent=2) + "\n"


def _in_turn(items: Sequence[Item], notes: Notes) -> Iterator[Exercise]:
    """Yield the exercises as they are done, those of circuits again in each round."""
    for item in items:
        if isinstance(item, Circuit):
            if item.rounds.value > 1:
                notes.add(
                    "circuits (their rounds are written out, without the rests between)", item.name
                )
            for _ in range(item.rounds.value):
                yield from _in_turn(item.items, notes)
        else:
            yield item


def _written(exercise: Exercise, name: str, notes: Notes) -> dict[str, Any]:
    sets, reps, rest = exercise.sets.value, exercise.reps.value, exercise.rest.value
    hold = exercise.repetition
    if exercise.is_self_paced:
        notes.add("the user's own pace (the app goes on by itself)", name)
        hold *= reps
    elif len(exercise.phases) > 1:
        notes.add("phases (a hold is as long as all of them)", name)
        rest = rest if reps == 1 else Fraction(0)
        sets *= reps
    elif reps > 1:
        if sets > 1:
            notes.add("sets of several repetitions (each repetition is a set)", name)
        phase = exercise.phases[0]
        # What only moves is all there is to do.
        rest = phase.move.value if phase.move and (phase.hold or phase.work) else Fraction(0)
        hold -= rest
        sets *= reps
    gap = whole_seconds(exercise.settle.value, notes, name)
    if not gap:
        notes.add(f"exercises without time to get ready (the app takes {GAP} seconds)", name)
    return {
        "name": name,
        "sets": sets,
        "holdTime": whole_seconds(hold, notes, name),
        "restTime": whole_seconds(rest, notes, name),
        "gapTime": gap,
    }
