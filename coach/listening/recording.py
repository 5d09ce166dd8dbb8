"""A sound file as something to listen to: any rate, any channels, any length."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.errors import ListeningError
from coach.files.given import open_regular
from coach.listening import RATE
from coach.media import opened_media

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.timeline import Samples

    Mono = NDArray[np.float32]

BLOCK_S = 1.0
"""Seconds that are in memory at a time."""


def read_recording(path: Path) -> Iterator[Samples]:
    """Yield the sound of a file in blocks, mono int16 at `RATE`.

    Raises:
        ListeningError: it is no sound file, or holds no sound; perhaps only after some blocks.
    """
    _check(path)
    has_sound = False
    for samples in _resampled(_decoded(path)):
        has_sound = has_sound or len(samples) > 0
        yield samples
    if not has_sound:
        raise ListeningError(f"expected a recording, but there is no sound in {path}", _INSTEAD)


_INSTEAD = "Give a recording of somebody who speaks commands, such as a WAV, FLAC, MP3 or M4A file."


def seconds_of(path: Path) -> float:
    """Return about how long a sound file is, in seconds; 0 if it does not tell."""
    import soundfile

    try:
        with open_regular(path) as file, soundfile.SoundFile(file.fileno(), closefd=False) as sound:
            return float(sound.frames / sound.samplerate)
    except (soundfile.SoundFileError, OSError):
        return 0.0


def _check(path: Path) -> None:
    try:
        if not path.exists():
            raise ListeningError(f"there is no file {path}", "Check the name.")
        if path.is_dir():
            raise ListeningError(f"expected a sound file, found a folder: {path}", _INSTEAD)
        if not path.is_file():
            raise ListeningError(f"expected a sound file, found no regular file: {path}", _INSTEAD)
        if not path.stat().st_size:
            raise ListeningError(f"expected a sound file, found an empty file: {path}", _INSTEAD)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _decoded(path: Path) -> Iterator[tuple[Mono, int]]:
    """Yield blocks, full scale is 1, each with its rate in Hz."""
    import soundfile

    is_known = False
    try:
        # By its number, so that soundfile goes by what is in it, never by its name.
        with open_regular(path) as file, soundfile.SoundFile(file.fileno(), closefd=False) as sound:
            while True:
                block = sound.read(round(BLOCK_S * sound.samplerate), "float32", always_2d=True)
                if not len(block):
                    return
                is_known = True
                yield _mono(block), sound.samplerate
    except soundfile.SoundFileError as error:
        if is_known:
            raise _unreadable(path, error) from error
        yield from _decoded_by_av(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _decoded_by_av(path: Path) -> Iterator[tuple[Mono, int]]:
    import av

    try:
        with opened_media(path) as file:
            if not file.streams.audio:
                return
            to_float = av.AudioResampler(format="flt", layout="mono")
            for frame in chain(file.decode(file.streams.audio[0]), [None]):
                for part in to_float.resample(frame):
                    yield _mono(part.to_ndarray().reshape(-1, 1)), part.sample_rate
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _mono(block: NDArray[Any]) -> Mono:
    """Return the mean of the channels; what is not a number is silence."""
    import numpy as np

    finite = np.nan_to_num(block, posinf=0.0, neginf=0.0)
    mono: Mono = np.mean(np.clip(finite, -1, 1), axis=1, dtype=np.float32)
    return mono


def _resampled(blocks: Iterator[tuple[Mono, int]]) -> Iterator[Samples]:
    """Yield blocks at `RATE`, all of them from one rate."""
    import numpy as np
    import soxr

    from coach.resample import PADDING, QUALITY

    resampler: Any = None
    owed = 0.0
    for block, rate in blocks:
        if rate == RATE:
            yield _as_int16(block)
            continue
        resampler = resampler or soxr.ResampleStream(rate, RATE, 1, "float32", QUALITY)
        resampled = resampler.resample_chunk(block)
        owed += len(block) * RATE / rate - len(resampled)
        yield _as_int16(resampled)
    if resampler is not None:
        rest = resampler.resample_chunk(np.zeros(PADDING, np.float32), last=True)
        yield _as_int16(rest[: round(owed)])


def _as_int16(block: Mono) -> Samples:
    import numpy as np

    samples: Samples = np.rint(np.clip(block * 32768, -32768, 32767)).astype(np.int16)
    return samples


def _unreadable(path: Path, error: Exception) -> ListeningError:
    reason = getattr(error, "strerror", None) or str(error)
    return ListeningError(
        f"cannot read sound from {path}: {reason[:1].lower()}{reason[1:]}", _INSTEAD
    )
