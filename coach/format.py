"""The keys of a routine script as pydantic models, with their descriptions and JSON Schema.

Values arrive as text (see `coach.script`) and leave as exact ranges (see `coach.values`).
`coach.routine` turns the models into a `Routine`; nothing else looks at them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from coach.schemas import with_definitions
from coach.template import fields_in
from coach.values import (
    ActiveTime,
    CountName,
    DetailName,
    ExerciseText,
    Id,
    KeyPath,
    Language,
    LevelName,
    PackName,
    Pause,
    PlainText,
    ProgressRule,
    Pronunciations,
    Reps,
    Rounds,
    Sets,
    Settle,
    Setup,
    Sides,
    Speed,
    SpokenName,
    StyleName,
    Tags,
    Texts,
    Time,
    Version,
    Volume,
    failure,
)

_TIMES = ("move", "hold", "work")
_SHORT_FORM = "Short form, for an exercise of a single phase."


def _one_of(*names: str) -> dict[str, Any]:
    """Return the schema of a mapping that has at least one of these keys."""
    return {"anyOf": [{"required": [name]} for name in names]}


def _if_given(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"required": [name]}, "then": schema}


class _Keys(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True
    )


class PhaseKeys(_Keys):
    """One part of a repetition: travel (`move`), then stillness (`hold`) or activity (`work`)."""

    model_config = ConfigDict(json_schema_extra=_one_of("cue", *_TIMES))

    cue: ExerciseText | None = Field(None, description="What to do, in few words, said every time.")
    guide: ExerciseText | None = Field(
        None, description="How to do it, said on the first repetition of the first set."
    )
    id: Id | None = Field(None, description="Its name in options. Default: made of the cue.")
    move: Time | None = Field(
        None, description="Travel at this tempo, from one position to the next."
    )
    hold: ActiveTime | None = Field(
        None, description="Stillness, with ticks and a countdown; at least half a second."
    )
    work: ActiveTime | None = Field(
        None,
        description="Activity for a time, such as jumping jacks or breathing; "
        "at least half a second.",
    )

    @model_validator(mode="after")
    def _something_to_do(self) -> PhaseKeys:
        if not (self.cue or self.move or self.hold or self.work):
            raise failure(((), "expected `cue`, `move`, `hold` or `work` in a phase, found none"))
        return self


class ExerciseKeys(_Keys):
    """An exercise: how to take the position, and its dose."""

    model_config = ConfigDict(
        json_schema_extra={
            **_one_of("phases", "reps", "cue", *_TIMES),
            "allOf": [
                _if_given("phases", {"not": _one_of("cue", "guide", *_TIMES)}),
                _if_given("guide", _one_of("cue", *_TIMES)),
            ],
        }
    )

    name: SpokenName = Field(description="Its title.")
    id: Id | None = Field(
        None,
        description="Its name in options. Default: made of the name, `Side plank` is `side-plank`.",
    )
    setup: Setup = Field(
        (), description="One sentence or a list of them, before the first repetition."
    )
    pause: Pause | None = Field(
        None,
        description="Silence after each sentence of the `setup`, at most 60s. "
        "Default: by its length, half a second to 2.5 s.",
    )
    speed: Speed | None = Field(
        None,
        description="Of speech in this exercise, beside the session's: 0.8 is a fifth slower. "
        "Default: 1.",
    )
    settle: Settle | None = Field(
        None,
        description='Time to take the position; `ready` is for "when you are ready": '
        "10 s in a file. Default: the routine's.",
    )
    reps: Reps | None = Field(
        None,
        description="Repetitions, 1 to 1000; a range starts at its low end. "
        "Default: the routine's.",
    )
    sets: Sets | None = Field(
        None,
        description="How often the repetitions are done, 1 to 100. Default: the routine's.",
    )
    phases: Annotated[tuple[PhaseKeys, ...], Field(min_length=1, max_length=50)] | None = Field(
        None,
        description="The parts of one repetition. Default: the short form, or self-paced.",
    )
    cue: ExerciseText | None = Field(None, description=_SHORT_FORM)
    guide: ExerciseText | None = Field(None, description=_SHORT_FORM)
    move: Time | None = Field(None, description=_SHORT_FORM)
    hold: ActiveTime | None = Field(None, description=_SHORT_FORM)
    work: ActiveTime | None = Field(None, description=_SHORT_FORM)
    sides: Sides | None = Field(
        None,
        description="Two to four, all different; each gets all repetitions, with a switch between.",
    )
    switch: Time | None = Field(None, description="Time to change sides. Default: the routine's.")
    rest: Time | None = Field(
        None, description="Between sets, and after the exercise. Default: the routine's."
    )
    pace: ActiveTime | None = Field(
        None, description="Time for each self-paced repetition. Default: the routine's."
    )
    progress: ProgressRule | None = Field(
        None,
        description="How its ranges are climbed; `none` for not at all. Default: the routine's.",
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> ExerciseKeys:
        short = [key for key in ("cue", "guide", "move", "hold", "work") if getattr(self, key)]
        problems: list[tuple[KeyPath, str]] = []
        if self.phases and short:
            problems += [
                ((key,), f"expected `{key}` inside a phase, since the exercise has `phases`")
                for key in short
            ]
        if not (self.phases or short or self.reps):
            message = f'expected `phases`, `hold`, `work` or `reps` in "{self.name}", found none'
            problems.append(((), message))
        if self.guide and not (self.cue or self.move or self.hold or self.work):
            message = "expected `cue`, `move`, `hold` or `work` beside `guide`; or else `setup`"
            problems.append((("guide",), message))
        taken: set[str] = set()
        for i, phase in enumerate(self.phases or ()):
            if phase.id and phase.id in taken:
                message = f"expected different ids, found `{phase.id}` again"
                problems.append((("phases", i, "id"), message))
            taken.add(phase.id or "")
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

    def _texts(self) -> list[tuple[KeyPath, str]]:
        texts: list[tuple[KeyPath, str]] = [
            (("setup", i), text) for i, text in enumerate(self.setup)
        ]
        texts += [((key,), text) for key in ("cue", "guide") if (text := getattr(self, key))]
        for i, phase in enumerate(self.phases or ()):
            texts += [
                (("phases", i, key), text)
                for key in ("cue", "guide")
                if (text := getattr(phase, key))
            ]
        return texts

    def _contradiction(self, field: str, path: KeyPath) -> str:
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
    name: SpokenName | None = Field(None, description="Said as it begins.")
    id: Id | None = Field(
        None, description="Its name in options. Default: made of the name, or `circuit-1`."
    )
    rounds: Rounds = Field(description="How often the exercises are done in turn, 1 to 1000.")
    rest: Time | None = Field(
        None, description="Between the rounds, and after the circuit. Default: the routine's."
    )
    progress: ProgressRule | None = Field(
        None,
        description="How its rounds are climbed, such as `+1 round every 2 weeks`. "
        "Default: the routine's.",
    )


_Exercise = Annotated[ExerciseKeys, Tag("<exercise>")]
_ITEMS = "Exercises and circuits, in order; a circuit may stand in one other circuit."
_Several = Field(min_length=1, max_length=10_000, description=_ITEMS)


class _TooDeep(_Keys):
    """A circuit in a circuit in a circuit."""

    model_config = ConfigDict(json_schema_extra={"not": {}})

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

    coach: Version = Field(1, description="Format version: 1. Default: 1.")
    title: SpokenName = Field(description="Spoken first.")
    language: Language = Field(
        "en",
        description="Of the texts, as a code; of texts in several languages the one that is spoken "
        "if nothing else is asked for. The coach's own words exist in `en`, `de`, `es`, `fr`, "
        "`it`, `pt` and `nl`. Default: `en`.",
    )
    description: PlainText | None = Field(None, description="One sentence, for lists.")
    source: PlainText | None = Field(None, description="Who prescribed or published it.")
    level: LevelName | None = Field(
        None, description="How much it asks of the body: `easy`, `medium` or `hard`."
    )
    tags: Tags = Field(
        (), description="Words to find it by in `coach list`: `[low back, pregnancy]`."
    )
    equipment: Texts = Field((), description="Things to have at hand, told at the start.")
    safety: Texts = Field((), description="Sentences before the first exercise.")
    closing: Texts = Field((), description="Sentences after the last.")
    pronounce: Pronunciations = Field(
        {},
        description="Words and how to say them: `{SI: S I}`, or `{SI: {de: I S}}` for one "
        "language.",
    )
    cues: PackName | None = Field(
        None,
        description="A cue pack: a name, or a folder below the script's own (`./my-pack`). "
        "Default: `classic`.",
    )
    detail: DetailName | None = Field(
        None,
        description="How much is said: `full`, `brief` (names, cues, counts) or `cues` (beeps and "
        "counts). Default: `full`.",
    )
    count: CountName | None = Field(
        None,
        description="How the seconds of a hold are marked: `beep`, `voice` or `both`. "
        "Default: `beep`.",
    )
    style: StyleName | None = Field(
        None,
        description="Of encouragement: `calm`, `plain` (none) or `lively`. Default: `calm`.",
    )
    speed: Speed | None = Field(None, description="Of speech, 0.5 to 2. Default: 1.")
    cue_volume: Volume | None = Field(None, description="Of cues in dB, -24 to 9. Default: 0.")
    speech_volume: Volume | None = Field(None, description="Of speech in dB, -24 to 9. Default: 0.")
    reps: Reps | None = Field(None, description="For exercises that do not say. Default: 1.")
    sets: Sets | None = Field(None, description="For exercises that do not say. Default: 1.")
    pause: Pause | None = Field(
        None,
        description="For exercises that do not say. Default: by the length of each sentence.",
    )
    settle: Settle | None = Field(None, description="For exercises that do not say. Default: 5s.")
    switch: Time | None = Field(None, description="For exercises that do not say. Default: 6s.")
    rest: Time | None = Field(
        None, description="For exercises and circuits that do not say. Default: 15s."
    )
    pace: ActiveTime | None = Field(None, description="For exercises that do not say. Default: 3s.")
    progress: ProgressRule | None = Field(
        None,
        description="How ranges are climbed, for exercises and circuits that do not say. "
        "Default: not at all.",
    )
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
    """Optional keys are left out of a script, never null; an item is what its keys say it is."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave out titles that only repeat the key."""
        del schema
        return False

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        kinds = {str(tag): self.generate_inner(kind) for tag, kind in schema["choices"].items()}
        is_circuit = _one_of("rounds", "exercises")
        return {"if": is_circuit, "then": kinds["<circuit>"], "else": kinds["<exercise>"]}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of routine scripts."""
    schema = RoutineKeys.model_json_schema(schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **with_definitions(schema)}
