"""Cue packs: the sounds that mark what happens, and how they become samples.

A pack is a folder with a `pack.yaml` and a sound file for each of `CUE_NAMES`:

    name: classic                   # optional, as are the next three; default: the folder's name
    description: Nine short tones.
    licence: CC0-1.0
    author: audio coach
    cues:                           # all nine of them
      tick:
        file: tick.wav              # relative to the folder, and inside it
        gain: -3                    # optional: dB added when the file is loaded; default 0
        level: -26.0                # optional: the file's active level in dBFS, for information
        meaning: A second passed.   # optional: shown to the user

Without a `pack.yaml`, sound files that are named after the cues (`tick.wav`) are the pack. `sounds`
says which files will do. A pack may come from a stranger, so nothing in it is trusted: sizes are
bounded, and no path leaves its folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from coach.cues.sounds import plain_sound, read_mono
from coach.errors import CuePackError, did_you_mean, shortened
from coach.steps import CueName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACK_FILE: Final = "pack.yaml"
_FULL_SCALE: Final = 32_768
_LONGEST_NAME: Final = 100
_MAX_PROBLEMS: Final = 12
"""So many problems are told at once; the rest would be of the same kind."""


class CueFile(Struct, frozen=True):
    """One cue of a pack."""

    name: CueName
    path: Path
    """The sound file: absolute, symbolic links resolved."""
    gain: float = 0.0
    """dB that `load_samples` adds."""
    level: float | None = None
    """Active level of the file in dBFS before `gain`, as its author states it."""
    meaning: str = ""
    """What the cue tells, as a sentence, for people; may be empty."""


class CuePack(Struct, frozen=True):
    """A pack: a sound file for every cue, if `load_pack` has found it to be complete."""

    name: str
    description: str
    licence: str
    author: str
    folder: Path
    """Where its files lie."""
    cues: tuple[CueFile, ...]
    """In the order of `CUE_NAMES`."""


def bundled_packs(search: Path) -> tuple[str, ...]:
    """Return the names of the packs below the folder `search`, sorted."""
    try:
        return tuple(sorted(path.parent.name for path in search.glob(f"*/{PACK_FILE}")))
    except OSError:
        return ()


def load_pack(name_or_folder: str | Path, search: Path) -> CuePack:
    """Return the pack of this name or in this folder, after looking at each of its files.

    Args:
        name_or_folder: the name of a pack below `search`, or a pack's folder. A text that is
            both is the name (`./classic` is the folder); a `Path` is always a folder.
        search: the folder that holds the bundled packs.

    Raises:
        CuePackError: there is no such pack, or something is wrong with it. The message tells
            the first thing that is wrong, and `more` the others.
    """
    from coach.cues.reading import read_pack

    pack, problems = read_pack(find_pack(name_or_folder, search))
    if problems:
        told = problems[:_MAX_PROBLEMS]
        if len(problems) > len(told):
            told.append(f"{pack.folder / PACK_FILE}: and {len(problems) - len(told)} more problems")
        raise CuePackError(told[0], "Mend the pack, or choose another with --cues.", told[1:])
    return pack


def load_samples(pack: CuePack, rate: int) -> dict[CueName, NDArray[np.int16]]:
    """Return each cue of `pack` as mono 16 bit samples at `rate` frames a second.

    Stereo is averaged to mono, other rates are resampled once by soxr (HQ), and `gain` is
    applied; what then exceeds full scale is clipped. The first frame stays the first frame: the
    resampler's filter has linear phase and its delay is taken off. A mono 16 bit file that has
    the rate and no gain comes back unchanged.

    Raises:
        CuePackError: a file cannot be read (any more).
    """
    return {cue.name: _samples(cue, rate) for cue in pack.cues}


def load_lengths(pack: CuePack, rate: int) -> dict[CueName, int]:
    """Return how many frames each cue has of what `load_samples` returns, the least being loaded.

    Raises:
        CuePackError: a file cannot be read (any more).
    """
    return {cue.name: _length(cue, rate) for cue in pack.cues}


def find_pack(name_or_folder: str | Path, search: Path) -> Path:
    """Return the folder that `load_pack` would take.

    Raises:
        CuePackError: there is none; with the near match.
    """
    bundled = bundled_packs(search)
    if isinstance(name_or_folder, str) and name_or_folder in bundled:
        return search / name_or_folder
    folder = Path(name_or_folder)
    is_file = False
    try:
        if str(name_or_folder) and folder.is_dir():
            return folder
        is_file = folder.is_file()
    except OSError:  # a name too long for a file, or a folder that may not be entered
        pass
    wanted = str(name_or_folder)
    is_short = len(wanted) < _LONGEST_NAME
    near = did_you_mean(wanted, (*bundled, *_folders_beside(folder))) if is_short else ""
    raise CuePackError(
        f"expected the name of a cue pack or a pack's folder, found {'the file ' * is_file}"
        f"`{shortened(wanted, 60)}`{near}",
        f"Bundled packs: {', '.join(bundled) or 'none'}.",
    )


def _folders_beside(path: Path) -> list[str]:
    """Return the folders that lie where `path` would, written as it is."""
    try:
        return [str(path.with_name(one.name)) for one in path.parent.iterdir() if one.is_dir()]
    except (OSError, ValueError):
        return []


def _samples(cue: CueFile, rate: int) -> NDArray[np.int16]:
    import numpy as np

    from coach.resample import resample

    mono, source_rate = read_mono(cue.path)
    scaled = np.rint(resample(mono, source_rate, rate) * 10 ** (cue.gain / 20) * _FULL_SCALE)
    clipped: NDArray[np.int16] = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
    return clipped


def _length(cue: CueFile, rate: int) -> int:
    from coach.resample import resampled_length

    plain = plain_sound(cue.path)
    if plain is None:
        return len(_samples(cue, rate))
    return resampled_length(plain.frames, plain.rate, rate)
