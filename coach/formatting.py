"""A script in the usual order of keys; nothing else of it changes.

Lines of a script are moved as they are, with the comments above them, and parts of a mapping in
braces within their line. So comments, anchors, quotation marks and line breaks stay what they
were, which no round trip through a YAML library guarantees for comments between moved keys.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from coach.errors import CoachError, ScriptError
from coach.routine import routine_from
from coach.script import events, parse_script
from coach.script_writer import CIRCUIT_ORDER, EXERCISE_ORDER, PHASE_ORDER, ROUTINE_ORDER

_MERGE = "<<"
_COMMENT_OR_BLANK = re.compile(r"\s*(?:#.*)?")


_NONE: frozenset[str] = frozenset()


class _Node(Struct, frozen=True):
    """A node with where it is: offsets of characters from the text's beginning."""

    start: int
    end: int
    text: str = ""
    """Of a scalar that is a key."""
    entries: tuple[tuple[_Node, _Node], ...] = ()
    """Of a mapping."""
    items: tuple[_Node, ...] = ()
    is_flow: bool = False
    anchors: frozenset[str] = _NONE
    """That are defined or used in it."""


def in_usual_order(text: str, path: Path) -> str:
    """Return the text of a script with its keys in the usual order.

    Args:
        text: without a byte order mark.
        path: the script's, to which other files are relative.

    Raises:
        ScriptError: it has problems; all of them.
        CoachError: its keys cannot be moved without changing what it means.
    """
    before = _meaning(text, path)
    moved = _Mover(text).moved(_Parser(text).root())
    if moved == text:
        return text
    try:
        is_same = _meaning(moved, path) == before
    except ScriptError:
        is_same = False
    if not is_same or sorted(_comments(text)) != sorted(_comments(moved)):
        raise CoachError(
            f"{path} cannot be put into order without changing what it means",
            "It stays as it is; is there an anchor, or a comment in an unusual place?",
        )
    return moved


def _meaning(text: str, path: Path) -> bytes:
    """Return a digest of what a script says in all of its languages, wherever it says it."""
    routine = routine_from(parse_script(text, str(path)), path)
    digest = hashlib.sha256()
    for language, edition in sorted(routine.translations.items()) or [("", routine)]:
        digest.update(f"{language} {edition!r}\n".encode("utf-8", "surrogatepass"))
    return digest.digest()


def _comments(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            yield line.strip()


class _Parser:
    """Reads the nodes of a text of which it is known that it is a script."""

    def __init__(self, text: str) -> None:
        self._events = events(text)
        self._length = len(text)
        self._lines = [0]
        for found in re.finditer(r"\r\n|[\r\n\x85\u2028\u2029]", text):
            self._lines.append(found.end())

    def root(self) -> _Node:
        """Return the root node."""
        return next(
            self._node(event) for event in self._events if isinstance(event, yaml.NodeEvent)
        )

    def _offset(self, mark: Any) -> int:
        if mark.line == len(self._lines):  # after a last line that nothing ends
            return self._length
        offset: int = self._lines[mark.line] + mark.column
        return offset

    def _node(self, event: Any, *, is_key: bool = False) -> _Node:
        start, end = self._offset(event.start_mark), self._offset(event.end_mark)
        own = frozenset({str(event.anchor)}) if event.anchor else _NONE
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[_Node] = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(inner))
            end = self._offset(inner.end_mark)
            anchors = own.union(*(item.anchors for item in items))
            return _Node(start, end, "", (), tuple(items), bool(event.flow_style), anchors)
        if isinstance(event, yaml.MappingStartEvent):
            entries: list[tuple[_Node, _Node]] = []
            while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
                key = self._node(inner, is_key=True)
                entries.append((key, self._node(next(self._events))))
            end = self._offset(inner.end_mark)
            anchors = own.union(*(node.anchors for entry in entries for node in entry))
            return _Node(start, end, "", tuple(entries), (), bool(event.flow_style), anchors)
        text = sys.intern(str(event.value)) if is_key and hasattr(event, "value") else ""
        return _Node(start, end, text, anchors=own)


class _Piece(Struct, frozen=True):
    """A key with its value, as lines or as a part of one."""

    key: str
    text: str
    """From the key on."""
    anchors: frozenset[str]
    above: str = ""
    """Lines of comments that belong to it."""


class _Mover:
    """Puts the keys of a script's mappings into order."""

    def __init__(self, text: str) -> None:
        self._text = text

    def moved(self, root: _Node) -> str:
        """Return the text with the keys in order."""
        if root.is_flow:
            start, end = root.start, root.end
        else:
            start, end = self._line_start(root.entries[0][0].start), len(self._text)
        body = self._mapping(root, ROUTINE_ORDER, start, end)
        return f"{self._text[:start]}{body}{self._text[end:]}"

    def _mapping(self, node: _Node, order: Sequence[str], start: int, end: int) -> str:
        """Return what stands from `start` to `end`, where a mapping is, in order."""
        make = self._flow if node.is_flow else self._block
        return make(node, order, start, end)

    def _flow(self, node: _Node, order: Sequence[str], start: int, end: int) -> str:
        begins = [*(key.start for key, _ in node.entries), end]
        ends = [start, *(value.end for _, value in node.entries)]
        gaps = [self._text[a:b] for a, b in zip(ends, begins, strict=True)]
        pieces = [self._piece(key, value, value.end) for key, value in node.entries]
        # A comment belongs to the line that it ends, so nothing is moved around it.
        if not any("#" in gap for gap in gaps):
            pieces = _ordered(pieces, order)
        return gaps[0] + "".join(
            piece.text + gap for piece, gap in zip(pieces, gaps[1:], strict=True)
        )

    def _block(self, node: _Node, order: Sequence[str], start: int, end: int) -> str:
        begins = [self._line_start(key.start) for key, _ in node.entries]
        before = [
            self._text[a : key.start].strip()
            for a, (key, _) in zip(begins, node.entries, strict=True)
        ]
        if len(set(begins)) < len(begins) or any(before[1:]) or "?" in before[0]:
            return self._text[start:end]  # keys as nobody writes them
        first = node.entries[0][0].start
        column = first - begins[0]
        # What stands before the first key in its line, such as the hyphen of a list.
        lead = self._text[begins[0] : first]
        end_of_last = self._with_comments_above(end, begins[-1], max(0, column - 1))
        cuts = [begins[0]]
        for begin in begins[1:]:
            cuts.append(self._with_comments_above(begin, cuts[-1], column))
        cuts.append(end_of_last)
        # Blank lines part what stands in these places, whatever that is.
        pieces, blanks = [], []
        for i, (key, value) in enumerate(node.entries):
            above = self._text[cuts[i] : begins[i]]
            blank, above = _without_blanks(above)
            blanks.append(blank)
            pieces.append(self._piece(key, value, cuts[i + 1], above))
        ordered = _ordered(pieces, order)
        lines = []
        for i, piece in enumerate(ordered):
            above = piece.above
            if i == 0 and lead.strip():
                above = re.sub(r"(?m)^[ ]+(?=#)", lead[: len(lead) - len(lead.lstrip())], above)
            text = piece.text if piece.text.endswith("\n") else f"{piece.text}\n"
            lines.append(blanks[i] + above + self._lead(i, lead, column) + text)
        body = "".join(lines)
        if not pieces[-1].text.endswith("\n"):
            body = body.removesuffix("\n")
        return self._text[start : begins[0]] + body + self._text[end_of_last:end]

    @staticmethod
    def _lead(i: int, lead: str, column: int) -> str:
        """Return what stands before the key of the entry with the number `i`."""
        return lead if i == 0 else " " * column

    def _piece(self, key: _Node, value: _Node, end: int, above: str = "") -> _Piece:
        start = value.start
        if key.text in ("exercises", "phases") and value.items:
            if not value.is_flow:
                start = max(key.end, self._line_start(start))
            inner = self._list(value, start, end, of_phases=key.text == "phases")
        else:
            inner = self._text[start:end]
        text = self._text[key.start : start] + inner
        return _Piece(key.text, text, key.anchors | value.anchors, above)

    def _list(self, node: _Node, start: int, end: int, *, of_phases: bool) -> str:
        """Return what stands from `start` to `end`, where a list is, its mappings in order."""
        line = self._text[self._line_start(node.items[0].start) :]
        column = len(line) - len(line.lstrip(" "))
        parts, at = [], start
        for i, item in enumerate(node.items):
            if not item.entries:
                continue
            begin, stop = item.start, item.end
            if not item.is_flow:
                begin = max(at, self._line_start(item.entries[0][0].start))
                stop = end
                if i + 1 < len(node.items):
                    following = self._line_start(node.items[i + 1].start)
                    stop = self._with_comments_above(following, begin, column)
            keys = {key.text for key, _ in item.entries}
            is_circuit = bool(keys & {"rounds", "exercises"})
            order = PHASE_ORDER if of_phases else CIRCUIT_ORDER if is_circuit else EXERCISE_ORDER
            parts += [self._text[at:begin], self._mapping(item, order, begin, stop)]
            at = stop
        return "".join([*parts, self._text[at:end]])

    def _with_comments_above(self, begin: int, least: int, column: int) -> int:
        """Return where the comments and blank lines begin that stand above the line at `begin`.

        Args:
            begin: where the line begins.
            least: where the line begins that is the uppermost not to be looked at.
            column: characters before a comment at most; what is farther in belongs to what is
                above it.
        """
        found = begin
        while True:
            above = self._line_start(found - 1)
            line = self._text[above:found].rstrip("\r\n")
            is_inner = line.strip() and len(line) - len(line.lstrip()) > column
            if above <= least or is_inner or not _COMMENT_OR_BLANK.fullmatch(line):
                return found
            found = above

    def _line_start(self, offset: int) -> int:
        return self._text.rfind("\n", 0, offset) + 1


def _without_blanks(lines: str) -> tuple[str, str]:
    """Return the blank lines that lines begin with, and the others."""
    blank = re.match(r"(?:[ \t]*\r?\n)*", lines)
    end = blank.end() if blank else 0
    return lines[:end], lines[end:]


def _ordered(pieces: list[_Piece], order: Sequence[str]) -> list[_Piece]:
    """Return pieces in order, or as they are if an anchor and its alias would change places."""
    ranks = {key: rank for rank, key in enumerate((_MERGE, *order))}
    moved = sorted(pieces, key=lambda piece: ranks.get(piece.key, len(ranks)))
    for name in {name for piece in pieces for name in piece.anchors}:
        before = [piece for piece in pieces if name in piece.anchors]
        if before != [piece for piece in moved if name in piece.anchors]:
            return pieces
    return moved
