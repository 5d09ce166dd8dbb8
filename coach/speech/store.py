"""The clip store: what has been spoken once is read from disk from then on.

A clip is a WAV file that any player opens, with a checksum in a chunk of its own. WAV, because
150 clips are read in 12 ms, where FLAC takes 95 ms and its library another 30 ms to load; a
checksum, because a damaged or cut off clip must be noticed and made again. Its key is in that
checksum, so that a clip under another's name is noticed, too.

Beside clips lies what was measured of them, so that no session measures them again.

Several processes may use a folder at once: a clip appears whole or not at all. Nothing that goes
wrong with the disk stops a session; it goes on without storing, and `problem` says why.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
import time
import zlib
from pathlib import Path
from stat import S_ISREG

from msgspec import Struct

from coach.errors import SettingError
from coach.files.targets import damaged_name
from coach.speech import Speech
from coach.speech.upkeep import (
    CLIP,
    SHARE,
    TEMPORARY,
    Tidied,
    files,
    is_due,
    note_look,
    tidy,
)

LARGEST = 1_000_000_000
"""Bytes that a store may hold; about 200 sessions of 15 minutes in different voices."""

VARIABLE = "COACH_CLIPS_MB"
"""The environment variable by which the user sets that bound, in megabytes."""

USED_S = 600.0
"""Seconds after which using a clip is noted again, so that tidying finds those long unused. A batch
may fill the store within an hour, and must not push out what it uses again and again."""

FORMAT_VERSION = 1

PROCESSING_VERSION = 2
"""Counted up whenever `coach.speech.level` gives other samples, so that stored clips are made
anew."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sII4sI")
_FORMAT_PCM, _MONO, _FRAME_BYTES, _BITS = 1, 1, 2, 16


def default_folder() -> Path:
    """Return the folder for clips in the system's place for caches."""
    from platformdirs import user_cache_path

    return user_cache_path("audio-coach") / "clips"


def allowed_size() -> int:
    """Return how many bytes of clips the user allows.

    Raises:
        SettingError: the variable that says so is no number of megabytes.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return LARGEST
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise SettingError(
            f'expected the environment variable {VARIABLE} to be a number of megabytes, found "'
            f'{text[:40]}"',
            f"Set it to a whole number, such as {VARIABLE}=500, or leave it unset for "
            f"{LARGEST // 1_000_000:,}.",
        )
    return int(text) * 1_000_000


def clip_key(fingerprint: str, language: str, text: str, processing: int) -> str:
    """Return the name of a clip: SHA-256 in hexadecimal of all that its sound follows from.

    Args:
        fingerprint: the engine's, with voice and speed.
        language: the language tag.
        text: the normalised text.
        processing: `coach.speech.level.PROCESSING_VERSION`.
    """
    parts = (str(FORMAT_VERSION), fingerprint, language, text, str(processing))
    # Lengths keep ("a", "bc") apart from ("ab", "c").
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


class ClipSize(Struct, frozen=True):
    """How long a stored clip is."""

    rate: int
    """Frames a second, in Hz."""
    frames: int


class ClipStore:
    """Clips in a folder, by key.

    Attributes:
        problem: why clips are not being stored (a sentence), or None while they are.
        largest: bytes that it may hold.

    Raises:
        SettingError: the user's variable for that bound is no number of megabytes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = default_folder() if folder is None else folder
        self.problem: str | None = None
        self.largest = allowed_size()
        self._written: list[int] = []
        """Bytes of each clip written since that was noted; threads append to it."""

    def is_empty(self) -> bool:
        """Return whether no clip at all is stored, so that every text has to be spoken."""
        return not any(entry.name.endswith(CLIP) for entry in files(self.folder))

    def held(self) -> tuple[int, int]:
        """Return how many clips are stored, and how many bytes all files take."""
        clips = held = 0
        for entry in files(self.folder):
            with contextlib.suppress(OSError):
                clips += entry.name.endswith(CLIP)
                held += entry.stat().st_size
        return clips, held

    def has(self, key: str) -> bool:
        """Return whether there is a clip, which may turn out to be damaged."""
        return os.path.isfile(self._path(key, CLIP))  # noqa: PTH113 - whatever is wrong, it is none

    def get(self, key: str) -> Speech | None:
        """Return the clip, or None if it is missing, damaged or cannot be read."""
        content = self.read(key, CLIP)
        return None if content is None else _decode(key, content)

    def read(self, key: str, ending: str) -> bytes | None:
        """Return the content of a file, or None if it is missing or cannot be read."""
        path = self._path(key, ending)
        try:
            status = path.stat()
            if not S_ISREG(status.st_mode):  # reading a pipe would wait for ever
                return None
            content = path.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if time.time() - status.st_mtime > USED_S:
                os.utime(path)
        return content

    def size(self, key: str) -> ClipSize | None:
        """Return how long the clip is, without reading it; None if there is none.

        A damaged clip may still have a size.
        """
        path = self._path(key, CLIP)
        try:
            if not path.is_file():
                return None
            with path.open("rb", buffering=0) as file:
                header = file.read(_HEADER.size)
                length = os.fstat(file.fileno()).st_size - _HEADER.size
        except OSError:
            return None
        if len(header) < _HEADER.size or length < 0:
            return None
        return ClipSize(int.from_bytes(header[24:28], "little") or 1, length // _FRAME_BYTES)

    def put(self, key: str, speech: Speech) -> None:
        """Write the clip; after a failure, only note the problem, once and for all."""
        self.write(key, CLIP, _encode(key, speech))

    def write(self, key: str, ending: str, content: bytes) -> None:
        """Write a file as `put` does a clip.

        Args:
            key: SHA-256 in hexadecimal of all that its content follows from.
            ending: one of `coach.speech.upkeep.ENDINGS`.
            content: which carries a checksum of its own.
        """
        if self.problem is not None:
            return
        path = self._path(key, ending)
        temporary: str | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=key, suffix=TEMPORARY, dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            _replace(temporary, path)
            self._written.append(len(content))
        except OSError as error:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)  # noqa: PTH108
            # Windows refuses to replace a file that another process is reading: it is there then.
            if not os.path.isfile(path):  # noqa: PTH113 - whatever is wrong there, it is none
                reason = error.strerror or str(error)
                self.problem = f"spoken clips cannot be kept in {self.folder}: {reason}"

    def tidy(self, *, now: float | None = None, largest: int | None = None) -> Tidied:
        """Remove what killed processes left, and the clips longest unused if there is too much.

        Args:
            now: seconds since the epoch; None is the present.
            largest: bytes that may stay; None is the bound, less the room for what comes until
                the next look.
        """
        now = time.time() if now is None else now
        if largest is None:
            largest = self.largest - self.largest // SHARE
        done = tidy(self.folder, largest, now)
        note_look(self.folder, now)
        return done

    def tidy_if_due(self, *, now: float | None = None) -> bool:
        """Tidy if that was long ago or much has been written since; return whether it was done.

        Otherwise it takes one small file, however many clips there are.
        """
        now = time.time() if now is None else now
        written, self._written = self._written, []
        if not written or not is_due(self.folder, sum(written), self.largest, now):
            return False
        self.tidy(now=now)
        return True

    def _path(self, key: str, ending: str) -> Path:
        return self.folder / key[:2] / f"{key}{ending}"


def _replace(temporary: str, path: Path) -> None:
    try:
        os.replace(temporary, path)  # noqa: PTH105 - mkstemp gives a string
    except IsADirectoryError:
        path.rename(damaged_name(path))
        os.replace(temporary, path)  # noqa: PTH105


def _encode(key: str, speech: Speech) -> bytes:
    data = speech.samples.astype("<i2", copy=False).tobytes()
    return _header(key, speech.rate, data) + data


def _header(key: str, rate: int, data: bytes | memoryview) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(struct.pack("<II", rate, len(data)) + key.encode()))
    return _HEADER.pack(
        *(b"RIFF", _HEADER.size - 8 + len(data), b"WAVE"),
        *(b"fmt ", 16, _FORMAT_PCM, _MONO, rate, rate * _FRAME_BYTES, _FRAME_BYTES, _BITS),
        *(b"crc ", 4, checksum),
        *(b"data", len(data)),
    )


def _decode(key: str, content: bytes) -> Speech | None:
    import numpy as np

    if len(content) < _HEADER.size:
        return None
    rate = int.from_bytes(content[24:28], "little")
    data = memoryview(content)[_HEADER.size :]
    # The header follows from rate and data: comparing it whole checks every byte of the file.
    if (
        len(data) % _FRAME_BYTES
        or rate > 1_000_000
        or content[: _HEADER.size] != _header(key, rate, data)
    ):
        return None
    return Speech(rate, np.frombuffer(data, "<i2").astype(np.int16, copy=False))
