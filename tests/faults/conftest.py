"""A process that runs `coach` quickly, and a world in which it does so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.runs import Runs, World

SCRIPT = (
    "title: Short\nexercises: [{name: Press, reps: 1-3, settle: 0, phases: [{cue: Up, hold: 1}]}]\n"
)
FILES = {
    "short.yaml": SCRIPT,
    "mess.yaml": "exercises: [{hold: 3, name: A}]\ntitle: T\n",
    "people.csv": "name,routine,settings\nAnna,short.yaml,\nBen,short.yaml,reps=2\n",
    "table.csv": "Exercise,Sets,Reps\nSquat,2,8\n",
    "handout.txt": "Knee exercises\n\n1. Squat\nBend your knees. Repeat 10 times.\n",
}


@pytest.fixture(scope="package")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    opened = Runs(tmp_path_factory.mktemp("library"))
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def world(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that is kept in two states: a new one, and a used one."""
    world = World(tmp_path_factory.mktemp("used"))
    for name, text in FILES.items():
        (world.root / name).write_text(text)
    for ending in ("wav", "json", "mp3", "flac", "ogg", "opus", "m4a", "html", "srt", "m3u8"):
        (world.root / "out" / f"a.{ending}").write_bytes(b"old")
    world.environment["EDITOR"] = "sed -i s/Press/Squat/"
    world.keep("new")
    for command in (
        "render short.yaml -o out/warm.srt",
        "adjust short.yaml press.reps=2",
        "play short.yaml --output none",
    ):
        done = runs.run(world, command)
        assert done.code == 0, done
    world.keep("used")
    return world
