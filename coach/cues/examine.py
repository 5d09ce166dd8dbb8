"""Whether the cues of a pack can be used: levels, lengths, loudspeakers, and who sounds like whom.

Everything is measured after `gain`, as it is going to be heard. Full scale is 1; a full sine has a
level of -3 dBFS. Speech has an active level of about -20.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from coach.cues import CueFile, CuePack
from coach.cues.sounds import read_mono
from coach.steps import CueName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

RATE = 48_000
"""Hz at which cues are compared."""
LOUDEST_DB, SOFTEST_DB = -12.0, -34.0
"""Active levels in dBFS: 8 dB above speech, and 14 below."""
PHONE_HZ = (500.0, 4000.0)
"""What a phone's small loudspeaker carries well."""
SOFTEST_ON_PHONE_DB = -36.0
"""Active level in dBFS of what lies within `PHONE_HZ`."""
LONGEST_S: Mapping[CueName, float] = {
    "ready": 0.8,
    "start": 0.8,
    "tick": 0.5,
    "final": 0.8,
    "end": 1.5,
    "halfway": 1.5,
    "rest": 2.0,
    "switch": 2.0,
    "finish": 5.0,
}
"""Seconds: three of them are heard each second, and words wait for the others."""
LATEST_S = 0.03
"""Seconds after which a sound has begun; what comes later is heard to be late."""
LOWEST_DISTANCE = 0.6
"""What is less far apart is taken for the same; the cues that ship are at least 0.85 apart."""
_CLIPPED = 0.9995
"""Full scale, less what 12 bit lose."""
_CLIPPED_IN_A_ROW = 3
_AUDIBLE = 0.1
"""Of the greatest amplitude: there a sound begins."""

Flaw = Literal["loud", "soft", "long", "late", "clipped", "phone", "similar"]


class Examined(Struct, frozen=True):
    """One cue, measured."""

    name: CueName
    seconds: float
    """Length."""
    level: float
    """Active level in dBFS, `-inf` for silence: the mean of the blocks of 10 ms that are at most
    20 dB below the loudest."""
    peak: float
    """Highest magnitude in dBFS, `-inf` for silence; above 0 where `gain` is too much."""
    on_phone: float
    """Share of the energy that a phone's loudspeaker carries, 0 to 1."""
    begins: float
    """Seconds until it is heard."""
    is_clipped: bool


class Finding(Struct, frozen=True):
    """Something that makes a cue hard to use."""

    flaw: Flaw
    cues: tuple[CueName, ...]
    message: str
    """A sentence that says what to do."""


class Report(Struct, frozen=True):
    """What was found out about a pack."""

    cues: tuple[Examined, ...]
    findings: tuple[Finding, ...]


def examine(pack: CuePack) -> Report:
    """Return what there is to say about the cues of a pack.

    Raises:
        CuePackError: a file cannot be read (any more).
    """
    sounds = {cue.name: _sound(cue) for cue in pack.cues}
    cues = tuple(_measured(name, sound) for name, sound in sounds.items())
    findings = [finding for cue in cues for finding in _flaws(cue)]
    return Report(cues, (*findings, *_similar(sounds)))


def distance(one: Sound, other: Sound) -> float:
    """Return how different two sounds at `RATE` are, whatever their levels: 0 is the same.

    The share of the energy that lies elsewhere, in five parts of the time and third octaves, plus
    the ratio of their lengths in octaves, at most 1: pitch, timbre, movement, decay and length.
    """
    return _apart(_picture(one), _picture(other), len(one) / len(other))


def _apart(one: Sound, other: Sound, ratio: float) -> float:
    """Return how different the sounds of two pictures are whose lengths have a ratio."""
    import numpy as np

    elsewhere = float(np.abs(one - other).sum() / 2)
    return elsewhere + min(1.0, abs(math.log2(ratio)))


def _sound(cue: CueFile) -> Sound:
    from coach.resample import resample

    mono, rate = read_mono(cue.path)
    sound: Sound = resample(mono, rate, RATE) * 10 ** (cue.gain / 20)
    return sound


def _measured(name: CueName, sound: Sound) -> Examined:
    import numpy as np

    loud = np.abs(sound)
    peak = float(loud.max())
    return Examined(
        name=name,
        seconds=len(sound) / RATE,
        level=_active_level(sound),
        peak=_decibels(peak**2),
        on_phone=_share_on_phone(sound),
        begins=int(np.argmax(loud >= _AUDIBLE * peak)) / RATE,
        is_clipped=peak > 1 or _longest_run(loud >= _CLIPPED) >= _CLIPPED_IN_A_ROW,
    )


def _active_level(sound: Sound) -> float:
    import numpy as np

    block = RATE // 100
    whole = np.pad(sound, (0, -len(sound) % block)).reshape(-1, block)
    power = np.mean(whole**2, axis=1)
    return _decibels(float(np.mean(power[power >= power.max() / 100])))


def _share_on_phone(sound: Sound) -> float:
    import numpy as np

    frequencies, power = _spectrum(sound, 2 ** math.ceil(math.log2(len(sound) + 1)))
    low, high = PHONE_HZ
    carried = power[(frequencies >= low) & (frequencies <= high)]
    total = float(np.sum(power))
    return float(np.sum(carried)) / total if total else 0.0


def _spectrum(sound: Sound, size: int) -> tuple[Sound, Sound]:
    """Return frequencies in Hz, and the power at each."""
    import numpy as np

    frequencies: Sound = np.arange(size // 2 + 1).astype(np.float64) * (RATE / size)
    power: Sound = np.abs(np.fft.rfft(sound, size)).astype(np.float64) ** 2
    return frequencies, power


def _picture(sound: Sound) -> Sound:
    """Return where the energy lies: five parts of the time by third octaves; the sum is 1."""
    import numpy as np

    edges = 500 * 2 ** (np.arange(-10, 16) / 3)
    parts = [_spectrum(part, 1 << 16) for part in np.array_split(sound, 5)]
    bands = np.array([np.histogram(f, bins=edges, weights=power)[0] for f, power in parts])
    total = bands.sum()
    picture: Sound = bands / total if total else bands
    return picture


def _longest_run(is_there: NDArray[np.bool_]) -> int:
    """Return how many in a row are there at most."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.pad(is_there.astype(np.int8), 1)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _decibels(power: float) -> float:
    return 10 * math.log10(power) if power else -math.inf


def _flaws(cue: Examined) -> Iterator[Finding]:
    def flaw(kind: Flaw, message: str) -> Finding:
        return Finding(kind, (cue.name,), f"`{cue.name}` {message}")

    if cue.is_clipped:
        yield flaw(
            "clipped", "is clipped, which crackles: take a softer recording, or a lower `gain`."
        )
    if cue.level > LOUDEST_DB:
        yield flaw(
            "loud",
            f"is too loud: {cue.level:.0f} dBFS beside speech with -20; "
            f"give it `gain: {round(-20 - cue.level)}`.",
        )
    if cue.level == -math.inf:
        yield flaw("soft", "is silent: take another sound.")
        return
    on_phone = cue.level + _decibels(cue.on_phone)
    if cue.level < SOFTEST_DB:
        yield flaw(
            "soft",
            f"is too soft: {cue.level:.0f} dBFS beside speech with -20; "
            f"give it `gain: {round(-22 - cue.level)}`.",
        )
    elif on_phone < SOFTEST_ON_PHONE_DB:
        low, high = PHONE_HZ
        yield flaw(
            "phone",
            f"is hardly heard from a phone: {cue.on_phone:.0%} of it lies between {low:.0f} and "
            f"{high:.0f} Hz; take a sound in that range.",
        )
    longest = LONGEST_S[cue.name]
    if cue.seconds > longest + 0.0005:
        yield flaw(
            "long",
            f"is too long: {cue.seconds:.2f} s, and what comes next is then {longest:g} s later; "
            "cut it, and let it fade.",
        )
    if cue.begins > LATEST_S:
        yield flaw(
            "late", f"begins {cue.begins * 1000:.0f} ms late: cut off the silence before it."
        )


def _similar(sounds: Mapping[CueName, Sound]) -> Iterator[Finding]:
    pictures = {name: _picture(sound) for name, sound in sounds.items() if sound.any()}
    for one, other in itertools.combinations(pictures, 2):
        ratio = len(sounds[one]) / len(sounds[other])
        apart = _apart(pictures[one], pictures[other], ratio)
        if apart < LOWEST_DISTANCE:
            yield Finding(
                "similar",
                (one, other),
                f"`{one}` and `{other}` sound alike: take sounds of different pitch, movement or "
                "length.",
            )
