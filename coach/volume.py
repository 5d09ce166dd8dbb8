"""The volume of cues and of speech: clips made softer, or louder without being clipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from coach.session import GradualVoice, Progress

if TYPE_CHECKING:
    from coach.settings import Manner
    from coach.steps import CueName, Line
    from coach.timeline import Samples

CEILING_DB = -1.0
"""Peak in dB of full scale that nothing passes which is made louder."""


class Volumes(Struct, frozen=True):
    """How much louder cues and speech are made, in dB."""

    cues: Fraction = Fraction(0)
    speech: Fraction = Fraction(0)


def heard(manner: Manner) -> Volumes:
    """Return the volumes of a live session."""
    return Volumes(manner.cue_volume, manner.speech_volume)


def balanced(manner: Manner) -> Volumes:
    """Return the volumes with which a file is made, whose loudness is set as a whole.

    Only the difference is to be heard there, so what is to be louder keeps its level, and nothing
    has to be limited.
    """
    top = max(manner.cue_volume, manner.speech_volume)
    return Volumes(manner.cue_volume - top, manner.speech_volume - top)


def at_volume(samples: Samples, decibels: Fraction, rate: int) -> Samples:
    """Return a clip so many dB louder, its peaks limited to `CEILING_DB` if it is at all.

    Args:
        samples: mono.
        decibels: dB; 0 returns the same clip.
        rate: Hz.
    """
    if not decibels or not len(samples):
        return samples
    import numpy as np

    from coach.limiter import gains

    scaled = samples * np.float32(10 ** (float(decibels) / 20))
    if decibels > 0:
        factors = gains(scaled, 10 ** (CEILING_DB / 20) * 32768, rate)
        scaled = scaled if factors is None else scaled * factors
    louder: Samples = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    return louder


def cues_at(
    cues: Mapping[CueName, Samples], decibels: Fraction, rate: int
) -> dict[CueName, Samples]:
    """Return the sounds of a cue pack, each so many dB louder."""
    return {name: at_volume(samples, decibels, rate) for name, samples in cues.items()}


class VolumedVoice:
    """A voice whose clips are louder or softer by the same; each is made so once."""

    def __init__(self, voice: GradualVoice, decibels: Fraction, rate: int) -> None:
        """Bind the parts.

        Args:
            voice: gives the clips.
            decibels: dB.
            rate: Hz of the clips.
        """
        self._voice = voice
        self._decibels = decibels
        self._rate = rate
        self._made: dict[Line, tuple[Samples, Samples]] = {}
        """What each clip was made from, and what came of it."""

    def speak(
        self, lines: Iterable[Line], progress: Progress | None = None
    ) -> Mapping[Line, Samples]:
        """Return the samples of each line."""
        clips = self._voice.speak(lines, progress)
        return {line: self._louder(line, clip) for line, clip in clips.items()}

    def each(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Samples]]:
        """Yield each line with its clip, those needed first early."""
        for line, clip in self._voice.each(lines):
            yield line, self._louder(line, clip)

    def lengths(self, lines: Iterable[Line]) -> Mapping[Line, int]:
        """Return how many frames the clips of those lines have of which it is known."""
        return self._voice.lengths(lines)

    def _louder(self, line: Line, clip: Samples) -> Samples:
        if line not in self._made or self._made[line][0] is not clip:
            self._made[line] = (clip, at_volume(clip, self._decibels, self._rate))
        return self._made[line][1]


def voice_at(voice: GradualVoice, decibels: Fraction, rate: int) -> GradualVoice:
    """Return a voice so many dB louder; at 0 dB it is the same one."""
    return VolumedVoice(voice, decibels, rate) if decibels else voice
