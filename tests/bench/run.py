"""What the parts of the bench share: rows of its table, and programs that run in turn.

What is compared runs in turn, several rounds, so that a busy machine slows both, and the medians
are divided. Everything happens in a temporary folder, with a clip store of its own. For Linux and
macOS. The process that measures stays small: its memory would count as that of the programs it
starts.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COACH = (sys.executable, "-m", "coach")
ROUTINE = "si-joint-relief"
ENGINE = "pyttsx3"
"""What speaks here; `voices.py` measures the others."""
NOT_OURS = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
"""Variables that would measure something else than what an installed coach does."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    """The same in every run, so that figures can be compared with those of the last record."""
    figure: float
    unit: str
    limit: float | None = None
    """Of the ratio if there is a rival, else of the figure."""
    at_least: bool = False
    """More is better."""
    rival: float | None = None
    """The figure of what ran in turn with it, in the same unit."""
    beside: str = ""
    """What the rival is."""

    @property
    def ratio(self) -> float | None:
        """What is compared from one machine to another; None if nothing can be.

        Seconds are of a machine; multiples and megabytes are not.
        """
        if self.rival is not None:
            return self.figure / self.rival
        return self.figure if self.unit in ("x", "MB") else None

    @property
    def verdict(self) -> str:
        """Return whether the limit is met; empty if there is none."""
        if self.limit is None:
            return ""
        judged = self.figure / self.rival if self.rival is not None else self.figure
        good = judged >= self.limit if self.at_least else judged <= self.limit
        sign = ">=" if self.at_least else "<="
        return f"{sign} {self.limit:,g} {'met' if good else 'MISSED'}"


class Bench:
    """Runs programs in a folder of its own."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.clips = folder / "home" / "clips-of-coach"
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.environment = inherited | {
            "HOME": str(folder / "home"),
            "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(self.clips),
            "XDG_CONFIG_HOME": str(folder / "home" / "config"),
            "XDG_DATA_HOME": str(folder / "home" / "data"),
            "XDG_STATE_HOME": str(folder / "home" / "state"),
        }
        self.cold()

    def cold(self) -> None:
        """Forget every clip."""
        shutil.rmtree(self.folder / "home", ignore_errors=True)
        (self.folder / "home").mkdir()

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *command: str) -> float:
        """Return the seconds that a program takes, from its start to its end."""
        start = time.perf_counter()
        process = self.start(command)
        _, errors = process.communicate()
        taken = time.perf_counter() - start
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.decode()}")
        return taken

    def processor(self, *command: str, good: Sequence[int] = (0,)) -> float:
        """Return the seconds of processor that a program and those it starts take.

        Args:
            command: the program.
            good: exit codes that are no failure.
        """
        return self.costs(*command, good=good)[0]

    def costs(self, *command: str, good: Sequence[int] = (0,)) -> tuple[float, float]:
        """Return the seconds of processor that a program takes, and the megabytes at most."""
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in good:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        megabytes = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
        return used.ru_utime + used.ru_stime, megabytes

    def probe(self, *arguments: str, program: str = "probe.py") -> dict[str, float]:
        """Return what `probe.py`, or another program beside it, measures."""
        process = self.start((sys.executable, str(ROOT / "tests/bench" / program), *arguments))
        output, errors = process.communicate()
        if process.returncode:
            raise SystemExit(f"{program} {' '.join(arguments)} failed:\n{errors.decode()}")
        found: dict[str, float] = json.loads(output)
        return found

    def render(self, target: str, *options: str) -> float:
        command = (*COACH, "render", ROUTINE, "-q", "-o", target, "--engine", ENGINE)
        return self.run(*command, *options)  # of two engines the later one is meant

    def in_turn(self, *things: Callable[[], float], rounds: int) -> list[float]:
        """Return the median of each thing's seconds; a first round is not counted."""
        taken: list[list[float]] = [[] for _ in things]
        for number in range(rounds + 1):
            for thing, seconds in zip(things, taken, strict=True):
                value = thing()
                if number:
                    seconds.append(value)
        return [statistics.median(seconds) for seconds in taken]
