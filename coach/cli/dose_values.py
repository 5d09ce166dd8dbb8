"""The values of a session's doses, as `coach adjust` shows them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from coach.cli.doses import ORIGINS, range_json
from coach.settings import Address, Amount, DoseKey
from coach.settings.adjust import amounts
from coach.settings.dose import routine_doses, show_amount, show_range
from coach.units import Range

if TYPE_CHECKING:
    from coach.cli.sessions import Made
    from coach.routine import Routine

_MAIN: tuple[DoseKey, ...] = ("reps", "sets", "rounds", "hold", "work", "rest")
"""What is shown of a dose even if it is as prescribed."""


class Value(Struct, frozen=True):
    """A value of a dose, as it is told."""

    address: Address
    amount: Amount
    """In force."""
    prescribed: Range[Any] | Amount
    """By the script: a quantity's range, or all sides."""
    origin: str


def values_of(made: Made, scripted: Routine) -> Iterator[Value]:
    """Yield each value of the doses that people set; sides only if they are set.

    Args:
        made: a session.
        scripted: its routine as the script has it.
    """
    sources = made.session.sources
    ranges = routine_doses(made.session.routine)
    as_written = dict(amounts(scripted))
    for address, amount in amounts(made.session.routine):
        origin = sources[address].origin if address in sources else ""
        prescribed = ranges.get(address, as_written[address])
        is_range = isinstance(prescribed, Range) and not prescribed.is_fixed
        if address.key == "sets" and prescribed == Range.fixed(1):
            continue
        if address.key in _MAIN or is_range or origin:
            yield Value(address, amount, prescribed, origin)


def value_row(value: Value) -> tuple[str, ...]:
    """Return its address, its amount, what is prescribed, and where it comes from."""
    key, source = value.address.key, ORIGINS.get(value.origin, "script")
    if isinstance(value.prescribed, Range):
        prescribed = show_range(key, value.prescribed)
        source += " (beyond)" if value.prescribed.is_beyond else ""
    else:
        prescribed = show_amount(key, value.prescribed)
    return str(value.address), show_amount(key, value.amount), prescribed, source


def value_json(value: Value) -> dict[str, Any]:
    """Return the same as JSON has it."""
    plain: dict[str, Any] = {"name": str(value.address)}
    if isinstance(value.prescribed, Range):
        plain |= range_json(value.prescribed, value.origin)
    else:
        plain |= {"prescribed": value.prescribed, "origin": value.origin}
    return plain if isinstance(value.amount, Fraction) else {**plain, "value": value.amount}
