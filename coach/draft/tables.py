"""Exercises in the rows of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.draft.blocks import Block
from coach.draft.candidate import Candidate
from coach.draft.dose import doses_in
from coach.draft.names import clean_name, is_name
from coach.draft.sentences import sentences
from coach.draft.telling import has_dose

_NAME_COLUMN = re.compile(
    r"^\W*(?:exercise|name|movement|move|stretch|pose|drill|activity|lift|station)s?\b",
    re.IGNORECASE,
)
_COLUMNS = {
    "sets": r"sets?\b",
    "reps": r"how many|number|rep(?:etition)?s?\b|times\b",
    "hold": r"holds?\b",
    "rest": r"rest\b|break\b|recovery\b",
    "time": r"time\b|duration\b|seconds?\b|secs?\b",
    "often": r"freq|how often|per day|daily|days?\b",
    "text": r"dos(?:e|age)\b|how\b|notes?\b|description|instructions?|comments?|details?|cues?|"
    r"position|what to do",
}


def exercises_in_rows(rows: Sequence[Block]) -> tuple[list[Candidate], list[str]]:
    """Return the exercises of a table, and the sentences of rows that are none."""
    found: list[Candidate] = []
    around: list[str] = []
    heads: Sequence[str] = rows[0].heads
    if not heads:
        first = rows[0].cells
        known = [cell for cell in first if _column(cell) or _NAME_COLUMN.search(cell)]
        heads = first if len(known) >= 2 and not any(map(doses_in, first)) else ()
        rows = rows[1:] if heads else rows
    name_at = _name_column(heads, rows)
    for row in rows:
        if name_at >= len(row.cells) or not is_name(row.cells[name_at]):
            continue
        candidate = Candidate(clean_name(row.cells[name_at]))
        for index, cell in enumerate(row.cells):
            head = heads[index] if index < len(heads) else ""
            kind = _column(head)
            if index == name_at or not any(letter.isalnum() for letter in cell):
                continue
            if kind in ("sets", "reps", "hold", "rest", "often", "time"):
                candidate.labelled.append(_labelled(kind, head, cell))
            elif kind or any(letter.isalpha() for letter in cell) or not heads:
                candidate.lines += cell.split("\n")
        if candidate.labelled or any(has_dose(line) for line in candidate.lines):
            found.append(candidate)
        else:
            around += [line for cell in row.cells for line in sentences(cell)]
    return found, around


def _name_column(heads: Sequence[str], rows: Sequence[Block]) -> int:
    """Return the place of the column with the names: by its heading, else the first of words."""
    for index, head in enumerate(heads):
        if _NAME_COLUMN.search(head):
            return index
    width = max((len(row.cells) for row in rows), default=0)
    for index in range(width):
        cells = [row.cells[index] for row in rows if index < len(row.cells)]
        if not (index < len(heads) and _column(heads[index])):
            if 2 * sum(map(is_name, cells)) > len(cells):
                return index
    return 0


def _column(head: str) -> str:
    """Return what a column with this heading holds; empty if that is not known."""
    return next(
        (
            kind
            for kind, pattern in _COLUMNS.items()
            if re.match(rf"^\W*(?:{pattern})", head, re.IGNORECASE)
        ),
        "",
    )


def _labelled(kind: str, head: str, cell: str) -> str:
    """Return a cell with its column's heading, as it is then understood."""
    cell = cell.replace("\n", " ")
    own = {dose.kind for dose in doses_in(cell)}
    if kind in ("sets", "reps") and own & {"time", "hold", "sets"}:
        return cell
    if kind == "often":
        return cell
    if kind in ("hold", "rest", "time") and not own & {"time", "hold", "pause", "rest"}:
        if re.fullmatch(r"[\d\s.\u2013-]+", cell):
            unit = re.search(r"\b(?:min|sec)\w*|\bs\b", head, re.IGNORECASE)
            cell = f"{cell} {unit[0] if unit else 's'}"
    # The column's own words if they are understood, so that the comment has them.
    own_label = re.sub(r"\W*\(.*", "", head).strip()
    for label in (own_label, {"sets": "Sets", "reps": "Reps"}.get(kind, kind.capitalize())):
        text = f"{label}: {cell}"
        if any(dose.start == 0 for dose in doses_in(text)):
            return text
    return cell
