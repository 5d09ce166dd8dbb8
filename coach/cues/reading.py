"""A pack's folder as it is read, with all that is wrong with it.

Texts of `pack.yaml` stay texts, and what it unfolds to has bounds; see `coach.script`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from coach.cues import PACK_FILE, CueFile, CuePack
from coach.cues.sounds import ENDINGS, check_sound, read_bytes
from coach.errors import CuePackError, Location, ScriptError, did_you_mean
from coach.files.given import leaves
from coach.script import Mapping, Node, Scalar, decoded, describe, parse_script
from coach.steps import CUE_NAMES, CueName

MAX_GAIN: Final = 40.0
"""The greatest `gain` in dB, either way."""
_MAX_PACK_BYTES: Final = 64 * 1024
_PACK_KEYS: Final = ("name", "description", "licence", "author", "cues")
_CUE_KEYS: Final = ("file", "gain", "level", "meaning")
_NUMBER: Final = re.compile(r"[+-]?\d{1,6}(\.\d{1,6})?", re.ASCII)


def read_pack(folder: Path) -> tuple[CuePack, list[str]]:
    """Return the pack in a folder as far as it is right, and what is wrong, a line each.

    Raises:
        CuePackError: there is none, or its `pack.yaml` is no file that can be read.
    """
    pack_file = folder / PACK_FILE
    problems: list[str] = []
    named = _named_after_cues(folder)
    if named and not pack_file.exists():
        cues = _cues_named(named, folder, problems)
        return CuePack(folder.resolve().name, "", "", "", folder, cues), problems
    root = _root(pack_file, problems)
    fields = _fields(root, _PACK_KEYS, "", problems)
    texts = {
        key: _text(node, f"`{key}`", problems) for key, node in fields.items() if key != "cues"
    }
    pack = CuePack(
        name=texts.get("name") or folder.resolve().name,
        description=texts.get("description", ""),
        licence=texts.get("licence", ""),
        author=texts.get("author", ""),
        folder=folder,
        cues=_cues(root, folder, problems),
    )
    return pack, problems


def _root(pack_file: Path, problems: list[str]) -> Mapping:
    """Return the keys of `pack_file`, none if it cannot be understood; note what is wrong."""
    if not pack_file.exists():
        raise CuePackError(
            f"there is no file {pack_file}",
            f"A cue pack is a folder with a {PACK_FILE} and its sound files, or with a sound file "
            f"named after each cue: {', '.join(f'{name}.wav' for name in CUE_NAMES)}.",
        )
    name = str(pack_file)
    content = read_bytes(
        _inside(pack_file.parent, pack_file.name, name), _MAX_PACK_BYTES, follow=False
    )
    try:
        document = parse_script(decoded(content, name), name, "a cue pack with `cues`")
        root, found = document.root, document.problems
    except ScriptError as error:
        root, found = Mapping({}, Location(name, 1, 1), 1), error.problems
    problems += [f"{problem.where}: {problem.message}" for problem in found]
    return root


def _fields(node: Node, known: tuple[str, ...], what: str, problems: list[str]) -> dict[str, Node]:
    """Return the values of the mapping `node` by key, in the order of `known`; note other keys."""
    if not isinstance(node, Mapping):
        problems.append(
            f"{node.where}: {what}expected the keys {_listed(known)}, found {describe(node)}"
        )
        return {}
    for key, (own, _) in node.entries.items():
        if key not in known:
            meant = did_you_mean(key, known) if len(key) < 100 else ""
            problems.append(
                f"{own.where}: {what}expected one of {_listed(known)}, found `{_short(key)}`{meant}"
            )
    return {key: node.entries[key][1] for key in known if key in node.entries}


def _cues(root: Mapping, folder: Path, problems: list[str]) -> tuple[CueFile, ...]:
    """Return the cues that are right; note what is wrong with the others."""
    listed = root.get("cues")
    if listed is None:
        if not problems:
            problems.append(
                f"{root.where}: expected `cues` with a file for each of {_listed(CUE_NAMES)}, "
                "found no `cues`"
            )
        return ()
    before = len(problems)
    nodes = _fields(listed, CUE_NAMES, "`cues`: ", problems)
    missing = [name for name in CUE_NAMES if name not in nodes]
    if missing and (nodes or len(problems) == before):
        problems.append(
            f"{listed.where}: expected a file for each of the {len(CUE_NAMES)} cues, "
            f"found none for {_listed(missing)}"
        )
    cues = (_cue(name, nodes[name], folder, problems) for name in CUE_NAMES if name in nodes)
    return tuple(cue for cue in cues if cue is not None)


def _cue(name: CueName, node: Node, folder: Path, problems: list[str]) -> CueFile | None:
    what = f"`{name}`: "
    before = len(problems)
    fields = _fields(node, _CUE_KEYS, what, problems)
    if "file" not in fields:
        if len(problems) == before:
            problems.append(
                f"{node.where}: {what}expected a `file`, such as `file: {name}.wav`, found none"
            )
        return None
    gain = _number(fields.get("gain"), f"{what}`gain`", problems)
    level = _number(fields.get("level"), f"{what}`level`", problems)
    meaning = _text(fields.get("meaning"), f"{what}`meaning`", problems)
    file = _text(fields["file"], f"{what}`file`", problems)
    if len(problems) > before:
        return None
    if gain is not None and abs(gain) > MAX_GAIN:
        problems.append(
            f"{fields['gain'].where}: {what}expected a `gain` from {-MAX_GAIN:g} to {MAX_GAIN:g} "
            f"dB, found {gain:g}"
        )
    try:
        path = _inside(folder, file, f"{fields['file'].where}: `{name}`")
        check_sound(path)
    except CuePackError as error:
        problems.append(error.message)
        return None
    return CueFile(name, path, gain or 0.0, level, meaning)


def _text(node: Node | None, what: str, problems: list[str]) -> str:
    """Return a text, an empty one if there is none."""
    if node is None:
        return ""
    if isinstance(node, Scalar):
        return node.text.strip()
    problems.append(f"{node.where}: {what}: expected a text, found {describe(node)}")
    return ""


def _number(node: Node | None, what: str, problems: list[str]) -> float | None:
    """Return a number, None if there is none."""
    if node is None:
        return None
    if isinstance(node, Scalar) and _NUMBER.fullmatch(node.text):
        return float(node.text)
    problems.append(
        f"{node.where}: {what}: expected a number of decibels such as -3 or 1.5, "
        f"found {describe(node)}"
    )
    return None


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


def _listed(names: tuple[str, ...] | list[CueName]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _short(text: str, limit: int = 60) -> str:
    """Return `text` fit for a message: on one line, printable, at most `limit` characters."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."
