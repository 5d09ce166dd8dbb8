"""A sound card made of software: a private PulseAudio server whose loudspeaker is recorded.

The server has its own socket and home, and is ended by its process id. `norewinds=1` keeps its
null sinks from taking back what they have played: without it the first distances are off by up to
19 ms. What it plays is exactly what the monitor records. Where it may, it keeps real time, as on a
desktop: a sink that a busy machine holds up loses what the coach has given in time. It shares no
memory with its clients: with that it may abort when a microphone is unplugged.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.waiting import LIMIT_S, until

if TYPE_CHECKING:
    from coach.timeline import Samples

RATE = 48_000
SPEAKER, HEADPHONES = "Rig loudspeaker", "Rig headphones"
"""The devices' names; the first is the default."""
MICROPHONE = "Rig microphone"
MOUTH = "mouth"
"""The sink whose sound the microphone gets."""


class Rig:
    """The server. Programs and libraries find it by the variables in `environment`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "native"
        alsa = folder / "asound.conf"
        alsa.write_text(
            "</usr/share/alsa/alsa.conf>\npcm.!default {type pulse}\nctl.!default {type pulse}\n"
        )
        self.environment = {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(folder / "cookie"),
            "ALSA_CONFIG_PATH": str(alsa),
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._microphone = ""

    def start(self) -> None:
        """Start the server, also again after `kill`, on the same socket."""
        self._socket.unlink(missing_ok=True)
        modules = [f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"]
        for number, name in enumerate((SPEAKER, HEADPHONES)):
            modules.append(
                f"module-null-sink sink_name=out{number} rate={RATE} channels=1 format=s16le "
                f"norewinds=1 sink_properties=\"device.description='{name}'\""
            )
        private = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "PULSE_RUNTIME_PATH")
        with (self._folder / "server.log").open("wb") as log:
            self._server = subprocess.Popen(
                # An orphan ends by itself.
                ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=30",
                 "--realtime=yes", "--high-priority=yes", "--disable-shm=yes", "--log-target=stderr",
                 *(part for module in modules for part in ("-L", module))],
                env={**os.environ, **dict.fromkeys(private, str(self._folder))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip
        until(lambda: self._try_pactl("set-default-sink", "out0").returncode == 0)

    def kill(self) -> None:
        """End the server at once, as when it crashes."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(LIMIT_S)
            self._server = None

    def freeze(self) -> None:
        """Stop the server from answering; it stays there. `thaw` or `kill` ends that."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the server go on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def unplug(self) -> None:
        """Take the default loudspeaker away; the other one is left."""
        modules = self.pactl("list", "short", "modules").splitlines()
        (number,) = (line.split()[0] for line in modules if "sink_name=out0" in line)
        self.pactl("unload-module", number)

    def pactl(self, *arguments: str) -> str:
        """Return what `pactl` prints."""
        done = self._try_pactl(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _try_pactl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert self._server is not None
        assert self._server.poll() is None, (self._folder / "server.log").read_text()
        return subprocess.run(
            ["pactl", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def add_microphone(self) -> None:
        """Give the server a microphone that captures what is played into the sink `MOUTH`."""
        self.pactl(
            "load-module", "module-null-sink", f"sink_name={MOUTH}", f"rate={RATE}", "channels=1",
            "format=s16le", "norewinds=1",
        )  # fmt: skip
        self._microphone = self.pactl(
            "load-module", "module-remap-source", "source_name=microphone", "channels=1",
            f"master={MOUTH}.monitor", f"source_properties=\"device.description='{MICROPHONE}'\"",
        ).strip()  # fmt: skip
        self.pactl("set-default-sink", "out0")
        self.pactl("set-default-source", "microphone")

    def remove_microphone(self) -> None:
        """Unplug it."""
        self.pactl("unload-module", self._microphone)

    def echo(self, decibels: float) -> None:
        """Let the microphone hear the loudspeaker, so much louder than it is."""
        self.pactl(
            "load-module", "module-loopback", "source=out0.monitor", f"sink={MOUTH}",
            "latency_msec=20", "source_dont_move=1", "sink_dont_move=1",
        )  # fmt: skip
        (line,) = self.pactl("list", "short", "sink-inputs").splitlines()
        self.pactl("set-sink-input-volume", line.split()[0], f"{decibels}dB")

    def say(self, samples: Samples) -> subprocess.Popen[bytes]:
        """Speak into the microphone: mono int16 at `RATE`. Return the process that does it."""
        path = self._folder / "spoken"
        path.write_bytes(samples.tobytes())
        with path.open("rb") as file:
            return subprocess.Popen(
                ["pacat", "-d", MOUTH, "--raw", "--format=s16le", f"--rate={RATE}", "--channels=1",
                 "--latency-msec=20"],
                env={**os.environ, **self.environment},
                stdin=file,
            )  # fmt: skip

    @contextlib.contextmanager
    def record(self, sink: str = "out0") -> Iterator[Recording]:
        """Record what the loudspeaker plays; returns when the first frames are there."""
        process = subprocess.Popen(
            ["parec", "-d", f"{sink}.monitor", "--raw", "--format=s16le", f"--rate={RATE}",
             "--channels=1", "--latency-msec=5"],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
        )  # fmt: skip
        recording = Recording(process)
        try:
            until(lambda: recording.frames)
            yield recording
        finally:
            process.kill()
            process.wait(LIMIT_S)
            recording.end()


class Recording:
    """What a loudspeaker has played so far."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._room = np.empty(RATE, np.int16)
        self._earliest = float("inf")
        self.frames = 0
        """Frames so far."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        assert self._process.stdout is not None
        rest = b""
        with self._process.stdout as stdout:
            while block := os.read(stdout.fileno(), 1 << 16):
                now = time.monotonic()
                whole = rest + block
                count = len(whole) // 2
                rest = whole[count * 2 :]
                if self.frames + count > len(self._room):  # twice as much: copying stays rare
                    self._room = np.resize(self._room, 2 * (self.frames + count))
                self._room[self.frames : self.frames + count] = np.frombuffer(
                    whole, np.int16, count
                )
                self.frames += count
                self._earliest = min(self._earliest, now - self.frames / RATE)

    def end(self) -> None:
        """Wait for the last frames."""
        self._thread.join(LIMIT_S)

    @property
    def samples(self) -> Samples:
        """Return everything, int16."""
        frames = self.frames  # first: the room is never smaller
        return self._room[:frames]

    def heard(self) -> Samples:
        """Return everything between the first and the last frame that is not silent."""
        samples = self.samples
        (loud,) = np.nonzero(samples)
        return samples[loud[0] : loud[-1] + 1] if loud.size else samples[:0]

    def time_of(self, frame: int) -> float:
        """Return the monotonic time at which a frame was played, a few milliseconds late at most.

        Blocks arrive late or very late, but never early: the one that was least late says when
        the recording began.
        """
        return self._earliest + frame / RATE
