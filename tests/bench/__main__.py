"""Measure coach's speed and memory, and say what got slower: one table.

    python -m tests.bench [PART]... [--quick] [--rounds N] [--record]

Each figure stands beside a limit, or a rival that runs in turn with it, and beside what was
recorded last in `results.json`. Ratios are compared, since seconds are of a machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bench.results import RECORD, record, recorded, told
from tests.bench.run import Bench, Row

PARTS = {
    "start-up": "starting:start_up",
    "first-render": "rendering:cold",
    "second-render": "rendering:warm",
    "encoding": "rendering:encoding",
    "batch": "rendering:many_people",
    "adjust": "rendering:adjusting",
    "memory": "rendering:memory",
    "voices": "voices:first_heard",
    "live": "live:live",
    "large": "large:large",
    "day": "large:day",
}
"""Where the function is that measures each part."""


def measured(part: str, rounds: int, folder: Path | None) -> list[Row]:
    """Return the rows of a part, measured by this process."""
    module, _, name = PARTS[part].partition(":")
    function = getattr(import_module(f"tests.bench.{module}"), name)
    with tempfile.TemporaryDirectory(prefix="coach-bench-", dir=folder) as place:
        rows: list[Row] = function(Bench(Path(place), rounds))
    return rows


def by_child(part: str, rounds: int, folder: Path | None) -> list[Row]:
    """Return the rows of a part, measured by a process that has loaded nothing else."""
    command = [sys.executable, "-m", "tests.bench", part, "--rounds", str(rounds), "--rows"]
    command += ["--folder", str(folder)] if folder else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        print(f"{part} could not be measured", file=sys.stderr)
        return []
    return [Row(**row) for row in json.loads(done.stdout)]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=str(__doc__).splitlines()[0]
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=7, help="how often (default: 7)")
    parser.add_argument("--quick", action="store_true", help="one round, to try it")
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.name}")
    parser.add_argument("--folder", type=Path, help="where to write (2 GB; default: temporary)")
    parser.add_argument("--rows", action="store_true", help=argparse.SUPPRESS)
    chosen: Any = parser.parse_args()
    unknown = [part for part in chosen.parts if part not in PARTS]
    if unknown:
        parser.error(f"expected parts of {', '.join(PARTS)}; found {', '.join(unknown)}")
    rounds = 1 if chosen.quick else chosen.rounds
    if chosen.rows:
        rows = [row for part in chosen.parts for row in measured(part, rounds, chosen.folder)]
        json.dump([asdict(row) for row in rows], sys.stdout)
        return
    results = {}
    for part in chosen.parts or PARTS:
        print(f"measuring: {part}", file=sys.stderr)
        if rows := by_child(part, rounds, chosen.folder):
            results[part] = rows
    print(told(results, recorded()))
    if chosen.record:
        record(results)


if __name__ == "__main__":
    main()
