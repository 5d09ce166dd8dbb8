"""Something short that is heard on a loudspeaker, outside of any session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coach.outputs import Output, Playback
    from coach.timeline import Samples

FLUSH_S = 0.5
"""Seconds of silence after the sound: no device keeps sound for longer before it is heard."""
LOOK_S = 0.05
"""Seconds between two looks at how far it is."""


class Sound:
    """Samples at the rate of live sound, and silence after them."""

    def __init__(self, samples: Samples | None = None) -> None:
        self._samples = samples
        self.position = 0
        """Frames that have been taken."""
        self.is_over = threading.Event()
        """Set when everything, and some silence after it, has been taken."""

    def read(self, count: int) -> Samples:
        """Return the next `count` frames."""
        import numpy as np

        from coach.outputs import LIVE_RATE

        samples = np.zeros(0, np.int16) if self._samples is None else self._samples
        piece = samples[self.position : self.position + count]
        self.position += count
        if self.position > len(samples) + FLUSH_S * LIVE_RATE:
            self.is_over.set()
        return np.pad(piece, (0, count - len(piece)))


def play_aloud(
    output: Output, samples: Samples, watch: Callable[[float], None] = lambda _: None
) -> Playback:
    """Play samples to their end, and return how that went; it is closed.

    Args:
        output: where.
        samples: mono, at the rate of live sound.
        watch: called now and then with the seconds that have been heard.

    Raises:
        DeviceError: they could not be played.
    """
    from coach.errors import DeviceError
    from coach.outputs import LIVE_RATE

    sound = Sound(samples)
    playback = output.start(sound, LIVE_RATE)
    deadline = time.monotonic() + 2 * len(samples) / LIVE_RATE + 5
    with closing(playback):
        while not sound.is_over.wait(LOOK_S):
            problem = playback.problem()
            if problem is None and time.monotonic() > deadline:
                problem = "the device plays far too slowly"
            if problem is not None:
                raise DeviceError(problem)
            watch(sound.position / LIVE_RATE - playback.latency)
        watch(len(samples) / LIVE_RATE)
    return playback
