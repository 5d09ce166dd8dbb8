"""A script whose texts are in several languages, as one document for each of them.

Wherever a text may stand, there may be texts by language: `name: {en: Bridging, de: Brücke}`; in
place of a list of texts, also a list for each. An edition has one of them in their place, with the
place in the file that it has, so that whatever looks at a document need not know of languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from coach.errors import Problem, shortened
from coach.script import MAX_NODES, Document, Items, Mapping, Node, Scalar

TEXT_KEYS = frozenset(
    {
        *("title", "description", "source", "equipment", "safety", "closing"),
        *("name", "setup", "cue", "guide", "sides"),
    }
)
"""Keys of a script whose value is a text, or several."""
UNHEARD = frozenset({"source"})
"""Those that nobody needs in another language."""
COMMON_SIDES = frozenset({"left", "right", "left leg", "right leg", "left arm", "right arm"})
"""Sides that the coach itself knows in every language that it speaks."""
DEFAULT_LANGUAGE = "en"

_LANGUAGE = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Editions(Struct, frozen=True):
    """A script in each of its languages."""

    own: Document
    """In the script's `language`, of which ids are made."""
    others: dict[str, Document] = field(default_factory=dict)
    """By the language, as the script spells it."""
    warnings: tuple[Problem, ...] = ()
    """Texts that are not there in every language."""
    missing: dict[str, int] = field(default_factory=dict)
    """How many texts there are not in a language."""


def matching(language: str, known: Iterator[str] | tuple[str, ...]) -> str | None:
    """Return which of the `known` languages `language` means: `de-AT` may mean `de`, or `de`
    `de-AT`; None if it is none of them.
    """
    wanted = _folded(language)
    by_tag = {_folded(tag): tag for tag in known}
    if wanted in by_tag:
        return by_tag[wanted]
    primary = wanted.partition("-")[0]
    if primary in by_tag:
        return by_tag[primary]
    return next((tag for folded, tag in by_tag.items() if folded.split("-")[0] == primary), None)


def editions(document: Document) -> Editions:
    """Return a script in each of its languages; its problems are those of its own language."""
    node = document.root.get("language")
    own = node.text if isinstance(node, Scalar) and node.text else DEFAULT_LANGUAGE
    found = list(_texts(document.root))
    tags = dict.fromkeys(
        tag for text in found if isinstance(text.node, Mapping) for tag in text.node.entries
    )
    if not tags and not _is_pronounced_by_language(document.root):
        return Editions(document)
    root = _edition(document.root, own)
    problems = [problem for text in found if (problem := _problem(document, text, own))]
    others = tuple(tag for tag in tags if matching(tag, (own,)) is None)
    if len(others) * document.root.size > 2 * MAX_NODES:
        message = f"expected less text than {len(others) + 1} languages of so long a script"
        problems.append(document.problem(document.root.where, message))
        others = ()
    missing = {tag: [text for text in found if text.lacks(tag)] for tag in others}
    return Editions(
        replace(document, root=root, problems=(*document.problems, *problems)),
        {tag: replace(document, root=_edition(document.root, tag, own)) for tag in others},
        tuple(_warnings(document, found, others, own)),
        {tag: len(texts) for tag, texts in missing.items()},
    )


class _Text(Struct, frozen=True):
    """A place where a text may stand."""

    node: Node
    key: str

    def lacks(self, language: str) -> bool:
        """Return whether what is heard here in another language is in the script's own."""
        if self.key in UNHEARD:
            return False
        if isinstance(self.node, Mapping):
            return matching(language, tuple(self.node.entries)) is None
        is_common = isinstance(self.node, Scalar) and self.node.text.lower() in COMMON_SIDES
        return not (self.key == "sides" and is_common)


def _texts(node: Node) -> Iterator[_Text]:
    if isinstance(node, Items):
        for item in node.items:
            yield from _texts(item)
    if not isinstance(node, Mapping):
        return
    for key, (_, value) in node.entries.items():
        if key not in TEXT_KEYS:
            yield from _texts(value)
        elif isinstance(value, Items):
            yield from (
                _Text(item, key)
                for item in value.items
                if isinstance(item, Scalar) or is_by_language(item)
            )
        elif isinstance(value, Scalar) or is_by_language(value):
            yield _Text(value, key)


def is_by_language(node: Node) -> bool:
    """Return whether `node` has language codes as its keys, and nothing else."""
    return (
        isinstance(node, Mapping)
        and bool(node.entries)
        and all(_LANGUAGE.fullmatch(key) for key in node.entries)
    )


def _is_pronounced_by_language(root: Mapping) -> bool:
    words = root.get("pronounce")
    return isinstance(words, Mapping) and any(
        is_by_language(said) for _, said in words.entries.values()
    )


def _edition(root: Mapping, language: str, own: str = "") -> Mapping:
    """Return the nodes with the texts of one language, or else of the script's own."""

    def picked(node: Node, *, is_text: bool) -> Node:
        if isinstance(node, Items):
            items = tuple(picked(item, is_text=is_text) for item in node.items)
            return node if items == node.items else replace(node, items=items)
        if not isinstance(node, Mapping):
            return node
        if is_text and is_by_language(node):
            tags = tuple(node.entries)
            tag = matching(language, tags) or matching(own or language, tags) or tags[0]
            return node.entries[tag][1]
        entries = {
            key: (name, _pronounced(value) if key == "pronounce" else of(key, value))
            for key, (name, value) in node.entries.items()
        }
        return replace(node, entries=entries)

    def of(key: str, value: Node) -> Node:
        return picked(value, is_text=key in TEXT_KEYS)

    def _pronounced(words: Node) -> Node:
        """Return the words of which it is said how they sound in this language."""
        if not isinstance(words, Mapping):
            return words
        entries = {}
        for word, (name, said) in words.entries.items():
            if isinstance(said, Mapping) and is_by_language(said):
                tag = matching(language, tuple(said.entries))
                if tag is None:
                    continue
                entries[word] = (name, said.entries[tag][1])
            else:
                entries[word] = (name, said)
        return replace(words, entries=entries)

    edition = picked(root, is_text=False)
    return edition if isinstance(edition, Mapping) else root


def _problem(document: Document, text: _Text, own: str) -> Problem | None:
    """Return what is wrong with texts by language, if something is."""
    node = text.node
    if not isinstance(node, Mapping) or matching(own, tuple(node.entries)):
        return None
    found = ", ".join(f"`{shortened(tag)}`" for tag in list(node.entries)[:8])
    message = f"expected the text in the script's language `{own}`, found only {found}"
    if len(node.entries) == 1:
        message += "; a text that contains a colon goes in quotation marks"
    return document.problem(node.where, message)


def _warnings(
    document: Document, texts: list[_Text], languages: tuple[str, ...], own: str
) -> Iterator[Problem]:
    for text in texts:
        lacking = [f"`{tag}`" for tag in languages if text.lacks(tag)]
        if lacking:
            message = f"this text is missing in {', '.join(lacking)}, where it is said in `{own}`"
            yield document.problem(text.node.where, message, severity="warning")


def _folded(language: str) -> str:
    return language.replace("_", "-").casefold()
