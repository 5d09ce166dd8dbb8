"""Clips made alike: silence off both ends, and one loudness for every engine and voice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coach.speech import Samples

TARGET_DB = -20.0
"""Active speech level of a clip, in dB of full scale. With the crest of 12 to 18 dB that speech
has, peaks then stay below `PEAK_DB` without help."""

PEAK_DB = -1.0
"""The highest peak in dB of full scale; resampling and lossy encoders overshoot by less."""

ACTIVE_MARGIN_DB = 15.9
"""Sound this far below the active level still counts as speech (ITU-T P.56, margin M)."""

AUDIBLE_DB = -45.0
"""An edge frame this far below the active level is silence. The weakest consonants that begin
or end a word (f, th, h) lie 25 to 35 dB below the vowels; the noise of engines lies below -55."""

FLOOR_DB = -70.0
"""In dB of full scale: what is weaker is silence in any clip."""

PAD_S = 0.020
"""Seconds kept outside the first and last audible frame: room for what is weaker still."""

FADE_S = 0.004
"""Seconds of fade at each end. They lie within `PAD_S`, except where a clip begins in mid-sound."""

_FRAME_S = 0.005
_LEVEL_FRAME_S = 0.020
_FULL_SCALE = 32768.0


def active_level(samples: Samples, rate: int) -> float | None:
    """Return the active speech level in dB of full scale, None for silence.

    It is the mean power of the 20 ms frames that are speech, where speech is what lies at most
    15.9 dB below that mean: the definition of ITU-T P.56, method B, found by iteration, with
    overlapping rectangular frames (as the gating of ITU-R BS.1770-4) for its envelope.
    """
    powers = _frame_powers(samples, max(2, round(_LEVEL_FRAME_S * rate)), overlapping=True)
    powers = powers[powers > 10 ** (FLOOR_DB / 10)]
    if not powers.size:
        return None
    mean = float(powers.mean())
    while True:
        # Only frames below the mean fall out, so the mean rises and this ends.
        powers = powers[powers >= mean * 10 ** (-ACTIVE_MARGIN_DB / 10)]
        risen = float(powers.mean())
        if risen <= mean * (1 + 1e-9):
            return 10 * math.log10(mean)
        mean = risen


def trim(samples: Samples, rate: int) -> Samples:
    """Return `samples` without the silence at both ends, faded so that no edge clicks.

    At most `PAD_S` and one 5 ms frame of silence are left at each end. A clip that is silent
    throughout gives no samples at all.
    """
    level_db = active_level(samples, rate)
    if level_db is None:
        return samples[:0]
    frame = max(1, round(_FRAME_S * rate))
    powers = _frame_powers(samples, frame, overlapping=False)
    threshold = 10 ** (max(level_db + AUDIBLE_DB, FLOOR_DB) / 10)
    audible = np.flatnonzero(powers > threshold)
    if not audible.size:
        return samples[:0]
    pad = round(PAD_S * rate)
    start = max(0, int(audible[0]) * frame - pad)
    stop = min(samples.size, (int(audible[-1]) + 1) * frame + pad)
    kept = samples[start:stop].astype(np.float64)
    fade = min(round(FADE_S * rate), kept.size // 2)
    if fade:
        ramp = (np.arange(fade) + 0.5) / fade
        kept[:fade] *= ramp
        kept[-fade:] *= ramp[::-1]
    return np.rint(kept).astype(np.int16)


def level(samples: Samples, rate: int, target_db: float = TARGET_DB) -> Samples:
    """Return `samples` at the active level `target_db`, or below it where a peak would pass -1 dB.

    Silence is returned as it is.
    """
    level_db = active_level(samples, rate)
    if level_db is None:
        return samples
    peak = float(np.abs(samples.astype(np.int32)).max()) / _FULL_SCALE
    gain = min(10 ** ((target_db - level_db) / 20), 10 ** (PEAK_DB / 20) / peak)
    levelled: Samples = np.rint(samples * gain).astype(np.int16)
    return levelled


def _frame_powers(samples: Samples, frame: int, *, overlapping: bool) -> NDArray[np.float64]:
    """Return the mean square of each frame (full scale is 1); overlapping ones share a half."""
    hop = frame // 2 if overlapping else frame
    squares = np.square(samples / _FULL_SCALE)
    # A clip that ends within a frame is filled up with zeros, so that no sample is left out.
    hops = -(-squares.size // hop)
    squares = np.pad(squares, (0, hops * hop - squares.size)).reshape(hops, hop).sum(axis=1)
    powers: NDArray[np.float64] = squares / hop
    if overlapping and hops > 1:
        powers = (powers[:-1] + powers[1:]) / 2
    return powers
