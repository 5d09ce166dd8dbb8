"""`coach check` and `coach schema`: routines as they are written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.console import echo_document, echo_json, note, note_problems, say
from coach.errors import CoachError

if TYPE_CHECKING:
    from coach.checking import Checked

LOOK_EVERY_S = 0.3
"""Seconds from one look at the files to the next, while they are watched."""
_FORMATS = ("text", "json", "sarif", "github")


@click.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--advice", is_flag=True, help="Note what makes a session hard to follow by ear.")
@click.option("--watch", is_flag=True, help="Check again whenever a script changes; Ctrl-C ends.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="For people, or for other programs. [default: text]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check_command(
    paths: tuple[str, ...], *, advice: bool, watch: bool, form: str | None, as_json: bool
) -> int:
    """Check routine scripts and show every problem with its place.

    PATH is a script, a folder of scripts, or the name of a bundled routine. Exits with 1 if a
    script has errors; warnings and advice alone do not count.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} exclude each other")
    form = "json" if as_json else form or "text"
    if watch:
        if form != "text":
            raise click.UsageError("--watch tells people, so it goes with no other format")
        return _watch(paths, with_advice=advice)
    from coach.checking import check, scripts_in

    results = []
    for path in scripts_in(paths):
        results.append(check(path, with_advice=advice))
        if form == "text":
            tell_checked(results[-1])
    _report(results, form, with_advice=advice)
    return 0 if all(result.is_good for result in results) else 1


def _report(results: Sequence[Checked], form: str, *, with_advice: bool) -> None:
    from coach.cli import reports

    if form == "json":
        echo_json(reports.as_json(results, with_advice=with_advice))
    elif form == "sarif":
        echo_json(reports.as_sarif(results))
    elif form == "github":
        for line in reports.as_github(results):
            say(line)


def tell_checked(result: Checked) -> None:
    """Print what is to be said about a script: problems on stderr, the verdict on stdout."""
    note_problems((*result.problems, *result.advice))
    if result.message:
        note(f"{result.path}: {result.message}")
    say(f"{result.path}: {_verdict(result)}")


def _verdict(result: Checked) -> str:
    count = len(result.problems)
    if not result.is_good:
        return f"{count or 1:,} problem{'s' if count > 1 else ''}"
    verdict = f"good, with {count:,} warning{'s' if count > 1 else ''}" if count else "good"
    return f"{verdict}; advice: {len(result.advice):,}" if result.advice else verdict


def _watch(names: Sequence[str], *, with_advice: bool) -> int:
    from coach.checking import changes, check, scripts_in
    from coach.cli import INTERRUPTED

    problem = ""

    def files() -> list[Path]:
        nonlocal problem
        problem = ""
        try:
            return list(scripts_in(names))
        except CoachError as error:
            problem = error.message
            return []

    first = True
    try:
        for _ in changes(files, lambda: time.sleep(LOOK_EVERY_S)):
            if not first:
                say()
            if problem:
                note(f"coach: {problem}")
            for path in files():
                tell_checked(check(path, with_advice=with_advice))
            if first:
                note("Checking again whenever they change; Ctrl-C ends.")
            first = False
    except KeyboardInterrupt:
        return INTERRUPTED
    return INTERRUPTED


@click.command("schema")
@click.option("--path", "as_path", is_flag=True, help="Print where it is installed, for editors.")
def schema_command(*, as_path: bool) -> None:
    """Print the JSON Schema of routine scripts.

    An editor with a YAML language server completes and checks a script whose first line is
    `# yaml-language-server: $schema=` and then what --path prints. `coach new` writes that line.
    """
    from coach.files.shipped import SCHEMA

    if as_path:
        say(str(SCHEMA))
    else:
        echo_document(SCHEMA.read_text("utf-8"))
