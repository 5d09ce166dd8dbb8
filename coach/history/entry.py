"""One session of the history, and how its row in the database is read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from msgspec import Struct, structs, to_builtins

from coach.history.running import is_running
from coach.settings import READY, Amount, DoseKey, Override, Settings, is_set
from coach.settings.counter import Done
from coach.steps import Where
from coach.units import VOLUME, Count, Detail, Style

COLUMNS = (
    *("id", "uid", "started", "utc_offset", "routine", "title", "script", "settings"),
    *("planned", "length", "done", "seconds", "place"),
    *("pain_before", "pain_after", "finished", "closed", "hurt"),
)
"""Of the table `session`."""


class Hurt(Struct, frozen=True):
    """A moment at which the user said that it hurts."""

    where: Where
    """What was being done; without an exercise in the introduction and at the end."""
    at: float
    """Seconds that had been spent on the session, pauses not counted."""


class Entry(Struct, frozen=True):
    """A session as it was recorded."""

    id: int
    """Counts up; the newer session has the greater one."""
    started: datetime
    """With the time zone's offset at the place where it was recorded."""
    routine: str
    """The routine's id."""
    title: str
    script: str
    """The script's absolute path, or a bundled routine's name."""
    settings: Settings
    """As last changed in the session."""
    planned: int
    """Repetitions in the whole session."""
    done: int
    """Repetitions finished."""
    length: float
    """Planned seconds of the whole session."""
    seconds: float
    """Spent on it; of a killed session, until its last repetition or change of place."""
    finished: bool
    """Whether it came to its end."""
    running: bool
    """Whether it is being recorded at this moment, by whichever process."""
    where: Where | None
    """The place to go on from; None if it is finished or never had a place."""
    pain_before: int | None
    """0 to 10."""
    pain_after: int | None
    """0 to 10."""
    hurt: tuple[Hurt, ...] = ()
    """When the user said that it hurts, in order."""


def entry_of(row: Mapping[str, Any], path: Path) -> Entry:
    """Return the session in a row of the database at `path`.

    Raises:
        ValueError: the row holds what no coach writes.
    """
    try:
        return Entry(
            id=row["id"],
            started=_local(row["started"], row["utc_offset"]),
            routine=_text(row["routine"]),
            title=_text(row["title"]),
            script=_text(row["script"]),
            settings=settings_from_json(row["settings"]),
            planned=int(row["planned"]),
            done=int(row["done"]),
            length=_finite(row["length"]),
            seconds=_finite(row["seconds"]),
            finished=bool(row["finished"]),
            running=not row["closed"] and is_running(path, row["uid"]),
            where=None if row["place"] is None else where_from_json(row["place"]),
            pain_before=_pain(row["pain_before"]),
            pain_after=_pain(row["pain_after"]),
            hurt=() if row["hurt"] is None else hurt_from_json(row["hurt"]),
        )
    except (TypeError, OverflowError) as error:
        raise ValueError(f"session {row['id']} cannot be understood") from error


class Past(Struct, frozen=True):
    """What was done of one script."""

    finished: tuple[Done, ...] = ()
    """The sessions that came to their end, in the order in which they were begun."""
    last: Settings | None = None
    """The settings of the newest session in which anything was done."""
    unreadable: int = 0
    """How many sessions are left out because they cannot be understood."""


def past_of(rows: Iterable[tuple[Any, ...]]) -> Past:
    """Return what was done, from rows of the database: when, settings, pain, finished."""
    settings = cache(settings_from_json)  # most sessions have those of the one before
    finished: list[Done] = []
    last = None
    unreadable = 0
    for started, offset, text, before, after, is_finished in rows:
        try:
            pains = [_number(pain) for pain in (before, after) if pain is not None]
            done = Done(_local(started, offset), max(pains, default=None), settings(text))
        except (ValueError, TypeError, OverflowError):
            unreadable += 1
            continue
        last = done.settings
        if is_finished:
            finished.append(done)
    return Past(tuple(finished), last, unreadable)


def _local(started: str, offset: int) -> datetime:
    """Return when a session was begun, in the time zone of the place where it was recorded."""
    zone = timezone(timedelta(seconds=offset))
    return datetime.fromisoformat(started).astimezone(zone)


def storable(text: str) -> str:
    """Return a text that UTF-8 can hold, as a path with undecodable bytes cannot."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def settings_document(settings: Settings) -> dict[str, Any]:
    """Return what is set, as JSON has it: fractions are texts such as "3/2"."""
    kept = {key: value for key, value in structs.asdict(settings).items() if is_set(value)}
    if settings.overrides:
        kept["overrides"] = [_override_document(override) for override in settings.overrides]
    document: dict[str, Any] = json.loads(json.dumps(kept, default=_fraction_text))
    return document


def _override_document(override: Override) -> dict[str, Any]:
    document: dict[str, Any] = {"key": override.key, "value": override.value}
    document |= {"exercise": override.owner, "phase": override.phase}
    return {**document, "beyond": True} if override.is_beyond else document


def settings_to_json(settings: Settings) -> str:
    """Return the settings as one line of JSON, from which they are read back exactly."""
    return json.dumps(settings_document(settings))


def settings_from_json(text: str) -> Settings:
    """Return the settings in `text`; what only a newer coach knows is left out.

    Raises:
        ValueError: it is no JSON object.
    """
    return Settings(**_fields(_object(text), _SETTINGS))


def where_to_json(where: Where) -> str:
    """Return the place as one line of JSON."""
    return json.dumps(structs.asdict(where))


def where_from_json(text: str) -> Where:
    """Return the place in `text`; what only a newer coach knows is left out.

    Raises:
        ValueError: it is no JSON object.
    """
    return Where(**_fields(_object(text), _WHERE))


def hurt_to_json(hurt: Iterable[Hurt]) -> str:
    """Return the moments of pain as one line of JSON."""
    return json.dumps(to_builtins(tuple(hurt)))


def hurt_from_json(text: str) -> tuple[Hurt, ...]:
    """Return the moments of pain in `text`; what only a newer coach knows is left out.

    Raises:
        ValueError: it is no JSON list of objects.
    """
    return tuple(
        Hurt(Where(**_fields(_is_a(dict, item["where"]), _WHERE)), float(item["at"]))
        for item in (_is_a(dict, found) for found in _is_a(list, json.loads(text)))
        if "where" in item and "at" in item
    )


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return dict(_is_a(dict, found))


def _fields(
    found: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    fields = {}
    for name, read in readers.items():
        if name in found:
            with suppress(ValueError):
                fields[name] = read(found[name])
    return fields


def _fraction_text(value: object) -> str:
    if not isinstance(value, Fraction):
        raise TypeError(f"expected a Fraction, found {type(value).__name__}")
    return str(value)


def _is_a(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}, found {value!r}")
    return value


_text, _number, _flag = partial(_is_a, str), partial(_is_a, int), partial(_is_a, bool)


def _pain(value: Any) -> int | None:
    return None if value is None else int(_number(value))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"expected seconds, found {value!r}")
    return number


def _optional_text(value: Any) -> str | None:
    return None if value is None else str(_text(value))


def _one_of(known: tuple[str, ...], value: Any) -> str:
    if value not in known:
        raise ValueError(f"expected one of {known}, found {value!r}")
    return str(value)


def _fraction(value: Any) -> Fraction:
    try:
        return Fraction(_text(value))
    except ZeroDivisionError:
        raise ValueError(f"expected a number, found {value!r}") from None


def _volume(value: Any) -> Fraction:
    found = _fraction(value)
    if not VOLUME.least <= found <= VOLUME.most:
        raise ValueError(f"expected a volume in dB, found {value!r}")
    return found


def _many(read: Callable[[Any], Any], value: Any) -> tuple[Any, ...]:
    found = []
    for item in _is_a(list, value):
        with suppress(ValueError):
            found.append(read(item))
    return tuple(found)


def _override(value: Any) -> Override:
    fields = _fields(_is_a(dict, value), _OVERRIDE)
    if set(fields) != set(_OVERRIDE):
        # Half an override would change more than was meant.
        raise ValueError(f"expected an override, found {value!r}")
    return Override(
        fields["key"],
        fields["value"],
        fields["exercise"],
        fields["phase"],
        is_beyond=value.get("beyond") is True,
    )


def _amount(value: Any) -> Amount:
    if type(value) is int:
        return value
    if value == READY:
        return READY
    return _many(_text, value) if isinstance(value, list) else _fraction(value)


_OVERRIDE: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "key": partial(_one_of, get_args(DoseKey)),
        "value": _amount,
        "exercise": _optional_text,
        "phase": _optional_text,
    }
)
_SETTINGS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "overrides": partial(_many, _override),
        "only": partial(_many, _text),
        "skip": partial(_many, _text),
        "beyond_range": _flag,
        "detail": partial(_one_of, get_args(Detail)),
        "count": partial(_one_of, get_args(Count)),
        "speed": _fraction,
        "language": _text,
        "voice": _text,
        "engine": _text,
        "cues": _text,
        "cue_volume": _volume,
        "speech_volume": _volume,
        "style": partial(_one_of, get_args(Style)),
    }
)
_WHERE: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "exercise": _optional_text,
        "phase": _optional_text,
        "set": _number,
        "side": _optional_text,
        "rep": _number,
        "rounds": partial(_many, _number),
    }
)
