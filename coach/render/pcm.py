"""WAV, FLAC and Ogg Vorbis, written by libsndfile block by block."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec.structs import replace

from coach.errors import OutputError
from coach.render.details import Details, flac_picture, ogg_comments, ogg_picture, tagging

if TYPE_CHECKING:
    from coach.render import Progress
    from coach.render.chapters import Chapter
    from coach.render.programme import Sound

BLOCK_S = 10
"""Seconds that are in memory at once."""
VORBIS_BLOCK_S = 1
"""libsndfile crashes where it gets minutes of Vorbis at once."""
VORBIS_QUALITY = 0.4
"""libsndfile's scale, 0 to 1; about 50 kbit/s for speech."""
MAX_WAV_BYTES = 0xFFFF_FFFF - (16 << 20)
"""The format counts its bytes in 32 bits, chapters and tags among them; longer programmes become
RF64 (EBU Tech 3306)."""


class WavEncoder:
    """Writes 16 bit WAV with chapters, or RF64 without them where a programme is too long."""

    def encode(self, programme: Sound, details: Details, path: Path, progress: Progress) -> None:
        """Write a programme to `path`.

        Raises:
            OSError: the file cannot be written.
        """
        is_long = 2 * programme.channels * programme.duration > MAX_WAV_BYTES
        _write(programme, path, progress, "RF64" if is_long else "WAV", "PCM_16")
        if not is_long:
            _add_cue_points(path, details.chapters)
            _add_id3_chunk(path, details)


class FlacEncoder:
    """Writes 16 bit FLAC."""

    def encode(self, programme: Sound, details: Details, path: Path, progress: Progress) -> None:
        """Write a programme to `path`.

        Raises:
            OSError: the file cannot be written.
        """
        from mutagen.flac import FLAC

        _write(programme, path, progress, "FLAC", "PCM_16")
        with tagging(path):
            file = FLAC(path)
            for key, value in ogg_comments(details):
                file[key] = value
            if details.cover:
                file.add_picture(flac_picture(details.cover))
            file.save()


class VorbisEncoder:
    """Writes Ogg Vorbis."""

    def encode(self, programme: Sound, details: Details, path: Path, progress: Progress) -> None:
        """Write a programme to `path`.

        Raises:
            OSError: the file cannot be written.
        """
        from mutagen.oggvorbis import OggVorbis

        _write(programme, path, progress, "OGG", "VORBIS", VORBIS_BLOCK_S)
        with tagging(path):
            file = OggVorbis(path)
            for key, value in ogg_comments(details):
                file[key] = value
            if details.cover:
                file["METADATA_BLOCK_PICTURE"] = ogg_picture(details.cover)
            file.save()


def _write(
    programme: Sound,
    path: Path,
    progress: Progress,
    kind: str,
    subtype: str,
    block_s: int = BLOCK_S,
) -> None:
    import soundfile

    block = block_s * programme.rate
    more = {"compression_level": 1 - VORBIS_QUALITY} if subtype == "VORBIS" else {}
    with path.open("w+b") as opened:
        target = _Target(opened)
        try:
            with soundfile.SoundFile(
                target, "w", programme.rate, programme.channels, subtype, format=kind, **more
            ) as file:
                for start in range(0, programme.duration, block):
                    stop = min(start + block, programme.duration)
                    file.write(programme.read(start, stop))
                    target.check()
                    progress(stop, programme.duration)
        # soundfile asserts that all was taken.
        except (soundfile.LibsndfileError, AssertionError) as error:
            target.check()
            raise OutputError(f"cannot write {path}: {error}") from error
        target.check()


class _Target:
    """The file that libsndfile writes to, which keeps the system's first error.

    libsndfile itself tells of a "System error" only, and of none when the header, which it writes
    again at the end, does not get through.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self._error = self._error or error
            return 0

    def seek(self, to: int, whence: int = 0) -> int:
        try:
            return self._file.seek(to, whence)
        except OSError as error:
            self._error = self._error or error
            return -1

    def tell(self) -> int:
        return self._file.tell()


def _add_cue_points(path: Path, chapters: Sequence[Chapter]) -> None:
    """Add the chapters to a WAV file, as players and sound editors know them.

    A `cue ` chunk holds the frames, a `LIST` chunk of type `adtl` their names (Multimedia
    Programming Interface and Data Specifications 1.0, page 3-14).
    """
    cues = struct.pack("<I", len(chapters))
    labels = b"adtl"
    for number, chapter in enumerate(chapters, 1):
        cues += struct.pack("<II4sIII", number, chapter.first, b"data", 0, 0, chapter.first)
        labels += _chunk(b"labl", struct.pack("<I", number) + chapter.title.encode() + b"\0")
    _append(path, _chunk(b"cue ", cues) + _chunk(b"LIST", labels))


def _add_id3_chunk(path: Path, details: Details) -> None:
    from coach.render.mp3 import id3

    # The chapters are there already, and players would list them twice.
    _append(path, _chunk(b"id3 ", id3(replace(details, chapters=()), lyrics=details.lyrics)))


def _chunk(name: bytes, content: bytes) -> bytes:
    """Return a RIFF chunk, filled up to an even number of bytes."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _append(path: Path, chunks: bytes) -> None:
    """Add chunks to a RIFF file."""
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        file.write(b"\0" * (end % 2) + chunks)
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))
