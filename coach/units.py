"""Quantities and choices; the only place where seconds become frames.

Durations are exact: a `Fraction` of seconds from the text to the timeline, where they become
an `int` count of frames, once. Nothing in this module knows about scripts or sound.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Generic, Literal, TypeVar

from msgspec import Struct

_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
_CLOCK = re.compile(r"(?:(?P<h>\d+):)?(?P<m>\d+):(?P<s>[0-5]\d(?:\.\d+)?)")
_UNITS = re.compile(
    rf"(?:(?P<h>{_NUMBER})\s*(?:h|hr|hrs|hours?))?\s*"
    rf"(?:(?P<m>{_NUMBER})\s*(?:m|min|mins|minutes?))?\s*"
    rf"(?:(?P<s>{_NUMBER})\s*(?P<unit>s|sec|secs|seconds?)?)?",
    re.IGNORECASE,
)
_SECONDS_ONLY = re.compile(_NUMBER)
_RANGE = re.compile(r"(?P<low>.*?[^\s-])\s*(?:-|\u2013|\u2014|to)\s*(?P<high>\S.*)", re.IGNORECASE)
_RELATIVE = re.compile(r"(?P<sign>[+\u2212-])\s*(?P<amount>[^\s+\u2212-].*)")
_DECIBELS = re.compile(rf"(?P<number>[+-]?{_NUMBER})\s*(?:db|lu|lufs)?", re.IGNORECASE)
_LONGEST = 40
"""Characters; no duration, count or range needs more, and longer texts are not even matched."""

Detail = Literal["full", "brief", "cues"]
"""How much is said: everything, names and cues, or counts only."""
Count = Literal["beep", "voice", "both"]
"""How the seconds of a hold are marked."""

Style = Literal["calm", "plain", "lively"]
"""How much the coach encourages: now and then, not at all, or often."""
Level = Literal["easy", "medium", "hard"]
"""How much a routine asks of the body."""

DURATION_FORMS = "a duration such as 5, 5s, 1.5, 90s, 1:30 or 1m30s"
COUNT_FORMS = "a whole number such as 8"
FACTOR_FORMS = "a number such as 0.9"
VOLUME_FORMS = "decibels such as -3 or 4.5"


def parse_duration(text: str) -> Fraction:
    """Return the exact seconds that `text` means.

    A bare number is seconds; `1:30` is minutes and seconds, `1:00:00` hours too; `1m30s`,
    `90 sec` and `1.5 min` carry their units.

    Raises:
        ValueError: `text` is none of these. The message says what was expected.
    """
    cleaned = text.strip()
    match = None
    if 0 < len(cleaned) <= _LONGEST:
        match = _CLOCK.fullmatch(cleaned) or _UNITS.fullmatch(cleaned)
    if match is None or _is_ambiguous(match):
        raise ValueError(f"expected {DURATION_FORMS}, found {_quoted(text)}")
    hours, minutes, seconds = (Fraction(Decimal(match[part] or 0)) for part in "hms")
    return hours * 3600 + minutes * 60 + seconds


def _is_ambiguous(match: re.Match[str]) -> bool:
    """Whether it is like `1h30`, which may be meant as half an hour or half a minute."""
    if match.re is _CLOCK:
        return False
    return bool(match["h"] and match["s"] and not match["m"] and not match["unit"])


def parse_count(text: str) -> int:
    """Return the whole number that `text` means; `010` is ten.

    Raises:
        ValueError: `text` is not a whole number.
    """
    cleaned = text.strip()
    if not (cleaned.isdecimal() and len(cleaned) <= _LONGEST):
        raise ValueError(f"expected {COUNT_FORMS}, found {_quoted(text)}")
    return int(cleaned)


def parse_factor(text: str) -> Fraction:
    """Return the factor that `text` means, such as 0.9 or 1.25.

    Raises:
        ValueError: `text` is not a decimal number.
    """
    cleaned = text.strip()
    if len(cleaned) > _LONGEST or not _SECONDS_ONLY.fullmatch(cleaned):
        raise ValueError(f"expected {FACTOR_FORMS}, found {_quoted(text)}")
    return Fraction(Decimal(cleaned))


def parse_volume(text: str) -> Fraction:
    """Return the decibels that `text` means, such as -3, +4.5 or -3dB.

    Raises:
        ValueError: `text` is no number of decibels.
    """
    cleaned = text.strip().replace("\N{MINUS SIGN}", "-")
    match = _DECIBELS.fullmatch(cleaned) if len(cleaned) <= _LONGEST else None
    if match is None:
        raise ValueError(f"expected {VOLUME_FORMS}, found {_quoted(text)}")
    return Fraction(Decimal(match["number"]))


def split_range(text: str) -> tuple[str, str] | None:
    """Return the two ends of `5-10`, `5-10s` or `5 to 10` as texts, or None for a single value.

    A unit written only after the second end belongs to both: `5-10 min` gives `5 min`, `10 min`.
    """
    match = _RANGE.fullmatch(text.strip()) if len(text) <= 2 * _LONGEST else None
    if match is None:
        return None
    low, high = match["low"], match["high"]
    unit = re.search(r"[^\d\s.:-]+$", high)
    if unit and _SECONDS_ONLY.fullmatch(low):
        low += unit[0]
    return low, high


Number = TypeVar("Number", int, Fraction)


class Range(Struct, Generic[Number], frozen=True):
    """What is prescribed, from `low` to `high` (both included), and the `value` in force.

    Counts are `int`, durations `Fraction` seconds. A single prescribed value is a range whose
    ends are equal.
    """

    low: Number
    high: Number
    value: Number

    @classmethod
    def fixed(cls, value: Number) -> Range[Number]:
        """Return the range that allows `value` alone."""
        return cls(value, value, value)

    @property
    def is_fixed(self) -> bool:
        """Whether one value alone is prescribed."""
        return self.low == self.high

    @property
    def is_beyond(self) -> bool:
        """Whether the value in force lies outside a prescribed range.

        A single prescribed value is no range: any adjustment of it is within.
        """
        return not self.is_fixed and not self.low <= self.value <= self.high

    def at(self, value: Number) -> Range[Number]:
        """Return the same prescription with another value in force."""
        return Range(self.low, self.high, value)


class Relative(Struct, frozen=True):
    """A change of a value: `+2`, `-1s`, or a part of it as in `+20%`."""

    amount: Fraction
    """What is added, in repetitions or seconds; of a percentage the part, 1/5 for `+20%`."""
    is_part: bool = False


class Quantity(Struct, Generic[Number], frozen=True):
    """Something that a script or a setting gives a value to, with its bounds."""

    read: Callable[[str], Number]
    """Raises ValueError with a sentence."""
    show: Callable[[Number], str]
    forms: str
    """What a value looks like, for messages."""
    least: Number
    most: Number
    grain: Number
    """What a percentage is rounded to a multiple of."""

    def relative(self, text: str) -> Relative | None:
        """Return the change that `text` means, or None if it has no sign.

        Raises:
            ValueError: there is no amount after the sign. The message is a sentence.
        """
        match = _RELATIVE.fullmatch(text.strip())
        if match is None:
            return None
        sign = 1 if match["sign"] == "+" else -1
        amount = match["amount"]
        if amount.endswith("%"):
            return Relative(sign * parse_factor(amount[:-1]) / 100, is_part=True)
        return Relative(Fraction(sign * self.read(amount)))

    def changed(self, value: Number, change: Relative) -> Number:
        """Return `value` after `change`; a part of it is rounded to the grain, halves upwards.

        Raises:
            ValueError: the result is beyond the bounds. The message is a sentence.
        """
        amount = Fraction(value + change.amount)
        if change.is_part:
            grains = floor(value * (1 + change.amount) / self.grain + Fraction(1, 2))
            amount = Fraction(self.grain * grains)
        result: Number = type(value)(amount)
        now = f"found {decimal(Fraction(result))} ({self.show(value)} is in force)"
        if result < self.least:
            raise ValueError(f"expected at least {self.show(self.least)}, {now}")
        if result > self.most:
            raise ValueError(f"expected at most {self.show(self.most)}, {now}")
        return result

    def value(self, text: str) -> Number:
        """Return the value that `text` means.

        Raises:
            ValueError: it means none, or one beyond the bounds. The message is a sentence.
        """
        value = self.read(text)
        if value < self.least:
            raise ValueError(f"expected at least {self.show(self.least)}, found {_quoted(text)}")
        if value > self.most:
            raise ValueError(f"expected at most {self.show(self.most)}, found {_quoted(text)}")
        return value


def frames(seconds: Fraction, rate: int) -> int:
    """Return the frame nearest to `seconds` at `rate` Hz; halves go to the even frame."""
    # As `round(seconds * rate)`, in a quarter of the time; a plan asks for thousands.
    whole, rest = divmod(seconds.numerator * rate, seconds.denominator)
    return whole + (2 * rest + whole % 2 > seconds.denominator)


def seconds(count: int, rate: int) -> Fraction:
    """Return the exact seconds that `count` frames last at `rate` Hz."""
    return Fraction(count, rate)


def short_duration(value: Fraction) -> str:
    """Return a duration as scripts write it: `5s`, `1.5s`, `1m30s`, `2h`."""
    if value < 60 or value.denominator != 1:
        return f"{decimal(value)}s"
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def exact_duration(value: Fraction) -> str:
    """Return a duration that was read from a text with all of its decimals: `1m30s`, `1.23456s`."""
    if value.denominator == 1:
        return short_duration(value)
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}s"


SHORT_STEP, LONG_STEP = Fraction(1), Fraction(5)
"""Seconds by which a key changes a time; the second one from `LONG_TIME` seconds on."""
LONG_TIME = Fraction(20)


def time_step(value: Fraction, *, is_up: bool) -> Fraction:
    """Return by how many seconds a key makes a time longer, or shorter."""
    is_long = value >= LONG_TIME if is_up else value > LONG_TIME
    return LONG_STEP if is_long else SHORT_STEP


def clock(value: Fraction) -> str:
    """Return a duration as clocks show it, to the nearest second: `0:05`, `13:32`, `1:02:03`."""
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def decimal(value: Fraction) -> str:
    """Return a number with at most three decimals and no trailing zeros: `5`, `1.5`, `0.333`."""
    return f"{float(value):.3f}".rstrip("0").rstrip(".")


def parse_decibels(text: str, low: float, high: float) -> float:
    """Return a number of decibels or LUFS, from `low` to `high`: `-16`, `-16 LUFS`, `-3dB`.

    Raises:
        ValueError: it is none, or outside.
    """
    cleaned = text.strip().replace("\N{MINUS SIGN}", "-")
    match = _DECIBELS.fullmatch(cleaned) if len(cleaned) <= _LONGEST else None
    value = float(match["number"]) if match else None
    if value is None or not low <= value <= high:
        raise ValueError(f"expected a number from {low:g} to {high:g}, found {_quoted(text)}")
    return value


_LONGEST_TIME = Fraction(24 * 3600)
_GRAIN = Fraction(1, 2)
TIME = Quantity(parse_duration, short_duration, DURATION_FORMS, Fraction(0), _LONGEST_TIME, _GRAIN)
"""A duration that may be nothing: move, rest, settle, switch."""
ACTIVE_TIME = Quantity(
    parse_duration, short_duration, DURATION_FORMS, Fraction(1, 2), _LONGEST_TIME, _GRAIN
)
"""A duration in which something is done: hold, work, pace."""
PAUSE = Quantity(
    parse_duration, short_duration, DURATION_FORMS, Fraction(0), Fraction(60), Fraction(1, 4)
)
"""Silence after a sentence that asks for something."""
REPS = Quantity(parse_count, str, COUNT_FORMS, 1, 1000, 1)
SETS = Quantity(parse_count, str, COUNT_FORMS, 1, 100, 1)
ROUNDS = Quantity(parse_count, str, COUNT_FORMS, 1, 1000, 1)

SPEED = Quantity(parse_factor, decimal, FACTOR_FORMS, Fraction(1, 2), Fraction(2), Fraction(1, 20))
"""Of speech; 1 is normal."""

VOLUME = Quantity(parse_volume, decimal, VOLUME_FORMS, Fraction(-24), Fraction(9), Fraction(1))
"""Of cues or of speech, in dB beside their own level."""


def _quoted(text: str) -> str:
    """Return `text` in quotation marks, shortened to 40 characters."""
    cleaned = " ".join(text.split())
    return f'"{cleaned[:39]}\u2026"' if len(cleaned) > 40 else f'"{cleaned}"'
