"""Live sessions of any routine, with anything pressed at any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coach import replan
from coach.controls import Command
from coach.live import LiveSession
from coach.outputs.loudspeaker import Loudspeaker
from coach.outputs.paced import SilentOutput
from coach.places import speech_at
from coach.player import Player
from coach.session import GradualVoice
from coach.settings import Manner, Settings
from coach.steps import CueName
from coach.tally import Ending
from coach.timeline import Timeline
from tests.conftest import FakeVoice, fake_cues, routine_of
from tests.strategies import scripts
from tests.test_live import Hands, Notes

RATE = 2000
"""Hz; enough for whatever is counted in frames here."""
LONGEST = 900
"""Seconds; of longer sessions the end is skipped to."""
CHANGES = [
    *(Command.MORE, Command.FEWER, Command.LONGER, Command.SHORTER),
    *(Command.SLOWER, Command.FASTER, Command.LOUDER, Command.SOFTER),
]
ANYTHING = [command for command in Command if command is not Command.STOP]


@dataclass
class Piece:
    """What was handed out without a break."""

    timeline: Timeline
    start: int
    stop: int


class Room:
    rate = RATE

    def voice_for(self, decided: Manner) -> GradualVoice:
        return FakeVoice(Fraction(1, 16) / decided.speed, rate=RATE)

    def cues(self, louder: int) -> Mapping[CueName, NDArray[np.int16]]:
        return {name: tone + np.int16(louder) for name, tone in fake_cues(RATE).items()}


def run(
    monkeypatch: pytest.MonkeyPatch,
    script: Any,
    pressed: list[tuple[Fraction, Command, int]],
    manner: Settings,
) -> tuple[Ending, Notes, list[Piece]]:
    """Return how a session ended, what was noted of it, and what was heard."""
    heard: list[Piece] = []

    class Tapped(Player):
        def _note(self, start: int, stop: int) -> None:
            super()._note(start, stop)
            last = heard[-1] if heard else None
            if last and last.timeline is self.timeline and last.stop == start:
                last.stop = stop
            else:
                heard.append(Piece(self.timeline, start, stop))

    monkeypatch.setattr(replan, "Player", Tapped)
    clock = Hands()
    late: list[Callable[[], None]] = []
    delays = iter([delay for _, _, delay in pressed for _ in range(2)])

    def spawn(job: Callable[[], None]) -> None:
        """Let what is made in the background be ready some seconds later."""
        late.append(job)
        clock.plan.append((clock.now() + next(delays, 0), lambda: late.remove(job) or job()))  # type: ignore[func-returns-value]

    live = LiveSession(
        routine_of(yaml.safe_dump(script, sort_keys=False)),
        manner,
        Room(),
        Loudspeaker(SilentOutput(clock), RATE),
        clock,
        spawn=spawn,
    )
    notes = Notes()
    live.begin(lambda _done, _total: None)
    live.record(notes)
    length = min(LONGEST, float(live.length))
    for part, command, _ in pressed:
        at = float(part) * length
        clock.plan.append((at, lambda command=command: live.obey(command)))  # type: ignore[misc]
        # Nothing stays paused.
        clock.plan.append((at + 20, lambda: live.obey(Command.RESUME)))
    for n in range(99):
        clock.plan.append((2 * LONGEST + n, lambda: live.obey(Command.NEXT_EXERCISE)))
    ending = live.run(lambda _: None)
    live.close()
    assert live.warnings == []
    return ending, notes, heard


def presses(commands: Sequence[Command]) -> st.SearchStrategy[list[tuple[Fraction, Command, int]]]:
    one = st.tuples(st.fractions(0, 1), st.sampled_from(commands), st.sampled_from([0, 0, 1, 4]))
    return st.lists(one, max_size=8)


MANNERS = st.builds(
    Settings,
    detail=st.sampled_from(["full", "brief", "cues"]),
    count=st.sampled_from(["beep", "voice", "both"]),
    beyond_range=st.booleans(),
)


@settings(max_examples=settings().max_examples // 3)
@given(script=scripts(), pressed=presses(ANYTHING), manner=MANNERS)
def test_whatever_is_pressed_it_ends_and_counts_right(
    script: Any, pressed: list[tuple[Fraction, Command, int]], manner: Settings
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        ending, notes, heard = run(patch, script, pressed, manner)
    assert ending.is_finished
    assert ending.done <= ending.planned
    assert len(notes.finished) == len(set(notes.finished)) == ending.done
    assert sum(piece.stop - piece.start for piece in heard) == ending.played * RATE


@settings(max_examples=settings().max_examples // 3)
@given(script=scripts(), pressed=presses(CHANGES), manner=MANNERS)
def test_changes_cut_no_word_and_lose_nothing(
    script: Any, pressed: list[tuple[Fraction, Command, int]], manner: Settings
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        ending, _, heard = run(patch, script, pressed, manner)
    if ending.played < 2 * LONGEST - 60:
        assert ending.done == ending.planned
    for before, after in pairwise(heard):
        if before.timeline is after.timeline:
            continue  # the end was skipped to
        cut = speech_at(before.timeline, before.stop)
        joined = speech_at(after.timeline, after.start)
        assert (cut is None) == (joined is None)
        if cut and joined:
            assert before.stop - cut.start == after.start - joined.start
            assert np.array_equal(cut.samples, joined.samples)
    for piece in heard:
        for clip in piece.timeline.clips:
            if clip.kind == "speech" and piece.start < clip.end and clip.start < piece.stop:
                assert clip.samples.any(), "nothing that is still to be spoken is played"
