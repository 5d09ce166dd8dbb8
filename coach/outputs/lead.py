"""How far a device reads ahead of what is heard, found from when it asks for how much."""

from __future__ import annotations

WINDOW_S = 0.5
"""Seconds over which requests that come late are forgiven, if the next ones make up for it."""

LOST_S = 0.015
"""Seconds by which the lead must have fallen for good to be an underrun. Less is what the
scheduling of a busy machine brings."""

DRIFT = 0.001
"""Seconds a second by which a device's clock may differ from the system's: far more than any."""


class Lead:
    """Follows the lead of a device, and counts how often it ran out of sound.

    The lead is the sound that was handed over, less the time that has passed since the first
    request. A request that is a little late lowers it until the next one; a device that stood
    still for want of sound never catches up, so that the lead stays lower by just that time.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._origin = 0.0
        self._given = 0
        self._block = 0
        self._latest = 0.0
        self._best: float | None = None
        self._window: list[tuple[float, float]] = []
        self.underruns = 0
        """How often the device ran out of sound."""

    @property
    def latency(self) -> float:
        """Return about how many seconds pass between the reading of a frame and its sound.

        The lead says it, but for the unknown time between the first request and the first sound;
        at least a block lies in between.
        """
        block = self._block / self._rate
        lead = self._best if self._best is not None else self._latest
        return max(lead - block, block)

    def gave(self, count: int, now: float) -> None:
        """Note that `count` frames were handed over at `now` seconds."""
        if not self._given:
            self._origin = now
        self._given += count
        self._block = count
        self._latest = self._given / self._rate - (now - self._origin)
        self._window.append((now, self._latest))
        since = now - self._window[0][0]
        if since < WINDOW_S:
            return
        highest = max(lead for _, lead in self._window)
        self._window.clear()
        if self._best is not None and highest < self._best - LOST_S - since * DRIFT:
            self.underruns += 1
        elif self._best is not None:
            highest = max(highest, self._best - since * DRIFT)
        self._best = highest
