"""The options that say how files sound, the same for every command that writes some."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from coach.render.publication import Wanted

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--loudness", metavar="LUFS", help="Loudness of the whole. [default: -16]"),
    click.option(
        "--music",
        metavar="FILE|FOLDER",
        help="Music to play below the voice.",
    ),
    click.option(
        "--music-level",
        metavar="DB",
        help="How loud the music is beside the voice, where nobody speaks. [default: -14]",
    ),
    click.option("--lead-in", metavar="TIME", help="Silence before the first sound of each file."),
    click.option("--gap", metavar="TIME", help="Silence after each exercise."),
)


def sound_options(command: Command) -> Command:
    """Add the options that say how a file sounds; `take_wanted` takes their values."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_wanted(options: dict[str, Any]) -> Wanted:
    """Return how files are to sound, and take the options that say so out of the others.

    Raises:
        SettingError: a value cannot be understood.
    """
    from coach.errors import SettingError
    from coach.render.loudness import LOUDEST, LOUDNESS, QUIETEST
    from coach.render.music import LEVEL_DB, LOUDEST_DB, SOFTEST_DB
    from coach.render.publication import Wanted
    from coach.units import TIME, parse_decibels

    def parsed(name: str, parse: Callable[[str], Any], otherwise: Any) -> Any:
        text = options.pop(name)
        if text is None:
            return otherwise
        try:
            return parse(text)
        except ValueError as error:
            raise SettingError(f"--{name.replace('_', '-')}: {error}") from None

    return Wanted(
        loudness=parsed("loudness", lambda text: parse_decibels(text, QUIETEST, LOUDEST), LOUDNESS),
        music=_path(options.pop("music")),
        music_level=parsed(
            "music_level", lambda text: parse_decibels(text, SOFTEST_DB, LOUDEST_DB), LEVEL_DB
        ),
        lead_in=parsed("lead_in", TIME.value, None),
        gap=parsed("gap", TIME.value, None),
    )


def _path(text: str | None) -> Path | None:
    """Return the path that an option names.

    Raises:
        SettingError: it is empty, as a variable that is not set makes it.
    """
    from coach.errors import SettingError

    if text is None:
        return None
    if not text.strip():
        raise SettingError("--music: expected a file or a folder, found an empty text")
    return Path(text)
