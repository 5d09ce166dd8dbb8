"""Whole live sessions, on a clock that runs as fast as it can, with somebody at the keys."""

from __future__ import annotations

import queue
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import soundfile
from msgspec.structs import replace
from numpy.typing import NDArray

from coach.clock import VirtualClock
from coach.controls import Command
from coach.errors import DeviceError, SpeechError
from coach.live import LOST_S, LiveSession
from coach.outputs import Output, Source
from coach.outputs.loudspeaker import Loudspeaker
from coach.outputs.paced import FileOutput, PacedPlayback, SilentOutput
from coach.session import GradualVoice, build, prepared
from coach.settings import Manner, Settings
from coach.steps import CueName, Line, Where
from coach.tally import Ending
from coach.timeline import Timeline, mix
from coach.view import View
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of
from tests.test_places import TWO

T = TypeVar("T")

SCRIPT = TWO + "  - {name: Plank, sides: [left, right], hold: 20-40s}\n"

START, END = 10_001, 10_004
"""What the start and the end tone of `fake_cues` sound like."""


class Hands(VirtualClock):
    """A virtual clock on which things are done at certain seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: list[tuple[float, Callable[[], None]]] = []
        self.sleeps: dict[float, float] = {}

    def wait(self, arrivals: queue.Queue[T], seconds: float) -> T | None:
        now = self.now()
        for due in [planned for planned in self.plan if now >= planned[0]]:
            self.plan.remove(due)
            due[1]()
        return super().wait(arrivals, seconds)

    def slept(self) -> float:
        now = self.now()
        return sum([self.sleeps.pop(at) for at in list(self.sleeps) if now >= at])


class Recorder:
    """An output that keeps in memory what a loudspeaker would get."""

    name = "recorder"

    def __init__(self, clock: VirtualClock, _: Path) -> None:
        self._clock = clock
        self.blocks: list[NDArray[np.int16]] = []

    def start(self, source: Source, rate: int) -> PacedPlayback:
        return PacedPlayback(self._clock, source, rate, self.blocks.append, lambda: None)


@dataclass
class Notes:
    """A recording that remembers."""

    finished: list[Where] = field(default_factory=list)
    places: list[tuple[Where, float]] = field(default_factory=list)
    pains: list[tuple[Where, float]] = field(default_factory=list)
    settings: Settings | None = None
    planned: int = 0

    def done(self, where: Where) -> None:
        self.finished.append(where)

    def at(self, where: Where, played: float) -> None:
        self.places.append((where, played))

    def hurt(self, where: Where, played: float) -> None:
        self.pains.append((where, played))

    def change(self, settings: Settings, planned: int) -> None:
        self.settings, self.planned = settings, planned


class Room:
    """A studio with a voice whose speed is its length."""

    rate = RATE

    def __init__(self, voice: type[FakeVoice] = FakeVoice, tone: float = 0.05) -> None:
        """Bind what speaks, and how many seconds an end tone lasts."""
        self._voice = voice
        self._tone = tone

    def voice_for(self, decided: Manner) -> GradualVoice:
        return self._voice(Fraction(1, 16) / decided.speed)

    def cues(self, louder: int) -> Mapping[CueName, NDArray[np.int16]]:
        cues = {name: tone + np.int16(louder) for name, tone in fake_cues().items()}
        return {**cues, "end": np.full(round(self._tone * RATE), cues["end"][0], np.int16)}


class Session:
    """A live session of `SCRIPT` that is kept as it is heard, in a file if that is the output."""

    def __init__(
        self,
        folder: Path,
        script: str = SCRIPT,
        settings: Settings | None = None,
        *,
        resume: Where | None = None,
        output: Callable[[VirtualClock, Path], Output] = Recorder,
        room: Room | None = None,
        spawn: Callable[[Callable[[], None]], None] = lambda job: job(),
    ) -> None:
        self.clock = Hands()
        self.path = folder / "heard.wav"
        self.routine = routine_of(script)
        self._output = output(self.clock, self.path)
        self.loudspeaker = Loudspeaker(self._output, RATE)
        self.live = LiveSession(
            self.routine,
            settings or Settings(),
            room or Room(),
            self.loudspeaker,
            self.clock,
            spawn=spawn,
        )
        self.notes = Notes()
        self.views: list[View] = []
        self.times: list[float] = []
        self.live.begin(lambda _done, _total: None, resume)
        self.live.record(self.notes)

    def at(self, seconds: float, *commands: Command) -> Session:
        for command in commands:
            self.clock.plan.append((seconds, lambda command=command: self.live.obey(command)))  # type: ignore[misc]
        return self

    def run(self) -> Ending:
        ending = self.live.run(self._see)
        self.live.close()
        return ending

    def _see(self, view: View) -> None:
        self.times.append(self.clock.now())
        self.views.append(view)

    def heard(self) -> NDArray[np.int16]:
        if isinstance(self._output, Recorder):
            return np.concatenate(self._output.blocks)
        sound: NDArray[np.int16] = soundfile.read(self.path, dtype="int16")[0]
        return sound

    def seen(self, of: Callable[[View], Any]) -> list[Any]:
        """Return what was seen, without repetition."""
        values = [of(view) for view in self.views]
        return [value for n, value in enumerate(values) if n == 0 or values[n - 1] != value]

    def second_of(self, found: Callable[[View], bool]) -> float:
        """Return the first second at which something is seen."""
        seen = zip(self.times, self.views, strict=True)
        return next(second for second, view in seen if found(view))

    def view_at(self, second: float) -> View:
        """Return what is seen at a second."""
        return self.views[bisect_right(self.times, second) - 1]


@cache
def free_session(script: str = SCRIPT) -> Session:
    """Return a session that has been run, in which nothing was asked for."""
    session = Session(Path(), script)
    session.run()
    return session


def rendered(script: str, settings: Settings | None = None) -> Timeline:
    from coach.routine import wait_for_user

    ready = prepared(routine_of(script), settings or Settings())
    ready = replace(ready, routine=wait_for_user(ready.routine))
    return build(ready, Room().voice_for(ready.manner), fake_cues(), RATE).timeline


def tones(heard: NDArray[np.int16], value: int) -> NDArray[np.intp]:
    """Return the frames at which a tone begins."""
    is_tone = heard == value
    return np.flatnonzero(is_tone & ~np.concatenate([[False], is_tone[:-1]]))


def test_what_is_heard_is_the_rendered_session(tmp_path: Path) -> None:
    session = Session(tmp_path, output=FileOutput)
    ending = session.run()
    timeline = rendered(SCRIPT)
    heard = session.heard()
    assert np.array_equal(heard[: timeline.duration], mix(timeline, 0, timeline.duration))
    assert not heard[timeline.duration :].any()
    assert len(heard) - timeline.duration < RATE // 5, "it ends when it is over"
    assert ending == Ending(
        is_finished=True,
        done=3 + 10 + 2,
        planned=3 + 10 + 2,
        played=Fraction(timeline.duration, RATE),
        where=Where(),
    )
    assert len(session.notes.finished) == 15
    assert len(set(session.notes.finished)) == 15
    assert session.views[-1].state == "over"


def test_a_pause_holds_everything_and_a_hold_begins_again(tmp_path: Path) -> None:
    free = free_session()
    hold = free.second_of(lambda view: view.span == "hold")
    session = Session(tmp_path, output=FileOutput)
    ending = session.at(hold + 2, Command.TOGGLE).at(hold + 32, Command.TOGGLE).run()
    heard = session.heard()
    starts, ends = tones(heard, START), tones(heard, END)
    # The hold that was broken off begins anew, and lasts what it lasts.
    assert starts[2] - starts[1] == pytest.approx(32 * RATE, abs=RATE // 10)
    assert ends[0] - starts[2] == 5 * RATE
    silent = heard[starts[1] + 2 * RATE + RATE // 4 : starts[2] - RATE // 4]
    assert not silent.any()
    assert ending.is_finished
    assert ending.done == 15
    assert "paused" in session.seen(lambda view: view.state)


def test_skipping_does_not_count_as_done(tmp_path: Path) -> None:
    session = Session(tmp_path)
    for second in range(10, 400, 2):
        session.at(second, Command.NEXT)
    ending = session.run()
    assert ending.is_finished
    assert ending.done == 0
    assert ending.planned == 15
    session = Session(tmp_path).at(1, *[Command.NEXT_EXERCISE] * 4)
    assert session.run().done == 0


def test_back_repeats_and_counts_once(tmp_path: Path) -> None:
    free = free_session()
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Session(tmp_path).at(second + 0.5, Command.BACK)
    ending = session.run()
    assert ending.done == 15
    assert len(session.notes.finished) == 15
    reps = [rep for rep in session.seen(lambda view: view.where.rep) if rep]
    assert reps[:4] == [1, 2, 1, 2]
    session = Session(tmp_path).at(second + 5, Command.PREVIOUS_EXERCISE)
    assert session.run().done == 15
    assert session.seen(lambda view: view.kind)[:7] == [
        *("words", "settle", "reps", "words", "settle", "reps", "rest"),
    ]


def test_ready_ends_a_wait_and_self_paced_repetitions_are_done_then(tmp_path: Path) -> None:
    free = free_session()
    waits = free.second_of(lambda view: view.kind == "settle" and view.number == 2)
    session = Session(tmp_path).at(waits + 3, Command.READY).at(waits + 12, Command.READY)
    ending = session.run()
    assert ending.done == 15
    assert ending.is_finished
    saved = float(free.live.length) - float(ending.played)
    assert saved == pytest.approx(30 - 3 - 3.5 + 30 - (12 - 3 - 3.5), abs=1)
    # So does the one button of a headset, where the session waits for its user.
    session = Session(tmp_path).at(waits + 3, Command.TOGGLE)
    session.run()
    assert "paused" not in session.seen(lambda view: view.state)


@pytest.mark.parametrize("when", ["introduction", "words", "settle", "reps", "rest"])
def test_the_instruction_is_repeated_and_the_session_goes_on(tmp_path: Path, when: str) -> None:
    free = free_session()
    second = free.second_of(
        lambda view: view.kind == when and view.number > 0 if when != "introduction" else True
    )
    session = Session(tmp_path).at(second + 3, Command.REPEAT)
    ending = session.run()
    assert ending.done == 15
    assert ending.played > free.live.length
    if when in ("introduction", "words"):
        positions = [view.position for view in session.views]
        assert any(after < before for before, after in pairwise(positions))
        return
    sentences = session.seen(lambda view: view.sentence)
    plain = free.seen(lambda view: view.sentence)
    again = "Rest for 10 seconds." if when == "rest" else "Exercise 1 of 3. Cat."
    assert sentences.count(again) == plain.count(again) + 1


def test_one_more_and_one_fewer(tmp_path: Path) -> None:
    free = free_session()
    second = free.second_of(lambda view: view.where.rep == 2)
    session = (
        Session(tmp_path).at(second, Command.MORE, Command.MORE).at(second + 15, Command.FEWER)
    )
    ending = session.run()
    assert (ending.done, ending.planned) == (16, 16)
    reps = [rep for rep in session.seen(lambda view: view.where.rep) if rep]
    assert reps[:4] == [1, 2, 3, 4]
    assert session.notes.planned == 16
    assert session.notes.settings == session.live.settings
    assert [override.value for override in session.live.settings.overrides] == [4]
    assert "Cat: 5 repetitions." in session.seen(lambda view: view.notice)


@pytest.mark.parametrize("into", [0.2, 1.0, 2.5, 4.8])
def test_a_longer_hold_begins_with_the_one_under_way(tmp_path: Path, into: float) -> None:
    free = free_session()
    hold = free.second_of(lambda view: view.span == "hold")
    session = Session(tmp_path).at(hold + into, Command.LONGER, Command.LONGER)
    ending = session.run()
    heard = session.heard()
    starts, ends = tones(heard, START), tones(heard, END)
    assert [ends[n] - starts[n + 1] for n in range(3)] == [7 * RATE] * 3
    assert ending.done == 15


def test_speech_changes_between_two_sentences(tmp_path: Path) -> None:
    script = SCRIPT[: SCRIPT.index("  - {name: Plank")]  # in whose holds beeps and words mix
    session = Session(tmp_path, script).at(3, *[Command.SLOWER] * 3)
    ending = session.run()
    assert ending.done == 13
    assert session.live.settings.speed == Fraction(7, 10)
    assert ending.played > rendered(script).duration / RATE + 4
    # Each sentence is heard whole: at one speed or at the other.
    lengths = {
        round(RATE * (Fraction(1, 5) + Fraction(n, 16) / s))
        for n in range(80)
        for s in (1, Fraction(9, 10), Fraction(8, 10), Fraction(7, 10))
    }
    heard = session.heard()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], heard, [0]])))
    runs = [(stop - start) for start, stop in pairwise(edges) if 0 < heard[start] < 9000]
    assert set(runs) <= lengths


@pytest.mark.parametrize("tone", [0.5, 1.0, 1.5, 4.0])
def test_a_long_end_tone_loses_no_repetition(tmp_path: Path, tone: float) -> None:
    assert Session(tmp_path, room=Room(tone=tone)).run().done == 15


@pytest.mark.parametrize("command", [Command.SLOWER, Command.FASTER])
def test_a_hold_keeps_its_length_when_speech_changes_within_it(
    tmp_path: Path, command: Command
) -> None:
    script = "title: P\nexercises: [{name: Plank, hold: 21}]\n"
    free = free_session(script)
    halfway = free.second_of(lambda view: view.sentence == "Halfway.")
    for into in (-0.5, 0.1, 0.3, 0.6):
        session = Session(tmp_path, script).at(halfway + into, command)
        session.run()
        heard = session.heard()
        assert tones(heard, END)[0] - tones(heard, START)[-1] == 21 * RATE


def test_repeating_twice_goes_on_with_the_same_repetition(tmp_path: Path) -> None:
    free = free_session()
    second = free.second_of(lambda view: view.where.rep == 3)
    for then in (Command.REPEAT, Command.BACK, Command.NEXT):
        session = Session(tmp_path).at(second + 1, Command.REPEAT).at(second + 3, then)
        assert session.run().done == 15
        reps = [rep for rep in session.seen(lambda view: view.where.rep) if rep]
        assert reps[:4] == [1, 2, 3, 3]
    rest = free.second_of(lambda view: view.kind == "rest")
    plain = Session(tmp_path).at(rest + 5, Command.READY)
    again = Session(tmp_path).at(rest + 5, Command.REPEAT, Command.READY)
    assert plain.run().played == pytest.approx(again.run().played, abs=1)


BREATHS = """
title: B
exercises:
  - name: Breathe
    reps: 4
    sets: 2
    rest: 5
    phases: [{cue: In, work: 6}, {cue: Out, work: 6}]
"""


@pytest.mark.parametrize("into", [0.2, 4.9, 5.1, 5.5, 5.9])
def test_a_phase_that_is_shortened_past_its_end_still_counts(tmp_path: Path, into: float) -> None:
    free = free_session(BREATHS)
    second = free.second_of(lambda view: view.where.rep == 2)
    for offset in (0, 6):
        session = Session(tmp_path, BREATHS).at(second + offset + into, Command.SHORTER)
        ending = session.run()
        assert (ending.done, ending.planned) == (8, 8)


def test_what_is_behind_stays_planned_as_it_was(tmp_path: Path) -> None:
    free = free_session(BREATHS)
    second = free.second_of(lambda view: view.where.set == 2 and view.where.rep == 1)
    fewer = Session(tmp_path, BREATHS).at(second + 1, *[Command.FEWER] * 3).run()
    assert (fewer.done, fewer.planned) == (5, 5)
    more = Session(tmp_path, BREATHS).at(second + 1, *[Command.MORE] * 3).run()
    assert (more.done, more.planned) == (11, 11)


def test_a_repetition_that_is_taken_away_is_done_to_its_end(tmp_path: Path) -> None:
    """It began while the session was planned without it."""
    jobs: list[Callable[[], None]] = []
    second = free_session().second_of(lambda view: view.where.rep == 3)
    session = Session(tmp_path, spawn=lambda job: jobs.append(job))  # noqa: PLW0108
    jobs.pop()()
    session.at(second - 0.5, Command.FEWER)
    session.clock.plan.append((second + 3.5, lambda: jobs.pop()()))  # noqa: PLW0108
    ending = session.run()
    heard = session.heard()
    assert [
        end - start
        for start, end in zip(tones(heard, START)[1:4], tones(heard, END)[:3], strict=True)
    ] == [5 * RATE] * 3
    assert ending.done == 15


def test_the_other_side_is_not_told_to_be_the_first(tmp_path: Path) -> None:
    right = Session(tmp_path, resume=Where("plank", None, 1, "right", 1))
    right.run()
    said = right.seen(lambda view: view.sentence)
    assert "Left side." not in said
    assert "Switch sides. Right side." in said
    left = Session(tmp_path, resume=Where("plank", None, 1, "left", 1))
    left.run()
    assert "Left side." in left.seen(lambda view: view.sentence)


def test_a_change_that_cannot_be_spoken_is_taken_back(tmp_path: Path) -> None:
    class Picky(Room):
        def voice_for(self, decided: Manner) -> GradualVoice:
            if decided.speed != 1:
                raise SpeechError("no such speed")
            return super().voice_for(decided)

    session = Session(tmp_path, room=Picky()).at(5, Command.FASTER).at(6, Command.MORE)
    ending = session.run()
    assert session.live.warnings == ["no such speed"]
    assert session.live.settings.speed is None
    assert (ending.done, ending.planned) == (16, 16)


def test_two_changes_of_which_the_first_was_never_made_fail_as_one(tmp_path: Path) -> None:
    class Slow(FakeVoice):
        def each(self, lines: Any) -> Any:
            raise SpeechError("cannot speak so fast")
            yield

    class Picky(Room):
        def voice_for(self, decided: Manner) -> GradualVoice:
            return Slow() if decided.speed > 1 else super().voice_for(decided)

    later: list[Callable[[], None]] = []
    session = Session(tmp_path, room=Picky(), spawn=later.append)

    def work() -> None:
        while later:
            later.pop(0)()

    work()
    session.at(5, Command.LOUDER, Command.FASTER, Command.FASTER)
    session.clock.plan += [(6, work), (8, work), (10, work)]
    session.at(7, Command.MORE).at(9, Command.LOUDER)
    ending = session.run()
    assert session.live.warnings == ["cannot speak so fast"]
    assert session.live.settings.speed is None
    assert (ending.done, ending.planned) == (16, 16)
    assert session.seen(lambda view: view.notice).count("Beeps +3 dB.") == 2


def test_a_bug_in_the_sound_is_no_lost_loudspeaker(tmp_path: Path, monkeypatch: Any) -> None:
    session = Session(tmp_path)

    def fail(count: int) -> NDArray[np.int16]:
        raise ValueError("a bug")

    monkeypatch.setattr(session.live._player, "read", fail)
    with pytest.raises(ValueError, match="a bug"):
        session.run()


def test_louder_and_softer_beeps(tmp_path: Path) -> None:
    session = Session(tmp_path).at(1, Command.LOUDER).at(60, *[Command.SOFTER] * 20)
    session.run()
    heard = session.heard()
    assert len(tones(heard, START + 3)) > 0
    assert len(tones(heard, START - 24)) > 0
    assert "The beeps are as loud or as soft as they get." in session.seen(lambda view: view.notice)


def test_what_cannot_be_changed_is_told_and_changes_nothing(tmp_path: Path) -> None:
    session = Session(tmp_path).at(
        1, Command.NEXT_EXERCISE, Command.NEXT_EXERCISE, Command.NEXT_EXERCISE
    )
    session.at(2, Command.LONGER, Command.LONGER, Command.LONGER, Command.LONGER, Command.LONGER)
    session.run()
    assert "Plank: 20s to 40s are prescribed." in session.seen(lambda view: view.notice)
    assert [override.value for override in session.live.settings.overrides] == [40]


def test_stop_and_resume(tmp_path: Path) -> None:
    free = free_session()
    second = free.second_of(lambda view: view.where.rep == 3)
    session = Session(tmp_path).at(second + 1, Command.STOP)
    ending = session.run()
    assert not ending.is_finished
    assert ending.done == 2
    assert ending.where == Where("cat", None, 1, None, 3)
    assert session.notes.places[-1][0] == ending.where
    again = Session(tmp_path, resume=ending.where)
    rest = again.run()
    assert rest.is_finished
    assert rest.done == 15 - 2
    assert again.seen(lambda view: view.where.rep)[:2] == [0, 3]
    sentences = again.seen(lambda view: view.sentence)
    assert "Come down." in sentences, "the exercise is explained again"
    assert "Two." not in sentences
    fresh = Session(tmp_path, resume=Where("plank", None, 1, "right", 1))
    assert fresh.run().done == 1
    assert fresh.second_of(lambda view: view.kind == "reps") > 3


@pytest.mark.parametrize("key", [Command.NEXT, Command.READY, Command.MORE, Command.SLOWER])
def test_a_resumed_session_keeps_its_repetition_whatever_is_pressed(
    tmp_path: Path, key: Command
) -> None:
    """While the exercise is explained again, and while its position is taken."""
    where = Where("cat", None, 1, None, 3)
    for second in (2, 9):
        session = Session(tmp_path, resume=where).at(second, key)
        ending = session.run()
        assert next(rep for rep in session.seen(lambda view: view.where.rep) if rep) == 3
        assert ending.done == 13 + (key is Command.MORE)
        assert session.notes.places[0][0] == where
        assert session.notes.places[1][0].rep != 1 or session.notes.places[1][0].exercise != "cat"


def test_a_session_that_is_stopped_in_its_closing_is_finished(tmp_path: Path) -> None:
    free = free_session()
    closing = free.second_of(lambda view: view.number == 0 and view.position > 60)
    ending = Session(tmp_path).at(closing + 0.5, Command.STOP).run()
    assert ending.is_finished
    assert ending.done == 15


def test_what_is_seen_of_a_pause_is_where_it_goes_on(tmp_path: Path, monkeypatch: Any) -> None:
    """Though what is heard is a moment behind what is handed out."""
    monkeypatch.setattr(PacedPlayback, "latency", 0.2)
    free = Session(tmp_path)
    free.run()
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Session(tmp_path).at(second + 0.1, Command.PAUSE).at(second + 9, Command.RESUME)
    session.run()
    seen = session.view_at(second + 3)
    assert (seen.state, seen.where.rep, seen.phase) == ("paused", 2, "Up")
    jumped = Session(tmp_path).at(5, Command.NEXT_EXERCISE)
    jumped.run()
    assert jumped.view_at(5.2).number == 2


def test_a_place_that_is_gone_is_no_place(tmp_path: Path) -> None:
    assert Session(tmp_path, resume=Where("gone", None, 1, None, 1)).run().done == 15


def test_a_machine_that_slept_waits_for_its_user(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.live.has_controls = True
    session.clock.sleeps[20] = 3600.0
    session.at(60, Command.RESUME)
    assert session.run().done == 15
    assert session.view_at(21).state == "paused"
    assert "asleep" in session.view_at(21).notice
    # Where nobody could say so, it goes on by itself.
    alone = Session(tmp_path)
    alone.clock.sleeps[20] = 3600.0
    assert alone.run().done == 15


class Fragile:
    """An output whose server dies at a second, and comes back after so many tries."""

    name = "fragile"

    def __init__(self, clock: VirtualClock, path: Path, dies: float = 30, tries: int = 2) -> None:
        self._clock, self._dies, self._tries, self._starts = clock, dies, tries, 0

    def start(self, source: Source, rate: int) -> Any:
        self._starts += 1
        if 1 < self._starts <= self._tries:
            raise DeviceError("still gone")
        playback = PacedPlayback(self._clock, source, rate, lambda _: None, lambda: None)
        if self._starts == 1:
            clock, dies = self._clock, self._dies
            playback.problem = lambda: "gone" if clock.now() >= dies else None  # type: ignore[method-assign]
        return playback


def test_a_loudspeaker_that_comes_back_is_used_again(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("coach.outputs.loudspeaker.RETRY_S", 0.0)
    session = Session(tmp_path, output=Fragile)
    # Trying again takes real time, in which the virtual clock must not run away.
    reopened = session.loudspeaker.reopen

    def wait_for(found: Callable[[], None]) -> None:
        done = threading.Event()

        def back() -> None:
            found()
            done.set()

        reopened(back)
        assert done.wait(10)

    monkeypatch.setattr(session.loudspeaker, "reopen", wait_for)
    ending = session.run()
    assert ending.is_finished
    assert ending.done == 15
    assert session.live.warnings == ["gone"]


def test_a_loudspeaker_that_stays_away_ends_the_session(tmp_path: Path, monkeypatch: Any) -> None:
    session = Session(tmp_path, output=Fragile)
    monkeypatch.setattr(session.loudspeaker, "reopen", lambda found: None)
    ending = session.run()
    assert not ending.is_finished
    assert ending.problem == "the loudspeaker did not come back"
    assert session.clock.now() > LOST_S
    assert session.views[-1].state == "lost"


def test_without_a_loudspeaker_nothing_begins(tmp_path: Path) -> None:
    class Missing:
        name = "missing"

        def __init__(self, *_: object) -> None: ...

        def start(self, source: Source, rate: int) -> Any:
            raise DeviceError("no loudspeaker", "get one")

    with pytest.raises(DeviceError, match="no loudspeaker"):
        Session(tmp_path, output=Missing)


class Broken(FakeVoice):
    """Speaks the first few sentences, then never again."""

    def each(self, lines: Any) -> Any:
        for n, item in enumerate(super().each(lines)):
            if n == 8:
                raise SpeechError("the voice has died")
            yield item


def test_a_voice_that_dies_leaves_the_beeps(tmp_path: Path) -> None:
    session = Session(tmp_path, room=Room(Broken))
    ending = session.run()
    assert ending.is_finished
    assert ending.done == 15
    assert session.live.warnings == ["the voice has died"]
    assert len(tones(session.heard(), START)) >= 3


def test_a_voice_that_never_speaks_is_an_error(tmp_path: Path) -> None:
    class Mute(FakeVoice):
        def each(self, lines: Any) -> Any:
            raise SpeechError("no voice")
            yield

    with pytest.raises(SpeechError, match="no voice"):
        Session(tmp_path, room=Room(Mute))


def test_the_first_sound_comes_before_everything_is_spoken(tmp_path: Path) -> None:
    """Nothing beyond the first sentences has been spoken when the session begins."""
    asked: list[Line] = []

    class Slow(FakeVoice):
        def each(self, lines: Any) -> Any:
            for item in super().each(lines):
                asked.append(item[0])
                yield item

    jobs: list[Callable[[], None]] = []
    session = Session(tmp_path, room=Room(Slow), spawn=jobs.append)
    begun = len(asked)
    assert begun < 10
    # What is not there yet is waited for, and then it goes on.
    session.clock.plan.append((60, jobs[0]))
    ending = session.run()
    assert ending.done == 15
    assert len(asked) > 2 * begun
    states = session.seen(lambda view: view.state)
    assert states[:3] == ["playing", "waiting", "playing"]


def test_an_hour_passes_on_a_virtual_clock(tmp_path: Path) -> None:
    script = "title: Long\nexercises: [{name: A, reps: 40, phases: [{cue: Up, hold: 90}]}]\n"
    session = Session(tmp_path, script, output=lambda clock, _: SilentOutput(clock))
    assert session.run().done == 40
    assert session.clock.now() > 3600
