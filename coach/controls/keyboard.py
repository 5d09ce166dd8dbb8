"""Single keys from a terminal become commands, on Linux, macOS and Windows."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, TextIO

from coach.controls import Command, Send
from coach.controls.keys import KEYS, KeyDecoder

__all__ = ["KEYS", "Keyboard"]

REPEAT_S = 0.1
"""The same command again within this time, in seconds, is a key held down. Held, a key so does
its work ten times a second at most; no finger taps faster."""

MOST_AT_ONCE = 5
"""Different commands in one read; more than a hand can type are a paste by mistake."""


class Source(Protocol):
    """What reads keys while it is started."""

    def start(self) -> None: ...

    def close(self) -> None:
        """Stop reading and leave the terminal as it was; may be called twice."""


class Pace:
    """Keeps keys held down and pastes by mistake from flooding a session."""

    def __init__(self) -> None:
        self._last: Command | None = None
        self._at = 0.0

    def admit(self, commands: Sequence[Command], at: float) -> list[Command]:
        """Return what of one read, at `at` seconds of a monotonic clock, is meant as typed."""
        runs = [
            command
            for number, command in enumerate(commands)
            if number == 0 or command is not commands[number - 1]
        ]
        if len(runs) > MOST_AT_ONCE:
            return []
        if runs and runs[0] is self._last and at - self._at < REPEAT_S:
            del runs[0]
        if runs:
            self._last, self._at = runs[-1], at
        return runs


class Keyboard:
    """Sends a command for each key of `KEYS` while it is entered.

    Without a terminal, and in the background until the user brings it to the foreground, it does
    nothing. While it reads, nothing that is typed shows, but Ctrl-C and Ctrl-Z work as ever. The
    terminal gets its settings back at the end, at an exception, while the program is stopped by
    Ctrl-Z, and, where nothing else handles them, at SIGTERM and SIGHUP. For that it must be
    entered in the main thread, which then may wait with a limit only: a signal just before a wait
    does not end it. In another thread it leaves the signals alone.

    A closed terminal ends the reading and sends nothing: it comes as SIGHUP too, and under nohup
    the session is meant to go on.

    Args:
        send: gets the commands, in a thread of the keyboard's own.
        stream: the terminal to read; sys.stdin by default.
    """

    def __init__(self, send: Send, stream: TextIO | None = None) -> None:
        self._send = send
        self._stream = stream if stream is not None else sys.stdin
        self._pace = Pace()
        self._source: Source | None = None

    def is_available(self) -> bool:
        """Return whether there is a terminal to read from."""
        try:
            # None in a program without a console, ValueError where it has been closed.
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def __enter__(self) -> Self:
        if self.is_available():
            self._source = self._open(KeyDecoder())
            try:
                self._source.start()
            except BaseException:
                self._source.close()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None

    def _open(self, decoder: KeyDecoder) -> Source:
        if sys.platform == "win32":
            from coach.controls.windows_keys import WindowsKeys

            return WindowsKeys(decoder, self._receive)
        from coach.controls.terminal import TerminalKeys

        return TerminalKeys(self._stream.fileno(), decoder, self._receive)

    def _receive(self, commands: Sequence[Command]) -> None:
        for command in self._pace.admit(commands, time.monotonic()):
            self._send(command)
