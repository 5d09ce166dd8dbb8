"""Names of exercises: what may be one, and where in a line it stands."""

from __future__ import annotations

import re

from coach.draft.blocks import Block
from coach.draft.dose import doses_in
from coach.draft.sentences import is_about_all, sentences
from coach.draft.telling import BEGINS, DOSING, INSTRUCTS, POSITION

_NO_NAME = re.compile(
    r"^\W*(?:(?:(?:main |target )?muscles?(?: worked| used)?|repetitions?|reps?|sets?|holds?|"
    r"days?(?: (?:per|a) week)?|"
    r"freq(?:uency)?|duration|times?(?: (?:per|a) day)?|steps?(?: ?\d+)?|tips?|notes?|goals?|"
    r"aims?|purpose|levels?|directions?|why|"
    r"targets?|benefits?|dos(?:e|age)|progressions?|rest|modifications?|start(?:ing)?(?: "
    r"position)?|position|movement|action|"
    r"description|method|variations?|options?|easier|harder|subject|overview|introduction|summary|"
    r"conclusion|total|"
    r"general advice|(?:exercise|stretch|move|station|day|block|part|circuit|superset)s? ?(?:\d+|"
    r"[A-H])?|"
    r"name|date|patient|key points?|common mistakes)\W*$|"
    r"(?:warning|caution|important|equipment|what you|you(?:'ll| will)? need|props\b|remember|"
    r"safety|stop|how (?:to|often|many)|"
    r"warm(?:ing)?[- ]?up|cool(?:ing)?[- ]?down|finish|the bottom line|when to|before you|after\b|"
    r"if you|dear\b|hi\b|hello\b|"
    r"week \d|phase \d|do (?:these|this|all|them|each|every)|repeat|perform|complete|try\b|please|"
    r"ice\b|build\b|"
    r"each (?:exercise|move|stretch)|all (?:exercises|moves|movements)|take a\b|then\b|and\b|or\b|"
    r"keep\b|home exercise|your (?:program(?:me)?|plan|exercises))\b)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?P<name>[^:.!?\n]{2,70}?)(?:\s*:\s+|\s+[-\u2013\u2014]\s*|\s*\u2014\s*|"
    r"\s*\u2013\s+)(?P<rest>\S.*)",
    re.DOTALL,
)
NUMBER = re.compile(
    r"^\s*(?:(?:exercise|stretch|move|pose|station)\s+)?(?:no\.? ?)?"
    r"(?:\d{1,2}\s*[.):]\s*|[A-H]\d?\s*[.):]\s+|(?:\d{1,2}|[A-H])\s+[\u2013-]\s+)(?=\S)",
    re.IGNORECASE,
)
_NO_LEAD = re.compile(r"^\W*(?:each|per|both|for|on|in|with|x|\d+)\b", re.IGNORECASE)
_COUNTED_LAST = re.compile(
    r"^(?P<name>[A-Za-z][^,:\d]{2,40}),\s*(?P<rest>\d{1,3}(?:\s?-\s?\d{1,3})?)$"
)
"""A line such as `press-ups, 10`."""
_COUNTED = re.compile(
    r"^(?P<dose>\d{1,3}(?:\s?-\s?\d{1,3})?(?:[ -]?(?:seconds?|secs?|minutes?|mins?|s|min)\b)?)[ -]"
    r"(?:of )?(?P<name>[A-Za-z][\w' -]{2,40}?)(?P<rest>(?:,| (?:per|each|on|with|for)\b).*|$)",
    re.IGNORECASE,
)
"""A line such as `20 bicycle crunches per side` or `45-second plank`."""


def clean_name(text: str) -> str:
    """Return a name without its number and what only sets it off."""
    text = NUMBER.sub("", text.split("\n", maxsplit=1)[0].strip())
    text = text.strip(" \t:-\u2013\u2014.*#|,;@(")
    letters = [letter for letter in text if letter.isalpha()]
    if (len(letters) > 4 and text == text.upper() and " " in text) or (
        len(letters) > 5 and text == text.upper()
    ):
        text = text.capitalize()
    return text[:1].upper() + text[1:]


def is_name(text: str) -> bool:
    """Whether words may be the name of an exercise."""
    name = clean_name(text)
    words = name.split()
    return (
        1 <= len(words) <= 9
        and 2 <= len(name) <= 70
        and any(letter.isalpha() for letter in name)
        and not _NO_NAME.match(name)
        and not re.search(r"[.!?]\s|\?$", name)
        and not re.search(r"^(?:\w+ )?(?:things|exercises)$", name, re.IGNORECASE)
        and not any(dose.kind != "sides" for dose in doses_in(name))
    )


def short_named(text: str) -> tuple[str, str] | None:
    """Return the name and the rest of a line such as `SLR 2x10, 3s hold`, or None."""
    doses = [dose for dose in doses_in(text) if dose.kind in DOSING]
    if not doses or doses[0].start < 2 or is_about_all(text):
        return None
    start = doses[0].start
    if doses[0].words.lower().startswith("hold ") and re.search(r"\w $", text[:start]):
        # "Suitcase hold 30 s" names a hold.
        start += len("hold ")
    name = text[:start].strip(" -\u2013\u2014:,@(|.")
    first = re.split(r"[,.]\s", name)[0]
    if first != name and len(name.split()) <= 9:
        name = first
    if len(name.split()) > 6 or re.search(r"[.;!?]", name) or not is_name(name):
        return None
    if re.search(r"\b(?:your|and|then|it|for|until|them)\b|,", name, re.IGNORECASE) or name.split()[
        -1
    ].lower() in ("the", "of", "do", "x"):
        return None
    return name, text[len(name) :].strip(" -\u2013\u2014:,")


def named_part(block: Block) -> tuple[str, str, bool] | None:
    """Return the name at a block's beginning, what follows, and whether it is set off."""
    text = block.text
    if block.lead and text.startswith(block.lead) and is_name(block.lead):
        rest = text[len(block.lead) :].strip(" \n:-\u2013\u2014.")
        if rest and len(block.lead.split()) <= 8:
            return clean_name(block.lead), rest, True
    lines = block.lines
    if (
        len(lines) > 1
        and len(lines[0].split()) <= 8
        and lines[0][-1] not in ".!?,"
        and is_name(lines[0])
    ):
        if not re.match(r"^\s*[\w /]+:\s", lines[0]) and not (
            block.kind == "text" and lines[0].endswith(":")
        ):
            return clean_name(lines[0]), "\n".join(lines[1:]), block.kind == "item"
    lead = _LEAD.match(text)
    if (
        lead
        and is_name(lead["name"])
        and len(lead["name"].split()) <= 8
        and not _NO_LEAD.match(lead["name"])
    ):
        name = lead["name"].strip()
        if not (BEGINS.match(name) and INSTRUCTS.search(name)):
            return clean_name(name), lead["rest"].strip(), False
    counted = _COUNTED.match(text) if len(lines) == 1 and block.kind == "item" else None
    if counted and is_name(counted["name"]) and not BEGINS.match(counted["name"]):
        rest = f"{counted['dose']}{counted['rest']}"
        return clean_name(counted["name"]), rest.strip(" ,"), False
    last = _COUNTED_LAST.match(text) if block.kind == "item" else None
    if last and is_name(last["name"]):
        return clean_name(last["name"]), last["rest"], False
    short = short_named(text) if len(lines) == 1 else None
    return (clean_name(short[0]), short[1], False) if short else None


def is_counted(block: Block, name: str) -> bool:
    """Whether an item says how many of what it names, as in `10 walking planks`."""
    counted = _COUNTED.match(block.text) or _COUNTED_LAST.match(block.text)
    return block.kind == "item" and counted is not None and clean_name(counted["name"]) == name


def name_of(text: str) -> str:
    """Return the first words of a movement, for an exercise that the handout gives no name."""
    parts = sentences(text)
    moving = [part for part in parts if not POSITION.match(part) and BEGINS.match(part)]
    first = re.sub(
        r"^(?:while|as you|on|in|from|"
        r"with)\b[^,]{0,60},\s*",
        "",
        (moving or parts)[0],
        flags=re.IGNORECASE,
    )
    words = re.split(r"[,.;:]|\b(?:and|with|until|so that|for)\b", first)[0].split()
    return clean_name(" ".join(words[:7])) or "Exercise"
