"""Measure how quick coach is and how much memory it takes, and print one table.

    python tests/bench/run.py [--rounds N] [--folder FOLDER] [--json FILE]

Two things that are compared run in turn, several rounds, and their medians are divided, so that
a busy machine slows both. Everything happens in a temporary folder, with a clip store of its own.
For Linux and macOS. The process that measures stays small: its memory would count as that of
the programs it starts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COACH = (sys.executable, "-m", "coach")
ROUTINE = "si-joint-relief"
ENGINE = "pyttsx3"
"""What speaks here; `voices.py` measures the others."""
NOT_OURS = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
"""Variables that would measure something else than what an installed coach does."""
QUARTER_HOUR = ("--reps", "7", "--rest", "29s")
"""What makes it last 15 minutes."""
LONG = """\
title: Ten hours
language: en
rest: 60s
exercises:
""" + "".join(
    f"  - {{name: Part {n}, reps: 60, phases: [{{cue: Breathe in, move: 3s, hold: 7s}},"
    " {cue: Breathe out, move: 3s, work: 45s}]}\n"
    for n in range(1, 11)
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    figure: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        good = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        sign = ">=" if self.at_least else "<="
        return f"{sign} {self.limit:,g}  {'met' if good else 'MISSED'}"


class Bench:
    """Runs programs in a folder of its own."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.clips = folder / "home" / "clips-of-coach"
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self._environment = inherited | {
            "HOME": str(folder / "home"),
            "PYTHONPATH": str(HERE.parent.parent),
            "XDG_CACHE_HOME": str(self.clips),
            "XDG_STATE_HOME": str(folder / "home" / "state"),
            "XDG_CONFIG_HOME": str(folder / "home" / "config"),
        }

    def cold(self) -> None:
        """Forget every clip."""
        shutil.rmtree(self.folder / "home", ignore_errors=True)
        (self.folder / "home").mkdir()

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment,
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

    def probe(self, *arguments: str) -> dict[str, float]:
        """Return what `probe.py` measures."""
        process = self.start((sys.executable, str(HERE / "probe.py"), *arguments))
        output, errors = process.communicate()
        if process.returncode:
            raise SystemExit(f"probe.py {' '.join(arguments)} failed:\n{errors.decode()}")
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


def start_up(bench: Bench) -> list[Row]:
    ours, least = bench.in_turn(
        lambda: bench.run(*COACH, "--help"),
        lambda: bench.run(sys.executable, "-c", "import click"),
        rounds=2 * bench.rounds,
    )
    return [
        Row("coach --help", 1000 * ours, "ms"),
        Row("  / python -c 'import click'", ours / least, "x", 3.0),
    ]


def _shares(whole: float, rounds: Sequence[dict[str, float]]) -> list[Row]:
    """Return each stage's share of the whole; what no stage has is spent before the first."""
    medians = {key: statistics.median(times[key] for times in rounds) for key in rounds[0]}
    medians["start-up, libraries"] = max(0.0, whole - sum(medians.values()))
    return [Row(f"  share: {key}", 100 * value / whole, "%") for key, value in medians.items()]


def cold(bench: Bench) -> list[Row]:
    sentences = 0.0

    def total() -> float:
        bench.cold()
        return bench.render("cold.wav")

    def speech_alone() -> float:
        nonlocal sentences
        bench.cold()
        found = bench.probe("speech", ROUTINE, ENGINE)
        sentences = found["sentences"]
        return found["seconds"]

    stages = []

    def in_stages() -> float:
        bench.cold()
        stages.append(bench.probe("stages", ROUTINE, "stages.wav", ENGINE))
        return 0.0

    whole, speech, _ = bench.in_turn(total, speech_alone, in_stages, rounds=bench.rounds)
    length = bench.probe("samples", "cold.wav", "cold.npy")["seconds"]
    return [
        Row(f"cold render of {length:.0f} s, {sentences:.0f} sentences", whole, "s"),
        Row("  x real time", length / whole, "x"),
        Row("  / the engine's time for the speech alone", whole / speech, "x", 1.5),
        *_shares(whole, stages),
    ]


def warm(bench: Bench) -> list[Row]:
    bench.render("warm.wav")
    length = bench.probe("samples", "warm.wav", "warm.npy")["seconds"]
    stages = []

    def in_stages() -> float:
        stages.append(bench.probe("stages", ROUTINE, "stages.wav", ENGINE))
        return 0.0

    whole, _ = bench.in_turn(lambda: bench.render("warm.wav"), in_stages, rounds=bench.rounds)
    return [
        Row(f"warm render of {length:.0f} s", whole, "s"),
        Row("  x real time", length / whole, "x"),
        *_shares(whole, stages),
    ]


def quarter_hour(bench: Bench) -> list[Row]:
    bench.render("quarter.wav", *QUARTER_HOUR)
    length = bench.probe("samples", "quarter.wav", "quarter.npy")["seconds"]
    bare = (sys.executable, str(HERE / "bare_write.py"), "quarter.npy", "bare.wav")
    whole, least = bench.in_turn(
        lambda: bench.render("quarter.wav", *QUARTER_HOUR),
        lambda: bench.run(*bare),
        rounds=2 * bench.rounds,
    )
    return [
        Row(f"warm render of {length:.0f} s", whole, "s"),
        Row("  x real time", length / whole, "x", 2000.0, at_least=True),
        Row("  / a bare numpy program that writes the same", whole / least, "x", 4.0),
    ]


ENCODED = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "64k"),
    "opus": ("-c:a", "libopus", "-application", "lowdelay", "-b:a", "40k"),
    "m4a": ("-c:a", "aac", "-b:a", "64k"),
}
"""What makes ffmpeg encode as coach does."""
ENCODED_LIMITS = {"mp3": 0.6, "opus": 1.0}


def encoding(bench: Bench) -> list[Row]:
    """Compare a whole render with ffmpeg, which encodes the samples that are ready in a WAV."""
    bench.render("encoded.wav", *QUARTER_HOUR)
    rows = []
    for name, options in ENCODED.items():
        target = f"encoded.{name}"
        by_ffmpeg = ("ffmpeg", "-v", "error", "-y", "-i", "encoded.wav", "-map", "0:a")
        ours, theirs = bench.in_turn(
            partial(bench.render, target, *QUARTER_HOUR),
            partial(bench.run, *by_ffmpeg, *options, f"theirs.{name}"),
            rounds=bench.rounds,
        )
        rows += [
            Row(f"{name} of 15 minutes, clips stored", ours, "s"),
            Row("  / ffmpeg encoding the same WAV", ours / theirs, "x", ENCODED_LIMITS.get(name)),
        ]
    return rows


VARIANTS = 24


def many_people(bench: Bench) -> list[Row]:
    """Compare a batch of MP3s with encoding them alone, by coach and by ffmpeg on all cores."""
    rows = "".join(
        f"P{n},{ROUTINE},reps={5 + n % 6} rest={20 + n}s cat-camel.hold={5 + n % 3}\n"
        for n in range(VARIANTS)
    )
    (bench.folder / "people.csv").write_text(f"name,routine,settings\n{rows}", "utf-8")
    batch = (*COACH, "batch", "people.csv", "-q", "--out")
    bench.run(*batch, "wavs", "--format", "wav")

    def made() -> float:
        shutil.rmtree(bench.folder / "made", ignore_errors=True)
        return bench.run(*batch, "made")

    def by_ffmpeg() -> float:
        ffmpeg = "ffmpeg -v error -y -i {} -map 0:a -c:a libmp3lame -b:a 64k {}.mp3"
        cores = os.cpu_count() or 1
        return bench.run("sh", "-c", f"ls wavs/*.wav | xargs -P{cores} -I{{}} {ffmpeg}")

    whole, alone, theirs = bench.in_turn(
        made,
        lambda: bench.probe("encoding", "wavs")["seconds"],
        by_ffmpeg,
        rounds=max(1, bench.rounds // 3),
    )
    return [
        Row(f"coach batch, {VARIANTS} MP3s", whole, "s"),
        Row("  / its encoder alone, all cores", whole / alone, "x", 1.3),
        Row("  / ffmpeg encoding them, all cores", whole / theirs, "x"),
    ]


def adjusting(bench: Bench) -> list[Row]:
    """Compare a profile in which a thousand routines have settings with one of a single one."""
    for count, profile in ((1, "one"), (1000, "many")):
        folder = bench.folder / "home/config/audio-coach/profiles" / profile / "settings"
        folder.mkdir(parents=True)
        for n in range(count - 1):
            (folder / f"routine-{n}.yaml").write_text("coach: 1\nvalues: {reps: 7}\n", "utf-8")

    def adjust(profile: str) -> float:
        return bench.run(*COACH, "adjust", ROUTINE, "reps=7", "-q", "--profile", profile)

    many, one = bench.in_turn(lambda: adjust("many"), lambda: adjust("one"), rounds=bench.rounds)
    return [
        Row("coach adjust, 1,000 routines saved", 1000 * many, "ms"),
        Row("  / with one saved", many / one, "x", 1.1),
    ]


def memory(bench: Bench) -> list[Row]:
    (bench.folder / "long.yaml").write_text(LONG, "utf-8")
    command = (*COACH, "render", "long.yaml", "-q", "--engine", ENGINE, "-o", "long.wav")
    process = bench.start(command)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the long render failed:\n{process.stderr and process.stderr.read()!r}")
    process.returncode = 0
    hours = (bench.folder / "long.wav").stat().st_size / 2 / 24_000 / 3600
    return [Row(f"peak memory, {hours:.1f} hours", _megabytes(used), "MB", 200.0)]


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def print_table(rows: Sequence[Row]) -> None:
    print(f"{'':<46} {'median':>10}     limit")
    for row in rows:
        print(f"{row.what:<46} {row.figure:>10,.2f} {row.unit:<3} {row.verdict}".rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure coach's speed and memory.")
    parser.add_argument("--rounds", type=int, default=7, help="how often (default: 7)")
    parser.add_argument("--folder", type=Path, help="where to write (2 GB; default: temporary)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    chosen: Any = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="coach-bench-", dir=chosen.folder) as name:
        bench = Bench(Path(name), chosen.rounds)
        bench.cold()
        for part in (start_up, cold, warm, quarter_hour, encoding, many_people, adjusting, memory):
            print(f"measuring: {part.__name__.replace('_', ' ')}", file=sys.stderr)
            rows += part(bench)
    print_table(rows)
    if chosen.json:
        figures = [
            {"what": row.what.strip(), "figure": row.figure, "unit": row.unit, "limit": row.limit}
            for row in rows
        ]
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
