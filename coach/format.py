"""The keys of a routine script as pydantic models: types, bounds, descriptions, JSON Schema.

Values arrive as text (see `coach.script`) and leave as exact ranges. `coach.routine` turns the
models into a `Routine`; nothing else looks at them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from coach.errors import did_you_mean
from coach.script import shortened
from coach.template import fields_in
from coach.units import (
    ACTIVE_TIME,
    REPS,
    ROUNDS,
    SETS,
    SPEED,
    TIME,
    Number,
    Quantity,
    Range,
    split_range,
)

MAX_TEXT = 1000
"""Characters of one instruction: more than a minute of talking without a pause."""
MAX_NAME = 120
TEXT_FIELDS = ("hold", "work", "reps", "sets", "side", "rest", "name")

Path_ = tuple[str | int, ...]


def failure(*problems: tuple[Path_, str]) -> PydanticCustomError:
    """Return an error that carries problems, each with its path below the value at fault."""
    return PydanticCustomError("script", "see context", {"problems": list(problems)})


def _only_text(value: Any, expected: str) -> str:
    if isinstance(value, str):
        return value
    found = "a list" if isinstance(value, (list, tuple)) else "a mapping"
    raise failure(((), f"expected {expected}, found {found}"))


def _range(quantity: Quantity[Number], forms: str = "") -> Callable[[Any], Range[Number]]:
    """Return the function that types a value or a range of `quantity`."""
    expected = forms or quantity.forms

    def one(value: Any, path: Path_) -> Number:
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
        if isinstance(value, Range):
            return value
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
    problems: list[tuple[Path_, str]] = [
        ((key,), f"unknown key `{shortened(key)}` in a range{did_you_mean(key, keys)}")
        for key in value
        if key not in keys
    ]
    for key in keys[:2]:
        if key not in value:
            problems.append(((), f"expected `{key}` in a range, found none"))
    if problems:
        raise failure(*problems)


def _quantity_schema(forms: str) -> dict[str, Any]:
    single = {"type": ["string", "number"], "pattern": r"\d"}
    ends = dict.fromkeys(("from", "to", "start"), single)
    mapping = {
        "type": "object",
        "properties": ends,
        "required": ["from", "to"],
        "additionalProperties": False,
    }
    return {"anyOf": [single, mapping], "description": f"{forms}; or a range of two"}


def _text(limit: int, allowed: Sequence[str]) -> Callable[[Any], str]:
    """Return the function that types a text whose `{fields}` are among `allowed`."""

    def typed(value: Any) -> str:
        text = " ".join(_only_text(value, "a text").split())
        problems: list[tuple[Path_, str]] = []
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
                problems.append(((f"{{{field.name}",), _unknown_field(field.name, allowed)))
        if problems:
            raise failure(*problems)
        return text

    return typed


def _unknown_field(name: str, allowed: Sequence[str]) -> str:
    if not re.fullmatch(r"\w+", name):
        return "found a brace without a field name: write {{ or }} for the character itself"
    if not allowed:
        return f"unknown field {{{shortened(name)}}}: this text takes no fields"
    known = ", ".join(f"{{{field}}}" for field in allowed)
    return (
        f"unknown field {{{shortened(name)}}}: expected one of {known}{did_you_mean(name, allowed)}"
    )


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


def _choice(*options: str) -> Callable[[Any], str]:
    def typed(value: Any) -> str:
        text = _only_text(value, f"one of {', '.join(options)}")
        if text not in options:
            raise failure(
                ((), f'expected one of {", ".join(options)}; found "{shortened(text)}"'
                     f"{did_you_mean(text, options)}"),
            )  # fmt: skip
        return text

    return typed


def _speed(value: Any) -> Fraction:
    try:
        return SPEED.value(_only_text(value, SPEED.forms))
    except ValueError as error:
        raise failure(((), str(error))) from None


def _version(value: Any) -> int:
    if value != "1":
        raise failure(
            ((), "expected the format version 1, found another: a newer coach may read it")
        )
    return 1


def _language(value: Any) -> str:
    text = _only_text(value, "a language such as en")
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", text):
        raise failure(((), f'expected a language code such as en, found "{shortened(text)}"'))
    return text


_STRING_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
_STRING = WithJsonSchema(_STRING_SCHEMA)
_STRINGS = WithJsonSchema(
    {"anyOf": [_STRING_SCHEMA, {"type": "array", "items": _STRING_SCHEMA, "maxItems": 50}]}
)
Name = Annotated[
    str,
    BeforeValidator(_text(MAX_NAME, ())),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_NAME}),
]
PlainText = Annotated[str, BeforeValidator(_text(MAX_TEXT, ())), _STRING]
RoutineText = Annotated[str, BeforeValidator(_text(MAX_TEXT, ("name", "rest"))), _STRING]
ExerciseText = Annotated[str, BeforeValidator(_text(MAX_TEXT, TEXT_FIELDS)), _STRING]
Id = Annotated[str, BeforeValidator(_identifier), WithJsonSchema({"type": "string"})]
Texts = Annotated[tuple[RoutineText, ...], BeforeValidator(_listed), Field(max_length=50), _STRINGS]
Setup = Annotated[
    tuple[ExerciseText, ...], BeforeValidator(_listed), Field(max_length=50), _STRINGS
]

_TIME_SCHEMA = WithJsonSchema(_quantity_schema(TIME.forms))
_COUNT_SCHEMA = WithJsonSchema(_quantity_schema(REPS.forms))
Time = Annotated[Range[Fraction], BeforeValidator(_range(TIME)), _TIME_SCHEMA]
ActiveTime = Annotated[Range[Fraction], BeforeValidator(_range(ACTIVE_TIME)), _TIME_SCHEMA]
Reps = Annotated[Range[int], BeforeValidator(_range(REPS)), _COUNT_SCHEMA]
Sets = Annotated[Range[int], BeforeValidator(_range(SETS)), _COUNT_SCHEMA]
Rounds = Annotated[Range[int], BeforeValidator(_range(ROUNDS)), _COUNT_SCHEMA]

_SETTLE_FORMS = f"{TIME.forms}, or `ready`"
_settle_time = _range(TIME, _SETTLE_FORMS)


def _settle(value: Any) -> Any:
    return value if value == "ready" else _settle_time(value)


Settle = Annotated[
    Literal["ready"] | Range[Fraction],
    BeforeValidator(_settle),
    WithJsonSchema({"anyOf": [{"const": "ready"}, _quantity_schema(_SETTLE_FORMS)]}),
]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class PhaseKeys(_Keys):
    """One part of a repetition: travel (`move`), then stillness (`hold`) or activity (`work`)."""

    cue: ExerciseText | None = Field(None, description="What is said every time, in few words.")
    guide: ExerciseText | None = Field(
        None, description="How to do it; said on the first repetition of the first set."
    )
    id: Id | None = Field(None, description="The name in settings; default: a slug of the cue.")
    move: Time | None = Field(None, description="Travel at this tempo.")
    hold: ActiveTime | None = Field(None, description="ActiveTime, with ticks and an end tone.")
    work: ActiveTime | None = Field(None, description="Activity for this time.")

    @model_validator(mode="after")
    def _something_to_do(self) -> PhaseKeys:
        if not (self.cue or self.move or self.hold or self.work):
            raise failure(((), "expected `cue`, `move`, `hold` or `work` in a phase, found none"))
        return self


class ExerciseKeys(_Keys):
    """An exercise: how to take the position, and its dose."""

    name: Name = Field(description="Spoken as its title.")
    id: Id | None = Field(None, description="The name in settings; default: a slug of `name`.")
    setup: Setup = Field((), description="Sentences spoken before the first repetition.")
    settle: Settle | None = Field(
        None, description="Time to take the position; `ready` waits until the user says so."
    )
    reps: Reps | None = Field(None, description="Repetitions; a range starts at its low end.")
    sets: Sets | None = Field(None, description="How often the repetitions are done.")
    phases: Annotated[tuple[PhaseKeys, ...], Field(min_length=1, max_length=50)] | None = Field(
        None, description="The parts of one repetition. Without any, it is self-paced."
    )
    cue: ExerciseText | None = Field(None, description="Short form: the only phase's cue.")
    guide: ExerciseText | None = Field(None, description="Short form: the only phase's guide.")
    move: Time | None = Field(None, description="Short form: the only phase's move.")
    hold: ActiveTime | None = Field(None, description="Short form: the only phase's hold.")
    work: ActiveTime | None = Field(None, description="Short form: the only phase's work.")
    sides: Annotated[tuple[Name, ...], Field(min_length=2, max_length=4)] | None = Field(
        None, description="The full set is done on each, with a spoken switch between."
    )
    switch: Time | None = Field(None, description="Time to change sides.")
    rest: Time | None = Field(None, description="Rest between sets and after the exercise.")
    pace: ActiveTime | None = Field(
        None, description="Time that a file allows for a self-paced repetition."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> ExerciseKeys:
        short = [key for key in ("cue", "guide", "move", "hold", "work") if getattr(self, key)]
        problems: list[tuple[Path_, str]] = []
        if self.phases and short:
            problems += [
                ((key,), f"expected `{key}` inside a phase, since the exercise has `phases`")
                for key in short
            ]
        if not (self.phases or short or self.reps):
            message = f'expected `phases`, `hold`, `work` or `reps` in "{self.name}", found none'
            problems.append(((), message))
        if problems:
            raise failure(*problems)
        for path, text in self._texts():
            problems += [
                ((*path, f"{{{field.name}"), message)
                for field in fields_in(text)
                if (message := self._contradiction(field.name, path))
            ]
        if problems:
            raise failure(*problems)
        return self

    def parts(self) -> tuple[PhaseKeys, ...]:
        """Return the phases, the short form being one phase; empty if self-paced."""
        if self.phases:
            return self.phases
        if self.cue or self.guide or self.move or self.hold or self.work:
            keys = {key: getattr(self, key) for key in ("cue", "guide", "move", "hold", "work")}
            return (PhaseKeys.model_construct(**keys, id=None),)
        return ()

    def _texts(self) -> list[tuple[Path_, str]]:
        texts: list[tuple[Path_, str]] = [(("setup", i), text) for i, text in enumerate(self.setup)]
        texts += [((key,), text) for key in ("cue", "guide") if (text := getattr(self, key))]
        for i, phase in enumerate(self.phases or ()):
            texts += [
                (("phases", i, key), text)
                for key in ("cue", "guide")
                if (text := getattr(phase, key))
            ]
        return texts

    def _contradiction(self, field: str, path: Path_) -> str:
        """Return why `{field}` has no single value in the text at `path`, or an empty string."""
        if field == "side" and not self.sides:
            return "{side} needs `sides` in the exercise"
        if field in ("hold", "work"):
            parts = self.parts()
            if path[0] == "phases":
                parts = (parts[int(path[1])],)
            values = {value for part in parts if (value := getattr(part, field))}
            if not values:
                owner = "phase" if path[0] == "phases" else "exercise"
                return f"{{{field}}} needs a `{field}` in the {owner}"
            if len(values) > 1:
                return f"the phases differ in `{field}`: use {{{field}}} in the phase's own guide"
        return ""


def _kind_of_item(value: Any) -> str:
    """Return the tag that pydantic puts into the path of an item of `exercises`."""
    is_circuit = isinstance(value, dict) and ("rounds" in value or "exercises" in value)
    return "<circuit>" if is_circuit else "<exercise>"


class _CircuitBase(_Keys):
    name: Name | None = Field(None, description="Spoken at the start of the circuit.")
    rounds: Rounds = Field(description="How often the exercises are done in turn.")
    rest: Time | None = Field(None, description="Rest between rounds.")


_Exercise = Annotated[ExerciseKeys, Tag("<exercise>")]
_Several = Field(min_length=1, max_length=10_000, description="Exercises and circuits, in order.")


class _TooDeep(_Keys):
    """A circuit in a circuit in a circuit."""

    @model_validator(mode="before")
    @classmethod
    def _refuse(cls, _value: Any) -> Any:
        raise failure(((), "a circuit may stand in one other circuit, but no deeper"))


class InnerCircuitKeys(_CircuitBase):
    """A circuit within a circuit."""

    exercises: Annotated[
        tuple[
            Annotated[
                _Exercise | Annotated[_TooDeep, Tag("<circuit>")], Discriminator(_kind_of_item)
            ],
            ...,
        ],
        _Several,
    ]


class CircuitKeys(_CircuitBase):
    """Exercises that are done in turn, several rounds."""

    exercises: Annotated[
        tuple[
            Annotated[
                _Exercise | Annotated[InnerCircuitKeys, Tag("<circuit>")],
                Discriminator(_kind_of_item),
            ],
            ...,
        ],
        _Several,
    ]


class RoutineKeys(_Keys):
    """A routine script for audio coach."""

    model_config = ConfigDict(title="Audio coach routine")

    coach: Annotated[int, BeforeValidator(_version)] = Field(1, description="Format version: 1.")
    title: Name = Field(description="Spoken first.")
    language: Annotated[str, BeforeValidator(_language)] = Field(
        "en", description="Language of the texts, as a code such as en."
    )
    description: PlainText | None = Field(None, description="One sentence for lists.")
    source: PlainText | None = Field(None, description="Who prescribed or published it.")
    equipment: Texts = Field((), description="What to have at hand; spoken at the start.")
    safety: Texts = Field((), description="Spoken before the first exercise.")
    closing: Texts = Field((), description="Spoken after the last exercise.")
    pronounce: dict[Name, Name] = Field(
        {}, description="Words and how to say them, such as `SI: S I`.", max_length=500
    )
    cues: Name | None = Field(
        None, description="A cue pack's name, or its folder beside the script."
    )
    detail: Annotated[str, BeforeValidator(_choice("full", "brief", "cues"))] | None = Field(
        None, description="How much is said."
    )
    count: Annotated[str, BeforeValidator(_choice("beep", "voice", "both"))] | None = Field(
        None, description="How holds are counted."
    )
    speed: (
        Annotated[Fraction, BeforeValidator(_speed), WithJsonSchema({"type": "number"})] | None
    ) = Field(None, description="Speed of speech; 1 is normal.")
    reps: Reps | None = Field(None, description="Default for exercises that do not say.")
    sets: Sets | None = Field(None, description="Default for exercises that do not say.")
    settle: Settle | None = Field(None, description="Default for exercises that do not say.")
    switch: Time | None = Field(None, description="Default for exercises that do not say.")
    rest: Time | None = Field(None, description="Rest between exercises that do not say.")
    pace: ActiveTime | None = Field(None, description="Default for exercises that do not say.")
    exercises: Annotated[
        tuple[
            Annotated[
                _Exercise | Annotated[CircuitKeys, Tag("<circuit>")], Discriminator(_kind_of_item)
            ],
            ...,
        ],
        _Several,
    ]


class _Schema(GenerateJsonSchema):
    """Optional keys are left out of a script, never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of routine scripts."""
    schema = RoutineKeys.model_json_schema(schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **schema}
