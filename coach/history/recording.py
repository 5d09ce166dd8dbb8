"""A session being recorded, so that it may be killed at any moment.

A thread does the writing, because a disk may take seconds to wake up and a network's may not
answer at all. It writes everything that is known of the session each time, so whatever could not
be written before, on a disk that was full, say, is made good by the next write.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from coach.errors import HistoryError
from coach.history.database import DamagedHistoryError, move_aside, writing
from coach.history.entry import Hurt, hurt_to_json, settings_to_json, where_to_json
from coach.history.running import is_running, lock_path
from coach.locks import Lock

if TYPE_CHECKING:
    import sqlite3

    from coach.settings import Settings
    from coach.steps import Where

FLUSH_S = 5.0
"""Seconds that the end of a session waits for the disk at most."""


class Recording:
    """One session while it lasts.

    The methods may be called from any thread. None raises anything because of the disk, and only
    `flush` and `finish` wait for it, for a limited time. After `finish` they change nothing.
    """

    def __init__(self, path: Path, row: Mapping[str, Any], clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._told = (clock(), 0.0)  # when the time spent was last told, and what it was
        self._uid = secrets.token_hex(8)
        self._lock = Lock(lock_path(path, self._uid))
        self._row = {
            **row,
            **dict.fromkeys(("place", "pain_after", "hurt")),
            **dict.fromkeys(("done", "seconds", "finished", "closed"), 0),
            "uid": self._uid,
        }
        self._finished: set[Where] = set()
        self._hurt: list[Hurt] = []
        self._changed = threading.Condition()
        self._version, self._tried = 1, 0
        self._id: int | None = None
        self._failure: str | None = None
        self._notice: str | None = None
        self._thread = threading.Thread(target=self._write, name="history", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str | None:
        """What is wrong with the history (a sentence), or None.

        Either the session is not being recorded, which may pass, or a damaged history was moved
        aside and a new one begun.
        """
        return self._failure or self._notice

    @property
    def id(self) -> int | None:
        """The session's `Entry.id`, or None if it is not recorded yet."""
        return self._id

    def done(self, where: Where) -> None:
        """Record that a repetition was finished; the same one counts once, in whichever phase."""
        with self._changed:
            self._finished.add(structs.replace(where, phase=None))
            self._set(done=len(self._finished))

    def at(self, where: Where, played: float) -> None:
        """Record the place to go on from.

        Args:
            where: the place; without an exercise only words are left. Once anything is done,
                the session is finished then.
            played: seconds that were spent on the session so far.
        """
        with self._changed:
            is_finished = where.exercise is None and bool(self._finished)
            place = None if is_finished else where_to_json(where)
            self._set(place=place, finished=int(is_finished), seconds=float(played))

    def hurt(self, where: Where, played: float) -> None:
        """Record that the user said that it hurts.

        Args:
            where: what was being done.
            played: seconds that were spent on the session so far.
        """
        with self._changed:
            self._hurt.append(Hurt(where, float(played)))
            self._set(hurt=hurt_to_json(self._hurt), seconds=float(played))

    def change(self, settings: Settings, planned: int) -> None:
        """Record that the session was changed.

        Args:
            settings: all that are in force now.
            planned: repetitions in the whole session now, those done included.
        """
        self._set(settings=settings_to_json(settings), planned=planned)

    def flush(self, limit: float = FLUSH_S) -> bool:
        """Wait until all is written, `limit` seconds at most, and return whether it is."""
        with self._changed:
            version = self._version
            in_time = self._changed.wait_for(lambda: self._tried >= version, limit)
            return in_time and self._failure is None

    def finish(
        self, *, seconds: float | None = None, finished: bool, pain: int | None = None
    ) -> None:
        """Record the session's end; waits until it is written, for a few seconds at most.

        Args:
            seconds: the time spent; None is what `at` told last and the time since.
            finished: whether it came to its end, or was broken off.
            pain: after the session, 0 to 10.
        """
        end: dict[str, Any] = {"closed": 1, "pain_after": pain, "finished": int(finished)}
        if finished:
            end["place"] = None
        if seconds is not None:
            end["seconds"] = float(seconds)
        self._set(**end)
        if not self.flush() and self._failure is None:
            self._failure = f"the disk with the history of sessions, {self._path}, does not answer"

    def _set(self, **values: Any) -> None:
        with self._changed:
            if self._row["closed"]:
                return
            now = self._clock()
            since, seconds = self._told
            self._row |= {"seconds": seconds + now - since, **values}
            self._told = (now, self._row["seconds"])
            self._version += 1
            self._changed.notify_all()

    def _write(self) -> None:
        """Write whenever something has changed, until the session is closed."""
        row: dict[str, Any] = {"closed": 0}
        while not row["closed"]:
            with self._changed:
                self._changed.wait_for(lambda: self._tried < self._version)
                row, version = dict(self._row), self._version
            try:
                self._keep(row)
                failure = None
            except HistoryError as error:
                failure = error.message
            if row["closed"]:
                self._lock.release()
            with self._changed:
                self._failure, self._tried = failure, version
                self._changed.notify_all()

    def _keep(self, row: Mapping[str, Any]) -> None:
        try:
            self._put(row)
        except DamagedHistoryError:
            target = move_aside(self._path)
            if target is not None:
                self._notice = (
                    f"the history of sessions was damaged: it is now in {target}, "
                    "and a new one has begun"
                )
            self._put(row)

    def _put(self, row: Mapping[str, Any]) -> None:
        with writing(self._path) as connection:
            # Locked before others can see the session, which would take it for a killed one.
            with suppress(OSError):  # a session that seems killed is better than none
                self._lock.acquire()
            if self._id is None:
                self._close_killed(connection)
            id_ = _upsert(connection, row)
        self._id = id_

    def _close_killed(self, connection: sqlite3.Connection) -> None:
        """Mark the sessions whose processes are gone, and remove what they locked.

        This reads every session, so it finds a damaged file before anything is added to it.
        """
        query = "SELECT uid FROM session WHERE NOT closed AND uid != ?"
        for (uid,) in connection.execute(query, (self._uid,)).fetchall():
            if not is_running(self._path, uid):
                connection.execute("UPDATE session SET closed = 1 WHERE uid = ?", (uid,))
        # One may have been killed before its session was written. Nobody is about to lock a file
        # here: that is done while one writes, as this is.
        with suppress(OSError):
            for path in self._path.parent.glob(lock_path(self._path, "*").name):
                uid = path.name.rpartition("-")[2]
                if uid != self._uid and not is_running(self._path, uid):
                    path.unlink(missing_ok=True)


def _upsert(connection: sqlite3.Connection, row: Mapping[str, Any]) -> int:
    """Write the session, which is gone if the file was replaced meanwhile; return its id."""
    # Another process may have noted the pain.
    changes = ", ".join(
        f"{name} = coalesce(:{name}, {name})" if name == "pain_after" else f"{name} = :{name}"
        for name in row
    )
    update = f"UPDATE session SET {changes} WHERE uid = :uid"  # noqa: S608 - our column names
    if not connection.execute(update, row).rowcount:
        slots = ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO session ({', '.join(row)}) VALUES ({slots})", row)  # noqa: S608
    found = connection.execute("SELECT id FROM session WHERE uid = :uid", row)
    id_: int = found.fetchone()[0]
    return id_
