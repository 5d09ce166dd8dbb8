"""The session options, the same for every command that makes a session."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click
from msgspec import Struct

from coach.profile import VARIABLE, Profile, parse_profile
from coach.units import Count, Detail, Style

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from coach.errors import SettingError
    from coach.settings import Settings
    from coach.settings.text import Assignment

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
    click.option(
        "--adjust",
        multiple=True,
        metavar="NAME=VALUE",
        help="Anything else of a dose, written as for `coach adjust`: --adjust plank.work=40s.",
    ),
    click.option(
        "--fit",
        metavar="TIME",
        help="Choose sets, repetitions and rests inside their ranges to fill that time: --fit 15m.",
    ),
    click.option("--no-saved", is_flag=True, help="Ignore what `coach adjust` has saved."),
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
    click.option(
        "--style",
        type=click.Choice(get_args(Style)),
        help="Encourage now and then, not at all, or often. [default: calm]",
    ),
    click.option("--speed", metavar="FACTOR", help="Speed of speech, 0.5 to 2; 1 is normal."),
    click.option("--language", metavar="CODE", help="Language to speak, such as de."),
    click.option(
        "--voice", metavar="NAME", help="A voice of `coach voices`, or a Piper voice file (.onnx)."
    ),
    click.option("--engine", metavar="NAME", help="A speech engine. [default: auto]"),
    click.option("--cues", metavar="PACK", help="A cue pack of `coach cues`, or a folder."),
    click.option(
        "--cue-volume",
        metavar="DB",
        help="Cues softer or louder, -24 to 9 dB; in a file the whole stays as loud. [default: 0]",
    ),
    click.option(
        "--speech-volume",
        metavar="DB",
        help="Speech softer or louder, -24 to 9 dB. [default: 0]",
    ),
)
_PROFILE = click.option(
    "--profile",
    metavar="NAME",
    envvar=VARIABLE,
    help=f"Whose settings and history to use, of several people. [env: {VARIABLE}]",
)
_LOUDNESS = (
    click.option("-q", "--quiet", is_flag=True, help="No progress and no summary."),
    click.option("-v", "--verbose", is_flag=True, help="List what did not fit."),
)


_PLAIN = re.compile(r"[^\W_][\w.,@%+-]*").fullmatch
"""What a name matches that no shell takes for anything else."""


class RoutineName(click.ParamType[str]):
    """The name of a routine, which the shell completes, or a path."""

    name = "routine"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the routines that begin so, and let the shell add files.

        A shell inserts a name as it is, so one that would mean more to it is left out.
        """
        from click.shell_completion import CompletionItem

        from coach.library import routines

        del ctx, param
        names = [name for name in routines() if name.startswith(incomplete) and _PLAIN(name)]
        return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


def session_options(command: Command) -> Command:
    """Add the options that decide what a session is; `settings_from` takes their values."""
    for option in reversed((*_OPTIONS, _PROFILE, *_LOUDNESS)):
        command = option(command)
    return command


def profile_option(command: Command) -> Command:
    """Add the option that says whose settings and history are meant; see `profile_from`."""
    return _PROFILE(command)


class Request(Struct, frozen=True):
    """What the options of a command ask for."""

    settings: Settings
    """For this session, over what is saved."""
    profile: Profile
    use_saved: bool = True
    fit: Fraction | None = None
    """Seconds that the session is to fill."""
    is_resumed: bool = False
    """Whether the settings are those of a session that goes on, and nothing is climbed since."""


def request_from(values: dict[str, Any]) -> Request:
    """Return what the session options ask for.

    Raises:
        SettingError: a value cannot be understood.
    """
    return Request(
        settings=settings_from(values),
        profile=profile_from(values),
        use_saved=not values["no_saved"],
        fit=_time(values["fit"]),
    )


def profile_from(values: dict[str, Any]) -> Profile:
    """Return the profile that is asked for, or that of whoever uses none.

    Raises:
        SettingError: its name is none.
    """
    return parse_profile(values["profile"]) if values["profile"] else Profile()


def _time(text: str | None) -> Fraction | None:
    from coach.errors import SettingError
    from coach.units import ACTIVE_TIME

    if text is None:
        return None
    try:
        time = ACTIVE_TIME.value(text)
    except ValueError as error:
        raise SettingError(f"--fit: {error}; for minutes write 15m") from None
    if time < 60 and text.strip().isdecimal():
        number = text.strip()
        raise SettingError(
            f"--fit: a number alone is seconds, and no session is over in {number}",
            f"For minutes write --fit {number}m.",
        )
    return time


def settings_from(values: dict[str, Any]) -> Settings:
    """Return the settings that the options' values mean.

    Raises:
        SettingError: a value cannot be understood.
    """
    from coach.settings import Settings
    from coach.settings.text import (
        DOSE_KEYS,
        SAVED_KEYS,
        parse_assignment,
        parse_names,
        parse_option,
        parse_override,
        parse_speed,
        parse_volume,
    )

    keys: tuple[Any, ...] = ("reps", "sets", "rest", "hold")
    given = [parse_option(key, text) for key in keys for text in values[key]]
    for text in values["adjust"]:
        item = parse_assignment(text, SAVED_KEYS)
        if item.key not in DOSE_KEYS:
            raise _no_dose(item)
        key: Any = item.key
        given.append(parse_override(key, item.value, item.owner, item.phase))
    # What names an exercise wins over what names none, whatever their order.
    overrides = sorted(
        given, key=lambda override: (override.owner is not None) + (override.phase is not None)
    )
    for option in ("language", "voice", "engine", "cues"):
        if values[option] is not None:
            parse_names(f"--{option}", [values[option]])

    def volume(option: str) -> Fraction | None:
        text = values[option]
        return None if text is None else parse_volume(text, f"--{option.replace('_', '-')}")

    return Settings(
        overrides=tuple(overrides),
        only=parse_names("--only", values["only"]),
        skip=parse_names("--skip", values["skip"]),
        beyond_range=values["beyond_range"],
        detail=values["detail"],
        count=values["count"],
        speed=None if values["speed"] is None else parse_speed(values["speed"]),
        language=values["language"],
        voice=values["voice"],
        engine=values["engine"],
        cues=values["cues"],
        cue_volume=volume("cue_volume"),
        speech_volume=volume("speech_volume"),
        style=values["style"],
    )


def _no_dose(item: Assignment) -> SettingError:
    """Return what to say of an assignment for one session that belongs to no exercise's dose."""
    from coach.errors import SettingError
    from coach.settings.text import PROGRESS

    message = f"`{item.key}` is no part of a dose, as --adjust sets it"
    if item.key == PROGRESS:
        return SettingError(message, "`coach adjust ROUTINE --progress RULE` saves a rule.")
    return SettingError(message, f"It is an option of its own: --{item.key} {item.value}")
