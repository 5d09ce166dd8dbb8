"""A whistle that rises or falls: a second way to go on or to pause, where words fail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from coach.cues import bundled_packs, load_pack, load_samples
from coach.files.shipped import data_dir
from coach.listening import RATE, Heard, Spoken

if TYPE_CHECKING:
    from coach.timeline import Samples

HOP = 256
"""Samples from one measurement to the next: 16 ms."""
WINDOW = 1024
LOWEST, HIGHEST = 600.0, 3500.0
"""Hz between which people whistle."""
PURE = 0.75
"""Of the power between 200 and 7000 Hz in the strongest tone: voices have overtones."""
QUIETEST = 3e-4
"""Root mean square of a window, of a full scale of 1."""
LEAP = 130.0
"""Hz by which a tone moves at most from one measurement to the next: 8 kHz in a second."""
GLIDE = 250.0
"""Hz between its beginning and its end."""
SHORTEST, LONGEST = 0.35, 1.5
"""Seconds."""
BACK = 0.2
"""Of the way, how much a glide may turn back in all."""
STILL = 0.25
"""Of the speed of an even glide; what is slower keeps its pitch. A row of beeps mostly does."""
MOVING = 0.6
"""Of a whistle's measurements, how many move."""
ALIKE = 0.03
"""Of the pitch, how near a whistle is to one of the coach's beeps that glide, if it is that."""
GAP = 3
"""Measurements without a tone after which a whistle is over."""


class _Tone(Struct, frozen=True):
    at: int
    hertz: float
    purity: float


class Whistles:
    """Finds whistles in a stream of samples at `RATE`: a rising one resumes, a falling one pauses.

    Most beeps keep their pitch, those of the coach that glide are known, and a voice has overtones.
    """

    def __init__(self) -> None:
        self._position = 0
        self._rest: Samples = np.zeros(0, np.int16)
        self._tones: list[_Tone] = []
        self._missing = 0

    def hear(self, samples: Samples) -> Sequence[Heard]:
        """Return the whistles that have ended."""
        self._rest = np.concatenate([self._rest, samples])
        found = []
        start = 0
        while start + WINDOW <= len(self._rest):
            tone = _tone(self._rest[start : start + WINDOW], self._position)
            if (heard := self._follow(tone)) is not None:
                found.append(heard)
            start += HOP
            self._position += HOP
        self._rest = self._rest[start:]
        return found

    def skip(self, count: int) -> None:
        """Pass over samples, and forget a whistle that was going on."""
        self._position += len(self._rest) + count
        self._rest = np.zeros(0, np.int16)
        self._tones, self._missing = [], 0

    def _follow(self, tone: _Tone | None) -> Heard | None:
        """Add a measurement to the whistle that goes on; return it if that ended it."""
        last = self._tones[-1] if self._tones else None
        if tone is not None and (
            last is None or abs(tone.hertz - last.hertz) <= LEAP * (1 + self._missing)
        ):
            self._tones.append(tone)
            self._missing = 0
            return None
        self._missing += 1
        if tone is None and self._missing < GAP:
            return None
        tones, self._tones, self._missing = self._tones, [tone] if tone else [], 0
        found = _glide(tones)
        return None if found is None or _is_beep(tones) else found


def _tone(window: Samples, at: int) -> _Tone | None:
    """Return the tone that a window is made of; None if there is none, or more than it."""
    sound = window * (np.hanning(WINDOW) / 32768)
    if np.sqrt(np.mean(sound**2)) < QUIETEST:
        return None
    power = np.abs(np.fft.rfft(sound)) ** 2
    low, high, *whole = (round(hertz * WINDOW / RATE) for hertz in (LOWEST, HIGHEST, 200, 7000))
    peak = low + int(np.argmax(power[low : high + 1]))
    around = slice(peak - 3, peak + 4)
    purity = float(power[around].sum() / power[slice(*whole)].sum())
    if purity < PURE:
        return None
    hertz = float(np.average(np.arange(peak - 3, peak + 4), weights=power[around]))
    return _Tone(at, hertz * RATE / WINDOW, purity)


@cache
def _gliding_beeps() -> tuple[NDArray[np.float64], ...]:
    """Return the pitch in Hz, at each measurement, of the beeps that ship and glide."""
    found = []
    folder = data_dir("audio_cues")
    for name in bundled_packs(folder):
        for beep in load_samples(load_pack(name, folder), RATE).values():
            measured = (
                _tone(beep[start : start + WINDOW], start)
                for start in range(0, len(beep) - WINDOW, HOP)
            )
            tones = [tone for tone in measured if tone]
            if _glide(tones) is not None:
                found.append(np.array([tone.hertz for tone in tones]))
    return tuple(found)


def _is_beep(tones: Sequence[_Tone]) -> bool:
    """Return whether a whistle is one of the beeps, or most of one."""
    hertz = np.array([tone.hertz for tone in tones])
    for beep in _gliding_beeps():
        for shift in range(1 - len(hertz), len(beep)):
            part = beep[max(0, shift) : shift + len(hertz)]
            heard = hertz[max(0, -shift) :][: len(part)]
            if len(heard) >= 0.6 * len(hertz):
                if np.median(np.abs(heard / part - 1)) < ALIKE:
                    return True
    return False


def _glide(tones: Sequence[_Tone]) -> Heard | None:
    """Return what a whistle asks for; None if it keeps its pitch, or is too short or long."""
    seconds = (len(tones) and tones[-1].at - tones[0].at + WINDOW) / RATE
    if not SHORTEST <= seconds <= LONGEST:
        return None
    hertz = np.array([tone.hertz for tone in tones])
    way = float(np.median(hertz[-3:]) - np.median(hertz[:3]))
    turned = float(np.abs(np.diff(hertz)).sum()) - abs(way)
    if abs(way) < GLIDE or turned > BACK * 2 * abs(way):
        return None
    even = way / (len(hertz) - 1)
    if np.mean(np.diff(hertz) / even > STILL) < MOVING:
        return None
    command: Spoken = "resume" if way > 0 else "pause"
    return Heard(
        command=command,
        at=tones[0].at / RATE,
        end=(tones[-1].at + WINDOW) / RATE,
        confidence=float(np.mean([tone.purity for tone in tones])),
        wording="",
    )
