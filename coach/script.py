"""YAML text into nodes that remember their file, line and column.

Every scalar stays text, so nothing is misread: `1:30`, `010`, `on` and `yes` arrive as they were
written and are typed later by the routine's model. Nodes are composed from PyYAML's events
and not by `yaml.compose`, whose C version crashes on deeply nested input.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import yaml
from msgspec import Struct

from coach.errors import CoachError, Location, Problem, ScriptError, Severity, shortened
from coach.files.given import leaves, open_given

MAX_BYTES = 8_000_000
"""A script of 10,000 exercises has 4 MB."""
MAX_NODES = 1_000_000
"""Texts, lists and mappings after all aliases are unfolded."""
MAX_DEPTH = 40
MAX_QUOTED = 120
"""Characters of a line that a problem quotes."""

_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "map", "seq")
)


class Scalar(Struct, frozen=True):
    """A single text."""

    text: str
    where: Location
    is_plain: bool = True
    """Written without quotes; an empty plain scalar is a key without a value."""
    size: int = 1


class Items(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    where: Location
    size: int
    """Count of nodes, this one included, with all aliases unfolded."""


class Mapping(Struct, frozen=True):
    """Keys with their values, in the order of the file, merge keys unfolded."""

    entries: dict[str, tuple[Scalar, Node]]
    """Key -> the key's own node, for its place, and the value."""
    where: Location
    size: int

    def get(self, key: str) -> Node | None:
        """Return the value at `key`, or None."""
        return self.entries[key][1] if key in self.entries else None

    def key(self, key: str) -> Scalar | None:
        """Return the key itself, for its place, or None."""
        return self.entries[key][0] if key in self.entries else None


Node: TypeAlias = Scalar | Items | Mapping


class Document(Struct, frozen=True):
    """A script as read: its nodes and the lines that problems quote."""

    root: Mapping
    name: str
    lines: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    """What is wrong but does not keep the rest from being validated, such as a key given twice."""

    def problem(self, where: Location, message: str, *, severity: Severity = "error") -> Problem:
        """Return a problem at `where` that quotes its line."""
        return _problem(self.lines, where, message, severity=severity)


ROUTINE = "a routine with `title` and `exercises`"


def read_script(path: Path, expected: str = ROUTINE) -> Document:
    """Return the nodes of the script at `path`; `expected` says in messages what it should be.

    Raises:
        CoachError: the file cannot be opened, or is larger than `MAX_BYTES`.
        ScriptError: it is not UTF-8 text or not YAML.
    """
    return parse_script(read_text(path), str(path), expected)


def read_text(path: Path) -> str:
    """Return the text of the script at `path`, its line ends as they are.

    Raises:
        CoachError: the file cannot be opened, or is larger than `MAX_BYTES`.
        ScriptError: it is not UTF-8 text.
    """
    try:
        with open_given(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CoachError(f"cannot read {path}: {reason[:1].lower()}{reason[1:]}") from error
    if len(data) > MAX_BYTES:
        raise CoachError(
            f"{path} is larger than {MAX_BYTES // 1_000_000} MB, so it is hardly a routine script",
            "Check the name, or split the script.",
        )
    return decoded(data, str(path))


def decoded(data: bytes, name: str) -> str:
    """Return the text of a file called `name` in messages, of which `data` is the content.

    Raises:
        ScriptError: it is not UTF-8 text, nor UTF-16 that says so.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="replace")
        where = _place(name, before)
        rest_of_line = data[error.start : error.start + 80].split(b"\n")[0].decode("latin-1")
        line = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", before.split("\n")[-1] + rest_of_line)
        if b"\0" in data[:1024]:
            message = "expected a YAML text, found a binary file"
        else:
            message = (
                f"expected UTF-8 text, found the byte 0x{data[error.start]:02X}: "
                "save the file with the encoding UTF-8"
            )
        raise ScriptError([_problem([""] * (where.line - 1) + [line], where, message)]) from error


def parse_script(text: str, name: str, expected: str = ROUTINE) -> Document:
    """Return the nodes of a script's `text`; `name` is the file's name in messages.

    Raises:
        ScriptError: it is not YAML, not a mapping, or unfolds beyond the bounds.
    """
    lines = tuple(re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text))
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        where = _place(name, text[: unprintable.start()])
        code = ord(unprintable[0])
        found = f"an unprintable character (0x{code:02X})" if code else "a binary file"
        raise ScriptError([_problem(lines, where, f"expected a YAML text, found {found}")])
    composer = _Composer(events(text), name, lines)
    try:
        root = composer.compose()
    except yaml.MarkedYAMLError as error:
        problem = _yaml_problem(error, name, lines)
        raise ScriptError([*composer.problems, problem]) from error
    if composer.is_broken:
        raise ScriptError(composer.problems)
    if not isinstance(root, Mapping):
        where = root.where if root else Location(name, 1, 1)
        found = "an empty file" if root is None or _is_empty(root) else describe(root)
        message = f"expected {expected}, found {found}"
        raise ScriptError([*composer.problems, _problem(lines, where, message)])
    return Document(root, name, lines, tuple(composer.problems))


def events(text: str) -> Iterator[Any]:
    """Yield the events of a YAML text, of which nobody has looked whether it is within bounds."""
    parsed: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return parsed


def read_texts(data: bytes, name: str) -> dict[str, Any]:
    """Return the texts, lists and dicts of a file that ships, of which `data` is the content.

    Raises:
        ScriptError: it is not UTF-8 text, not YAML, or no mapping.
    """
    texts: dict[str, Any] = plain(parse_script(decoded(data, name), name, "keys").root)
    return texts


def plain(node: Node) -> Any:
    """Return a node as texts, lists and dicts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def describe(node: Node) -> str:
    """Return what a node is, for a message: `a list`, `nothing`, or the text in quotes."""
    if _is_empty(node):
        return "nothing"
    if isinstance(node, Scalar):
        return f'the text "{shortened(node.text)}"'
    return "a list" if isinstance(node, Items) else "a mapping"


def default_id(text: str) -> str:
    """Return the id that `text` gets: lower case, accents dropped, words joined by hyphens.

    Empty if `text` has no letters and no digits.
    """
    folded = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", letters).strip("-")[:60].rstrip("-")


def is_path(text: str) -> bool:
    """Whether `text` is a path and not the name of something that ships."""
    return "/" in text or "\\" in text or text.startswith(".")


def is_beside(script: Path, text: str) -> bool:
    """Whether `text` in a script means a path from the script's folder: it exists or looks so."""
    try:
        return is_path(text) or leaves(text) or (script.parent / text).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_plain and not node.text


def _place(name: str, before: str) -> Location:
    """Return the place that follows the text `before`."""
    return Location(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _problem(
    lines: Sequence[str], where: Location, message: str, *, severity: Severity = "error"
) -> Problem:
    line = lines[where.line - 1] if where.line <= len(lines) else ""
    first = max(0, where.column - 1 - MAX_QUOTED // 2)
    return Problem(where, message, line[first : first + MAX_QUOTED], first, severity)


_INDENTATION = "a line that does not fit the indentation of those above it"
_ADVICE = (
    ("could not find expected ':'", "a line without `key:`"),
    ("did not find expected ',' or", "an opening bracket or brace that is not closed"),
    ("expected node content", "a bracket or brace that is not closed, or a comma too many"),
    ("unexpected end of stream", "a quotation mark that is not closed"),
    ("did not find expected '-' indicator", "a line that does not fit the list above it"),
    ("tab character", "a tab: indent with spaces"),
    ("invalid Unicode character escape", "an escape such as \\uD800 that is no character"),
)  # fmt: skip
"""What libyaml says, and what that means for somebody who writes a script."""
_BEGUN_EARLIER = ("could not find expected", "unexpected end of stream", "expected ',' or")
"""Complaints whose cause is where the thing at fault begins, not where it is noticed."""
_VALUE = re.compile(r"\s*(?:- +)*(?:[\w-]+: +)?(?P<first>\S)")
"""The first character of a line's value."""


def _yaml_problem(error: yaml.MarkedYAMLError, name: str, lines: Sequence[str]) -> Problem:
    said = error.problem or "something that cannot be read"
    if "maximum nesting depth" in said:  # newer versions of libyaml look ahead that far
        mark = error.problem_mark
        where = Location(name, mark.line + 1, mark.column + 1) if mark else Location(name, 1, 1)
        return _problem(lines, where, f"expected at most {MAX_DEPTH} levels of nesting, found more")
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(part in said for part in _BEGUN_EARLIER):
        mark = error.context_mark
    where = Location(name, mark.line + 1, mark.column + 1) if mark else Location(name, 1, 1)
    line = lines[where.line - 1] if where.line <= len(lines) else ""
    found = next((advice for part, advice in _ADVICE if part in said), "")
    return _problem(lines, where, f"expected YAML, found {found or _cause(said, line, where)}")


def _cause(said: str, line: str, where: Location) -> str:
    """Return what is at fault in a line of which libyaml can only say what it cannot do."""
    value = _VALUE.match(line)
    first = value["first"] if value else ""
    if "cannot start any token" in said:
        character = line[where.column - 1 : where.column]
        if character == "\t":
            return "a tab: indent with spaces"
        return f"`{character}` at the start of a text: put the text in quotation marks"
    if "mapping values are not allowed" in said:
        if line.count(":") < 2:
            return _INDENTATION
        return "a second colon in one line: put a text that contains a colon in quotation marks"
    if first and first in "{*&!%":
        return f"a text that begins with `{first}`: put the text in quotation marks"
    if first and first in "\"'" and line.count(first) > 2:
        return f"the quotation mark {first} within a text in such marks: take the other kind"
    if "did not find expected key" in said:
        return _INDENTATION
    return said.removeprefix("found ")


class _TooLargeError(Exception):
    """The document goes beyond the bounds; the problem is already noted."""


class _Composer:
    """Composes nodes from the events of one document and collects what is wrong."""

    def __init__(self, events: Iterator[Any], name: str, lines: Sequence[str]) -> None:
        self.problems: list[Problem] = []
        self.is_broken = False
        self._events = events
        self._name = name
        self._lines = lines
        self._anchors: dict[str, Node | None] = {}
        """None is one whose node has begun and not ended."""
        self._merged_entries = 0

    def compose(self) -> Node | None:
        """Return the root node, or None for an empty file."""
        root: Node | None = None
        try:
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                    self._note(event, "expected one document in a file, found a second one")
                    break
                if isinstance(event, yaml.NodeEvent):
                    root = self._node(event, 0)
        except _TooLargeError:
            self.is_broken = True
        return root

    def _at(self, event: Any) -> Location:
        mark = event.start_mark
        return Location(self._name, mark.line + 1, mark.column + 1)

    def _note(self, event: Any, message: str) -> None:
        self.problems.append(_problem(self._lines, self._at(event), message))

    def _node(self, event: Any, depth: int) -> Node:
        where = self._at(event)
        if depth > MAX_DEPTH:
            self._note(event, f"expected at most {MAX_DEPTH} levels of nesting, found more")
            raise _TooLargeError
        if isinstance(event, yaml.AliasEvent):
            return self._target(str(event.anchor), event)
        tag: str = getattr(event, "tag", None) or "!"
        if tag != "!" and tag not in _PLAIN_TAGS:
            self._note(event, f"expected a plain value, found the YAML tag `{shortened(tag)}`")
        anchor: str | None = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = None
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(event.value, where, is_plain=not event.style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._items(where, depth)
        else:
            node = self._mapping(where, depth)
        if node.size > MAX_NODES:
            self._refuse_size(where)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _target(self, anchor: str, event: Any) -> Node:
        """Return the node that an alias stands for; empty, with a problem, if there is none."""
        target = self._anchors.get(anchor)
        if target is not None:
            return target
        name = shortened(anchor)
        message = f"expected an anchor `&{name}` above, found none"
        if anchor in self._anchors:
            message = (
                f"expected an anchor that is complete, found `*{name}` within its own `&{name}`"
            )
        self._note(event, message)
        return Scalar("", self._at(event), is_plain=False)

    def _items(self, where: Location, depth: int) -> Items:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Items(tuple(items), where, 1 + sum(item.size for item in items))

    def _mapping(self, where: Location, depth: int) -> Mapping:
        own: dict[str, tuple[Scalar, Node]] = {}
        merged: list[Mapping] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value_event = next(self._events)
            value = self._node(value_event, depth + 1)
            if not isinstance(key, Scalar):
                self._note(event, f"expected a key, found {describe(key)}")
            elif key.text == "<<" and key.is_plain:
                merged += self._merged(value, value_event)
            elif key.text in own:
                first = own[key.text][0].where.line
                self._note(
                    event,
                    f"expected each key once, found `{shortened(key.text)}` again "
                    f"(first on line {first}): keep one of the two",
                )
            else:
                own[key.text] = (key, value)
        for mapping in merged:
            self._merged_entries += len(mapping.entries)
            if self._merged_entries > MAX_NODES:
                self._refuse_size(where)
            own = {**mapping.entries, **own}
        size = 1 + sum(key.size + value.size for key, value in own.values())
        return Mapping(own, where, size)

    def _refuse_size(self, where: Location) -> NoReturn:
        message = f"expected at most {MAX_NODES:,} values after unfolding, found more"
        self.problems.append(_problem(self._lines, where, message))
        raise _TooLargeError

    def _merged(self, value: Node, event: Any) -> list[Mapping]:
        candidates = value.items if isinstance(value, Items) else (value,)
        mappings = [item for item in candidates if isinstance(item, Mapping)]
        if len(mappings) != len(candidates):
            self._note(event, "expected a mapping to merge after `<<`, such as `*name`")
        return mappings
