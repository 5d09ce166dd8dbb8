"""What the scripts of all cue packs share: tones, their levels, and the files of a pack.

    python audio_cues/make_classic.py [FOLDER]
    python audio_cues/make_soft.py [FOLDER]
    python audio_cues/make_bells.py [FOLDER]

FOLDER is where the pack goes; without it, the folder of the pack's name beside the scripts. Every
run writes the same bytes: nothing is random, and rounding to 16 bit swallows what another
processor's `sin` computes differently in the last place.

What the sounds have in common: they begin with their first frame, so that a beep is heard where
the timeline has it, they begin and end at zero, and most of their energy lies between 500 Hz and
4 kHz, where a phone's loudspeaker is strong and the ear does not find it shrill. The notes are of
one key, G major, so that any two that follow each other agree. A cue has the same level in every
pack.
"""

from __future__ import annotations

import sys
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Sound: TypeAlias = NDArray[np.float64]

RATE = 48_000
"""Frames a second of every file."""
BLOCK = RATE // 100
"""Frames in the blocks of 10 ms that `active_level` looks at."""

D5, G5, A5, B5 = 587.330, 783.991, 880.000, 987.767
D6, E6, G6, B6, D7 = 1174.659, 1318.510, 1567.982, 1975.533, 2349.318
"""Pitches in Hz, equal temperament, A4 = 440 Hz."""

LEVELS: Mapping[str, float] = {
    "ready": -25.0,
    "start": -19.5,
    "tick": -26.0,
    "final": -22.0,
    "end": -19.5,
    "halfway": -23.0,
    "rest": -21.0,
    "switch": -20.5,
    "finish": -20.5,
}
"""Active level of each cue in dBFS. Speech has about -20."""

MEANINGS: Mapping[str, str] = {
    "ready": "Get ready: wakes the loudspeaker, and counts 3-2-1 to a start.",
    "start": "Go: a hold or work begins.",
    "tick": "One second of a hold has passed.",
    "final": "One of the last three seconds of a hold.",
    "end": "The hold is over: let go.",
    "halfway": "Half of it is done.",
    "rest": "A rest begins.",
    "switch": "Change sides.",
    "finish": "The session is done.",
}
"""What each cue tells."""


@dataclass(frozen=True, slots=True)
class Pack:
    """How a pack is made."""

    name: str
    description: str
    cues: Sequence[Callable[[], Sound]]
    """One for each of `LEVELS`, each named as its cue."""


def frames(seconds: float) -> int:
    """Return `seconds` in frames."""
    return round(seconds * RATE)


def ramp(count: int) -> Sound:
    """Return a raised cosine of `count` frames that rises from 0 to nearly 1."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)


def shape(sound: Sound, attack: float, release: float) -> Sound:
    """Return `sound` with its first frame at 0, its last at 0, and ramps of these seconds."""
    shaped = sound.copy()
    shaped[: frames(attack)] *= ramp(frames(attack))
    shaped[-frames(release) :] *= ramp(frames(release))[::-1]
    return shaped


def partials(
    pitch: float, seconds: float, parts: list[tuple[float, float, float]], glide_to: float = 0.0
) -> Sound:
    """Return a sum of decaying sines.

    Args:
        pitch: Hz at the beginning.
        seconds: length.
        parts: for each sine its ratio to the pitch, its amplitude, and the seconds in which it
            falls to 1/e.
        glide_to: Hz at the end, reached at an even pace in octaves; 0 stays on `pitch`.
    """
    time = np.arange(frames(seconds)) / RATE
    if glide_to:
        slope = np.log(glide_to / pitch) / seconds
        turns = pitch * (np.exp(slope * time) - 1) / slope
    else:
        turns = pitch * time
    sines = [
        level * np.exp(-time / fall) * np.sin(2 * np.pi * ratio * turns)
        for ratio, level, fall in parts
    ]
    total: Sound = np.sum(sines, axis=0)
    return total


def sequence(seconds: float, notes: list[tuple[float, Sound]]) -> Sound:
    """Return `seconds` of sound in which each note begins at its second."""
    mixed = np.zeros(frames(seconds))
    for start, note in notes:
        first = frames(start)
        kept = note[: len(mixed) - first]
        mixed[first : first + len(kept)] += kept
    return mixed


def active_level(sound: Sound) -> float:
    """Return the level in dBFS while something sounds; full scale is 1, so a full sine has -3.

    It is the root mean square of those whole blocks of 10 ms, counted from the first frame, that
    are at most 20 dB below the loudest block.
    """
    blocks = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)
    power = np.mean(blocks**2, axis=1)
    return float(10 * np.log10(np.mean(power[power >= power.max() / 100])))


def without_offset(sound: Sound) -> Sound:
    """Return `sound` with a mean of 0, its ends still at 0."""
    bow = np.hanning(len(sound))
    return sound - bow * (np.sum(sound) / np.sum(bow))


def samples(made: Sound, level: float) -> NDArray[np.int16]:
    """Return a cue at its level in dBFS, as 16 bit samples."""
    sound = without_offset(made)
    gain = 10 ** ((level - active_level(sound)) / 20)
    # A gain of few digits, so that it is the same number wherever this runs.
    return np.rint(sound * round(gain, 6) * 32768).astype("<i2")


def write_pack(pack: Pack, folder: Path) -> None:
    """Write the nine files and pack.yaml into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f"# Written by audio_cues/make_{pack.name}.py. `level` is the active level in dBFS: "
        "the root",
        "# mean square of the 10 ms blocks at most 20 dB below the loudest one.",
        f"name: {pack.name}",
        f"description: {pack.description}",
        "licence: CC0-1.0",
        "author: audio coach",
        "cues:",
    ]
    for make in pack.cues:
        name = make.__name__
        sound = samples(make(), LEVELS[name])
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, len(sound), "NONE", "not compressed"))
            file.writeframes(sound.tobytes())
        lines += [
            f"  {name}:",
            f"    file: {name}.wav",
            f"    level: {active_level(sound / 32768):.1f}",
            f'    meaning: "{MEANINGS[name]}"',
        ]
    (folder / "pack.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def main(pack: Pack) -> None:
    """Write a pack where the command line says, or beside the scripts."""
    given = sys.argv[1:]
    write_pack(pack, Path(given[0]) if given else Path(__file__).parent / pack.name)
