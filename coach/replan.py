"""The session that is played, made anew in the background whenever something is changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from coach.errors import CoachError
from coach.places import Correspondence, Place, place_at, places
from coach.player import Player
from coach.session import Draft, GradualVoice, Prepared, Progress, Session, build_gradually

if TYPE_CHECKING:
    from coach.settings import Manner
    from coach.steps import CueName
    from coach.timeline import Samples, Timeline


class Studio(Protocol):
    """What sessions are made with."""

    rate: int
    """Hz of all sounds."""

    def voice_for(self, decided: Manner) -> GradualVoice:
        """Return what speaks in this manner."""
        ...

    def cues(self, louder: int) -> Mapping[CueName, Samples]:
        """Return the cue pack's sounds, so many decibels louder."""
        ...


Way = tuple[int, Sequence[tuple[int, int]]]
"""The frame to go on from, and ranges that are played before that."""

Spawn = Callable[[Callable[[], None]], None]
"""Begins something in the background."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A session that is or was played, and its places."""

    session: Session
    found: tuple[Place, ...]

    def place_at(self, frame: int) -> Place:
        """Return the place that holds a frame."""
        return self.found[place_at(self.found, frame)]


class Replanner:
    """Makes a player's timelines, and knows what is played at any moment.

    Attributes:
        player: plays them.
        spoken: how many texts have been spoken, and of how many.
    """

    def __init__(
        self, studio: Studio, tell: Callable[[Exception | str], None], spawn: Spawn | None = None
    ) -> None:
        """Bind the parts; nothing is made before `begin`.

        Args:
            studio: makes sounds.
            tell: gets what goes wrong in the background: a sentence, or the error of a bug.
            spawn: begins something in the background; None is a thread of its own.
        """
        self.spoken = (0, 0)
        self._studio = studio
        self._tell = tell
        self._spawn = spawn or _on_a_thread
        self._louder = 0
        self._generation = 0
        self._replacing = threading.Lock()
        self._planned: dict[int, Planned] = {}

    def begin(
        self,
        prepared: Prepared,
        beginning: Callable[[Timeline], Way],
        progress: Progress,
        *,
        entirely: bool,
    ) -> None:
        """Make what is heard first, and the rest in the background.

        Args:
            prepared: the routine.
            beginning: returns where to begin in a timeline.
            progress: called with how many texts have been spoken, and of how many.
            entirely: make everything before this returns.

        Raises:
            CoachError: there is no speech.
        """

        def first(timeline: Timeline) -> int:
            start, before = beginning(timeline)
            return before[-1][0] if before else start

        drafts = self._drafts(prepared, first, progress)
        draft = next(drafts)
        if entirely:
            *_, draft = draft, *drafts
        self._plan(draft)
        timeline = draft.session.timeline
        self.player = Player(timeline, draft.ready_from)
        self.player.go_to(timeline, *beginning(timeline))
        self._make(drafts)

    def remake(self, prepared: Prepared, louder: int | None = None) -> None:
        """Plan and speak the session again, from where it is on.

        Args:
            prepared: the routine, changed.
            louder: dB of the cues, as against their pack; None leaves it.
        """
        if louder is not None:
            self._louder = louder

        def first(timeline: Timeline) -> int:
            playing, frame = self.player.here()
            return Correspondence(playing, timeline).to(frame)

        self._make(self._drafts(prepared, first, lambda _done, _total: None))

    def here(self) -> tuple[Planned, int]:
        """Return what is played, and the frame that comes next."""
        timeline, frame = self.player.here()
        return self._planned[id(timeline)], frame

    def of(self, timeline: Timeline) -> Planned:
        """Return the session of a timeline that was not forgotten."""
        return self._planned[id(timeline)]

    def forget_before(self, playing: Timeline) -> None:
        """Forget what was played before a timeline; there is no way back to it."""
        for key in list(self._planned):
            if key == id(playing):
                break
            del self._planned[key]

    def close(self) -> None:
        """Change nothing any more."""
        with self._replacing:
            self._generation += 1

    def _drafts(
        self, prepared: Prepared, first: Callable[[Timeline], int], progress: Progress
    ) -> Iterator[Draft]:
        def count(done: int, total: int) -> None:
            self.spoken = (done, total)
            progress(done, total)

        voice = self._studio.voice_for(prepared.manner)
        cues = self._studio.cues(self._louder)
        return build_gradually(prepared, voice, cues, self._studio.rate, first, count)

    def _make(self, drafts: Iterator[Draft]) -> None:
        with self._replacing:
            self._generation += 1
            generation = self._generation
        self._spawn(partial(self._take_over, drafts, generation))

    def _take_over(self, drafts: Iterator[Draft], generation: int) -> None:
        """Play each draft as soon as it is there, unless something newer is asked for."""
        try:
            for draft in drafts:
                with self._replacing:
                    if generation != self._generation:
                        return
                    self._plan(draft)
                    self.player.replace(draft.session.timeline, draft.ready_from)
                if draft.problem:
                    self._tell(draft.problem)
        except CoachError as error:
            self._tell(error.message)
        except Exception as error:  # noqa: BLE001 - a bug, for whoever can tell it
            self._tell(error)

    def _plan(self, draft: Draft) -> Planned:
        planned = Planned(draft.session, places(draft.session.timeline))
        self._planned[id(draft.session.timeline)] = planned
        return planned


def _on_a_thread(job: Callable[[], None]) -> None:
    threading.Thread(target=job, daemon=True).start()
