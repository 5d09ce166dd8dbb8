"""A programme: a session as it is published, at the loudness that is wanted, perhaps with music."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from coach.limiter import LOOK_S, gains
from coach.render.levelling import MIX_CEILING_DB, levelled
from coach.render.loudness import of_clips, of_sound
from coach.render.measuring import ClipMeter
from coach.render.pieces import Piece, merged
from coach.timeline import Timeline, mix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.render.loudness import Frames
    from coach.render.music import Bed

SHORT_S = 180
"""Shorter programmes are measured again when they have been made louder."""
MOST_GAIN_DB = 40.0
"""A session that is more silent than that stays so."""


class Sound(Protocol):
    """What an encoder writes."""

    rate: int
    """Hz."""
    channels: int
    """1 or 2."""
    duration: int
    """Frames."""

    def sounding(self) -> list[Piece]:
        """Return where there is sound, in order."""
        ...

    def read(self, start: int, stop: int) -> Frames:
        """Return the frames from `start` up to `stop`, silent beyond the end."""
        ...


class Programme:
    """What a file holds: the timeline's clips, and the music below them.

    Any range can be read, by several threads at once, and always comes to the same samples.

    Attributes:
        timeline: with its clips at their loudness.
        rate: Hz.
        channels: 1, or 2 with music.
        duration: frames.
    """

    def __init__(self, timeline: Timeline, bed: Bed | None = None) -> None:
        self.timeline = timeline
        self.rate = timeline.rate
        self.duration = timeline.duration
        self.channels = 2 if bed else 1
        self._bed = bed
        self._ceiling = 10 ** (MIX_CEILING_DB / 20) * 32768

    def sounding(self) -> list[Piece]:
        """Return where there is sound, in order."""
        if self._bed:
            return [Piece(0, self.duration)]
        return list(merged(Piece(clip.start, clip.end) for clip in self.timeline.clips))

    def read(self, start: int, stop: int) -> Frames:
        """Return the frames from `start` up to `stop`, shape (frames, channels).

        Frames beyond the end are silent.
        """
        import numpy as np

        around = 4 * round(LOOK_S * self.rate)
        step = self.rate // 1000
        # The limiter counts in milliseconds from the first frame, wherever reading begins.
        low = max(0, start - around) // step * step
        mixed = mix(self.timeline, low, stop + around)
        loudest = max(int(mixed.max()), -int(mixed.min())) if len(mixed) else 0
        if self._bed is None and loudest <= self._ceiling:
            return mixed[start - low : stop - low, None]
        whole: NDArray[np.float32] = mixed[:, None].astype(np.float32)
        if self._bed is not None:
            whole = whole + self._bed.read(low, stop + around)
        factors = gains(np.maximum.reduce(np.abs(whole.T)), self._ceiling, self.rate)
        if factors is not None:
            whole = whole * factors[:, None]
        part = whole[start - low : stop - low]
        return np.clip(np.rint(part), -32768, 32767).astype(np.int16)


def produce(
    timeline: Timeline, target: float, bed: Bed | None = None, meter: ClipMeter | None = None
) -> Programme:
    """Return the programme of a timeline at the integrated loudness `target`, in LUFS.

    Args:
        timeline: of the session.
        target: LUFS.
        bed: the music, at its level beside clips that are as they are in `timeline`.
        meter: knows clips that were measured before.
    """
    raw = Programme(timeline, bed)
    measured = (meter or ClipMeter()).measure(
        (clip.samples for clip in timeline.clips), timeline.rate
    )
    found = of_sound(raw) if bed else of_clips(timeline, measured)
    if found is None:
        return raw

    def raised(gain: float) -> Programme:
        return Programme(levelled(timeline, gain, measured), bed.louder(gain) if bed else None)

    gain = min(MOST_GAIN_DB, target - found)
    programme = raised(gain)
    if timeline.duration > SHORT_S * timeline.rate:
        return programme
    # What is right on the average may be wrong for a few clips.
    reached = of_sound(programme)
    return programme if reached is None else raised(min(MOST_GAIN_DB, gain + target - reached))
