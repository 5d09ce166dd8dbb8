"""`coach render`: sessions into files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from coach.cli.console import left_out_lines, note, progress
from coach.cli.options import RoutineName, request_from, session_options
from coach.cli.sound_options import sound_options, take_wanted

if TYPE_CHECKING:
    from coach.cli.personal import Personal
    from coach.render import Format
    from coach.render.publication import Job, Publication, Wanted

_FORMATS = (
    *("wav", "flac", "mp3", "ogg", "opus", "m4a", "m4b"),
    *("html", "m3u8", "srt", "vtt", "lrc", "txt"),
)
"""What `--format` takes, known without loading what writes it; a test compares."""
_FILE = click.Path(path_type=Path, readable=False)


@click.command("render")
@click.argument("routines", type=RoutineName(), nargs=-1, required=True, metavar="ROUTINE...")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="The file to write; its ending says the format. Repeatable. With --format or several "
    "routines it may be a folder. [default: ROUTINE.wav]",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(_FORMATS, case_sensitive=False),
    help="The format, whatever the name's ending; repeatable. In a playlist (m3u8), that of its "
    "files. [default: wav; mp3 in a playlist]",
)
@click.option("--cue-sheet", type=_FILE, metavar="FILE.json", help="Also write what sounds when.")
@click.option(
    "--chapters",
    type=_FILE,
    metavar="FILE.json",
    help="Also write the chapters as podcast apps read them (Podcasting 2.0).",
)
@sound_options
@session_options
def render_command(
    routines: tuple[str, ...],
    outputs: tuple[Path, ...],
    formats: tuple[str, ...],
    cue_sheet: Path | None,
    chapters: Path | None,
    **options: Any,
) -> None:
    """Write sessions of ROUTINEs to files, as they would be heard live.

    Sound is written as WAV, FLAC, MP3, Ogg Vorbis, Opus, M4A or M4B, with chapters, tags, lyrics
    and a cover; captions as SRT, WebVTT, LRC or a transcript (.txt); .html is a page that plays
    the session on a phone; .m3u8 a playlist with a file for each exercise.

    \b
    coach render si-joint-relief -o session.mp3
    coach render si-joint-relief -o session.m4b -o session.srt
    coach render si-joint-relief -o short.opus --reps 5 --skip bridging
    coach render si-joint-relief -o session.mp3 --music ~/Music/calm
    coach render si-joint-relief evening-stretches --format mp3 --format html -o phone/
    """
    from coach.cli.personal import Personal
    from coach.files.targets import check_different
    from coach.render.music import music_files

    quiet = options["quiet"]
    wanted = take_wanted(options)
    request = request_from(options)
    people = [Personal(routine, request) for routine in routines]
    if len(people) > 1 and (cue_sheet or chapters):
        name = "--cue-sheet" if cue_sheet else "--chapters"
        raise click.UsageError(f"{name} describes one session; give one routine with it")
    plans = [
        _Plan(personal, targets)
        for personal, targets in zip(people, _targets(people, outputs, formats), strict=True)
    ]
    extra = [path for path in (cue_sheet, chapters) if path]
    targets = [target for plan in plans for target, _, _ in plan.targets]
    _check(people, targets, extra)
    music = music_files(wanted.music) if wanted.music else []
    for file in music:
        check_different(file, *targets, *extra, what="the music")
    made = [plan.publication(wanted, quiet=quiet) for plan in plans]
    jobs = [
        job
        for plan, publication in zip(plans, made, strict=True)
        for target, format_, parts in plan.targets
        for job in publication.jobs(target, format_, parts)
    ]
    for publication in made:
        jobs += _descriptions(publication, cue_sheet, chapters)
    written = [job.target for job in jobs]
    _check(people, [], written)
    for file in music:  # and none of the files of a playlist is it
        check_different(file, *written, what="the music")
    _write(jobs, quiet=quiet)
    for publication in made:
        _tell_left_out(publication, quiet=quiet, verbose=options["verbose"])


class _Plan(Struct, frozen=True):
    """What is to be made of one routine."""

    personal: Personal
    targets: Sequence[tuple[Path, Format, Format]]
    """Each path, its format, and the format of the files in a playlist."""

    def publication(self, wanted: Wanted, *, quiet: bool) -> Publication:
        from datetime import UTC, datetime

        from coach.cli.sessions import build_session, tell_decided
        from coach.render import MUSIC_RATE
        from coach.render.measuring import ClipMeter
        from coach.render.publication import Publication
        from coach.session import RENDER_RATE
        from coach.speech.store import ClipStore

        made = build_session(
            self.personal, MUSIC_RATE if wanted.music else RENDER_RATE, quiet=quiet
        )
        tell_decided(made.decided, self.personal, quiet=quiet)
        day = datetime.now(UTC).astimezone().date()
        is_cut = all(format_.kind == "playlist" for _, format_, _ in self.targets)
        meter = ClipMeter(ClipStore())
        return Publication(made.session, wanted, day, is_cut=is_cut, meter=meter)


def _targets(
    people: Sequence[Personal], outputs: Sequence[Path], formats: Sequence[str]
) -> Iterator[list[tuple[Path, Format, Format]]]:
    """Yield for each routine the paths to write, with their formats.

    Raises:
        OutputError: a name does not say its format.
        click.UsageError: a name stands for more than one file.
    """
    from coach.render import FORMATS, format_for

    given = [FORMATS[name.lower()] for name in dict.fromkeys(formats)]
    folders = _folders(outputs, is_several=bool(given) or len(people) > 1)
    named = [output for output in outputs if output not in folders]
    has_playlist = any(output.suffix.lower() == ".m3u8" for output in named) or any(
        format_.kind == "playlist" for format_ in given
    )
    sounds = [format_ for format_ in given if format_.kind == "sound"]
    inside = sounds[0] if sounds else FORMATS["mp3"]
    # Beside a playlist, a format of sound is that of the files in it.
    whole = [format_ for format_ in given if not (has_playlist and format_.kind == "sound")]
    for output in named:
        folder = f"give a folder: -o {output.with_suffix('')}{os.sep}"
        if len(people) > 1:
            raise click.UsageError(f"{output} is one file for {len(people)} routines; {folder}")
        if len(whole) > 1:
            raise click.UsageError(f"{output} is one file for {len(whole)} formats; {folder}")
    for personal in people:
        stem = personal.path.stem
        targets = []
        for output in outputs or (Path(),):
            if output in named:
                targets.append((output, whole[0] if whole else format_for(output), inside))
                continue
            for format_ in whole or [FORMATS["wav"]]:
                targets.append((output / f"{stem}{format_.ending}", format_, inside))
        yield targets


def _folders(outputs: Sequence[Path], *, is_several: bool) -> list[Path]:
    """Return which names mean folders, and make those.

    Raises:
        OutputError: one cannot be made.
    """
    from coach.files.targets import make_folder

    folders = [path for path in outputs if is_several and (path.is_dir() or not path.suffix)]
    for path in folders:
        make_folder(path)
    return folders


def _check(people: Sequence[Personal], targets: Sequence[Path], extra: Sequence[Path]) -> None:
    """Check, before long work, that each file can be written and none twice.

    Raises:
        OutputError: one cannot.
    """
    from coach.files.replacing import check_writable
    from coach.files.targets import check_different

    for personal in people:
        check_different(personal.path, *targets, *extra)
    for target in (*targets, *extra):
        check_writable(target)


def _descriptions(
    publication: Publication, cue_sheet: Path | None, chapters: Path | None
) -> Iterator[Job]:
    from coach.render.chapters import podcast_chapters
    from coach.render.cue_sheet import cue_sheet as sheet_of
    from coach.render.publication import json_job

    if cue_sheet:
        yield json_job(cue_sheet, sheet_of(publication.session))
    if chapters:
        yield json_job(chapters, podcast_chapters(publication.session.timeline))


def _write(jobs: Sequence[Job], *, quiet: bool) -> None:
    """Write every file, or none, on all cores.

    Raises:
        OutputError: one cannot be written.
    """
    from contextlib import ExitStack

    from coach.files.replacing import replacing
    from coach.files.targets import telling
    from coach.parallel import as_finished, cores

    total = sum(job.length or 0 for job in jobs)
    with ExitStack() as stack:
        # Whatever interrupts it, no name has come to a new file before all are whole.
        places = [stack.enter_context(replacing(job.target)) for job in jobs]
        show = stack.enter_context(progress("Writing", quiet=quiet))
        done = [0] * len(jobs)

        def work(number: int) -> None:
            def told(frames: int, _: int) -> None:
                done[number] = frames
                show(sum(done), total)

            with telling(jobs[number].target):
                jobs[number].write(places[number], told)

        for _ in as_finished(work, range(len(jobs)), cores()):
            pass
        sizes = [place.stat().st_size for place in places]
    if not quiet:
        for job, size in zip(jobs, sizes, strict=True):
            note(_wrote(job, size))


def _wrote(job: Job, size: int) -> str:
    from coach.units import clock, seconds

    if job.length is None:
        return f"Wrote {job.target}."
    return f"Wrote {job.target} ({clock(seconds(job.length, job.rate))}, {size / 1e6:.1f} MB)."


def _tell_left_out(publication: Publication, *, quiet: bool, verbose: bool) -> None:
    for problem in publication.problems:
        note(f"coach: {problem}; the other music is played")
    timeline = publication.session.timeline
    left_out = len(timeline.left_out)
    if not left_out or quiet:
        return
    note(f"{left_out} spoken counts or remarks did not fit and were left out.")
    for line in left_out_lines(timeline) if verbose else ():
        note(line)
