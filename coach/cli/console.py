"""How things look on a terminal."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from coach.characters import DECEPTIVE, shown
from coach.errors import MOST_PROBLEMS, Problem

if TYPE_CHECKING:
    from coach.timeline import Timeline


NARROW = 72
"""Columns of a terminal; on a narrower one a table's cells stand below each other."""


def problem_lines(problem: Problem) -> tuple[str, ...]:
    """Return a problem as `file:line:column: message`, with its line and a caret below."""
    kind = "" if problem.severity == "error" else f"{problem.severity}: "
    head = f"{problem.where}: {kind}{problem.message}"
    line = problem.source.replace("\t", " ")
    if not line.strip():
        return (head,)
    before = line[: problem.where.column - 1 - problem.source_start]
    return head, f"    {line}", f"    {' ' * len(shown(before))}^"


def say(*lines: str) -> None:
    """Print lines; without any, an empty one."""
    click.echo("\n".join(map(shown, lines)))


def echo_text(text: str) -> None:
    """Print a text, on a terminal broken between words."""
    text = shown(text)
    if sys.stdout is not None and sys.stdout.isatty():
        text = click.wrap_text(text, shutil.get_terminal_size().columns)
    click.echo(text)


def note(*lines: str) -> None:
    """Print lines on stderr; if that is closed or full, the work is none the worse for it."""
    with contextlib.suppress(OSError):
        click.echo("\n".join(map(shown, lines)), err=True)


def note_problems(problems: Collection[Problem]) -> None:
    """Print the first problems of a script on stderr, and how many more there are."""
    for problem in islice(problems, MOST_PROBLEMS):
        note(*problem_lines(problem))
    if (more := len(problems) - MOST_PROBLEMS) > 0:
        note(f"... and {more:,} more; `coach check --json` prints all of them.")


def note_over(text: str) -> None:
    """Print on stderr over what stands in its last line."""
    with contextlib.suppress(OSError):
        click.echo(f"\r{shown(text)}", nl=False, err=True)


def show_cursor() -> None:
    """Show the cursor, which a progress bar that was interrupted may have left hidden."""
    if sys.stderr is not None and sys.stderr.isatty():
        with contextlib.suppress(OSError):
            click.echo("\x1b[?25h\r", err=True)


def echo_document(text: str) -> None:
    """Print a file's text: as it is for programs, harmless on a terminal."""
    if sys.stdout is not None and sys.stdout.isatty():
        lines = (line.removesuffix("\r").split("\t") for line in text.split("\n"))
        text = "\n".join("\t".join(map(shown, parts)) for parts in lines)
    click.echo(text, nl=False)


def echo_json(document: Any) -> None:
    """Print one JSON document on stdout, whatever its encoding can hold."""
    encoding = getattr(sys.stdout, "encoding", None) or ""
    click.echo(json_text(document, is_unicode=encoding.lower().replace("-", "") == "utf8"))


def json_text(document: Any, *, is_unicode: bool) -> str:
    """Return JSON whose texts are as they are, but for what could deceive on a terminal."""
    text = json.dumps(document, ensure_ascii=not is_unicode, indent=2)
    return "\n".join(DECEPTIVE.sub(_in_json, line) for line in text.split("\n"))


def _in_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


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
        grid.add_row(*(Text(shown(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200  # whatever reads a pipe gets whole lines
    if console.width < NARROW:
        for row in rows:
            lines = (f"{head}: {cell}" for head, cell in zip(headings, row, strict=True) if cell)
            say(*(line if n == 0 else f"  {line}" for n, line in enumerate(lines)))
        return
    # Of a reader that goes away rich would make an error without a word.
    with console.capture() as printed:
        console.print(grid)
    click.echo(printed.get(), nl=False)


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
