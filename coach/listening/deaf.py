"""When not to listen: while the coach itself makes a sound."""

from __future__ import annotations

import itertools
import math
import threading
from typing import TYPE_CHECKING

from coach.listening import RATE
from coach.listening.capture import Block

if TYPE_CHECKING:
    from coach.timeline import Samples

Span = tuple[float, float]
"""Monotonic seconds: from, and until before."""


class DeafSpans:
    """Spans of time in any order, which may overlap; from several threads."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._lock = threading.Lock()

    def add(self, from_: float, until: float) -> None:
        """Do not listen between two monotonic times; nothing if they are the wrong way round."""
        with self._lock:
            before = [span for span in self._spans if span[1] < from_]
            after = [span for span in self._spans if span[0] > until]
            touching = self._spans[len(before) : len(self._spans) - len(after)]
            if from_ < until:
                merged = (
                    min([from_, *(span[0] for span in touching)]),
                    max([until, *(span[1] for span in touching)]),
                )
                self._spans = [*before, merged, *after]

    def since(self, now: float) -> tuple[Span, ...]:
        """Forget what has ended before `now`, and return the rest, in order."""
        with self._lock:
            self._spans = [span for span in self._spans if span[1] > now]
            return tuple(self._spans)

    def pieces(self, block: Block) -> list[tuple[bool, Samples]]:
        """Return a block in pieces, none of them empty, each with whether it is listened to."""
        start, count = block.start, len(block.samples)
        edges = [0]
        for from_, until in self.since(start):
            # A frame belongs to a span if it begins within it. Times of a machine that has run for
            # weeks are right to a thousandth of a frame.
            edges += (
                min(count, max(edges[-1], math.ceil((time - start) * RATE - 1e-3)))
                for time in (from_, until)
            )
        edges.append(count)
        found = [
            (number % 2 == 0, block.samples[low:high])
            for number, (low, high) in enumerate(itertools.pairwise(edges))
        ]
        return [piece for piece in found if len(piece[1])]
