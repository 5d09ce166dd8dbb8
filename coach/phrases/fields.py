"""The fields of an exercise's texts: what `{hold}`, `{side}` and the others stand for."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from coach.routine import Exercise, Phase
from coach.units import Range

if TYPE_CHECKING:
    from coach.phrases import Phrasebook


def exercise_fields(
    exercise: Exercise, phrases: Phrasebook, side: str | None = None
) -> dict[str, str]:
    """Return the fields of an exercise's texts.

    Args:
        exercise: with the dose in force.
        phrases: of the language in which durations are put into words.
        side: the one that is done; None for the one that comes first.
    """

    def times(values: Iterable[Range[Fraction] | None]) -> str:
        seconds = dict.fromkeys(value.value for value in values if value)
        return phrases.listed([phrases.duration(time) for time in seconds])

    return {
        "name": exercise.name,
        "reps": str(exercise.reps.value),
        "sets": str(exercise.sets.value),
        # Instructions are given once, for the side that comes first.
        "side": side or "".join(exercise.sides[:1]),
        "rest": phrases.duration(exercise.rest.value),
        "hold": times(phase.hold for phase in exercise.phases),
        "work": times(phase.work for phase in exercise.phases),
    }


def phase_fields(fields: dict[str, str], phase: Phase, phrases: Phrasebook) -> dict[str, str]:
    """Return an exercise's fields with the durations of one of its phases."""
    own = dict(fields)
    for field, time in (("hold", phase.hold), ("work", phase.work)):
        if time:
            own[field] = phrases.duration(time.value)
    return own
