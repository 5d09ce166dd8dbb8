"""Single keys from a POSIX terminal, on good terms with the shell's job control.

A process in the background that reads its terminal is stopped by SIGTTIN, and one that changes
its settings by SIGTTOU. So whose turn it is is asked before either, and both signals are blocked
meanwhile, because the answer may be out of date by then.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import select
import signal
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from coach.controls import Command
from coach.controls.keys import ESCAPE_S, KeyDecoder
from coach.controls.threads import leave_signals_to_main_thread

BACKGROUND_S = 0.25
"""Between two looks whether the process has come to the foreground, in seconds; a shell need not
send a signal when it brings up a process that was running."""

CLOSE_S = 1.0
"""How long an end waits for the reading thread, in seconds; it ends by itself as well."""

LOCAL_FLAGS, CONTROL_CHARACTERS = 3, 6
"""Where they are in what `tcgetattr` returns."""

JOB_SIGNALS = (signal.SIGTTIN, signal.SIGTTOU)
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class TerminalKeys:
    """Reads a terminal in a thread of its own and sets it to pass on each key, unechoed.

    Args:
        terminal: its file descriptor, which stays the caller's.
        decoder: turns bytes into commands.
        receive: gets what each read asks for, in the thread.
    """

    def __init__(
        self, terminal: int, decoder: KeyDecoder, receive: Callable[[Sequence[Command]], None]
    ) -> None:
        self._terminal = terminal
        self._decoder = decoder
        self._receive = receive
        # A signal handler may come in between in the main thread, hence reentrant.
        self._lock = threading.RLock()
        self._before: list[Any] | None = None
        self._is_set = False
        self._is_suspended = False
        self._closed = False
        self._handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {}
        self._previous: dict[signal.Signals, Any] = {}
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        self._thread = threading.Thread(target=self._read, name="keyboard", daemon=True)

    def start(self) -> None:
        atexit.register(self._restore)
        if threading.current_thread() is threading.main_thread():
            self._handle_signals()
        with contextlib.suppress(OSError):  # the thread meets it again
            if self._is_foreground():
                self._set()
        self._thread.start()

    def close(self) -> None:
        """Stop reading and restore the terminal; may be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._wake()
        # Restored first: what comes may be a second Ctrl-C, and then this stays done.
        self._restore()
        self._leave_signals()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)
        if not self._thread.is_alive():
            os.close(self._wake_in)
            os.close(self._wake_out)
        with contextlib.suppress(termios.error):
            # What was hit after the end is no command for the shell.
            if self._before is not None and self._may_touch():
                termios.tcflush(self._terminal, termios.TCIFLUSH)
        atexit.unregister(self._restore)

    # The terminal's settings

    def _is_foreground(self) -> bool:
        """Return whether the terminal is this process's to read.

        Raises:
            OSError: the terminal has been closed.
        """
        try:
            return os.tcgetpgrp(self._terminal) == os.getpgrp()
        except OSError as error:
            # Not the terminal that controls this process: then there is no job control either.
            if error.errno == errno.ENOTTY and os.isatty(self._terminal):
                return True
            raise

    def _may_touch(self) -> bool:
        try:
            return self._is_foreground()
        except OSError:
            return False

    def _set(self, *, again: bool = False) -> None:
        """Pass on single keys without an echo; signals from keys and flow control stay on."""
        with self._lock, _unstoppable():
            if self._closed or self._is_suspended or (self._is_set and not again):
                return
            try:
                modes = termios.tcgetattr(self._terminal)
                if self._before is None:
                    self._before = termios.tcgetattr(self._terminal)
                modes[LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON)
                modes[CONTROL_CHARACTERS][termios.VMIN] = 1
                modes[CONTROL_CHARACTERS][termios.VTIME] = 0
                self._is_set = True
                # Now, not drained: output held by Ctrl-S would hold this as well.
                termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
            except termios.error as error:
                raise OSError(*error.args) from error

    def _restore(self) -> None:
        with self._lock, _unstoppable():
            # In the background the shell has taken the terminal over, with settings of its own.
            if self._is_set and self._before is not None and self._may_touch():
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
            self._is_set = False

    # Signals

    def _handle_signals(self) -> None:
        self._handlers = {signal.SIGTSTP: self._on_stop, signal.SIGCONT: self._on_continue}
        # Where the program handles its end, `close` is called on the way out.
        self._handlers |= {
            number: self._on_end for number in ENDINGS if signal.getsignal(number) is signal.SIG_DFL
        }
        for number, handler in tuple(self._handlers.items()):
            previous = signal.getsignal(number)
            # An ignored stop stays ignored; a handler that is not Python's (None) could not be
            # put back.
            if previous is None or (number == signal.SIGTSTP and previous is signal.SIG_IGN):
                del self._handlers[number]
                continue
            self._previous[number] = previous
            signal.signal(number, handler)

    def _leave_signals(self) -> None:
        for number, handler in self._handlers.items():
            if signal.getsignal(number) == handler:  # else somebody has come after us
                signal.signal(number, self._previous[number])
        self._handlers = {}

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self._is_suspended = True  # else the thread might set it again in between
        try:
            self._restore()
            previous = self._previous[signal.SIGTSTP]
            if callable(previous):
                previous(number, frame)
            else:
                signal.signal(signal.SIGTSTP, signal.SIG_DFL)
                signal.raise_signal(signal.SIGTSTP)  # returns when the process goes on
                signal.signal(signal.SIGTSTP, self._on_stop)
        finally:
            self._is_suspended = False
            self._wake()

    def _on_continue(self, number: int, frame: FrameType | None) -> None:
        # After a SIGSTOP, which nobody sees coming, the shell may have set what it likes.
        if self._may_touch():
            with contextlib.suppress(OSError):
                self._set(again=True)
        self._wake()
        previous = self._previous[signal.SIGCONT]
        if callable(previous):
            previous(number, frame)

    def _on_end(self, number: int, _frame: FrameType | None) -> None:
        self._is_suspended = True
        self._restore()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    # The thread

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full is awake enough
            os.write(self._wake_out, b"x")

    def _read(self) -> None:
        leave_signals_to_main_thread()
        signal.pthread_sigmask(signal.SIG_BLOCK, JOB_SIGNALS)
        with contextlib.suppress(OSError):  # the terminal has been closed
            while not self._closed:
                if not self._is_foreground():
                    self._is_set = False
                    self._wait([], BACKGROUND_S)
                    continue
                self._set()
                midway = self._decoder.is_midway
                if self._wait([self._terminal], ESCAPE_S if midway else None):
                    if not self._take():
                        return
                elif midway:
                    self._decoder.give_up()

    def _wait(self, inputs: list[int], limit: float | None) -> bool:
        """Return whether there is input; False after `limit` seconds or when woken."""
        ready, _, _ = select.select([*inputs, self._wake_in], [], [], limit)
        if self._wake_in in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_in, 4096)
        return any(number in ready for number in inputs)

    def _take(self) -> bool:
        """Read what there is and pass it on; return False at the end of the file.

        Raises:
            OSError: the terminal has been closed.
        """
        if not self._is_foreground():
            return True
        try:
            data = os.read(self._terminal, 1024)
        except BlockingIOError:  # somebody else was faster, and the terminal is set not to wait
            return True
        except OSError:
            # Sent to the background since the question, or the terminal is gone.
            if self._is_foreground():
                raise
            return True
        self._receive(self._decoder.feed(data))
        return bool(data)


@contextlib.contextmanager
def _unstoppable() -> Iterator[None]:
    """Block SIGTTOU in this thread, so that changing a terminal's settings never stops it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
