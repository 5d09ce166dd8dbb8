"""What goes wrong around the coach, made to happen for real: disks, signals, pipes, terminals."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coach.render import FORMATS

LONG = "title: Long\nexercises: [{name: A, sets: 9, reps: 20, phases: [{cue: Up, move: 1, hold: 3}]}]\n"
HUGE = LONG.replace("hold: 3", "hold: 20")
COACH = [sys.executable, "-m", "coach"]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "long.yaml"
    path.write_text(LONG)
    return path


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which everything that the scripts say has been spoken already."""
    folder = tmp_path_factory.mktemp("spoken")
    cache = folder / "cache"
    homes = {f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE")}
    environment = {**os.environ, **homes, "HOME": str(folder), "XDG_CACHE_HOME": str(cache)}
    for text in (LONG, HUGE):
        script = folder / "script.yaml"
        script.write_text(text)
        command = [*COACH, "render", str(script), "-q", "-o", str(folder / "warm.srt")]
        subprocess.run(command, check=True, timeout=120, env=environment)
    return cache


@pytest.fixture(autouse=True)
def stored(spoken: Path) -> None:
    """Let nothing have to be spoken, so that what follows is about files."""
    shutil.copytree(spoken, os.environ["XDG_CACHE_HOME"])


def in_mount(
    options: str, folder: Path, *command: object, environment: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command while `folder` is a small file system, and list what it leaves there."""
    folder.mkdir()
    told = f"{environment} {shlex.join(map(str, command))}"
    program = (
        f"mount -t tmpfs {options} none {folder} || exit 99; {told}; code=$?; "
        f"ls -A {folder}; exit $code"
    )
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [("-o size=256k", "no space left on device"), ("-o ro", "read-only file system")],
)
def test_a_full_or_read_only_folder(
    tmp_path: Path, script: Path, options: str, reason: str
) -> None:
    folder = tmp_path / "small"
    result = in_mount(options, folder, *COACH, "render", script, "-o", folder / "a.wav")
    assert result.returncode == 1, result.stderr
    assert f"a.wav: {reason}" in result.stderr
    assert result.stdout == "", "no half-written file"


EACH_FORMAT = """
import contextlib, io, os, sys
from coach.cli import run
script, folder, *names = sys.argv[1:]
for name in names:
    # Words take less room than sound, and some sound is written when all is encoded.
    sets = "9" if name in ("srt", "vtt", "lrc") else "1"
    with contextlib.redirect_stderr(io.StringIO()) as told:
        code = run(["render", script, "--beyond-range", "--sets", sets, "-o", f"{folder}/a.{name}"])
    print(name, code, f"a.{name}: no space left on device" in told.getvalue(), os.listdir(folder))
"""


def test_no_format_leaves_anything_on_a_full_disk(tmp_path: Path, script: Path) -> None:
    folder = tmp_path / "small"
    names = [name for name in FORMATS if name not in ("m3u8", "txt")]
    result = in_mount(
        "-o size=4k", folder, sys.executable, "-c", EACH_FORMAT, script, folder, *names
    )
    assert result.stdout.splitlines() == [f"{name} 1 True []" for name in names], result.stderr


def test_two_renders_to_one_name_leave_one_whole_file(tmp_path: Path, script: Path) -> None:
    target = tmp_path / "a.flac"
    commands = [[*COACH, "render", str(script), "-q", "-o", str(target)] for _ in range(2)]
    running = [subprocess.Popen(command) for command in commands]
    assert [process.wait(60) for process in running] == [0, 0]
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".yaml"] == ["a.flac"]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", target, "-f", "null", "-"], capture_output=True, check=True
    )
    assert not done.stderr


def test_a_cue_sheet_on_a_full_disk(tmp_path: Path, script: Path) -> None:
    folder = tmp_path / "tiny"
    sheet = folder / "sheet.json"
    wav = tmp_path / "a.wav"
    result = in_mount(
        "-o size=16k", folder, *COACH, "render", script, "-o", wav, "--cue-sheet", sheet
    )
    assert result.returncode == 1, result.stderr
    assert "sheet.json: no space left on device" in result.stderr
    assert result.stdout == ""


def when_writing_begins(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return as soon as the render has written into `folder`, or has ended.

    What it writes has no name yet.
    """
    while process.poll() is None:
        time.sleep(0.01)
        with contextlib.suppress(OSError):
            for handle in Path(f"/proc/{process.pid}/fd").iterdir():
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
    process = subprocess.Popen(
        [*COACH, "render", script, "-o", folder / name], stderr=subprocess.PIPE
    )
    when_writing_begins(process, folder)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert process.returncode == 130, told
        assert told.decode().strip() == "Interrupted."
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
    command = f"{' '.join(COACH)} render {script} -o {tmp_path}/a.wav {stderr}"
    assert subprocess.run(["sh", "-c", command], timeout=60, check=False).returncode == 0
    assert (tmp_path / "a.wav").stat().st_size > 1000


def test_a_full_temporary_folder_is_told_as_such(tmp_path: Path) -> None:
    folder, wav = tmp_path / "temporary", tmp_path / "a.wav"
    environment = f"TMPDIR={folder} XDG_CACHE_HOME={tmp_path}/new"
    render = (*COACH, "render", "box-breathing", "-o", wav, "--engine", "pyttsx3")
    result = in_mount("-o size=48k", folder, *render, environment=environment)
    assert result.returncode == 1
    assert "No space left on device" in result.stderr
    assert result.stdout == ""
    assert not wav.exists()


def test_under_nohup_a_hangup_is_ignored(tmp_path: Path, script: Path) -> None:
    command = f"trap '' HUP; {' '.join(COACH)} render {script} -o {tmp_path}/a.wav & kill -HUP $!; wait $!"
    result = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path, script: Path) -> None:
    command = [*COACH, "render", str(script), "-o", str(tmp_path / "a.wav")]
    piped = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert piped.stdout == b""
    assert piped.stderr.decode().startswith("Wrote ")
    master, slave = pty.openpty()
    with subprocess.Popen(command, stderr=slave, stdout=subprocess.PIPE) as process:
        os.close(slave)
        shown = b""
        while select.select([master], [], [], 30)[0]:
            try:
                shown += os.read(master, 4096)
            except OSError:
                break
        assert process.wait(30) == 0
    os.close(master)
    assert "Writing" in shown.decode()


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb", "COLUMNS": "20"},
        {"NO_COLOR": "1"},
        {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/nowhere"},
    ],
)
def test_odd_surroundings(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("title: Übung 🧘\nexercises: [{name: תרגיל, hold: 3, settle: 0}]\n", "utf-8")
    variables = {**os.environ, **environment}
    for command in (
        ["list"],
        ["show", str(path)],
        ["render", str(path), "-o", str(tmp_path / "a.wav"), "--engine", "pyttsx3"],
    ):
        result = subprocess.run(
            [*COACH, *command],
            env=variables, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert b"Traceback" not in result.stderr
        assert b"\x1b[" not in result.stdout
