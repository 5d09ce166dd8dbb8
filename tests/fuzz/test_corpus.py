"""Every input that was kept, and changes of good files, through its target: no defect comes out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import KEPT, TARGETS, Place, place, seeds

LARGEST = 400_000
"""Bytes of the whole corpus."""


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_kept_is_taken_or_told(here: Place, target: str) -> None:
    inputs = sorted((KEPT / target).iterdir())
    assert inputs
    for path in inputs:
        try:
            TARGETS[target](here, path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path.name}: {error!r}") from error


def test_the_corpus_is_small_and_has_nothing_twice() -> None:
    folders = [sorted(folder.iterdir()) for folder in KEPT.iterdir()]
    contents = [[path.read_bytes() for path in folder] for folder in folders]
    assert all(len(set(content)) == len(content) for content in contents)
    assert sum(len(data) for content in contents for data in content) < LARGEST


PIECES = st.sampled_from(
    [
        *(b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\t", b"\x85", b"\x1b[2J"),
        *(b"-", b": ", b"- ", b"? ", b"&a ", b"*a", b"<<: *a\n", b"!!map ", b"|\n", b"---\n", b"#"),
        *(b"[", b"]", b"{", b"}", b'"', b"'", b"{hold}", b"{{", b"\\ud800", b"\\", b"<", b"</p>"),
        *(
            b"0",
            b"-1",
            b"1e999",
            b"9" * 50,
            b"5-10",
            b"24h",
            b".",
            b"..",
            b"/",
            b"null",
            b",",
            b";",
        ),
    ]
)
"""What is put into files."""


@st.composite
def spoilt(draw: st.DrawFn, data: bytes) -> bytes:
    """Files in which a few pieces are cut out, doubled, moved or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(PIECES | st.just(data[start:stop] * 2) | st.binary(max_size=4))
        data = data[:start] + piece + data[stop:]
    return data


BINARY = ("document", "sound")
"""What is in libraries written in C is not looked for in a few tries."""


@pytest.mark.parametrize("target", [target for target in TARGETS if target not in BINARY])
def test_a_good_file_that_was_spoilt_is_taken_or_told(here: Place, target: str) -> None:
    good = sorted(seeds(target), key=len)[:8]

    @given(st.data())
    def tried(data: st.DataObject) -> None:
        TARGETS[target](here, data.draw(spoilt(data.draw(st.sampled_from(good)))))

    tried()
