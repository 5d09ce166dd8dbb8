"""What can be shown of a live session at a moment; how it looks is the command line's business."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from coach.listening import Heard
from coach.places import Place, PlaceKind, go_on_at, place_at, span_at
from coach.routine import Exercise
from coach.steps import SpanKind, Where
from coach.timeline import Timeline
from coach.units import seconds

if TYPE_CHECKING:
    from coach.session import Session

State = Literal["playing", "paused", "waiting", "lost", "over"]
"""`waiting` is for a sentence that is still being spoken, `lost` for a loudspeaker."""

EarState = Literal["", "listening", "deaf"]
"""Whether the session is spoken to; it is deaf while it speaks itself."""


class View(Struct, frozen=True):
    """A moment of a session. Times are in seconds."""

    state: State
    title: str
    """The routine's."""
    notice: str
    """What has just been changed, or why it was not; may be empty."""
    exercise: Exercise | None
    """The one that is done or explained; None at the beginning and the end."""
    number: int
    """The exercise's, counted from 1; 0 for none."""
    exercises: int
    kind: PlaceKind
    where: Where
    phase: str
    """The cue of the phase; may be empty."""
    sentence: str
    """What is spoken, or was spoken last at this place; may be empty."""
    span: SpanKind | None
    span_length: Fraction
    span_left: Fraction
    is_awaited: bool
    """Whether the session waits for its user: to be in position, or done at their own pace."""
    upcoming: str
    """The name of the exercise that comes next; empty for none."""
    position: Fraction
    length: Fraction
    spoken: int
    """Texts of which the clips are ready."""
    texts: int
    """Texts that there are."""
    ear: EarState = ""
    heard: Heard | None = None
    """The spoken command that was just understood."""

    @property
    def left(self) -> Fraction:
        """Seconds until the end."""
        return self.length - self.position


def view(
    session: Session,
    found: Sequence[Place],
    frame: int,
    state: State,
    notice: str = "",
    spoken: tuple[int, int] = (0, 0),
    ear: EarState = "",
    heard: Heard | None = None,
) -> View:
    """Return what there is to see of `session`, whose places are `found`, at a frame."""
    timeline = session.timeline
    exercises = list(session.routine.exercises())
    ids = [item.id for item in exercises]
    i = place_at(found, frame)
    place = found[i]
    number = ids.index(place.where.exercise) + 1 if place.where.exercise in ids else 0
    exercise = exercises[number - 1] if number else None
    span = span_at(timeline, frame)
    sentence, spoken_at = _last_sentence(timeline, place.start, frame)
    phase_id = span.where.phase if span else spoken_at.phase
    phases = exercise.phases if exercise else ()
    following = _following(found, i, place.where.exercise)
    return View(
        state=state,
        title=session.routine.title,
        notice=notice,
        exercise=exercise,
        number=number,
        exercises=len(exercises),
        kind=place.kind,
        where=place.where,
        phase=next((phase.cue for phase in phases if phase.id == phase_id), ""),
        sentence=sentence,
        span=span.kind if span else None,
        span_length=_length(span.end - span.start, timeline.rate) if span else _NOTHING,
        span_left=seconds(span.end - frame, timeline.rate) if span else _NOTHING,
        is_awaited=is_user_awaited(session, place, frame),
        upcoming=exercises[ids.index(following)].name if following in ids else "",
        position=seconds(min(frame, timeline.duration), timeline.rate),
        length=_length(timeline.duration, timeline.rate),
        spoken=spoken[0],
        texts=spoken[1],
        ear=ear,
        heard=heard,
    )


_NOTHING = Fraction(0)

_length = lru_cache(maxsize=256)(seconds)
"""A session has few lengths, which are looked at time and again."""


def is_user_awaited(session: Session, place: Place, frame: int) -> bool:
    """Return whether the session waits for its user at a frame, which the place holds.

    That is so where somebody takes a position (`settle: ready`), and in repetitions at the user's
    own pace.
    """
    if go_on_at(session.timeline, frame) is None:
        return False
    if place.kind != "settle":
        return place.kind == "reps"
    exercises = session.routine.exercises()
    return any(item.settle_ready for item in exercises if item.id == place.where.exercise)


def _last_sentence(timeline: Timeline, start: int, frame: int) -> tuple[str, Where]:
    i = bisect_right(timeline.clips, frame, key=attrgetter("start")) - 1
    while i >= 0 and timeline.clips[i].kind != "speech":
        i -= 1
    if i < 0 or timeline.clips[i].start < start:
        return "", Where()
    return timeline.clips[i].label, timeline.clips[i].where


def _following(found: Sequence[Place], i: int, exercise: str | None) -> str | None:
    """Return the exercise that comes after the one at the place `i`."""
    for n in range(i + 1, len(found)):
        following = found[n].where.exercise
        if following is not None and following != exercise:
            return following
    return None
