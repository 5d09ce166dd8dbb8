"""The session options, the same for every command that makes a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from coach.units import Count, Detail

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from coach.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

_VALUE = "[EXERCISE=]VALUE"
_OPTIONS = (
    click.option(
        "--hold",
        multiple=True,
        metavar="[EXERCISE[.PHASE]=]VALUE",
        help="Seconds to hold, for all exercises or one: --hold 8, --hold cat-camel=8.",
    ),
    click.option("--reps", multiple=True, metavar=_VALUE, help="Repetitions."),
    click.option("--sets", multiple=True, metavar=_VALUE, help="Sets."),
    click.option("--rest", multiple=True, metavar=_VALUE, help="Rest after sets and exercises."),
    click.option("--only", multiple=True, metavar="EXERCISE", help="Do only this one; repeatable."),
    click.option("--skip", multiple=True, metavar="EXERCISE", help="Leave out; repeatable."),
    click.option("--beyond-range", is_flag=True, help="Allow values outside the prescribed range."),
    click.option(
        "--detail",
        type=click.Choice(get_args(Detail)),
        help="Say everything, names and cues, or counts only. [default: full]",
    ),
    click.option(
        "--count",
        type=click.Choice(get_args(Count)),
        help="Mark the seconds of a hold by beeps, by voice or both. [default: beep]",
    ),
    click.option("--speed", metavar="FACTOR", help="Speed of speech, 0.5 to 2; 1 is normal."),
    click.option("--language", metavar="CODE", help="Language of the coach's own words."),
    click.option("--voice", metavar="NAME", help="A voice of `coach voices`."),
    click.option("--engine", metavar="NAME", help="A speech engine. [default: auto]"),
    click.option("--cues", metavar="PACK", help="A cue pack's name or folder."),
)
_LOUDNESS = (
    click.option("-q", "--quiet", is_flag=True, help="No progress and no summary."),
    click.option("-v", "--verbose", is_flag=True, help="List what did not fit."),
)


class RoutineName(click.ParamType[str]):
    """The name of a bundled routine, which the shell completes, or a path."""

    name = "routine"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the bundled routines that begin so, and let the shell add files."""
        from click.shell_completion import CompletionItem

        from coach.session import bundled_routines

        del ctx, param
        names = [name for name in bundled_routines() if name.startswith(incomplete)]
        return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


def session_options(command: Command) -> Command:
    """Add the options that decide what a session is; `settings_from` takes their values."""
    for option in reversed((*_OPTIONS, *_LOUDNESS)):
        command = option(command)
    return command


def settings_from(values: dict[str, Any]) -> Settings:
    """Return the settings that the options' values mean.

    Raises:
        SettingError: a value cannot be understood.
    """
    from coach.settings import Settings, parse_names, parse_override, parse_speed

    keys: tuple[Any, ...] = ("reps", "sets", "rest", "hold")
    # What names an exercise wins over what names none, whatever their order.
    overrides = sorted(
        (parse_override(key, text) for key in keys for text in values[key]),
        key=lambda override: (override.exercise is not None) + (override.phase is not None),
    )
    for option in ("language", "voice", "engine", "cues"):
        if values[option] is not None:
            parse_names(option, [values[option]])
    return Settings(
        overrides=tuple(overrides),
        only=parse_names("only", values["only"]),
        skip=parse_names("skip", values["skip"]),
        beyond_range=values["beyond_range"],
        detail=values["detail"],
        count=values["count"],
        speed=None if values["speed"] is None else parse_speed(values["speed"]),
        language=values["language"],
        voice=values["voice"],
        engine=values["engine"],
        cues=values["cues"],
    )
