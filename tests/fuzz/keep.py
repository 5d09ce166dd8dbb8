"""Keep of what fuzzing has found the smallest inputs that reach something more.

    python -m tests.fuzz.keep [TARGET …]

What is reached is counted in steps from one line of the coach to another, beginning with those
that the files of other tests reach.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import coach
from tests.fuzz.targets import KEPT, TARGETS, Place, place, seeds

FOUND = Path(".fuzz")
"""Where `tests.fuzz.run` writes."""
LARGEST = 2_000
"""Bytes of an input that is kept."""
PACKAGE = str(Path(coach.__file__).parent)
Step = tuple[str, int, int]


def steps(here: Place, target: str, data: bytes) -> set[Step]:
    """Return the steps that an input takes through the coach."""
    found: set[Step] = set()
    before: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            found.add((frame.f_code.co_filename, before.get(frame, 0), frame.f_lineno))
            before[frame] = frame.f_lineno
        elif event == "return":
            before.pop(frame, None)
        return trace

    sys.settrace(trace)
    try:
        TARGETS[target](here, data)
    finally:
        sys.settrace(None)
    return found


def smallest(here: Place, target: str) -> Iterator[bytes]:
    """Yield the inputs that are worth keeping, smallest first."""
    folders = [FOUND / target, KEPT / target]
    files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    contents = {path.read_bytes() for path in files}
    reached: set[Step] = set()
    for data in seeds(target):
        reached |= steps(here, target, data)
    for data in sorted(contents, key=lambda data: (len(data), data)):
        if len(data) <= LARGEST and (taken := steps(here, target, data)) - reached:
            reached |= taken
            yield data


def main(*targets: str) -> None:
    """Put what is worth keeping into the corpus; what has a name there stays."""
    with place() as here:
        for target in targets or TARGETS:
            folder = KEPT / target
            kept = set(smallest(here, target))
            for path in folder.glob("found-*"):
                path.unlink()
            folder.mkdir(exist_ok=True)
            for data in kept - {path.read_bytes() for path in folder.iterdir()}:
                name = hashlib.sha256(data).hexdigest()[:12]
                (folder / f"found-{name}").write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
