"""The way from a session to an output that may be slow to open, or go away and come back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from coach.errors import DeviceError

if TYPE_CHECKING:
    from coach.outputs import Output, Playback, Source
    from coach.timeline import Samples

RETRY_S = 1.0
"""Seconds between two tries to open an output again."""


class Loudspeaker:
    """Keeps an output open, on threads of its own, so that nothing else ever waits for it."""

    def __init__(self, output: Output, rate: int) -> None:
        """Begin to open `output` at `rate` Hz, and do not wait for it."""
        self._output = output
        self._rate = rate
        self._source: Source | None = None
        self._playback: Playback | None = None
        self._error: DeviceError | None = None
        self.bug: Exception | None = None
        """What the source failed with, if it did."""
        self._lost_underruns = 0
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._opened = threading.Event()
        self._opening = threading.Thread(target=self._open_once, daemon=True)
        self._opening.start()

    def read(self, count: int) -> Samples:
        """Return the next frames of whatever is played, silence before there is anything."""
        import numpy as np

        source = self._source
        if source is None or self.bug is not None:
            return np.zeros(count, np.int16)
        try:
            return source.read(count)
        except Exception as error:  # noqa: BLE001 - no output could do anything about it
            self.bug = error
            return np.zeros(count, np.int16)

    def play(self, source: Source) -> None:
        """Let `source` be heard from now on, once the output is open.

        Raises:
            DeviceError: the output cannot be opened.
        """
        self._source = source
        while not self._opened.wait(0.1):  # so that Ctrl-C is heard on Windows, too
            pass
        if self._error is not None:
            raise self._error

    def problem(self) -> str | None:
        """Return why nothing is heard any more, or None."""
        return None if self._playback is None else self._playback.problem()

    @property
    def latency(self) -> float:
        """Return about how many seconds after a frame is read it is heard."""
        return 0.0 if self._playback is None else self._playback.latency

    @property
    def underruns(self) -> int:
        """Return how often there was no sound when it was needed."""
        now = 0 if self._playback is None else self._playback.underruns
        return self._lost_underruns + now

    def reopen(self, found: Callable[[], None]) -> None:
        """Open the output anew, as often as it takes, and call `found` when it is open."""
        playback, self._playback = self._playback, None
        if playback is not None:
            self._lost_underruns += playback.underruns
        threading.Thread(target=self._open_again, args=(playback, found), daemon=True).start()

    def close(self) -> None:
        """Fall silent for good."""
        self._closed.set()
        with self._lock:
            playback, self._playback = self._playback, None
        if playback is not None:
            self._lost_underruns += playback.underruns
            playback.close()

    def _open_once(self) -> None:
        try:
            self._open()
        except DeviceError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - an output of another package may fail anyhow
            self._error = DeviceError(f"the output {self._output.name} failed: {error}")
        finally:
            self._opened.set()

    def _open_again(self, before: Playback | None, found: Callable[[], None]) -> None:
        if before is not None:
            before.close()
        while not self._closed.wait(RETRY_S):
            try:
                self._open()
            except Exception:  # noqa: BLE001, S112 - whatever is wrong, it may be gone next time
                continue
            found()
            return

    def _open(self) -> None:
        playback = self._output.start(self, self._rate)
        with self._lock:
            if not self._closed.is_set():
                self._playback = playback
                return
        playback.close()
