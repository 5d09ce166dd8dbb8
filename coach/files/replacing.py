"""Files that are replaced whole or not at all, and what a process that is killed leaves of one."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from coach.errors import OutputError
from coach.files.targets import telling
from coach.locks import is_left, lock_handle

_ENDING = ".part"
"""Of files that are still being written."""


def check_writable(path: Path) -> None:
    """Check, before long work, that a file can be made at `path`.

    Raises:
        OutputError: the folder is missing or read-only, or `path` is a folder.
    """
    with telling(path):
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder", "Give a file name inside it.")
        if path.exists() and not path.is_file():
            # Replacing a device or a pipe by a file would break it for everybody.
            raise OutputError(f"cannot write {path}: it is no regular file", "Give another name.")
        if not path.parent.is_dir():
            message = f"cannot write {path}: there is no folder {path.parent}"
            raise OutputError(message, "Make it first.")
        target = path.resolve()
        # Named as what is left is known by, in case it cannot be removed.
        with tempfile.TemporaryFile(prefix=_prefix(target), suffix=_ENDING, dir=target.parent):
            pass


@contextlib.contextmanager
def replacing(path: Path, *, lasting: bool = False) -> Iterator[Path]:
    """Yield the name of a temporary file that takes the place of `path` at the end.

    If the block fails or is interrupted, the temporary file goes and `path` stays as it was. A
    link stays a link, and what it points to is replaced. Where the system has files without a
    name, nothing is left even of a process that is killed; elsewhere the next one that replaces
    the same file removes it.

    Args:
        path: of the file.
        lasting: whether it is to outlive a power cut from now on; for what a person has typed or
            chosen, and what cannot be made again.

    Raises:
        OutputError: the file cannot be written; an OSError in the block becomes one, too, and a
            text with half a character.
    """
    with telling(path):
        target = path.resolve()
        folder, prefix = target.parent, _prefix(target)
        for left in _unfinished(folder).get(prefix, ()):
            if is_left(left):  # a living process locks its own
                with contextlib.suppress(OSError):
                    left.unlink()
        nameless = open_nameless(folder)
        taking = (
            _named(*tempfile.mkstemp(prefix=prefix, suffix=_ENDING, dir=folder), target)
            if nameless is None
            else _nameless(nameless, prefix, target)
        )
    with telling(path, (OSError, UnicodeError)):
        with taking as place:
            yield place
            if lasting:
                _write_out(place)
        if lasting:
            _write_out(folder)


@contextlib.contextmanager
def _named(handle: int, name: str, target: Path) -> Iterator[Path]:
    """Yield an open temporary file's name, and let it take the place of `target`."""
    temporary = Path(name)
    if sys.platform == "win32":  # where a lock would keep others from writing
        os.close(handle)  # and nothing open is renamed
    else:
        _lock(handle)
    try:
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    finally:
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.close(handle)


@contextlib.contextmanager
def _nameless(handle: int, prefix: str, target: Path) -> Iterator[Path]:
    """Yield the way to an open file without a name, and put it in the place of `target`."""
    _lock(handle)
    try:
        yield Path(f"/proc/self/fd/{handle}")
        _give_name(handle, prefix, target)
    finally:
        # Whoever wrote to it has closed it, too, and would have been told.
        with contextlib.suppress(OSError):
            os.close(handle)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Yield the name of a temporary file that is gone afterwards, even if the process is killed.

    Where the system has no files without a name, it stays after a kill.

    Raises:
        OutputError: there is no room for it; an OSError in the block becomes one, too.
    """
    folder = Path(tempfile.gettempdir())
    with telling(folder):
        nameless = open_nameless(folder)
        if nameless is None:
            with tempfile.TemporaryDirectory(prefix="coach-") as name:
                yield Path(name) / "scratch"
            return
        try:
            yield Path(f"/proc/self/fd/{nameless}")
        finally:
            with contextlib.suppress(OSError):
                os.close(nameless)


def _prefix(target: Path) -> str:
    return f".{target.name[:40]}."


@cache
def _unfinished(folder: Path) -> Mapping[str, Sequence[Path]]:
    """Return the temporary files in a folder, by the prefix of what they were to replace.

    A process looks once: a batch replaces thousands of files in one folder.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_ENDING) and entry.is_file(follow_symlinks=False):
                name, dot, _ = entry.name.removesuffix(_ENDING).rpartition(".")
                found[name + dot].append(folder / entry.name)
    return found


def _lock(handle: int) -> None:
    with contextlib.suppress(OSError):  # a file system without locks
        lock_handle(handle, shared=False)


def open_nameless(folder: Path) -> int | None:
    """Return a new file without a name, which goes with the process; None where there is none."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        handle = os.open(folder, flag | os.O_RDWR, 0o666)
    except OSError:
        return None
    try:
        os.stat(f"/proc/self/fd/{handle}")  # noqa: PTH116 - what is behind the link counts
    except OSError:
        os.close(handle)
        return None
    return handle


def _give_name(handle: int, prefix: str, target: Path) -> None:
    """Put a file without a name in the place of `target`."""
    # A link cannot take the place of a file, so it gets a name for a moment. Python follows what
    # is linked only from within a folder.
    own = os.open("/proc/self/fd", os.O_RDONLY)
    try:
        for number in itertools.count():
            beside = target.parent / f"{prefix}{os.getpid()}-{number}{_ENDING}"
            with contextlib.suppress(FileExistsError):
                os.link(str(handle), beside, src_dir_fd=own, follow_symlinks=True)
                break
    finally:
        with contextlib.suppress(OSError):
            os.close(own)
    try:
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _write_out(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk itself.

    Raises:
        OSError: the file cannot be written. Of a folder that is no error: not every system can,
            and by then the file is in its place.
    """
    is_folder = path.is_dir()
    with contextlib.suppress(OSError) if is_folder else contextlib.nullcontext():
        handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            with contextlib.suppress(OSError):
                os.close(handle)


def _umask() -> int:
    """Return the process's file mode mask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
