"""What stands in a file of another program: bounded, decoded, and typed without surprises."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from coach.errors import CoachError
from coach.files.given import open_given
from coach.units import ACTIVE_TIME, TIME, Quantity, exact_duration
from coach.values import MAX_NAME, MAX_TEXT

MAX_BYTES = 10_000_000
MAX_VALUES = 500_000
"""Values of a JSON file, about; a million of them could take more memory than a small computer
has to spare."""
MAX_ENTRIES = 10_000
"""Exercises of one routine, as in the script's format."""
MAX_TEXTS = 50
"""Sentences of one `setup`, as in the script's format."""
MAX_DIGITS = 15
"""Of a number; no time and no count needs more."""

_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?\u2026])\s++(?![a-z])|[\r\n]+")
"""Where a lower case letter follows, the full stop was that of an abbreviation."""
_GRAIN = 1000
"""Durations are kept to a millisecond, which every format and every script can write."""


def read_bytes(path: Path) -> bytes:
    """Return what is in a file.

    Raises:
        CoachError: it cannot be read, or has more than `MAX_BYTES`.
    """
    try:
        with open_given(path) as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CoachError(f"cannot read {path}: {reason[:1].lower()}{reason[1:]}") from error
    if len(data) > MAX_BYTES:
        raise CoachError(
            f"{path} is larger than {MAX_BYTES // 1_000_000} MB, so it is hardly a routine",
            "Check the name, or export fewer routines at once.",
        )
    return data


def decoded(data: bytes, name: str) -> str:
    """Return the text of a file: UTF-8, UTF-16 with its mark, or else Windows' Western European.

    The last is not only for old spreadsheets: Just Another Workout Timer writes `codeUnits`, which
    is Latin-1 (lib/utils/storage_helper.dart).

    Raises:
        CoachError: it is no text.
    """
    is_wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
        break
    raise CoachError(
        f"{name} is no text: expected JSON, YAML, CSV or lines of text, found a binary file",
        "Export it from the other program as JSON or CSV.",
    )


def parsed_json(text: str, name: str) -> Any:
    """Return what a JSON text holds; decimals as exact fractions.

    Raises:
        CoachError: it is no JSON, has too many values or is nested too deeply.
    """
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        raise CoachError(
            f"{name} has more than {MAX_VALUES:,} values, so it is hardly a routine",
            "Export fewer routines at once.",
        )
    try:
        return json.loads(text, parse_float=_exact, parse_int=_exact, parse_constant=str)
    except json.JSONDecodeError as error:
        raise CoachError(
            f"{name}:{error.lineno}:{error.colno}: expected JSON, found something else: "
            f"{error.msg[:1].lower()}{error.msg[1:]}",
            "The file may have been cut off: export it again.",
        ) from error
    except RecursionError:
        raise CoachError(f"{name} is nested too deeply to be a routine") from None


def _exact(number: str) -> Any:
    """Return a number of JSON; one that is too long to be meant stays a text."""
    if len(number) > MAX_DIGITS or "e" in number.lower():
        return number
    value = Fraction(number)
    return int(value) if value.denominator == 1 else value


def number(value: Any) -> Fraction | None:
    """Return the number that a value is or says, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Fraction):
        return Fraction(value)
    if isinstance(value, str) and len(value) <= MAX_DIGITS:
        match = re.fullmatch(r"\s*(-?\d+)(?:[.,](\d+))?\s*", value, re.ASCII)
        return Fraction(f"{match[1]}.{match[2] or 0}") if match else None
    return None


def count(value: Any) -> int | None:
    """Return the whole number that a value is or says, or None."""
    found = number(value)
    return int(found) if found is not None and found.denominator == 1 else None


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings in a list; nothing for what is no list."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def cleaned(value: Any) -> str:
    """Return a text that can be spoken: on one line, without characters for machines.

    Braces become parentheses, since in scripts they stand around fields.
    """
    if not isinstance(value, str):
        return ""
    kept = (c for c in value if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
    line = " ".join("".join(kept).replace("\ufeff", "").split())
    return line.translate({ord("{"): "(", ord("}"): ")"})


def shortened_to(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, cut between words."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "\u2026"


def name_of(value: Any) -> str:
    """Return a text as a name, which may be empty."""
    return shortened_to(cleaned(value), MAX_NAME)


def sentences(text: Any) -> list[str]:
    """Return the sentences of a text, each on one line and short enough to be spoken."""
    if not isinstance(text, str):
        return []
    parts = (cleaned(part) for part in _BETWEEN_SENTENCES.split(text))
    return [shortened_to(part, MAX_TEXT) for part in parts if part]


def joined(parts: Sequence[str]) -> str:
    """Return sentences as one text, of which `sentences` gives the same parts again."""
    text = ""
    for part in parts:
        is_end = text.endswith((".", "!", "?", "\u2026")) and not re.match("[a-z]", part)
        gap = " " if is_end else "\n"
        text = f"{text}{gap}{part}" if text else part
    return text


def fitting(texts: Sequence[str], notes: Notes, whom: str) -> list[str]:
    """Return as many sentences as a script takes in one place."""
    if len(texts) > MAX_TEXTS:
        notes.add(f"sentences beyond {MAX_TEXTS}", whom)
    return list(texts[:MAX_TEXTS])


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names for a message; those beyond `most` are counted."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


class Notes:
    """What could not be carried over, each kind once, with whom it concerns."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, None]] = {}

    def add(self, what: str, whom: str = "") -> None:
        """Take a note; `whom` is the name of an exercise, a step or a key."""
        names = self._kinds.setdefault(what, {})
        if whom:
            names[whom] = None

    def lines(self) -> tuple[str, ...]:
        """Return the notes, a line each."""
        return tuple(
            f"{what}: {listed(list(whom))}" if whom else what for what, whom in self._kinds.items()
        )


def tell_unknown(mapping: Mapping[str, Any], known: Collection[str], notes: Notes) -> None:
    """Take a note of the keys in a mapping that are not known, as a newer version may have."""
    for key in mapping:
        if key not in known:
            notes.add("keys that are not known", f"`{shortened_to(cleaned(key), 40)}`")


def bounded(
    seconds: Fraction, notes: Notes, whom: str, quantity: Quantity[Fraction] = TIME
) -> Fraction:
    """Return a time within the bounds of scripts, to a millisecond; tells what it changes."""
    time = Fraction(round(seconds * _GRAIN), _GRAIN)
    if time > quantity.most:
        notes.add(f"times above {quantity.show(quantity.most)} (cut to that)", whom)
    if time < quantity.least:
        notes.add(f"times below {quantity.show(quantity.least)} (made that)", whom)
    return min(max(time, quantity.least), quantity.most)


def active_time(seconds: Fraction, notes: Notes, whom: str) -> str:
    """Return a time in which something is done, as scripts write it."""
    return exact_duration(bounded(seconds, notes, whom, ACTIVE_TIME))


def idle_time(seconds: Fraction, notes: Notes, whom: str) -> str:
    """Return a time of rest, as scripts write it."""
    return exact_duration(bounded(seconds, notes, whom))


def whole_seconds(seconds: Fraction, notes: Notes, whom: str) -> int:
    """Return a time in whole seconds, at least one of what is above 0; tells what it rounds."""
    whole = max(1 if seconds else 0, round(seconds))
    if whole != seconds:
        notes.add("parts of seconds", whom)
    return whole


def time_range(low: Fraction, high: Fraction | None = None) -> str:
    """Return a time, or a range of times such as `20-40s`, as scripts write it."""
    first, last = exact_duration(low), exact_duration(low if high is None else high)
    if first == last:
        return first
    # `20-1m` is read as minutes, both of them.
    is_plain = first[-1] == last[-1] and all(
        number(text[:-1]) is not None for text in (first, last)
    )
    return f"{first[:-1] if is_plain else first}-{last}"
