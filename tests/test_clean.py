"""`coach doctor --clean`, and what a session's store holds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from coach.cli import run
from coach.cli.clean import size_text
from coach.speech import Speech
from coach.speech.store import VARIABLE, ClipStore, clip_key

QUARTER = Speech(8000, np.zeros(125_000, np.int16))
"""A clip of 250,000 bytes and a header."""


@pytest.fixture
def store() -> ClipStore:
    """The user's store: four clips, the first used longest ago, and what two runs left."""
    found = ClipStore()
    for number in range(4):
        path = put(found, number)
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    (path.parent / "old.tmp").write_bytes(b"RIFF")
    os.utime(path.parent / "old.tmp", (1_000_000, 1_000_000))
    (path.parent / "new.tmp").write_bytes(b"RIFF")
    return found


def put(store: ClipStore, number: int) -> Path:
    key = clip_key("engine", "en", str(number), 1)
    store.put(key, QUARTER)
    return store.folder / key[:2] / f"{key}.wav"


def left(store: ClipStore) -> list[str]:
    return sorted(
        path.suffix for path in store.folder.rglob("*") if path.suffix in (".tmp", ".wav")
    )


def test_leftovers_go_and_clips_stay(store: ClipStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--clean"]) == 0
    said, errors = capsys.readouterr()
    assert said == "Removed 1 file (0.0 MB).\nKept 4 clips, 1.0 MB of at most 1,000 MB.\n"
    assert not errors
    assert left(store) == [".tmp", *[".wav"] * 4], "another process may be writing the newer one"


def test_what_is_beyond_the_bound_goes(
    store: ClipStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    assert run(["doctor", "--clean", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    size = put(store, 9).stat().st_size
    assert document == {
        "version": 1,
        "folder": str(store.folder),
        "largest": 1_000_000,
        "removed": 2,
        "freed": size + len(b"RIFF"),
        "kept": 3,
        "bytes_kept": 3 * size,
        "problem": "",
    }
    assert not store.has(clip_key("engine", "en", "0", 1)), "the one used longest ago"


def test_all_clips_go_where_that_is_asked_for(
    store: ClipStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--clean", "all"]) == 0
    assert "Removed 5 files (1.0 MB).\nKept 0 clips, 0 MB of" in capsys.readouterr().out
    assert left(store) == [".tmp"]


def test_what_cannot_be_removed_is_told(
    store: ClipStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "unlink", refuse)
    assert run(["doctor", "--clean", "all"]) == 1
    said, errors = capsys.readouterr()
    assert said.startswith("Removed 0 files (0 MB).\nKept 4 clips, 1.0 MB")
    assert "not everything could be removed: " in errors
    assert "Permission denied" in errors


@pytest.mark.parametrize("arguments", [["--listen"], ["said.wav"], ["--microphone", "x"]])
def test_cleaning_goes_with_nothing_else(arguments: list[str]) -> None:
    assert run(["doctor", "--clean", "old", *arguments]) == 2


@pytest.mark.parametrize("command", [["doctor", "--clean"], ["show", "box-breathing"]])
def test_a_bound_that_is_no_number_is_told(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "1 GB")
    assert run(command) == 1
    errors = capsys.readouterr().err
    assert (
        f'expected the environment variable {VARIABLE} to be a number of megabytes, found "1 GB"'
        in errors
    )
    assert f"{VARIABLE}=500" in errors


def test_sizes_are_told_in_megabytes() -> None:
    assert [size_text(size) for size in (0, 260_000, 9_900_000, 10_400_000, 10**9)] == [
        *("0 MB", "0.3 MB", "9.9 MB", "10 MB", "1,000 MB")
    ]
