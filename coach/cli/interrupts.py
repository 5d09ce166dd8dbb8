"""Ctrl-C, and the signals that mean the same: none is lost, and none leaves a traceback."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any, Self

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
AGAIN_S = 0.02
"""Seconds after which an interrupt that was lost comes again."""


class Interrupts:
    """Raises KeyboardInterrupt for each signal, and remembers it; a context manager.

    Python loses an exception that is raised where nobody could catch it: in a destructor, in a
    callback from C, in the middle of an import. Where it notices, the interrupt comes again;
    where it does not, `check` raises it.

    Attributes:
        is_pressed: whether there was an interrupt.
    """

    def __init__(self) -> None:
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        handlers = {number: signal.getsignal(number) for number in numbers}
        # Under nohup a hangup is to be ignored, and stays so.
        self._before = {
            number: handler
            for number, handler in handlers.items()
            if handler not in (signal.SIG_IGN, None)
        }
        if threading.current_thread() is not threading.main_thread():
            self._before = {}  # Python lets no other thread do this
        self._hook_before = sys.unraisablehook
        self._number: int = signal.SIGINT
        self.is_pressed = False

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        sys.unraisablehook = self._hook_before

    def begin(self) -> None:
        """Watch from now on."""
        sys.unraisablehook = self._regain
        for number in self._before:
            signal.signal(number, self._press)

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was one."""
        if self.is_pressed:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """Let no further one disturb the end."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    def _press(self, number: int, _: object) -> None:
        self.is_pressed = True
        self._number = number
        raise KeyboardInterrupt

    def _regain(self, unraisable: Any) -> None:
        """Let an interrupt that Python was about to lose come again, a moment later."""
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            self._hook_before(unraisable)
            return
        # Not from here: that would be lost as well.
        again = threading.Timer(AGAIN_S, _interrupt_main, (self._number,))
        again.daemon = True
        again.start()


def _interrupt_main(number: int) -> None:
    if hasattr(signal, "pthread_kill"):  # which also ends a wait
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)
