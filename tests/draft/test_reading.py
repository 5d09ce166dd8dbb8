"""Handouts of every format and none: what cannot be read is told in a sentence."""

from __future__ import annotations

import io
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from coach.draft import documents, draft
from coach.draft.blocks import Handout
from coach.draft.reading import MAX_SECONDS, handout_from, read_handout
from coach.errors import CoachError
from tests.draft.handouts import docx, pdf

TEXT = "Heel slides\nLie on your back and slide your heel. Hold for 5 seconds. Repeat 10 times.\n"
MARKUP = (
    "# Heel slides\nLie on your back and slide your heel.\nHold for 5 seconds. Repeat 10 times.\n"
)
HTML = (
    "<html><body><h2>Heel slides</h2><p>Lie on your back and slide your heel.</p>"
    "<p>Hold for 5 seconds. Repeat 10 times.</p></body></html>"
)


def read(data: bytes) -> Handout:
    return handout_from(io.BytesIO(data), "handout")


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-16"),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("your", "your\u2019s").encode("cp1252"),
        MARKUP.encode(),
        HTML.encode(),
        HTML.replace("<html>", '<html><meta charset="latin-1">caf\u00e9').encode("latin-1"),
        pdf(MARKUP),
        docx(MARKUP),
    ],
    ids=["text", "utf-16", "bom", "crlf", "cp1252", "markdown", "html", "latin-1", "pdf", "docx"],
)
def test_the_format_is_told_from_the_content(data: bytes) -> None:
    drafted = draft(read(data), file="handout").text
    assert 'reps: 10  # "Repeat 10 times"' in drafted
    assert 'hold: 5s  # "Hold for 5 seconds"' in drafted
    assert "name: Heel slides" in drafted


@cache
def bomb() -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(60):
            part.write(b"<w:p>" * 200_000)
    return file.getvalue()


def lying_bomb() -> bytes:
    """Return an archive that says that it unfolds to little."""
    data = bytearray(bomb())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    return bytes(data)


def pdf_bomb() -> bytes:
    """Return a PDF with a page whose content unfolds to 250 MB."""
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(b"BT (x) Tj ET " * 80_000) for _ in range(250))
    stream += packer.flush()
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"4 0 obj<</Length "
        + str(len(stream)).encode()
        + b"/Filter/FlateDecode>>stream\n"
        + stream
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


def locked() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(MARKUP))))
    writer.encrypt("secret", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


HOSTILE: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "empty": (b"", "is empty"),
    "spaces": (b" \n\t\n", "is empty"),
    "zeros": (b"\0" * 5000, "is empty"),
    "binary": (bytes(range(256)) * 40, "no text that can be read"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 99, "no text that can be read"),
    "50 MB": (b"Repeat 10 times. " * 3_000_000, "larger than 20 MB"),
    "1 MB of text": (b"Repeat 10 times.\n" * 60_000, "more text than any handout"),
    "1 MB on one line": (b"lift " * 200_000, "more text than any handout"),
    "a large page": (b"<html>" + b"<p>hold</p>" * 500_000, "more than 4 MB"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 999, "old Word"),
    "RTF": (b"{\\rtf1 Repeat 10 times.}", "Rich Text"),
    "broken PDF": (b"%PDF-1.7\n" + b"garbage " * 100, "damaged"),
    "half a PDF": (pdf(MARKUP)[:700], "damaged"),
    "locked PDF": (locked, "locked by a password"),
    "PDF without text": (pdf(""), "no text"),
    "half a docx": (docx(MARKUP)[:3000], "damaged"),
    "a zip": (b"PK\x03\x04" + b"\0" * 100, "damaged"),
    "zip bomb": (bomb, "unfolds to more"),
    "lying zip bomb": (lying_bomb, "handout"),
    "PDF bomb": (pdf_bomb, "handout"),
}


@cache
def hostile(name: str) -> bytes:
    """Return one of these files; those that take long to make are made only for who wants them."""
    data = HOSTILE[name][0]
    return data if isinstance(data, bytes) else data()


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_told(name: str) -> None:
    sentence = HOSTILE[name][1]
    data = hostile(name)
    with pytest.raises(CoachError, match=sentence) as caught:
        read(data)
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"<div>" * 200_000 + b"Hold for 5 seconds",
        b"<html>" + b"<" * 100_000,
        b"<html>" + b"<!--" * 2_000,
        b"<html>" + b"<a b='" * 2_000,
        b"<html>" + b"<table><tr><td>" * 30_000,
        b"<html>" + b"</p>" * 100_000,
        b"# " + b"> " * 50_000,
        b"# x\n" + b"- " * 20_000 + b"x",
        b"**" * 50_000 + b" # x",
        b"# x\n" + b"[" * 50_000,
        b"1. " * 50_000,
        b"\n".join(b"%d. x" % n for n in range(6_000)),
        ("\u202e\ufeff\ud7ff" * 1000).encode(),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_odd_texts_have_no_exercises(data: bytes) -> None:
    try:
        handout = read(data)
    except CoachError:
        return
    with pytest.raises(CoachError, match="looks like an exercise"):
        draft(handout, file="handout")


def test_what_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MAX_SECONDS, "html", 0.01)
    with pytest.raises(CoachError, match="takes longer than"):
        read(HTML.encode())


def test_memory_is_bounded() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    for name in ("zip bomb", "lying zip bomb", "PDF bomb"):
        with pytest.raises(CoachError):
            read(hostile(name))
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    assert after == before or after * unit < 200_000_000


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CoachError, match=r"cannot read .*no such file"):
        read_handout(tmp_path / "none.pdf")
    with pytest.raises(CoachError, match=r"cannot read .*directory"):
        read_handout(tmp_path)


@pytest.mark.parametrize(
    ("kind", "data", "module"), [("pdf", pdf(MARKUP), "pypdf"), ("docx", docx(MARKUP), "docx")]
)
def test_a_missing_reader_is_told_with_what_installs_it(
    kind: str, data: bytes, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    reader = {"pdf": documents.pdf_handout, "docx": documents.docx_handout}[kind]
    with pytest.raises(documents.RefusedError) as caught:
        reader(data)
    assert caught.value.args[1] == 'Install it: python -m pip install "audio-coach[draft]"'
