"""`coach draft`: a routine script from a handout."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from coach.cli.console import echo_document, note
from coach.errors import CoachError, OutputError


@click.command("draft")
@click.argument("handout", metavar="HANDOUT")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, readable=False),
    help="Where to write the script.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option("--title", default="", help="The routine's title; else the handout's own.")
@click.option("--language", default="en", show_default=True, help="Language of the handout.")
def draft_command(
    handout: str, output: Path | None, *, force: bool, title: str, language: str
) -> None:
    """Draft a routine script from a handout.

    HANDOUT is text, Markdown, HTML, PDF or Word (.docx), or `-` for standard input. Its exercises,
    holds, repetitions, sets, sides and cautions become a script in the handout's own words. Each
    value has the words that it was taken from beside it, and each guess is marked `# check:`. The
    rules know English.

    Read the draft before you follow it, and see what it sounds like by `coach show`.
    """
    from coach.draft import draft
    from coach.draft.reading import handout_from, read_handout
    from coach.files.replacing import check_writable, replacing

    if output is not None:
        if output.exists() and not force:
            message = f"{output} is there already"
            raise OutputError(message, "Give another name, or replace it by --force.")
        check_writable(output)
    if handout == "-":
        name = "standard input"
        if sys.stdin is None:
            raise CoachError("there is no standard input", "Give the handout's file.")
        read = handout_from(sys.stdin.buffer, name)
    else:
        name = Path(handout).name
        read = read_handout(Path(handout))
    drafted = draft(read, file=name, title=title, language=language)
    if output is None:
        echo_document(drafted.text)
    else:
        with replacing(output, lasting=True) as temporary:
            temporary.write_text(drafted.text, "utf-8")
    found = f"{drafted.exercises} exercise{'s' if drafted.exercises > 1 else ''} found"
    guesses = drafted.guesses
    places = f"{guesses} place{'s' if guesses != 1 else ''} to check"
    where = f" in {output}" if output else ""
    note(f"{found}; {places}{where} (marked `# check:`).")
