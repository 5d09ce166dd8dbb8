"""A validated routine: what is prescribed, with every default in its place."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from coach.errors import CoachError, Problem, ScriptError
from coach.progress import Progress
from coach.script import Document, default_id, is_beside, read_script
from coach.template import fill
from coach.units import Count, Detail, Level, Range, Style

if TYPE_CHECKING:
    from coach import format as keys

MAX_SESSION = Fraction(48 * 3600)
"""Seconds; a session may last two days."""
MAX_EVENTS = 1_000_000
"""In one session; all of them are held in memory."""
SHORTEST_CUE = Fraction(1, 2)
"""Seconds that even the shortest cue takes, with the silence after it."""

_DEFAULT_REST = Range.fixed(Fraction(15))
_DEFAULT_SETTLE = Range.fixed(Fraction(5))
DEFAULT_SWITCH = Range.fixed(Fraction(6))
DEFAULT_PACE = Range.fixed(Fraction(3))
READY_WAIT = Fraction(10)
"""Seconds that a file waits where a live session waits for the user (`settle: ready`)."""
LONGEST_READY_WAIT = Fraction(30)
"""Seconds after which a live session goes on even if the user says nothing."""


class Phase(Struct, frozen=True):
    """One part of a repetition: travel, then stillness or activity. Durations in seconds."""

    id: str
    cue: str
    """Said every time; may be empty."""
    guide: str
    """Said on the first repetition of the first set; may be empty."""
    move: Range[Fraction] | None
    hold: Range[Fraction] | None
    work: Range[Fraction] | None

    @property
    def time(self) -> Fraction:
        """Seconds that it takes, without any speech that comes before."""
        times = (self.move, self.hold, self.work)
        return sum((time.value for time in times if time), Fraction(0))


class Exercise(Struct, frozen=True):
    """An exercise with its dose. Durations in seconds."""

    id: str
    name: str
    setup: tuple[str, ...]
    settle: Range[Fraction]
    settle_ready: bool
    """Live, wait for the user instead of `settle`."""
    reps: Range[int]
    sets: Range[int]
    phases: tuple[Phase, ...]
    """The parts of a repetition; empty means self-paced."""
    pace: Range[Fraction]
    """Time that a file allows for each self-paced repetition."""
    sides: tuple[str, ...]
    """Empty if the exercise has no sides."""
    switch: Range[Fraction]
    rest: Range[Fraction]
    """Between sets, and after the exercise."""
    progress: Progress | None = None
    """How its ranges are climbed; None means not at all."""
    pause: Fraction | None = None
    """After each sentence of the setup; None leaves it to the length of the sentence."""
    speed: Fraction | None = None
    """Of everything that is spoken in it, as a factor beside the session's; None stands for 1."""

    @property
    def is_self_paced(self) -> bool:
        """Whether the repetitions are left to the user's own tempo."""
        return not self.phases

    @property
    def is_repeated(self) -> bool:
        """Whether repetitions are prescribed, and not just one that follows from nothing said."""
        return self.is_self_paced or self.reps != Range.fixed(1)

    @property
    def repetition(self) -> Fraction:
        """Seconds that one repetition takes at least."""
        if self.is_self_paced:
            return self.pace.value
        return sum((max(part.time, SHORTEST_CUE) for part in self.phases), Fraction(0))

    @property
    def repetitions(self) -> int:
        """All repetitions of all sets and sides."""
        return self.reps.value * self.sets.value * max(1, len(self.sides))


class Circuit(Struct, frozen=True):
    """Exercises done in turn, several rounds. Durations in seconds."""

    id: str
    name: str
    """May be empty."""
    rounds: Range[int]
    rest: Range[Fraction]
    """Between rounds."""
    items: tuple[Item, ...]
    progress: Progress | None = None
    """How its rounds are climbed; None means not at all."""


Item: TypeAlias = Exercise | Circuit


class Routine(Struct, frozen=True):
    """A whole routine."""

    id: str
    """The script's file name without its ending."""
    title: str
    language: str
    items: tuple[Item, ...]
    description: str = ""
    source: str = ""
    level: Level | None = None
    """How much it asks of the body."""
    tags: tuple[str, ...] = ()
    """Words to find it by."""
    equipment: tuple[str, ...] = ()
    safety: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    pronounce: tuple[tuple[str, str], ...] = ()
    """Words and how to say them."""
    cues: str | Path | None = None
    """The name of a cue pack, or the folder of the script's own."""
    detail: Detail | None = None
    count: Count | None = None
    speed: Fraction | None = None
    cue_volume: Fraction | None = None
    """dB, beside the pack's own level."""
    speech_volume: Fraction | None = None
    """dB, beside the level of all voices."""
    style: Style | None = None
    warnings: tuple[Problem, ...] = ()
    translations: Mapping[str, Routine] = field(default_factory=dict)
    """The same in each language of the script, its own included; empty if it has but one."""
    untranslated: Mapping[str, int] = field(default_factory=dict)
    """How many texts the script has not in one of its languages."""

    def exercises(self) -> Iterator[Exercise]:
        """Yield each exercise once, in the order of the script."""
        return exercises_in(self.items)

    def circuits(self) -> Iterator[Circuit]:
        """Yield each circuit, an outer one before those in it."""
        return _circuits_in(self.items)

    def owners(self) -> Iterator[Item]:
        """Yield every exercise, then every circuit: whatever has a dose."""
        yield from self.exercises()
        yield from self.circuits()


def exercises_in(items: Sequence[Item]) -> Iterator[Exercise]:
    """Yield each exercise of `items` once, those inside circuits included."""
    for item in items:
        if isinstance(item, Circuit):
            yield from exercises_in(item.items)
        else:
            yield item


def _circuits_in(items: Sequence[Item]) -> Iterator[Circuit]:
    for item in items:
        if isinstance(item, Circuit):
            yield item
            yield from _circuits_in(item.items)


def wait_for_user(routine: Routine) -> Routine:
    """Return the routine for a live session, which waits as long as the user may take."""
    wait = Range.fixed(LONGEST_READY_WAIT)
    return replace(routine, items=_waiting(routine.items, wait))


def _waiting(items: Sequence[Item], wait: Range[Fraction]) -> tuple[Item, ...]:
    return tuple(
        replace(item, items=_waiting(item.items, wait))
        if isinstance(item, Circuit)
        else replace(item, settle=wait)
        if item.settle_ready
        else item
        for item in items
    )


def load_routine(path: Path) -> Routine:
    """Return the routine in the script at `path`, each range at its start.

    Raises:
        CoachError: the file cannot be read.
        ScriptError: the script has errors; all of them, with their places.
    """
    return routine_from(read_script(path), Path(path))


def routine_from(document: Document, path: Path) -> Routine:
    """Return the routine in a document that was read from `path`.

    Raises:
        ScriptError: the script has errors; all of them, with their places.
    """
    from coach import validation

    valid = validation.validate(document, path)
    routine = _Resolver(path, valid.script, valid.warnings).routine()
    if valid.others:
        others = {tag: _with_texts(routine, texts, tag) for tag, texts in valid.others.items()}
        translations = {routine.language: routine, **others}
        routine = replace(routine, translations=translations, untranslated=valid.untranslated)
    try:
        check_size(routine)
    except CoachError as error:
        where = document.root.key("exercises") or document.root
        raise ScriptError([document.problem(where.where, error.message)]) from error
    return routine


def check_size(routine: Routine) -> None:
    """Check that a session of this routine is within the bounds.

    Raises:
        CoachError: it has more than `MAX_EVENTS` beeps, moves and cues or lasts over `MAX_SESSION`.
    """
    time, events = _size(routine.items)
    if events > MAX_EVENTS:
        raise CoachError(
            f"expected at most {MAX_EVENTS:,} beeps, moves and cues in a session, found {events:,}"
        )
    check_length(time)


def check_length(length: Fraction) -> None:
    """Check that a session of `length` seconds is not too long.

    Raises:
        CoachError: it lasts over `MAX_SESSION`.
    """
    if length > MAX_SESSION:
        hours = math.ceil(length / 3600)
        raise CoachError(
            f"expected a session of at most {MAX_SESSION // 3600} hours, found {hours:,} hours"
        )


def _size(items: Sequence[Item]) -> tuple[Fraction, int]:
    """Return how many seconds `items` take at least, and about how many events they have."""
    total, events = Fraction(0), 0
    for item in items:
        if isinstance(item, Circuit):
            time, count = _size(item.items)
            rounds = item.rounds.value
            total += rounds * time + (rounds - 1) * item.rest.value
            events += rounds * count
            continue
        sets, switches = item.sets.value, max(0, len(item.sides) - 1)
        total += item.settle.value + item.repetitions * item.repetition
        total += sets * switches * item.switch.value + (sets - 1) * item.rest.value
        beeps = math.ceil(sum(phase.hold.value for phase in item.phases if phase.hold))
        events += item.repetitions * (1 + 2 * len(item.phases) + beeps)
    return total, events


class _Resolver:
    """Puts the script's defaults into its exercises."""

    def __init__(self, path: Path, script: keys.RoutineKeys, warnings: tuple[Problem, ...]) -> None:
        self._path = path
        self._script = script
        self._warnings = warnings
        self._ids = {item.id or default_id(item.name) for item in _leaves(script.exercises)}
        self._ids |= {item.id for item in _branches(script.exercises) if item.id}
        self._numbers = {"exercise": itertools.count(1), "circuit": itertools.count(1)}

    def routine(self) -> Routine:
        script = self._script
        cues: str | Path | None = script.cues
        if script.cues and is_beside(self._path, script.cues):
            cues = self._path.parent / script.cues
        return Routine(
            id=default_id(self._path.stem) or "routine",
            title=script.title,
            language=script.language,
            items=tuple(self._item(item) for item in script.exercises),
            description=script.description or "",
            source=script.source or "",
            level=script.level,
            tags=script.tags,
            equipment=_filled(script.equipment, script),
            safety=_filled(script.safety, script),
            closing=_filled(script.closing, script),
            pronounce=tuple(script.pronounce.items()),
            cues=cues,
            detail=script.detail,
            count=script.count,
            speed=script.speed,
            cue_volume=script.cue_volume,
            speech_volume=script.speech_volume,
            style=script.style,
            warnings=self._warnings,
        )

    def _item(self, item: Any) -> Item:
        if not hasattr(item, "rounds"):
            return self._exercise(item)
        return Circuit(
            id=item.id or self._circuit_id(item.name),
            name=item.name or "",
            rounds=item.rounds,
            rest=item.rest or self._script.rest or _DEFAULT_REST,
            items=tuple(self._item(inner) for inner in item.exercises),
            progress=item.progress or self._script.progress,
        )

    def _exercise(self, item: keys.ExerciseKeys) -> Exercise:
        script = self._script
        settle = item.settle or script.settle or _DEFAULT_SETTLE
        is_ready = settle == "ready"
        return Exercise(
            id=item.id or default_id(item.name) or self._free_id("exercise"),
            name=item.name,
            setup=item.setup,
            settle=Range.fixed(READY_WAIT) if isinstance(settle, str) else settle,
            settle_ready=is_ready,
            reps=item.reps or script.reps or Range.fixed(1),
            sets=item.sets or script.sets or Range.fixed(1),
            phases=tuple(_phases(item.parts())),
            pace=item.pace or script.pace or DEFAULT_PACE,
            sides=item.sides or (),
            switch=item.switch or script.switch or DEFAULT_SWITCH,
            rest=item.rest or script.rest or _DEFAULT_REST,
            progress=item.progress or script.progress,
            pause=script.pause if item.pause is None else item.pause,
            speed=item.speed,
        )

    def _circuit_id(self, name: str | None) -> str:
        """Return the id that a circuit gets of its name, which an exercise may bear, too."""
        slug = default_id(name or "")
        if not slug or slug in self._ids:
            return self._free_id("circuit")
        self._ids.add(slug)
        return slug

    def _free_id(self, kind: str) -> str:
        """Return an id for what has no name, or one without letters and digits."""
        names = (f"{kind}-{number}" for number in self._numbers[kind])
        free = next(name for name in names if name not in self._ids)
        self._ids.add(free)
        return free


def _leaves(items: Sequence[Any]) -> Iterator[keys.ExerciseKeys]:
    for item in items:
        if hasattr(item, "rounds"):
            yield from _leaves(item.exercises)
        else:
            yield item


def _branches(items: Sequence[Any]) -> Iterator[keys.CircuitKeys]:
    for item in items:
        if hasattr(item, "rounds"):
            yield item
            yield from _branches(item.exercises)


def _phases(parts: Sequence[keys.PhaseKeys]) -> Iterator[Phase]:
    taken = {part.id for part in parts if part.id}
    for number, part in enumerate(parts, 1):
        name = part.id
        if not name:
            base = default_id(part.cue or "") or f"phase-{number}"
            names = (base if i == 1 else f"{base}-{i}" for i in range(1, len(parts) + 2))
            name = next(candidate for candidate in names if candidate not in taken)
            taken.add(name)
        yield Phase(name, part.cue or "", part.guide or "", part.move, part.hold, part.work)


def _filled(texts: Sequence[str], script: keys.RoutineKeys) -> tuple[str, ...]:
    return tuple(fill(text, {"name": script.title}) for text in texts)


def _with_texts(routine: Routine, script: keys.RoutineKeys, language: str) -> Routine:
    """Return a routine with the texts of another edition of its script; ids stay."""
    return replace(
        routine,
        title=script.title,
        language=language,
        items=_items_with_texts(routine.items, script.exercises),
        description=script.description or "",
        source=script.source or "",
        equipment=_filled(script.equipment, script),
        safety=_filled(script.safety, script),
        closing=_filled(script.closing, script),
        pronounce=tuple(script.pronounce.items()),
        warnings=(),
    )


def _items_with_texts(items: tuple[Item, ...], texts: tuple[Any, ...]) -> tuple[Item, ...]:
    changed: list[Item] = []
    for item, text in zip(items, texts, strict=True):
        if isinstance(item, Circuit):
            inner = _items_with_texts(item.items, text.exercises)
            changed.append(replace(item, name=text.name or "", items=inner))
            continue
        phases = tuple(
            replace(phase, cue=part.cue or "", guide=part.guide or "")
            for phase, part in zip(item.phases, text.parts(), strict=True)
        )
        sides = text.sides or ()
        changed.append(replace(item, name=text.name, setup=text.setup, phases=phases, sides=sides))
    return tuple(changed)
