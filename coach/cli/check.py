"""`coach check` and `coach schema`: routines as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from coach.cli.console import echo_json, note, problem_text
from coach.errors import CoachError, Problem, ScriptError


@click.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check_command(paths: tuple[str, ...], *, as_json: bool) -> int:
    """Check routine scripts and show every problem with its place.

    PATH is a script, a folder of scripts, or the name of a bundled routine. Exits with 1 if a
    script has errors; warnings alone do not count.
    """
    documents = []
    failed = False
    for path in _scripts(paths):
        problems, message = _checked(path)
        is_bad = bool(message) or any(problem.severity == "error" for problem in problems)
        failed = failed or is_bad
        documents.append(
            {
                "path": str(path),
                "ok": not is_bad,
                "message": message,
                "problems": [_problem_json(problem) for problem in problems],
            }
        )
        if not as_json:
            for problem in problems:
                note(problem_text(problem))
            if message:
                note(f"{path}: {message}")
            click.echo(f"{path}: {_verdict(problems, is_bad=is_bad)}")
    if as_json:
        echo_json(documents)
    return 1 if failed else 0


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of routine scripts, for editors."""
    from coach.format import json_schema

    echo_json(json_schema())


def _scripts(names: Sequence[str]) -> Iterator[Path]:
    from coach.session import find_routine

    for name in names:
        folder = Path(name)
        if not folder.is_dir():
            yield find_routine(name)
            continue
        endings = (".yaml", ".yml")
        found = sorted(
            path for path in folder.iterdir() if path.suffix in endings and path.is_file()
        )
        if not found:
            raise CoachError(f"there is no script (.yaml) in the folder {folder}")
        yield from found


def _checked(path: Path) -> tuple[Sequence[Problem], str]:
    """Return the problems of a script, and what keeps it from being read at all."""
    from coach.cues import load_pack
    from coach.files import data_dir
    from coach.phrases import load_phrasebook
    from coach.routine import load_routine

    try:
        routine = load_routine(path)
        load_phrasebook(routine.language)
        if routine.cues:
            load_pack(routine.cues, data_dir("audio_cues"))
    except ScriptError as error:
        return error.problems, ""
    except CoachError as error:
        return (), f"{error.message}. {error.hint}".rstrip(". ")
    return routine.warnings, ""


def _verdict(problems: Sequence[Problem], *, is_bad: bool) -> str:
    count = len(problems)
    if is_bad:
        return f"{count or 1} problem{'s' if count > 1 else ''}"
    return f"good, with {count} warning{'s' if count > 1 else ''}" if count else "good"


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.where.file,
        "line": problem.where.line,
        "column": problem.where.column,
        "severity": problem.severity,
        "message": problem.message,
        "source": problem.source,
    }
