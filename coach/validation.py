"""A document against the script's format: every problem at its place, and the warnings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as ByLanguage
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from coach import format as keys
from coach.editions import editions
from coach.errors import (
    MOST_PROBLEMS,
    Location,
    Problem,
    ScriptError,
    at_column,
    did_you_mean,
    near_match,
)
from coach.files.given import leaves
from coach.script import (
    Document,
    Items,
    Mapping,
    Node,
    Scalar,
    default_id,
    describe,
    is_beside,
)
from coach.units import Range, decimal


class Valid(Struct, frozen=True):
    """A script without errors."""

    script: keys.RoutineKeys
    """With the texts of its own language."""
    others: ByLanguage[str, keys.RoutineKeys]
    """With those of its other languages."""
    untranslated: ByLanguage[str, int]
    """How many texts it has not in such a language."""
    warnings: tuple[Problem, ...]


def validate(document: Document, path: Path) -> Valid:
    """Return the typed script that was read from `path`, and its warnings.

    Raises:
        ScriptError: the script has errors; all of them, with their places.
    """
    found = editions(document)
    own = found.own
    problems = [*own.problems, *_duplicate_ids(own), *_pack_problems(own, path)]
    script = _typed(own, problems)
    others = {tag: _typed(other, problems) for tag, other in found.others.items()}
    for other in found.others.values():
        problems += _side_problems(own, other)
    if problems or script is None:
        raise ScriptError(dict.fromkeys(problems))
    warnings = list(found.warnings)
    for edition in (own, *found.others.values()):
        warnings += _contradictions(edition.root, script.exercises, edition)
    texts = {tag: other for tag, other in others.items() if other is not None}
    unique = tuple(sorted(dict.fromkeys(warnings), key=attrgetter("where")))
    return Valid(script, texts, found.missing, unique)


def _typed(document: Document, problems: list[Problem]) -> keys.RoutineKeys | None:
    """Return the typed script, or None if it has problems, which are added to those known."""
    plain = _plain(document.root, document, problems)
    told = {problem.where for problem in problems}
    try:
        return keys.RoutineKeys.model_validate(plain)
    except ValidationError as error:
        errors = _without_consequences(error.errors(), document)
        found = [
            one for item in errors for one in _located(item, document) if one.where not in told
        ]
        found.sort(key=attrgetter("where"))
        for number, one in enumerate(found):
            meant = did_you_mean(one.word, one.known) if number < MOST_PROBLEMS else ""
            problems.append(document.problem(one.where, one.message + meant))
        return None


def _side_problems(own: Document, other: Document) -> Iterator[Problem]:
    """Yield a problem for each exercise that has not as many sides in another language."""
    pairs = zip(exercise_nodes(own.root), exercise_nodes(other.root), strict=True)
    for node, translated in pairs:
        sides, called = node.get("sides"), translated.get("sides")
        if isinstance(sides, Items) and isinstance(called, Items):
            if len(sides.items) != len(called.items):
                message = (
                    f"expected {len(sides.items)} sides, as in the script's own language, "
                    f"found {len(called.items)}"
                )
                yield other.problem(called.where, message)


def _plain(node: Node, document: Document, problems: list[Problem]) -> Any:
    """Return `node` as texts, lists and dicts; keys without a value become problems."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [_plain(item, document, problems) for item in node.items]
    plain = {}
    for key, value in node.entries.values():
        if isinstance(value, Scalar) and value.is_plain and not value.text:
            message = f"`{key.text}` has no value: give it one, or leave the key out"
            problems.append(document.problem(key.where, message))
        else:
            plain[key.text] = _plain(value, document, problems)
    return plain


def exercise_nodes(node: Mapping) -> Iterator[Mapping]:
    """Yield exercises and circuits below `node`, a circuit before those in it."""
    for item in items.items if isinstance(items := node.get("exercises"), Items) else ():
        if isinstance(item, Mapping):
            yield item
            yield from exercise_nodes(item)


def _duplicate_ids(document: Document) -> Iterator[Problem]:
    """Yield a problem for each exercise whose id another one has already."""
    first: dict[str, int] = {}
    for node in exercise_nodes(document.root):
        # The name of a circuit is no id if it is taken.
        given = node.key("id") or (None if node.get("exercises") else node.key("name"))
        value = given and node.get(given.text)
        if not given or not isinstance(value, Scalar):
            continue
        name = value.text if given.text == "id" else default_id(value.text)
        if name in first:
            message = f"expected different ids, found `{name}` again (first on line {first[name]})"
            advice = "" if given.text == "id" else ": give this exercise an `id` of its own"
            yield document.problem(value.where, message + advice)
        elif name:
            first[name] = value.where.line


def _pack_problems(document: Document, path: Path) -> Iterator[Problem]:
    node = document.root.get("cues")
    if isinstance(node, Scalar) and is_beside(path, node.text):
        try:
            folder = path.parent.resolve()
            stays = not leaves(node.text) and (folder / node.text).resolve().is_relative_to(folder)
        except (OSError, RuntimeError, ValueError):  # no file's name, or links in a circle
            yield document.problem(node.where, "expected a folder, found a path that leads nowhere")
            return
        if not stays:
            message = "expected a path below the script's own folder, found one that leaves it"
            yield document.problem(node.where, message)


def _node_at(document: Document, path: Sequence[str | int]) -> Node | None:
    node: Node | None = document.root
    for step in path:
        if isinstance(node, Items) and isinstance(step, int):
            node = node.items[step]
        else:
            node = node.get(str(step)) if isinstance(node, Mapping) else node
    return node


def _path(details: ErrorDetails) -> tuple[str | int, ...]:
    """Return the path in the script, without the tags that tell exercises from circuits."""
    return tuple(step for step in details["loc"] if not str(step).startswith("<"))


def _without_consequences(
    errors: Sequence[ErrorDetails], document: Document
) -> Iterator[ErrorDetails]:
    """Yield the errors less those that only follow from another one.

    A list is "too short" for pydantic when an item of it has errors, and a key that is missing
    may only be misspelt.
    """
    unknown: dict[tuple[str | int, ...], list[str]] = {}
    for details in errors:
        if details["type"] == "extra_forbidden":
            path = _path(details)
            names = unknown.setdefault(path[:-1], [])
            if len(names) < MOST_PROBLEMS:
                names.append(str(path[-1]))
    for details in errors:
        path = _path(details)
        if details["type"] == "too_short":
            node = _node_at(document, path)
            if isinstance(node, Items) and len(node.items) >= details["ctx"]["min_length"]:
                continue
        if details["type"] == "missing":
            owner = _node_at(document, path[:-1])
            is_empty = isinstance(owner, Mapping) and owner.get(str(path[-1])) is not None
            if is_empty or near_match(str(path[-1]), unknown.get(path[:-1], [])):
                continue
        yield details


class _Found(NamedTuple):
    """A problem whose near match has not been looked for."""

    where: Location
    message: str
    word: str = ""
    known: Iterable[str] = ()
    """What `word` may have been meant to be."""


def _located(details: ErrorDetails, document: Document) -> Iterator[_Found]:
    """Yield what pydantic found, with its places in the script."""
    path = _path(details)
    context = details.get("ctx") or {}
    if details["type"] == "script":
        for below, *problem in context["problems"]:
            yield _Found(_place(document, (*path, *below)), *problem)
    elif details["type"] == "extra_forbidden":
        yield _unknown_key(details, path, _place(document, path, of_key=True))
    elif details["type"] == "missing":
        yield _Found(_place(document, path[:-1]), f"expected the key `{path[-1]}`, found none")
    else:
        yield _Found(_place(document, path), _wrong_type(details, document, path))


def _place(document: Document, path: Sequence[str | int], *, of_key: bool = False) -> Location:
    """Return the place of the node at `path`; a last step `{name` points into a text."""
    node: Node = document.root
    where = node.where
    for step in path:
        if isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        elif isinstance(node, Mapping) and isinstance(step, str) and node.get(step) is not None:
            key = node.key(step)
            node = node.get(step) or node
            where = key.where if key and of_key and step == path[-1] else node.where
            continue
        elif isinstance(node, Scalar) and str(step).startswith("{"):
            line = document.lines[where.line - 1]
            offset = line.find(str(step), where.column - 1)
            return at_column(where, offset - where.column + 1) if offset > 0 else where
        where = node.where  # a single text may stand for a list of one
    return where


def _unknown_key(details: ErrorDetails, path: Sequence[str | int], place: Location) -> _Found:
    tags = [step for step in details["loc"] if str(step).startswith("<")]
    owner: type[BaseModel] = keys.RoutineKeys
    where = "a routine"
    if "phases" in path[:-1]:
        owner, where = keys.PhaseKeys, "a phase"
    elif tags:
        is_circuit = tags[-1] == "<circuit>"
        owner = keys.CircuitKeys if is_circuit else keys.ExerciseKeys
        where = "a circuit" if is_circuit else "an exercise"
    name = str(path[-1])
    return _Found(place, f"unknown key `{name[:40]}` in {where}", name, owner.model_fields)


_TYPES = {
    "model_type": "a mapping with keys",
    "model_attributes_type": "a mapping with keys",
    "dict_type": "a mapping with keys",
    "tuple_type": "a list",
}


def _wrong_type(details: ErrorDetails, document: Document, path: Sequence[str | int]) -> str:
    node = _node_at(document, path)
    found = describe(node) if node else "nothing"
    context = details.get("ctx") or {}
    if details["type"] in _TYPES:
        return f"expected {_TYPES[details['type']]}, found {found}"
    if details["type"] == "too_long":
        return f"expected at most {context['max_length']:,} entries, found more"
    if details["type"] == "too_short":
        return (
            f"expected a list of at least {context['min_length']}, found {context['actual_length']}"
        )
    return details["msg"]  # pragma: no cover - what later versions of pydantic may tell apart


_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60,
}  # fmt: skip
_NUMBER = rf"(?:\d{{1,4}}|{'|'.join(_NUMBERS)})"
_WRITTEN_DOSE = re.compile(
    rf"\b(?:(?P<low>{_NUMBER})\s*(?:-|\u2013|\bto\b)\s*)?(?P<number>{_NUMBER})[\s-]"
    r"(?P<unit>seconds?|secs?|repetitions?|reps|times|sets)\b",
    re.IGNORECASE,
)
_FIELDS = {"rep": ("reps",), "set": ("sets",), "sec": ("hold", "work", "move")}
"""Unit as it begins -> what can be set in it."""


def _contradictions(node: Mapping, items: Sequence[Any], document: Document) -> Iterator[Problem]:
    """Yield a warning for each number written in a text that no setting of its exercise has."""
    listed = node.get("exercises")
    nodes = listed.items if isinstance(listed, Items) else ()
    mappings = (inner for inner in nodes if isinstance(inner, Mapping))
    for inner, item in zip(mappings, items, strict=True):
        if not isinstance(item, keys.ExerciseKeys):
            yield from _contradictions(inner, item.exercises, document)
            continue
        for text in instructions(inner):
            for written in _WRITTEN_DOSE.finditer(text.text):
                message = _contradiction(written, item)
                if message:
                    yield document.problem(text.where, message, severity="warning")


def written_doses(text: str) -> Iterator[tuple[str, str]]:
    """Yield each dose written in an English text, and of what it is: `rep`, `set` or `sec`."""
    for written in _WRITTEN_DOSE.finditer(text):
        yield written[0], _unit(written)


def _unit(written: re.Match[str]) -> str:
    return written["unit"].lower()[:3].replace("tim", "rep")


def _contradiction(written: re.Match[str], item: keys.ExerciseKeys) -> str:
    """Return how a written number contradicts its exercise, or an empty string."""
    unit = _unit(written)
    owners: tuple[Any, ...] = item.parts() if unit == "sec" else (item,)
    found: list[tuple[str, Range[Any]]] = [
        (field, value)
        for owner in owners
        for field in _FIELDS[unit]
        if (value := getattr(owner, field)) is not None
    ]
    number = _value(written["number"])
    low = number if written["low"] is None else _value(written["low"])
    is_range = written["low"] is not None
    if not found or any(
        (low, number) == ((value.low, value.high) if is_range else (value.value, value.value))
        for _, value in found
    ):
        return ""
    in_force = " and ".join(dict.fromkeys(decimal(Fraction(value.value)) for _, value in found))
    field = next((field for field, _ in found if field != "move"), "")
    advice = f": write {{{field}}}, which follows every adjustment" if field else ""
    return f'"{written[0]}" in this text contradicts the setting ({in_force}){advice}'


def _value(text: str) -> int:
    return _NUMBERS.get(text.lower()) or int(text)


def instructions(node: Mapping) -> Iterator[Scalar]:
    """Yield the texts of an exercise that are spoken."""
    setup = node.get("setup")
    for text in setup.items if isinstance(setup, Items) else (setup,):
        if isinstance(text, Scalar):
            yield text
    phases = node.get("phases")
    parts = phases.items if isinstance(phases, Items) else (node,)
    for part in parts:
        for key in ("cue", "guide"):
            text = part.get(key) if isinstance(part, Mapping) else None
            if isinstance(text, Scalar):
                yield text
