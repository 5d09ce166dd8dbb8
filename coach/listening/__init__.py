"""Commands that are spoken: what there is to say, and what was understood.

Sound is listened to in a process of its own (`coach.listening.child`), so that a recogniser that
is slow, or dies, never delays a beep. Nothing is kept of it, and nothing is sent anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, get_args

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coach.timeline import Samples

RATE = 16_000
"""Hz of what is listened to: what the recogniser's model was made from."""

BEHIND_S = 3.0
"""Seconds after which sound is too old to be listened to, and a command to be obeyed: it would be
when it is no longer meant. That happens where a machine is too slow, was asleep, or was stopped."""

Spoken = Literal[
    "pause",
    "resume",
    "next",
    "back",
    "repeat",
    "slower",
    "faster",
    "longer",
    "shorter",
    "more",
    "louder",
    "softer",
    "stop",
    "ready",
    "done",
    "time",
    "pain",
    "help",
]
"""What may be asked for by word; the names by which other programs know it."""

SPOKEN: tuple[Spoken, ...] = get_args(Spoken)

Style = Literal["address", "plain"]
"""Whether a command is spoken to the coach by name ("coach, pause please"), or just so."""


class Heard(Struct, frozen=True):
    """A command that was understood."""

    command: Spoken
    at: float
    """Seconds from the first sample that was listened to until its words began."""
    end: float
    """Seconds until they ended."""
    confidence: float
    """From 0 to 1."""
    wording: str
    """The words as they were understood; empty for a whistle."""


class Recogniser(Protocol):
    """Understands commands in a stream of sound; see `coach.listening.recogniser`."""

    def hear(self, samples: Samples) -> Sequence[Heard]:
        """Return the commands that have ended with the next `samples`, mono int16 at `RATE`.

        They come soon after their last word, once the silence behind it has been heard.
        """
        ...

    def skip(self, count: int) -> None:
        """Pass over the next `count` samples, and forget what was being said before them."""
        ...
