"""What goes wrong around the coach, made to happen for real: disks, signals, pipes, terminals."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coach.render import FORMATS
from tests.forked import Coach, Ran, coach, common_server

LONG = "title: Long\nexercises: [{name: A, sets: 9, reps: 20, phases: [{cue: Up, move: 1, hold: 3}]}]\n"
HUGE = LONG.replace("hold: 3", "hold: 20")
COACH = [sys.executable, "-m", "coach"]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "long.yaml"
    path.write_text(LONG)
    return path


RENDER = ("render", "--engine", "pyttsx3")
"""With the engine that is loaded soonest: what follows is about files."""


@pytest.fixture(scope="module")
def spoken(common_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have everything that the scripts say spoken already."""
    folder = tmp_path_factory.mktemp("spoken")
    homes = {f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE")}
    environment = {**os.environ, **homes, "HOME": str(folder), "XDG_CACHE_HOME": str(common_cache)}
    for text in (LONG, HUGE):
        script = folder / "script.yaml"
        script.write_text(text)
        ran = coach(*RENDER, script, "-q", "-o", folder / "warm.srt", environment=environment)
        assert ran.code == 0, ran


@pytest.fixture(autouse=True)
def stored(spoken: None, clips_at_hand: Path) -> None:
    """Let nothing have to be spoken, so that what follows is about files."""


NEW_USERS, NEW_MOUNTS = 0x1000_0000, 0x0002_0000
"""What a process gets of its own, in numbers of Linux."""


def mount(folder: str, options: str) -> None:
    """Let a folder be a small file system for this process alone, and list what it leaves there.

    The names are written on stdout as it ends.
    """
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USERS | NEW_MOUNTS):
        raise OSError(ctypes.get_errno(), "no file systems of its own")
    process = Path("/proc/self")
    (process / "setgroups").write_text("deny")
    (process / "uid_map").write_text(f"0 {user} 1")
    (process / "gid_map").write_text(f"0 {group} 1")
    subprocess.run(["mount", "-t", "tmpfs", *options.split(), "none", folder], check=True)
    leave = os._exit

    def end(code: int) -> None:
        os.write(1, "".join(f"{path.name}\n" for path in Path(folder).iterdir()).encode())
        leave(code)

    os._exit = end  # type: ignore[assignment]


def in_mount(options: str, folder: Path, *arguments: object, **environment: str) -> Ran:
    """Run coach while `folder` is a small file system; what it leaves there is told on stdout."""
    folder.mkdir(exist_ok=True)
    variables = {**os.environ, **environment}
    before = (mount, str(folder), options)
    return common_server().start(*arguments, environment=variables, before=before).ran()


@pytest.mark.parametrize(
    ("options", "reason"),
    [("-o size=256k", "no space left on device"), ("-o ro", "read-only file system")],
)
def test_a_full_or_read_only_folder(
    tmp_path: Path, script: Path, options: str, reason: str
) -> None:
    folder = tmp_path / "small"
    ran = in_mount(options, folder, *RENDER, script, "-o", folder / "a.wav")
    assert ran.code == 1, ran
    assert f"a.wav: {reason}" in ran.err.decode()
    assert ran.out == b"", "no half-written file"


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("m3u8", "txt")])
def test_no_format_leaves_anything_on_a_full_disk(tmp_path: Path, script: Path, name: str) -> None:
    folder = tmp_path / "small"
    # Words take less room than sound, and some sound is written when all is encoded.
    dose = ("--sets", "9") if name in ("srt", "vtt", "lrc") else ("--sets", "1", "--reps", "3")
    options = ("--beyond-range", *dose, "-o", folder / f"a.{name}")
    ran = in_mount("-o size=4k", folder, *RENDER, script, *options)
    assert (ran.code, ran.out) == (1, b""), ran
    assert f"a.{name}: no space left on device" in ran.err.decode()


def test_two_renders_to_one_name_leave_one_whole_file(tmp_path: Path, script: Path) -> None:
    target = tmp_path / "a.flac"
    arguments = (*RENDER, script, "--sets", "3", "-q", "-o", target)
    running = [common_server().start(*arguments) for _ in range(2)]
    assert [run.wait() for run in running] == [0, 0]
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".yaml"] == ["a.flac"]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", target, "-f", "null", "-"], capture_output=True, check=True
    )
    assert not done.stderr


def test_a_cue_sheet_on_a_full_disk(tmp_path: Path, script: Path) -> None:
    folder = tmp_path / "tiny"
    sheet = folder / "sheet.json"
    wav = tmp_path / "a.wav"
    ran = in_mount("-o size=16k", folder, *RENDER, script, "-o", wav, "--cue-sheet", sheet)
    assert ran.code == 1, ran
    assert "sheet.json: no space left on device" in ran.err.decode()
    assert ran.out == b""


def when_writing_begins(run: Coach, folder: Path) -> None:
    """Return as soon as the render has written into `folder`, or has ended.

    What it writes has no name yet.
    """
    while run.runs(0.01):
        with contextlib.suppress(OSError):
            for handle in Path(f"/proc/{run.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(folder) in str(handle.readlink()) and handle.stat().st_size:
                        return


@pytest.mark.parametrize(
    ("number", "name"),
    [
        *((signal.SIGINT, "a.wav"), (signal.SIGINT, "a.mp3"), (signal.SIGINT, "a.opus")),
        *((signal.SIGTERM, "a.mp3"), (signal.SIGKILL, "a.wav")),
    ],
)
def test_an_interrupted_render_leaves_the_old_file(
    tmp_path: Path, number: signal.Signals, name: str
) -> None:
    script = tmp_path / "huge.yaml"
    script.write_text(HUGE)
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name).write_bytes(b"old")
    run = common_server().start(*RENDER, script, "-o", folder / name)
    when_writing_begins(run, folder)
    run.send(number)
    ran = run.ran()
    if number == signal.SIGKILL:
        assert ran.code == -number
    else:
        assert ran.code == 130, ran
        assert ran.err.decode().strip() == "Interrupted."
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_bytes() == b"old"


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen([*COACH, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.wait(30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_closed_or_full_stdout_is_no_traceback() -> None:
    closed = subprocess.run(
        ["sh", "-c", f"{' '.join(COACH)} list >&-"], capture_output=True, timeout=30, check=False
    )
    assert b"Traceback" not in closed.stderr
    full = subprocess.run(
        ["sh", "-c", f"{' '.join(COACH)} list >/dev/full"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert full.returncode == 1
    assert b"no space left on device" in full.stderr
    assert b"Traceback" not in full.stderr


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_closed_or_full_stderr_keeps_no_file_from_being_written(
    tmp_path: Path, script: Path, stderr: str
) -> None:
    render = " ".join((*COACH, *RENDER))
    command = f"{render} {script} -o {tmp_path}/a.wav {stderr}"
    assert subprocess.run(["sh", "-c", command], timeout=60, check=False).returncode == 0
    assert (tmp_path / "a.wav").stat().st_size > 1000


def test_a_full_temporary_folder_is_told_as_such(tmp_path: Path) -> None:
    folder, wav = tmp_path / "temporary", tmp_path / "a.wav"
    variables = {"TMPDIR": str(folder), "XDG_CACHE_HOME": str(tmp_path / "new")}
    ran = in_mount("-o size=48k", folder, *RENDER, "box-breathing", "-o", wav, **variables)
    assert ran.code == 1
    assert b"No space left on device" in ran.err
    assert ran.out == b""
    assert not wav.exists()


def ignore_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_under_nohup_a_hangup_is_ignored(tmp_path: Path, script: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    render = (*RENDER, script, "-o", folder / "a.wav")
    run = common_server().start(*render, before=(ignore_hangup,))
    when_writing_begins(run, folder)
    run.send(signal.SIGHUP)
    ran = run.ran()
    assert ran.code == 0, ran


def tell_on(terminal: str) -> None:
    """Let stderr, and nothing else, be a terminal."""
    os.dup2(os.open(terminal, os.O_RDWR | os.O_NOCTTY), 2)


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path, script: Path) -> None:
    arguments = (*RENDER, script, "-o", tmp_path / "a.wav")
    piped = coach(*arguments)
    assert (piped.code, piped.out) == (0, b"")
    assert piped.err.decode().startswith("Wrote ")
    master, slave = pty.openpty()
    run = common_server().start(*arguments, before=(tell_on, os.ttyname(slave)))
    shown = run.shown(master)
    assert run.wait() == 0
    os.close(slave)
    os.close(master)
    assert "Writing" in shown.decode()


def started(*arguments: object, environment: dict[str, str]) -> Ran:
    """Run coach in an interpreter that begins in this environment."""
    done = subprocess.run(
        [*COACH, *map(str, arguments)],
        env=environment, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("environment", "run"),
    [
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}, started),
        ({"TERM": "dumb", "COLUMNS": "20"}, coach),
        ({"NO_COLOR": "1"}, coach),
        ({"HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/nowhere"}, coach),
    ],
)
def test_odd_surroundings(
    tmp_path: Path, environment: dict[str, str], run: Callable[..., Ran]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("title: Übung 🧘\nexercises: [{name: תרגיל, hold: 3, settle: 0}]\n", "utf-8")
    variables = {**os.environ, **environment}
    for command in (("list",), ("show", path), (*RENDER, path, "-o", tmp_path / "a.wav")):
        ran = run(*command, environment=variables)
        assert ran.code == 0, ran
        assert b"Traceback" not in ran.err
        assert b"\x1b[" not in ran.out
