"""Stand-ins for a microphone and a recogniser, also in a process of their own.

    python -m tests.ear_stand_ins

listens to a microphone that gives `Tone`s, and takes each for the command of its number. What else
that process does is said by the name of the microphone that it is asked for.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coach.listening import RATE, SPOKEN, Heard
from coach.listening.capture import Block, MicrophoneError
from coach.listening.child import main

if TYPE_CHECKING:
    from coach.timeline import Samples

COMMAND = (
    sys.executable,
    "-c",
    "import sys; sys.path.insert(0, sys.argv[1]); from tests.ear_stand_ins import run; run()",
    str(Path(__file__).parents[1]),
)
BLOCK = RATE // 50
"""Frames of a block."""


def spoken(number: int, seconds: float = 0.1) -> Samples:
    """Return what is taken for the command of this number."""
    return np.full(round(seconds * RATE), 1000 + number, np.int16)


def hum(seconds: float) -> Samples:
    """Return what is no command, and no silence."""
    return np.full(round(seconds * RATE), 100, np.int16)


class NumberRecogniser:
    """Takes each run of samples from 1000 on for a command, as soon as it begins."""

    def __init__(self) -> None:
        self.at = 0
        self.skipped = 0
        self.heard: list[Samples] = []
        self._before = 0

    def hear(self, samples: Samples) -> Sequence[Heard]:
        found = []
        self.heard.append(samples)
        for place, value in enumerate(samples.tolist()):
            if value >= 1000 and value != self._before:
                if value == 31_000:
                    raise RuntimeError("no such word")
                at = (self.at + place) / RATE
                found.append(Heard(SPOKEN[value - 1000], at, at + 0.1, 0.9, "number"))
            self._before = value
        self.at += len(samples)
        return found

    def skip(self, count: int) -> None:
        self.at += count
        self.skipped += count
        self._before = 0


class Sounds:
    """A microphone that gives some sound, and then is lost."""

    name = "stand-in"

    def __init__(self, sound: Samples, start: float, *, paced: bool = False) -> None:
        self._blocks = [sound[at : at + BLOCK] for at in range(0, len(sound), BLOCK)]
        self._start = start
        self._frames = 0
        self._paced = paced
        self.closed = False
        self.hangs = False
        """Whether it cannot be closed."""

    def read(self, timeout: float) -> Block | None:
        samples = self._blocks.pop(0)
        self._frames += len(samples)
        end = self._start + self._frames / RATE
        if self._paced:
            time.sleep(max(0.0, end - time.monotonic()))
        return Block(samples, end)

    def is_lost(self) -> bool:
        return not self._blocks

    def close(self) -> bool:
        self.closed = True
        return not self.hangs


class Endless:
    """A microphone that says the command of each number in turn, some twenty a second."""

    name = "stand-in"

    def __init__(self, numbers: Iterable[int] = range(len(SPOKEN))) -> None:
        self._numbers = tuple(numbers)
        self._count = 0
        self._end = time.monotonic()

    def read(self, timeout: float) -> Block | None:
        number = self._numbers[self._count // 2 % len(self._numbers)]
        samples = spoken(number, 0.02) if self._count % 2 else hum(0.02)
        self._count += 1
        self._end += 0.02
        time.sleep(max(0.0, self._end - time.monotonic()))
        return Block(samples, self._end)

    def is_lost(self) -> bool:
        return False

    def close(self) -> bool:
        return True


def run() -> None:
    """Be the process."""

    def recogniser(configuration: dict[str, Any]) -> NumberRecogniser:
        if configuration["microphone"] == "dies at once":
            os._exit(5)
        return NumberRecogniser()

    def microphone(configuration: dict[str, Any]) -> Any:
        wanted = configuration["microphone"]
        now = time.monotonic()
        if wanted == "none":
            raise MicrophoneError("none", "there is no microphone", "Plug one in.")
        if wanted == "dies":
            return Sounds(np.concatenate([spoken(1), np.full(RATE, 31_000, np.int16)]), now)
        if wanted == "lost":
            return Sounds(spoken(2), now)
        if wanted == "lost and hangs":
            found = Sounds(spoken(2), now)
            found.hangs = True
            return found
        if wanted == "hangs":
            time.sleep(1000)
        return Endless()

    main(recogniser, microphone)
