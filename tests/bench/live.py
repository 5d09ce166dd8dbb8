"""Measure how soon a live session is heard, how soon it obeys, and what it costs.

What is measured is what a real sound server (PulseAudio with a null sink) was given; it has to be
installed. The bare program that coach is compared with runs in turn with it.
"""

from __future__ import annotations

import contextlib
import os
import pty
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.bench.run import Bench, Row
from tests.live.rig import RATE, Recording, Rig
from tests.waiting import until

ROUTINE = "si-joint-relief"
COACH = (sys.executable, "-m", "coach")
BARE = """
import miniaudio
def sound():
    count = yield b""
    while True:
        count = yield b"\\x00\\x20" * count
device = miniaudio.PlaybackDevice(output_format=miniaudio.SampleFormat.SIGNED16, nchannels=1,
    sample_rate=48000, buffersize_msec=60, backends=[miniaudio.Backend.PULSEAUDIO])
generator = sound()
next(generator)
device.start(generator)
import time
time.sleep(30)
"""
"""The least that makes a sound."""
SECONDS = 60.0
"""For which the processor's load is measured."""
HOUR = "title: Hour\nexercises: [{name: A, reps: 30, phases: [{cue: Up, hold: 110}]}]\n"
SIXTH = HOUR.replace("30", "5")


class Home:
    """An environment of its own, with a sound server."""

    def __init__(self, folder: Path, rig: Rig) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        } | {
            **rig.environment,
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "TERM": "xterm",
        }

    def forget(self) -> None:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    @contextlib.contextmanager
    def running(self, command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        """Yield a program on a terminal, and the terminal's other end."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            command, env=self.environment, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        threading.Thread(target=_drain, args=(master,), daemon=True).start()
        try:
            yield process, master
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(10)
            os.close(master)


def _drain(terminal: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(terminal, 65536):
            pass


def first_sound(home: Home, rig: Rig, command: Sequence[str]) -> float:
    """Return the seconds from a command's start to its first sound."""
    with rig.record() as recording:
        start = time.monotonic()
        with home.running(command):
            until(lambda: bool(recording.samples.any()), limit=30)
        return recording.time_of(int(np.flatnonzero(recording.samples)[0])) - start


def obedience(home: Home, rig: Rig, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds from a key to its effect in the sound: of pauses, and of skips."""
    pauses, skips = [], []
    with rig.record() as recording, home.running((*COACH, "play", ROUTINE)) as (_, terminal):
        until(lambda: bool(recording.samples.any()), limit=30)
        for _ in range(rounds):
            while_loud(recording)
            pressed = time.monotonic()
            os.write(terminal, b" ")
            until(lambda: not recording.samples[-RATE // 2 :].any(), limit=30)
            last = int(np.flatnonzero(recording.samples)[-1])
            pauses.append(recording.time_of(last) - pressed)
            os.write(terminal, b"\x1b[B")  # where speech begins a moment after the chapter does
            silent = recording.frames
            until(lambda: recording.frames > silent + RATE // 4)  # noqa: B023
            pressed = time.monotonic()
            before = recording.frames
            os.write(terminal, b" ")
            until(lambda: bool(recording.samples[before:].any()), limit=30)  # noqa: B023
            first = before + int(np.flatnonzero(recording.samples[before:])[0])
            skips.append(recording.time_of(first) - pressed)
            os.write(terminal, b"\x1b[A\x1b[A")
    return pauses, skips


def while_loud(recording: Recording) -> None:
    """Return in the middle of a sentence."""
    start = recording.frames
    until(lambda: recording.frames > start + RATE)
    until(lambda: np.count_nonzero(recording.samples[-RATE // 4 :]) > RATE // 5, limit=30)


def load(home: Home, rig: Rig, seconds: float) -> tuple[float, float]:
    """Return the share of one core that a playing session takes, and its peak memory in MB."""
    with rig.record() as recording, home.running((*COACH, "play", ROUTINE)) as (process, _):
        until(lambda: bool(recording.samples.any()), limit=30)
        settled = recording.frames
        until(lambda: recording.frames > settled + 5 * RATE)
        began, used = time.monotonic(), cpu_of(process.pid)
        until(lambda: time.monotonic() > began + seconds, limit=seconds + 10)
        share = (cpu_of(process.pid) - used) / (time.monotonic() - began)
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return share, int(peak.split()[1]) / 1e3


def cpu_of(pid: int) -> float:
    """Return the seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_of(home: Home, script: str) -> float:
    """Return the peak memory in MB of a session that is played on a virtual clock."""
    path = home.folder / "script.yaml"
    path.write_text(script)
    command = (*COACH, "play", str(path), "--output", "none", "--fast", "-q")
    pid = os.posix_spawnp(sys.executable, command, home.environment)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def live(bench: Bench) -> list[Row]:
    """Measure a live session on a sound server of its own."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rig = Rig(bench.folder)
    rig.start()
    try:
        return _rows(Home(bench.folder, rig), rig, bench.rounds)
    finally:
        rig.kill()


def _rows(home: Home, rig: Rig, rounds: int) -> list[Row]:
    play = (*COACH, "play", ROUTINE)
    cold, warm, bare = [], [], []
    first_sound(home, rig, play)  # compiles what Python keeps compiled
    for _ in range(rounds):
        home.forget()
        cold.append(first_sound(home, rig, play))
        subprocess.run(
            [*COACH, "render", ROUTINE, "-q", "-o", home.folder / "a.wav"],
            env=home.environment,
            check=True,
        )
        warm.append(first_sound(home, rig, play))
        bare.append(first_sound(home, rig, (sys.executable, "-c", BARE)))
    least = statistics.median(bare)
    pauses, skips = obedience(home, rig, rounds)
    share, peak = load(home, rig, SECONDS)
    sixth, hour = peak_of(home, SIXTH), peak_of(home, HOUR)
    beside = "a bare miniaudio program"
    return [
        Row("first sound, clips stored", statistics.median(warm), "s", 0.6),
        Row("first sound, nothing stored", statistics.median(cold), "s", 2.0),
        Row("first sound", statistics.median(warm), "s", rival=least, beside=beside),
        Row("pause is heard", 1000 * statistics.median(pauses), "ms", 120),
        Row("pause is heard, at worst", 1000 * max(pauses), "ms"),
        Row("resume after a skip is heard", 1000 * statistics.median(skips), "ms", 120),
        Row("share of a core", 100 * share, "%", 5),
        Row("peak memory", peak, "MB"),
        Row("peak memory of an hour", hour, "MB", 1.2, rival=sixth, beside="ten minutes"),
    ]
