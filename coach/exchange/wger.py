"""wger: the structure of a routine, as its server's API gives it at `routine/ID/structure`.

The fields are those of wger/manager/api/serializers.py in wger-project/wger: a routine has `name`,
`description` and `days`; a day has `name`, `is_rest` and `slots`; a slot has `comment` and
`entries`, several of which are a superset; an entry has `exercise`, `comment`, `type`
(models/slot_entry.py: normal, warmup, dropset, myo, partial, forced, tut, iso, jump),
`repetition_unit` (1 repetitions, 2 until failure, 3 seconds, 4 minutes, 5 miles, 6 kilometres,
7 as many as possible) and lists of configs: `set_nr_configs`, `max_set_nr_configs`,
`repetitions_configs`, `max_repetitions_configs`, `rest_configs` and `max_rest_configs`, in seconds,
beside those of weight and effort. A config has the `value` of an `iteration`; the first is where
one begins, later ones are a progression. `exercise` is only a number there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from coach.errors import CoachError
from coach.exchange import Content, Draft, Found, Place
from coach.exchange.content import (
    MAX_ENTRIES,
    Notes,
    bounded,
    cleaned,
    count,
    fitting,
    mappings,
    name_of,
    number,
    sentences,
    shortened_to,
    tell_unknown,
    time_range,
)
from coach.exchange.items import name_apart
from coach.units import ACTIVE_TIME, REPS, SETS, TIME
from coach.values import MAX_TEXT

TITLE = "wger"
LOOKS_FOR = "JSON with `days` of `slots` of `entries`"
_SECONDS, _MINUTES, _FAILURE, _MANY = 3, 4, 2, 7
_DISTANCES = (5, 6)
_UNTOLD = ("weight", "rir")
_ENTRY = (
    *("id", "slot", "order", "exercise", "exercise_name", "name", "comment", "type"),
    *("repetition_unit", "repetition_rounding", "weight_unit", "weight_rounding"),
    *("weight_configs", "max_weight_configs", "rir_configs", "max_rir_configs"),
)
"""Keys of an entry that are read, or that say nothing about what is done, or are told otherwise."""
_KEYS = {
    "sets": ("set_nr_configs", "sets_configs", "sets"),
    "maxsets": ("max_set_nr_configs", "max_sets_configs", "maxsets"),
    "repetitions": ("repetitions_configs", "reps_configs", "repetitions"),
    "maxrepetitions": ("max_repetitions_configs", "max_reps_configs", "maxrepetitions"),
    "rest": ("rest_configs", "rest"),
    "maxrest": ("max_rest_configs", "maxrest"),
}
"""What wger calls a config, and the names that it has or had in files."""


def recognise(content: Content) -> bool:
    """Return whether this is the structure of a routine."""
    data = content.data
    return (
        isinstance(data, dict)
        and isinstance(data.get("days"), list)
        and (any("slots" in day for day in mappings(data["days"])))
    )


def read(content: Content, notes: Notes) -> list[Found]:
    """Return a routine for each day that is none of rest."""
    data = content.data if isinstance(content.data, dict) else {}
    name = name_of(data.get("name")) or content.title
    days = [day for day in mappings(data.get("days")) if _slots(day)]
    if len(days) < len(list(mappings(data.get("days")))):
        notes.add("days of rest")
    found = []
    for position, day in enumerate(days, 1):
        title = name
        if len(days) > 1:
            title = name_of(f"{name}: {name_of(day.get('name')) or f'day {position}'}")
        found.append(Found(title, partial(_draft, data, day)))
    return found


def _slots(day: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the slots of a day in which something is done."""
    if day.get("is_rest") is True:
        return []
    return [slot for slot in mappings(day.get("slots")) if any(mappings(slot.get("entries")))]


def _draft(data: Mapping[str, Any], day: Mapping[str, Any], notes: Notes) -> Draft:
    items: list[dict[str, Any]] = []
    comments: dict[Place, str] = {}
    for slot in _slots(day):
        entries = [_exercise(entry, notes) for entry in mappings(slot.get("entries"))]
        if sum(map(_size, items)) + len(entries) > MAX_ENTRIES:
            raise CoachError(f"expected at most {MAX_ENTRIES:,} exercises in a day, found more")
        said = sentences(slot.get("comment"))
        both = [*said, *entries[0]["setup"]]
        entries[0]["setup"] = fitting(both, notes, entries[0]["name"])
        items += _superset(entries, notes) if len(entries) > 1 else entries
    for place, item in _places(items):
        if item.pop("is_nameless", False):
            comments[*place, "name"] = "check: wger's file has only the number"
    name_apart(items)
    script: dict[str, Any] = {"exercises": items}
    descriptions = (cleaned(source.get("description")) for source in (day, data))
    if description := next((text for text in descriptions if text), ""):
        script["description"] = shortened_to(description, MAX_TEXT)
    return Draft(script, comments)


def _exercise(entry: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """Return an entry of a slot as an exercise; `is_nameless` if only its number is known."""
    name, is_nameless = _name(entry)
    item: dict[str, Any] = {"name": name, "setup": []}
    item["setup"] = fitting(sentences(entry.get("comment")), notes, name)
    if is_nameless:
        item["is_nameless"] = True
        notes.add("names of exercises, of which the file has only the numbers", name)
    configs = [key for keys in _KEYS.values() for key in keys]
    empty = [key for key, value in entry.items() if value in (None, [], "")]
    tell_unknown(entry, {*_ENTRY, *configs, *empty}, notes)
    low, high = (_config(entry, key, name, notes) for key in ("sets", "maxsets"))
    item["sets"] = _counts(low or Fraction(1), high, SETS.most)
    item |= _dose(entry, name, notes)
    low, high = (_config(entry, key, name, notes) for key in ("rest", "maxrest"))
    if low is None:
        notes.add("rests, of which none is given (the coach takes its own)", name)
    else:
        item["rest"] = _times(low, high, name, notes, is_active=False)
    for key in _UNTOLD:
        if entry.get(f"{key}_configs") or entry.get(f"max_{key}_configs"):
            notes.add("weights" if key == "weight" else "repetitions in reserve", name)
    kind = name_of(entry.get("type"))
    if kind not in ("", "normal", "iso"):
        notes.add("types of sets", f"{name} ({kind})")
    return item


def _name(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the name of an exercise, and whether it is only made of its number."""
    exercise = entry.get("exercise")
    candidates = [entry.get("exercise_name"), entry.get("name"), exercise]
    if isinstance(exercise, dict):
        told = [translation.get("name") for translation in mappings(exercise.get("translations"))]
        candidates += [exercise.get("name"), *told]
        exercise = exercise.get("id")
    name = next((name for name in map(name_of, candidates) if name), "")
    known = count(exercise)
    return (
        (name, False) if name and count(name) is None else (f"Exercise {known or ''}".strip(), True)
    )


def _dose(entry: Mapping[str, Any], name: str, notes: Notes) -> dict[str, Any]:
    unit = entry.get("repetition_unit", 1)
    if isinstance(unit, dict):
        unit = unit.get("id")
    low, high = (_config(entry, key, name, notes) for key in ("repetitions", "maxrepetitions"))
    is_hold = entry.get("type") == "iso"
    if unit in (_SECONDS, _MINUTES) and low:
        factor = 60 if unit == _MINUTES else 1
        time = _times(low * factor, high and high * factor, name, notes, is_active=True)
        return {"hold" if is_hold else "work": time}
    if unit in (_FAILURE, _MANY):
        notes.add("as many repetitions as one can", name)
    elif unit in _DISTANCES:
        notes.add("distances", name)
        low = high = None
    elif low is None:
        notes.add("repetitions, of which none are given (one is taken)", name)
    elif is_hold:
        notes.add("holds for which no seconds are given", name)
    return {"reps": _counts(low or Fraction(1), high, REPS.most)}


def _config(entry: Mapping[str, Any], key: str, name: str, notes: Notes) -> Fraction | None:
    """Return the first value of a config, or None if it has none."""
    given = next((entry[known] for known in _KEYS[key] if known in entry), None)
    if not isinstance(given, list):
        value = number(given)
    else:
        by_iteration = sorted(
            mappings(given), key=lambda config: count(config.get("iteration")) or 0
        )
        if len(by_iteration) > 1:
            notes.add("progressions (the first value is taken)", name)
        value = number(by_iteration[0].get("value")) if by_iteration else None
    return value if value is not None and value >= 0 else None


def _iteration(config: Mapping[str, Any]) -> int:
    return count(config.get("iteration")) or 0


def _counts(low: Fraction, high: Fraction | None, most: int) -> str:
    """Return a number of repetitions or sets, or a range of them, within the bounds."""
    ends = [min(max(round(end), 1), most) for end in (low, high) if end is not None]
    return f"{ends[0]}-{ends[1]}" if len(ends) > 1 and ends[0] < ends[1] else str(ends[0])


def _times(
    low: Fraction, high: Fraction | None, name: str, notes: Notes, *, is_active: bool
) -> str:
    """Return a time or a range of times."""
    quantity = ACTIVE_TIME if is_active else TIME
    first = bounded(low, notes, name, quantity)
    last = first if high is None else bounded(high, notes, name, quantity)
    return time_range(first, max(first, last))


def _superset(entries: list[dict[str, Any]], notes: Notes) -> list[dict[str, Any]]:
    """Return exercises that are done in turn as a circuit, if they have as many sets."""
    sets = {entry["sets"] for entry in entries}
    if len(sets) > 1:
        notes.add("supersets whose exercises have different sets", entries[0]["name"])
        return entries
    rest = entries[-1].pop("rest", None)
    for entry in entries:
        entry.pop("sets")
        entry.setdefault("rest", "0s")
    entries[-1].pop("rest")
    return [{"rounds": sets.pop(), "rest": rest, "exercises": entries}]


def _size(item: Mapping[str, Any]) -> int:
    return len(item.get("exercises", "1"))


def _places(
    items: Sequence[dict[str, Any]], above: Place = ()
) -> list[tuple[Place, dict[str, Any]]]:
    """Return each exercise with its place in the script."""
    found: list[tuple[Place, dict[str, Any]]] = []
    for position, item in enumerate(items):
        place = (*above, "exercises", position)
        found += _places(item["exercises"], place) if "exercises" in item else [(place, item)]
    return found
