"""How soon each command has done its work, beside Python and the libraries it cannot do without.

What counts is the processor's time, since a busy machine changes that least.
"""

from __future__ import annotations

import sys
from functools import partial

from tests.bench.run import COACH, ENGINE, ROOT, ROUTINE, Bench, Row

_MODELS = "import click, yaml; from pydantic import BaseModel"
LIBRARIES = {
    "click": "import click",
    "yaml": "import click, yaml",
    "pydantic": _MODELS,
    "numpy": f"import os; os.environ['OPENBLAS_NUM_THREADS'] = '1'; import numpy; {_MODELS}",
}
"""What a command is compared with, by the last of the libraries in it."""
SCRIPT = str(ROOT / "scripts/box-breathing.yaml")
TABLE = str(ROOT / "tests/exchange/samples/table.csv")
HANDOUT = str(ROOT / "tests/draft/corpus/01-hospital-low-back.txt")
COMMANDS = (
    ("coach --help", "click", 2.0),
    ("coach play --help", "click", 2.5),
    ("coach schema", "click", 2.0),
    ("coach history", "yaml", 3.0),
    ("coach new --blank {new}", "yaml", 3.0),
    (f"coach check {SCRIPT}", "pydantic", 2.5),
    (f"coach fmt --check {SCRIPT}", "pydantic", 2.5),
    (f"coach draft {HANDOUT}", "pydantic", 4.0),
    (f"coach import {TABLE}", "pydantic", 3.0),
    ("coach export box-breathing --to jawt", "pydantic", 3.0),
    ("coach list", "pydantic", 4.0),
    ("coach list --json", "pydantic", 4.0),
    (f"coach show {ROUTINE}", "pydantic", 4.0),
    (f"coach adjust {ROUTINE} --show", "pydantic", 4.0),
    ("coach cues", "numpy", 3.0),
    ("coach voices", "numpy", 4.0),
    ("coach doctor", "numpy", 4.0),
    (f"coach render {ROUTINE} -q -o warm.wav --engine {ENGINE}", "numpy", 5.0),
    (f"coach play {ROUTINE} -q --engine {ENGINE} --output none --fast", "numpy", 12.0),
)
"""Each command, what it is compared with, and how many times as long it may take."""


def start_up(bench: Bench) -> list[Row]:
    """Measure every command."""
    number = 0

    def once(command: str) -> float:
        nonlocal number
        number += 1
        arguments = command.format(new=f"new-{number}.yaml").split()[1:]
        # Where nothing can be heard, `coach doctor` says so and ends with 1.
        return bench.processor(*COACH, *arguments, good=(0, 1) if "doctor" in command else (0,))

    def bare(program: str) -> float:
        return bench.processor(sys.executable, "-c", program)

    things = [partial(bare, program) for program in LIBRARIES.values()]
    things += [partial(once, command) for command, _, _ in COMMANDS]
    medians = bench.in_turn(*things, rounds=2 * bench.rounds)
    least = dict(zip(LIBRARIES, medians, strict=False))
    rows = []
    for (command, library, limit), own in zip(COMMANDS, medians[len(least) :], strict=True):
        what = command.replace(f"{ROOT}/", "").replace("{new}", "x.yaml")
        beside = f"importing {', '.join(list(LIBRARIES)[: list(LIBRARIES).index(library) + 1])}"
        rows.append(Row(what, 1000 * own, "ms", limit, rival=1000 * least[library], beside=beside))
    return rows
