"""`coach show`: a routine as it runs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.console import echo_json, echo_text, left_out_lines, note, say, table
from coach.cli.doses import (
    Sources,
    changes_lines,
    dose_text,
    foreseen_line,
    manner_json,
    manner_line,
    progress_json,
    progress_lines,
    range_json,
    value_text,
)
from coach.cli.options import RoutineName, request_from, session_options
from coach.settings import Address, DoseKey
from coach.units import clock, seconds, short_duration

if TYPE_CHECKING:
    from coach.cli.sessions import Made
    from coach.render.picture import PictureKind
    from coach.routine import Exercise, Item, Phase, Routine
    from coach.settings.foresee import When
    from coach.timeline import Timeline


@click.command("show")
@click.argument("routine", type=RoutineName())
@click.option("--timed", is_flag=True, help="Show everything that sounds, with its time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--at",
    metavar="WHEN",
    help='Show what progress comes to: "in 3 weeks", "in 6 sessions", 2026-12-24.',
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Also draw exercises, sets, holds and rests over time, as .svg or .png.",
)
@session_options
def show_command(
    routine: str,
    *,
    timed: bool,
    as_json: bool,
    at: str | None,
    plot: Path | None,
    **options: Any,
) -> None:
    """Show a session of ROUTINE: exercises, doses, times.

    In brackets beside a value are the range that is prescribed and where the value comes from, if
    not from the script: saved by `coach adjust`, climbed to by progress, or set for this session.

    \b
    coach show si-joint-relief
    coach show si-joint-relief --plot session.svg

    With --timed --json that is the cue sheet, the same that `coach render --cue-sheet` writes.
    """
    from coach.cli.personal import Personal
    from coach.cli.sessions import build_session, describe_session, tell_decided
    from coach.session import RENDER_RATE

    if timed and at:
        raise click.UsageError("--at and --timed exclude each other")
    quiet = options["quiet"]
    personal = Personal(routine, request_from(options))
    picture = _checked(plot, personal.path) if plot else None
    if timed:
        made = build_session(personal, RENDER_RATE, quiet=quiet)
        session = made.session
        tell_decided(made.decided, personal, quiet=quiet)
        _draw(made, picture, quiet=quiet)
        if as_json:
            from coach.render.cue_sheet import cue_sheet

            echo_json(cue_sheet(session))
        else:
            _print_events(session.timeline)
        return
    made = describe_session(personal, RENDER_RATE, _when(at))
    tell_decided(made.decided, personal, quiet=quiet)
    _draw(made, picture, quiet=quiet)
    if as_json:
        echo_json(_described(made))
    else:
        _print_session(made, verbose=options["verbose"])


def _checked(plot: Path, script: Path) -> tuple[Path, PictureKind]:
    """Return where to draw and what, before any long work.

    Raises:
        OutputError: no picture can be written there.
    """
    from coach.files.replacing import check_writable
    from coach.files.targets import check_different
    from coach.render.picture import kind_of

    kind = kind_of(plot)
    check_different(script, plot)
    check_writable(plot)
    return plot, kind


def _draw(made: Made, picture: tuple[Path, PictureKind] | None, *, quiet: bool) -> None:
    if picture is None:
        return
    from coach.files.replacing import replacing
    from coach.render.picture import plot

    target, kind = picture
    with replacing(target) as temporary:
        plot(made.session, temporary, kind, is_exact=made.is_exact)
    if not quiet:
        note(f"Wrote {target}.")


def _when(text: str | None) -> When | None:
    """Return the moment that `--at` means.

    Raises:
        SettingError: it means none.
    """
    from datetime import UTC, datetime

    from coach.settings.foresee import parse_when

    return parse_when(text, datetime.now(UTC).astimezone()) if text is not None else None


# -- show ----------------------------------------------------------------------------------


def _print_session(made: Made, *, verbose: bool) -> None:
    session, decided = made.session, made.decided
    routine, timeline = session.routine, session.timeline
    total = clock(seconds(timeline.duration, timeline.rate))
    echo_text(f"{routine.title} ({'' if made.is_exact else 'about '}{total})")
    for label, text in (
        ("", routine.description),
        ("Source: ", routine.source),
        ("Level: ", routine.level or ""),
        ("Tags: ", ", ".join(routine.tags)),
        ("You need: ", ", ".join(routine.equipment)),
        ("", foreseen_line(decided.foreseen) if decided.foreseen else ""),
    ):
        if text:
            echo_text(f"{label}{text}")
    say()
    rows = list(_rows(routine, session.sources, _exercise_times(timeline)))
    headings = ("#", "Exercise", "Id", "Dose", "Rest", "Time")
    table(headings, rows, right=("#", "Rest", "Time"), whole=("Id",))
    say()
    introduction = clock(seconds(_introduction(timeline), timeline.rate))
    say(f"Introduction {introduction}, total {total}.")
    for line in (
        manner_line(decided.settings, decided.in_force.origins),
        *progress_lines(decided.in_force),
        *changes_lines(decided.changes, routine),
    ):
        if line:
            echo_text(line)
    for text in routine.safety:
        echo_text(f"- {text}")
    if timeline.left_out:
        say(f"{len(timeline.left_out)} spoken counts or remarks do not fit.")
        for line in left_out_lines(timeline) if verbose else ():
            say(line)
    if not made.is_exact:
        echo_text("Times are about right; they are exact once the session has been spoken.")


def _rows(
    routine: Routine, sources: Sources, times: Mapping[str, Fraction]
) -> Iterator[tuple[str, ...]]:
    """Yield the table's rows: number, name, id, dose, rest, time; circuits with a row above."""
    from coach.routine import Circuit

    numbers = {exercise.id: n for n, exercise in enumerate(routine.exercises(), 1)}

    def rows(items: Sequence[Item], indent: str) -> Iterator[tuple[str, ...]]:
        for item in items:
            rest = value_text(item.rest, sources, Address("rest", item.id))
            if isinstance(item, Circuit):
                rounds = value_text(item.rounds, sources, Address("rounds", item.id), "round")
                yield "", indent + (item.name or "Circuit"), item.id, f"{rounds} of", rest, ""
                yield from rows(item.items, f"{indent}  ")
            else:
                name = indent + item.name
                time = clock(times.get(item.id, Fraction(0)))
                yield str(numbers[item.id]), name, item.id, dose_text(item, sources), rest, time

    return rows(routine.items, "")


def _introduction(timeline: Timeline) -> int:
    return timeline.markers[1].start if len(timeline.markers) > 1 else timeline.duration


def _exercise_times(timeline: Timeline) -> dict[str, Fraction]:
    """Return the seconds that each exercise takes, over all its rounds, its rest included."""
    times: dict[str, Fraction] = {}
    for marker, end in timeline.chapters():
        first = bisect_left(timeline.clips, marker.start, key=attrgetter("start"))
        owner = timeline.clips[first].where.exercise if first < len(timeline.clips) else None
        if owner:
            length = seconds(end - marker.start, timeline.rate)
            times[owner] = times.get(owner, Fraction(0)) + length
    return times


def _described(made: Made) -> dict[str, Any]:
    from coach.render.cue_sheet import chapters, doses

    session, decided = made.session, made.decided
    routine, timeline = session.routine, session.timeline
    times = _exercise_times(timeline)

    def value(item: Exercise | Phase, key: DoseKey, address: Address) -> dict[str, Any]:
        source = session.sources.get(address)
        return range_json(getattr(item, key), source.origin if source else "script")

    return {
        "version": 1,
        "routine": routine.id,
        "title": routine.title,
        "description": routine.description,
        "language": routine.language,
        "source": routine.source,
        "level": routine.level,
        "tags": list(routine.tags),
        "equipment": list(routine.equipment),
        "safety": list(routine.safety),
        "duration": timeline.duration / timeline.rate,
        "exact": made.is_exact,
        "at": decided.foreseen.at.isoformat() if decided.foreseen else None,
        "settings": doses(routine),
        "chapters": chapters(timeline),
        "exercises": [
            {
                "id": exercise.id,
                "name": exercise.name,
                "sides": list(exercise.sides),
                "reps": value(exercise, "reps", Address("reps", exercise.id)),
                "sets": value(exercise, "sets", Address("sets", exercise.id)),
                "rest": value(exercise, "rest", Address("rest", exercise.id)),
                "holds": [
                    value(phase, "hold", Address("hold", exercise.id, phase.id))
                    for phase in exercise.phases
                    if phase.hold
                ],
                "duration": float(times.get(exercise.id, 0)),
            }
            for exercise in routine.exercises()
        ],
        "manner": manner_json(decided.settings, decided.in_force.origins),
        "progress": progress_json(decided.in_force),
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
        say(f"{clock(Fraction(int(at)))}.{int(at % 1 * 100):02} {text}")
