"""What the coach says in each language; the sentences are data, one file a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from coach.errors import CoachError, ScriptError, did_you_mean
from coach.template import fill

if TYPE_CHECKING:
    from babel import Locale


MILLION = 1_000_000
"""Of which some languages have a plural of their own. Below, a catalog says itself which whole
numbers are `one`: all that Babel knows of a language takes 60 ms to load."""


class Phrasebook(Struct, frozen=True, eq=False):
    """The phrases of one language."""

    language: str
    """The catalog's language code, such as `en`."""
    phrases: Mapping[str, Any]
    _durations: dict[Fraction, str] = field(default_factory=dict)
    """What `duration` has put into words: a routine has few durations, and many places for them."""

    def say(self, key: str, n: int | Decimal | None = None, **fields: str) -> str:
        """Return the phrase `key` with its fields; `n` picks the plural form.

        Raises:
            CoachError: the catalog lacks the phrase, or it has a field that was not given.
        """
        phrase = self.phrases.get(key)
        if isinstance(phrase, Mapping):
            phrase = self._form(phrase, 0 if n is None else n)
        if phrase is None:
            raise self._incomplete(f"lack the phrase `{key}`")
        given = fields if n is None else {"n": self.number(n), **fields}
        try:
            return fill(phrase, given)
        except KeyError as error:
            known = ", ".join(f"{{{name}}}" for name in given)
            message = f"have the unknown field {{{error.args[0]}}} in `{key}`, which takes {known}"
            raise self._incomplete(message) from error

    def number(self, n: int | Decimal) -> str:
        """Return a number in digits, with the decimal sign of the language."""
        if isinstance(n, int):
            return str(n)
        from babel.numbers import format_decimal

        return format_decimal(n, "#0.###", locale=self._locale)

    @property
    def decimal_sign(self) -> str:
        """The sign between whole numbers and decimals."""
        from babel.numbers import get_decimal_symbol

        return get_decimal_symbol(self._locale)

    def _form(self, forms: Mapping[str, str], n: int | Decimal) -> str | None:
        """Return the form for `n`: the one for this very number, or that of its category."""
        return forms.get(str(n)) or forms.get(self._category(n)) or forms.get("other")

    def _category(self, n: int | Decimal) -> str:
        """Return the plural category of a number, after Unicode's CLDR."""
        ones = self.phrases.get("ones")
        if ones and isinstance(n, int) and 0 <= n < MILLION:
            return "one" if str(n) in ones else "other"
        return self._locale.plural_form(n)

    @property
    def _locale(self) -> Locale:
        return _locale(self.language)

    def _incomplete(self, what: str) -> CoachError:
        return _amiss(self.language, what)

    def turn(self, key: str, number: int) -> str:
        """Return one of several equal phrases, in turn by `number`."""
        choices: Sequence[str] = self.phrases[key]
        return choices[number % len(choices)]

    def side(self, side: str) -> str:
        """Return how a side of the script is called in a sentence."""
        return str(self.phrases["sides"].get(side.lower(), side))

    def listed(self, items: Sequence[str]) -> str:
        """Return "a and b" or "a, b, and c", as the language has it."""
        if len(items) < 2:
            return "".join(items)
        key = "both" if len(items) == 2 else "all"
        return self.say(key, first=self.listed_with_comma(items[:-1]), last=items[-1])

    def listed_with_comma(self, items: Sequence[str]) -> str:
        """Return "a, b, c"."""
        return str(self.phrases["comma"]).join(items)

    def duration(self, seconds: Fraction) -> str:
        """Return an exact duration in words: "5 seconds", "1 minute and 30 seconds"."""
        if (words := self._durations.get(seconds)) is None:
            words = self._durations[seconds] = self._in_words(seconds)
        return words

    def _in_words(self, seconds: Fraction) -> str:
        minutes, rest = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        parts = [
            self.say(unit, n=int(number))
            for unit, number in (("hours", hours), ("minutes", minutes))
            if number
        ]
        if rest.denominator != 1:
            parts.append(self.say("seconds", n=_decimal(rest)))
        elif rest or not parts:
            parts.append(self.say("seconds", n=int(rest)))
        return self.listed(parts)

    def about(self, seconds: Fraction) -> str:
        """Return a duration to the nearest minute, as people say it: "about 13 minutes"."""
        minutes = round(seconds / 60)
        if minutes == 0:
            return str(self.phrases["less_than_a_minute"])
        return self.say("about", time=self.duration(Fraction(60 * minutes)))


class _Phrases(dict[str, Any]):
    """A catalog, of which it is told if what is looked up is not there."""

    def __init__(self, language: str, phrases: Mapping[str, Any]) -> None:
        super().__init__(phrases)
        self._language = language

    def __missing__(self, key: str) -> Any:
        raise _amiss(self._language, f"lack the phrase `{key}`")


def _amiss(language: str, what: str) -> CoachError:
    return CoachError(
        f"the phrases of the language `{language}` {what}",
        f"Mend {resources.files(__name__).joinpath(f'{language}.yaml')}, install the coach again, "
        "or set --language to another language.",
    )


def _decimal(value: Fraction) -> Decimal:
    """Return a value to the thousandth."""
    return (Decimal(round(value * 1000)) / 1000).normalize()


@cache
def _locale(language: str) -> Locale:
    from babel import Locale

    return Locale.parse(language)


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that the coach speaks."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name[:-5] for file in files if file.name.endswith(".yaml")))


def load_phrasebook(language: str) -> Phrasebook:
    """Return the phrases of `language`; `en-GB` is read from `en`.

    Raises:
        CoachError: the coach has no phrases in that language, or they cannot be read.
    """
    code = language.split("-", maxsplit=1)[0].lower()
    if code not in languages():
        raise CoachError(
            f"the coach has no phrases in the language `{language}`"
            f"{did_you_mean(code, languages())}",
            f"Languages: {', '.join(languages())}. Set `language:` in the script or --language.",
        )
    text = resources.files(__name__).joinpath(f"{code}.yaml").read_bytes()
    return Phrasebook(code, _parsed(code, text))


@cache
def _parsed(code: str, text: bytes) -> _Phrases:
    """Return the phrases in a catalog's text, which many routines have in common."""
    from coach.script import read_texts

    try:
        return _Phrases(code, read_texts(text, code))
    except ScriptError as error:
        line = error.problems[0].where.line
        raise _amiss(code, f"cannot be read from line {line} on") from error
