"""Time for live sessions: the real one, and one that runs as fast as it is asked to.

A clock is passed in, and waiting comes with it, so that a test of an hour takes seconds and is
exact.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

LONGEST_WAIT_S = 0.5
"""A wait without an end cannot be broken off by Ctrl-C on Windows.

Waiting is done on a `Queue`, never on a `SimpleQueue`: before Python 3.13 that one waits for ever
if a signal's handler takes longer than the time that is left."""


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> float:
        """Return seconds since some moment, never fewer than before."""
        ...

    def wait(self, arrivals: queue.Queue[T], seconds: float) -> T | None:
        """Return what arrives within `seconds`, or None."""
        ...

    def slept(self) -> float:
        """Return how many seconds longer than waiting it took since this was asked last.

        That is how long the machine slept, the process was stopped, or something held it up.
        """
        ...


class RealClock:
    """The system's monotonic clock."""

    def __init__(self) -> None:
        self._asleep = _asleep()
        self._asked: float | None = None

    def now(self) -> float:
        """Return the seconds of the monotonic clock."""
        return time.monotonic()

    def wait(self, arrivals: queue.Queue[T], seconds: float) -> T | None:
        """Return what arrives within `seconds`, at most `LONGEST_WAIT_S`, or None."""
        if self._asked is None:
            self._asked = self.now()
        try:
            return arrivals.get(timeout=min(seconds, LONGEST_WAIT_S))
        except queue.Empty:
            return None

    def slept(self) -> float:
        """Return the seconds since this was asked last that are more than a wait takes."""
        asleep = _asleep()
        suspended, self._asleep = asleep - self._asleep, asleep
        now = self.now()
        before = now if self._asked is None else self._asked
        self._asked = now
        return max(suspended, now - before - LONGEST_WAIT_S, 0.0)


def _asleep() -> float:
    """Return the seconds that the machine has been suspended so far, give or take a constant.

    Where the monotonic clock itself goes on meanwhile, as on Windows, that is 0.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):  # Linux
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    if hasattr(time, "CLOCK_UPTIME_RAW"):  # macOS
        return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
    return 0.0


class VirtualClock:
    """A clock that runs only while somebody waits, and then at once.

    What is attached to it, such as an output, is told the time at each `STEP_S`.
    """

    STEP_S = 0.06

    def __init__(self) -> None:
        self._steps = 0
        self._attached: list[Callable[[float], None]] = []

    def now(self) -> float:
        """Return the virtual seconds since the clock was made."""
        return self._steps * self.STEP_S

    def attach(self, tell: Callable[[float], None]) -> Callable[[], None]:
        """Call `tell` with the time at each step from now on; return what ends that."""
        self._attached.append(tell)
        return lambda: self._attached.remove(tell)

    def wait(self, arrivals: queue.Queue[T], seconds: float) -> T | None:
        """Return what has arrived, or let `seconds` pass and return what arrives in them."""
        until = self.now() + seconds
        while arrivals.empty():
            if self.now() >= until:
                return None
            self._steps += 1
            now = self.now()
            for tell in list(self._attached):
                tell(now)
        return arrivals.get()

    def slept(self) -> float:
        """Return 0."""
        return 0.0
