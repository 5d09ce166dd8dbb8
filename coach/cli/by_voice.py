"""The options of a session that is spoken to, and what listens to its user."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click
from msgspec import Struct

from coach.listening import Style

if TYPE_CHECKING:
    from coach.live import LiveSession
    from coach.profile import Profile
    from coach.spoken import Words

Command = TypeVar("Command", bound=Callable[..., Any])

LANGUAGE = "en"
"""Of the commands, whatever the session speaks."""

_OPTIONS = (
    click.option("--listen", is_flag=True, help="Obey spoken commands, such as: coach, pause."),
    click.option(
        "--listen-style",
        type=click.Choice(get_args(Style)),
        help='Whether a command begins with "coach", or is spoken just so. [default: address]',
    ),
    click.option(
        "--headset",
        is_flag=True,
        help="You wear a headset: listen while the coach speaks, too.",
    ),
    click.option(
        "--microphone",
        metavar="NAME",
        help="A microphone of `coach doctor`, or part of its name.",
    ),
)


def listen_options(command: Command) -> Command:
    """Add the options of spoken commands; `by_voice` takes their values."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class ByVoice(Struct, frozen=True):
    """How a session listens to its user."""

    style: Style
    is_headset: bool
    microphone: str | None
    """A name or a part of one; None is the one that was saved, or the system's own choice."""


def by_voice(values: dict[str, Any], *, fast: bool) -> ByVoice | None:
    """Return how to listen, or None for not at all.

    Raises:
        UsageError: the options do not go together.
        ListeningError: the extra is not installed.
    """
    if not values["listen"]:
        for option in ("listen_style", "headset", "microphone"):
            if values[option]:
                raise click.UsageError(f"--{option.replace('_', '-')} goes with --listen")
        return None
    if fast:
        raise click.UsageError("--listen does not go with --fast, which waits for nobody")
    from coach.listening.ear import check_installed

    check_installed()  # before anything is heard
    style: Style = values["listen_style"] or "address"
    return ByVoice(style, values["headset"], values["microphone"])


def begin_listening(
    stack: ExitStack, live: LiveSession, wanted: ByVoice, profile: Profile
) -> Callable[[], None]:
    """Start what listens, until `stack` is closed, before anything is heard.

    To start a process holds up this one, and so its sound, for a moment. What is heard meanwhile
    waits for the session.

    Returns:
        What lets the session obey, to be called as soon as that has begun.

    Raises:
        ListeningError: that cannot be.
    """
    from coach.listening.ear import Ear
    from coach.listening.saved import load_listening

    saved = load_listening(profile)
    if saved.problem:
        live.warn(saved.problem)
    ear = Ear(
        live.hear,
        live.miss,
        style=wanted.style,
        language=LANGUAGE,
        microphone=wanted.microphone or saved.microphone,
        threshold=saved.threshold,
    )
    stack.callback(ear.close)
    words = _words(wanted.style)
    live.has_controls = True
    ear.start()
    return lambda: live.listen(ear, words, is_headset=wanted.is_headset)


def _words(style: Style) -> Words:
    """Return how the commands are called, in the wordings that are understood best."""
    from coach.listening.command_list import command_list
    from coach.spoken import Words

    commands = command_list(LANGUAGE)
    return Words(
        resume=commands.example("resume", style),
        next=commands.example("next", style),
        stop=commands.example("stop", style),
        help=" ".join(commands.help_lines(style)),
    )
