"""A process that has imported what `coach` needs, and forks a child for each run of it.

So a run costs what it does itself, and hundreds of them seconds. Started with the library of
`failing_files.c` loaded, it can let any operation of a run on files fail. It reads a request, a
line of JSON, and answers with another. What a run without a fault had to import is imported here,
for the runs that follow.

The runs are real but for two things: a voice that needs no process of its own, and the clock of
`coach play`, which does not wait.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import select
import signal
import sys
import tempfile
from contextlib import ExitStack, suppress
from typing import IO, Any


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


def serve() -> None:
    """Answer every request until there is none."""
    import coach.cli.play
    import coach.speech.speakers
    from coach.clock import VirtualClock

    vars(coach.speech.speakers)["open_engine"] = lambda _name, **_: QuickVoice()
    vars(coach.cli.play)["_clock"] = lambda *_, **__: VirtualClock()
    state = state_of_library()
    # A run on one core does everything in the same order each time.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for line in sys.stdin:
        requests = json.loads(line)
        sys.stdout.write(json.dumps(answers(requests, state)) + "\n")
        sys.stdout.flush()


def state_of_library() -> Any:
    """Return the state of the library that was loaded before all others."""
    function = ctypes.CDLL(None).failing_files
    function.restype = ctypes.POINTER(State)
    return function().contents


def answers(requests: list[dict[str, Any]], state: Any) -> list[dict[str, Any]]:
    """Fork a run of `coach` for each request, all at once, and return what came of them."""
    state.count, state.room, state.failed = 0, 0, b""
    for name in ("at", "error", "mode", "names_all"):
        setattr(state, name, requests[0][name])
    with ExitStack() as stack:
        runs = []
        for request in requests:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            child = os.fork()
            if not child:
                run(request, state, *files)
            runs.append((child, files))
        codes = [wait_for(child, requests[0]["limit"]) for child, _ in runs]
        state.folders = b""
        if not state.at:
            bring_in(text_of(runs[0][1][2]).split())
        return [
            {
                "code": code,
                "operations": state.log[: state.room].decode("utf-8", "replace").splitlines(),
                "failed": state.failed.decode("utf-8", "replace"),
                "out": text_of(files[0]),
                "err": text_of(files[1]),
            }
            for code, (_, files) in zip(codes, runs, strict=True)
        ]


def bring_in(modules: list[str]) -> None:
    """Import what a run had to import."""
    for name in modules:
        if name not in sys.modules:
            with suppress(Exception):
                importlib.import_module(name)


def run(
    request: dict[str, Any], state: Any, out: IO[bytes], err: IO[bytes], modules: IO[bytes]
) -> None:
    """Become what a shell starts, run `coach`, and exit."""
    leave = os._exit

    def end(code: int) -> None:
        state.folders = b""
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        if not request["at"]:
            modules.write(" ".join(sys.modules).encode())
            modules.flush()
        leave(code)

    os._exit = end  # type: ignore[assignment]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    tempfile.tempdir = None
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    from coach.cli import main

    sys.argv = ["coach", *request["arguments"]]
    code = 99
    try:
        state.folders = b"".join(os.fsencode(name) + b"\n" for name in request["folders"])
        main()
    except SystemExit as over:
        code = int(over.code or 0)
    finally:
        end(code)


def wait_for(child: int, limit: float) -> int:
    """Return the exit code of a child, negative if a signal ended it, as at the limit in seconds."""
    handle = os.pidfd_open(child)
    try:
        if not select.select([handle], [], [], limit)[0]:
            os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(handle)


def text_of(file: IO[bytes]) -> str:
    """Return what was written to a file."""
    file.seek(0)
    return file.read().decode("utf-8", "replace")


if __name__ == "__main__":
    serve()
