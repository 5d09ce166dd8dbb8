"""Make the cue pack `classic`: nine WAV files and their pack.yaml.

    python audio_cues/make_classic.py [FOLDER]

FOLDER is where the pack goes; without it, `classic` beside this file. Every run writes the same
bytes: nothing is random, and rounding to 16 bit swallows what another processor's `sin` computes
differently in the last place.

What the sounds have in common: they begin with their first frame (attacks take 0.5 to 2.5 ms, so
that a beep is heard where the timeline has it), they begin and end at zero, and most of their
energy lies between 500 Hz and 4 kHz, where a phone's loudspeaker is strong and the ear does not
find it shrill. The notes are of one key, G major, so that any two that follow each other agree.
"""

from __future__ import annotations

import sys
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Sound: TypeAlias = NDArray[np.float64]

RATE = 48_000
"""Frames a second of every file."""
BLOCK = RATE // 100
"""Frames in the blocks of 10 ms that `active_level` looks at."""

D5, G5, A5, B5, D6, G6 = 587.330, 783.991, 880.000, 987.767, 1174.659, 1567.982
"""Pitches in Hz, equal temperament, A4 = 440 Hz."""


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


def ready() -> Sound:
    """A short, round, quiet tone on G5."""
    return shape(partials(G5, 0.18, [(1, 1, 0.2), (2, 0.12, 0.1)]), 0.0025, 0.06)


def start() -> Sound:
    """A bright swoop an octave up, G5 to G6, that stays on top: go."""
    bright = [(1.0, 1.0, 9.0), (2.0, 0.55, 9.0), (3.0, 0.3, 9.0), (4.0, 0.15, 9.0)]
    rise = shape(partials(G5, 0.15, bright, glide_to=G6), 0.002, 0.012)
    held = [(ratio, level, 0.16) for ratio, level, _ in bright]
    top = shape(partials(G6, 0.192, held), 0.010, 0.05)
    return sequence(0.33, [(0, rise), (0.138, top)])


def tick() -> Sound:
    """The click of a small wooden block: three modes out of tune that die at once."""
    block = [(1.0, 1.0, 0.0075), (1.62, 0.45, 0.004), (2.71, 0.22, 0.0022)]
    return shape(partials(1020.0, 0.05, block), 0.0005, 0.02)


def final() -> Sound:
    """A clear pip on G6."""
    return shape(partials(G6, 0.12, [(1, 1, 0.3), (2, 0.1, 0.2)]), 0.002, 0.03)


def end() -> Sound:
    """A soft tone that sinks from D6 to D5 and fades: let go."""
    return shape(partials(D6, 0.48, [(1, 1, 0.3), (2, 0.05, 0.2)], glide_to=D5), 0.0025, 0.2)


def halfway() -> Sound:
    """One stroke on a small bell: partials of a struck bar, long ringing."""
    bar = [(1.0, 1.0, 0.22), (2.756, 0.6, 0.12), (5.404, 0.12, 0.04)]
    return shape(partials(B5, 0.7, bar), 0.001, 0.1)


def rest() -> Sound:
    """Two slow notes downward, G5 and D5, hollow like a clarinet: breathe out."""
    reed = [(1.0, 1.0, 0.5), (3.0, 0.4, 0.4), (5.0, 0.12, 0.3)]
    high = shape(partials(G5, 0.36, reed), 0.0025, 0.1)
    low = shape(partials(D5, 0.46, reed), 0.020, 0.2)
    return sequence(0.76, [(0, high), (0.30, low)])


def switch() -> Sound:
    """To and fro: four plucked notes, A5 and D6 in turn."""
    string = [(float(n), n**-1.1, 0.09 / n) for n in range(1, 7)]
    low, high = (shape(partials(note, 0.18, string), 0.001, 0.03) for note in (A5, D6))
    return sequence(0.6, [(0, low), (0.14, high), (0.28, low), (0.42, high)])


def finish() -> Sound:
    """A music box: G5, B5, D6, then G6 over the ringing chord."""
    box = [(1.0, 1.0, 0.45), (2.0, 0.25, 0.25), (4.2, 0.08, 0.05)]
    steps = [(0.0, G5, 1.0), (0.16, B5, 0.9), (0.32, D6, 0.85), (0.52, G6, 0.9)]
    notes = [
        (at, shape(level * partials(pitch, 1.7 - at, box), 0.002, 0.3))
        for at, pitch, level in steps
    ]
    return sequence(1.7, notes)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one cue is made and what it tells."""

    name: str
    make: Callable[[], Sound]
    level: float
    """Active level in dBFS. Speech has about -20."""
    meaning: str


RECIPES = (
    Recipe("ready", ready, -25.0, "Get ready: wakes the loudspeaker, and counts 3-2-1 to a start."),
    Recipe("start", start, -19.5, "Go: a hold or work begins."),
    Recipe("tick", tick, -26.0, "One second of a hold has passed."),
    Recipe("final", final, -22.0, "One of the last three seconds of a hold."),
    Recipe("end", end, -19.5, "The hold is over: let go."),
    Recipe("halfway", halfway, -23.0, "Half of it is done."),
    Recipe("rest", rest, -21.0, "A rest begins."),
    Recipe("switch", switch, -20.5, "Change sides."),
    Recipe("finish", finish, -20.5, "The session is done."),
)


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


def samples(recipe: Recipe) -> NDArray[np.int16]:
    """Return the cue at its level, as 16 bit samples."""
    sound = without_offset(recipe.make())
    gain = 10 ** ((recipe.level - active_level(sound)) / 20)
    # A gain of few digits, so that it is the same number wherever this runs.
    return np.rint(sound * round(gain, 6) * 32768).astype("<i2")


def write_pack(folder: Path) -> None:
    """Write the nine files and pack.yaml into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Written by audio_cues/make_classic.py. `level` is the active level in dBFS: the root",
        "# mean square of the 10 ms blocks at most 20 dB below the loudest one.",
        "name: classic",
        "description: Nine short tones in G major that can be told apart with closed eyes.",
        "licence: CC0-1.0",
        "author: audio coach",
        "cues:",
    ]
    for recipe in RECIPES:
        sound = samples(recipe)
        with wave.open(str(folder / f"{recipe.name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, len(sound), "NONE", "not compressed"))
            file.writeframes(sound.tobytes())
        lines += [
            f"  {recipe.name}:",
            f"    file: {recipe.name}.wav",
            f"    level: {active_level(sound / 32768):.1f}",
            f'    meaning: "{recipe.meaning}"',
        ]
    (folder / "pack.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_pack(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "classic")
