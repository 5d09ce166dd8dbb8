"""What a sound file says about itself: title, chapters, lyrics, cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from coach.render.captions import Caption, captions_of, lrc, transcript
from coach.render.chapters import Chapter, chapters_of
from coach.settings.dose import routine_doses, show_amount
from coach.units import decimal

if TYPE_CHECKING:
    from coach.routine import Routine
    from coach.session import Session
    from coach.settings import Manner

ARTIST = "Audio coach"
GENRE = "Exercise"
COVER_PIXELS = 1000
FRONT_COVER = 3
"""The kind of a picture (ID3v2, APIC)."""
SHOWN_DOSES = ("rounds", "sets", "reps", "hold", "work")
"""The values of a dose that a file tells."""


class Details(Struct, frozen=True):
    """What the tags of a file are made of."""

    title: str
    routine: str
    """The routine's title, which its files have in common."""
    language: str
    date: str
    """ISO 8601."""
    settings: str
    """The doses and the manner in force, as `coach adjust` takes them."""
    source: str = ""
    """Who prescribed it; may be empty."""
    chapters: tuple[Chapter, ...] = ()
    captions: tuple[Caption, ...] = ()
    cover: bytes = b""
    """A JPEG; may be empty."""
    track: tuple[int, int] | None = None
    """The number of this file and of all, counted from 1, where it is one of several."""

    @property
    def comment(self) -> str:
        """What the comment field holds."""
        source = f"Source: {self.source}\n" if self.source else ""
        return f"{source}Settings: {self.settings}"

    @property
    def lyrics(self) -> str:
        """What is spoken, as a text with a paragraph a chapter."""
        return transcript(self.captions, self.chapters, self.title)

    @property
    def timed_lyrics(self) -> str:
        """What is spoken, as LRC."""
        return lrc(self.captions, self.title, self.chapters[-1].stop if self.chapters else 0)


def details_of(session: Session, day: date, *, cover: bytes = b"") -> Details:
    """Return what the file of a whole session says about itself.

    Args:
        session: any.
        day: of rendering.
        cover: a JPEG, or nothing.
    """
    routine = session.routine
    return Details(
        title=routine.title,
        routine=routine.title,
        language=session.manner.language,
        date=day.isoformat(),
        settings=settings_text(routine, session.manner),
        source=routine.source,
        chapters=chapters_of(session.timeline),
        captions=captions_of(session.timeline),
        cover=cover,
    )


def settings_text(routine: Routine, manner: Manner) -> str:
    """Return the doses and the manner in force, as `coach adjust` takes them."""
    parts = [
        f"{address}={show_amount(address.key, value.value)}"
        for address, value in routine_doses(routine).items()
        if address.key in SHOWN_DOSES and (address.key != "sets" or value.value > 1)
    ]
    parts += [f"detail={manner.detail}", f"count={manner.count}", f"speed={decimal(manner.speed)}"]
    parts += [f"style={manner.style}"]
    volumes = {"cue-volume": manner.cue_volume, "speech-volume": manner.speech_volume}
    parts += [f"{key}={decimal(value)}" for key, value in volumes.items() if value]
    return " ".join(parts)


def ogg_comments(details: Details) -> Sequence[tuple[str, str]]:
    """Return the fields of a Vorbis comment: FLAC, Vorbis and Opus have the same.

    Chapters are as VorbisComment Chapter Extension has them, times to the millisecond.
    """
    fields = [
        ("TITLE", details.title),
        ("ARTIST", ARTIST),
        ("ALBUM", details.routine),
        ("GENRE", GENRE),
        ("DATE", details.date),
        ("LANGUAGE", details.language),
        ("COMMENT", details.comment),
        ("LYRICS", details.timed_lyrics),
    ]
    if details.track:
        fields += [("TRACKNUMBER", str(details.track[0])), ("TRACKTOTAL", str(details.track[1]))]
    for n, chapter in enumerate(details.chapters):
        seconds, milliseconds = divmod(chapter.start, 1000)
        minutes, seconds = divmod(seconds, 60)
        time = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}"
        fields += [(f"CHAPTER{n:03}", time), (f"CHAPTER{n:03}NAME", chapter.title)]
    return fields


def ogg_picture(cover: bytes) -> str:
    """Return a cover as the field METADATA_BLOCK_PICTURE holds it."""
    from base64 import b64encode

    return b64encode(flac_picture(cover).write()).decode("ascii")


def flac_picture(cover: bytes) -> Any:
    """Return a JPEG as FLAC's picture block."""
    from mutagen.flac import Picture

    picture = Picture()
    picture.data = cover
    picture.mime = "image/jpeg"
    picture.type = FRONT_COVER
    picture.width, picture.height, picture.depth = COVER_PIXELS, COVER_PIXELS, 24
    return picture


@contextmanager
def tagging(path: Path) -> Iterator[None]:
    """Turn what mutagen tells of a file that cannot be read or written into the system's error.

    Raises:
        OSError: instead of a `MutagenError` in the block.
    """
    from mutagen import MutagenError

    try:
        yield
    except MutagenError as error:
        reason = next((one for one in error.args if isinstance(one, OSError)), None)
        if reason is None:
            raise OSError(EIO, f"the tags cannot be written: {error}", str(path)) from error
        raise OSError(reason.errno, reason.strerror, str(path)) from error
