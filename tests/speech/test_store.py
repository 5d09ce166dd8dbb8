from __future__ import annotations

import errno
import os
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

import coach
from coach.errors import SettingError
from coach.speech import Speech, upkeep
from coach.speech.store import LARGEST, USED_S, VARIABLE, ClipStore, clip_key, default_folder
from coach.speech.upkeep import LEFTOVER_S, LOOK_EVERY_S, NOTES

KEY = clip_key("engine", "en", "Arch up.", 1)
SPEECH = Speech(22050, np.arange(-500, 500, dtype=np.int16) * 7)
PARTS = st.tuples(st.text(max_size=3), st.text(max_size=3), st.text(max_size=3))
SAMPLES = npst.arrays(np.int16, st.integers(0, 300))

per_example_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def same(one: Speech | None, other: Speech) -> bool:
    return one is not None and one.rate == other.rate and np.array_equal(one.samples, other.samples)


def only_file(folder: Path) -> Path:
    (path,) = (path for path in folder.rglob("*") if path.is_file())
    return path


@per_example_folder
@given(st.integers(1, 192_000), SAMPLES)
def test_what_is_put_in_comes_out(tmp_path: Path, rate: int, samples: NDArray[np.int16]) -> None:
    store = ClipStore(tmp_path)
    store.put(KEY, Speech(rate, samples))
    found = store.get(KEY)
    assert same(found, Speech(rate, samples))
    assert found is not None
    assert found.samples.dtype == np.int16
    assert store.problem is None


def test_nothing_is_found_in_an_empty_or_missing_folder(tmp_path: Path) -> None:
    assert ClipStore(tmp_path).get(KEY) is None
    assert ClipStore(tmp_path / "missing").get(KEY) is None


def test_clips_lie_in_folders_by_the_first_two_digits(tmp_path: Path) -> None:
    ClipStore(tmp_path).put(KEY, SPEECH)
    assert only_file(tmp_path) == tmp_path / KEY[:2] / f"{KEY}.wav"


def test_other_programs_can_play_a_clip(tmp_path: Path) -> None:
    import soundfile

    ClipStore(tmp_path).put(KEY, SPEECH)
    path = only_file(tmp_path)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
        assert file.readframes(2000) == SPEECH.samples.astype("<i2").tobytes()
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == 22050
    assert np.array_equal(samples, SPEECH.samples)


@per_example_folder
@given(st.data())
def test_any_changed_byte_is_noticed_and_mended(tmp_path: Path, data: st.DataObject) -> None:
    store = ClipStore(tmp_path)
    store.put(KEY, SPEECH)
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert store.get(KEY) is None
    store.put(KEY, SPEECH)
    assert same(store.get(KEY), SPEECH)


@per_example_folder
@given(st.data())
def test_a_file_of_any_other_length_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    store = ClipStore(tmp_path)
    store.put(KEY, SPEECH)
    path = only_file(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert store.get(KEY) is None
    path.write_bytes(content + data.draw(st.binary(min_size=1, max_size=9)))
    assert store.get(KEY) is None


@per_example_folder
@given(st.binary(max_size=200))
def test_any_other_file_is_not_a_clip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KEY[:2] / f"{KEY}.wav"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert ClipStore(tmp_path).get(KEY) is None


@given(PARTS, st.integers(0, 9), st.data())
def test_keys_differ_when_anything_differs(
    parts: tuple[str, str, str], processing: int, data: st.DataObject
) -> None:
    key = clip_key(*parts, processing)
    assert len(key) == 64
    others = data.draw(PARTS)
    assert (clip_key(*others, processing) == key) == (others == parts)
    assert clip_key(*parts, processing + 1) != key


def test_a_folder_that_cannot_be_written_is_a_problem_not_an_exception(tmp_path: Path) -> None:
    in_the_way = tmp_path / "clips"
    in_the_way.write_text("a file")
    store = ClipStore(in_the_way)
    store.put(KEY, SPEECH)
    problem = store.problem
    assert problem is not None
    assert str(in_the_way) in problem
    store.put(KEY, SPEECH)
    assert store.problem is problem
    assert store.get(KEY) is None
    store.tidy()


def test_a_full_disk_leaves_no_half_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    store = ClipStore(tmp_path)
    store.put(KEY, SPEECH)
    assert store.problem is not None
    assert "No space left" in store.problem
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_clip_that_another_process_holds_open_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ClipStore(tmp_path)
    store.put(KEY, SPEECH)

    def held(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", held)
    store.put(KEY, SPEECH)
    assert store.problem is None
    assert only_file(tmp_path).suffix == ".wav"


def test_leftovers_of_killed_processes_go_after_an_hour(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    store.put(KEY, SPEECH)
    leftover = tmp_path / KEY[:2] / f"{KEY}abc.tmp"
    leftover.write_bytes(b"RIFF")
    written = leftover.stat().st_mtime
    store.tidy(now=written + LEFTOVER_S - 1)
    assert leftover.exists()
    store.tidy(now=written + LEFTOVER_S + 1)
    assert not leftover.exists()
    assert same(store.get(KEY), SPEECH)


def test_tidying_leaves_alone_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    others = [tmp_path / "notes.tmp", tmp_path / "ab" / "notes.txt", tmp_path / "mine" / "x.tmp"]
    for other in others:
        other.parent.mkdir(exist_ok=True)
        other.write_text("mine")
    ClipStore(tmp_path).tidy(now=others[0].stat().st_mtime + 9 * LEFTOVER_S, largest=0)
    assert all(other.exists() for other in others)


def test_the_clips_longest_unused_go_when_there_is_too_much(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    keys = [clip_key("engine", "en", str(number), 1) for number in range(4)]
    for age, key in enumerate(keys):
        store.put(key, SPEECH)
        path = tmp_path / key[:2] / f"{key}.wav"
        past = path.stat().st_mtime - 2 * USED_S - age
        os.utime(path, (past, past))
    size = path.stat().st_size
    # The oldest is used now, so it is no longer the oldest.
    assert store.get(keys[3]) is not None
    done = store.tidy(largest=2 * size)
    assert [store.get(key) is not None for key in keys] == [True, False, False, True]
    assert done == upkeep.Tidied(removed=2, freed=2 * size, kept=2, bytes_kept=2 * size)


def looks(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list that grows with each look through a store."""
    seen: list[Path] = []
    look = upkeep.files

    def noted(folder: Path) -> Iterator[os.DirEntry[str]]:
        seen.append(folder)
        return look(folder)

    monkeypatch.setattr(upkeep, "files", noted)
    return seen


def fill(store: ClipStore, count: int, first: int = 0) -> int:
    """Put clips into a store, the first of them used longest ago; return the size of one."""
    for number in range(first, first + count):
        key = clip_key("engine", "en", str(number), 1)
        store.put(key, SPEECH)
        path = store.folder / key[:2] / f"{key}.wav"
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    return path.stat().st_size


def test_a_store_is_looked_through_once_a_day_and_not_after_each_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = looks(monkeypatch)
    now = 2e9
    for session in range(10):
        store = ClipStore(tmp_path)  # each in a process of its own
        fill(store, 3, 3 * session)
        assert store.tidy_if_due(now=now + session) is (session == 0)
        assert store.tidy_if_due(now=now + 2 * LOOK_EVERY_S) is False, "nothing was written"
    assert len(seen) == 1
    fill(store, 1, 99)
    assert store.tidy_if_due(now=now + LOOK_EVERY_S)
    fill(store, 1, 100)
    assert store.tidy_if_due(now=now), "the clock was put back, so the note means nothing"
    fill(store, 1, 101)
    assert not store.tidy_if_due(now=now + 1)
    (tmp_path / NOTES).write_bytes(b"@nonsense\n")
    fill(store, 1, 102)
    assert store.tidy_if_due(now=now + 2), "what cannot be read is written anew"


def test_a_store_never_holds_more_than_its_bound_whoever_fills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = looks(monkeypatch)
    size = fill(ClipStore(tmp_path), 1)
    bound = 60 * size
    for session in range(80):
        store = ClipStore(tmp_path)
        store.largest = bound
        fill(store, 2, 2 * session)
        store.tidy_if_due(now=2e9)
        held = sum(path.stat().st_size for path in tmp_path.rglob("*.wav"))
        assert held <= bound
    assert held > bound * 0.8
    assert len(seen) <= 1 + 80 * 2 * upkeep.SHARE // 60, "one for each twentieth of the bound"
    newest = clip_key("engine", "en", "159", 1)
    assert store.get(newest) is not None


def test_the_user_sets_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ClipStore().largest == LARGEST
    monkeypatch.setenv(VARIABLE, " 250 ")
    assert ClipStore().largest == 250_000_000
    for wrong in ("0.5", "1 GB", "-1", "\u0665", "9" * 20):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(SettingError, match="a number of megabytes") as raised:
            ClipStore()
        assert wrong[:40] in raised.value.message


def test_a_clip_that_is_used_often_outlives_what_is_new(tmp_path: Path) -> None:
    """A batch may fill the whole store within a day."""
    store = ClipStore(tmp_path)
    size = fill(store, 4)
    assert store.get(clip_key("engine", "en", "0", 1)) is not None
    store.tidy(largest=2 * size)
    left = [store.has(clip_key("engine", "en", str(number), 1)) for number in range(4)]
    assert left == [True, False, False, True]


HAMMER = """
import sys
from pathlib import Path
import numpy as np
from coach.speech import Speech
from coach.speech.store import ClipStore

store = ClipStore(Path(sys.argv[1]))
keys = sys.argv[2:]
for turn in range(60):
    for number, key in enumerate(keys):
        store.put(key, Speech(8000, np.full(4000, number, np.int16)))
        found = store.get(key)
        assert found is not None and found.samples.size == 4000, "torn"
        assert (found.samples == number).all(), "mixed"
    store.tidy()
    store.tidy_if_due()
assert store.problem is None, store.problem
"""


def test_several_processes_at_once(tmp_path: Path) -> None:
    keys = [clip_key("engine", "en", str(number), 1) for number in range(5)]
    environment = {**os.environ, "PYTHONPATH": str(Path(coach.__file__).parents[1])}
    processes = [
        subprocess.Popen([sys.executable, "-c", HAMMER, str(tmp_path), *keys], env=environment)
        for _ in range(3)
    ]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    assert not list(tmp_path.rglob("*.tmp"))


def test_the_default_folder_is_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    folder = default_folder()
    assert folder.name == "clips"
    assert "audio-coach" in folder.parts
    assert not folder.exists()


def test_an_impossible_rate_is_damage(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    store.put(KEY, Speech(1_000_001, SPEECH.samples))
    assert store.get(KEY) is None


def test_a_store_knows_whether_it_has_anything(tmp_path: Path) -> None:
    store = ClipStore(tmp_path / "clips")
    key = "ab" * 32
    assert store.is_empty()
    assert not store.has(key)
    store.put(key, Speech(8000, np.ones(10, np.int16)))
    assert not store.is_empty()
    assert store.has(key)
