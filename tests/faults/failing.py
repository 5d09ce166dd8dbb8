"""What lets the operations of a run on files fail, in the process that forks it and in the run.

The process has the library of `failing_files.c` loaded. Its runs are real but for two things: a
voice that needs no process of its own, and the clock of `coach play`, which does not wait.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Sequence
from typing import Any


class State(ctypes.Structure):
    """What the library and its users share; see `struct state` there."""

    _fields_ = (
        ("count", ctypes.c_long),
        ("at", ctypes.c_long),
        ("error", ctypes.c_int),
        ("mode", ctypes.c_int),
        ("names_all", ctypes.c_int),
        ("folders", ctypes.c_char * 4096),
        ("room", ctypes.c_long),
        ("log", ctypes.c_char * (1 << 20)),
        ("failed", ctypes.c_char * 512),
    )


class QuickVoice:
    """Says each text as a tone, without a process of its own."""

    name = "quick"
    fingerprint = "quick 1"
    workers = 1

    def start(self, count: int) -> None:
        """Need no start."""

    def synthesize(self, text: str) -> Any:
        """Return a tone that is as long as the text."""
        import numpy as np

        from coach.speech import Speech

        return Speech(22_050, (np.sin(np.arange(900 * len(text)) / 9) * 3000).astype(np.int16))

    def close(self) -> None:
        """Have nothing to end."""


@functools.cache
def state() -> Any:
    """Return the state of the library, which was loaded before all others."""
    function = ctypes.CDLL(None).failing_files
    function.restype = ctypes.POINTER(State)
    return function().contents


def prepare() -> None:
    """Get everything ready from which runs are forked."""
    import coach.cli.play
    import coach.speech.speakers
    from coach.clock import VirtualClock

    vars(coach.speech.speakers)["open_engine"] = lambda _name, **_: QuickVoice()
    vars(coach.cli.play)["_clock"] = lambda *_, **__: VirtualClock()
    state()
    # A run on one core does everything in the same order each time.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def plan(at: int, error: int, mode: int, names_all: int) -> None:
    """Plan what fails in the next run."""
    now = state()
    now.count, now.room, now.failed = 0, 0, b""
    now.at, now.error, now.mode, now.names_all = at, error, mode, names_all


def arm(folders: Sequence[str]) -> None:
    """Let operations in these folders fail from now to the end of this process, as is planned."""
    leave = os._exit

    def end(code: int) -> None:
        state().folders = b""
        leave(code)

    os._exit = end  # type: ignore[assignment]
    state().folders = b"".join(os.fsencode(name) + b"\n" for name in folders)


def found() -> tuple[list[str], str]:
    """Return the operations of the last run, if it had no fault, and else the one that failed."""
    now = state()
    now.folders = b""  # a run that was killed has not done it
    operations = now.log[: now.room].decode("utf-8", "replace").splitlines()
    return operations, now.failed.decode("utf-8", "replace")
