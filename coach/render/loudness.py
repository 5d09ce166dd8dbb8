"""How loud a programme is (EBU R128), and how it is brought to the loudness that is wanted.

Loudness is what ffmpeg's `ebur128` filter measures. A session is mostly silence, which the gates
of ITU-R BS.1770 leave out anyway, so the silence is left out before.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from coach.parallel import as_finished, cores
from coach.render.pieces import Piece, groups_of, pieces_of
from coach.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frames: TypeAlias = NDArray[np.int16]
    """Shape (frames, channels)."""

LOUDNESS = -16.0
"""LUFS of a programme: what podcast platforms ask for (AES TD1008 for speech)."""
QUIETEST, LOUDEST = -40.0, -14.0
"""LUFS that can be asked for. Above, speech has peaks that no inaudible limiting takes away."""
CEILING_DB = -2.0
"""True peak of each clip in dB of full scale; a lossy decoder may add 1 dB to it."""
MIX_CEILING_DB = -1.5
"""Peak of what sounds together, in dB of full scale."""

BLOCK_S = 0.4
"""A gating block (BS.1770-4)."""
HOP_S = 0.1
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0
"""LUFS, and LU below the mean."""

_CEILING = 10 ** (CEILING_DB / 20)

LOOK_S = 0.020
"""Seconds by which the limiter begins before a peak, and ends after it."""
_STEP_S = 0.001
_HEARD = 1.005
"""A change of power; less than 0.02 dB is not made up for."""
_ROUNDS = 20
_OVERSAMPLED = 4
"""Of true peaks (BS.1770-4, annex 2)."""
_FULL_SCALE = 32768.0


def loudness(
    read: Callable[[int, int], Frames],
    sounding: Sequence[Piece],
    duration: int,
    rate: int,
    channels: int,
) -> float | None:
    """Return the integrated loudness in LUFS; None for silence.

    Args:
        read: returns the frames from one up to another.
        sounding: where there is sound, in order.
        duration: in frames.
        rate: Hz, a multiple of 10.
        channels: 1 or 2.
    """
    hop, tail = round(HOP_S * rate), round(BLOCK_S * rate)
    pieces = pieces_of(sounding, duration, grid=hop, lead=0, tail=tail)
    groups = groups_of(pieces, 60 * rate)
    blocks: list[float] = []
    measure = _Meter(read, rate, channels)
    for _, found in as_finished(measure, groups, cores()):
        blocks += found
    return gated(blocks)


def gated(blocks: Sequence[float]) -> float | None:
    """Return the integrated loudness of gating blocks, in LUFS (ITU-R BS.1770-4, formula 7).

    Args:
        blocks: the loudness of each block of 400 ms, 100 ms apart, in LUFS; -inf is silence.
    """
    powers = [10 ** (block / 10) for block in blocks if block > ABSOLUTE_GATE]
    if not powers:
        return None
    gate = math.fsum(powers) / len(powers) * 10 ** (RELATIVE_GATE / 10)
    loud = [power for power in powers if power > gate]
    return 10 * math.log10(math.fsum(loud) / len(loud))


class _Meter:
    """Measures the gating blocks of one group of pieces after the other."""

    def __init__(self, read: Callable[[int, int], Frames], rate: int, channels: int) -> None:
        self._read = read
        self._rate = rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._channels = channels

    def __call__(self, group: Sequence[Piece]) -> list[float]:
        import av
        import numpy as np
        from av.audio.frame import AudioFrame
        from av.filter import Graph

        graph = Graph()
        source = graph.add_abuffer(format="s16", sample_rate=self._rate, layout=self._layout)
        meter = graph.add("ebur128", "metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        blocks: list[float] = []

        def feed(samples: Frames) -> None:
            frame = AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", self._layout)
            frame.sample_rate = self._rate
            graph.push(frame)
            while True:
                try:
                    metadata = sink.pull().metadata
                except (av.error.BlockingIOError, av.error.EOFError):
                    return
                block = metadata.get("lavfi.r128.M", "nan")
                blocks.append(-math.inf if block == "nan" else float(block))

        before = 0
        if group[0].start:
            # A block that only ends in the first piece counts, too.
            before = round((BLOCK_S - HOP_S) * self._rate)
            feed(np.zeros((before, self._channels), np.int16))
        for piece in group:
            for start in range(piece.start, piece.stop, 10 * self._rate):
                feed(self._read(start, min(start + 10 * self._rate, piece.stop)))
        # The first three are no whole blocks.
        return blocks[round(BLOCK_S / HOP_S) - 1 :]


def levelled(timeline: Timeline, gain_db: float) -> Timeline:
    """Return the timeline with each clip `gain_db` louder, and no true peak above `CEILING_DB`.

    What limiting takes away from speech is added to its gain, so the whole is louder by `gain_db`
    and the beeps keep their level beside the words.
    """
    import numpy as np

    uses = Counter(id(clip.samples) for clip in timeline.clips)
    distinct = {id(clip.samples): clip for clip in timeline.clips}
    kinds = {clip.kind for clip in timeline.clips}
    made_up = "speech" if "speech" in kinds else "cue"
    wanted = 10 ** (gain_db / 20)
    envelopes = {
        key: _Envelope.of(clip.samples, timeline.rate, wanted) for key, clip in distinct.items()
    }
    gain = wanted
    for _ in range(_ROUNDS):
        had = left = 0.0
        for key, envelope in envelopes.items():
            if distinct[key].kind == made_up:
                had += uses[key] * envelope.power(1.0)
                left += uses[key] * envelope.power(gain)
        if not left or had * wanted**2 / left < _HEARD:
            break
        gain *= math.sqrt(had * wanted**2 / left)
    whole: dict[int, NDArray[np.int16]] = {}
    for key, envelope in envelopes.items():
        own = gain if distinct[key].kind == made_up else wanted
        samples = distinct[key].samples * np.float32(own)
        factors = envelope.factors(own)
        if factors is not None:
            samples *= factors
        whole[key] = np.rint(samples).astype(np.int16)
    return replace(
        timeline,
        clips=tuple(replace(clip, samples=whole[id(clip.samples)]) for clip in timeline.clips),
    )


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What is to be known of a clip to limit it: full scale is 1."""

    length: int
    """Frames."""
    rate: int
    peaks: NDArray[np.float32]
    """The highest true peak in each millisecond."""
    powers: NDArray[np.float32]
    """The sum of the squares in each millisecond, high frequencies weighted as by K-weighting."""

    @classmethod
    def of(cls, clip: NDArray[np.int16], rate: int, gain: float) -> _Envelope:
        """Return the envelope of a mono clip that is going to be about `gain` times as loud."""
        import numpy as np

        samples = clip.astype(np.float32) / np.float32(_FULL_SCALE)
        peaks = _peaks(samples, len(clip), rate)
        if len(clip) and float(peaks.max()) * gain > _CEILING / 2:
            import soxr

            between = soxr.resample(samples, rate, rate * _OVERSAMPLED, "MQ")
            peaks = np.maximum(peaks, _peaks(between, len(clip), rate))
        # K-weighting's shelf, as a filter with one zero: 4 dB more for high frequencies.
        weighted = np.float32(1.29) * samples
        weighted[1:] -= np.float32(0.29) * samples[:-1]
        squares = _in_steps(weighted * weighted, len(clip), rate)
        return cls(len(clip), rate, peaks, squares.sum(axis=1))

    def power(self, gain: float) -> float:
        """Return the sum of the squares after limiting."""
        import numpy as np

        factors = _factors(self.peaks * np.float32(gain), _CEILING)
        powers = self.powers if factors is None else self.powers * factors * factors
        return gain**2 * float(powers.sum())

    def factors(self, gain: float) -> NDArray[np.float32] | None:
        """Return what each frame is multiplied by, beside the gain; None for 1."""
        import numpy as np

        factors = _factors(self.peaks * np.float32(gain), _CEILING)
        return None if factors is None else _each_frame(factors, self.length, self.rate)


def gains(signal: NDArray[np.float32], ceiling: float, rate: int) -> NDArray[np.float32] | None:
    """Return the factor for each frame that keeps a signal below a ceiling; None if it is.

    A look-ahead limiter: the factor that each millisecond needs, the least of those within
    `LOOK_S` of it, smoothed over as long. What lies further than twice `LOOK_S` from a peak that
    is too high is left alone, so a range can be limited without what is far from it.

    Args:
        signal: mono.
        ceiling: above 0.
        rate: Hz.
    """
    factors = _factors(_peaks(signal, len(signal), rate), ceiling)
    return None if factors is None else _each_frame(factors, len(signal), rate)


def _in_steps(signal: NDArray[np.float32], length: int, rate: int) -> NDArray[np.float32]:
    """Return a signal for `length` frames in rows of a millisecond, filled up with zeros."""
    import numpy as np

    step = max(1, round(_STEP_S * rate))
    steps = -(-length // step)
    row = step * max(1, round(len(signal) / max(1, length)))
    fitted = np.pad(signal[: steps * row], (0, max(0, steps * row - len(signal))))
    return fitted.reshape(steps, row)


def _peaks(signal: NDArray[np.float32], length: int, rate: int) -> NDArray[np.float32]:
    import numpy as np

    rows = _in_steps(signal, length, rate)
    peaks: NDArray[np.float32] = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    return peaks


def _factors(peaks: NDArray[np.float32], ceiling: float) -> NDArray[np.float32] | None:
    """Return the factor of each millisecond; None if every one is 1."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    if not len(peaks) or float(peaks.max()) <= ceiling:
        return None
    needed = np.minimum(1, ceiling / np.maximum(peaks, ceiling))
    look = round(LOOK_S / _STEP_S)
    # Between two steps the factor is on a line, so each side needs one step more.
    padded = np.pad(needed, look + 1, constant_values=1)
    least = sliding_window_view(padded, 2 * (look + 1) + 1).min(axis=1)
    window = np.hanning(2 * look + 3)[1:-1]
    window /= window.sum()
    smooth: NDArray[np.float32] = np.convolve(
        np.pad(least, look, mode="edge"), window, "valid"
    ).astype(np.float32)
    return smooth


def _each_frame(factors: NDArray[np.float32], length: int, rate: int) -> NDArray[np.float32]:
    """Return a factor for each frame, on lines between the middles of the milliseconds."""
    import numpy as np

    step = max(1, round(_STEP_S * rate))
    middles = np.arange(len(factors)) * step + (step - 1) / 2
    return np.interp(np.arange(length), middles, factors).astype(np.float32)
