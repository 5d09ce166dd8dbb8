"""Scripts that are checked as a whole: that they load, their language, their cue pack."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from coach.errors import CoachError, Problem, ScriptError
from coach.library import find_routine, is_script


class Checked(Struct, frozen=True):
    """What is to be said about one script."""

    path: Path
    problems: tuple[Problem, ...] = ()
    """Errors, or else warnings."""
    message: str = ""
    """What keeps it from being read at all; empty if it is read."""
    advice: tuple[Problem, ...] = ()
    """Only of a script without errors, and if it is asked for."""

    @property
    def is_good(self) -> bool:
        """Whether it can be used."""
        return not self.message and all(item.severity != "error" for item in self.problems)


def scripts_in(names: Sequence[str]) -> Iterator[Path]:
    """Yield the scripts that `names` mean: routines' names, paths, folders of scripts.

    Raises:
        CoachError: there is none of such a name, or no script in a folder.
    """
    for name in names:
        folder = Path(name)
        if not os.path.isdir(folder):  # noqa: PTH112 - pathlib raises what the system refuses
            yield find_routine(name)
            continue
        found = sorted(path for path in folder.iterdir() if is_script(path))
        if not found:
            raise CoachError(f"there is no script (.yaml) in the folder {folder}")
        yield from found


def check(path: Path, *, with_advice: bool = False, known_as: Path | None = None) -> Checked:
    """Return what is to be said about the script at `path`.

    Args:
        path: what is read.
        with_advice: also look for what makes it hard to follow.
        known_as: what it stands for, if it is a copy.
    """
    from coach.cues import load_pack
    from coach.files.shipped import data_dir
    from coach.phrases import load_phrasebook
    from coach.routine import routine_from
    from coach.script import parse_script, read_text

    shown = known_as or path
    try:
        document = parse_script(read_text(path), str(shown))
        routine = routine_from(document, shown)
        load_phrasebook(routine.language)
        if routine.cues:
            load_pack(routine.cues, data_dir("audio_cues"))
    except ScriptError as error:
        return Checked(shown, error.problems)
    except CoachError as error:
        return Checked(shown, message=f"{error.message}. {error.hint}".rstrip(". "))
    if not with_advice:
        return Checked(shown, routine.warnings)
    from coach.advice import advise

    return Checked(shown, routine.warnings, advice=advise(document, routine))


def changes(files: Callable[[], Sequence[Path]], wait: Callable[[], object]) -> Iterator[None]:
    """Yield at once, and then each time that one of the files has changed, come or gone.

    Looking at their times is enough for a handful of scripts, and works on every file system.

    Args:
        files: returns which they are now.
        wait: called before each look.
    """
    before: dict[Path, tuple[int, int, int]] | None = None
    while True:
        now = {path: _state(path) for path in files()}
        if now != before:
            before = now
            yield
        else:
            wait()


def _state(path: Path) -> tuple[int, int, int]:
    """Return what of a file tells that another one has taken its place."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino
