"""Threads that keep out of the way of signals."""

from __future__ import annotations

import signal

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGCONT", "SIGWINCH", "SIGCHLD")


def leave_signals_to_main_thread() -> None:
    """Let no signal that a program handles come to this thread.

    Python runs handlers in the main thread alone, and a signal that another thread took, as a
    stopped process's SIGCONT may be, does not wake it.
    """
    if hasattr(signal, "pthread_sigmask"):
        known = {getattr(signal, name) for name in NAMES if hasattr(signal, name)}
        signal.pthread_sigmask(signal.SIG_BLOCK, known)
