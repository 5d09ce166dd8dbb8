"""Which exercises of a routine are done. Pure: a routine in, a routine out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec import structs

from coach.errors import SettingError, did_you_mean, shortened
from coach.routine import Circuit, Item, Routine, exercises_in


def choose(routine: Routine, only: Collection[str], skip: Collection[str]) -> Routine:
    """Return `routine` with the chosen exercises alone.

    Args:
        routine: the whole.
        only: ids of exercises and circuits; empty means all.
        skip: ids of those to leave out.

    Raises:
        SettingError: one of them is unknown, or nothing is left.
    """
    if not (only or skip):
        return routine
    known = {item.id for item in routine.owners()}
    for name in (*only, *skip):
        if name not in known:
            check_owner(routine, name)
    items = tuple(_kept(routine.items, chosen_ids(routine, only, skip)))
    if not items:
        names = ", ".join(exercise.id for exercise in routine.exercises())
        raise SettingError(
            "nothing is left to do: every exercise is skipped", f"The exercises: {names}."
        )
    return structs.replace(routine, items=items)


def chosen_ids(routine: Routine, only: Collection[str], skip: Collection[str]) -> set[str]:
    """Return the ids of the exercises that are chosen; see `choose`. Unknown names choose none."""
    inside = {circuit.id: circuit.items for circuit in routine.circuits()}

    def ids(names: Collection[str]) -> set[str]:
        return {name for name in names if name not in inside} | {
            exercise.id for name in names for exercise in exercises_in(inside.get(name, ()))
        }

    every = {exercise.id for exercise in routine.exercises()}
    return (every & ids(only) if only else every) - ids(skip)


def check_owner(routine: Routine, name: str) -> None:
    """Check that `name` is the id of an exercise or a circuit.

    Raises:
        SettingError: it is not; with the near match, or what it is instead.
    """
    exercises = {exercise.id: exercise for exercise in routine.exercises()}
    circuits = [circuit.id for circuit in routine.circuits()]
    if name in exercises or name in circuits:
        return
    known = (*exercises, *circuits)
    owners = [
        exercise.id
        for exercise in exercises.values()
        if name in (phase.id for phase in exercise.phases)
    ]
    hint = f"The exercises: {', '.join(exercises)}."
    if circuits:
        hint += f" The circuits: {', '.join(circuits)}."
    if owners:
        hint = f"It is a phase: name its exercise, too, as in {owners[0]}.{name}."
    raise SettingError(f"there is no exercise `{shortened(name)}`{did_you_mean(name, known)}", hint)


def _kept(items: Iterable[Item], ids: Collection[str]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Circuit):
            inner = tuple(_kept(item.items, ids))
            if inner:
                yield structs.replace(item, items=inner)
        elif item.id in ids:
            yield item
