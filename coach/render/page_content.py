"""What the page's script needs to know of a session, as JSON: times in seconds, texts by number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any, TypeAlias

from coach.phrases import Phrasebook
from coach.phrases.fields import exercise_fields, phase_fields
from coach.render.moments import Moment, moments
from coach.render.page_words import direction
from coach.routine import Circuit, Exercise, Item, Routine
from coach.session import Session
from coach.template import fill
from coach.units import clock, seconds

Rounds: TypeAlias = tuple[str, tuple[int, ...]]
LONG_STEP = 10
"""Seconds that the buttons beside Play go back and forward."""
SCRIPT_WORDS = (
    *("play", "pause", "position_of", "left", "goes_on", "cannot_play", "listen", "done"),
    *("exercise_of",),
)
"""The words that the script puts together; all others are in the document."""


def content(session: Session, words: Phrasebook, phrases: Phrasebook) -> dict[str, Any]:
    """Return everything that the script shows.

    `moments` are lists: from when on it is shown, from when its time runs and until when, its
    kind, and the numbers of texts: what to do, how, which repetition of which set, what the
    time is; then the number of the phase, -1 for none. `captions` are start, end, number of the
    text. Text 0 is empty.
    """
    return _Content(session, words, phrases).json()


class _Content:
    """Holds what every part of the content needs to know."""

    def __init__(self, session: Session, words: Phrasebook, phrases: Phrasebook) -> None:
        self._session = session
        self._timeline = session.timeline
        self._words = words
        self._phrases = phrases
        self._exercises = {item.id: item for item in session.routine.exercises()}
        self._numbers = {name: n for n, name in enumerate(self._exercises, 1)}
        self._rounds = dict(_rounds_of(session.routine))
        self._texts: dict[str, int] = {"": 0}

    def json(self) -> dict[str, Any]:
        found = moments(self._timeline)
        rows = [
            self._row(moment, following) for moment, following in pairwise((*found, None)) if moment
        ]
        captions = [
            [self._time(clip.start), self._time(clip.end), self._text(clip.label)]
            for clip in self._timeline.clips
            if clip.kind == "speech"
        ]
        return {
            "title": self._session.routine.title,
            "duration": self._time(self._timeline.duration),
            "step": LONG_STEP,
            "direction": direction(self._session.manner.language),
            "words": {key: self._words.phrases[key] for key in SCRIPT_WORDS},
            "exercises": len(self._exercises),
            "chapters": chapters(self._session, found),
            "moments": rows,
            "captions": captions,
            "texts": list(self._texts),
        }

    def _row(self, moment: Moment, following: Moment | None) -> list[Any]:
        exercise = self._exercises.get(moment.where.exercise or "")
        number = -1
        if exercise and moment.where.phase:
            number = [phase.id for phase in exercise.phases].index(moment.where.phase)
        title, detail = self._instruction(moment, exercise, number, following)
        is_named = moment.kind in ("move", "hold", "work", "words")
        label = self._words.say("listen" if moment.kind == "words" else moment.kind)
        return [
            *(self._time(frame) for frame in (moment.start, moment.begins, moment.end)),
            moment.kind,
            *(self._text(text) for text in (title, detail, self._place(moment, exercise))),
            self._text(label if is_named and label != title else ""),
            number,
        ]

    def _instruction(
        self, moment: Moment, exercise: Exercise | None, number: int, following: Moment | None
    ) -> tuple[str, str]:
        """Return what to do, and how."""
        say = self._words.say
        if moment.kind == "words":
            return "", ""
        if moment.kind in ("rest", "settle", "switch"):
            if moment.kind == "switch" and moment.where.side:
                return say("switch"), self._phrases.side(moment.where.side)
            return say(moment.kind), self._upcoming(moment, following)
        if exercise is None or number < 0:
            count = exercise.reps.value if exercise else 1
            return say("own_pace", n=count), ""
        phase = exercise.phases[number]
        fields = exercise_fields(exercise, self._phrases, moment.where.side)
        own = phase_fields(fields, phase, self._phrases)
        unnamed = say("hold") if moment.kind == "hold" else exercise.name
        return fill(phase.cue, own) or unnamed, fill(phase.guide, own)

    def _upcoming(self, moment: Moment, following: Moment | None) -> str:
        """Return what comes after a rest; before an exercise, which side is first."""
        exercise = self._exercises.get(following.where.exercise or "") if following else None
        if following is None or exercise is None:
            return ""
        if moment.kind == "settle":
            return self._phrases.side(following.where.side) if following.where.side else ""
        what = exercise.name
        if moment.where.set and exercise.id == moment.where.exercise:
            what = self._words.say("set_of", n=following.where.set, total=str(exercise.sets.value))
        return self._words.say("upcoming", what=what)

    def _place(self, moment: Moment, exercise: Exercise | None) -> str:
        """Return where that is: `Rep 3 of 7, Set 1 of 2, left side, Round 1 of 3`."""
        where, say = moment.where, self._words.say
        parts = []
        if exercise and where.rep and exercise.reps.value > 1:
            parts.append(say("rep_of", n=where.rep, total=str(exercise.reps.value)))
        if exercise and where.set and exercise.sets.value > 1:
            parts.append(say("set_of", n=where.set, total=str(exercise.sets.value)))
        if where.side and moment.kind != "switch":
            parts.append(self._phrases.side(where.side))
        totals = self._rounds.get(where.exercise or "", ())
        for round_, total in zip(where.rounds, totals, strict=False):
            if total > 1:
                parts.append(say("round_of", n=round_, total=str(total)))
        return str(self._words.phrases["between"]).join(parts)

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def _time(self, frame: int) -> float:
        return round(frame / self._timeline.rate, 3)


def chapters(session: Session, found: tuple[Moment, ...]) -> list[dict[str, Any]]:
    """Return the chapters: start in seconds, title, and the number of the panel of the sheet.

    Panels are numbered as exercises are, from 1; 0 comes before and the last comes afterwards.
    """
    timeline = session.timeline
    numbers = {item.id: n for n, item in enumerate(session.routine.exercises(), 1)}
    rows: list[dict[str, Any]] = []
    ordered = sorted((m for m in found if m.where.exercise), key=attrgetter("begins"))
    for marker, end in timeline.chapters():
        first = bisect_left(ordered, marker.start, key=attrgetter("begins"))
        inside = ordered[first : first + 1]
        exercise = next((m.where.exercise for m in inside if m.begins < end), None)
        panel = len(numbers) + 1 if rows else 0
        rows.append(
            {
                "start": round(marker.start / timeline.rate, 3),
                "clock": clock(seconds(marker.start, timeline.rate)),
                "title": marker.title,
                "panel": numbers[exercise] if exercise else panel,
            }
        )
    return rows


def _rounds_of(routine: Routine) -> Iterator[Rounds]:
    """Yield the rounds of the circuits around each exercise, the outermost first, by its id."""

    def inside(items: Sequence[Item], outer: tuple[int, ...]) -> Iterator[Rounds]:
        for item in items:
            if isinstance(item, Circuit):
                yield from inside(item.items, (*outer, item.rounds.value))
            else:
                yield item.id, outer

    return inside(routine.items, ())
