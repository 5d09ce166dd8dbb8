"""From one rate to another, by soxr: the only resampler measured to be clean."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frames = TypeVar("Frames", NDArray[np.int16], NDArray[np.float64])

QUALITY = "HQ"
"""soxr's: 133 dB of signal to noise at a fifth more time than its quickest clean one."""
PADDING = 2048
"""Frames of silence behind a sound. Without them soxr 1.1 reads, for some lengths, what happens to
lie in memory there, and the last 16 ms differ a little from run to run (22,050 to 48,000 Hz)."""


def resample(samples: Frames, rate: int, wanted: int) -> Frames:
    """Return a mono sound of `rate` Hz at `wanted` Hz.

    It has `resampled_length` frames, and its first frame stays the first: the filter's phase is
    linear, and its delay is taken off.
    """
    if rate == wanted or not samples.size:
        return samples
    import numpy as np
    import soxr

    padded = np.concatenate((samples, np.zeros(PADDING, samples.dtype)))
    length = resampled_length(len(samples), rate, wanted)
    resampled: Frames = soxr.resample(padded, rate, wanted, QUALITY)[:length]
    return resampled


def resampled_length(frames: int, rate: int, wanted: int) -> int:
    """Return how many frames a sound of `frames` at `rate` Hz has at `wanted` Hz, halves up."""
    return (2 * frames * wanted + rate) // (2 * rate)
