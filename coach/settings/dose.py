"""The values of a dose: where each is in a routine, what it can be, how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from coach.routine import Circuit, Exercise, Phase, Routine
from coach.settings import READY, Address, Amount, DoseKey
from coach.units import (
    ACTIVE_TIME,
    REPS,
    ROUNDS,
    SETS,
    TIME,
    Quantity,
    Range,
)

QUANTITIES: Mapping[DoseKey, Quantity[int] | Quantity[Fraction]] = MappingProxyType(
    {
        "reps": REPS,
        "sets": SETS,
        "rounds": ROUNDS,
        "hold": ACTIVE_TIME,
        "work": ACTIVE_TIME,
        "move": TIME,
        "rest": TIME,
        "settle": TIME,
        "switch": TIME,
        "pace": ACTIVE_TIME,
    }
)
"""What each key is measured in; sides are no quantity."""

PHASE_KEYS: tuple[DoseKey, ...] = ("move", "hold", "work")
CIRCUIT_KEYS: tuple[DoseKey, ...] = ("rounds", "rest")
_ALWAYS: tuple[DoseKey, ...] = ("reps", "sets", "rest", "settle")


def keys_of(item: Exercise | Circuit) -> tuple[DoseKey, ...]:
    """Return what can be set of an exercise or a circuit itself, not of a phase."""
    if isinstance(item, Circuit):
        return CIRCUIT_KEYS
    own: list[DoseKey] = list(_ALWAYS)
    if item.sides:
        own += ["switch", "sides"]
    if item.is_self_paced:
        own.append("pace")
    return tuple(own)


def phase_keys(phase: Phase) -> tuple[DoseKey, ...]:
    """Return what can be set of a phase."""
    return tuple(key for key in PHASE_KEYS if getattr(phase, key))


def doses(item: Exercise | Circuit) -> Iterator[tuple[Address, Range[Any]]]:
    """Yield each value of a dose that is a quantity, with its address."""
    for key in keys_of(item):
        if key == "settle" and isinstance(item, Exercise) and item.settle_ready:
            # How long to wait for somebody is not prescribed.
            yield Address(key, item.id), Range.fixed(item.settle.value)
        elif key != "sides":
            yield Address(key, item.id), getattr(item, key)
    for phase in () if isinstance(item, Circuit) else item.phases:
        for key in phase_keys(phase):
            yield Address(key, item.id, phase.id), getattr(phase, key)


def routine_doses(routine: Routine) -> dict[Address, Range[Any]]:
    """Return each value of the routine's doses that is a quantity, by its address."""
    items = routine.owners()
    return dict(pair for item in items for pair in doses(item))


def show_amount(key: DoseKey, value: Amount) -> str:
    """Return a value as people write it: `8`, `1m30s`, `ready`, `left,right`."""
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, str):
        return value
    show: Callable[[Any], str] = QUANTITIES[key].show
    return show(value)


def show_range(key: DoseKey, prescribed: Range[Any]) -> str:
    """Return what is prescribed: `5 to 10`, `5s to 10s`, or the single value."""
    low = show_amount(key, prescribed.low)
    return low if prescribed.is_fixed else f"{low} to {show_amount(key, prescribed.high)}"


def amount_of(item: Exercise | Circuit | Phase, key: DoseKey) -> Amount:
    """Return the value in force of an item's key, which it must have."""
    if key == "sides" and isinstance(item, Exercise):
        return item.sides
    if key == "settle" and isinstance(item, Exercise) and item.settle_ready:
        return READY
    value: Range[Any] = getattr(item, key)
    amount: int | Fraction = value.value
    return amount
