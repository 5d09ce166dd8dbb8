"""A routine as the program of a timer: what the coach would do, as intervals and loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from coach.errors import CoachError
from coach.exchange.content import MAX_ENTRIES, Notes, sentences
from coach.exchange.items import SETTLE
from coach.exchange.program import Group, Interval, Step, rest_name
from coach.phrases import Phrasebook, load_phrasebook
from coach.phrases.fields import exercise_fields, phase_fields
from coach.routine import DEFAULT_SWITCH, SHORTEST_CUE, Circuit, Exercise, Item, Routine
from coach.template import fill
from coach.units import parse_duration

_ROUTINE_TEXTS = (
    *("title", "description", "source", "equipment", "safety", "closing", "pronounce"),
    *("level", "tags"),
)


def program_of(
    routine: Routine, notes: Notes, *, setup: bool = False, guide: bool = False
) -> tuple[Step, ...]:
    """Return what a timer has to do for a routine.

    Args:
        routine: any.
        notes: they are added to.
        setup: whether the format can say instructions; what belongs to several steps gets one of
            its own before them, which lasts as long as `settle`.
        guide: whether steps that are repeated may have instructions, too.
    """
    first = next(routine.exercises())
    unfolding = _Unfolding(
        notes,
        load_phrasebook(routine.language),
        rest_name(routine.language),
        first,
        setup=setup,
        guide=guide,
    )
    return tuple(unfolding.items(routine.items, Fraction(0)))


def tell_what_stays(routine: Routine, notes: Notes, *, kept: Sequence[str] = ()) -> None:
    """Take notes of what a routine has and timers have not.

    Args:
        routine: any.
        notes: they are added to these.
        kept: names of what the format has a place for, such as `closing`, `settle` and `range`.
    """
    texts = [name for name in _ROUTINE_TEXTS if getattr(routine, name) and name not in kept]
    if texts:
        notes.add(", ".join(f"`{name}`" for name in texts))
    if len(routine.translations) > 1:
        notes.add("the other languages")
    for exercise in routine.exercises():
        if exercise.setup and "setup" not in kept:
            notes.add("`setup`", exercise.name)
        if any(phase.guide for phase in exercise.phases) and "guide" not in kept:
            notes.add("`guide`", exercise.name)
        cues = {phase.cue for phase in exercise.phases} - {"", None, exercise.name}
        if cues and "cue" not in kept:
            notes.add("`cue`", exercise.name)
        if exercise.sides and exercise.switch != DEFAULT_SWITCH and "switch" not in kept:
            notes.add("`switch`", exercise.name)
        is_own = exercise.settle.value != parse_duration(SETTLE)
        if (exercise.settle_ready or is_own) and "settle" not in kept:
            notes.add("`settle`", exercise.name)
        values = [exercise.reps, exercise.sets]
        times = [time for phase in exercise.phases for time in (phase.move, phase.hold, phase.work)]
        is_range = any(not value.is_fixed for value in values) or any(
            time and not time.is_fixed for time in times
        )
        if is_range and "range" not in kept:
            notes.add("prescribed ranges (the value they begin with is written)", exercise.name)
        if exercise.progress or exercise.speed or exercise.pause is not None:
            notes.add("`progress`, `speed` and `pause`", exercise.name)


class _Unfolding(Struct, frozen=True):
    """Turns items into steps."""

    notes: Notes
    phrases: Phrasebook
    rest_name: str
    first: Exercise
    setup: bool
    guide: bool

    def items(self, items: Sequence[Item], tail: Fraction) -> Iterator[Step]:
        """Yield the steps of items that are followed by a rest of `tail` seconds."""
        for item in items:
            after = tail if item is items[-1] else item.rest.value
            if isinstance(item, Circuit):
                if item.rounds.value == 1:
                    yield from self.items(item.items, after)
                    continue
                inner = tuple(self.items(item.items, item.rest.value))
                yield Group(item.name, item.rounds.value, inner)
                yield from self._more_rest(after - item.rest.value, item.name)
                continue
            leads = self.setup and bool(item.setup) and self._has_several_steps(item)
            once = tuple(self._set(item, says_setup=self.setup and not leads))
            if leads:
                settle = max(item.settle.value, Fraction(1))
                yield Interval(item.name, settle, self._setup(item), _pause(item))
            if item.sets.value == 1:
                yield from once
                yield from self._rest(after)
            else:
                steps = (*once, *self._rest(item.rest.value))
                yield Group("", item.sets.value, steps)
                yield from self._more_rest(after - item.rest.value, item.name)

    def _rest(self, seconds: Fraction) -> Iterator[Step]:
        if seconds:
            yield Interval(self.rest_name, seconds, is_rest=True)

    def _more_rest(self, seconds: Fraction, name: str) -> Iterator[Step]:
        """Yield the rest that comes on top of the one at the end of a group."""
        if seconds < 0:
            self.notes.add("shorter rests after the last round", name)
        yield from self._rest(max(seconds, Fraction(0)))

    def _has_several_steps(self, exercise: Exercise) -> bool:
        """Whether its instructions belong to more than one step, or have a time of their own."""
        if exercise.is_self_paced:
            return False
        is_settled = exercise.settle.value != parse_duration(SETTLE) and exercise is not self.first
        several = exercise.reps.value > 1 or len(exercise.phases) > 1 or len(exercise.sides) > 1
        return several or is_settled

    def _set(self, exercise: Exercise, *, says_setup: bool) -> Iterator[Step]:
        """Yield the steps of one set, on all sides."""
        for number, side in enumerate(exercise.sides or ("",)):
            if number:
                yield from self._rest(exercise.switch.value)
            name = exercise.name
            if side:
                name = self.phrases.listed_with_comma((name, self.phrases.side(side)))
            setup = self._setup(exercise) if says_setup and not number else ()
            steps = tuple(self._repetitions(exercise, name, side, setup))
            reps = exercise.reps.value
            if exercise.is_self_paced or reps == 1:
                yield from steps
            else:
                yield Group(name, reps, steps)

    def _setup(self, exercise: Exercise) -> tuple[str, ...]:
        values = exercise_fields(exercise, self.phrases)
        return tuple(fill(text, values) for text in exercise.setup)

    def _repetitions(
        self, exercise: Exercise, name: str, side: str, setup: tuple[str, ...]
    ) -> Iterator[Interval]:
        """Yield the steps of one repetition, or of all of them if the user sets the pace."""
        reps = exercise.reps.value
        pause = _pause(exercise)
        if exercise.is_self_paced:
            label = name if reps == 1 else f"{reps} \N{MULTIPLICATION SIGN} {name}"
            yield Interval(label, reps * exercise.pace.value, setup, pause, waits=True)
            return
        values = exercise_fields(exercise, self.phrases, side or None)
        for phase in exercise.phases:
            label = name
            if phase.cue and (len(exercise.phases) > 1 or reps > 1):
                label = fill(phase.cue, phase_fields(values, phase, self.phrases))
            elif phase.cue and phase.cue != name:
                self.notes.add("`cue`", name)
            own = phase_fields(values, phase, self.phrases)
            guide = sentences(fill(phase.guide, own)) if self.guide else []
            yield Interval(label, phase.time or SHORTEST_CUE, (*setup, *guide), pause)
            setup = ()


def _pause(exercise: Exercise) -> Fraction:
    return Fraction(1) if exercise.pause is None else exercise.pause


def without_loops_below(steps: Sequence[Step], depth: int, notes: Notes) -> list[Step]:
    """Return the steps with at most `depth` loops in each other; deeper ones are written out.

    Raises:
        CoachError: that would be too many steps.
    """
    unfolded: list[Step] = []
    for step in steps:
        if isinstance(step, Interval):
            unfolded.append(step)
        elif depth > 0:
            inner = without_loops_below(step.steps, depth - 1, notes)
            unfolded.append(replace(step, steps=tuple(inner)))
        else:
            notes.add("loops that are written out", step.name)
            inner = without_loops_below(step.steps, 0, notes)
            if len(unfolded) + len(inner) * step.times > MAX_ENTRIES:
                raise CoachError(
                    f"expected at most {MAX_ENTRIES:,} steps in all loops, found more",
                    "Choose a format that has loops, such as timer-machine.",
                )
            repeated = inner * step.times
            first = repeated[0]
            if isinstance(first, Interval) and step.name not in first.name:
                repeated[0] = replace(first, name=f"{step.name}: {first.name}")
            unfolded += repeated
    return unfolded
