"""The dose of one exercise, gathered from all that the handout says about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct, field

from coach.draft.candidate import Candidate
from coach.draft.dose import Dose, doses_in
from coach.draft.sentences import is_about_all, is_active, is_bare, is_still, is_warm_up, sentences

LONGEST_BESIDE = 15
"""Seconds."""
_LONE = re.compile(
    r"(?P<low>\d{1,3})(?:\s?[-\u2013]\s?(?P<high>\d{1,3}))?(?=$|,| (?:on|with|"
    r"for)\b)"
)
"""A count that stood before the name of what is counted."""
BREATH = Fraction(4)
"""Seconds that a slow breath is taken for."""


class Held(Struct, frozen=True):
    """A hold and where it is said."""

    dose: Dose
    sentence: int
    """Position among the exercise's sentences; -1 if a table says it."""


class Gathered(Struct):
    """What is dosed in an exercise; None where the handout says nothing."""

    sentences: list[str]
    holds: list[Held] = field(default_factory=list)
    work: Dose | None = None
    reps: Dose | None = None
    sets: Dose | None = None
    times: Dose | None = None
    """A count that may be of repetitions or of sets."""
    rest: Dose | None = None
    pause: Dose | None = None
    sides: Dose | None = None
    often: Dose | None = None
    breaths: Dose | None = None
    others: list[Dose] = field(default_factory=list)
    """Doses that contradict those taken."""


def gather(candidate: Candidate) -> Gathered:
    """Return what the handout says about the dose of an exercise."""
    own = [sentence for line in candidate.lines for sentence in sentences(line)]
    found = Gathered(own)
    for text in candidate.labelled:
        _take(found, doses_in(text), text, -1, candidate)
    for index, sentence in enumerate(own):
        lone = _LONE.match(sentence)
        if lone and not found.reps and not found.sets:
            low, high = Fraction(lone["low"]), Fraction(lone["high"] or lone["low"])
            found.reps = Dose("reps", min(low, high), max(low, high), lone[0], 0, lone.end())
        if not is_warm_up(sentence):
            _take(found, doses_in(sentence), sentence, index, candidate)
    for dose in doses_in(candidate.shared):
        if dose.kind in ("sets", "rest", "pause", "reps") and not getattr(found, dose.kind):
            kind = "rest" if dose.kind == "pause" else dose.kind
            setattr(found, kind, dose)
    _settle(found)
    return found


def _take(
    found: Gathered, doses: Sequence[Dose], text: str, index: int, candidate: Candidate
) -> None:
    kinds = {dose.kind for dose in doses}
    for dose in doses:
        if dose.kind in ("hold", "time"):
            _take_time(found, dose, text, index, candidate, is_counted="times" in kinds)
        elif dose.kind in ("pause", "rest") and index < 0:
            found.rest = found.rest or dose
        elif dose.kind == "rounds":
            found.times = found.times or dose
        elif dose.kind == "move":
            continue
        else:
            _set(found, dose)


def _set(found: Gathered, dose: Dose) -> None:
    before: Dose | None = getattr(found, dose.kind)
    if before is None:
        setattr(found, dose.kind, dose)
    elif (before.low, before.high) != (dose.low, dose.high) and dose.kind in ("reps", "sets"):
        # "Repeat 3 times, then 10 repetitions": which counts cannot be known.
        found.others.append(dose)


def _take_time(
    found: Gathered, dose: Dose, text: str, index: int, candidate: Candidate, *, is_counted: bool
) -> None:
    told = text
    if is_bare(text) and index > 0:
        # What is done for that time is told before.
        told = next((own for own in reversed(found.sentences[:index]) if not is_bare(own)), text)
    if _ALL_THE_TIME.search(text[: dose.start + 4]) and dose.kind == "time":
        # As long as that, one goes on with what is held shortly each time.
        found.others += [held.dose for held in found.holds]
        found.holds, found.work = [], dose
        return
    is_short_count = is_counted and dose.high <= 15
    is_counted_still = is_counted and not is_active(candidate.name) and not is_active(text)
    if (
        dose.kind == "hold"
        or is_counted_still
        or is_short_count
        or is_still(candidate.name, candidate.context, told)
    ):
        found.holds.append(Held(dose, index))
    elif found.work is None:
        found.work = dose


_OTHER_SIDE = re.compile(
    r"\b(?:other|opposite) (?:side|leg|arm|foot|hand|knee)s?\b|\b(?:switch|change) (?:sides|legs|"
    r"arms)\b",
    re.IGNORECASE,
)


def _settle(found: Gathered) -> None:
    """Decide what one sentence leaves open and another one tells."""
    holds: list[Held] = []
    for held in found.holds:
        if not holds:
            holds.append(held)
            continue
        last = holds[-1]
        if _is_same(found, last, held):
            if last.sentence < 0 or is_bare(found.sentences[last.sentence]):
                holds[-1] = held
            continue
        # The same for the other side is no second hold.
        is_other = (
            held.sentence >= 0 and _OTHER_SIDE.search(found.sentences[held.sentence]) is not None
        )
        if is_other or not _moves_between(found, last, held):
            if (held.dose.low, held.dose.high) != (last.dose.low, last.dose.high):
                found.others.append(held.dose)
            continue
        holds.append(held)
    found.holds = holds
    if (
        found.work is not None
        and found.reps
        and not found.holds
        and found.work.high <= LONGEST_BESIDE
    ):
        # A short time beside repetitions is that of each.
        place = next((i for i, text in enumerate(found.sentences) if found.work.words in text), -1)
        found.holds.append(Held(found.work, place))
        found.work = None
    if found.work is not None and found.holds:
        # A time beside a hold is the hold's own, or of something else.
        found.others.append(found.work)
        found.work = None


_ALL_THE_TIME = re.compile(
    r"\b(?:do|repeat|keep doing) (?:this|it)(?: exercise| movement)? for\b|"
    r"\b(?:continue|carry on|keep going)(?: \w+){0,2} for\b",
    re.IGNORECASE,
)
_NEXT_POSITION = re.compile(r"\bchange (?:position|direction)s?\b", re.IGNORECASE)


def _is_same(found: Gathered, last: Held, held: Held) -> bool:
    """Whether a hold is told twice, once as a mere dose."""
    is_told = any(
        one.sentence < 0 or is_bare(found.sentences[one.sentence]) for one in (last, held)
    )
    is_apart = last.sentence != held.sentence and min(last.sentence, held.sentence) <= 0
    return is_told and is_apart and last.dose.seconds == held.dose.seconds


def _moves_between(found: Gathered, last: Held, held: Held) -> bool:
    """Whether there is a movement between two holds."""
    if last.sentence < 0 or held.sentence < 0:
        return False
    if last.sentence == held.sentence:
        between = found.sentences[held.sentence][last.dose.end : held.dose.start]
        is_moved = not is_bare(between) or _NEXT_POSITION.search(between) is not None
        return is_moved and len(between.split()) >= 2
    before = found.sentences[held.sentence][: held.dose.start]
    parts = [
        found.sentences[last.sentence][last.dose.end :],
        *found.sentences[last.sentence + 1 : held.sentence],
        before,
    ]
    return any(not is_bare(part) and len(part.split()) >= 2 for part in parts)


class General(Struct):
    """What the handout says about all exercises; each with its sentence."""

    reps: Dose | None = None
    sets: Dose | None = None
    hold: Dose | None = None
    time: Dose | None = None
    rest: Dose | None = None
    sides: Dose | None = None
    rounds: Dose | None = None
    round_rest: Dose | None = None
    often: list[str] = field(default_factory=list)
    """Sentences that say how often a day or week."""
    used: list[str] = field(default_factory=list)
    """All sentences that are taken up."""


def general(around: Sequence[str]) -> General:
    """Return the doses in the sentences that belong to no exercise."""
    found = General()
    for sentence in around:
        doses = doses_in(sentence)
        if is_warm_up(sentence):
            continue
        if any(dose.kind == "often" for dose in doses):
            found.often.append(sentence)
        if not is_about_all(sentence):
            continue
        is_taken = False
        for dose in doses:
            if dose.kind in ("reps", "sets", "hold", "time", "sides") and not getattr(
                found, dose.kind
            ):
                setattr(found, dose.kind, dose)
                is_taken = True
            elif dose.kind == "rounds":
                found.rounds = found.rounds or dose
                is_taken = True
            elif dose.kind in ("rest", "pause"):
                if "round" in dose.words.lower():
                    found.round_rest = found.round_rest or dose
                else:
                    found.rest = found.rest or dose
                is_taken = True
        if is_taken:
            found.used.append(sentence)
    return found
