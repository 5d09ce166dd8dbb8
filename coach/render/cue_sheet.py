"""The cue sheet: what sounds when, as JSON that other programs rely on."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from coach.render.chapters import chapters_of
from coach.routine import Exercise, Routine
from coach.session import Session
from coach.steps import Where
from coach.timeline import Timeline
from coach.units import Range

VERSION = 1


def cue_sheet(session: Session) -> dict[str, Any]:
    """Return the cue sheet of a session; times are seconds from the first frame, to the frame."""
    routine, timeline = session.routine, session.timeline
    return {
        "version": VERSION,
        "title": routine.title,
        "routine": routine.id,
        "language": session.manner.language,
        "rate": timeline.rate,
        "duration": timeline.duration / timeline.rate,
        "settings": doses(routine),
        "chapters": chapters(timeline),
        "events": _events(timeline),
        "left_out": [
            {"at": item.at / timeline.rate, "text": item.text, "why": item.why}
            for item in timeline.left_out
        ],
    }


def doses(routine: Routine) -> dict[str, Any]:
    """Return the dose in force of every exercise, by its id; durations in seconds."""
    return {exercise.id: _dose(exercise) for exercise in routine.exercises()}


def chapters(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the chapters; each ends where the next begins."""
    return [
        {
            "start": chapter.first / timeline.rate,
            "end": chapter.end / timeline.rate,
            "title": chapter.title,
        }
        for chapter in chapters_of(timeline)
    ]


def _dose(exercise: Exercise) -> dict[str, Any]:
    return {
        "reps": exercise.reps.value,
        "sets": exercise.sets.value,
        "phases": [
            {"id": phase.id}
            | {
                key: _number(value)
                for key in ("move", "hold", "work")
                if (value := getattr(phase, key)) is not None
            }
            for phase in exercise.phases
        ],
    }


def _number(value: Range[Fraction]) -> float:
    return float(value.value)


def _events(timeline: Timeline) -> list[dict[str, Any]]:
    """Return clips and spans by their start; a span comes before the sounds in it."""
    rate = timeline.rate
    events: list[tuple[int, int, dict[str, Any]]] = []
    for span in timeline.spans:
        times = {"start": span.start / rate, "end": span.end / rate}
        events.append((span.start, 0, {**times, "kind": span.kind, **_place(span.where)}))
    for clip in timeline.clips:
        times = {"start": clip.start / rate, "end": clip.end / rate}
        label = "text" if clip.kind == "speech" else "cue"
        events.append((clip.start, 1, {**times, "kind": clip.kind, label: clip.label}))
    return [event for _, _, event in sorted(events, key=lambda item: item[:2])]


def _place(where: Where) -> dict[str, Any]:
    place: dict[str, Any] = {
        "exercise": where.exercise,
        "phase": where.phase,
        "set": where.set,
        "side": where.side,
        "rep": where.rep,
    }
    return place | {"rounds": list(where.rounds)} if where.rounds else place
