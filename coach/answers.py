"""What the coach answers somebody who spoke to it: spoken in the background, then heard at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from coach.errors import CoachError
from coach.steps import Line

if TYPE_CHECKING:
    from coach.player import Player
    from coach.replan import Spawn, Studio
    from coach.session import GradualVoice
    from coach.settings import Manner
    from coach.timeline import Samples

LANGUAGE = "en"
"""Of all answers, whatever the session speaks."""


class Answers:
    """Speaks one answer at a time. `say` and `drop` are for the thread that runs the session.

    Attributes:
        text: what is being said, or was said last.
    """

    def __init__(
        self,
        studio: Studio,
        player: Player,
        spawn: Spawn,
        later: Callable[[Callable[[], None]], None],
        failed: Callable[[Exception | str], None],
    ) -> None:
        """Bind the parts.

        Args:
            studio: has the voice.
            player: plays.
            spawn: begins something in the background.
            later: lets the thread that runs the session do something.
            failed: gets, on that thread, what went wrong: a sentence, or the error of a bug.
        """
        self.text = ""
        self._studio = studio
        self._player = player
        self._spawn = spawn
        self._later = later
        self._failed = failed
        self._number = 0
        self._is_awaited = False
        self._made: dict[tuple[GradualVoice, str], Samples] = {}

    @property
    def is_under_way(self) -> bool:
        """Whether an answer is still to be heard, in whole or in part."""
        return self._is_awaited or self._player.aside_left > 0

    def say(self, text: str, manner: Manner) -> None:
        """Let an answer be heard as soon as it is spoken, in the session's manner."""
        self.drop()
        self._is_awaited = True
        number = self._number

        def done(samples: Samples) -> None:
            self._later(partial(self._play, number, text, samples))

        def fail(problem: Exception | str) -> None:
            self._later(partial(self._give_up, number, problem))

        self._make((text,), manner, done, fail)

    def drop(self) -> None:
        """Do not play what is still being spoken."""
        self._number += 1
        self._is_awaited = False

    def _make(
        self,
        texts: Sequence[str],
        manner: Manner,
        done: Callable[[Samples], None],
        fail: Callable[[Exception | str], None],
    ) -> None:
        spoken = manner if manner.language.startswith(LANGUAGE) else _in_english(manner)
        try:
            voice = self._studio.voice_for(spoken)
        except CoachError as error:
            fail(error.message)
            return

        def speak() -> None:
            try:
                for text in texts:
                    if (voice, text) not in self._made:
                        line = Line(text)
                        self._made[voice, text] = voice.speak([line])[line]
                    done(self._made[voice, text])
            except CoachError as error:
                fail(error.message)
            except Exception as error:  # noqa: BLE001 - a bug, for whoever can tell it
                fail(error)

        self._spawn(speak)

    def _play(self, number: int, text: str, samples: Samples) -> None:
        if number != self._number:  # something else has been asked for meanwhile
            return
        self._is_awaited = False
        self.text = text
        self._player.interject(samples)

    def _give_up(self, number: int, problem: Exception | str) -> None:
        if number == self._number:
            self._is_awaited = False
        self._failed(problem)


def _in_english(manner: Manner) -> Manner:
    return replace(manner, language=LANGUAGE)
