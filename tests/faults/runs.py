"""Runs of `coach` in which an operation on files fails, and what they leave on the disk."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.faults import failing
from tests.forked import Coach, Ran, Server, name_of

HERE = Path(__file__).parent
LIMIT_S = 30.0
"""Seconds after which a run is taken to hang."""

ONCE, LASTING, SHORT = 0, 1, 2
"""How an operation fails: this one, this one and all after it, or it does half of what it should."""

ERRORS = (errno.ENOSPC, errno.EACCES, errno.EIO, errno.EROFS)


@dataclass(frozen=True, slots=True)
class Fault:
    """What fails in a run."""

    at: int
    """The number of the operation, from 1."""
    error: int = errno.EIO
    mode: int = ONCE

    def __str__(self) -> str:
        how = ("once", "from then on", "short")[self.mode]
        return f"operation {self.at}: {errno.errorcode[self.error]}, {how}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    code: int
    out: str
    err: str
    operations: Sequence[str] = ()
    """All of a run without a fault: what was done, and to what."""
    failed: str = ""
    """The operation that failed."""

    @classmethod
    def of(cls, ran: Ran, operations: Sequence[str] = (), failed: str = "") -> Self:
        """Return what came of a run that has ended."""
        out, err = (text.decode("utf-8", "replace") for text in (ran.out, ran.err))
        return cls(ran.code, out, err, operations, failed)


class Runs:
    """Runs of `coach` whose operations on files can fail."""

    def __init__(self, folder: Path) -> None:
        library = folder / "failing_files.so"
        source = str(HERE / "failing_files.c")
        command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), source]
        subprocess.run([*command, "-ldl"], check=True)
        self._server = Server({"LD_PRELOAD": str(library)}, name_of(failing.prepare))

    def run(
        self,
        world: World,
        command: str,
        folders: Sequence[str] = (),
        fault: Fault | None = None,
    ) -> Outcome:
        """Run `coach` once.

        Args:
            world: what it finds.
            command: the arguments of `coach`, with spaces between.
            folders: those in which operations are counted and fail.
            fault: what fails.
        """
        what = (fault.at, fault.error, fault.mode) if fault else (0, 0, 0)
        self._server.ask(name_of(failing.plan), *what, world.names_all)
        ran = self._start(world, command, folders).ran(LIMIT_S)
        return Outcome.of(ran, *self._server.ask(name_of(failing.found)))

    def together(self, world: World, commands: Sequence[str]) -> list[Outcome]:
        """Run `coach` several times at once."""
        running = [self._start(world, command, ()) for command in commands]
        return [Outcome.of(run.ran(LIMIT_S)) for run in running]

    def _start(self, world: World, command: str, folders: Sequence[str]) -> Coach:
        return self._server.start(
            *command.split(),
            folder=world.root,
            environment=world.environment,
            before=(failing.arm, [str(world.root / name) for name in folders]),
        )

    def close(self) -> None:
        """End the process that they are forked from."""
        self._server.close()


class World:
    """A home, a folder for outputs and one for temporary files, which can be set back.

    Attributes:
        root: the folder of all.
        environment: of a run.
        names_all: whether its disk has no files without a name.
    """

    def __init__(self, root: Path) -> None:
        self.root = root / "world"
        self.names_all = False
        self._kept = root / "kept"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "TMPDIR": str(self.root / "tmp"),
            "LANG": "C.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            self.environment[f"XDG_{name}_HOME"] = str(self.root / name.lower())
        for name in ("out", "tmp"):
            (self.root / name).mkdir(parents=True)

    def keep(self, name: str) -> None:
        """Keep all as it is under a name."""
        shutil.rmtree(self._kept / name, ignore_errors=True)
        shutil.copytree(self.root, self._kept / name, symlinks=True)

    def set_back(self, name: str) -> None:
        """Make all as it was kept under a name."""
        shutil.rmtree(self.root)
        shutil.copytree(self._kept / name, self.root, symlinks=True)

    def content(self) -> dict[str, str]:
        """Return what is there: each path below the root, and what stands for what it holds."""
        return {str(path.relative_to(self.root)): _content(path) for path in _paths(self.root)}


def _paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and path.name != "written.txt":
            yield path


MOMENT = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)?")
RANDOM = (".ogg", ".opus", ".m4a")
"""Endings of files that have a random number or a moment in them."""


def _content(path: Path) -> str:
    """Return what stands for a file's content but for the moments at which it was written."""
    if not path.is_file():
        return "no file"
    if path.name == "history.db-journal":
        return "of a transaction"
    if path.name == "history.db":
        with suppress(sqlite3.Error), tempfile.TemporaryDirectory() as copies:
            # To look at it makes good what was broken off, which is left to the next run.
            for part in path.parent.glob("history.db*"):
                shutil.copy(part, copies)
            return sessions(Path(copies, path.name))
    if path.name == "manifest.jsonl":
        with suppress(ValueError):
            records = map(json.loads, path.read_text("utf-8").splitlines())
            return str(sorted({one["file"]: (one["file"], one["key"]) for one in records}.values()))
    if path.suffix in RANDOM:
        return f"{path.stat().st_size} bytes"
    return hashlib.sha256(MOMENT.sub(b"", path.read_bytes())).hexdigest()[:12]


def sessions(path: Path) -> str:
    """Return what a history says of its sessions.

    Raises:
        sqlite3.Error: it is damaged.
    """
    with closing(sqlite3.connect(path)) as connection:
        ((check,),) = connection.execute("PRAGMA integrity_check").fetchall()
        rows = connection.execute("SELECT done, finished, closed, pain_after FROM session")
        return f"{check} {rows.fetchall()}"
