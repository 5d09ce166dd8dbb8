"""The schema for editors: it accepts what the loader accepts and refuses what it refuses."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coach import format as keys
from coach.errors import ScriptError
from coach.progress import parse_progress
from coach.routine import load_routine, routine_from
from coach.script import Items, Mapping, Node, parse_script, read_script
from coach.units import ACTIVE_TIME, REPS, TIME, split_range
from coach.values import MAX_NAME, MAX_TEXT, TEXT_FIELDS
from tests.conftest import bundled
from tests.strategies import leaves, scripts, seconds

Script = dict[str, Any]
Damage = Callable[[Script], None]


@cache
def validator(definition: str = "") -> Any:
    """Return what validates by the schema, or by one of its definitions."""
    import jsonschema  # which takes longer than anything here

    schema = keys.json_schema()
    if definition:
        schema = {"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
    return jsonschema.Draft202012Validator(schema)


def as_editors_read(node: Node) -> Any:
    """Return what a script's node is by the core schema of YAML 1.2, which editors go by."""
    if isinstance(node, Mapping):
        return {key: as_editors_read(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Items):
        return [as_editors_read(item) for item in node.items]
    text = node.text
    if not node.is_plain:
        return text
    if re.fullmatch("|~|null|Null|NULL", text):
        return None
    if re.fullmatch("true|True|TRUE|false|False|FALSE", text):
        return text.lower() == "true"
    if re.fullmatch("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", text):
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def verdicts(text: str) -> tuple[bool, bool]:
    """Return whether the loader accepts a script, and whether the schema does."""
    document = parse_script(text, "test.yaml")
    is_valid = validator().is_valid(as_editors_read(document.root))
    try:
        routine_from(document, Path("test.yaml"))
    except ScriptError:
        return False, is_valid
    return True, is_valid


# -- what is accepted ------------------------------------------------------------------------


def with_numbers(value: Any, *, are_numbers: bool) -> Any:
    """Return a script in which numbers are not in quotation marks."""
    if isinstance(value, dict):
        return {k: with_numbers(v, are_numbers=are_numbers) for k, v in value.items()}
    if isinstance(value, list):
        return [with_numbers(item, are_numbers=are_numbers) for item in value]
    is_number = isinstance(value, str) and value.isdecimal()
    return int(value) if is_number and are_numbers else value


TEXTS = st.sampled_from(["Lift.", {"en": "Lift.", "de": "Heben."}, "{{ {name} }}", "5", "on", "ü"])
PLAIN_TEXTS = TEXTS.filter(lambda text: "{" not in text)
OF_ROUTINE = {
    "language": st.just("en"),
    "description": PLAIN_TEXTS,
    "source": PLAIN_TEXTS,
    "safety": TEXTS | st.lists(TEXTS, max_size=3) | st.just({"en": ["A.", "B."], "de": ["A."]}),
    "pronounce": st.just({"SI": "S I", "ISG": {"de": "I S G", "en": "I S G"}}),
    "detail": st.sampled_from(["full", "brief", "cues"]),
    "count": st.sampled_from(["beep", "voice", "both"]),
    "style": st.sampled_from(["calm", "plain", "lively"]),
    "speed": st.sampled_from([1, 0.5, 2, "0.9", ".75", "2.0"]),
    "cue_volume": st.sampled_from([0, -24, 9, "-3dB", "+2 LU", "\u22123"]),
    "reps": st.sampled_from(["5", "5-10", {"from": 5, "to": "10", "start": 6}, "010"]),
    "pause": st.sampled_from([0, "1s", "1m"]),
    "pace": seconds(1, 4),
    "switch": st.sampled_from(["1:30", "1m 30s", "1 to 2 min", "1h", ".5", "2h 1m 5"]),
}
OF_EXERCISE = {
    "id": st.sampled_from(["a-b", "Ü1", "x_"]),
    "setup": TEXTS | st.lists(TEXTS, max_size=3),
    "speed": st.just("1.2"),
    "pause": st.just("0.5s"),
    "sides": st.just(["left", {"en": "right", "de": "rechts"}]) | st.just({"en": ["a", "b"]}),
    "progress": st.sampled_from(
        [
            "+1 REP each 2nd session, then +5s of hold a week; hold if pain > 3",
            ["+1 set every week then +1m30s work per other week", "+1 round every 10 sessions"],
            {"steps": "none"},
            "Off",
        ]
    ),
}


@st.composite
def rich_scripts(draw: st.DrawFn) -> Script:
    """Generated scripts with whatever else the format allows."""
    script = draw(scripts())
    script |= draw(st.fixed_dictionaries({}, optional=OF_ROUTINE))
    taken: set[str] = set()
    for leaf in leaves(script["exercises"]):
        leaf.update(draw(st.fixed_dictionaries({}, optional=OF_EXERCISE)))
        if leaf.get("id") in taken:
            del leaf["id"]
        taken.add(leaf.get("id", ""))
    numbered: Script = with_numbers(script, are_numbers=draw(st.booleans()))
    return numbered


@given(rich_scripts())
def test_what_the_loader_accepts_the_schema_accepts(script: Script) -> None:
    assert verdicts(json.dumps(script)) == (True, True)


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_the_bundled_routines_are_accepted(path: Path) -> None:
    load_routine(path)
    validator().validate(as_editors_read(read_script(path).root))


# -- what is refused -------------------------------------------------------------------------


def at(script: Script, *path: str | int) -> Any:
    value: Any = script
    for step in path:
        value = value[step]
    return value


def first(script: Script) -> Script:
    """Return the first exercise, with a dose of its own."""
    exercise = next(leaves(script["exercises"]))
    for key in ("phases", "cue", "guide", "move", "hold", "work", "sides", "progress"):
        exercise.pop(key, None)
    exercise |= {"reps": "5", "hold": "5s", "cue": "Up"}
    return exercise


def root(**values: Any) -> Damage:
    """Return the damage of keys on top."""
    return lambda script: script.update(values)


def own(**values: Any) -> Damage:
    """Return the damage of keys of an exercise; None takes one away."""

    def damage(script: Script) -> None:
        exercise = first(script)
        exercise |= values
        for key in [key for key, value in values.items() if value is None]:
            del exercise[key]

    return damage


def phase(**values: Any) -> Damage:
    """Return the damage of a phase that is like this."""
    return own(hold=None, cue=None, phases=[{"cue": "Up", "hold": 5}, values])


def circuit(**values: Any) -> Damage:
    """Return the damage of another item, a circuit that is like this."""

    def damage(script: Script) -> None:
        last = {"rounds": 2, "exercises": [{"name": "Other", "hold": 5}], **values}
        script["exercises"].append({key: value for key, value in last.items() if value is not None})

    return damage


LEAF = {"name": "Deep", "hold": 5}
DAMAGES: dict[str, Damage] = {
    "an unknown key of a routine": root(titel="T"),
    "an unknown key of an exercise": own(hodl=5),
    "an unknown key of a phase": phase(cue="Up", reps=5),
    "an unknown key of a circuit": circuit(sets=2),
    "an unknown key of a range": own(reps={"from": 1, "to": 2, "too": 3}),
    "an unknown key of progress": own(progress={"steps": "none", "hold": "pain >= 4"}),
    "no title": lambda script: script.pop("title"),
    "no exercises": lambda script: script.pop("exercises"),
    "exercises that are none": root(exercises=[]),
    "exercises that are no list": root(exercises="none"),
    "an exercise that is a text": lambda script: script["exercises"].append("text"),
    "a name that is missing": own(name=None),
    "rounds that are missing": circuit(rounds=None),
    "a circuit without exercises": circuit(exercises=None),
    "a circuit in a circuit in a circuit": circuit(
        exercises=[{"rounds": 2, "exercises": [{"rounds": 2, "exercises": [LEAF]}]}]
    ),
    "another version": root(coach=2),
    "another version as a text": root(coach="1.0"),
    "no language": root(language="german!"),
    "an unknown level": root(level="heavy"),
    "an unknown detail": root(detail="Full"),
    "an unknown count": root(count=5),
    "an unknown style": root(style="loud"),
    "a tag with a comma": root(tags=["low back", "a, b"]),
    "a tag that is too long": root(tags="x" * 41),
    "too many tags": root(tags=["x"] * 21),
    "an empty text": own(setup=""),
    "a blank text": own(setup=["Up", "  \n "]),
    "a text that is too long": own(setup="x " * (MAX_TEXT // 2 + 1)),
    "a name that is too long": own(name="x" * (MAX_NAME + 1)),
    "too many sentences": own(setup=["Up."] * 51),
    "a text that is a list": own(cue=["Up"]),
    "a text that is a mapping": own(cue={"Up": "again"}),
    "texts in a list in a list": own(setup=[["Up"]]),
    "a language in capitals": own(cue={"en": "Up", "DE": "Hoch"}),
    "languages in languages": own(setup={"en": {"en": "Up"}}),
    "an unknown field": own(setup="Hold for {site}."),
    "a field where there are none": root(title="Rest for {rest}"),
    "a brace alone": own(setup="Up {"),
    "two braces and one": own(setup="{{name}"),
    "a control character": own(setup="a\u001b[31m"),
    "an id with a dot": own(id="a.b"),
    "an id that begins with a hyphen": own(id="-a"),
    "an id that is too long": own(id="x" * 61),
    "an id with a blank": own(id="a b"),
    "a duration with an unknown unit": own(hold="20x"),
    "a duration below nothing": own(hold=-5),
    "a duration below nothing as a text": own(rest="-5s"),
    "half an hour or half a minute": own(hold="1h30"),
    "a minute of 75 seconds": own(hold="1:75"),
    "a hold that is too short": own(hold=0),
    "a hold that is too long": own(hold=86_401),
    "a duration that is a list": own(hold=[5]),
    "a duration that is true": own(hold=True),
    "three ends of a range": own(hold="5-10-15"),
    "no end of a range": own(hold="5-"),
    "a range without its high end": own(hold={"from": 5}),
    "a range in a range": own(hold={"from": "5-6", "to": 8}),
    "no repetitions": own(reps=0),
    "no repetitions as a text": own(reps="0"),
    "half a repetition": own(reps=1.5),
    "seconds of repetitions": own(reps="5s"),
    "too many repetitions": own(reps=1001),
    "too many repetitions as a text": own(reps="5-1001"),
    "too many sets": own(sets=101),
    "too many rounds": circuit(rounds="1001"),
    "a settle that is misspelt": own(settle="redy"),
    "settling in capitals": own(settle="Ready"),
    "a single side": own(sides=["left"]),
    "a side that is a text": own(sides="left"),
    "five sides": own(sides=list("abcde")),
    "the same side twice": own(sides=["left", "left"]),
    "a speed that is too high": root(speed=3),
    "a speed that is a word": root(speed="fast"),
    "a volume that is too high": root(cue_volume=10),
    "a volume in percent": root(speech_volume="5%"),
    "a pause that is too long": root(pause=61),
    "a pause that is a range": own(pause="1-2s"),
    "nothing to do": own(reps=None, hold=None, cue=None),
    "a guide alone": own(hold=None, cue=None, guide="Up"),
    "phases beside a hold": own(phases=[{"cue": "Up"}], cue=None),
    "phases that are none": own(phases=[], hold=None, cue=None),
    "too many phases": own(phases=[{"cue": "Up"}] * 51, hold=None, cue=None),
    "a phase with nothing to do": phase(guide="Up"),
    "a phase that is a text": own(phases=["Up"], hold=None, cue=None),
    "a step of nothing known": own(progress="+1 foo every week"),
    "a step without how often": own(progress="+1 rep"),
    "half a repetition more": own(progress="+0.5 reps every week"),
    "every 101 sessions": own(progress="+1 rep every 101 sessions"),
    "conditions alone": own(progress="hold if pain >= 4"),
    "no steps": own(progress=[]),
    "none beside others": own(progress=["none", "+1 rep every week"]),
    "none with a condition": own(progress={"steps": "none", "hold_if": "pain >= 4"}),
    "a pain of eleven": own(progress={"steps": "+1 rep every week", "hold_if": "pain >= 11"}),
    "a rule without steps": own(progress={"hold_if": "pain >= 4"}),
    "a word that sounds like a list": root(pronounce={"SI": ["S", "I"]}),
    "a word that is too long": root(pronounce={"x" * 121: "S I"}),
    "a key without a value": own(hold=...),
}
"""What can be wrong with a script, one thing at a time."""

BEYOND_SCHEMAS: dict[str, Damage] = {
    "ids that are there twice": lambda script: script["exercises"].extend([LEAF, LEAF]),
    "ids of phases that are there twice": own(
        phases=[{"id": "a", "cue": "Up"}, {"id": "a", "cue": "Down"}], hold=None, cue=None
    ),
    "the higher end of a range first": own(reps="10-5"),
    "a start outside of its range": own(reps={"from": 5, "to": 10, "start": 11}),
    "the bounds of durations with units": own(hold="25h"),
    "the least of durations with units": own(hold="0.4s"),
    "the bounds of speeds in quotation marks": root(speed="3"),
    "the bounds of volumes with units": root(cue_volume="10 dB"),
    "a field for a side of an exercise without sides": own(setup="Lie on your {side}."),
    "a field for a hold of an exercise without one": own(hold=None, setup="For {hold}."),
    "a field for holds that differ": own(
        phases=[{"hold": 5}, {"hold": 6}], hold=None, cue=None, setup="For {hold}."
    ),
    "a text that is not there in the script's language": own(cue={"de": "Hoch"}),
    "sides that are more in another language": own(sides={"en": ["a", "b"], "de": list("abc")}),
    "a session that lasts too long": own(settle=86_400, switch=86_400, sides=list("abcd")),
    "a session of too many repetitions": own(reps=1000, sets=100, hold="20s"),
    "a pack of sounds in another folder": root(cues="../elsewhere"),
    "conditions that exclude each other": own(
        progress="+1 rep every week; hold if pain >= 5; down if pain >= 5"
    ),
    "two conditions to hold": own(
        progress=["+1 rep every week; hold if pain >= 5", "+1 set every week; hold if pain >= 6"]
    ),
    "more than ten steps": own(progress=["+1 rep every week"] * 11),
    "which signs beyond ASCII are letters": own(id="a\u20acb"),
    "a number as only programs write it": own(hold="PLAIN 1e1"),
}
"""What is wrong between values, or in what a value means, of which a schema knows nothing."""

TOO_STRICT = {
    "digits of other scripts": own(reps="\u0661\u0660"),
    "the word null": own(cue="PLAIN null"),
}
"""What the loader takes as it is written, and a schema cannot, which sees what YAML makes of it."""


def text_of(script: Script) -> str:
    """Return a script as a text; what is marked as plain is not in quotation marks."""
    holder = "\u2603"
    text = json.dumps(script, default=lambda _: holder, ensure_ascii=False)
    return re.sub(r'"PLAIN ([^"]*)"', r"\1", text.replace(f'"{holder}"', ""))


def damaged(script: Script, damage: Damage) -> str:
    broken = copy.deepcopy(script)
    damage(broken)
    return text_of(broken)


@pytest.mark.parametrize("name", DAMAGES)
@settings(max_examples=4)
@given(script=rich_scripts())
def test_what_the_loader_refuses_the_schema_refuses(name: str, script: Script) -> None:
    assert verdicts(damaged(script, DAMAGES[name])) == (False, False)


PLAIN_SCRIPT: Script = {"title": "T", "exercises": [{"name": "A", "hold": 5}]}


@pytest.mark.parametrize("name", BEYOND_SCHEMAS)
def test_what_a_schema_cannot_say(name: str) -> None:
    assert verdicts(damaged(PLAIN_SCRIPT, BEYOND_SCHEMAS[name])) == (False, True)


@pytest.mark.parametrize("name", TOO_STRICT)
def test_what_a_schema_refuses_too_many(name: str) -> None:
    assert verdicts(damaged(PLAIN_SCRIPT, TOO_STRICT[name])) == (True, False)


# -- values as texts -------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *("0", "5", "10", "090", "1.5", ".5", "1:30", "1:00:00", "75", "1000", "1001"),
        *("s", "S", "sec", "min", "m", "Minutes", "h", "hrs", "x", "ss"),
        *(" ", "  ", "-", "\u2013", "to", " TO ", ":", ".", "+"),
    ]
)
VALUES = st.lists(PIECES, min_size=1, max_size=6).map("".join)


def is_of(quantity: Any, text: str) -> bool:
    """Return whether a text is a value or a range, be it beyond bounds or the wrong way round."""
    try:
        for end in split_range(text) or (text,):
            quantity.read(end)
    except ValueError:
        return False
    return True


@given(VALUES)
@example("5 to 10 min")
@example("1h 5")
@example("1h 5m 5")
@example("1h5m5")
def test_durations(text: str) -> None:
    assert validator("Time").is_valid(text) is is_of(TIME, text)
    assert validator("ActiveTime").is_valid(text) is is_of(ACTIVE_TIME, text)


@given(VALUES)
def test_counts(text: str) -> None:
    try:
        for end in split_range(text) or (text,):
            REPS.value(end)
    except ValueError:
        assert not validator("Count1000").is_valid(text)
    else:
        assert validator("Count1000").is_valid(text)


RULES = st.lists(
    st.sampled_from(
        [
            *("+1 rep", "+2 sets", "5s hold", "+1:30 of work", "1 rounds", "+0 reps", "+1.5 reps"),
            *(" every ", " per ", " a ", " each ", " ", "2 ", "other ", "3rd ", "0 ", "100 "),
            *("session", "weeks", "month", ", then ", " then ", "; ", ",", "and "),
            *("hold if pain >= 4", "down if pain > 9", "hold if pain >= 0", "none", "off"),
        ]
    ),
    min_size=1,
    max_size=9,
).map("".join)


@given(RULES)
@example("+1 rep every 2 sessions, then +1s hold every week; hold if pain >= 4; down if pain >= 6")
@example("hold if pain >= 4, +1 rep a week")
@example("+1 rep a week,")
def test_rules_of_progress(text: str) -> None:
    try:
        parse_progress(text)
    except ValueError as error:
        beyond = ("at least", "at most", "one condition", "to hold at less pain")
        assert any(part in str(error) for part in beyond) or not validator("Progress").is_valid(
            text
        )
    else:
        assert validator("Progress").is_valid(text)


# -- for people ------------------------------------------------------------------------------


def properties(schema: Any, owner: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every key that a schema knows, however deep, with its schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from properties(item, owner)
    elif isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties" and owner not in ("then", "properties"):
                yield from value.items()
            yield from properties(value, name)


def test_the_schema_is_valid_and_describes_every_key() -> None:
    import jsonschema

    schema = keys.json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    found = dict(properties(schema))
    assert {"coach", "from", "start", "steps", "hold_if", "rounds", "guide"} <= set(found)
    for name, value in properties(schema):
        assert value.get("description", "")[-1:] == ".", name


def test_fields_are_all_in_the_schema() -> None:
    for field in TEXT_FIELDS:
        assert verdicts(
            json.dumps(
                {
                    "title": "T",
                    "exercises": [
                        {
                            "name": "A",
                            "sides": ["left", "right"],
                            "reps": 2,
                            "phases": [{"hold": 5, "work": 5, "guide": f"So {{ {field} }}."}],
                        }
                    ],
                }
            )
        ) == (True, True)


def test_patterns_are_read_alike_by_javascript() -> None:
    texts = json.dumps(keys.json_schema(), ensure_ascii=False)
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', texts)
    assert len(patterns) > 10
    for pattern in patterns:
        assert not re.search(r"\(\?(?![:=!])|\\[dwbAZ]|\(\?P", json.loads(f'"{pattern}"'))


def test_bounds_are_exact() -> None:
    assert validator("ActiveTime").is_valid(float(Fraction(1, 2)))
    assert not validator("ActiveTime").is_valid(0.49)
    assert validator("Time").is_valid(86_400)
