"""Markdown as blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from coach.draft.blocks import MAX_BLOCKS, Block, Handout, tidy

if TYPE_CHECKING:
    from markdown_it.token import Token

_SIGNS = re.compile(
    r"^#{1,6} \S|\*\*[^*\n]{2,80}\*\*|^\|.{3,}\|[ \t]*$|\[[^\]\n]{1,80}\]\([^)\s]{1,200}\)|"
    r"^\|?[ :-]+\|[ :|-]+$",
    re.MULTILINE,
)


def is_markdown(text: str) -> bool:
    """Whether a text has what only Markdown has."""
    return _SIGNS.search(text[:200_000]) is not None


def markdown_handout(text: str) -> Handout:
    """Return the content of a Markdown text."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").parse(text)
    blocks: list[Block] = []
    heading, depth = 0, 0
    marks: list[int] = []
    mark = ""
    cells: list[str] | None = None
    heads: tuple[str, ...] = ()
    in_head = False
    for token in tokens[: 20 * MAX_BLOCKS]:
        kind = token.type
        if kind == "heading_open":
            heading = int(token.tag[1])
        elif kind in ("bullet_list_open", "ordered_list_open"):
            marks.append(int(token.attrGet("start") or 1) if kind[0] == "o" else 0)
            depth += 1
        elif kind in ("bullet_list_close", "ordered_list_close"):
            marks.pop()
            depth -= 1
        elif kind == "list_item_open":
            mark = f"{token.info}." if marks[-1] and token.info else "-"
        elif kind == "list_item_close":
            mark = ""
        elif kind == "thead_open":
            in_head, heads = True, ()
        elif kind == "thead_close":
            in_head = False
        elif kind == "tr_open":
            cells = []
        elif kind == "tr_close" and cells is not None:
            if in_head:
                heads = tuple(cells)
            elif any(cells):
                blocks.append(
                    Block("row", "\n".join(filter(None, cells)), cells=tuple(cells), heads=heads)
                )
            cells = None
        elif kind == "inline":
            words, lead, stressed, linked = _inline(token.children or ())
            if cells is not None:
                cells.append(words.replace("\n", " "))
            elif words and linked <= 0.8 * len(words):
                name = "heading" if heading else "item" if mark else "text"
                blocks.append(
                    Block(
                        name,  # type: ignore[arg-type]
                        words.replace("\n", " ") if heading else words,
                        level=heading or depth,
                        lead=lead,
                        mark=mark,
                        stressed=stressed,
                    )
                )
            # What follows in the same item belongs to it.
            heading, mark = 0, ""
        if len(blocks) >= MAX_BLOCKS:
            break
    return Handout(tuple(blocks))


def _inline(children: Sequence[Token]) -> tuple[str, str, tuple[str, ...], int]:
    """Return a paragraph's words, its bold beginning, what is stressed, and its linked letters."""
    words, lead = "", ""
    open_stress: list[str] = []
    stressed: list[str] = []
    is_leading, in_link, linked = False, 0, 0
    for child in children:
        if child.type in ("strong_open", "em_open"):
            is_leading = is_leading or (child.type == "strong_open" and not words.strip())
            open_stress.append("")
        elif child.type in ("strong_close", "em_close"):
            is_leading = False
            if open_stress:
                stressed.append(tidy(open_stress.pop()))
        elif child.type in ("link_open", "link_close"):
            in_link += 1 if child.type == "link_open" else -1
        elif child.type in ("text", "code_inline", "softbreak", "hardbreak"):
            piece = child.content or ("\n" if child.type == "hardbreak" else " ")
            words += piece
            lead += piece if is_leading else ""
            open_stress = [text + piece for text in open_stress]
            linked += len(piece) if in_link else 0
    return tidy(words), tidy(lead), tuple(stressed), linked
