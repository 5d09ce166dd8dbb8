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

WAV, FLAC, Ogg and AIFF will do, at any usual rate, mono or stereo, up to `MAX_SECONDS` long; MP3
will not, because it begins with a silence that would make every cue late. A pack may come from a
stranger, so nothing in it is trusted: sizes are bounded, and no path leaves its folder.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

from coach.errors import CuePackError, did_you_mean
from coach.steps import CUE_NAMES, CueName

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import soundfile
    import yaml
    from numpy.typing import NDArray

PACK_FILE: Final = "pack.yaml"
MAX_SECONDS: Final = 5
"""The longest sound a cue may have."""
MAX_GAIN: Final = 40.0
"""The greatest `gain` in dB, either way."""
_MAX_PACK_BYTES: Final = 64 * 1024
_MAX_SOUND_BYTES: Final = 32 * 1024 * 1024
"""Holds `MAX_SECONDS` of every rate, channel count and sample format that is accepted."""
_RATES: Final = range(8_000, 192_001)
_CHANNELS: Final = range(1, 9)
_FULL_SCALE: Final = 32_768
_MAGIC: Final = (b"RIFF", b"fLaC", b"OggS", b"FORM")
"""How WAV, FLAC, Ogg and AIFF files begin."""
_MAX_PROBLEMS: Final = 12
"""So many problems are told at once; the rest would be of the same kind."""

_PACK_KEYS: Final = ("name", "description", "licence", "author", "cues")
_CUE_KEYS: Final = ("file", "gain", "level", "meaning")
_NUMBER: Final = re.compile(r"[+-]?\d{1,6}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CueFile:
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


@dataclass(frozen=True, slots=True)
class CuePack:
    """A complete pack: a sound file for every cue."""

    name: str
    description: str
    licence: str
    author: str
    folder: Path
    """Where `pack.yaml` lies."""
    cues: tuple[CueFile, ...]
    """One for each of `CUE_NAMES`, in that order."""


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
        CuePackError: there is no such pack, or something is wrong with it. The message has a
            line for each thing that is wrong.
    """
    folder = _find(name_or_folder, search)
    pack_file = folder / PACK_FILE
    problems: list[str] = []
    root = _parse(pack_file)
    fields = _fields(root, _PACK_KEYS, f"{pack_file}", problems)
    texts = {
        key: _text(fields[key], f"{pack_file}: `{key}`", problems)
        for key in _PACK_KEYS
        if key in fields and key != "cues"
    }
    cues = _cues(fields, folder, problems)
    if problems:
        told = problems[:_MAX_PROBLEMS]
        if len(problems) > len(told):
            told.append(f"{pack_file}: and {len(problems) - len(told)} more problems")
        raise CuePackError("\n".join(told), "Mend the pack, or choose another with --cues.")
    return CuePack(
        name=texts.get("name") or folder.resolve().name,
        description=texts.get("description", ""),
        licence=texts.get("licence", ""),
        author=texts.get("author", ""),
        folder=folder,
        cues=cues,
    )


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


def _find(name_or_folder: str | Path, search: Path) -> Path:
    bundled = bundled_packs(search)
    if isinstance(name_or_folder, str) and name_or_folder in bundled:
        return search / name_or_folder
    folder = Path(name_or_folder)
    try:
        if str(name_or_folder) and folder.is_dir():
            return folder
    except OSError:  # a name too long for a file, or a folder that may not be entered
        pass
    wanted = str(name_or_folder)
    raise CuePackError(
        f"expected the name of a cue pack or a pack's folder, found `{_short(wanted)}`"
        f"{did_you_mean(wanted, bundled) if len(wanted) < 100 else ''}",
        f"Bundled packs: {', '.join(bundled) or 'none'}.",
    )


def _parse(pack_file: Path) -> yaml.Node | None:
    """Return the root node of `pack_file`, None if it has no content.

    Only the parser in Python runs, not libyaml's, which crashes on very deep nesting; and nodes
    are not turned into values, so neither types that YAML guesses nor aliases can do harm.
    """
    import yaml

    content = _read(pack_file, _MAX_PACK_BYTES)
    try:
        return yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise CuePackError(
            f"{pack_file}: expected UTF-8 text, found another encoding at byte {error.start}",
            "Save the file as UTF-8.",
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = _short(str(error.problem or error.context).removeprefix("but "), 100)
        raise CuePackError(f"{pack_file}{place}: this is not YAML: {problem}") from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise CuePackError(
            f"{pack_file}: expected YAML, found a character that it does not allow"
        ) from error
    except RecursionError as error:
        raise CuePackError(
            f"{pack_file}: expected a mapping of cues, found lists or mappings nested too deeply"
        ) from error


def _fields(
    node: yaml.Node | None, known: tuple[str, ...], what: str, problems: list[str]
) -> dict[str, yaml.Node]:
    """Return the values of the mapping `node` by key; note unknown and repeated keys."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        problems.append(f"{what}: expected the keys {_listed(known)}, found {_kind(node)}")
        return {}
    fields: dict[str, yaml.Node] = {}
    for key_node, value in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else None
        line = key_node.start_mark.line + 1
        if key is None or key not in known:
            found = _kind(key_node) if key is None else f"`{_short(key)}`"
            meant = did_you_mean(key, known) if key and len(key) < 100 else ""
            problems.append(
                f"{what}, line {line}: expected one of {_listed(known)}, found {found}{meant}"
            )
        elif key in fields:
            problems.append(f"{what}, line {line}: `{key}` is there twice, remove one of them")
        else:
            fields[key] = value
    return fields


def _cues(fields: dict[str, yaml.Node], folder: Path, problems: list[str]) -> tuple[CueFile, ...]:
    """Return the cues that are right; note what is wrong with the others."""
    pack_file = folder / PACK_FILE
    if "cues" not in fields:
        if not problems:
            problems.append(
                f"{pack_file}: expected `cues` with a file for each of {_listed(CUE_NAMES)}, "
                "found no `cues`"
            )
        return ()
    before = len(problems)
    nodes = _fields(fields["cues"], CUE_NAMES, f"{pack_file}: `cues`", problems)
    missing = [name for name in CUE_NAMES if name not in nodes]
    if missing and (nodes or len(problems) == before):
        problems.append(
            f"{pack_file}: expected a file for each of the {len(CUE_NAMES)} cues, "
            f"found none for {_listed(missing)}"
        )
    cues = (_cue(name, nodes[name], folder, problems) for name in CUE_NAMES if name in nodes)
    return tuple(cue for cue in cues if cue is not None)


def _cue(name: CueName, node: yaml.Node, folder: Path, problems: list[str]) -> CueFile | None:
    what = f"{folder / PACK_FILE}: `{name}`"
    before = len(problems)
    fields = _fields(node, _CUE_KEYS, what, problems)
    if "file" not in fields:
        if len(problems) == before:
            problems.append(f"{what}: expected a `file`, such as `file: {name}.wav`, found none")
        return None
    gain = _number(fields["gain"], f"{what}: `gain`", problems) if "gain" in fields else 0.0
    level = _number(fields["level"], f"{what}: `level`", problems) if "level" in fields else None
    meaning = (
        _text(fields["meaning"], f"{what}: `meaning`", problems) if "meaning" in fields else ""
    )
    file = _text(fields["file"], f"{what}: `file`", problems)
    if len(problems) > before:
        return None
    if gain is not None and abs(gain) > MAX_GAIN:
        problems.append(
            f"{what}: expected a `gain` from {-MAX_GAIN:g} to {MAX_GAIN:g} dB, found {gain:g}"
        )
    try:
        path = _inside(folder, file, what)
        with _opened(path):
            pass
    except CuePackError as error:
        problems.append(error.message)
        return None
    return CueFile(name, path, gain or 0.0, level, meaning)


def _inside(folder: Path, file: str, what: str) -> Path:
    """Return the resolved path of `file`, which must lie in `folder`."""
    windows = PureWindowsPath(file)  # its rules are the stricter ones; a pack is for every system
    if windows.anchor or "\\" in file or ".." in PurePosixPath(file).parts:
        raise CuePackError(
            f"{what}: expected a file inside the pack's folder, written with `/`, "
            f"found `{_short(file)}`"
        )
    if not file:
        raise CuePackError(f"{what}: expected a file's name, found an empty text")
    try:
        path = (folder / file).resolve(strict=True)
        home = folder.resolve(strict=True)
        regular = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # missing; links in a circle; a zero byte
        raise CuePackError(f"{what}: there is no file {folder / _short(file)}") from error
    if not path.is_relative_to(home):
        raise CuePackError(
            f"{what}: {folder / _short(file)} is a link that leaves the pack's folder, "
            "put the file itself there"
        )
    if not regular:
        raise CuePackError(f"{what}: expected a sound file, but {path} is not a file")
    return path


def _read(path: Path, limit: int) -> bytes:
    """Return the content of `path`, which may have `limit` bytes."""
    try:
        if not path.is_file():
            raise CuePackError(
                f"there is no file {path}",
                f"A cue pack is a folder with a {PACK_FILE} and its sound files.",
            )
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise CuePackError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > limit:
        raise CuePackError(f"{path}: expected at most {limit // 1024} KiB, found more")
    return content


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a sound file whose size, rate, channels and length are within bounds."""
    import io

    import soundfile

    class Memory(io.BytesIO):
        """From memory, so that libsndfile goes by what is in the file, never by its name."""

        def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
            try:
                return super().seek(offset, whence)
            except ValueError:  # damaged files make libsndfile seek before the beginning
                return self.tell()

    content = _read(path, _MAX_SOUND_BYTES)
    if not content:
        raise CuePackError(f"{path}: expected a sound, but the file is empty")
    if not content.startswith(_MAGIC):
        raise CuePackError(f"{path}: expected a WAV, FLAC, Ogg or AIFF file, found something else")
    try:
        with soundfile.SoundFile(Memory(content)) as sound:
            if sound.samplerate not in _RATES:
                raise CuePackError(
                    f"{path}: expected {_RATES[0]} to {_RATES[-1]} frames a second, "
                    f"found {sound.samplerate}"
                )
            if sound.channels not in _CHANNELS:
                raise CuePackError(
                    f"{path}: expected mono or stereo, found {sound.channels} channels"
                )
            if sound.frames < 1:
                raise CuePackError(f"{path}: expected a sound, but it has no samples")
            if sound.frames > MAX_SECONDS * sound.samplerate:
                raise CuePackError(
                    f"{path}: expected a sound of at most {MAX_SECONDS} s, "
                    f"found {sound.frames / sound.samplerate:.1f} s"
                )
            yield sound
    except soundfile.SoundFileError as error:
        raise CuePackError(
            f"{path}: expected a WAV, FLAC, Ogg or AIFF file, found a damaged one"
        ) from error


def _samples(cue: CueFile, rate: int) -> NDArray[np.int16]:
    import numpy as np

    from coach.resample import resample

    with _opened(cue.path) as sound:
        source_rate = sound.samplerate
        channels = sound.read(dtype="float64", always_2d=True)
    if not len(channels) or not np.isfinite(channels).all():
        raise CuePackError(f"{cue.path}: expected a sound, found a damaged file")
    mono = resample(channels.mean(axis=1), source_rate, rate)
    scaled = np.rint(mono * 10 ** (cue.gain / 20) * _FULL_SCALE)
    clipped: NDArray[np.int16] = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
    return clipped


def _text(node: yaml.Node, what: str, problems: list[str]) -> str:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return str(node.value).strip()
    problems.append(f"{what}: expected a text, found {_kind(node)}")
    return ""


def _number(node: yaml.Node, what: str, problems: list[str]) -> float | None:
    import yaml

    if isinstance(node, yaml.ScalarNode) and _NUMBER.fullmatch(str(node.value)):
        return float(node.value)
    problems.append(f"{what}: expected a number of decibels such as -3 or 1.5, found {_kind(node)}")
    return None


def _kind(node: yaml.Node | None) -> str:
    import yaml

    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if isinstance(node, yaml.ScalarNode) and node.value:
        return f"`{_short(str(node.value))}`"
    return "nothing"


def _listed(names: tuple[str, ...] | list[CueName]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _short(text: str, limit: int = 60) -> str:
    """Return `text` fit for a message: on one line, printable, at most `limit` characters."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."
