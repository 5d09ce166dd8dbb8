"""MP3: constant bit rate, with a header that tells players the delay, and ID3v2 tags."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coach.render.details import ARTIST, FRONT_COVER, GENRE, Details
from coach.render.packets import count_of, packets_of

if TYPE_CHECKING:
    from coach.render import Progress
    from coach.render.loudness import Frames
    from coach.render.programme import Sound

BIT_RATES = {1: 64, 2: 128}
"""kbit/s by the number of channels."""
QUALITY = 3
"""What LAME and ffmpeg take if nothing is said."""
ENCODER_DELAY, DECODER_DELAY = 576, 529
"""Frames; see LAME's documentation of its tag."""
_LAME_SCALE = 0.95
"""LAME makes everything softer by that factor, against clipping that our peaks exclude."""
_BIT_RATE_INDEX = {64: 8, 128: 12}
_XING_FLAGS = 0b1111
"""Frames, bytes, table of contents and quality are there."""


class Mp3Encoder:
    """Writes MP3, MPEG-2 at 24 kHz and MPEG-1 at 48 kHz."""

    def encode(self, programme: Sound, details: Details, path: Path, progress: Progress) -> None:
        """Write a programme to `path`.

        Raises:
            OSError: the file cannot be written.
        """
        codec = Lame(programme.rate, programme.channels)
        count = count_of(programme.duration, codec)
        padding = count * codec.grid - ENCODER_DELAY - programme.duration
        with path.open("wb") as file:
            file.write(id3(details))
            file.write(codec.header(count, padding))
            file.writelines(packets_of(programme, codec, progress))


class Lame:
    """LAME, whose frames refer back to the ones before, but never across silence.

    A frame of silence has no data, so it can stand anywhere. What a sound's frames borrow from
    those before lies in the `lead` ones.
    """

    delay = ENCODER_DELAY + DECODER_DELAY
    lead = 4
    tail = 5
    warm_up = 0

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._channels = channels
        self._kilobits = BIT_RATES[channels]
        self._is_mpeg1 = rate >= 32_000
        self.grid = 1152 if self._is_mpeg1 else 576
        self._size = self.grid * self._kilobits * 1000 // 8 // rate

    def encode(self, blocks: Iterable[Frames]) -> Iterator[bytes]:
        import lameenc
        import numpy as np

        encoder = lameenc.Encoder()
        encoder.set_bit_rate(self._kilobits)
        encoder.set_in_sample_rate(self._rate)
        encoder.set_out_sample_rate(self._rate)
        encoder.set_channels(self._channels)
        encoder.set_quality(QUALITY)
        encoder.silence()
        # Looked up, since that is twice as quick as to divide and round each sample.
        levels = np.arange(-32768, 32768, dtype=np.int16).view(np.uint16)
        louder = np.empty(65536, np.int16)
        louder[levels] = np.clip(np.rint(levels.view(np.int16) / _LAME_SCALE), -32768, 32767)
        rest = b""
        for block in blocks:
            rest += bytes(encoder.encode(louder[block.view(np.uint16)].tobytes()))
            whole = len(rest) // self._size * self._size
            yield from (rest[i : i + self._size] for i in range(0, whole, self._size))
            rest = rest[whole:]
        rest += bytes(encoder.flush())
        yield from (rest[i : i + self._size] for i in range(0, len(rest), self._size))

    def silence(self) -> bytes:
        return self._frame_header().ljust(self._size, b"\0")

    def header(self, count: int, padding: int) -> bytes:
        """Return the frame before the first one, which players read instead of hearing it.

        As LAME 3.100 writes it: http://gabriel.mp3-tech.org/mp3infotag.html

        Args:
            count: frames after it.
            padding: frames of sound to be left out at the end.
        """
        side_information = (
            (32 if self._channels == 2 else 17)
            if self._is_mpeg1
            else (17 if self._channels == 2 else 9)
        )
        head = self._frame_header() + bytes(side_information)
        size = (count + 1) * self._size
        seek_points = bytes(256 * percent // 100 for percent in range(100))
        head += b"Info" + _XING_FLAGS.to_bytes(4, "big")
        head += count.to_bytes(4, "big") + size.to_bytes(4, "big") + seek_points
        head += (0).to_bytes(4, "big")
        lame = b"LAME3.100" + bytes([1]) + bytes(10) + bytes([min(255, self._kilobits)])
        lame += (ENCODER_DELAY << 12 | min(0xFFF, padding)).to_bytes(3, "big")
        lame += bytes(4) + size.to_bytes(4, "big") + bytes(2)
        tag = head + lame
        whole = tag + _crc16(tag).to_bytes(2, "big")
        return whole.ljust(self._size, b"\0")

    def _frame_header(self) -> bytes:
        """Return the four bytes with which each frame begins (ISO 11172-3, 2.4.1.3)."""
        version = 0b11 if self._is_mpeg1 else 0b10
        index = _BIT_RATE_INDEX[self._kilobits] if not self._is_mpeg1 else _MPEG1[self._kilobits]
        rate = {24_000: 1, 48_000: 1}[self._rate]
        mode = 0b11 if self._channels == 1 else 0b01
        return bytes([0xFF, 0b1110_0011 | version << 3, index << 4 | rate << 2, mode << 6 | 0b0100])


_MPEG1 = {64: 5, 128: 9}
MOST_ENTRIES = 255
"""Of a table of contents in ID3, which counts them in one byte."""


def id3(details: Details, *, lyrics: str | None = None) -> bytes:
    """Return an ID3v2.4 tag with the chapters in order.

    mutagen sorts frames by their size, and players list chapters as they come, so each is
    written alone.
    """
    from mutagen import id3 as frames

    text = {
        "TIT2": details.title,
        "TPE1": ARTIST,
        "TALB": details.routine,
        "TCON": GENRE,
        "TDRC": details.date,
        "TRCK": "/".join(map(str, details.track or ())),
    }
    whole = [
        getattr(frames, name)(encoding=3, text=[value]) for name, value in text.items() if value
    ]
    language = iso639_2(details.language)
    whole += [
        frames.TLAN(encoding=3, text=[language]),
        frames.COMM(encoding=3, lang=language, desc="", text=[details.comment]),
        frames.USLT(
            encoding=3, lang=language, desc="", text=details.lyrics if lyrics is None else lyrics
        ),
        frames.SYLT(
            encoding=3,
            lang=language,
            format=2,  # milliseconds
            type=1,  # lyrics
            desc="",
            text=[(caption.text, caption.start) for caption in details.captions],
        ),
    ]
    if details.cover:
        whole.append(
            frames.APIC(
                encoding=3, mime="image/jpeg", type=FRONT_COVER, desc="", data=details.cover
            )
        )
    ids = [f"chp{n}" for n in range(len(details.chapters))]
    whole += [
        frames.CTOC(element_id=name, flags=flags, child_element_ids=children, sub_frames=[])
        for name, flags, children in _contents(ids)
    ]
    for element_id, chapter in zip(ids, details.chapters, strict=True):
        title = frames.TIT2(encoding=3, text=[chapter.title])
        whole.append(
            frames.CHAP(
                element_id=element_id,
                start_time=chapter.start,
                end_time=chapter.stop,
                start_offset=0xFFFFFFFF,
                end_offset=0xFFFFFFFF,
                sub_frames=[title],
            )
        )
    body = b"".join(map(_written, whole))
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + size + body


def _contents(ids: Sequence[str]) -> Iterator[tuple[str, int, Sequence[str]]]:
    """Yield the tables of contents for chapters: name, flags and entries, the whole one first."""
    from mutagen.id3 import CTOCFlags

    if not ids:
        return
    tables = [ids[at : at + MOST_ENTRIES] for at in range(0, len(ids), MOST_ENTRIES)]
    top = int(CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED)
    if len(tables) == 1:
        yield "toc", top, ids
        return
    names = [f"toc{n}" for n in range(len(tables))]
    yield "toc", top, names[:MOST_ENTRIES]
    for name, entries in zip(names, tables, strict=True):
        yield name, int(CTOCFlags.ORDERED), entries


def _written(frame: object) -> bytes:
    """Return the bytes of one ID3 frame."""
    from mutagen.id3 import ID3

    tag, file = ID3(), io.BytesIO()
    tag.add(frame)
    tag.save(file, padding=lambda _: 0)
    return file.getvalue()[10:]


def iso639_2(language: str) -> str:
    """Return the code of three letters that ID3 wants for a language tag; `und` if unknown."""
    code = language.replace("_", "-").split("-")[0].lower()
    return _THREE_LETTERS.get(code, code if len(code) == 3 else "und")


_THREE_LETTERS = {
    "ar": "ara", "bg": "bul", "ca": "cat", "cs": "cze", "da": "dan", "de": "ger", "el": "gre",
    "en": "eng", "es": "spa", "et": "est", "fa": "per", "fi": "fin", "fr": "fre", "he": "heb",
    "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor",
    "lt": "lit", "lv": "lav", "nb": "nob", "nl": "dut", "nn": "nno", "no": "nor", "pl": "pol",
    "pt": "por", "ro": "rum", "ru": "rus", "sk": "slo", "sl": "slv", "sr": "srp", "sv": "swe",
    "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "chi",
}  # fmt: skip
"""ISO 639-2/B by ISO 639-1."""


def _crc16(data: bytes) -> int:
    """Return the CRC-16/ARC of some bytes, as LAME's tag ends with it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
