"""The sound files of cue packs: opened within bounds, and read at any rate.

WAV (RF64 and Wave64, too), FLAC, Ogg (Vorbis, Opus, FLAC), AIFF, CAF, AU and MP3 will do, at any
usual rate and with any number of channels up to eight. An MP3 begins with a silence that encoders
add, up to 50 ms of which decoders know only in some files; it is cut off, or every cue would be
late. M4A is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from coach.errors import CuePackError
from coach.files.given import open_regular

if TYPE_CHECKING:
    import numpy as np
    import soundfile
    from numpy.typing import NDArray

MAX_SECONDS: Final = 5
"""The longest sound a cue may have."""
ENDINGS: Final = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".aifc", ".caf", ".au", ".w64",
    ".mp3",
)  # fmt: skip
"""Of the files that a folder without a `pack.yaml` may hold, the first one found counts."""
_MAX_SOUND_BYTES: Final = 32 * 1024 * 1024
"""Holds `MAX_SECONDS` of every rate, channel count and sample format that is accepted."""
_RATES: Final = range(8_000, 192_001)
_CHANNELS: Final = range(1, 9)
_FORMATS: Final = "WAV, FLAC, Ogg, AIFF or MP3"
_MAGIC: Final = (
    *(b"RIFF", b"RF64", b"riff", b"fLaC", b"OggS", b"FORM", b"caff", b".snd"),
    *(b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2"),
)
"""How WAV, RF64, Wave64, FLAC, Ogg, AIFF, CAF, AU and MP3 files begin."""
_LEAD_DB: Final = -50
"""Beside the peak of an MP3: what is weaker at its beginning is the encoder's silence."""


class PlainSound(Struct, frozen=True):
    """A WAV of 16 bits, whole and within bounds."""

    rate: int
    """Hz."""
    channels: int
    data: bytes
    """Samples of the channels in turn, little-endian."""

    @property
    def frames(self) -> int:
        """How many there are."""
        return len(self.data) // (2 * self.channels)


def plain_sound(path: Path) -> PlainSound | None:
    """Return a sound that needs no library to be read; None for all others, and what is wrong.

    Raises:
        CuePackError: the file cannot be read.
    """
    import io
    import wave

    # A path has had its links followed, and was found to be within its pack.
    content = read_bytes(path, _MAX_SOUND_BYTES, follow=False)
    if not content.startswith(b"RIFF"):
        return None
    try:
        with wave.open(io.BytesIO(content)) as file:
            width, rate, channels = file.getsampwidth(), file.getframerate(), file.getnchannels()
            stated = file.getnframes()
            data = file.readframes(stated)
    except (wave.Error, EOFError, RuntimeError):  # the last where a part says that it is longer
        return None
    found = PlainSound(rate, max(1, channels), data)
    is_whole = width == 2 and channels in _CHANNELS and len(data) == 2 * channels * stated
    is_good = is_whole and rate in _RATES and 0 < stated <= MAX_SECONDS * rate
    return found if is_good else None


def check_sound(path: Path) -> None:
    """Check that a sound file can be read.

    Raises:
        CuePackError: it cannot, or its size, rate, channels or length are out of bounds.
    """
    if plain_sound(path) is None:
        with opened(path):
            pass


@contextmanager
def opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a sound file whose size, rate, channels and length are within bounds.

    Raises:
        CuePackError: they are not, or it is no sound.
    """
    import io

    import soundfile

    class Memory(io.BytesIO):
        """From memory, so that libsndfile goes by what is in the file, never by its name."""

        def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
            try:
                return super().seek(offset, whence)
            except ValueError:  # damaged files make libsndfile seek before the beginning
                return self.tell()

    # A cue's path has had its links followed, and found to be within its pack.
    content = read_bytes(path, _MAX_SOUND_BYTES, follow=False)
    if not content:
        raise CuePackError(f"{path}: expected a sound, but the file is empty")
    if not content.startswith(_MAGIC):
        raise CuePackError(f"{path}: expected a {_FORMATS} file, found {_other_format(content)}")
    try:
        with soundfile.SoundFile(Memory(content)) as sound:
            if sound.samplerate not in _RATES:
                raise CuePackError(
                    f"{path}: expected {_RATES[0]} to {_RATES[-1]} frames a second, "
                    f"found {sound.samplerate}"
                )
            if sound.channels not in _CHANNELS:
                raise CuePackError(
                    f"{path}: expected mono or stereo, found {sound.channels} channels"
                )
            if sound.frames < 1:
                raise CuePackError(f"{path}: expected a sound, but it has no samples")
            if sound.frames > MAX_SECONDS * sound.samplerate:
                raise CuePackError(
                    f"{path}: expected a sound of at most {MAX_SECONDS} s, "
                    f"found {sound.frames / sound.samplerate:.1f} s"
                )
            yield sound
    except soundfile.SoundFileError as error:
        raise CuePackError(f"{path}: expected a {_FORMATS} file, found a damaged one") from error


def read_bytes(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """Return the content of `path`, which may have `limit` bytes.

    Args:
        path: of a file.
        limit: bytes.
        follow: whether it may be a link.

    Raises:
        CuePackError: it cannot be read, or is larger.
    """
    try:
        if not path.is_file():
            raise CuePackError(f"there is no file {path}")
        with open_regular(path, follow=follow) as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise CuePackError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > limit:
        raise CuePackError(f"{path}: expected at most {limit // 1024} KiB, found more")
    return content


def read_mono(path: Path) -> tuple[NDArray[np.float64], int]:
    """Return a sound file's samples, the mean of its channels, full scale 1, and its rate in Hz.

    Raises:
        CuePackError: it cannot be read.
    """
    import numpy as np

    plain = plain_sound(path)
    if plain is not None:
        samples = np.frombuffer(plain.data, "<i2").reshape(-1, plain.channels)
        return (samples / 32768).mean(axis=1), plain.rate
    with opened(path) as sound:
        rate: int = sound.samplerate
        channels = sound.read(dtype="float64", always_2d=True)
        is_late = sound.format == "MP3"
    if not len(channels) or not np.isfinite(channels).all():
        raise CuePackError(f"{path}: expected a sound, found a damaged file")
    mono: NDArray[np.float64] = channels.mean(axis=1)
    if is_late:
        loud = np.abs(mono) > np.abs(mono).max() * 10 ** (_LEAD_DB / 20)
        mono = mono[np.argmax(loud) :]
    return mono, rate


def _other_format(content: bytes) -> str:
    """Return what a file is that is not taken, and what to do about it."""
    if content[4:8] == b"ftyp":
        return "an M4A: save it as one of those"
    return "something else"
