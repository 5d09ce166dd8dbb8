"""Timers' programs: named intervals, one after the other, some of them in loops.

Most interval timers hold just that; `coach.exchange.items` makes scripts of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from coach.exchange.content import Notes
from coach.units import REPS, SETS

LONGEST_PHASE = Fraction(10)
"""Seconds; a loop of steps that are no longer is one exercise, and they are its phases. Announced
as exercises they would be drowned in words."""
MAX_PHASES = 50
_REST_NAMES = frozenset(
    {
        *(
            "rest",
            "resting",
            "rest time",
            "short rest",
            "long rest",
            "recover",
            "recovery",
            "relax",
        ),
        *("break", "short break", "long break", "pause", "breather"),
        *("ruhe", "ruhepause", "erholung", "kurze pause", "lange pause"),
        *("repos", "récupération", "recuperation"),
        *("descanso", "descansar", "pausa", "riposo", "recupero", "rust", "pauze"),
    }
)
_READY_NAMES = frozenset(
    {
        *("get ready", "ready", "prepare", "preparation", "prep", "countdown"),
        *("vorbereitung", "vorbereiten", "bereit machen", "préparation", "préparez-vous"),
        *("preparación", "prepárate", "preparazione", "preparati", "voorbereiding"),
        *("preparação", "prepare-se"),
    }
)
READY_NAME = "Get ready"
REST_NAME = {"de": "Pause", "fr": "Repos", "es": "Descanso", "it": "Riposo", "pt": "Pausa",
             "nl": "Rust"}  # fmt: skip
"""What a rest is called in an exported program; elsewhere `Rest`."""


class Interval(Struct, frozen=True):
    """Something to do for a time."""

    name: str
    seconds: Fraction
    setup: tuple[str, ...] = ()
    """What is said about it."""
    pause: Fraction = Fraction(1)
    """Seconds of silence after each of these sentences."""
    waits: bool = False
    """It ends when the user says so; `seconds` is what it takes about."""
    is_rest: bool = False
    """A rest, whatever its name."""

    @property
    def rests(self) -> bool:
        """Whether nothing is done in it."""
        return self.is_rest or (not self.waits and is_rest_name(self.name))


class Group(Struct, frozen=True):
    """Steps that are done several times."""

    name: str
    times: int
    steps: tuple[Step, ...]


Step: TypeAlias = Interval | Group


def is_rest_name(name: str) -> bool:
    """Whether a step of this name is a rest."""
    return name.strip(" .!-").casefold() in _REST_NAMES


def is_ready_name(name: str) -> bool:
    """Whether a step of this name is for getting ready."""
    return name.strip(" .!-").casefold() in _READY_NAMES


def rest_name(language: str) -> str:
    """Return what a rest is called in a program of this language."""
    return REST_NAME.get(language.partition("-")[0].lower(), "Rest")


def normal(steps: Sequence[Step], notes: Notes) -> list[Step]:
    """Return the same program in its simplest form; what is left out is told.

    Steps and loops of nothing are gone, loops that are done once are part of what is around them,
    and loops of nothing but rests are one rest.
    """
    found: list[Step] = []
    for step in steps:
        if isinstance(step, Interval):
            if not step.seconds:
                notes.add("steps of no time", step.name)
                continue
            if step.rests and step.waits:
                notes.add("rests that end when the user says so (they take their time)", step.name)
            found.append(replace(step, waits=step.waits and not step.rests))
            continue
        if step.times < 1:
            notes.add("loops that are done no times", step.name)
        inner = normal(step.steps, notes) if step.times > 0 else []
        if step.times == 1:
            if step.name:
                notes.add("names of groups that are done once", step.name)
            found += inner
        elif inner and (resting := _only_rests(inner)):
            seconds = step.times * sum((rest.seconds for rest in resting), Fraction(0))
            found.append(replace(resting[0], seconds=seconds, is_rest=True))
        elif inner:
            found.append(Group(step.name, step.times, tuple(inner)))
    return found


def _only_rests(steps: Sequence[Step]) -> list[Interval]:
    """Return the steps, or nothing if one of them is no rest."""
    rests = [step for step in steps if isinstance(step, Interval) and step.rests]
    return rests if len(rests) == len(steps) else []


def with_rests_joined(steps: Sequence[Step], notes: Notes) -> list[Step]:
    """Return the steps with several rests in a row made one."""
    joined: list[Step] = []
    for step in steps:
        before = joined[-1] if joined else None
        if (
            isinstance(step, Interval)
            and isinstance(before, Interval)
            and step.rests
            and before.rests
        ):
            if step.setup:
                notes.add("what is said in a rest", step.name)
            joined[-1] = replace(before, seconds=before.seconds + step.seconds)
        else:
            joined.append(step)
    return joined


def is_sets(group: Group) -> bool:
    """Whether a group is one exercise that is done in sets."""
    first, *after = group.steps
    is_one = isinstance(first, Interval) and not first.rests
    return is_one and len(_only_rests(after)) == len(after) and group.times <= SETS.most


def is_cycle(group: Group) -> bool:
    """Whether a group is one exercise with phases, as in breathing."""
    steps = [step for step in group.steps if isinstance(step, Interval)]
    return (
        len(steps) == len(group.steps) <= MAX_PHASES
        and group.times <= REPS.most
        and any(not is_rest_name(step.name) for step in steps)
        and all(not step.waits and step.seconds <= LONGEST_PHASE for step in steps)
    )
