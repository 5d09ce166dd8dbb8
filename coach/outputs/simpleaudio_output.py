"""Live sound through simpleaudio, which plays a whole buffer and knows nothing else.

So it gets a *tape*: a file in memory of some minutes of silence, which a process of its own (see
`simpleaudio_child`) plays from its start. A thread here records the source onto it, a little ahead
of where it is played. Pausing and skipping are the source's business as ever; they are only heard
later than with an output that streams.

Before a tape ends, the next one is started. Both play for a while; the recording moves over where
the source is silent, to the place that is played at the same moment.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.errors import DeviceError
from coach.files.replacing import open_nameless
from coach.outputs import INSTEAD, Source, is_installed
from coach.outputs.mend import not_installed

if TYPE_CHECKING:
    from coach.timeline import Samples

TAPE_S = 300.0
"""Seconds of a tape: 29 MB at 48 kHz, in which two clocks drift apart by some 30 ms."""

CHANGE = 0.8
"""The part of a tape after which a silence is waited for, to go on to the next."""

QUIET_S = 1.0
"""Seconds of silence that are enough for that: the two are up to 3 ms apart, so it shall not be
between the ticks of a hold."""

FETCHED_S = 0.15
"""Seconds that simpleaudio may have fetched from the tape ahead of what is heard: its buffer holds
100 ms on every system, and a sound server takes some more at the start."""

LEAD_S = 0.4
"""Seconds that sound is written ahead of where the device plays. 0.2 are just enough (the library
copies blocks well before they sound); the rest is for this process being late, as while a session
starts on a busy machine."""

STEP_S = 0.02
"""Seconds between recordings."""

OPEN_S = 5.0
"""Seconds until the process must play."""

LONGEST_LINE = 100_000
"""Bytes; more than any answer has."""

END_S = 1.0
"""Seconds that the process and the thread get to end."""

CHILD = (sys.executable, "-P", str(Path(__file__).with_name("simpleaudio_child.py")))

Message = dict[str, Any]


class SimpleaudioOutput:
    """Plays on the system's default device; simpleaudio knows no other."""

    name = "simpleaudio"

    def __init__(self, device: str | None = None, tape_s: float = TAPE_S) -> None:
        self._device = device
        self._tape_s = tape_s

    def start(self, source: Source, rate: int) -> SimpleaudioPlayback:
        """Begin to play `source` at `rate` Hz, one of simpleaudio's: 8000 to 192000.

        Raises:
            DeviceError: simpleaudio is not installed, a device was asked for, there is none, or
                it did not start in time.
        """
        if not is_installed("simpleaudio"):
            raise not_installed("simpleaudio")
        if self._device is not None:
            raise DeviceError(
                f"simpleaudio plays on the default device only, not on `{self._device}`",
                "Choose the device with --output miniaudio.",
            )
        return SimpleaudioPlayback(source, rate, self._tape_s)


class _Tape:
    """A file of silence to record on, mapped into memory."""

    def __init__(self, rate: int, seconds: float) -> None:
        self.rate = rate
        self.frames = round(seconds * rate)
        self.at: float | None = None
        """The monotonic time at which it began to be played; None before."""
        self.written = 0
        """The frame up to which there is sound on it."""
        size = 2 * self.frames
        # Without a name where that can be, so that nothing stays behind a process that is killed.
        self._nameless = open_nameless(Path(tempfile.gettempdir()))
        if self._nameless is None:
            handle, self.path = tempfile.mkstemp(prefix="coach-sound-")
        else:
            handle, self.path = self._nameless, f"/proc/{os.getpid()}/fd/{self._nameless}"
        try:
            with open(handle, "r+b", closefd=self._nameless is None) as file:
                _reserve(file, size)
                self._map = mmap.mmap(file.fileno(), size)
        except OSError:
            self._remove()
            raise

    def played(self, now: float) -> int:
        """Return the frame that is being played; negative before it began."""
        at = now if self.at is None else self.at
        return int((now - at) * self.rate)

    def record(self, samples: Samples) -> int:
        """Add as much of the sound as there is room for; return how many frames that are."""
        count = min(len(samples), self.frames - self.written)
        self._map[2 * self.written : 2 * (self.written + count)] = samples[:count].tobytes()
        self.written += count
        return count

    def unlink(self) -> None:
        """Remove the name of the file; it is there for as long as somebody has mapped it."""
        if self._nameless is not None:  # its number stands for this tape until that is closed
            return
        with contextlib.suppress(OSError):  # Windows keeps what is mapped, until `close`
            os.unlink(self.path)  # noqa: PTH108 - mkstemp gives a string

    def close(self) -> None:
        """Give the memory back."""
        self._map.close()
        self._remove()

    def _remove(self) -> None:
        self.unlink()
        nameless, self._nameless = self._nameless, None
        if nameless is not None:
            os.close(nameless)


def _reserve(file: Any, size: int) -> None:
    """Fill `file` with zeros for real: a full disk met by a map would end the process."""
    if sys.platform == "linux":
        os.posix_fallocate(file.fileno(), 0, size)
        return
    piece = bytes(1 << 20)
    for done in range(0, size, len(piece)):
        file.write(piece[: size - done])
    file.flush()


class SimpleaudioPlayback:
    """A process that plays tapes, and the thread that records them."""

    def __init__(self, source: Source, rate: int, tape_s: float) -> None:
        import numpy as np

        self._source = source
        self._rate = rate
        self._tape_s = tape_s
        self._underruns = 0
        self._quiet = 0
        self._waiting: Samples = np.zeros(0, np.int16)
        self._problem: str | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._replies: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._tape = self._new_tape()
        self._next: _Tape | None = None
        self._used: list[_Tape] = []
        try:
            self._process = _start_child()
        except OSError as error:
            self._tape.close()
            raise DeviceError(f"Python cannot be started: {error}", INSTEAD) from error
        threading.Thread(target=_listen, args=(self._process, self._replies), daemon=True).start()
        self._thread = threading.Thread(target=self._run, daemon=True)
        try:
            self._record_ahead()
            self._ask(self._tape)
            self._begin()
        except BaseException:
            self.close()
            raise
        self._record_ahead()
        self._thread.start()

    @property
    def latency(self) -> float:
        """Return about how many seconds pass between the reading of a frame and its sound."""
        return LEAD_S

    @property
    def underruns(self) -> int:
        """Return how often the recording was late, so that silence was played."""
        return self._underruns

    def problem(self) -> str | None:
        """Return why nothing is heard any more, or None while all is well."""
        return None if self._ended.is_set() else self._problem

    def close(self) -> None:
        """End at once: the process is killed."""
        with self._lock:
            if self._ended.is_set():
                return
            self._ended.set()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        if self._thread.ident is not None:
            self._thread.join(END_S)
        for tape in (self._tape, self._next, *self._used):
            if tape is not None:
                tape.close()

    def _begin(self) -> None:
        """Wait until the first tape is played."""
        try:
            reply = self._replies.get(timeout=OPEN_S)
        except queue.Empty:
            message = f"simpleaudio did not start within {OPEN_S:g} s: the sound system hangs"
            raise DeviceError(message, INSTEAD) from None
        if reply is None:
            raise DeviceError("simpleaudio ended as soon as it was started", INSTEAD)
        if reply.get("error") == "missing":
            raise DeviceError(f"simpleaudio cannot be used: {reply['message']}", INSTEAD)
        if "error" in reply:
            raise DeviceError(f"no sound device can be used ({reply['message']})", INSTEAD)
        self._note(reply)

    def _run(self) -> None:
        while self._problem is None and not self._ended.wait(STEP_S):
            while not self._replies.empty():
                self._note(self._replies.get())
            self._record_ahead()

    def _record_ahead(self) -> None:
        tape = self._tape
        wanted = self._frame_in(LEAD_S) - tape.written - len(self._waiting)
        if wanted > 0:
            self._read(wanted)
        if tape.at is not None and tape.written < self._frame_in(FETCHED_S):
            # What comes late is played late, and none of it is lost.
            self._underruns += 1
            tape.written = self._frame_in(LEAD_S)
        self._waiting = self._waiting[tape.record(self._waiting) :]
        if self._next is None and tape.written > CHANGE * tape.frames:
            self._start_next()
        is_quiet = self._quiet > QUIET_S * self._rate
        if self._next and self._next.at and (is_quiet or tape.written == tape.frames):
            self._change(tape, self._next)

    def _frame_in(self, seconds: float) -> int:
        """Return the frame of the tape that is played in `seconds`, or the end of the tape."""
        frame = self._tape.played(time.monotonic()) + round(seconds * self._rate)
        return min(frame, self._tape.frames)

    def _read(self, count: int) -> None:
        import numpy as np

        try:
            samples = self._source.read(count)
            if samples.dtype != "int16" or samples.shape != (count,):
                found = f"{samples.dtype} of shape {samples.shape}"
                raise ValueError(f"expected {count} frames of int16, found {found}")  # noqa: TRY301
        except Exception as error:  # noqa: BLE001 - whoever watches the playback is told
            self._problem = f"the session could not be played: {error}"
            return
        self._quiet = 0 if samples.any() else self._quiet + count
        self._waiting = np.concatenate([self._waiting, samples])

    def _start_next(self) -> None:
        try:
            self._next = self._new_tape()
        except DeviceError as error:
            self._problem = error.message
        else:
            self._ask(self._next)

    def _change(self, tape: _Tape, following: _Tape) -> None:
        """Go on recording on the next tape, where it is played when this one would be."""
        played_apart = (following.at or 0.0) - (tape.at or 0.0)
        following.written = tape.written - round(played_apart * self._rate)
        self._tape, self._next = following, None
        self._used.append(tape)

    def _new_tape(self) -> _Tape:
        try:
            return _Tape(self._rate, self._tape_s)
        except OSError as error:
            raise DeviceError(
                f"there is no room for a file of {2 * self._tape_s * self._rate / 1e6:.0f} MB of "
                f"sound: {error.strerror or error}",
                "Set TMPDIR to a folder with more room.",
            ) from error

    def _ask(self, tape: _Tape) -> None:
        line = json.dumps({"tape": tape.path, "rate": self._rate}).encode("ascii") + b"\n"
        # A process that has ended is told of by its last reply.
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def _note(self, reply: Message | None) -> None:
        """Take in what the process said; None is its end."""
        if reply is None:
            self._problem = "the process that played the sound has ended"
            return
        path = reply["tape"]
        if "at" in reply:
            for tape in (self._tape, self._next):
                if tape is not None and tape.path == path:
                    tape.at = reply["at"]
                    tape.unlink()
        elif "error" in reply:
            self._problem = f"the sound could not go on: {reply['message']}"
        elif self._tape.path == path:
            self._problem = "the sound device has stopped: it was taken away, or its server ended"
        for tape in [tape for tape in self._used if tape.path == path and "ended" in reply]:
            self._used.remove(tape)
            tape.close()


def _start_child() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        CHILD,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # ALSA writes dozens of lines where there is no card
        env={**os.environ, "PYTHONMALLOC": "malloc"},
        # Ctrl-C is the parent's business; and no console window flashes up.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _listen(process: subprocess.Popen[bytes], replies: queue.SimpleQueue[Message | None]) -> None:
    """Pass on what the process answers, and None at its end."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:  # pragma: no cover - both were asked for
        return
    with stdout:
        while line := stdout.readline(LONGEST_LINE):
            with contextlib.suppress(ValueError, RecursionError):
                reply = json.loads(line)
                if _is_reply(reply):
                    replies.put(reply)
    with contextlib.suppress(OSError):  # closing flushes into a broken pipe
        stdin.close()
    replies.put(None)


def _is_reply(reply: Any) -> bool:
    """Return whether this is one of the process's answers, and not what a library has printed."""
    if not isinstance(reply, dict) or not isinstance(reply.get("tape"), str):
        return False
    is_refusal = isinstance(reply.get("error"), str) and isinstance(reply.get("message"), str)
    return is_refusal or isinstance(reply.get("at"), float) or reply.get("ended") is True
