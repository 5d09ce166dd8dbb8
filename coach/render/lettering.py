"""Texts in a picture: what may stand in a file, in which fonts, and how much of it fits."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.figure import Figure

MAIN = "DejaVu Sans"
"""Comes with the library that draws, and has the letters of most alphabets."""
ALIKE = ("Verdana", "Arial")
"""What programs that show an SVG take where there is no DejaVu; the first is as wide."""
NOWHERE = "\ufffe\uffff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""No characters, and those that would turn round what comes after a name, too."""
LONGEST = 200
"""Characters of a text that are looked at at all."""


def plain(text: str) -> str:
    """Return a text in one line, without what no XML file may hold and what turns texts round."""
    blank = ("Cc", "Zl", "Zp")
    kept = "".join(
        " " if unicodedata.category(char) in blank else char
        for char in text
        if unicodedata.category(char) != "Cs" and char not in NOWHERE
    )
    return " ".join(kept.split())


def families(texts: Iterable[str]) -> list[str]:
    """Return the fonts in which all `texts` can be drawn, as far as the system has them."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    missing = {char for text in texts for char in plain(text) if not char.isascii()}
    chosen = []
    if missing:
        fonts = font_manager.fontManager.ttflist
        # Fonts of the usual weight first, and of those the ones that have the most letters.
        for font in sorted(fonts, key=lambda font: (font.name != MAIN, font.style != "normal")):
            if not missing:
                break
            if font.name.startswith("Last Resort"):
                continue
            try:
                face = FT2Font(font.fname)
            except (OSError, RuntimeError):
                continue  # a font that has been taken away, or is broken
            found = {char for char in missing if face.get_char_index(ord(char))}
            if found:
                missing -= found
                chosen.append(font.name)
    return list(dict.fromkeys((MAIN, *chosen, *ALIKE)))


class Lettering:
    """Measures texts as a figure shows them."""

    def __init__(self, figure: Figure) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(figure)
        self._renderer: RendererAgg = canvas.get_renderer()  # type: ignore[no-untyped-call]
        self._dots = figure.dpi

    def width(self, text: str, size: float, weight: str = "normal") -> float:
        """Return how many points a text in a size of points takes."""
        from matplotlib.font_manager import FontProperties

        font = FontProperties(size=size, weight=weight)
        measured = self._renderer.get_text_width_height_descent(text, font, ismath=False)  # type: ignore[no-untyped-call]
        return float(measured[0]) * 72 / self._dots

    def shortened(self, text: str, size: float, room: float, weight: str = "normal") -> str:
        """Return as much of a text as fits into `room` points, with an ellipsis if that is less.

        Empty if nothing fits.
        """
        whole = plain(text)
        cut = whole[:LONGEST]
        if cut == whole and self.width(whole, size, weight) <= room:
            return whole
        low, high = 0, len(cut)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(_ended(cut[:middle]), size, weight) <= room:
                low = middle
            else:
                high = middle - 1
        return _ended(cut[:low]) if low else ""


def _ended(text: str) -> str:
    """Return the beginning of a text with an ellipsis, no letter torn from its marks."""
    return text.rstrip(" ,;:.-\u200d") + "\u2026"
