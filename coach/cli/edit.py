"""`coach edit`: a script in the user's editor, checked on return."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from coach.cli.console import note, say
from coach.cli.options import RoutineName
from coach.errors import CoachError, OutputError

if TYPE_CHECKING:
    from coach.editing import Editing

_EDITORS = ("sensible-editor", "nano", "vim", "vi", "notepad")
"""Those to look for where nothing says which."""


@click.command("edit")
@click.argument("routine", type=RoutineName())
def edit_command(routine: str) -> int:
    """Change a routine in your editor ($VISUAL or $EDITOR), and check it on return.

    What is edited is a copy, which takes the script's place as soon as it has no problems. Of a
    routine that ships, you get one of your own, which goes before it from then on.
    """
    from coach.editing import editing

    command = _editor()
    with editing(routine) as work:
        if work.is_resumed:
            note("Going on with what you wrote before, which was not finished.")
        while True:
            _run(command, work)
            if not work.is_changed:
                work.discard()
                say("Nothing was changed.")
                return 0
            if _is_good(work):
                try:
                    work.finish()
                except OutputError:
                    _tell_kept(work, routine)
                    raise
                say(f"Wrote {work.target}.")
                if work.target != work.source:
                    say(f"From now on `{routine}` is this one of yours.")
                return 0
            if not (_is_interactive() and click.confirm("Edit it again?", default=True, err=True)):
                _tell_kept(work, routine)
                return 1


def _is_good(work: Editing) -> bool:
    """Return whether the copy can be used; what is to be said about it is printed."""
    from coach.checking import check
    from coach.cli.check import tell_checked

    result = check(work.copy, known_as=work.target)
    tell_checked(result)
    return result.is_good


def _tell_kept(work: Editing, routine: str) -> None:
    note(f"{work.target} stays as it was. What you wrote is kept in {work.copy}.")
    note(f"`coach edit {routine}` goes on with it.")


def _is_interactive() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _editor() -> list[str]:
    """Return the command of the user's editor.

    Raises:
        CoachError: none is known.
    """
    for variable in ("VISUAL", "EDITOR"):
        try:
            command = shlex.split(os.environ.get(variable, ""), posix=os.name != "nt")
        except ValueError:
            raise CoachError(
                f"{variable} has a quotation mark that is not closed: {os.environ[variable]}"
            ) from None
        if command:
            return command
    for name in _EDITORS:
        if shutil.which(name):
            return [name]
    raise CoachError("there is no editor", "Name one in VISUAL or EDITOR, such as EDITOR=nano.")


def _run(command: list[str], work: Editing) -> None:
    """Run the editor until it ends.

    Raises:
        CoachError: it is not there, or failed.
    """
    # Ctrl-C is the editor's. A handler, unlike ignoring, is not handed on to it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run([*command, str(work.copy)], check=False).returncode
    except OSError as error:
        reason = error.strerror or str(error)
        _clean_up(work)
        raise CoachError(
            f"cannot start the editor `{command[0]}`: {reason[:1].lower()}{reason[1:]}",
            "Name another one in VISUAL or EDITOR, such as EDITOR=nano.",
        ) from error
    finally:
        signal.signal(signal.SIGINT, before)
    if code:
        kept = "" if _clean_up(work) else f"What you wrote is kept in {work.copy}."
        raise CoachError(f"the editor `{command[0]}` ended with {code}", kept)


def _clean_up(work: Editing) -> bool:
    """Return whether the copy says nothing of its own; then it is removed."""
    if work.is_changed:
        return False
    work.discard()
    return True
