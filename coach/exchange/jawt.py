"""Just Another Workout Timer: files of version 2, and backups of several workouts.

The fields are those of lib/utils/workout.dart in blockbasti/just_another_workout_timer: a `Workout`
has `title`, `sets`, `version` (2) and `position` (in the app's list; -1 where it is not sorted); a
`Set` has `id` (a UUID), `repetitions`, `exercises` and, in newer versions, `name`; an `Exercise`
has `id`, `name` and `duration` in whole seconds. Exporting in the app makes a `Backup`, which is
`{"workouts": [...]}`; sharing one gives the bare workout (lib/utils/storage_helper.dart).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from coach.exchange import Content, Draft, Found
from coach.exchange.content import (
    Notes,
    count,
    mappings,
    name_of,
    number,
    tell_unknown,
    whole_seconds,
)
from coach.exchange.items import SETTLE, as_script
from coach.exchange.program import READY_NAME, Group, Interval, Step
from coach.exchange.unfolding import program_of, tell_what_stays, without_loops_below
from coach.routine import Routine
from coach.units import parse_duration

TITLE = "Just Another Workout Timer"
LOOKS_FOR = "JSON with `title` and `sets` of `exercises`, or with `workouts` of these"
VERSION = 2
_WORKOUT = ("title", "sets", "version", "position")
_SET = ("id", "repetitions", "exercises", "name")
_EXERCISE = ("id", "name", "duration")


def recognise(content: Content) -> bool:
    """Return whether this is a workout or a backup."""
    data = content.data
    if not isinstance(data, dict):
        return False
    workouts = data.get("workouts")
    if isinstance(workouts, list):
        return all(isinstance(workout, dict) and "sets" in workout for workout in workouts)
    return isinstance(data.get("sets"), list) and "title" in data


def read(content: Content, notes: Notes) -> list[Found]:
    """Return the workouts."""
    data = content.data if isinstance(content.data, dict) else {}
    found = []
    for workout in mappings(data.get("workouts", [data])):
        version = count(workout.get("version", 1))
        if version is not None and version > VERSION:
            notes.add(f"what is new in version {version} of the format")
        title = name_of(workout.get("title")) or content.title
        found.append(Found(title, partial(_draft, workout)))
    return found


def _draft(workout: Mapping[str, Any], notes: Notes) -> Draft:
    tell_unknown(workout, _WORKOUT, notes)
    steps = []
    for set_ in mappings(workout.get("sets")):
        tell_unknown(set_, _SET, notes)
        times = count(set_.get("repetitions", 1))
        if times is None:
            notes.add("`repetitions` that are no whole number")
        name = name_of(set_.get("name"))
        steps.append(Group(name, 1 if times is None else times, tuple(_steps(set_, notes))))
    return as_script(steps, notes, readies=True)


def _steps(set_: Mapping[str, Any], notes: Notes) -> Iterator[Step]:
    for position, exercise in enumerate(mappings(set_.get("exercises")), 1):
        tell_unknown(exercise, _EXERCISE, notes)
        name = name_of(exercise.get("name")) or f"Exercise {position}"
        seconds = number(exercise.get("duration", 30))
        if seconds is None or seconds < 0:
            notes.add("steps without a `duration` in seconds", name)
            seconds = Fraction(0)
        yield Interval(name, seconds)


def write(routine: Routine, notes: Notes) -> str:
    """Return a backup with one workout, which the app's import takes.

    Raises:
        CoachError: there would be too many steps.
    """
    tell_what_stays(routine, notes, kept=("title", "settle", "cue", "switch"))
    program = list(program_of(routine, notes))
    first, *others = (exercise.settle.value for exercise in routine.exercises())
    if first and first != parse_duration(SETTLE):
        program.insert(0, Interval(READY_NAME, first))
    if any(settle != parse_duration(SETTLE) for settle in others):
        notes.add("`settle` of all but the first exercise")
    sets: list[dict[str, Any]] = []
    is_open = False
    for step in without_loops_below(program, 1, notes):
        if isinstance(step, Group):
            sets.append(_set(step.name, step.times, step.steps, notes))
        elif is_open:
            sets[-1]["exercises"].append(_exercise(step, notes))
        else:
            sets.append(_set("", 1, [step], notes))
        is_open = isinstance(step, Interval)
    workout = {"title": routine.title, "sets": sets, "version": VERSION, "position": -1}
    # The app reads UTF-8, but writes Latin-1; plain ASCII is the same in both.
    return json.dumps({"workouts": [workout]}, indent=2) + "\n"


def _set(name: str, times: int, steps: Sequence[Step], notes: Notes) -> dict[str, Any]:
    exercises = [_exercise(step, notes) for step in steps if isinstance(step, Interval)]
    named = {"name": name} if name else {}
    return {"id": str(uuid.uuid4()), "repetitions": times, **named, "exercises": exercises}


def _exercise(step: Interval, notes: Notes) -> dict[str, Any]:
    if step.waits:
        notes.add("the user's own pace (the app goes on by itself)", step.name)
    seconds = whole_seconds(step.seconds, notes, step.name)
    return {"id": str(uuid.uuid4()), "name": step.name, "duration": seconds}
