"""What is to come: a moment in the future, and the sessions until then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from fractions import Fraction

from msgspec import Struct

from coach.errors import SettingError
from coach.settings import Settings
from coach.settings.counter import Done

PACE_DAYS = 28
"""How far back it is counted how often somebody exercises."""
USUAL_PACE = Fraction(3)
"""Sessions a week of somebody of whom nothing is known."""
MOST_DAYS = 5 * 365
MOST_SESSIONS = 2000

_FORMS = '"in 3 weeks", "in 10 days", "in 6 sessions", "tomorrow" or a date such as 2026-12-24'
_SPAN = re.compile(
    r"(?:in\s+)?(?P<n>\d{1,4}|an?)\s+(?P<unit>day|week|month|session)s?", re.IGNORECASE
)
_DAYS = {"day": 1, "week": 7, "month": 30}


class When(Struct, frozen=True):
    """A moment, or so many sessions from now."""

    at: datetime
    sessions: int | None = None
    """Sessions until then; None if they follow from how often somebody exercises."""


class Foreseen(Struct, frozen=True):
    """The past, with the sessions that are to come."""

    sessions: tuple[Done, ...]
    at: datetime
    pace: Fraction
    """Sessions a week that are counted on."""
    is_known: bool
    """Whether the pace is that of the last weeks; else it is `USUAL_PACE`."""


def parse_when(text: str, now: datetime) -> When:
    """Return the moment that `text` means, such as `in 3 weeks`, seen from `now`.

    Raises:
        SettingError: it means none, or one that is past or too far away.
    """
    words = " ".join(text.lower().split())
    if words in ("now", "today"):
        return When(now)
    if words in ("tomorrow", "next week"):
        return When(now + timedelta(days=1 if words == "tomorrow" else 7))
    match = _SPAN.fullmatch(words)
    if match is None:
        return When(_date(words, now))
    number = 1 if match["n"] in ("a", "an") else int(match["n"])
    if match["unit"] == "session":
        if number > MOST_SESSIONS:
            raise SettingError(f"--at: expected at most {MOST_SESSIONS} sessions, found {number}")
        return When(now, number)
    return When(_near(now + timedelta(days=number * _DAYS[match["unit"]]), now))


def _date(text: str, now: datetime) -> datetime:
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise SettingError(f'--at: expected {_FORMS}, found "{text}"') from None
    if day == now.date():
        return now
    return _near(datetime.combine(day, time(12), now.tzinfo), now)


def _near(at: datetime, now: datetime) -> datetime:
    if at < now:
        raise SettingError(f"--at: expected a day that is not over, found {at:%Y-%m-%d}")
    if at - now > timedelta(days=MOST_DAYS):
        raise SettingError(f"--at: expected a day within five years, found {at:%Y-%m-%d}")
    return at


def foresee(
    past: Sequence[Done], now: datetime, when: When, skip: tuple[str, ...] = ()
) -> Foreseen:
    """Return the past with the sessions that are to come until `when`, without any pain.

    They come as often as in the last weeks, or `USUAL_PACE` times a week if there were none.

    Args:
        past: the sessions that were finished.
        now: the moment that `when` is seen from.
        when: until when.
        skip: ids of the exercises and circuits that they leave out.
    """
    recent = [session.at for session in past if now - session.at <= timedelta(days=PACE_DAYS)]
    is_known = bool(recent)
    pace = USUAL_PACE
    if recent:
        pace = len(recent) / max(Fraction(1), Fraction((now - min(recent)).days, 7))
    gap = timedelta(days=float(7 / pace))
    count = when.sessions
    if count is None:
        count = int((when.at - now) / gap)
    settings = Settings(skip=skip)
    coming = tuple(Done(now + gap * n, settings=settings) for n in range(min(count, MOST_SESSIONS)))
    at = when.at if when.sessions is None else now + gap * count
    return Foreseen((*past, *coming), max(at, now), pace, is_known)
