"""What remains of a session when its silence is left out, and where that goes back in.

A codec works on frames of a fixed length, and frames of silence are all alike. So only the pieces
with sound are measured and encoded, in groups that all cores share; the silence between them is
a whole number of frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """A half-open range of frames."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Frames."""
        return self.stop - self.start


def merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces that are in order by their start, joined where they touch or overlap."""
    last: Piece | None = None
    for piece in pieces:
        if last and piece.start <= last.stop:
            last = Piece(last.start, max(last.stop, piece.stop))
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last


def pieces_of(
    sounding: Sequence[Piece], duration: int, *, grid: int, lead: int, tail: int
) -> list[Piece]:
    """Return the pieces with sound, each beginning and ending at a multiple of `grid`.

    Args:
        sounding: where there is sound, by its start.
        duration: frames of the whole.
        grid: frames.
        lead: frames of silence that stay before a sound at least, where there are as many.
        tail: frames of silence that stay after it at least; the last piece may end beyond
            `duration` because of them.
    """
    end = -(-(duration + tail) // grid) * grid

    def on_grid(piece: Piece) -> Piece:
        start = max(0, piece.start - lead) // grid * grid
        return Piece(start, min(end, -(-(piece.stop + tail) // grid) * grid))

    return list(merged(on_grid(piece) for piece in sounding if piece.length))


def groups_of(pieces: Sequence[Piece], length: int) -> list[list[Piece]]:
    """Return the pieces in groups that each hold at least `length` frames, but for the last."""
    groups: list[list[Piece]] = []
    filled = length
    for piece in pieces:
        if filled >= length:
            groups.append([])
            filled = 0
        groups[-1].append(piece)
        filled += piece.length
    return groups
