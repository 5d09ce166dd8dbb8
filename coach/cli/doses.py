"""Doses, progress and settings as tables and JSON show them, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from coach.settings import Address, DoseKey, Override
from coach.settings.dose import show_amount
from coach.settings.text import field_of
from coach.units import Range, clock, decimal, short_duration

if TYPE_CHECKING:
    from coach.routine import Exercise, Routine
    from coach.settings import Settings
    from coach.settings.counter import Standing
    from coach.settings.foresee import Foreseen
    from coach.settings.layers import InForce
    from coach.settings.since import DoseChange

ORIGINS = {
    "default": "your default",
    "saved": "saved",
    "progress": "progress",
    "fit": "fitted",
    "session": "this session",
}
"""What a layer is called; the script's own values have no name."""

Sources = Mapping[Address, Override]


def dose_text(exercise: Exercise, sources: Sources) -> str:
    """Return a dose as people write it: `6 reps (5-10, saved), hold 5s + 5s`."""

    def shown(key: DoseKey, unit: str) -> str:
        return _shown(getattr(exercise, key), _origin(sources, Address(key, exercise.id)), unit)

    parts = []
    if exercise.sets.high > 1 or exercise.sets.value > 1:
        parts.append(shown("sets", "set"))
    if exercise.reps.high > 1 or exercise.reps.value > 1 or exercise.is_self_paced:
        parts.append(shown("reps", "rep"))
    kinds: tuple[DoseKey, ...] = ("hold", "work")
    for kind in kinds:
        times = [
            (time, _origin(sources, Address(kind, exercise.id, phase.id)))
            for phase in exercise.phases
            if (time := getattr(phase, kind))
        ]
        if len({(time.low, time.high, origin) for time, origin in times}) == 1:
            values = " + ".join(short_duration(time.value) for time, _ in times)
            parts.append(f"{kind} {values}{_prescribed(*times[0])}")
        elif times:
            parts.append(f"{kind} {' + '.join(_shown(*time) for time in times)}")
    if exercise.is_self_paced:
        parts.append("at your own pace")
    if exercise.sides:
        origin = _origin(sources, Address("sides", exercise.id))
        each = "each side" if len(exercise.sides) > 1 else "one side"
        names = ", ".join(exercise.sides)
        parts.append(f"{each} ({names}{f'; {ORIGINS[origin]}' if origin else ''})")
    return ", ".join(parts) or "once"


def value_text(
    value: Range[int] | Range[Fraction], sources: Sources, address: Address, unit: str = ""
) -> str:
    """Return a value with what is prescribed and where it comes from: `6 rounds (3-6, saved)`."""
    return _shown(value, _origin(sources, address), unit)


def _origin(sources: Sources, address: Address) -> str:
    return sources[address].origin if address in sources else ""


def _shown(value: Range[int] | Range[Fraction], origin: str, unit: str = "") -> str:
    plural = "" if value.value == 1 else "s"
    named = f" {unit}{plural}" if unit else ""
    return f"{_number(value.value)}{named}{_prescribed(value, origin)}"


def _prescribed(value: Range[int] | Range[Fraction], origin: str) -> str:
    parts = []
    if not value.is_fixed:
        parts.append(f"{_number(value.low)}-{_number(value.high)}")
    elif value.value != value.low:
        parts.append(f"prescribed {_number(value.low)}")
    if value.is_beyond:
        parts.append("beyond")
    if origin:
        parts.append(ORIGINS[origin])
    return f" ({', '.join(parts)})" if parts else ""


def _number(number: int | Fraction) -> str:
    return short_duration(number) if isinstance(number, Fraction) else str(number)


# -- what else is in force ---------------------------------------------------------------------


def manner_line(settings: Settings, origins: Mapping[str, str]) -> str:
    """Return the settings besides doses that do not come from the script, in a line."""
    parts = [
        f"{key} {manner_value(settings, key)} ({ORIGINS[origin]})"
        for key, origin in origins.items()
        if origin in ORIGINS
    ]
    return f"Also: {', '.join(parts)}." if parts else ""


def manner_value(settings: Settings, key: str) -> str:
    """Return the value of a setting that is no dose, as people write it."""
    value = getattr(settings, field_of(key))
    if isinstance(value, Fraction):
        return f"{decimal(value)} dB" if key.endswith("volume") else decimal(value)
    return " ".join(value) if isinstance(value, tuple) else str(value)


def progress_lines(found: InForce) -> Iterator[str]:
    """Yield each rule and how far it has led, exercises that stand alike in one line."""
    alike: dict[str, dict[Standing, list[str]]] = {}
    for owner, standing in found.standings.items():
        alike.setdefault(str(standing.progress), {}).setdefault(standing, []).append(owner)
    for rule, standings in alike.items():
        yield f"Progress: {rule}."
        for standing, owners in standings.items():
            yield f"  {', '.join(owners)}: {_standing_text(standing)}"


def _standing_text(standing: Standing) -> str:
    if standing.level >= standing.top:
        return "at the top."
    left = standing.every - standing.counted
    if standing.unit == "session":
        coming = f"the next step comes after {_plural(left, 'more session')}"
    else:
        coming = f"the next step comes after {_plural(left, 'week')} with a session"
    held = "; held back by pain" if standing.is_held else ""
    return f"step {standing.level} of {standing.top}{held}; {coming}."


def changes_lines(changes: tuple[DoseChange, ...], routine: Routine) -> Iterator[str]:
    """Yield what is different from the last time, a line each."""
    names = {item.id for item in routine.owners()}
    for change in changes:
        owners = [owner for owner in change.owners if owner in names]
        if owners:
            before, now = (show_amount(change.key, value) for value in (change.before, change.now))
            yield f"Compared with last time: {change.key} {before} -> {now} of {', '.join(owners)}."


def foreseen_line(foreseen: Foreseen) -> str:
    """Return which moment is shown, and what was counted on."""
    pace = decimal(Fraction(round(foreseen.pace * 2), 2))
    why = "as in the last weeks" if foreseen.is_known else "since there is no history yet"
    return (
        f"As it will be on {foreseen.at:%Y-%m-%d}, counted with {pace} sessions a week, {why}, "
        "and without pain."
    )


def _plural(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


# -- JSON --------------------------------------------------------------------------------------


def range_json(value: Range[int] | Range[Fraction], origin: str) -> dict[str, Any]:
    """Return a value, what is prescribed, and where the value comes from."""
    numbers = {"value": value.value, "from": value.low, "to": value.high}
    plain: dict[str, Any] = {
        key: number if isinstance(number, int) else float(number) for key, number in numbers.items()
    }
    return {**plain, "origin": origin or "script"}


def progress_json(found: InForce) -> dict[str, Any]:
    """Return how far each range has been climbed, by the id of the exercise or circuit."""
    return {
        owner: {
            "rule": str(standing.progress),
            "step": standing.level,
            "steps": standing.top,
            "counted": standing.counted,
            "every": standing.every,
            "unit": standing.unit,
            "held": standing.is_held,
        }
        for owner, standing in found.standings.items()
    }


def manner_json(settings: Settings, origins: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings besides doses, each with where it comes from."""
    return {
        key: {
            "value": list(value)
            if isinstance(value := getattr(settings, field_of(key)), tuple)
            else float(value)
            if isinstance(value, Fraction)
            else value,
            "origin": origin,
        }
        for key, origin in origins.items()
        if getattr(settings, field_of(key)) is not None
    }


def length_text(seconds: Fraction, *, is_exact: bool) -> str:
    """Return a session's length as clocks show it, marked if it is a guess."""
    return f"{'' if is_exact else 'about '}{clock(seconds)}"
