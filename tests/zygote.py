"""Coaches that start at once: forked from a process that has imported everything already.

Run as a program, it is that process. A line of JSON on stdin is a coach to start, or one to wait
for; each is answered by a line.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]

FAILED = 99
"""The exit code of a coach that ends in a traceback."""

IMPORTED = (
    *("coach.cli.play", "coach.cli.render", "coach.cli.adjust", "coach.cli.sessions"),
    *("coach.cli.personal", "coach.cli.adjust_report", "coach.cli.by_voice", "coach.cli.screen"),
    *("coach.live", "coach.outputs.paced", "coach.outputs.loudspeaker", "coach.routine"),
    *("coach.history.recording", "coach.history.entry", "coach.render.publication"),
    *("coach.render.mp3", "coach.render.captions", "coach.render.loudness"),
    *("coach.speech.pyttsx3_engine", "coach.speech.level", "coach.controls.mpris", "sqlite3"),
    *("numpy", "soundfile", "soxr", "lameenc", "mutagen.id3", "PIL.ImageFont", "babel.plural"),
    *("num2words", "rich.live", "pyfiglet", "tempfile", "wakepy", "platformdirs"),
)


class Coach:
    """A coach that runs in a session of its own."""

    def __init__(self, zygote: Zygote, pid: int, out: Path) -> None:
        self.pid = pid
        self._zygote = zygote
        self._out = out
        self._handle = os.pidfd_open(pid)

    def runs(self, seconds: float) -> bool:
        """Wait for its end, so long at most, and return whether it still runs."""
        return not select.select([self._handle], [], [], seconds)[0]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, whether it still runs or not."""
        signal.pidfd_send_signal(self._handle, number)

    def wait(self) -> int:
        """Return its exit code, or a signal's number made negative."""
        assert not self.runs(60), f"it does not end: {self.told}"
        os.close(self._handle)
        return os.waitstatus_to_exitcode(self._zygote.ask({"wait": self.pid}))

    @property
    def told(self) -> str:
        """What it has printed on stdout and stderr."""
        return self._out.read_text() if self._out.exists() else ""


class Zygote:
    """Starts coaches; a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._number = 0
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)

    def start(self, folder: Path, *arguments: object, **environment: str) -> Coach:
        """Start a coach in this process's environment and more; it prints into `folder`."""
        self._number += 1
        out = folder / f"{self._number}.out"
        request = {
            "arguments": [str(argument) for argument in arguments],
            "environment": {**os.environ, **environment},
            "out": str(out),
        }
        return Coach(self, self.ask(request), out)

    def ask(self, request: Mapping[str, Any]) -> int:
        """Return the answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


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


def _become_coach(request: Mapping[str, Any]) -> None:
    import tempfile

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None
    nothing = os.open(os.devnull, os.O_RDONLY)
    out = os.open(request["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, handle in enumerate((nothing, out, out)):
        os.dup2(handle, number)
    sys.argv = ["coach", *request["arguments"]]
    from coach.__main__ import main

    main()


def main() -> None:
    """Serve until stdin closes."""
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "wait" in request:
            print(os.waitpid(request["wait"], 0)[1], flush=True)
            continue
        pid = os.fork()
        if not pid:
            code = FAILED
            try:
                _become_coach(request)
            except SystemExit as end:
                code = int(end.code or 0)
            except BaseException:  # noqa: BLE001 - it is printed, and what was forked ends here
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
