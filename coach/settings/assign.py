"""Settings that are to be saved: what `coach adjust` makes of `cat-camel.hold=8 reps=+1`.

Pure: what is saved and what is asked for in, what is to be saved out. Everything is checked
against the routine first, so that a session never meets what it cannot use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from msgspec import Struct

from coach.errors import SettingError, did_you_mean
from coach.progress import parse_progress
from coach.routine import Routine
from coach.settings import Address, Amount, DoseKey, Override
from coach.settings.adjust import amounts
from coach.settings.dose import routine_doses, show_amount
from coach.settings.layers import InForce, rules_of, saved_layer
from coach.settings.owners import Owners
from coach.settings.saved import Saved, SavedValue, Value
from coach.settings.text import (
    DOSE_KEYS,
    MANNER_KEYS,
    OWN_SPEED,
    PROGRESS,
    Assignment,
    name_parts,
    parse_manner,
    parse_override,
)
from coach.units import SPEED, Relative, decimal, exact_duration

RESTART = "restart"
"""What `progress` is set to for climbing from the start again."""


class Ask(Struct, frozen=True):
    """What a change is made against."""

    routine: Routine
    """As the script has it."""
    in_force: InForce
    """With what is saved so far."""
    now: datetime
    """To the millisecond."""
    is_beyond: bool = False
    """Whether values may lie outside of the prescribed ranges."""


def assign(saved: Saved, assignments: Sequence[Assignment], ask: Ask) -> Saved:
    """Return what is saved after the assignments; relative ones change what is in force.

    What names all takes the place of what was saved for single ones. Within one call, what names
    an exercise wins, and what is relative changes what the call has set before.

    Raises:
        CoachError: something is unknown, contradicts itself, or does not fit the routine.
    """
    _check_once(assignments)
    work = _Assigning(saved, ask)
    for item in sorted(assignments, key=lambda item: item.name.count(".")):
        work.assign(item)
    before = saved_layer(ask.routine, saved).problems
    for name, problem in saved_layer(ask.routine, work.saved).problems.items():
        if name not in before or work.saved.values[name] != saved.values.get(name):
            raise problem
    return work.saved


def reset(saved: Saved, targets: Iterable[str]) -> Saved:
    """Return what is saved after some or all of it has been taken back.

    Args:
        saved: what is saved.
        targets: saved names; exercises or `EXERCISE.PHASE`, which are all that is saved of them;
            settings, which are all that is saved under that name, of whichever exercise.
            Nothing means everything.

    Raises:
        SettingError: nothing is saved for one of them, or it may be an exercise or a setting.
    """
    names = tuple(targets)
    if not names:
        return Saved()
    gone: dict[str, SavedValue | None] = {}
    for target in names:
        gone |= dict.fromkeys(_meant(saved, target))
    return saved.with_values(gone)


def _meant(saved: Saved, target: str) -> list[str]:
    """Return the saved names that are meant by one to take back.

    Raises:
        SettingError: none is, or it may be an exercise or a setting.
    """
    of_owner = [name for name in saved.values if name.startswith(f"{target}.")]
    of_key = [name for name in saved.values if name_parts(name)[2] == target]
    is_unclear = bool(set(of_owner) - set(of_key) and set(of_key) - set(of_owner))
    if is_unclear and target not in saved.values:
        raise SettingError(
            f"`{target}` is an exercise and a setting",
            f"Name what is to be taken back: {', '.join(dict.fromkeys((*of_owner, *of_key)))}.",
        )
    meant = {target} if is_unclear else {target, *of_owner, *of_key}
    if found := [name for name in saved.values if name in meant]:
        return found
    phases = {phase: owner for owner, phase, _ in map(name_parts, saved.values) if phase}
    if target in phases:
        hint = f"It is a phase: name its exercise, too, as in {phases[target]}.{target}."
        raise SettingError(f"nothing is saved for `{target}`", hint)
    known = {part for name in saved.values for part in (name, *name_parts(name)[::2]) if part}
    hint = f"Saved are: {', '.join(saved.values)}." if saved.values else ""
    raise SettingError(f"nothing is saved for `{target}`{did_you_mean(target, known)}", hint)


def _check_once(assignments: Sequence[Assignment]) -> None:
    given: dict[str, str] = {}
    for item in assignments:
        is_change = item.key != PROGRESS and item.value.startswith(("+", "-", "\u2212"))
        if not is_change and given.setdefault(item.name, item.value) != item.value:
            raise SettingError(
                f"`{item.name}` is given twice: {given[item.name]} and {item.value}",
                "Keep one of the two.",
            )


def _covered(saved: Saved, values: Mapping[str, Any]) -> Iterable[str]:
    """Yield what is saved for single exercises or phases and is set as a whole now."""
    wholes = [name_parts(name) for name in values]
    for old in saved.values:
        old_owner, old_phase, old_key = name_parts(old)
        for owner, phase, key in wholes:
            is_of_one = old_owner and (not owner or (owner == old_owner and old_phase))
            if key == old_key and not phase and is_of_one:
                yield old


# -- one assignment ----------------------------------------------------------------------------


class _Assigning:
    """One call, in which each assignment sees what those before it have set.

    Attributes:
        saved: what is saved so far.
    """

    def __init__(self, saved: Saved, ask: Ask) -> None:
        settings = ask.in_force.settings
        self.saved = saved
        self._ask = ask
        self._owners = Owners(ask.routine, settings.overrides)
        """With the values in force so far."""
        self._speed = settings.speed or ask.routine.speed or Fraction(1)

    def assign(self, item: Assignment) -> None:
        """Save an assignment.

        Raises:
            SettingError: something in it is unknown or impossible.
        """
        values: dict[str, SavedValue | None]
        if item.key == PROGRESS:
            values = {**self._progress(item)}
        elif item.key in MANNER_KEYS:
            values = self._manner(item)
        else:
            values = {**self._dose(item)}
        replaced: dict[str, SavedValue | None] = dict.fromkeys(_covered(self.saved, values))
        self.saved = self.saved.with_values({**replaced, **values})

    def _progress(self, item: Assignment) -> dict[str, SavedValue]:
        routine, now = self._ask.routine, self._ask.now
        if item.owner is not None:
            self._owners.check(item.owner)
        if item.value.strip().lower() == RESTART:
            rules = rules_of(routine, saved_layer(routine, self.saved))
            texts = {
                owner: str(rule.progress)
                for owner, rule in rules.items()
                if item.owner in (None, owner) and rule.progress.climbs
            }
            if not texts:
                raise SettingError(
                    "there is no progress to restart", "Give a rule: --progress RULE."
                )
            if item.owner is None and len(set(texts.values())) == 1:
                return {PROGRESS: SavedValue(next(iter(texts.values())), now)}
            return {f"{owner}.{PROGRESS}": SavedValue(text, now) for owner, text in texts.items()}
        try:
            rule = parse_progress(item.value)
        except ValueError as error:
            raise SettingError(
                f"{item.name}: {error}", "`none` ends progress, `restart` begins it anew."
            ) from None
        return {item.name: SavedValue(str(rule), now)}

    def _manner(self, item: Assignment) -> dict[str, SavedValue | None]:
        if item.owner is not None:
            own = f" {OWN_SPEED}" if item.key == "speed" else ""
            raise SettingError(
                f"`{item.key}` belongs to the whole session",
                f"Write {item.key}={item.value}.{own}",
            )
        value: Value = item.value
        if item.key == "speed" and (change := SPEED.relative(item.value)):
            try:
                value = decimal(SPEED.changed(self._speed, change))
            except ValueError as error:
                raise SettingError(f"speed: {error}") from None
        fields = parse_manner(item.key, value)
        self._speed = fields.get("speed", self._speed)
        if item.key != "skip":
            return {item.key: SavedValue(value, self._ask.now)}
        for name in fields["skip"]:
            self._owners.check(name)
        return {"skip": SavedValue(fields["skip"], self._ask.now) if fields["skip"] else None}

    def _dose(self, item: Assignment) -> dict[str, SavedValue]:
        key: DoseKey = next(known for known in DOSE_KEYS if known == item.key)
        is_beyond = self._ask.is_beyond
        asked = parse_override(key, item.value, item.owner, item.phase, is_beyond=is_beyond)
        adjusted = self._owners.change(asked)
        if not isinstance(asked.value, Relative):
            return {item.name: self._saved_amount(asked, asked.value)}
        touched = {
            address: amount
            for address, amount in amounts(adjusted.routine)
            if address in adjusted.sources
        }
        saved = {}
        for name, amount in _summed_up(touched, item).items():
            owner, phase, _ = name_parts(name)
            absolute = Override(key, amount, owner, phase, is_beyond=is_beyond)
            saved[name] = self._saved_amount(absolute, amount)
        return saved

    def _saved_amount(self, override: Override, amount: Amount) -> SavedValue:
        """Return an absolute value as it is saved.

        Raises:
            SettingError: it does not fit the routine.
        """
        adjusted = self._owners.tried(override)
        found = routine_doses(adjusted.routine)
        is_beyond = any(
            found[address].is_beyond for address in adjusted.sources if address in found
        )
        value: Value = amount if isinstance(amount, tuple) else show_amount(override.key, amount)
        if isinstance(amount, Fraction):
            value = exact_duration(amount)
        return SavedValue(value, self._ask.now, is_beyond)


def _summed_up(touched: Mapping[Address, Amount], item: Assignment) -> dict[str, Amount]:
    """Return the amounts by the shortest names that tell them apart."""
    if len(set(touched.values())) == 1:
        return {item.name: next(iter(touched.values()))}
    named: dict[str, Amount] = {}
    by_owner: dict[str | None, dict[Address, Amount]] = {}
    for address, amount in touched.items():
        by_owner.setdefault(address.owner, {})[address] = amount
    for owner, values in by_owner.items():
        if len(set(values.values())) == 1:
            named[str(Address(next(iter(values)).key, owner))] = next(iter(values.values()))
        else:
            named |= {str(address): amount for address, amount in values.items()}
    return named
