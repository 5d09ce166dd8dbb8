"""Text as people write it -> text that speech engines read as it was meant.

Two layers: what no engine should get in any language (mark-up, emoji, control characters, odd
spaces and dashes), and the abbreviations of English (`coach.speech.english`) and of other languages
(`coach.speech.written`). Every step is
linear in the length of the text: patterns repeat with a bound, or over what ends by itself.
"""

# ruff: noqa: RUF001 - characters that look alike are what this file is about

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from coach.speech import english, written

NO_WORDS: Mapping[str, str] = MappingProxyType({})

REPLACED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys("‘’‚‛′ʼ＇", "'"),
        **dict.fromkeys("“”„‟«»″〝〞＂", '"'),
        **dict.fromkeys("‐‑−﹣－", "-"),
        **dict.fromkeys("‒–", " – "),  # a range or a pause: seen from what is beside it
        **dict.fromkeys("—―⸺⸻﹘", " , "),
        **dict.fromkeys("•‣⁃◦∙▪▫●○■□►▶➤✓✔|¦→⇒➔➜➡⟶←⇐↑↓↔", " , "),
        **dict.fromkeys("×✕✖⨯", "x"),
        **dict.fromkeys("∗＊", "*"),
        **dict.fromkeys("⁄∕", "/"),
        **dict.fromkeys("…⋯", "..."),
        "°": "°",
        "℃": "°C",
        "℉": "°F",
        "№": "No. ",
        "\u2028": "\n",
        "\u2029": "\n",
        "\u200c": "\u200c",
        "\u200d": "\u200d",
    }
)
"""Characters and what engines understand instead, ahead of the rule for their kind."""

_UNUSUAL = re.compile(r"[^\n -~]")
_JOINER = re.compile("[\u200c\u200d]")
_BULLET = re.compile(r"(?:^|\n) *(?:[-*+,–]|#{1,6}) ")
_SPACES = re.compile(r"\s+")
_COMMAND = re.compile(r"\[\[[^\[\]]{0,500}\]\]|</?[A-Za-z!?][^<>]{0,500}>")
_DIGITS_DASH = re.compile(r"(?<=[\d½¼¾]) ?– ?(?=[\d½¼¾])")
_PAUSE = re.compile(r" - | ?--+ ?| ?– ?|[-=]{1,3}>|<[-=]{1,3}|={2,}")
_DOTS = re.compile(r" ?\.{2,} ?(?=([^\W\d_])?)")
_UNSPOKEN = str.maketrans({**dict.fromkeys("*`_^\\{}<>~#", " "), "[": "(", "]": ")"})
_SPACE_BEFORE = re.compile(r" +(?=[,.;:!?)](?![\d.]))")
_DOUBLED = re.compile(r"(?<=[.!?;:(])[ ,;]*[,;]|,(?= ?[,.;:!?)])")
_NOTHING_INSIDE = re.compile(r"\([ ,.;:]*\)")
_LEADING = re.compile(r"^[\s,;:.!?)\-]+(?!\d)")

_SLICE = 1024
_PASSES = 8


def normalise(text: str, language: str, pronounce: Mapping[str, str] = NO_WORDS) -> str:
    """Return what to give to a speech engine for `text`, or "" if nothing can be spoken.

    Normalising twice gives the same (unless a value of `pronounce` contains one of its keys).
    Nothing in a text makes this fail.

    Args:
        text: any text, also of several lines.
        language: the language tag of the text; its abbreviations are written out.
        pronounce: what to say for whole words or phrases, spelled and capitalised as in the
            text; the longest that fits is taken. It comes before every other rule for words.
    """
    spoken = _in_one_line(_plain(text))
    if pronounce:
        spoken = _pronounced(spoken, pronounce)
    expand = _expander(language.replace("_", "-").partition("-")[0].casefold())
    # What one step leaves may be what another looks for; texts of people settle in two passes.
    for _ in range(_PASSES):
        before = spoken
        spoken = _one_pass(spoken, expand)
        if spoken == before:
            break
    return spoken if any(map(str.isalnum, spoken)) else ""


def _expander(language: str) -> Callable[[str], str]:
    """Return what writes out the abbreviations of a language; of others they stay."""
    if language == "en":
        return english.expand
    return written.expander(language) if language in written.languages() else str


def _one_pass(text: str, expand: Callable[[str], str]) -> str:
    text = _in_one_line(_COMMAND.sub(" ", text))
    text = expand(text)
    text = _DIGITS_DASH.sub("-", text)
    text = _PAUSE.sub(" , ", text)
    # Before a small letter three dots are a pause within the sentence.
    text = _DOTS.sub(lambda found: " , " if (found[1] or "A").islower() else ". ", text)
    text = _SPACES.sub(" ", text.translate(_UNSPOKEN))
    text = _NOTHING_INSIDE.sub(" ", text)
    text = _SPACE_BEFORE.sub("", text)
    text = _DOUBLED.sub("", text)
    return _plain(_SPACES.sub(" ", _LEADING.sub("", text)).strip())


def _plain(text: str) -> str:
    """Return `text` in composed characters that engines know; spaces of all kinds are spaces."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNUSUAL.sub(lambda found: _character(found[0]), text)
    # In slices, because the time for a long run of combining marks grows with its square.
    slices = (text[start : start + _SLICE] for start in range(0, len(text), _SLICE))
    text = "".join(unicodedata.normalize("NFC", part) for part in slices)
    return _JOINER.sub(_joiner, text)


@lru_cache(maxsize=4096)
def _character(character: str) -> str:
    replacement = REPLACED.get(character)
    if replacement is not None:
        return replacement
    if character.isspace():
        return " "
    kind = unicodedata.category(character)
    if kind in ("So", "Sk"):
        return " "  # emoji and pictographs
    is_selector = "\ufe00" <= character <= "\ufe0f"
    # Control, format, private, unassigned and lone surrogates; the ring around a keycap.
    return "" if kind[0] == "C" or kind == "Me" or is_selector else character


def _joiner(found: re.Match[str]) -> str:
    """Keep a joiner within a word of a script that needs it (Persian, Hindi), no other."""
    text, place = found.string, found.start()
    beside = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    needed = all(
        side and not side.isascii() and unicodedata.category(side)[0] in "LM" for side in beside
    )
    return found[0] if needed else ""


def _in_one_line(text: str) -> str:
    return _SPACES.sub(" ", _BULLET.sub(" , ", text)).strip()


def _pronounced(text: str, pronounce: Mapping[str, str]) -> str:
    said = {_in_one_line(_plain(word)): _plain(spoken) for word, spoken in pronounce.items()}
    said.pop("", None)
    if not said:
        return text
    pattern = "|".join(_whole(word) for word in sorted(said, key=len, reverse=True))
    return re.sub(pattern, lambda found: said[found[0]], text)


def _whole(word: str) -> str:
    """Return a pattern for `word` that is not a part of a longer word."""
    before = r"(?<!\w)" if word[0].isalnum() else ""
    after = r"(?!\w)" if word[-1].isalnum() else ""
    return before + re.escape(word) + after
