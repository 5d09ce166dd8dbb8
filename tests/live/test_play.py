"""`coach play` for real: a sound server records what it plays, a terminal presses its keys."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.history import default_path
from coach.library import find_routine
from coach.outputs import LIVE_RATE
from coach.timeline import Timeline, mix
from tests.conftest import spoken
from tests.live.rig import HEADPHONES, Recording, Rig
from tests.waiting import until

if TYPE_CHECKING:
    from coach.timeline import Samples

RECORD_S = float(os.environ.get("COACH_RECORD_SECONDS", "45"))
"""How long the two outputs are recorded and compared to the frame."""
COACH = [sys.executable, "-m", "coach", "play"]
ROUTINE = "si-joint-relief"
SHORT = ("--reps", "3", "--beyond-range", "--skip", "cat-camel", "--detail", "cues")
WINDOW = LIVE_RATE // 2
"""Frames by which a place in a recording is known."""


@pytest.fixture
def timeline(clips_at_hand: Path) -> Timeline:
    """Speak everything once, so that sessions begin at once; return what they play."""
    return spoken(find_routine(ROUTINE), LIVE_RATE).timeline


class Play:
    """A `coach play` that runs, on a terminal of its own if asked."""

    def __init__(self, *arguments: str, terminal: bool = False) -> None:
        self.master = -1
        stdin: int = subprocess.DEVNULL
        stdout: int = subprocess.PIPE
        if terminal:
            self.master, stdin = pty.openpty()
            stdout = stdin
        self.process = subprocess.Popen(
            [*COACH, *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={
                **os.environ,
                "TERM": "xterm",
                "DBUS_SESSION_BUS_ADDRESS": "disabled:",
                "COLUMNS": "80",
                "LINES": "24",
            },
        )
        self.errors = b""
        self.output = b""
        if terminal:
            os.close(stdin)
        streams = [(self.process.stderr, "errors")]
        if not terminal:
            streams.append((self.process.stdout, "output"))
        self._threads = [
            threading.Thread(target=self._drain, args=item, daemon=True) for item in streams
        ]
        if terminal:
            self._threads.append(threading.Thread(target=self._drain_terminal, daemon=True))
        for thread in self._threads:
            thread.start()

    def _drain(self, stream: object, name: str) -> None:
        with stream as file:  # type: ignore[attr-defined]
            for line in file:
                setattr(self, name, getattr(self, name) + line)

    def _drain_terminal(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.output += data

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def wait(self, limit: float = 30) -> int:
        code = self.process.wait(limit)
        for thread in self._threads:
            thread.join(limit)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


@pytest.fixture
def play() -> Iterator[Callable[..., Play]]:
    begun: list[Play] = []

    def start(*arguments: str, terminal: bool = False) -> Play:
        begun.append(Play(*arguments, terminal=terminal))
        return begun[-1]

    yield start
    for item in begun:
        item.close()


def is_heard(recording: Recording, seconds: float) -> bool:
    """Return whether so many seconds have been recorded since the first sound."""
    return len(recording.heard()) >= seconds * LIVE_RATE


def is_loud(recording: Recording, since: int = 0) -> bool:
    """Return whether anything has sounded since a frame."""
    return bool(recording.samples[since:].any())


def place_of(sound: Samples, timeline: Timeline) -> int:
    """Return the frame of the timeline at which `sound` begins; fail if it is not in there."""
    whole = mix(timeline, 0, timeline.duration)
    key = sound[: WINDOW // 10]
    at = int(np.flatnonzero(key)[0])
    for start in np.flatnonzero(whole == key[at]) - at:
        if start >= 0 and np.array_equal(whole[start : start + len(sound)], sound):
            return int(start)
    raise AssertionError("that sound is nowhere in the session")


def place_of_some(sound: Samples, timeline: Timeline) -> int:
    """Return about where `sound` begins, of which a busy machine may have made pieces."""
    step = WINDOW // 4
    for offset in range(0, len(sound) - step, step):
        piece = sound[offset : offset + step]
        if np.abs(piece[: WINDOW // 10].astype(int)).max() > 500:
            with contextlib.suppress(AssertionError):
                return place_of(piece, timeline) - offset
    raise AssertionError("no piece of that sound is in the session")


def pieces(samples: Samples, silence: int = WINDOW) -> list[Samples]:
    """Return what is between long silences."""
    loud = np.flatnonzero(samples)
    cuts = np.flatnonzero(np.diff(loud) > silence) + 1
    return [samples[part[0] : part[-1] + 1] for part in np.split(loud, cuts) if part.size]


@pytest.mark.one_at_a_time
def test_two_outputs_play_the_rendered_session_to_the_frame(
    rig: Rig, timeline: Timeline, play: Callable[..., Play]
) -> None:
    """No beep early or late, nothing missing, nothing doubled, for all that is recorded."""
    expected = mix(timeline, 0, timeline.duration)
    first = np.flatnonzero(expected)[0]
    with rig.record("out0") as by_simpleaudio, rig.record("out1") as by_miniaudio:
        begun = [play(ROUTINE, "-v", "--output", "simpleaudio")]
        until(lambda: is_heard(by_simpleaudio, 1))
        begun.append(play(ROUTINE, "-v", "--output", "miniaudio", "--device", HEADPHONES))
        until(lambda: is_heard(by_miniaudio, 1))
        for recording in (by_simpleaudio, by_miniaudio):
            until(lambda: recording.frames >= RECORD_S * LIVE_RATE, limit=RECORD_S + 30)  # noqa: B023
        for item in begun:
            item.process.send_signal(signal.SIGINT)
            assert item.wait() == 130
            assert b"Underruns of the output: 0." in item.errors
    for name, recording in (("simpleaudio", by_simpleaudio), ("miniaudio", by_miniaudio)):
        heard = recording.samples
        heard = heard[np.flatnonzero(heard)[0] :]
        # What sounds at the interrupt is broken off; up to a moment before, all is there.
        length = int((RECORD_S - 6) * LIVE_RATE)
        assert len(heard) >= length
        differs = np.flatnonzero(heard[:length] != expected[first : first + length])
        assert not differs.size, f"{name}: from {differs[0] / LIVE_RATE} s on"


@pytest.mark.to_the_frame
def test_keys_pause_and_skip(rig: Rig, timeline: Timeline, play: Callable[..., Play]) -> None:
    with rig.record() as recording:
        session = play(ROUTINE, terminal=True)
        until(lambda: is_heard(recording, 2.5), limit=20)
        session.press(" ")
        until(lambda: not recording.samples[-WINDOW:].any())
        paused = recording.frames
        session.press(" ")
        until(lambda: is_loud(recording, paused))
        until(lambda: recording.frames > paused + 2 * LIVE_RATE)
        session.press("\x1b[B")  # down: to the first exercise, and to the second
        pressed = recording.frames
        until(lambda: recording.frames > pressed + LIVE_RATE)
        session.press("\x1b[B")
        until(lambda: recording.frames > paused + 6 * LIVE_RATE)
        stopped = recording.frames
        session.press("q")
        assert session.wait() == 0
    assert b"Stopped in Hand-heel rocks" in session.errors
    resumed = recording.samples[paused:]
    resumed = resumed[np.flatnonzero(resumed)[0] :]
    starts = [clip.start for clip in timeline.clips if clip.kind == "speech"]
    first = np.array([np.flatnonzero(mix(timeline, start, start + 4800))[0] for start in starts])
    place = place_of(resumed[:WINDOW], timeline)
    assert place in np.array(starts) + first, "it goes on with the first word of a sentence"
    chapter = timeline.markers[2]
    after = recording.samples[stopped - 2 * LIVE_RATE : stopped]
    assert chapter.start < place_of(after[np.flatnonzero(after)[0] :], timeline)


@pytest.mark.to_the_frame
def test_the_sound_server_dies_and_comes_back(
    rig: Rig, timeline: Timeline, play: Callable[..., Play]
) -> None:
    with rig.record() as recording:
        session = play(ROUTINE, "--plain", "-v", terminal=True)
        until(lambda: is_heard(recording, 4), limit=20)
        rig.kill()
    until(lambda: b"No sound" in session.output)
    rig.start()
    with rig.record() as recording:
        until(lambda: is_heard(recording, 3), limit=20)
        session.press("q")
        assert session.wait() == 0
    assert b"Traceback" not in session.errors
    heard = recording.heard()[: 2 * LIVE_RATE]
    place = place_of(heard, timeline)
    assert LIVE_RATE < place < 6 * LIVE_RATE, "it goes on about where it was"


@pytest.mark.parametrize("how", ["hangs", "is unplugged", "dies at once"])
def test_a_loudspeaker_is_gone_for_a_while(
    rig: Rig, timeline: Timeline, play: Callable[..., Play], how: str
) -> None:
    with rig.record() as recording:
        session = play(ROUTINE, "--plain", "-v", terminal=True)
        if how == "dies at once":
            until(lambda: b"Playing" in session.output, limit=60)
            rig.kill()
        else:
            until(lambda: is_heard(recording, 4), limit=60)
            rig.freeze() if how == "hangs" else rig.unplug()
    if how != "is unplugged":  # some servers move what plays to another device by themselves
        until(lambda: b"No sound" in session.output)
    if how == "hangs":
        rig.thaw()
    elif how == "dies at once":
        rig.start()
    with rig.record("out1" if how == "is unplugged" else "out0") as recording:
        until(lambda: is_heard(recording, 3), limit=40)
        session.press("q")
        assert session.wait() == 0
    assert b"Traceback" not in session.errors
    place = place_of_some(recording.heard(), timeline)
    assert place < (20 if how == "is unplugged" else 6) * LIVE_RATE, "it goes on where it was"
    assert how == "dies at once" or place > LIVE_RATE


@pytest.mark.usefixtures("no_sound")
def test_no_loudspeaker_is_a_sentence(play: Callable[..., Play]) -> None:
    session = play(ROUTINE)
    assert session.wait() == 1
    assert b"coach render" in session.errors
    assert b"Traceback" not in session.errors


def test_an_interrupt_tells_where_and_the_session_can_be_resumed(
    rig: Rig, timeline: Timeline, play: Callable[..., Play], tmp_path: Path
) -> None:
    with rig.record() as recording:
        session = play(ROUTINE, *SHORT)
        until(lambda: is_heard(recording, 1), limit=20)
        session.process.send_signal(signal.SIGINT)
        assert session.wait() == 130
    assert b"Go on with: coach play si-joint-relief --resume" in session.errors
    for routine in ([ROUTINE], []):
        again = play(*routine, "--resume", "--output", "none", "--fast")
        assert again.wait(60) == 0, again.errors
        assert b"Done: 12 of 12 repetitions" in again.errors
        if routine:
            assert b"Exercise 1 of 4: Hand-heel rocks." in again.output
            break_off(play)
    with contextlib.closing(sqlite3.connect(default_path())) as history:
        rows = history.execute("SELECT planned, finished, closed FROM session ORDER BY id")
        assert rows.fetchall() == [(12, 0, 1), (12, 0, 0)], "the second was killed"


def break_off(play: Callable[..., Play]) -> None:
    """Leave a session of the same kind behind that was killed."""
    session = play(ROUTINE, *SHORT, "--plain")
    until(lambda: b"Exercise 1" in session.output, limit=60)
    session.process.kill()
    session.wait()


def test_a_terminal_that_closes_ends_the_session_and_keeps_it(
    rig: Rig, timeline: Timeline, play: Callable[..., Play]
) -> None:
    with rig.record() as recording:
        session = play(ROUTINE, terminal=True)
        until(lambda: is_heard(recording, 2), limit=20)
        os.close(session.master)
        session.master = -1
        session.process.send_signal(signal.SIGHUP)  # as the system does for a session leader
        assert session.wait() in (0, 130)
    assert b"Traceback" not in session.errors
    with contextlib.closing(sqlite3.connect(default_path())) as history:
        assert history.execute("SELECT finished, closed FROM session").fetchall() == [(0, 1)]


@pytest.mark.to_the_frame
def test_a_process_that_was_stopped_goes_on(
    rig: Rig, timeline: Timeline, play: Callable[..., Play]
) -> None:
    with rig.record() as recording:
        session = play(ROUTINE)
        until(lambda: is_heard(recording, 3), limit=20)
        session.process.send_signal(signal.SIGSTOP)
        until(lambda: not recording.samples[-3 * LIVE_RATE :].any())
        stopped = recording.frames
        session.process.send_signal(signal.SIGCONT)
        until(lambda: is_loud(recording, stopped))
        until(lambda: recording.frames > stopped + 4 * LIVE_RATE)
        session.process.send_signal(signal.SIGINT)
        assert session.wait() == 130
    assert b"sound" not in session.output + session.errors, "the loudspeaker was not lost"
    last = pieces(recording.samples[stopped:], LIVE_RATE)[0][:WINDOW]
    assert place_of(last[len(last) // 2 :], timeline) < 12 * LIVE_RATE


@pytest.mark.alone
def test_the_first_session_speaks_while_it_plays(rig: Rig, play: Callable[..., Play]) -> None:
    """Nothing is stored: it begins all the same, and then all of it is spoken."""
    with rig.record() as recording:
        session = play(ROUTINE, "-v")
        until(lambda: is_heard(recording, 8), limit=60)
        session.process.send_signal(signal.SIGINT)
        assert session.wait() == 130
    assert b"could not" not in session.errors
    timeline = spoken(find_routine(ROUTINE), LIVE_RATE).timeline
    heard = recording.heard()[: 7 * LIVE_RATE]
    assert place_of(heard, timeline) < LIVE_RATE
