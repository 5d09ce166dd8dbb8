"""`coach batch`: the files of many people."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.console import note, progress
from coach.cli.sound_options import sound_options, take_wanted
from coach.errors import CoachError

if TYPE_CHECKING:
    from coach.batch.manifest import Manifest
    from coach.batch.roster import Entry
    from coach.batch.tasks import Crew, Task
    from coach.cli.batch_studio import Studio
    from coach.render.publication import Wanted

_FILE_FORMATS = (
    *("wav", "flac", "mp3", "ogg", "opus", "m4a", "m4b"),
    *("html", "srt", "vtt", "lrc", "txt"),
)


@click.command("batch")
@click.argument("roster", type=click.Path(path_type=Path, readable=False), metavar="ROSTER.csv")
@click.option(
    "--out",
    type=click.Path(path_type=Path, readable=False),
    required=True,
    metavar="DIR",
    help="The folder of the files; it is made if need be.",
)
@click.option(
    "--format",
    "default",
    type=click.Choice(_FILE_FORMATS, case_sensitive=False),
    default="mp3",
    show_default=True,
    help="The format of rows that name none.",
)
@sound_options
@click.option("--beyond-range", is_flag=True, help="Allow values outside the prescribed range.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Work on the machines of a Dask cluster, such as tcp://host:8786.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def batch_command(
    roster: Path,
    out: Path,
    default: str,
    *,
    beyond_range: bool,
    scheduler: str | None,
    quiet: bool,
    **options: Any,
) -> int:
    """Write a session file for each row of a table.

    ROSTER.csv has the columns name, routine, settings, voice, language and format; all but the
    first two may be missing or empty. Settings are written as for `coach adjust`, with spaces
    between: reps=8 cat-camel.hold=6s speed=0.9. Nothing that is saved for a routine is used.

    A batch that was stopped goes on where it was; what is there and would be the same is not made
    again. DIR/manifest.jsonl says what was made from what. A row that is wrong is told with its
    line, and the others are made.

    \b
    coach batch patients.csv --out phones
    coach batch patients.csv --out phones --format m4a --music ~/Music/calm
    coach batch patients.csv --out phones --scheduler tcp://192.168.1.5:8786
    """
    from coach.batch.manifest import manifest_of
    from coach.batch.roster import read_roster
    from coach.files.targets import make_folder

    wanted = take_wanted(options)
    found = read_roster(roster, beyond_range=beyond_range, default=default)
    if not found.entries and not found.problems:
        raise CoachError(
            f"{roster} has no rows below its headings", "Give it a row for each file to make."
        )
    make_folder(out)
    with manifest_of(out) as manifest:
        work = _Batch(roster, out, wanted, manifest, quiet=quiet)
        for problem in found.problems:
            work.tell(problem.line, problem.message, problem.hint)
        work.run(found.entries, _crew(scheduler))
        work.tell_sum()
    return 1 if work.bad else 0


def _crew(scheduler: str | None) -> Crew[Entry]:
    from coach.batch.tasks import ClusterCrew, LocalCrew

    return ClusterCrew(scheduler) if scheduler else LocalCrew()


class _Batch:
    """One run of `coach batch`.

    Attributes:
        bad: how many rows could not be made.
    """

    def __init__(
        self, roster: Path, folder: Path, wanted: Wanted, manifest: Manifest, *, quiet: bool
    ) -> None:
        self.bad = 0
        self._made = 0
        self._there = 0
        self._roster = roster
        self._folder = folder
        self._wanted = wanted
        self._manifest = manifest
        self._quiet = quiet
        self._keys: dict[str, str] = {}
        self._music = ""
        """What stands for the music that is played."""
        self._lengths: dict[str, float] = {}

    def run(self, entries: Iterable[Entry], crew: Crew[Entry]) -> None:
        """Make what is not there yet.

        Raises:
            OutputError: the folder takes no file any more.
        """
        from coach.cli.batch_studio import Studio
        from coach.render.music import unusable

        with (
            closing(crew),
            Studio() as studio,
            progress("Making", quiet=self._quiet) as show,
        ):
            for notice in studio.notices:
                note(f"coach: {notice}")
            for problem in unusable(self._wanted.music) if self._wanted.music else ():
                note(f"coach: {problem}; the other music is played")
            self._music = _state(self._wanted.music)
            todo = []
            for entry in entries:
                self._keys[entry.file] = self._key(studio, entry)
                if self._manifest.has(entry.file, self._keys[entry.file]):
                    self._there += 1
                else:
                    todo.append(entry)
            for entry in todo:
                task = self._task(studio, entry)
                if task is not None:
                    for done in crew.put(entry, task):
                        self._finish(*done)
                show(self._made + self.bad, len(todo))
            for done in crew.rest():
                self._finish(*done)
                show(self._made + self.bad, len(todo))

    def tell(self, line: int, message: str, hint: str = "") -> None:
        """Tell what is wrong with a row."""
        self.bad += 1
        note(f"{self._roster}:{line}: {message}")
        if hint:
            note(f"       {hint}")

    def tell_sum(self) -> None:
        """Tell how many files there are now."""
        if self._quiet:
            return
        parts = [f"Made {_files(self._made)}"]
        if self._there:
            parts.append(f"{self._there} {'was' if self._there == 1 else 'were'} there already")
        if self.bad:
            parts.append(f"{self.bad} {'row is' if self.bad == 1 else 'rows are'} wrong")
        see = f"; see {self._manifest.path}" if self._made or self._there else ""
        note(f"{', '.join(parts)}{see}.")

    def _task(self, studio: Studio, entry: Entry) -> Task | None:
        """Return what is to be done for a row; None if it cannot be done, which is told."""
        from coach.batch.tasks import Task
        from coach.errors import ScriptError
        from coach.render import MUSIC_RATE
        from coach.session import RENDER_RATE

        rate = MUSIC_RATE if self._wanted.music else RENDER_RATE
        try:
            session = studio.session(entry.script, entry.settings, rate)
        except ScriptError as error:
            self.tell(
                entry.line, f"{entry.routine}: {error.message}", f"See: coach check {entry.routine}"
            )
            return None
        except CoachError as error:
            self.tell(entry.line, error.message, error.hint)
            return None
        self._lengths[entry.file] = session.timeline.duration / session.timeline.rate
        return Task(session, self._wanted, datetime.now(UTC).astimezone().date(), entry.format)

    def _finish(self, entry: Entry, outcome: bytes | Exception) -> None:
        """Put a file in its place and note it, or tell why there is none."""
        from coach.files.replacing import replacing

        if isinstance(outcome, CoachError):
            self.tell(entry.line, outcome.message, outcome.hint)
            return
        if isinstance(outcome, Exception):
            raise outcome
        with replacing(self._folder / entry.file) as temporary:
            temporary.write_bytes(outcome)
        self._made += 1
        self._manifest.add(
            {
                "file": entry.file,
                "bytes": len(outcome),
                "seconds": round(self._lengths[entry.file], 3),
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "line": entry.line,
                **entry.texts,
                "format": entry.format.ending.removeprefix("."),
                "script": str(entry.script),
                "key": self._keys[entry.file],
            }
        )

    def _key(self, studio: Studio, entry: Entry) -> str:
        from coach import __version__
        from coach.batch.manifest import key_of

        try:
            script = entry.script.read_bytes()
        except OSError:
            script = b""
        return key_of(
            __version__,
            script,
            repr(entry.settings),
            entry.format.ending,
            repr(self._wanted),
            self._music,
            studio.fingerprint(entry.script, entry.settings),
        )


def _state(music: Path | None) -> str:
    """Return what changes when the music does; it may be too long to be read."""
    from coach.render.music import music_files

    found = [(file, file.stat()) for file in (music_files(music) if music else ())]
    return repr([(str(file), state.st_size, state.st_mtime_ns) for file, state in found])


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
