"""Which sessions are being recorded at this moment.

Each holds a lock on a file of its own. The system lets go of it when the process ends, however it
ends, so a killed session is known at once, and no process id is mistaken for another's.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def lock_path(database: Path, uid: str) -> Path:
    """Return the file that is locked while the session `uid` of the database runs."""
    return database.with_name(f"{database.name}.running-{uid}")


def is_running(database: Path, uid: str) -> bool:
    """Return whether some process records the session `uid` at this moment."""
    try:
        handle = os.open(lock_path(database, uid), os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(handle, shared=True)
    except OSError:  # a file system without locks: nobody can have one
        return False
    finally:
        os.close(handle)


class Lock:
    """A lock on a file, which is there while it is locked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Return whether this process has the lock now; never waits for another's."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            # Another's release may have removed the file since it was opened.
            if _lock(handle, shared=False) and os.path.samestat(
                os.fstat(handle), self._path.stat()
            ):
                self._handle = handle
        except OSError:
            pass
        finally:
            if self._handle is None:
                os.close(handle)
        return self._handle is not None

    def release(self) -> None:
        """Let go of the lock, if it was had."""
        if self._handle is None:
            return
        # Removed while it is still locked, so that nobody locks a file that is about to go.
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._handle)
        self._handle = None
        if sys.platform == "win32":  # which removes no open file, whoever has opened it
            with contextlib.suppress(OSError):
                self._path.unlink()


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, *, shared: bool) -> bool:
        """Return whether the open file could be locked; there is no shared lock here."""
        del shared
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int, *, shared: bool) -> bool:
        """Return whether the open file could be locked; raises OSError if no file can be here."""
        try:
            # `flock` and not `lockf`: that lock ends when the process closes any other handle.
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
