"""Spoken commands for real: words in a microphone, beside what the loudspeaker plays."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coach.cli import run
from coach.listening import Heard, Spoken
from coach.listening.capture import Block, MicrophoneError
from coach.listening.command_list import command_list
from coach.listening.ear import Ear
from coach.listening.microphone import list_microphones, open_microphone
from coach.listening.saved import load_listening
from coach.listening.trial import COMMANDS
from coach.outputs.sound_systems import list_devices
from coach.profile import Profile
from coach.speech import open_engine
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore
from coach.timeline import mix
from tests.conftest import spoken
from tests.live.rig import MICROPHONE, MOUTH, RATE, SPEAKER, Recording, Rig
from tests.live.test_play import Play
from tests.waiting import LIMIT_S, until

SCRIPT = """\
coach: 1
title: Standing still
exercises:
  - name: Stand
    hold: 120s
    reps: 3
    settle: 3s
"""
CHATTER = (
    "The weather was fine all week, and we walked along the river until the evening.",
    "My neighbour has bought a new bicycle, and rides to the lake with her sister.",
)
UNDERSTOOD_S = 6.0
"""Seconds after which somebody says it again."""
TRIES = 4


class Voice:
    """Somebody who speaks commands."""

    def __init__(self, engine: str, folder: Path) -> None:
        self._listed = command_list("en")
        with closing(open_engine(engine, speed=Fraction(1))) as opened:
            speaker = Speaker(opened, ClipStore(folder), language="en", rate=RATE)
            texts = {command: self._text(command) for command in self._listed.wordings}
            clips = speaker.speak([*texts.values(), *CHATTER])
        self.chatter = np.concatenate([clips[text] for text in CHATTER])
        # A sentence stands between silences.
        self._clips = {name: np.pad(clips[text], RATE // 2) for name, text in texts.items()}

    def _text(self, command: Spoken) -> str:
        return f"{self._listed.example(command, 'address')}."

    def say(self, rig: Rig, command: Spoken) -> None:
        """Say a command into the microphone."""
        rig.say(self._clips[command]).wait(20)

    def say_until(self, rig: Rig, command: Spoken, condition: Callable[[], object]) -> None:
        """Say a command until it is obeyed."""
        for _ in range(TRIES):
            self.say(rig, command)
            with suppress(AssertionError):
                until(condition, limit=UNDERSTOOD_S)
                return
        raise AssertionError(f"{command} was not understood")


@pytest.fixture(scope="module")
def voice(common_cache: Path) -> Voice:
    return voice_of("neural", common_cache)


@pytest.fixture(scope="module", params=["neural", "piper"])
def any_voice(request: pytest.FixtureRequest, common_cache: Path) -> Voice:
    return voice_of(request.param, common_cache)


def voice_of(engine: str, cache: Path) -> Voice:
    """Return a voice, whose clips the first process that wants it makes for all."""
    folder = cache / "voices"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Voice(engine, folder)


@pytest.fixture
def mic(rig: Rig) -> Rig:
    """A server with a microphone."""
    rig.add_microphone()
    return rig


class Listened:
    """An ear, and what it heard."""

    def __init__(self, microphone: str | None = None) -> None:
        self.heard: list[Heard] = []
        self.told: list[str] = []
        self.ear = Ear(self.heard.append, self.told.append, microphone=microphone)
        self.ear.start()

    @property
    def commands(self) -> list[str]:
        return [heard.command for heard in self.heard]

    @property
    def pid(self) -> int:
        process = self.ear._process._process
        assert process is not None
        return process.pid


@pytest.fixture
def listen() -> Iterator[Callable[..., Listened]]:
    begun: list[Listened] = []

    def start(microphone: str | None = None) -> Listened:
        begun.append(Listened(microphone))
        return begun[-1]

    yield start
    for one in begun:
        one.ear.close()


# -- the microphone ------------------------------------------------------------------------------


def test_microphones_are_listed_without_monitors(rig: Rig) -> None:
    assert list_microphones() == ()
    rig.add_microphone()
    assert [(one.name, one.is_default) for one in list_microphones()] == [(MICROPHONE, True)]


@pytest.mark.usefixtures("no_sound")
def test_what_gives_silence_to_everybody_is_no_microphone(tmp_path: Path) -> None:
    (tmp_path / "asound.conf").write_text(
        'pcm.nothing {type null hint {show on description "Nothing at all"}}\n'
    )
    assert [one.device.name for one in list_devices("capture")] == ["Nothing at all"]
    assert list_microphones() == ()
    with pytest.raises(MicrophoneError, match="there is no microphone") as caught:
        open_microphone()
    assert caught.value.kind == "none"


def test_a_server_that_hangs_is_a_sentence(mic: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.listening.miniaudio_microphone.OPEN_S", 1.0)
    mic.freeze()
    with pytest.raises(MicrophoneError, match="did not start within 1 s: it hangs"):
        open_microphone()


def test_one_that_is_unplugged_is_not_replaced_by_a_loudspeaker(mic: Rig) -> None:
    mic.pactl("load-module", "module-rescue-streams")
    with closing(open_microphone()) as capture:
        assert capture.read(5.0) is not None
        mic.remove_microphone()
        until(lambda: capture.read(0.25) is None and capture.is_lost())


def test_frames_are_captured_when_they_sound(mic: Rig) -> None:
    click = np.zeros(RATE, np.int16)
    click[RATE // 2 : RATE // 2 + 480] = 20_000
    with closing(open_microphone("rig micro")) as capture, mic.record(MOUTH) as recording:
        assert capture.read(5.0) is not None
        said = mic.say(click)
        blocks: list[Block] = []
        while not any(block.samples.max(initial=0) > 10_000 for block in blocks[-1:]):
            block = capture.read(5.0)
            assert block is not None
            blocks.append(block)
        said.wait(20)
        until(lambda: recording.heard().size)
    last = blocks[-1]
    by_microphone = last.start + int(np.argmax(last.samples > 10_000)) / 16_000
    played = recording.time_of(int(np.flatnonzero(recording.samples)[0]))
    assert abs(by_microphone - played) < 0.06, "a source behind a source takes some milliseconds"


def test_a_monitor_can_be_asked_for_by_name(mic: Rig) -> None:
    with closing(open_microphone(f"Monitor of {SPEAKER}")) as capture:
        assert capture.read(5.0) is not None


WITHOUT_MINIAUDIO = """
import sys
sys.modules["miniaudio"] = None
from contextlib import closing
from coach.listening.capture import MicrophoneError
from coach.listening.microphone import list_microphones, open_microphone
names = [one.name for one in list_microphones()]
with closing(open_microphone(names[0])) as capture:
    print("open", flush=True)
    while not ((block := capture.read(1.0)) and block.samples.max(initial=0) > 5000):
        pass
print("heard")
try:
    open_microphone("headset")
except MicrophoneError as error:
    print(error.message)
"""


def test_without_miniaudio_it_is_captured_by_sounddevice(
    mic: Rig,
) -> None:
    # In a process that has never loaded the other one, as where there is no miniaudio: PortAudio
    # has aborted in one in which that had left a thread behind.
    command = [sys.executable, "-c", WITHOUT_MINIAUDIO]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        mic.say(np.tile(np.arange(-9000, 9000, 90, dtype=np.int16), 480)).wait(20)
        told, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert told.startswith("heard\nthere is no microphone `headset`")


def test_sounddevice_without_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    monkeypatch.setattr(
        "coach.listening.microphone.is_installed", lambda name: name == "sounddevice"
    )
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MicrophoneError, match="sounddevice cannot be used") as caught:
        open_microphone()
    assert "ortaudio" in caught.value.hint.lower()
    monkeypatch.setattr("coach.listening.microphone.is_installed", lambda name: False)
    with pytest.raises(MicrophoneError, match="neither of the packages"):
        list_microphones()


# -- the ear -------------------------------------------------------------------------------------


def test_words_are_understood_but_not_while_deaf(
    mic: Rig, voice: Voice, listen: Callable[..., Listened]
) -> None:
    one = listen()
    voice.say_until(mic, "pause", lambda: one.commands[-1:] == ["pause"])
    now = time.monotonic()
    one.ear.deaf(now, now + 600)
    voice.say(mic, "next")
    one.heard.clear()
    # Nothing takes back what has been deaf, but a new process is told of the rest alone.
    one.ear._deaf._spans = []
    os.kill(one.pid, signal.SIGKILL)
    until(lambda: one.told)
    voice.say_until(mic, "resume", lambda: one.commands[-1:] == ["resume"])
    assert "next" not in one.commands


def test_no_microphone_and_one_that_is_plugged_in(
    rig: Rig, voice: Voice, listen: Callable[..., Listened]
) -> None:
    one = listen()
    until(lambda: one.told)
    assert "There is no microphone; the session goes on" in one.told[0]
    rig.add_microphone()
    voice.say_until(rig, "pause", lambda: one.commands == ["pause"])
    assert len(one.told) == 1


@pytest.mark.parametrize("how", ["unplugged", "server"])
def test_a_microphone_that_is_lost_is_found_again(
    how: str, mic: Rig, voice: Voice, listen: Callable[..., Listened]
) -> None:
    one = listen()
    voice.say_until(mic, "pause", lambda: "pause" in one.commands)
    if how == "unplugged":
        mic.remove_microphone()
    else:
        mic.kill()
    until(lambda: one.told)
    assert one.told[0].startswith("The microphone was lost; the session goes on without it.")
    if how == "server":
        mic.start()
    mic.add_microphone()
    voice.say_until(mic, "next", lambda: "next" in one.commands)
    assert len(one.told) == 1


# -- a session -----------------------------------------------------------------------------------


class Session(Play):
    """A `coach play --listen` whose loudspeaker is recorded."""

    recording: Recording

    def has_heard(self, command: str) -> bool:
        return f"heard: {command}".encode() in self.output

    def is_silent(self, seconds: float = 2.5) -> bool:
        """Return whether nothing has sounded for so long; in a hold there is a tick a second."""
        return not self.recording.samples[-round(seconds * RATE) :].any()

    def is_speaking(self) -> bool:
        """Return whether there have been more than ticks for the last moment."""
        return bool(np.count_nonzero(self.recording.samples[-RATE // 2 :]) > 0.4 * RATE)

    def is_holding(self) -> bool:
        """Return whether there have been only ticks for a while."""
        last = self.recording.samples[-2 * RATE :]
        return b"Repetition" in self.output and 0 < int(np.count_nonzero(last)) < RATE // 2


@pytest.fixture
def session(rig: Rig, clips_at_hand: Path, tmp_path: Path) -> Iterator[Callable[..., Session]]:
    script = tmp_path / "still.yaml"
    script.write_text(SCRIPT)
    begun: list[Session] = []
    with rig.record() as recording:

        def start(*arguments: str) -> Session:
            begun.append(Session(str(script), "--listen", "--plain", *arguments))
            begun[-1].recording = recording
            return begun[-1]

        yield start
        for item in begun:
            item.close()


def test_a_session_obeys_beside_its_own_sound(
    mic: Rig, any_voice: Voice, session: Callable[..., Session]
) -> None:
    voice = any_voice
    mic.echo(-10)
    with mic.record(MOUTH) as captured:
        coach = session("--detail", "cues")
        until(lambda: b"Repetition 1 of 3" in coach.output, limit=90)

        def echo() -> float:
            both = (coach.recording, captured)
            played, echoed = (np.square(one.samples, dtype=np.float64).sum() for one in both)
            return float(10 * np.log10(echoed / played))

        # Of all of it, and soon: one of the recordings is a moment behind the other.
        until(lambda: -11 < echo() < -9, "its own sound in the microphone")
    until(coach.is_holding)
    voice.say_until(mic, "pause", lambda: coach.has_heard("pause") and coach.is_silent())
    paused = coach.recording.frames
    voice.say_until(mic, "resume", lambda: coach.has_heard("resume"))
    until(lambda: coach.is_holding() and coach.recording.frames > paused + 5 * RATE)
    voice.say_until(mic, "repeat", lambda: coach.has_heard("repeat"))
    until(coach.is_speaking, "the words before the hold")
    until(coach.is_holding)
    voice.say_until(mic, "stop", lambda: coach.has_heard("stop"))
    until(coach.is_silent)
    assert coach.process.poll() is None, "it asks first"
    voice.say_until(mic, "stop", lambda: coach.process.poll() is not None)
    assert coach.wait() == 0
    assert b"Stopped in Stand, repetition 1 of 3" in coach.errors
    assert b"Traceback" not in coach.errors


@pytest.mark.one_at_a_time
def test_what_listens_delays_no_beep(
    mic: Rig, voice: Voice, session: Callable[..., Session], tmp_path: Path
) -> None:
    """Somebody talks all the time, and each frame is played as if nobody listened."""
    timeline = spoken(tmp_path / "still.yaml", RATE).timeline
    coach = session("-v")
    until(coach.is_holding, limit=90)
    for _ in range(2):
        mic.say(voice.chatter).wait(30)
    said = ended(coach)
    assert "heard:" not in said
    assert "Underruns of the output: 0." in said
    expected = mix(timeline, 0, timeline.duration)
    expected = expected[np.flatnonzero(expected)[0] :]
    heard = coach.recording.heard()
    # What sounds at the interrupt is broken off.
    length = len(heard) - 2 * RATE
    assert length > 20 * RATE
    assert np.array_equal(heard[:length], expected[:length])


def ended(coach: Session) -> str:
    """Break a session off, and return all that it said."""
    coach.process.send_signal(signal.SIGINT)
    assert coach.wait() == 130
    assert b"Traceback" not in coach.errors
    return (coach.output + coach.errors).decode()


def test_a_session_goes_on_without_a_microphone(rig: Rig, session: Callable[..., Session]) -> None:
    coach = session("--detail", "cues")
    until(lambda: b"There is no microphone" in coach.output + coach.errors, limit=60)
    until(coach.is_holding, limit=90)
    assert "the session goes on without spoken commands" in ended(coach)


def test_a_session_goes_on_when_the_microphone_is_lost(
    mic: Rig, session: Callable[..., Session]
) -> None:
    coach = session("--detail", "cues")
    until(coach.is_holding, limit=90)
    mic.remove_microphone()
    until(lambda: b"The microphone was lost" in coach.output + coach.errors)
    until(coach.is_holding)
    assert "the session goes on without it" in ended(coach)


def test_silence_is_told_once_and_the_session_goes_on(
    mic: Rig, session: Callable[..., Session]
) -> None:
    coach = session("--detail", "cues")
    until(lambda: b"nothing but silence" in coach.output + coach.errors, limit=90)
    until(coach.is_holding, limit=90)
    ended(coach)
    assert coach.output.count(b"nothing but silence") == 1


def child_of(pid: int) -> int:
    """Return the process that listens for a session."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=", "-o", "args=", "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = (line for line in listed.stdout.splitlines() if "coach.listening.child" in line)
    return int(line.split()[0])


def test_a_session_goes_on_when_what_listens_is_killed(
    mic: Rig, voice: Voice, session: Callable[..., Session]
) -> None:
    coach = session("--detail", "cues")
    until(coach.is_holding, limit=90)
    os.kill(child_of(coach.process.pid), signal.SIGKILL)
    until(lambda: b"is started again" in coach.output + coach.errors)
    until(coach.is_holding)
    voice.say_until(mic, "pause", lambda: coach.has_heard("pause") and coach.is_silent())
    ended(coach)
    assert coach.output.count(b"is started again") == 1


# -- the doctor ----------------------------------------------------------------------------------


def test_the_doctor_has_five_commands_said(mic: Rig, voice: Voice) -> None:
    doctor = subprocess.Popen(
        [sys.executable, "-u", "-m", "coach", "doctor", "--listen", "--microphone", "rig"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert doctor.stdout is not None
    lines: list[str] = []
    prompts = {f"Say: “{command_list('en').example(name, 'address')}”": name for name in COMMANDS}
    with doctor, doctor.stdout as stdout:
        for line in stdout:
            lines.append(line.rstrip())
            name = prompts.pop(lines[-1], None)
            if name is not None:
                voice.say(mic, name)
    said = "\n".join(lines)
    assert not prompts, said
    assert doctor.returncode == 0, said
    assert lines[0] == f"Listening with `{MICROPHONE}`."
    understood = next(line for line in lines if "commands were understood" in line)
    assert int(understood[0]) >= 4, said
    assert "Loud enough" in said
    saved = load_listening(Profile())
    assert saved.microphone == "rig"
    assert saved.threshold is not None
    assert saved.problem == ""


def test_the_doctor_says_that_there_is_no_microphone(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--listen"]) == 1
    assert "coach: there is no microphone" in capsys.readouterr().err
    assert run(["doctor", "--silent", "--json"]) == 0
    listening = json.loads(capsys.readouterr().out)["listening"]
    assert listening == {"ready": False, "problem": "there is no microphone", "microphones": []}
    rig.add_microphone()
    assert run(["doctor", "--listen", "--microphone", "headset"]) == 1
    assert "there is no microphone `headset`" in capsys.readouterr().err
    assert run(["doctor", "--silent"]) == 0
    assert f"Spoken commands: by {MICROPHONE} (default)." in capsys.readouterr().out


def test_the_doctor_says_that_the_microphone_is_muted(
    mic: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--listen"]) == 1
    out = capsys.readouterr().out
    assert "0 of 2 commands were understood." in out
    assert "is the microphone muted?" in out
    assert load_listening(Profile()).threshold is None


def test_the_doctor_says_what_is_in_a_recording(
    voice: Voice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = np.concatenate([voice._clips["pause"], voice._clips["stop"]])
    path = tmp_path / "said.flac"
    soundfile.write(path, np.stack([sound, sound // 2], axis=1), RATE)
    assert run(["doctor", "--listen", str(path), "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    document = json.loads(captured.out)
    assert [set(one) for one in document["commands"]] == [{"at", "command", "confidence"}] * 2
    assert [one["command"] for one in document["commands"]] == ["pause", "stop"]
    assert document["commands"][0]["at"] == pytest.approx(0.5, abs=0.3)
