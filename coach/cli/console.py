"""How things look on a terminal."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from coach.errors import Problem
from coach.units import clock, seconds

if TYPE_CHECKING:
    from coach.timeline import Timeline


def problem_text(problem: Problem) -> str:
    """Return a problem as `file:line:column: message`, with its line and a caret below."""
    kind = "warning: " if problem.severity == "warning" else ""
    head = f"{problem.where}: {kind}{problem.message}"
    line = problem.source.replace("\t", " ")
    if not line.strip():
        return head
    caret = " " * (problem.where.column - 1 - problem.source_start) + "^"
    return f"{head}\n    {line}\n    {caret}"


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
    console.print(grid)


def echo_left_out(timeline: Timeline, *, verbose: bool, err: bool) -> None:
    """Print what did not fit into a session, a line each, if the user asked to be told more."""
    for item in timeline.left_out if verbose else ():
        at = clock(seconds(item.at, timeline.rate))
        click.echo(f"  {at} {item.text} ({item.why})", err=err)


@contextlib.contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows progress on stderr, if that is a terminal."""
    if quiet or not sys.stderr.isatty():
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
