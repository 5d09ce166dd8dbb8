"""Settings applied to a routine. Pure: a routine in, a routine out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct, structs

from coach.errors import SettingError, did_you_mean, shortened
from coach.routine import (
    READY_WAIT,
    Circuit,
    Exercise,
    Item,
    Phase,
    Routine,
    check_size,
)
from coach.settings import READY, Address, Amount, Override, Settings
from coach.settings.choose import check_owner, choose
from coach.settings.dose import (
    PHASE_KEYS,
    QUANTITIES,
    amount_of,
    keys_of,
    phase_keys,
    routine_doses,
    show_amount,
    show_range,
)
from coach.units import Quantity, Range, Relative


class Adjusted(Struct, frozen=True):
    """A routine with settings in force."""

    routine: Routine
    sources: Mapping[Address, Override]
    """Which override gave each value that does not come from the script, by its full address."""

    def pinned(self) -> tuple[Override, ...]:
        """Return overrides that give the same values whatever is below them."""
        in_force = dict(amounts(self.routine))
        return tuple(
            structs.replace(
                override, value=in_force[address], owner=address.owner, phase=address.phase
            )
            for address, override in self.sources.items()
        )


def adjust(routine: Routine, settings: Settings) -> Adjusted:
    """Return `routine` with the settings' values in force and only the chosen exercises.

    Raises:
        SettingError: an exercise or phase is unknown, a value is outside its prescribed range
            (and not allowed to be), nothing is left to do, or the session becomes too long.
    """
    whole = set_doses(routine, settings.overrides, beyond_range=True)
    left = choose(whole.routine, settings.only, settings.skip)
    ids = {item.id for item in left.owners()}
    sources = {address: item for address, item in whole.sources.items() if address.owner in ids}
    chosen = Adjusted(left, sources)
    if not settings.beyond_range:
        _check_ranges(chosen)
    check_size(chosen.routine)
    return chosen


def set_doses(
    routine: Routine, overrides: Sequence[Override], *, beyond_range: bool = False
) -> Adjusted:
    """Return `routine` with the overrides' values in force, one after the other.

    Raises:
        SettingError: an exercise or phase is unknown, a value is impossible, or it is outside its
            prescribed range and not allowed to be.
    """
    work = _Adjustment(routine, overrides)
    adjusted = Adjusted(structs.replace(routine, items=work.items()), work.sources)
    work.check_all_used()
    if not beyond_range:
        _check_ranges(adjusted)
    return adjusted


class _Adjustment:
    """One run of overrides over a routine."""

    def __init__(self, routine: Routine, overrides: Sequence[Override]) -> None:
        self.sources: dict[Address, Override] = {}
        self._routine = routine
        self._overrides = overrides
        self._used = [False] * len(overrides)
        self._general = [n for n, override in enumerate(overrides) if override.owner is None]
        self._of: dict[str, list[int]] = {}
        for n, override in enumerate(overrides):
            if override.owner is not None:
                self._of.setdefault(override.owner, []).append(n)
        if self._of:
            known = {item.id for item in routine.owners()}
            for name in self._of:
                if name not in known:
                    check_owner(routine, name)

    def items(self) -> tuple[Item, ...]:
        return self._items(self._routine.items) if self._overrides else self._routine.items

    def check_all_used(self) -> None:
        """Check that every override has changed something.

        Raises:
            SettingError: one has not; nothing has such a value.
        """
        for override, is_used in zip(self._overrides, self._used, strict=True):
            if not is_used:
                raise self._unused(override)

    def _items(self, items: Sequence[Item]) -> tuple[Item, ...]:
        return tuple(
            self._circuit(item) if isinstance(item, Circuit) else self._exercise(item)
            for item in items
        )

    def _numbers(self, owner: str) -> Iterator[int]:
        """Yield the overrides that concern an item, in order."""
        own = self._of.get(owner)
        yield from sorted((*self._general, *own)) if own else self._general

    def _circuit(self, circuit: Circuit) -> Circuit:
        changed = structs.replace(circuit, items=self._items(circuit.items))
        for n in self._numbers(circuit.id):
            override = self._overrides[n]
            if override.key in keys_of(circuit) and override.phase is None:
                changes = self._changes(changed, n, Address(override.key, circuit.id))
                changed = structs.replace(changed, **changes)
        return changed

    def _exercise(self, exercise: Exercise) -> Exercise:
        changed = exercise
        for n in self._numbers(exercise.id):
            override = self._overrides[n]
            address = Address(override.key, exercise.id)
            changes: dict[str, Any] = {}
            if override.key in PHASE_KEYS:
                changes = {"phases": self._phases(changed, n)}
            elif override.phase is not None or not _reaches(
                override, exercise, is_ready=changed.settle_ready
            ):
                continue
            elif isinstance(override.value, tuple):
                changes = {"sides": _sides(exercise, override.value, address)}
                self._note(n, address)
            else:
                changes = self._changes(changed, n, address)
            changed = structs.replace(changed, **changes)
        return changed

    def _phases(self, exercise: Exercise, n: int) -> tuple[Phase, ...]:
        override = self._overrides[n]
        ids = [phase.id for phase in exercise.phases]
        if override.phase is not None and override.phase not in ids:
            raise SettingError(
                f"there is no phase `{shortened(override.phase)}` in `{exercise.id}`"
                f"{did_you_mean(override.phase, ids)}",
                f"The phases: {', '.join(ids)}." if ids else "",
            )
        phases = list(exercise.phases)
        for i, phase in enumerate(phases):
            if override.key in phase_keys(phase) and override.phase in (None, phase.id):
                address = Address(override.key, exercise.id, phase.id)
                phases[i] = structs.replace(phase, **self._changes(phase, n, address))
        return tuple(phases)

    def _changes(
        self, item: Exercise | Circuit | Phase, n: int, address: Address
    ) -> dict[str, Any]:
        """Return the fields that an override changes."""
        value = self._overrides[n].value
        self._note(n, address)
        now: Range[Any] = getattr(item, address.key)
        if value == READY:
            return {"settle": now.at(READY_WAIT), "settle_ready": True}
        if isinstance(value, Relative):
            if address.key == "settle" and amount_of(item, "settle") == READY:
                raise SettingError(
                    f"`{address.owner}` waits until its user is ready: there is no time to change",
                    f"Set a time, as in {address}={show_amount('settle', READY_WAIT)}.",
                )
            value = _changed(address, now, value)
        changes: dict[str, Any] = {address.key: now.at(value)}
        return {**changes, "settle_ready": False} if address.key == "settle" else changes

    def _note(self, n: int, address: Address) -> None:
        self._used[n] = True
        self.sources[address] = self._overrides[n]

    def _unused(self, override: Override) -> SettingError:
        if override.owner is None:
            if isinstance(override.value, tuple):
                return SettingError(f"no exercise has the sides {', '.join(override.value)}")
            if override.key == "settle":  # which every exercise has
                return SettingError(
                    "every exercise waits until its user is ready: there is no time to change",
                    "Set a time, as in settle=10s.",
                )
            return SettingError(f"no exercise has `{override.key}`")
        owner = ".".join(part for part in (override.owner, override.phase) if part)
        items = self._routine.owners()
        item = next(item for item in items if item.id == override.owner)
        has = list(keys_of(item))
        if isinstance(item, Exercise):
            phases = [phase for phase in item.phases if override.phase in (None, phase.id)]
            has = [] if override.phase else has
            has += dict.fromkeys(key for phase in phases for key in phase_keys(phase))
        hint = f"What can be set there: {', '.join(has)}." if has else ""
        return SettingError(f"`{owner}` has no `{override.key}`", hint)


def _reaches(override: Override, exercise: Exercise, *, is_ready: bool) -> bool:
    """Return whether an override has something to change in an exercise, which may be waiting."""
    if override.key not in keys_of(exercise):
        return False
    if override.owner is not None:
        return True
    # For all exercises, repetitions change where repetitions are prescribed.
    if override.key == "reps":
        return exercise.is_repeated
    # What waits for its user has no time that could be changed.
    if override.key == "settle" and isinstance(override.value, Relative):
        return not is_ready
    if isinstance(override.value, tuple):
        return all(_side(exercise, name) for name in override.value)
    return True


def _sides(exercise: Exercise, names: Sequence[str], address: Address) -> tuple[str, ...]:
    """Return the exercise's sides that the names mean, in their order.

    Raises:
        SettingError: one of them is none.
    """
    sides = []
    for name in names:
        side = _side(exercise, name)
        if side is None:
            raise SettingError(
                f"{address}: there is no side `{shortened(name)}`"
                f"{did_you_mean(name, exercise.sides)}",
                f"The sides: {', '.join(exercise.sides)}.",
            )
        sides.append(side)
    return tuple(dict.fromkeys(sides))


def _side(exercise: Exercise, name: str) -> str | None:
    """Return the side that a name means: the whole, or what only one of them begins with."""
    wanted = name.casefold()
    found = [side for side in exercise.sides if side.casefold() == wanted]
    found = found or [side for side in exercise.sides if side.casefold().startswith(wanted)]
    return found[0] if len(found) == 1 else None


def _changed(address: Address, now: Range[Any], change: Relative) -> int | Fraction:
    quantity: Quantity[Any] = QUANTITIES[address.key]
    try:
        value: int | Fraction = quantity.changed(now.value, change)
    except ValueError as error:
        raise SettingError(f"{address}: {error}") from None
    return value


def amounts(routine: Routine) -> Iterator[tuple[Address, Amount]]:
    """Yield every value in force that can be set, with its address."""
    for item in routine.owners():
        for key in keys_of(item):
            yield Address(key, item.id), amount_of(item, key)
        for phase in () if isinstance(item, Circuit) else item.phases:
            for key in phase_keys(phase):
                yield Address(key, item.id, phase.id), amount_of(phase, key)


def _check_ranges(adjusted: Adjusted) -> None:
    outside: dict[str, list[str]] = {}
    for address, value in routine_doses(adjusted.routine).items():
        source = adjusted.sources.get(address)
        if value.is_beyond and source and not source.is_beyond:
            key = address.key
            shown = show_amount(key, value.value)
            why = f"{key} {shown} is outside the prescribed {show_range(key, value)}"
            owner = ".".join(part for part in (address.owner, address.phase) if part)
            outside.setdefault(why, []).append(owner)
    if outside:
        raise SettingError(
            "; ".join(f"{why} of {', '.join(owners)}" for why, owners in outside.items()),
            "Choose a value inside, or allow it with --beyond-range.",
        )
