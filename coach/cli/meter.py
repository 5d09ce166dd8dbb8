"""Lines with a meter of the microphone's level below them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from coach.characters import shown
from coach.cli.console import echo_text

if TYPE_CHECKING:
    from rich.live import Live

CELLS, HIGH_DB = 30, -6.0
"""Cells of the meter, and the dBFS from which on it is red."""


class Lines:
    """Prints lines, where nobody would see a meter move."""

    def say(self, text: str) -> None:
        """Print a line."""
        echo_text(text)

    def show(self, what: str, level: float | None) -> None:
        """Show whose level it is, and the level in dBFS; None is silence."""


class Meter:
    """Prints lines above a meter, on a terminal."""

    def __init__(self, screen: Live) -> None:
        self._screen = screen

    def say(self, text: str) -> None:
        """Print a line."""
        self._screen.console.print(shown(text), markup=False, highlight=False)

    def show(self, what: str, level: float | None) -> None:
        """Show whose level it is, and the level in dBFS; None is silence."""
        from rich.text import Text

        self._screen.update(Text.assemble(*_bar(what, level)), refresh=True)


@contextmanager
def opened_meter() -> Iterator[Lines | Meter]:
    """Yield what to print with; the meter goes in the end."""
    if sys.stdout is None or not sys.stdout.isatty():
        yield Lines()
        return
    from rich.live import Live

    with Live("", transient=True, auto_refresh=False) as screen:
        yield Meter(screen)


def _bar(what: str, level: float | None) -> Iterator[tuple[str, str]]:
    """Yield the parts of the meter, each with its style."""
    from coach.listening.signal_watch import SILENT_DB
    from coach.listening.trial import LOW_DB

    if level is None or level < SILENT_DB:
        yield (f"  {shown(what)}: silence", "dim")
        return
    filled = round(CELLS * min(1.0, 1 - level / SILENT_DB))
    style = "red" if level > HIGH_DB else "green" if level > LOW_DB else "dim"
    yield (f"  {shown(what)} ", "")
    yield ("█" * filled, style)
    yield ("░" * (CELLS - filled), "dim")
    yield (f" {level:.0f} dBFS", "")
