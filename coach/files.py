"""Files: where the shipped data is, and how a file is replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from coach.errors import OutputError


def data_dir(name: str) -> Path:
    """Return the folder of shipped data: `scripts` or `audio_cues`.

    That is `coach/_data/NAME` in an installed wheel, and `NAME` beside the package in a checkout.
    """
    package = Path(__file__).resolve().parent
    packaged = package / "_data" / name
    return packaged if packaged.is_dir() else package.parent / name


def check_writable(path: Path) -> None:
    """Check, before long work, that a file can be made at `path`.

    Raises:
        OutputError: the folder is missing or read-only, or `path` is a folder.
    """
    folder = path.parent
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder", "Give a file name inside it.")
    if not folder.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {folder}", "Make it first.")
    with replacing(path) as trial:
        trial.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the name of a temporary file beside `path` that takes its place at the end.

    If the block fails or is interrupted, the temporary file goes and `path` stays as it was. If
    the block removes the temporary file itself, nothing is replaced.

    Raises:
        OutputError: the file cannot be written; an OSError in the block becomes one, too.
    """
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        with contextlib.suppress(FileNotFoundError):
            temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot write {path}: {reason[:1].lower()}{reason[1:]}",
            "Choose another place, or make room there.",
        ) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _umask() -> int:
    """Return the process's file mode mask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
