"""Plain data into the text of a routine script, as somebody would write it by hand.

The usual order of keys, quotation marks only where YAML needs them, phases on a line each, and
comments at the end of the line that they are about.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from coach.characters import DECEPTIVE

Place: TypeAlias = tuple[str | int, ...]
"""Keys and positions that lead to a value, such as `("exercises", 0, "reps")`."""

WIDTH = 100
"""Columns; what is longer goes to the next line."""

ROUTINE_ORDER = (
    *("coach", "title", "language", "description", "source", "level", "tags", "equipment"),
    *("pronounce", "safety", "closing"),
    *("cues", "detail", "count", "style", "speed", "cue_volume", "speech_volume"),
    *("reps", "sets", "settle", "pause", "switch", "rest", "pace", "progress", "exercises"),
)
CIRCUIT_ORDER = ("name", "id", "rounds", "rest", "progress", "exercises")
EXERCISE_ORDER = (
    *("name", "id", "setup", "pause", "speed", "settle", "sides", "switch", "reps", "sets"),
    *("cue", "guide", "move", "hold", "work", "phases", "pace", "rest", "progress"),
)
PHASE_ORDER = ("cue", "guide", "id", "move", "hold", "work")

_TEXTS = frozenset(
    {
        *("title", "name", "description", "source", "cue", "guide"),
        *("equipment", "safety", "closing", "setup", "sides", "tags"),
    }
)
"""Keys of texts, in which a number needs quotation marks to stay a text."""
_ON_ONE_LINE = frozenset({"equipment", "sides", "tags"})
"""Lists that stand on one line if they fit; others do if they have but one entry."""
_OUTSIDE_PLAIN = re.compile(
    r"^$|^[\s,\[\]{}#&*!|>'\"%@`]|^[-?:](?:\s|$)|^(?:---|\.\.\.)|:(?:\s|$)|\s#|\s$|[\n\t]"
)
_OUTSIDE_FLOW = re.compile(r"[,\[\]{}]|^[-?:]|:[\"']")
_MISREAD = re.compile(r"(?:~|null|true|false|yes|no|on|off|y|n|=|<<)", re.IGNORECASE)
_NUMBER_LIKE = re.compile(r"[-+.]?\d[\d_,.:eExa-fA-F+-]*|[-+]?\.(?:inf|nan)", re.IGNORECASE)


def write_script(script: Mapping[str, Any], comments: Mapping[Place, str] | None = None) -> str:
    """Return the text of a script.

    Args:
        script: what the YAML is to contain: mappings, lists, texts, numbers; None is left out.
        comments: about the value at a place, without `#`. The place `()` is the head of the file,
            where each line of the comment stays a line.
    """
    own = dict(comments or {})
    head = own.pop((), "")
    lines = [f"# {_clean(line)}".rstrip() for line in head.splitlines()]
    lines += _Writer(own).mapping(script, (), 0)
    return "\n".join(lines) + "\n"


class _Writer:
    """Writes values with the comments about them."""

    def __init__(self, comments: Mapping[Place, str]) -> None:
        self._comments = {place: _clean(text) for place, text in comments.items() if text.strip()}
        self._beginnings = {
            place[:length] for place in self._comments for length in range(len(place))
        }

    def mapping(self, value: Mapping[str, Any], place: Place, indent: int) -> list[str]:
        """Return the lines of a mapping in block style."""
        lines = []
        for key in _ordered(value, place):
            lines += self._entry(key, value[key], (*place, key), indent)
        return lines

    def _entry(self, key: str, value: Any, place: Place, indent: int) -> list[str]:
        start = " " * indent + f"{_plain_or_quoted(key, in_flow=False, is_text=False)}:"
        flow = self._flow(value, place) if self._may_flow(key, value, place) else None
        if flow is not None and (len(start) + 1 + len(flow) <= WIDTH or not _folds(value)):
            return self._with_comment(f"{start} {flow}", place, indent)
        if isinstance(value, Mapping):
            below = self.mapping(value, place, indent + 2)
        elif isinstance(value, str):
            return [*self._with_comment(f"{start} >-", place, indent), *_folded(value, indent + 2)]
        else:
            below = self._items(key, value, place, indent + 2)
        return [*self._with_comment(start, place, indent), *below]

    def _items(self, key: str, value: Sequence[Any], place: Place, indent: int) -> list[str]:
        lines: list[str] = []
        for index, item in enumerate(value):
            if lines and place == ("exercises",):
                lines.append("")
            lines += self._item(key, item, (*place, index), indent)
        return lines

    def _item(self, key: str, item: Any, place: Place, indent: int) -> list[str]:
        start = " " * indent + "-"
        is_nested = isinstance(item, Mapping) and key != "phases"
        flow = None if is_nested or self._has_below(place) else self._flow(item, place)
        if flow is not None and len(start) + 1 + len(flow) <= WIDTH:
            return self._with_comment(f"{start} {flow}", place, indent)
        if isinstance(item, str):
            if not _folds(item):
                return self._with_comment(f"{start} {flow}", place, indent)
            return [*self._with_comment(f"{start} >-", place, indent), *_folded(item, indent + 2)]
        if isinstance(item, Mapping):
            lines = self.mapping(item, place, indent + 2)
        else:
            lines = self._items("", item, place, indent + 2)
        first = next(i for i, line in enumerate(lines) if not line.lstrip().startswith("#"))
        above = [line[2:] for line in lines[:first]]
        lines[first] = f"{start} {lines[first][indent + 2 :]}"
        if place in self._comments:
            above = [*_comment_lines(self._comments[place], indent), *above]
        return [*above, *lines[first:]]

    def _with_comment(self, line: str, place: Place, indent: int) -> list[str]:
        """Return a line with the comment about its value: behind it if that fits, else above."""
        comment = self._comments.get(place)
        if not comment:
            return [line]
        if len(line) + 4 + len(comment) <= WIDTH:
            return [f"{line}  # {comment}"]
        return [*_comment_lines(comment, indent), line]

    def _has_below(self, place: Place) -> bool:
        """Whether there is a comment about something within the value at `place`."""
        return place in self._beginnings

    def _may_flow(self, key: str, value: Any, place: Place) -> bool:
        if isinstance(value, Mapping):
            return key not in _TEXTS and not self._has_below(place)
        if isinstance(value, list | tuple):
            if self._has_below(place) or key in ("phases", "exercises"):
                return False
            is_flat = all(isinstance(item, str) for item in value)
            return is_flat and (len(value) <= 1 or key in _ON_ONE_LINE)
        return True

    def _flow(self, value: Any, place: Place) -> str:
        """Return a value on one line."""
        return _flow(value, _key_of(place), in_flow=False)


def _key_of(place: Place) -> str:
    """Return the last key of a place."""
    return next((step for step in reversed(place) if isinstance(step, str)), "")


def _flow(value: Any, key: str, *, in_flow: bool) -> str:
    if isinstance(value, Mapping):
        order = PHASE_ORDER if key == "phases" else ()
        entries = (
            f"{_plain_or_quoted(str(name), in_flow=True, is_text=False)}: "
            f"{_flow(value[name], str(name), in_flow=True)}"
            for name in _sorted_keys(value, order)
        )
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow(item, key, in_flow=True) for item in value)}]"
    if isinstance(value, str):
        return _plain_or_quoted(value, in_flow=in_flow, is_text=key in _TEXTS)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return str(int(value)) if value.denominator == 1 else f"{float(value):g}"
    return str(value)


def _plain_or_quoted(text: str, *, in_flow: bool, is_text: bool) -> str:
    """Return a text as a YAML scalar, in quotation marks only if it needs them."""
    needs = (
        _OUTSIDE_PLAIN.search(text)
        or DECEPTIVE.search(text)
        or (in_flow and _OUTSIDE_FLOW.search(text))
        or _MISREAD.fullmatch(text)
        or (is_text and _NUMBER_LIKE.fullmatch(text))
    )
    if not needs:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return DECEPTIVE.sub(lambda found: _escape(ord(found[0])), quoted)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _folds(value: Any) -> bool:
    """Whether a value can go on over several lines and still be the same."""
    if not isinstance(value, str):
        return isinstance(value, Mapping | list | tuple)
    return not DECEPTIVE.search(value) and " ".join(value.split()) == value and " " in value


def _folded(text: str, indent: int) -> list[str]:
    """Return the lines of a folded text."""
    start = " " * indent
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _comment_lines(comment: str, indent: int) -> list[str]:
    start = " " * indent + "# "
    return textwrap.wrap(
        comment,
        WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _clean(comment: str) -> str:
    """Return a comment on one line, without what would end it or not be read."""
    return " ".join(DECEPTIVE.sub(" ", comment).split())


def _ordered(value: Mapping[str, Any], place: Place) -> list[str]:
    """Return the keys of a mapping in their usual order."""
    if not place:
        return _sorted_keys(value, ROUTINE_ORDER)
    if _key_of(place) == "exercises":
        order = CIRCUIT_ORDER if "rounds" in value or "exercises" in value else EXERCISE_ORDER
        return _sorted_keys(value, order)
    return _sorted_keys(value, PHASE_ORDER if _key_of(place) == "phases" else ())


def _sorted_keys(value: Mapping[str, Any], order: Sequence[str]) -> list[str]:
    """Return the keys that have a value: those of `order` first, others as they come.

    Keys that are not known stand before `exercises`, which is long.
    """
    given = [key for key in value if value[key] is not None and value[key] not in ([], (), {})]
    last = [key for key in order[-1:] if key == "exercises" and key in given]
    known = [key for key in order if key in given and key not in last]
    return [*known, *(key for key in given if key not in order), *last]
