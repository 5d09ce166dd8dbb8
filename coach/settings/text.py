"""Settings as people write them: `reps=8`, `cat-camel.arch-up.hold=+2s`, `speed=0.9`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, get_args

from msgspec import Struct

from coach.errors import SettingError, did_you_mean, shortened
from coach.settings import READY, Address, Amount, DoseKey, Origin, Override
from coach.settings.dose import PHASE_KEYS, QUANTITIES
from coach.units import SPEED, VOLUME, Count, Detail, Relative, Style

DOSE_KEYS: tuple[DoseKey, ...] = get_args(DoseKey)
MANNER_KEYS = (
    *("speed", "detail", "count", "style", "cues", "cue-volume", "speech-volume"),
    *("voice", "engine", "language", "skip"),
)
"""What can be saved of a session besides its dose; `field_of` names the field of each."""
_VOLUMES = ("cue-volume", "speech-volume")
_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"detail": get_args(Detail), "count": get_args(Count), "style": get_args(Style)}
)
OWN_SPEED = "An exercise gets a speed of its own in the script: `speed: 0.8` beside its name."
PROGRESS = "progress"
SAVED_KEYS = (*DOSE_KEYS, *MANNER_KEYS, PROGRESS)
"""Everything that can be saved."""


class Assignment(Struct, frozen=True):
    """`ADDRESS=VALUE`, taken apart; the value is still text."""

    owner: str | None
    """The id of an exercise or a circuit."""
    phase: str | None
    key: str
    """What is set: a `DoseKey` or another setting's name."""
    value: str

    @property
    def name(self) -> str:
        """Return the address as it is written."""
        return ".".join(part for part in (self.owner, self.phase, self.key) if part)


def field_of(key: str) -> str:
    """Return the field of `Settings`, and the key of a script, for one of `MANNER_KEYS`."""
    return key.replace("-", "_")


def name_parts(name: str) -> tuple[str | None, str | None, str]:
    """Return the owner, the phase and the key of a name that is known to be right."""
    *owners, key = name.split(".")
    owner, phase = (*owners, None, None)[:2]
    return owner, phase, key


def parse_assignment(text: str, known: Iterable[str] = DOSE_KEYS) -> Assignment:
    """Return what `text`, such as `cat-camel.hold=8`, sets.

    Args:
        text: an address, `=` and a value.
        known: the names of everything that can be set.

    Raises:
        SettingError: it has another form, or sets what nobody knows.
    """
    address, separator, value = text.partition("=")
    if not separator or not address.strip():
        raise SettingError(
            f'expected a setting such as reps=8 or cat-camel.hold=8s, found "{shortened(text)}"',
            "Write NAME=VALUE, EXERCISE.NAME=VALUE or EXERCISE.PHASE.NAME=VALUE.",
        )
    return Assignment(*parse_address(address, known), value.strip())


def parse_address(
    text: str, known: Iterable[str] = DOSE_KEYS
) -> tuple[str | None, str | None, str]:
    """Return the owner, the phase and the key that an address such as `cat-camel.hold` names.

    Raises:
        SettingError: it has another form, or its key is none of `known`.
    """
    names = tuple(known)
    *owners, key = (part.strip() for part in text.split("."))
    if not all((*owners, key)) or len(owners) > 2:
        raise SettingError(
            f'expected NAME, EXERCISE.NAME or EXERCISE.PHASE.NAME, found "{shortened(text)}"'
        )
    key = key.replace("_", "-")  # as scripts write it
    if key not in names:
        raise SettingError(
            f"there is no setting `{shortened(key)}`{did_you_mean(key, names)}",
            f"What can be set: {', '.join(names)}; of one exercise, as in cat-camel.reps=8.",
        )
    if len(owners) == 2 and key not in PHASE_KEYS:
        raise SettingError(
            f"a phase has no `{key}`, only {', '.join(PHASE_KEYS)}",
            f"Of the whole exercise: {owners[0]}.{key}.",
        )
    owner, phase = (*owners, None, None)[:2]
    return owner, phase, key


def parse_amount(key: DoseKey, text: str) -> Amount | Relative:
    """Return the value or the change of a value that `text` means.

    Raises:
        ValueError: it means none that `key` can have. The message is a sentence.
    """
    if key == "sides":
        sides = tuple(side.strip() for side in text.split(",") if side.strip())
        if not sides:
            raise ValueError(
                f'expected sides such as left or left,right, found "{shortened(text)}"'
            )
        return sides
    if key == "settle" and text.strip().lower() == READY:
        return READY
    quantity = QUANTITIES[key]
    relative = quantity.relative(text)
    return quantity.value(text) if relative is None else relative


def parse_override(
    key: DoseKey, text: str, owner: str | None = None, phase: str | None = None, *,
    origin: Origin = "session", is_beyond: bool = False,
) -> Override:  # fmt: skip
    """Return the override of a value that is written as `text`.

    Raises:
        SettingError: the value is not one that `key` can have. The message is a sentence.
    """
    try:
        amount = parse_amount(key, text)
    except ValueError as error:
        name = Address(key, owner, phase)
        raise SettingError(f"{name}={shortened(text)}: {error}") from None
    return Override(key, amount, owner, phase, origin, is_beyond)


def parse_option(key: DoseKey, text: str) -> Override:
    """Return the override written as `VALUE`, `EXERCISE=VALUE` or `EXERCISE.PHASE=VALUE`.

    Raises:
        SettingError: the text has another form, or the value is not one that `key` can have.
    """
    address, separator, value = text.rpartition("=")
    owner, _, phase = address.strip().partition(".")
    is_open = separator and (not owner or address.strip().endswith("."))
    if is_open or (phase and key not in PHASE_KEYS):
        form = "EXERCISE=VALUE" + (" or EXERCISE.PHASE=VALUE" if key in PHASE_KEYS else "")
        raise SettingError(f'--{key}: expected VALUE or {form}, found "{shortened(text)}"')
    try:
        return Override(key, parse_amount(key, value), owner or None, phase or None)
    except ValueError as error:
        raise SettingError(f"--{key} {shortened(text)}: {error}") from None


def parse_names(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return the names in `values`, several of which may stand in one, separated by commas.

    Messages begin with `name`, that of the option or the setting.

    Raises:
        SettingError: one of the values has no name.
    """
    names: list[str] = []
    for value in values:
        found = [part.strip() for part in value.split(",") if part.strip()]
        if not found:
            raise SettingError(f"{name}: expected a name, found an empty text")
        names += found
    return tuple(names)


def parse_speed(text: str, name: str = "--speed") -> Fraction:
    """Return the speed of speech that `text` means; 1 is normal. Messages begin with `name`.

    Raises:
        SettingError: it is not a number from 0.5 to 2.
    """
    try:
        return SPEED.value(text)
    except ValueError as error:
        raise SettingError(f"{name}: {error}", OWN_SPEED if "=" in text else "") from None


def parse_volume(text: str, name: str) -> Fraction:
    """Return the volume in dB that `text` means. Messages begin with `name`.

    Raises:
        SettingError: it is not a number from -24 to 9.
    """
    try:
        return VOLUME.value(text)
    except ValueError as error:
        raise SettingError(f"{name}: {error}") from None


def parse_manner(key: str, value: str | tuple[str, ...]) -> dict[str, Any]:
    """Return the field of `Settings` that a saved setting means.

    Args:
        key: one of `MANNER_KEYS`.
        value: as it is written.

    Raises:
        SettingError: `key` cannot have that value.
    """
    texts = (value,) if isinstance(value, str) else value
    text = ", ".join(texts).strip()
    if not text.isprintable():
        raise SettingError(f"{key}: expected a text, found a control character")
    if key == "skip":
        names = () if text.lower() in ("", "none") else parse_names("skip", texts)
        return {"skip": names}
    if key == "speed":
        return {"speed": parse_speed(text, "speed")}
    if key in _VOLUMES:
        return {field_of(key): parse_volume(text, key)}
    choices = _CHOICES.get(key)
    if choices and text not in choices:
        raise SettingError(
            f'{key}: expected one of {", ".join(choices)}, found "{shortened(text)}"'
            f"{did_you_mean(text, choices)}"
        )
    if not text:
        raise SettingError(f"{key}: expected a name, found an empty text")
    return {key: text}
