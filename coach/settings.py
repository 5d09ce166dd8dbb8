"""What a user sets without touching the script, and how it changes a routine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from coach.errors import SettingError, did_you_mean
from coach.routine import Circuit, Exercise, Item, Routine, check_size
from coach.units import ACTIVE_TIME, REPS, SETS, SPEED, TIME, Count, Detail, Quantity, Range

DoseKey = Literal["hold", "work", "reps", "sets", "rest"]

_QUANTITIES: dict[DoseKey, Quantity[int] | Quantity[Fraction]] = {
    "hold": ACTIVE_TIME,
    "work": ACTIVE_TIME,
    "reps": REPS,
    "sets": SETS,
    "rest": TIME,
}


@dataclass(frozen=True, slots=True)
class Override:
    """One value of a dose that replaces the script's."""

    key: DoseKey
    value: int | Fraction
    """Repetitions, sets, or seconds."""
    exercise: str | None = None
    """The exercise's id; None means every exercise that has such a value."""
    phase: str | None = None
    """The phase's id; None means every phase that has such a value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a user may set for a session; None leaves it to the script."""

    overrides: tuple[Override, ...] = ()
    """In order; a later one wins."""
    only: tuple[str, ...] = ()
    """Ids of the exercises to do; empty means all."""
    skip: tuple[str, ...] = ()
    """Ids of the exercises to leave out."""
    beyond_range: bool = False
    """Allow values outside a prescribed range."""
    detail: Detail | None = None
    count: Count | None = None
    speed: Fraction | None = None
    """Speed of speech; 1 is normal."""
    language: str | None = None
    voice: str | None = None
    engine: str | None = None
    cues: str | None = None
    """A cue pack's name or folder."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a session is spoken, decided: the user's settings over the script's over the defaults."""

    detail: Detail = "full"
    count: Count = "beep"
    speed: Fraction = Fraction(1)
    language: str = "en"


def layered(lower: Settings, upper: Settings) -> Settings:
    """Return the settings of two layers, of which the upper one wins."""
    changes: dict[str, Any] = {
        field.name: value
        for field in dataclasses.fields(Settings)
        if (value := getattr(upper, field.name)) not in (None, (), False)
    }
    changes["overrides"] = (*lower.overrides, *upper.overrides)
    return dataclasses.replace(lower, **changes)


def manner(routine: Routine, settings: Settings) -> Manner:
    """Return how a session of `routine` is spoken."""
    return Manner(
        detail=settings.detail or routine.detail or "full",
        count=settings.count or routine.count or "beep",
        speed=settings.speed or routine.speed or Fraction(1),
        language=settings.language or routine.language,
    )


def parse_override(key: DoseKey, text: str) -> Override:
    """Return the override written as `VALUE`, `EXERCISE=VALUE` or `EXERCISE.PHASE=VALUE`.

    Raises:
        SettingError: the value is not one that `key` can have. The message is a sentence.
    """
    address, separator, value = text.rpartition("=")
    exercise, _, phase = address.strip().partition(".")
    is_open = separator and (not exercise or address.strip().endswith("."))
    if is_open or (phase and key != "hold"):
        form = "EXERCISE=VALUE" + (" or EXERCISE.PHASE=VALUE" if key == "hold" else "")
        raise SettingError(f'--{key}: expected VALUE or {form}, found "{text}"')
    try:
        amount = _QUANTITIES[key].value(value)
    except ValueError as error:
        raise SettingError(f"--{key} {text}: {error}") from None
    return Override(key, amount, exercise or None, phase or None)


def parse_names(option: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return the names in `values`, several of which may stand in one, separated by commas.

    Raises:
        SettingError: one of the values has no name.
    """
    names: list[str] = []
    for value in values:
        found = [name.strip() for name in value.split(",") if name.strip()]
        if not found:
            raise SettingError(f"--{option}: expected a name, found an empty text")
        names += found
    return tuple(names)


def parse_speed(text: str) -> Fraction:
    """Return the speed of speech that `text` means; 1 is normal.

    Raises:
        SettingError: it is not a number from 0.5 to 2.
    """
    try:
        return SPEED.value(text)
    except ValueError as error:
        raise SettingError(f"--speed: {error}") from None


def adjust(routine: Routine, settings: Settings) -> Routine:
    """Return `routine` with the settings' values in force and only the chosen exercises.

    Raises:
        SettingError: an exercise or phase is unknown, a value is outside its prescribed range
            (without `beyond_range`), nothing is left to do, or the session becomes too long.
    """
    ids = [exercise.id for exercise in routine.exercises()]
    for name in (*settings.only, *settings.skip):
        _known(name, ids, "exercise")
    for override in settings.overrides:
        routine = _apply(routine, override, ids)
    kept = (set(settings.only) or set(ids)) - set(settings.skip)
    routine = dataclasses.replace(routine, items=tuple(_kept(routine.items, kept)))
    if not routine.items:
        raise SettingError(
            "nothing is left to do: every exercise is skipped", f"The exercises: {', '.join(ids)}."
        )
    if not settings.beyond_range:
        _check_ranges(routine)
    check_size(routine)
    return routine


def _known(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        raise SettingError(
            f"there is no {what} `{name}`{did_you_mean(name, known)}",
            f"The {what}s: {', '.join(known)}.",
        )


def _apply(routine: Routine, override: Override, ids: Sequence[str]) -> Routine:
    if override.exercise is not None:
        _known(override.exercise, ids, "exercise")
    changed = 0

    def on_exercise(exercise: Exercise) -> Exercise:
        nonlocal changed
        if override.exercise not in (None, exercise.id):
            return exercise
        if override.key in ("hold", "work"):
            return with_times(exercise)
        # For all exercises, repetitions change where repetitions are prescribed.
        if override.key == "reps" and override.exercise is None and not exercise.is_repeated:
            return exercise
        changed += 1
        value: Range[Any] = getattr(exercise, override.key)
        changes: dict[str, Any] = {override.key: value.at(override.value)}
        return dataclasses.replace(exercise, **changes)

    def with_times(exercise: Exercise) -> Exercise:
        nonlocal changed
        if override.phase is not None:
            _known(override.phase, [phase.id for phase in exercise.phases], "phase")
        phases = list(exercise.phases)
        for i, phase in enumerate(phases):
            time: Range[Fraction] | None = getattr(phase, override.key)
            if time and override.phase in (None, phase.id):
                changed += 1
                changes: dict[str, Any] = {override.key: time.at(Fraction(override.value))}
                phases[i] = dataclasses.replace(phase, **changes)
        return dataclasses.replace(exercise, phases=tuple(phases))

    def on_circuit(circuit: Circuit) -> Circuit:
        if override.key == "rest" and override.exercise is None:
            return dataclasses.replace(circuit, rest=circuit.rest.at(Fraction(override.value)))
        return circuit

    items = tuple(_mapped(routine.items, on_exercise, on_circuit))
    if not changed:
        owner = ".".join(part for part in (override.exercise, override.phase) if part)
        reason = (
            f"`{owner}` has no `{override.key}`" if owner else f"no exercise has `{override.key}`"
        )
        raise SettingError(f"--{override.key} changes nothing: {reason}")
    return dataclasses.replace(routine, items=items)


def _mapped(
    items: Iterable[Item],
    on_exercise: Callable[[Exercise], Exercise],
    on_circuit: Callable[[Circuit], Circuit],
) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Circuit):
            inner = tuple(_mapped(item.items, on_exercise, on_circuit))
            yield on_circuit(dataclasses.replace(item, items=inner))
        else:
            yield on_exercise(item)


def _kept(items: Iterable[Item], ids: Collection[str]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Circuit):
            inner = tuple(_kept(item.items, ids))
            if inner:
                yield dataclasses.replace(item, items=inner)
        elif item.id in ids:
            yield item


def doses(exercise: Exercise) -> Iterator[tuple[str, DoseKey, Range[Any]]]:
    """Yield each value of a dose: whose it is (`exercise` or `exercise.phase`), its key, itself."""
    keys: tuple[DoseKey, ...] = ("reps", "sets", "rest")
    for key in keys:
        yield exercise.id, key, getattr(exercise, key)
    times: tuple[DoseKey, ...] = ("hold", "work")
    for phase in exercise.phases:
        for key in times:
            time: Range[Fraction] | None = getattr(phase, key)
            if time:
                yield f"{exercise.id}.{phase.id}", key, time


def _check_ranges(routine: Routine) -> None:
    outside: dict[str, list[str]] = {}
    for exercise in routine.exercises():
        for owner, key, value in doses(exercise):
            if value.is_beyond:
                show: Callable[[Any], str] = _QUANTITIES[key].show
                prescribed = f"{show(value.low)} to {show(value.high)}"
                why = f"{key} {show(value.value)} is outside the prescribed {prescribed}"
                outside.setdefault(why, []).append(owner)
    if outside:
        raise SettingError(
            "; ".join(f"{why} of {', '.join(owners)}" for why, owners in outside.items()),
            "Choose a value inside, or allow it with --beyond-range.",
        )
