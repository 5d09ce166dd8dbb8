"""Where coach runs: homes, terminals, streams, limits and interpreters that are not as usual."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.forked import Ran, coach

SCRIPT = "title: Übung 🧘\nsettle: 0s\nexercises: [{name: תרגיל, hold: 1, reps: 1}]\n"
RENDER = ("render", "a.yaml", "-o", "a.wav")
QUICKLY = ("--engine", "pyttsx3")
"""For sessions whose home may keep no clips; one that is rendered is spoken by the default engine."""
PLAY = ("play", "a.yaml", "--output", "none", "--fast", *QUICKLY)
ADJUST = ("adjust", "a.yaml", "hold=2s")


def is_told(ran: Ran) -> bool:
    """Return whether a run did what it should, or said in a sentence what is in its way."""
    told = ran.told.decode("utf-8", "replace")
    amiss = ("Traceback", "this is a bug", "Warning", "Exception ignored", "Fatal")
    is_sentence = ran.code == 0 or (ran.code in (1, 2) and bool(told.strip()))
    return is_sentence and not any(part in told for part in amiss)


def by_name(value: object) -> str | None:
    """Return how a command, or what is done before it, is called in a test's name."""
    if isinstance(value, tuple):
        return "-".join(map(str, value[:2]))
    return getattr(value, "__name__", None)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which all that the script says has been spoken."""
    folder = tmp_path_factory.mktemp("spoken")
    (folder / "a.yaml").write_text(SCRIPT, "utf-8")
    for command in (RENDER, PLAY):
        assert coach(*command, folder=folder, environment=home(str(folder))).code == 0
    return folder / ".cache"


@pytest.fixture
def folder(tmp_path: Path, spoken: Path) -> Path:
    (tmp_path / "a.yaml").write_text(SCRIPT, "utf-8")
    shutil.copytree(spoken, os.environ["XDG_CACHE_HOME"])
    return tmp_path


# -- homes ---------------------------------------------------------------------------------------


def home(place: str) -> dict[str, str]:
    """Return an environment in which a home is all that says where things are kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": place}


def xdg(place: str) -> dict[str, str]:
    names = ("CACHE", "CONFIG", "DATA", "STATE")
    return {**os.environ, "HOME": "", **{f"XDG_{name}_HOME": place for name in names}}


HOMES: dict[str, Callable[[Path], Mapping[str, str]]] = {
    "missing": lambda _: home("/nonexistent"),
    "a file": lambda folder: home(str(folder / "a.yaml")),
    "unwritable": lambda _: home("/proc"),
    "XDG unwritable": lambda _: xdg("/proc/nowhere"),
    "XDG a file": lambda folder: xdg(str(folder / "a.yaml")),
    "XDG odd": lambda folder: xdg(str(folder / "a\nb \x1b[1m")),
    "no time zone": lambda _: {**os.environ, "TZ": "No/Where"},
    "odd time zone": lambda _: {**os.environ, "TZ": "\x01:::<>5,,"},
}


@pytest.mark.parametrize("command", [RENDER, PLAY, ADJUST, ("history",)], ids=by_name)
@pytest.mark.parametrize("place", HOMES)
def test_homes(folder: Path, place: str, command: tuple[str, ...]) -> None:
    ran = coach(*command, folder=folder, environment=HOMES[place](folder), before=time.tzset)
    assert is_told(ran), ran
    if command != ADJUST:  # it alone has to keep something
        assert ran.code == 0


def test_relative_xdg_folders_are_ignored(folder: Path) -> None:
    environment = {**xdg("some/where"), "HOME": str(folder / "home")}
    for command in ((*RENDER, *QUICKLY), ADJUST, ("history",)):
        assert coach(*command, folder=folder, environment=environment).code == 0
    assert not (folder / "some").exists()
    assert (folder / "home/.config/audio-coach/settings").is_dir()
    assert (folder / "home/.cache/audio-coach/clips").is_dir()


# -- terminals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("list",), PLAY], ids=by_name)
@pytest.mark.parametrize(
    ("term", "size"),
    [
        *(("dumb", (80, 24)), ("", (80, 24)), ("nonsense", (80, 24))),
        *(("xterm", (1, 1)), ("xterm", (0, 0))),
    ],
)
def test_terminals(
    folder: Path, command: tuple[str, ...], term: str, size: tuple[int, int]
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TERM"}
    if term:
        environment["TERM"] = term
    ran = coach(*command, folder=folder, environment=environment, terminal=size)
    assert ran.code == 0, ran
    assert is_told(ran)
    if term == "dumb":
        assert b"\x1b" not in ran.out


# -- streams -------------------------------------------------------------------------------------


def close_stdin() -> None:
    os.close(0)


def close_stdout() -> None:
    os.close(1)


def close_stderr() -> None:
    os.close(2)


def close_all() -> None:
    os.closerange(0, 3)


def fill_stdout() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def break_stdout() -> None:
    reader, writer = os.pipe()
    os.dup2(writer, 1)
    os.close(writer)
    os.close(reader)


@pytest.mark.parametrize(
    "command",
    [
        ("show", "a.yaml", "--json"),
        ("schema",),
        ("list",),
        ("check", "a.yaml"),
        RENDER,
        PLAY,
        ("x",),
    ],
    ids=by_name,
)
@pytest.mark.parametrize(
    "before",
    [close_stdin, close_stdout, close_stderr, close_all, fill_stdout, break_stdout],
    ids=by_name,
)
def test_streams(folder: Path, before: Callable[[], None], command: tuple[str, ...]) -> None:
    ran = coach(*command, folder=folder, before=before)
    assert ran.code in (0, 1, 2), ran
    if before not in (close_stderr, close_all):
        assert is_told(ran), ran
    if command == RENDER:
        assert ran.code == 0
        assert (folder / "a.wav").stat().st_size > 1000


# -- limits --------------------------------------------------------------------------------------


def lose_folder() -> None:
    place = tempfile.mkdtemp()
    os.chdir(place)
    Path(place).rmdir()


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))


def fewer_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))


def little_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + (16 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def no_rights_by_default() -> None:
    os.umask(0o777)


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize("command", [RENDER, PLAY, ADJUST], ids=by_name)
@pytest.mark.parametrize(
    "before",
    [lose_folder, few_files, fewer_files, little_memory, no_rights_by_default, small_files],
    ids=by_name,
)
def test_limits(folder: Path, before: Callable[[], None], command: tuple[str, ...]) -> None:
    ran = coach(*command, folder=folder, before=before)
    assert is_told(ran), ran


# -- interpreters --------------------------------------------------------------------------------

PROGRAM = """
import sys
from coach.cli import run
for arguments in sys.argv[1:]:
    code = run(arguments.split())
    sys.stdout.flush()
    if code:
        sys.exit(f"{arguments}: {code}")
"""
EVERYTHING = (
    *("show a.yaml", "check a.yaml", "adjust a.yaml hold=2s", "history", "edit a.yaml"),
    *("list", "render a.yaml -o a.wav", "play a.yaml --output none --fast", "voices", "cues"),
    *("new --blank b.yaml", "export a.yaml --to csv"),
)


@pytest.mark.parametrize(
    ("options", "commands"),
    # Without assertions everything has to be compiled anew, so that is for what loads little.
    [("-OO", EVERYTHING[:5]), ("-I -B -X dev -W error", EVERYTHING)],
)
def test_interpreters(folder: Path, options: str, commands: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, *options.split(), "-c", PROGRAM, *commands],
        cwd=folder,
        env={**os.environ, "EDITOR": "true", "LC_ALL": "C", "PYTHONIOENCODING": "ascii:replace"},
        capture_output=True,
        check=False,
        timeout=120,
    )
    ran = Ran(done.returncode, done.stdout, done.stderr)
    assert is_told(ran), ran
    assert ran.code == 0, ran
