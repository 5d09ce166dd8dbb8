"""The types of a script's values: text in, checked and exact values out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal, get_args

from msgspec.structs import replace
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from coach import schemas
from coach.errors import shortened
from coach.progress import FORMS as PROGRESS_FORMS
from coach.progress import Progress, checked, parse_pain, parse_progress
from coach.template import fields_in, fill
from coach.units import (
    ACTIVE_TIME,
    PAUSE,
    REPS,
    ROUNDS,
    SETS,
    SPEED,
    TIME,
    VOLUME,
    Count,
    Detail,
    Level,
    Number,
    Quantity,
    Range,
    Style,
    split_range,
)

MAX_TEXT = 1000
"""Characters of one instruction: more than a minute of talking without a pause."""
MAX_NAME = 120
TEXT_FIELDS = ("hold", "work", "reps", "sets", "side", "rest", "name")

KeyPath = tuple[str | int, ...]
Wrong = tuple[KeyPath, str] | tuple[KeyPath, str, str, Sequence[str]]
"""A path below the value at fault, a message, and a word that may be one of those that follow."""


def failure(*problems: Wrong) -> PydanticCustomError:
    """Return an error that carries problems."""
    return PydanticCustomError("script", "see context", {"problems": list(problems)})


def _only_text(value: Any, expected: str) -> str:
    if isinstance(value, str):
        return value
    found = "a list" if isinstance(value, (list, tuple)) else "a mapping"
    if expected == "a text" and isinstance(value, dict) and len(value) == 1:
        found += ": put a text that contains a colon in quotation marks"
    raise failure(((), f"expected {expected}, found {found}"))


def _range(quantity: Quantity[Number], forms: str = "") -> Callable[[Any], Range[Number]]:
    """Return the function that types a value or a range of `quantity`."""
    expected = forms or quantity.forms

    def one(value: Any, path: KeyPath) -> Number:
        text = _only_text(value, expected)
        try:
            return quantity.value(text)
        except ValueError as error:
            raise failure((path, str(error).replace(quantity.forms, expected))) from None

    def between(low: Number, high: Number, start: Number) -> Range[Number]:
        low_text, high_text = quantity.show(low), quantity.show(high)
        if low > high:
            message = f"expected the lower end first, found {low_text} before {high_text}"
            raise failure(((), message))
        if not low <= start <= high:
            message = (
                f"expected a start from {low_text} to {high_text}, found {quantity.show(start)}"
            )
            raise failure((("start",), message))
        return Range(low, high, start)

    def typed(value: Any) -> Range[Number]:
        if isinstance(value, dict):
            _check_range_keys(value)
            low, high = one(value["from"], ("from",)), one(value["to"], ("to",))
            start = one(value["start"], ("start",)) if "start" in value else low
            return between(low, high, start)
        ends = split_range(_only_text(value, f"{expected}, or a range such as 5-10"))
        if ends is None:
            return Range.fixed(one(value, ()))
        low, high = one(ends[0], ()), one(ends[1], ())
        return between(low, high, low)

    return typed


def _check_range_keys(value: dict[str, Any]) -> None:
    keys = ("from", "to", "start")
    problems: list[Wrong] = [
        ((key,), f"unknown key `{shortened(key)}` in a range", key, keys)
        for key in value
        if key not in keys
    ]
    for key in keys[:2]:
        if key not in value:
            problems.append(((), f"expected `{key}` in a range, found none"))
    if problems:
        raise failure(*problems)


def _text(limit: int, allowed: Sequence[str]) -> Callable[[Any], str]:
    """Return the function that types a text whose `{fields}` are among `allowed`."""

    def typed(value: Any) -> str:
        text = " ".join(_only_text(value, "a text").split())
        problems: list[Wrong] = []
        if not text:
            problems.append(((), "expected a text, found an empty one"))
        if len(text) > limit:
            advice = ": split it into several sentences of a list" if limit == MAX_TEXT else ""
            problems.append(
                ((), f"expected at most {limit:,} characters, found {len(text):,}{advice}")
            )
        control = next((c for c in text if unicodedata.category(c) == "Cc"), None)
        if control:
            problems.append(
                ((), f"expected a text, found a control character (0x{ord(control):02X})")
            )
        for field in fields_in(text):
            if field.name not in allowed:
                problems.append(_unknown_field(field.name, allowed))
        if problems:
            raise failure(*problems)
        return text

    return typed


def _without_fields(limit: int) -> Callable[[Any], str]:
    """Return the function that types a text in which a brace is one that was written twice."""
    typed = _text(limit, ())
    return lambda value: fill(typed(value), {})


def _unknown_field(name: str, allowed: Sequence[str]) -> Wrong:
    path = (f"{{{name}",)
    if not re.fullmatch(r"\w+", name):
        return path, "found a brace without a field name: write {{ or }} for the character itself"
    if not allowed:
        return path, f"unknown field {{{shortened(name)}}}: this text takes no fields"
    known = ", ".join(f"{{{field}}}" for field in allowed)
    return path, f"unknown field {{{shortened(name)}}}: expected one of {known}", name, allowed


def _listed(value: Any) -> Any:
    """Return a single text as a list of one."""
    return [value] if isinstance(value, str) else value


def _identifier(value: Any) -> str:
    text = _only_text(value, "an id")
    if not re.fullmatch(r"[^\W_](?:[\w-]{0,58}\w)?", text):
        raise failure(
            ((), f'expected an id of letters, digits and hyphens, found "{shortened(text)}"')
        )
    return text


MAX_TAG = 40


def _tag(value: Any) -> str:
    text = " ".join(_only_text(value, "a tag").split())
    if len(text) > MAX_TAG or not re.fullmatch(r"[^\W_]+(?:[ -][^\W_]+)*", text):
        raise failure(((), f'expected a tag such as low back, found "{shortened(text)}"'))
    return text


def _choice(*options: str) -> Callable[[Any], str]:
    def typed(value: Any) -> str:
        text = _only_text(value, f"one of {', '.join(options)}")
        if text not in options:
            message = f'expected one of {", ".join(options)}; found "{shortened(text)}"'
            raise failure(((), message, text, options))
        return text

    return typed


def _single(quantity: Quantity[Fraction]) -> Callable[[Any], Fraction]:
    """Return the function that types a value of `quantity`, which has no range."""

    def typed(value: Any) -> Fraction:
        try:
            return quantity.value(_only_text(value, quantity.forms))
        except ValueError as error:
            raise failure(((), str(error))) from None

    return typed


def _version(value: Any) -> int:
    if value != "1":
        raise failure(
            ((), "expected the format version 1, found another: a newer coach may read it")
        )
    return 1


def _language(value: Any) -> str:
    text = _only_text(value, "a language such as en")
    if not re.fullmatch(schemas.LANGUAGE, text):
        raise failure(((), f'expected a language code such as en, found "{shortened(text)}"'))
    return text


def _distinct(sides: tuple[str, ...]) -> tuple[str, ...]:
    known: set[str] = set()
    for i, side in enumerate(sides):
        if side.casefold() in known:
            raise failure(((i,), f"expected different sides, found `{shortened(side)}` again"))
        known.add(side.casefold())
    return sides


def _progress(value: Any) -> Progress:
    if isinstance(value, str):
        return _rule(value, ())
    if isinstance(value, (list, tuple)):
        return _checked_rule(_steps(value, ()))
    known = ("steps", "hold_if", "down_if")
    problems: list[Wrong] = [
        ((key,), f"unknown key `{shortened(key)}` in `progress`", key, known)
        for key in value
        if key not in known
    ]
    if "steps" not in value:
        problems.append(((), "expected `steps` in `progress`, found none"))
    if problems:
        raise failure(*problems)
    rule = _steps(value["steps"], ("steps",))
    for key, word in (("hold_if", "hold"), ("down_if", "down")):
        if (level := _pain(value, key)) is not None:
            if not rule.climbs:
                raise failure(((key,), "expected steps beside a condition, found `none`"))
            rule = _with_condition(rule, word, level, (key,))
    return _checked_rule(rule)


def _rule(value: Any, path: KeyPath) -> Progress:
    text = _only_text(value, PROGRESS_FORMS)
    try:
        return parse_progress(text)
    except ValueError as error:
        raise failure((path, str(error))) from None


def _steps(value: Any, path: KeyPath) -> Progress:
    """Return the rule of a list of steps, or of one; a condition of one is for all."""
    texts = list(value) if isinstance(value, (list, tuple)) else [value]
    if not texts:
        raise failure((path, f"expected {PROGRESS_FORMS}, found an empty list"))
    merged = Progress()
    for i, text in enumerate(texts):
        place = (*path, i) if len(texts) > 1 else path
        rule = _rule(text, place)
        if len(texts) > 1 and not rule.climbs:
            raise failure((place, f"expected {PROGRESS_FORMS}, found `none` beside others"))
        merged = replace(merged, climbs=(*merged.climbs, *rule.climbs))
        for word, level in (("hold", rule.hold_from), ("down", rule.down_from)):
            if level is not None:
                merged = _with_condition(merged, word, level, place)
    return merged


def _with_condition(rule: Progress, word: str, level: int, path: KeyPath) -> Progress:
    before = rule.hold_from if word == "hold" else rule.down_from
    if before not in (None, level):
        raise failure(
            (path, f"expected one condition to {word}, found pain >= {before} and pain >= {level}")
        )
    return replace(rule, hold_from=level) if word == "hold" else replace(rule, down_from=level)


def _pain(value: dict[str, Any], key: str) -> int | None:
    if key not in value:
        return None
    text = _only_text(value[key], "a condition such as `pain >= 4`")
    try:
        return parse_pain(text)
    except ValueError as error:
        raise failure(((key,), str(error))) from None


def _checked_rule(rule: Progress) -> Progress:
    try:
        return checked(rule)
    except ValueError as error:
        raise failure(((), str(error))) from None


PackName = Annotated[
    str, BeforeValidator(_text(MAX_NAME, ())), WithJsonSchema(schemas.text(MAX_NAME))
]
"""A name or a path, whose braces are looked for as they stand."""
Name = Annotated[
    str, BeforeValidator(_without_fields(MAX_NAME)), WithJsonSchema(schemas.text(MAX_NAME))
]
SpokenName = Annotated[
    str,
    BeforeValidator(_without_fields(MAX_NAME)),
    WithJsonSchema(schemas.by_language(schemas.text(MAX_NAME))),
]
Pronunciations = Annotated[
    dict[Name, Name],
    Field(max_length=500),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": schemas.text(MAX_NAME),
            "additionalProperties": schemas.by_language(schemas.text(MAX_NAME)),
            "maxProperties": 500,
        }
    ),
]
Sides = Annotated[
    tuple[Name, ...],
    Field(min_length=2, max_length=4),
    AfterValidator(_distinct),
    WithJsonSchema(schemas.several(schemas.text(MAX_NAME), 2, 4, or_one=False)),
]


def _spoken(fields: Sequence[str]) -> WithJsonSchema:
    return WithJsonSchema(schemas.by_language(schemas.text(MAX_TEXT, fields)))


def _spoken_list(fields: Sequence[str]) -> WithJsonSchema:
    schema = schemas.several(schemas.text(MAX_TEXT, fields), 0, 50, or_one=True)
    return WithJsonSchema(schemas.shared(f"Sentences{len(fields)}", schema))


PlainText = Annotated[str, BeforeValidator(_without_fields(MAX_TEXT)), _spoken(())]
RoutineText = Annotated[str, BeforeValidator(_text(MAX_TEXT, ("name",)))]
ExerciseText = Annotated[str, BeforeValidator(_text(MAX_TEXT, TEXT_FIELDS)), _spoken(TEXT_FIELDS)]
Id = Annotated[str, BeforeValidator(_identifier), WithJsonSchema(schemas.identifier(60))]
Tags = Annotated[
    tuple[Annotated[str, BeforeValidator(_tag)], ...],
    BeforeValidator(_listed),
    Field(max_length=20),
    WithJsonSchema(
        {
            "anyOf": [
                schemas.tag(MAX_TAG),
                {"type": "array", "items": schemas.tag(MAX_TAG), "maxItems": 20},
            ]
        }
    ),
]
Texts = Annotated[
    tuple[RoutineText, ...], BeforeValidator(_listed), Field(max_length=50), _spoken_list(("name",))
]
Setup = Annotated[
    tuple[ExerciseText, ...],
    BeforeValidator(_listed),
    Field(max_length=50),
    _spoken_list(TEXT_FIELDS),
]


def _time_schema(name: str, quantity: Quantity[Fraction]) -> WithJsonSchema:
    schema = schemas.time_range(quantity.least, quantity.most, quantity.forms)
    return WithJsonSchema(schemas.shared(name, schema))


def _count_schema(quantity: Quantity[int]) -> WithJsonSchema:
    schema = schemas.count_range(quantity.most, quantity.forms)
    return WithJsonSchema(schemas.shared(f"Count{quantity.most}", schema))


Time = Annotated[Range[Fraction], BeforeValidator(_range(TIME)), _time_schema("Time", TIME)]
ActiveTime = Annotated[
    Range[Fraction], BeforeValidator(_range(ACTIVE_TIME)), _time_schema("ActiveTime", ACTIVE_TIME)
]
Reps = Annotated[Range[int], BeforeValidator(_range(REPS)), _count_schema(REPS)]
Sets = Annotated[Range[int], BeforeValidator(_range(SETS)), _count_schema(SETS)]
Rounds = Annotated[Range[int], BeforeValidator(_range(ROUNDS)), _count_schema(ROUNDS)]

_SETTLE_FORMS = f"{TIME.forms}, or `ready`"
_settle_time = _range(TIME, _SETTLE_FORMS)


def _settle(value: Any) -> Any:
    return value if value == "ready" else _settle_time(value)


Settle = Annotated[
    Literal["ready"] | Range[Fraction],
    BeforeValidator(_settle),
    WithJsonSchema(
        schemas.shared(
            "Settle",
            {
                "anyOf": [
                    {"const": "ready"},
                    schemas.time_range(TIME.least, TIME.most, _SETTLE_FORMS),
                ]
            },
        )
    ),
]

DetailName = Annotated[Detail, BeforeValidator(_choice(*get_args(Detail)))]
LevelName = Annotated[Level, BeforeValidator(_choice(*get_args(Level)))]
CountName = Annotated[Count, BeforeValidator(_choice(*get_args(Count)))]
StyleName = Annotated[Style, BeforeValidator(_choice(*get_args(Style)))]
Speed = Annotated[
    Fraction,
    BeforeValidator(_single(SPEED)),
    WithJsonSchema(schemas.factor(SPEED.least, SPEED.most)),
]
Volume = Annotated[
    Fraction,
    BeforeValidator(_single(VOLUME)),
    WithJsonSchema(schemas.decibels(VOLUME.least, VOLUME.most)),
]
Pause = Annotated[
    Fraction,
    BeforeValidator(_single(PAUSE)),
    WithJsonSchema(schemas.time(PAUSE.least, PAUSE.most)),
]
Version = Annotated[int, BeforeValidator(_version), WithJsonSchema({"enum": [1, "1"]})]
Language = Annotated[
    str,
    BeforeValidator(_language),
    WithJsonSchema({"type": "string", "pattern": schemas.LANGUAGE}),
]
ProgressRule = Annotated[
    Progress,
    BeforeValidator(_progress),
    WithJsonSchema(
        schemas.progress(
            {
                "steps": "One step, or several; the next one begins at the top of the one before.",
                "hold_if": "The pain from which on a session does not count: `pain >= 4`.",
                "down_if": "The pain from which on a session leads a step down: `pain >= 6`.",
            }
        )
    ),
]
