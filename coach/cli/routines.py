"""`coach list`, `show`, `check` and `schema`: routines as they are written and as they run."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.console import echo_json, problem_text, table
from coach.cli.options import session_options, settings_from
from coach.errors import CoachError, Problem, ScriptError
from coach.units import Range, clock, seconds, short_duration

if TYPE_CHECKING:
    from coach.routine import Exercise, Item, Routine
    from coach.session import Session
    from coach.timeline import Timeline


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_command(*, as_json: bool) -> None:
    """List the bundled routines, with about how long each takes."""
    from coach.session import bundled_routines, estimate, prepare
    from coach.settings import Settings

    rows = []
    for name, path in bundled_routines().items():
        prepared = prepare(path, Settings())
        routine = prepared.routine
        rows.append(
            {
                "name": name,
                "title": routine.title,
                "description": routine.description,
                "language": routine.language,
                "exercises": sum(1 for _ in routine.exercises()),
                "seconds": float(estimate(prepared)),
            }
        )
    if as_json:
        echo_json(rows)
        return
    table(
        ("Routine", "About", "What it is"),
        [
            (row["name"], f"{max(1, round(row['seconds'] / 60))} min", row["description"])
            for row in rows
        ],
        right=("About",),
        whole=("Routine",),
    )


@click.command("show")
@click.argument("routine")
@click.option("--timed", is_flag=True, help="Show everything that sounds, with its time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@session_options
def show_command(routine: str, *, timed: bool, as_json: bool, **options: Any) -> None:
    """Show a session of ROUTINE: exercises, doses, times.

    With --timed --json that is the cue sheet, the same that `coach render --cue-sheet` writes.
    """
    from coach.cli.sessions import build_session, describe_session
    from coach.session import RENDER_RATE, find_routine

    settings = settings_from(options)
    path = find_routine(routine)
    if timed:
        session = build_session(path, settings, RENDER_RATE, quiet=options["quiet"])
        if as_json:
            from coach.render.cue_sheet import cue_sheet

            echo_json(cue_sheet(session))
        else:
            _print_events(session.timeline)
        return
    session, is_exact = describe_session(path, settings, RENDER_RATE)
    if as_json:
        echo_json(_described(session, is_exact=is_exact))
    else:
        _print_session(session, is_exact=is_exact)


@click.command("check")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check_command(paths: tuple[Path, ...], *, as_json: bool) -> int:
    """Check routine scripts and show every problem with its place.

    Exits with 1 if a script has errors; warnings alone do not count.
    """
    from coach.phrases import load_phrasebook
    from coach.routine import load_routine

    documents = []
    failed = False
    for path in paths:
        problems: Sequence[Problem] = ()
        message = ""
        try:
            routine = load_routine(path)
            problems = routine.warnings
            load_phrasebook(routine.language)
        except ScriptError as error:
            problems = error.problems
        except CoachError as error:
            message = f"{error.message} {error.hint}".strip()
        is_bad = bool(message) or any(problem.severity == "error" for problem in problems)
        failed = failed or is_bad
        documents.append(
            {
                "path": str(path),
                "ok": not is_bad,
                "message": message,
                "problems": [_problem_json(problem) for problem in problems],
            }
        )
        if not as_json:
            for problem in problems:
                click.echo(problem_text(problem), err=True)
            if message:
                click.echo(f"{path}: {message}", err=True)
            click.echo(f"{path}: {_verdict(problems, is_bad=is_bad)}")
    if as_json:
        echo_json(documents)
    return 1 if failed else 0


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of routine scripts, for editors."""
    from coach.format import json_schema

    echo_json(json_schema())


def _verdict(problems: Sequence[Problem], *, is_bad: bool) -> str:
    count = len(problems)
    if is_bad:
        return f"{count or 1} problem{'s' if count > 1 else ''}"
    return f"good, with {count} warning{'s' if count > 1 else ''}" if count else "good"


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.where.file,
        "line": problem.where.line,
        "column": problem.where.column,
        "severity": problem.severity,
        "message": problem.message,
        "source": problem.source,
    }


# -- show ----------------------------------------------------------------------------------


def _print_session(session: Session, *, is_exact: bool) -> None:
    routine, timeline = session.routine, session.timeline
    total = clock(seconds(timeline.duration, timeline.rate))
    click.echo(f"{routine.title} ({'' if is_exact else 'about '}{total})")
    for label, text in (
        ("", routine.description),
        ("Source: ", routine.source),
        ("You need: ", ", ".join(routine.equipment)),
    ):
        if text:
            click.echo(f"{label}{text}")
    click.echo()
    times = _exercise_times(timeline)
    rows = [
        (str(number or ""), name, identifier, dose, rest, time)
        for number, name, identifier, dose, rest, time in _rows(routine, times)
    ]
    table(
        ("#", "Exercise", "Id", "Dose", "Rest", "Time"),
        rows,
        right=("#", "Rest", "Time"),
        whole=("Id",),
    )
    click.echo()
    introduction = clock(seconds(_introduction(timeline), timeline.rate))
    click.echo(f"Introduction {introduction}, total {total}.")
    for text in routine.safety:
        click.echo(f"- {text}")
    if timeline.left_out:
        click.echo(f"{len(timeline.left_out)} spoken counts or remarks do not fit: see --timed.")
    if not is_exact:
        click.echo("Times are about right; they are exact once the session has been spoken.")


def _rows(routine: Routine, times: dict[str, int]) -> Iterator[tuple[int, str, str, str, str, str]]:
    numbers = {exercise.id: n for n, exercise in enumerate(routine.exercises(), 1)}
    rate = times["rate"]

    def rows(items: Sequence[Item], indent: str) -> Iterator[tuple[int, str, str, str, str, str]]:
        for item in items:
            if hasattr(item, "rounds"):
                rounds = f"{_shown(item.rounds, ' rounds')} of"
                yield (
                    0,
                    indent + (item.name or rounds),
                    "",
                    rounds if item.name else "",
                    _shown(item.rest),
                    "",
                )
                yield from rows(item.items, f"{indent}  ")
            else:
                time = clock(seconds(times.get(item.id, 0), rate))
                rest = _shown(item.rest)
                yield numbers[item.id], indent + item.name, item.id, dose_text(item), rest, time

    return rows(routine.items, "")


def dose_text(exercise: Exercise) -> str:
    """Return a dose as people write it: `5 reps (5-10), hold 5s + 5s`."""
    parts = []
    if exercise.sets.high > 1 or exercise.sets.value > 1:
        parts.append(_shown(exercise.sets, " sets"))
    if exercise.reps.high > 1 or exercise.reps.value > 1 or exercise.is_self_paced:
        parts.append(_shown(exercise.reps, " reps"))
    for kind in ("hold", "work"):
        times = [time for phase in exercise.phases if (time := getattr(phase, kind))]
        if len({(time.low, time.high) for time in times}) == 1:
            values = " + ".join(short_duration(time.value) for time in times)
            parts.append(f"{kind} {values}{_prescribed(times[0])}")
        elif times:
            parts.append(f"{kind} {' + '.join(_shown(time) for time in times)}")
    if exercise.is_self_paced:
        parts.append("at your own pace")
    if exercise.sides:
        parts.append(f"each side ({', '.join(exercise.sides)})")
    return ", ".join(parts) or "once"


def _shown(value: Range[int] | Range[Fraction], unit: str = "") -> str:
    """Return a value with the range that it is prescribed in: `6 reps (5-10)`."""
    return f"{_number(value.value)}{unit}{_prescribed(value)}"


def _prescribed(value: Range[int] | Range[Fraction]) -> str:
    if value.is_fixed:
        return ""
    beyond = ", beyond" if value.is_beyond else ""
    return f" ({_number(value.low)}-{_number(value.high)}{beyond})"


def _number(number: int | Fraction) -> str:
    return short_duration(number) if isinstance(number, Fraction) else str(number)


def _introduction(timeline: Timeline) -> int:
    return timeline.markers[1].start if len(timeline.markers) > 1 else timeline.duration


def _exercise_times(timeline: Timeline) -> dict[str, int]:
    """Return the frames that each exercise takes, over all its rounds, its rest included."""
    times = {"rate": timeline.rate}
    ends = [marker.start for marker in timeline.markers[1:]] + [timeline.duration]
    start_of = attrgetter("start")
    for marker, end in zip(timeline.markers, ends, strict=True):
        first = bisect_left(timeline.clips, marker.start, key=start_of)
        owner = timeline.clips[first].where.exercise if first < len(timeline.clips) else None
        if owner:
            times[owner] = times.get(owner, 0) + end - marker.start
    return times


def _described(session: Session, *, is_exact: bool) -> dict[str, Any]:
    from coach.render.cue_sheet import chapters, doses

    routine, timeline = session.routine, session.timeline
    times = _exercise_times(timeline)
    return {
        "version": 1,
        "routine": routine.id,
        "title": routine.title,
        "description": routine.description,
        "language": routine.language,
        "source": routine.source,
        "equipment": list(routine.equipment),
        "safety": list(routine.safety),
        "duration": timeline.duration / timeline.rate,
        "exact": is_exact,
        "settings": doses(routine),
        "chapters": chapters(timeline),
        "exercises": [
            {
                "id": exercise.id,
                "name": exercise.name,
                "sides": list(exercise.sides),
                "reps": _range_json(exercise.reps),
                "sets": _range_json(exercise.sets),
                "rest": _range_json(exercise.rest),
                "holds": [_range_json(phase.hold) for phase in exercise.phases if phase.hold],
                "duration": times.get(exercise.id, 0) / timeline.rate,
            }
            for exercise in routine.exercises()
        ],
    }


def _range_json(value: Range[int] | Range[Fraction]) -> dict[str, float]:
    numbers = {"value": value.value, "from": value.low, "to": value.high}
    return {
        key: number if isinstance(number, int) else float(number) for key, number in numbers.items()
    }


def _print_events(timeline: Timeline) -> None:
    """Print everything that sounds, a line each, with the spans between."""
    lines: list[tuple[int, int, str]] = []
    for marker in timeline.markers:
        lines.append((marker.start, 0, f"== {marker.title}"))
    for span in timeline.spans:
        length = short_duration(seconds(span.end - span.start, timeline.rate))
        lines.append((span.start, 1, f"   {span.kind} {length}"))
    for clip in timeline.clips:
        text = f'      "{clip.label}"' if clip.kind == "speech" else f"      *{clip.label}"
        lines.append((clip.start, 2, text))
    for item in timeline.left_out:
        lines.append((item.at, 3, f'      (left out: "{item.text}", {item.why})'))
    for start, _, text in sorted(lines):
        at = seconds(start, timeline.rate)
        click.echo(f"{clock(Fraction(int(at)))}.{int(at % 1 * 100):02} {text}")
