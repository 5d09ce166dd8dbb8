"""WAV files: 16 bit mono."""

from __future__ import annotations

from pathlib import Path

from coach.errors import OutputError
from coach.render import BLOCK_SECONDS, Progress
from coach.timeline import Timeline, mix

MAX_WAV_BYTES = 0xFFFF_FFFF - 4096
"""The format counts its bytes in 32 bits; longer sessions become RF64 (EBU Tech 3306)."""


class WavEncoder:
    """Writes 16 bit mono WAV, or RF64 where a session is too long for WAV."""

    def encode(self, timeline: Timeline, path: Path, progress: Progress) -> None:
        """Write the whole timeline to `path`, block by block.

        Raises:
            OSError: the file cannot be written.
        """
        import soundfile

        kind = "WAV" if 2 * timeline.duration <= MAX_WAV_BYTES else "RF64"
        block = BLOCK_SECONDS * timeline.rate
        try:
            with soundfile.SoundFile(
                path, "w", timeline.rate, channels=1, subtype="PCM_16", format=kind
            ) as file:
                for start in range(0, timeline.duration, block):
                    stop = min(start + block, timeline.duration)
                    file.write(mix(timeline, start, stop))
                    progress(stop, timeline.duration)
        except soundfile.LibsndfileError as error:
            _raise_reason(path)
            raise OutputError(f"cannot write {path}: {error}") from error


def _raise_reason(path: Path) -> None:
    """Raise the system's own error, which libsndfile reports as "System error" only."""
    with path.open("ab", buffering=0) as file:
        file.write(bytes(1 << 20))
