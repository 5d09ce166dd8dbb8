"""Silence is left out in whole frames, and nothing else is."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from coach.render.pieces import Piece, groups_of, merged, pieces_of

SOUNDS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(1, 300)).map(lambda p: Piece(p[0], p[0] + p[1])),
    max_size=30,
).map(sorted)


@given(SOUNDS, st.integers(1, 64), st.integers(0, 100), st.integers(0, 100))
def test_every_sound_is_in_a_piece_with_its_silence(
    sounds: list[Piece], grid: int, lead: int, tail: int
) -> None:
    duration = max((piece.stop for piece in sounds), default=0)
    pieces = pieces_of(sounds, duration, grid=grid, lead=lead, tail=tail)
    for sound in sounds:
        (home,) = [piece for piece in pieces if piece.start <= sound.start < piece.stop]
        assert home.start <= max(0, sound.start - lead)
        assert home.stop >= sound.stop + tail
    for piece in pieces:
        assert piece.start % grid == piece.stop % grid == 0
    for one, other in itertools.pairwise(pieces):
        assert one.stop < other.start, "what touches is one piece"


@given(SOUNDS, st.integers(1, 64))
def test_silence_that_stays_is_shorter_than_a_frame_more_than_was_asked_for(
    sounds: list[Piece], grid: int
) -> None:
    duration = max((piece.stop for piece in sounds), default=0)
    heard = {frame for sound in sounds for frame in range(*sound)}
    for piece in pieces_of(sounds, duration, grid=grid, lead=0, tail=0):
        run = 0
        for frame in range(*piece):
            run = 0 if frame in heard else run + 1
            assert run < 2 * grid


@given(SOUNDS, st.integers(1, 500))
def test_groups_hold_every_piece_once(sounds: list[Piece], length: int) -> None:
    pieces = list(merged(sounds))
    groups = groups_of(pieces, length)
    assert [piece for group in groups for piece in group] == pieces
    for group in groups[:-1]:
        assert sum(piece.length for piece in group) >= length
        assert sum(piece.length for piece in group[:-1]) < length
