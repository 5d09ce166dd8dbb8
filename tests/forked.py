"""Runs of `coach`, each a process of its own without the second that Python takes to begin.

They are forked from a process that has imported all that they need, and has no threads. Run as a
program, this module is that process: each line of JSON on stdin asks for something, and is answered
by another.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import pty
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]

LIMIT_S = 60.0
"""Seconds after which a run that has not ended is taken to hang, and is killed."""

FAILED = 99
"""The exit code of a run that ends in a traceback."""

PROGRAMS = ("coach.__main__", "coach.controls.windows_keys", "coach.listening.permission")
"""Modules that are not to be imported."""

LIBRARIES = (
    *("rich.live", "rich.table", "rich.progress", "soundfile", "soxr", "av", "lameenc", "wakepy"),
    *("mutagen.id3", "PIL.Image", "PIL.ImageFont", "babel.dates", "babel.plural", "num2words"),
    *("PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.PngImagePlugin"),
    *("PIL.PpmImagePlugin", "PIL.ImageDraw", "difflib", "importlib.readers", "av.subtitles"),
    *("mutagen.flac", "mutagen.mp4", "mutagen.oggvorbis", "importlib.metadata"),
    *("pyfiglet", "platformdirs", "prompt_toolkit.application", "sqlite3", "wave", "numpy.fft"),
    *("numpy.random", "babel.numbers", "babel.lists", "jeepney", "jeepney.io.blocking"),
    *("wakepy.dbus_adapters.jeepney", "encodings.utf_8_sig"),
)
"""What runs import when they need it; but not what few do and takes long, such as matplotlib."""


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


class Coach:
    """A run of `coach`, in a process group of its own."""

    def __init__(self, server: Server, pid: int, files: tuple[Path, Path]) -> None:
        self.pid = pid
        self._server = server
        self._files = files
        self._handle = os.pidfd_open(pid)

    def runs(self, seconds: float) -> bool:
        """Wait for its end, so long at most, and return whether it still runs."""
        return not select.select([self._handle], [], [], seconds)[0]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, whether it still runs or not."""
        signal.pidfd_send_signal(self._handle, number)

    def wait(self, limit: float = LIMIT_S) -> int:
        """Return its exit code, or a signal's number made negative; it is killed at the limit."""
        if self.runs(limit):
            self.send(signal.SIGKILL)
        os.close(self._handle)
        return os.waitstatus_to_exitcode(self._server.ask("wait", self.pid))

    def ran(self, limit: float = LIMIT_S) -> Ran:
        """Return what came of it, once it has ended."""
        code = self.wait(limit)
        out, err = (path.read_bytes() for path in self._files)
        for path in self._files:
            path.unlink()
        return Ran(code, out, err)

    @property
    def told(self) -> str:
        """What it has printed so far."""
        return "".join(path.read_text("utf-8") for path in self._files)

    def shown(self, master: int) -> bytes:
        """Return what is shown on its terminal until it ends."""
        shown = b""
        while True:
            ready, _, _ = select.select([master, self._handle], [], [], LIMIT_S)
            if master in ready:
                shown += os.read(master, 65536)
            elif ready:
                return shown
            else:
                raise TimeoutError(f"no end after {shown!r}")


class Server:
    """The process that runs are forked from; a context manager.

    Args:
        environment: what it has besides this process's environment.
        preparation: a function that it calls as it begins, as "module:name"; default: none.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, preparation: str | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="coach-forked-")
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", *([preparation] if preparation else [])],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **(environment or {})},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._folder.cleanup()

    def start(
        self,
        *arguments: object,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        before: tuple[Callable[..., object], *tuple[object, ...]] | None = None,
        terminal: str = "",
    ) -> Coach:
        """Start a run; stdin is empty.

        Args:
            arguments: of the command.
            folder: the working directory; default: this process's.
            environment: all of it; default: this process's.
            before: a function of a module that is called in the new process, and what it gets.
            terminal: what is stdin, stdout and stderr; default: none.
        """
        self._count += 1
        files = [Path(self._folder.name, f"{self._count}.{name}") for name in ("out", "err")]
        for file in files:
            file.touch()
        pid = self.ask(
            "start",
            {
                "arguments": [str(argument) for argument in arguments],
                "folder": str(folder or Path.cwd()),
                "environment": dict(os.environ if environment is None else environment),
                "streams": [terminal] * 3 if terminal else [os.devnull, *map(str, files)],
                "before": (name_of(before[0]), *before[1:]) if before else None,
            },
        )
        return Coach(self, pid, (files[0], files[1]))

    def ask(self, what: str, *about: object) -> Any:
        """Return what a function of the server, or one that is named "module:name", returns."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([what, *about]).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@functools.cache
def common_server() -> Server:
    """Return the one that all tests of this process have in common, which ends with it."""
    server = Server()
    atexit.register(server.close)
    return server


def coach(
    *arguments: object,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], object] | None = None,
    terminal: tuple[int, int] | None = None,
) -> Ran:
    """Return what a run came to; see `Server.start`.

    Args:
        arguments: of the command.
        folder: the working directory.
        environment: all of it.
        before: is called in the new process; a function of a module.
        terminal: columns and lines of a terminal for stdin, stdout and stderr; default: none.
    """
    begin = functools.partial(
        common_server().start,
        *arguments,
        folder=folder,
        environment=environment,
        before=(before,) if before else None,
    )
    if not terminal:
        return begin().ran()
    master, slave = pty.openpty()
    try:
        _resize(slave, *terminal)
        run = begin(terminal=os.ttyname(slave))
        shown = run.shown(master)
        ran = run.ran()
        return Ran(ran.code, shown, b"")
    finally:
        os.close(master)
        os.close(slave)


def _resize(handle: int, columns: int, lines: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def name_of(function: Callable[..., object]) -> str:
    """Return what `named` finds a function by."""
    return f"{function.__module__}:{function.__qualname__}"


def named(name: str) -> Callable[..., Any]:
    """Return the function of a name."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def of_session(marker: str) -> list[str]:
    """Return the command lines of the processes that have `marker` in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and marker.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended
            continue
    return found


# -- the server ----------------------------------------------------------------------------------


def start(request: Mapping[str, Any]) -> int:
    """Fork a run and return its process id."""
    before = None
    if request["before"]:
        name, *about = request["before"]
        before = functools.partial(named(name), *about)
    pid = os.fork()
    if not pid:
        _become_coach(request, before)
    return pid


def wait(pid: int) -> int:
    """Return with what status a run ended."""
    return os.waitpid(pid, 0)[1]


def _become_coach(request: Mapping[str, Any], before: Callable[[], object] | None) -> None:
    """Become what a shell starts, run `coach`, and exit."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None
    os.chdir(request["folder"])
    for number, name in enumerate(request["streams"]):
        handle = os.open(name, os.O_RDWR | os.O_APPEND)
        os.dup2(handle, number)
        os.close(handle)
    code = FAILED
    try:
        if before is not None:
            before()
        for number, mode, stream in ((0, "r", "stdin"), (1, "w", "stdout"), (2, "w", "stderr")):
            try:
                opened = os.fdopen(number, mode, encoding="utf-8", closefd=False)
            except OSError:
                opened = None  # what is closed is nothing, as in an interpreter that begins
            setattr(sys, stream, opened)
        sys.argv = ["coach", *request["arguments"]]
        from coach.__main__ import main

        main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - it is printed, and what was forked ends here
        import traceback

        traceback.print_exc()
    finally:
        # As an interpreter does at its end: what never ends keeps the run from ending.
        threading._shutdown()  # type: ignore[attr-defined]
        for written in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                written.flush()
        os._exit(code)


def _build() -> None:
    """Build what each run would for itself: models of scripts, names of emoji, how English counts."""
    from babel import Locale
    from pydantic import BaseModel
    from rich.emoji import Emoji

    from coach import format as keys

    for model in vars(keys).values():
        if isinstance(model, type) and issubclass(model, BaseModel) and model is not BaseModel:
            model.model_rebuild()
    assert Emoji("coffee")
    assert Locale("en").plural_form


def serve() -> None:
    """Answer until stdin closes."""
    import coach

    for module in pkgutil.walk_packages(coach.__path__, "coach."):
        if module.name not in PROGRAMS:
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    _build()
    for name in sys.argv[1:]:
        named(name)()
    # A process that looks at everything in memory would have to copy it all.
    gc.freeze()
    for line in sys.stdin.buffer:
        what, *about = json.loads(line)
        answer = named(f"{__name__}:{what}" if ":" not in what else what)(*about)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
