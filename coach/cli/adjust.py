"""`coach adjust`: holds, repetitions and the rest, saved for a routine."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.console import echo_json, echo_text, note, table
from coach.cli.dose_values import value_json, value_row, values_of
from coach.cli.doses import (
    changes_lines,
    length_text,
    manner_json,
    manner_line,
    progress_json,
    progress_lines,
)
from coach.cli.options import Command, Request, RoutineName, profile_from, profile_option
from coach.profile import Profile
from coach.progress import Progress
from coach.settings import Address
from coach.settings.adjust import amounts
from coach.settings.dose import routine_doses, show_amount, show_range
from coach.settings.layers import PROGRESS
from coach.units import seconds

if TYPE_CHECKING:
    from coach.cli.personal import Decided, Personal
    from coach.cli.sessions import Made
    from coach.settings import Settings
    from coach.settings.saved import Saved
    from coach.settings.text import Assignment

NOTHING_CLIMBS = "There is nothing to climb: nothing of that kind has a prescribed range above it."
EVERYTHING = "*"
"""What `--reset` without a value resets."""
_OPTIONS_ELSEWHERE = (
    *("hold", "reps", "sets", "rest", "skip", "detail", "count"),
    *("speed", "language", "voice", "engine", "cues"),
)
"""What other commands take as options, and this one as assignments."""


def _refuse_options(command: Command) -> Command:
    """Let a command explain, of the options of others, how it is set here."""

    def refuse(_context: click.Context, param: click.Parameter, value: str | None) -> None:
        if value is not None:
            address, _, amount = value.rpartition("=")
            name = ".".join(part for part in (address, param.name) if part)
            raise click.UsageError(f"what is saved is written without hyphens: {name}={amount}")

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
    and for the session: speed, detail, count, cues, voice, engine, language, skip. Values may be
    relative: +2, -1s, +20%. On a terminal and without a value, a form opens.

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
    for notice in work.decided.notices:
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
        echo_json(work.document())
    elif show or not is_change:
        work.show()
    elif not quiet:
        work.tell()


def _is_terminal() -> bool:
    streams = (sys.stdin, sys.stdout)
    is_dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return not is_dumb and all(stream is not None and stream.isatty() for stream in streams)


def _asked(assignments: Sequence[str], progress: str | None) -> list[Assignment]:
    from coach.settings.layers import SAVED_KEYS
    from coach.settings.text import Assignment, parse_assignment

    asked = [parse_assignment(text, SAVED_KEYS) for text in assignments]
    if progress is not None:
        asked.append(Assignment(None, None, PROGRESS, progress))
    return asked


class _Work:
    """One run of `coach adjust`. Sessions are described only if something is told of them.

    Attributes:
        decided: what was in force when the command began.
    """

    def __init__(self, name: str, profile: Profile) -> None:
        """Read the routine, and what is saved for it."""
        from coach.cli.personal import Personal
        from coach.routine import load_routine
        from coach.settings import Settings

        self._name = name
        self._profile = profile
        self._personal = self._first = Personal(name, Request(Settings(), profile))
        self._routine = load_routine(self._personal.path)
        self.decided = self._personal.decide(self._routine)

    @cached_property
    def _before(self) -> Made:
        """The session with what was saved when the command began."""
        return self._described(self._first, self.decided)

    @cached_property
    def _after(self) -> Made:
        """The same with what is saved now; looked at when nothing is changed any more."""
        if self._personal is self._first:
            return self._before
        return self._described(self._personal, self._personal.decide(self._routine))

    def _described(self, personal: Personal, decided: Decided) -> Made:
        from coach.cli.sessions import described
        from coach.session import RENDER_RATE

        return described(personal, self._routine, decided, RENDER_RATE)

    # -- changing ------------------------------------------------------------------------------

    def save(self, asked: Sequence[Assignment], resets: Sequence[str], *, is_beyond: bool) -> None:
        """Save what is asked for.

        Raises:
            CoachError: it does not fit the routine, or the file cannot be written.
        """
        from coach.profile import new_profile_notice
        from coach.settings.assign import Ask, assign, reset
        from coach.settings.saved import SettingsStore, this_moment

        routine = self._routine
        checked = [_checked(item) for item in asked]
        _check_voice(checked, self.decided.settings, routine.language)
        if self._profile.is_new:
            note(f"coach: {new_profile_notice(self._profile)}")

        def change(saved: Saved) -> Saved:
            now = this_moment()
            if resets:
                saved = reset(saved, () if EVERYTHING in resets else resets)
            # What is relative changes what is in force at this moment.
            decided = self._personal.with_saved(saved).decide(routine)
            ask = Ask(routine, decided.in_force, now, is_beyond=is_beyond)
            return assign(saved, checked, ask) if checked else saved

        store = SettingsStore(self._profile.settings_folder)
        loaded = store.change(self._personal.script, change)
        if loaded.problem:
            note(f"coach: {loaded.problem}")
        self._personal = self._personal.with_saved(loaded.saved)

    def fill_in_form(self) -> list[Assignment]:
        """Return what the user has set in the form; nothing if it was left without saving."""
        from coach.cli.form import fill_in
        from coach.cli.sessions import open_lengths
        from coach.session import RENDER_RATE

        routine, settings = self._routine, self.decided.settings
        with open_lengths(routine, settings, RENDER_RATE) as length_of:
            return fill_in(routine, settings, length_of)

    # -- telling -------------------------------------------------------------------------------

    def tell(self) -> None:
        """Tell what has been saved, and what it does to the session's length."""
        before, after = self._first.stored.values, self._personal.stored.values
        changed = [name for name in after if after[name] != before.get(name)]
        whose = f" of {self._profile.name}" if self._profile.name else ""
        if changed:
            echo_text(f"Saved for {self._name}{whose}:")
        names = max(map(len, changed), default=0)
        # A rule is long, and nothing stands beside it.
        values = max((len(after[n].text) for n in changed if not _is_rule(n)), default=0)
        for name in changed:
            line = f"  {name:<{names}}  {after[name].text:<{values}}  {self._comparison(name)}"
            click.echo(line.rstrip())
        for name in before:
            if name not in after:
                echo_text(f"Taken back: {name} ({before[name].text}).")
        if after == before:
            echo_text("Nothing has changed.")
        was, now = self._length(self._before), self._length(self._after)
        echo_text(f"The session takes {now}{'' if was == now else f' instead of {was}'}.")
        if any(map(_is_rule, changed)):
            for line in progress_lines(self._after.decided.in_force):
                echo_text(line)
            is_ended = all(after[n].text == str(Progress()) for n in changed if _is_rule(n))
            if is_ended:
                echo_text("What was climbed is as prescribed or saved again.")
            elif not self._after.decided.in_force.standings:
                echo_text(NOTHING_CLIMBS)

    def _comparison(self, name: str) -> str:
        """Return what a value was before, and what is prescribed, in brackets."""
        was = dict(amounts(self._before.session.routine))
        now = routine_doses(self._after.session.routine)
        touched = [
            address
            for address, source in self._after.session.sources.items()
            if source.origin == "saved" and _names(name, address) and address in was
        ]
        told = {
            "was": dict.fromkeys(show_amount(address.key, was[address]) for address in touched),
            "prescribed": dict.fromkeys(
                show_range(address.key, now[address]) for address in touched if address in now
            ),
        }
        parts = [f"{word} {' and '.join(values)}" for word, values in told.items() if values]
        if self._personal.stored.values[name].is_beyond:
            parts.append("beyond")
        return f"({', '.join(parts)})" if parts else ""

    def _length(self, made: Made) -> str:
        timeline = made.session.timeline
        return length_text(seconds(timeline.duration, timeline.rate), is_exact=made.is_exact)

    def show(self) -> None:
        """Show each value that can be set, with where it comes from."""
        made, decided = self._after, self._after.decided
        whose = f", {self._profile.name}" if self._profile.name else ""
        echo_text(f"{made.session.routine.title}{whose} ({self._length(made)})")
        click.echo()
        rows = [value_row(value) for value in values_of(made, self._routine)]
        table(("Setting", "Value", "Prescribed", "From"), rows, whole=("Setting", "Value"))
        click.echo()
        for line in (
            manner_line(decided.settings, decided.in_force.origins),
            *progress_lines(decided.in_force),
            *changes_lines(decided.changes, made.session.routine),
        ):
            if line:
                echo_text(line)
        if self._personal.stored.values:
            echo_text(f"Saved in {self._store_path()}.")
        else:
            echo_text(f"Nothing is saved; `coach adjust {self._name} NAME=VALUE` does that.")

    def document(self) -> dict[str, Any]:
        """Return the same as JSON has it."""
        made, decided = self._after, self._after.decided
        timeline = made.session.timeline
        return {
            "version": 1,
            "routine": made.session.routine.id,
            "profile": self._profile.name or None,
            "file": str(self._store_path()),
            "saved": {
                name: {
                    "value": entry.value if isinstance(entry.value, str) else list(entry.value),
                    "since": entry.since.isoformat(),
                    "beyond": entry.is_beyond,
                }
                for name, entry in self._personal.stored.values.items()
            },
            "values": [value_json(value) for value in values_of(made, self._routine)],
            "manner": manner_json(decided.settings, decided.in_force.origins),
            "progress": progress_json(decided.in_force),
            "problems": list(decided.notices),
            "duration": timeline.duration / timeline.rate,
            "exact": made.is_exact,
        }

    def _store_path(self) -> Path:
        from coach.settings.saved import SettingsStore

        return SettingsStore(self._profile.settings_folder).path(self._personal.script)


def _is_rule(name: str) -> bool:
    return name.rpartition(".")[2] == PROGRESS


def _names(name: str, address: Address) -> bool:
    """Return whether a saved name covers the value at a full address."""
    owner, _, key = name.rpartition(".")
    return key == address.key and (not owner or f"{address}.".startswith(f"{owner}."))


def _checked(item: Assignment) -> Assignment:
    """Return an assignment whose sounds or words are there, named so that they are found again.

    Raises:
        CoachError: they are not there.
    """
    from coach.cli.personal import check_cues
    from coach.files import data_dir
    from coach.phrases import load_phrasebook
    from coach.script import is_path

    if item.key == "language":
        load_phrasebook(item.value)
    if item.key == "cues":
        check_cues(item.value)
        if not (data_dir("audio_cues") / item.value).is_dir() or is_path(item.value):
            return dataclasses.replace(item, value=str(Path(item.value).absolute()))
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
