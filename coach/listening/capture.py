"""What a microphone gives: blocks at the rate that is listened to, each with its time."""

from __future__ import annotations

import queue
import time
from collections import deque
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from coach.errors import ListeningError
from coach.listening import RATE

if TYPE_CHECKING:
    from coach.timeline import Samples

LOST_S = 1.0
"""Seconds without sound after which a microphone is taken for lost; silence is sound, too."""

FIRST_S = 6.0
"""The same before the first sound: a Bluetooth headset has to change over to its microphone."""

MEMORY_S = 5.0
"""Seconds for which the clock remembers how early a block came. In that time the clock of a device
drifts by half a millisecond, and after a gap in the sound the times are right again."""

STEP_S = 0.5
"""Seconds of which it remembers the earliest block."""

Kind = Literal["none", "refused", "busy", "failed"]


class MicrophoneError(ListeningError):
    """A microphone that cannot be used.

    Args:
        kind: "none" if there is no (such) microphone, "refused" if the system does not allow it,
            "busy" if another program has it, else "failed".
        message: a sentence without its full stop.
        hint: what to do about it.
    """

    def __init__(self, kind: Kind, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.kind = kind


class Block(Struct, frozen=True):
    """A piece of what was captured."""

    samples: Samples
    """Mono int16 at `RATE`."""
    end: float
    """The monotonic time at which its last frame was captured."""

    @property
    def start(self) -> float:
        """Return the monotonic time at which its first frame was captured."""
        return self.end - len(self.samples) / RATE


class Capture(Protocol):
    """A microphone that is open."""

    name: str
    """What the system calls it."""

    def read(self, timeout: float) -> Block | None:
        """Return the next block, or None if there is none within `timeout` seconds."""
        ...

    def is_lost(self) -> bool:
        """Return whether nothing comes any more: it was taken away, or its server ended."""
        ...

    def close(self) -> bool:
        """End at once, and never hang; return whether nothing of it is left behind."""
        ...


class CaptureClock:
    """Finds when frames were captured from when they arrived.

    Blocks arrive late or very late, but never early: of the last seconds, the one that was least
    late says how the device's time lies to the system's.
    """

    def __init__(self) -> None:
        self._steps: deque[tuple[float, float]] = deque()
        """For each step, when it began, and the earliest origin that its blocks speak for."""

    def arrived(self, captured: float, now: float) -> None:
        """Note that `captured` seconds of sound in all had arrived at `now`."""
        origin = now - captured
        if self._steps and now - self._steps[-1][0] < STEP_S:
            begun, earliest = self._steps[-1]
            self._steps[-1] = (begun, min(earliest, origin))
        else:
            self._steps.append((now, origin))
        while now - self._steps[0][0] > MEMORY_S:
            self._steps.popleft()

    def time_of(self, captured: float) -> float:
        """Return the monotonic time at which so many seconds of sound had been captured."""
        return min(origin for _, origin in self._steps) + captured


class Inlet:
    """Takes sound from a device's own thread, and hands it over as blocks on another one."""

    def __init__(self, rate: int) -> None:
        """Expect mono int16 at `rate` Hz."""
        import soxr

        from coach.resample import QUALITY

        self._rate = rate
        self._clock = CaptureClock()
        self._arrived: queue.SimpleQueue[tuple[bytes, float]] = queue.SimpleQueue()
        self._resampler = soxr.ResampleStream(rate, RATE, 1, "int16", QUALITY)
        self._taken = 0
        self._given = 0
        self._waited = 0.0
        self.stopped = False
        """Whether the device has said that it stopped by itself."""

    def put(self, data: bytes) -> None:
        """Take the next frames, on the device's thread."""
        self._arrived.put((data, time.monotonic()))

    def read(self, timeout: float) -> Block | None:
        """Return the next block, or None if there is none within `timeout` seconds."""
        import numpy as np

        try:
            data, now = self._arrived.get(timeout=timeout)
        except queue.Empty:
            self._waited += timeout
            return None
        self._waited = 0.0
        self._taken += len(data) // 2
        self._clock.arrived(self._taken / self._rate, now)
        samples = self._resampler.resample_chunk(np.frombuffer(data, np.int16))
        self._given += len(samples)
        # The resampler holds some frames back, but shifts none.
        return Block(samples, self._clock.time_of(self._given / RATE))

    def is_lost(self) -> bool:
        """Return whether the device has stopped, or was waited for in vain."""
        # Waiting is counted, and not the time since the last block: a process that was stopped
        # for a while has lost nothing.
        return self.stopped or self._waited >= (LOST_S if self._taken else FIRST_S)
