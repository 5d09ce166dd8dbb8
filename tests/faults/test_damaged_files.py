"""What lies on the disk is damaged: it is told, kept or made again, and nothing ever hangs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.faults.runs import Runs, World

RENDER = "render short.yaml -o out/a.wav"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"\x00\xff not what it was: [" * 50)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("kept")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def unreadable(path: Path) -> None:
    path.chmod(0)


DAMAGES = (cut, flipped, emptied, garbage, folder, pipe, loop, unreadable)


def clips(world: World) -> list[Path]:
    found = [path for path in (world.root / "cache").rglob("*") if path.stem.isalnum()]
    return [path for path in found if path.suffix in (".wav", ".levels")]


@pytest.fixture
def rendered(runs: Runs, world: World) -> World:
    """A world with a sound file, as it should be, and with all that it was made of."""
    world.set_back("new")
    assert runs.run(world, RENDER).code == 0
    return world


def exchanged(found: Sequence[Path]) -> None:
    """Give each file the content of another one of its kind."""
    contents = [path.read_bytes() for path in found]
    for path, content in zip(found, [*contents[1:], contents[0]], strict=True):
        path.write_bytes(content)


def check_made_again(runs: Runs, world: World, before: dict[str, str]) -> None:
    done = runs.run(world, RENDER)
    assert (done.code, "coach:" in done.err) == (0, False), done.err
    after = {path: what for path, what in world.content().items() if ".damaged-" not in path}
    assert after == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_clips_are_made_again(runs: Runs, rendered: World, damage: Callable[[Path], None]) -> None:
    before = rendered.content()
    found = clips(rendered)
    assert {path.suffix for path in found} == {".wav", ".levels"}
    for path in found:
        damage(path)
    check_made_again(runs, rendered, before)


@pytest.mark.parametrize("kind", [".wav", ".levels"])
def test_a_clip_under_the_name_of_another_one_is_noticed(
    runs: Runs, rendered: World, kind: str
) -> None:
    before = rendered.content()
    exchanged([path for path in clips(rendered) if path.suffix == kind])
    check_made_again(runs, rendered, before)


@pytest.mark.parametrize("damage", [emptied, garbage, folder, pipe, loop])
def test_no_damaged_file_of_the_user_is_lost_or_waited_for(
    runs: Runs, world: World, damage: Callable[[Path], None]
) -> None:
    world.set_back("used")
    own = world.root / "data/audio-coach/routines/own.yaml"
    own.parent.mkdir(exist_ok=True)
    shutil.copy(world.root / "short.yaml", own)
    (settings,) = (world.root / "config/audio-coach/settings").glob("short-*.yaml")
    places = {
        settings: ("render short.yaml -o out/a.srt", "adjust short.yaml press.reps=3"),
        settings.parent.with_name("voices.yaml"): ("render short.yaml -o out/a.srt",),
        settings.parent.with_name("pronounce.yaml"): ("render short.yaml -o out/a.srt",),
        world.root / "data/audio-coach/history.db": (
            "history",
            "history --pain 3",
            "play short.yaml --output none",
        ),
        own: ("list", "check own", "render own -o out/a.srt", "fmt own"),
        world.root / "short.yaml": ("render short.yaml -o out/a.srt", "fmt short.yaml"),
        world.root / "out/manifest.jsonl": ("batch people.csv --out out --format srt",),
        world.root / "people.csv": ("batch people.csv --out out --format srt",),
        world.root / "table.csv": ("import table.csv -o out/i.yaml",),
        world.root / "handout.txt": ("draft handout.txt -o out/d.yaml",),
    }
    world.keep("own")
    for place, commands in places.items():
        for command in commands:
            world.set_back("own")
            place.touch()
            damage(place)
            held = kept_of(place)
            done = runs.run(world, command)
            told = f"{damage.__name__} {place.name}: coach {command}\n{done.out}{done.err}"
            assert done.code in (0, 1), told
            assert "Traceback" not in done.err, told
            if damage is not emptied and place.suffix != ".jsonl":
                assert place.stem in done.out + done.err, told
            if held:
                aside = [place, *place.parent.glob(f"{place.name}.damaged-*")]
                assert held in map(kept_of, aside) or place.name == "manifest.jsonl", told


def kept_of(path: Path) -> bytes:
    """Return what is in a file or in a folder; nothing if it is neither."""
    if path.is_dir():
        return b"".join(inside.read_bytes() for inside in path.iterdir())
    return path.read_bytes() if path.is_file() else b""
