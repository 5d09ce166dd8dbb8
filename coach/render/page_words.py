"""The page's own words in each language; they are data, one file a language."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from coach.phrases import Phrasebook
from coach.routine import Circuit, Exercise, Phase
from coach.script import read_texts
from coach.settings import DoseKey
from coach.settings.dose import show_amount
from coach.units import Range

DATA = Path(__file__).parent / "page_data"
FALLBACK = "en"

_RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_RIGHT_TO_LEFT_SCRIPTS = re.compile(r"-(Adlm|Arab|Hebr|Nkoo|Rohg|Syrc|Thaa)\b", re.IGNORECASE)


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that the page has words in."""
    return tuple(sorted(path.stem for path in DATA.glob("*.yaml")))


def load_words(language: str) -> Phrasebook:
    """Return the page's words in `language`, or English ones if it has none in it."""
    code = language.split("-", maxsplit=1)[0].lower()
    code = code if code in languages() else FALLBACK
    return Phrasebook(code, read_texts((DATA / f"{code}.yaml").read_bytes(), code))


def direction(language: str) -> str:
    """Return in which direction a language is written, as HTML has it: `ltr` or `rtl`.

    The languages are those whose usual script Unicode's CLDR has as written from right to left.
    """
    script = re.search(r"-[A-Za-z]{4}\b", language)
    if script:
        return "rtl" if _RIGHT_TO_LEFT_SCRIPTS.match(script[0]) else "ltr"
    return "rtl" if language.split("-", maxsplit=1)[0].lower() in _RIGHT_TO_LEFT else "ltr"


def exercise_dose(exercise: Exercise, words: Phrasebook) -> str:
    """Return an exercise's dose in short words: `2 sets, 5 reps (5-10), each side: left, right`.

    The times of its phases are told with them, except where there is but one phase that has
    no name.
    """
    parts = []
    if exercise.sets.high > 1 or exercise.sets.value > 1:
        parts.append(_count("sets", exercise.sets, words))
    if exercise.reps.high > 1 or exercise.reps.value > 1 or exercise.is_self_paced:
        parts.append(_count("reps", exercise.reps, words))
    if len(exercise.phases) == 1 and not exercise.phases[0].cue:
        parts += _times(exercise.phases[0], words)
    if exercise.is_self_paced:
        parts.append(words.say("at_own_pace"))
    if exercise.sides:
        key = "each_side" if len(exercise.sides) > 1 else "one_side"
        parts.append(words.say(key, sides=", ".join(exercise.sides)))
    if exercise.sets.value > 1 and exercise.rest.value:
        parts.append(words.say("rest_time", time=_amount("rest", exercise.rest, words)))
    return str(words.phrases["between"]).join(parts or [words.say("once")])


def circuit_dose(circuit: Circuit, words: Phrasebook) -> str:
    """Return a circuit's dose in short words: `3 rounds (2-4), rest 1m`."""
    parts = [_count("rounds", circuit.rounds, words)]
    if circuit.rounds.value > 1 and circuit.rest.value:
        parts.append(words.say("rest_time", time=_amount("rest", circuit.rest, words)))
    return str(words.phrases["between"]).join(parts)


def phase_dose(phase: Phase, words: Phrasebook) -> str:
    """Return how long a phase takes in short words: `move 3s, hold 5s (5s-10s)`."""
    return str(words.phrases["between"]).join(_times(phase, words))


def _times(phase: Phase, words: Phrasebook) -> list[str]:
    keys: tuple[DoseKey, ...] = ("move", "hold", "work")
    return [
        words.say(f"{key}_time", time=_amount(key, value, words))
        for key in keys
        if (value := getattr(phase, key)) and value.high
    ]


def _count(key: DoseKey, value: Range[int], words: Phrasebook) -> str:
    return words.say(key, n=value.value) + _prescribed(key, value, words)


def _amount(key: DoseKey, value: Range[Fraction], words: Phrasebook) -> str:
    return _shown(key, value.value, words) + _prescribed(key, value, words)


def _prescribed(key: DoseKey, value: Range[Any], words: Phrasebook) -> str:
    low, high = _shown(key, value.low, words), _shown(key, value.high, words)
    if not value.is_fixed:
        return f" ({low}\u2013{high})"
    if value.value != value.low:
        return f" ({words.say('prescribed', value=low)})"
    return ""


def _shown(key: DoseKey, value: int | Fraction, words: Phrasebook) -> str:
    """Return a value as people write it in the language: `2.5s` is `2,5s` in German."""
    shown = show_amount(key, value)
    return shown.replace(".", words.decimal_sign) if "." in shown else shown
