"""OpenHIIT: exported timers.

The fields are those of lib/core/models in a-mabe/OpenHIIT: `TimerType` has `id`, `name`,
`timerIndex`, `totalTime`, `intervals` (all of them), `activeIntervals` (those of work),
`restarts`, `activities`, `showMinutes`, `color`, `timeSettings` and `soundSettings`, the last two
as mappings or as JSON in a text. `timeSettings` has `workTime`, `restTime`, `breakTime`,
`warmupTime`, `cooldownTime` and `getReadyTime` in whole seconds. The app exports and imports a
list of timers (lib/features/import_export_timers/utils).

What the app does with them is in lib/core/utils/interval_calculation.dart: get ready; the warmup
and a rest; `restarts` + 1 times all activities with rests between them, and a break between these
rounds, or a rest if the break is 0; the cooldown, without a rest before it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
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
    listed,
    mappings,
    name_of,
    number,
    tell_unknown,
    whole_seconds,
)
from coach.exchange.items import first_exercise, with_usual_rest
from coach.exchange.unfolding import tell_what_stays
from coach.routine import Circuit, Exercise, Item, Routine
from coach.units import ROUNDS, SETS, short_duration

TITLE = "OpenHIIT"
LOOKS_FOR = "JSON with `timeSettings` and `activities`, or a list of these"
WORK, WARMUP, COOLDOWN = "Work", "Warmup", "Cooldown"
"""What the app calls these."""
_SOUNDS = {
    "workSound": "short-whistle",
    "restSound": "short-rest-beep",
    "halfwaySound": "short-halfway-beep",
    "endSound": "long-bell",
    "countdownSound": "countdown-beep",
    "breakSound": "horn",
}
"""The app's own choice (`TimerSoundSettings.empty`)."""
_TIMER = (
    *("id", "name", "timerIndex", "totalTime", "intervals", "activeIntervals", "restarts"),
    *("activities", "showMinutes", "color", "timeSettings", "soundSettings"),
)
_BLUE = 4280391411


def recognise(content: Content) -> bool:
    """Return whether this is a timer or a list of timers."""
    timers = content.data if isinstance(content.data, list) else [content.data]
    return bool(timers) and all(
        isinstance(timer, dict) and "timeSettings" in timer for timer in timers
    )


def read(content: Content, notes: Notes) -> list[Found]:
    """Return the timers."""
    del notes
    timers = content.data if isinstance(content.data, list) else [content.data]
    return [
        Found(name_of(timer.get("name")) or content.title, partial(_draft, timer))
        for timer in mappings(timers)
    ]


def _draft(timer: Mapping[str, Any], notes: Notes) -> Draft:
    tell_unknown(timer, _TIMER, notes)
    settings = _settings(timer.get("timeSettings"))
    tell_unknown(settings, ("id", "timerId", "restarts", *_TIMES), notes)
    times = {key: _seconds(settings, key, notes) for key in _TIMES}
    items: list[dict[str, Any]] = []
    rest = idle_time(times["restTime"], notes, "restTime")
    if times["warmupTime"]:
        items.append(_exercise(WARMUP, times["warmupTime"], notes) | {"rest": rest})
    work = _work(timer, times["workTime"], rest, notes)
    rounds = 1 + max(0, count(timer.get("restarts")) or count(settings.get("restarts")) or 0)
    if rounds > ROUNDS.most:
        notes.add(f"rounds beyond {ROUNDS.most:,}")
    if rounds > 1:
        pause = idle_time(times["breakTime"] or times["restTime"], notes, "breakTime")
        rounds = min(rounds, ROUNDS.most)
        items.append({"rounds": str(rounds), "rest": pause, "exercises": work})
    else:
        items += work
    if times["cooldownTime"]:
        if "rounds" in items[-1] or "sets" in items[-1]:
            notes.add("the missing rest before the cooldown (the coach rests as between rounds)")
        items.append(_exercise(COOLDOWN, times["cooldownTime"], notes))
    script = with_usual_rest(items)
    if times["getReadyTime"]:
        settle = idle_time(times["getReadyTime"], notes, "getReadyTime")
        first_exercise(script)["settle"] = settle
    if isinstance(timer.get("soundSettings"), dict | str):
        notes.add("`soundSettings` (the coach has its own: `coach cues`)")
    return Draft(script)


_TIMES = ("workTime", "restTime", "breakTime", "warmupTime", "cooldownTime", "getReadyTime")


def _settings(value: Any) -> Mapping[str, Any]:
    """Return settings, which may be JSON in a text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = {}
    return value if isinstance(value, dict) else {}


def _seconds(settings: Mapping[str, Any], key: str, notes: Notes) -> Fraction:
    value = settings.get(key, 0)
    seconds = number(value if not isinstance(value, float) else str(value))
    if seconds is None or seconds < 0:
        notes.add("times that are no number of seconds", key)
        return Fraction(0)
    return seconds


def _exercise(name: str, seconds: Fraction, notes: Notes) -> dict[str, Any]:
    return {"name": name, "work": active_time(seconds, notes, name)}


def _work(
    timer: Mapping[str, Any], seconds: Fraction, rest: str, notes: Notes
) -> list[dict[str, Any]]:
    """Return the exercises of one round."""
    given = timer.get("activities")
    if isinstance(given, str):
        given = _listed(given)
    names = [name_of(name) or WORK for name in given] if isinstance(given, list) else []
    active = count(timer.get("activeIntervals")) or len(names) or count(timer.get("intervals")) or 0
    if active < 1 or not seconds:
        raise CoachError("expected a `workTime` and at least one of `activities`, found none")
    if active > MAX_ENTRIES // 2:
        raise CoachError(f"expected at most {MAX_ENTRIES // 2:,} intervals, found {active:,}")
    if len(names) > active:
        notes.add("activities beyond the number of intervals", names[active])
    names = [*names, *([WORK] * (active - len(names)))][:active]
    if len(set(names)) == 1 and 1 < active <= SETS.most:
        # Eight times "Work" is one exercise in eight sets.
        return [_exercise(names[0], seconds, notes) | {"sets": str(active), "rest": rest}]
    exercises = [_exercise(name, seconds, notes) | {"rest": rest} for name in names]
    exercises[-1].pop("rest")
    return exercises


def _listed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return []


def write(routine: Routine, notes: Notes) -> str:
    """Return a list with one timer, which the app's import takes.

    Raises:
        CoachError: its exercises have not all the same times, or are nested otherwise.
    """
    tell_what_stays(routine, notes, kept=("title", "settle"))
    items = list(routine.items)
    warmup = items.pop(0) if len(items) > 1 and _is_called(items[0], WARMUP) else None
    cooldown = items.pop() if len(items) > 1 and _is_called(items[-1], COOLDOWN) else None
    circuit = items[0] if len(items) == 1 and isinstance(items[0], Circuit) else None
    inner = list(circuit.items if circuit else items)
    exercises = [item for item in inner if isinstance(item, Exercise)]
    if len(exercises) < len(inner):
        raise CoachError(
            f"{TITLE} has one circuit of exercises and nothing beside it, found another form",
            _ADVICE,
        )
    rests = [item.rest.value for item in exercises if item.sets.value > 1 or item is not inner[-1]]
    if isinstance(warmup, Exercise):
        rests.append(warmup.rest.value)
    rest = _the_only(rests, "rest", notes)
    times = {
        "workTime": _the_only([_time(exercise) for exercise in exercises], "work", notes),
        "restTime": rest,
        "breakTime": whole_seconds(circuit.rest.value, notes, "break") if circuit else 0,
        "warmupTime": _the_only([_time(warmup)], "warmup", notes) if warmup else 0,
        "cooldownTime": _the_only([_time(cooldown)], "cooldown", notes) if cooldown else 0,
        "getReadyTime": round(next(routine.exercises()).settle.value),
    }
    if circuit and not times["breakTime"] and rest:
        notes.add("rounds without a break between them (the app rests there)")
    names = [exercise.name for exercise in exercises for _ in range(exercise.sets.value)]
    rounds = circuit.rounds.value if circuit else 1
    return json.dumps([_timer(routine.title, names, rounds, times)], indent=2) + "\n"


_ADVICE = "Choose a format that has a time for each exercise, such as jawt or timer-machine."


def _is_called(item: Item, name: str) -> bool:
    return isinstance(item, Exercise) and item.name == name and item.sets.value == 1


def _time(item: Item) -> Fraction:
    """Return the seconds of an exercise that is one interval.

    Raises:
        CoachError: it is more than that.
    """
    if not isinstance(item, Exercise) or item.sides or item.is_self_paced or len(item.phases) > 1:
        name = item.name
        raise CoachError(
            f'{TITLE} has no sides, phases and own pace, found some in "{name}"', _ADVICE
        )
    return item.repetition * item.reps.value


def _the_only(times: Sequence[Fraction], what: str, notes: Notes) -> int:
    """Return the one time that all have, in whole seconds.

    Raises:
        CoachError: they differ.
    """
    several = sorted(set(times))
    if len(several) > 1:
        shown = listed([short_duration(time) for time in several])
        raise CoachError(f"{TITLE} has one time of {what} for all, found {shown}", _ADVICE)
    return whole_seconds(several[0], notes, what) if several else 0


def _timer(
    title: str, names: Sequence[str], rounds: int, times: Mapping[str, int]
) -> dict[str, Any]:
    """Return a timer with the numbers that the app shows before it has made them itself."""
    timer = str(uuid.uuid4())
    one_round = len(names) * times["workTime"] + (len(names) - 1) * times["restTime"]
    total = rounds * one_round + (rounds - 1) * (times["breakTime"] or times["restTime"])
    total += times["getReadyTime"] + times["warmupTime"] + times["cooldownTime"]
    rest = times["restTime"] if times["warmupTime"] else 0
    beside = sum(bool(times[key]) for key in ("getReadyTime", "warmupTime", "cooldownTime"))
    return {
        "id": timer,
        "name": title,
        "timerIndex": 0,
        "totalTime": total + rest,
        "intervals": 2 * rounds * len(names) - 1 + beside + bool(rest),
        "activeIntervals": len(names),
        "restarts": rounds - 1,
        "activities": list(names),
        "showMinutes": 0,
        "color": _BLUE,
        "timeSettings": {"id": str(uuid.uuid4()), "timerId": timer, **times},
        "soundSettings": {"id": str(uuid.uuid4()), "timerId": timer, **_SOUNDS},
    }
