"""Which sessions are being recorded at this moment.

Each holds a lock on a file of its own. The system lets go of it when the process ends, however it
ends, so a killed session is known at once, and no process id is mistaken for another's.
"""

from __future__ import annotations

import os
from pathlib import Path

from coach.locks import lock_handle


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
        return not lock_handle(handle, shared=True)
    except OSError:  # a file system without locks: nobody can have one
        return False
    finally:
        os.close(handle)
