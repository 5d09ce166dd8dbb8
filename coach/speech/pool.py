"""Worker processes that may hang or die, and a pool of them that shows none of it.

A worker answers one JSON line with another (see `worker.py`). Whatever does not answer in time
is killed; the next job gets a fresh process.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from coach.errors import SpeechError
from coach.locks import LEFT_S, Lock, is_left
from coach.parallel import POLL_S

Message = dict[str, Any]

WORKER_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("worker.py")))
"""What starts a worker; the pool appends its workspace."""

_WORKSPACE, _IN_USE = "coach-speech-", "in-use"

LONGEST_REPLY = 4_000_000
"""Bytes; the longest list of voices has a twentieth of that."""
LAST_WORDS = 4096
"""Bytes that are kept of what a worker writes on stderr."""

END_S = 5.0
"""Seconds given to a killed process until the system has taken it away."""


class Limits(Struct, frozen=True):
    """How long a worker may take, in seconds; generous, for a busy machine, but not for ever."""

    start: float = 30.0
    """From the start of the process to its first answer. Windows may build COM wrappers then."""
    sentence: float = 10.0
    """For any sentence."""
    character: float = 0.1
    """Added for each character of the text: longer than it takes to say."""

    def for_text(self, text: str) -> float:
        """Return the limit for one sentence."""
        return self.sentence + self.character * len(text)


class WorkerLostError(Exception):
    """A worker hung or died; the message says which, and the last thing that it wrote."""


class WorkerRefusedError(Exception):
    """A worker answered that it cannot.

    Attributes:
        kind: `no-pyttsx3`, `no-library` or `failed`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Worker:
    """One worker process, which does one request at a time.

    Threads talk to its pipes, because a pipe can be waited for with a time limit on no system
    that has no `select` for pipes.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # No console window flashes up beside a program that has none.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._asked = 0
        self._said = bytearray()
        self._listening = threading.Thread(
            target=_overhear, args=(self._process, self._said), daemon=True
        )
        self._listening.start()
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=_converse, args=(self._process, self._requests, self._replies), daemon=True
        )
        self._thread.start()
        self.greeting: Message = {}
        """What it answered to "hello"; empty before."""

    def ask(self, request: Mapping[str, object], limit: float) -> Message:
        """Return the answer to `request`, which must come within `limit` seconds.

        Raises:
            WorkerLostError: it hung or died, and must be closed now.
            WorkerRefusedError: it answered that it cannot.
        """
        deadline = time.monotonic() + limit
        self._asked += 1
        numbered = {"number": self._asked, **request}
        self._requests.put(json.dumps(numbered).encode("ascii") + b"\n")
        while True:
            try:
                line = self._replies.get(timeout=POLL_S)
                break
            except queue.Empty:
                if time.monotonic() >= deadline:
                    raise WorkerLostError(f"gave no answer within {limit:g} s") from None
        try:
            reply = json.loads(line)
            number = reply["number"]
            good = reply["ok"] is True
            kind, message = (None, None) if good else (reply["kind"], reply["message"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise WorkerLostError(self._last_words(line)) from None
        if number != self._asked:
            raise WorkerLostError("answered what it was not asked")
        if kind is not None:
            raise WorkerRefusedError(str(kind), str(message))
        answer: Message = reply
        return answer

    def close(self) -> None:
        """End the process and wait for its end."""
        # Killed first: at the end of its stdin a worker would remove the workspace of all.
        self._process.kill()
        self._requests.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._thread.join(END_S)

    def _last_words(self, line: bytes) -> str:
        if line:
            return f"answered with something else than JSON: {line[:80]!r}"
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        status = self._process.returncode
        if status is None:
            return "closed its output"
        self._listening.join(END_S)
        said = self._said.decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(said) if line.strip()), "")
        # A signal that it did not send itself may come from a system that has no memory left.
        ended = f"ended with status {status}" if status >= 0 else f"was killed by signal {-status}"
        return ended + (f" ({last[:200]})" if last else "")


def _overhear(process: subprocess.Popen[bytes], said: bytearray) -> None:
    """Keep the end of what a process writes on stderr, however much that is."""
    if process.stderr is None:  # pragma: no cover - it was asked for
        return
    with process.stderr as stderr:
        while block := os.read(stderr.fileno(), LAST_WORDS):
            said += block
            del said[:-LAST_WORDS]


def _converse(
    process: subprocess.Popen[bytes],
    requests: queue.SimpleQueue[bytes | None],
    replies: queue.SimpleQueue[bytes],
) -> None:
    """Pass requests and replies on until None or the end of the process; an end is b""."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:  # pragma: no cover - both were asked for
        return
    try:
        with stdout, stdin:
            while (request := requests.get()) is not None:
                stdin.write(request)
                stdin.flush()
                line = stdout.readline(LONGEST_REPLY)
                if not line:
                    break
                replies.put(line)
    except OSError:
        pass  # the process died while it was written to, or closing flushed into a broken pipe
    finally:
        # In any case: a request may have come behind the None of another thread's `close`.
        replies.put(b"")


class WorkerPool:
    """At most `size` workers, started when they are needed, kept for the next job."""

    def __init__(self, command: Sequence[str], size: int, limits: Limits) -> None:
        self.size = size
        self.limits = limits
        self._command = tuple(command)
        self._changed = threading.Condition()
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._starting = 0
        self._started = 0
        self._workspace: Path | None = None
        self._lock: Lock
        self._closed = False

    def start(self, count: int) -> None:
        """Begin to start `count` workers, `size` at most, and do not wait for them."""
        started = []
        # What cannot be started is told to whoever needs it.
        with contextlib.suppress(WorkerLostError, SpeechError):
            for _ in range(min(count, self.size)):
                started.append(self._take()[0])
        with self._changed:
            self._idle += started
            self._changed.notify_all()

    @contextlib.contextmanager
    def worker(self) -> Iterator[tuple[Worker, Path]]:
        """Lend a worker that has greeted, and a fresh path for its file.

        After any exception the worker is ended: nobody knows what it is doing.

        Raises:
            WorkerLostError, WorkerRefusedError: none could be started.
            SpeechError: the pool is closed, or there is no place for temporary files.
        """
        worker, path = self._take()
        try:
            if not worker.greeting:
                worker.greeting = worker.ask({"do": "hello"}, self.limits.start)
            yield worker, path
        except BaseException:
            self._drop(worker)
            raise
        else:
            with self._changed:
                if not self._closed:
                    self._idle.append(worker)
                self._changed.notify()
        finally:
            with contextlib.suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """End every worker, busy or not, and remove the workspace; may be called twice."""
        with self._changed:
            self._closed = True
            workers = list(self._all)
            self._all.clear()
            self._idle.clear()
            workspace, self._workspace = self._workspace, None
            self._changed.notify_all()
        try:
            for worker in workers:
                worker.close()
        finally:
            if workspace is not None:
                self._lock.release()
                shutil.rmtree(workspace, ignore_errors=True)

    def _take(self) -> tuple[Worker, Path]:
        with self._changed:
            while not self._idle and len(self._all) + self._starting >= self.size:
                self._check_open()
                self._changed.wait(POLL_S)
            self._check_open()
            folder = self._folder()
            self._started += 1
            number = self._started
            path = folder / f"{number}.{'aiff' if sys.platform == 'darwin' else 'wav'}"
            if self._idle:
                return self._idle.pop(), path
            self._starting += 1
        worker = None
        try:
            worker = Worker([*self._command, str(folder)])
        except OSError as error:
            raise WorkerLostError(f"could not be started: {error}") from error
        finally:
            with self._changed:
                self._starting -= 1
                if worker is not None:
                    self._all.add(worker)
                closed = self._closed
                self._changed.notify()
        if closed:
            self._drop(worker)
            self._check_open()
        return worker, path

    def _drop(self, worker: Worker) -> None:
        with self._changed:
            self._all.discard(worker)
            self._changed.notify()
        worker.close()

    def _check_open(self) -> None:
        if self._closed:
            raise SpeechError("the speech engine has been closed")

    def _folder(self) -> Path:
        if self._workspace is None:
            try:
                _remove_left()
                self._workspace = Path(tempfile.mkdtemp(prefix=_WORKSPACE))
                self._lock = Lock(self._workspace / _IN_USE)
                self._lock.acquire()
            except OSError as error:
                raise SpeechError(
                    f"there is no place for temporary files: {error}",
                    hint="set TMPDIR to a folder that can be written",
                ) from error
        return self._workspace


def _remove_left() -> None:
    """Remove the workspaces that stayed because all processes of a session were killed."""
    for workspace in Path(tempfile.gettempdir()).glob(f"{_WORKSPACE}*"):
        if is_left(workspace / _IN_USE) or _is_unmarked(workspace):
            shutil.rmtree(workspace, ignore_errors=True)


def _is_unmarked(workspace: Path) -> bool:
    """Return whether its session was killed before it could mark it, or while it removed it."""
    with contextlib.suppress(OSError):
        is_old = time.time() - workspace.stat().st_mtime > LEFT_S
        return is_old and not (workspace / _IN_USE).exists()
    return False
