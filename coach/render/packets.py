"""A programme as a codec's packets, encoded on all cores.

Packets follow each other on a grid. Those of silence are all alike, so only the pieces with sound
are encoded, in groups, and each group by an encoder of its own, which begins in silence. Pieces
that are alike, such as ticks and counts, are encoded once.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from coach.parallel import as_finished, cores
from coach.render.pieces import Piece, groups_of, pieces_of

if TYPE_CHECKING:
    from coach.render import Progress
    from coach.render.loudness import Frames
    from coach.render.programme import Sound

GROUP_S = 30
"""Seconds with sound that one encoder gets at least; it takes a millisecond to make one."""
LONG_S = 120
"""Sound without silence that is longer, such as music, is encoded as a stream."""
BLOCK_S = 10
"""Seconds of a stream that are in memory at once."""


class Codec(Protocol):
    """Turns samples into packets."""

    grid: int
    """Frames in a packet."""
    delay: int
    """Frames by which the decoded sound is late, which the file declares."""
    lead: int
    """Packets of silence that an encoder needs between other silence and a sound."""
    tail: int
    """Packets after a sound until all is silent again."""
    warm_up: int
    """Packets that an encoder gives before it is as it would be in the middle of silence."""

    def encode(self, blocks: Iterable[Frames]) -> Iterator[bytes]:
        """Yield the packets of a new encoder, one for each `grid` frames at least."""
        ...

    def silence(self) -> bytes:
        """Return a packet from the middle of silence."""
        ...


def packets_of(programme: Sound, codec: Codec, progress: Progress) -> Iterator[bytes]:
    """Yield the packets of a whole programme, in order, `count_of` of them."""
    pieces = pieces_of(
        programme.sounding(),
        programme.duration,
        grid=codec.grid,
        lead=codec.lead * codec.grid,
        tail=codec.tail * codec.grid,
    )
    if any(piece.length > LONG_S * programme.rate for piece in pieces):
        yield from _streamed(programme, codec, progress)
        return
    alike = _alike(programme, pieces)
    left = Counter(alike[piece] for piece in pieces)
    groups = groups_of(list(left), GROUP_S * programme.rate)
    encoded = _in_order(_GroupEncoder(programme, codec), groups)
    silence = codec.silence()
    count = count_of(programme.duration, codec)
    ready: dict[Piece, list[bytes]] = {}
    done = 0
    for piece in pieces:
        model = alike[piece]
        while model not in ready:
            ready.update(next(encoded))
            progress(min(programme.duration, done * codec.grid), programme.duration)
        left[model] -= 1
        packets = ready[model] if left[model] else ready.pop(model)
        first = piece.start // codec.grid
        yield from (silence for _ in range(done, first))
        kept = packets[: max(0, count - first)]
        yield from kept
        done = first + len(kept)
    yield from (silence for _ in range(done, count))
    progress(programme.duration, programme.duration)


def _alike(programme: Sound, pieces: Sequence[Piece]) -> dict[Piece, Piece]:
    """Return for each piece the first one that has the same samples."""

    def digest(piece: Piece) -> bytes:
        return hashlib.sha256(programme.read(*piece).tobytes()).digest()

    digests = dict(as_finished(digest, pieces, cores()))
    first: dict[bytes, Piece] = {}
    return {piece: first.setdefault(digests[piece], piece) for piece in pieces}


def _streamed(programme: Sound, codec: Codec, progress: Progress) -> Iterator[bytes]:
    """Yield the packets of sound without silence, by one encoder, block by block."""
    import numpy as np

    def blocks() -> Iterator[Frames]:
        yield np.zeros((codec.warm_up * codec.grid, programme.channels), np.int16)
        for start in range(0, programme.duration, BLOCK_S * programme.rate):
            yield programme.read(start, min(start + BLOCK_S * programme.rate, programme.duration))
            progress(start, programme.duration)
        # The last packets hold what the codec delays.
        yield np.zeros((4 * codec.grid, programme.channels), np.int16)

    stop = codec.warm_up + count_of(programme.duration, codec)
    yield from islice(codec.encode(blocks()), codec.warm_up, stop)
    progress(programme.duration, programme.duration)


def count_of(duration: int, codec: Codec) -> int:
    """Return how many packets hold `duration` frames and the codec's delay."""
    return -(-(duration + codec.delay) // codec.grid)


def _in_order(
    encode: _GroupEncoder, groups: Sequence[list[Piece]]
) -> Iterator[list[tuple[Piece, list[bytes]]]]:
    """Yield each group's packets, in the order of the groups, encoded on all cores."""
    early: dict[int, list[tuple[Piece, list[bytes]]]] = {}
    following = 0
    for number, packets in as_finished(
        lambda number: encode(groups[number]), range(len(groups)), cores()
    ):
        early[number] = packets
        while following in early:
            yield early.pop(following)
            following += 1


class _GroupEncoder:
    """Encodes one group of pieces after the other."""

    def __init__(self, programme: Sound, codec: Codec) -> None:
        self._programme = programme
        self._codec = codec

    def __call__(self, group: Sequence[Piece]) -> list[tuple[Piece, list[bytes]]]:
        import numpy as np

        codec, programme = self._codec, self._programme
        warm_up = np.zeros((codec.warm_up * codec.grid, programme.channels), np.int16)
        parts = [warm_up, *(programme.read(*piece) for piece in group)]
        packets = list(codec.encode([np.concatenate(parts)]))[codec.warm_up :]
        found = []
        for piece in group:
            count = piece.length // codec.grid
            found.append((piece, packets[:count]))
            packets = packets[count:]
        return found
