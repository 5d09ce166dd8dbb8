"""What speech engines misread in the languages besides English; tables, one file a language.

Times, ranges, fractions, counts, units and abbreviations are written out in words. Patterns see
text whose white space is single spaces; every repetition in them has a bound.
"""

# ruff: noqa: RUF001 - characters that look alike are what this file is about

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

_VULGAR = MappingProxyType({"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4"})
_NUMBER = r"\d{1,9}(?:[.,]\d{1,3})?"
_START = r"(?<![\w/])(?<!\d[.,:])"
_DASH = " ?[-–] ?"
_CLOCK = re.compile(r"(?<![\w:])(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\w:])")
_CLOCKS = re.compile(rf"(?<![\w:])(\d{{1,3}}:[0-5]\d){_DASH}(?=\d{{1,3}}:[0-5]\d(?![\w:]))")
_TOGETHER = re.compile(r"(?<!\w)(\d{1,3})(?:m|min) ?(\d{1,2})(?:s|sec|sek|seg)(?!\w)")
_HOURS = re.compile(r"(?<!\w)(\d{1,2}) ?h ?([0-5]\d)(?: ?min)?(?!\w)")
_TIMES = re.compile(r"(?<=\d) ?[xX*] ?(?=\d)|(?<!\w)(\d{1,9}) ?[xX](?! ?\d|\w)")
_COUNTDOWN = re.compile(rf"(?<![\w.–-])\d{{1,4}}(?:{_DASH}\d{{1,4}}){{2,40}}(?![\w-])")
_RANGE = re.compile(rf"(?<!-){_START}({_NUMBER}){_DASH}({_NUMBER})(?!\d|-\d)")
_HALF = r"(?<![\w/.])(?:(\d{1,3}) )?1/2 ?"
_FRACTION = re.compile(r"(?<![\w/.])(?:(\d{1,3}) )?(\d{1,3})/(\d{1,3})(?![\w/])")
_NUMBERED = re.compile(r"#(?=\d)")
_ROUGHLY = re.compile(r"([~<>≈≤≥]) ?(?=\d)")
_ROUGH = MappingProxyType(
    {"~": "about", "≈": "about", "<": "less", ">": "more", "≤": "most", "≥": "least"}
)
_ARTICLE = re.compile(r"^(\w+'| ?\w+ )(.+)$")
_FEMININE = re.compile(r" [^\W\d_]{2,20}a\b")
"""What follows ends as most feminine nouns of Spanish, Italian and Portuguese do."""
_EITHER = re.compile(r"(?<=[^\W\d_]) ?/ ?(?=[^\W\d_])")
_ORDINALS = MappingProxyType(
    {
        "es": re.compile(r"(?<!\w)(\d{1,3})\.?([ºª])(?!\w)"),
        "fr": re.compile(r"(?<!\w)(\d{1,3})(er|re|e|ème)(?!\w)"),
        "it": re.compile(r"(?<!\w)(\d{1,3})([ºª])(?!\w)"),
        "nl": re.compile(r"(?<!\w)(\d{1,3})(e|de|ste)(?!\w)"),
        "pt": re.compile(r"(?<!\w)(\d{1,3})\.?([ºª])(?!\w)"),
    }
)


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that there are tables for."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name[:-5] for file in files if file.name.endswith(".yaml")))


@cache
def expander(language: str) -> Callable[[str], str]:
    """Return what writes out texts in `language`, one of `languages`."""
    from coach.script import read_texts

    data = resources.files(__name__).joinpath(f"{language}.yaml").read_bytes()
    return _Expander(language, read_texts(data, language)).expand


def _split(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with a line for each of the spellings that share one."""
    return {
        spelling: said for spellings, said in table.items() for spelling in spellings.split("|")
    }


def _any_of(words: Mapping[str, Any]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


class _Expander:
    """Writes out texts by the tables of one language."""

    def __init__(self, language: str, tables: Mapping[str, Any]) -> None:
        self._language = language
        self._tables = tables
        self._units: dict[str, list[str]] = _split(tables["units"])
        self._words: dict[str, str] = _split(tables["words"])
        units = rf"(?i:{_any_of(self._units)})(?![\w'])"
        self._unit_range = re.compile(
            rf"{_START}({_NUMBER}) ?({units}){_DASH}(?={_NUMBER} ?({units}))"
        )
        self._measure = re.compile(rf"{_START}({_NUMBER})[ -]?({units})")
        self._word = re.compile(
            rf"(?<![\w./])(?:{_any_of(self._words)})(?:(?<=\W)|(?!\w))", re.IGNORECASE
        )
        begins = tables.get("begins")
        self._begins = re.compile(rf" (?:{begins})\b") if begins else None
        self._half = re.compile(rf"{_HALF}({units})")
        self._each = re.compile(
            rf" ?/ ?(?=(?:{_any_of(_split(dict.fromkeys([tables['each']])))})\b)"
        )
        self._acronym = re.compile(rf"(?<!\w)(?:{_any_of(tables['acronyms'])})(?!\w)")

    def expand(self, text: str) -> str:
        """Return `text` with what engines misread written out in words."""
        say = self._tables
        text = self._acronym.sub(lambda found: say["acronyms"][found[0]], text)
        text = text.replace("&", f" {say['and']} ")
        for sign, fraction in _VULGAR.items():
            text = text.replace(sign, f" {fraction}")
        if any(map(str.isdigit, text)):
            text = self._numeric(text)
        text = self._each.sub(f" {say['per']} ", text)
        text = self._word.sub(self._said, text)
        return _EITHER.sub(f" {say['or']} ", text)

    def _numeric(self, text: str) -> str:
        say = self._tables
        text = _CLOCKS.sub(rf"\1 {say['to']} ", text)
        text = _CLOCK.sub(self._clock, text)
        text = _TOGETHER.sub(lambda found: self._time(0, int(found[1]), int(found[2])), text)
        text = _HOURS.sub(lambda found: self._time(int(found[1]), int(found[2]), 0), text)
        text = _TIMES.sub(self._times, text)
        text = _COUNTDOWN.sub(lambda found: ", ".join(re.split(_DASH, found[0])), text)
        text = self._unit_range.sub(self._ranged, text)
        text = _RANGE.sub(rf"\1 {say['to']} \2", text)
        text = self._half.sub(self._halved, text)
        text = self._measure.sub(self._measured, text)
        text = _FRACTION.sub(self._fraction, text)
        text = _NUMBERED.sub(f"{say['number']} ", text)
        text = _ROUGHLY.sub(self._rough, text)
        pattern = _ORDINALS.get(self._language)
        return pattern.sub(self._ordinal, text) if pattern else text

    def _clock(self, found: re.Match[str]) -> str:
        first, second, third = found.group(1, 2, 3)
        if third is None:
            return self._time(0, int(first), int(second))
        return self._time(int(first), int(second), int(third))

    def _time(self, hours: int, minutes: int, seconds: int) -> str:
        parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
        said = [self._count(str(count), unit) for count, unit in parts if count]
        return f" {self._tables['and']} ".join(said) or self._count("0", "s")

    def _count(self, number: str, unit: str) -> str:
        one, several = self._units[unit]
        return one if number == "1" else f"{number} {several}"

    def _measured(self, found: re.Match[str]) -> str:
        number, unit = found[1], found[2].lower()
        number = re.sub(r"^(\d{1,3})\.(\d{1,2})$", r"\1,\2", number)
        return self._count(number, unit) + self._stop(unit, found)

    def _ranged(self, found: re.Match[str]) -> str:
        """Return the beginning of a range; a unit that comes again is said once."""
        number, unit, other = found[1], found[2].lower(), found[3].lower()
        first = number if unit == other else self._count(number, unit)
        return f"{first} {self._tables['to']} "

    def _halved(self, found: re.Match[str]) -> str:
        """Return "half a minute" or "2 minutes and a half", as the language has it."""
        whole, unit = found[1], found[2].lower()
        article, noun = _ARTICLE.findall(self._units[unit][0])[0]
        said = self._tables["half"][article.strip()]
        if whole is None:
            said = f"{said} {noun}"
        elif say := self._tables.get("and_half"):
            said = f"{self._count(whole, unit)} {self._tables['and']} {say[article.strip()]}"
        else:
            said = f"{whole} {self._tables['and']} {said} {noun}"
        return said + self._stop(unit, found)

    def _stop(self, unit: str, found: re.Match[str]) -> str:
        """Return the full stop that is the unit's and the sentence's, too."""
        ends = _at_end(found) or (
            # Where nouns have capitals, too, few words are sure to begin a sentence.
            self._begins.match(found.string, found.end()) if self._begins else _ends_sentence(found)
        )
        return "." if unit.endswith(".") and ends else ""

    def _times(self, found: re.Match[str]) -> str:
        say = self._tables
        if found[1] is None:
            return f" {say['times']} "
        return say["once"] if found[1] == "1" else f"{found[1]} {say.get('several', say['times'])}"

    def _fraction(self, found: re.Match[str]) -> str:
        whole, upper, lower = found.groups()
        said = self._tables["fractions"].get(f"{upper}/{lower}")
        if said is not None:
            if (
                not whole
                and f"{upper}/{lower}" == "1/2"
                and _FEMININE.match(found.string, found.end())
            ):
                said = self._tables.get("half_a", said)
            return f"{whole} {self._tables['and']} {said}" if whole else said
        return f"{whole or ''} {upper} {self._tables['out_of']} {lower}".strip()

    def _rough(self, found: re.Match[str]) -> str:
        return f"{self._tables[_ROUGH[found[1]]]} "

    def _ordinal(self, found: re.Match[str]) -> str:
        from num2words import num2words

        word = str(num2words(int(found[1]), lang=self._language, to="ordinal"))
        if found[2] == "ª":
            return re.sub(r"o\b", "a", word)
        return "première" if found[2] == "re" and found[1] == "1" else word

    def _said(self, found: re.Match[str]) -> str:
        written = found[0]
        spoken = self._words[written.casefold()]
        if written[0].isupper():
            spoken = spoken[0].upper() + spoken[1:]
        return spoken + ("." if written.endswith(".") and _at_end(found) else "")


def _ends_sentence(found: re.Match[str]) -> bool:
    following = found.string[found.end() : found.end() + 2]
    return not following.strip() or (following[0] == " " and following[1].isupper())


def _at_end(found: re.Match[str]) -> bool:
    return not found.string[found.end() :].strip()
