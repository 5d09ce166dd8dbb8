"""Exercises that running text introduces."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.draft.blocks import Block
from coach.draft.candidate import Candidate
from coach.draft.dose import doses_in
from coach.draft.names import clean_name, is_name
from coach.draft.sentences import is_about_all, is_caution, sentences
from coach.draft.telling import BEGINS

_NAME = r"(?P<name>[\w' -]{3,45}?)"
_STOP = r"(?=[.,:;(]|\s+(?:and|which|where|next|first|then|exercise|to)\b)"
_INTRODUCED = re.compile(
    rf"(?:\b(?:start|begin|finish|end|continue|carry on|go on|move on|follow)(?: off| up| "
    rf"this)?,? (?:with|to) (?:the |an? )?|"
    rf"\b(?:first|second|third|fourth|fifth|sixth|next|last|final|other|another)(?: (?:one|"
    rf"exercise|move|movement|stretch))? (?:is|are) (?:the |an? |called (?:the )?)?|"
    rf"\b(?:after that|then|next|finally|lastly)(?:,)? (?:comes?|do|try|is) (?:the |an? )|"
    rf"\b(?:this|it) is called (?:the |an? )?){_NAME}{_STOP}|"
    rf"^(?:now |next,? )?(?:in|for|to (?:do|perform)) (?:the|an?) (?P<other>[\w' -]{{3,45}}?) "
    rf"(?:exercise|stretch|movement)\b(?=,| you\b)",
    re.IGNORECASE,
)


def introduced(body: Sequence[Block]) -> list[str]:
    """Return the names that running text introduces."""
    texts = (block.text.replace("\n", " ") for block in body if block.kind == "text")
    found = (_INTRODUCED.search(sentence) for text in texts for sentence in sentences(text))
    return [match["name"] or match["other"] for match in found if match]


def exercises_in_prose(body: Sequence[Block]) -> tuple[list[Candidate], list[str]]:
    """Return the exercises that running text introduces by their names, and the other sentences."""
    found: list[Candidate] = []
    around: list[str] = []
    current: Candidate | None = None
    for block in body:
        for sentence in sentences(block.text.replace("\n", " ")):
            match = _INTRODUCED.search(sentence)
            name = (match["name"] or match["other"]) if match else ""
            if match and is_name(name):
                current = Candidate(clean_name(name))
                found.append(current)
                rest = sentence[match.end() :].strip(" .,:")
                if rest and (doses_in(rest) or BEGINS.match(rest)):
                    current.lines.append(rest)
            elif (
                current is None
                or (is_about_all(sentence) and doses_in(sentence))
                or (is_caution(sentence) and not doses_in(sentence))
            ):
                around.append(sentence)
            else:
                current.lines.append(sentence)
    return found, around
