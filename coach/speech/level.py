"""Clips made alike: silence off both ends, and one loudness for every engine and voice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from coach.limiter import gains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coach.speech import Samples

TARGET_DB = -20.0
"""Active speech level of a clip, in dB of full scale. With the crest of 12 to 18 dB that most
speech has, peaks then stay below `PEAK_DB` without help."""

PEAK_DB = -1.0
"""The highest peak in dB of full scale; resampling and lossy encoders overshoot by less."""

MOST_LIMITED_DB = 6.0
"""By how much peaks are lowered at most. Some voices have a crest of up to 22 dB, in one syllable
of a sentence; what stands out by more is no speech, and holds the gain back."""

ACTIVE_MARGIN_DB = 15.9
"""Sound this far below the active level still counts as speech (ITU-T P.56, margin M)."""

AUDIBLE_DB = -40.0
"""An edge frame this far below the active level is silence. The weakest consonants that begin
or end a word (f, th, h) lie 25 to 35 dB below the vowels; their decay and the noise of engines lie
below."""

FLOOR_DB = -70.0
"""In dB of full scale: what is weaker is silence in any clip."""

PAD_S = 0.020
"""Seconds kept outside the first and last audible frame: room for what is weaker still."""

FADE_S = 0.004
"""Seconds of fade at each end. They lie within `PAD_S`, except where a clip begins in mid-sound."""

_FRAME_S = 0.005
_LEVEL_FRAME_S = 0.020
_FULL_SCALE = 32768.0
_ROUNDS = 8
"""Lowering peaks lowers the level, which is made up for; two rounds do for most."""
_CLOSE_DB = 0.1


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
    """Return `samples` at the active level `target_db`, their peaks limited to -1 dB.

    The level stays below where a peak would have to be lowered by more than `MOST_LIMITED_DB`.
    Silence is returned as it is.
    """
    level_db = active_level(samples, rate)
    if level_db is None:
        return samples
    signal = samples.astype(np.float32) / np.float32(_FULL_SCALE)
    most_db = PEAK_DB + MOST_LIMITED_DB - 20 * math.log10(float(np.abs(signal).max()))
    gain_db = min(target_db - level_db, most_db)
    for _ in range(_ROUNDS):
        levelled, is_limited = _amplified(signal, gain_db, rate)
        reached_db = active_level(levelled, rate) if is_limited else None
        if reached_db is None or target_db - reached_db < _CLOSE_DB or gain_db >= most_db:
            break
        gain_db = min(gain_db + target_db - reached_db, most_db)
    return levelled


def _amplified(signal: NDArray[np.float32], gain_db: float, rate: int) -> tuple[Samples, bool]:
    """Return a signal (full scale is 1) with a gain, and whether peaks had to be limited."""
    scaled = signal * np.float32(10 ** (gain_db / 20))
    factors = gains(scaled, 10 ** (PEAK_DB / 20), rate)
    if factors is not None:
        scaled = scaled * factors
    return np.rint(scaled * np.float32(_FULL_SCALE)).astype(np.int16), factors is not None


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
