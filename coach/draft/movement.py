"""The parts of a repetition with holds: what leads to each, and what leads back."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct, field

from coach.draft.dose import LASTS, Dose, doses_in
from coach.draft.doses import Gathered
from coach.draft.sentences import (
    capital,
    ended,
    is_bare,
    is_caution,
    is_reason,
    is_return,
    without_doses,
)
from coach.script_writer import Place

STATIC = 15
"""Seconds of a hold from which on the position is taken once, and is no movement that repeats."""
_MOVE = "3s"
_CUE_WORDS = 6
_LONGEST = 600
"""Characters of what is said about a movement."""
_CUT = re.compile(
    r"[,;:(.!]|\b(?:and|with|until|by|like|while|as|so|keeping|without|leaving|letting|then|for|"
    r"into|towards?|if|off|at|about)\b",
    re.IGNORECASE,
)
_AND_HOLD = re.compile(r"(?:,|\band\b|\bthen\b|,\s*and)*\s*$", re.IGNORECASE)
_POSITION = re.compile(
    r"^(?:lie|lying|sit|sitting|stand|standing|kneel|kneeling|start|begin|on your|on hands|get|"
    r"come down|with your|while|from)\b",
    re.IGNORECASE,
)
_VERB = (
    r"(?:lift|raise|bring|pull|push|press|squeeze|slide|turn|tilt|lean|lower|draw|roll|rotate|"
    r"straighten|bend|tuck|nod|open|reach|rise|tighten|move|swing)\b"
)
_MOVES = re.compile(
    rf",? and (?:then )?(?=(?:slowly |gently )?(?:{_VERB}|let\b|look\b))|"
    rf",\s+(?:then )?(?=(?:slowly |gently )?{_VERB})",
    re.IGNORECASE,
)
"""Where a movement begins within a sentence."""
_GOES_ON = re.compile(rf"^(?:then |now |slowly |gently )*{_VERB}", re.IGNORECASE)
_MANNER = re.compile(
    r"^(?:be careful|make sure|try|keep|avoid|breathe|don't|do not|remember|ensure|you should|"
    r"you'll|you will|only|never|tip)\b",
    re.IGNORECASE,
)
"""How a movement is done, and not the movement."""
_LINK = re.compile(r"^(?:then|now|next|and|slowly|gently|,|\s)+(?=\w)", re.IGNORECASE)


class Made(Struct):
    """The keys of an exercise that tell of its holds."""

    setup: list[str]
    keys: dict[str, Any] = field(default_factory=dict)
    comments: dict[Place, str] = field(default_factory=dict)


class _Part(Struct):
    text: str
    """The handout's words for the movement; may be empty."""
    hold: Dose | None


def phases(found: Gathered, *, is_repeated: bool) -> Made:
    """Return phases if there are several parts, else the short form, and the sentences left."""
    first = found.holds[0]
    if len(found.holds) == 1 and (
        first.sentence < 0 or not is_repeated or first.dose.low >= STATIC
    ):
        made = Made(list(found.sentences))
        if found.pause is None:
            made.keys["hold"] = first.dose.seconds
            made.comments["hold",] = _quoted(first.dose)
            return made
        parts = [_Part("", first.dose)]
        used: set[int] = set()
    else:
        parts, used = _parts(found)
        made = Made(
            [sentence for index, sentence in enumerate(found.sentences) if index not in used]
        )
    if len(parts) == 1 and found.pause is None:
        _short_form(made, parts[0])
        return made
    listed: list[dict[str, Any]] = []
    for part in parts:
        listed.append(_phase(made, part, ("phases", len(listed))))
    if found.pause:
        words = found.pause.words.split()[0].capitalize()
        made.comments["phases", len(listed), "move"] = _quoted(found.pause)
        listed.append({"cue": words if words.isalpha() else "Rest", "move": found.pause.seconds})
    if not listed[0].get("cue"):
        listed[0] = {"cue": "Hold", **listed[0]}
    made.keys["phases"] = listed
    return made


def _short_form(made: Made, part: _Part) -> None:
    made.keys.update(_phase(made, part, ()))


def _phase(made: Made, part: _Part, place: Place) -> dict[str, Any]:
    phase: dict[str, Any] = {}
    cue = cue_of(part.text)
    if cue:
        phase["cue"] = cue
        guide = ended(part.text[:_LONGEST])
        if guide.rstrip(".") != cue:
            phase["guide"] = guide
        phase["move"] = _MOVE
        made.comments[(*place, "move")] = "check: time for the movement"
    if part.hold:
        phase["hold"] = part.hold.seconds
        made.comments[(*place, "hold")] = _quoted(part.hold)
    return phase


def cue_of(text: str) -> str:
    """Return the first words of a movement, few enough to be said every time."""
    text = _LINK.sub("", text.strip())
    cut = _CUT.search(text, 4)
    words = (text[: cut.start()] if cut else text).split()
    if len(words) > _CUE_WORDS:
        words = words[:_CUE_WORDS]
    while (
        len(words) > 1
        and words[-1].lower()
        in ("your", "the", "a", "to", "of", "on", "in", "up", "both", "from", "one", "against")
        and len(words) > 2
    ):
        words.pop()
    return capital(" ".join(words).strip(" ,"))


def _parts(found: Gathered) -> tuple[list[_Part], set[int]]:
    """Return the movements and holds in their order, and which sentences they are made of."""
    parts: list[_Part] = []
    used: set[int] = set()
    for number, held in enumerate(found.holds):
        if held.sentence < 0:
            parts += _below_dose(found, held.dose, used)
            continue
        at = held.sentence
        begin = 0
        if number and found.holds[number - 1].sentence == at:
            begin = found.holds[number - 1].dose.end
        before = _AND_HOLD.sub("", found.sentences[at][begin : held.dose.start]).strip(" ,;")
        before = "" if is_bare(before) else before
        if not before and not begin:
            last = found.holds[number - 1].sentence + 1 if number else 0
            is_at_head = not any(without_doses(text) for text in found.sentences[last : at + 1])
            if is_at_head and len(found.holds) == 1:
                # The dose stands above the steps.
                parts += _below_dose(found, held.dose, used)
                used.add(at)
                continue
            before = _movement_before(found, last, at, used)
        elif before and _POSITION.match(before) and not number and len(found.holds) == 1:
            before = ""
        if before and not is_bare(held.dose.words):
            own = _with_field(held.dose.words)
            is_same = before in found.sentences[at]
            before = f"{before} and {own}" if is_same else f"{before.rstrip('.')}. {capital(own)}"
        if before or begin or is_bare(found.sentences[at]):
            used.add(at)
        parts.append(_Part(before, held.dose))
        following = (
            found.holds[number + 1].sentence
            if number + 1 < len(found.holds)
            else len(found.sentences)
        )
        parts += _back(found, held.sentence, held.dose, following, used)
    return parts, used


def _below_dose(found: Gathered, hold: Dose, used: set[int]) -> list[_Part]:
    """Return the movement, the hold and the way back where the dose is no part of the steps."""
    before = _movement_before(found, 0, len(found.sentences), used)
    at = max(used, default=-1)
    back = _back(found, at, hold, len(found.sentences), used) if at >= 0 else []
    return [_Part(before, hold), *back]


def _movement_before(found: Gathered, first: int, at: int, used: set[int]) -> str:
    """Return the movement that the sentences from `first` up to `at` end with; empty if none.

    A sentence that is all movement is taken; of one that tells the position, too, only the end is
    repeated.
    """
    for index in range(at - 1, first - 1, -1):
        sentence = without_doses(found.sentences[index])
        is_movement = sentence and not is_bare(sentence) and not _MANNER.match(sentence)
        if not is_movement or is_caution(sentence) or is_reason(sentence):
            continue
        if index in used:
            return ""
        if is_return(sentence):
            continue
        if not _POSITION.match(sentence):
            used.add(index)
            return sentence
        clauses = _MOVES.split(sentence)
        return clauses[-1] if len(clauses) > 1 else ""
    return ""


def _back(found: Gathered, at: int, hold: Dose, following: int, used: set[int]) -> list[_Part]:
    """Return the movement back after a hold, if the handout words one."""
    if following != at and hold.end <= len(found.sentences[at]):
        rest = _LINK.sub("", found.sentences[at][hold.end :].strip(" ,;.")).strip()
        rest = _clean_return(rest)
        if rest and is_return(rest):
            used.add(at)
            return [_Part(rest, None)]
    if at + 1 < min(following, len(found.sentences)):
        after = found.sentences[at + 1]
        text = _clean_return(after)
        goes_on = is_bare(found.sentences[at][hold.end :]) and _GOES_ON.match(text)
        if text and (is_return(text) or goes_on) and not is_caution(text):
            used.add(at + 1)
            return [_Part(text, None)]
    return []


def _with_field(words: str) -> str:
    """Return the words of a hold with a field in the place of its length."""
    return re.sub(
        rf"{LASTS}$", "{hold}", words.replace("{", "").replace("}", ""), flags=re.IGNORECASE
    )


def _clean_return(text: str) -> str:
    """Return a movement back without its doses; `Relax.` alone is one, too."""
    return text.strip(" .") if text and not doses_in(text) else without_doses(text)


def _quoted(dose: Dose) -> str:
    return f'"{" ".join(dose.words.split())[:80]}"'
