"""What English speech engines misread, as tables: abbreviations, units, counts, ranges, times.

Patterns see text whose white space is single spaces. Every repetition in them has a bound or
stops at what follows it, so that the time is linear in the text.
"""

# ruff: noqa: RUF001 - dashes that look alike are what this file is about

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

ACRONYMS: Mapping[str, str] = MappingProxyType(
    {
        # Spelled out; engines make words of some of them.
        **{
            letters: " ".join(letters)
            for letters in (
                *("SI", "SIJ", "ITB", "ACL", "PCL", "MCL", "LCL", "TFL", "QL", "PNF", "TMJ", "RPE"),
                *("TRX", "BPM", "RPM", "PT", "VMO", "SLR", "TVA", "ASIS", "PSIS"),
            )
        },
        "IT band": "I T band",
        "IT bands": "I T bands",
        "AC joint": "A C joint",
        "SC joint": "S C joint",
        # Said as words.
        "HIIT": "hit",
        "LISS": "liss",
        "EMOM": "E mom",
        "AMRAP": "am rap",
        "DOMS": "doms",
        "ROM": "range of motion",
    }
)
"""As written, in capitals: `si` and `rom` are words of other kinds."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "w/o": "without",
        "w/": "with ",
        "and/or": "and or",
        "l/r": "left and right",
        "r/l": "right and left",
        "n/a": "not applicable",
        "vs.": "versus",
        "vs": "versus",
        "e.g.": "for example",
        "e.g": "for example",
        "i.e.": "that is",
        "i.e": "that is",
        "etc.": "et cetera",
        "etc": "et cetera",
        "approx.": "approximately",
        "approx": "approximately",
        "incl.": "including",
        "ea.": "each",
        "max.": "maximum",
        "rep": "repetition",
        "reps": "repetitions",
        "secs": "seconds",
        "mins": "minutes",
        "hr": "hour",
        "hrs": "hours",
        "kg": "kilograms",
        "kgs": "kilograms",
        "lb": "pounds",
        "lbs": "pounds",
        "cm": "centimetres",
        "mm": "millimetres",
        "km": "kilometres",
    }
)
"""Whole words in any case; after a number the table of units comes first."""

UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("s", "sec", "secs"), ("second", "seconds")),
        **dict.fromkeys(("m", "min", "mins"), ("minute", "minutes")),
        **dict.fromkeys(("h", "hr", "hrs"), ("hour", "hours")),
        **dict.fromkeys(("kg", "kgs"), ("kilogram", "kilograms")),
        **dict.fromkeys(("lb", "lbs"), ("pound", "pounds")),
        **dict.fromkeys(("rep", "reps"), ("repetition", "repetitions")),
        "g": ("gram", "grams"),
        "oz": ("ounce", "ounces"),
        "mm": ("millimetre", "millimetres"),
        "cm": ("centimetre", "centimetres"),
        "km": ("kilometre", "kilometres"),
        "km/h": ("kilometre per hour", "kilometres per hour"),
        "mph": ("mile per hour", "miles per hour"),
        "ft": ("foot", "feet"),
        "deg": ("degree", "degrees"),
        "bpm": ("beat per minute", "beats per minute"),
        "rpm": ("revolution per minute", "revolutions per minute"),
        "kcal": ("kilocalorie", "kilocalories"),
    }
)
"""After a number: one, several. Single letters only in lower case."""

METRES = ("metre", "metres")

FRACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "1/2": "one half",
        "1/3": "one third",
        "2/3": "two thirds",
        "1/4": "one quarter",
        "3/4": "three quarters",
    }
)

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {"&": " and ", "≤": " at most ", "≥": " at least ", "≈": " about ", "±": " plus or minus "}
)

_SIDES = MappingProxyType({"L": "left", "R": "right"})


def _any_of(words: Mapping[str, object]) -> str:
    """Return a pattern for one of `words`, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


# Compiling all of these takes 10 ms at each start: hence few patterns, with much in each.
_VULGAR = "½⅓⅔¼¾⅛"
_NUMBER = (
    rf"(?:(?:\d{{1,3}} )?\d{{1,3}}/\d{{1,3}}(?![\d/])|\d{{1,9}}(?:[.,]\d{{1,9}})?[{_VULGAR}]?"
    rf"|[{_VULGAR}])"
)
_START = r"(?<![\w/])(?<!\d[.,:])"
_LONG_UNITS = "|".join(unit for unit in sorted(UNITS, key=len, reverse=True) if len(unit) > 1)
_UNIT = rf"(?:(?i:{_LONG_UNITS})|[smhg])(?![\w'])"
_DASH = " ?[-–] ?"
_PARTS = "leg|arm|side|foot|hand|knee|hip|shoulder|elbow|ankle|wrist|heel|thigh|calf|glute|ear|eye"

_ACRONYM = re.compile(rf"(?<!\w)(?:{_any_of(ACRONYMS)})(?!\w)")
_WORD = re.compile(rf"(?<![\w./])(?:{_any_of(WORDS)})(?:(?<=/)|(?!\w))", re.IGNORECASE)
_DIGIT = re.compile(rf"[\d{_VULGAR}]")

_TIME = r"(?<![\w:])(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\w:])"
_CLOCK = re.compile(
    rf"{_TIME}(?! ?[ap]\.?m)(?: ?(?:h|hrs?|m|min(?:ute)?s?|s|sec(?:ond)?s?)(?!\w))?"
)
_CLOCKS = re.compile(rf"{_TIME}{_DASH}(?=\d{{1,3}}:[0-5]\d)")
_RATIO = re.compile(r"(?<![\w:])(\d{1,2}):(\d)(?![\w:])")
_TOGETHER = re.compile(
    r"(?<!\w)(?:(\d{1,2})h ?(\d{1,2})m(?:in)?(?: ?(\d{1,2})s(?:ec)?)?"
    r"|(\d{1,3})m(?:in)? ?(\d{1,2})s(?:ec)?)(?!\w)"
)
_TIMES = re.compile(r"(?<=\d) ?[xX*] ?(?=\d)|(?<!\w)(\d{1,9}) ?[xX](?!\w)")
_TIMES_BEFORE = re.compile(r"(?<!\w)[xX] ?(\d{1,4})(?!\w)")
_COUNTDOWN = re.compile(rf"(?<![\w.–-])\d{{1,4}}(?:{_DASH}\d{{1,4}}){{2,40}}(?![\w-])")
_UNIT_RANGE = re.compile(rf"{_START}({_NUMBER}) ?({_UNIT}){_DASH}({_NUMBER}) ?({_UNIT})")
_SIGN_RANGE = re.compile(rf"{_START}({_NUMBER})([%°]){_DASH}({_NUMBER})\2")
_RANGE = re.compile(rf"(?<!-){_START}({_NUMBER}){_DASH}({_NUMBER})(?!\d|-\d)")
_INCHES = re.compile(
    rf"{_START}({_NUMBER})( ?|-)in\.? "
    r"(?=apart|high|wide|long|tall|deep|away|off|above|below|from|behind|box|step|ball)"
)
_MEASURE = re.compile(rf"{_START}({_NUMBER})( ?|-)({_UNIT})(\.)?")
_FRACTION = re.compile(r"(?<![\w/.])(\d{1,3} )?(\d{1,3})/(\d{1,3})(?![\w/])")
_COUNTED = re.compile(r"(?:#|(?<!\w)[Nn]os?\.) ?(?=\d)")
_ROUGHLY = re.compile(r"[~<>] ?(?=\d)")

_EACH = re.compile(
    rf" ?/ ?(?=(?:{_PARTS}|set|day|week|month|hour|minute|round|session|exercise|breath)\b)"
)
_SIDE = re.compile(rf"\(([LR])\)|(?<![\w/])([LR])(?= (?:{_PARTS})s?\b)")
_EITHER = re.compile(r"(?<=[^\W\d_]) ?/ ?(?=[^\W\d_])")

_DECADE = ("your", "my", "their", "his", "her", "our", "early", "mid", "late")
_TRAVEL = ("walk", "jog", "run", "sprint", "swim", "crawl", "hop", "skip", "row", "march")


def expand(text: str) -> str:
    """Return `text` with what English engines misread written out in words."""
    for symbol, words in SYMBOLS.items():
        text = text.replace(symbol, words)
    text = _ACRONYM.sub(lambda found: ACRONYMS[found[0]], text)
    if _DIGIT.search(text):
        for pattern, replacement in _NUMERIC:
            text = pattern.sub(replacement, text)
    text = _WORD.sub(_word, text)
    text = _SIDE.sub(lambda found: _SIDES[found[1] or found[2]], text)
    if "/" in text:
        text = _EACH.sub(" per ", text)
        text = _EITHER.sub(" or ", text)
        text = text.replace("/", " ")
    return text


def _word(found: re.Match[str]) -> str:
    written = found[0]
    spoken = WORDS[written.casefold()]
    if written[0].isupper() and not written.isupper():
        spoken = spoken[0].upper() + spoken[1:]
    # "etc." at the end of a sentence is also its full stop.
    return spoken + "." if written.casefold() == "etc." and _ends_sentence(found) else spoken


def _ends_sentence(found: re.Match[str]) -> bool:
    following = found.string[found.end() : found.end() + 2]
    return not following.strip() or (following[0] == " " and following[1].isupper())


def _spell_time(hours: int, minutes: int, seconds: int) -> str:
    parts = ((hours, UNITS["h"]), (minutes, UNITS["m"]), (seconds, UNITS["s"]))
    said = [f"{count} {names[count != 1]}" for count, names in parts if count]
    return " ".join(said) or "0 seconds"


def _clock(found: re.Match[str]) -> str:
    first, second, third = found.group(1, 2, 3)
    if third is None:
        return _spell_time(0, int(first), int(second))
    return _spell_time(int(first), int(second), int(third))


def _together(found: re.Match[str]) -> str:
    hours, minutes, seconds, only_minutes, only_seconds = (
        int(part or 0) for part in found.groups()
    )
    return _spell_time(hours, minutes or only_minutes, seconds or only_seconds)


def _times(found: re.Match[str]) -> str:
    if found[1] is None:
        return " times "
    return f"{found[1]} time" if found[1] == "1" else f"{found[1]} times"


def _range(found: re.Match[str]) -> str:
    low, high = found.group(1, 2)
    # The 90-90 stretch.
    return f"{low} {high}" if low == high else f"{low} to {high}"


def _names(found: re.Match[str], number: str, unit: str) -> tuple[str, str]:
    """Return what `unit` is called; `m` is minutes, as in a script, unless it must be metres."""
    names = UNITS[unit.casefold()]
    if unit != "m":
        return names
    before = found.string[max(0, found.start() - 12) : found.start()].casefold().split()
    after = found.string[found.end() : found.end() + 12].casefold().split()
    travels = (before and before[-1] in _TRAVEL) or (after and after[0].strip(".,") in _TRAVEL)
    far = len(re.sub(r"\D.*", "", number.replace(",", ""))) > 2
    return METRES if travels or far else names


def _is_one(number: str) -> bool:
    return number == "1" or number in _VULGAR or (number in FRACTIONS)


def _measure(found: re.Match[str]) -> str:
    number, between, unit, stop = found.groups()
    if unit == "s" and number.endswith("0") and not between:
        before = found.string[max(0, found.start() - 7) : found.start()].casefold().split()
        if before and before[-1] in _DECADE:
            return found[0]
    one, several = _names(found, number, unit)
    name = one if between == "-" or _is_one(number) else several
    dot = "." if stop and _ends_sentence(found) else ""
    return f"{number}{between or ' '}{name}{dot}"


def _unit_range(found: re.Match[str]) -> str:
    low, low_unit, high, high_unit = found.groups()
    low_names, high_names = _names(found, low, low_unit), _names(found, high, high_unit)
    said = high_names[not _is_one(high)]
    if low_names == high_names:
        return f"{low} to {high} {high_names[1]}"
    return f"{low} {low_names[not _is_one(low)]} to {high} {said}"


def _inches(found: re.Match[str]) -> str:
    number, between = found.groups()
    name = "inch" if between == "-" or _is_one(number) else "inches"
    return f"{number}{between or ' '}{name} "


def _fraction(found: re.Match[str]) -> str:
    whole, upper, lower = found.groups()
    said = FRACTIONS.get(f"{upper}/{lower}")
    if said is not None:
        return f"{whole}and {said}" if whole else said
    between = "out of" if int(upper) <= int(lower) else "over"
    return f"{whole or ''}{upper} {between} {lower}"


_ROUGH = MappingProxyType({"~": " about ", "<": " less than ", ">": " more than "})

_NUMERIC: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_CLOCKS, lambda found: f"{_clock(found)} to "),
    (_CLOCK, _clock),
    (_RATIO, r"\1 to \2"),
    (_TOGETHER, _together),
    (_TIMES, _times),
    (_TIMES_BEFORE, r"\1 times"),
    (_COUNTDOWN, lambda found: ", ".join(re.split(_DASH, found[0]))),
    (_UNIT_RANGE, _unit_range),
    (_SIGN_RANGE, r"\1 to \3\2"),
    (_RANGE, _range),
    (_INCHES, _inches),
    (_MEASURE, _measure),
    (_FRACTION, _fraction),
    (_COUNTED, "number "),
    (_ROUGHLY, lambda found: _ROUGH[found[0][0]]),
)
"""In order: each step relies on those before it."""
