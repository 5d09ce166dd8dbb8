"""The exercises and circuits of a routine, one of which is changed without the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from coach.routine import Circuit, Routine
from coach.settings import Override
from coach.settings.adjust import Adjusted, set_doses
from coach.settings.choose import check_owner


class Owners:
    """Whatever has a dose in a routine, by its id.

    Args:
        routine: as the script has it.
        overrides: what is in force at first.
    """

    def __init__(self, routine: Routine, overrides: Sequence[Override] = ()) -> None:
        self._routine = set_doses(routine, overrides, beyond_range=True).routine
        self._items = {
            item.id: structs.replace(item, items=()) if isinstance(item, Circuit) else item
            for item in self._routine.owners()
        }

    def __iter__(self) -> Iterator[str]:
        """Yield the ids, those of the exercises first."""
        return iter(self._items)

    def check(self, name: str) -> None:
        """Check that `name` is the id of an exercise or a circuit.

        Raises:
            SettingError: it is not; with the near match, or what it is instead.
        """
        if name not in self._items:
            check_owner(self._routine, name)

    def tried(self, override: Override) -> Adjusted:
        """Return what an override makes of those that it names, which stay as they are here.

        Raises:
            SettingError: it names none, or its value is impossible or outside its prescribed range
                and not allowed to be.
        """
        return set_doses(self._named(override), [override])

    def change(self, override: Override) -> Adjusted:
        """Put an override in force, whatever is prescribed, and return what it has changed.

        Raises:
            SettingError: it names nothing, or its value is impossible.
        """
        adjusted = set_doses(self._named(override), [override], beyond_range=True)
        self._items |= {item.id: item for item in adjusted.routine.items}
        return adjusted

    def _named(self, override: Override) -> Routine:
        """Return a routine of what an override may change, in which circuits are empty."""
        item = self._items.get(override.owner or "")
        items = (item,) if item else tuple(self._items.values())
        return structs.replace(self._routine, items=items)
