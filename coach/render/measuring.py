"""What is to be known of each clip to make it louder, measured once and kept."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from coach.limiter import peaks_of, step_of
from coach.parallel import as_finished, cores
from coach.render.loudness import HOPS, block_powers, hop_of
from coach.speech.upkeep import LEVELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.render.loudness import Powers
    from coach.speech.store import ClipStore
    from coach.timeline import Samples

_OVERSAMPLED = 4
"""Of true peaks (BS.1770-4, annex 2)."""

VERSION = 1
"""Counted up whenever a clip is measured in another way, so that what is kept is not used."""

_HEADER = struct.Struct("<4sIIII4x")
"""Magic, checksum, three counts; filled up, so that what follows lies where numpy likes it."""
_MAGIC = b"lvls"


class Measurement(Struct, frozen=True):
    """What a clip is like. Full scale is 32768."""

    blocks: Powers
    """Of the gating block that ends with each tenth of a second, from half a tenth before the
    clip's beginning until it is silent again."""
    peaks: NDArray[np.float32]
    """The highest true peak in each step of the limiter."""
    powers: NDArray[np.float32]
    """The sum of the squares in each step, high frequencies weighted about as by K-weighting."""


class ClipMeter:
    """Measures clips and remembers them, so that the next session with the same is quick."""

    def __init__(self, store: ClipStore | None = None) -> None:
        """Bind what keeps measurements from one run to the next, if anything does."""
        self._store = store
        self._known: dict[tuple[int, int], tuple[Samples, Measurement]] = {}

    def measure(self, clips: Iterable[Samples], rate: int) -> dict[int, Measurement]:
        """Return what each clip is like, by its identity.

        Args:
            clips: mono; the same one may come several times.
            rate: Hz.
        """
        distinct = {id(clip): clip for clip in clips}
        unknown = [clip for key, clip in distinct.items() if (key, rate) not in self._known]
        for clip, found in as_finished(lambda clip: self._found(clip, rate), unknown, cores()):
            # The clip is kept, so that no other one comes to the same identity.
            self._known[id(clip), rate] = (clip, found)
        return {key: self._known[key, rate][1] for key in distinct}

    def _found(self, clip: Samples, rate: int) -> Measurement:
        if self._store is None:
            return _measured(clip, rate)
        key = _key(clip, rate)
        content = self._store.read(key, LEVELS)
        kept = None if content is None else _unpacked(key, content)
        if kept is not None:
            return kept
        made = _measured(clip, rate)
        self._store.write(key, LEVELS, _packed(key, made))
        return made


def _key(clip: Samples, rate: int) -> str:
    """Return what a measurement is kept under: a hash of all that it follows from."""
    import numpy as np

    digest = hashlib.sha256(f"{VERSION} {rate} ".encode())
    digest.update(np.ascontiguousarray(clip, "<i2").data)
    return digest.hexdigest()


def _packed(key: str, measured: Measurement) -> bytes:
    """Return a measurement as bytes, with a checksum in which its key is, too."""
    parts = (
        measured.blocks.astype("<f8"),
        measured.peaks.astype("<f4"),
        measured.powers.astype("<f4"),
    )
    data = b"".join(part.tobytes() for part in parts)
    counts = struct.pack("<III4x", *map(len, parts))
    return (
        _HEADER.pack(_MAGIC, zlib.crc32(counts + data, zlib.crc32(key.encode())), *map(len, parts))
        + data
    )


def _unpacked(key: str, content: bytes) -> Measurement | None:
    """Return the measurement in some bytes; None if they are damaged."""
    import numpy as np

    if len(content) < _HEADER.size:
        return None
    magic, checksum, *counts = _HEADER.unpack_from(content)
    blocks, peaks, powers = counts
    if (
        magic != _MAGIC
        or len(content) != _HEADER.size + 8 * blocks + 4 * (peaks + powers)
        or zlib.crc32(memoryview(content)[8:], zlib.crc32(key.encode())) != checksum
    ):
        return None
    end = _HEADER.size + 8 * blocks
    return Measurement(
        np.frombuffer(content, "<f8", blocks, _HEADER.size).astype("f8", copy=False),
        np.frombuffer(content, "<f4", peaks, end).astype("f4", copy=False),
        np.frombuffer(content, "<f4", powers, end + 4 * peaks).astype("f4", copy=False),
    )


def _measured(clip: Samples, rate: int) -> Measurement:
    """Measure a clip, by itself: it must come to the same in whatever session it is."""
    import numpy as np
    import soxr

    hop, step = hop_of(rate), step_of(rate)
    # In the middle of a hop, as clips are on the average, with silence around it: the filter has
    # no whole block before.
    start = HOPS * hop + hop // 2
    hops = -(-(start + len(clip)) // hop) + HOPS
    padded = np.zeros(hops * hop, np.int16)
    padded[start : start + len(clip)] = clip
    samples = clip.astype(np.float32)
    begins = np.arange(0, len(clip), step)
    between = soxr.resample(samples, rate, rate * _OVERSAMPLED, "MQ")
    true = peaks_of(between[: len(clip) * _OVERSAMPLED], step * _OVERSAMPLED)
    peaks = peaks_of(samples, step)
    np.maximum(peaks[: len(true)], true, out=peaks[: len(true)])
    # K-weighting's shelf, as a filter with one zero: 4 dB more for high frequencies.
    weighted = np.float32(1.29) * samples
    weighted[1:] -= np.float32(0.29) * samples[:-1]
    powers = np.add.reduceat(weighted * weighted, begins) if len(clip) else samples
    return Measurement(block_powers(padded[:, None], rate)[HOPS:], peaks, powers)
