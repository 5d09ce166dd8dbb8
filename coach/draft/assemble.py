"""What was found in a handout as the data of a script, with the comments about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from coach.draft.candidate import Candidate
from coach.draft.dose import LASTS, SWAPPED, Dose
from coach.draft.doses import BREATH, Gathered, General, gather, general
from coach.draft.equipment import equipment
from coach.draft.movement import phases
from coach.draft.sections import Sections
from coach.draft.sentences import (
    ended,
    is_caution,
    is_cool_down,
    is_label,
    is_reason,
    is_warm_up,
    sentences,
    without_doses,
)
from coach.script import default_id
from coach.script_writer import Place
from coach.values import MAX_NAME, MAX_TEXT

CHECK = "check:"
"""How a comment begins that marks a guess."""

_LONG = 60
"""Seconds of a hold that is hardly meant to be repeated as often as all other exercises."""
_GEAR = re.compile(r"\b(?:needs?|grab|use|get|bring|take|have ready)\b", re.IGNORECASE)
_MOST_SENTENCES = 12
"""Of one list; more is no instruction but an article."""
_REPS, _HOLD = "10", "20s"
"""What is guessed where a handout says nothing."""
_MOST = {"reps": 1000, "sets": 100, "rounds": 100, "seconds": 3600}
"""Beyond that a number is none of a dose."""


class Draft(Struct):
    """A script in the making."""

    script: dict[str, Any]
    comments: dict[Place, str] = field(default_factory=dict)

    @property
    def guesses(self) -> int:
        """How many values are guesses."""
        return sum(text.startswith(CHECK) for text in self.comments.values())


def assemble(found: Sections, *, title: str, language: str, file: str) -> Draft:
    """Return the draft of a script.

    Args:
        found: the handout, taken apart.
        title: the script's; empty takes the handout's.
        language: of the texts.
        file: the handout's name.
    """
    draft = Draft({"coach": 1})
    script, comments = draft.script, draft.comments
    comments[()] = (
        f"Drafted from {file}. Values have the handout's own words beside them.\n"
        "What is marked `check:` is a guess. Read all of it before you follow it."
    )
    own_title = " ".join((title or found.title).split())[:MAX_NAME].strip()
    script["title"] = _escaped(own_title or "Exercises")
    if not own_title:
        comments["title",] = f"{CHECK} the handout gives no title"
    script["language"] = language
    found.around += _without_stops(found.exercises)
    about_all = general(found.around)
    if about_all.often:
        script["description"] = _text(about_all.often[0])
    items = _exercises(found.exercises, about_all, draft)
    texts = [line for item in found.exercises for line in item.lines]
    names = [item.name for item in found.exercises]
    gear = [sentence for sentence in found.around if _GEAR.search(sentence)]
    script["equipment"] = [
        _escaped(thing) for thing in equipment(found.needed, [*gear, *texts, *names])
    ]
    used = set(about_all.used) | set(about_all.often[:1])
    around = [text for text in found.around if text not in used or is_caution(text)]
    script["closing"] = _texts([text for text in around if is_cool_down(text)])
    script["safety"] = _texts(
        [
            text
            for text in around
            if not is_cool_down(text) and (is_caution(text) or is_warm_up(text))
        ]
    )
    script["settle"] = "10s"
    comments["settle",] = f"{CHECK} time to take each position"
    if about_all.rest and not about_all.rounds:
        script["rest"] = about_all.rest.seconds
        comments["rest",] = _quoted(about_all.rest)
    script["exercises"] = items
    return draft


_STOPS = re.compile(
    r"^(?:please )?stop\b.*\b(?:if|when)\b|^if\b.*\bstop\b|"
    r"^(?:please )?(?:tell|ring|call|contact|phone|speak to|see|ask)\b.{0,40}\bif\b",
    re.IGNORECASE,
)


def _without_stops(candidates: Sequence[Candidate]) -> list[str]:
    """Take out of exercises what tells when to stop, and return it; it is to be said first."""
    found: list[str] = []
    for candidate in candidates:
        kept = []
        for line in candidate.lines:
            for sentence in sentences(line):
                clauses = re.split(r";\s*", sentence)
                stops = [clause for clause in clauses if _STOPS.match(clause)]
                found += stops
                rest = "; ".join(clause for clause in clauses if clause not in stops)
                kept += [rest] if rest else []
        candidate.lines = kept
    return found


def _exercises(
    candidates: Sequence[Candidate], about_all: General, draft: Draft
) -> list[dict[str, Any]]:
    """Return the exercises, in a circuit if the handout does them in rounds."""
    is_circuit = about_all.rounds is not None and len(candidates) > 1
    base: Place = ("exercises", 0, "exercises") if is_circuit else ("exercises",)
    taken: set[str] = set()
    items = []
    for index, candidate in enumerate(candidates):
        item, comments = exercise(candidate, about_all)
        if is_circuit and about_all.rest and "rest" not in item:
            item["rest"] = about_all.rest.seconds
            comments["rest",] = _quoted(about_all.rest)
        slug = default_id(item["name"])
        if slug in taken or not slug:
            number = next(
                n for n in range(2, len(candidates) + 3) if f"{slug or 'exercise'}-{n}" not in taken
            )
            slug = item["id"] = f"{slug or 'exercise'}-{number}"
        taken.add(slug)
        items.append(item)
        draft.comments.update({(*base, index, *place): text for place, text in comments.items()})
    if not is_circuit or about_all.rounds is None:
        return items
    circuit: dict[str, Any] = {"rounds": about_all.rounds.count, "exercises": items}
    draft.comments["exercises", 0, "rounds"] = _quoted(about_all.rounds)
    if about_all.round_rest:
        circuit["rest"] = about_all.round_rest.seconds
        draft.comments["exercises", 0, "rest"] = _quoted(about_all.round_rest)
    return [circuit]


def exercise(candidate: Candidate, about_all: General) -> tuple[dict[str, Any], dict[Place, str]]:
    """Return an exercise as a script has it, and the comments about its values."""
    found = gather(candidate)
    item: dict[str, Any] = {"name": _escaped(candidate.name[:MAX_NAME])}
    comments: dict[Place, str] = {}
    if not candidate.is_named:
        comments["name",] = f"{CHECK} the handout gives no name"
    elif found.often:
        comments["name",] = _quoted(found.often)
    sides = found.sides or about_all.sides
    if sides:
        part = sides.part
        item["sides"] = ["left", "right"] if part == "side" else [f"left {part}", f"right {part}"]
        comments["sides",] = _quoted(sides)
    _count(item, comments, found, about_all)
    _time(item, comments, found, about_all)
    if found.others:
        words = " and ".join(f'"{dose.words}"' for dose in found.others[:3])
        key = next(key for key in ("reps", "hold", "work", "sets", "phases", "name") if key in item)
        before = comments.get((key,), "")
        note = f"the handout says {words}, too"
        comments[key,] = (
            f"{CHECK} {before.removeprefix(CHECK).strip()}; {note}" if before else f"{CHECK} {note}"
        )
    return item, comments


def _count(
    item: dict[str, Any], comments: dict[Place, str], found: Gathered, about_all: General
) -> None:
    """Set repetitions, sets and the rest between them."""
    reps, sets = found.reps, found.sets
    if found.times and not (reps and sets):
        hold = found.holds[0].dose if found.holds else found.work
        is_set = reps is not None or (
            hold is not None and (hold.low >= 20 or found.rest is not None)
        )
        if is_set and sets is None:
            sets = found.times
        elif reps is None:
            reps = found.times
    has_own = reps or sets or found.holds or found.work
    if not reps and not found.work and not (found.holds and sets):
        is_long = bool(found.holds) and found.holds[0].dose.low >= _LONG
        is_for_all = about_all.reps is not None and not about_all.time and not is_long
        reps = about_all.reps if is_for_all else None
    if not sets and not has_own:
        sets = about_all.sets
    for key, dose in (("reps", reps), ("sets", sets)):
        if (
            dose
            and dose.low >= 1
            and dose.high <= _MOST[key]
            and dose.low.denominator == dose.high.denominator == 1
        ):
            item[key] = dose.count
            comments[key,] = _quoted(dose)
            if dose.part == SWAPPED:
                comments[key,] = f"{CHECK} {_quoted(dose)} taken as repetitions, then sets"
    rest = found.rest or (found.pause if not found.holds or "sets" in item else None)
    if rest and rest.low > 0 and rest.high <= _MOST["seconds"]:
        item["rest"] = rest.seconds
        comments["rest",] = _quoted(rest)
        if rest is found.pause:
            found.pause = None


def _time(
    item: dict[str, Any], comments: dict[Place, str], found: Gathered, about_all: General
) -> None:
    """Set the holds or the activity, and the sentences, some of which belong to phases."""
    found.holds = [
        held for held in found.holds if held.dose.low > 0 and held.dose.high <= _MOST["seconds"]
    ]
    found.work = (
        found.work
        if found.work and 0 < found.work.low <= found.work.high <= _MOST["seconds"]
        else None
    )
    is_undosed = not found.holds and not found.work and "reps" not in item
    if found.breaths and not found.holds and not found.work:
        seconds = round(found.breaths.low * BREATH)
        item["hold"] = f"{seconds}s"
        comments["hold",] = (
            f'{CHECK} "{_plain(found.breaths.words)}", taken as {BREATH} seconds each'
        )
    elif about_all.hold and not found.work and not found.holds and not found.reps:
        item["hold"] = about_all.hold.seconds
        comments["hold",] = _quoted(about_all.hold)
    elif is_undosed and about_all.time:
        item["work"] = about_all.time.seconds
        comments["work",] = _quoted(about_all.time)
    elif is_undosed:
        says_hold = re.search(
            r"\bhold\b", " ".join([item["name"], *found.sentences]), re.IGNORECASE
        )
        key, value = ("hold", _HOLD) if says_hold else ("reps", _REPS)
        item[key] = value
        comments[key,] = f"{CHECK} the handout gives no number"
    if found.work:
        item["work"] = found.work.seconds
        comments["work",] = _quoted(found.work)
    spoken = found.sentences
    if found.holds:
        made = phases(found, is_repeated="reps" in item and item["reps"] != "1")
        spoken = made.setup
        item.update(made.keys)
        comments.update(made.comments)
    setup = [
        _text(kept)
        for sentence in spoken
        if not is_reason(sentence) and (kept := without_doses(sentence)) and not is_label(kept)
    ]
    for key, dose in (("hold", found.holds[0].dose if found.holds else None), ("work", found.work)):
        # A number in a text would not follow when the value is adjusted.
        if dose and item.get(key) == dose.seconds:
            own = next(iter(re.findall(LASTS, dose.words, re.IGNORECASE)), None)
            setup = [text.replace(own, f"{{{key}}}") if own else text for text in setup]
    item["setup"] = list(dict.fromkeys(setup))[:_MOST_SENTENCES]


def _quoted(dose: Dose) -> str:
    return f'"{_plain(dose.words)}"'


def _plain(words: str) -> str:
    return " ".join(words.split())[:80]


def _texts(lines: Sequence[str]) -> list[str]:
    return [_text(line) for line in dict.fromkeys(lines)][:_MOST_SENTENCES]


def _text(sentence: str) -> str:
    return ended(_escaped(" ".join(sentence.split()))[: MAX_TEXT - 1])


def _escaped(text: str) -> str:
    """Return a text whose braces are no fields."""
    return text.replace("{", "(").replace("}", ")")
