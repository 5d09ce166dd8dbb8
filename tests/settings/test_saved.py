"""Saved settings on disk: readable, atomic, safe for several processes, never lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import CoachError, OutputError, ScriptError
from coach.locks import Lock
from coach.settings import saved
from coach.settings.saved import Saved, SavedValue, SettingsStore, this_moment

NOW = datetime(2026, 3, 2, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings")


def put(store: SettingsStore, script: Path | str = "short", **values: str) -> Saved:
    entries = {name.replace("__", "."): SavedValue(text, NOW) for name, text in values.items()}
    return store.change(script, lambda saved: saved.with_values({**entries})).saved


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12)
NAMES = st.from_regex(r"[^\W_][\w-]{0,8}(\.[a-z]{1,6}){0,2}", fullmatch=True)
MOMENTS = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
)
SAVED = st.dictionaries(
    NAMES,
    st.builds(
        SavedValue,
        st.sampled_from(["7", "8s", "1:30", "none", "null", "on", "~", "+1 rep every week; hold"])
        | PRINTABLE
        | st.lists(PRINTABLE, min_size=1, max_size=3).map(tuple),
        MOMENTS,
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(Saved)


@given(SAVED)
def test_what_is_saved_is_what_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, saved: Saved
) -> None:
    store = SettingsStore(tmp_path_factory.mktemp("s"))
    assert store.change("r", lambda _: saved).saved == saved
    loaded = store.load("r")
    assert loaded.problem == ""
    assert loaded.saved == saved
    assert list(loaded.saved.values) == list(saved.values), "in the order of the file"


def test_a_file_can_be_read_and_written_by_people(store: SettingsStore) -> None:
    put(store, reps="7", cat__hold="8s", speed="0.9")
    path = store.path("short")
    text = path.read_text("utf-8")
    assert "  reps: 7\n  cat.hold: 8s\n  speed: 0.9\n" in text
    assert yaml.safe_load(text)["values"] == {"reps": 7, "cat.hold": "8s", "speed": 0.9}
    path.write_text("coach: 1\nvalues:\n  reps: 9\n  skip: [a, b]\n", "utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    loaded = store.load("short").saved.values
    assert loaded["reps"].since == datetime.fromtimestamp(1_700_000_000, UTC), "when it was written"
    assert loaded["skip"].value == ("a", "b")
    assert loaded["skip"].text == "a, b"


def test_scripts_of_the_same_name_have_their_own_settings(
    store: SettingsStore, tmp_path: Path
) -> None:
    one, other = tmp_path / "a" / "my routine.yaml", tmp_path / "b" / "my routine.yaml"
    put(store, one, reps="7")
    assert store.load(other).saved == Saved()
    assert store.path(one).name.startswith("my-routine-")
    link = tmp_path / "link.yaml"
    one.parent.mkdir()
    one.touch()
    link.symlink_to(one)
    assert store.path(link) == store.path(one), "it is the same script"


def test_nothing_saved_is_no_file(store: SettingsStore) -> None:
    put(store, reps="7")
    assert store.change("short", lambda _: Saved()).saved == Saved()
    assert not store.path("short").exists()
    assert list(store.path("short").parent.iterdir()) == [], "no lock, no temporary file"


def test_the_folder_is_private(store: SettingsStore) -> None:
    put(store, reps="7")
    assert store.path("short").parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x00\x01binary", "line 1: expected a YAML text, found a binary file"),
        (b"values: {reps: 7", "line 1: expected YAML"),
        (b"", "expected settings with `coach` and `values`, found an empty file"),
        (b"- a\n", "expected settings with `coach` and `values`, found a list"),
        (b"coach: 1\nvalues: [reps]\n", "line 2: expected names with their values"),
        (b"coach: 1\nvalues: {reps: {a: b}}\n", "line 2: expected a value"),
        (b"coach: 1\nvalues: {reps: 7, reps: 8}\n", "expected each key once"),
        (b"values: {reps: 7}\n", "expected the key `coach`"),
        ("coach: 1\nvalues: {reps: ä}\n".encode("latin-1"), "expected UTF-8"),
    ],
)
def test_a_damaged_file_is_kept_aside_and_told(
    store: SettingsStore, content: bytes, told: str
) -> None:
    path = store.path("short")
    path.parent.mkdir()
    path.write_bytes(content)
    loaded = store.load("short")
    assert loaded.saved == Saved()
    assert told in loaded.problem
    (aside,) = path.parent.iterdir()
    assert aside.name in loaded.problem
    assert aside.read_bytes() == content
    path.write_bytes(content)
    again = put(store, reps="7")
    assert set(again.values) == {"reps"}
    assert len(list(path.parent.iterdir())) == 3, "both damaged ones and the new one"


def test_a_file_that_another_process_has_mended_meanwhile_stays(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, reps="7")
    path = store.path("short")
    good = path.read_bytes()
    path.write_bytes(b"")
    acquire = Lock.acquire

    def mend_first(lock: Lock) -> bool:
        path.write_bytes(good)
        return acquire(lock)

    monkeypatch.setattr(Lock, "acquire", mend_first)
    loaded = store.load("short")
    assert (loaded.problem, set(loaded.saved.values)) == ("", {"reps"})
    assert path.read_bytes() == good


def test_a_damaged_file_stays_while_another_process_changes_it(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.settings.saved.LOCK_S", 0.05)
    path = store.path("short")
    path.parent.mkdir()
    path.write_bytes(b"")
    lock = Lock(path.with_suffix(".lock"))
    assert lock.acquire()
    assert store.load("short").problem.endswith("found an empty file): they are not used")
    assert path.exists()
    lock.release()


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00", "0001-06-01", "9999-06-01", "soon"],
)
def test_a_moment_that_no_clock_shows_is_unknown(store: SettingsStore, moment: str) -> None:
    path = store.path("short")
    path.parent.mkdir()
    path.write_text(f"coach: 1\nvalues: {{reps: 7}}\nsince: {{reps: '{moment}'}}\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    loaded = store.load("short")
    assert loaded.problem == ""
    assert loaded.saved.values["reps"].since == datetime.fromtimestamp(1_700_000_000, UTC)
    put(store, hold="7")


@pytest.mark.skipif(sys.platform == "win32", reason="every file system there has locks")
def test_without_locks_settings_are_saved_all_the_same(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int, _kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("coach.locks.fcntl.flock", refuse)
    put(store, reps="7")
    assert store.load("short").saved.values["reps"].text == "7"


def test_of_a_folder_that_leads_nowhere_is_told_and_nothing_saved(store: SettingsStore) -> None:
    folder = store.path("short").parent
    folder.symlink_to(folder)
    assert "cannot read" in store.load("short").problem
    with pytest.raises(OutputError, match="the settings cannot be saved in"):
        put(store, reps="7")


def test_what_cannot_be_looked_at_is_not_saved_over(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, reps="5")

    def refuse(_path: Path) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("coach.settings.saved._is_there", refuse)
    with pytest.raises(OutputError, match=r"cannot read .*: input/output error"):
        put(store, reps="7")


def test_a_lock_that_cannot_be_made_is_told(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_lock: Lock) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Lock, "acquire", refuse)
    with pytest.raises(OutputError, match=r"cannot write .*: no space left on device"):
        put(store, reps="7")


def test_settings_of_a_newer_coach_are_left_alone(store: SettingsStore) -> None:
    path = store.path("short")
    path.parent.mkdir()
    path.write_text("coach: 2\nvalues: {reps: 7}\n")
    assert "from a newer coach" in store.load("short").problem
    with pytest.raises(CoachError, match="from a newer coach"):
        put(store, reps="8")
    assert path.read_text() == "coach: 2\nvalues: {reps: 7}\n"


def test_a_file_that_cannot_be_read_is_told(store: SettingsStore) -> None:
    store.path("short").mkdir(parents=True)
    assert "the saved settings are not used: cannot read" in store.load("short").problem
    with pytest.raises(CoachError):
        put(store, reps="8")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot be saved in .*file/settings"):
        put(SettingsStore(tmp_path / "file" / "settings"), reps="7")


def test_a_change_that_fails_changes_nothing(store: SettingsStore) -> None:
    put(store, reps="7")
    before = store.path("short").read_bytes()

    def fail(_: Saved) -> Saved:
        raise CoachError("no")

    with pytest.raises(CoachError, match="no"):
        store.change("short", fail)
    assert store.path("short").read_bytes() == before
    assert list(store.path("short").parent.iterdir()) == [store.path("short")]


def test_another_that_changes_the_same_is_waited_for(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.settings.saved.LOCK_S", 0.05)
    put(store, reps="7")
    lock = Lock(store.path("short").with_suffix(".lock"))
    assert lock.acquire()
    with pytest.raises(OutputError, match="another coach is changing it"):
        put(store, reps="8")
    put(store, "other", reps="8")
    lock.release()
    put(store, reps="8")


PROGRAM = """
import sys
from pathlib import Path
from coach.settings.saved import SavedValue, SettingsStore, this_moment
store = SettingsStore(Path(sys.argv[1]))
for n in range(20):
    name = f"{sys.argv[2]}-{n}.reps"
    store.change("r", lambda s: s.with_values({name: SavedValue(str(n), this_moment())}))
"""


def test_two_processes_do_not_undo_each_others_work(tmp_path: Path) -> None:
    programs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path / "s"), name])
        for name in ("a", "b", "c")
    ]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    saved = SettingsStore(tmp_path / "s").load("r").saved
    assert len(saved.values) == 60


def test_a_moment_is_kept_to_the_millisecond() -> None:
    moment: Any = this_moment()
    assert moment.microsecond % 1000 == 0
    assert moment.tzinfo is not None


def test_a_file_that_is_gone_before_it_is_read_is_nothing_saved(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, reps="7")

    def gone(path: Path) -> None:
        path.unlink()
        raise CoachError("it cannot be read")

    monkeypatch.setattr("coach.settings.saved._read", gone)
    assert store.load("short").saved == Saved()


def test_a_change_that_changes_nothing_writes_nothing(store: SettingsStore) -> None:
    before = put(store, reps="7")
    store.path("short").chmod(0o400)
    written = store.path("short").stat().st_mtime_ns
    assert store.change("short", lambda saved: saved).saved == before
    assert store.path("short").stat().st_mtime_ns == written


def test_a_damaged_file_that_is_newer_when_it_can_be_had_or_cannot_be_moved_is_told(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, reps="7")
    path = store.path("short")
    path.write_text("[]")
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("busy")))
    assert store.load("short").problem.endswith(": they are not used")
    assert path.exists()
    read = saved._read

    def newer(path: Path) -> object:
        path.write_text('coach: "9"\nvalues: {reps: 7}\n')
        monkeypatch.setattr(saved, "_read", read)
        raise ScriptError([])

    monkeypatch.setattr(saved, "_read", newer)
    assert "is from a newer coach" in store.load("short").problem


def test_the_name_of_a_file_stays_what_it_was_in_every_version(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    assert store.path("box-breathing").name == "box-breathing.yaml"
    assert store.path(Path("/nowhere/My script.yaml")).name == "my-script-cf94954efb.yaml"
