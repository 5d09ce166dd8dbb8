"""`coach history`: what was done, and how it developed."""

from __future__ import annotations

import csv
import io
import shutil
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.characters import shown
from coach.cli.console import echo_document, echo_json, echo_text, note, say, table
from coach.cli.options import RoutineName, profile_from, profile_option
from coach.units import clock

if TYPE_CHECKING:
    from coach.history import Entry, History
    from coach.steps import Where

SHOWN = 20
"""Sessions in the table unless `--limit` says otherwise."""

_CSV_HEADINGS = (
    *("id", "started", "routine", "title", "script", "done", "planned", "seconds", "length"),
    *("finished", "stopped_at", "pain_before", "pain_after", "settings", "hurt_at"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets take for the beginning of a formula; some take the full-width forms, too."""
_BLANKS = str.maketrans("\t\r\n", "   ")


@click.command("history")
@click.argument("routine", type=RoutineName(), required=False)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Show the newest N sessions. [default: {SHOWN}; all with --json and --csv]",
)
@click.option(
    "--pain",
    type=click.IntRange(0, 10),
    metavar="0-10",
    help="Note the pain after the newest session, of ROUTINE if it is given, and show nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet.")
@profile_option
def history_command(
    routine: str | None,
    *,
    limit: int | None,
    pain: int | None,
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """Show the sessions so far: all, or those of ROUTINE.

    The newest session is at the bottom of the table, and a chart of the last weeks is below it.
    With --json and --csv the newest session comes first.
    """
    from coach.history import History

    if as_json + as_csv + (pain is not None) > 1:
        raise click.UsageError("--json, --csv and --pain exclude each other")
    history = History(profile_from(options).history_path)
    key = None if routine is None else _script_or_id(history, routine)
    if pain is not None:
        entry = history.set_pain(pain, routine=key)
        echo_text(f"Noted: pain {pain} after {entry.title}, {_date(entry)}.")
    elif as_json:
        sessions = [_document(entry) for entry in history.sessions(key, limit)]
        echo_json({"version": 1, "sessions": sessions})
    elif as_csv:
        echo_document(csv_text(history.sessions(key, limit)))
    else:
        _print(history, key, limit or SHOWN)
    if number := len(history.unreadable):
        of_them = "a session that" if number == 1 else f"{number} sessions that"
        note(f"coach: left out is {of_them} cannot be understood; the file is {history.path}")


def _script_or_id(history: History, name: str) -> Path | str:
    """Return what the sessions of `name` are found by.

    Raises:
        CoachError: it is neither a routine nor the name of one that was ever done.
    """
    from coach.library import find_routine, known_as

    if history.sessions(name, 1):
        return name
    find_routine(name)
    return known_as(name)


def _print(history: History, routine: Path | str | None, limit: int) -> None:
    from coach.cli.history_chart import BLOCKS, WEEKS, chart

    # One more than is shown tells whether there are any.
    entries = history.sessions(routine, limit + 1)
    if not entries:
        of, name = ("", "ROUTINE") if routine is None else (f" of {routine}", routine)
        echo_text(f"No sessions{of} yet. `coach play {name}` begins one.")
        return
    shown = entries[:limit]
    headings: tuple[str, ...] = ("Date", "Routine", "Reps", "Time", "Pain", "Hurt", "End")
    rows = [_row(entry) for entry in reversed(shown)]
    if not any(entry.hurt for entry in shown):  # as it is, let us hope
        at = headings.index("Hurt")
        headings = (*headings[:at], *headings[at + 1 :])
        rows = [(*row[:at], *row[at + 1 :]) for row in rows]
    table(headings, rows, right=("Reps", "Time"), whole=("Date", "Pain"))
    if len(entries) > limit:
        echo_text(f"Older sessions are not shown; --limit {limit * 5} shows more.")
    now = datetime.now().astimezone()
    # A week more, because a session's date is that of the time zone where it was recorded.
    recent = history.sessions(routine, since=now - timedelta(weeks=WEEKS + 1))
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else 80
    drawn = chart(recent, now.date(), width, blocks=_can_print(BLOCKS))
    if drawn:
        say("", *drawn.split("\n"))


def _can_print(characters: str) -> bool:
    try:
        characters.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _row(entry: Entry) -> tuple[str, ...]:
    pains = (entry.pain_before, entry.pain_after)
    pain = "" if pains == (None, None) else " -> ".join("?" if p is None else str(p) for p in pains)
    return (
        _date(entry),
        entry.title,
        f"{entry.done}/{entry.planned}",
        clock(Fraction(entry.seconds)),
        pain,
        hurt_text(entry),
        _end(entry),
    )


def _date(entry: Entry) -> str:
    return f"{entry.started:%Y-%m-%d %H:%M}"


def _end(entry: Entry) -> str:
    """Return how a session ended: `finished`, `running` or `stopped at cat-camel, repetition 3`."""
    if entry.finished:
        return "finished"
    if entry.running:
        return "running"
    place = place_text(entry.where)
    return f"stopped at {place}" if place else "stopped"


def place_text(where: Where | None) -> str:
    """Return a place as people say it: `side-plank, set 2, left, repetition 3`."""
    if where is None or where.exercise is None:
        return ""
    parts = [where.exercise]
    if where.rounds:
        parts.append(f"round {'.'.join(map(str, where.rounds))}")
    if where.set > 1:
        parts.append(f"set {where.set}")
    if where.side:
        parts.append(where.side)
    if where.rep:
        parts.append(f"repetition {where.rep}")
    return ", ".join(parts)


def hurt_text(entry: Entry) -> str:
    """Return where and when the user said that it hurts: `bridging, repetition 2 (3:20)`."""
    return "; ".join(
        f"{place_text(moment.where) or 'between exercises'} ({clock(Fraction(moment.at))})"
        for moment in entry.hurt
    )


def _document(entry: Entry) -> dict[str, Any]:
    from msgspec import structs, to_builtins

    from coach.history.entry import settings_document

    document = structs.asdict(entry)
    document["started"] = entry.started.isoformat()
    document["settings"] = settings_document(entry.settings)
    document |= to_builtins({"hurt": entry.hurt, "where": entry.where})
    return document


def csv_text(entries: Iterable[Entry]) -> str:
    """Return the sessions as comma-separated values, the first line with headings.

    No text can become a formula when a spreadsheet opens it.
    """
    from coach.history.entry import settings_to_json

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_HEADINGS)
    for entry in entries:
        special = {
            "started": entry.started.isoformat(),
            "stopped_at": place_text(entry.where),
            "settings": settings_to_json(entry.settings),
            "hurt_at": hurt_text(entry),
        }
        cells = [special.get(name, getattr(entry, name, None)) for name in _CSV_HEADINGS]
        writer.writerow([_safe(cell) if isinstance(cell, str) else cell for cell in cells])
    return text.getvalue()


def _safe(text: str) -> str:
    """Return a text on one line, with an apostrophe in front if it would be a formula."""
    line = shown(text.translate(_BLANKS))
    return f"'{line}" if line.lstrip().startswith(_FORMULA_STARTS) else line
