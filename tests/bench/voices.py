"""Measure how soon an engine has spoken a session that nobody has heard before.

The whole render is compared with what the engine itself needs, which `probe.py` measures in turn
with it: its sentences one after the other, divided by its workers, without and with its start.
The first word is the second sound in the file that `coach play --output file` writes as time
passes, after the tone that wakes a loudspeaker. That file has no name before it is whole: Linux
shows it among what the process has open.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.bench.run import COACH, ROUTINE, Bench, Row

ENGINES = ("neural",)

RATE = 48_000
HEADER = 44
"""Bytes of a WAV file before its samples."""
AUDIBLE = 100
"""A sample above this is no silence."""
GAP_S = 0.3
"""Silence that parts two sounds."""
LONGEST_WAIT_S = 30.0


def cold(bench: Bench, engine: str) -> list[Row]:
    own = []

    def total() -> float:
        bench.cold()
        return bench.render("cold.wav", "--engine", engine)

    def alone() -> float:
        own.append(bench.probe("one-by-one", ROUTINE, engine))
        return 0.0

    whole, _ = bench.in_turn(total, alone, rounds=bench.rounds)
    start = statistics.median(found["start"] for found in own)
    shared = statistics.median(found["sentences"] / found["workers"] for found in own)
    return [
        Row(f"{engine}: first render", whole, "s", 1.2, rival=shared, beside="its sentences alone"),
        Row(
            f"{engine}: first render",
            whole,
            "s",
            rival=start + shared,
            beside="its start and its sentences",
        ),
    ]


def first_word(bench: Bench, engine: str) -> float:
    """Return the seconds from the command to the first word."""
    bench.cold()
    command = (*COACH, "play", ROUTINE, "-q", "--plain", "--engine", engine)
    start = time.perf_counter()
    process = bench.start((*command, "--output", "file", "--file", "live.wav"))
    try:
        while time.perf_counter() - start < LONGEST_WAIT_S:
            time.sleep(0.01)
            if any(_sounds(path) >= 2 for path in _unnamed(process.pid, bench.folder)):
                return time.perf_counter() - start
    finally:
        process.terminate()
        process.communicate()
    raise SystemExit(f"{engine} says nothing within {LONGEST_WAIT_S:g} s")


def _unnamed(pid: int, folder: Path) -> Iterator[Path]:
    """Yield the files of a folder without a name that a process has open."""
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has just been closed
            if str(path.readlink()).startswith(f"{folder}/#"):
                yield path


def _sounds(path: Path) -> int:
    """Return how many sounds there are in a file that is still being written."""
    content = path.read_bytes()[HEADER:]
    samples = np.frombuffer(content[: len(content) // 2 * 2], np.int16)
    heard = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE)
    return int(heard.size > 0) + int(np.count_nonzero(np.diff(heard) > GAP_S * RATE))


def first_heard(bench: Bench) -> list[Row]:
    """Measure each engine."""
    rows = []
    for engine in ENGINES:
        rows += cold(bench, engine)
        words = [first_word(bench, engine) for _ in range(bench.rounds)]
        rows.append(Row(f"{engine}: first word of coach play", statistics.median(words), "s", 3.0))
    return rows
