"""The database file: opened, made, checked and, if it is damaged, moved aside.

It keeps SQLite's own rollback journal. A write-ahead log works neither on a network's file system
nor for reading on a read-only one, and with one small write every few seconds gains nothing:
opening, writing and closing took 0.8 ms with the journal and 1.1 ms with the log.

A connection lasts for one transaction. So none is open when the machine sleeps, and whatever
another process does to the file in between, moving it aside included, is noticed.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coach.errors import HistoryError
from coach.files.targets import damaged_name
from coach.locks import Lock

if TYPE_CHECKING:
    import sqlite3

SCHEMA_VERSION = 2
"""Kept in the file as `user_version`."""

BUSY_S = 2.0
"""Seconds to wait while another process writes, which takes it milliseconds."""

_SCHEMA = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,      -- names the session while it is recorded
    started TEXT NOT NULL,         -- UTC, ISO 8601
    utc_offset INTEGER NOT NULL,   -- seconds
    routine TEXT NOT NULL,         -- id
    title TEXT NOT NULL,
    script TEXT NOT NULL,          -- absolute path or bundled name
    settings TEXT NOT NULL,        -- JSON
    planned INTEGER NOT NULL,      -- repetitions
    length REAL NOT NULL,          -- planned seconds
    done INTEGER NOT NULL,         -- repetitions
    seconds REAL NOT NULL,         -- spent so far
    place TEXT,                    -- JSON: where to go on from
    pain_before INTEGER,           -- 0 to 10
    pain_after INTEGER,            -- 0 to 10
    finished INTEGER NOT NULL,     -- 1: came to its end
    closed INTEGER NOT NULL,       -- 1: is not being recorded any more
    hurt TEXT                      -- JSON: where and when the user said that it hurts
)
"""

_INDICES = tuple(
    f"CREATE INDEX IF NOT EXISTS session_{column} ON session ({column})"
    for column in ("routine", "script", "started")
)
"""What finds the sessions of one routine, or of the last weeks, without reading all of them. An
older coach uses and keeps them, so they need no version."""

_CHANGES = {1: "ALTER TABLE session ADD COLUMN hurt TEXT"}
"""What makes the next version of each older one."""

_AS_NEW = {1: "CREATE TEMP VIEW session AS SELECT *, NULL AS hurt FROM main.session"}
"""What lets an older version be read as if it were the newest, where nothing can be written."""


class DamagedHistoryError(HistoryError):
    """The file is no database, or a damaged one."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(
            f"the history of sessions in {path} is damaged: {detail}",
            "The next session that is played moves it aside and begins a new history; "
            f"`sqlite3 {path.name} .recover` may save what it holds.",
        )


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Yield a connection that reads, or None if nothing has been recorded yet.

    Raises:
        HistoryError: the file cannot be read, or is from a newer coach.
    """
    with _told(path, "read"):
        if not _is_there(path):
            yield None
            return
        with closing(_connect(path)) as connection:
            version = _version(connection, path)
            if version in _AS_NEW:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute(_AS_NEW[version])
            connection.execute("PRAGMA query_only = ON")
            yield connection if version else None


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection in a transaction, which is committed unless the block raises.

    The folder and the file are made if they are missing.

    Raises:
        HistoryError: the file cannot be written, or is from a newer coach.
    """
    if not path.is_absolute():
        raise HistoryError(
            "the history of sessions has no place: there is no home folder",
            "Set the environment variable HOME.",
        )
    with _told(path, "written"):
        # What somebody's body can and cannot do is nobody else's business.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _is_there(path)
        with closing(_connect(path)) as connection:
            # So a power cut does not take back what was committed; without it, the journal's
            # removal may not be on the disk yet, and undoes the last transaction.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("BEGIN IMMEDIATE")
            version = _version(connection, path)
            if not version:
                connection.execute(_SCHEMA)
            for older in range(version, SCHEMA_VERSION) if version else ():
                connection.execute(_CHANGES[older])
            for index in _INDICES:
                connection.execute(index)
            if version != SCHEMA_VERSION:
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            yield connection
            connection.execute("COMMIT")


def move_aside(path: Path) -> Path | None:
    """Rename a damaged database and return its new name, or None if another process did so first.

    Raises:
        HistoryError: it cannot be renamed.
    """
    lock = Lock(path.with_name(f"{path.name}.mending"))
    with _told(path, "written"):
        # Two processes may find the damage at once: the second must leave the new file alone.
        if not lock.wait(BUSY_S):
            raise DamagedHistoryError(path, "another coach is moving it aside")
        try:
            if not _is_damaged(path):
                return None
            target = damaged_name(path)
            path.rename(target)
        finally:
            lock.release()
    return target


def _is_damaged(path: Path) -> bool:
    try:
        with reading(path) as connection:
            if connection is None:
                return False
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return bool(found != "ok")
    except DamagedHistoryError:
        return True


def _is_there(path: Path) -> bool:
    """Return whether there is a file, which SQLite may wait for ever for if it is a pipe.

    Raises:
        OSError: there is something else, or it cannot be known.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return True


def _connect(path: Path) -> sqlite3.Connection:
    import sqlite3

    # Transactions are begun and ended by hand.
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema's version, 0 for an empty database.

    Raises:
        HistoryError: it is newer than this coach.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise HistoryError(
            f"the history of sessions in {path} is from a newer coach "
            f"(version {version}; this one knows {SCHEMA_VERSION})",
            "Update the coach: pip install --upgrade audio-coach",
        )
    return version


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    """Turn what the database or the system refuses into a sentence about `path`."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        # The extended codes keep the kind in their lowest byte.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise DamagedHistoryError(path, str(error)) from error
        reasons = {
            sqlite3.SQLITE_FULL: "no space left on device",
            sqlite3.SQLITE_READONLY: "it is read-only",
            sqlite3.SQLITE_BUSY: "another program is using it",
            sqlite3.SQLITE_CANTOPEN: _refusal(path) or "it cannot be opened",
        }
        raise _refused(path, what, reasons.get(code, str(error))) from error
    except OSError as error:
        raise _refused(path, what, error.strerror or str(error)) from error


def _refused(path: Path, what: str, reason: str) -> HistoryError:
    return HistoryError(
        f"the history of sessions in {path} cannot be {what}: {reason[:1].lower()}{reason[1:]}",
        "Check the file, the rights to its folder and the room there.",
    )


def _refusal(path: Path) -> str | None:
    """Return the system's reason for not opening the file, which SQLite does not pass on."""
    import tempfile

    try:
        if path.exists():
            path.open("rb").close()
        with tempfile.TemporaryFile(dir=path.parent):  # SQLite needs room beside the file, too
            pass
    except OSError as error:
        return error.strerror
    return None
