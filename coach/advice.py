"""What makes a session hard to follow by ear: notes on a script that is otherwise right.

Lengths, times and safety are judged in every language of a script; postures, things and numbers,
which have to be understood, in English alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from coach.editions import editions
from coach.errors import Problem
from coach.routine import Exercise, Routine
from coach.script import Document, Items, Mapping, Node, Scalar
from coach.units import short_duration
from coach.validation import exercise_nodes, instructions, written_doses

MAX_WORDS = 25
"""Words of one instruction; what is longer has to be remembered from its beginning."""
SHORTEST_SETTLE = Fraction(3)
"""Seconds to do anything at all that a setup asks for."""
TIME_TO_MOVE = Fraction(5)
"""Seconds to get into another posture."""
TIME_TO_RISE = Fraction(8)
"""Seconds to get up from the floor, or down to it."""

_STANDING, _SEATED, _FLOOR = "standing", "seated", "the floor"
_POSTURE_NAMES = {"standing": _STANDING, "seated": _SEATED, "floor": _FLOOR}
_POSTURES = re.compile(
    r"(?P<either>\b(?:sit(?:ting)? or stand|stand(?:ing)? or sit)(?:ting|ing)?\b)"
    r"|(?P<standing>\bstand(?:ing)?\b(?! on (?:your|the) (?:hands|head))|\bon your feet\b)"
    r"|(?P<floor>\b(?:lie|lying|kneel|kneeling|hands and knees|all fours|sit on (?:your|the) heels"
    r"|(?:sit|sitting|seated|down|come down|forearms and toes) (?:down )?(?:on|onto|to) "
    r"(?:the|your) (?:floor|mat|carpet|rug|ground)"
    r"|(?:on|onto) your (?:back|belly|stomach|front|side|forearms|elbows))\b)"
    r"|(?P<seated>\b(?:sit|sitting|seated)\b(?! (?:back|in|into)\b))",
    re.IGNORECASE,
)
_THINGS = {
    "mat": ("mat", "carpet", "rug"),
    "chair": ("chair", "seat", "stool", "bench", "sofa", "couch"),
    "stool": ("stool", "chair"),
    "bench": ("bench", "chair", "stool"),
    "table": ("table", "desk", "counter"),
    "desk": ("desk", "table"),
    "wall": ("wall",),
    "doorway": ("doorway", "door"),
    "stair": ("stair", "step"),
    "belt": ("belt", "strap", "band"),
    "strap": ("strap", "belt", "band", "towel"),
    "band": ("band", "belt", "strap"),
    "towel": ("towel",),
    "ball": ("ball",),
    "pillow": ("pillow", "cushion"),
    "cushion": ("cushion", "pillow"),
    "blanket": ("blanket", "towel"),
    "foam roller": ("roller",),
    "dumbbell": ("dumbbell", "weight", "bottle"),
    "kettlebell": ("kettlebell", "weight"),
    "barbell": ("barbell",),
    "broomstick": ("stick", "pole", "broom"),
    "skipping rope": ("rope",),
}
"""A thing as texts name it -> words of which one is to be in the equipment."""
_THING = re.compile(
    rf"\b(?P<thing>{'|'.join(map(re.escape, _THINGS))})s?\b"
    r"(?! of (?:the|your|each|one|both) (?:foot|feet|hand|hands|thumb|toe|big toe))",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:as if|like|imagine|imaginary|no|not|without|never|nor|instead of)\b[^.;:!?,]*$",
    re.IGNORECASE,
)
"""What stands before something that is not to be done, or not for real."""
_NOT_NEEDED = re.compile(
    rf"{_DENIED.pattern}|\bor (?:(?:a|an|the|your|some)\b)?[^.;:!?,]*$", re.IGNORECASE
)
"""What stands before a thing that nobody needs, such as the second of two to choose from."""


def advise(document: Document, routine: Routine) -> tuple[Problem, ...]:
    """Return what makes a script hard to follow, in the order of the file.

    Args:
        document: the script as it was read.
        routine: what it means, each range at its start.
    """
    found = editions(document)
    notes = [*_safety(found.own), *_settling(found.own, routine)]
    for edition in (found.own, *found.others.values()):
        notes += _long_texts(edition)
    english = {routine.language: found.own, **found.others}
    for language, edition in english.items():
        if language.lower().split("-")[0] == "en":
            notes += [*_rising(edition, routine), *_equipment(edition), *_numbers(edition, routine)]
    return tuple(dict.fromkeys(sorted(notes, key=lambda note: note.where)))


def _note(document: Document, node: Node, message: str) -> Problem:
    return document.problem(node.where, message, severity="advice")


def _safety(document: Document) -> Iterator[Problem]:
    node = document.root.get("safety")
    if node is None or (isinstance(node, Items) and not node.items):
        at = document.root.key("title") or document.root
        message = "no `safety`: say when to stop, and who is to ask a doctor before"
        yield _note(document, at, message)


def _long_texts(document: Document) -> Iterator[Problem]:
    for node in (document.root, *exercise_nodes(document.root)):
        for text in (*instructions(node), *_listed(node, "safety"), *_listed(node, "closing")):
            count = len(text.text.split())
            if count > MAX_WORDS:
                message = f"{count} words at a time: at most {MAX_WORDS} are kept in mind"
                yield _note(document, text, f"{message}, so make two sentences of it")


def _pairs(document: Document, routine: Routine) -> Iterator[tuple[Mapping, Exercise]]:
    """Yield each exercise with its node."""
    nodes = (node for node in exercise_nodes(document.root) if node.get("exercises") is None)
    yield from zip(nodes, routine.exercises(), strict=True)


def _settling(document: Document, routine: Routine) -> Iterator[Problem]:
    """Yield a note where a setup leaves no time to do what it says."""
    is_english = routine.language.lower().split("-")[0] == "en"
    before = ""
    for node, exercise in _pairs(document, routine):
        after = (_posture(exercise) if is_english else "") or before
        rises = {before, after} == {_STANDING, _FLOOR}
        needed = SHORTEST_SETTLE
        if before and after != before:
            needed = TIME_TO_RISE if rises else TIME_TO_MOVE
        if exercise.setup and not exercise.settle_ready and exercise.settle.value < needed:
            at = node.get("settle") or node.key("setup") or node
            found = short_duration(exercise.settle.value) or "no time"
            change = f" from {before} to {after}" if after != before else ""
            message = f"{found} to settle{change}: give at least {short_duration(needed)}"
            yield _note(document, at, f"{message}, or `settle: ready`")
        before = after


def _rising(document: Document, routine: Routine) -> Iterator[Problem]:
    """Yield a note for each exercise that leads back to the floor after standing up from it."""
    if routine.level == "hard":  # is for those who get up and down as they like
        return
    before, was_down = "", False
    for node, exercise in _pairs(document, routine):
        after = _posture(exercise) or before
        if after == _FLOOR and before == _STANDING and was_down:
            message = "back to the floor after standing up from it: put exercises of one position"
            yield _note(document, node.key("name") or node, f"{message} together")
        was_down = was_down or after == _FLOOR
        before = after


def _posture(exercise: Exercise) -> str:
    """Return the posture in which a setup ends; empty if it says none, or leaves the choice."""
    found = ""
    for text in exercise.setup:
        for match in _POSTURES.finditer(text):
            if not _DENIED.search(text[: match.start()]):
                found = _POSTURE_NAMES.get(match.lastgroup or "", "")
    return found


def _equipment(document: Document) -> Iterator[Problem]:
    """Yield a note for each thing that is needed and not named before, where it first appears."""
    named = " ".join(text.text for text in _listed(document.root, "equipment")).casefold()
    told: set[str] = set()
    for node in exercise_nodes(document.root):
        for text in instructions(node):
            for match in _THING.finditer(text.text):
                thing = match["thing"].lower()
                is_named = any(re.search(rf"\b{word}", named) for word in _THINGS[thing])
                before = text.text[: match.start()]
                if is_named or thing in told or _NOT_NEEDED.search(before):
                    continue
                told.add(thing)
                message = f"this needs a {thing}, which is not in `equipment`"
                yield _note(document, text, f"{message}: name it, so that it is at hand")


def _numbers(document: Document, routine: Routine) -> Iterator[Problem]:
    """Yield a note for each number in a text that a field could say."""
    for node, exercise in _pairs(document, routine):
        for text in instructions(node):
            for written, unit in written_doses(text.text):
                field = _field(exercise, unit)
                if field:
                    message = f'"{written}" does not follow an adjustment: write {{{field}}}'
                    yield _note(document, text, message)


def _field(exercise: Exercise, unit: str) -> str:
    """Return the field that says how many `rep`, `set` or `sec` an exercise has, or nothing."""
    if unit == "set":
        return "sets" if exercise.sets.high > 1 else ""
    if unit == "rep":
        return "reps" if exercise.is_repeated else ""
    kinds = [kind for kind in ("hold", "work") if any(getattr(p, kind) for p in exercise.phases)]
    return kinds[0] if kinds else ""


def _listed(node: Mapping, key: str) -> tuple[Scalar, ...]:
    value = node.get(key)
    items = value.items if isinstance(value, Items) else (value,)
    return tuple(item for item in items if isinstance(item, Scalar))
