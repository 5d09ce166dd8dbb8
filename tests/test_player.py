"""The tape of a live session: what is heard when it is paused, moved and changed."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from coach.navigation import Way
from coach.places import places, resume_at
from coach.player import FADE_S, Player
from coach.settings import Manner
from coach.steps import Where
from coach.timeline import Clip, Timeline, mix
from tests.conftest import RATE, FakeVoice, routine_of
from tests.strategies import scripts
from tests.test_places import TWO, timeline_of, two

FADE = round(FADE_S * RATE)
LONGER = TWO.replace("hold: 5", "hold: 7")
BLOCKS = st.lists(st.integers(16, 30_000), min_size=1, max_size=5)


def playing(timeline: Timeline, start: int = 0) -> Player:
    player = Player(timeline, lambda _: timeline.duration, start)
    player.resume()
    return player


def read(player: Player, count: int, blocks: Iterable[int] = (4800,)) -> NDArray[np.int16]:
    """Return `count` frames, read in blocks of these sizes in turn."""
    sizes = list(blocks)
    parts: list[NDArray[np.int16]] = []
    left = count
    while left:
        size = min(left, sizes[len(parts) % len(sizes)])
        parts.append(player.read(size))
        left -= size
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def tones(*spans: tuple[int, int, int], duration: int) -> Timeline:
    """Return a timeline of constant sentences: start, end, value."""
    clips = tuple(
        Clip(start, np.full(end - start, value, np.int16), "speech", f"{value}", Where())
        for start, end, value in spans
    )
    longest = max((len(clip.samples) for clip in clips), default=0)
    return Timeline(RATE, duration, clips, (), (), (), longest)


@given(script=scripts(), blocks=st.lists(st.integers(500, 30_000), min_size=1, max_size=5))
def test_what_is_read_is_the_timeline_to_the_sample(script: Any, blocks: list[int]) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    timeline = timeline_of(routine, Manner(), FakeVoice(Fraction(1, 100)))
    timeline = replace(timeline, duration=min(timeline.duration, 60 * RATE))
    player = playing(timeline)
    heard = read(player, timeline.duration, blocks)
    assert np.array_equal(heard, mix(timeline, 0, timeline.duration))
    assert player.is_over
    assert not read(player, 1000).any()
    assert [(part.start, part.stop) for part in player.take_played()] == [(0, timeline.duration)]
    assert not player.take_played()


def test_it_is_silent_until_it_is_told_to_play_and_in_a_pause() -> None:
    timeline = tones((0, 5 * RATE, 1000), duration=10 * RATE)
    player = Player(timeline, lambda _: timeline.duration)
    assert not player.read(RATE).any()
    assert player.position == 0
    player.resume()
    assert (player.read(RATE) == 1000).all()
    player.pause()
    heard = player.read(RATE)
    assert (np.diff(heard[:FADE]) <= 0).all(), "it fades out"
    assert heard[0] == 1000
    assert not heard[FADE:].any()
    player.pause()
    assert not player.read(100).any()


@given(blocks=BLOCKS, breaks=st.lists(st.integers(1, 60_000), min_size=1, max_size=4))
def test_nothing_clicks(blocks: list[int], breaks: list[int]) -> None:
    """From one frame to the next sound never jumps further than a fade makes it."""
    timeline = tones((0, RATE, 8000), (RATE, 6 * RATE, 4000), duration=7 * RATE)
    player = playing(timeline)
    heard = []
    for n, count in enumerate(breaks):
        heard.append(read(player, count, blocks))
        if n % 3 == 0:
            player.pause()
            heard.append(read(player, 2 * FADE, blocks))
            player.resume()
        else:
            before = [(2 * RATE, 2 * RATE + 3)] if n % 3 == 1 else []
            player.go_to(player.timeline, Way(RATE + 100 * n, before))
    heard.append(read(player, 10 * RATE, blocks))
    # Sentences of constant value begin and end with a step of their own; fades may overlap.
    steps = np.abs(np.diff(np.concatenate(heard).astype(np.int32)))
    assert set(np.unique(steps[steps > 3 * 8000 // FADE])) <= {4000, 8000}


def test_a_short_fade_goes_on_in_the_next_block() -> None:
    player = playing(tones((0, RATE, 1000), duration=RATE))
    player.read(100)
    player.pause()
    heard = np.concatenate([player.read(7) for _ in range(100)])
    assert (np.diff(heard) <= 0).all()
    assert not heard[FADE:].any()


def test_a_pause_goes_on_at_the_start_of_the_sentence() -> None:
    timeline = tones((RATE, 3 * RATE, 1000), duration=5 * RATE)
    player = playing(timeline)
    player.read(2 * RATE)
    player.pause()
    player.read(FADE)
    assert player.position == RATE
    player.resume()
    assert np.array_equal(player.read(4 * RATE), mix(timeline, RATE, 5 * RATE))


ASIDE = np.full(RATE // 2, 500, np.int16)


def test_an_interjection_is_heard_whole_while_all_stands_still() -> None:
    timeline = tones((RATE, 3 * RATE, 1000), duration=5 * RATE)
    player = playing(timeline)
    player.read(2 * RATE)
    player.interject(ASIDE)
    assert player.aside_left == len(ASIDE)
    heard = read(player, len(ASIDE), (777,))
    assert (heard[FADE:] == 500).all()
    assert (heard[:FADE] >= 500).all(), "what was heard fades out below it"
    assert player.aside_left == 0
    assert player.position == RATE, "the sentence begins again"
    assert np.array_equal(player.read(4 * RATE), mix(timeline, RATE, 5 * RATE))
    assert player.is_over
    player.interject(ASIDE)
    assert not player.is_over
    player.read(RATE)
    assert player.is_over


def test_an_interjection_where_nothing_is_spoken_lets_all_go_on() -> None:
    timeline = tones((0, RATE, 1000), (3 * RATE, 4 * RATE, 2000), duration=5 * RATE)
    player = playing(timeline)
    player.read(2 * RATE)
    player.interject(ASIDE)
    heard = player.read(2 * RATE)
    assert (heard[: len(ASIDE)] == 500).all()
    assert np.array_equal(heard[len(ASIDE) :], mix(timeline, 2 * RATE, 4 * RATE)[len(ASIDE) :])
    for move in (player.pause, lambda: player.go_to(timeline, Way(3 * RATE))):
        player.resume()
        player.go_to(timeline, Way(RATE))
        player.read(RATE)
        player.interject(ASIDE)
        player.interject(ASIDE)
        player.read(100)
        move()
        assert player.aside_left == 0
        assert not (player.read(RATE)[FADE:] == 500).any()
    # A moment before the next words there is no room.
    player.go_to(timeline, Way(3 * RATE - len(ASIDE) - 10))
    player.read(1)
    player.interject(ASIDE)
    player.read(len(ASIDE))
    assert player.position == 3 * RATE - len(ASIDE) - 9


def test_one_for_which_there_is_no_room_breaks_off_what_goes_on_below_another() -> None:
    timeline = timeline_of(routine_of(TWO.replace("hold: 5", "hold: 20")), Manner(), FakeVoice())
    hold = next(span for span in timeline.spans if span.kind == "hold")
    player = playing(timeline, hold.start + 2 * RATE)
    player.read(1)
    player.interject(ASIDE)
    player.read(100)
    assert player.position == hold.start + 2 * RATE + 101, "there is room in the hold"
    player.interject(np.full(19 * RATE, 700, np.int16))
    assert player.position == hold.start, "the hold begins again"
    assert (player.read(19 * RATE)[FADE:] == 700).all()
    assert player.position == hold.start


def test_an_interjection_in_a_pause_leaves_it_a_pause() -> None:
    player = playing(tones((0, 5 * RATE, 1000), duration=5 * RATE))
    player.read(RATE)
    player.pause()
    player.interject(ASIDE)
    heard = player.read(RATE)
    assert (heard[FADE : len(ASIDE)] == 500).all()
    assert not heard[len(ASIDE) :].any()
    assert player.position == 0


@pytest.mark.parametrize("how", ["pause", "go", "interject", "resume"])
def test_whatever_moves_it_breaks_an_interjection_off(how: str) -> None:
    timeline = tones((0, 5 * RATE, 1000), duration=9 * RATE)
    player = playing(timeline)
    player.read(4 * RATE)
    if how == "resume":
        player.pause()
    player.interject(ASIDE)
    player.read(RATE // 4)
    acts = {
        "pause": player.pause,
        "go": lambda: player.go_to(timeline, Way(7 * RATE)),
        "interject": lambda: player.interject(ASIDE[:10]),
        "resume": player.resume,
    }
    acts[how]()
    heard = player.read(RATE)
    if how in ("pause", "go"):
        assert (np.diff(heard[:FADE]) <= 0).all(), "it fades out"
        assert not heard[FADE:].any()
    starts = {"pause": 0, "go": 8 * RATE, "interject": RATE - 10, "resume": RATE}
    assert player.position == starts[how]
    assert player.aside_left == 0


def test_a_change_during_an_interjection_is_in_force_after_it() -> None:
    old = tones((0, 2 * RATE, 1000), duration=5 * RATE)
    new = tones((0, 3 * RATE, 2000), duration=6 * RATE)
    player = playing(old)
    player.read(RATE)
    player.interject(ASIDE)
    player.replace(new, lambda _: new.duration)
    assert player.timeline is new
    player.read(len(ASIDE))
    assert np.array_equal(player.read(6 * RATE), mix(new, 0, 6 * RATE))


@given(blocks=BLOCKS, at=st.integers(0, 3 * RATE))
def test_something_added_delays_nothing(blocks: list[int], at: int) -> None:
    timeline = tones((0, RATE, 32_000), (2 * RATE, 3 * RATE, 1000), duration=4 * RATE)
    player = playing(timeline)
    before = read(player, at, blocks)
    player.add(ASIDE)
    heard = np.concatenate([before, read(player, 4 * RATE - at, blocks)])
    expected = mix(timeline, 0, 4 * RATE).astype(int)
    expected[at : at + len(ASIDE)] += 500
    assert np.array_equal(heard, np.minimum(expected, 32_767))
    assert player.is_over


def test_ranges_are_played_before() -> None:
    timeline = tones((0, RATE, 1000), (2 * RATE, 3 * RATE, 2000), duration=4 * RATE)
    player = playing(timeline, 3 * RATE)
    player.go_to(player.timeline, Way(RATE + 100, [(0, RATE), (2 * RATE, 3 * RATE)]))
    heard = player.read(4 * RATE - 100)
    assert (heard[:RATE] == 1000).all()
    assert (heard[RATE : 2 * RATE] == 2000).all()
    assert not heard[2 * RATE : 3 * RATE - 100].any()
    assert (heard[3 * RATE - 100 :] == 2000).all()
    played = [(part.start, part.stop) for part in player.take_played()]
    assert played == [(0, RATE), (2 * RATE, 3 * RATE), (RATE + 100, 3 * RATE)]


def test_it_waits_for_what_is_not_ready_and_goes_on() -> None:
    timeline = tones((0, RATE, 1000), (2 * RATE, 3 * RATE, 2000), duration=4 * RATE)
    player = Player(timeline, lambda frame: 2 * RATE if frame <= 2 * RATE else 4 * RATE)
    player.resume()
    assert not player.read(4 * RATE)[RATE:].any()
    assert player.position == 2 * RATE
    assert player.is_waiting
    assert not player.is_over
    longer = tones((0, RATE, 1000), (2 * RATE, 5 * RATE, 2000), duration=6 * RATE)
    player.replace(longer, lambda _: longer.duration)
    assert (player.read(3 * RATE) == 2000).all()
    player.read(RATE)
    assert player.is_over


def test_a_change_waits_for_the_end_of_a_sentence_that_sounds_otherwise() -> None:
    old = tones((0, 2 * RATE, 1000), (3 * RATE, 4 * RATE, 3000), duration=5 * RATE)
    player = playing(old)
    player.read(RATE)
    fast = tones((0, RATE, 1000), (2 * RATE, 3 * RATE, 3000), duration=4 * RATE)
    fast = replace(
        fast, clips=tuple(replace(clip, samples=clip.samples + 1) for clip in fast.clips)
    )
    player.replace(fast, lambda _: fast.duration)
    assert (player.read(RATE) == 1000).all(), "the sentence is heard to its end"
    assert player.timeline is old
    assert not player.read(RATE).any(), "and the silence after it is as long as in the new one"
    assert player.timeline is fast
    assert (player.read(RATE) == 3001).all()


def test_a_jump_puts_a_change_in_force_that_was_waiting() -> None:
    old = tones((0, 2 * RATE, 1000), (3 * RATE, 4 * RATE, 3000), duration=5 * RATE)
    new = tones((0, 3 * RATE, 1000), (4 * RATE, 5 * RATE, 3000), duration=6 * RATE)
    player = playing(old)
    player.read(RATE)
    player.replace(new, lambda _: new.duration)
    assert player.timeline is old
    player.go_to(player.timeline, Way(3 * RATE))
    assert player.timeline is new
    assert player.position == 4 * RATE


def test_a_change_in_a_pause_is_in_force_at_once() -> None:
    old = tones((0, 2 * RATE, 1000), duration=5 * RATE)
    new = tones((0, 3 * RATE, 1000), duration=6 * RATE)
    player = playing(old)
    player.read(RATE)
    player.pause()
    player.read(RATE)
    player.replace(new, lambda _: new.duration)
    assert player.timeline is new
    assert player.position == 0


def test_the_last_of_several_changes_wins() -> None:
    timelines = [tones((0, n * RATE, 1000), duration=(n + 1) * RATE) for n in (2, 3, 4)]
    player = playing(timelines[0])
    player.read(RATE)
    for timeline in timelines[1:]:
        player.replace(timeline, lambda frame, end=timeline.duration: end)  # type: ignore[misc]
    player.read(2 * RATE)
    assert player.timeline is timelines[2]


@pytest.mark.parametrize("second", range(0, 60, 3))
def test_a_longer_hold_is_heard_as_long_as_it_is_now(second: int) -> None:
    """Whenever in the repetition the change comes, the hold under way lasts the new time."""
    old, new = two(), timeline_of(routine_of(LONGER), Manner(), FakeVoice())
    hold = next(span for span in old.spans if span.kind == "hold")
    player = playing(old, hold.start - RATE)
    before = player.read(RATE + second * RATE // 12)
    player.replace(new, lambda _: new.duration)
    heard = np.concatenate([before, player.read(12 * RATE)])
    marks = [10_000 + n for n in (1, 4)]  # start and end, see `fake_cues`
    start, end = (np.flatnonzero(heard == mark)[0] for mark in marks)
    assert end - start == 7 * RATE


@given(script=scripts(), part=st.fractions(0, 1), blocks=BLOCKS)
def test_a_pause_anywhere_loses_and_doubles_no_repetition(
    script: Any, part: Fraction, blocks: list[int]
) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    timeline = timeline_of(routine, Manner(), FakeVoice(Fraction(1, 100)))
    frame = int(part * timeline.duration)
    player = playing(timeline, resume_at(timeline, frame))
    player.read(min(frame - player.position, 40 * RATE))
    here = player.position
    player.pause()
    player.read(FADE)
    player.resume()
    assert player.position == resume_at(timeline, here)
    found = places(timeline)
    assert found[0].start <= player.position <= here
