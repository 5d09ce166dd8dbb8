"""A handout's bytes into blocks, whatever format they are in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from coach.draft.blocks import MAX_BLOCKS, Block, Handout
from coach.errors import CoachError
from coach.files.given import open_given

MAX_BYTES = 20_000_000
"""Of a PDF or a Word document; scans have more, but no text."""
MAX_PAGE = 4_000_000
"""Bytes of a web page, with all its scripts."""
MAX_TEXT = 400_000
"""Letters of a handout; 200 pages have as many."""
MAX_SECONDS = {"pdf": 20, "docx": 20, "html": 8}
"""That reading may take."""

_ZIP, _PDF, _OLD_WORD = b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    r"<!doctype html|<html[\s>]|<(?:body|head|article|main|table|div|section)[\s>].*?</|<(?:p|"
    r"h[1-6]|li|ul|ol)(?:\s[^<>]*)?>.{0,2000}?</(?:p|h[1-6]|li|ul|ol)>",
    re.IGNORECASE | re.DOTALL,
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,30})", re.IGNORECASE)
_PART_HINT = "Draft from the part with the exercises alone."
_DRAFT_HINT = "Save it as text, HTML, Markdown, PDF or Word (.docx), and draft that."


Unfold: TypeAlias = Callable[[str, bytes, str], Handout]
"""Returns the content of a document of a kind (`pdf`, `docx`, `html`) that has a name."""


def read_handout(path: Path) -> Handout:
    """Return the content of the handout at `path`.

    Raises:
        CoachError: it cannot be read, is too large, or is nothing that has text.
    """
    try:
        with open_given(path) as file:
            return handout_from(file, str(path))
    except OSError as error:
        reason = error.strerror or str(error)
        raise CoachError(f"cannot read {path}: {reason[:1].lower()}{reason[1:]}") from error


def handout_from(file: BinaryIO, name: str, unfold: Unfold | None = None) -> Handout:
    """Return the content of a handout that is open.

    Args:
        file: the handout.
        name: what messages call it.
        unfold: reads documents; None lets a process with bounds do so.

    Raises:
        CoachError: it is too large, or nothing that has text.
    """
    handout = _read(file, name, unfold or _in_child)
    if len(handout.blocks) >= MAX_BLOCKS or sum(len(x.text) for x in handout.blocks) > MAX_TEXT:
        raise CoachError(f"{name} has more text than any handout", _PART_HINT)
    return handout


def _read(file: BinaryIO, name: str, unfold: Unfold) -> Handout:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        message = f"{name} is larger than {MAX_BYTES // 1_000_000} MB, which no handout is"
        raise CoachError(message, _PART_HINT)
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise CoachError(f"{name} is empty", "Give a handout with text in it.")
    start = data[:1024]
    if _PDF in start:
        return unfold("pdf", data, name)
    if start.startswith(_ZIP):
        return unfold("docx", data, name)
    if start.startswith(_OLD_WORD):
        raise CoachError(
            f"{name} is a document of an old Word", "Save it as .docx, and draft that."
        )
    return _from_text(_decoded(data, name), name, unfold)


def _from_text(text: str, name: str, unfold: Unfold) -> Handout:
    if text.lstrip()[:5] == "{\\rtf":
        raise CoachError(f"{name} is in Rich Text Format", _DRAFT_HINT)
    if _HTML.search(text[:20_000]):
        if len(text) > MAX_PAGE:
            message = f"{name} is a page of more than {MAX_PAGE // 1_000_000} MB"
            raise CoachError(message, _PART_HINT)
        return unfold("html", text.encode("utf-8", "replace"), name)
    if len(text) > MAX_TEXT:
        raise CoachError(f"{name} has more text than any handout", _PART_HINT)
    from coach.draft.markdown_blocks import is_markdown, markdown_handout

    if is_markdown(text):
        return markdown_handout(text)
    from coach.draft.lines import blocks_of_lines, lines_of

    return Handout(tuple(blocks_of_lines(list(lines_of(text)))))


def _decoded(data: bytes, name: str) -> str:
    """Return the text of a file in whatever encoding it is."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    sample = data[:65536]
    odd = sum(byte < 9 or (13 < byte < 32 and byte != 27) for byte in sample)
    if b"\0" in sample or odd > len(sample) // 100:
        raise CoachError(f"{name} is no text that can be read", _DRAFT_HINT)
    declared = _CHARSET.search(data[:4096])
    names = ["utf-8-sig", *([declared[1].decode("ascii")] if declared else []), "cp1252"]
    for encoding in names:
        try:
            text = data.decode(encoding)
            break
        except (UnicodeError, LookupError):
            continue
    else:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _in_child(kind: str, data: bytes, name: str) -> Handout:
    """Return the content of a document, read by a process that may fail or hang.

    What it unfolds to is not known before it is read, so a process with bounds reads it. It takes
    no module from the folder that it runs in, which may have come with the handout.
    """
    package = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "coach.draft.documents", kind],
            input=data,
            capture_output=True,
            timeout=MAX_SECONDS[kind],
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        message = f"{name} takes longer than {MAX_SECONDS[kind]} seconds to read"
        raise CoachError(
            message, "Save the pages with the exercises as a file of their own."
        ) from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        message = f"{name} is damaged, or unfolds to more than a handout has"
        raise CoachError(
            message, "Open it in another program and save it anew, or as text."
        ) from error
    return handout_of(answer, name)


def handout_of(answer: dict[str, Any], name: str) -> Handout:
    """Return the handout that a document turned out to be.

    Raises:
        CoachError: it could not be read.
    """
    if "problem" in answer:
        raise CoachError(f"{name} {answer['problem']}", answer["hint"])
    blocks = tuple(_block(block) for block in answer["blocks"])
    return Handout(blocks, answer["title"])


def _block(fields: dict[str, Any]) -> Block:
    """Return a block from what the process wrote about it."""
    lists = {key: tuple(fields[key]) for key in ("cells", "heads", "stressed")}
    return Block(**{**fields, **lists})
