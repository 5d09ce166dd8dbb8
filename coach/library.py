"""The routines that are known by name: those that ship, and the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from coach.errors import CoachError, did_you_mean, shortened
from coach.files.shipped import data_dir
from coach.script import is_path

ENDINGS = (".yaml", ".yml")


def own_folder() -> Path:
    """Return where the user's own routines are, the same for all profiles; it need not exist."""
    from platformdirs import user_data_path

    return user_data_path("audio-coach") / "routines"


def bundled_routines() -> dict[str, Path]:
    """Return the routines that ship, by name."""
    return {path.stem: path for path in sorted(data_dir("scripts").glob("*.yaml"))}


def own_routines() -> dict[str, Path]:
    """Return the user's own routines, by name."""
    try:
        found = sorted(own_folder().iterdir(), reverse=True)
    except OSError:
        return {}
    # Of two that differ in their endings alone, the one with `.yaml` comes last and stays.
    return {path.stem: path for path in found if is_script(path)}


def routines() -> dict[str, Path]:
    """Return all routines by name; an own one goes before one that ships under the same name."""
    return dict(sorted((bundled_routines() | own_routines()).items()))


def is_script(path: Path) -> bool:
    """Whether a file is a script by its name."""
    return path.suffix in ENDINGS and not path.name.startswith(".") and path.is_file()


def find_routine(name: str) -> Path:
    """Return the script that `name` means: a routine's name or a path.

    Raises:
        CoachError: there is neither; with the near match.
    """
    path = Path(name)
    if is_path(name) or path.suffix in ENDINGS:
        return path
    known = routines()
    if name in known:
        return known[name]
    if is_there(path):
        return path
    raise CoachError(
        f"there is no routine `{shortened(name, 60)}`{did_you_mean(name, known)}",
        "`coach list` shows all of them. Or give the path of a script.",
    )


def is_there(path: Path) -> bool:
    """Return whether anything has this path; nothing has one that is too long for any file."""
    return os.path.exists(path)  # noqa: PTH110 - pathlib raises what the system refuses


def known_as(name: str) -> str | Path:
    """Return what the history and saved settings know a routine by: its name, or its path."""
    if name in routines():
        return name
    path = Path(name)
    own = own_routines().get(path.stem)
    try:
        return path.stem if own and path.samefile(own) else path
    except OSError:
        return path
