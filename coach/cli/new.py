"""`coach new`: a script to begin with."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.console import note, say
from coach.errors import CoachError

if TYPE_CHECKING:
    from coach.interview import Question


@click.command("new")
@click.argument("path")
@click.option("--blank", is_flag=True, help="Ask nothing: a commented script to change.")
def new_command(path: str, *, blank: bool) -> None:
    """Write a new routine script, from questions and answers or to fill in.

    PATH is a file that is not there yet (my-routine.yaml), or just a name (my-routine), for a
    routine of your own that is known by that name. Without a terminal nothing is asked.
    """
    from coach.files.replacing import check_writable, replacing
    from coach.files.shipped import SCHEMA
    from coach.files.targets import make_folder
    from coach.library import own_folder

    target = _target(path)
    if target.parent == own_folder():
        make_folder(target.parent)
    check_writable(target)
    language_server = f"yaml-language-server: $schema={SCHEMA.as_uri()}"
    if blank or not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        starter = SCHEMA.with_name("starter.yaml").read_text("utf-8")
        text = f"# {language_server}\n{starter}"
    else:
        from coach.interview import interview
        from coach.script_writer import write_script

        note("Enter takes an answer, or leaves out what is not needed. Ctrl-C ends it all.")
        text = write_script(interview(_ask), {(): language_server})
    if target.exists():
        raise _taken(target)
    with replacing(target, lasting=True) as temporary:
        temporary.write_text(text, "utf-8", newline="\n")
    name = path if target.parent == own_folder() else str(target)
    say(f"Wrote {target}.")
    say(f"`coach edit {name}` changes it, `coach play {name}` plays it.")


def _target(name: str) -> Path:
    """Return the file to write.

    Raises:
        CoachError: it is there already, or no script can have that name.
    """
    from coach.library import ENDINGS, own_folder, routines
    from coach.script import is_path

    target = Path(name)
    if not is_path(name) and not target.suffix:
        if not re.fullmatch(r"[^\W_][\w-]{0,79}", name):
            raise CoachError(
                f'expected a name of letters, digits and hyphens, found "{name[:80]}"',
                "Or give the path of a file that ends with .yaml.",
            )
        if known := routines().get(name):
            raise _taken(known, name)
        return own_folder() / f"{name}.yaml"
    if target.suffix not in ENDINGS:
        raise CoachError(f"expected a file that ends with .yaml, found {name[:200]}")
    if target.exists() or target.is_symlink():
        raise _taken(target)
    return target


def _taken(path: Path, name: str = "") -> CoachError:
    return CoachError(
        f"there is a routine `{name}` already" if name else f"{path} is there already",
        f"`coach edit {name or path}` changes it; or give another name.",
    )


def _ask(question: Question) -> str:
    """Return the answer that somebody gives at the terminal."""
    from prompt_toolkit import prompt
    from prompt_toolkit.document import Document
    from prompt_toolkit.validation import ValidationError, Validator

    class Right(Validator):
        def validate(self, document: Document) -> None:
            problem = question.problem(document.text)
            if problem:
                raise ValidationError(len(document.text), problem)

    example = f" ({question.example})" if question.example else ""
    try:
        return prompt(
            f"{question.text}{example}\n> ",
            default=question.default,
            validator=Right(),
            validate_while_typing=False,
        ).strip()
    except EOFError:
        raise click.Abort from None
