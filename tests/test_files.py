"""Files are replaced whole or not at all, and what killed processes have left is removed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coach.files.replacing import replacing
from coach.locks import LEFT_S, lock_handle


def replace(path: Path) -> None:
    with replacing(path) as place:
        place.write_text("new")


def left(path: Path, *, ago: float = 2 * LEFT_S) -> Path:
    path.touch()
    os.utime(path, (time.time() - ago,) * 2)
    return path


def test_what_was_left_of_the_same_file_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left(tmp_path / ".a.wav.x1_y2.part")
    left(tmp_path / ".a.wav.4711-0.part")
    held = left(tmp_path / ".a.wav.held.part")
    kept = {
        left(tmp_path / ".a.wav.young.part", ago=0),
        left(tmp_path / ".b.wav.x1_y2.part"),
        left(tmp_path / ".a.wav.flac.x1_y2.part"),
        left(tmp_path / "a.wav.x1_y2.part"),
        left(tmp_path / ".part"),
        left(tmp_path / ".a.wav.part"),
    }
    with held.open("rb") as file:
        assert lock_handle(file.fileno(), shared=False)
        replace(tmp_path / "a.wav")
    assert set(tmp_path.iterdir()) == {*kept, held, tmp_path / "a.wav"}


def test_a_folder_is_looked_through_once_for_all_files_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    scandir: Callable[[Path], Any] = os.scandir

    def look(folder: Path) -> Any:
        looks.append(folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", look)
    for number in range(20):
        replace(tmp_path / f"{number}.txt")
    assert looks == [tmp_path.resolve()]
    monkeypatch.undo()
    assert len(list(tmp_path.iterdir())) == 20
