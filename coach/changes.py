"""What a command in mid-session means for the settings. Pure: settings in, settings out."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from coach.controls import Command
from coach.settings import Override, Settings
from coach.units import ACTIVE_TIME, REPS, SPEED, Range, decimal, short_duration, time_step

if TYPE_CHECKING:
    from coach.routine import Exercise
    from coach.session import Prepared
    from coach.settings import DoseKey
    from coach.steps import Where

SECOND = Fraction(1)
SPEED_STEP = Fraction(1, 10)

CHANGES = frozenset(
    {
        Command.MORE,
        Command.FEWER,
        Command.LONGER,
        Command.SHORTER,
        Command.SLOWER,
        Command.FASTER,
    }
)
"""The commands that `changed` understands."""


class Refused(Exception):  # noqa: N818 - no error: an answer
    """A change that cannot be made; the message is a sentence that says why.

    Args:
        message: for the screen.
        brief: for somebody who does not see it and knows which exercise this is; empty if the
            message is as brief.
    """

    def __init__(self, message: str, brief: str = "") -> None:
        super().__init__(message)
        self.brief = brief or message


class Change(Struct, frozen=True):
    """New settings, and what to tell about them."""

    settings: Settings
    notice: str


def changed(command: Command, prepared: Prepared, settings: Settings, where: Where) -> Change:
    """Return the settings after `command`, one of `CHANGES`, at a repetition.

    Args:
        command: what is asked for.
        prepared: the routine with `settings` applied.
        settings: those in force.
        where: the repetition that is under way or comes next.

    Raises:
        Refused: that goes beyond what is prescribed, possible, or left.
    """
    if command in (Command.SLOWER, Command.FASTER):
        return _spoken(command, prepared.manner.speed, settings)
    exercises = prepared.routine.exercises()
    exercise = next((item for item in exercises if item.id == where.exercise), None)
    if exercise is None:
        raise Refused("No exercise is left to change.")
    if command in (Command.MORE, Command.FEWER):
        return _repeated(command, exercise, settings, where)
    return _held(command, exercise, settings)


def _spoken(command: Command, now: Fraction, settings: Settings) -> Change:
    speed = now + (SPEED_STEP if command is Command.FASTER else -SPEED_STEP)
    if not SPEED.least <= speed <= SPEED.most:
        raise Refused(f"Speech cannot get {command}.")
    return Change(replace(settings, speed=speed), f"Speech {command}: {decimal(speed)}.")


def _repeated(command: Command, exercise: Exercise, settings: Settings, where: Where) -> Change:
    reps = exercise.reps
    wanted = reps.value + (1 if command is Command.MORE else -1)
    if wanted < 1:
        raise Refused(f"{exercise.name}: one repetition is the least.", "One is the least.")
    if wanted < where.rep:
        raise Refused("This is the last repetition already.")
    if not _is_allowed(reps, wanted, settings):
        why = f"{reps.low} to {reps.high} repetitions are prescribed."
        raise Refused(f"{exercise.name}: {why}", why)
    if wanted > REPS.most:
        why = f"{REPS.most} repetitions are the most."
        raise Refused(f"{exercise.name}: {why}", why)
    override = Override("reps", wanted, exercise.id, is_beyond=reps.at(wanted).is_beyond)
    plural = "" if wanted == 1 else "s"
    return Change(_with(settings, override), f"{exercise.name}: {wanted} repetition{plural}.")


def _held(command: Command, exercise: Exercise, settings: Settings) -> Change:
    timed = list(_timed(exercise))
    if not timed:
        raise Refused(f"{exercise.name} has nothing to hold.", "There is nothing to hold.")
    notices = {}
    for phase, key, time in timed:
        is_up = command is Command.LONGER
        step = time_step(time.value, is_up=is_up)
        wanted = time.value + (step if is_up else -step)
        if max(SECOND, ACTIVE_TIME.least) <= wanted <= ACTIVE_TIME.most and _is_allowed(
            time, wanted, settings
        ):
            is_beyond = time.at(wanted).is_beyond
            override = Override(key, wanted, exercise.id, phase, is_beyond=is_beyond)
            settings = _with(settings, override)
            notices[short_duration(wanted)] = key
    if not notices:
        ranges = {
            f"{short_duration(time.low)} to {short_duration(time.high)}"
            for *_, time in timed
            if not time.is_fixed
        }
        if not ranges:
            raise Refused(f"{exercise.name} cannot get {command}.", f"It cannot get {command}.")
        why = f"{', '.join(sorted(ranges))} are prescribed."
        raise Refused(f"{exercise.name}: {why}", why)
    kind = next(iter(notices.values()))
    return Change(settings, f"{exercise.name}: {kind} {', '.join(notices)}.")


def _timed(exercise: Exercise) -> Iterator[tuple[str, DoseKey, Range[Fraction]]]:
    """Yield the holds of an exercise, or where there are none its times of work."""
    holds = [(phase.id, phase.hold) for phase in exercise.phases if phase.hold]
    for phase, time in holds:
        yield phase, "hold", time
    for part in exercise.phases:
        if part.work and not holds:
            yield part.id, "work", part.work


def _is_allowed(prescribed: Range[Any], wanted: int | Fraction, settings: Settings) -> bool:
    """Return whether a value is inside of what is prescribed, or nearer to it than the present."""
    low, high = prescribed.low, prescribed.high
    return (
        settings.beyond_range
        or not prescribed.at(wanted).is_beyond
        or high < wanted < prescribed.value
        or prescribed.value < wanted < low
    )


def _with(settings: Settings, override: Override) -> Settings:
    """Return settings with an override that takes the place of the last one of its kind."""
    kept = (item for item in settings.overrides if item.address != override.address)
    return replace(settings, overrides=(*kept, override))
