"""What is heard of the coach itself, which its listener must not take for its user."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from coach.listening.windows import ECHO, sounding_spans, spoken_at

if TYPE_CHECKING:
    from coach.answers import Answers
    from coach.listening import Heard
    from coach.outputs.loudspeaker import Loudspeaker
    from coach.player import Player

AHEAD_S = 0.4
"""How long before the coach is heard that is known."""
UNDERSTOOD_S = 0.5
"""About how long after its last word a command is understood."""
KEPT_S = 5.0
"""How long it is remembered what was said: longer than any command takes."""


class OwnSound:
    """Knows when the coach is heard, and what it says. Times are in seconds of one clock."""

    def __init__(self, player: Player, loudspeaker: Loudspeaker, answers: Answers) -> None:
        """Bind the parts that make sound."""
        self._player = player
        self._loudspeaker = loudspeaker
        self._answers = answers
        self._said: deque[tuple[float, str]] = deque()
        """When what was said, for as long as it may still be taken for the user."""

    def spans(self, now: float, *, is_playing: bool) -> Iterator[tuple[float, float]]:
        """Yield from when until when the coach is heard, from `now` on and a little ahead.

        Args:
            now: the time.
            is_playing: whether anything of the session is heard beside answers.
        """
        rate = self._player.timeline.rate
        latency = self._loudspeaker.latency
        ahead = latency + AHEAD_S
        left = self._player.aside_left
        if left:
            yield now, now + min(latency + left / rate + float(ECHO), ahead)
        if is_playing:
            timeline, frame = self._player.heard(round(latency * rate))
            for start, end in sounding_spans(timeline, frame, round(ahead * rate)):
                yield now + (start - frame) / rate, now + (end - frame) / rate

    def remember(self, now: float, *, is_playing: bool) -> None:
        """Note what is being said: to be called often."""
        while self._said and now - self._said[0][0] > KEPT_S:
            self._said.popleft()
        if self._player.aside_left:
            self._said.append((now, self._answers.text))
        if is_playing:
            lag = round(self._loudspeaker.latency * self._player.timeline.rate)
            timeline, frame = self._player.heard(lag)
            self._said.extend((now, text) for text in spoken_at(timeline, frame))

    def is_heard(self, heard: Heard, now: float) -> bool:
        """Return whether a command that is understood `now` was said by the coach itself."""
        words = _words(heard.wording)
        since = now - (heard.end - heard.at) - UNDERSTOOD_S
        return words.strip() != "" and any(
            words in _words(text) for at, text in self._said if at >= since
        )


def _words(text: str) -> str:
    """Return the words of a text, each between spaces."""
    return f" {' '.join(re.findall('[a-z0-9]+', text.lower().replace(chr(39), '')))} "
