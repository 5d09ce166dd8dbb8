"""Settings that are to be saved: what `coach adjust` makes of `cat-camel.hold=8 reps=+1`.

Pure: what is saved and what is asked for in, what is to be saved out. Everything is checked
against the routine first, so that a session never meets what it cannot use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from coach.errors import SettingError, did_you_mean
from coach.progress import parse_progress
from coach.routine import Routine
from coach.settings import Address, Amount, DoseKey, Override
from coach.settings.adjust import adjust, amounts, check_owner, set_doses
from coach.settings.dose import routine_doses, show_amount
from coach.settings.layers import (
    MANNER_KEYS,
    PROGRESS,
    InForce,
    parse_manner,
    rules_of,
    saved_layer,
)
from coach.settings.saved import Saved, SavedValue, Value
from coach.settings.text import DOSE_KEYS, Assignment, parse_override
from coach.units import SPEED, Relative, decimal

RESTART = "restart"
"""What `progress` is set to for climbing from the start again."""


@dataclass(frozen=True, slots=True)
class Ask:
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
    an exercise wins.

    Raises:
        SettingError: something is unknown, contradicts itself, or does not fit the routine.
    """
    _check_once(assignments)
    for item in sorted(assignments, key=lambda item: item.name.count(".")):
        values: dict[str, SavedValue | None]
        if item.key == PROGRESS:
            values = {**_progress(saved, item, ask)}
        elif item.key in MANNER_KEYS:
            values = _manner(item, ask)
        else:
            values = {**_dose(item, ask)}
        replaced: dict[str, SavedValue | None] = dict.fromkeys(_covered(saved, values))
        saved = saved.with_values({**replaced, **values})
    _check_whole(saved, ask)
    return saved


def reset(saved: Saved, targets: Iterable[str]) -> Saved:
    """Return what is saved without what the targets name.

    Args:
        saved: what is saved now.
        targets: ids of exercises, addresses, or names of settings; none means everything.

    Raises:
        SettingError: nothing is saved under one of them.
    """
    names = tuple(targets)
    if not names:
        return Saved()
    gone: dict[str, SavedValue | None] = {}
    for target in names:
        found = [name for name in saved.values if _is_part(name, target)]
        if not found:
            known = {part for name in saved.values for part in (name, *name.split("."))}
            hint = f"Saved are: {', '.join(saved.values)}." if saved.values else ""
            raise SettingError(
                f"nothing is saved for `{target}`{did_you_mean(target, known)}", hint
            )
        gone |= dict.fromkeys(found)
    return saved.with_values(gone)


def _is_part(name: str, target: str) -> bool:
    """Return whether a saved name is `target`, of that exercise or phase, or of that setting."""
    return name == target or name.startswith(f"{target}.") or name.endswith(f".{target}")


def _check_once(assignments: Sequence[Assignment]) -> None:
    given: dict[str, str] = {}
    for item in assignments:
        if given.setdefault(item.name, item.value) != item.value:
            raise SettingError(
                f"`{item.name}` is given twice: {given[item.name]} and {item.value}",
                "Keep one of the two.",
            )


def _covered(saved: Saved, values: Mapping[str, Any]) -> Iterable[str]:
    """Yield what is saved for single exercises or phases and is set as a whole now."""
    for name in values:
        owner, _, key = name.rpartition(".")
        for old in saved.values:
            old_owner, _, old_key = old.rpartition(".")
            if old_key == key and (not owner or old_owner.startswith(f"{owner}.")):
                yield old


def _check_whole(saved: Saved, ask: Ask) -> None:
    """Check that a session with everything that is saved can be had at all."""
    layer = saved_layer(ask.routine, saved)
    adjust(ask.routine, layer.settings)


# -- one assignment ----------------------------------------------------------------------------


def _progress(saved: Saved, item: Assignment, ask: Ask) -> dict[str, SavedValue]:
    if item.owner is not None:
        check_owner(ask.routine, item.owner)
    if item.value.strip().lower() == RESTART:
        rules = rules_of(ask.routine, saved_layer(ask.routine, saved))
        texts = {
            owner: str(rule.progress)
            for owner, rule in rules.items()
            if item.owner in (None, owner) and rule.progress.climbs
        }
        if not texts:
            raise SettingError("there is no progress to restart", "Give a rule: --progress RULE.")
        if item.owner is None and len(set(texts.values())) == 1:
            return {PROGRESS: SavedValue(next(iter(texts.values())), ask.now)}
        return {f"{owner}.{PROGRESS}": SavedValue(text, ask.now) for owner, text in texts.items()}
    try:
        rule = parse_progress(item.value)
    except ValueError as error:
        raise SettingError(
            f"{item.name}: {error}", "`none` ends progress, `restart` begins it anew."
        ) from None
    return {item.name: SavedValue(str(rule), ask.now)}


def _manner(item: Assignment, ask: Ask) -> dict[str, SavedValue | None]:
    if item.owner is not None:
        raise SettingError(
            f"`{item.key}` belongs to the whole session", f"Write {item.key}={item.value}."
        )
    value: Value = item.value
    if item.key == "speed" and (change := SPEED.relative(item.value)):
        speed = ask.in_force.settings.speed or ask.routine.speed or Fraction(1)
        try:
            value = decimal(SPEED.changed(speed, change))
        except ValueError as error:
            raise SettingError(f"speed: {error}") from None
    fields = parse_manner(item.key, value)
    if item.key != "skip":
        return {item.key: SavedValue(value, ask.now)}
    for name in fields["skip"]:
        check_owner(ask.routine, name)
    return {"skip": SavedValue(fields["skip"], ask.now) if fields["skip"] else None}


def _dose(item: Assignment, ask: Ask) -> dict[str, SavedValue]:
    key: DoseKey = next(known for known in DOSE_KEYS if known == item.key)
    asked = parse_override(key, item.value, item.owner, item.phase, is_beyond=ask.is_beyond)
    if not isinstance(asked.value, Relative):
        return {item.name: _saved_amount(asked, asked.value, ask)}
    base = ask.in_force.settings.overrides
    adjusted = set_doses(ask.routine, (*base, asked), beyond_range=True)
    touched = {
        address: amount
        for address, amount in amounts(adjusted.routine)
        if adjusted.sources.get(address) is asked
    }
    saved = {}
    for name, amount in _summed_up(touched, item).items():
        owner, phase = (*name.split(".")[:-1], None, None)[:2]
        absolute = Override(key, amount, owner, phase, is_beyond=ask.is_beyond)
        saved[name] = _saved_amount(absolute, amount, ask)
    return saved


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


def _saved_amount(override: Override, amount: Amount, ask: Ask) -> SavedValue:
    """Return an absolute value as it is saved.

    Raises:
        SettingError: it does not fit the routine.
    """
    adjusted = set_doses(ask.routine, [override])
    found = routine_doses(adjusted.routine)
    is_beyond = any(found[address].is_beyond for address in adjusted.sources if address in found)
    value: Value = amount if isinstance(amount, tuple) else show_amount(override.key, amount)
    if isinstance(amount, Fraction) and amount * 1000 % 1:
        value = f"{Decimal(amount.numerator) / Decimal(amount.denominator):f}s"
    return SavedValue(value, ask.now, is_beyond)
