"""What is to be known of each clip to make it louder, measured once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach.parallel import as_finished, cores
from coach.render.limiter import peaks_of, step_of
from coach.render.loudness import HOPS, block_powers, hop_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.render.loudness import Powers
    from coach.timeline import Samples

_REEL_S = 20
"""Seconds of sound that are measured together; a core gets one such reel after the other."""
_OVERSAMPLED = 4
"""Of true peaks (BS.1770-4, annex 2)."""


@dataclass(frozen=True, slots=True)
class Measurement:
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

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Samples, Measurement]] = {}

    def measure(self, clips: Iterable[Samples], rate: int) -> dict[int, Measurement]:
        """Return what each clip is like, by its identity.

        Args:
            clips: mono; the same one may come several times.
            rate: Hz.
        """
        distinct = {id(clip): clip for clip in clips}
        unknown = [clip for key, clip in distinct.items() if (key, rate) not in self._known]
        reels = list(_reels(unknown, _REEL_S * rate))
        for reel, found in as_finished(lambda reel: _measured(reel, rate), reels, cores()):
            for clip, measurement in zip(reel, found, strict=True):
                # The clip is kept, so that no other one comes to the same identity.
                self._known[id(clip), rate] = (clip, measurement)
        return {key: self._known[key, rate][1] for key in distinct}


def _reels(clips: Iterable[Samples], length: int) -> Iterator[list[Samples]]:
    """Yield the clips in groups of about `length` frames."""
    reel: list[Samples] = []
    filled = 0
    for clip in clips:
        reel.append(clip)
        filled += len(clip)
        if filled >= length:
            yield reel
            reel, filled = [], 0
    if reel:
        yield reel


def _measured(clips: Sequence[Samples], rate: int) -> list[Measurement]:
    """Measure clips that are laid one after the other, with silence between."""
    import numpy as np
    import soxr

    hop, step = hop_of(rate), step_of(rate)
    hops = [-(-(len(clip) + hop // 2) // hop) + HOPS for clip in clips]
    begins = [0, *np.cumsum(hops).tolist()]
    reel = np.zeros(begins[-1] * hop, np.int16)
    for clip, begin in zip(clips, begins, strict=False):
        # In the middle of a hop, as clips are on the average.
        start = begin * hop + hop // 2
        reel[start : start + len(clip)] = clip
    blocks = block_powers(reel[:, None], rate)
    samples = reel.astype(np.float32)
    between = soxr.resample(samples, rate, rate * _OVERSAMPLED, "MQ")
    between = np.pad(between, (0, max(0, len(samples) * _OVERSAMPLED - len(between))))
    true = peaks_of(between[: len(samples) * _OVERSAMPLED], step * _OVERSAMPLED)
    peaks = np.maximum(peaks_of(samples, step), true)
    # K-weighting's shelf, as a filter with one zero: 4 dB more for high frequencies.
    weighted = np.float32(1.29) * samples
    weighted[1:] -= np.float32(0.29) * samples[:-1]
    powers = np.add.reduceat(weighted * weighted, np.arange(0, len(samples), step))
    found = []
    for clip, begin, count in zip(clips, begins, hops, strict=False):
        first = (begin * hop + hop // 2) // step
        steps = slice(first, first + -(-len(clip) // step))
        found.append(
            Measurement(
                blocks[begin : begin + count].copy(), peaks[steps].copy(), powers[steps].copy()
            )
        )
    return found
