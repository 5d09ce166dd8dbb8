"""What the decoder expects to hear: the commands, and the other words of the coach's world.

Without other words everything that is said would be taken for the command most like it.
They come from the routines and phrases that ship, which is what is talked about here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from msgspec import Struct

from coach.files.shipped import data_dir
from coach.listening import Style
from coach.listening.command_list import CommandList
from coach.script import read_texts

COMMANDS_WEIGH = 200
"""How many times a command counts among the sentences; measured on `tests/bench/listening.py`."""
NUMBERS_WEIGH = 3
NUMBERS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty", "thirty", "forty", "fifty", "sixty"),
)
"""What is counted aloud."""
SAID_TOO: Mapping[str, tuple[str, ...]] = {"coach": ("K OW CH", "K AO CH", "K AH CH", "K OW SH")}
"""Pronunciations, in phones of the CMU dictionary, of what the dictionary has too few of."""
PHONES = (
    *("aa", "ae", "ah", "ao", "aw", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh"),
    *("ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th"),
    *("uh", "uw", "v", "w", "y", "z", "zh"),
)
"""Of the CMU dictionary."""


class PhraseModel(Struct, frozen=True):
    """Text of the three files that make a decoder understand the commands."""

    dictionary: str
    """A word and its phones in each line."""
    words: str
    """An n-gram model in the ARPA format: commands among other sentences."""
    commands: str
    """A grammar in JSGF: a command and nothing else."""
    sounds: str
    """A grammar in JSGF: any phones in any order."""
    sound_dictionary: str
    """The words of that grammar, each a phone."""


def phrase_model(commands: CommandList, style: Style, dictionary: Path) -> PhraseModel:
    """Return the model of what may be said in a style.

    Args:
        commands: what may be said.
        style: whether a command needs the address.
        dictionary: the pronunciation of English words, as pocketsphinx ships it.
    """
    from pocketsphinx.lm import ArpaBoLM

    wordings = [wording for some in commands.wordings.values() for wording in some]
    said = [f"{commands.address} {wording}" for wording in wordings]
    if style == "plain":
        said += wordings
    other = [*_sentences(_texts()), *NUMBERS * NUMBERS_WEIGH, *commands.other]
    used = {word for line in (*said, *other) for word in line.split()}
    phones = _pronunciations(dictionary, used)
    known = (" ".join(word for word in line.split() if word in phones) for line in other)
    lines = [*filter(None, known), *said * COMMANDS_WEIGH]
    model = ArpaBoLM(text="\n".join(lines), add_start=True)
    model.compute()
    return PhraseModel(
        dictionary=_dictionary(phones),
        words=_arpa(model),
        commands=grammar(" | ".join(said)),
        sounds=grammar(f"( {' | '.join(PHONES)} )+"),
        sound_dictionary="".join(f"{phone} {phone.upper()}\n" for phone in PHONES),
    )


def grammar(expansion: str) -> str:
    """Return a grammar in JSGF of one rule."""
    return f"#JSGF V1.0;\ngrammar said;\npublic <said> = {expansion};\n"


def _arpa(model: object) -> str:
    from io import StringIO

    out = StringIO()
    model.write(out)  # type: ignore[attr-defined]
    return out.getvalue()


def _texts() -> Iterable[str]:
    """Yield the texts in English that ship with the coach, keys left out."""
    phrases = resources.files("coach.phrases").joinpath("en.yaml").read_bytes()
    yield from _english(read_texts(phrases, "en"))
    for path in sorted(data_dir("scripts").glob("*.yaml")):
        yield from _english(read_texts(path.read_bytes(), path.name))


def _english(node: object) -> Iterable[str]:
    """Yield the texts below a node: of those in several languages, the English one."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for part in [node["en"]] if "en" in node else node.values():
            yield from _english(part)
    elif isinstance(node, list):
        for part in node:
            yield from _english(part)


def _sentences(texts: Iterable[str]) -> Iterable[str]:
    """Yield the words between two stops."""
    for text in texts:
        for part in re.split(r"[.,:;\"!?]", re.sub(r"\{[^}]*\}", " ", text).lower()):
            if words := re.findall(r"[a-z]+(?:'[a-z]+)?", part):
                yield " ".join(words)


def _pronunciations(dictionary: Path, words: set[str]) -> dict[str, list[str]]:
    """Return how each of the words that are known is pronounced, in each way."""
    phones: dict[str, list[str]] = {}
    for line in dictionary.read_text("utf-8").splitlines():
        entry, _, how = line.partition(" ")
        word = entry.partition("(")[0]
        if word in words:
            phones.setdefault(word, []).append(how.strip())
    for word in words & SAID_TOO.keys():
        phones[word] = list(SAID_TOO[word])
    return phones


def _dictionary(phones: Mapping[str, Sequence[str]]) -> str:
    lines = []
    for word in sorted(phones):
        for number, how in enumerate(phones[word], start=1):
            lines.append(f"{word}{f'({number})' if number > 1 else ''} {how}\n")
    return "".join(lines)
