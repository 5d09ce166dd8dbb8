"""A roster: a CSV table with a row for each file that somebody is to get."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from coach.errors import CoachError, OutputError, SettingError, did_you_mean, shortened
from coach.files.given import open_given
from coach.library import find_routine
from coach.render import FORMATS, Format
from coach.script import default_id
from coach.settings import Override, Settings
from coach.settings.text import (
    MANNER_KEYS,
    SAVED_KEYS,
    parse_assignment,
    parse_manner,
    parse_override,
)

COLUMNS = ("name", "routine", "settings", "voice", "language", "format")
NEEDED = ("name", "routine")
"""Columns that a roster must have."""
DEFAULT_FORMAT = "mp3"
MAX_BYTES = 64 << 20
MAX_NAME = 200
"""Characters."""


class Entry(Struct, frozen=True):
    """A row that can be made."""

    line: int
    """In the file, counted from 1."""
    name: str
    routine: str
    script: Path
    texts: Mapping[str, str]
    """Each column as it is written, for the manifest."""
    settings: Settings
    format: Format
    file: str
    """The name of what is made."""


class RowProblem(Struct, frozen=True):
    """Why a row cannot be made."""

    line: int
    message: str
    hint: str = ""


class Roster(Struct, frozen=True):
    """What a roster asks for."""

    entries: tuple[Entry, ...]
    problems: tuple[RowProblem, ...]


def read_roster(path: Path, *, beyond_range: bool = False, default: str = DEFAULT_FORMAT) -> Roster:
    """Return the rows of a roster, those that are wrong as problems.

    Comma, semicolon and tab separate columns; the first line names them, in any order. Empty lines
    are skipped.

    Args:
        path: of the table, in UTF-8.
        beyond_range: whether values may lie outside of what is prescribed.
        default: the format of rows that name none.

    Raises:
        CoachError: it is no such table.
    """
    rows = _rows(path)
    entries: list[Entry] = []
    problems: list[RowProblem] = []
    taken: dict[str, int] = {}
    for line, row in rows:
        try:
            entry = _entry(line, row, beyond_range=beyond_range, default=default)
        except CoachError as error:
            problems.append(RowProblem(line, error.message, error.hint))
            continue
        # On some systems, two names that differ by their case alone are one file.
        first = taken.setdefault(entry.file.casefold(), line)
        if first == line:
            entries.append(entry)
        else:
            why = f"line {first} makes {entry.file}, too"
            problems.append(RowProblem(line, why, "Give the two different names."))
    return Roster(tuple(entries), tuple(problems))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row's line and its cells by their columns.

    Raises:
        CoachError: the file cannot be read, or its first line does not name the columns.
    """
    try:
        with open_given(path) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise CoachError(f"{path}: expected at most {MAX_BYTES >> 20} MB")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise CoachError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise CoachError(
            f"{path}: expected text in UTF-8", "Save the table as `CSV UTF-8`."
        ) from error
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        heading = next(reader, [])
        columns = _columns(path, heading)
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                yield line, _row(columns, cells)
    except csv.Error as error:
        raise CoachError(f"{path}:{reader.line_num}: this is no CSV table: {error}") from error


def _columns(path: Path, heading: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in heading]
    while names and not names[-1]:
        names.pop()
    form = f"The first line names the columns: {','.join(COLUMNS)}."
    for name in names:
        if name not in COLUMNS:
            meant = did_you_mean(name, COLUMNS)
            raise CoachError(f"{path}:1: there is no column `{name[:40]}`{meant}", form)
        if names.count(name) > 1:
            raise CoachError(f"{path}:1: the column `{name}` is there twice", form)
    for name in NEEDED:
        if name not in names:
            raise CoachError(f"{path}:1: expected a column `{name}`", form)
    return names


def _row(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    texts = [" ".join(cell.split()) for cell in cells]
    row = dict.fromkeys(COLUMNS, "") | dict(zip(columns, texts, strict=False))
    extra = " ".join(texts[len(columns) :]).strip()
    # Told with the row that it is in, so that the others are made.
    return row | ({"": extra} if extra else {})


def _entry(line: int, row: Mapping[str, str], *, beyond_range: bool, default: str) -> Entry:
    """Return what a row asks for.

    Raises:
        CoachError: something in it cannot be had.
    """
    if "" in row:
        raise CoachError(
            f"there are more cells than columns: `{row[''][:40]}`",
            "Put a text with a comma into double quotes.",
        )
    for column in NEEDED:
        if not row[column]:
            raise CoachError(f"expected a {column}, found nothing")
    if len(row["name"]) > MAX_NAME:
        raise CoachError(f"expected a name of at most {MAX_NAME} characters")
    script = find_routine(row["routine"])
    if not os.path.isfile(script):  # noqa: PTH113 - pathlib raises what the system refuses
        raise CoachError(
            f"there is no script {shortened(str(script), 100)}",
            "`coach list` names those that ship.",
        )
    kind = _format(row["format"] or default)
    who = default_id(row["name"]) or f"line-{line}"
    routine = default_id(script.stem) or "routine"
    return Entry(
        line=line,
        name=row["name"],
        routine=row["routine"],
        script=script,
        texts={column: row[column] for column in COLUMNS},
        settings=_settings(row, beyond_range=beyond_range),
        format=kind,
        file=f"{who[:100]}-{routine[:100]}{kind.ending}",
    )


def _format(name: str) -> Format:
    known = {key: format_ for key, format_ in FORMATS.items() if format_.kind != "playlist"}
    cleaned = name.lower().removeprefix(".")
    if cleaned not in known:
        raise OutputError(
            f"there is no format `{name}`{did_you_mean(cleaned, known)}",
            f"Formats: {', '.join(known)}.",
        )
    return known[cleaned]


def _settings(row: Mapping[str, str], *, beyond_range: bool) -> Settings:
    """Return what the columns settings, voice and language ask for.

    Raises:
        SettingError: a value cannot be understood.
    """
    known = [key for key in SAVED_KEYS if key != "progress"]
    overrides: list[Override] = []
    fields: dict[str, object] = {}
    for text in row["settings"].split():
        item = parse_assignment(text.rstrip(";,"), known)
        if item.key in MANNER_KEYS:
            if item.owner is not None:
                raise SettingError(f"`{item.key}` belongs to the whole session")
            fields |= parse_manner(item.key, item.value)
        else:
            key = next(key for key in SAVED_KEYS if key == item.key)
            overrides.append(
                parse_override(key, item.value, item.owner, item.phase, is_beyond=beyond_range)  # type: ignore[arg-type]
            )
    for column in ("voice", "language"):
        if row[column]:
            fields |= parse_manner(column, row[column])
    # What names an exercise wins over what names none, whatever their order.
    overrides.sort(key=lambda item: (item.owner is not None) + (item.phase is not None))
    settings = Settings(overrides=tuple(overrides), beyond_range=beyond_range)
    return _replaced(settings, fields)


def _replaced(settings: Settings, fields: Mapping[str, object]) -> Settings:
    from msgspec.structs import replace

    return replace(settings, **fields)
