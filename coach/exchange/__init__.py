"""Routines of other programs: their files become scripts, and scripts become their files.

A format is a module with three functions, named in `FORMATS`. To add one, write the module, name
it here, and put a sample that the program itself has made into `tests/exchange/samples`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from coach.errors import CoachError, ScriptError, did_you_mean
from coach.exchange.content import Notes, decoded, listed, parsed_json, read_bytes
from coach.routine import Routine


@dataclass(frozen=True, slots=True)
class Content:
    """A file of another program."""

    name: str
    """The file's name as the user gave it."""
    title: str
    """What a routine is called whose format has no title."""
    text: str
    data: Any = None
    """What the text holds if it is JSON: mappings, lists, texts, numbers."""
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """One routine of a file."""

    title: str
    script: Mapping[str, Any]
    """The keys of its script."""
    left_behind: tuple[str, ...]
    """What could not be carried over, a line each."""
    comments: Mapping[tuple[str | int, ...], str] = field(default_factory=dict)
    """About values of the script, by their place."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A routine as a file of another program."""

    text: str
    left_behind: tuple[str, ...]


class Format(Protocol):
    """What a module of a format has; `write` is only there where the program reads files."""

    TITLE: str
    """The program's name."""
    LOOKS_FOR: str
    """What its files are told by."""

    def recognise(self, content: Content) -> bool:
        """Return whether the content is of this format."""

    def read(self, content: Content) -> list[Imported]:
        """Return the routines in the content.

        Raises:
            CoachError: it holds none.
        """

    def write(self, routine: Routine, notes: Notes) -> str:
        """Return the routine as this program reads it.

        Raises:
            CoachError: the format cannot hold it.
        """


FORMATS = {
    "jawt": "coach.exchange.jawt",
    "timer-machine": "coach.exchange.timer_machine",
    "openhiit": "coach.exchange.openhiit",
    "physio-timer": "coach.exchange.physio_timer",
    "wger": "coach.exchange.wger",
    "w2a": "coach.exchange.w2a",
    "csv": "coach.exchange.csv_table",
    "phrases": "coach.exchange.phrase_lines",
}
"""Name -> module, in the order in which a file is tried."""
WRITABLE = tuple(name for name in FORMATS if name != "wger")
"""wger reads no files: it takes routines over the network, by the numbers of its exercises."""
ENDINGS = {"w2a": ".yaml", "csv": ".csv", "phrases": ".txt"}
"""Of the files of a format; others are `.json`."""


def load_format(name: str) -> Any:
    """Return the module of a format, of which `Format` tells what it has.

    Raises:
        CoachError: there is no such format.
    """
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise CoachError(f"there is no format `{name}`{did_you_mean(name, FORMATS)}", f"Known: {known}.")
    return import_module(FORMATS[name])


def read_content(path: Path) -> Content:
    """Return what is in a file.

    Raises:
        CoachError: it cannot be read, is no text, or is JSON that is broken.
    """
    name = str(path)
    text = decoded(read_bytes(path), name)
    words = path.stem.replace("_", " ").replace("-", " ").split()
    title = " ".join(words)
    title = title[:1].upper() + title[1:]
    if text.lstrip()[:1] in ("{", "["):
        return Content(name, title, text, parsed_json(text, name), is_json=True)
    return Content(name, title, text)


def recognise(content: Content) -> str:
    """Return the name of the format that a file is in.

    Raises:
        CoachError: none fits; the message says what was looked for.
    """
    for name in FORMATS:
        if load_format(name).recognise(content):
            return name
    kinds = [load_format(name) for name in FORMATS]
    if content.is_json:
        found = _top_keys(content.data)
        looked_for = [kind for kind in kinds if kind.LOOKS_FOR.startswith("JSON")]
    else:
        found = "lines of text"
        looked_for = [kind for kind in kinds if not kind.LOOKS_FOR.startswith("JSON")]
    wanted = "; ".join(f"{kind.LOOKS_FOR} ({kind.TITLE})" for kind in looked_for)
    raise CoachError(
        f"cannot tell what program {content.name} is from: looked for {wanted}; found {found}",
        "Name the program with --format, or write a handout's text into a script with `coach draft`.",
    )


def _top_keys(data: Any) -> str:
    """Return what a JSON document begins with, for a message."""
    if isinstance(data, list):
        return f"a list of {_top_keys(data[0])}" if data else "an empty list"
    if isinstance(data, dict):
        keys = [f"`{key[:30]}`" for key in data]
        return f"a mapping with {listed(keys, 8)}" if keys else "an empty mapping"
    return "a single value"


def read_routines(content: Content, name: str = "") -> Sequence[Imported]:
    """Return the routines in a file; `name` is that of its format, if it is known.

    Raises:
        CoachError: the format is not known, or there is no routine in the file.
    """
    found = load_format(name or recognise(content)).read(content)
    if not found:
        raise CoachError(f"there is no routine in {content.name}")
    return list(found)


def script_of(imported: Imported, head: str, language: str) -> str:
    """Return the script of an imported routine, which is sure to be good.

    Args:
        imported: any.
        head: a comment for the first lines of the script.
        language: that of its texts, where the file does not tell.

    Raises:
        CoachError: it cannot be a script, because it lasts for days, say.
    """
    from coach.phrases import load_phrasebook
    from coach.routine import routine_from
    from coach.script import parse_script
    from coach.script_writer import write_script

    keys = {"coach": 1, "title": imported.title, "language": language, **imported.script}
    load_phrasebook(keys["language"])
    text = write_script(keys, {(): head, **imported.comments})
    try:
        routine_from(parse_script(text, imported.title), Path("imported.yaml"))
    except ScriptError as error:
        first = error.problems[0].message
        message = f'"{imported.title}" cannot be a script of the coach: {first}'
        raise CoachError(message, "Change it in the other program, or there is nothing to do.") from error
    return text


def export(routine: Routine, name: str) -> Exported:
    """Return a routine as a file of the format `name`.

    Raises:
        CoachError: there is no such format, or it cannot hold the routine.
    """
    module = load_format(name)
    if name not in WRITABLE:
        raise CoachError(
            f"{module.TITLE} reads no files, so nothing can be exported to it",
            f"Choose one of {', '.join(WRITABLE)}.",
        )
    notes = Notes()
    text: str = module.write(routine, notes)
    return Exported(text, notes.lines())
