"""The history of sessions: what was done and when, and where one was broken off.

An SQLite database in the user's data folder, which several processes may use at once. While a
session lasts, `Recording` writes it down; whatever is wrong with the disk then never stops it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.errors import HistoryError
from coach.history.entry import (
    COLUMNS,
    Entry,
    Hurt,
    Past,
    entry_of,
    past_of,
    settings_to_json,
    storable,
)
from coach.history.recording import Recording
from coach.profile import Profile

if TYPE_CHECKING:
    import sqlite3

    from coach.settings import Settings

__all__ = ["Entry", "History", "Hurt", "Past", "Recording", "default_path"]

MOST_PAIN = 10
"""Pain is noted from 0, none, to this, the worst that can be imagined."""


def default_path() -> Path:
    """Return where the history of whoever uses no profiles is."""
    return Profile().history_path


class History:
    """All sessions that were recorded in one database.

    Sessions are in the order in which they were begun, whatever the clock said then.

    Args:
        path: the database, which need not exist yet; None is the user's own.
        clock: seconds from any origin, never running backwards; measures how long a session took.

    Attributes:
        unreadable: the ids of sessions that were left out because they cannot be understood.
    """

    def __init__(
        self, path: Path | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # Without a home folder there is no absolute path, which reading and writing will tell.
        self.path = default_path() if path is None else path.absolute()
        self._clock = clock
        self.unreadable: set[int] = set()

    def begin(
        self,
        *,
        routine: str,
        title: str,
        script: Path | str,
        settings: Settings,
        planned: int,
        length: Fraction | float,
        pain: int | None = None,
        started: datetime | None = None,
    ) -> Recording:
        """Return the recording of a session that begins now; does not wait for the disk.

        Args:
            routine: the routine's id.
            title: its title.
            script: the script's path, kept as an absolute one, or a bundled routine's name.
            settings: the user's settings, as `--resume` will need them.
            planned: repetitions in the whole session.
            length: planned seconds of the whole session.
            pain: before the session, 0 to 10.
            started: when; without a time zone it is local. None is now.

        Raises:
            ValueError: `pain` is not from 0 to 10.
        """
        began = (started or datetime.now(UTC)).astimezone(started.tzinfo if started else None)
        offset = began.utcoffset()
        row = {
            "started": began.astimezone(UTC).isoformat(timespec="microseconds"),
            "utc_offset": round(offset.total_seconds()) if offset else 0,
            "routine": storable(routine),
            "title": storable(title),
            "script": script_key(script),
            "settings": settings_to_json(settings),
            "planned": planned,
            "length": float(length),
            "pain_before": _checked_pain(pain),
        }
        return Recording(self.path, row, self._clock)

    def sessions(
        self,
        routine: Path | str | None = None,
        limit: int | None = None,
        since: datetime | None = None,
    ) -> tuple[Entry, ...]:
        """Return the sessions, the newest first.

        Args:
            routine: only those of the routine with this id, or of this script; None means all.
            limit: at most so many, the newest.
            since: only those that started then or later.

        Raises:
            HistoryError: the database cannot be read, or is from a newer coach.
        """
        from itertools import islice

        with self._entries(routine, since) as entries:
            return tuple(islice(entries, limit))

    def past(self, script: Path | str) -> Past:
        """Return what was done of a script, which is its path or a bundled routine's name.

        Raises:
            HistoryError: the database cannot be read, or is from a newer coach.
        """
        from coach.history.database import reading

        query = (
            "SELECT started, utc_offset, settings, pain_before, pain_after, finished FROM session "
            "WHERE script = ? AND (finished OR done > 0) ORDER BY id"
        )
        with reading(self.path) as connection:
            if connection is None:
                return Past()
            rows = connection.execute(query, (script_key(script),)).fetchall()
        return past_of(rows)

    def unfinished(self, routine: Path | str | None = None) -> Entry | None:
        """Return the newest session if it was broken off, to go on from, or None.

        While it is still running, here or in another process, it was not broken off. Sessions
        that never came as far as an exercise are passed over: they have nothing to go on from.

        Args:
            routine: the newest of the routine with this id, or of this script; None: of all.

        Raises:
            HistoryError: the database cannot be read, or is from a newer coach.
        """
        with self._entries(routine) as entries:
            for entry in entries:
                if entry.finished or entry.running:
                    return None
                if entry.done or (entry.where and entry.where.exercise):
                    return entry
        return None

    def set_pain(
        self, after: int, session: int | None = None, routine: Path | str | None = None
    ) -> Entry:
        """Note the pain after a session and return that session.

        Args:
            after: 0 to 10.
            session: its `Entry.id`; None is the newest, of `routine` if that is given.
            routine: an id or a script, as for `sessions`.

        Raises:
            HistoryError: there is no such session, or the database cannot be written.
        """
        from msgspec import structs

        from coach.history.database import writing

        _checked_pain(after)
        with self._entries(routine) as entries:
            found = next((entry for entry in entries if session in (None, entry.id)), None)
        if found is None:
            raise HistoryError(
                "there is no session to note the pain of", "`coach history` lists the sessions."
            )
        with writing(self.path) as connection:
            connection.execute("UPDATE session SET pain_after = ? WHERE id = ?", (after, found.id))
        return structs.replace(found, pain_after=after)

    @contextmanager
    def _entries(
        self, routine: Path | str | None, since: datetime | None = None
    ) -> Iterator[Iterator[Entry]]:
        """Yield the sessions, the newest first, read as they are taken."""
        from coach.history.database import reading

        with reading(self.path) as connection:
            if connection is None:
                yield iter(())
                return
            # A query that is not over would keep the file locked when its connection is closed.
            with closing(self._read(connection, routine, since)) as entries:
                yield entries

    def _read(
        self, connection: sqlite3.Connection, routine: Path | str | None, since: datetime | None
    ) -> Generator[Entry]:
        select = f"SELECT {', '.join(COLUMNS)} FROM session"  # noqa: S608 - nothing of the user's
        values = dict[str, Any]()
        if routine is not None:
            values |= {"routine": storable(str(routine)), "script": script_key(routine)}
        if since is not None:
            values["since"] = since.astimezone(UTC).isoformat(timespec="microseconds")
            # The signs keep SQLite from reading all that there are, in another index's order.
            its = "" if routine is None else "AND (+routine = :routine OR +script = :script) "
            query = f"{select} WHERE started >= :since {its}ORDER BY +id DESC"
        elif routine is not None:
            # Two queries, because each of them has an index that is in the order wanted.
            query = (
                f"{select} WHERE routine = :routine UNION {select} WHERE script = :script "
                "ORDER BY id DESC"
            )
        else:
            query = f"{select} ORDER BY id DESC"
        for row in connection.execute(query, values):
            try:
                entry = entry_of(dict(zip(COLUMNS, row, strict=True)), self.path)
            except ValueError:
                self.unreadable.add(row[0])
                continue
            yield entry


def script_key(script: Path | str) -> str:
    """Return what a session's script is known by: an absolute path, or a bundled name."""
    return storable(os.path.realpath(script) if isinstance(script, Path) else script)


def _checked_pain(pain: int | None) -> int | None:
    if pain is not None and not 0 <= pain <= MOST_PAIN:
        raise ValueError(f"expected pain from 0 to {MOST_PAIN}, found {pain}")
    return pain
