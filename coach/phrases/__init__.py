"""What the coach says in each language; the sentences are data, one file a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from coach.errors import CoachError, did_you_mean
from coach.template import fill
from coach.units import decimal


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The phrases of one language."""

    language: str
    """The catalog's language code, such as `en`."""
    phrases: Mapping[str, Any]

    def say(self, key: str, n: int | None = None, **fields: str) -> str:
        """Return the phrase `key` with its fields; `n` picks the plural form.

        Raises:
            KeyError: the catalog lacks the phrase, or it has a field that was not given.
        """
        phrase = self.phrases[key]
        if isinstance(phrase, Mapping):
            phrase = phrase["one" if n == 1 else "other"]
        return fill(phrase, fields if n is None else {"n": str(n), **fields})

    def turn(self, key: str, number: int) -> str:
        """Return one of several equal phrases, in turn by `number`."""
        choices: Sequence[str] = self.phrases[key]
        return choices[number % len(choices)]

    def side(self, side: str) -> str:
        """Return how a side of the script is called in a sentence."""
        return str(self.phrases["sides"].get(side.lower(), side))

    def listed(self, items: Sequence[str]) -> str:
        """Return "a and b" or "a, b, and c"."""
        if len(items) < 2:
            return "".join(items)
        first = self.listed_with_comma(items[:-1])
        return self.say("and" if len(items) == 2 else "and_more", first=first, last=items[-1])

    def listed_with_comma(self, items: Sequence[str]) -> str:
        """Return "a, b, c"."""
        return str(self.phrases["comma"]).join(items)

    def duration(self, seconds: Fraction) -> str:
        """Return an exact duration in words: "5 seconds", "1 minute and 30 seconds"."""
        minutes, rest = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        parts = [
            self.say(unit, n=int(number))
            for unit, number in (("hours", hours), ("minutes", minutes))
            if number
        ]
        if rest.denominator != 1:
            form = self.phrases["seconds"]["other"]
            parts.append(fill(form, {"n": decimal(rest)}))
        elif rest or not parts:
            parts.append(self.say("seconds", n=int(rest)))
        return self.listed(parts)

    def about(self, seconds: Fraction) -> str:
        """Return a duration to the nearest minute, as people say it: "about 13 minutes"."""
        minutes = round(seconds / 60)
        if minutes == 0:
            return str(self.phrases["less_than_a_minute"])
        return self.say("about", time=self.duration(Fraction(60 * minutes)))


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that the coach speaks."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name[:-5] for file in files if file.name.endswith(".yaml")))


def load_phrasebook(language: str) -> Phrasebook:
    """Return the phrases of `language`; `en-GB` is read from `en`.

    Raises:
        CoachError: the coach has no phrases in that language.
    """
    import yaml

    code = language.split("-", maxsplit=1)[0].lower()
    if code not in languages():
        raise CoachError(
            f"the coach has no phrases in the language `{language}`"
            f"{did_you_mean(code, languages())}",
            f"Languages: {', '.join(languages())}. Set `language:` in the script or --language.",
        )
    text = resources.files(__name__).joinpath(f"{code}.yaml").read_text("utf-8")
    return Phrasebook(code, yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506
