"""JSON Schemas of a script's values: what `coach.values` reads, said as patterns for editors.

Patterns are written for both ECMAScript and Python. A value that YAML reads as a number arrives
as one, so there are bounds for numbers and patterns for texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

Schema = dict[str, Any]
_SHARED = "x-shared"


def shared(name: str, schema: Schema) -> Schema:
    """Return a schema that `with_definitions` puts among the definitions, under this name."""
    return {_SHARED: {"name": name, "schema": schema}}


def with_definitions(schema: Schema) -> Schema:
    """Return a schema in which what is shared stands once, and is referred to elsewhere."""
    definitions: dict[str, Schema] = {}

    def visited(node: Any) -> Any:
        if isinstance(node, list):
            return [visited(item) for item in node]
        if not isinstance(node, dict):
            return node
        beside = {key: visited(value) for key, value in node.items() if key != _SHARED}
        if _SHARED not in node:
            return beside
        name = node[_SHARED]["name"]
        if name not in definitions:
            definitions[name] = visited(node[_SHARED]["schema"])
        return {"$ref": f"#/$defs/{name}", **beside}

    whole: Schema = visited(schema)
    return {**whole, "$defs": {**whole.get("$defs", {}), **dict(sorted(definitions.items()))}}


def _any_case(pattern: str) -> str:
    """Return a pattern whose letters match in either case, since not all engines have a flag."""
    return re.sub(r"(?<!\\)[a-z]", lambda found: f"[{found[0]}{found[0].upper()}]", pattern)


_DIGITS = "[0-9]+"
_NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_HOURS = rf"{_NUMBER}\s*{_any_case('(?:hours?|hrs?|h)')}"
_MINUTES = rf"{_NUMBER}\s*{_any_case('(?:minutes?|mins?|m)')}"
_SECONDS = rf"{_NUMBER}\s*{_any_case('(?:seconds?|secs?|s)')}"
_CLOCK = r"(?:[0-9]+:)?[0-9]+:[0-5][0-9](?:\.[0-9]+)?"
# After hours alone a bare number may be meant as minutes or as seconds.
_DURATION = (
    rf"(?:{_CLOCK}|(?:{_HOURS}\s*)?{_MINUTES}(?:\s*(?:{_SECONDS}|{_NUMBER}))?"
    rf"|(?:{_HOURS}\s*)?{_SECONDS}|{_HOURS}|{_NUMBER})"
)
_TO = rf"\s*(?:[-\u2013\u2014]|{_any_case('to')})\s*"


def _up_to(most: int) -> str:
    """Return the pattern of a whole number from 1 to `most`, a power of ten."""
    return rf"0*(?:[1-9][0-9]{{0,{len(str(most)) - 2}}}|{most})"


def _whole(pattern: str) -> str:
    return rf"^\s*(?:{pattern})\s*$"


def _pattern(name: str, pattern: str) -> Schema:
    return shared(name, {"type": "string", "pattern": _whole(pattern)})


def _range(name: str, one: str, number: Schema, least: str, forms: str) -> Schema:
    """Return the schema of a value or a range, as text or as a mapping.

    Args:
        name: of what it is.
        one: the pattern of a single value.
        number: the schema of a single value that is a number.
        least: what the lower end means.
        forms: what a value looks like.
    """
    single = {"anyOf": [number, _pattern(f"{name}Text", one)]}
    ends = {
        "from": {**single, "description": f"The low end of what is prescribed: {least}."},
        "to": {**single, "description": "The high end of what is prescribed."},
        "start": {**single, "description": "Where it starts between them. Default: the low end."},
    }
    mapping = {
        "type": "object",
        "properties": ends,
        "required": ["from", "to"],
        "additionalProperties": False,
    }
    text = _pattern(f"{name}RangeText", f"{one}(?:{_TO}{one})?")
    return {"anyOf": [number, text, mapping], "description": f"{forms}; or a range of two"}


def time_range(least: Fraction, most: Fraction, forms: str) -> Schema:
    """Return the schema of a duration or a range of them; bounds in seconds."""
    return _range("Duration", _DURATION, _between(least, most), "a duration", forms)


def count_range(most: int, forms: str) -> Schema:
    """Return the schema of a count from 1 to `most`, a power of ten, or a range of them."""
    number = {"type": "integer", "minimum": 1, "maximum": most}
    return _range(f"UpTo{most}", _up_to(most), number, "a whole number", forms)


def time(least: Fraction, most: Fraction) -> Schema:
    """Return the schema of a duration that has no range; bounds in seconds."""
    return {"anyOf": [_between(least, most), _pattern("DurationText", _DURATION)]}


def factor(least: Fraction, most: Fraction) -> Schema:
    """Return the schema of a number that is not negative, which may stand in quotation marks."""
    return {"anyOf": [_between(least, most), {"type": "string", "pattern": _whole(_NUMBER)}]}


def decibels(least: Fraction, most: Fraction) -> Schema:
    """Return the schema of a volume, with its unit or without."""
    pattern = rf"[+\u2212-]?{_NUMBER}\s*{_any_case('(?:db|lufs|lu)?')}"
    return {"anyOf": [_between(least, most), {"type": "string", "pattern": _whole(pattern)}]}


def _between(least: Fraction, most: Fraction) -> Schema:
    bounds = (float(bound) if bound.denominator > 1 else int(bound) for bound in (least, most))
    minimum, maximum = bounds
    return {"type": "number", "minimum": minimum, "maximum": maximum}


# -- texts ---------------------------------------------------------------------------------

_SPOKEN = ["string", "number", "boolean"]
"""What a text is after YAML has read it; the coach takes all of them as they are written."""
_NO_CONTROLS = r"^[^\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f]*$"


def text(limit: int, fields: Sequence[str] = ()) -> Schema:
    """Return the schema of a text of at most `limit` characters, runs of spaces counted once.

    Args:
        limit: characters.
        fields: what may stand in braces.
    """
    field = rf"|\{{\s*(?:{'|'.join(fields)})\s*\}}" if fields else ""
    braces = rf"^(?:[^{{}}]|\{{\{{|\}}\}}{field})*$"
    patterns = [{"pattern": pattern} for pattern in (_length(limit), braces, _NO_CONTROLS)]
    name = f"Text{limit}{''.join(field.capitalize() for field in fields)}"
    return shared(name, {"type": list(_SPOKEN), "allOf": patterns})


_LETTER = r"[^\u0000-/:-@\[-`{-\u00a0]"
"""A letter or a digit, as far as ASCII goes; patterns know no letters of other scripts."""
_LETTER_OR_UNDERSCORE = r"[^\u0000-/:-@\[-^`{-\u00a0]"
_LETTER_OR_SIGN = r"[^\u0000-,./:-@\[-^`{-\u00a0]"


def identifier(most: int) -> Schema:
    """Return the schema of at most so many letters, digits, hyphens and underscores."""
    rest = rf"{_LETTER_OR_SIGN}{{0,{most - 2}}}{_LETTER_OR_UNDERSCORE}"
    return _word({"pattern": f"^{_LETTER}(?:{rest})?$"})


def tag(most: int) -> Schema:
    """Return the schema of words with single spaces or hyphens between, of so many characters."""
    words = rf"{_LETTER}+(?:(?:\s+|-){_LETTER}+)*"
    return _word({"allOf": [{"pattern": _whole(words)}, {"pattern": _length(most)}]})


def _word(schema: Schema) -> Schema:
    """Return the schema of a word that YAML may have read as a number, or as true or false."""
    number = {"type": "integer", "minimum": 0}
    return {"anyOf": [{"type": "string", **schema}, number, {"type": "boolean"}]}


def _length(most: int) -> str:
    """Return the pattern of a text of 1 to `most` characters, runs of spaces counted once."""
    return rf"^\s*(?:\S|\s+(?=\S)){{1,{most}}}\s*$"


LANGUAGE = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
_BY_LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$"


def by_language(one: Schema) -> Schema:
    """Return the schema of what fits `one`, in one or in several languages."""
    return {"anyOf": [one, _languages(one)]}


def several(one: Schema, least: int, most: int, *, or_one: bool) -> Schema:
    """Return the schema of a list of texts, each of them or the whole list by language.

    Where it cannot be one text alone, no two are the same.
    """
    plain: Schema = {"type": "array", "items": one, "minItems": least, "maxItems": most}
    if not or_one:
        plain["uniqueItems"] = True
    mixed = {**plain, "items": by_language(one)}
    if not or_one:
        return {"anyOf": [mixed, _languages(plain)]}
    return {"anyOf": [one, mixed, _languages({"anyOf": [one, plain]})]}


def _languages(one: Schema) -> Schema:
    return {
        "type": "object",
        "patternProperties": {_BY_LANGUAGE: one},
        "additionalProperties": False,
        "minProperties": 1,
        "description": "By language: {en: Hold, de: Halten}.",
    }


# -- progress ------------------------------------------------------------------------------

_EVERY = (
    rf"(?:{_any_case('other|second|third|fourth')}|{_up_to(100)}{_any_case('(?:st|nd|rd|th)?')})"
)
_OF = rf"\s+(?:{_any_case('of')}\s+)?"
_GROWTH = (
    rf"{_up_to(10**9)}{_OF}{_any_case('(?:repetitions?|reps?|sets?|rounds?)')}"
    rf"|{_DURATION}{_OF}{_any_case('(?:holds?|work)')}"
)
_STEP = (
    rf"\+?\s*(?:{_GROWTH})\s+{_any_case('(?:every|each|per|a)')}"
    rf"\s+(?:{_EVERY}\s+)?{_any_case('(?:sessions?|weeks?)')}"
)
_PAIN = rf"{_any_case('pain')}\s*(?:(?:>=|\u2265)\s*(?:0?[1-9]|10)|>\s*0?[0-9])"
_CONDITION = rf"{_any_case('(?:hold|down)')}\s+{_any_case('if')}\s+{_PAIN}"
_PART = (
    rf"(?:{_any_case('(?:then|and)')}\s+)?"
    rf"(?:{_STEP}(?:\s+{_any_case('then')}\s+{_STEP})*|{_CONDITION})"
)
# A condition has none of these words, and conditions alone are no rule.
_HAS_STEP = rf"(?=[\s\S]*{_any_case('(?:session|week)')})"


def progress(known: Mapping[str, str]) -> Schema:
    """Return the schema of a rule of progress; `known` are the keys of the long form, described."""
    rule = _pattern("Rule", rf"{_HAS_STEP}{_PART}(?:\s*[;,]\s*{_PART})*")
    none = {"type": "string", "pattern": _whole(_any_case("none|off"))}
    rules = {"type": "array", "items": rule, "minItems": 1}
    nothing = {"type": "array", "items": none, "minItems": 1, "maxItems": 1}
    condition = {"type": "string", "pattern": _whole(_PAIN)}
    schemas: dict[str, Schema] = {
        "steps": {"anyOf": [rule, rules, none, nothing]},
        "hold_if": condition,
        "down_if": condition,
    }
    mapping = {
        "type": "object",
        "properties": {key: {**schemas[key], "description": known[key]} for key in schemas},
        "required": ["steps"],
        "additionalProperties": False,
        "if": {"anyOf": [{"required": ["hold_if"]}, {"required": ["down_if"]}]},
        "then": {"properties": {"steps": {"anyOf": [rule, rules]}}},
    }
    return shared("Progress", {"anyOf": [rule, none, rules, nothing, mapping]})
