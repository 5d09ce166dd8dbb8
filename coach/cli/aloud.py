"""Something short that is heard on a loudspeaker, outside of any session."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coach.outputs import Output, Playback
    from coach.timeline import Samples

FLUSH_S = 0.5
"""Seconds of silence after it: no device keeps sound for longer before it is heard."""


class Sound:
    """Samples, and silence after them."""

    def __init__(self, samples: Samples | None = None) -> None:
        self._samples = samples
        self._position = 0
        self.is_over = threading.Event()
        """Set when everything, and some silence after it, has been taken."""

    def read(self, count: int) -> Samples:
        """Return the next `count` frames."""
        import numpy as np

        from coach.outputs import LIVE_RATE

        samples = np.zeros(0, np.int16) if self._samples is None else self._samples
        piece = samples[self._position : self._position + count]
        self._position += count
        if self._position > len(samples) + FLUSH_S * LIVE_RATE:
            self.is_over.set()
        return np.pad(piece, (0, count - len(piece)))


def play_aloud(output: Output, samples: Samples) -> Playback:
    """Play samples at `LIVE_RATE` to their end, and return how that went, closed.

    Raises:
        DeviceError: the output does not play, or not to the end.
    """
    from coach.errors import DeviceError
    from coach.outputs import LIVE_RATE

    sound = Sound(samples)
    playback = output.start(sound, LIVE_RATE)
    deadline = time.monotonic() + 2 * len(samples) / LIVE_RATE + 5
    with closing(playback):
        while not sound.is_over.wait(0.05):
            problem = playback.problem()
            if problem is None and time.monotonic() > deadline:
                problem = "the device plays far too slowly"
            if problem is not None:
                raise DeviceError(problem)
    return playback
