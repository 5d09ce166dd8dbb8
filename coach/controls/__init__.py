"""What a user can ask of a session while it runs, and what they ask it with.

Keyboard, headset buttons and whatever comes later put the same commands into one queue.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

Send = Callable[["Command"], None]
"""Where a control puts a command; may be called from any thread."""


class Command(StrEnum):
    """One thing to ask for. The values are the names by which other programs know them."""

    TOGGLE = "toggle"
    """Pause or resume, whichever it is not; go on where the session waits for the user."""
    PAUSE = "pause"
    RESUME = "resume"
    NEXT = "next"
    """To the next repetition."""
    BACK = "back"
    """To the start of this repetition, or to the one before."""
    NEXT_EXERCISE = "next-exercise"
    PREVIOUS_EXERCISE = "previous-exercise"
    """To the start of this exercise, or to the one before."""
    REPEAT = "repeat"
    """Say the instruction again."""
    READY = "ready"
    """Go on where the session waits: in position, or done with self-paced repetitions."""
    MORE = "more"
    """One more repetition of this exercise."""
    FEWER = "fewer"
    LONGER = "longer"
    """A second more for the holds of this exercise."""
    SHORTER = "shorter"
    SLOWER = "slower"
    """Speech."""
    FASTER = "faster"
    LOUDER = "louder"
    """Cues."""
    SOFTER = "softer"
    HELP = "help"
    """Show the keys."""
    STOP = "stop"
    """End the session."""
