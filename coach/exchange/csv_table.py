"""Tables: comma-separated values with a line of headings.

The headings `name,position,seconds,reps,sets,comment` are those of exercise-program.py in
des4maisons/exercise-program-reader, which says the name and the position, waits until the user is
ready, says the comment, and then counts `seconds` for each of `reps` in each of `sets`, with three
seconds between the sets. People's own tables may have them in any order, others beside them, and
semicolons or tabs between the cells, as spreadsheets write them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from coach.errors import CoachError, did_you_mean, shortened
from coach.exchange import Content, Draft, Found
from coach.exchange.content import (
    MAX_ENTRIES,
    Notes,
    cleaned,
    fitting,
    joined,
    name_of,
    sentences,
    time_range,
)
from coach.exchange.items import name_apart
from coach.exchange.unfolding import tell_what_stays
from coach.phrases import Phrasebook, load_phrasebook
from coach.phrases.fields import exercise_fields
from coach.routine import DEFAULT_PACE, Circuit, Exercise, Item, Routine
from coach.template import fill
from coach.units import (
    ACTIVE_TIME,
    REPS,
    SETS,
    TIME,
    Quantity,
    Range,
    decimal,
    parse_duration,
    split_range,
)

TITLE = "a CSV table"
LOOKS_FOR = "CSV with the headings name, position, seconds, reps, sets, comment"
_HEADINGS = {
    "name": ("name", "exercise", "title", "exercise name"),
    "position": ("position", "setup", "start", "starting position"),
    "hold": ("seconds", "hold", "hold time", "sec", "secs", "hold (s)", "time", "duration"),
    "work": ("work", "work time", "active"),
    "reps": ("reps", "repetitions", "rep", "repeats"),
    "sets": ("sets", "set"),
    "rest": ("rest", "rest time", "pause", "break"),
    "sides": ("sides", "side"),
    "comment": ("comment", "comments", "notes", "note", "instructions", "description"),
}
"""What a column holds, and how it may be called."""
_KNOWN = {heading: column for column, headings in _HEADINGS.items() for heading in headings}
_BASE = ("name", "position", "hold", "reps", "sets", "comment")
_OFFICIAL = {"hold": "seconds"}
REST = "3s"
"""Between two sets, as the program has it."""
REST_RANGE = Range.fixed(parse_duration(REST))
_SEPARATORS = ",;\t"


def recognise(content: Content) -> bool:
    """Return whether the first line has a heading for names and another one."""
    if content.is_json:
        return False
    columns = _columns(_head(content.text))
    return "name" in columns.values() and len(columns) > 1


def _head(text: str) -> Sequence[str]:
    """Return the headings of a table."""
    line = next((line for line in io.StringIO(text[:10_000]) if line.strip()), "")
    separator = max(_SEPARATORS, key=line.count)
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _columns(headings: Sequence[str]) -> dict[int, str]:
    """Return what is in the columns that are known, by their position; of several, the first."""
    columns: dict[int, str] = {}
    for position, heading in enumerate(headings):
        column = _KNOWN.get(" ".join(heading.replace("_", " ").split()).casefold())
        if column and column not in columns.values():
            columns[position] = column
    return columns


def read(content: Content, notes: Notes) -> list[Found]:
    """Return the table as one routine."""
    del notes
    return [Found(content.title, lambda notes: _draft(content, notes))]


def _draft(content: Content, notes: Notes) -> Draft:
    headings = _head(content.text)
    columns = _columns(headings)
    if "name" not in columns.values():
        found = ", ".join(shortened(heading) for heading in headings[:8])
        raise CoachError(
            f"expected a line of headings with `name`, found {found or 'none'}",
            f"Known are {', '.join(_HEADINGS)}.",
        )
    for position, heading in enumerate(headings):
        if position not in columns and heading.strip():
            notes.add(
                "columns that are not known", f"{name_of(heading)}{did_you_mean(heading, _KNOWN)}"
            )
    items = []
    for line, cells in _rows(content.text, notes):
        row = {column: cells[at] for at, column in columns.items() if at < len(cells)}
        if not name_of(row.get("name")):
            if any(cell.strip() for cell in cells):
                notes.add("lines without a name", f"line {line}")
            continue
        items.append(_exercise(row, line, notes))
        if len(items) > MAX_ENTRIES:
            raise CoachError(f"expected at most {MAX_ENTRIES:,} lines, found more")
    if not items:
        raise CoachError("expected a line for each exercise below the headings, found none")
    name_apart(items)
    return Draft({"settle": "ready", "rest": REST, "exercises": items})


def _rows(text: str, notes: Notes) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line below the headings, and its cells."""
    first = next((line for line in io.StringIO(text[:10_000]) if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=first.count))
    is_below = False
    try:
        for cells in reader:
            if is_below:
                yield reader.line_num, cells
            is_below = is_below or any(cell.strip() for cell in cells)
    except csv.Error as error:
        notes.add(f"what comes after line {reader.line_num}, which is no CSV ({error})")


def _exercise(row: Mapping[str, str], line: int, notes: Notes) -> dict[str, Any]:
    name = name_of(row["name"])
    where = f"{name} (line {line})"
    said = [*sentences(row.get("position")), *sentences(row.get("comment"))]
    item: dict[str, Any] = {"name": name, "setup": fitting(said, notes, where)}
    for column, quantity in (("hold", ACTIVE_TIME), ("work", ACTIVE_TIME)):
        value = _value(row.get(column, ""), quantity, where, column, notes)
        if value and not ("hold" in item and column == "work"):
            item[column] = value
    for column, counted in (("reps", REPS), ("sets", SETS)):
        value = _value(row.get(column, ""), counted, where, column, notes)
        if value and value != "1":
            item[column] = value
    if "hold" not in item and "work" not in item:
        item.setdefault("reps", "1")
    if rest := _value(row.get("rest", ""), TIME, where, "rest", notes):
        item["rest"] = rest
    if sides := _sides(row.get("sides", ""), where, notes):
        item["sides"] = sides
    return item


def _value(text: str, quantity: Quantity[Any], where: str, column: str, notes: Notes) -> str:
    """Return a cell as a script writes it, or an empty text if it says nothing."""
    cell = " ".join(text.split())
    if not cell.strip("0.,"):
        return "0s" if cell and quantity is TIME else ""
    try:
        ends = [quantity.value(_with_point(end)) for end in split_range(cell) or (cell,)]
    except ValueError:
        notes.add("values that are not understood", f'{column} "{cleaned(cell)[:20]}" of {where}')
        return ""
    if len(ends) > 1 and ends[0] > ends[1]:
        ends.reverse()
    if quantity in (REPS, SETS):
        return "-".join(str(end) for end in dict.fromkeys(ends))
    return time_range(*ends)


def _with_point(number: str) -> str:
    """Return a number with a decimal point, which is a comma in many countries."""
    return re.sub(r"^(\d+),(\d{1,3})(?!\d)", r"\1.\2", number)


_BOTH = frozenset({"2", "both", "both sides", "each", "each side", "yes", "y", "x", "l/r", "l+r"})
_NEITHER = frozenset({"", "0", "1", "no", "n", "none", "-"})


_BETWEEN_SIDES = re.compile(r"[/,;|+]| and ")


def _sides(text: str, where: str, notes: Notes) -> list[str]:
    cell = " ".join(text.split())
    if cell.casefold() in _NEITHER:
        return []
    if cell.casefold() in _BOTH:
        return ["left", "right"]
    sides = [name for part in _BETWEEN_SIDES.split(cell) if (name := name_of(part))]
    if 2 <= len({side.casefold() for side in sides}) == len(sides) <= 4:
        return sides
    notes.add("values that are not understood", f'sides "{cleaned(cell)[:20]}" of {where}')
    return []


def write(routine: Routine, notes: Notes) -> str:
    """Return a table with a line for each exercise; columns that are needed stand behind."""
    tell_what_stays(routine, notes, kept=("settle", "range", "setup"))
    phrases = load_phrasebook(routine.language)
    rows = [_row(exercise, phrases, notes) for exercise in _in_turn(routine.items, notes)]
    if any(not exercise.settle_ready for exercise in routine.exercises()):
        notes.add("`settle` (the table's reader waits until the user is ready)")
    if any("-" in row[column] for row in rows for column in ("hold", "reps", "sets")):
        notes.add("plain numbers (not every program reads ranges such as 5-10)")
    columns = list(_BASE)
    for column, usual in (("work", ""), ("rest", _seconds_text(REST_RANGE)), ("sides", "")):
        if any(row[column] != usual for row in rows):
            columns.append(column)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_OFFICIAL.get(column, column) for column in columns)
    writer.writerows([row[column] for column in columns] for row in rows)
    return text.getvalue()


def _in_turn(items: Sequence[Item], notes: Notes) -> Iterator[Exercise]:
    for item in items:
        if isinstance(item, Circuit):
            notes.add("circuits and their rounds", item.name)
            yield from _in_turn(item.items, notes)
        else:
            yield item


def _row(exercise: Exercise, phrases: Phrasebook, notes: Notes) -> dict[str, str]:
    values = exercise_fields(exercise, phrases)
    setup = [cleaned(fill(text, values)) for text in exercise.setup]
    sides = [" ".join(_BETWEEN_SIDES.sub(" ", side).split()) for side in exercise.sides]
    if sides != list(exercise.sides):
        notes.add("what sides are called", exercise.name)
    row = {
        "name": exercise.name,
        "position": setup[0] if len(setup) > 1 else "",
        "comment": joined(setup[1:] if len(setup) > 1 else setup),
        "hold": "0",
        "work": "",
        "reps": _count_text(exercise.reps),
        "sets": _count_text(exercise.sets),
        "rest": _seconds_text(exercise.rest),
        "sides": "/".join(sides),
    }
    phases = exercise.phases
    timed = [time for phase in phases for time in (phase.move, phase.hold, phase.work) if time]
    ranges: list[Range[int] | Range[Fraction]] = [exercise.reps, exercise.sets, *timed]
    if any(value.value != value.low for value in ranges):
        notes.add("where a range starts (its low end is read)", exercise.name)
    if exercise.is_self_paced:
        if exercise.pace != DEFAULT_PACE:
            notes.add("`pace`", exercise.name)
        return row
    if len(timed) > 1 or not timed:
        notes.add("phases (the seconds are those of a whole repetition)", exercise.name)
        row["hold"] = decimal(exercise.repetition)
    elif phases[0].work:
        row |= {"hold": "", "work": _seconds_text(phases[0].work)}
    else:
        row["hold"] = _seconds_text(timed[0])
    return row


def _count_text(value: Range[int]) -> str:
    return str(value.value) if value.is_fixed else f"{value.low}-{value.high}"


def _seconds_text(value: Range[Fraction]) -> str:
    """Return a time or its range in seconds."""
    if value.is_fixed:
        return decimal(value.value)
    return f"{decimal(value.low)}-{decimal(value.high)}"
