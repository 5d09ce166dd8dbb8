"""Lines of plain text into blocks: what a heading is, what goes on, what repeats on every page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from coach.draft.blocks import MAX_BLOCKS, Block, tidy
from coach.draft.dose import doses_in
from coach.draft.sentences import is_bare, is_reason


class Line(Struct, frozen=True):
    """A line as it stands on a page."""

    text: str
    level: int = 0
    """Of a heading that the page sets off by its letters; 0 if it does not."""
    page: int = 0


_BULLET = re.compile(
    r"^\s*(?P<mark>[-*\u2022\u2023\u25e6\u25cf\u25aa\u00b7\u2013\u2713\u2192\uf0b7]|"
    r"o(?=\s\s?[A-Z]))\s+(?=\S)"
)
_NUMBERED = re.compile(
    r"^\s*(?P<mark>\(?(?:\d{1,2}|[a-hA-H]|[ivx]{1,4})[.)]|(?:step|no\.?) ?\d{1,2}[.:)]?)\s+(?=\S)",
    re.IGNORECASE,
)
_EXERCISE = re.compile(
    r"^\s*(?:exercise|stretch|move|pose|drill|station)\s+(?:no\.? ?|number )?(?:\d{1,2}|"
    r"[A-H])\s*(?:[:.)]|"
    r"\s[-\u2013\u2014])\s*(?=\S)",
    re.IGNORECASE,
)
_PLAINLY_NUMBERED = re.compile(r"^\s*(?P<number>\d{1,2})\s*(?=[A-Z][a-z][^.!?]{2,60}$)")
_LABELLED = re.compile(r"^\s*[A-Z][A-Za-z]*(?: [a-z]+){0,3}:\s")
_MARK_ALONE = re.compile(r"\(?(?:\d{1,2}|[A-Za-z]\d?)[.):]?")
_GAP = re.compile(r"\s{2,}|\t")
_UNDERLINE = re.compile(r"^\s*(?:[-=_~*\u2500\u2014] ?){3,}\s*$")
_PAGE_NOISE = re.compile(
    r"^\s*(?:page\s+\d+(?:\s*(?:of|/)\s*\d+)?|\d{1,3}(?:\s*/\s*\d+)?|-\s*\d+\s*-|(?:\u00a9|\(c\)|"
    r"copyright\b).*|"
    r".{0,60}\b(?:leaflet|review date|version|issue)\b.{0,12}(?:ref\b|no\b|\d|:).*|https?://\S+|"
    r"www\.\S+)\s*$",
    re.IGNORECASE,
)
_TABLE_EDGE = re.compile(r"\s{3,}|\t")
_DIGITS = re.compile(r"\d+")

_FULL = 60
"""Characters from which on a line was broken because it was full."""


def blocks_of_lines(lines: Sequence[Line]) -> list[Block]:
    """Return the blocks of plain lines."""
    lines = list(_without_repeated(lines))
    is_set_off = any(line.level for line in lines)
    blocks: list[Block] = []
    paragraph: list[str] = []
    mark, depth, last, number = "", 0, "", 0

    def flush() -> None:
        nonlocal mark, depth
        text = tidy("\n".join(paragraph))
        if text:
            kind = "item" if mark else "text"
            blocks.append(Block(kind, text, level=depth, mark=mark))  # type: ignore[arg-type]
        paragraph.clear()
        mark, depth = "", 0

    in_table: set[int] = set()
    for index, line in enumerate(lines):
        if len(blocks) >= MAX_BLOCKS:
            break
        if index in in_table:
            continue
        text = line.text.rstrip()
        table = _table(lines, index)
        if table:
            flush()
            in_table |= set(range(index, index + len(table)))
            blocks += (Block("row", "\n".join(cells), cells=tuple(cells)) for cells in table)
            last = ""
            continue
        after = lines[index + 1].text if index + 1 < len(lines) else ""
        if not text.strip() or _UNDERLINE.match(text):
            flush()
            last = ""
            continue
        indent = len(text) - len(text.lstrip())
        level = line.level or _heading_level(text, after, is_set_off=is_set_off, is_first=not last)
        plain = _PLAINLY_NUMBERED.match(text)
        if plain and int(plain["number"]) == number + 1 and not doses_in(text) and after.strip():
            number += 1
            level = level or 5
            text = text[plain.end() :]
        if level:
            flush()
            name = _EXERCISE.sub("", text)
            numbered = _NUMBERED.match(name)
            name = name[numbered.end() :] if numbered else name
            blocks.append(Block("heading", tidy(name), level, mark=_mark(line.text)))
            last = ""
            continue
        found = _BULLET.match(text) or _NUMBERED.match(text)
        if found:
            flush()
            mark, depth = found["mark"].strip(), indent
            paragraph.append(text[found.end() :])
        elif paragraph and mark and indent <= depth and (depth or len(last) < _FULL):
            flush()
            paragraph.append(text.strip())
        elif paragraph and _goes_on(last, text):
            paragraph[-1] = _joined(paragraph[-1], text.strip())
        else:
            paragraph.append(text.strip())
        last = text
    flush()
    return blocks


def _table(lines: Sequence[Line], start: int) -> list[list[str]]:
    """Return the cells of lines that stand in columns from `start` on; empty if they do not."""
    rows = []
    for line in lines[start : start + 100]:
        cells = [tidy(cell) for cell in _GAP.split(line.text.strip()) if cell.strip()]
        if len(cells) > 2 and _MARK_ALONE.fullmatch(cells[0]):
            cells[:2] = [cells[1]]
        is_row = len(cells) > 1 and any(letter.isalpha() for letter in cells[0])
        if (
            not is_row
            or any(_LABELLED.match(f"{cell} ") for cell in cells)
            or _BULLET.match(line.text)
        ):
            break
        rows.append(cells)
    return rows if len(rows) >= 3 else []


def _mark(text: str) -> str:
    found = _NUMBERED.match(text)
    return found["mark"].strip() if found else ("-" if _EXERCISE.match(text) else "")


def _joined(before: str, text: str) -> str:
    """Return two lines as one; a word that was broken at a hyphen keeps it."""
    return (
        f"{before}{text}"
        if before.endswith("-") and not before.endswith(" -")
        else f"{before} {text}"
    )


def _goes_on(last: str, text: str) -> bool:
    """Whether a line belongs to the sentence of the one before."""
    if not last:
        return False
    if _LABELLED.match(text) and last.rstrip().endswith("."):
        return False
    start = text.strip()[:1]
    is_open = last.rstrip()[-1] not in ".!?:"
    return (len(last.strip()) >= _FULL and len(text.split(":", maxsplit=1)[0].split()) > 1) or (
        is_open and (start.islower() or (start == "(" and len(last) > 40))
    )


def _heading_level(text: str, after: str, *, is_set_off: bool, is_first: bool) -> int:
    """Return the level of a line that looks like a heading, or 0."""
    words = text.strip()
    if _UNDERLINE.match(after) and len(words) <= 80 and not words.endswith("."):
        return 2
    if _EXERCISE.match(words) and len(words) <= 90 and not doses_in(words):
        return 4
    if len(words) > 80 or _TABLE_EDGE.search(words) or doses_in(words):
        return 0
    letters = [letter for letter in words if letter.isalpha()]
    if (
        len(letters) >= 4
        and words == words.upper()
        and words[-1] not in ".,;"
        and not _BULLET.match(words)
    ):
        return 3
    if _is_above_dose(words, after):
        return 5
    if is_set_off or not is_first or len(words) > 60:
        return 0
    if not after.strip():
        return _level_alone(words)
    if _BULLET.match(words) or _NUMBERED.match(words) or words[-1] in ".,;!:":
        return 0
    # A line of its own above others that begin anew.
    begins = after.strip()[:1]
    is_short = len(words.split()) <= 8 and ":" not in words
    return 5 if is_short and words[:1].isupper() and not begins.islower() else 0


def _level_alone(words: str) -> int:
    """Return the level of a line between empty ones if it may be a heading, or 0."""
    is_plain = not (_BULLET.match(words) or _NUMBERED.match(words)) and words[-1] not in ".,;!:?"
    is_short = len(words.split()) <= 7 and ":" not in words
    return 5 if is_plain and is_short and words[:1].isupper() and not is_reason(words) else 0


def _is_above_dose(words: str, after: str) -> bool:
    """Whether a line stands above one that is nothing but a dose, and names what is dosed."""
    if not (after.strip() and is_bare(after) and doses_in(after)):
        return False
    is_listed = _BULLET.match(words) or words[-1] in ".,;!:?"
    return not is_listed and words[:1].isupper() and len(words.split()) <= 8 and not is_bare(words)


def _without_repeated(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines that are not heads and feet of pages."""
    edges = _edges(lines)
    counts = Counter(_masked(lines[index].text) for index in edges)
    pages = len({line.page for line in lines})
    title = {_masked(line.text) for line in lines[:3] if line.text.strip() and not line.level}
    seen: set[str] = set()
    for index, line in enumerate(lines):
        masked = _masked(line.text)
        is_edge = index in edges and counts[masked] >= max(2, pages / 2)
        if masked and (_PAGE_NOISE.match(line.text) or is_edge):
            continue
        if masked in title and masked in seen and len(masked) > 12:
            continue
        seen.add(masked)
        yield line


def _edges(lines: Sequence[Line]) -> set[int]:
    """Return the positions of lines that may be heads and feet, if there are several pages."""
    pages: dict[int, list[int]] = {}
    for index, line in enumerate(lines):
        if line.text.strip():
            pages.setdefault(line.page, []).append(index)
    if len(pages) < 2:
        return set()
    near = {index for own in pages.values() for index in (*own[:3], *own[-3:])}
    return {index for index in near if not (lines[index].level or doses_in(lines[index].text))}


def _masked(text: str) -> str:
    return _DIGITS.sub("0", " ".join(text.split()).casefold())


def lines_of(text: str) -> Iterable[Line]:
    """Return the lines of a text; a form feed begins a page."""
    for number, page in enumerate(text.split("\f")):
        for line in page.split("\n"):
            yield Line(line.expandtabs(4), page=number)
