"""A session's clips made louder, without a peak that is too high."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coach.parallel import as_finished, cores
from coach.render.limiter import LOOK_S, STEP_S, factors_of, on_frames, peaks_of, step_of
from coach.timeline import Clip, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CEILING_DB = -2.0
"""True peak of each clip in dB of full scale; a lossy decoder may add 1 dB to it."""
MIX_CEILING_DB = -1.5
"""Peak of what sounds together, in dB of full scale."""

_CEILING = 10 ** (CEILING_DB / 20) * 32768
_REEL_S = 20
"""Seconds of sound that are looked at together."""
_BETWEEN = 3 * round(LOOK_S / STEP_S)
"""Steps of silence between two clips on a reel: they have nothing to do with each other."""
_HEARD = 1.005
"""A change of power; less than 0.02 dB is not made up for."""
_ROUNDS = 20
_OVERSAMPLED = 4
"""Of true peaks (BS.1770-4, annex 2)."""


def levelled(timeline: Timeline, gain_db: float) -> Timeline:
    """Return the timeline with each clip `gain_db` louder, and no true peak above `CEILING_DB`.

    What limiting takes away from speech is added to its gain, so the whole is louder by `gain_db`
    and the beeps keep their level beside the words.
    """
    wanted = 10 ** (gain_db / 20)
    uses = Counter(id(clip.samples) for clip in timeline.clips)
    distinct = list({id(clip.samples): clip for clip in timeline.clips}.values())
    kinds = {clip.kind for clip in distinct}
    made_up = "speech" if "speech" in kinds else "cue"
    spoken = [clip for clip in distinct if clip.kind == made_up]
    others = [clip for clip in distinct if clip.kind != made_up]

    def reel(clips: Sequence[Clip]) -> _Reel:
        return _Reel.of(clips, [uses[id(clip.samples)] for clip in clips], timeline.rate, wanted)

    def reels(clips: Sequence[Clip]) -> list[_Reel]:
        groups = list(_groups(clips, _REEL_S * timeline.rate))
        return [made for _, made in as_finished(reel, groups, cores())]

    main, rest = reels(spoken), reels(others)
    gain = _made_up(main, wanted)
    todo = [*((reel, gain) for reel in main), *((reel, wanted) for reel in rest)]
    whole: dict[int, NDArray[np.int16]] = {}
    for _, found in as_finished(lambda pair: pair[0].louder(pair[1]), todo, cores()):
        whole |= found
    return replace(
        timeline,
        clips=tuple(replace(clip, samples=whole[id(clip.samples)]) for clip in timeline.clips),
    )


def _made_up(reels: Sequence[_Reel], wanted: float) -> float:
    """Return the gain with which the power is `wanted` squared times what it is, after limiting."""
    before = math.fsum(reel.power(1.0) for reel in reels)
    gain = wanted
    for _ in range(_ROUNDS):
        after = math.fsum(reel.power(gain) for reel in reels)
        if not after or before * wanted**2 / after < _HEARD:
            break
        gain *= wanted * math.sqrt(before / after)
    return gain


def _groups(clips: Sequence[Clip], length: int) -> Iterator[list[Clip]]:
    """Yield the clips in groups of about `length` frames."""
    group: list[Clip] = []
    filled = 0
    for clip in clips:
        group.append(clip)
        filled += len(clip.samples)
        if filled >= length:
            yield group
            group, filled = [], 0
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class _Reel:
    """Clips one after the other, and what is to be known of them to limit them."""

    clips: Sequence[Clip]
    begins: Sequence[int]
    """The step at which each begins."""
    rate: int
    peaks: NDArray[np.float32]
    """The highest true peak in each step."""
    powers: NDArray[np.float32]
    """The sum of the squares in each step, times how often the clip is used; high frequencies
    weighted about as by K-weighting."""

    @classmethod
    def of(cls, clips: Sequence[Clip], uses: Sequence[int], rate: int, gain: float) -> _Reel:
        """Return the reel of mono clips that are going to be about `gain` times as loud."""
        import numpy as np

        step = step_of(rate)
        begins, at = [], 0
        for clip in clips:
            begins.append(at)
            at += -(-len(clip.samples) // step) + _BETWEEN
        samples = np.zeros(at * step, np.float32)
        weights = np.zeros(at, np.float32)
        for clip, begin, use in zip(clips, begins, uses, strict=True):
            samples[begin * step : begin * step + len(clip.samples)] = clip.samples
            weights[begin : begin + -(-len(clip.samples) // step)] = use
        peaks = peaks_of(samples, step)
        if float(peaks.max(initial=0.0)) * gain > _CEILING / 2:
            import soxr

            between = soxr.resample(samples, rate, rate * _OVERSAMPLED, "MQ")
            true = peaks_of(between[: len(samples) * _OVERSAMPLED], step * _OVERSAMPLED)
            np.maximum(peaks[: len(true)], true, out=peaks[: len(true)])
        # K-weighting's shelf, as a filter with one zero: 4 dB more for high frequencies.
        weighted = np.float32(1.29) * samples
        weighted[1:] -= np.float32(0.29) * samples[:-1]
        powers = np.add.reduceat(weighted * weighted, np.arange(0, len(samples), step))
        return cls(clips, begins, rate, peaks, powers * weights)

    def power(self, gain: float) -> float:
        """Return the sum of the squares after limiting."""
        factors = self._factors(gain)
        powers = self.powers if factors is None else self.powers * factors * factors
        return gain**2 * float(powers.sum(dtype="f8"))

    def louder(self, gain: float) -> dict[int, NDArray[np.int16]]:
        """Return the samples of each clip, by the identity of those that it has now."""
        import numpy as np

        factors = self._factors(gain)
        step = step_of(self.rate)
        found = {}
        for clip, begin in zip(self.clips, self.begins, strict=True):
            length = len(clip.samples)
            samples = clip.samples * np.float32(gain)
            own = None if factors is None else factors[begin : begin + -(-length // step)]
            if own is not None and len(own) and float(own.min()) < 1:
                samples *= on_frames(own, length, step)
            found[id(clip.samples)] = np.rint(samples).astype(np.int16)
        return found

    def _factors(self, gain: float) -> NDArray[np.float32] | None:
        return factors_of(self.peaks, _CEILING / gain)
