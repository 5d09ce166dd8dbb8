"""A session as files: sound in several formats, and its description."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Protocol

from coach.errors import OutputError, did_you_mean
from coach.timeline import Timeline

Progress = Callable[[int, int], None]
"""Called with the frames that are written, and how many there are."""

BLOCK_SECONDS = 10
"""Long sessions are mixed and written in blocks of this length, so memory stays constant."""

ENCODERS = {".wav": "coach.render.wav:WavEncoder"}
"""Which class writes the files with an ending."""


class Encoder(Protocol):
    """Writes a timeline in one format."""

    def encode(self, timeline: Timeline, path: Path, progress: Progress) -> None:
        """Write the whole timeline to `path`.

        Raises:
            OSError: the disk is full, or whatever else keeps a file from being written.
            OutputError: the format cannot hold this session.
        """
        ...


def encoder_for(path: Path) -> Encoder:
    """Return the encoder for the ending of `path`.

    Raises:
        OutputError: no encoder writes that ending.
    """
    ending = path.suffix.lower()
    if ending not in ENCODERS:
        found = f"the ending `{ending}`" if ending else "no ending"
        raise OutputError(
            f"cannot tell the format of {path}: it has {found}{did_you_mean(ending, ENCODERS)}",
            f"Formats: {', '.join(sorted(ENCODERS))}.",
        )
    module, _, name = ENCODERS[ending].partition(":")
    encoder: Encoder = getattr(import_module(module), name)()
    return encoder
