"""Calls into sound libraries, which may wait for ever for a sound server that does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TooLateError(Exception):
    """A call did not return in time. It goes on, on a thread that does not hold up the exit."""


class _Call(Generic[T]):
    def __init__(self, task: Callable[[], T], too_late: Callable[[T], None]) -> None:
        self._task = task
        self._too_late = too_late
        self._lock = threading.Lock()
        self._given_up = False
        self._error: BaseException | None = None
        self._result: list[T] = []
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._result.append(self._task())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is wanted
            self._error = error
        with self._lock:
            given_up = self._given_up
            self.done.set()
        if given_up and self._result:
            self._too_late(self._result.pop())

    def give_up(self) -> bool:
        """Return whether the call is still running; then nobody wants its result any more."""
        with self._lock:
            self._given_up = not self.done.is_set()
            return self._given_up

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result.pop()


def within(
    seconds: float, task: Callable[[], T], too_late: Callable[[T], None] = lambda _: None
) -> T:
    """Return what `task` returns, or raise what it raises, if that takes `seconds` at most.

    Args:
        seconds: the limit.
        task: called on a thread of its own.
        too_late: called there with a result that comes after the limit.

    Raises:
        TooLateError: it takes longer.
    """
    call = _Call(task, too_late)
    threading.Thread(target=call.run, daemon=True).start()
    if not call.done.wait(seconds) and call.give_up():
        raise TooLateError
    return call.result()
