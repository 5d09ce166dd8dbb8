"""Waiting for what happens in its own time; no test sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 20.0
"""Seconds that anything may take."""


def until(condition: Callable[[], object], what: str = "it", *, limit: float = LIMIT_S) -> None:
    """Return as soon as the condition holds; fail after `limit` seconds.

    What takes longer is looked at less often, from every 5 ms on.
    """
    begun = time.monotonic()
    while not condition():
        waited = time.monotonic() - begun
        assert waited < limit, f"{what} did not come about in time"
        time.sleep(min(max(0.005, waited / 20), 0.03))
