"""The process that listens, from its parent's side: started, watched, started again, ended."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import coach
from coach.errors import ListeningError

RESTARTS = 2
"""How often a process that ends by itself is started again."""

TICK_S = 1.0
"""Seconds between looks at whether it still lives."""

HUNG_TICKS = 12
"""Looks in a row without a word from it, after which it hangs. It tells a level each second, but
loading the model and opening a microphone may take some."""

LONGEST_LINE = 100_000
"""Bytes; more than any message has."""

END_S = 0.4
"""Seconds that it gets to end by itself; then it is killed."""

_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from coach.listening.child import main; main()"
)
CHILD = (sys.executable, "-P", "-c", _PROGRAM, str(Path(coach.__file__).resolve().parents[1]))
"""The command that listens; it works from a plain checkout, too."""

Message = dict[str, Any]


class ListeningProcess:
    """Keeps the process running; it is talked to in lines of JSON, see `coach.listening.child`.

    Args:
        greeting: returns what a process is told first, each time that one is started.
        receive: called with whatever it says, on a thread of this object's.
        ended: called there when it has ended by itself, with whether that was for good.
        command: what is started.
    """

    def __init__(
        self,
        greeting: Callable[[], Iterable[Message]],
        receive: Callable[[Message], None],
        ended: Callable[[bool], None],
        command: Sequence[str] = CHILD,
    ) -> None:
        self._greeting = greeting
        self._receive = receive
        self._ended = ended
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._quiet_ticks = 0
        self._is_asked = False
        self._closed = False
        self._may_restart = True
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start it, and do not wait for it.

        Raises:
            ListeningError: Python cannot be started.
        """
        try:
            self._spawn()
        except OSError as error:
            raise ListeningError(f"Python cannot be started: {error.strerror or error}") from error
        self._thread.start()

    def send(self, message: Message) -> None:
        """Tell it something; returns at once."""
        with self._lock:
            if self._process is not None:
                self._outbox.put(message)

    def give_up(self) -> None:
        """Do not start it again when it ends."""
        self._may_restart = False

    def close(self) -> None:
        """End it, within a second; may be called twice, and by `receive`."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
            self._outbox.put(None)
        if process is not None:
            # It ends when its stdin does.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
            if process.poll() is None:
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join(END_S / 2)
            # It was perhaps closed before anybody read what it says.
            if process is not None and process.stdout is not None and not self._thread.is_alive():
                process.stdout.close()

    def _spawn(self) -> bool:
        """Start a process unless this is closed; return whether it was started."""
        with self._lock:
            if self._closed:
                return False
            outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
            for message in self._greeting():
                outbox.put(message)
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # the libraries of sound and speech are talkative
                # Ctrl-C is the parent's business; and no console window flashes up.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
                | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            )
            self._process, self._outbox = process, outbox
            self._quiet_ticks = 0
        threading.Thread(target=self._write, args=(process, outbox), daemon=True).start()
        return True

    def _run(self) -> None:
        """Pass on what processes say, one after the other."""
        restarts = 0
        while True:
            process = self._process
            if process is None:
                return
            self._read(process)
            with self._lock:
                if self._closed:
                    return
                outbox = self._outbox
            outbox.put(None)
            # Whatever has closed its stdout is of no use any more.
            process.kill()
            process.wait()
            is_asked, self._is_asked = self._is_asked, False
            is_final = not is_asked and (restarts == RESTARTS or not self._may_restart)
            restarts += not is_asked
            try:
                if not is_final and not self._spawn():
                    return
            except OSError:
                is_final = True
            if is_final:
                with self._lock:
                    self._process = None
            if is_final or not is_asked:
                self._ended(is_final)
            if is_final:
                return

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:  # pragma: no cover - it was asked for
            return
        with process.stdout as stdout:
            while line := stdout.readline(LONGEST_LINE):
                self._quiet_ticks = 0
                try:
                    message = json.loads(line)
                except (ValueError, RecursionError):
                    continue  # a process that was killed may have written a part of one
                if isinstance(message, dict) and not self._closed:
                    self._is_asked = "again" in message
                    self._receive(message)

    def _write(
        self, process: subprocess.Popen[bytes], outbox: queue.SimpleQueue[Message | None]
    ) -> None:
        """Pass messages on until None comes, and kill a process that hangs."""
        stdin = process.stdin
        if stdin is None:  # pragma: no cover - it was asked for
            return
        following = time.monotonic() + TICK_S
        with contextlib.suppress(OSError), stdin:
            while True:
                now = time.monotonic()
                if now >= following:
                    # Ticks are counted, so that a process that was itself stopped for a while
                    # does not take the other one for dead.
                    following = now + TICK_S
                    self._quiet_ticks += 1
                    if self._quiet_ticks > HUNG_TICKS:
                        process.kill()
                try:
                    message = outbox.get(timeout=following - now)
                except queue.Empty:
                    continue
                if message is None:
                    return
                stdin.write(json.dumps(message).encode("ascii") + b"\n")
                stdin.flush()
