"""What is to be known of each clip to make it louder, measured once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach.limiter import peaks_of, step_of
from coach.parallel import as_finished, cores
from coach.render.loudness import HOPS, block_powers, hop_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.render.loudness import Powers
    from coach.timeline import Samples

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
        for clip, found in as_finished(lambda clip: _measured(clip, rate), unknown, cores()):
            # The clip is kept, so that no other one comes to the same identity.
            self._known[id(clip), rate] = (clip, found)
        return {key: self._known[key, rate][1] for key in distinct}


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
