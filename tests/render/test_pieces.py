"""Silence is left out in whole frames, and nothing else is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coach.render.packets import count_of, packets_of
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


class Bare:
    """A codec whose packets are the samples, and a sound made of three kinds of noises."""

    grid, lead, tail, warm_up, delay = 16, 2, 1, 3, 0
    rate, channels = 10, 1

    def __init__(self, places: list[tuple[int, int]]) -> None:
        self.encoded = 0
        self.places = [(128 * n + shift, kind) for n, (shift, kind) in enumerate(places)]
        self.duration = 128 * len(places) + 7
        self.samples = np.zeros(self.duration + 200, np.int16)
        for start, kind in self.places:
            self.samples[start : start + 9] = np.arange(1, 10) * (kind + 1)

    def sounding(self) -> list[Piece]:
        return [Piece(start, start + 9) for start, _ in self.places]

    def read(self, start: int, stop: int) -> np.ndarray:
        return self.samples[start:stop, None]

    def encode(self, blocks: Iterable[np.ndarray]) -> Iterator[bytes]:
        whole = np.concatenate(list(blocks))
        self.encoded += len(whole) // self.grid - self.warm_up
        for start in range(0, len(whole), self.grid):
            yield whole[start : start + self.grid].tobytes()

    def silence(self) -> bytes:
        return bytes(2 * self.grid)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40))
def test_packets_are_the_whole_sound_though_what_is_alike_is_encoded_once(
    places: list[tuple[int, int]],
) -> None:
    bare = Bare(places)
    packets = list(packets_of(bare, bare, lambda _done, _total: None))
    assert len(packets) == count_of(bare.duration, bare)
    found = np.frombuffer(b"".join(packets), np.int16)
    assert np.array_equal(found, bare.samples[: len(found)])
    pieces = pieces_of(bare.sounding(), bare.duration, grid=16, lead=32, tail=16)
    distinct = {bare.read(*piece).tobytes(): piece.length for piece in pieces}
    assert bare.encoded * bare.grid == sum(distinct.values())
