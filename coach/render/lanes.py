"""A session as lanes of bars over time: what its picture shows, before anything is drawn."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Literal, TypeAlias

from msgspec import Struct

from coach.routine import Exercise
from coach.session import Session
from coach.steps import SpanKind, Where
from coach.timeline import Timeline
from coach.units import seconds, short_duration

BarKind: TypeAlias = SpanKind | Literal["speech", "chapter"]
ACTIVE: tuple[SpanKind, ...] = ("move", "hold", "work")
"""What belongs to a repetition."""


class Bar(Struct, frozen=True):
    """Something that lasts. Times are in frames, and half-open."""

    start: int
    end: int
    kind: BarKind


class Stretch(Struct, frozen=True):
    """The repetitions of one set, on one side, in one round. Times are in frames."""

    start: int
    end: int
    labels: tuple[str, ...]
    """What it may be called, the fullest first."""


class Lane(Struct, frozen=True):
    """One exercise, or what is said before the first or after the last."""

    name: str
    dose: str
    """Empty beside the introduction and the closing words."""
    time: Fraction
    """Seconds that it takes in all, rests included."""
    chapters: tuple[Bar, ...]
    """When it is this lane's turn."""
    spans: tuple[Bar, ...]
    speech: tuple[Bar, ...]
    stretches: tuple[Stretch, ...]
    """Empty if there is only one."""


def lanes(session: Session, resolution: int = 1) -> tuple[Lane, ...]:
    """Return the introduction, every exercise in the order of the script, and the closing words.

    Args:
        session: whose timeline is shown.
        resolution: frames; what is shorter is merged with its neighbours, so that a lane never
            has many more bars than fit beside each other.
    """
    routine, timeline = session.routine, session.timeline
    exercises = list(routine.exercises())
    owners = _owners(timeline, {exercise.id: n for n, exercise in enumerate(exercises, 1)})
    names = [
        timeline.markers[0].title,
        *(exercise.name for exercise in exercises),
        timeline.markers[-1].title,
    ]
    kept: list[dict[BarKind, list[Bar]]] = [{"chapter": [], "speech": []} for _ in names]
    spans: list[list[Bar]] = [[] for _ in names]
    places: list[list[Where]] = [[] for _ in names]
    starts = [marker.start for marker in timeline.markers]

    def lane_at(frame: int, where: Where) -> int:
        return owners.of(where) or owners.chapters[max(0, bisect_right(starts, frame) - 1)]

    for (marker, end), owner in zip(timeline.chapters(), owners.chapters, strict=True):
        kept[owner]["chapter"].append(Bar(marker.start, end, "chapter"))
    for span in timeline.spans:
        n = lane_at(span.start, span.where)
        spans[n].append(Bar(span.start, span.end, span.kind))
        places[n].append(span.where)
    for clip in timeline.clips:
        if clip.kind == "speech":
            n = lane_at(clip.start, clip.where)
            kept[n]["speech"].append(Bar(clip.start, clip.end, "speech"))

    def lane(n: int) -> Lane:
        chapters = kept[n]["chapter"]
        exercise = exercises[n - 1] if 0 < n <= len(exercises) else None
        return Lane(
            name=names[n],
            dose=dose(exercise) if exercise else "",
            time=seconds(sum(bar.end - bar.start for bar in chapters), timeline.rate),
            chapters=tuple(visible(chapters, resolution)),
            spans=tuple(visible(spans[n], resolution)),
            speech=tuple(visible(kept[n]["speech"], resolution)),
            stretches=_stretches(exercise, spans[n], places[n]) if exercise else (),
        )

    return tuple(lane(n) for n in range(len(names)))


def dose(exercise: Exercise) -> str:
    """Return the dose in force in few words: `2 sets, 8 reps, hold 5s, each side`."""
    sets, reps = exercise.sets.value, exercise.reps.value
    parts = [f"{sets} sets"] if sets > 1 else []
    if reps > 1 or exercise.is_self_paced:
        parts.append(f"{reps} rep{'s' if reps > 1 else ''}")
    for key in ("hold", "work"):
        times = [time.value for phase in exercise.phases if (time := getattr(phase, key))]
        if times:
            shown = times[:1] if len(set(times)) == 1 else times
            parts.append(f"{key} {' + '.join(map(short_duration, shown))}")
    if exercise.is_self_paced:
        parts.append("at your own pace")
    if exercise.sides:
        parts.append("each side" if len(exercise.sides) > 1 else exercise.sides[0])
    return ", ".join(parts) or "once"


def visible(bars: Sequence[Bar], resolution: int) -> Iterator[Bar]:
    """Yield `bars`, those shorter than `resolution` frames merged until they are not.

    Merged bars take turns, so that each kind, and what lies free between them, gets about the
    part of the space that it has of the time.

    Args:
        bars: in order; they do not overlap.
        resolution: frames, at least 1.
    """
    owed: Counter[BarKind | None] = Counter()
    run: list[Bar] = []

    def merged() -> Iterator[Bar]:
        if len(run) < 2:
            yield from run
            return
        length = run[-1].end - run[0].start
        for bar in run:
            owed[bar.kind] += bar.end - bar.start
        owed[None] += length - sum(bar.end - bar.start for bar in run)
        kind = max(owed, key=lambda kind: owed[kind])
        owed[kind] -= length
        if kind is not None:
            yield Bar(run[0].start, run[-1].end, kind)

    for bar in bars:
        if run and (bar.end - bar.start >= resolution or bar.start - run[-1].end >= resolution):
            yield from merged()
            run = []
        if bar.end - bar.start >= resolution:
            yield bar
            continue
        run.append(bar)
        if bar.end - run[0].start >= resolution:
            yield from merged()
            run = []
    yield from merged()


class _Owners(Struct, frozen=True):
    lanes: dict[str, int]
    """The lane of each exercise, by its id."""
    chapters: tuple[int, ...]
    """The lane of each chapter."""

    def of(self, where: Where) -> int:
        """Return the lane of a place; 0 where it is not in an exercise."""
        return self.lanes.get(where.exercise, 0) if where.exercise else 0


def _owners(timeline: Timeline, lane_of: dict[str, int]) -> _Owners:
    events: list[tuple[int, Where]] = [
        *((span.start, span.where) for span in timeline.spans),
        *((clip.start, clip.where) for clip in timeline.clips),
    ]
    sounding = sorted((start, where.exercise) for start, where in events if where.exercise)
    chapters = []
    for marker, end in timeline.chapters():
        i = bisect_left(sounding, (marker.start, ""))
        is_exercise = i < len(sounding) and sounding[i][0] < end
        chapters.append(lane_of.get(sounding[i][1], 0) if is_exercise else 0)
    chapters[0] = 0
    chapters[-1] = len(lane_of) + 1
    return _Owners(lane_of, tuple(chapters))


def _stretches(
    exercise: Exercise, bars: Iterable[Bar], places: Iterable[Where]
) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    last = None
    for bar, where in zip(bars, places, strict=True):
        if bar.kind not in ACTIVE:
            continue
        key = (where.rounds, where.set, where.side)
        if key == last:
            found[-1] = Stretch(found[-1].start, bar.end, found[-1].labels)
        else:
            found.append(Stretch(bar.start, bar.end, tuple(_labels(exercise, where))))
        last = key
    return tuple(found) if len(found) > 1 else ()


def _labels(exercise: Exercise, where: Where) -> Iterator[str]:
    parts = []
    if where.rounds:
        parts.append(("round ", ".".join(map(str, where.rounds))))
    if exercise.sets.value > 1:
        parts.append(("set ", str(where.set)))
    if where.side and len(exercise.sides) > 1:
        parts.append(("", where.side))
    for n in range(len(parts)):
        yield ", ".join(f"{word}{value}" for word, value in parts[n:])
    if parts and parts[-1][0]:
        yield parts[-1][1]
