"""A handout's text into a routine script, by rules: nothing is guessed without saying so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from coach.errors import CoachError

if TYPE_CHECKING:
    from coach.draft.blocks import Handout


class Drafted(Struct, frozen=True):
    """A script that was drafted from a handout."""

    text: str
    """The script."""
    exercises: int
    """How many were found."""
    guesses: int
    """How many places are marked `# check:`."""


def draft(handout: Handout, *, file: str, title: str = "", language: str = "en") -> Drafted:
    """Return a script with the exercises of a handout; it passes `coach check`.

    Args:
        handout: as `coach.draft.reading` reads it.
        file: its name, for the comment at the script's head.
        title: the script's; empty takes the handout's own.
        language: of the handout.

    Raises:
        CoachError: nothing in it looks like an exercise.
    """
    from coach.draft.assemble import assemble
    from coach.draft.sections import sections
    from coach.routine import routine_from
    from coach.script import parse_script
    from coach.script_writer import write_script

    found = sections(handout)
    if not found.exercises:
        raise CoachError(
            f"nothing in {file} looks like an exercise with its holds or repetitions",
            "Exercises are told by their doses, such as `Repeat 10 times`. "
            "To write a routine by hand, begin with a copy of one that ships (`coach list`).",
        )
    made = assemble(found, title=title, language=language, file=file)
    text = write_script(made.script, made.comments)
    routine_from(parse_script(text, file), Path(file))
    return Drafted(text, len(found.exercises), made.guesses)
