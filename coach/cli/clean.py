"""`coach doctor --clean`: what is kept only to be quick, and may go."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec.structs import asdict

from coach.cli.console import echo_json, echo_text, note

Clean: TypeAlias = Literal["old", "all"]
"""What goes: what is left over and too much, or every spoken clip."""


def clean(which: Clean, *, as_json: bool) -> int:
    """Remove spoken clips and what killed runs left of them, tell, and return the exit code.

    Raises:
        SettingError: the user's bound is no number of megabytes.
    """
    from coach.speech.store import ClipStore

    store = ClipStore()
    done = store.tidy(largest=0 if which == "all" else None)
    if as_json:
        document = {"version": 1, "folder": str(store.folder), "largest": store.largest}
        echo_json({**document, **asdict(done)})
    else:
        echo_text(f"Removed {counted(done.removed, 'file')} ({size_text(done.freed)}).")
        echo_text(f"Kept {stored_text(done.kept, done.bytes_kept, store.largest)}.")
        if done.problem:
            note(f"coach: not everything could be removed: {done.problem}")
    return 1 if done.problem else 0


def stored_text(clips: int, held: int, largest: int) -> str:
    """Return how much is stored: `1,234 clips, 0.2 of at most 1,000 MB`."""
    return f"{counted(clips, 'clip')}, {size_text(held)} of at most {size_text(largest)}"


def counted(number: int, what: str) -> str:
    """Return `1 file`, `2,000 files`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def size_text(size: int) -> str:
    """Return a number of bytes in megabytes: `0.3 MB`, `1,000 MB`."""
    return f"{size / 1e6:,.{0 if size >= 10_000_000 or not size else 1}f} MB"
