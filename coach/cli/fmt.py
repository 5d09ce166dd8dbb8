"""`coach fmt`: scripts in the usual order of keys."""

from __future__ import annotations

from pathlib import Path

import click

from coach.cli.console import echo_document, note, note_problems, say
from coach.errors import CoachError, ScriptError


@click.command("fmt")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a script would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
def fmt_command(paths: tuple[str, ...], *, check: bool, diff: bool) -> int:
    """Put the keys of scripts into the usual order.

    Comments, anchors and quotation marks stay as they are, each comment with what stands below it.
    PATH is a script, a folder of scripts, or the name of a routine of your own. A script with
    problems is left alone.
    """
    from coach.checking import scripts_in
    from coach.library import bundled_routines, own_routines

    for name in paths:
        if name in bundled_routines() and name not in own_routines():
            raise CoachError(
                f"`{name}` ships with coach, so it stays as it is",
                f"`coach edit {name}` makes a copy of it that is yours.",
            )
    changed = failed = 0
    for path in scripts_in(paths):
        try:
            outcome = _format(path, is_dry=check or diff, with_diff=diff)
        except ScriptError as error:
            note_problems(error.problems)
            say(f"{path}: left alone, since it has problems")
            failed += 1
        except CoachError as error:
            note(f"coach: {error.message}")
            if error.hint:
                note(f"       {error.hint}")
            failed += 1
        else:
            changed += outcome
    return 1 if failed or (changed and check) else 0


def _format(path: Path, *, is_dry: bool, with_diff: bool) -> bool:
    """Return whether a script is not in order; it is put into order unless the run is dry."""
    from coach.files.replacing import check_writable, replacing
    from coach.formatting import in_usual_order
    from coach.script import read_text

    if not is_dry:
        check_writable(path)
    before = read_text(path)
    after = in_usual_order(before, path)
    if after == before:
        if not with_diff:
            say(f"{path}: in order")
        return False
    if with_diff:
        echo_document(_diff(before, after, str(path)))
    elif is_dry:
        say(f"{path}: would change")
    if not is_dry:
        with replacing(path, lasting=True) as temporary:
            temporary.write_text(after, "utf-8", newline="")
        say(f"{path}: put into order")
    return True


def _diff(before: str, after: str, name: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} in order"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
