"""A few things at once, on threads that never hold up the end of the program."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

POLL_S = 0.1
"""How long a wait goes on before it looks up. A wait without an end cannot be broken off by
Ctrl-C on Windows; the wait itself still ends the moment something arrives."""


def as_finished(
    function: Callable[[T], R], items: Sequence[T], threads: int
) -> Iterator[tuple[T, R]]:
    """Yield (item, function(item)) as each is finished, on at most `threads` threads.

    The first exception is raised here, and nothing further is begun; so too when the caller
    leaves the loop or presses Ctrl-C. What has been begun is left to end by itself.
    """
    todo: queue.SimpleQueue[T] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    done: queue.SimpleQueue[tuple[T, R] | BaseException] = queue.SimpleQueue()
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((item, function(item)))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                done.put(error)

    for _ in range(min(threads, len(items))):
        threading.Thread(target=work, daemon=True).start()
    try:
        for _ in items:
            outcome = _wait_for(done)
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        over.set()


def aside(task: Callable[[], R]) -> R:
    """Return what `task` returns, done on another thread.

    Python raises an interrupt in the main thread only, and there a library that is written in C
    may lose it: av did in one of 25 cases while it decoded.
    """
    for _, result in as_finished(lambda _: task(), [None], 1):
        return result
    raise AssertionError  # pragma: no cover - one item has one result


def _wait_for(arrivals: queue.SimpleQueue[R]) -> R:
    while True:
        try:
            return arrivals.get(timeout=POLL_S)
        except queue.Empty:
            continue


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
