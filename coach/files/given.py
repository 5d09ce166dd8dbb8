"""Files that somebody names, opened without a surprise."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

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
