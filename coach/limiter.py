"""A look-ahead limiter: peaks come down to a ceiling, without a jump that could be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOK_S = 0.010
"""Seconds by which the limiter begins before a peak, and ends after it."""
STEP_S = 0.001
"""Seconds in which there is one factor; in between it is on a line."""


def step_of(rate: int) -> int:
    """Return how many frames a step has at `rate` Hz."""
    return max(1, round(STEP_S * rate))


def gains(signal: NDArray[np.float32], ceiling: float, rate: int) -> NDArray[np.float32] | None:
    """Return the factor for each frame that keeps a signal below a ceiling; None if it is.

    What lies further than three times `LOOK_S` from a peak that is too high is left alone, so a
    range can be limited without what is far from it.

    Args:
        signal: mono.
        ceiling: above 0.
        rate: Hz.
    """
    step = step_of(rate)
    factors = factors_of(peaks_of(signal, step), ceiling)
    return None if factors is None else on_frames(factors, len(signal), step)


def peaks_of(signal: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return the highest magnitude in each `step` samples, the last of which may be fewer."""
    import numpy as np

    begins = np.arange(0, len(signal), step)
    if not len(begins):
        return signal
    peaks: NDArray[np.float32] = np.maximum.reduceat(np.abs(signal), begins)
    return peaks


def factors_of(peaks: NDArray[np.float32], ceiling: float) -> NDArray[np.float32] | None:
    """Return the factor of each step that keeps peaks below a ceiling; None if every one is 1.

    The factor that a step needs, the least of those within `LOOK_S` of it, smoothed over as long:
    a mean of values of which none is above what is needed.
    """
    import numpy as np

    look = round(LOOK_S / STEP_S)
    near = _within(np.flatnonzero(peaks > ceiling), 2 * look + 2, len(peaks))
    if not len(near):
        return None
    # All else keeps a factor of 1. What lies between two peaks is left out only where it is so
    # long that neither reaches the other across it.
    needed = np.float32(ceiling) / np.maximum(peaks[near], np.float32(ceiling))
    # Between two steps the factor is on a line, so each side needs one step more.
    least = _least_within(needed.astype(np.float32, copy=False), look + 1)
    window = np.hanning(2 * look + 3)[1:-1].astype(np.float32)
    window /= window.sum()
    factors = np.ones(len(peaks), np.float32)
    smooth = np.convolve(np.pad(least, look, mode="edge"), window, "valid")
    factors[near] = np.minimum(smooth, np.float32(1))
    return factors


def _within(places: NDArray[np.intp], reach: int, length: int) -> NDArray[np.intp]:
    """Return each of the first `length` places that is within `reach` of one of `places`.

    Args:
        places: in order.
        reach: on both sides.
        length: places.
    """
    import numpy as np

    near = np.zeros(length, np.bool_)
    if len(places):
        (gaps,) = np.nonzero(np.diff(places) > 2 * reach)
        first, last = places[np.append(0, gaps + 1)], places[np.append(gaps, len(places) - 1)]
        for low, high in zip(first.tolist(), last.tolist(), strict=True):
            near[max(0, low - reach) : high + reach + 1] = True
    return np.flatnonzero(near)


def on_frames(factors: NDArray[np.float32], length: int, step: int) -> NDArray[np.float32]:
    """Return a factor for each of `length` frames, on lines between the middles of the steps."""
    import numpy as np

    # Line n leads from the middle of step n - 1 to that of step n; before the first and after the
    # last middle it is level.
    ends = np.concatenate([factors[:1], factors, factors[-1:]])
    along = ((np.arange(step) + (step % 2 == 0) / 2) / step).astype(np.float32)
    lines: NDArray[np.float32] = ends[:-1, None] + (ends[1:] - ends[:-1])[:, None] * along
    first = step - step // 2
    return lines.ravel()[first : first + length]


def _least_within(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the least of the values within `reach` places on both sides of each."""
    import numpy as np

    least = np.pad(values, reach, constant_values=1)
    width, wanted = 1, 2 * reach + 1
    while width < wanted:
        more = min(width, wanted - width)
        least = np.minimum(least[:-more], least[more:])
        width += more
    return least
