"""Sessions over time, drawn with characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coach.history import Entry

WEEKS = 12
"""How many weeks a chart goes back, the present one included."""
DAYS = 14
"""Sessions of so many days have a line for each day instead of each week."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
BLOCKS = _EIGHTHS + _LEVELS
"""Every character beyond ASCII that a chart may use."""

_WIDE = 60
"""Columns from which on sessions have bars, too."""
_LONGEST_BARS = (10, 40)
"""Characters of the greatest number of sessions and of minutes."""
_SHORTEST_BAR = 4
_WORST_PAIN = 10


def chart(entries: Iterable[Entry], today: date, width: int, *, blocks: bool) -> str:
    """Return sessions and minutes as bars, a line a week or a day, and pain as a curve below.

    Args:
        entries: in any order. What is older than `WEEKS`, or later than today, is left out.
        today: the last day shown.
        width: columns; no line is longer, from 26 on.
        blocks: draw with `BLOCKS`; without, with ASCII alone.

    Returns:
        Lines joined by newlines, without trailing blanks; empty if there is nothing to show.
    """
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    shown = [entry for entry in entries if first <= entry.started.date() <= today]
    if not shown:
        return ""
    shown.sort(key=lambda entry: (entry.started, entry.id))
    oldest = min(entry.started.date() for entry in shown)
    step = 1 if today - oldest < timedelta(days=DAYS) else 7
    start = oldest if step == 1 else oldest - timedelta(days=oldest.weekday())
    count = (today - start).days // step + 1
    groups: list[list[Entry]] = [[] for _ in range(count)]
    for entry in shown:
        groups[(entry.started.date() - start).days // step].append(entry)

    labels = [f"{start + timedelta(days=step * n):%d %b}" for n in range(count)]
    sessions = [len(group) for group in groups]
    minutes = [round(sum(entry.seconds for entry in group) / 60) for group in groups]
    head = "Day" if step == 1 else "Week of"
    label_width = max(map(len, (head, *labels)))
    # Two blanks stand before each column.
    room = width - label_width - 4
    session_bars, minute_bars = _LONGEST_BARS
    is_wide = width >= _WIDE
    columns = [_column("Sessions", sessions, session_bars if is_wide else 0, blocks=blocks)]
    room -= max(map(len, columns[0])) + len(str(max(minutes))) + 1
    columns.append(_column("Minutes", minutes, min(minute_bars, room), blocks=blocks))
    lines = [
        "  ".join((f"{label:<{label_width}}", *cells)).rstrip()
        for label, *cells in zip((head, *labels), *columns, strict=True)
    ]
    pain = _pain(shown, width - label_width - 2, blocks=blocks)
    if pain:
        lines.append(f"{'Pain':<{label_width}}  {pain}")
    return "\n".join(lines)


def _column(head: str, numbers: Sequence[int], longest: int, *, blocks: bool) -> list[str]:
    """Return the heading and a number with its bar for each line, all of one width."""
    digits = len(str(max(numbers)))
    cells = [head]
    for number in numbers:
        drawn = _bar(number, max(numbers), longest, blocks=blocks)
        cells.append(f"{number:>{digits}} {drawn}".rstrip())
    wide = max(map(len, cells))
    return [f"{cell:<{wide}}" for cell in cells]


def _bar(number: int, most: int, longest: int, *, blocks: bool) -> str:
    """Return a bar of `longest` characters for `most`, or of one for each if there are few."""
    if longest < _SHORTEST_BAR or not number:
        return ""
    eighths = max(1, round(number * min(longest, most) * 8 / most))
    if not blocks:
        return "#" * max(1, round(eighths / 8))
    whole, rest = divmod(eighths, 8)
    return _EIGHTHS[8] * whole + _EIGHTHS[rest].strip()


def _pain(entries: Iterable[Entry], width: int, *, blocks: bool) -> str:
    """Return the pain of each session that has one, the latest of those that fit, as a curve."""
    pains = [
        pain
        for entry in entries
        if (pain := entry.pain_before if entry.pain_after is None else entry.pain_after) is not None
    ]
    if not pains:
        return ""
    if not blocks:
        numbers = ""
        for pain in reversed(pains):
            longer = f"{pain} {numbers}".rstrip()
            if len(longer) > width:
                break
            numbers = longer
        return numbers
    ends = "  00 -> 00"
    fitting = pains[-max(1, width - len(ends)) :]
    curve = "".join(_LEVELS[round(pain * (len(_LEVELS) - 1) / _WORST_PAIN)] for pain in fitting)
    return f"{curve}  {fitting[0]} -> {fitting[-1]}" if len(fitting) > 1 else f"{curve}  {pains[0]}"
