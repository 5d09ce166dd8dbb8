"""What every kind of handout is turned into first: headings, paragraphs, items and table rows."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

MAX_BLOCKS = 4_000
"""Of one handout; 200 pages have about as many."""
MAX_LINE = 2_000
"""Characters of a paragraph's line that are looked at; more is no instruction."""


class Block(Struct, frozen=True):
    """A part of a handout, in the order in which it is read."""

    kind: Literal["heading", "text", "item", "row"]
    text: str
    """Its words; lines that the handout keeps apart are parted by newlines."""
    level: int = 0
    """Of a heading: 1 is the title, 7 a line that only looks like one. Of an item: its depth."""
    lead: str = ""
    """The bold words at its beginning."""
    mark: str = ""
    """What numbers an item, such as `1.`; `-` if it is not numbered."""
    cells: tuple[str, ...] = ()
    """Of a row."""
    heads: tuple[str, ...] = ()
    """The headings of the row's columns; empty if the table has none."""
    stressed: tuple[str, ...] = ()
    """All bold or slanted words in it."""

    @property
    def lines(self) -> list[str]:
        """The lines that are kept apart."""
        return self.text.split("\n")


class Handout(Struct, frozen=True):
    """A handout as read."""

    blocks: tuple[Block, ...]
    title: str = ""
    """What the file itself says it is called; empty if it does not."""


_TICKS = re.compile(
    r"^\s*(?:\[[ xX/-]\]|[\u2610-\u2612\u2705\u2714\u25a1])\s*|\s#[a-z]\w+(?=\s|$)", re.MULTILINE
)
_SPACES = re.compile(r"[^\S\n]+")
_ODD = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SAME = str.maketrans(
    {
        "\u00a0": " ",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00ad": None,
        "\u2011": "-",
        "\u2010": "-",
        "\u202f": " ",
        # In a script they would be a field.
        "{": "(",
        "}": ")",
    }
)


def tidy(text: str) -> str:
    """Return a text with plain spaces and quotation marks, without what cannot be printed."""
    text = _TICKS.sub("", _ODD.sub("", text.translate(_SAME)))
    lines = (_SPACES.sub(" ", line).strip()[:MAX_LINE] for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
