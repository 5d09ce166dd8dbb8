"""All tests, in two lanes: in front what is heard live, and behind it what only computes.

What is heard takes as long as it sounds and hardly uses the processor; but when it wants it, it
wants it at once. So what computes runs beside it in a session of its own, which gets what is left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeAlias

Arguments: TypeAlias = tuple[str, ...]
"""Of a run of pytest."""

BROWSER = "tests/render/test_page_in_chromium.py"

BEHIND = (
    *("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"),
    *("--ignore", "tests/live", "--ignore", BROWSER),
)
LIVE = ("tests/live", "--dist", "load", "--maxschedchunk", "1")
IN_FRONT: tuple[Arguments, ...] = (
    (*LIVE, "-n", "4", "-m", "not to_the_frame and not one_at_a_time and not alone"),
    (*LIVE, "-n", "2", "-m", "to_the_frame"),
    (*LIVE, "-n", "1", "-m", "one_at_a_time"),
    # A browser takes sessions of its own, and would be in the way of what is heard.
    (BROWSER,),
)
"""One after the other: of what is heard as many at once as what may be late allows."""
IN_THE_END = (*LIVE, "-n", "1", "-m", "alone")
"""When nothing else runs any more."""

NICENESS = 8
"""Of what is behind. Some of it starts what has to be nicer still, so it is not the most there is."""
SESSION_NICENESS = "19"
"""How nice its session is to the others: as nice as can be. A session that it began itself would
not be, and even such nice ones delay what is heard if there are several: 40 to 70 ms instead of 8."""

AUTOGROUP = Path("/proc/self/autogroup")
"""Where Linux keeps how nice all processes of a session together are to those of another."""

INTERRUPTED = 130


def main() -> int:
    """Run all tests; return 0 if they pass, 130 after Ctrl-C, and 1 otherwise."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryFile() as heard:
        behind = subprocess.Popen([sys.executable, __file__, "behind"], start_new_session=True)
        try:
            codes = [_run(arguments, heard) for arguments in IN_FRONT]
            codes.append(behind.wait())
            codes.append(_run(IN_THE_END, heard))
        except KeyboardInterrupt:
            os.killpg(behind.pid, signal.SIGINT)
            behind.wait()
            codes = []
        # Earlier, it would be written into the lines of what is behind.
        heard.seek(0)
        sys.stdout.buffer.write(heard.read())
    # What a signal has ended has a code below 0.
    return int(any(codes)) if codes else INTERRUPTED


def compute() -> int:
    """Run what only computes behind everything else; return pytest's code."""
    os.nice(NICENESS)
    with suppress(OSError):  # without such groups, each process's own niceness counts
        AUTOGROUP.write_text(SESSION_NICENESS, "ascii")
    try:
        return _run(BEHIND)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(arguments: Arguments, output: IO[bytes] | None = None) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        return process.wait()
    except KeyboardInterrupt:  # which it gets as well
        process.wait()
        raise


if __name__ == "__main__":
    sys.exit(compute() if sys.argv[1:] == ["behind"] else main())
