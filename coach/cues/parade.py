"""All cues of a pack, one after the other, to be listened to."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from coach.steps import Chapter, Cue, Gap, Now, Say, Step, Where

if TYPE_CHECKING:
    from coach.cues import CuePack

AFTER_NAME = Fraction(1, 4)
"""Seconds of silence between a name and its sound."""
BETWEEN = Fraction(4, 5)
"""Seconds of silence after a sound."""


def parade(pack: CuePack, *, is_spoken: bool) -> Iterator[Step]:
    """Yield the cues of a pack, a chapter each.

    Args:
        pack: any.
        is_spoken: whether the name of each is said before it.
    """
    for cue in pack.cues:
        yield Chapter(cue.name)
        if is_spoken:
            yield Now(Say(spoken_name(cue.name)), Where())
            yield Gap(AFTER_NAME)
        yield Now(Cue(cue.name), Where())
        yield Gap(BETWEEN)


def spoken_name(name: str) -> str:
    """Return the name of a cue as it is said."""
    return f"{name.capitalize()}."
