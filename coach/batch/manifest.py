"""The manifest of a batch: a line of JSON for each file, written when the file is there.

A batch that was stopped finds there what it need not make again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coach.errors import OutputError
from coach.files.given import open_regular
from coach.files.targets import telling
from coach.locks import Lock

NAME = "manifest.jsonl"


class Manifest:
    """What was made in a folder, and of what."""

    def __init__(self, folder: Path) -> None:
        """Read the manifest in `folder`, if there is one; lines that are damaged are left out.

        Raises:
            OutputError: it cannot be read.
        """
        self.path = folder / NAME
        self._folder = folder
        self._records: dict[str, Mapping[str, Any]] = {}
        try:
            with open_regular(self.path) as file:
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            text = ""
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(
                f"cannot read {self.path}: {reason[:1].lower()}{reason[1:]}",
                "Move it away to have all files made anew.",
            ) from error
        self._is_open = bool(text) and not text.endswith("\n")
        for line in text.splitlines():
            try:
                record = json.loads(line)
                self._records[record["file"]] = record
            except (ValueError, KeyError, TypeError, RecursionError):
                continue

    def has(self, file: str, key: str) -> bool:
        """Return whether a file is there as it was made, of the same things."""
        record = self._records.get(file)
        if record is None or record.get("key") != key:
            return False
        try:
            return (self._folder / file).stat().st_size == record.get("bytes")
        except OSError:
            return False

    def add(self, record: Mapping[str, Any]) -> None:
        """Note a file that is there now.

        Raises:
            OutputError: the manifest cannot be written.
        """
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with telling(self.path), self.path.open("a", encoding="utf-8", newline="\n") as file:
            # After a line that was broken off, a new one begins.
            file.write(f"\n{line}" if self._is_open else line)
        self._is_open = False
        self._records[record["file"]] = record


@contextmanager
def manifest_of(folder: Path) -> Iterator[Manifest]:
    """Yield the manifest of a folder, into which no other batch writes meanwhile.

    Raises:
        OutputError: another one does, or the manifest cannot be read.
    """
    path = folder / NAME
    lock = Lock(path.with_suffix(".lock"))
    with telling(path):
        is_ours = lock.acquire()
    if not is_ours:
        raise OutputError(
            f"another batch is writing into {folder}",
            "Wait until it has ended, or give this one a folder of its own.",
        )
    try:
        yield Manifest(folder)
    finally:
        lock.release()


def key_of(*parts: str | bytes) -> str:
    """Return what stands for everything that a file was made of: SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        # Lengths keep ("a", "bc") apart from ("ab", "c").
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()
