"""Routines of other programs: their files become scripts, and scripts become their files.

A format is a module with three functions, named in `FORMATS`. To add one, write the module, name
it here, and put a sample that the program itself has made into `tests/exchange/samples`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

from msgspec import Struct, field

from coach.errors import CoachError, ScriptError, did_you_mean
from coach.exchange.content import Notes, decoded, listed, name_of, parsed_json, read_bytes
from coach.routine import Routine


class Content(Struct, frozen=True):
    """A file of another program."""

    name: str
    """The file's name as the user gave it."""
    title: str
    """What a routine is called whose format has no title."""
    text: str
    data: Any = None
    """What the text holds if it is JSON: mappings, lists, texts, numbers."""
    is_json: bool = False


Place: TypeAlias = tuple[str | int, ...]


class Draft(Struct, frozen=True):
    """What a script is going to contain."""

    script: dict[str, Any]
    """Its keys, all but the title."""
    comments: Mapping[Place, str] = field(default_factory=dict)
    """About values of the script, by their place."""


class Found(Struct, frozen=True):
    """One routine in a file."""

    title: str
    draft: Callable[[Notes], Draft]
    """Makes a script of it, and takes notes of what cannot be carried over. Raises CoachError."""


class Imported(Struct, frozen=True):
    """A routine of another program as a script."""

    title: str
    text: str
    exercises: int
    left_behind: tuple[str, ...]
    """What could not be carried over, a line each."""


class Exported(Struct, frozen=True):
    """A routine as a file of another program."""

    text: str
    left_behind: tuple[str, ...]


class Format(Protocol):
    """What a module of a format has."""

    TITLE: str
    """The program's name."""
    LOOKS_FOR: str
    """What its files are told by."""

    def recognise(self, content: Content) -> bool:
        """Return whether the content is of this format."""

    def read(self, content: Content, notes: Notes) -> list[Found]:
        """Return the routines in the content; the notes are of what belongs to none."""


class Writer(Format, Protocol):
    """What the module of a format has that its program reads."""

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


def load_format(name: str) -> Format:
    """Return the module of a format.

    Raises:
        CoachError: there is no such format.
    """
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise CoachError(
            f"there is no format `{name}`{did_you_mean(name, FORMATS)}", f"Known: {known}."
        )
    return cast("Format", import_module(FORMATS[name]))


def read_content(path: Path) -> Content:
    """Return what is in a file.

    Raises:
        CoachError: it cannot be read, is no text, or is JSON that is broken.
    """
    name = str(path)
    text = decoded(read_bytes(path), name)
    title = name_of(path.stem.replace("_", " ").replace("-", " ")) or "Routine"
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
    if not content.is_json and re.search(r"^exercises\s*:", content.text, re.MULTILINE):
        raise CoachError(
            f"{content.name} looks like a script of the coach already", "Try `coach check` on it."
        )
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
        "Name the program with --format; `coach draft` reads handouts.",
    )


def _top_keys(data: Any) -> str:
    """Return what a JSON document begins with, for a message."""
    if isinstance(data, list):
        return f"a list of {_top_keys(data[0])}" if data else "an empty list"
    if isinstance(data, dict):
        keys = [f"`{key[:30]}`" for key in data]
        return f"a mapping with {listed(keys, 8)}" if keys else "an empty mapping"
    return "a single value"


def routines_in(content: Content, program: Format, notes: Notes) -> list[Found]:
    """Return the routines in a file of a program.

    Raises:
        CoachError: there is no routine in the file.
    """
    found = program.read(content, notes)
    if not found:
        raise CoachError(
            f"there is no routine in {content.name}: looked for {program.LOOKS_FOR}",
            "Name another program with --format.",
        )
    return found


def imported(found: Found, head: str, language: str | None) -> Imported:
    """Return a routine as a script that is sure to be good.

    Args:
        found: any.
        head: a comment for the first lines of the script.
        language: that of its texts; None leaves it to the file, or else takes English.

    Raises:
        CoachError: it cannot be a script: there is nothing to do in it, or it lasts for days.
    """
    from coach.phrases import load_phrasebook
    from coach.routine import routine_from
    from coach.script import parse_script
    from coach.script_writer import write_script

    notes = Notes()
    try:
        draft = found.draft(notes)
        keys = {"coach": 1, "title": found.title, "language": "en", **draft.script}
        keys["language"] = language or keys["language"]
        load_phrasebook(keys["language"])
        text = write_script(keys, {(): head, **draft.comments})
        routine = routine_from(parse_script(text, found.title), Path("imported.yaml"))
    except CoachError as error:
        reason = error.problems[0].message if isinstance(error, ScriptError) else error.message
        message = f'cannot make a script of "{found.title}": {reason}'
        raise CoachError(message, error.hint) from error
    return Imported(found.title, text, len(list(routine.exercises())), notes.lines())


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
    text = cast("Writer", module).write(routine, notes)
    return Exported(text, notes.lines())
