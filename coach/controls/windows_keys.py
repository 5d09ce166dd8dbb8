"""Single keys from a Windows console, through the C runtime's `kbhit` and `getwch`."""

from __future__ import annotations

import _thread
import importlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from coach.controls import Command
from coach.controls.keys import COMMANDS, ESCAPE_S, KeyDecoder

POLL_S = 0.03
"""Between two looks for a key, in seconds: a console cannot be waited for together with an end."""

PREFIXES = "\x00\xe0"
CODES = {"H": "up", "P": "down", "K": "left", "M": "right", "I": "page-up", "Q": "page-down"}
"""What follows a prefix: the scan codes in the documentation of `_getch`."""

INTERRUPT = "\x03"


class Console(Protocol):
    """The part of `msvcrt` that is used."""

    def kbhit(self) -> bool: ...
    def getwch(self) -> str: ...


class WindowsKeys:
    """Reads a console in a thread of its own; the console's mode stays as it is.

    Args:
        decoder: turns bytes into commands; a console may be set to send escape sequences.
        receive: gets what each look found.
        console: `msvcrt`, or what stands in for it.
    """

    def __init__(
        self,
        decoder: KeyDecoder,
        receive: Callable[[Sequence[Command]], None],
        console: Console | None = None,
    ) -> None:
        self._decoder = decoder
        self._receive = receive
        self._console: Console = console or importlib.import_module("msvcrt")
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, name="keyboard", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop reading; may be called twice."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _read(self) -> None:
        heard = time.monotonic()
        while not self._closing.wait(POLL_S):
            try:
                found = self._pending()
            except OSError:  # the console has been closed
                return
            now = time.monotonic()
            if found:
                heard = now
                self._receive(found)
            elif self._decoder.is_midway and now - heard >= ESCAPE_S:
                self._decoder.give_up()

    def _pending(self) -> list[Command]:
        found = []
        while self._console.kbhit():
            character = self._console.getwch()
            # The prefix is a letter of its own on a French keyboard; then nothing follows it.
            if character in PREFIXES and self._console.kbhit():
                name = CODES.get(self._console.getwch())
                if name is not None:
                    found.append(COMMANDS[name])
            elif character == INTERRUPT:
                # Ctrl-C that arrived during `getwch` itself comes as a character.
                _thread.interrupt_main()
            else:
                found += self._decoder.feed(character.encode("utf-8", "surrogatepass"))
        return found
