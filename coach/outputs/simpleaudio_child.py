"""The process that owns simpleaudio, and plays tapes: files of raw sound that are still written to.

simpleaudio frees memory without holding the interpreter's lock, which ends a Python 3.12 or later
with a segmentation fault unless it was started with PYTHONMALLOC=malloc; so it gets a Python of
its own. This file runs by its path, without the coach package:

    PYTHONMALLOC=malloc python -P simpleaudio_child.py

A request is a line of JSON on stdin, and so is each answer on stdout:

    {"tape": PATH, "rate": HZ}  -> {"tape": PATH, "at": SECONDS of the monotonic clock}
                                or {"tape": PATH, "error": "missing" | "failed", "message": ...}
    when a tape has ended       -> {"tape": PATH, "ended": true}

A tape is mono, 16 bit, in the machine's byte order. The process ends when its stdin does.
"""

from __future__ import annotations

import json
import mmap
import os
import queue
import sys
import threading
import time
from typing import Any

POLL_S = 0.1
"""Seconds between looks whether a tape still plays."""


def main() -> None:
    """Serve requests until stdin closes."""
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    players: dict[str, Any] = {}
    while True:
        try:
            request = requests.get(timeout=POLL_S)
        except queue.Empty:
            for path in [path for path, player in players.items() if not player.is_playing()]:
                del players[path]
                _answer({"tape": path, "ended": True})
            continue
        path = request["tape"]
        try:
            players[path] = _play(path, request["rate"])
        except ImportError as error:
            _answer({"tape": path, "error": "missing", "message": str(error)})
        except Exception as error:  # noqa: BLE001 - simpleaudio's error class has no public name
            _answer({"tape": path, "error": "failed", "message": str(error)})
        else:
            _answer({"tape": path, "at": time.monotonic()})


def _listen(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    # simpleaudio's own threads would keep the process alive until the tape's end.
    os._exit(0)


def _play(path: str, rate: int) -> Any:
    import simpleaudio

    with open(path, "rb") as file:  # noqa: PTH123 - nothing more is imported than is needed
        tape = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # The player keeps the view, and that keeps the map; what it plays is never copied.
    return simpleaudio.play_buffer(memoryview(tape), 1, 2, rate)


def _answer(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
