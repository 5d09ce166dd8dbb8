"""The real clock: nothing that is done to the time of day changes it, and it notices sleep."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

import pytest

from coach.clock import LONGEST_WAIT_S, RealClock

HOUR_S = 3600.0


class Machine:
    """What the system's clocks say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.awake, self.asleep, self.day = 1000.0, 0.0, 1.7e9
        monkeypatch.setattr(time, "monotonic", lambda: self.awake)
        monkeypatch.setattr(time, "time", lambda: self.day)
        monkeypatch.setattr(time, "CLOCK_BOOTTIME", "boottime", raising=False)
        monkeypatch.setattr(time, "clock_gettime", lambda _: self.awake + self.asleep)
        monkeypatch.setattr(queue.Queue, "get", self._wait)

    def _wait(self, *, timeout: float) -> None:
        self.passes(timeout)
        raise queue.Empty

    def passes(self, seconds: float) -> None:
        self.awake += seconds
        self.day += seconds

    def sleeps(self, seconds: float) -> None:
        self.asleep += seconds
        self.day += seconds

    def is_set(self, seconds: float) -> None:
        self.day += seconds


@pytest.mark.parametrize(
    ("happens", "slept"),
    [
        (lambda _: None, 0.0),
        (lambda machine: machine.is_set(5 * HOUR_S), 0.0),
        (lambda machine: machine.is_set(-5 * HOUR_S), 0.0),
        (lambda machine: machine.sleeps(HOUR_S), HOUR_S),
        (lambda machine: machine.passes(10.0), 10.0),  # the process was stopped
    ],
)
def test_only_sleep_and_stops_are_sleep(
    monkeypatch: pytest.MonkeyPatch, happens: Callable[[Machine], None], slept: float
) -> None:
    machine = Machine(monkeypatch)
    clock = RealClock()
    arrivals: queue.Queue[None] = queue.Queue()
    for _ in range(3):
        before = clock.now()
        assert clock.wait(arrivals, 0.05) is None
        assert clock.now() - before == pytest.approx(0.05)
        assert clock.slept() == 0.0
    happens(machine)
    clock.wait(arrivals, 0.05)
    assert clock.slept() == pytest.approx(slept, abs=LONGEST_WAIT_S)
    clock.wait(arrivals, 0.05)
    assert clock.slept() == 0.0, "it is told once"
