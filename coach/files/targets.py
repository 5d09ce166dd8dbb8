"""Where files are written: folders, names, and what the system refuses in a sentence."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from coach.errors import OutputError


@contextlib.contextmanager
def telling(
    path: Path, errors: tuple[type[Exception], ...] = (OSError, RuntimeError, ValueError)
) -> Iterator[None]:
    """Turn what the system refuses into a sentence about `path`.

    Args:
        path: what cannot be written.
        errors: what tells that it cannot. A RuntimeError tells of links in a circle, a ValueError
            of a name that cannot be one.

    Raises:
        OutputError: instead of such an error in the block.
    """
    try:
        yield
    except errors as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"cannot write {path}: {reason[:1].lower()}{reason[1:]}",
            "Choose another place, or make room there.",
        ) from error


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


def damaged_name(path: Path) -> Path:
    """Return a free name beside `path` under which a damaged file can be kept."""
    base = f"{path.name}.damaged-{datetime.now(UTC).astimezone():%Y-%m-%d}"
    names = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
    return next(name for name in map(path.with_name, names) if not name.exists())
