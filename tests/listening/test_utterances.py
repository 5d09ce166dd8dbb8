"""Cutting on likelihoods that are known: loud chunks are speech."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coach.listening import RATE
from coach.listening.utterances import CHUNK, CLOSED, CLOSING, Utterance, Utterances

Samples = NDArray[np.int16]


def likelihood(chunk: bytes) -> float:
    return 1.0 if np.frombuffer(chunk, np.int16).max() > 100 else 0.0


def sound(*parts: tuple[int, bool]) -> Samples:
    """Return chunks of speech and of silence; every sample tells where it is."""
    levels = [1000 if is_speech else 1 for count, is_speech in parts for _ in range(count)]
    return np.repeat(np.array(levels, np.int16), CHUNK)


def cut(samples: Samples, block: int = 320) -> list[Utterance]:
    cutter = Utterances(likelihood)
    return [
        utterance
        for start in range(0, len(samples), block)
        for utterance in cutter.hear(samples[start : start + block])
    ]


def test_an_utterance_is_told_twice_and_where_it_was() -> None:
    first, last = cut(sound((20, False), (30, True), (20, False)))
    assert (first.is_closed, last.is_closed) == (False, True)
    for found in (first, last):
        assert (found.begins, found.ends) == (20 * CHUNK, 50 * CHUNK)
        assert found.start <= found.begins - 0.2 * RATE
        assert len(found.samples) == (50 + CLOSING) * CHUNK - found.start
        assert found.samples.max() == 1000
        assert found.samples[: found.begins - found.start].max() == 1


@pytest.mark.parametrize("chunks", [1, 9, 95, 400])
def test_what_is_too_short_or_too_long_is_none(chunks: int) -> None:
    assert cut(sound((20, False), (chunks, True), (20, False))) == []


def test_a_short_pause_does_not_part_a_command() -> None:
    found = cut(sound((20, False), (20, True), (CLOSED - 1, False), (20, True), (20, False)))
    assert [utterance.is_closed for utterance in found] == [False, False, True]
    assert found[-1].begins, found[-1].ends == (20 * CHUNK, (40 + CLOSED - 1) * CHUNK)


def test_silence_parts_two() -> None:
    found = cut(sound((20, False), (20, True), (CLOSED, False), (20, True), (20, False)))
    assert [utterance.begins for utterance in found if utterance.is_closed] == [
        20 * CHUNK,
        (40 + CLOSED) * CHUNK,
    ]


PARTS = st.lists(st.tuples(st.integers(1, 120), st.booleans()), max_size=6)


@given(parts=PARTS, block=st.integers(1, 5000))
def test_blocks_do_not_matter(parts: list[tuple[int, bool]], block: int) -> None:
    samples = sound((10, False), *parts)

    def told(found: list[Utterance]) -> list[tuple[int, int, int, bool]]:
        return [(len(u.samples), u.begins, u.ends, u.is_closed) for u in found]

    assert told(cut(samples, block)) == told(cut(samples, len(samples)))


@given(parts=PARTS)
def test_each_utterance_lasts_as_a_command_may(parts: list[tuple[int, bool]]) -> None:
    for found in cut(sound((10, False), *parts, (20, False))):
        assert 0.3 <= (found.ends - found.begins) / RATE <= 3.0
        assert found.start <= found.begins < found.ends


def test_what_was_skipped_is_forgotten() -> None:
    cutter = Utterances(likelihood)
    assert list(cutter.hear(sound((20, False), (20, True)))) == []
    cutter.skip(1000)
    assert list(cutter.hear(sound((40, False)))) == []
    found = list(cutter.hear(sound((20, True), (20, False))))
    assert {utterance.begins for utterance in found} == {80 * CHUNK + 1000}
