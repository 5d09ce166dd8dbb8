"""A script that is being edited: a copy, which takes the script's place once it is right.

The copy is kept until then, so nothing that was typed is lost to a problem, a crash or Ctrl-C.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from coach.errors import CoachError
from coach.files.replacing import replacing
from coach.files.shipped import data_dir
from coach.files.targets import make_folder, telling
from coach.library import find_routine, own_folder
from coach.locks import Lock
from coach.script import MAX_BYTES


class Editing(Struct, frozen=True):
    """One script that is being edited."""

    source: Path
    """The script as it is now."""
    target: Path
    """What is written: the source, or the user's own copy of a script that ships."""
    copy: Path
    """What the editor opens."""
    is_resumed: bool
    """Whether the copy was there before, from an editing that did not come to its end."""

    @property
    def is_changed(self) -> bool:
        """Whether the copy says anything else than the script."""
        return _read(self.copy) != _read(self.source)

    def finish(self) -> None:
        """Put the copy in the script's place.

        Raises:
            CoachError: the script was changed meanwhile, or cannot be written.
        """
        _check_base(self.source, self.copy)
        make_folder(self.target.parent)
        data = _read(self.copy)
        with replacing(self.target, lasting=True) as temporary:
            temporary.write_bytes(data)
            if self.target.exists():
                shutil.copymode(self.target, temporary)
        self.discard()

    def discard(self) -> None:
        """Remove the copy."""
        for path in (self.copy, _base(self.copy)):
            with contextlib.suppress(OSError):
                path.unlink()


@contextlib.contextmanager
def editing(name: str) -> Iterator[Editing]:
    """Yield the copy of a routine that can be edited, locked against any other editing of it.

    Args:
        name: a routine's name, or the path of a script.

    Raises:
        CoachError: there is no such routine, it is being edited, or there is an unfinished copy of
            a script that has changed since.
    """
    source = find_routine(name)
    target = source
    if source.resolve().parent == data_dir("scripts").resolve() and name == source.stem:
        target = own_folder() / source.name
    data = _read(source)
    folder = own_folder().with_name("edited")
    make_folder(folder)
    real = Path(os.path.realpath(target))
    place = hashlib.sha256(os.fsencode(real)).hexdigest()[:8]
    copy = folder / f"{real.stem[:80]}-{place}.yaml"
    lock = Lock(copy.with_suffix(".lock"))
    with telling(copy):
        is_ours = lock.acquire()
    if not is_ours:
        raise CoachError(f"{target} is being edited already", "Finish that first.")
    try:
        # What came to its place is done, even if its copy could not be removed.
        is_resumed = copy.exists() and _read(copy) != data
        if is_resumed:
            _check_base(source, copy)
        else:
            for path in (_base(copy), copy):
                with replacing(path, lasting=True) as temporary:
                    temporary.write_bytes(data)
        yield Editing(source, target, copy, is_resumed)
    finally:
        lock.release()


def _base(copy: Path) -> Path:
    """Return where it is kept what a copy was made of."""
    return copy.with_suffix(".base")


def _check_base(source: Path, copy: Path) -> None:
    base = _base(copy)
    if base.exists() and _read(base) != _read(source):
        raise CoachError(
            f"{source} has been changed since you began to edit it",
            f"What you wrote is kept in {copy}. Bring it over by hand, then remove that file.",
        )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CoachError(
            f"cannot read {path}: {reason[:1].lower()}{reason[1:]}", "`coach new` writes a new one."
        ) from error
    if len(data) > MAX_BYTES:
        raise CoachError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB")
    return data
