"""What keeps the clip store within its bound: leftovers go, and the clips longest unused.

To look through 100,000 clips takes a second or two, so it is done once a day, and when a part of
the bound has been written since: not after each session. How much was written, all processes note
in one file.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

CLIP, LEVELS, TEMPORARY = ".wav", ".levels", ".tmp"
ENDINGS = (CLIP, LEVELS, TEMPORARY)
"""Of the files of a store: clips, how loud sounds are (see `coach.render.measuring`), and what is
still being written."""

LEFTOVER_S = 3600.0
"""Seconds after which a temporary file is taken for that of a killed process."""

LOOK_EVERY_S = 86_400.0
"""Seconds after which the store is looked through again, whatever was noted: processes that are
killed note nothing."""

SHARE = 20
"""A look is due when this part of the bound has been written, and it leaves room for as much, so
that the store never holds more than its bound."""

NOTES = "written.txt"
"""The file of the notes; no folder of clips has a name of more than two characters. The first line
is `@` and when the store was looked through, in seconds since the epoch; each other one how many
bytes a process has written since."""

_LONGEST_NOTES = 65_536


class Tidied(Struct, frozen=True):
    """What a look through the store did and found."""

    removed: int
    """Files."""
    freed: int
    """Bytes of those."""
    kept: int
    """Clips that stayed."""
    bytes_kept: int
    """Bytes of all files that stayed."""
    problem: str = ""
    """Why something that was to be removed is still there; empty if nothing is."""


def is_due(folder: Path, written: int, largest: int, now: float) -> bool:
    """Return whether the store is to be looked through, and note what was written.

    Args:
        folder: the store's.
        written: bytes that this process has written and not noted yet.
        largest: bytes that the store may hold.
        now: seconds since the epoch.
    """
    try:
        with (folder / NOTES).open("a+b", buffering=0) as file:
            file.write(f"{written}\n".encode())
            file.seek(0)
            found = file.read(_LONGEST_NOTES)
    except OSError:  # nothing can be kept there, or nothing is
        return False
    try:
        looked, *amounts = found.split()
        since = now - float(looked.removeprefix(b"@")) if looked.startswith(b"@") else -1.0
        total = sum(map(int, amounts))
    except ValueError:
        return True
    is_full = len(found) == _LONGEST_NOTES or total * SHARE >= largest
    return is_full or not 0 <= since < LOOK_EVERY_S


def note_look(folder: Path, now: float) -> None:
    """Note that the store has just been looked through."""
    with contextlib.suppress(OSError):
        (folder / NOTES).write_bytes(f"@{now:.0f}\n".encode())


def tidy(folder: Path, largest: int, now: float) -> Tidied:
    """Remove what killed processes left, and the clips longest unused if there is too much.

    Args:
        folder: the store's.
        largest: bytes that may stay.
        now: seconds since the epoch.
    """
    found: list[tuple[float, int, str]] = []
    clips = total = removed = freed = 0
    problem = ""

    def unlink(path: str, size: int) -> bool:
        nonlocal removed, freed, problem
        try:
            os.unlink(path)  # noqa: PTH108 - paths come from scandir
        except FileNotFoundError:  # another process was quicker
            return True
        except OSError as error:
            problem = problem or f"{path}: {error.strerror or error}"
            return False
        removed += 1
        freed += size
        return True

    for entry in files(folder):
        try:
            status = entry.stat()
        except OSError:
            continue
        if not entry.name.endswith(TEMPORARY):
            found.append((status.st_mtime, status.st_size, entry.path))
            clips += entry.name.endswith(CLIP)
            total += status.st_size
        elif now - status.st_mtime > LEFTOVER_S:
            unlink(entry.path, status.st_size)
    if total > largest:
        found.sort()
        for _, size, path in found:
            if total <= largest:
                break
            if unlink(path, size):
                clips -= path.endswith(CLIP)
                total -= size
    return Tidied(removed, freed, clips, total, problem)


def files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the files in the store's subfolders; whatever else lies there is left alone."""
    with contextlib.suppress(OSError), os.scandir(folder) as shelves:
        for shelf in shelves:
            if len(shelf.name) != 2:
                continue
            with contextlib.suppress(OSError), os.scandir(shelf.path) as entries:
                yield from (entry for entry in entries if entry.name.endswith(ENDINGS))
