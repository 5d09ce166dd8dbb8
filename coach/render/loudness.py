"""How loud a programme is (EBU R128, ITU-R BS.1770), as ffmpeg's `ebur128` filter measures it.

What a session without music is made of is measured clip by clip: a gating block has the power of
the clips that sound in it, and the gates leave silence out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from coach.parallel import as_finished, cores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.render.measuring import Measurement
    from coach.render.programme import Sound
    from coach.timeline import Timeline

    Frames: TypeAlias = NDArray[np.int16]
    """Shape (frames, channels)."""
    Powers: TypeAlias = NDArray[np.float64]
    """Of gating blocks; 1 is 0 LUFS."""

LOUDNESS = -16.0
"""LUFS of a programme: what podcast platforms ask for (AES TD1008 for speech)."""
QUIETEST, LOUDEST = -40.0, -14.0
"""LUFS that can be asked for. Above, speech has peaks that no inaudible limiting takes away."""

HOP_S = 0.1
"""Seconds between the beginnings of two gating blocks."""
HOPS = 4
"""Hops in a gating block."""
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0
"""LUFS, and LU below the mean."""
_PART_S = 60
"""Seconds that one filter measures."""


def hop_of(rate: int) -> int:
    """Return how many frames a hop has at `rate` Hz, a multiple of 10."""
    return round(HOP_S * rate)


def gated(powers: Powers) -> float | None:
    """Return the integrated loudness in LUFS of gating blocks (BS.1770-4, formula 7).

    None is silence.
    """
    loud = powers[powers > 10 ** (ABSOLUTE_GATE / 10)]
    if not loud.size:
        return None
    loud = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE / 10)]
    return 10 * math.log10(float(loud.mean()))


def of_clips(timeline: Timeline, measured: Mapping[int, Measurement]) -> float | None:
    """Return the loudness of a session in LUFS; None for silence.

    Each clip counts as if it began in the middle of the tenth of a second in which it does, so it
    is right to about 0.2 LU.

    Args:
        timeline: any.
        measured: its clips, by the identity of their samples.
    """
    import numpy as np

    hop = hop_of(timeline.rate)
    powers = np.zeros(timeline.duration // hop + 3 * HOPS)
    for clip in timeline.clips:
        blocks = measured[id(clip.samples)].blocks
        first = clip.start // hop
        part = powers[first : first + len(blocks)]
        part += blocks[: len(part)]
    # No block begins before the session does, or ends after it.
    return gated(powers[HOPS - 1 : timeline.duration // hop])


def of_sound(sound: Sound) -> float | None:
    """Return the loudness of any sound in LUFS; None for silence."""
    import numpy as np

    hop = hop_of(sound.rate)
    parts = [
        _Part(start, min(start + _PART_S * sound.rate, sound.duration))
        for start in range(0, sound.duration // hop * hop, _PART_S * sound.rate)
    ]

    def measure(part: _Part) -> Powers:
        # The first blocks of a part begin in the part before.
        before = (HOPS - 1) * hop if part.start else 0
        powers = block_powers(sound.read(part.start - before, part.stop), sound.rate)
        return powers[HOPS - 1 :]

    found = [powers for _, powers in as_finished(measure, parts, cores())]
    return gated(np.concatenate(found)) if found else None


class _Part(NamedTuple):
    start: int
    stop: int


def block_powers(samples: Frames, rate: int) -> Powers:
    """Return the power of the gating block that ends with each hop of a sound.

    The first ones are of blocks that begin before the sound, in silence.
    """
    import av
    import numpy as np
    from av.audio.frame import AudioFrame
    from av.filter import Graph

    layout = "mono" if samples.shape[1] == 1 else "stereo"
    graph = Graph()
    source = graph.add_abuffer(format="s16", sample_rate=rate, layout=layout)
    meter = graph.add("ebur128", "metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    levels: list[float] = []
    whole = len(samples) // hop_of(rate) * hop_of(rate)
    for start in range(0, whole, 10 * rate):
        part = samples[start : min(start + 10 * rate, whole)]
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(part).reshape(1, -1), "s16", layout)
        frame.sample_rate = rate
        graph.push(frame)
        while True:
            try:
                metadata = sink.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            levels.append(float(metadata.get("lavfi.r128.M", "nan")))
    decibels = np.nan_to_num(np.array(levels), nan=-np.inf, neginf=-np.inf)
    powers: Powers = 10 ** (decibels / 10)
    return powers
