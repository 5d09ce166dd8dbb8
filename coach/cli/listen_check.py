"""`coach doctor --listen`: whether somebody is understood here, and what suits them."""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from coach.cli.console import echo_text, note
from coach.cli.meter import Lines, Meter, opened_meter

if TYPE_CHECKING:
    from coach.listening import Heard, Style
    from coach.listening.trial import Attempt, Levels
    from coach.profile import Profile

QUIET_S = 2.0
"""Seconds in which nobody is to speak."""

ATTEMPT_S = 6.0
"""Seconds to say a command and have it understood."""

IN_VAIN = 2
"""Commands after which nobody is asked for more if there was nothing but silence."""

LATE_S = 0.7
"""Seconds after which something that is heard cannot belong to the command before."""

READY_S = 20.0
"""Seconds until a microphone must have been opened."""

LEVEL_S = 0.1
"""Seconds between two movements of the meter."""


def check_live(style: Style, microphone: str | None, profile: Profile) -> int:
    """Have five commands said, save what suits, and return the exit code.

    Raises:
        ListeningError: nothing can be understood here, or there is no microphone.
    """
    from coach.listening.ear import check_installed
    from coach.listening.microphone import SYSTEMS_OWN
    from coach.listening.saved import load_listening, save_listening
    from coach.profile import new_profile_notice

    check_installed()
    saved = load_listening(profile)
    if saved.problem:
        note(f"coach: {saved.problem}")
    microphone = microphone or saved.microphone
    if microphone == SYSTEMS_OWN:
        microphone = None
    with closing(_Live(style, microphone)) as live, opened_meter() as screen:
        trial = _Trial(live, screen, style)
        screen.say(f"Listening with `{live.wait_until_ready()}`.")
        trial.room()
        attempts = trial.commands()
    code, threshold = _tell(trial, attempts)
    if threshold is not None:
        if profile.is_new:
            note(f"coach: {new_profile_notice(profile)}")
        save_listening(profile, threshold=threshold, microphone=microphone)
        where = f", and the microphone `{microphone}`" if microphone else ""
        echo_text(f"Saved for all sessions: a threshold of {threshold:.2f}{where}.")
    return code


class _Live:
    """The process that listens in sessions, too."""

    def __init__(self, style: Style, microphone: str | None) -> None:
        from coach.listening.process import ListeningProcess

        configuration = {
            "style": style,
            "language": "en",
            "microphone": microphone,
            "threshold": _lowest_threshold(),
            "level_s": LEVEL_S,
        }
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._process = ListeningProcess(
            lambda: [configuration], self._inbox.put, lambda _: self._inbox.put({"ended": True})
        )
        self._process.start()

    def close(self) -> None:
        self._process.close()

    def wait_until_ready(self) -> str:
        """Return the microphone's name once it is open.

        Raises:
            ListeningError: it cannot be opened.
        """
        from coach.errors import ListeningError

        deadline = time.monotonic() + READY_S
        while (left := deadline - time.monotonic()) > 0:
            message = self.next(left)
            if message is not None and "ready" in message:
                return str(message["ready"])
        raise ListeningError("the microphone gives no sound: it hangs", "Try another one.")

    def next(self, timeout: float) -> dict[str, Any] | None:
        """Return what comes within `timeout` seconds, or None.

        Raises:
            ListeningError: nothing can be heard (any more).
        """
        from coach.errors import ListeningError

        try:
            message = self._inbox.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None
        if "ended" in message:
            raise ListeningError("what understands spoken commands has ended by itself")
        # How loud it is, is told in the end.
        if "fault" in message and message["kind"] not in ("silent", "clipped", "bug"):
            raise ListeningError(message["fault"], message["hint"])
        return message


def _lowest_threshold() -> float:
    """Return a threshold with which one that suits can be found."""
    from coach.listening.recogniser import THRESHOLD
    from coach.listening.trial import FURTHEST

    return max(0.0, THRESHOLD - FURTHEST)


class _Trial:
    """What is asked of the person, and what came of it."""

    def __init__(self, live: _Live, screen: Lines | Meter, style: Style) -> None:
        from coach.listening.command_list import command_list
        from coach.listening.trial import Levels

        self._live = live
        self._screen = screen
        listed = command_list("en")
        self._address = f"{listed.address}, " if style == "address" else ""
        self._wordings = listed.wordings
        self.quiet, self.words = Levels(), Levels()

    def room(self) -> None:
        """Listen to the room."""
        self._screen.say("Be quiet for a moment.")
        self._until(time.monotonic() + QUIET_S, self.quiet, "the room")

    def commands(self) -> list[Attempt]:
        """Have the commands said, and return what was heard."""
        from coach.listening.trial import COMMANDS, Attempt

        attempts: list[Attempt] = []
        for wanted in COMMANDS:
            self._screen.say(f"Say: “{self._address}{self._wordings[wanted][0]}”")
            begun = time.monotonic()
            heard = self._until(begun + ATTEMPT_S, self.words, "your voice")
            if heard and attempts and attempts[-1].heard is None:
                # It may be the last one, come late.
                is_late = time.monotonic() - begun < LATE_S
                if is_late and heard.command == attempts[-1].wanted:
                    attempts[-1] = Attempt(heard.command, heard)
                    heard = self._until(begun + ATTEMPT_S, self.words, "your voice")
            attempts.append(Attempt(wanted, heard))
            self._screen.say(f"  {_outcome(attempts[-1])}")
            if len(attempts) == IN_VAIN and self.words.are_silent:
                break
        return attempts

    def _until(self, deadline: float, levels: Levels, what: str) -> Heard | None:
        """Return the first command that is heard before a time, or None at that time."""
        from coach.listening import Heard

        while (left := deadline - time.monotonic()) > 0:
            message = self._live.next(left)
            if message is None:
                continue
            if "level" in message:
                levels.add(message["level"], message["peak"])
                self._screen.show(what, message["level"])
            elif "heard" in message:
                return Heard(**message["heard"])
        return None


def _outcome(attempt: Attempt) -> str:
    if attempt.heard is None:
        return "not understood"
    if attempt.is_right:
        return f"understood (confidence {attempt.heard.confidence:.2f})"
    return f"taken for `{attempt.heard.command}`"


def _tell(trial: _Trial, attempts: Sequence[Attempt]) -> tuple[int, float | None]:
    """Tell the result, and return the exit code and the threshold that suits, if one does."""
    from coach.listening.recogniser import THRESHOLD
    from coach.listening.trial import on_levels, suitable_threshold

    count = sum(one.is_right for one in attempts)
    echo_text(f"{count} of {len(attempts)} commands were understood.")
    for one in attempts:
        if not one.is_right:
            echo_text(f"  {one.wanted}: {_outcome(one)}")
    echo_text(on_levels(trial.quiet, trial.words))
    threshold = suitable_threshold(attempts, THRESHOLD)
    if threshold is None:
        echo_text(
            "That is too little, and nothing was saved. Try again: say each command in one go, "
            "with a pause before and after it."
        )
    return (0 if threshold is not None else 1), threshold
