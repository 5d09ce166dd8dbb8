"""`coach play` as people type it, without a loudspeaker."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from jeepney import HeaderFields, MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from coach.cli import run
from coach.cli.interrupts import Interrupts
from coach.history import History
from coach.listening import Heard, Spoken
from coach.listening.saved import save_listening
from coach.outputs import LIVE_RATE
from coach.profile import Profile
from coach.settings import Settings
from coach.steps import Where
from coach.timeline import mix
from tests.bus import Bus, remote
from tests.conftest import spoken
from tests.forked import coach, common_server
from tests.waiting import LIMIT_S, until

pytestmark = pytest.mark.usefixtures("clips_at_hand")

SHORT = (
    "title: Short\nexercises:\n"
    "  - {name: Squeeze, reps: 2-4, settle: 3s, phases: [{cue: Squeeze, move: 1s, hold: 3s}]}\n"
    "  - {name: Plank, hold: 4-8s, settle: 3s}\n"
)
FAST = ("--output", "none", "--fast")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


def play(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> tuple[str, str]:
    """Return what `coach play` prints on stdout and stderr; it must exit with `code`."""
    assert run(["play", *map(str, arguments)]) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out, captured.err


def test_a_session_is_told_in_lines(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    told, errors = play(capsys, script, *FAST)
    assert told.splitlines()[1:] == [
        "Playing.",
        "Exercise 1 of 2: Squeeze.",
        "  Repetition 1 of 2.",
        "  Repetition 2 of 2.",
        "  Rest for 15s.",
        "Exercise 2 of 2: Plank.",
        "  Repetition 1 of 1.",
    ]
    assert errors.startswith("Done: 3 of 3 repetitions in ")


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    assert play(capsys, script, *FAST, "-q") == ("", "")


def test_verbose_counts_underruns(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    assert "Underruns of the output: 0." in play(capsys, script, *FAST, "-v")[1]


def test_a_file_has_what_a_loudspeaker_would_get(
    capsys: pytest.CaptureFixture[str], script: Path, tmp_path: Path
) -> None:
    target = tmp_path / "heard.wav"
    play(capsys, script, "--output", "file", "--fast", "--file", target, "--reps", "3")
    heard, rate = soundfile.read(target, dtype="int16")
    assert rate == LIVE_RATE
    timeline = spoken(script, LIVE_RATE).timeline
    assert len(heard) > timeline.duration, "a repetition more"
    play(capsys, script, "--output", "file", "--fast", "--file", target)
    heard, _ = soundfile.read(target, dtype="int16")
    assert np.array_equal(heard[: timeline.duration], mix(timeline, 0, timeline.duration))
    assert not heard[timeline.duration :].any()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "name a routine"),
        (("si-joint-relief", "--fast"), 2, "--fast goes with"),
        (("si-joint-relief", "--pain", "11"), 2, "--pain"),
        (("si-joint-releif", *FAST), 1, "did you mean `si-joint-relief`"),
        (("si-joint-relief", "--output", "miniaudo"), 1, "did you mean `miniaudio`"),
        (("si-joint-relief", "--output", "speaker"), 1, "file, none"),
        (("--resume", *FAST), 1, "nothing to resume"),
        (("si-joint-relief", "--resume", *FAST), 1, "nothing to resume"),
        (("--resume", "--fit", "9m", *FAST), 2, "one that is resumed keeps its values"),
        (("si-joint-relief", *FAST, "--reps", "99"), 1, "prescribed"),
        (("si-joint-relief", *FAST, "--cues", "none"), 1, "cue pack"),
        (("si-joint-relief", "--output", "file", "--file", "/no/where.wav"), 1, "no folder"),
        (("si-joint-relief", "--output", "file", "--file", "a.mp3"), 2, "a.wav"),
        (("si-joint-relief", "--output", "none", "--file", "a.wav"), 2, "--output file"),
        (("si-joint-relief", *FAST, "--listen"), 2, "--listen does not go with --fast"),
        (("si-joint-relief", *FAST, "--headset"), 2, "--headset goes with --listen"),
        (("si-joint-relief", *FAST, "--microphone", "a"), 2, "--microphone goes with --listen"),
        (("si-joint-relief", "--listen-style", "plain"), 2, "--listen-style goes with --listen"),
    ],
)
def test_what_is_wrong_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, told: str
) -> None:
    assert told in play(capsys, *arguments, code=code)[1]


def test_the_script_is_never_overwritten(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    link = script.with_suffix(".wav")
    link.symlink_to(script)
    options = ("--output", "file", "--fast", "--file", link)
    assert "that is the script" in play(capsys, script, *options, code=1)[1]
    assert script.read_text() == SHORT


def test_a_wrong_script_leaves_no_file(
    capsys: pytest.CaptureFixture[str], script: Path, tmp_path: Path
) -> None:
    script.write_text("title: 1\nexercise: []\n")
    target = tmp_path / "heard.wav"
    play(capsys, script, "--output", "file", "--fast", "--file", target, code=1)
    assert not target.exists()


def test_a_resumed_session_keeps_its_settings(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    recording = History().begin(
        routine="short",
        title="Short",
        script=script,
        settings=Settings(skip=("squeeze",)),
        planned=1,
        length=30,
        started=datetime.now(UTC),
    )
    recording.at(Where("plank", None, 1, None, 1), 5.0)
    recording.finish(seconds=5, finished=False)
    for arguments in ((script,), ()):
        told, _ = play(capsys, *arguments, "--resume", *FAST)
        assert "Exercise 1 of 1: Plank." in told
        assert "Squeeze" not in told
    script.unlink()
    assert "short.yaml" in play(capsys, "--resume", *FAST, code=1)[1]


def test_an_interrupt_that_was_lost_is_remembered() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interrupts() as interrupts:
        interrupts.check()
        with contextlib.suppress(KeyboardInterrupt):  # as Python does within an import
            signal.raise_signal(signal.SIGTERM)
        interrupts.ignore()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
    signal.signal(signal.SIGTERM, before)
    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_dry_runs_are_no_exercise(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    play(capsys, script, *FAST)
    assert History().sessions() == ()


class Whisperer:
    """An ear that understands what is whispered to it as soon as it listens."""

    made: list[Whisperer]
    whispered: tuple[Spoken, ...]

    def __init__(self, send: Any, tell: Any, **options: Any) -> None:
        self.send, self.tell, self.options = send, tell, options
        self.is_closed = False
        self.made.append(self)

    def start(self) -> None:
        self.tell("Its battery is low; the session goes on.")
        for command in self.whispered:
            self.send(Heard(command, 0.0, 1.0, 0.9, command))

    def deaf(self, from_: float, until: float) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def whisperer(monkeypatch: pytest.MonkeyPatch) -> type[Whisperer]:
    """What sessions listen with."""

    monkeypatch.setattr("coach.listening.ear.check_installed", lambda: None)
    monkeypatch.setattr("coach.listening.ear.Ear", Whisperer)
    Whisperer.made = []
    Whisperer.whispered = ("stop", "stop")
    return Whisperer


def test_a_session_is_stopped_by_word(
    capsys: pytest.CaptureFixture[str], script: Path, whisperer: type[Whisperer]
) -> None:
    told, errors = play(capsys, script, "--output", "none", "--listen", "--microphone", "usb")
    assert "Listening for spoken commands." in told
    assert "heard: stop" in told
    assert "Stopped in Squeeze" in errors
    assert "coach: Its battery is low; the session goes on." in errors
    (ear,) = whisperer.made
    assert ear.is_closed
    assert ear.options == {
        "style": "address",
        "language": "en",
        "microphone": "usb",
        "threshold": None,
    }


def test_what_doctor_saved_is_used(
    capsys: pytest.CaptureFixture[str], script: Path, whisperer: type[Whisperer]
) -> None:
    save_listening(Profile("anna"), threshold=0.4, microphone="desk")
    options = ("--output", "none", "--listen", "--profile", "anna", "--listen-style", "plain")
    play(capsys, script, *options, "--headset")
    assert whisperer.made[0].options == {
        "style": "plain",
        "language": "en",
        "microphone": "desk",
        "threshold": 0.4,
    }


def test_without_the_extra_nothing_begins(
    capsys: pytest.CaptureFixture[str], script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.listening.ear.PACKAGES", ("no_such_package",))
    told, errors = play(capsys, script, "--output", "none", "--listen", code=1)
    assert told == ""
    assert "audio-coach[listen]" in errors
    assert History().sessions() == ()


def test_the_pain_is_asked_for_at_the_end(script: Path) -> None:
    """On a terminal, by somebody who told it at the beginning."""
    script.write_text("title: Short\nexercises: [{name: A, hold: 1, settle: 0}]\n")
    master, slave = pty.openpty()
    command = (sys.executable, "-m", "coach", "play", script, "--output", "none", "--pain", "4")
    process = subprocess.Popen(
        [*command, "--detail", "cues"], stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    said = b""
    for answer in (b"11\n", b"much\n", b"2\n"):
        before = said.count(b"Pain now")
        while said.count(b"Pain now") == before:
            said += os.read(master, 1024)
        os.write(master, answer)
    assert process.wait(20) == 0
    os.close(master)
    (entry,) = History().sessions()
    assert (entry.pain_before, entry.pain_after, entry.finished) == (4, 2, True)


def test_media_keys_pause_and_stop(bus: Bus, script: Path) -> None:
    script.write_text(SHORT.replace("hold: 4-8s", "hold: 200s"))
    process = subprocess.Popen(
        [sys.executable, "-m", "coach", "play", script, "--output", "none", "--only", "plank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: remote("playerctl", "--list-all") == "audio_coach")
    until(lambda: remote("playerctl", "status") == "Playing")
    remote("playerctl", "play-pause")
    until(lambda: remote("playerctl", "status") == "Paused")
    remote("playerctl", "next")
    until(lambda: remote("playerctl", "metadata", "xesam:title") == "Plank")
    remote("playerctl", "stop")
    told, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Paused." in told
    assert "Stopped in Plank" in errors


def test_the_machine_is_kept_awake_until_the_end(bus: Bus, script: Path) -> None:
    script.write_text(SHORT.replace("hold: 4-8s", "hold: 200s"))
    asked: list[tuple[str, tuple[object, ...]]] = []
    with open_dbus_connection(bus.address) as saver:
        saver.send_and_get_reply(message_bus.RequestName("org.freedesktop.ScreenSaver"))
        session = common_server().start(
            *("play", script, "--output", "none", "--only", "plank"), before=(_awake_at_once,)
        )
        while len(asked) < 2:
            call = saver.receive(timeout=LIMIT_S)
            if call.header.message_type is MessageType.method_call:
                asked.append((call.header.fields[HeaderFields.member], call.body))
                saver.send(new_method_return(call, "u", (7,)))
                session.send(signal.SIGINT)
    assert asked == [("Inhibit", ("wakepy", "wakelock active")), ("UnInhibit", (7,))]
    assert session.ran().code == 130


def _awake_at_once() -> None:
    import coach.cli.play

    coach.cli.play.AWAKE_AFTER_S = 0.0


def test_an_interrupt_while_a_finished_session_tidies_up(script: Path) -> None:
    script.write_text("title: Short\nexercises: [{name: Plank, hold: 3s, settle: 3s}]\n")
    words = ("play", script, "--output", "none", "--detail", "cues")
    ran = coach(*words, before=_interrupt_as_it_closes)
    assert ran.code == 130
    (entry,) = History().sessions()
    assert entry.finished
    assert History().unfinished() is None


def _interrupt_as_it_closes() -> None:
    from coach.live import LiveSession

    close = LiveSession.close

    def interrupted(self: LiveSession) -> None:
        LiveSession.close = close  # type: ignore[method-assign]
        signal.raise_signal(signal.SIGINT)
        close(self)

    LiveSession.close = interrupted  # type: ignore[method-assign]
