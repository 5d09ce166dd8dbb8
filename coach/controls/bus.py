"""A connection to a D-Bus message bus that waits for nothing without a limit.

jeepney packs and unpacks the messages; what it leaves to others is here: a socket that never
blocks, and an end that can be asked for from another thread.
"""

from __future__ import annotations

import collections
import os
import select
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from jeepney import Message

ANSWER_S = 5.0
"""How long the bus may take over an answer, in seconds; a healthy one takes a millisecond."""

MOST_UNSENT = 1 << 20
"""Bytes that wait to be sent before no more requests are read."""


NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)
"""A bus that is gone is an error here, not a SIGPIPE, on which a program may end."""


class BusError(Exception):
    """There is no bus, or no longer; the message is a sentence's second half, on what it did."""


class StoppedError(Exception):
    """The connection's end was asked for."""


def session_bus_paths(environment: Mapping[str, str]) -> list[bytes]:
    """Return the sockets of the session's bus; abstract ones begin with a NUL byte.

    Raises:
        BusError: the environment names none that can be used.
    """
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    default = f"unix:path={runtime}/bus" if runtime.startswith("/") else ""
    addresses = environment.get("DBUS_SESSION_BUS_ADDRESS") or default
    if not addresses:
        raise BusError("is not there (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set)")
    paths = []
    for address in addresses.split(";"):
        transport, _, rest = address.partition(":")
        keys = dict(part.partition("=")[::2] for part in rest.split(","))
        if transport != "unix":
            continue
        if "path" in keys:
            paths.append(unquote_to_bytes(keys["path"]))
        elif "abstract" in keys:
            paths.append(b"\0" + unquote_to_bytes(keys["abstract"]))
        elif keys.get("runtime") == "yes" and runtime:
            paths.append(os.fsencode(runtime) + b"/bus")
    if not paths:
        raise BusError(f"has no address that can be used: {addresses!r}")
    return paths


class Connection:
    """One connection, used by one thread.

    Args:
        paths: the sockets to try, in this order.
        wake: a socket; what arrives there ends a wait.
        is_stopping: says whether the end has been asked for, in another thread.

    Raises:
        BusError: none takes a connection.
    """

    def __init__(
        self, paths: list[bytes], wake: socket.socket, is_stopping: Callable[[], bool]
    ) -> None:
        self._wake = wake
        self._is_stopping = is_stopping
        self._unsent = bytearray()
        self._received = bytearray()
        self._inbox: collections.deque[Message] = collections.deque()
        self._serial = 0
        self._socket = _connected(paths)

    def close(self) -> None:
        self._socket.close()

    @property
    def is_idle(self) -> bool:
        """Whether all has been sent."""
        return not self._unsent

    def authenticate(self) -> None:
        """Tell the bus who we are.

        Raises:
            BusError: it did not believe it, or did not answer in time.
        """
        from jeepney.auth import BEGIN, AuthenticationError, Authenticator

        deadline = time.monotonic() + ANSWER_S
        conversation = Authenticator()
        while (line := conversation.data_to_send()) is not None:
            self._unsent += line
            while not self._received:
                self.wait(deadline)
            try:
                conversation.feed(bytes(self._received))
            except AuthenticationError as error:
                raise BusError(f"refused the connection: {error}") from error
            self._received.clear()
        self._unsent += BEGIN

    def send(self, message: Message) -> int:
        """Put a message into the queue and return its serial number."""
        self._serial += 1
        self._unsent += message.serialise(self._serial)
        return self._serial

    def call(self, message: Message) -> tuple[Any, ...]:
        """Return the body of the answer to a method call.

        Raises:
            BusError: it is an error, or none came in time.
        """
        from jeepney import HeaderFields, MessageType

        deadline = time.monotonic() + ANSWER_S
        serial = self.send(message)
        while True:
            for reply in self._inbox:
                if reply.header.fields.get(HeaderFields.reply_serial) == serial:
                    self._inbox.remove(reply)
                    if reply.header.message_type is MessageType.error:
                        raise BusError(f"refused {message.header.fields[HeaderFields.member]}")
                    body: tuple[Any, ...] = reply.body
                    return body
            self.wait(deadline)
            self._unpack()

    def next_message(self) -> Message | None:
        """Return the next message that has come, if any."""
        self._unpack()
        return self._inbox.popleft() if self._inbox else None

    def wait(self, deadline: float | None, limit: float | None = None) -> None:
        """Send and receive what can be, and wait until there is something.

        Args:
            deadline: when to be disappointed, on the monotonic clock.
            limit: when to return regardless, in seconds from now.

        Raises:
            BusError: the bus has gone, or nothing happened until the deadline.
            StoppedError: the end was asked for.
        """
        if deadline is not None:
            limit = max(0.0, deadline - time.monotonic())
        reading = [self._socket] if len(self._unsent) < MOST_UNSENT else []
        writing = [self._socket] if self._unsent else []
        readable, writable, _ = select.select([*reading, self._wake], writing, [], limit)
        if self._wake in readable:
            self._wake.recv(4096)
        if self._is_stopping():
            raise StoppedError
        if deadline is not None and not readable and not writable:
            raise BusError(f"gave no answer within {ANSWER_S:g} s")
        try:
            if writable:
                sent = self._socket.send(self._unsent[: 1 << 16], NO_SIGNAL)
                del self._unsent[:sent]
            if self._socket in readable:
                data = self._socket.recv(1 << 16)
                if not data:
                    raise BusError("closed the connection")
                self._received += data
        except BlockingIOError:
            pass
        except OSError as error:
            raise BusError(f"broke off: {error.strerror}") from error

    def _unpack(self) -> None:
        """Put into the inbox what is whole among the received bytes."""
        from jeepney.low_level import calc_msg_size

        while len(self._received) >= 16:
            try:
                size = calc_msg_size(bytes(self._received[:16]))
            except KeyError as error:
                raise BusError("sent something else than messages") from error
            if len(self._received) < size:
                return
            message = _unpacked(bytes(self._received[:size]))
            del self._received[:size]
            if message is not None:
                self._inbox.append(message)


def _connected(paths: list[bytes]) -> socket.socket:
    family = getattr(socket, "AF_UNIX", None)
    if family is None:
        raise BusError("cannot be reached on this system")
    reason = ""
    for path in paths:
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.setblocking(False)
        try:
            opened.connect(path)
        except (OSError, ValueError) as error:
            opened.close()
            name = os.fsdecode(path.replace(b"\0", b"@"))
            reason = f"{name}: {getattr(error, 'strerror', None) or error}"
        else:
            return opened
    raise BusError(f"takes no connection ({reason})")


def _unpacked(raw: bytes) -> Message | None:
    """Return a message, without its body if jeepney cannot read that, or None if it is no use."""
    from jeepney import Message
    from jeepney.low_level import Header

    # What a stranger sends may hold what jeepney does not know (a file descriptor, a header field
    # of a later time); it is ours to survive, whatever it raises.
    try:
        return Message.from_buffer(raw)
    except Exception:  # noqa: BLE001
        try:
            return Message(Header.from_buffer(raw)[0], ())
        except Exception:  # noqa: BLE001
            return None
