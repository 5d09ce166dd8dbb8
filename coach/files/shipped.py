"""Where the data is that ships with the coach."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
SCHEMA = _PACKAGE / "routine.schema.json"
"""The JSON Schema of routine scripts, as it is shipped."""


def data_dir(name: str) -> Path:
    """Return the folder of shipped data: `scripts` or `audio_cues`.

    That is `coach/_data/NAME` in an installed wheel, and `NAME` beside the package in a checkout.
    """
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
