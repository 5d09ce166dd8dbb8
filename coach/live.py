"""A session that is heard while it runs, and obeys.

One thread runs it: commands, changes, the loudspeaker's troubles and the history all come
together in one queue there. Sound is pulled by the output on a thread of its own, and changes are
made on another, so that neither ever waits for anything here.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Protocol

from coach.changes import CHANGES, Refused, changed
from coach.controls import Command
from coach.errors import CoachError
from coach.places import (
    Place,
    explanation,
    find,
    go_on_at,
    last_words,
    next_exercise,
    next_place,
    place_at,
    places,
    previous_exercise,
    previous_place,
    repetitions,
    resume_at,
    sentence_before,
)
from coach.replan import Planned, Replanner, Spawn, Studio, Way
from coach.routine import Routine, wait_for_user
from coach.session import Progress, prepared
from coach.settings import Settings
from coach.steps import Where
from coach.units import seconds
from coach.view import State, View, is_user_awaited, view

if TYPE_CHECKING:
    from coach.clock import Clock
    from coach.outputs.loudspeaker import Loudspeaker
    from coach.timeline import Timeline

TICK_S = 0.05
"""How often the session looks around."""
NOTICE_S = 5.0
"""How long a notice is shown."""
ASLEEP_S = 5.0
"""After a longer sleep of the machine the session waits for its user."""
STOPPED_S = 1.0
"""After a longer stop of the process the sentence or the hold begins again."""
LOST_S = 600.0
"""How long a loudspeaker that is gone is waited for."""
LOUDER_STEP = 3
"""dB."""
QUIETEST, LOUDEST = -24, 9
"""dB of the cues, as against their pack."""
REPEAT_S = Fraction(1, 2)
"""Who asks to repeat within this time after a sentence has begun means the one before."""


class Recording(Protocol):
    """What is kept of a session; see `coach.history`."""

    def done(self, where: Where) -> None:
        """Note that a repetition was finished."""
        ...

    def at(self, where: Where, played: float) -> None:
        """Note the repetition to go on from, and the seconds that were played so far."""
        ...

    def change(self, settings: Settings, planned: int) -> None:
        """Note that the settings, and the repetitions that are planned, are others now."""
        ...


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended."""

    is_finished: bool
    done: int
    """Repetitions."""
    planned: int
    played: Fraction
    """Seconds, pauses not counted."""
    where: Where
    """The repetition that was under way or would have come next."""
    problem: str = ""
    """Why it could not go on; empty if it was not the coach's fault."""


class LiveSession:
    """Runs one session. `obey` may be called from any thread, the rest from the one that made it.

    Attributes:
        settings: those in force, with all changes.
        has_controls: whether anybody could resume a session that pauses by itself.
        is_help_wanted: whether the user has asked to see the keys.
        warnings: what went wrong without stopping the session, a sentence each.
    """

    def __init__(
        self,
        routine: Routine,
        settings: Settings,
        studio: Studio,
        loudspeaker: Loudspeaker,
        clock: Clock,
        *,
        spawn: Spawn | None = None,
    ) -> None:
        """Bind the parts; nothing is spoken before `begin`.

        Args:
            routine: as loaded, not adjusted.
            settings: of the user.
            studio: makes sounds.
            loudspeaker: is open or about to be.
            clock: waits.
            spawn: begins something in the background; None is a thread of its own.
        """
        self._routine = wait_for_user(routine)
        self.settings = settings
        self.warnings: list[str] = []
        self._rate = studio.rate
        self._loudspeaker = loudspeaker
        self._clock = clock
        self._recording: Recording | None = None
        self._queue: queue.SimpleQueue[Command | Callable[[], None]] = queue.SimpleQueue()
        self._replanner = Replanner(
            studio, lambda problem: self._queue.put(partial(self._hear_of, problem)), spawn
        )
        self._louder = 0
        self._is_paused = False
        self._lost_since: float | None = None
        self._over_since: float | None = None
        self._notice = ("", 0.0)
        self._ended: str | None = None
        self._done: set[Where] = set()
        self._played = 0
        self._next = Where()
        self._recorded: Timeline | None = None
        self.has_controls = False
        self.is_help_wanted = False

    # -- its life ------------------------------------------------------------------------------

    def begin(
        self, progress: Progress, resume: Where | None = None, *, entirely: bool = False
    ) -> None:
        """Make ready what is heard first, and let it be heard.

        Args:
            progress: called with how many texts have been spoken, and of how many.
            resume: the repetition to begin with, after its exercise has been explained.
            entirely: make everything ready before anything is heard.

        Raises:
            CoachError: a setting is wrong, there is no speech, or no loudspeaker.
        """
        ready = prepared(self._routine, self.settings)
        self._prepared = ready

        def beginning(timeline: Timeline) -> Way:
            return _beginning(timeline, resume)

        self._replanner.begin(ready, beginning, progress, entirely=entirely)
        self._player = self._replanner.player
        self._next = self._coming()
        self._loudspeaker.play(self._player)
        self._player.resume()

    def record(self, recording: Recording) -> None:
        """Keep what is done in `recording`, from now on."""
        self._recording = recording
        recording.at(self._next, 0.0)

    def run(self, show: Callable[[View], None]) -> Ending:
        """Run until the end, and show how it goes at each tick."""
        while self._ended is None:
            asked = self._clock.wait(self._queue, TICK_S)
            if isinstance(asked, Command):
                self._obey(asked)
            elif asked is not None:
                asked()
            self._look_around()
            show(self.view())
        return self.ending()

    def obey(self, command: Command) -> None:
        """Do what the user asks, as soon as possible."""
        self._queue.put(command)

    def close(self) -> None:
        """Fall silent, and end what goes on in the background."""
        self._replanner.close()
        self._player.pause()
        self._loudspeaker.close()

    # -- how it is -----------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """Return what is played."""
        return self._player.timeline

    @property
    def routine(self) -> Routine:
        """Return the routine as it is adjusted now."""
        return self._replanner.here()[0].session.routine

    @property
    def planned(self) -> int:
        """Return how many repetitions there are."""
        plan, _ = self._replanner.here()
        return sum(len(self._repetitions(plan, place)) for place in plan.found)

    @property
    def length(self) -> Fraction:
        """Return the seconds that the whole session takes."""
        timeline = self._player.timeline
        return seconds(timeline.duration, timeline.rate)

    def view(self) -> View:
        """Return what there is to see."""
        plan, frame = self._replanner.here()
        notice, since = self._notice
        if self._clock.now() - since > NOTICE_S:
            notice = ""
        # What is handed out now is heard a moment later.
        frame -= round(self._loudspeaker.latency * self._rate)
        spoken = self._replanner.spoken
        return view(plan.session, plan.found, max(0, frame), self._state(), notice, spoken)

    def ending(self) -> Ending:
        """Return how it ended, or how it stands."""
        return Ending(
            is_finished=self._player.is_over,
            done=len(self._done),
            planned=self.planned,
            played=seconds(self._played, self._rate),
            where=self._next,
            problem=self._ended or "",
        )

    def _state(self) -> State:
        if self._lost_since is not None:
            return "lost"
        if self._is_paused:
            return "paused"
        if self._player.is_over:
            return "over"
        return "waiting" if self._player.is_waiting else "playing"

    # -- looking around ------------------------------------------------------------------------

    def _look_around(self) -> None:
        self._look_for_sleep(self._note_what_was_played())
        problem = self._loudspeaker.problem()
        if problem is not None and self._lost_since is None:
            self._lose_loudspeaker(problem)
        now = self._clock.now()
        if self._lost_since is not None and now - self._lost_since > LOST_S:
            self._ended = "the loudspeaker did not come back"
        if self._player.is_over and self._ended is None:
            self._over_since = now if self._over_since is None else self._over_since
            # What has been handed out last has still to be heard.
            if now - self._over_since >= self._loudspeaker.latency:
                self._ended = ""
        else:
            self._over_since = None

    def _note_what_was_played(self) -> int:
        """Note the repetitions that have ended, and return how many frames were played."""
        # Asked first: what is taken then is of this timeline or of a later one.
        playing = self._player.timeline
        frames = 0
        for played in self._player.take_played():
            frames += played.stop - played.start
            plan = self._replanner.of(played.timeline)
            i = place_at(plan.found, played.start)
            while i < len(plan.found) and plan.found[i].start < played.stop:
                place = plan.found[i]
                if played.start < place.done_at <= played.stop:
                    self._note_done(plan, place)
                i += 1
        self._played += frames
        self._replanner.forget_before(playing)
        if self._recording and self._recorded is not playing:
            self._recording.change(self.settings, self.planned)
            self._recorded = playing
        upcoming = self._coming()
        if upcoming != self._next:
            self._next = upcoming
            if self._recording:
                self._recording.at(upcoming, self._played / self._rate)
        return frames

    def _note_done(self, plan: Planned, place: Place) -> None:
        for where in self._repetitions(plan, place):
            if where not in self._done:
                self._done.add(where)
                if self._recording:
                    self._recording.done(where)

    def _repetitions(self, plan: Planned, place: Place) -> tuple[Where, ...]:
        if place.kind != "reps":
            return ()
        if place.where.rep:
            return (place.where,)
        exercises = plan.session.routine.exercises()
        paced = next(item for item in exercises if item.id == place.where.exercise)
        return repetitions(place.where, paced.reps.value)

    def _coming(self) -> Where:
        """Return the repetition to go on from if the session is broken off now."""
        plan, frame = self._replanner.here()
        detour = self._player.detour()
        return self._next_repetition(plan, detour[1] if detour else frame)

    def _next_repetition(self, plan: Planned, frame: int) -> Where:
        for place in plan.found[place_at(plan.found, frame) :]:
            if place.kind == "reps" and frame < place.done_at:
                return place.where
        return Where()

    def _look_for_sleep(self, played: int) -> None:
        # While something else holds up this thread, such as a terminal, the sound goes on.
        slept = self._clock.slept() - played / self._rate
        if slept < STOPPED_S or self._is_paused:
            return
        if slept >= ASLEEP_S and self.has_controls:
            self._pause()
            self._tell("The computer was asleep. Press space to go on.")
        else:
            self._player.pause()
            self._settle_pause()

    def _lose_loudspeaker(self, problem: str) -> None:
        self._lost_since = self._clock.now()
        self.warnings.append(problem)
        self._player.pause()
        self._player.hush()
        self._loudspeaker.reopen(lambda: self._queue.put(self._find_loudspeaker))

    def _find_loudspeaker(self) -> None:
        self._lost_since = None
        self._settle_pause()

    def _settle_pause(self) -> None:
        """Play, unless something keeps the session from it."""
        if self._is_paused or self._lost_since is not None:
            self._player.pause()
        else:
            self._player.resume()

    def _tell(self, notice: str) -> None:
        self._notice = (notice, self._clock.now())

    # -- commands ------------------------------------------------------------------------------

    def _obey(self, command: Command) -> None:
        if command in (*CHANGES, Command.LOUDER, Command.SOFTER):
            self._change(command)
            return
        act = {
            Command.TOGGLE: self._toggle,
            Command.PAUSE: self._pause,
            Command.RESUME: self._resume,
            Command.READY: self._go_on,
            Command.NEXT: self._skip,
            Command.BACK: self._back,
            Command.NEXT_EXERCISE: self._skip_exercise,
            Command.PREVIOUS_EXERCISE: self._back_exercise,
            Command.REPEAT: self._repeat,
            Command.HELP: self._help,
            Command.STOP: self._stop,
        }[command]
        act()

    def _toggle(self) -> None:
        if self._is_paused:
            self._resume()
        elif self._is_user_awaited():
            self._go_on()
        else:
            self._pause()

    def _pause(self) -> None:
        self._is_paused = True
        self._settle_pause()

    def _resume(self) -> None:
        # A headset that is told of a session that waits sends "play", not "play or pause".
        if not self._is_paused and self._is_user_awaited():
            self._go_on()
        self._is_paused = False
        self._settle_pause()

    def _stop(self) -> None:
        self._ended = ""

    def _help(self) -> None:
        self.is_help_wanted = not self.is_help_wanted

    def _is_user_awaited(self) -> bool:
        plan, frame = self._replanner.here()
        return is_user_awaited(plan.session, plan.place_at(frame), frame)

    def _go(self, choose: Callable[[Planned, int], Way | None]) -> None:
        """Go where `choose` says, given what is played and the frame; None is nowhere."""
        while True:
            plan, frame = self._replanner.here()
            way = choose(plan, frame)
            # In between a change may have come into force, and frames mean something else.
            if way is None or self._player.go_to(plan.session.timeline, *way):
                return

    def _go_on(self) -> None:
        def choose(plan: Planned, frame: int) -> Way | None:
            after = go_on_at(plan.session.timeline, frame)
            if after is None:
                return None
            place = plan.place_at(frame)
            if place.kind == "reps":  # at their own pace, whose end is told and not waited for
                self._note_done(plan, place)
            detour = self._player.detour()
            return (detour[1], [(after, detour[0])]) if detour else (after, ())

        self._go(choose)
        self._is_paused = False
        self._settle_pause()

    def _skip(self) -> None:
        def choose(plan: Planned, frame: int) -> Way:
            if detour := self._player.detour():
                return detour[1], ()
            place = next_place(plan.found, frame)
            return place.start if place else plan.session.timeline.duration, ()

        self._go(choose)

    def _back(self) -> None:
        self._go(lambda plan, frame: (previous_place(plan.found, frame, self._rate).start, ()))

    def _skip_exercise(self) -> None:
        def choose(plan: Planned, frame: int) -> Way:
            start = next_exercise(plan.session.timeline, frame)
            return plan.session.timeline.duration if start is None else start, ()

        self._go(choose)

    def _back_exercise(self) -> None:
        self._go(lambda plan, frame: (previous_exercise(plan.session.timeline, frame), ()))

    def _repeat(self) -> None:
        """Say again what is to be done, and go on with this repetition or this rest."""

        def choose(plan: Planned, frame: int) -> Way:
            timeline, place = plan.session.timeline, plan.place_at(frame)
            if place.kind in ("reps", "settle"):
                words = explanation(plan.found, place.where.exercise or "")
                return place.start, [words] if words else ()
            if place.kind == "words":
                a_moment_ago = frame - round(REPEAT_S * timeline.rate)
                return sentence_before(timeline, a_moment_ago), ()
            said = last_words(timeline, place.start, frame)
            if said > frame:
                return place.start, ()
            return resume_at(timeline, frame), [(place.start, said)]

        self._go(choose)

    # -- changes -------------------------------------------------------------------------------

    def _change(self, command: Command) -> None:
        plan, frame = self._replanner.here()
        place = plan.place_at(frame)
        where = place.where
        if where.exercise is None or (place.kind == "rest" and not where.set):
            where = self._next_repetition(plan, place.end)
        if command in (Command.LOUDER, Command.SOFTER):
            louder = self._louder + (LOUDER_STEP if command is Command.LOUDER else -LOUDER_STEP)
            if not QUIETEST <= louder <= LOUDEST:
                self._tell("The beeps are as loud or as soft as they get.")
                return
            self._louder = louder
            self._tell(f"Beeps {louder:+} dB.")
            self._replanner.remake(self._prepared, louder)
            return
        try:
            change = changed(command, self._prepared, self.settings, where)
            ready = prepared(self._routine, change.settings)
        except Refused as refused:
            self._tell(str(refused))
            return
        except CoachError as error:
            self._tell(error.message)
            return
        self.settings = change.settings
        self._prepared = ready
        self._tell(change.notice)
        self._replanner.remake(ready)

    def _hear_of(self, problem: Exception | str) -> None:
        """Tell what went wrong in the background; a bug ends the session, as anywhere."""
        if isinstance(problem, Exception):
            raise problem
        self.warnings.append(problem)
        self._tell(problem)


def _beginning(timeline: Timeline, resume: Where | None) -> Way:
    """Return where a session begins, and which ranges are played before that.

    One that is resumed begins with its lead-in, and with the exercise's explanation and time to
    take the position.
    """
    found = places(timeline)
    i = None if resume is None else find(found, resume)
    if i is None:
        return 0, ()
    lead_in = (0, next((clip.start for clip in timeline.clips if clip.kind == "speech"), 0))
    words = explanation(found, found[i].where.exercise or "")
    if words is None:
        return found[i].start, [lead_in]
    settle = next_place(found, words[0])
    end = settle.end if settle and settle.kind == "settle" else words[1]
    return found[i].start, [lead_in, (words[0], end)]
