"""Texts with fields: `Hold for {hold}` becomes `Hold for 5 seconds`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<field>[^{}]*)\}|[{}]")


class Field(Struct, frozen=True):
    """One `{name}` in a text."""

    name: str
    """The word between the braces; empty for a brace that stands alone."""
    offset: int
    """Characters from the text's beginning to the opening brace."""


def fields_in(text: str) -> Iterator[Field]:
    """Yield the fields of `text` in order; `{{` and `}}` are plain braces, not fields."""
    for piece in _PIECE.finditer(text):
        if piece[0] not in ("{{", "}}"):
            yield Field((piece["field"] or "").strip(), piece.start())


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with every field replaced by its value.

    Raises:
        KeyError: a field has no value; scripts and catalogs are checked for that when loaded.
    """

    def replacement(piece: re.Match[str]) -> str:
        if piece[0] in ("{{", "}}"):
            return piece[0][0]
        return values[(piece["field"] or "").strip()]

    return _PIECE.sub(replacement, text)
