"""How things look on a terminal."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from coach.errors import Problem

if TYPE_CHECKING:
    from coach.timeline import Timeline


NARROW = 72
"""Columns of a terminal; on a narrower one a table's cells stand below each other."""


def problem_text(problem: Problem) -> str:
    """Return a problem as `file:line:column: message`, with its line and a caret below."""
    kind = "" if problem.severity == "error" else f"{problem.severity}: "
    head = f"{problem.where}: {kind}{problem.message}"
    line = problem.source.replace("\t", " ")
    if not line.strip():
        return head
    caret = " " * (problem.where.column - 1 - problem.source_start) + "^"
    return f"{head}\n    {line}\n    {caret}"


def echo_text(text: str) -> None:
    """Print a text, on a terminal broken between words."""
    if sys.stdout is not None and sys.stdout.isatty():
        text = click.wrap_text(text, shutil.get_terminal_size().columns)
    click.echo(text)


def note(text: str) -> None:
    """Print on stderr; if that is closed or full, the work is none the worse for it."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def show_cursor() -> None:
    """Show the cursor, which a progress bar that was interrupted may have left hidden."""
    if sys.stderr is not None and sys.stderr.isatty():
        note("\x1b[?25h\r")


def echo_json(document: Any) -> None:
    """Print one JSON document on stdout, whatever its encoding can hold."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(document, ensure_ascii=not is_unicode, indent=2))


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """Print a table that fits the terminal.

    Columns named in `right` are aligned right; those and the ones in `whole` are never wrapped.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        justify: Any = "right" if heading in right else "left"
        no_wrap = heading in right or heading in whole
        grid.add_column(heading, justify=justify, no_wrap=no_wrap, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200  # whatever reads a pipe gets whole lines
    if console.width < NARROW:
        for row in rows:
            lines = (f"{head}: {cell}" for head, cell in zip(headings, row, strict=True) if cell)
            click.echo("\n  ".join(lines))
        return
    console.print(grid)


def left_out_lines(timeline: Timeline) -> Iterator[str]:
    """Yield what did not fit into a session, a line each."""
    from coach.units import clock, seconds

    for item in timeline.left_out:
        yield f"  {clock(seconds(item.at, timeline.rate))} {item.text} ({item.why})"


@contextlib.contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows progress on stderr, if that is a terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(title)
        yield lambda done, total: bar.update(task, completed=done, total=total)
