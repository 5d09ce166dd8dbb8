"""Waiting for what happens in its own time; no test sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 20.0
"""Seconds that anything may take."""


def until(condition: Callable[[], object], what: str = "it", *, limit: float = LIMIT_S) -> None:
    """Return as soon as the condition holds; fail after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about in time"
        time.sleep(0.005)
