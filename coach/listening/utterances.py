"""Where something is said: a stream of sound is cut into utterances that stand alone.

An utterance is speech with silence before and behind it. Sound is judged in chunks of one
length counted from the first sample, so what is found does not depend on how it arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from coach.listening import RATE

if TYPE_CHECKING:
    from coach.timeline import Samples

CHUNK = 512
"""Samples that the detector judges at once: 32 ms."""
BEGINS = 0.5
"""Likelihood of speech at which an utterance begins."""
GOES_ON = 0.35
"""Likelihood below which a chunk is silence within an utterance; lower, so that soft ends count."""
CLOSING = 6
"""Chunks of silence, 0.19 s, after which an utterance is probably over."""
CLOSED = 13
"""Chunks of silence, 0.42 s, after which it is: people pause for less behind an address."""
SHORTEST = 0.3
"""Seconds of speech; less is a noise."""
LONGEST = 3.0
"""Seconds of speech; a command is shorter, and who talks longer talks to somebody else."""
BEFORE = round(0.4 * RATE)
"""Samples before the speech that are kept: soft consonants are found late, and noise is known."""
ONSET = 2 * CHUNK
"""Samples by which the beginning may be found late."""


class Utterance(Struct, frozen=True):
    """Speech that stands alone."""

    start: int
    """Sample of the stream at which `samples` begin."""
    begins: int
    """Sample of the stream at which the speech begins."""
    ends: int
    """Sample of the stream at which it ends."""
    samples: Samples
    """What was said, and a little silence around it."""
    lead: int
    """How many of the samples are surely before the speech."""
    is_closed: bool
    """Whether the silence behind it is long enough; else it may still go on."""


class Utterances:
    """Cuts a stream of samples at `RATE` into utterances."""

    def __init__(self, likelihood: Callable[[bytes], float]) -> None:
        """Begin.

        Args:
            likelihood: from 0 to 1, of speech in a chunk of samples, given what came before it.
        """
        self._likelihood = likelihood
        self._position = 0
        self._rest = np.zeros(0, np.int16)
        self._before: list[Samples] = []
        self._chunks: list[Samples] = []
        self._silent = 0

    @property
    def position(self) -> int:
        """Samples of the stream that have been judged."""
        return self._position

    def hear(self, samples: Samples) -> Iterator[Utterance]:
        """Yield each utterance twice: when it is probably over, and when it is.

        What is said again soon after the first time was not over; then it is yielded anew.
        """
        self._rest = np.concatenate([self._rest, samples])
        while len(self._rest) >= CHUNK:
            chunk, self._rest = self._rest[:CHUNK], self._rest[CHUNK:]
            self._position += CHUNK
            if (found := self._judge(chunk)) is not None:
                yield found

    def skip(self, count: int) -> None:
        """Pass over samples, and forget what was being said before them."""
        self._position += len(self._rest) + count
        self._rest = np.zeros(0, np.int16)
        self._before, self._chunks, self._silent = [], [], 0

    def _judge(self, chunk: Samples) -> Utterance | None:
        likelihood = self._likelihood(chunk.tobytes())
        if not self._chunks:
            if likelihood < BEGINS:
                self._before = [*self._before[1 - BEFORE // CHUNK :], chunk]
            else:
                self._chunks = [chunk]
            return None
        self._silent = self._silent + 1 if likelihood < GOES_ON else 0
        spoken = (len(self._chunks) + 1 - self._silent) * CHUNK / RATE
        if spoken <= LONGEST:
            self._chunks.append(chunk)
        else:
            # Only how long it lasts matters from here on.
            self._chunks.append(chunk[:0])
        if self._silent not in (CLOSING, CLOSED):
            return None
        found = self._found() if SHORTEST <= spoken <= LONGEST else None
        if self._silent == CLOSED:
            self._before = self._chunks[-BEFORE // CHUNK :]
            self._chunks, self._silent = [], 0
        return found

    def _found(self) -> Utterance:
        kept = len(self._chunks) - self._silent + CLOSING
        ends = self._position - self._silent * CHUNK
        begins = self._position - len(self._chunks) * CHUNK
        before = len(self._before) * CHUNK
        return Utterance(
            start=begins - before,
            begins=begins,
            ends=ends,
            samples=np.concatenate([*self._before, *self._chunks[:kept]]),
            lead=max(0, before - ONSET),
            is_closed=self._silent == CLOSED,
        )
