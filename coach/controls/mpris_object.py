"""The media player that other programs see on the bus: what it answers and what it tells.

Pure: messages go in and come out; a socket is somebody else's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from coach.controls import Command, Send
from coach.controls.mpris_spec import (
    INTERFACES,
    INTROSPECTABLE,
    PATH,
    PEER,
    PLAYER,
    PROPERTIES,
    ROOT,
    interface_of,
    introspection,
)

if TYPE_CHECKING:
    from jeepney import Message

Status = Literal["Playing", "Paused", "Stopped"]
Value = tuple[str, Any]
"""A variant: a signature and a value of it."""

ERROR = "org.freedesktop.DBus.Error"
TRACKS = "/org/audio_coach/track"
JUMP_S = 1.0
"""A position this far, in seconds, from where it would be by itself has been jumped to."""

MICROSECONDS = 1_000_000
LONGEST = 2**63 - 1

MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))

COMMANDS = {
    (ROOT, "Quit"): Command.STOP,
    (PLAYER, "PlayPause"): Command.TOGGLE,
    (PLAYER, "Play"): Command.RESUME,
    (PLAYER, "Pause"): Command.PAUSE,
    (PLAYER, "Stop"): Command.STOP,
    (PLAYER, "Next"): Command.NEXT,
    (PLAYER, "Previous"): Command.BACK,
}


class State(Struct, frozen=True):
    """What there is to show. Times are in seconds."""

    status: Status = "Stopped"
    title: str = ""
    album: str = ""
    length: float = 0.0
    track: int = 0
    """Counts what was played; 0 before anything is."""


class RefusedError(Exception):
    """A call that gets an error for an answer; `name` is the last part of the error's name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class PlayerObject:
    """The player as an object on the bus.

    Args:
        identity: its name as people see it.
        send: gets the commands that are called for.
        look: returns what is to be shown now, and the position in seconds.
    """

    def __init__(
        self,
        identity: str,
        send: Send,
        look: Callable[[], tuple[State, float]],
    ) -> None:
        self._identity = text(identity)
        self._send = send
        self._look = look
        self._told = self._values(PLAYER)
        self._track = 0
        self._expected = 0.0
        self._at = -math.inf

    def signals(self, at: float) -> list[Message]:
        """Return what is to be told at `at` seconds of a monotonic clock."""
        from jeepney import DBusAddress, new_signal

        found = []
        state, position = self._look()
        values = self._values(PLAYER)
        silent = INTERFACES[PLAYER].silent
        changed = {
            name: value
            for name, value in values.items()
            if name not in silent and value != self._told[name]
        }
        if changed:
            emitter = DBusAddress(PATH, interface=PROPERTIES)
            told: tuple[Any, ...] = (PLAYER, changed, [])
            found.append(new_signal(emitter, "PropertiesChanged", "sa{sv}as", told))
        if self._has_jumped(state, position, at):
            emitter = DBusAddress(PATH, interface=PLAYER)
            found.append(new_signal(emitter, "Seeked", "x", (microseconds(position),)))
        self._told = values
        return found

    def answer(self, message: Message) -> Message | None:
        """Return the answer to a message, if it wants one."""
        from jeepney import MessageFlag, MessageType, new_error, new_method_return

        if message.header.message_type is not MessageType.method_call:
            return None
        try:
            signature, body = self._call(message)
            reply = new_method_return(message, signature or None, body)
        except RefusedError as error:
            reply = new_error(message, f"{ERROR}.{error.name}", "s", (str(error),))
        except Exception as error:  # noqa: BLE001 - whoever calls is owed an answer
            reply = new_error(message, f"{ERROR}.Failed", "s", (text(str(error)),))
        return None if message.header.flags & MessageFlag.no_reply_expected else reply

    def _call(self, message: Message) -> tuple[str, tuple[Any, ...]]:
        """Do what a call asks for and return the signature and the body of the answer."""
        from jeepney import HeaderFields

        fields = message.header.fields
        path, member = fields[HeaderFields.path], fields[HeaderFields.member]
        interface = fields.get(HeaderFields.interface) or interface_of(member)
        if path != PATH and interface != PEER:
            if interface == INTROSPECTABLE and f"{PATH}/".startswith(f"{path.rstrip('/')}/"):
                return "s", (introspection(path),)
            raise RefusedError("UnknownObject", f"There is no object {path}, only {PATH}.")
        known = INTERFACES.get(interface)
        if known is None:
            raise RefusedError("UnknownInterface", f"There is no interface {interface}.")
        arguments = known.methods.get(member)
        if arguments is None:
            raise RefusedError("UnknownMethod", f"There is no method {interface}.{member}.")
        expected = "".join(kind for _, kind, direction in arguments if direction == "in")
        found = fields.get(HeaderFields.signature, "")
        if found != expected or (expected and not message.body):
            raise RefusedError(
                "InvalidArgs", f"{member} takes arguments of type {expected!r}, not {found!r}."
            )
        result = self._do(interface, member, message.body)
        signature = "".join(kind for _, kind, direction in arguments if direction == "out")
        return signature, () if result is None else (result,)

    def _do(self, interface: str, member: str, arguments: tuple[Any, ...]) -> Any:
        """Return what a method gives, or None if it gives nothing."""
        command = COMMANDS.get((interface, member))
        if member == "Seek":
            offset = arguments[0]
            command = Command.NEXT if offset > 0 else Command.BACK if offset < 0 else None
        if command is not None:
            self._send(command)
        match member:
            case "OpenUri":
                raise RefusedError("NotSupported", "The coach plays its own sessions only.")
            case "Get":
                return self._get(*arguments)
            case "GetAll":
                self._check_interface(arguments[0])
                return self._values(arguments[0])
            case "Set":
                self._set(*arguments)
            case "Introspect":
                return introspection(PATH)
            case "GetMachineId":
                return machine_id()
        return None

    # Properties

    def _check_interface(self, interface: str) -> None:
        if interface and interface not in INTERFACES:
            raise RefusedError("UnknownInterface", f"There is no interface {interface}.")

    def _get(self, interface: str, name: str) -> Value:
        self._check_interface(interface)
        value = self._values(interface).get(name)
        if value is None:
            raise RefusedError("UnknownProperty", f"There is no property {interface}.{name}.")
        return value

    def _set(self, interface: str, name: str, value: Value) -> None:
        self._get(interface, name)
        kind, access = INTERFACES[interface or PLAYER].properties.get(name, ("", "read"))
        if access == "read":
            raise RefusedError("PropertyReadOnly", f"{name} can only be read.")
        if value[0] != kind:
            raise RefusedError("InvalidArgs", f"{name} is of type {kind!r}, not {value[0]!r}.")
        if name == "Volume":
            raise RefusedError("NotSupported", "The coach leaves the volume to the sound system.")
        if value[1] == 0:  # the specification has a rate of 0 mean a pause, others may be ignored
            self._send(Command.PAUSE)

    def _values(self, interface: str) -> dict[str, Value]:
        """Return the properties of an interface, or of all for an empty name."""
        state, position = self._look()
        values: dict[str, Any] = {
            "Identity": self._identity,
            "PlaybackStatus": state.status,
            "Metadata": self._metadata(state),
            "Position": microseconds(position),
            "CanRaise": False,
            "HasTrackList": False,
            "SupportedUriSchemes": [],
            "SupportedMimeTypes": [],
            "Rate": 1.0,
            "MinimumRate": 1.0,
            "MaximumRate": 1.0,
            "Volume": 1.0,
        }
        return {
            name: (kind, values.get(name, True))
            for each in ([interface] if interface else INTERFACES)
            for name, (kind, _access) in INTERFACES[each].properties.items()
        }

    def _metadata(self, state: State) -> dict[str, Value]:
        if not state.track:
            return {}
        metadata: dict[str, Value] = {
            "mpris:trackid": ("o", f"{TRACKS}/{state.track}"),
            "xesam:title": ("s", text(state.title)),
            "xesam:artist": ("as", [self._identity]),
            "xesam:album": ("s", text(state.album)),
        }
        if length := microseconds(state.length):
            metadata["mpris:length"] = ("x", length)
        return metadata

    def _has_jumped(self, state: State, position: float, at: float) -> bool:
        """Return whether the position is not where others expect it by now."""
        if state.track != self._track:  # one that begins is expected at its start
            self._track, self._expected = state.track, 0.0
        elif state.status == "Playing":
            self._expected += at - self._at
        jumped = self._at > -math.inf and abs(position - self._expected) > JUMP_S
        self._expected, self._at = position, at
        return jumped


def text(value: str) -> str:
    """Return a text as D-Bus takes it: without NUL and without halves of surrogate pairs."""
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def microseconds(seconds: float) -> int:
    """Return a time as MPRIS has it: whole microseconds, none below 0."""
    if not math.isfinite(seconds):
        return 0
    return min(LONGEST, max(0, round(seconds * MICROSECONDS)))


def machine_id() -> str:
    """Return the machine's id; raises RefusedError if it has none."""
    for path in MACHINE_IDS:
        try:
            found = path.read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        if found:
            return found
    raise RefusedError("FileNotFound", "This machine has no id.")
