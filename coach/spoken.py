"""What spoken commands do in a live session, and what the coach answers.

Whoever speaks does not see the screen, hands and eyes on the floor. So everything is answered by
sound, the coach never waits in silence for something that its user does not know of, and nothing
that was heard wrongly does harm: a session ends only after being asked for it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from coach.controls import Command
from coach.listening import Heard, Spoken
from coach.listening.tones import Answer, tone
from coach.phrases import load_phrasebook

if TYPE_CHECKING:
    from coach.answers import Answers
    from coach.clock import Clock
    from coach.own_sound import OwnSound
    from coach.player import Player
    from coach.settings import Manner
    from coach.view import EarState, State, View

AGAIN_S = 15.0
"""How long a second "stop" is waited for, once it has been asked for."""
SHOWN_S = 5.0
"""How long it is shown what was heard."""
COMMANDS: Mapping[Spoken, Command] = {
    "pause": Command.PAUSE,
    "resume": Command.RESUME,
    "next": Command.NEXT_EXERCISE,
    "back": Command.PREVIOUS_EXERCISE,
    "repeat": Command.REPEAT,
    "slower": Command.SLOWER,
    "faster": Command.FASTER,
    "longer": Command.LONGER,
    "shorter": Command.SHORTER,
    "more": Command.MORE,
    "louder": Command.LOUDER,
    "softer": Command.SOFTER,
    "ready": Command.READY,
    "done": Command.READY,
}
"""What does the same as a key. By word an exercise is skipped, not a repetition."""

GOING_ON = frozenset[Spoken]({"resume", "next", "back", "repeat", "ready", "done"})
"""Who asks for one of these in a pause wants to go on."""


class Ear(Protocol):
    """Listens to the user; see `coach.listening.ear`."""

    def deaf(self, from_: float, until: float) -> None:
        """Do not listen to what is captured between two times, in seconds of the clock."""
        ...


class Obedient(Protocol):
    """A live session, as far as somebody who speaks to it is concerned."""

    is_paused: bool

    @property
    def state(self) -> State:
        """Return what it does at this moment."""
        ...

    @property
    def manner(self) -> Manner:
        """Return how it is spoken."""
        ...

    def is_user_awaited(self) -> bool:
        """Return whether it waits for its user."""
        ...

    def carry_out(self, command: Command) -> str:
        """Do something at once, and return why it was not done; empty if it was."""
        ...

    def note_hurt(self) -> None:
        """Note that it hurts, and what."""
        ...

    def view(self) -> View:
        """Return what there is to see."""
        ...

    def tell(self, notice: str) -> None:
        """Show a notice."""
        ...

    def warn(self, sentence: str) -> None:
        """Show what went wrong, and tell it again in the end."""
        ...

    def end(self) -> None:
        """End it."""
        ...


class Words(Struct, frozen=True):
    """What is said to the coach, for its answers."""

    resume: str = "keep going"
    next: str = "next exercise"
    stop: str = "stop"
    help: str = ""
    """What there is to say, in sentences; empty for nothing."""

    @property
    def stopping(self) -> str:
        """The question before the end of a session."""
        return f"To end the session, say again: {self.stop}. To go on, say: {self.resume}."

    @property
    def hurting(self) -> str:
        """The offer after something hurt."""
        return (
            f"I have noted that. To skip this exercise, say: {self.next}. "
            f"To go on with it, say: {self.resume}."
        )


class _Question(Struct):
    """Something that the coach has asked, and waits to be answered."""

    about: Literal["stop", "pain"]
    was_paused: bool
    until: float


class Conversation:
    """Obeys what is heard. All of it runs on the session's thread.

    Attributes:
        heard: the command that was understood last; None after a while.
    """

    def __init__(
        self,
        session: Obedient,
        player: Player,
        answers: Answers,
        own_sound: OwnSound,
        clock: Clock,
        ear: Ear,
        words: Words,
        *,
        is_headset: bool,
    ) -> None:
        """Bind the parts.

        Args:
            session: obeys.
            player: plays it.
            answers: speak.
            own_sound: knows what is heard of both.
            clock: the one that the ear goes by, too.
            ear: listens.
            words: how the commands are called.
            is_headset: whether the ear cannot hear the loudspeaker.
        """
        self.heard: Heard | None = None
        self._heard_at = 0.0
        self._session = session
        self._player = player
        self._own_sound = own_sound
        self._answers = answers
        self._clock = clock
        self._ear = ear
        self._words = words
        self._is_headset = is_headset
        self._question: _Question | None = None
        self._state: EarState = "listening"

    @property
    def state(self) -> EarState:
        """Return whether it listens at this moment."""
        return self._state

    # -- what is heard -------------------------------------------------------------------------

    def hear(self, heard: Heard) -> None:
        """Do what was asked for."""
        now = self._clock.now()
        self._state = self._state or "listening"
        if self._own_sound.is_heard(heard, now):
            return
        self.heard, self._heard_at = heard, now
        self._answers.drop()
        question, self._question = self._question, None
        if heard.command == "stop":
            self._stop(question, now)
            return
        command = heard.command
        if question and question.about == "pain":
            if command not in GOING_ON:
                self._question = question  # what was offered still holds
        elif question and not question.was_paused and command not in ("pause", "pain", "resume"):
            self._resume()  # "resume" does so itself, and said twice it would end a wait
        if command == "time":
            self._sound("heard")
            about = load_phrasebook("en").about(self._session.view().left)
            self._say(f"{about[:1].upper()}{about[1:]} left.")
        elif command == "help":
            self._sound("heard")
            self._say(self._words.help)
        elif command == "pain":
            self._hurt(now)
        else:
            self._obey(command, offered=question is not None and question.about == "pain")

    def _obey(self, command: Spoken, *, offered: bool) -> None:
        asked = COMMANDS[command]
        if command == "next" and self._session.is_user_awaited() and not offered:
            asked = Command.READY
        refusal = self._session.carry_out(asked)
        if command in GOING_ON:
            self._resume()
        if refusal:
            self._sound("refused")
            self._answers.say(refusal, self._session.manner)  # the screen says more
        else:
            self._sound("heard")

    def _stop(self, question: _Question | None, now: float) -> None:
        self._sound("heard")
        if question and question.about == "stop":
            self._session.end()
            return
        self._ask("stop", now)
        self._say(self._words.stopping)

    def _hurt(self, now: float) -> None:
        self._session.note_hurt()
        self._sound("heard")
        self._ask("pain", now)
        self._say(self._words.hurting)

    def _ask(self, about: Literal["stop", "pain"], now: float) -> None:
        self._question = _Question(about, self._session.is_paused, now + AGAIN_S)
        self._session.carry_out(Command.PAUSE)

    def _resume(self) -> None:
        if self._session.is_paused:
            self._session.carry_out(Command.RESUME)

    def _say(self, text: str) -> None:
        if text:
            self._session.tell(text)
            self._answers.say(text, self._session.manner)

    def _sound(self, answer: Answer) -> None:
        self._player.add(tone(answer, self._player.timeline.rate))

    # -- what else happens ---------------------------------------------------------------------

    def press(self, command: Command) -> None:
        """Heed that something is asked for by hand."""
        if command in (Command.TOGGLE, Command.PAUSE, Command.RESUME, Command.READY):
            self._question = None
            self._answers.drop()

    def lose(self, why: str) -> None:
        """Tell what is wrong with the ear, and go on: who speaks to it cannot see it."""
        self._state = ""
        self._session.warn(why)
        sentence, _, _hint = why.partition(". ")
        self._answers.say(sentence, self._session.manner)

    def look_around(self) -> None:
        """Do what is due: to be called often."""
        now = self._clock.now()
        if self.heard and now - self._heard_at > SHOWN_S:
            self.heard = None
        is_playing = self._session.state == "playing"
        self._own_sound.remember(now, is_playing=is_playing)
        is_deaf = False
        spans = self._own_sound.spans(now, is_playing=is_playing)
        for start, end in () if self._is_headset else spans:
            self._ear.deaf(start, end)
            is_deaf = is_deaf or start <= now < end
        if self._state:
            self._state = "deaf" if is_deaf else "listening"
        self._wait_for_answer(now)

    def _wait_for_answer(self, now: float) -> None:
        """Go on if a question was not answered: perhaps nobody had asked for anything."""
        question = self._question
        if question is None or question.about != "stop":
            return
        if self._answers.is_under_way:
            question.until = now + AGAIN_S
        elif now >= question.until:
            self._question = None
            if not question.was_paused:
                self._sound("heard")
                self._session.tell("Going on.")
                self._resume()
