"""Listening for spoken commands: what is listened to, what is told, and how it ends."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.listening import BEHIND_S, RATE, SPOKEN, Heard
from coach.listening.capture import Block, CaptureClock, Inlet, MicrophoneError
from coach.listening.child import Listener
from coach.listening.deaf import DeafSpans
from coach.listening.ear import Ear
from coach.listening.signal_watch import SILENT_LATER_S, SILENT_S, SignalWatch
from tests.ear_stand_ins import COMMAND, NumberRecogniser, Sounds, hum, spoken
from tests.waiting import until

if TYPE_CHECKING:
    from coach.timeline import Samples

# -- when not to listen --------------------------------------------------------------------------

SPANS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=6)


@given(SPANS, st.integers(0, 300), st.integers(0, 100))
def test_exactly_the_deaf_spans_are_cut_out(
    spans: list[tuple[int, int]], start: int, count: int
) -> None:
    deaf = DeafSpans()
    for from_, until_ in spans:
        deaf.add(from_ / RATE, until_ / RATE)
    frames = np.arange(start, start + count).astype(np.int16)
    pieces = deaf.pieces(Block(frames, (start + count) / RATE))
    kept = [int(frame) for is_heard, piece in pieces if is_heard for frame in piece]
    assert kept == [
        frame
        for frame in range(start, start + count)
        if not any(from_ <= frame < until_ for from_, until_ in spans)
    ]
    assert sum(len(piece) for _, piece in pieces) == count


def test_what_has_passed_is_forgotten() -> None:
    deaf = DeafSpans()
    for second in range(1000):
        deaf.add(second, second + 0.5)
    assert deaf.since(998.0) == ((998.0, 998.5), (999.0, 999.5))
    deaf.add(998.2, 2000.0)
    assert deaf.since(0.0) == ((998.0, 2000.0),)


# -- when something was captured -----------------------------------------------------------------


def test_times_follow_the_block_that_was_least_late() -> None:
    clock = CaptureClock()
    late = [0.08, 0.02, 0.3, 0.05, 0.02, 0.9, 0.4]
    for number, lateness in enumerate(late, 1):
        clock.arrived(number / 10, 50 + number / 10 + lateness)
    assert clock.time_of(0.7) == pytest.approx(50.72)


def test_times_are_right_again_after_a_gap() -> None:
    clock = CaptureClock()
    for number in range(1, 101):
        clock.arrived(number / 10, 50 + number / 10)
    for number in range(101, 201):
        clock.arrived(number / 10, 53 + number / 10)
    assert clock.time_of(20.0) == pytest.approx(73.0)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_sound_comes_at_one_rate_and_none_is_shifted(rate: int) -> None:
    inlet = Inlet(rate)
    sound = np.zeros(rate, np.int16)
    sound[rate // 2] = 20_000
    blocks = []
    for at in range(0, rate, rate // 50):
        inlet.put(sound[at : at + rate // 50].tobytes())
        block = inlet.read(1.0)
        assert block is not None
        blocks.append(block.samples)
    got = np.concatenate(blocks)
    assert abs(int(np.argmax(got)) - RATE // 2) <= 1
    assert len(got) > 0.9 * RATE


def test_a_microphone_that_gives_nothing_is_lost() -> None:
    inlet = Inlet(RATE)
    inlet._waited = 3.0
    assert not inlet.is_lost(), "before the first sound it may take its time"
    inlet.put(bytes(640))
    assert inlet.read(0.01) is not None
    assert inlet.read(0.01) is None
    assert not inlet.is_lost(), "at once"
    inlet._waited = 1.0
    assert inlet.is_lost()
    inlet.put(bytes(640))
    inlet.read(0.01)
    assert not inlet.is_lost(), "it was only late"
    inlet.stopped = True
    assert inlet.is_lost()


# -- what is wrong with the sound ----------------------------------------------------------------


def troubles(*seconds: Samples) -> list[str | None]:
    watch = SignalWatch()
    return [
        found
        for second in seconds
        for found in [[watch.hear(part) for part in np.array_split(second, 50)][-1]]
    ]


def test_silence_is_noticed() -> None:
    silence, sound = np.zeros(RATE, np.int16), hum(1)
    assert troubles(*[silence] * (SILENT_S - 1)) == [None] * (SILENT_S - 1)
    assert troubles(*[silence] * SILENT_S)[-1] == "silent"
    assert troubles(sound, *[silence] * (SILENT_LATER_S - 1))[-1] is None
    assert troubles(sound, *[silence] * SILENT_LATER_S)[-1] == "silent"
    noise = np.random.default_rng(1).normal(0, 12, RATE).round().astype(np.int16)
    assert set(troubles(*[noise] * 70)) == {None}, "a quiet room is no silence"


def test_an_overdriven_signal_is_noticed() -> None:
    time_ = np.arange(RATE) / RATE
    voice = np.sin(2 * np.pi * 200 * time_)
    loud = np.clip(voice * 60_000, -32768, 32767).astype(np.int16)
    right = (voice * 32_000).astype(np.int16)
    assert troubles(right, loud, loud, right)[-1] is None, "a shout"
    assert troubles(loud, right, loud, right, loud)[-1] == "clipped"
    assert set(troubles(*[(voice * 20_000).astype(np.int16)] * 20)) == {None}


# -- listening -----------------------------------------------------------------------------------


class Over(Exception):  # noqa: N818 - it is no error
    """The microphones have been used up."""


class Scene:
    """Microphones one after the other, and what was answered."""

    def __init__(self, *microphones: Sounds | MicrophoneError) -> None:
        self._microphones = list(microphones)
        self.recogniser = NumberRecogniser()
        self.deaf = DeafSpans()
        self.answers: list[dict[str, Any]] = []

    def _open(self) -> Sounds:
        if not self._microphones:
            raise Over
        following = self._microphones.pop(0)
        if isinstance(following, MicrophoneError):
            raise following
        return following

    def listen(self) -> None:
        listener = Listener(
            self.recogniser, self._open, self.answers.append, self.deaf, retry_s=0.0
        )
        with pytest.raises(Over):
            listener.run()

    @property
    def commands(self) -> list[str]:
        return [answer["heard"]["command"] for answer in self.answers if "heard" in answer]

    @property
    def faults(self) -> list[str]:
        return [answer["kind"] for answer in self.answers if "fault" in answer]


def test_commands_are_heard_but_not_while_the_coach_sounds() -> None:
    now = time.monotonic()
    sound = np.concatenate([hum(0.3), spoken(0), hum(0.3), spoken(1), hum(0.3), spoken(2)])
    scene = Scene(Sounds(sound, now))
    scene.deaf.add(now + 0.7, now + 0.8)
    scene.listen()
    assert scene.commands == [SPOKEN[0], SPOKEN[2]]
    assert scene.recogniser.skipped == round(0.1 * RATE)
    heard = np.concatenate(scene.recogniser.heard)
    assert np.array_equal(heard, sound[sound != spoken(1)[0]]), "exactly"
    (first, last) = (answer["heard"] for answer in scene.answers if "heard" in answer)
    assert first["at"] == pytest.approx(0.3)
    assert last["at"] == pytest.approx(1.1)


def test_each_fault_is_told_once() -> None:
    now = time.monotonic()
    silence = np.zeros((SILENT_S + 3) * RATE, np.int16)
    none = MicrophoneError("none", "there is no microphone", "Plug one in.")
    busy = MicrophoneError("busy", "another program has it", "End that.")
    scene = Scene(none, none, Sounds(hum(0.1), now), busy, none, Sounds(silence, now), busy)
    scene.listen()
    assert scene.faults == ["none", "lost", "busy", "silent"]
    fault = next(answer for answer in scene.answers if "fault" in answer)
    assert fault == {"fault": "there is no microphone", "hint": "Plug one in.", "kind": "none"}


def test_a_microphone_that_never_gives_sound_is_not_called_lost() -> None:
    scene = Scene(Sounds(hum(0), 0.0), Sounds(hum(0), 0.0))
    scene.listen()
    assert scene.faults == ["failed"]
    assert "`stand-in` gives no sound" in scene.answers[0]["fault"]


def test_a_microphone_that_comes_back_is_listened_to() -> None:
    now = time.monotonic()
    first, second = Sounds(spoken(3), now), Sounds(spoken(4), now + 1.1)
    scene = Scene(first, second)
    scene.listen()
    assert scene.commands == [SPOKEN[3], SPOKEN[4]]
    assert scene.recogniser.skipped == RATE, "the time between"
    assert first.closed
    assert second.closed


def test_what_is_too_old_is_passed_over() -> None:
    now = time.monotonic()
    old = now - BEHIND_S - 1
    scene = Scene(Sounds(np.concatenate([spoken(5), hum(10), spoken(6)]), old))
    scene.listen()
    assert scene.commands == [SPOKEN[6]]


# -- the process ---------------------------------------------------------------------------------


class Life:
    """An ear that listens by the stand-ins, and what it said."""

    def __init__(self, microphone: str) -> None:
        self.heard: list[Heard] = []
        self.told: list[str] = []
        self.ear = Ear(self.heard.append, self.told.append, microphone=microphone, command=COMMAND)
        self.ear.start()

    @property
    def pid(self) -> int:
        process = self.ear._process._process
        assert process is not None
        return process.pid


@pytest.fixture
def live() -> Iterator[Callable[[str], Life]]:
    lives: list[Life] = []
    before = set(threading.enumerate())
    descriptors = open_descriptors()

    def start(microphone: str = "") -> Life:
        lives.append(Life(microphone))
        return lives[-1]

    yield start
    for life in lives:
        life.ear.close()
    until(lambda: not set(threading.enumerate()) - before, "the end of the threads")
    assert open_descriptors() <= descriptors


def open_descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def is_gone(pid: int) -> bool:
    """Return whether there is no process of that number, not even one that nobody waits for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_commands_come_from_another_process(live: Callable[..., Life]) -> None:
    life = live()
    until(lambda: len(life.heard) >= 20, "twenty commands")
    pid = life.pid
    if hasattr(os, "getpriority"):
        assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    os.kill(pid, signal.SIGINT)
    count = len(life.heard)
    until(lambda: len(life.heard) >= count + 5, "more, after Ctrl-C")
    assert [heard.command for heard in life.heard[:20]] == [*SPOKEN, *SPOKEN][:20]
    begun = time.monotonic()
    life.ear.close()
    assert time.monotonic() - begun < 1
    assert is_gone(pid)
    count = len(life.heard)
    life.ear.close()
    assert len(life.heard) == count
    assert life.told == []


def test_it_may_be_closed_by_a_command(live: Callable[..., Life]) -> None:
    closed = threading.Event()
    begun: queue.SimpleQueue[Ear] = queue.SimpleQueue()

    def send(_: Heard) -> None:
        begun.get().close()
        closed.set()

    ear = Ear(send, print, command=COMMAND)
    ear.start()
    begun.put(ear)
    assert closed.wait(20)


def test_deaf_spans_reach_the_process(live: Callable[..., Life]) -> None:
    life = live()
    until(lambda: life.heard, "a command")
    now = time.monotonic()
    for number in range(100):
        life.ear.deaf(now, now + number / 10)
    time_limit = now + 1.5
    until(lambda: time.monotonic() > now + 0.5)
    count = len(life.heard)
    until(lambda: time.monotonic() > time_limit)
    assert len(life.heard) == count
    # A process that is started anew is told again.
    os.kill(life.pid, signal.SIGKILL)
    until(lambda: life.told)
    assert "started again" in life.told[0]
    until(lambda: time.monotonic() > now + 4)
    assert len(life.heard) == count


@pytest.mark.parametrize("microphone", ["dies at once", "dies"])
def test_it_is_started_again_twice(live: Callable[..., Life], microphone: str) -> None:
    life = live(microphone)
    until(lambda: len(life.told) == 2)
    assert "started again" in life.told[0]
    assert "without them" in life.told[1]
    assert len(life.heard) == (3 if microphone == "dies" else 0)
    life.ear.deaf(0.0, 1.0)
    life.ear.close()
    assert len(life.told) == 2


def test_one_that_is_killed_is_replaced(live: Callable[..., Life]) -> None:
    life = live()
    until(lambda: life.heard)
    pid = life.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: life.told)
    assert is_gone(pid)
    count = len(life.heard)
    until(lambda: len(life.heard) > count)
    assert len(life.told) == 1


@pytest.mark.parametrize("microphone", ["none", "lost"])
def test_a_fault_is_told_in_a_sentence(live: Callable[..., Life], microphone: str) -> None:
    life = live(microphone)
    until(lambda: life.told)
    assert life.told[0].startswith(
        {
            "none": "There is no microphone; the session goes on without spoken commands. Plug",
            "lost": "The microphone was lost; the session goes on without it. See whether",
        }[microphone]
    )


def test_a_microphone_that_hangs_is_left_behind_with_its_process(live: Callable[..., Life]) -> None:
    life = live("lost and hangs")
    pid = life.pid
    until(lambda: len(life.heard) >= 5, "the fifth process")
    assert is_gone(pid)
    assert len(life.told) == 1
    assert "was lost" in life.told[0]


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_process_that_hangs_is_killed(live: Callable[..., Life], is_stopped: bool) -> None:
    life = live("hangs")
    pid = life.pid
    if is_stopped:
        os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    life.ear.close()
    assert time.monotonic() - begun < 1
    assert is_gone(pid)


def test_one_that_hangs_is_noticed(
    live: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.listening.process.TICK_S", 0.2)
    life = live()
    until(lambda: life.heard)
    os.kill(life.pid, signal.SIGSTOP)
    until(lambda: life.told)
    assert "started again" in life.told[0]


RUBBISH = """
import json, os, sys, threading, time
now = time.monotonic()
ours = {"command": "pause", "at": 1.0, "end": 2.0, "confidence": 1.0, "wording": "pause please"}
odd = [{**ours, "command": "fly"}, {**ours, "at": "soon"}, {**ours, "more": 1}, {"command": "pause"}, 7, None]
lines = [json.dumps({"heard": heard, "told": now}) for heard in odd]
lines += [json.dumps({"heard": ours, "told": told}) for told in (now - 3.5, "now", None)]
lines += ["", "7", "[]", "[" * 99_000, "{", json.dumps({"fault": 1}), json.dumps({"fault": "a", "kind": []})]
for line in lines:
    os.write(1, line.encode() + b"\\n")
os.write(1, b"\\xff" * 300_000 + b"\\n")
print(json.dumps({"heard": ours, "told": now}), flush=True)
sys.stdin.read()
"""


def test_rubbish_is_passed_over(live: Callable[..., Life]) -> None:
    heard: list[Heard] = []
    told: list[str] = []
    ear = Ear(heard.append, told.append, command=(sys.executable, "-c", RUBBISH))
    ear.start()
    until(lambda: heard)
    ear.close()
    assert heard == [Heard("pause", 1.0, 2.0, 1.0, "pause please")], "one that is not old"
    assert not told


def test_nothing_waits_for_a_process_that_does_not_read(live: Callable[..., Life]) -> None:
    life = live()
    until(lambda: life.heard)
    os.kill(life.pid, signal.SIGSTOP)
    begun = time.monotonic()
    for number in range(20_000):
        life.ear.deaf(begun + number % 50, begun + number % 50 + 0.5)
    assert time.monotonic() - begun < 10
    life.ear.close()


def test_it_says_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from coach.errors import ListeningError

    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(ListeningError, match="need pocketsphinx, which is not") as caught:
        Ear(print, print).start()
    assert "audio-coach[listen]" in caught.value.hint
