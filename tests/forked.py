"""Runs of `coach`, each a process of its own without the second that Python takes to begin.

They are forked from a process that has imported what they need, and has no threads.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pty
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory

LIMIT_S = 60
"""Seconds after which a run that has not ended is taken to hang."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run."""

    code: int
    """What it exited with; negative if a signal ended it."""
    out: bytes
    """What it wrote on stdout; on a terminal what it wrote on stderr, too."""
    err: bytes

    @property
    def told(self) -> bytes:
        return self.out + self.err


def coach(
    *arguments: object,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], object] | None = None,
    terminal: tuple[int, int] | None = None,
) -> Ran:
    """Return what a run came to; stdin is empty.

    Args:
        arguments: of the command.
        folder: the working directory; default: this process's.
        environment: all of it; default: this process's.
        before: is called in the new process; a function of a module.
        terminal: columns and lines of a terminal for stdin, stdout and stderr; default: none.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.forked_imports"])
    whole = dict(os.environ if environment is None else environment)
    where = str(folder or Path.cwd())
    command = list(map(os.fspath, map(_text, arguments)))
    with TemporaryDirectory() as name:
        files = (f"{name}/out", f"{name}/err")
        for file in files:
            Path(file).touch()
        master, slave, shown = None, "", b""
        if terminal:
            master, handle = pty.openpty()
            slave = os.ttyname(handle)
            _resize(handle, *terminal)
        process = context.Process(
            target=_run, args=(command, where, whole, files, slave, before), daemon=False
        )
        process.start()
        try:
            if master is not None:
                shown = _read(master, process.sentinel)
            elif not wait([process.sentinel], LIMIT_S):
                raise TimeoutError(f"coach {command} did not end")
            process.join(LIMIT_S)
        finally:
            if process.is_alive():
                process.kill()
            process.join()
            if master is not None:
                os.close(master)
                os.close(handle)
        out, err = (Path(file).read_bytes() for file in files)
        return Ran(process.exitcode or 0, out + shown, err)


def _text(argument: object) -> str:
    return argument if isinstance(argument, str) else str(argument)


def _resize(handle: int, columns: int, lines: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def _read(master: int, end: int) -> bytes:
    """Return what is shown until the process ends, and what is left then."""
    shown = b""
    while True:
        ready, _, _ = select.select([master, end], [], [], LIMIT_S)
        if master in ready:
            shown += os.read(master, 65536)
        elif end in ready:
            return shown
        else:
            raise TimeoutError(f"no end after {shown!r}")


def _run(
    command: Sequence[str],
    folder: str,
    environment: Mapping[str, str],
    files: tuple[str, str],
    slave: str,
    before: Callable[[], object] | None,
) -> None:
    """Become what a shell starts, run `coach`, and exit."""
    import tempfile

    import coach.cli

    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    os.chdir(folder)
    names = (slave,) * 3 if slave else (os.devnull, *files)
    for number, name in enumerate(names):
        handle = os.open(name, os.O_RDWR)
        os.dup2(handle, number)
        os.close(handle)
    if before is not None:
        before()
    for number, mode, stream in ((0, "r", "stdin"), (1, "w", "stdout"), (2, "w", "stderr")):
        try:
            opened = os.fdopen(number, mode, encoding="utf-8", closefd=False)
        except OSError:
            opened = None  # what is closed is nothing, as in an interpreter that begins
        setattr(sys, stream, opened)
    sys.argv = ["coach", *command]
    code = 99
    try:
        coach.cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        for written in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                written.flush()
        os._exit(code)
