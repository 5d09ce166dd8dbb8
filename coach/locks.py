"""A lock on a file, for what only one process at a time may do.

The system lets go of it when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

RETRY_S = 0.01
"""How often a lock that another process has is tried again."""


LEFT_S = 60.0
"""Seconds that a file without a lock is left alone."""


class Lock:
    """A lock on a file, which is there while it is locked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Return whether this process has the lock now; never waits for another's.

        On a file system without locks nobody is kept waiting: there, every process has it.

        Raises:
            OSError: the file cannot be opened.
        """
        if self._handle is not None:
            return True
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError:
            if sys.platform == "win32":  # where a file that is about to go cannot be opened
                return False
            raise
        try:
            # Another's release may have removed the file since it was opened.
            if _is_free(handle) and os.path.samestat(os.fstat(handle), self._path.stat()):
                self._handle = handle
        except FileNotFoundError:
            pass
        finally:
            if self._handle is None:
                os.close(handle)
        return self._handle is not None

    def wait(self, limit: float) -> bool:
        """Return whether this process has the lock, for which it waits `limit` seconds at most.

        Raises:
            OSError: the file cannot be opened.
        """
        deadline = time.monotonic() + limit
        while not self.acquire():
            if time.monotonic() >= deadline:
                return False
            time.sleep(RETRY_S)
        return True

    def release(self) -> None:
        """Let go of the lock, if it was had."""
        if self._handle is None:
            return
        # Removed while it is still locked, so that nobody locks a file that is about to go.
        with contextlib.suppress(OSError):
            self._path.unlink()
        with contextlib.suppress(OSError):  # it is closed all the same
            os.close(self._handle)
        self._handle = None
        if sys.platform == "win32":  # which removes no open file, whoever has opened it
            with contextlib.suppress(OSError):
                self._path.unlink()


def is_left(path: Path, older_than: float = LEFT_S) -> bool:
    """Return whether a file was locked by a process that is gone.

    One that has just been made is none: it may be about to be locked.

    Args:
        path: a file that its process keeps locked for as long as it needs it.
        older_than: seconds since it was last changed.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        is_old = time.time() - os.fstat(handle).st_mtime > older_than
        return is_old and lock_handle(handle, shared=False)
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(handle)


def _is_free(handle: int) -> bool:
    """Return whether nobody else has locked the open file, which is locked from now on."""
    try:
        return lock_handle(handle, shared=False)
    except OSError:  # a file system without locks
        return True


if sys.platform == "win32":
    import msvcrt

    def lock_handle(handle: int, *, shared: bool) -> bool:
        """Return whether the open file could be locked; there is no shared lock here."""
        del shared
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def lock_handle(handle: int, *, shared: bool) -> bool:
        """Return whether the open file could be locked; raises OSError if no file can be here."""
        try:
            # `flock` and not `lockf`: that lock ends when the process closes any other handle.
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # the latter on some network file systems
            return False
        return True
