"""The session that is played, made anew in the background whenever something is changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from coach.correspondence import Correspondence
from coach.errors import CoachError
from coach.navigation import Planned, Way
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


Spawn = Callable[[Callable[[], None]], None]
"""Begins something in the background."""


class _SupersededError(Exception):
    """Something newer is being made."""


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
        self._spawn = spawn or on_a_thread
        self._louder = 0
        self._generation = 0
        self._replacing = threading.Lock()
        self._planned: dict[int, Planned] = {}

    def begin(
        self,
        prepared: Prepared,
        beginning: Callable[[Planned], Way],
        progress: Progress,
        *,
        entirely: bool,
    ) -> None:
        """Make what is heard first, and the rest in the background.

        Args:
            prepared: the routine.
            beginning: returns where to begin in a session.
            progress: called with how many texts have been spoken, and of how many.
            entirely: make everything before this returns.

        Raises:
            CoachError: there is no speech.
        """

        def first(session: Session) -> int:
            way = beginning(Planned.of(session))
            return way.before[-1][0] if way.before else way.start

        generation = self._next_generation()
        drafts = self._drafts(prepared, first, generation, progress)
        draft = next(drafts)
        if entirely:
            *_, draft = draft, *drafts
        plan = self._plan(draft)
        self.player = Player(plan.timeline, draft.ready_from)
        self.player.go_to(plan.timeline, beginning(plan))
        self._spawn(partial(self._take_over, drafts, generation, self._tell))

    def remake(
        self,
        prepared: Prepared,
        louder: int,
        made: Callable[[], None],
        failed: Callable[[Exception | str], None],
    ) -> None:
        """Plan and speak the session again, from where it is on.

        Args:
            prepared: the routine, changed.
            louder: dB of the cues, as against their pack.
            made: is called as soon as the change is in force, and whenever more of it is ready.
            failed: gets what goes wrong, in which case the session stays as it was.
        """
        self._louder = louder

        def first(session: Session) -> int:
            playing, frame = self.player.here()
            return Correspondence(playing, session.timeline).to(frame)

        generation = self._next_generation()
        try:
            drafts = self._drafts(prepared, first, generation)
        except CoachError as error:
            failed(error.message)
        else:
            self._spawn(partial(self._take_over, drafts, generation, failed, made))

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
        self._next_generation()

    def _next_generation(self) -> int:
        with self._replacing:
            self._generation += 1
            return self._generation

    def _drafts(
        self,
        prepared: Prepared,
        first: Callable[[Session], int],
        generation: int,
        progress: Progress = lambda _done, _total: None,
    ) -> Iterator[Draft]:
        def count(done: int, total: int) -> None:
            if generation != self._generation:
                raise _SupersededError
            self.spoken = (done, total)
            progress(done, total)

        voice = self._studio.voice_for(prepared.manner)
        cues = self._studio.cues(self._louder)
        return build_gradually(prepared, voice, cues, self._studio.rate, first, count)

    def _take_over(
        self,
        drafts: Iterator[Draft],
        generation: int,
        failed: Callable[[Exception | str], None],
        made: Callable[[], None] = lambda: None,
    ) -> None:
        """Play each draft as soon as it is there, unless something newer is asked for."""
        try:
            for draft in drafts:
                with self._replacing:
                    if generation != self._generation:
                        return
                    self._plan(draft)
                    self.player.replace(draft.session.timeline, draft.ready_from)
                made()
                if draft.problem:
                    self._tell(draft.problem)
        except _SupersededError:
            return
        except CoachError as error:
            failed(error.message)
        except Exception as error:  # noqa: BLE001 - a bug, for whoever can tell it
            failed(error)

    def _plan(self, draft: Draft) -> Planned:
        plan = Planned.of(draft.session)
        self._planned[id(plan.timeline)] = plan
        return plan


def on_a_thread(job: Callable[[], None]) -> None:
    threading.Thread(target=job, daemon=True).start()
