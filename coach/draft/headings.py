"""Lines that are headings though nothing marks them, and the heading of the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from coach.draft.blocks import Block, Handout
from coach.draft.names import NUMBER, clean_name, is_name, named_part, short_named
from coach.draft.noise import is_noise, is_noise_heading
from coach.draft.sentences import is_bare
from coach.draft.telling import BEGINS, INSTRUCTS, begins_lightly, has_dose

COLLECTION = re.compile(
    r"\b(?:exercises|stretches|moves|workout|routine|program(?:me)?|plan|leaflet|sequence|circuit|"
    r"therapy|physio\w*|"
    r"flow|yoga|mobility|phase \d|week|day [a-d1-7]|hep|strength|balance|treatment|guide|handout|"
    r"sciatica|pain|session|core)\b",
    re.IGNORECASE,
)


_PRINTED = re.compile(r"\s+(?:printed|date|updated):?\s*[\d/. -]+$", re.IGNORECASE)


def title_of(handout: Handout, subject: str, names: set[str]) -> str:
    if subject:
        return subject
    headings = [
        block
        for block in handout.blocks
        if block.kind == "heading"
        and clean_name(block.text) not in names
        and not is_noise(block.text)
        and not is_noise_heading(block.text)
        and (block.level < 5 or COLLECTION.search(block.text))
    ]
    top = [block.text for block in headings if block.level == 1]
    if top:
        return top[0]
    first = handout.blocks[0] if handout.blocks else None
    is_title = first is not None and first.kind == "heading" and not is_noise(first.text)
    if first is not None and is_title and clean_name(first.text) not in names:
        if not any(block.level < first.level for block in headings):
            return first.text
    texts = [
        block.lines[0]
        for block in handout.blocks[:6]
        if block.kind in ("heading", "text")
        and len(block.lines[0]) < 90
        and not re.search(r"\b(?:patient|client)\s?:", block.lines[0], re.IGNORECASE)
    ]
    telling = [
        text
        for text in texts
        if COLLECTION.search(text)
        and not text.endswith((".", ":"))
        and clean_name(text) not in names
        and not is_noise(text)
    ]
    named = [
        text
        for text in telling
        if re.search(
            r"exercis|stretch|program|yoga|pain|workout|circuit|hep\b", text, re.IGNORECASE
        )
    ]
    for choice in (
        named,
        telling,
        [block.text for block in headings],
        [handout.title.split(" | ")[0]],
    ):
        if choice and choice[0]:
            return _PRINTED.sub("", choice[0])
    return ""


def with_headings(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; short items that name what follows, and bold lines, become headings."""
    for index, block in enumerate(blocks):
        after = blocks[index + 1] if index + 1 < len(blocks) else None
        lines = block.lines
        short = short_named(block.text) if len(lines) == 1 else None
        if (
            short
            and block.kind in ("text", "heading")
            and is_bare(short[1])
            and after is not None
            and after.kind in ("item", "text")
            and not short_named(after.lines[0])
            and begins_lightly(after.text)
        ):
            # A name with its dose beside it, above the steps.
            yield Block("heading", short[0], 7, mark=block.mark)
            yield Block("text", short[1])
            continue
        is_short = len(block.text.split()) <= 8 and len(lines) == 1 and block.text[-1:] not in ".!?"
        follows = (
            after is not None
            and after.kind != "heading"
            and (
                after.kind != block.kind
                or after.level > block.level
                or (block.mark[:1].isalnum() and not after.mark[:1].isalnum())
            )
        )
        is_all_bold = (
            bool(block.lead)
            and block.kind == "text"
            and block.lead.strip(" :") == block.text.strip(" :")
        )
        is_numbered_text = block.kind == "text" and NUMBER.match(block.text) and is_name(block.text)
        if is_short and is_numbered_text and after is not None and after.kind != "heading":
            yield Block("heading", block.text, 7, mark="1.")
            continue
        is_short_item = (
            block.kind == "item"
            and is_short
            and is_name(block.text)
            and (block.mark != "-" or (after is not None and after.level > block.level))
            and not (BEGINS.match(block.text) and INSTRUCTS.search(block.text))
        )
        is_above_text = is_all_bold and after is not None and after.kind != "heading"
        if is_short and (is_above_text or (follows and is_short_item)):
            yield Block("heading", block.text, 7, mark=block.mark)
        else:
            yield block


def with_own_items(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; a paragraph whose lines are exercises each becomes items."""
    for block in blocks:
        lines = block.lines
        if block.kind == "text" and len(lines) > 1:
            short = [line for line in lines if short_named(line) or _is_named(line)]
            if len(short) >= 2 and len(short) >= 0.6 * len(lines):
                for line in lines:
                    yield Block("item", line, mark="-")
                continue
        yield block


def _is_named(line: str) -> bool:
    """Whether a line is an exercise with its name and its dose."""
    part = named_part(Block("text", line))
    return part is not None and has_dose(part[1])
