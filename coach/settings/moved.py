"""Saved settings whose script was moved: what is saved is known by the script's path."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from coach.errors import CoachError
from coach.script import Mapping, Scalar, read_script
from coach.settings.saved import SettingsStore


def moved_notices(store: SettingsStore, script: Path) -> Iterator[str]:
    """Yield a sentence for each script of the same name that has saved settings and is gone.

    Args:
        store: where settings are saved; for `script` there are none.
        script: may be one of those, in another place now.
    """
    own = store.path(script)
    stem, dash, _ = own.stem.rpartition("-")
    for path in sorted(own.parent.glob(f"{stem}{dash}*{own.suffix}")):
        former = _script_of(path)
        if former is None or former.exists() or not _is_named_for(store, path, former):
            continue
        yield (
            f"settings are saved for {former}, which is not there any more; if that is this "
            f"script now, rename {path} to {own.name} to use them"
        )


def _script_of(path: Path) -> Path | None:
    """Return the script that a settings file says that it belongs to, if it says so."""
    with contextlib.suppress(CoachError):
        root = read_script(path).root
        node = root.get("routine") if isinstance(root, Mapping) else None
        if isinstance(node, Scalar) and Path(node.text).is_absolute():
            return Path(node.text)
    return None


def _is_named_for(store: SettingsStore, path: Path, script: Path) -> bool:
    """Return whether a file is still that of the script; one that was taken over is not."""
    return store.path(script).stem.rpartition("-")[2] == path.stem.rpartition("-")[2]
