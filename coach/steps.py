"""What a session's plan is made of: sounds, silences and spans, in exact seconds."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

CueName = Literal[
    "ready", "start", "tick", "final", "end", "halfway", "rest", "switch", "finish"
]  # fmt: skip
CUE_NAMES: tuple[CueName, ...] = get_args(CueName)
SpanKind = Literal["move", "hold", "work", "rest", "settle", "switch"]


class Rank(IntEnum):
    """How much something spoken matters where not all of it fits; lower stays longer."""

    REQUIRED = 0
    """A cue or an instruction: never left out; what is before it is lengthened."""
    COUNT = 1
    HALFWAY = 2
    ENCOURAGEMENT = 3


class Where(Struct, frozen=True):
    """The place in a session that something belongs to."""

    exercise: str | None = None
    """The exercise's id; None in the introduction and at the end."""
    phase: str | None = None
    set: int = 0
    """Counted from 1; 0 outside of sets."""
    side: str | None = None
    rep: int = 0
    """Counted from 1; 0 outside of repetitions."""
    rounds: tuple[int, ...] = ()
    """The rounds of the circuits around it, the outermost first, counted from 1."""


class Line(NamedTuple):
    """What an engine speaks: a text, at a speed."""

    text: str
    speed: Fraction | None = None
    """A factor beside the session's speed; None stands for 1."""


class Say(Struct, frozen=True):
    """Something spoken."""

    text: str
    rank: Rank = Rank.REQUIRED
    speed: Fraction | None = None
    """A factor beside the session's speed; None stands for 1."""

    @property
    def line(self) -> Line:
        """What is spoken, however much it matters."""
        return Line(self.text, self.speed)


class Cue(Struct, frozen=True):
    """A sound from the cue pack."""

    name: CueName


class At(Struct, frozen=True):
    """A sound at a fixed place of a span, in exact seconds from the span's start."""

    offset: Fraction
    what: Say | Cue
    until: Fraction | None = None
    """By when something spoken must be over; None means the end of the span."""


class Now(Struct, frozen=True):
    """A sound that begins where the step before it ends, and takes its own time."""

    what: Say | Cue
    where: Where


class Gap(Struct, frozen=True):
    """Silence, in seconds."""

    seconds: Fraction


class Chapter(Struct, frozen=True):
    """A chapter begins here."""

    title: str


class Part(Struct, frozen=True):
    """A set or a side of an exercise begins here."""

    title: str


class Timed(Struct, frozen=True):
    """A span of a given length, with what sounds in it."""

    kind: SpanKind
    seconds: Fraction
    where: Where
    opening: tuple[Say, ...] = ()
    """Spoken from the span's start on, after a cue that sounds there. What is required and does
    not fit is spoken before the span."""
    events: tuple[At, ...] = ()
    beeps_from: Fraction | None = None
    """Where the closing beeps begin, in seconds from the start; the opening ends before them."""
    stretches: bool = False
    """The span grows to hold its opening, instead of speaking it before."""


Step: TypeAlias = Now | Gap | Chapter | Part | Timed


def lines_in(steps: Sequence[Step]) -> dict[Line, None]:
    """Return every distinct line that the steps may speak, in the order of their first use."""
    lines: dict[Line, None] = {}
    for step in steps:
        if isinstance(step, Now) and isinstance(step.what, Say):
            lines[step.what.line] = None
        elif isinstance(step, Timed):
            lines |= {say.line: None for say in step.opening}
            lines |= {at.what.line: None for at in step.events if isinstance(at.what, Say)}
    return lines


def at_speed(step: Step, speed: Fraction) -> Step:
    """Return a step in which everything is spoken at a speed beside the session's."""
    if isinstance(step, Now) and isinstance(step.what, Say):
        return replace(step, what=replace(step.what, speed=speed))
    if not isinstance(step, Timed):
        return step
    return replace(
        step,
        opening=tuple(replace(say, speed=speed) for say in step.opening),
        events=tuple(
            replace(at, what=replace(at.what, speed=speed)) if isinstance(at.what, Say) else at
            for at in step.events
        ),
    )
