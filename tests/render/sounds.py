"""Files read back: by ffmpeg's decoder and its meter, and by ffprobe."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def decoded(path: Path, rate: int, channels: int = 1) -> NDArray[np.int16]:
    """Return the samples of a file, shape (frames, channels), its delay taken off."""
    done = subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "s16le"),
            *("-ac", str(channels), "-ar", str(rate), "-"),
        ],
        capture_output=True,
        check=True,
    )
    assert not done.stderr, done.stderr
    return np.frombuffer(done.stdout, np.int16).reshape(-1, channels)


def measured(path: Path) -> tuple[float, float]:
    """Return the integrated loudness in LUFS and the true peak in dBTP."""
    done = subprocess.run(
        [
            *("ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a"),
            *("-af", "ebur128=peak=true", "-f", "null", "-"),
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    summary = done.stderr.rpartition("Summary:")[2]
    loudness, peak = (re.search(rf"{name}\s+(-?[\d.]+)", summary) for name in ("I:", "Peak:"))
    assert loudness, done.stderr
    assert peak, done.stderr
    return float(loudness[1]), float(peak[1])


def probed(path: Path) -> dict[str, Any]:
    """Return what ffprobe tells of a file."""
    done = subprocess.run(
        [
            *("ffprobe", "-v", "error", "-show_chapters", "-show_format", "-show_streams"),
            *("-of", "json", str(path)),
        ],
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
