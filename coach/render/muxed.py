"""Opus in Ogg, and AAC in MP4 (M4A, M4B): encoded and put into their containers by ffmpeg."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from coach.render.details import ARTIST, GENRE, Details, ogg_comments, ogg_picture, tagging
from coach.render.mp3 import iso639_2
from coach.render.packets import count_of, packets_of

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.packet import Packet

    from coach.render import Progress
    from coach.render.loudness import Frames
    from coach.render.programme import Sound

OPUS_BIT_RATES = {1: 40_000, 2: 96_000}
AAC_BIT_RATES = {1: 64_000, 2: 128_000}
"""bit/s by the number of channels."""
AAC_OPTIONS = MappingProxyType({"aac_tns": "0"})
"""Without temporal noise shaping, with which a sharp s of a voice came out 4 dB too loud, as a hiss
of 10 to 20 dB from 6 kHz on; without it, nothing is off by more than 1 dB."""
OPUS_OPTIONS = MappingProxyType({"application": "lowdelay"})
"""Its transform coder alone: where Opus takes a beep for speech, the beep comes out 10 dB too loud
and rings on for 100 ms (measured at 32 to 48 kbit/s)."""


class OpusEncoder:
    """Writes Ogg Opus (RFC 7845)."""

    def encode(self, programme: Sound, details: Details, path: Path, progress: Progress) -> None:
        """Write a programme to `path`.

        Raises:
            OSError: the file cannot be written.
        """
        fields = dict(ogg_comments(details))
        if details.cover:
            fields["METADATA_BLOCK_PICTURE"] = ogg_picture(details.cover)
        codec = _FfmpegCodec("libopus", programme, OPUS_BIT_RATES, OPUS_OPTIONS)
        # ffmpeg writes metadata as they are, but its own Opus chapters are late by a second.
        _mux(codec, programme, path, progress, container="ogg", metadata=fields)


class Mp4Encoder:
    """Writes AAC in MP4, with chapters as ebook and podcast players list them."""

    def encode(self, programme: Sound, details: Details, path: Path, progress: Progress) -> None:
        """Write a programme to `path`.

        Raises:
            OSError: the file cannot be written.
        """
        from mutagen.mp4 import MP4, MP4Cover

        codec = _FfmpegCodec("aac", programme, AAC_BIT_RATES, AAC_OPTIONS)
        chapters: list[Any] = [
            {
                "id": n,
                "start": chapter.start,
                "end": chapter.stop,
                "time_base": Fraction(1, 1000),
                "metadata": {"title": chapter.title},
            }
            for n, chapter in enumerate(details.chapters)
        ]
        _mux(
            codec,
            programme,
            path,
            progress,
            container="ipod",
            language=details.language,
            chapters=chapters,
            options={"movflags": "+faststart"},
        )
        with tagging(path):
            file = MP4(path)
            file["\xa9nam"] = details.title
            file["\xa9ART"] = ARTIST
            file["\xa9alb"] = details.routine
            file["\xa9gen"] = GENRE
            file["\xa9day"] = details.date
            file["\xa9cmt"] = details.comment
            file["\xa9lyr"] = details.lyrics
            if details.track:
                file["trkn"] = [details.track]
            if details.cover:
                file["covr"] = [MP4Cover(details.cover, MP4Cover.FORMAT_JPEG)]
            file.save()


class _FfmpegCodec:
    """One of ffmpeg's encoders."""

    lead = 10
    tail = 10
    warm_up = 25

    def __init__(
        self,
        name: str,
        programme: Sound,
        bit_rates: Mapping[int, int],
        options: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        import numpy as np

        self.name = name
        self.rate = programme.rate
        self.layout = "mono" if programme.channels == 1 else "stereo"
        self.bit_rate = bit_rates[programme.channels]
        self.options = dict(options)
        context = self._context()
        context.open()
        self.grid: int = context.frame_size
        self.delay = 0
        first = next(self._encoded([np.zeros((4 * self.grid, programme.channels), np.int16)]))
        self.delay = -int(first.pts or 0)

    def encode(self, blocks: Iterable[Frames]) -> Iterator[bytes]:
        return map(bytes, self._encoded(blocks))

    def silence(self) -> bytes:
        import numpy as np

        channels = 1 if self.layout == "mono" else 2
        zeros = np.zeros(((self.warm_up + 5) * self.grid, channels), np.int16)
        return list(self.encode([zeros]))[self.warm_up]

    def _encoded(self, blocks: Iterable[Frames]) -> Iterator[Packet[Any]]:
        from av.audio.frame import AudioFrame

        context = self._context()
        at = 0
        for block in blocks:
            # One second after the other: the encoder cuts it into its own frames.
            for start in range(0, len(block), self.rate):
                part = block[start : start + self.rate]
                frame = AudioFrame.from_ndarray(part.reshape(1, -1), "s16", self.layout)
                frame.sample_rate = self.rate
                frame.pts = at
                at += len(part)
                yield from context.encode(frame)
        yield from context.encode(None)

    def _context(self) -> AudioCodecContext:
        from av.audio.codeccontext import AudioCodecContext
        from av.codec.context import CodecContext

        context = CodecContext.create(self.name, "w")
        if not isinstance(context, AudioCodecContext):
            raise TypeError(self.name)
        context.sample_rate = self.rate
        context.layout = self.layout
        context.format = "s16" if self.name == "libopus" else "fltp"
        context.bit_rate = self.bit_rate
        context.options = self.options
        return context


def _mux(
    codec: _FfmpegCodec,
    programme: Sound,
    path: Path,
    progress: Progress,
    *,
    container: str,
    metadata: Mapping[str, str] = MappingProxyType({}),
    language: str = "",
    chapters: Sequence[Any] = (),
    options: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the packets of a programme into a container, with the times at which they sound."""
    import av
    from av.packet import Packet

    try:
        with av.open(str(path), "w", format=container, options=dict(options)) as file:
            stream: Any = file.add_stream(
                codec.name, rate=codec.rate, layout=codec.layout, options=codec.options
            )
            stream.bit_rate = codec.bit_rate
            file.metadata.update(metadata)
            if language:
                stream.metadata["language"] = iso639_2(language)
            if chapters:
                file.set_chapters(list(chapters))
            file.start_encoding()
            count = count_of(programme.duration, codec)
            time_base = Fraction(1, codec.rate)
            for n, data in enumerate(packets_of(programme, codec, progress)):
                packet: Packet[Any] = Packet(data)
                packet.stream = stream
                packet.time_base = time_base
                packet.pts = packet.dts = n * codec.grid - codec.delay
                packet.duration = codec.grid
                if n + 1 == count:
                    packet.duration = programme.duration - packet.pts
                packet.is_keyframe = True
                file.mux_one(packet)
    except av.error.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error
