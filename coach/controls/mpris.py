"""Media keys, headset buttons and remote controls, through MPRIS on the D-Bus session bus."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from coach.controls import Send
from coach.controls.bus import BusError, Connection, StoppedError, session_bus_paths
from coach.controls.mpris_object import PlayerObject, State, Status
from coach.controls.threads import leave_signals_to_main_thread

__all__ = ["Mpris", "Status"]

NAME = "org.mpris.MediaPlayer2.audio_coach"

WATCH_S = 1.0
"""Between two looks whether the position has jumped, in seconds."""

CLOSE_S = 1.0
"""How long an end waits for the thread, in seconds; it ends by itself as well."""

DO_NOT_QUEUE = 4
OWNER = 1
"""A flag and an answer of RequestName, from the D-Bus Specification."""

MOST_INSTANCES = 100


class Mpris:
    """Shows the session as a media player on the bus, and sends the commands that come from there.

    All of it happens in a thread of its own. Without a bus, or when the bus dies, the session goes
    on without it: nothing raises or waits, and `problem` says why.

    Args:
        send: gets the commands, in that thread.
        identity: the player's name as people see it.
    """

    def __init__(self, send: Send, identity: str = "Audio coach") -> None:
        self.problem: str | None = None
        """Why nothing comes from the bus, as a sentence; None while it may."""
        self.name: str | None = None
        """The name on the bus, once there is one."""
        self._send = send
        self._identity = identity
        self._lock = threading.Lock()
        self._state = State()
        self._position: Callable[[], float] = float
        self._settled = threading.Event()
        self._closing = False
        self._waker: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin to connect, and do not wait for it; once only."""
        try:
            sleeper, self._waker = socket.socketpair()
            self._waker.setblocking(False)
            self._thread = threading.Thread(
                target=self._run, args=(sleeper,), name="mpris", daemon=True
            )
            self._thread.start()
        except (OSError, RuntimeError) as error:  # no files or threads are left
            self._fail(str(error))
            self._settled.set()

    def wait(self, limit: float) -> bool:
        """Wait up to `limit` seconds and return whether `name` or `problem` is settled."""
        return self._settled.wait(limit)

    def update(
        self,
        status: Status,
        title: str,
        album: str,
        length: float,
        position: Callable[[], float],
    ) -> None:
        """Show this from now on; cheap where nothing has changed, and safe in any thread.

        Args:
            status: whether it plays. Headsets decide by it whether their button means play or
                pause, so a session that waits for the user is "Paused".
            title: of what plays now. A new title or album counts as a new track.
            album: what it belongs to.
            length: seconds; 0 if it is not known.
            position: returns the position now, in seconds; called from other threads.
        """
        with self._lock:
            self._position = position
            before = self._state
            is_same_track = before.track and (before.title, before.album) == (title, album)
            track = before.track if is_same_track else before.track + 1
            self._state = State(status, title, album, length, track)
            has_changed = self._state != before
        if has_changed:
            self._wake()

    def close(self) -> None:
        """Leave the bus; may be called twice."""
        self._closing = True
        self._wake()
        if self._thread is not None:
            self._thread.join(CLOSE_S)
        if self._waker is not None:
            self._waker.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full is awake enough, and closed needs no waking
            if self._waker is not None:
                self._waker.send(b"x")

    def _fail(self, reason: str) -> None:
        self.problem = f"Media keys do not work: {reason}."

    def _run(self, sleeper: socket.socket) -> None:
        leave_signals_to_main_thread()
        try:
            with sleeper:
                self._serve(sleeper)
        except StoppedError:
            pass
        except BusError as error:
            self._fail(f"the D-Bus session bus {error}")
        except ImportError:
            self._fail("the package jeepney is not installed")
        except Exception as error:  # noqa: BLE001 - a session is worth more than its media keys
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._settled.set()

    def _look(self) -> tuple[State, float]:
        with self._lock:
            state, position = self._state, self._position
        return state, position()

    def _serve(self, sleeper: socket.socket) -> None:
        connection = Connection(session_bus_paths(os.environ), sleeper, lambda: self._closing)
        try:
            player = PlayerObject(self._identity, self._send, self._look)
            connection.authenticate()
            self.name = _own_name(connection)
            self._settled.set()
            while True:
                while (message := connection.next_message()) is not None:
                    reply = player.answer(message)
                    if reply is not None:
                        connection.send(reply)
                # While the bus takes nothing, changes add up to one.
                if connection.is_idle:
                    for signal in player.signals(time.monotonic()):
                        connection.send(signal)
                connection.wait(None, WATCH_S)
        finally:
            self.name = None
            connection.close()


def _own_name(connection: Connection) -> str:
    """Get a name on the bus and return it."""
    from jeepney import message_bus

    connection.call(message_bus.Hello())
    instance = f"{NAME}.instance{os.getpid()}"
    others = (f"{instance}_{number}" for number in range(2, MOST_INSTANCES))
    for name in (NAME, instance, *others):
        if connection.call(message_bus.RequestName(name, DO_NOT_QUEUE))[0] == OWNER:
            return name
    raise BusError("has no free name for another coach")
