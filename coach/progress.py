"""How a prescribed range is climbed: the rule, as a script or a user writes it.

Pure. `coach.settings.climb` applies a rule to what has been done.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from coach.errors import did_you_mean, shortened
from coach.units import ACTIVE_TIME, COUNT_FORMS, exact_duration, parse_count

ClimbedKey: TypeAlias = Literal["reps", "sets", "rounds", "hold", "work"]
"""What of a dose can grow."""
Unit = Literal["session", "week"]

FORMS = "a rule such as `+1 rep every 2 sessions` or `+1s hold every week`"
MOST_STEPS = 10
MOST_EVERY = 100
WORST_PAIN = 10
NO_WORDS = ("none", "off")

_KINDS: dict[str, ClimbedKey] = {
    **dict.fromkeys(("rep", "reps", "repetition", "repetitions"), "reps"),
    **dict.fromkeys(("set", "sets"), "sets"),
    **dict.fromkeys(("round", "rounds"), "rounds"),
    **dict.fromkeys(("hold", "holds"), "hold"),
    "work": "work",
}
_SINGULAR: dict[ClimbedKey, str] = {"reps": "rep", "sets": "set", "rounds": "round"}
_UNIT = r"(?:h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)"
_STEP = re.compile(
    rf"\+?\s*(?P<amount>(?:[\d.]+\s*{_UNIT}\s*){{0,2}}[\d.:]+\s*{_UNIT}?)\s+(?:of\s+)?(?P<kind>\w+)"
    r"\s+(?:every|each|per|a)\s+(?:(?P<every>other|\w+)\s+)?(?P<unit>sessions?|weeks?)",
    re.IGNORECASE,
)
_PAIN = re.compile(r"pain\s*(?P<sign>>=|>|\u2265)\s*(?P<level>\d{1,2})", re.IGNORECASE)
_CONDITION = re.compile(r"(?P<what>hold|down)\s+if\s+(?P<pain>.*)", re.IGNORECASE)


class Climb(Struct, frozen=True):
    """One kind of step: so much more of something, each time so much has been done."""

    key: ClimbedKey
    amount: int | Fraction
    """Repetitions, sets, rounds, or seconds."""
    every: int
    unit: Unit

    def __str__(self) -> str:
        if isinstance(self.amount, Fraction):
            more = f"+{exact_duration(self.amount)} {self.key}"
        else:
            more = f"+{self.amount} {self.key if self.amount != 1 else _SINGULAR[self.key]}"
        often = f"{self.every} {self.unit}s" if self.every > 1 else self.unit
        return f"{more} every {often}"


class Progress(Struct, frozen=True):
    """How ranges are climbed; without any step, not at all."""

    climbs: tuple[Climb, ...] = ()
    """In order: the next one begins where the one before has reached the top of its range."""
    hold_from: int | None = None
    """Pain, 0 to 10, from which on a session does not count."""
    down_from: int | None = None
    """Pain, 0 to 10, from which on a session leads a step down."""

    def __str__(self) -> str:
        if not self.climbs:
            return "none"
        parts = [", then ".join(map(str, self.climbs))]
        for word, level in (("hold", self.hold_from), ("down", self.down_from)):
            if level is not None:
                parts.append(f"{word} if pain >= {level}")
        return "; ".join(parts)


def parse_climb(text: str) -> Climb:
    """Return the step that `text` means, such as `+1 rep every 2 sessions`.

    Raises:
        ValueError: it means none. The message is a sentence.
    """
    match = _STEP.fullmatch(text.strip()) if len(text) <= 200 else None
    if match is None:
        raise ValueError(f'expected {FORMS}, found "{shortened(text, 60)}"')
    kind, unit = match["kind"].lower(), match["unit"].lower().rstrip("s")
    if kind not in _KINDS:
        raise ValueError(
            f"expected rep, set, round, hold or work in a rule, found "
            f'"{shortened(match["kind"])}"{did_you_mean(kind, _KINDS)}'
        )
    key = _KINDS[kind]
    return Climb(
        key=key,
        amount=_amount(key, match["amount"]),
        every=_every(match["every"]),
        unit=next(known for known in get_args(Unit) if known == unit),
    )


def parse_pain(text: str) -> int:
    """Return the least pain that `pain >= 4` speaks of.

    Raises:
        ValueError: `text` is no such condition. The message is a sentence.
    """
    match = _PAIN.fullmatch(text.strip())
    level = int(match["level"]) + (match["sign"] == ">") if match else -1
    if not 1 <= level <= WORST_PAIN:
        raise ValueError(
            f"expected a condition such as `pain >= 4`, from 1 to {WORST_PAIN}, "
            f'found "{shortened(text, 60)}"'
        )
    return level


def parse_progress(text: str) -> Progress:
    """Return the rule that `text` means: steps and conditions, or `none`.

    `+1 rep every 2 sessions, then +1s hold every week; hold if pain >= 4; down if pain >= 6`

    Raises:
        ValueError: it means none. The message is a sentence.
    """
    if text.strip().lower() in NO_WORDS:
        return Progress()
    climbs: list[Climb] = []
    levels: dict[str, int] = {}
    for part in re.split(r"[;,]", text):
        words = re.sub(r"^\s*(?:then|and)\s+", "", part.strip(), flags=re.IGNORECASE)
        condition = _CONDITION.fullmatch(words)
        if condition:
            word, level = condition["what"].lower(), parse_pain(condition["pain"])
            if levels.setdefault(word, level) != level:
                raise ValueError(
                    f"expected one condition to {word}, "
                    f"found pain >= {levels[word]} and pain >= {level}"
                )
        else:
            climbs += map(parse_climb, re.split(r"\s+then\s+", words, flags=re.IGNORECASE))
    if not climbs:
        raise ValueError(f'expected {FORMS}, found "{shortened(text, 60)}"')
    return checked(Progress(tuple(climbs), levels.get("hold"), levels.get("down")))


def checked(progress: Progress) -> Progress:
    """Return `progress`, in which no bound is broken.

    Raises:
        ValueError: there are too many steps, or the conditions exclude each other.
    """
    if len(progress.climbs) > MOST_STEPS:
        raise ValueError(
            f"expected at most {MOST_STEPS} steps in a rule, found {len(progress.climbs)}"
        )
    hold, down = progress.hold_from, progress.down_from
    if hold is not None and down is not None and hold >= down:
        raise ValueError(
            f"expected to hold at less pain than to step down, found {hold} and {down}"
        )
    return progress


def _amount(key: ClimbedKey, text: str) -> int | Fraction:
    if key in ("hold", "work"):
        return ACTIVE_TIME.value(text)
    number = parse_count(text)
    if not number:
        raise ValueError(f'expected {COUNT_FORMS} in a rule, found "{shortened(text)}"')
    return number


def _every(text: str | None) -> int:
    if text is None:
        return 1
    word = text.lower()
    every = {"other": 2, "second": 2, "third": 3, "fourth": 4}.get(word)
    if every is None:
        every = parse_count(re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word))
    if not 1 <= every <= MOST_EVERY:
        raise ValueError(
            f'expected every 1 to {MOST_EVERY} sessions or weeks, found "{shortened(text)}"'
        )
    return every
