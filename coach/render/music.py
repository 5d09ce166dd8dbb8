"""Music below a session: any format, looped without a click, softer under words and beeps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from coach.errors import CoachError, OutputError
from coach.media import opened_media
from coach.render.loudness import of_sound
from coach.render.pieces import Piece, merged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.render.loudness import Frames
    from coach.timeline import Timeline

LEVEL_DB = -14.0
"""How loud music is beside the voice where nobody speaks, in LU."""
SOFTEST_DB, LOUDEST_DB = -60.0, 6.0
DUCKED_DB = -8.0
"""What words and beeps take away from the music's level."""
DUCK_S, RECOVER_S = 0.35, 0.9
"""Seconds in which the music gives way before a sound, and comes back after it."""
FADE_IN_S, FADE_OUT_S = 2.0, 4.0
CROSS_S = 3.0
"""Seconds in which one piece of music goes over into the next, or into its own beginning."""
SHORTEST_S = 1.0
"""Seconds of music that are needed to loop it."""
_CHANNELS = 2


class Tune(Struct, frozen=True):
    """Music as frames of stereo sound, which goes on for ever by beginning anew."""

    samples: NDArray[np.int16]
    """Shape (frames, 2); may lie in a file."""
    rate: int
    """Hz."""
    cross: int
    """Frames in which its end goes over into its beginning."""
    problems: tuple[str, ...] = ()
    """Which files of a folder are not in it or break off, and why, a sentence each."""

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the frames from `start` up to `stop`, however far they are."""
        import numpy as np

        period = len(self.samples) - self.cross
        found = np.empty((stop - start, _CHANNELS), np.float32)
        position = start
        while position < stop:
            turn, at = divmod(position, period)
            count = min(stop - position, period - at)
            part = self.samples[at : at + count].astype(np.float32)
            ending = min(count, self.cross - at)
            if turn and ending > 0:
                # Equal power, since the two have nothing to do with each other.
                angle = np.arange(at, at + ending, dtype=np.float32) / self.cross * (np.pi / 2)
                part[:ending] *= np.sin(angle)[:, None]
                before = self.samples[period + at : period + at + ending]
                part[:ending] += before * np.cos(angle)[:, None]
            found[position - start : position - start + count] = part
            position += count
        return found


class Bed(Struct, frozen=True):
    """The music of one session, with its level from frame to frame."""

    tune: Tune
    gain: float
    """Where nobody speaks."""
    times: NDArray[np.int64]
    """Frames at which the level's line bends, in order."""
    levels: NDArray[np.float64]
    """dB at those, beside `gain`."""
    duration: int
    """Frames of the session."""

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the music from `start` up to `stop`, shape (frames, 2); silent beyond the end."""
        import numpy as np

        found = np.zeros((stop - start, _CHANNELS), np.float32)
        end = min(stop, self.duration)
        if end <= start:
            return found
        frames = np.arange(start, end)
        low = max(0, int(np.searchsorted(self.times, start, "right")) - 1)
        high = int(np.searchsorted(self.times, end)) + 1
        level = np.interp(frames, self.times[low:high], self.levels[low:high])
        fade_in = frames / (FADE_IN_S * self.tune.rate)
        fade_out = (self.duration - frames) / (FADE_OUT_S * self.tune.rate)
        fade = np.clip(np.minimum(fade_in, fade_out), 0, 1)
        factors = self.gain * 10 ** (level / 20) * np.sin(fade * np.pi / 2) ** 2
        found[: end - start] = self.tune.read(start, end) * factors[:, None]
        return found

    def louder(self, decibels: float) -> Bed:
        """Return the same music, louder."""
        return replace(self, gain=self.gain * 10 ** (decibels / 20))


def lay_below(timeline: Timeline, tune: Tune, voice: float, level_db: float) -> Bed:
    """Return the music of a session.

    Args:
        timeline: of the session.
        tune: the music.
        voice: how loud the session is without music, in LUFS.
        level_db: how much louder than that the music is where nobody speaks.

    Raises:
        CoachError: the music is silent.
    """
    measured = of_sound(_Turn(tune))
    if measured is None:
        raise CoachError("the music is silent", "Choose other music with --music.")
    times, levels = _ducking(timeline)
    gain = 10 ** ((voice + level_db - measured) / 20)
    return Bed(tune, gain, times, levels, timeline.duration)


class _Turn:
    """One turn of a tune that goes on, which begins by going over from its end.

    Attributes:
        rate: Hz.
        channels: 2.
        duration: frames.
    """

    channels = _CHANNELS

    def __init__(self, tune: Tune) -> None:
        self.rate = tune.rate
        self.duration = len(tune.samples) - tune.cross
        self._tune = tune

    def sounding(self) -> list[Piece]:
        """Return that there is sound everywhere."""
        return [Piece(0, self.duration)]

    def read(self, start: int, stop: int) -> Frames:
        """Return the frames from `start` up to `stop`."""
        import numpy as np

        heard = self._tune.read(self.duration + start, self.duration + stop)
        return np.rint(heard).astype(np.int16)


def _ducking(timeline: Timeline) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return where the line of the music's level bends, and its dB there."""
    import numpy as np

    before, after = round(DUCK_S * timeline.rate), round(RECOVER_S * timeline.rate)
    # Between two sounds that are close, the music stays down.
    wide = merged(Piece(clip.start - before, clip.end + after) for clip in timeline.clips)
    times, levels = [np.iinfo(np.int64).min // 2], [0.0]
    for piece in wide:
        times += [piece.start, piece.start + before, piece.stop - after, piece.stop]
        levels += [0.0, DUCKED_DB, DUCKED_DB, 0.0]
    times.append(np.iinfo(np.int64).max // 2)
    levels.append(0.0)
    return np.array(times, np.int64), np.array(levels)


def load_tune(path: Path, rate: int, length: int) -> Tune:
    """Return the music in a file, or in the files of a folder one after the other.

    Of a folder, files that are broken are passed over, unless all of them are. The music lies in a
    temporary file that goes when it is no longer used, even if the process is killed. Of long
    music, only as much is read as a session needs.

    Args:
        path: a file or a folder.
        rate: Hz.
        length: frames of the session.

    Raises:
        CoachError: there is no music, or it cannot be read.
        OutputError: the temporary file has no room.
    """
    import numpy as np

    cross = round(CROSS_S * rate)
    try:
        with tempfile.TemporaryFile(prefix="coach-music-") as file:
            total, problems = _fill(file, music_files(path), rate, cross, length + cross)
            if total < SHORTEST_S * rate:
                raise CoachError(
                    f"expected music of a second at least, found {total / rate:.1f} s in {path}",
                    "Choose other music with --music.",
                )
            file.flush()
            samples = np.memmap(file, np.int16, "r", shape=(total, _CHANNELS))
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot keep the music in {tempfile.gettempdir()}: {reason}", "Make room there."
        ) from error
    told = tuple(problem.message for problem in problems)
    return Tune(samples, rate, min(cross, total // 4), told)


def music_files(path: Path) -> list[Path]:
    """Return the file, or those in a folder that may be music, by their names.

    Raises:
        CoachError: there is nothing.
    """
    if not path.is_dir():
        return [path]
    try:
        files = sorted(item for item in path.iterdir() if _may_be_music(item))
    except OSError as error:
        raise _unreadable(path, error) from error
    if not files:
        raise CoachError(
            f"there is no music in the folder {path}", "Give a sound file, or a folder of them."
        )
    return files


def _may_be_music(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() in _ENDINGS


_ENDINGS = frozenset(
    (
        *(".mp3", ".m4a", ".m4b", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".flac", ".wav"),
        *(".aif", ".aiff", ".wma", ".mka", ".webm"),
    )
)


def unusable(path: Path) -> list[str]:
    """Return which files of a folder are no music and why, a sentence each; no sound is read.

    Raises:
        CoachError: none of them is music.
    """
    problems: list[CoachError] = []
    files = music_files(path)
    for file in files:
        try:
            with _audio(file):
                pass
        except CoachError as error:
            problems.append(error)
    if len(problems) == len(files):
        raise problems[0]
    return [problem.message for problem in problems]


def _fill(
    file: Any, paths: Sequence[Path], rate: int, cross: int, most: int
) -> tuple[int, list[CoachError]]:
    """Write pieces of music that go over into each other.

    Returns:
        How many frames there are, and what was wrong with files that others stand in for.

    Raises:
        CoachError: there is no music in any of them.
    """
    import numpy as np

    total = 0
    problems: list[CoachError] = []
    end = np.zeros((0, _CHANNELS), np.float32)

    def sound_of(path: Path) -> Iterator[NDArray[np.float32]]:
        try:
            yield from _decoded(path, rate)
        except CoachError as error:
            problems.append(error)

    for path in paths:
        if total >= most:
            break
        head, rest = _head(sound_of(path), cross)
        if not len(head):
            continue
        over = min(len(end), len(head))
        angle = (np.arange(over, dtype=np.float32) / max(1, over) * (np.pi / 2))[:, None]
        head[:over] = head[:over] * np.sin(angle) + end[len(end) - over :] * np.cos(angle)
        total += _write(file, end[: len(end) - over])
        held = head
        for block in rest:
            held = np.concatenate([held, block])
            total += _write(file, held[: max(0, len(held) - cross)])
            held = held[max(0, len(held) - cross) :]
            if total >= most:
                break
        end = held
    total += _write(file, end)
    if problems and (len(paths) == 1 or not total):
        raise problems[0]
    return total, problems


def _head(
    blocks: Iterator[NDArray[np.float32]], count: int
) -> tuple[NDArray[np.float32], Iterator[NDArray[np.float32]]]:
    """Return the first `count` frames, or what there is, and the blocks after them."""
    import numpy as np

    head = np.zeros((0, _CHANNELS), np.float32)
    for block in blocks:
        head = np.concatenate([head, block])
        if len(head) >= count:
            break
    return head[:count].copy(), chain([head[count:]], blocks)


def _write(file: Any, block: NDArray[np.float32]) -> int:
    import numpy as np

    scaled = np.clip(np.rint(block * 32767), -32768, 32767).astype(np.int16)
    file.write(scaled.tobytes())
    return len(block)


@contextmanager
def _audio(path: Path) -> Iterator[Any]:
    """Open the music of a file.

    Raises:
        CoachError: it is no sound file, or it is broken.
    """
    import av

    try:
        with opened_media(path) as file:
            if not file.streams.audio:
                raise CoachError(f"expected music, but there is no sound in {path}")
            yield file
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _decoded(path: Path, rate: int) -> Iterator[NDArray[np.float32]]:
    """Yield the sound of a file in blocks, shape (frames, 2), full scale is 1.

    Raises:
        CoachError: it is no sound file, or it is broken.
    """
    import av
    import numpy as np
    import soxr

    with _audio(path) as file:
        to_float = av.AudioResampler(format="flt", layout="stereo")
        resampler: Any = None
        for frame in chain(file.decode(file.streams.audio[0]), [None]):
            for part in to_float.resample(frame):
                if resampler is None:
                    resampler = soxr.ResampleStream(part.sample_rate, rate, _CHANNELS, "float32")
                yield resampler.resample_chunk(part.to_ndarray().reshape(-1, _CHANNELS))
        if resampler is None:
            raise CoachError(f"expected music, but there is no sound in {path}")
        yield resampler.resample_chunk(np.zeros((0, _CHANNELS), np.float32), last=True)


def _unreadable(path: Path, error: Exception) -> CoachError:
    reason = getattr(error, "strerror", None) or str(error)
    return CoachError(
        f"cannot read music from {path}: {reason[:1].lower()}{reason[1:]}",
        "Give a sound file of this computer (MP3, M4A, Ogg, FLAC, WAV), or a folder of them.",
    )
