"""Outputs on a real sound server, whose loudspeaker is recorded."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.errors import DeviceError
from coach.outputs import LIVE_RATE, Device, ListsDevices, Playback, open_output
from coach.outputs.simpleaudio_output import SimpleaudioOutput
from tests.live.rig import HEADPHONES, SPEAKER, Recording, Rig
from tests.waiting import until

if TYPE_CHECKING:
    from coach.timeline import Samples

BOTH = pytest.mark.parametrize("name", ["miniaudio", "simpleaudio"])


class Noise:
    """Noise without a silent frame, so that any missing or doubled one would show."""

    def __init__(self, seconds: float) -> None:
        noise = np.random.default_rng(1).integers(1, 9000, round(seconds * LIVE_RATE))
        self.samples: Samples = noise.astype(np.int16)
        self.position = 0
        self.stall_at = 0
        """The frame before which a read takes half a second; 0 is none."""

    def read(self, count: int) -> Samples:
        if self.stall_at and self.position >= self.stall_at:
            self.stall_at = 0
            time.sleep(0.5)
        piece = self.samples[self.position : self.position + count]
        self.position += count
        return np.pad(piece, (0, count - len(piece)))

    @property
    def is_over(self) -> bool:
        return self.position > len(self.samples) + 0.6 * LIVE_RATE


class Level:
    """A constant, which is changed at any moment."""

    def __init__(self) -> None:
        self.value = 1000

    def read(self, count: int) -> Samples:
        return np.full(count, self.value, np.int16)


class Broken:
    def read(self, count: int) -> Samples:
        raise ZeroDivisionError("no such session")


class Short:
    def read(self, count: int) -> Samples:
        return np.zeros(count - 1, np.int16)


def open_files() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


@contextmanager
def playing(name: str, source: Noise | Level | Broken | Short) -> Iterator[Playback]:
    with closing(open_output(name).start(source, LIVE_RATE)) as playback:
        yield playback


def gaps(recording: Recording, noise: Noise) -> float:
    """Return the seconds of silence within the noise, all of which was heard once, in order."""
    heard = recording.heard()
    assert np.array_equal(heard[heard != 0], noise.samples)
    return (len(heard) - len(noise.samples)) / LIVE_RATE


@pytest.mark.to_the_frame
@BOTH
def test_every_frame_is_heard_once(rig: Rig, name: str) -> None:
    noise = Noise(2)
    with rig.record() as recording, playing(name, noise) as playback:
        until(lambda: noise.is_over)
        assert playback.problem() is None
    # None on a machine that has time, but the tests may not be alone on it.
    assert gaps(recording, noise) < 0.1


@pytest.mark.to_the_frame
@BOTH
def test_no_frame_is_lost_to_an_underrun(rig: Rig, name: str) -> None:
    noise = Noise(2)
    noise.stall_at = LIVE_RATE
    with rig.record() as recording, playing(name, noise) as playback:
        until(lambda: noise.is_over)
        assert playback.underruns
        assert playback.problem() is None
    assert gaps(recording, noise) > 0.1


@pytest.mark.to_the_frame
@pytest.mark.parametrize(("name", "limit"), [("miniaudio", 0.12), ("simpleaudio", 0.5)])
def test_a_command_is_heard_soon(rig: Rig, name: str, limit: float) -> None:
    level = Level()
    given = []
    with rig.record() as recording, playing(name, level) as playback:
        for number in range(1, 10):
            heard = recording.frames
            # Commands fall at any moment of a period.
            until(lambda at=heard: recording.frames > at + 0.217 * LIVE_RATE)  # type: ignore[misc]
            given.append(time.monotonic())
            level.value = 1000 + number
        until(lambda: level.value in recording.samples[-4800:])
        said = playback.latency
    delays = [
        recording.time_of(int(np.argmax(recording.samples == 1000 + number))) - moment
        for number, moment in enumerate(given, 1)
    ]
    assert np.median(delays) < limit
    assert abs(np.median(delays) - said) < 0.1


@pytest.mark.to_the_frame
@BOTH
def test_a_busy_program_loses_no_frame(rig: Rig, name: str) -> None:
    noise = Noise(2)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            sum(range(1000))

    workers = [threading.Thread(target=work) for _ in range(2)]
    with rig.record() as recording, playing(name, noise):
        for worker in workers:
            worker.start()
        try:
            until(lambda: noise.is_over)
        finally:
            stop.set()
            for worker in workers:
                worker.join()
    assert gaps(recording, noise) < 1


@BOTH
@pytest.mark.usefixtures("no_sound")
def test_without_a_device_nothing_plays_to_nobody(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DeviceError, match="no sound device can be used") as caught:
        open_output(name).start(Level(), LIVE_RATE)
    assert "coach render" in caught.value.hint
    assert capfd.readouterr() == ("", ""), "ALSA writes about its troubles at length"


@pytest.mark.to_the_frame
@BOTH
def test_a_server_that_is_killed_and_started_again(rig: Rig, name: str) -> None:
    with playing(name, Level()) as playback:
        assert playback.problem() is None
        rig.kill()
        until(playback.problem, limit=2.5)
    assert playback.problem() is None, "it is closed"
    with pytest.raises(DeviceError):
        open_output(name).start(Level(), LIVE_RATE)
    rig.start()
    noise = Noise(0.5)
    with rig.record() as recording, playing(name, noise):
        until(lambda: noise.is_over)
    assert gaps(recording, noise) < 0.1


def test_what_hands_out_sound_goes_before_all_else_where_it_may(rig: Rig) -> None:
    with playing("miniaudio", Level()):
        threads = [int(path.name) for path in Path("/proc/self/task").iterdir()]
        found = {os.sched_getscheduler(one) & ~os.SCHED_RESET_ON_FORK for one in threads}
    may = os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] > 0
    assert (os.SCHED_RR in found) == may


def test_nothing_is_lost_while_nobody_looks(rig: Rig) -> None:
    with playing("miniaudio", Level()) as playback:
        rig.freeze()
        time.sleep(1.5)  # as if this process had been stopped
        assert playback.problem() is None
        until(playback.problem, limit=2.5)
    rig.thaw()


def test_a_server_that_hangs_is_noticed_and_closed(rig: Rig) -> None:
    with playing("miniaudio", Level()) as playback:
        rig.freeze()
        until(playback.problem, limit=2.5)
        rig.thaw()
        until(lambda: playback.problem() is None)
        rig.freeze()
    rig.thaw()
    until(lambda: not rig.pactl("list", "short", "sink-inputs"))


@BOTH
def test_a_server_that_hangs_at_the_start(
    rig: Rig, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"coach.outputs.{name}_output.OPEN_S", 1.5)
    rig.freeze()
    with pytest.raises(DeviceError, match=r"within 1\.5 s"):
        open_output(name).start(Level(), LIVE_RATE)
    rig.thaw()
    if name == "miniaudio":
        # What was still opening is closed when it comes, and its connection with it.
        until(lambda: rig.pactl("list", "short", "clients").count("\n") == 1)
    with rig.record() as recording, playing(name, Level()):
        until(lambda: recording.heard().size)


@BOTH
def test_what_the_source_raises_is_told(
    rig: Rig, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with playing(name, Broken()) as playback:
        until(playback.problem)
        assert playback.problem() == "the session could not be played: no such session"
    with playing(name, Short()) as playback:
        until(playback.problem)
        assert "frames of int16, found int16 of shape" in str(playback.problem())
    assert capfd.readouterr() == ("", "")


@BOTH
def test_closing_ends_the_sound_and_everything_that_was_started(rig: Rig, name: str) -> None:
    interval = sys.getswitchinterval()
    threads = threading.active_count()
    files = open_files()
    for _ in range(2):
        with playing(name, Level()) as playback:
            pass
        playback.close()
        assert sys.getswitchinterval() == interval
        until(lambda: threading.active_count() == threads)
        until(lambda: open_files() == files)
        until(lambda: not rig.pactl("list", "short", "sink-inputs"))


def test_devices_are_listed_and_chosen(rig: Rig) -> None:
    output = open_output("miniaudio")
    assert isinstance(output, ListsDevices)
    assert output.devices() == (
        Device(SPEAKER, is_default=True, backend="PulseAudio"),
        Device(HEADPHONES, is_default=False, backend="PulseAudio"),
    )
    for wanted in ("headph", HEADPHONES.upper()):
        with (
            rig.record("out1") as recording,
            closing(open_output("miniaudio", wanted).start(Level(), LIVE_RATE)),
        ):
            until(lambda: recording.heard().size)


def test_a_device_that_is_not_there(rig: Rig) -> None:
    with pytest.raises(DeviceError, match="did you mean `Rig headphones`") as caught:
        open_output("miniaudio", "rig headfones").start(Level(), LIVE_RATE)
    assert SPEAKER in caught.value.hint
    with pytest.raises(DeviceError, match="several sound devices"):
        open_output("miniaudio", "rig").start(Level(), LIVE_RATE)
    with pytest.raises(DeviceError, match="default device only"):
        open_output("simpleaudio", "rig").start(Level(), LIVE_RATE)


class Bursts:
    """Noise for half a second, silence for one and a quarter, again and again."""

    def __init__(self, count: int) -> None:
        self.noise = Noise(count / 2)
        self.position = 0
        silence = np.zeros(5 * LIVE_RATE // 4, np.int16)
        bursts = np.split(self.noise.samples, count)
        self._song = np.concatenate([part for burst in bursts for part in (burst, silence)])

    def read(self, count: int) -> Samples:
        piece = self._song[self.position : self.position + count]
        self.position += count
        return np.pad(piece, (0, count - len(piece)))

    @property
    def is_over(self) -> bool:
        return self.position > len(self._song)


@pytest.mark.to_the_frame
def test_simpleaudio_changes_tapes_in_a_silence(rig: Rig) -> None:
    bursts = Bursts(5)
    # The third burst is still on the first tape, the last one already on the third.
    output = SimpleaudioOutput(tape_s=4.8)
    with rig.record() as recording, closing(output.start(bursts, LIVE_RATE)) as playback:
        until(lambda: bursts.is_over, limit=20)
        assert playback.problem() is None
    heard = recording.heard()
    assert np.array_equal(heard[heard != 0], bursts.noise.samples)
    (loud,) = np.nonzero(heard)
    silences = np.diff(loud)[np.diff(loud) > 1] - 1
    assert len(silences) == 4, "no burst is broken"
    assert np.abs(silences / LIVE_RATE - 1.25).max() < 0.03


def test_simpleaudio_survives_the_end_of_its_process(rig: Rig) -> None:
    playback = SimpleaudioOutput().start(Level(), LIVE_RATE)
    with closing(playback):
        os.kill(playback._process.pid, signal.SIGSEGV)
        until(playback.problem)
        assert "process" in str(playback.problem())


def test_simpleaudio_leaves_no_file(
    rig: Rig, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    folder = tmp_path_factory.mktemp("tapes")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with playing("simpleaudio", Level()):
        assert not list(folder.iterdir()), "not even a killed coach leaves one"
    assert not list(folder.iterdir())
