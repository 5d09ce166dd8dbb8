"""A session that is heard while it runs, and obeys.

One thread runs it: commands, changes, the loudspeaker's troubles and the history all come
together in one queue there. Sound is pulled by the output on a thread of its own, and changes are
made on another, so that neither ever waits for anything here.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from coach.answers import Answers
from coach.changes import CHANGES, Refused, changed
from coach.controls import Command
from coach.errors import CoachError
from coach.navigation import (
    Detour,
    Planned,
    Way,
    back,
    back_exercise,
    beginning,
    go_on,
    repeat,
    skip,
    skip_exercise,
)
from coach.own_sound import OwnSound
from coach.replan import Replanner, Spawn, Studio, on_a_thread
from coach.routine import Routine, wait_for_user
from coach.session import Prepared, Progress, prepared
from coach.settings import Settings
from coach.settings.since import DoseChange
from coach.spoken import Conversation, Ear, Words
from coach.steps import Where
from coach.tally import Ending, Recording, Tally, next_repetition
from coach.units import VOLUME, decimal, seconds
from coach.view import EarState, State, View, is_user_awaited, view

if TYPE_CHECKING:
    from coach.clock import Clock
    from coach.listening import Heard
    from coach.outputs.loudspeaker import Loudspeaker
    from coach.settings import Manner
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


class LiveSession:
    """Runs one session. `obey` may be called from any thread, the rest from the one that made it.

    Attributes:
        settings: those in force, with all changes.
        is_paused: whether it waits until it is told to go on.
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
        changes: tuple[DoseChange, ...] = (),
        spawn: Spawn | None = None,
    ) -> None:
        """Bind the parts; nothing is spoken before `begin`.

        Args:
            routine: as loaded, not adjusted.
            settings: of the user.
            studio: makes sounds.
            loudspeaker: is open or about to be.
            clock: waits.
            changes: what the introduction tells to be different from the last time.
            spawn: begins something in the background; None is a thread of its own.
        """
        self._routine = routine
        self._changes = changes
        self.settings = settings
        self.warnings: list[str] = []
        self._rate = studio.rate
        self._studio = studio
        self._spawn = spawn or on_a_thread
        self._conversation: Conversation | None = None
        self._loudspeaker = loudspeaker
        self._clock = clock
        self._recording: Recording | None = None
        self._queue: queue.Queue[Command | Callable[[], None]] = queue.Queue()
        self._replanner = Replanner(
            studio, lambda problem: self._queue.put(partial(self._hear_of, problem)), self._spawn
        )
        self._louder = 0
        self.is_paused = False
        self._refusal = ""
        self._lost_since: float | None = None
        self._over_since: float | None = None
        self._notice = ("", 0.0)
        self._seen: tuple[Planned, tuple[object, ...], View] | None = None
        """What was looked at last."""
        self._ended: str | None = None
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
        ready = self._made_ready(self.settings)
        self._prepared = ready
        self._made = self._asked = self.settings, ready, self._louder
        """What is in force, and what was asked for last."""

        self._replanner.begin(
            ready, lambda plan: beginning(plan, resume), progress, entirely=entirely
        )
        self._player = self._replanner.player
        self._tally = Tally(self._replanner, self._note_done)
        self._next = self._tally.coming
        self._loudspeaker.play(self._player)
        self._player.resume()

    def _made_ready(self, settings: Settings) -> Prepared:
        ready = prepared(self._routine, settings, self._changes)
        return replace(ready, routine=wait_for_user(ready.routine))

    def record(self, recording: Recording) -> None:
        """Keep what is done in `recording`, from now on."""
        self._recording = recording
        recording.at(self._next, 0.0)

    def run(self, show: Callable[[View], None]) -> Ending:
        """Run until the end, and show how it goes at each tick."""
        while self._ended is None:
            asked = self._clock.wait(self._queue, TICK_S)
            if isinstance(asked, Command):
                if self._conversation:
                    self._conversation.press(asked)
                self._obey(asked)
            elif asked is not None:
                asked()
            self._look_around()
            show(self.view())
        return self.ending()

    def obey(self, command: Command) -> None:
        """Do what the user asks, as soon as possible."""
        self._queue.put(command)

    def listen(self, ear: Ear, words: Words, *, is_headset: bool = False) -> None:
        """Obey spoken commands, too, from now on: after `begin`.

        Args:
            ear: gives what it understands to `hear`, and what is wrong with it to `miss`.
            words: how the commands are called.
            is_headset: whether the ear does not hear the loudspeaker.
        """
        answers = Answers(self._studio, self._player, self._spawn, self._queue.put, self._hear_of)
        own = OwnSound(self._player, self._loudspeaker, answers)
        self._conversation = Conversation(
            self, self._player, answers, own, self._clock, ear, words, is_headset=is_headset
        )

    def hear(self, heard: Heard) -> None:
        """Do what was said, as soon as possible."""
        self._queue.put(partial(self._heed, heard))

    def miss(self, why: str) -> None:
        """Tell once why nothing can be heard any more, and go on."""
        self._queue.put(partial(self._lose_ear, why))

    def _heed(self, heard: Heard) -> None:
        if self._conversation:
            self._conversation.hear(heard)

    def _lose_ear(self, why: str) -> None:
        if self._conversation:
            self._conversation.lose(why)

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
        """Return how many repetitions there are, those behind as they were planned then."""
        return self._tally.planned

    @property
    def length(self) -> Fraction:
        """Return the seconds that the whole session takes."""
        timeline = self._player.timeline
        return seconds(timeline.duration, timeline.rate)

    def view(self) -> View:
        """Return what there is to see."""
        # What is handed out now is heard a moment later.
        timeline, frame = self._player.heard(round(self._loudspeaker.latency * self._rate))
        plan = self._replanner.of(timeline)
        notice, since = self._notice
        if self._clock.now() - since > NOTICE_S:
            notice = ""
        spoken = self._replanner.spoken
        said = self._conversation
        ear: EarState = said.state if said else ""
        moment = frame, self.state, notice, spoken, ear, said.heard if said else None
        # A pause is looked at as often as what is played.
        if self._seen is None or self._seen[0] is not plan or self._seen[1] != moment:
            self._seen = plan, moment, view(plan.session, plan.found, *moment)
        return self._seen[2]

    def ending(self) -> Ending:
        """Return how it ended, or how it stands."""
        return Ending(
            # What is left then is words.
            is_finished=self._player.is_over or self._next == Where(),
            done=len(self._tally.done),
            planned=self.planned,
            played=seconds(self._tally.frames, self._rate),
            where=self._next,
            problem=self._ended or "",
        )

    @property
    def state(self) -> State:
        """Return what it does at this moment."""
        if self._lost_since is not None:
            return "lost"
        if self.is_paused:
            return "paused"
        if self._player.is_over:
            return "over"
        return "waiting" if self._player.is_waiting else "playing"

    @property
    def manner(self) -> Manner:
        """Return how it is spoken."""
        return self._prepared.manner

    # -- looking around ------------------------------------------------------------------------

    def _look_around(self) -> None:
        self._look_for_sleep(self._note_what_was_played())
        if self._loudspeaker.bug is not None:
            raise self._loudspeaker.bug
        problem = self._loudspeaker.problem()
        if problem is not None and self._lost_since is None:
            self._lose_loudspeaker(problem)
        now = self._clock.now()
        if self._lost_since is not None:
            if self.is_paused:  # nobody is waiting for it
                self._lost_since = now
            if now - self._lost_since > LOST_S:
                self._ended = "the loudspeaker did not come back"
        if self._player.is_over and self._ended is None:
            self._over_since = now if self._over_since is None else self._over_since
            # What has been handed out last has still to be heard.
            if now - self._over_since >= self._loudspeaker.latency:
                self._ended = ""
        else:
            self._over_since = None
        if self._conversation:
            self._conversation.look_around()

    def _note_what_was_played(self) -> int:
        """Keep what has been done, and return how many frames were played."""
        frames = self._tally.count()
        playing = self._player.timeline
        if self._recording and self._recorded is not playing:
            self._recording.change(self.settings, self.planned)
            self._recorded = playing
        coming = self._tally.coming
        if coming != self._next:
            self._next = coming
            if self._recording:
                self._recording.at(coming, self._tally.frames / self._rate)
        return frames

    def _note_done(self, where: Where) -> None:
        if self._recording:
            self._recording.done(where)

    def _look_for_sleep(self, played: int) -> None:
        # While something else holds up this thread, such as a terminal, the sound goes on.
        slept = self._clock.slept() - played / self._rate
        if slept < STOPPED_S or self.is_paused:
            return
        if slept >= ASLEEP_S and self.has_controls:
            self._pause()
            self.tell("The computer was asleep. Press space to go on.")
        else:
            self._player.pause()
            self._settle_pause()

    def _lose_loudspeaker(self, problem: str) -> None:
        self._lost_since = self._clock.now()
        if problem not in self.warnings:
            self.warnings.append(problem)
        self._player.pause()
        self._player.hush()
        self._loudspeaker.reopen(lambda: self._queue.put(self._find_loudspeaker))

    def _find_loudspeaker(self) -> None:
        self._lost_since = None
        self._player.hush()  # an answer that comes late is none
        self._settle_pause()

    def _settle_pause(self) -> None:
        """Play, unless something keeps the session from it."""
        if self.is_paused or self._lost_since is not None:
            self._player.pause()
        else:
            self._player.resume()

    def tell(self, notice: str) -> None:
        """Show a notice for a while."""
        self._notice = (notice, self._clock.now())

    def warn(self, sentence: str) -> None:
        """Show what went wrong, and tell it again in the end."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)
        self.tell(sentence)

    def _refuse(self, why: str, brief: str = "") -> None:
        self._refusal = brief or why
        self.tell(why)

    # -- commands ------------------------------------------------------------------------------

    def carry_out(self, command: Command) -> str:
        """Do something at once, and return why it was not done, briefly; empty if it was."""
        self._refusal = ""
        self._obey(command)
        return self._refusal

    def note_hurt(self) -> None:
        """Note that what is being done hurts, or what was to come next where nothing is."""
        where = self.view().where
        if self._recording:
            where = where if where.exercise else self._next
            self._recording.hurt(where, self._tally.frames / self._rate)

    def end(self) -> None:
        """End as if nothing more were planned."""
        self._ended = ""

    def _obey(self, command: Command) -> None:
        if command in _WAYS:
            self._go(_WAYS[command])
        elif command in (Command.LOUDER, Command.SOFTER):
            self._change_cues(LOUDER_STEP if command is Command.LOUDER else -LOUDER_STEP)
        elif command in CHANGES:
            self._change(command)
        elif command is Command.READY:
            self._go_on()
            self._resume()
        elif command in (Command.TOGGLE, Command.PAUSE, Command.RESUME):
            self._toggle(command)
        elif command is Command.HELP:
            self.is_help_wanted = not self.is_help_wanted
        elif command is Command.STOP:
            self.end()

    def _toggle(self, command: Command) -> None:
        # A headset that is told of a session that waits sends "play", not "play or pause".
        is_answer = not self.is_paused and self.is_user_awaited()
        if command is not Command.PAUSE and is_answer:
            self._go_on()
        elif command is Command.PAUSE or (command is Command.TOGGLE and not self.is_paused):
            self._pause()
        else:
            self._resume()

    def _pause(self) -> None:
        self.is_paused = True
        self._settle_pause()

    def _resume(self) -> None:
        self.is_paused = False
        self._settle_pause()

    def is_user_awaited(self) -> bool:
        """Return whether it waits for its user, in position or at the user's own pace."""
        plan, frame = self._replanner.here()
        return is_user_awaited(plan.session, plan.place_at(frame), frame)

    def _go_on(self) -> None:
        """Go past what is left of a wait; repetitions at the user's own pace are done then."""
        plan, frame = self._replanner.here()
        place = plan.place_at(frame)
        if self._go(go_on) and place.kind == "reps":
            self._tally.finish(plan, place)

    def _go(self, choose: Callable[[Planned, int, Detour | None], Way | None]) -> bool:
        """Go where `choose` says, and return whether that is anywhere."""
        while True:
            plan, frame = self._replanner.here()
            way = choose(plan, frame, self._player.detour())
            if way is None:
                return False
            # In between a change may have come into force, and frames mean something else.
            if self._player.go_to(plan.timeline, way):
                return True

    def _change_cues(self, step: int) -> None:
        louder = self._louder + step
        volume = louder + self._prepared.manner.cue_volume
        if not VOLUME.least <= volume <= VOLUME.most:
            self._refuse("The beeps are as loud or as soft as they get.")
            return
        self._louder = louder
        self.tell(f"Beeps {'+' if volume > 0 else ''}{decimal(volume)} dB.")
        self._remake()

    def _change(self, command: Command) -> None:
        plan, frame = self._tally.destination()
        place = plan.place_at(frame)
        where = place.where
        if where.exercise is None or (place.kind == "rest" and not where.set):
            where = next_repetition(plan, place.end)
        try:
            change = changed(command, self._prepared, self.settings, where)
            self._prepared = self._made_ready(change.settings)
        except Refused as refused:
            self._refuse(str(refused), refused.brief)
            return
        except CoachError as error:
            self._refuse(error.message)
            return
        self.settings = change.settings
        self.tell(change.notice)
        self._remake()

    def _remake(self) -> None:
        """Plan the session again; if that fails, it stays as it is."""
        asked = self._asked = self.settings, self._prepared, self._louder

        def made() -> None:
            self._made = asked

        def fail(problem: Exception | str) -> None:
            if self._asked is asked:
                self.settings, self._prepared, self._louder = self._made
            self._hear_of(problem)

        self._replanner.remake(
            self._prepared,
            self._louder,
            lambda: self._queue.put(made),
            lambda problem: self._queue.put(partial(fail, problem)),
        )

    def _hear_of(self, problem: Exception | str) -> None:
        """Tell what went wrong in the background; a bug ends the session, as anywhere."""
        if isinstance(problem, Exception):
            raise problem
        self.warn(problem)


_WAYS: dict[Command, Callable[[Planned, int, Detour | None], Way]] = {
    Command.NEXT: skip,
    Command.BACK: back,
    Command.NEXT_EXERCISE: skip_exercise,
    Command.PREVIOUS_EXERCISE: back_exercise,
    Command.REPEAT: repeat,
}
