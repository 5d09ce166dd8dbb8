"""A session as files: sound in several formats, captions, a page, and what describes it.

To add a format, write its encoder or its text, and name it in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from coach.errors import OutputError, did_you_mean

if TYPE_CHECKING:
    from coach.render.details import Details
    from coach.render.programme import Sound

Progress = Callable[[int, int], None]
"""Called with the frames that are written, and how many there are."""

MUSIC_RATE = 48_000
"""Hz of a file with music, which is stereo; others have `coach.session.RENDER_RATE`."""


class Encoder(Protocol):
    """Writes a programme in one format."""

    def encode(self, programme: Sound, details: Details, path: Path, progress: Progress) -> None:
        """Write the whole programme to `path`.

        Raises:
            OSError: the disk is full, or whatever else keeps a file from being written.
            OutputError: the format cannot hold this programme.
        """
        ...


class Format(Struct, frozen=True):
    """A kind of file that a session can be written to."""

    kind: Literal["sound", "text", "page", "playlist"]
    ending: str
    what: str
    """For people."""
    maker: str = ""
    """`module:name` of an encoder's class, or of a function from details to a text."""

    def make(self) -> Any:
        """Return the encoder, or the function."""
        module, _, name = self.maker.partition(":")
        made = getattr(import_module(module), name)
        return made() if self.kind == "sound" else made


FORMATS = MappingProxyType(
    {
        "wav": Format("sound", ".wav", "WAV", "coach.render.pcm:WavEncoder"),
        "flac": Format("sound", ".flac", "FLAC", "coach.render.pcm:FlacEncoder"),
        "mp3": Format("sound", ".mp3", "MP3", "coach.render.mp3:Mp3Encoder"),
        "ogg": Format("sound", ".ogg", "Ogg Vorbis", "coach.render.pcm:VorbisEncoder"),
        "opus": Format("sound", ".opus", "Opus", "coach.render.muxed:OpusEncoder"),
        "m4a": Format("sound", ".m4a", "AAC", "coach.render.muxed:Mp4Encoder"),
        "m4b": Format("sound", ".m4b", "AAC as an audio book", "coach.render.muxed:Mp4Encoder"),
        "html": Format("page", ".html", "a page to play it", "coach.render.page:page"),
        "m3u8": Format("playlist", ".m3u8", "a playlist of a file for each exercise"),
        "srt": Format("text", ".srt", "SubRip captions", "coach.render.captions:subrip_of"),
        "vtt": Format("text", ".vtt", "WebVTT captions", "coach.render.captions:webvtt_of"),
        "lrc": Format("text", ".lrc", "timed lyrics", "coach.render.captions:lrc_of"),
        "txt": Format("text", ".txt", "a transcript", "coach.render.captions:transcript_of"),
    }
)
"""What a session can be written to, by the name that `--format` takes."""

_SYNONYMS = MappingProxyType({".oga": "ogg", ".mp4": "m4a", ".aac": "m4a", ".m3u": "m3u8"})
SOUNDS = tuple(name for name, format_ in FORMATS.items() if format_.kind == "sound")


def format_for(path: Path) -> Format:
    """Return the format for the ending of `path`.

    Raises:
        OutputError: there is none.
    """
    ending = path.suffix.lower()
    for format_ in FORMATS.values():
        if format_.ending == ending:
            return format_
    endings = [format_.ending for format_ in FORMATS.values()]
    found = f"the ending `{ending}`" if ending else "no ending"
    meant = did_you_mean(ending, endings)
    if ending in _SYNONYMS:
        meant = f"; did you mean `{FORMATS[_SYNONYMS[ending]].ending}`?"
    raise OutputError(
        f"cannot tell the format of {path}: it has {found}{meant}",
        f"Endings: {', '.join(endings)}; or say --format.",
    )
