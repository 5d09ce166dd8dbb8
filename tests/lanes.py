"""All tests: `python -m tests.lanes`.

What may have no gap in its sound wants a core that does nothing else. Where there are two, it has
the last one to itself while the rest computes on the others; that is as good as an idle machine.
Elsewhere one comes after the other. What is heard but may have gaps comes at the end: it mostly
waits, so more of it than there are cores is tried at once.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest")
COMPUTED = (*PYTEST, "--dist", "loadfile", "--no-loadscope-reorder", "--ignore", "tests/live", "-n")
LIVE = (*PYTEST, "tests/live", "--dist", "load", "--maxschedchunk", "1", "-n")
QUIET = ((*LIVE, "1", "-m", "alone"), (*LIVE, "2", "-m", "to_the_frame"))
TOGETHER = (*LIVE, "6", "-m", "not alone and not to_the_frame")


def main() -> int:
    """Run all tests; return 0 if all passed."""
    cores = _cores()
    computed = (*COMPUTED, str(max(3, len(cores) + 1)))
    with ThreadPoolExecutor(1) as lane:
        if len(cores) < 2:
            failed = [_failed(*step) for step in (computed, *QUIET)]
        else:
            quiet = lane.submit(_alone, max(cores), cores)
            os.sched_setaffinity(0, cores - {max(cores)})
            failed = [_failed(*computed), *quiet.result()]
    return int(any([*failed, _failed(*TOGETHER)]))


def _cores() -> set[int]:
    if hasattr(os, "sched_setaffinity"):
        return os.sched_getaffinity(0)
    return set()


def _alone(core: int, all_cores: set[int]) -> list[bool]:
    """Run what wants a core of its own on one, and leave that to all others at the end."""
    os.sched_setaffinity(0, {core})  # this thread, and what it starts
    try:
        return [_failed(*step, aside=True) for step in QUIET]
    finally:
        _spread(os.getpid(), all_cores)


def _failed(*command: str, aside: bool = False) -> bool:
    """Run a command; what it prints appears at its end if it runs aside."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE if aside else None,
        stderr=subprocess.STDOUT if aside else None,
        check=False,
    )
    if aside:
        sys.stdout.buffer.write(b"\n" + done.stdout)
        sys.stdout.flush()
    return done.returncode != 0


def _spread(process: int, cores: set[int]) -> None:
    """Let a process, and all that it has started, use these cores."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            os.sched_setaffinity(int(thread.name), cores)
            for child in (thread / "children").read_text().split():
                _spread(int(child), cores)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
