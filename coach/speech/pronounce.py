"""How words are pronounced: what the script says, and over it what the user says for all scripts.

The user's file has a line for each word, `SI: S I`, or one for each of its languages,
`ISG: {de: I S G}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from coach.editions import is_by_language, matching
from coach.errors import Problem, ScriptError
from coach.routine import Routine
from coach.script import Document, Node, Scalar, describe, read_script
from coach.script import Mapping as Keys
from coach.translation import in_language

Pronunciations = Mapping[str, str | Mapping[str, str]]
"""Word -> how to say it in every language, or in some by language."""

AS_WRITTEN: Pronunciations = MappingProxyType({})
EXPECTED = "words and how to say them, such as `SI: S I`"


def load_pronunciations(path: Path) -> Pronunciations:
    """Return how the user wants words to be said; nothing if there is no such file.

    Raises:
        CoachError: the file cannot be read.
        ScriptError: something is wrong in it; all of it, with the places.
    """
    if not (path.exists() or path.is_symlink()):
        return {}
    if path.is_file() and not path.read_bytes().strip():
        return {}
    document = read_script(path, EXPECTED)
    problems = list(document.problems)
    found: dict[str, str | Mapping[str, str]] = {}
    for word, (_, node) in document.root.entries.items():
        if isinstance(node, Keys) and is_by_language(node):
            said = {tag: _text(of, document, problems) for tag, (_, of) in node.entries.items()}
            found[word] = said
        else:
            found[word] = _text(node, document, problems)
    if problems:
        raise ScriptError(problems)
    return found


def _text(node: Node, document: Document, problems: list[Problem]) -> str:
    if isinstance(node, Scalar) and node.text.strip():
        return node.text
    found = "nothing" if isinstance(node, Scalar) else describe(node)
    message = f"expected how to say the word, such as `S I` or {{en: S I}}, found {found}"
    problems.append(document.problem(node.where, message))
    return ""


def pronunciation(routine: Routine, own: Pronunciations, language: str) -> dict[str, str]:
    """Return how to say words in a session in `language`.

    Args:
        routine: says it for its own words.
        own: what the user says, which wins.
        language: of the session.
    """
    said = dict(in_language(routine, language).pronounce)
    for word, text in own.items():
        if isinstance(text, str):
            said[word] = text
        elif tag := matching(language, tuple(text)):
            said[word] = text[tag]
    return said
