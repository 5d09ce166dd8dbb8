"""The two tones that answer a spoken command: understood, and refused.

They are no cues: lower and softer than any of those, two short notes that run into each other,
so that nobody takes them for a second of a hold, and short enough to be no hindrance to a
listener; see `coach.listening.windows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from coach.timeline import Samples

Answer = Literal["heard", "refused"]

D4, A4 = 293.665, 440.0
"""Hz. The cues are D5 and above, in a key that has these notes, too."""
PITCHES: dict[Answer, tuple[float, float]] = {"heard": (D4, A4), "refused": (A4, D4)}
"""Up means yes, down means no."""
NOTE_S = 0.07
ATTACK_S = 0.008
LEVEL = 0.09
"""Peak of a note's lowest partial, of full scale: softer than speech."""
PARTIALS = ((1.0, 1.0), (2.0, 0.35), (3.0, 0.2))
"""Multiples of the pitch and their weights: what a phone's loudspeaker can play of it."""


def tone(answer: Answer, rate: int) -> Samples:
    """Return a tone, mono int16 at `rate` Hz."""
    import numpy as np

    count = round(NOTE_S * rate)
    seconds = np.arange(count) / rate
    swell = np.minimum(1.0, seconds / ATTACK_S) * np.cos(np.pi / 2 * seconds / NOTE_S)
    notes = [
        sum(weight * np.sin(2 * np.pi * factor * pitch * seconds) for factor, weight in PARTIALS)
        for pitch in PITCHES[answer]
    ]
    sound = np.concatenate([note * swell for note in notes])
    samples: Samples = np.rint(sound * LEVEL * 32767).astype(np.int16)
    return samples
