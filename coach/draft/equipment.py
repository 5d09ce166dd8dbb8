"""What is needed for the exercises, as the handout names it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ADJECTIVES = (
    r"rubber|plastic|small|large|big|firm|soft|thin|thick|rolled(?:[ -]up)?|folded|yoga|exercise|"
    r"gym|resistance|"
    r"elastic|elastic stretch|"
    r"sturdy|stable|low|high|stiff|unyielding|long|short|wooden|tennis|massage|foam|therapy|"
    r"stretch|heavy|light|padded|stability|swiss|"
    r"frozen|kitchen|straight-backed|dining|hand|bath|\d+[- ]?inch|\d+ ?cm"
)
_THINGS = (
    r"mats?|towels?|chairs?|stools?|bands?|therabands?|thera-bands?|straps?|belts?|balls?|"
    r"pillows?|cushions?|blocks?|blankets?|bolsters?|"
    r"dumbbells?|kettlebells?|barbells?|weights?|rollers?|sticks?|wand|broomstick|step|bench|"
    r"table|putty|hammer|bottle|carpet|swiss ball"
)
_THING = re.compile(
    rf"(?<![\w-])(?:(?P<article>an?|the|your|two|pair of) "
    rf")?(?P<words>(?:(?:{_ADJECTIVES})[ ,]+){{0,3}}(?:{_THINGS}))(?![\w-])",
    re.IGNORECASE,
)
_NO_THING = re.compile(
    r"(?:\b(?:to|of|no|first|next|each|one|a) )(?:step|table|weight)s?\b|\bstep \d|\b(?:the|your) "
    r"(?:ball|balls) of|\bballs? of (?:the|your) f|\byour weight\b|\bstep (?:forward|back|up|down|"
    r"your|into|out|onto|to)",
    re.IGNORECASE,
)
_SURE = re.compile(r"\b(?:an? |the |your )?(?:low |bottom |small |firm )?step\b", re.IGNORECASE)
_PARTS = re.compile(r"\s*(?:,|;|\band\b|\n|\u2022)\s*")
_NOTHING = re.compile(r"^\W*(?:none|nothing|no equipment|n/?a|-+)\W*$", re.IGNORECASE)
MOST = 12


def equipment(needed: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Return what is needed: what the handout lists, then what the exercises use, each once.

    Args:
        needed: the handout's own lists.
        texts: the sentences of the exercises.
    """
    found: list[str] = []
    for line in needed:
        for part in _PARTS.split(line):
            thing = part.strip(" .:-\u2022")
            if (
                thing
                and len(thing) <= 60
                and not _NOTHING.match(thing)
                and any(letter.isalpha() for letter in thing)
            ):
                _add(found, thing)
    for text in texts:
        for match in _THING.finditer(text):
            if _is_part_of_body(text, match):
                continue
            words = " ".join(match["words"].split())
            _add(found, words[:1].lower() + words[1:])
    return found[:MOST]


def _is_part_of_body(text: str, match: re.Match[str]) -> bool:
    """Whether it is a ball of the foot, a step that is taken, a weight that is shifted."""
    around = text[max(0, match.start() - 4) : match.end() + 12]
    last = match["words"].split()[-1].lower()
    if last == "stick" and not match["article"]:
        return True
    if last == "table" and re.match(r"[ -]?top", text[match.end() : match.end() + 4]):
        return True
    if last in ("ball", "balls"):
        return re.match(r" of (?:the|your)", text[match.end() : match.end() + 9]) is not None
    if last == "step":
        before = text[
            max(0, match.start() - 14) : match.start() + len(match["article"] or "")
        ].lower()
        is_noun = bool(re.search(r"\b(?:a|the|on|low)$", before.strip())) or " " in match["words"]
        return not is_noun or bool(
            re.match(r"\s*(?:\d|forward|back|by)", text[match.end() : match.end() + 8])
        )
    if last in ("weight", "weights"):
        return bool(
            re.search(
                r"\b(?:your|the|body|shift|even|taking)\s*$",
                text[max(0, match.start() - 12) : match.start()].lower()
                + (match["article"] or "").lower(),
            )
        ) or match["article"] not in ("a", "an", None)
    return bool(_NO_THING.search(around)) and last != "table"


def _add(found: list[str], thing: str) -> None:
    """Add a thing unless it is there; the same with more words takes its place."""
    key = _key(thing)
    for index, known in enumerate(found):
        if key == _key(known):
            if len(thing) > len(known) and thing.lower().endswith(known.lower()):
                found[index] = thing
            return
    if not any(re.search(rf"\b{re.escape(key)}s?\b", known.lower()) for known in found):
        found.append(thing)


def _key(thing: str) -> str:
    words = re.findall(r"[\w-]+", thing.lower())
    last = words[-1] if words else thing.lower()
    return last[:-1] if last.endswith("s") and len(last) > 3 else last
