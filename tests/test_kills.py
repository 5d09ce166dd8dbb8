"""Coaches that are killed at any moment: nothing is corrupt, nothing that was done is lost."""

from __future__ import annotations

import os
import queue
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path

import pytest

from coach.cli.interrupts import Interrupts
from coach.history import Entry, History
from coach.profile import Profile
from coach.settings import Settings
from coach.settings.saved import SettingsStore
from coach.speech.store import ClipStore
from tests.forked import Coach, Server, common_server, of_session
from tests.waiting import LIMIT_S, until

ROUNDS = int(os.environ.get("COACH_KILLS", "21")) // 3
"""How often each of the three commands is killed."""
SCRIPT = (
    "title: Long\nexercises: [{name: A, reps: 20, settle: 0, phases: [{cue: Up, move: 0.2}]}]\n"
)
PLAY = (
    *("--output", "none", "--plain", "--engine", "pyttsx3", "--detail", "cues"),
    *("--sets", "3", "--beyond-range"),  # so that none comes to its end
)
MARK = "COACH_ROUND"
"""The variable by which what a coach has started is found."""
AGO_S = 7200.0
"""Seconds after which nobody can take what lies there for somebody's work."""


@pytest.fixture(scope="module")
def server() -> Server:
    return common_server()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for temporary files of which nothing else is known."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """A cache in which all that the script says has been spoken."""
    folder = tmp_path_factory.mktemp("spoken")
    cache = folder / "cache"
    script = written(folder / "a.yaml")
    arguments = ("render", script, "--engine", "pyttsx3", "-o", folder / "a.wav")
    coach = server.start(*arguments, environment=having("XDG_CACHE_HOME", str(cache)))
    assert coach.wait() == 0, coach.told
    return cache


def having(name: str, value: str) -> dict[str, str]:
    """Return this process's environment with a variable."""
    return {**os.environ, name: value}


def written(path: Path) -> Path:
    path.write_text(SCRIPT)
    return path


def chance(what: str, number: int) -> random.Random:
    """Return the dice of a round; a message names them."""
    return random.Random(f"{what} {number}")


def remember(cache: Path) -> None:
    """Let nothing have to be spoken."""
    shutil.copytree(cache, os.environ["XDG_CACHE_HOME"], dirs_exist_ok=True)


def forget() -> None:
    """Let everything have to be spoken, by processes of its own."""
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)


def let_time_pass(*folders: Path) -> None:
    """Let what lies there have been there for long."""
    then = time.time() - AGO_S
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.utime(path, (then, then), follow_symlinks=False)


def until_alone(marker: str) -> None:
    """Wait for the end of all that a coach has started."""
    until(lambda: not of_session(marker), f"the end of {of_session(marker)}")


def is_like(found: bytes | None, other: bytes) -> bool:
    """Return whether a file is a whole one and about as long as another.

    eSpeak NG does not say anything twice in the same samples.
    """
    if found is None or abs(len(found) / len(other) - 1) > 0.02:
        return False
    return not found.startswith(b"RIFF") or int.from_bytes(found[4:8], "little") == len(found) - 8


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_render_that_is_killed(
    tmp_path: Path, server: Server, spoken: Path, temporary: Path
) -> None:
    script = written(tmp_path / "a.yaml")
    whole, folder = tmp_path / "whole", tmp_path / "out"
    whole.mkdir()
    folder.mkdir()
    names = ("a.wav", "a.srt")

    def render(to: Path, marker: str = "") -> Coach:
        outputs = [part for name in names for part in ("-o", to / name)]
        options = ("--engine", "pyttsx3", *outputs)
        return server.start("render", script, *options, environment=having(MARK, marker))

    remember(spoken)
    begun = time.monotonic()
    assert render(whole).wait() == 0
    longest = 1.1 * (time.monotonic() - begun)
    new = {name: (whole / name).read_bytes() for name in names}
    killed = 0
    for number in range(ROUNDS):
        dice = chance("render", number)
        old = {name: name.encode() for name in names if dice.random() < 0.5}
        for name in names:
            (folder / name).unlink(missing_ok=True)
        for name, content in old.items():
            (folder / name).write_bytes(content)
        if number % 4 == 0:
            forget()
        else:
            remember(spoken)
        coach = render(folder, f"render {number} of {tmp_path}")
        coach.runs(dice.uniform(0, longest))
        coach.send(signal.SIGKILL)
        killed += coach.wait() == -signal.SIGKILL
        told = f"round {number}: {coach.told}"
        until_alone(f"render {number} of {tmp_path}")
        for name in names:
            found = (folder / name).read_bytes() if (folder / name).exists() else None
            assert found in (old.get(name), new[name]) or is_like(found, new[name]), told
        assert all(name in names or name.endswith(".part") for name in files(folder)), told
        assert all(name.startswith("coach-speech-") for name in files(temporary)), told
    assert killed, "no moment was early enough"
    cache = Path(os.environ["XDG_CACHE_HOME"])
    let_time_pass(folder, temporary, cache)
    ClipStore().tidy()
    assert not list(cache.rglob("*.tmp"))
    forget()
    assert render(folder).wait() == 0
    assert all(is_like((folder / name).read_bytes(), new[name]) for name in names)
    assert files(folder) == set(names)
    assert not list(temporary.iterdir())


def test_an_adjustment_that_is_killed(tmp_path: Path, server: Server) -> None:
    script = written(tmp_path / "a.yaml")
    folder = Profile().settings_folder

    def adjust(value: int, marker: str = "") -> Coach:
        return server.start(
            *("adjust", script, f"a.reps={value}", "--beyond-range"),
            environment=having(MARK, marker),
        )

    begun = time.monotonic()
    assert adjust(1).wait() == 0
    longest = 1.1 * (time.monotonic() - begun)
    before, killed = "1", 0
    for number in range(ROUNDS):
        value = 2 + number
        coach = adjust(value, f"adjust {number} of {tmp_path}")
        coach.runs(chance("adjust", number).uniform(0, longest))
        coach.send(signal.SIGKILL)
        killed += coach.wait() == -signal.SIGKILL
        told = f"round {number}: {coach.told}"
        until_alone(f"adjust {number} of {tmp_path}")
        loaded = SettingsStore(folder).load(script)
        assert not loaded.problem, told
        assert loaded.saved.values["a.reps"].text in (before, str(value)), told
        before = loaded.saved.values["a.reps"].text
    assert killed, "no moment was early enough"
    let_time_pass(folder)
    assert adjust(7).wait() == 0
    assert SettingsStore(folder).load(script).saved.values["a.reps"].text == "7"
    assert files(folder) == {SettingsStore(folder).path(script).name}


def played(server: Server, scripts: Iterable[Path], number: int) -> list[Coach]:
    """Let some sessions begin at once."""
    return [
        server.start(
            *("play", script, *PLAY),
            environment=having(MARK, f"play {number} of {script.parent}"),
        )
        for script in scripts
    ]


def wait_for_repetition(coach: Coach, number: int) -> None:
    until(lambda: f"Repetition {number} of" in coach.told or not coach.runs(0))


def wait_for_a_moment(coach: Coach, dice: random.Random) -> None:
    """Wait until it starts, or until it is in the midst of some repetition."""
    repetition = dice.choice((0, 0, 1, 2, 3))
    if repetition:
        wait_for_repetition(coach, repetition)
    assert coach.runs(dice.uniform(0, REPETITION_S)), coach.told


def finished(coach: Coach) -> int:
    """Return how many repetitions it has told to be over: each but the one under way."""
    return max(0, *map(int, re.findall(r"Repetition (\d+) of", coach.told)), 1) - 1


def entry_of(script: Path) -> Entry | None:
    found = History().sessions(script, limit=1)
    return found[0] if found else None


ASKED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
AT_ONCE = 7
REPETITION_S = 1.7
"""Seconds that a repetition takes, or a little less."""


def test_sessions_that_are_killed(
    tmp_path: Path, server: Server, spoken: Path, temporary: Path
) -> None:
    count = done = lost = 0
    for number in range(-(-ROUNDS // AT_ONCE)):
        remember(spoken)
        if number % 3 == 2:
            forget()
        scripts = [written(tmp_path / f"{number}-{index}.yaml") for index in range(AT_ONCE)]
        dice = chance("play", number)
        coaches = played(server, scripts, number)
        for coach in coaches:
            wait_for_a_moment(coach, dice)
            coach.send(signal.SIGKILL)
            assert coach.wait() == -signal.SIGKILL
        until_alone(f"play {number} of {tmp_path}")
        for coach, script in zip(coaches, scripts, strict=True):
            count += 1
            found = entry_of(script)
            told = f"round {number}: {coach.told}"
            done += finished(coach)
            if found is None:
                assert finished(coach) == 0, told
                continue
            assert not found.running
            assert not found.finished
            # What was over at that very moment may just have been told, or just recorded.
            assert found.done - finished(coach) in (-1, 0, 1), told
            lost += found.done < finished(coach)
            # One that has only begun has no place yet, and hides none that has.
            assert found.where or not found.done, told
            assert not found.where or found.where.rep - found.done in (0, 1), told
    assert done, "no moment was late enough"
    # So a repetition may be lost that ended as the session was killed, and only by chance.
    assert lost <= max(1, count // 10), f"{lost} of {done} repetitions in {count} sessions"
    let_time_pass(temporary)
    forget()
    resumed = server.start("play", "--resume", *PLAY, "--fast")
    assert resumed.wait() == 0, resumed.told
    assert "Done: " in resumed.told
    History().begin(
        routine="a", title="A", script="a", settings=Settings(), planned=1, length=1
    ).finish(finished=True)
    assert files(History().path.parent) == {History().path.name}
    assert not list(temporary.iterdir())


def test_sessions_that_are_asked_to_end(
    tmp_path: Path, server: Server, spoken: Path, temporary: Path
) -> None:
    remember(spoken)
    scripts = [written(tmp_path / f"{index}.yaml") for index in range(9)]
    dice = chance("ask", 0)
    coaches = played(server, scripts, 0)
    for coach, number in zip(coaches, cycle(ASKED), strict=False):
        wait_for_a_moment(coach, dice)
        coach.send(number)
    for coach, script in zip(coaches, scripts, strict=True):
        assert coach.wait() == 130, coach.told
        assert "Traceback" not in coach.told
        found = entry_of(script)
        if found is None:
            assert coach.told.endswith("Interrupted.\n")
            continue
        assert "Stopped in A" in coach.told
        assert found.done >= finished(coach)
        assert (found.running, found.finished) == (False, False)
    until_alone(f"play 0 of {tmp_path}")
    assert files(History().path.parent) <= {History().path.name}
    assert not list(temporary.iterdir())


def test_a_session_into_a_file_that_is_killed_or_stopped(
    tmp_path: Path, server: Server, spoken: Path, temporary: Path
) -> None:
    remember(spoken)
    script = written(tmp_path / "a.yaml")
    target = tmp_path / "out" / "a.wav"
    target.parent.mkdir()
    target.write_bytes(b"old")
    for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        marker = f"file {code} of {tmp_path}"
        options = ("--output", "file", "--file", target, *PLAY[2:])
        coach = server.start("play", script, *options, environment=having(MARK, marker))
        wait_for_repetition(coach, 2)
        assert target.read_bytes() == b"old"
        coach.send(number)
        assert coach.wait() == code, coach.told
        until_alone(marker)
        let_time_pass(target.parent)
    assert files(target.parent) == {target.name}
    with wave.open(str(target)) as heard:
        assert heard.getnframes() > heard.getframerate() * REPETITION_S
    assert not list(temporary.iterdir())


PRESSES = int(os.environ.get("COACH_PRESSES", "6"))
ENTRY = "import sys; from coach.__main__ import main; sys.argv = ['coach', *sys.argv[1:]]; main()"
"""What the command that is installed does."""


def test_ctrl_c_while_it_starts_is_no_traceback(tmp_path: Path) -> None:
    """Each of these is a Python of its own, interrupted at an import of it, or in what follows.

    Imports say how far it is; how long it takes to get there depends on what else the machine does.
    """
    script = written(tmp_path / "a.yaml")
    imports, rest_s = 0, 0.0
    codes = []
    for number in range(-1, PRESSES):
        with subprocess.Popen(
            [sys.executable, "-X", "importtime", "-c", ENTRY, "check", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr
            # From the import after this one on, no longer Python decides what an interrupt does.
            for line in process.stderr:
                if b"| coach.__main__" in line:
                    break
            process.stderr.readline()
            if number < 0:
                seen = []
                for line in process.stderr:
                    seen.append(time.monotonic())
                    assert line.startswith(b"import time:")
                imports, rest_s = len(seen), time.monotonic() - seen[-1]
            else:
                chosen = chance("start", number)
                place = chosen.randint(0, imports + imports // 4)
                for _ in range(min(place, imports)):
                    process.stderr.readline()
                if place > imports:
                    select.select([], [], [], chosen.uniform(0, rest_s))
                process.send_signal(signal.SIGINT)
            told = process.stderr.read()
            try:
                codes.append(process.wait(30))
            finally:
                process.kill()
            assert b"Traceback" not in told, told
            assert codes[-1] in (0, 130, -signal.SIGINT), number
    assert set(codes[1:]) - {0}, "no moment was early enough"


def test_an_interrupt_that_a_destructor_loses_comes_again() -> None:
    class Lossy:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def wait() -> None:
        del (lossy := [Lossy()])[:]
        assert not lossy
        queue.Queue[None]().get(timeout=LIMIT_S)

    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            wait()
        assert interrupts.is_pressed
