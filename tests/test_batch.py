"""The files of many people: rosters, manifests, stops, and a cluster."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from coach.batch.manifest import NAME, Manifest, key_of
from coach.batch.roster import COLUMNS, read_roster
from coach.cli import run
from coach.errors import CoachError
from coach.files.shipped import data_dir
from coach.profile import Profile
from coach.settings.default_voices import DefaultVoice, save_default_voice
from tests.conftest import RATE
from tests.forked import Coach, coach, common_server, name_of
from tests.render.sounds import decoded, probed
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("clips_at_hand")

SCRIPT = """
title: Small
exercises:
  - {name: Plank, id: plank, hold: 2-6, reps: 1-5}
  - {name: Squat, id: squat, hold: 2, reps: 2}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCRIPT)
    return tmp_path


def roster(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "people.csv"
    path.write_text(text, encoding)
    return path


def batch(*arguments: object) -> int:
    return run(["batch", *map(str, arguments)])


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / NAME).read_text("utf-8").splitlines()]


def test_each_row_gets_its_file_and_a_bad_one_stops_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = roster(
        folder,
        "name,routine,settings,voice,language,format\n"
        "Anna,small.yaml,reps=3 plank.hold=5s speed=0.9,,en,flac\n"
        "Ben,small.yaml,plank.hold=99,,,\n"
        "\n"
        "Cleo,nothing,,,,\n"
        'Dora,small.yaml,skip=squat,,,"srt"\n'
        "Emil,small.yaml,,nobody-has-this-voice,,\n"
        "Fred,small.yaml,reps=,,,\n"
        "Gus,small.yaml,,,,doc\n"
        "anna,small.yaml,,,,flac\n"
        ",small.yaml,,,,\n"
        f"Hal,{300 * 'h'},,,,\n"
        f"Ida,./{300 * 'i'}.yaml,,,,\n",
    )
    assert batch(table, "--out", "made") == 1
    told = capsys.readouterr().err
    for line, message in (
        (3, "hold 1m39s is outside the prescribed 2s to 6s of plank.phase-1"),
        (5, "there is no routine `nothing`"),
        (7, "there is no voice `nobody-has-this-voice`"),
        (8, "reps=: expected a whole number"),
        (9, "there is no format `doc`"),
        (10, "line 2 makes anna-small.flac, too"),
        (11, "expected a name, found nothing"),
        (12, "there is no routine `hhh"),
        (13, "there is no script iii"),
    ):
        assert f"{table}:{line}: {message}" in told
    assert "Made 2 files, 9 rows are wrong" in told
    made = folder / "made"
    assert sorted(path.name for path in made.iterdir()) == [
        "anna-small.flac",
        "dora-small.srt",
        NAME,
    ]
    tags = probed(made / "anna-small.flac")["format"]["tags"]
    assert "plank.reps=3 plank.phase-1.hold=5s" in tags["COMMENT"]
    assert "Squat" not in (made / "dora-small.srt").read_text("utf-8")
    first = next(record for record in records(made) if record["name"] == "Anna")
    assert first["file"] == "anna-small.flac"
    assert first["bytes"] == (made / "anna-small.flac").stat().st_size
    assert first["seconds"] == pytest.approx(
        len(decoded(made / "anna-small.flac", RATE)) / RATE, abs=0.001
    )
    assert {"line", "routine", "settings", "voice", "language", "script", "key", "made"} <= set(
        first
    )


def test_what_is_there_and_would_be_the_same_is_not_made_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = roster(folder, "name,routine,settings\nAnna,small.yaml,\nBen,small.yaml,reps=2\n")

    def again(*options: str) -> str:
        assert batch(table, "--out", "made", "--format", "txt", *options) == 0
        return capsys.readouterr().err

    assert "Made 2 files;" in again()
    anna = folder / "made/anna-small.txt"
    before = anna.stat().st_mtime_ns
    assert "Made 0 files, 2 were there already" in again()
    assert anna.stat().st_mtime_ns == before
    anna.unlink()
    assert "Made 1 file, 1 was there already" in again()
    anna.write_text("cut")
    assert "Made 1 file, 1 was there already" in again()
    roster(folder, "name,routine,settings\nAnna,small.yaml,\nBen,small.yaml,reps=4\n")
    assert "Made 1 file, 1 was there already" in again()
    (folder / "small.yaml").write_text(SCRIPT.replace("Squat", "Lunge"))
    assert "Made 2 files;" in again()
    assert "Made 2 files;" in again("--lead-in", "1s")
    last = {record["file"]: record for record in records(folder / "made")}
    assert len(last) == 2


def test_other_music_and_other_cues_make_it_anew(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = roster(folder, "name,routine\nAnna,small.yaml\n")
    (folder / "small.yaml").write_text(f"cues: pack{SCRIPT}")
    shutil.copytree(data_dir("audio_cues") / "classic", folder / "pack")
    for seconds in (2, 3):
        soundfile.write(folder / "music.wav", np.full(seconds * RATE, 0.1), RATE)
        for made in (1, 0):
            assert batch(table, "--out", "made", "--format", "wav", "--music", "music.wav") == 0
            assert f"Made {made} file" in capsys.readouterr().err
    sound = next((folder / "pack").glob("*.wav"))
    samples, rate = soundfile.read(sound, dtype="int16")
    soundfile.write(sound, samples // 2, rate)
    assert batch(table, "--out", "made", "--format", "wav", "--music", "music.wav") == 0
    assert "Made 1 file;" in capsys.readouterr().err


def test_what_it_sounds_like_decides_whether_a_file_is_made_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = roster(
        folder,
        "name,routine,voice,language\n"
        "Anna,small.yaml,,\nBen,small.yaml,de,de\nCleo,small.yaml,en-gb,\n",
    )

    def again() -> str:
        assert batch(table, "--out", "made", "--format", "srt") == 0
        return capsys.readouterr().err

    assert "Made 3 files;" in again()
    words = Profile().pronounce_path
    words.parent.mkdir(parents=True)
    words.write_text("Plank: {en: a plank for quite a long time}\n")
    before = (folder / "made/anna-small.srt").read_text("utf-8")
    assert "Made 2 files, 1 was there already" in again()
    assert (folder / "made/anna-small.srt").read_text("utf-8") != before
    save_default_voice(Profile(), "en", DefaultVoice("en-us+m3", "pyttsx3"))
    assert "Made 1 file, 2 were there already" in again()
    save_default_voice(Profile(), "en", DefaultVoice("en-us+m3", "gone"))
    assert "the default voice `en-us+m3` is kept but not used" in again()
    save_default_voice(Profile(), "en", DefaultVoice("/gone/mine.onnx", "piper"))
    assert "is kept but not used: there is no file /gone/mine.onnx" in again()
    words.write_text("Plank: [1]\n")
    assert batch(table, "--out", "made") == 1
    assert "pronounce.yaml:1:8" in capsys.readouterr().err


def test_a_roster_without_rows_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = roster(folder, "name,routine\n\n,\n")
    assert run(["batch", str(table), "--out", str(folder / "out")]) == 1
    assert f"{table} has no rows below its headings" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("", "utf-8", "expected a column `name`"),
        ("name;routine\nA;small.yaml\n", "utf-8", ""),
        ("name\troutine\nA\tsmall.yaml\n", "utf-8-sig", ""),
        ("Name , ROUTINE\r\nA,small.yaml\r\n", "utf-8", ""),
        ("name,routin\nA,small.yaml\n", "utf-8", "no column `routin`; did you mean `routine`?"),
        ("name,routine,name\n", "utf-8", "the column `name` is there twice"),
        ("name,routine\nÄ,small.yaml\n", "latin-1", "expected text in UTF-8"),
        ('name,routine\n"A,small.yaml\n', "utf-8", "no CSV table"),
    ],
)
def test_tables_are_read_as_spreadsheets_write_them(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, encoding: str, told: str
) -> None:
    table = roster(folder, text, encoding)
    assert batch(table, "--out", "made", "--format", "txt") == (1 if told else 0)
    assert told in capsys.readouterr().err
    assert (folder / "made/a-small.txt").exists() is not bool(told)


def test_cells_beyond_the_columns_and_over_several_lines(folder: Path) -> None:
    table = roster(
        folder,
        'name,routine\n"An\nna",small.yaml\nBen,small.yaml,reps=2\nCleo,small.yaml\n',
    )
    found = read_roster(table)
    assert [(entry.line, entry.name) for entry in found.entries] == [(2, "An na"), (5, "Cleo")]
    assert [problem.line for problem in found.problems] == [4]
    assert "more cells than columns" in found.problems[0].message
    assert set(found.entries[0].texts) == set(COLUMNS)


def test_names_in_any_alphabet_make_different_files(folder: Path) -> None:
    table = roster(
        folder, "name,routine\nÇelik,small.yaml\n李,small.yaml\n王,small.yaml\n../../x,small.yaml\n"
    )
    files = [entry.file for entry in read_roster(table).entries]
    assert len(set(files)) == 4
    assert not any("/" in name or name.startswith(".") for name in files)


def test_no_table_and_no_folder_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert batch("none.csv", "--out", "made") == 1
    assert "cannot read none.csv: no such file" in capsys.readouterr().err
    table = roster(folder, "name,routine\nAnna,small.yaml\n")
    (folder / "file").write_text("")
    assert batch(table, "--out", "file") == 1
    assert "cannot write file: file exists" in capsys.readouterr().err


def test_a_damaged_manifest_is_added_to(folder: Path) -> None:
    (folder / NAME).write_text('{"file": "a", "key": "k", "bytes": 1}\nnonsense\n{"file": 3\n{"cut')
    (folder / "a").write_text("x")
    manifest = Manifest(folder)
    assert manifest.has("a", "k")
    assert not manifest.has("a", "other")
    manifest.add({"file": "b", "key": "k", "bytes": 2})
    (folder / "b").write_text("xy")
    assert Manifest(folder).has("b", "k")
    assert Manifest(folder).has("a", "k")


def test_keys_tell_parts_apart() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_batch_that_was_stopped_goes_on(folder: Path, number: signal.Signals) -> None:
    people = "".join(f"P{n},box-breathing\n" for n in range(6))
    table = roster(folder, f"name,routine\n{people}")
    command = ("batch", table, "--out", "made", "-q")
    begun = common_server().start(*command)
    manifest = folder / "made" / NAME
    until(lambda: manifest.exists() and manifest.stat().st_size > 0, "the first file")
    begun.send(number)
    ran = begun.ran()
    assert ran.code == (130 if number == signal.SIGINT else -number), ran
    there = {path.name: path.stat().st_mtime_ns for path in (folder / "made").glob("*.mp3")}
    assert 1 <= len(there) < 6
    others = {path.name for path in (folder / "made").iterdir() if path.suffix != ".mp3"}
    # What locks the folder goes with the next batch.
    assert others == {NAME} | ({"manifest.lock"} if number == signal.SIGKILL else set())
    ran = coach(*command)
    assert ran.code == 0, ran
    files = sorted((folder / "made").glob("*.mp3"))
    assert len(files) == 6
    assert not list((folder / "made").glob("*.lock"))
    noted = [record["file"] for record in records(folder / "made")]
    # Between a file's coming to its place and its line in the manifest, it may be stopped.
    assert len(noted) in (6, 7)
    assert sum(path.stat().st_mtime_ns == there.get(path.name) for path in files) >= len(there) - 1


def test_a_scheduler_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = roster(folder, "name,routine\nAnna,small.yaml\n")
    assert batch(table, "--out", "made", "--scheduler", "tcp://127.0.0.1:9") == 1
    assert "cannot reach the scheduler tcp://127.0.0.1:9" in capsys.readouterr().err


def import_programs() -> None:
    """Import what a cluster's programs need."""
    for name in ("dask_scheduler", "dask_worker"):
        importlib.import_module(f"distributed.cli.{name}")


def run_program(name: str, *arguments: str) -> None:
    """Become a program of a cluster."""
    import dask

    dask.config.set({"distributed.diagnostics.nvml": False})
    sys.argv = [name, *arguments]
    importlib.import_module(f"distributed.cli.{name}").main()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A Dask scheduler and two workers, as processes of their own; gives its address."""
    home = tmp_path / "dask"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home)}
    address_file = home / "scheduler.json"
    server = common_server()
    server.ask(name_of(import_programs))
    running: list[Coach] = []

    def start(*program: str) -> None:
        began = server.start(folder=home, environment=environment, before=(run_program, *program))
        running.append(began)

    start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
          "--scheduler-file", str(address_file))  # fmt: skip
    until(lambda: address_file.exists() and address_file.stat().st_size > 0, "the scheduler")
    address = str(json.loads(address_file.read_text("utf-8"))["address"])
    for _ in range(2):
        start("dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
    yield address
    for program in reversed(running):
        program.send(signal.SIGKILL)
    for program in running:
        assert program.wait() == -signal.SIGKILL, program.told


def test_a_cluster_makes_the_same_files(folder: Path, cluster: str) -> None:
    people = "".join(f"P{n},small.yaml,reps={1 + n % 5}\n" for n in range(6))
    table = roster(folder, f"name,routine,settings\n{people}Bad,small.yaml,reps=9\n")
    environment = {**os.environ, "COACH_TEST": str(time.time())}

    def made(name: str, *options: str) -> dict[str, bytes]:
        arguments = ("batch", table, "--out", name, "--format", "wav", *options)
        ran = coach(*arguments, environment=environment)
        said = ran.err.decode()
        assert ran.code == 1, said
        assert f"{table}:8: reps 9 is outside" in said
        assert "Made 6 files, 1 row is wrong" in said
        return {path.name: path.read_bytes() for path in (folder / name).glob("*.wav")}

    here, there = made("here"), made("there", "--scheduler", cluster)
    assert len(here) == 6
    assert here == there


def test_a_batch_needs_no_room_in_the_store_of_clips(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "blocked").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "blocked"))
    table = roster(folder, "name,routine\nAnna,small.yaml\nBen,small.yaml\n")
    assert batch(table, "--out", "made", "--format", "srt") == 0, capsys.readouterr().err


def test_the_worker_wants_its_own_version(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    from coach.batch.tasks import Task, carry_out
    from coach.render import FORMATS
    from coach.render.publication import Wanted

    task = Task(None, Wanted(), date(2026, 1, 2), FORMATS["mp3"], version="0.0.0")  # type: ignore[arg-type]
    with pytest.raises(CoachError, match=r"0\.0\.0 is needed"):
        carry_out(task)
