"""What `coach adjust` tells: what has been saved, and what is in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.cli.console import echo_text, note, say, table
from coach.cli.dose_values import value_json, value_row, values_of
from coach.cli.doses import (
    changes_lines,
    length_text,
    manner_json,
    manner_line,
    progress_json,
    progress_lines,
)
from coach.profile import Profile
from coach.progress import Progress
from coach.settings import Address
from coach.settings.adjust import amounts
from coach.settings.dose import routine_doses, show_amount, show_range
from coach.settings.text import PROGRESS, name_parts
from coach.units import seconds

if TYPE_CHECKING:
    from coach.cli.outlook import Outlook
    from coach.cli.sessions import Made

NOTHING_CLIMBS = "There is nothing to climb: nothing of that kind has a prescribed range above it."
_NO_RULE = str(Progress())


class Report:
    """What there is to tell after one run of `coach adjust`."""

    def __init__(self, name: str, profile: Profile, before: Outlook, after: Outlook) -> None:
        """Bind the parts.

        Args:
            name: of the routine, as it was asked for.
            profile: whose settings these are.
            before: with what was saved when the command began.
            after: with what is saved now; the same one if nothing was changed.
        """
        self._name = name
        self._profile = profile
        self._before = before
        self._after = after

    def tell(self) -> None:
        """Tell what has been saved, and what it does to the session's length.

        If the session cannot be had, all else is told nevertheless.
        """
        before, after = self._before.personal.stored.values, self._after.personal.stored.values
        changed = [name for name in after if after[name] != before.get(name)]
        whose = f" of {self._profile.name}" if self._profile.name else ""
        if changed:
            echo_text(f"Saved for {self._name}{whose}:")
        names = max(map(len, changed), default=0)
        # A rule is long, and nothing stands beside it.
        values = max((len(after[n].text) for n in changed if not _is_rule(n)), default=0)
        for name in changed:
            line = f"  {name:<{names}}  {after[name].text:<{values}}  {self._comparison(name)}"
            say(line.rstrip())
        for name in before:
            if name not in after:
                echo_text(f"Taken back: {name} ({before[name].text}).")
        if after == before:
            echo_text("Nothing has changed.")
        if self._after.problem:
            note(f"coach: {self._after.problem.message}")
            return
        now = _length(self._after.made)
        was = now if self._before.problem else _length(self._before.made)
        echo_text(f"The session takes {now}{'' if was == now else f' instead of {was}'}.")
        if any(map(_is_rule, changed)):
            self._tell_progress(all(after[n].text == _NO_RULE for n in changed if _is_rule(n)))

    def _tell_progress(self, is_ended: bool) -> None:
        found = self._after.decided.in_force
        for line in progress_lines(found):
            echo_text(line)
        if is_ended:
            echo_text("What was climbed is as prescribed or saved again.")
        elif not found.standings:
            echo_text(NOTHING_CLIMBS)

    def _comparison(self, name: str) -> str:
        """Return what a value was before, and what is prescribed, in brackets."""
        if self._before.problem or self._after.problem:
            return ""
        session = self._after.made.session
        was = dict(amounts(self._before.made.session.routine))
        now = routine_doses(session.routine)
        touched = [
            address
            for address, source in session.sources.items()
            if source.origin == "saved" and _names(name, address) and address in was
        ]
        told = {
            "was": dict.fromkeys(show_amount(address.key, was[address]) for address in touched),
            "prescribed": dict.fromkeys(
                show_range(address.key, now[address]) for address in touched if address in now
            ),
        }
        parts = [f"{word} {' and '.join(values)}" for word, values in told.items() if values]
        if self._after.personal.stored.values[name].is_beyond:
            parts.append("beyond")
        return f"({', '.join(parts)})" if parts else ""

    def show(self) -> None:
        """Show each value that can be set, with where it comes from.

        Raises:
            CoachError: the session cannot be had.
        """
        made, decided = self._after.made, self._after.decided
        whose = f", {self._profile.name}" if self._profile.name else ""
        echo_text(f"{made.session.routine.title}{whose} ({_length(made)})")
        say()
        rows = [value_row(value) for value in values_of(made, self._after.routine)]
        table(("Setting", "Value", "Prescribed", "From"), rows, whole=("Setting", "Value"))
        say()
        for line in (
            manner_line(decided.settings, decided.in_force.origins),
            *progress_lines(decided.in_force),
            *changes_lines(decided.changes, made.session.routine),
        ):
            if line:
                echo_text(line)
        if self._after.personal.stored.values:
            echo_text(f"Saved in {self._store_path()}.")
        else:
            echo_text(f"Nothing is saved; `coach adjust {self._name} NAME=VALUE` does that.")

    def document(self) -> dict[str, Any]:
        """Return the same as JSON has it.

        Raises:
            CoachError: the session cannot be had.
        """
        made, decided = self._after.made, self._after.decided
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
                for name, entry in self._after.personal.stored.values.items()
            },
            "values": [value_json(value) for value in values_of(made, self._after.routine)],
            "manner": manner_json(decided.settings, decided.in_force.origins),
            "progress": progress_json(decided.in_force),
            "problems": list(decided.notices),
            "duration": timeline.duration / timeline.rate,
            "exact": made.is_exact,
        }

    def _store_path(self) -> Path:
        from coach.settings.saved import SettingsStore

        return SettingsStore(self._profile.settings_folder).path(self._after.personal.script)


def _length(made: Made) -> str:
    timeline = made.session.timeline
    return length_text(seconds(timeline.duration, timeline.rate), is_exact=made.is_exact)


def _is_rule(name: str) -> bool:
    return name_parts(name)[2] == PROGRESS


def _names(name: str, address: Address) -> bool:
    """Return whether a saved name covers the value at a full address."""
    owner, phase, key = name_parts(name)
    is_whose = owner in (None, address.owner) and phase in (None, address.phase)
    return key == address.key and is_whose
