"""PDF, Word documents and web pages as blocks; a program with bounds on memory and time.

    python -m coach.draft.documents pdf|docx|html < DOCUMENT

It answers with one JSON document on stdout: `{"title", "blocks": [{"kind", "text", ...}]}`, or
`{"problem", "hint"}`, sentences for the user.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from coach.draft.blocks import MAX_BLOCKS, Block, Handout, tidy
from coach.draft.html_blocks import html_handout
from coach.draft.lines import Line, blocks_of_lines

MAX_MEMORY = 170_000_000
"""Bytes."""
MAX_PAGES = 100
MAX_LETTERS = 400_000
MAX_UNFOLDED = 40_000_000
"""Bytes of all parts of a Word document."""
MAX_XML = 8_000_000
"""Bytes of its text with all marks; 300 pages have 5 MB."""

MAX_COLUMNS = 63
"""Of a table; Word makes no more."""
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPANS = tuple(f"{_WORD}{name}" for name in ("gridSpan", "gridBefore", "gridAfter"))

EXTRA = 'python -m pip install "audio-coach[draft]"'


class RefusedError(Exception):
    """The document is none that can be read; the arguments are a problem and a hint."""


def pdf_handout(data: bytes) -> Handout:
    """Return the content of a PDF, in the order in which its pages draw it."""
    try:
        from pypdf import PasswordType, PdfReader
    except ImportError as error:
        raise RefusedError(
            "is a PDF, which needs pypdf to be read", f"Install it: {EXTRA}"
        ) from error
    logging.disable()
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise RefusedError("is locked by a password", "Save it without one, and draft that.")
    lines: list[Line] = []
    letters = 0
    pages: list[list[tuple[str, float, bool]]] = []
    for page in reader.pages[:MAX_PAGES]:
        own = list(_page_lines(page))
        letters += sum(len(text) for text, _, _ in own)
        pages.append(own)
        if letters > MAX_LETTERS:
            raise RefusedError(
                "has more text than any handout",
                "Save the pages with the exercises as a file of their own.",
            )
    if not letters:
        raise RefusedError(
            "has no text, only pictures",
            "Scan it with text recognition, or type the exercises into a text file.",
        )
    sizes: Counter[float] = Counter()
    for own in pages:
        for text, size, _ in own:
            sizes[round(size, 1)] += len(text)
    usual = sizes.most_common(1)[0][0]
    for number, own in enumerate(pages):
        for place, (text, size, is_bold) in enumerate(own):
            if size < 0.9 * usual and not 1 < place < len(own) - 2:
                continue
            is_large = usual > 0 and size > 1.1 * usual
            is_short = len(text) <= 90 and not text.rstrip().endswith((".", ",", ";"))
            level = (
                (1 if size > 1.5 * usual else 2)
                if is_large and is_short
                else 6
                if is_bold and is_short
                else 0
            )
            lines.append(Line(text, level, number))
    return Handout(tuple(blocks_of_lines(_joined_headings(lines))), _pdf_title(reader))


def _pdf_title(reader: Any) -> str:
    with contextlib.suppress(Exception):
        return tidy(str(reader.metadata.title or ""))[:120].replace("\n", " ")
    return ""


def _page_lines(page: Any) -> Iterator[tuple[str, float, bool]]:
    """Yield the lines of a page with the size of their letters and whether they are bold."""
    pieces: list[tuple[str, float, bool]] = []

    def visit(text: str, cm: Any, tm: Any, font: Any, size: float) -> None:
        scale = abs(tm[3] or tm[1]) * abs(cm[3] or cm[1] or 1)
        name = str((font or {}).get("/BaseFont", ""))
        is_bold = any(word in name for word in ("Bold", "Black", "Heavy", "Semibold"))
        pieces.append((text, abs(size) * (scale or 1), is_bold))

    page.extract_text(visitor_text=visit)
    line, size, bold, plain = "", 0.0, 0, 0
    for text, own_size, is_bold in pieces:
        for index, part in enumerate(text.split("\n")):
            if index:
                if line.strip():
                    yield line, size, bold > plain
                elif line == "" and text:
                    pass
                line, size, bold, plain = "", 0.0, 0, 0
            line += part
            if part.strip():
                size = max(size, own_size)
                bold, plain = bold + len(part) * is_bold, plain + len(part) * (not is_bold)
    if line.strip():
        yield line, size, bold > plain


def _joined_headings(lines: list[Line]) -> list[Line]:
    """Return the lines; a heading that goes on over two lines is one."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if (
            last
            and line.level
            and line.level == last.level
            and line.page == last.page
            and line.text[:1].islower()
        ):
            joined[-1] = structs.replace(last, text=f"{last.text.strip()} {line.text.strip()}")
        else:
            joined.append(line)
    return joined


def docx_handout(data: bytes) -> Handout:
    """Return the content of a Word document."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            unfolded = sum(info.file_size for info in infos)
            largest = max(
                (info.file_size for info in infos if info.filename.endswith((".xml", ".rels"))),
                default=0,
            )
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise RefusedError(
            "is a damaged Word document", "Open it in Word and save it anew."
        ) from error
    if "word/document.xml" not in names:
        raise RefusedError(
            "is an archive and no Word document",
            "Save the handout as text, HTML, Markdown, PDF or .docx, and draft that.",
        )
    if unfolded > MAX_UNFOLDED or largest > MAX_XML or len(infos) > 5_000:
        raise RefusedError(
            "unfolds to more than a handout has",
            "Save the pages with the exercises as a file of their own.",
        )
    try:
        import docx
    except ImportError as error:
        raise RefusedError(
            "is a Word document, which needs python-docx to be read", f"Install it: {EXTRA}"
        ) from error
    document = docx.Document(io.BytesIO(data))
    blocks: list[Block] = []
    numbers: Counter[str] = Counter()
    # A paragraph without a style of its own makes python-docx search all styles each time.
    styles = {style.style_id: style.name or "" for style in document.styles}
    for part in document.iter_inner_content():
        if hasattr(part, "rows"):
            numbers.clear()
            blocks += _table_blocks(part)
        else:
            block = _paragraph_block(part, styles, numbers)
            if block:
                blocks.append(block)
        if len(blocks) > MAX_BLOCKS:
            break
    plain = all(block.kind == "text" and not block.lead for block in blocks)
    if plain:
        # Without any styles it is plain text that happens to be in Word.
        lines = [Line(line) for block in blocks for line in (*block.lines, "")]
        blocks = blocks_of_lines(lines)
    title = tidy(document.core_properties.title or "")[:120].replace("\n", " ")
    return Handout(tuple(blocks), title)


def _paragraph_block(paragraph: Any, styles: dict[str, str], numbers: Counter[str]) -> Block | None:
    text = tidy(paragraph.text)
    if not text:
        return None
    style = styles.get(paragraph._p.style or "", "")  # noqa: SLF001 - the id alone
    if style == "Title" or style.startswith("Heading"):
        numbers.clear()
        digits = "".join(letter for letter in style if letter.isdigit())
        return Block(
            "heading", text.replace("\n", " "), int(digits or 1) if style != "Title" else 1
        )
    lead, is_leading = "", True
    for run in paragraph.runs:
        is_leading = is_leading and (bool(run.bold) or not run.text.strip())
        lead += run.text if is_leading else ""
    properties = paragraph._p.pPr  # noqa: SLF001 - there is no other way to a list's number
    is_listed = style.startswith("List") or (
        properties is not None and properties.numPr is not None
    )
    if is_listed:
        mark = "-"
        if "Number" in style:
            numbers[style] += 1
            mark = f"{numbers[style]}."
        digits = "".join(letter for letter in style if letter.isdigit())
        return Block("item", text, level=int(digits or 1), lead=tidy(lead), mark=mark)
    own = blocks_of_lines([Line(line) for line in text.split("\n")])
    if len(own) == 1 and own[0].kind == "item":
        return structs.replace(own[0], lead="", level=1)
    return Block("text", text, lead=tidy(lead))


def _table_blocks(table: Any) -> Iterator[Block]:
    # A cell is given once for each column that it spans, of which a file may claim any number.
    for element in list(table._tbl.iter(*_SPANS)):  # noqa: SLF001 - there is no other way to them
        if not 0 <= _number(element) <= MAX_COLUMNS:
            element.getparent().remove(element)
    rows = [[tidy(cell.text) for cell in row.cells] for row in table.rows[:500]]
    for cells in rows:
        # A cell that spans several columns is given once for each.
        single = [
            cell
            for index, cell in enumerate(cells)
            if not index or cell != cells[index - 1] or len(cell) < 20
        ]
        if len(single) == 1:
            yield Block("text", single[0])
        elif any(cells):
            yield Block("row", "\n".join(filter(None, cells)), cells=tuple(cells))


def _number(element: Any) -> int:
    """Return the number that an element of a Word document has as its value; -1 for none."""
    text = element.get(f"{_WORD}val", "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def page_handout(data: bytes) -> Handout:
    """Return the content of a web page in UTF-8."""
    return html_handout(data.decode("utf-8"))


_READERS: dict[str, Callable[[bytes], Handout]] = {
    "pdf": pdf_handout,
    "docx": docx_handout,
    "html": page_handout,
}


def _bound() -> None:
    """Bound the memory and the time of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in ((resource.RLIMIT_DATA, MAX_MEMORY), (resource.RLIMIT_CPU, 20)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def answer(kind: str, data: bytes) -> dict[str, Any]:
    """Return what is told of a document: its blocks, or the problem with it and a hint."""
    try:
        handout = _READERS[kind](data)
    except RefusedError as error:
        return {"problem": error.args[0], "hint": error.args[1]}
    except (MemoryError, RecursionError):
        return {
            "problem": "unfolds to more than a handout has",
            "hint": "Save the pages with the exercises as a file of their own.",
        }
    except Exception:  # noqa: BLE001 - a damaged document may raise whatever it likes
        return {
            "problem": "is damaged, or no document that can be read",
            "hint": "Open it in another program and save it anew, or as text.",
        }
    return {
        "title": handout.title,
        "blocks": [structs.asdict(block) for block in handout.blocks],
    }


def main() -> None:
    """Read a document on stdin and write its blocks on stdout."""
    _bound()
    sys.stdout.write(json.dumps(answer(sys.argv[1], sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
