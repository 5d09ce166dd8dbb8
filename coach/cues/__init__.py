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

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coach.cues.sounds import ENDINGS, check_sound, plain_sound, read_bytes, read_mono
from coach.errors import CuePackError, did_you_mean
from coach.files import leaves
from coach.steps import CUE_NAMES, CueName

if TYPE_CHECKING:
    import numpy as np
    import yaml
    from numpy.typing import NDArray

PACK_FILE: Final = "pack.yaml"
MAX_GAIN: Final = 40.0
"""The greatest `gain` in dB, either way."""
_MAX_PACK_BYTES: Final = 64 * 1024
_MAX_DEPTH: Final = 20
_FULL_SCALE: Final = 32_768
_LONGEST_NAME: Final = 100
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
    pack, problems = read_pack(find_pack(name_or_folder, search))
    if problems:
        told = problems[:_MAX_PROBLEMS]
        if len(problems) > len(told):
            told.append(f"{pack.folder / PACK_FILE}: and {len(problems) - len(told)} more problems")
        raise CuePackError(told[0], "Mend the pack, or choose another with --cues.", told[1:])
    return pack


def read_pack(folder: Path) -> tuple[CuePack, list[str]]:
    """Return the pack in a folder as far as it is right, and what is wrong, a line each.

    Raises:
        CuePackError: there is none, or nothing of its `pack.yaml` can be understood.
    """
    pack_file = folder / PACK_FILE
    problems: list[str] = []
    named = _named_after_cues(folder)
    if named and not pack_file.exists():
        cues = _cues_named(named, folder, problems)
        return CuePack(folder.resolve().name, "", "", "", folder, cues), problems
    root = _parse(pack_file)
    fields = _fields(root, _PACK_KEYS, f"{pack_file}", problems)
    texts = {
        key: _text(fields[key], f"{pack_file}: `{key}`", problems)
        for key in _PACK_KEYS
        if key in fields and key != "cues"
    }
    cues = _cues(fields, folder, problems)
    pack = CuePack(
        name=texts.get("name") or folder.resolve().name,
        description=texts.get("description", ""),
        licence=texts.get("licence", ""),
        author=texts.get("author", ""),
        folder=folder,
        cues=cues,
    )
    return pack, problems


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
        f"`{_short(wanted)}`{near}",
        f"Bundled packs: {', '.join(bundled) or 'none'}.",
    )


def _folders_beside(path: Path) -> list[str]:
    """Return the folders that lie where `path` would, written as it is."""
    try:
        return [str(path.with_name(one.name)) for one in path.parent.iterdir() if one.is_dir()]
    except (OSError, ValueError):
        return []


def _parse(pack_file: Path) -> yaml.Node | None:
    """Return the root node of `pack_file`, None if it has no content.

    Nodes are not turned into values, so neither types that YAML guesses nor aliases can do harm.
    """
    import yaml

    if not pack_file.exists():
        raise CuePackError(
            f"there is no file {pack_file}",
            f"A cue pack is a folder with a {PACK_FILE} and its sound files, or with a sound file "
            f"named after each cue: {', '.join(f'{name}.wav' for name in CUE_NAMES)}.",
        )
    inside = _inside(pack_file.parent, pack_file.name, f"{pack_file}")
    content = read_bytes(inside, _MAX_PACK_BYTES, follow=False)
    try:
        text = content.decode("utf-8-sig")
        _check_depth(text)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError as error:  # also where libyaml found another fault before the depth
        raise CuePackError(
            f"{pack_file}: expected a mapping of cues, found lists or mappings nested too deeply"
        ) from error
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


def _check_depth(text: str) -> None:
    """Check that lists and mappings are not nested deeper than any pack's.

    Composing such nodes crashes in C, and takes time that grows with the square in Python; looking
    at one event after the other does neither.

    Raises:
        RecursionError: they are.
    """
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _MAX_DEPTH:
                raise RecursionError
    except yaml.YAMLError as error:  # any other is told by whoever composes the nodes
        if "nesting depth" in str(error):
            raise RecursionError from error


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


def _named_after_cues(folder: Path) -> dict[CueName, str]:
    """Return the files of a folder that are named after cues."""
    try:
        inside = {path.name.lower(): path.name for path in sorted(folder.iterdir(), reverse=True)}
    except OSError:
        return {}
    found = {
        name: [f"{name}{end}" for end in ENDINGS if f"{name}{end}" in inside] for name in CUE_NAMES
    }
    return {name: inside[files[0]] for name, files in found.items() if files}


def _cues_named(
    named: dict[CueName, str], folder: Path, problems: list[str]
) -> tuple[CueFile, ...]:
    """Return the cues whose files are right; note what is wrong with the others."""
    missing = [name for name in CUE_NAMES if name not in named]
    if missing:
        problems.append(
            f"{folder}: expected a sound file for each of the {len(CUE_NAMES)} cues, such as "
            f"{missing[0]}.wav, found none for {_listed(missing)}"
        )
    cues = []
    for name, file in named.items():
        try:
            path = _inside(folder, file, f"{folder}: `{name}`")
            check_sound(path)
            cues.append(CueFile(name, path))
        except CuePackError as error:
            problems.append(error.message)
    return tuple(cues)


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
        check_sound(path)
    except CuePackError as error:
        problems.append(error.message)
        return None
    return CueFile(name, path, gain or 0.0, level, meaning)


def _inside(folder: Path, file: str, what: str) -> Path:
    """Return the resolved path of `file`, which must lie in `folder`."""
    if "\\" in file or leaves(file):
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
