"""The layers put together: script < saved settings < progress < what this session asks for.

Pure. What comes out is absolute and says of each value which layer it is from.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field, structs

from coach.errors import CoachError, SettingError
from coach.progress import parse_progress
from coach.routine import Routine, check_size
from coach.settings import (
    Address,
    DoseKey,
    Origin,
    Override,
    Settings,
    is_set,
    layered,
    manner,
)
from coach.settings.adjust import adjust, set_doses
from coach.settings.choose import choose
from coach.settings.climb import Climbed, Rule, climb
from coach.settings.counter import Done, Standing
from coach.settings.default_voices import DefaultVoices
from coach.settings.owners import Owners
from coach.settings.saved import Saved, SavedValue
from coach.settings.text import (
    DOSE_KEYS,
    MANNER_KEYS,
    PROGRESS,
    SAVED_KEYS,
    field_of,
    name_parts,
    parse_address,
    parse_manner,
    parse_override,
)
from coach.units import Relative

MOST_SINGLY = 8
"""So many values that are too much are looked for one by one; the next one and all after it go."""


class SavedLayer(Struct, frozen=True):
    """Saved settings that have met their routine."""

    settings: Settings = field(default_factory=Settings)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """How ranges are climbed, by the id of the exercise or the circuit."""
    since: Mapping[Address, datetime] = field(default_factory=dict)
    """When each value of a dose was set."""
    problems: Mapping[str, CoachError] = field(default_factory=dict)
    """What is not used and why, by its name."""


class InForce(Struct, frozen=True):
    """What is in force for a session, and why."""

    settings: Settings
    """All layers, absolute."""
    standings: Mapping[str, Standing]
    """How far each range has been climbed, by the id of the exercise or the circuit."""
    problems: tuple[str, ...]
    """What of the saved settings is not used, a sentence each."""
    origins: Mapping[str, Origin]
    """Where the settings besides doses come from, by their names."""


def manner_of(saved: Saved) -> Settings:
    """Return what is saved besides doses, as far as it is right; it needs no routine."""
    fields: dict[str, Any] = {}
    for name, entry in saved.values.items():
        if name in MANNER_KEYS and name != "skip":
            try:
                fields |= parse_manner(name, entry.value)
            except SettingError:
                continue  # told by `saved_layer`
    return Settings(**fields)


def saved_layer(routine: Routine, saved: Saved) -> SavedLayer:
    """Return what the saved settings mean for a routine, and what of them does not fit it.

    A session with what is left can always be had.
    """
    owners = Owners(routine)
    overrides: dict[str, Override] = {}
    fields: dict[str, Any] = {}
    rules: dict[str, Rule] = {}
    problems: dict[str, CoachError] = {}
    # What names an exercise wins over what names none.
    for name, entry in sorted(saved.values.items(), key=lambda item: item[0].count(".")):
        try:
            owner, phase, key = parse_address(name, SAVED_KEYS)
            if key == PROGRESS:
                rules |= _rules(owners, owner, entry)
            elif key in MANNER_KEYS:
                fields |= _manner(routine, owner, key, entry)
            else:
                override = _override(owner, phase, key, entry)
                owners.tried(override)
                overrides[name] = override
        except SettingError as error:
            problems[name] = error
        except ValueError as error:
            problems[name] = SettingError(str(error))
    for name, problem in _too_much(routine, overrides, fields.get("skip", ())):
        problems[name] = problem
        del overrides[name]
    since = {override.address: saved.values[name].since for name, override in overrides.items()}
    return SavedLayer(Settings(tuple(overrides.values()), **fields), rules, since, problems)


def _too_much(
    routine: Routine, overrides: Mapping[str, Override], skip: Sequence[str]
) -> Iterator[tuple[str, CoachError]]:
    """Yield the names of what makes the session too long, all taken together, and how."""
    names = list(overrides)

    def problem(count: int) -> CoachError | None:
        taken = [overrides[name] for name in names[:count]]
        adjusted = set_doses(routine, taken, beyond_range=True)
        try:
            check_size(choose(adjusted.routine, (), skip))
        except CoachError as error:
            return error
        return None

    for singly in range(MOST_SINGLY, -1, -1):
        found = problem(len(names)) if names else None
        if found is None:
            return
        counts = range(1, len(names) + 1)
        first = bisect_left(counts, True, key=lambda count: problem(count) is not None)
        for name in names[first : first + 1 if singly else None]:
            yield name, found
        del names[first : first + 1 if singly else None]


def _rules(owners: Owners, owner: str | None, entry: SavedValue) -> dict[str, Rule]:
    rule = Rule(parse_progress(entry.text), entry.since)
    if owner is None:
        return dict.fromkeys(owners, rule)
    owners.check(owner)
    return {owner: rule}


def _manner(routine: Routine, owner: str | None, key: str, entry: SavedValue) -> dict[str, Any]:
    if owner is not None:
        raise SettingError(f"`{key}` belongs to the whole session")
    fields = parse_manner(key, entry.value)
    choose(routine, (), fields.get("skip", ()))
    return fields


def _override(owner: str | None, phase: str | None, key: str, entry: SavedValue) -> Override:
    known: DoseKey = next(known for known in DOSE_KEYS if known == key)
    override = parse_override(
        known, entry.text, owner, phase, origin="saved", is_beyond=entry.is_beyond
    )
    if isinstance(override.value, Relative):
        raise SettingError(
            f"expected a value, found the change {entry.text}: write what it comes to"
        )
    return override


def in_force(
    routine: Routine,
    session: Settings,
    saved: Saved,
    past: Sequence[Done],
    at: datetime,
    defaults: DefaultVoices = DefaultVoices(),  # noqa: B008 - frozen
) -> InForce:
    """Return what is in force for a session at a moment.

    Args:
        routine: as the script has it.
        session: what this session asks for.
        saved: what is saved for the routine.
        past: the sessions that were finished, in the order of their beginnings.
        at: the moment, with a time zone.
        defaults: the voices that hold for all routines.

    Raises:
        SettingError: what this session asks for does not fit the routine.
    """
    layer = saved_layer(routine, saved)
    problems = [*_told(layer.problems)]
    climbed = _climbed(routine, layer, past, at)
    below = layer.settings
    climbed_to = structs.replace(below, overrides=(*below.overrides, *climbed.overrides))
    if climbed.overrides:
        try:
            adjust(routine, climbed_to)
        except CoachError as error:
            problems.append(f"progress is not used: {error.message}")
            climbed_to, climbed = below, Climbed()
    asked = layered(climbed_to, session)
    merged = defaults.applied(asked, manner(routine, asked).language)
    adjusted = set_doses(routine, merged.overrides, beyond_range=True)  # `adjust` checks those
    return InForce(
        settings=structs.replace(merged, overrides=adjusted.pinned()),
        standings=climbed.standings,
        problems=tuple(problems),
        origins=dict(_origins(routine, layer.settings, session, merged)),
    )


def has_progress(routine: Routine, saved: Saved) -> bool:
    """Return whether any range is climbed, so that what was done matters."""
    items = routine.owners()
    return any(item.progress and item.progress.climbs for item in items) or any(
        name_parts(name)[2] == PROGRESS for name in saved.values
    )


def rules_of(routine: Routine, layer: SavedLayer) -> dict[str, Rule]:
    """Return the rule of each exercise and circuit that has one, saved or from the script."""
    items = routine.owners()
    scripted = {item.id: Rule(item.progress) for item in items if item.progress}
    return {**scripted, **layer.rules}


def _climbed(routine: Routine, layer: SavedLayer, past: Sequence[Done], at: datetime) -> Climbed:
    rules = rules_of(routine, layer)
    if not rules:
        return Climbed()
    adjusted = set_doses(routine, layer.settings.overrides)
    # What the user has set is climbed from, and counted from when it was set.
    since = {address: layer.since[source.address] for address, source in adjusted.sources.items()}
    return climb(adjusted.routine, rules, past, at, since)


def _told(problems: Mapping[str, CoachError]) -> Iterator[str]:
    for name, problem in problems.items():
        yield f"the saved `{name}` is kept but not used: {problem.message}"


def _origins(
    routine: Routine, saved: Settings, session: Settings, merged: Settings
) -> Iterator[tuple[str, Origin]]:
    for key in MANNER_KEYS:
        field_name = field_of(key)
        if is_set(getattr(session, field_name)):
            yield key, "session"
        elif is_set(getattr(saved, field_name)):
            yield key, "saved"
        elif is_set(getattr(routine, field_name, None)):
            yield key, "script"
        elif key in ("voice", "engine") and getattr(merged, key):
            yield key, "default"
