"""Outputs without a loudspeaker: a file that gets what one would get, and nowhere at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.clock import Clock, VirtualClock
from coach.errors import DeviceError

if TYPE_CHECKING:
    from coach.outputs import Source
    from coach.timeline import Samples

BLOCK_S = 0.02
"""Sound is read in blocks of this length, and on a virtual clock in such as its steps."""


LATE_S = 1.0
"""After a longer stop than this, nothing of it is caught up on: no device could."""


class SilentOutput:
    """Takes the sound at the speed of a clock and drops it."""

    name = "none"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def start(self, source: Source, rate: int) -> PacedPlayback:
        """Begin to take frames from `source`."""
        return PacedPlayback(self._clock, source, rate, lambda _: None, lambda: None)


class FileOutput:
    """Writes a WAV file with exactly what a loudspeaker would get, pauses included."""

    name = "file"

    def __init__(self, clock: Clock, path: Path) -> None:
        self._clock = clock
        self._path = path
        self._is_begun = False

    def start(self, source: Source, rate: int) -> PacedPlayback:
        """Begin to write frames of `source` to the file.

        Raises:
            DeviceError: the file cannot be written.
        """
        import soundfile

        try:
            if self._is_begun:  # a disk that was full has room again
                file: Any = soundfile.SoundFile(self._path, "r+")
                file.seek(0, 2)
            else:
                file = soundfile.SoundFile(self._path, "w", rate, 1, "PCM_16", format="WAV")
                self._is_begun = True
        except (OSError, soundfile.SoundFileError) as error:
            raise DeviceError(
                f"the sound cannot be written: {error}", "Give --file another."
            ) from error

        def write(block: Samples) -> None:
            # Twice as fast as `write`, which looks at each block's type and shape anew.
            file.buffer_write(block, dtype="int16")

        return PacedPlayback(self._clock, source, rate, write, file.close)


class PacedPlayback:
    """Reads a source as fast as a clock goes, block by block on absolute deadlines."""

    latency = 0.0
    underruns = 0

    def __init__(
        self,
        clock: Clock,
        source: Source,
        rate: int,
        write: Callable[[Samples], Any],
        close: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._source = source
        self._rate = rate
        block = clock.STEP_S if isinstance(clock, VirtualClock) else BLOCK_S
        self._block = round(block * rate)
        self._write = write
        self._close = close
        self._begun = clock.now()
        self._read = 0
        self._problem: str | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()
        if isinstance(clock, VirtualClock):
            self._detach = clock.attach(self._catch_up)
        else:
            self._detach = lambda: None
            threading.Thread(target=self._run, daemon=True).start()

    def problem(self) -> str | None:
        """Return why nothing is taken any more, such as a full disk."""
        return self._problem

    def close(self) -> None:
        """End at once."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._detach()
        with self._lock:
            self._close()

    def _run(self) -> None:
        while not self._ended.wait(self._next() - self._clock.now()):
            late = self._clock.now() - self._next()
            if late > LATE_S:
                self._begun += late
            self._catch_up(self._clock.now())

    def _next(self) -> float:
        """Return the time at which the next block is due."""
        return self._begun + (self._read + self._block) / self._rate

    def _catch_up(self, now: float) -> None:
        """Take all blocks that are due."""
        block = self._block
        # Half a frame of tolerance: times are floats, frames are not.
        due = int((now - self._begun) * self._rate + 0.5) - self._read
        with self._lock:
            while due >= block and not self._ended.is_set() and self._problem is None:
                try:
                    self._write(self._source.read(block))
                except Exception as error:  # noqa: BLE001 - told by `problem`, never lost in a thread
                    # libsndfile says no more than "System error." of a full disk.
                    self._problem = f"the sound could not be written, is the disk full? ({error})"
                self._read += block
                due -= block
