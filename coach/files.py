"""Files: where the shipped data is, and how a file is replaced whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from coach.errors import OutputError
from coach.locks import is_left, lock_handle

SCHEMA = Path(__file__).resolve().parent / "routine.schema.json"
"""The JSON Schema of routine scripts, as it is shipped."""


LEFT_ENDING = ".part"
"""Of files that are still being written."""


def data_dir(name: str) -> Path:
    """Return the folder of shipped data: `scripts` or `audio_cues`.

    That is `coach/_data/NAME` in an installed wheel, and `NAME` beside the package in a checkout.
    """
    package = Path(__file__).resolve().parent
    packaged = package / "_data" / name
    return packaged if packaged.is_dir() else package.parent / name


_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""To open a pipe that nobody writes to would wait for ever, but for the second flag."""


def open_regular(path: Path, *, follow: bool = True) -> BinaryIO:
    """Return a file that is open for reading: one with an end, no pipe and no device.

    What is looked at is what was opened, so nothing can be put in its place in between.

    Args:
        path: of the file.
        follow: whether it may be a link; False for a path whose links were followed already.

    Raises:
        OSError: there is none, or it may not be read.
    """
    flags = _OPEN if follow else _OPEN | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "It is a pipe or a device and no regular file", str(path))


def open_given(path: Path) -> BinaryIO:
    """Return a file that somebody has named and that is open for reading.

    It may be a device, or a pipe that a shell has opened (`<(…)`), but no pipe with a name of its
    own, at which nobody may ever write.

    Raises:
        OSError: there is none, or it may not be read.
    """
    if path.is_fifo() and Path(os.path.realpath(path)).exists():
        raise OSError(errno.EINVAL, "It is a named pipe and no regular file", str(path))
    return path.open("rb")


def leaves(text: str) -> bool:
    """Whether a path in a file is absolute or goes up, on any system.

    Windows' rules are the stricter ones: `C:x` and what begins with two backslashes, which is on
    another computer, are absolute there. Such a path is not even looked for.
    """
    parts = PureWindowsPath(text).parts
    return bool(PureWindowsPath(text).anchor) or ".." in parts


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
        with tempfile.TemporaryFile(prefix=_prefix(target), suffix=LEFT_ENDING, dir=target.parent):
            pass


def make_folder(path: Path) -> None:
    """Make a folder that is going to hold files, and those that it is in.

    Raises:
        OutputError: it cannot be made.
    """
    with telling(path):
        path.mkdir(parents=True, exist_ok=True)


def check_different(source: Path, *targets: Path, what: str = "the script") -> None:
    """Check that no file would be written twice, or over the one that is read.

    Raises:
        OutputError: two of the names mean the same file.
    """
    taken = {os.path.realpath(source): f"{what} that is read"}
    for target in targets:
        place = os.path.realpath(target)
        if place in taken:
            message = f"cannot write {target}: that is {taken[place]}"
            raise OutputError(message, "Give each file a name of its own.")
        taken[place] = "another file to write"


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
        OutputError: the file cannot be written; an OSError in the block becomes one, too.
    """
    with telling(path):
        target = path.resolve()
        prefix = _prefix(target)
        _remove_left(target.parent, prefix)
        nameless = open_nameless(target.parent)
        if nameless is None:
            handle, name = tempfile.mkstemp(prefix=prefix, suffix=LEFT_ENDING, dir=target.parent)
            temporary = Path(name)
            if sys.platform != "win32":
                _lock(handle)
            else:  # where a lock would keep others from writing, and nothing open is renamed
                os.close(handle)
            try:
                temporary.chmod(0o666 & ~_umask())
                yield temporary
                if lasting:
                    _write_out(temporary)
                temporary.replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    temporary.unlink()
                raise
            finally:
                if sys.platform != "win32":
                    with contextlib.suppress(OSError):
                        os.close(handle)
            if lasting:
                _write_out(target.parent)
            return
        _lock(nameless)
        try:
            yield Path(f"/proc/self/fd/{nameless}")
            if lasting:
                os.fsync(nameless)
            _give_name(nameless, prefix, target)
            if lasting:
                _write_out(target.parent)
        finally:
            # Whoever wrote to it has closed it, too, and would have been told.
            with contextlib.suppress(OSError):
                os.close(nameless)


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


def _remove_left(folder: Path, prefix: str) -> None:
    """Remove the temporary files that killed processes have left; a living one locks its own."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(prefix) and entry.name.endswith(LEFT_ENDING)):
                continue
            if entry.is_file(follow_symlinks=False) and is_left(Path(entry.path)):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - paths come from scandir


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
            beside = target.parent / f"{prefix}{os.getpid()}-{number}{LEFT_ENDING}"
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


def damaged_name(path: Path) -> Path:
    """Return a free name beside `path` under which a damaged file can be kept."""
    base = f"{path.name}.damaged-{datetime.now(UTC).astimezone():%Y-%m-%d}"
    names = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
    return next(name for name in map(path.with_name, names) if not name.exists())


@contextlib.contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what the system refuses into a sentence about `path`.

    Raises:
        OutputError: instead of an OSError in the block.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        # A RuntimeError tells of links in a circle, a ValueError of a name that cannot be one.
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"cannot write {path}: {reason[:1].lower()}{reason[1:]}",
            "Choose another place, or make room there.",
        ) from error


def _umask() -> int:
    """Return the process's file mode mask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
