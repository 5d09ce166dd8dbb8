"""The errors that a user can cause, kept as values; only `coach.cli` turns them into text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias


class Location(NamedTuple):
    """A place in a text file."""

    file: str
    """The file's name as the user gave it."""
    line: int
    """Line, counted from 1."""
    column: int
    """Column in characters, counted from 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


Severity: TypeAlias = Literal["error", "warning", "advice"]
"""An error keeps a script from being used, a warning is most likely one, advice is optional."""


class Problem(NamedTuple):
    """One thing that is wrong with a script, and where."""

    where: Location
    message: str
    """What was expected, what was found, and the near match if there is one."""
    source: str = ""
    """The part of the script's line that `where` points into, without its newline."""
    source_start: int = 0
    """Characters of that line before `source`."""
    severity: Severity = "error"


class CoachError(Exception):
    """Something that the user can mend. The message is a sentence that says how.

    Args:
        message: what was expected and what was found.
        hint: what to do about it, often a command; empty if the message says it.
        more: what else is wrong, a sentence each.
    """

    def __init__(self, message: str, hint: str = "", more: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.more = tuple(more)


class ScriptError(CoachError):
    """A routine script that cannot be used, with every problem found in it, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.where))
        count = len(self.problems)
        super().__init__(f"{count:,} problem{'s' if count != 1 else ''} in the script")


class SettingError(CoachError):
    """A setting (`--hold`, `--reps`, ...) that does not fit the routine."""


class SpeechError(CoachError):
    """No speech could be had: an engine, a library or a voice is missing, or the engine failed."""


class CuePackError(CoachError):
    """A cue pack that is missing, incomplete or unreadable."""


class OutputError(CoachError):
    """A file that could not be written."""


class DeviceError(CoachError):
    """No sound device, or none that can be used."""


class ListeningError(CoachError):
    """Spoken commands cannot be listened to: something is missing, or the language is unknown."""


class HistoryError(CoachError):
    """The history of sessions cannot be read or written."""


MOST_PROBLEMS = 50
"""Problems of one script that people are shown; whoever mends those checks again. Other programs
get all, but only so many with a near match, since to look for it takes long."""


def shortened(text: str, limit: int = 40) -> str:
    """Return `text` on one line, with at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def near_match(word: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `word` most likely was meant to be, or None."""
    import difflib

    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean `x`?" for the nearest of `known`, or an empty string."""
    match = near_match(word, known)
    return f"; did you mean `{match}`?" if match else ""


def at_column(where: Location, offset: int) -> Location:
    """Return the place `offset` characters to the right of `where`."""
    return where._replace(column=where.column + offset)
