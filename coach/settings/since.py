"""What is different from the last time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, get_args

from msgspec import Struct

from coach.errors import SettingError
from coach.progress import ClimbedKey
from coach.routine import Routine
from coach.settings import Address, DoseKey, Override, Settings
from coach.settings.adjust import amounts, set_doses
from coach.settings.owners import Owners

_TOLD: tuple[DoseKey, ...] = get_args(ClimbedKey)


class DoseChange(Struct, frozen=True):
    """A value that is not what it was last time."""

    key: DoseKey
    before: int | Fraction
    now: int | Fraction
    owners: tuple[str, ...]
    """The ids of the exercises or circuits that have it."""


def changes_since(routine: Routine, settings: Settings, last: Settings) -> tuple[DoseChange, ...]:
    """Return what is different from a session with other settings, in the script's order.

    Args:
        routine: as the script has it.
        settings: those in force.
        last: those of the other session, of which some may not fit the routine any more.
    """
    now = _values(routine, settings.overrides)
    before = _values(routine, tuple(_fitting(routine, last.overrides)))
    owners: dict[tuple[DoseKey, Any, Any], list[str]] = {}
    for address, value in now.items():
        then = before[address]
        if address.owner and value != then:
            changed = owners.setdefault((address.key, then, value), [])
            if address.owner not in changed:
                changed.append(address.owner)
    return tuple(DoseChange(*kind, tuple(names)) for kind, names in owners.items())


def _values(routine: Routine, overrides: Sequence[Override]) -> dict[Address, Any]:
    adjusted = set_doses(routine, overrides, beyond_range=True)
    return {address: value for address, value in amounts(adjusted.routine) if address.key in _TOLD}


def _fitting(routine: Routine, overrides: Sequence[Override]) -> Iterator[Override]:
    """Yield the overrides that fit a routine, each for itself."""
    owners = Owners(routine)
    for override in overrides:
        try:
            owners.change(override)
        except SettingError:
            continue
        yield override
