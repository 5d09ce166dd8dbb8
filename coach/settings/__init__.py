"""What a user sets without touching the script, in layers of which the later one wins.

The script, what the user has saved for it (`saved`), what a progression has climbed since
(`climb`), what fits into a given time (`fit`), and the command line. `layers` puts them together,
`adjust` applies them to a routine.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, TypeAlias

from msgspec import Struct, structs

from coach.routine import Routine
from coach.units import Count, Detail, Relative, Style

DoseKey = Literal[
    "reps", "sets", "rounds", "hold", "work", "move", "rest", "settle", "switch", "pace", "sides"
]  # fmt: skip
"""What a dose is made of."""
Origin = Literal["script", "default", "saved", "progress", "fit", "session"]
"""The layer that a value comes from; `session` is the command line, or a key in mid-session."""
READY: Literal["ready"] = "ready"
"""The `settle` of an exercise that waits until its user is in position."""
Amount: TypeAlias = int | Fraction | tuple[str, ...] | Literal["ready"]
"""Repetitions, sets and rounds; seconds; sides; or `READY`."""


class Address(Struct, frozen=True):
    """What of a dose, and whose."""

    key: DoseKey
    owner: str | None = None
    """The id of an exercise or a circuit; None means all that have such a value."""
    phase: str | None = None
    """The phase's id; None means every phase that has such a value."""

    def __str__(self) -> str:
        return ".".join(part for part in (self.owner, self.phase, self.key) if part)


class Override(Struct, frozen=True):
    """One value of a dose that replaces the one below it."""

    key: DoseKey
    value: Amount | Relative
    """A relative one changes what is in force in the layers below."""
    owner: str | None = None
    """The id of an exercise or a circuit; None means all that have such a value."""
    phase: str | None = None
    """The phase's id; None means every phase that has such a value."""
    origin: Origin = "session"
    is_beyond: bool = False
    """Whether it may lie outside of the prescribed range."""

    @property
    def address(self) -> Address:
        """Return what it replaces."""
        return Address(self.key, self.owner, self.phase)


class Settings(Struct, frozen=True):
    """Everything that a user may set for a session; None leaves it to the script."""

    overrides: tuple[Override, ...] = ()
    """In order; a later one wins."""
    only: tuple[str, ...] = ()
    """Ids of the exercises and circuits to do; empty means all."""
    skip: tuple[str, ...] = ()
    """Ids of the exercises and circuits to leave out."""
    beyond_range: bool = False
    """Allow values outside a prescribed range."""
    detail: Detail | None = None
    count: Count | None = None
    speed: Fraction | None = None
    """Speed of speech; 1 is normal."""
    language: str | None = None
    voice: str | None = None
    engine: str | None = None
    cues: str | None = None
    """A cue pack's name or folder."""
    cue_volume: Fraction | None = None
    """dB, beside the pack's own level."""
    speech_volume: Fraction | None = None
    """dB, beside the level of all voices."""
    style: Style | None = None


class Manner(Struct, frozen=True):
    """How a session is spoken, decided: the user's settings over the script's over the defaults."""

    detail: Detail = "full"
    count: Count = "beep"
    speed: Fraction = Fraction(1)
    language: str = "en"
    cue_volume: Fraction = Fraction(0)
    """dB, beside the pack's own level."""
    speech_volume: Fraction = Fraction(0)
    """dB, beside the level of all voices."""
    style: Style = "calm"


def layered(lower: Settings, upper: Settings) -> Settings:
    """Return the settings of two layers, of which the upper one wins.

    What is left out in either stays out, unless the upper one says what alone to do.
    """
    changes: dict[str, Any] = {
        name: value for name, value in structs.asdict(upper).items() if is_set(value)
    }
    changes["overrides"] = (*lower.overrides, *upper.overrides)
    left_out = upper.skip if upper.only else (*lower.skip, *upper.skip)
    changes["skip"] = tuple(dict.fromkeys(left_out))
    return structs.replace(lower, **changes)


def is_set(value: object) -> bool:
    """Return whether a field of `Settings` says anything; 0 dB does."""
    return value is not None and value is not False and value != ()


def manner(routine: Routine, settings: Settings) -> Manner:
    """Return how a session of `routine` is spoken."""

    def volume(mine: Fraction | None, scripted: Fraction | None) -> Fraction:
        return next((value for value in (mine, scripted) if value is not None), Fraction(0))

    return Manner(
        detail=settings.detail or routine.detail or "full",
        count=settings.count or routine.count or "beep",
        speed=settings.speed or routine.speed or Fraction(1),
        language=settings.language or routine.language,
        cue_volume=volume(settings.cue_volume, routine.cue_volume),
        speech_volume=volume(settings.speech_volume, routine.speech_volume),
        style=settings.style or routine.style or "calm",
    )
