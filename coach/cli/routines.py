"""`coach list` and `coach show`: routines as they run."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import click

from coach.cli.console import echo_json, echo_text, left_out_lines, table
from coach.cli.options import RoutineName, session_options, settings_from
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

    rows: list[dict[str, Any]] = []
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
@click.argument("routine", type=RoutineName())
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
        _print_session(session, is_exact=is_exact, verbose=options["verbose"])


# -- show ----------------------------------------------------------------------------------


def _print_session(session: Session, *, is_exact: bool, verbose: bool) -> None:
    routine, timeline = session.routine, session.timeline
    total = clock(seconds(timeline.duration, timeline.rate))
    echo_text(f"{routine.title} ({'' if is_exact else 'about '}{total})")
    for label, text in (
        ("", routine.description),
        ("Source: ", routine.source),
        ("You need: ", ", ".join(routine.equipment)),
    ):
        if text:
            echo_text(f"{label}{text}")
    click.echo()
    rows = list(_rows(routine, _exercise_times(timeline)))
    headings = ("#", "Exercise", "Id", "Dose", "Rest", "Time")
    table(headings, rows, right=("#", "Rest", "Time"), whole=("Id",))
    click.echo()
    introduction = clock(seconds(_introduction(timeline), timeline.rate))
    click.echo(f"Introduction {introduction}, total {total}.")
    for text in routine.safety:
        echo_text(f"- {text}")
    if timeline.left_out:
        click.echo(f"{len(timeline.left_out)} spoken counts or remarks do not fit.")
        for line in left_out_lines(timeline) if verbose else ():
            click.echo(line)
    if not is_exact:
        echo_text("Times are about right; they are exact once the session has been spoken.")


def _rows(routine: Routine, times: Mapping[str, Fraction]) -> Iterator[tuple[str, ...]]:
    """Yield the table's rows: number, name, id, dose, rest, time; circuits with a row above."""
    from coach.routine import Circuit

    numbers = {exercise.id: n for n, exercise in enumerate(routine.exercises(), 1)}

    def rows(items: Sequence[Item], indent: str) -> Iterator[tuple[str, ...]]:
        for item in items:
            rest = _shown(item.rest)
            if isinstance(item, Circuit):
                rounds = f"{_shown(item.rounds, 'round')} of"
                named = (item.name, "", rounds) if item.name else (rounds, "", "")
                yield "", indent + named[0], *named[1:], rest, ""
                yield from rows(item.items, f"{indent}  ")
            else:
                name = indent + item.name
                time = clock(times.get(item.id, Fraction(0)))
                yield str(numbers[item.id]), name, item.id, dose_text(item), rest, time

    return rows(routine.items, "")


def dose_text(exercise: Exercise) -> str:
    """Return a dose as people write it: `5 reps (5-10), hold 5s + 5s`."""
    parts = []
    if exercise.sets.high > 1 or exercise.sets.value > 1:
        parts.append(_shown(exercise.sets, "set"))
    if exercise.reps.high > 1 or exercise.reps.value > 1 or exercise.is_self_paced:
        parts.append(_shown(exercise.reps, "rep"))
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
    plural = "" if value.value == 1 else "s"
    named = f" {unit}{plural}" if unit else ""
    return f"{_number(value.value)}{named}{_prescribed(value)}"


def _prescribed(value: Range[int] | Range[Fraction]) -> str:
    if value.is_fixed:
        return ""
    beyond = ", beyond" if value.is_beyond else ""
    return f" ({_number(value.low)}-{_number(value.high)}{beyond})"


def _number(number: int | Fraction) -> str:
    return short_duration(number) if isinstance(number, Fraction) else str(number)


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
                "duration": float(times.get(exercise.id, 0)),
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
