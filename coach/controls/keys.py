"""Which key asks for what, and how a terminal's bytes become keys. Pure: no input is read here."""

from __future__ import annotations

import re
from enum import Enum, auto

from msgspec import Struct

from coach.controls import Command


class Key(Struct, frozen=True):
    """One line of the legend."""

    label: str
    """The key as it is shown; ASCII."""
    does: str
    """What it does, in a few words."""
    command: Command
    names: tuple[str, ...]
    """The keys that do it: characters, letters in lower case, or names such as `right`."""


KEYS = (
    Key("space", "pause or go on", Command.TOGGLE, (" ",)),
    Key("right", "next repetition", Command.NEXT, ("right",)),
    Key("left", "back one repetition", Command.BACK, ("left",)),
    Key("down", "next exercise", Command.NEXT_EXERCISE, ("down", "page-down", "n")),
    Key("up", "previous exercise", Command.PREVIOUS_EXERCISE, ("up", "page-up", "p")),
    Key("r", "repeat the instruction", Command.REPEAT, ("r",)),
    Key("Enter", "ready, or done", Command.READY, ("\r", "\n")),
    Key("+", "one more repetition", Command.MORE, ("+", "=")),
    Key("-", "one fewer", Command.FEWER, ("-",)),
    Key("]", "longer holds", Command.LONGER, ("]",)),
    Key("[", "shorter holds", Command.SHORTER, ("[",)),
    Key(">", "faster speech", Command.FASTER, (">", ".")),
    Key("<", "slower speech", Command.SLOWER, ("<", ",")),
    Key("0", "louder cues", Command.LOUDER, ("0",)),
    Key("9", "softer cues", Command.SOFTER, ("9",)),
    Key("q", "stop", Command.STOP, ("q",)),
    Key("?", "show the keys", Command.HELP, ("?", "h")),
)
"""Every key, in the order in which the legend shows them."""

COMMANDS = {name: key.command for key in KEYS for name in key.names}

FINALS = {"A": "up", "B": "down", "C": "right", "D": "left"}
"""Arrows, by the last byte of their sequence: ECMA-48 (CSI) and application mode (SS3)."""

TILDES = {"5": "page-up", "6": "page-down"}
"""Keys of the form CSI number ~."""

KEYPAD = {"M": "\r", "X": "=", "k": "+", "l": ",", "m": "-", "n": ".", "p": "0", "y": "9"}
"""The keypad in application mode, by the last byte of SS3 (xterm control sequences, VT220)."""

ESCAPE, BELL, CANCEL, SUBSTITUTE = 0x1B, 0x07, 0x18, 0x1A
PARAMETERS = re.compile(r"[0-9;:]*")
ESCAPE_S = 0.5
"""After how many seconds a sequence that has begun is no sequence: generous, for a slow line may
split one, and only Escape followed by one of `[O]P^_X` has to wait for it."""
LONGEST = 32
"""Bytes of a sequence that are kept; none of a key is longer."""


class _State(Enum):
    TEXT = auto()
    ESCAPE = auto()
    CSI = auto()
    SS3 = auto()
    STRING = auto()
    """A terminal's answer (OSC, DCS, ...), up to its end."""


class KeyDecoder:
    """Turns what a terminal sends into commands, byte by byte, however it is split into reads.

    A modifier changes nothing: Ctrl-Right is Right, Alt-n is n. Unknown sequences, pastes that the
    terminal has bracketed and characters outside ASCII are swallowed whole.
    """

    def __init__(self) -> None:
        self._state = _State.TEXT
        self._parameters = ""
        self._skip = 0
        self._pasting = False

    @property
    def is_midway(self) -> bool:
        """Whether a sequence has begun and has not ended."""
        return self._state is not _State.TEXT or self._skip > 0 or self._pasting

    def feed(self, data: bytes) -> list[Command]:
        """Return what `data` asks for; never raises."""
        keys = (self._step(byte) for byte in data)
        return [COMMANDS[key] for key in keys if key in COMMANDS]

    def give_up(self) -> None:
        """Forget a sequence that has begun: no more came for so long that it was a lone Escape."""
        self._state = _State.TEXT
        self._skip = 0
        self._pasting = False

    def _step(self, byte: int) -> str | None:
        """Return the key that ends with this byte."""
        if self._skip and byte != ESCAPE:
            self._skip -= 1
            return None
        self._skip = 0
        key = self._advance(byte)
        return None if self._pasting else key

    def _advance(self, byte: int) -> str | None:
        if byte == ESCAPE:  # also breaks off what had begun
            self._state = _State.ESCAPE
            return None
        character = chr(byte)
        match self._state:
            case _State.ESCAPE if character in "[O":
                self._state = _State.CSI if character == "[" else _State.SS3
                self._parameters = ""
            case _State.ESCAPE if character in "P]X^_":
                self._state = _State.STRING
            case _State.CSI | _State.SS3 if 0x20 <= byte <= 0x3F:
                self._parameters = (self._parameters + character)[:LONGEST]
            case _State.CSI | _State.SS3 if 0x40 <= byte <= 0x7E:
                is_csi = self._state is _State.CSI
                self._state = _State.TEXT
                return (
                    self._csi(character)
                    if is_csi
                    else FINALS.get(character) or KEYPAD.get(character)
                )
            case _State.STRING:
                if byte in (BELL, CANCEL, SUBSTITUTE):
                    self._state = _State.TEXT
            case _:
                self._state = _State.TEXT
                # Every byte of a character outside ASCII is above it.
                return character.lower() if byte < 0x80 else None
        return None

    def _csi(self, final: str) -> str | None:
        """Return the key of a sequence CSI parameters final."""
        if not self._parameters and final in "[M":
            # A function key of the Linux console has one byte more, a mouse report of old three.
            self._skip = 1 if final == "[" else 3
            return None
        if not PARAMETERS.fullmatch(self._parameters):
            return None
        if final != "~":
            return FINALS.get(final)
        number = self._parameters.partition(";")[0]
        if number in ("200", "201"):
            self._pasting = number == "200"
        return TILDES.get(number)
