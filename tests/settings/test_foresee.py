"""Moments to come, as people write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from coach.errors import SettingError
from coach.settings.foresee import When, parse_when

NOW = datetime(2026, 3, 2, 18, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("now", 0),
        ("today", 0),
        ("tomorrow", 1),
        ("next week", 7),
        ("in 3 weeks", 21),
        ("In  10 Days", 10),
        ("3 weeks", 21),
        ("in a month", 30),
        ("in 2 months", 60),
    ],
)
def test_spans(text: str, days: int) -> None:
    assert parse_when(text, NOW) == When(NOW + timedelta(days=days))


def test_dates_and_sessions() -> None:
    assert parse_when("2026-12-24", NOW).at.isoformat() == "2026-12-24T12:00:00+02:00"
    assert parse_when("2026-03-02", NOW) == When(NOW)
    assert parse_when("in 6 sessions", NOW) == When(NOW, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '--at: expected "in 3 weeks"'),
        ("soon", 'found "soon"'),
        ("2026-02-30", "expected"),
        ("2026-03-01", "expected a day that is not over, found 2026-03-01"),
        ("2040-01-01", "within five years"),
        ("in 9999 months", "within five years"),
        ("in 9999 sessions", "at most 2000 sessions"),
        ("in 0.5 weeks", "expected"),
        ("in 99999999999 days", "expected"),
    ],
)
def test_what_is_none(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        parse_when(text, NOW)
