"""An utterance made ready for the decoder: less noise, and always the same loudness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from coach.timeline import Samples

WINDOW = 512
HOP = 128
"""Samples: windows of 32 ms, 8 ms apart."""
FLOOR = 0.4
"""The least that is left of what is taken for noise: more thoroughness makes words unlike words."""
MEMORY = 0.9
"""How much of the estimate of speech comes from the window before: less makes noise chirp."""
LEAST_WINDOWS = 8
"""Windows of noise before the speech, from which on the noise is known."""
LOUDNESS = 0.08
"""Root mean square, of a full scale of 1, to which the speech in each utterance is brought."""


def clear(samples: Samples, lead: int) -> Samples:
    """Return an utterance with its noise lowered and its speech at `LOUDNESS`.

    Args:
        samples: mono at `coach.listening.RATE`.
        lead: how many of the first samples are before the speech: they tell what the noise is.
    """
    return _levelled(_without_noise(samples.astype(np.float64), lead))


def _without_noise(sound: NDArray[np.float64], lead: int) -> NDArray[np.float64]:
    """Return the sound through a Wiener filter.

    It has the decision-directed estimate of Ephraim and Malah (1984).
    """
    shape = np.sqrt(np.hanning(WINDOW + 1)[:WINDOW])
    padded = np.pad(sound, WINDOW)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectra = np.fft.rfft(windows * shape, axis=1)
    power = np.abs(spectra) ** 2
    before = WINDOW // HOP + 1
    silent = power[before : before + (lead - WINDOW) // HOP]
    if len(silent) < LEAST_WINDOWS:
        return sound
    noise = silent.mean(axis=0) + 1e-9
    speech = np.zeros(len(noise))
    for spectrum, now in zip(spectra, power, strict=True):
        ratio = MEMORY * speech / noise + (1 - MEMORY) * np.maximum(now / noise - 1, 0)
        gain = np.maximum(ratio / (1 + ratio), FLOOR)
        speech = gain**2 * now
        spectrum *= gain  # noqa: PLW2901
    cleared = np.zeros(len(padded))
    for number, part in enumerate(np.fft.irfft(spectra, WINDOW, axis=1) * shape):
        cleared[number * HOP : number * HOP + WINDOW] += part
    out: NDArray[np.float64] = cleared[WINDOW : WINDOW + len(sound)] / (np.sum(shape**2) / HOP)
    return out


def _levelled(sound: NDArray[np.float64]) -> Samples:
    power = np.mean(sound[: len(sound) // 320 * 320].reshape(-1, 320) ** 2, axis=1)
    loud = float(np.mean(power[power >= 0.01 * power.max()]))
    gain = LOUDNESS * 32768 / math.sqrt(loud) if loud > 0 else 1.0
    levelled: Samples = np.clip(np.rint(sound * gain), -32767, 32767).astype(np.int16)
    return levelled
