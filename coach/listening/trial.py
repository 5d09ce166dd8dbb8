"""A trial of the microphone: what was said and understood, how loud, and what follows from it."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

from msgspec import Struct, field

from coach.listening import Heard, Spoken
from coach.listening.permission import place, refused_hint
from coach.listening.signal_watch import SILENT_DB

COMMANDS: tuple[Spoken, ...] = ("pause", "resume", "repeat", "next", "slower")
"""What is to be said, one after the other: what sessions are most often told."""

ENOUGH = 3
"""So many must be understood for the confidences to mean anything."""

LOW_DB = -45.0
"""dBFS of the loudest tenth of a second of a word that is too quiet."""

NEAR_NOISE_DB = 12.0
"""dB above the room's noise under which a word is too quiet."""

HIGH_DB = -0.3
"""dBFS of a peak that was cut off."""

MARGIN = 0.05
"""How far the threshold lies under the confidence of what was understood."""

FURTHEST = 0.2
"""How far the threshold may lie from the usual one, which has been measured for all."""


class Levels(Struct):
    """How loud it was, in dBFS, for each tenth of a second; silence is left out."""

    levels: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def add(self, level: float | None, peak: float | None) -> None:
        """Take in a tenth of a second; None is silence."""
        if level is not None and peak is not None:
            self.levels.append(level)
            self.peaks.append(peak)

    @property
    def are_silent(self) -> bool:
        """Return whether there was nothing but silence."""
        return max(self.levels, default=SILENT_DB) <= SILENT_DB


class Attempt(Struct, frozen=True):
    """A command that was to be said, and what was understood."""

    wanted: Spoken
    heard: Heard | None

    @property
    def is_right(self) -> bool:
        """Return whether it was understood."""
        return self.heard is not None and self.heard.command == self.wanted


def on_levels(room: Levels, words: Levels) -> str:
    """Return what is to be said about how loud somebody is.

    Args:
        room: while nobody spoke.
        words: while somebody did.
    """
    noise = statistics.median(room.levels) if room.levels else None
    if words.are_silent:
        # macOS gives silence to programs that may not listen.
        refused = f" {refused_hint()}" if sys.platform == "darwin" else ""
        return f"Nothing came but silence: is the microphone muted? See {place()}.{refused}"
    loudest = max(words.levels)
    beside = "" if noise is None else f", the room at {noise:.0f}"
    found = f"your words came at {loudest:.0f} dBFS{beside}"
    if sum(peak > HIGH_DB for peak in words.peaks) >= ENOUGH:
        return f"Too loud: {found}, and their peaks are cut off. Turn it down in {place()}."
    if loudest < LOW_DB:
        return f"Too quiet: {found}. Come closer, or turn the microphone up in {place()}."
    if noise is not None and loudest - noise < NEAR_NOISE_DB:
        return (
            f"Too quiet beside the noise of the room: {found}. Come closer, take a headset, or "
            "make the room quieter."
        )
    return f"Loud enough: {found}."


def suitable_threshold(attempts: Sequence[Attempt], usual: float) -> float | None:
    """Return the threshold that suits what was heard; None if too little of it was right.

    Args:
        attempts: heard with a threshold far under the usual one.
        usual: the threshold that suits most people.
    """
    heard = [attempt for attempt in attempts if attempt.heard is not None]
    right = [one.heard.confidence for one in heard if one.heard and one.is_right]
    wrong = [one.heard.confidence for one in heard if one.heard and not one.is_right]
    if len(right) < ENOUGH:
        return None
    low = min(usual, min(right) - MARGIN)
    above = [confidence for confidence in wrong if confidence >= low]
    # What was taken for something else is kept out if that costs no more than one command.
    if above and sum(confidence > max(above) for confidence in right) >= len(right) - 1:
        low = max(low, max(above) + 0.01)
    return round(min(max(low, usual - FURTHEST), usual + FURTHEST, 1.0), 2)
