"""Several coaches at once: none undoes what another one does, and nothing is written by halves."""

from __future__ import annotations

import json

from tests.faults.runs import Runs, World, sessions

MANY = 4


def test_renders_of_the_same_file_leave_a_whole_one(runs: Runs, world: World) -> None:
    world.set_back("new")
    command = "render short.yaml -o out/a.mp3 --cue-sheet out/a.json"
    assert runs.run(world, command, (), None).code == 0
    expected = world.content()
    world.set_back("new")
    told = runs.together(world, [command] * MANY)
    assert [(one.code, "coach:" in one.err) for one in told] == [(0, False)] * MANY, told
    assert world.content() == expected


def test_all_changes_of_the_same_settings_survive(runs: Runs, world: World) -> None:
    world.set_back("used")
    changes = ("press.hold=1s", "speed=0.9", "detail=brief", "count=voice")
    commands = [f"adjust short.yaml {change} --beyond-range" for change in changes]
    told = runs.together(world, commands)
    assert [one.code for one in told] == [0] * len(changes), told
    (path,) = (world.root / "config/audio-coach/settings").iterdir()
    text = path.read_text("utf-8")
    assert all(f"  {change.replace('=', ': ')}\n" in text for change in changes), text


def test_no_session_is_lost(runs: Runs, world: World) -> None:
    world.set_back("new")
    told = runs.together(world, ["play short.yaml --output none"] * MANY)
    assert [(one.code, "coach:" in one.err) for one in told] == [(0, False)] * MANY, told
    path = world.root / "data/audio-coach/history.db"
    assert sessions(path) == f"ok {[(1, 1, 1, None)] * MANY}"
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_into_a_folder_only_one_batch_writes(runs: Runs, world: World) -> None:
    world.set_back("used")
    command = "batch people.csv --out out --format srt"
    told = runs.together(world, [command] * MANY)
    refused = [one for one in told if one.code]
    assert len(refused) < MANY
    assert all("another batch is writing into out" in one.err for one in refused), told
    lines = (world.root / "out/manifest.jsonl").read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["file"] for line in lines) == [
        "anna-short.srt",
        "ben-short.srt",
    ]
    assert not list((world.root / "out").glob("*.lock"))


def test_a_batch_that_was_killed_keeps_no_other_one_out(runs: Runs, world: World) -> None:
    world.set_back("used")
    (world.root / "out/manifest.lock").touch()
    done = runs.run(world, "batch people.csv --out out --format srt")
    assert done.code == 0, done.err
    assert not (world.root / "out/manifest.lock").exists()


def test_tidying_disturbs_nobody(runs: Runs, world: World) -> None:
    world.set_back("new")
    render = "render short.yaml -o out/a.srt"
    clean = "doctor --clean"
    told = runs.together(world, [render, clean, render, clean, render])
    assert [one.code for one in told] == [0] * len(told), told
    assert not any("coach:" in one.err for one in told), told
