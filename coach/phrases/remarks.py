"""Encouragement: what is said between the instructions, and how it varies.

Which remark comes when follows from the routine alone, so the same session is rendered the same on
any day and machine.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from coach.phrases import Phrasebook
    from coach.units import Style

Occasion = Literal["well_done", "keep_going", "in_set"]
"""At a rest; in a long hold or long work; in a set, in a word or two."""

LIVELY = "_lively"
"""How the livelier phrases of an occasion are called in a catalog."""


class Remarks:
    """Gives one remark after the other, each once before any comes again.

    A list that is used up is begun anew in another order, and never with the phrase that ended it.
    """

    def __init__(self, phrases: Phrasebook, style: Style, seed: str) -> None:
        """Bind the parts.

        Args:
            phrases: of the language.
            style: lively remarks are others.
            seed: what the order follows from, such as the id of the routine.
        """
        self._phrases = phrases
        self._is_lively = style == "lively"
        self._seed = seed
        self._coming: dict[str, list[int]] = {}
        """Of each list, the places of the phrases to come, the next one last."""
        self._rounds: dict[str, int] = {}
        self._last: dict[str, int] = {}

    def next(self, occasion: Occasion) -> str:
        """Return the next remark for an occasion."""
        key = self._key(occasion)
        if not self._coming.get(key):
            self._coming[key] = self._shuffled(key)
        place = self._coming[key].pop()
        self._last[key] = place
        return self._phrases.turn(key, place)

    def _key(self, occasion: Occasion) -> str:
        return f"{occasion}{LIVELY}" if self._is_lively else occasion

    def _shuffled(self, key: str) -> list[int]:
        number = self._rounds.get(key, 0)
        self._rounds[key] = number + 1

        def draw(place: int) -> bytes:
            return sha256(f"{self._seed}\n{key}\n{number}\n{place}".encode()).digest()

        order = sorted(range(len(self._phrases.phrases[key])), key=draw)
        if len(order) > 1 and order[-1] == self._last.get(key):
            order.insert(0, order.pop())
        return order
