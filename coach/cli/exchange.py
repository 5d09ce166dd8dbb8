"""`coach import` and `coach export`: routines of other programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.console import echo_document, note
from coach.errors import CoachError, did_you_mean

if TYPE_CHECKING:
    from coach.exchange import Found, Imported

FORMATS = ("jawt", "timer-machine", "openhiit", "physio-timer", "wger", "w2a", "csv", "phrases")
WRITABLE = tuple(name for name in FORMATS if name != "wger")
_SHOWN_NAMES = 12


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, readable=False), metavar="FILE")
@click.option(
    "-o",
    "--output",
    type=click.Path(readable=False),
    metavar="PATH",
    help="The script to write, or a folder for scripts; default: print it.",
)
@click.option(
    "--format",
    "name",
    type=click.Choice(FORMATS, case_sensitive=False),
    help="The program that the file is from; default: told from what is in it.",
)
@click.option("--only", metavar="NAME", help="Of several routines in the file, this one.")
@click.option("--language", metavar="CODE", help="The language of its texts, such as de.")
@click.option("--force", is_flag=True, help="Write over scripts that are there.")
def import_command(
    file: Path,
    output: str | None,
    name: str | None,
    only: str | None,
    language: str | None,
    *,
    force: bool,
) -> int:
    """Make a script of another program's routine.

    FILE is an export of Just Another Workout Timer, TimeR Machine, OpenHIIT or PhysioTimer (JSON),
    a routine of wger (JSON), a workout for w2a (YAML), a table with the headings name, position,
    seconds, reps, sets, comment (CSV), or lines of phrase;seconds. What could not be carried over
    is listed. A file with several routines needs a folder, or --only.

    \b
    coach import Backup.json -o routines/
    coach import Backup.json --only "Leg day" -o leg-day.yaml
    coach import table.csv | less
    """
    from coach.exchange import imported, load_format, read_content, recognise, routines_in
    from coach.exchange.content import Notes
    from coach.files.targets import check_different

    notes = Notes()
    content = read_content(file)
    program = load_format(name or recognise(content))
    found = _chosen(routines_in(content, program, notes), only, file)
    is_folder = output is not None and _is_folder(output)
    if len(found) > 1 and not is_folder:
        raise CoachError(
            f"{file} has {len(found)} routines: {_names(found)}",
            "Choose one with --only NAME, or give a folder with -o FOLDER/.",
        )
    _tell(notes.lines(), "")
    head = f"Made by `coach import` from {file.name} ({program.TITLE})."
    if output is None:
        script = imported(found[0], head, language)
        echo_document(script.text)
        _tell(script.left_behind, "")
        return 0
    failed = 0
    for path, routine in _paths(found, Path(output), is_folder=is_folder):
        try:
            script = imported(routine, head, language)
        except CoachError as error:
            if len(found) == 1:
                raise
            failed += 1
            note(f"{error.message}. {error.hint}".rstrip(". ") + ".")
            continue
        check_different(file, path, what="the file")
        _write(path, script, force=force)
        _tell(script.left_behind, f"{path}: " if len(found) > 1 else "")
    return 1 if failed else 0


@click.command("export")
@click.argument("routine", metavar="ROUTINE")
@click.option(
    "--to",
    "name",
    type=click.Choice(WRITABLE, case_sensitive=False),
    required=True,
    help="The program that is to read it.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="The file to write; default: print it.",
)
@click.option("--language", metavar="CODE", help="Of a script in several languages, this one.")
def export_command(routine: str, name: str, output: Path | None, language: str | None) -> None:
    """Write a routine as another program reads it.

    ROUTINE is the name of a bundled routine or the path of a script. The programs are those of
    `coach import` but wger, which reads no files. What the other program cannot do is listed.

    \b
    coach export evening-stretches --to jawt -o stretches.json
    coach export my-routine.yaml --to csv
    """
    from coach.exchange import export
    from coach.files.replacing import check_writable, replacing
    from coach.files.targets import check_different
    from coach.library import find_routine
    from coach.routine import load_routine

    path = find_routine(routine)
    loaded = load_routine(path)
    if language:
        known = loaded.translations or {loaded.language: loaded}
        if language not in known:
            raise CoachError(
                f"{routine} is not there in `{language}`{did_you_mean(language, known)}",
                f"It is there in {', '.join(known)}.",
            )
        loaded = known[language]
    if output is not None:
        check_different(path, output)
        check_writable(output)
    exported = export(loaded, name)
    if output is None:
        echo_document(exported.text)
    else:
        with replacing(output, lasting=True) as temporary:
            temporary.write_text(exported.text, "utf-8", newline="\n")
        note(f"{output}: written")
    _tell(exported.left_behind, "")


def _chosen(found: Sequence[Found], only: str | None, file: Path) -> list[Found]:
    """Return the routines that are wanted: those whose name is `only`, or all."""
    if only is None:
        return list(found)
    chosen = [routine for routine in found if routine.title.casefold() == only.strip().casefold()]
    if not chosen:
        near = did_you_mean(only, [routine.title for routine in found])
        raise CoachError(
            f"there is no routine `{only}` in {file}{near}", f"There are: {_names(found)}."
        )
    return chosen[:1]


def _names(found: Sequence[Found]) -> str:
    names = [f'"{routine.title}"' for routine in found[:_SHOWN_NAMES]]
    more = len(found) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _is_folder(name: str) -> bool:
    """Whether a path is a folder, or looks so: with a slash behind it, or without an ending."""
    path = Path(name)
    looks_so = name.endswith(("/", os.sep)) or (not path.suffix and not path.is_file())
    return path.is_dir() or looks_so


def _paths(found: Sequence[Found], output: Path, *, is_folder: bool) -> list[tuple[Path, Found]]:
    """Return the file of each routine; in a folder they are called by their titles."""
    from coach.files.targets import make_folder
    from coach.script import default_id

    if not is_folder:
        return [(output, found[0])]
    make_folder(output)
    taken: set[str] = set()
    paths = []
    for routine in found:
        base = default_id(routine.title) or "routine"
        name = base
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        paths.append((output / f"{name}.yaml", routine))
    return paths


def _write(path: Path, script: Imported, *, force: bool) -> None:
    from coach.files.replacing import check_writable, replacing

    if path.exists() and not force:
        raise CoachError(
            f"{path} is there already", "Give another name, or write over it with --force."
        )
    check_writable(path)
    with replacing(path, lasting=True) as temporary:
        temporary.write_text(script.text, "utf-8", newline="\n")
    exercises = f"{script.exercises} exercise{'s' if script.exercises != 1 else ''}"
    note(f"{path}: {script.title}, {exercises}")


def _tell(lines: Sequence[str], where: str) -> None:
    for line in lines:
        note(f"{where}not carried over: {line}")
