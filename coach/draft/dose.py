"""Doses in a sentence, each with the words that it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache, lru_cache
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from coach.units import decimal

Kind: TypeAlias = Literal[
    "hold",
    "time",
    "move",
    "reps",
    "sets",
    "times",
    "rest",
    "pause",
    "rounds",
    "sides",
    "often",
    "breaths",
]
"""What is dosed. `time` may be a hold or an activity, `times` may be repetitions or sets: that is
seen from what else there is. A `pause` is a rest within a repetition."""


class Dose(Struct, frozen=True):
    """A dose as the handout words it."""

    kind: Kind
    low: Fraction
    """A count, or seconds."""
    high: Fraction
    words: str
    """The handout's own."""
    start: int
    """Characters from the beginning of the text."""
    end: int
    part: str = ""
    """Of sides: what has them, such as `leg`."""

    @property
    def count(self) -> str:
        """As a script writes a count: `5` or `5-10`."""
        return _range(self.low, self.high)

    @property
    def seconds(self) -> str:
        """As a script writes a duration: `5s` or `5-10s`."""
        return f"{_range(self.low, self.high)}s"


def _range(low: Fraction, high: Fraction) -> str:
    return decimal(low) if low == high else f"{decimal(low)}-{decimal(high)}"


SWAPPED = "swapped"
"""The `part` of counts whose order was taken to be repetitions, then sets."""
WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "eighteen": 18, "twenty": 20, "twenty-five": 25,
    "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60, "ninety": 90,
    "once": 1, "twice": 2, "a": 1, "an": 1,
}  # fmt: skip
_WORD = "|".join(
    sorted(
        (word for word in WORDS if len(word) > 2 and word not in ("once", "twice")),
        key=len,
        reverse=True,
    )
)
_ONE = rf"(?:\d{{1,4}}(?:\.\d{{1,2}})?(?!\d)|\b(?:{_WORD})\b)"
_TO = r"\s{0,2}(?:-|\u2013|\u2014|\bto\b|\bor\b)\s{0,2}"
_ABOUT = r"(?:up to|at least|about|around|approximately|approx\.?)"
_N = rf"(?<![\d.,/])(?:{_ABOUT} )?{_ONE}(?:{_TO}{_ONE})?"
_UNIT = r"(?:seconds?\b|secs?\b\.?|s\b|minutes?\b|mins?\b\.?|(?<=\d)[\"\u2033](?!\w))"
_TIME = (
    rf"(?:{_N}[\s-]{{0,2}}{_UNIT}(?:{_TO}{_ONE}[\s-]{{0,2}}{_UNIT})?|"
    r"\b(?:a|one) full minute\b|\ba minute\b|\ba second\b(?=\s*(?:[.,;)]|$|and|at|then|before)))"
)
_COUNTED = rf"(?:a )?(?:slow )?count (?:of|to) {_N}"
LASTS = rf"(?:{_TIME}|{_COUNTED})"
_X = r"\s{0,2}(?:x|\u00d7|\*)\s{0,2}"
_REPS = r"(?:repetitions?|reps?\b\.?|repeats?\b)"
_SETS = r"(?:sets?\b)"
_EACH = r"(?:each|per|both|either|ea\.?|every|/)"
_LIMB = r"(?:sides?|legs?|arms?|foot|feet|hands?|knees?|hips?|ankles?|wrists?|shoulders?|elbows?)"
_DAY = r"(?:(?:a|per|each|every|/|times per)\s{0,2}(?:day|week)|daily(?!\s*:)|/d\b)"
_LABEL = r"\s{0,2}[:=]\s{0,3}"

_PATTERNS: tuple[tuple[str, str], ...] = (
    # How often a day comes first, so that its count is not taken for repetitions.
    ("often", rf"(?:\b(?:freq(?:uency)?|how often){_LABEL})?(?:\bperform )?(?:\b(?:once|twice)(?: "
              rf"(?:or|to) (?:twice|three times))?|{_N}(?:\s{{0,2}}(?:x\b|\u00d7)|"
              rf"\s+times)?)\s{{0,2}}{_DAY}"),
    ("often", rf"{_N}\s?(?:x|times)? ?/(?:day|week|d\b|wk\b)|{_N}\s?x ?/? ?(?:day|week|daily)\b"),
    ("often", r"\bevery (?:other |second )?(?:day|morning|evening|night|hour)\b|\bevery (?:\d+|"
              r"two|three|four|few) (?:hours|days)\b|\bmorning and (?:night|evening)\b|\bdaily\b|"
              r"\b(?:hourly)\b"),
    ("often", rf"\b(?:days per week|times per day|daily){_LABEL}{_N}"),
    # Rests, before holds and other times.
    ("rest", rf"\b(?:rest(?:ing)?|recover|break)(?: periods?)?(?: for| of|{_LABEL})? "
             rf"?(?:about )?{_TIME}(?P<between>(?: rest)?(?: in)? ?between (?:the |each "
             rf")?(?:sets?|rounds?|exercises?|moves?))?"),
    ("rest", rf"{_TIME}'?(?: of)?(?: \w+)? (?:rest|recovery|break)\b(?P<between>(?: in)? ?between "
             rf"(?:the |"
             rf"each )?(?:sets?|rounds?|exercises?|moves?))?"),
    ("pause", rf"\brelax for {_TIME}"),
    ("breaths", rf"\b(?:hold|stay|rest|remain|breathe)\b[^.;\n]{{0,40}}? {_N}(?: (?:full|deep|"
                rf"slow|long))* breaths?"),
    ("breaths", rf"{_N}(?: (?:full|deep|slow|long))* breaths?\b"),
    # Sets, repetitions and a time in one.
    ("srt", rf"(?P<a>{_N}){_X}(?P<b>{_N})(?: ?{_REPS})?{_X}(?P<t>{_TIME})"),
    ("rt", rf"(?P<b>{_N}) ?{_REPS}(?:{_X}| ?@ ?)(?P<t>{_TIME})(?: ?holds?\b)?"),
    ("nt", rf"(?P<a>{_N})(?:{_X}| ?times ?)(?P<t>{_TIME})(?P<held> ?holds?\b)?"),
    ("tn", rf"(?P<t>{_TIME})(?P<held> ?holds?\b)?{_X}(?P<a>{_N})(?: ?{_REPS})?(?! ?{_UNIT})"),
    ("st", rf"(?P<a>{_N}) ?{_SETS}(?: of|{_X}| x)? ?(?P<t>{_TIME})"),
    ("sr", rf"(?P<a>{_N}) ?{_SETS} ?(?:(?:of|x|\u00d7|,|-|\u2013)|(?={_N} ?{_REPS})) ?(?:up to "
           rf")?(?P<b>{_N})(?: ?{_REPS})?(?! ?{_UNIT})"),
    ("rs", rf"(?P<b>{_N}) ?{_REPS} ?(?:x|\u00d7|for|in|,|-|\u2013|/)? ?(?P<a>{_N}) ?{_SETS}"),
    ("nn", rf"(?P<a>{_N}){_X}(?P<b>{_N})(?: ?{_REPS})?(?! ?(?:{_UNIT}|cm|m\b|kg|lb|inch))"),
    # Holds.
    ("hold", rf"\bholds?{_LABEL}{LASTS}"),
    ("hold", rf"\b(?:hold(?:ing|s)?|stay(?:ing)?|pause|remain|keep(?! (?:going|moving|on|it up))|"
             rf"maintain|count)\b(?! (?:on|"
             rf"onto)\b)[^.;!?\n\d]{{0,60}}? (?:for |of )?(?:another |a further )?{LASTS}"),
    ("hold", rf"{_TIME} (?:holds?|pause|squeeze)\b|\bholds?\b ?\(?{_TIME}\)?"),
    ("hold", rf"\b(?:hold|holding)(?: for)? {_N}(?=\s*(?:[.,;)]|$|\n|and\b))"),
    ("hold", rf"\bcount (?:of|to) {_N}"),
    ("move", rf"\bover (?:the course of )?{_TIME}"),
    # Sets and repetitions.
    ("sets", rf"\b{_SETS}{_LABEL}{_N}(?! ?{_UNIT})"),
    ("reps", rf"\b(?:{_REPS}|how many){_LABEL}{_N}(?! ?{_UNIT})(?: times)?"),
    ("sets", rf"(?:^|[,;|\n(] ?){_SETS} {_N}(?! ?(?:{_UNIT}|{_REPS}))"),
    ("reps", rf"(?:^|[,;|\n(] ?)(?:repetitions|reps) {_N}(?! ?(?:{_UNIT}|{_SETS}))"),
    ("rounds", rf"\b(?:repeat|do|complete|go (?:round|through)) the (?:whole |full |entire )?"
               rf"(?:circuit|sequence|routine) (?:twice|{_N} times)"),
    ("rounds", rf"\bgo (?:round|through)\b[^.;\n\d]{{0,20}}?{_N} times"),
    ("rounds", rf"{_N} (?:(?:slow|full|easy) )?(?:rounds?|circuits?)\b|\brounds?{_LABEL}{_N}"),
    ("sets", rf"{_N} {_SETS}"),
    ("reps", rf"(?:\b(?:for )?a total of )?{_N}[ -]?{_REPS}"),
    ("reps", rf"\b(?:repeat|perform|do|complete)\b[^.;:\n]{{0,50}}?(?:\b(?:once|twice) more\b|"
             rf"\btwice\b|{_N}(?: more)?(?: ?times?\b| ?x\b)(?: more\b)?)"),
    ("reps", rf"{_N}(?: more)? ?times?\b(?: more\b)?|\btwice\b"),
    ("reps", rf"\b(?:repeat|perform|do|complete)(?: this| it)?(?: for)? {_N}(?=\s*(?:[.,;)]|$|\n|"
             rf"{_EACH} |on each|with each))"),
    ("reps", rf"{_N} ?(?:x|\u00d7)(?=\s|[.,;)]|$)|(?<!\w)(?-i:x) ?{_N}(?! ?{_UNIT})\b"),
    ("reps", rf"{_N}(?= ?(?:{_EACH}) ?{_LIMB}\b)|{_N}(?= (?:each|either) (?:way|direction)| "
             rf"forwards?\b| clockwise)|\b(?:take|walk|do) {_N} (?:slow |small |big "
             rf")?steps\b"),
    ("reps", rf"\b(?:do|perform|complete) {_N} of (?:these|them|each|this)\b"),
    ("reps", rf"{_N} (?!{_UNIT})[a-z]+s (?=(?:on|with|for) (?:each|both) )"),
    ("reps", rf"\b(?:do|perform|complete) {_N} (?:slow |gentle |more )?(?!(?:exercise|day|week|"
             rf"minute|"
             rf"second|inch|session|round|set|stretch|move)e?s?\b)[a-z]+s\b(?! (?:every|a|each|"
             rf"per) (?:day|week))"),
    ("time", rf"\b(?:time|duration){_LABEL}{LASTS}"),
    ("time", rf"(?:\bfor )?(?:another |about )?{_TIME}(?! (?:of (?:easy |low|light|gentle)|before|"
             rf"after|read|later|rest))"),
)  # fmt: skip

_SIDES: tuple[str, ...] = (
    rf"\b(?:on |with |for |in )?(?:each|per|ea\.?) (?P<part>{_LIMB})\b",
    rf"(?:(?<=times)|(?<=reps)|(?<=repetitions)|(?<=seconds)|(?<=sets)) (?:on |with )?either "
    rf"(?P<part>{_LIMB})\b",
    rf"(?:^|(?<=[,(;])|\bfor|\d)\s?both (?P<part>{_LIMB})\b(?=\s*(?:$|[.,;)\n]))",
    rf"\bon both sides\b|\b(?:repeat|do|perform|same|times|reps|sets)\b[^.;\n]{{0,40}} on both "
    rf"(?P<part>{_LIMB})\b",
    rf"\bsides?{_LABEL}both\b",
    r"(?:(?<=\d )|(?<=reps )|(?<=sec )|(?<=seconds )|(?<=s ))(?:each|ea\.?)(?=\s*(?:$|[.,;)\n]))",
    rf"(?:(?<=\d)|(?<=\ds)|(?<=\d s)|(?<=reps)|(?<=sec)|(?<=min)|(?<=\)))\s?/ ?(?P<part>{_LIMB})\b",
    r"\b[Bb] sides\b",
    r"\balternat(?:e|ing)(?: the)? (?P<part>sides|legs|arms|feet|hands)\b",
    r"\b(?:switch|change|swap|alternate)(?: to)?(?: the| your)?(?: other| opposite)? "
    r"(?P<part>sides?|legs?|arms?|feet|hands?)\b",
    rf"\b(?:repeat|again|the same(?: exercise| thing| stretch)?(?= (?:on|with|for|to))|switch|"
    rf"change|swap|turn over|do|perform|hold)\b[^.;\n]{{0,40}}?\b(?:on|with|to|for|do)? ?(?:the |"
    rf"your )?(?:other|opposite) (?P<part>{_LIMB})\b(?: and {_LIMB}\b)?",
    r"\bstand on (?:the|your) other (?P<part>leg|foot)\b",
)  # fmt: skip

_NOT_SIDES = re.compile(
    r"\b(?:to|towards?|at|by|from|over|behind|under|against|past|between|of) (?:each|either|"
    r"both)\b|\b(?:both|each) (?:sides? )?of\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(_ONE, re.IGNORECASE)
_MINUTES = re.compile(r"\bminute|\bmins?\b|\dmins?\b|^\s?-?mins?\b", re.IGNORECASE)
_NO_DOSE = re.compile(
    r"\b(?:within|in|after|every|takes?|lasts?|lasting|less than|more than|only|walk for|"
    r"first)\s*$",
    re.IGNORECASE,
)
"""What makes a time none that is done."""
_GROWS, _UP_TO = re.compile(r"\b(?:build|work)(?:ing)?\s*$", re.IGNORECASE), "up to"
_LONGEST = 2_000


@cache
def _compiled() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], tuple[re.Pattern[str], ...]]:
    """Return all patterns; making them takes a tenth of a second, which few programs need."""
    return (
        tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS),
        tuple(re.compile(pattern, re.IGNORECASE) for pattern in _SIDES),
    )


@lru_cache(maxsize=16_384)  # as many as a handout's lines and sentences
def doses_in(text: str) -> tuple[Dose, ...]:
    """Return the doses in a text, in its order; no word belongs to two of them."""
    text = text[:_LONGEST]
    taken = [False] * len(text)
    found: list[Dose] = []
    patterns, sides = _compiled()
    for name, pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.span()
            if start == end or any(taken[start:end]):
                continue
            made = list(_doses(name, match))
            if made:
                found += made
                taken[start:end] = [True] * (end - start)
    for pattern in sides:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]) and not _is_free_end(taken, start, end):
                continue
            if _is_no_side(text, match):
                continue
            part = (match.groupdict().get("part") or "side").lower()
            found.append(
                Dose("sides", Fraction(2), Fraction(2), match[0].strip(), start, end, _single(part))
            )
            taken[start:end] = [True] * (end - start)
    return tuple(sorted(found, key=lambda dose: (dose.start, dose.end)))


def _is_free_end(taken: list[bool], start: int, end: int) -> bool:
    """Whether the last words are nobody's; `repeat 3 times on each leg` shares its first."""
    return not any(taken[max(start, end - 6) : end])


def _is_no_side(text: str, match: re.Match[str]) -> bool:
    """Whether the words tell where to move and not that there are two sides to be done."""
    start = max(0, match.start() - 9)
    around = text[start : match.end() + 9]
    return any(
        other.start() + start < match.end() and other.end() + start > match.start()
        for other in _NOT_SIDES.finditer(around)
    )


def _single(part: str) -> str:
    if part in ("feet", "foot"):
        return "foot"
    return part.rstrip("s") if part != "sides" else "side"


def _doses(name: str, match: re.Match[str]) -> Iterator[Dose]:
    words, (start, end) = match[0].strip(" ,;"), match.span()

    def dose(kind: Kind, source: str) -> Dose:
        low, high = _values(source)
        return Dose(kind, low, high, words, start, end)

    parts = match.groupdict()
    before = match.string[max(0, start - 16) : start]
    if name == "time" and (_NO_DOSE.search(before) or (_GROWS.search(before) and _UP_TO in words)):
        return
    if name == "often":
        yield Dose("often", Fraction(1), Fraction(1), words, start, end)
    elif name == "nn":
        first, second = dose("sets", parts["a"]), dose("reps", parts["b"])
        if first.low > second.high and second.high <= 5:
            # "10 x 3" is rather ten repetitions, three times, than ten sets.
            first, second = dose("sets", parts["b"]), dose("reps", parts["a"])
            first, second = replace(first, part=SWAPPED), replace(second, part=SWAPPED)
        yield first
        yield second
    elif name in ("srt", "sr", "rs", "rt", "nt", "tn", "st"):
        count: Kind = "sets" if name in ("srt", "sr", "rs", "st") else "times"
        if parts.get("a"):
            yield dose(count, parts["a"])
        if parts.get("b"):
            yield dose("reps", parts["b"])
        if parts.get("t"):
            is_held = name in {"srt", "rt"} or bool(parts.get("held"))
            yield dose("hold" if is_held else "time", parts["t"])
    elif name == "rest":
        own = re.search(rf"{_TIME}", words, re.IGNORECASE)
        yield dose("rest" if parts.get("between") else "pause", own[0] if own else words)
    elif name in ("hold", "time", "move", "pause"):
        lasting = list(re.finditer(rf"{LASTS}", match[0], re.IGNORECASE))
        yield dose(name, lasting[-1][0] if lasting else words)  # type: ignore[arg-type]
    else:
        numbers = list(re.finditer(rf"{_N}|\b(?:once|twice)\b", match[0], re.IGNORECASE))
        if numbers:
            made = dose(name, numbers[-1][0])  # type: ignore[arg-type]
            if re.search(r"\bmore\b", match[0], re.IGNORECASE):
                # What is repeated twice more has been done once.
                made = replace(made, low=made.low + 1, high=made.high + 1)
            yield made


def _values(text: str) -> tuple[Fraction, Fraction]:
    """Return the low and the high value of a count or a duration, in seconds."""
    if "once" in text.lower():
        return Fraction(1), Fraction(1)
    if "twice" in text.lower():
        return Fraction(2), Fraction(2)
    found = list(_NUMBER.finditer(text))[:2]
    if not found:
        return (value := Fraction(60 if _MINUTES.search(text) else 1)), value
    numbers = []
    for index, word in enumerate(found):
        # "45 seconds to 1 minute" has two units, "1-2 minutes" one for both.
        end = found[index + 1].start() if index + 1 < len(found) else len(text)
        own = text[word.end() : end]
        unit = own if re.search(_UNIT, own, re.IGNORECASE) else text[word.end() :]
        numbers.append(_number(word[0]) * (60 if _MINUTES.search(unit) else 1))
    return min(numbers), max(numbers)


def _number(word: str) -> Fraction:
    return Fraction(WORDS[word.lower()]) if word.lower() in WORDS else Fraction(word)
