"""Sound files of every kind, opened by ffmpeg's libraries so that only that one file is read.

ffmpeg goes by what is in a file: one that looks like a playlist makes it open whatever is named
there, on this computer or on another; and a name like `http://…` it fetches. So it is handed an
open file instead of a name, told which formats there may be, and refused any other file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from coach.files.given import open_regular

if TYPE_CHECKING:
    import av.container

FORMATS = "mp3,mov,aac,ogg,flac,wav,w64,aiff,caf,au,asf,matroska,ape,wv,amr"
"""Names of ffmpeg's demuxers that hold sound and name no other file. `mov` is also M4A and MP4,
`matroska` WebM, `asf` WMA."""


@contextmanager
def opened_media(path: Path) -> Iterator[av.container.InputContainer]:
    """Open a sound file, whose tags may be in any encoding.

    Raises:
        OSError: it is no regular file, cannot be read, or holds no sound that is known.
        ValueError: the same.
    """
    import av

    with open_regular(path) as file:
        try:
            container = av.open(
                file,
                options={"format_whitelist": FORMATS},
                io_open=_refuse,
                **_lenient(av.__version__),
            )
        except av.error.ArgumentError as error:
            # That is how ffmpeg says that a format is not among those.
            raise ValueError("it is in no format of sound files") from error
        with container:
            yield container


def _refuse(url: str, _flags: int, _options: Any) -> NoReturn:
    raise PermissionError(f"a sound file that names another file: {url}")


def _lenient(av_version: str) -> dict[str, Any]:
    """Return the options with which av passes over tags that are not UTF-8; 19 always does."""
    return {"metadata_errors": "ignore"} if int(av_version.partition(".")[0]) < 19 else {}
