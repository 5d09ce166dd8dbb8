"""`coach adjust`: holds, repetitions and the rest, saved for a routine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from coach.cli.adjust_report import Report
from coach.cli.console import echo_json, note
from coach.cli.options import Command, Request, RoutineName, profile_from, profile_option
from coach.errors import CoachError
from coach.profile import Profile
from coach.settings.text import PROGRESS

if TYPE_CHECKING:
    from coach.settings import Settings
    from coach.settings.saved import Saved
    from coach.settings.text import Assignment

EVERYTHING = "*"
"""What `--reset` without a value resets."""
_OPTIONS_ELSEWHERE = (
    *("hold", "reps", "sets", "rest", "skip", "detail", "count"),
    *("speed", "language", "voice", "engine", "cues", "style", "cue-volume", "speech-volume"),
)
"""What other commands take as options, and this one as assignments."""


def _refuse_options(command: Command) -> Command:
    """Let a command explain, of the options of others, how it is set here."""

    def refuse(_context: click.Context, param: click.Parameter, value: str | None) -> None:
        if value is not None:
            address, _, amount = value.rpartition("=")
            key = (param.name or "").replace("_", "-")
            name = ".".join(part for part in (address, key) if part)
            raise click.UsageError(
                f"what is saved is written without hyphens before it: {name}={amount}"
            )

    for name in _OPTIONS_ELSEWHERE:
        add = click.option(f"--{name}", hidden=True, expose_value=False, callback=refuse)
        command = add(command)
    return command


@click.command("adjust")
@click.argument("routine", type=RoutineName())
@click.argument("assignments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--reset",
    "resets",
    is_flag=False,
    flag_value=EVERYTHING,
    multiple=True,
    metavar="[EXERCISE]",
    help="Take back what is saved, all of it or of one exercise or name; repeatable.",
)
@click.option(
    "--progress",
    metavar="RULE",
    help='How ranges are climbed: "+1 rep every 2 sessions"; none; restart.',
)
@click.option("--beyond-range", is_flag=True, help="Allow values outside the prescribed range.")
@click.option("--show", is_flag=True, help="Show what is in force and where it comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@profile_option
@_refuse_options
@click.option("-q", "--quiet", is_flag=True, help="Print nothing after saving.")
def adjust_command(
    routine: str,
    assignments: tuple[str, ...],
    *,
    resets: tuple[str, ...],
    progress: str | None,
    beyond_range: bool,
    show: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Set holds, repetitions and more of ROUTINE, for all sessions to come.

    The script stays as it is. NAME is a value for all exercises, or EXERCISE.NAME, or
    EXERCISE.PHASE.NAME: reps, sets, rounds, hold, work, move, rest, settle, switch, pace, sides;
    and for the session: speed, detail, count, style, cues, cue-volume, speech-volume, voice,
    engine, language, skip. Values may be relative: +2, -1s, +20%; volumes are dB beside the
    normal ones. On a terminal and without a value, a form opens.

    \b
    coach adjust si-joint-relief cat-camel.hold=8 reps=7
    coach adjust si-joint-relief reps=+1 skip=bridging speed=0.9
    coach adjust si-joint-relief --progress "+1 rep every 2 sessions; hold if pain >= 4"
    coach adjust si-joint-relief --progress none
    coach adjust si-joint-relief --reset cat-camel
    """
    profile = profile_from(options)
    asked = _asked(assignments, progress)
    work = _Work(routine, profile)
    for notice in work.notices():
        note(f"coach: {notice}")
    is_change = bool(asked or resets)
    if not (is_change or show or as_json) and _is_terminal():
        asked = work.fill_in_form()
        if not asked:
            note("Nothing is saved.")
            return
        is_change = True
    if is_change:
        work.save(asked, resets, is_beyond=beyond_range)
    if as_json:
        echo_json(work.report().document())
    elif show or not is_change:
        work.report().show()
    elif not quiet:
        work.report().tell()


def _is_terminal() -> bool:
    streams = (sys.stdin, sys.stdout)
    is_dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return not is_dumb and all(stream is not None and stream.isatty() for stream in streams)


def _asked(assignments: Sequence[str], progress: str | None) -> list[Assignment]:
    from coach.settings.text import SAVED_KEYS, Assignment, parse_assignment

    asked = [parse_assignment(text, SAVED_KEYS) for text in assignments]
    if progress is not None:
        asked.append(Assignment(None, None, PROGRESS, progress))
    return asked


class _Work:
    """One run of `coach adjust`."""

    def __init__(self, name: str, profile: Profile) -> None:
        """Find the routine, and read what is saved for it."""
        from coach.cli.outlook import Outlook
        from coach.cli.personal import Personal
        from coach.settings import Settings

        self._name = name
        self._profile = profile
        self._before = self._after = Outlook(Personal(name, Request(Settings(), profile)))

    def notices(self) -> tuple[str, ...]:
        """Return what of the saved settings is not used; nothing if no session can be had."""
        try:
            return self._before.decided.notices
        except CoachError:
            return ()

    def save(self, asked: Sequence[Assignment], resets: Sequence[str], *, is_beyond: bool) -> None:
        """Save what is asked for.

        Raises:
            CoachError: it does not fit the routine, or the file cannot be written.
        """
        from coach.profile import new_profile_notice
        from coach.settings.assign import Ask, assign, reset
        from coach.settings.saved import SettingsStore, this_moment

        before = self._before
        checked = [_checked(item) for item in asked]
        # A script that is broken just now does not keep what is saved for it.
        routine = before.routine if checked else None
        if routine:
            _check_voice(checked, self._manner(), routine.language)
        if self._profile.is_new:
            note(f"coach: {new_profile_notice(self._profile)}")

        def change(saved: Saved) -> Saved:
            now = this_moment()
            if resets:
                saved = reset(saved, () if EVERYTHING in resets else resets)
            if routine is None:
                return saved
            # What is relative changes what is in force at this moment.
            in_force = before.with_saved(saved).decided.in_force
            return assign(saved, checked, Ask(routine, in_force, now, is_beyond=is_beyond))

        store = SettingsStore(self._profile.settings_folder)
        loaded = store.change(before.personal.script, change)
        if loaded.problem:
            note(f"coach: {loaded.problem}")
        self._after = before.with_saved(loaded.saved)

    def _manner(self) -> Settings:
        """Return the settings in force, or what is known of them if no session can be had.

        Without the default voice, which any voice or engine takes the place of.
        """
        try:
            decided = self._before.decided
        except CoachError:
            return self._before.personal.asked
        names = [name for name, origin in decided.in_force.origins.items() if origin == "default"]
        changes: dict[str, Any] = dict.fromkeys(names)
        return structs.replace(decided.settings, **changes)

    def fill_in_form(self) -> list[Assignment]:
        """Return what the user has set in the form; nothing if it was left without saving.

        Raises:
            CoachError: no session can be had.
        """
        from coach.cli.form import fill_in
        from coach.cli.sessions import open_lengths
        from coach.session import RENDER_RATE

        routine, settings = self._before.routine, self._before.decided.settings
        pronounce = self._before.personal.pronounce
        with open_lengths(routine, settings, RENDER_RATE, pronounce) as length_of:
            return fill_in(routine, settings, length_of)

    def report(self) -> Report:
        """Return what there is to tell."""
        return Report(self._name, self._profile, self._before, self._after)


def _checked(item: Assignment) -> Assignment:
    """Return an assignment whose sounds or words are there, named so that they are found again.

    Raises:
        CoachError: they are not there.
    """
    from coach.cli.personal import check_cues
    from coach.files.shipped import data_dir
    from coach.phrases import load_phrasebook
    from coach.script import is_path

    if item.key == "language":
        load_phrasebook(item.value)
    if item.key == "voice" and item.value.casefold().endswith(".onnx"):
        return structs.replace(item, value=str(Path(item.value).expanduser().absolute()))
    if item.key == "cues":
        check_cues(item.value)
        if not (data_dir("audio_cues") / item.value).is_dir() or is_path(item.value):
            return structs.replace(item, value=str(Path(item.value).absolute()))
    return item


def _check_voice(asked: Sequence[Assignment], settings: Settings, language: str) -> None:
    """Check that what is going to speak can do so.

    Raises:
        SpeechError: the engine or its voice is not there.
    """
    from contextlib import closing

    from coach.speech import open_engine

    given = {item.key: item.value for item in asked}
    if not given.keys() & {"voice", "engine", "language"}:
        return
    with closing(
        open_engine(
            given.get("engine") or settings.engine or "auto",
            voice=given.get("voice") or settings.voice,
            language=given.get("language") or settings.language or language,
        )
    ) as engine:
        engine.synthesize("one")
