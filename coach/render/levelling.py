"""A session's clips made louder, without a peak that is too high."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from coach.limiter import LOOK_S, STEP_S, factors_of, on_frames, step_of
from coach.parallel import as_finished, cores
from coach.timeline import Clip, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.render.measuring import Measurement

CEILING_DB = -2.3
"""True peak of each clip in dB of full scale; a lossy decoder may add 1 dB to it."""
MIX_CEILING_DB = -1.8
"""Peak of what sounds together, in dB of full scale."""

_CEILING = 10 ** (CEILING_DB / 20) * 32768
_BETWEEN = 3 * round(LOOK_S / STEP_S)
"""Steps of silence after which two clips have nothing to do with each other."""
_HEARD = 1.005
"""A change of power; less than 0.02 dB is not made up for."""
_ROUNDS = 20


def levelled(timeline: Timeline, gain_db: float, measured: Mapping[int, Measurement]) -> Timeline:
    """Return the timeline with each clip `gain_db` louder, and no true peak above `CEILING_DB`.

    What limiting takes away from speech is added to its gain, so the whole is louder by `gain_db`
    and the beeps keep their level beside the words.

    Args:
        timeline: any.
        gain_db: dB.
        measured: its clips, by the identity of their samples.
    """
    wanted = 10 ** (gain_db / 20)
    uses = Counter(id(clip.samples) for clip in timeline.clips)
    distinct = list({id(clip.samples): clip for clip in timeline.clips}.values())
    made_up = "speech" if any(clip.kind == "speech" for clip in distinct) else "cue"
    counted = [clip for clip in distinct if clip.kind == made_up]
    gain = _made_up(
        [measured[id(clip.samples)] for clip in counted],
        [uses[id(clip.samples)] for clip in counted],
        wanted,
    )

    def louder(clip: Clip) -> NDArray[np.int16]:
        own = gain if clip.kind == made_up else wanted
        return _louder(clip.samples, measured[id(clip.samples)], own, timeline.rate)

    whole = {id(clip.samples): made for clip, made in as_finished(louder, distinct, cores())}
    return replace(
        timeline,
        clips=tuple(replace(clip, samples=whole[id(clip.samples)]) for clip in timeline.clips),
    )


def _made_up(clips: Sequence[Measurement], uses: Sequence[int], wanted: float) -> float:
    """Return the gain with which the power is `wanted` squared times what it is, after limiting."""
    import numpy as np

    silence = np.zeros(_BETWEEN, np.float32)
    peaks = np.concatenate([silence, *(part for clip in clips for part in (clip.peaks, silence))])
    powers = np.concatenate(
        [
            silence,
            *(
                part
                for clip, use in zip(clips, uses, strict=True)
                for part in (clip.powers * np.float32(use), silence)
            ),
        ]
    )

    def power(gain: float) -> float:
        factors = factors_of(peaks, _CEILING / gain)
        after = powers if factors is None else powers * factors * factors
        return gain**2 * float(after.sum(dtype="f8"))

    before = power(1.0)
    gain = wanted
    for _ in range(_ROUNDS):
        after = power(gain)
        if not after or before * wanted**2 / after < _HEARD:
            break
        gain *= wanted * math.sqrt(before / after)
    return gain


def _louder(
    samples: NDArray[np.int16], measured: Measurement, gain: float, rate: int
) -> NDArray[np.int16]:
    import numpy as np

    scaled = samples * np.float32(gain)
    factors = factors_of(measured.peaks, _CEILING / gain)
    if factors is not None:
        scaled *= on_frames(factors, len(samples), step_of(rate))
    louder: NDArray[np.int16] = np.rint(scaled, out=scaled).astype(np.int16)
    return louder
