"""The cover picture of a sound file: the routine's title, below a ring that is nearly full."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from coach.render.details import COVER_PIXELS as SIZE

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_GROUND, _RING, _TRACK, _INK = "#12343b", "#f2a541", "#2c5760", "#fffaf0"
_MARGIN = 90
_LARGEST, _SMALLEST = 110, 44
"""Pixels of the letters."""
_LINES = 4


def draw_cover(title: str) -> bytes:
    """Return a JPEG of 1000 x 1000 pixels; letters that no font here has are left out."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIZE, SIZE), _GROUND)
    draw = ImageDraw.Draw(image)
    box = (SIZE - _MARGIN - 330, _MARGIN, SIZE - _MARGIN, _MARGIN + 330)
    draw.arc(box, 0, 360, fill=_TRACK, width=44)
    draw.arc(box, -90, 180, fill=_RING, width=44)
    font = _font(_LARGEST)
    if font is not None and _has_all(font, title):
        lines, font = _set(" ".join(title.split()), font)
        height = round(font.size * 1.2)
        top = SIZE - _MARGIN - height * len(lines)
        for n, line in enumerate(lines):
            draw.text((_MARGIN, top + n * height), line, font=font, fill=_INK)
    file = _File()
    image.save(file, quality=85)
    return file.getvalue()


class _File(io.BytesIO):
    """A file in memory whose name says what it holds: Pillow then loads that format alone."""

    name = "cover.jpg"


def _font(size: int) -> FreeTypeFont | None:
    """Return the letters that come along with matplotlib, which have most alphabets."""
    from PIL import ImageFont

    found = find_spec("matplotlib")
    places = found.submodule_search_locations if found else None
    for place in places or ():
        path = Path(place) / "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"
        if path.is_file():
            return ImageFont.truetype(path, size)
    return None


def _has_all(font: FreeTypeFont, text: str) -> bool:
    missing = bytes(font.getmask("\U0010ffff"))
    return all(bytes(font.getmask(char)) != missing for char in set("".join(text.split())))


def _set(text: str, font: FreeTypeFont) -> tuple[list[str], FreeTypeFont]:
    """Return the lines of a text, and the largest letters with which they fit."""
    width = SIZE - 2 * _MARGIN
    while True:
        lines: list[str] = []
        for word in text.split():
            if lines and font.getlength(f"{lines[-1]} {word}") <= width:
                lines[-1] = f"{lines[-1]} {word}"
            else:
                lines.append(word)
        is_small = font.size <= _SMALLEST
        if is_small:
            lines = [_shortened(line, font, width) for line in lines[:_LINES]]
        if is_small or (
            len(lines) <= _LINES and all(font.getlength(line) <= width for line in lines)
        ):
            return lines, font
        font = font.font_variant(size=max(_SMALLEST, font.size - 6))


def _shortened(line: str, font: FreeTypeFont, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"
