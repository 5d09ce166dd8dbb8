"""What a handout carries beside its exercises: adverts, biographies, letterheads, signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.draft.blocks import Block
from coach.draft.sentences import sentences

_HEADING = re.compile(
    r"^(?:\W*)(?:about (?:the |our )?(?:author|us|writer|team)|(?:the )?authors?\b|related\b|"
    r"(?:\d+ |your )?comments?\b|share\b|references?\b|sources?\b|"
    r"bibliography|further reading|read (?:more|next)|you (?:may|might) also|recommended|more "
    r"(?:from|like|articles)|"
    r"newsletter|subscribe|sign up|follow|contact\b|get in touch|how we review|medically reviewed|"
    r"advert|sponsor|"
    r"popular|tags?\b|disclaimer|photo|credits?|leave a|\d+ (?:thoughts?|responses?|replies)|"
    r"thoughts on|our partner|"
    r"footnotes?|trending|keep reading|join\b|win a|frequently asked|faqs?\b|the (?:research|"
    r"evidence)\b|useful (?:links|numbers)|if you have problems|for more information)",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"^\W*(?:by [A-Z][\w.'-]+ [A-Z][\w.'-]+.{0,80}$|by an? [\w ]{3,40},? ?\d+ min\b.*|posted "
    r"(?:on|by)\b|published\b|(?:last )?updated\b|written by\b|(?:medically |clinically |last "
    r")?reviewed\b|"
    r"created by\b|assigned by\b|prepared (?:by|for)\b|\d+ exercises?\b(?: \||$)|view at\b|"
    r"patient(?: name)?\s?:|name\s?:|date\s?:|client\s?:|trainer\s?:|"
    r"mr/mrs|dob\b|reading time|"
    r"tags?\s?:|categor(?:y|ies)\s?:|share (?:on|this)|"
    r"advertisement|ad:|sponsored|photo(?:s| by|:| credit)|image(?:s| by|:| credit)|comments are "
    r"closed|leave a comment|"
    r"(?:was|is|did) this (?:page|article|leaflet|information)\b|yes ?/ ?no\b|subscribe|sign up|"
    r"follow (?:me|us)|join (?:my|our)|if you (?:loved|liked|enjoyed) this|"
    r"click here|read (?:more|next)|"
    r"buy now|shop\b|sent from my|this e-?mail|we use cookies|accept all|all rights reserved|"
    r"copyright|\u00a9|"
    r"home exercise program(?:me)? for\b|tel(?:ephone)?\b|phone\b|fax\b|www\.|https?:|skip to\b|"
    r"leaflet\b|ref(?:erence)?\s?:|(?:physio|(?:physical |physio)?therapist)(?:\s?:| [A-Z][a-z]+ "
    r"[A-Z][a-z]+\W*$)|"
    r"slide \d+ of \d+|picture of\b|current as of\b|time required\b|duration: \d+-?\d* weeks|"
    r"(?:start(?:ing)? position|movement|action|set-?up|technique|execution|instructions?|"
    r"directions|"
    r"method|procedure|safety first|how to do it|what to do|do this)\W*$|we welcome your comments|"
    r"log (?:your|it)\b|total \d+$|step-by-step directions\W*$|main "
    r"muscles|muscles? worked)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\(\d{3}\) ?\d{3}|\b0\d{3,4} \d{3}|\bwww\.|@[\w-]+\.|\bhttps?://|\b(?:telephone|suite \d)\b|"
    r"_{4,}|\.{6,}",
    re.IGNORECASE,
)
_MAIL_HEAD = re.compile(
    r"^(?:from|to|cc|bcc|date|sent|subject|reply-to)\s?:\s?(?P<value>.*)$", re.IGNORECASE
)
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening))\b[^.!?\n]{0,40}[,!.]?$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"^(?:(?:with )?(?:best|kind|warm|many)(?:est)?(?: (?:wishes|regards|thanks))?|regards|"
    r"thanks(?: again| a lot)?|thank you|"
    r"cheers|sincerely|yours(?: \w+)?|all the best|take care|see you.{0,40})[,.!]?$",
    re.IGNORECASE,
)


def is_noise_heading(text: str) -> bool:
    """Whether nothing below this heading is about exercises."""
    return _HEADING.match(text) is not None


def is_noise(text: str) -> bool:
    """Whether a line or paragraph says who, where and when, or wants to sell something."""
    first = text.split("\n", maxsplit=1)[0]
    return _LINE.match(first) is not None or (_ADDRESS.search(text) is not None and len(text) < 400)


def without_letter(blocks: Sequence[Block]) -> tuple[list[Block], str]:
    """Return the blocks without what makes a letter of them, and the letter's subject."""
    subject, has_head = "", False
    kept: list[Block] = []
    is_letter = False
    for block in blocks:
        lines: list[str] = []
        for line in block.lines:
            head = _MAIL_HEAD.match(line) if not kept else None
            if head and (line.lower().startswith("subject") or has_head or ":" in line[:9]):
                has_head = True
                if line.lower().startswith("subject"):
                    subject = re.sub(
                        r"^(?:(?:re|fwd?|aw)\s?:\s?)+",
                        "",
                        head["value"].strip(),
                        flags=re.IGNORECASE,
                    )
                continue
            if _GREETING.match(line) and len(kept) < 4:
                is_letter = True
                continue
            if (is_letter or has_head) and _FAREWELL.match(line):
                if lines:
                    kept.append(_with_lines(block, lines))
                return kept, subject
            lines.append(line)
        if lines:
            kept.append(_with_lines(block, lines))
    return kept, subject


def _with_lines(block: Block, lines: list[str]) -> Block:
    from msgspec import structs

    text = "\n".join(lines)
    return block if text == block.text else structs.replace(block, text=text)


def without_noise(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks that may be about exercises."""
    kept: list[Block] = []
    silent = 0
    for block in blocks:
        if block.kind == "heading":
            if is_noise(block.text):
                continue
            if silent and block.level <= silent:
                silent = 0
            if not silent and is_noise_heading(block.text):
                silent = block.level
            if not silent:
                kept.append(block)
            continue
        if silent:
            continue
        if (
            block.kind == "text"
            and block.lead
            and is_noise_heading(block.lead)
            and len(block.lines) < 3
        ):
            continue
        lines = [kept_line for line in block.lines if (kept_line := _without_noise_in(line))]
        if block.kind == "row":
            kept.append(block)
        elif lines:
            kept.append(_with_lines(block, lines))
    return kept


def _without_noise_in(line: str) -> str:
    """Return a line without the sentences that are noise; empty if all of it is."""
    if not is_noise(line):
        return line
    rest = sentences(line)
    return " ".join(text for text in rest[1:] if not is_noise(text)) if len(rest) > 1 else ""
