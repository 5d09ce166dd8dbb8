"""The commands as people use them: what they print, write and exit with."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from coach.cli import run
from coach.files.shipped import data_dir
from tests.conftest import bundled

pytestmark = pytest.mark.usefixtures("clips_at_hand")

SHORT = (
    "title: Short\nsafety: [Be careful.]\nexercises:\n"
    "  - {name: Squeeze, reps: 2-4, settle: 3s, phases: [{cue: Squeeze, move: 1s, hold: 3s}]}\n"
    "  - {name: Plank, hold: 4-8s, settle: 3s}\n"
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


def output(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    """Return what `coach` prints on stdout; it must exit with `code` and tell errors on stderr."""
    assert run([str(argument) for argument in arguments]) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out if code == 0 else captured.err


# -- list, show, check, schema -----------------------------------------------------------------


def test_list_names_every_bundled_routine(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "list")
    rows: Any = json.loads(output(capsys, "list", "--json"))
    assert [row["name"] for row in rows] == [path.stem for path in bundled()]
    assert all(row["name"] in text for row in rows)
    assert all(60 < row["seconds"] < 3600 for row in rows)


def test_show_prints_exercises_doses_and_times(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "show", "si-joint-relief", "--reps", "cat-camel=7")
    assert "SI joint relief (about 1" in text
    assert "7 reps (5-10, this session), hold 5s + 5s" in text
    assert "Source: After an article by Jena Bradley, DPT" in text
    assert "doctor" in text


def test_show_as_json_has_the_settings_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    shown: Any = json.loads(
        output(
            capsys, "show", "si-joint-relief", "--json", "--hold", "hand-heel-rocks.rock-forward=8"
        )
    )
    phases = shown["settings"]["hand-heel-rocks"]["phases"]
    assert [phase.get("hold") for phase in phases] == [8.0, None, 5.0, None]
    assert shown["exercises"][0]["reps"] == {
        "value": 5, "from": 5, "to": 10, "origin": "script",
    }  # fmt: skip
    assert [hold["origin"] for hold in shown["exercises"][1]["holds"]] == ["session", "script"]


def test_a_circuit_is_shown_with_its_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "show", "living-room-circuit")
    assert "3 rounds of" in text
    assert "8 reps (8-15), at your own pace" in text


def test_check_says_good(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "check", *bundled())
    assert [line.rpartition(": ")[2] for line in text.splitlines()] == ["good"] * len(bundled())


def test_check_shows_every_problem_and_exits_with_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("title: T\nexercises: [{name: A, hodl: 5}, {name: B, hold: x}]\n")
    text = output(capsys, "check", bad, tmp_path / "missing.yaml", code=1)
    assert "bad.yaml:2:23: unknown key `hodl` in an exercise; did you mean `hold`?" in text
    assert "bad.yaml:2:49: expected a duration" in text
    assert "no such file" in text
    assert run(["check", "--json", str(bad)]) == 1
    document: Any = json.loads(capsys.readouterr().out)
    assert [problem["column"] for problem in document[0]["problems"]] == [23, 49]


def test_warnings_do_not_fail_a_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text("title: T\nexercises: [{name: A, hold: 8, setup: For 5 seconds.}]\n")
    assert "good, with 1 warning" in output(capsys, "check", path)


def test_check_takes_folders_and_bundled_names(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    text = output(capsys, "check", tmp_path, "box-breathing")
    bundled_script = data_dir("scripts") / "box-breathing.yaml"
    assert text.splitlines() == [f"{script}: good", f"{bundled_script}: good"]
    (tmp_path / "empty").mkdir()
    assert "no script (.yaml) in the folder" in output(capsys, "check", tmp_path / "empty", code=1)


def test_a_script_brings_its_own_cue_pack(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copytree(data_dir("audio_cues") / "classic", tmp_path / "mine")
    path = tmp_path / "a.yaml"
    for name in ("mine", "./mine"):
        path.write_text(f"title: T\ncues: {name}\nexercises: [{{name: A, hold: 3}}]\n")
        output(capsys, "render", path, "-o", tmp_path / "a.wav")
    (tmp_path / "mine" / "tick.wav").unlink()
    text = output(capsys, "render", path, "-o", tmp_path / "b.wav", code=1)
    assert "tick.wav" in text
    assert not (tmp_path / "b.wav").exists()


def test_schema_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(output(capsys, "schema"))["title"] == "Audio coach routine"


# -- render --------------------------------------------------------------------------------------


def test_render_writes_sound_and_cue_sheet(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    wav, sheet_file = tmp_path / "a.wav", tmp_path / "a.json"
    output(capsys, "render", script, "-o", wav, "--cue-sheet", sheet_file)
    sheet: Any = json.loads(sheet_file.read_text("utf-8"))
    info = soundfile.info(wav)
    assert (info.samplerate, info.channels, info.subtype) == (24_000, 1, "PCM_16")
    assert sheet["duration"] == info.frames / info.samplerate
    assert list(sheet) == [
        "version", "title", "routine", "language", "rate", "duration", "settings", "chapters",
        "events", "left_out",
    ]  # fmt: skip
    assert sheet["settings"]["squeeze"] == {
        "reps": 2, "sets": 1, "phases": [{"id": "squeeze", "move": 1.0, "hold": 3.0}],
    }  # fmt: skip
    holds = [event for event in sheet["events"] if event["kind"] == "hold"]
    assert [(h["exercise"], h["phase"], h["set"], h["side"], h["rep"]) for h in holds] == [
        ("squeeze", "squeeze", 1, None, 1),
        ("squeeze", "squeeze", 1, None, 2),
        ("plank", "phase-1", 1, None, 1),
    ]
    assert [round(h["end"] - h["start"], 9) for h in holds] == [3.0, 3.0, 4.0]
    assert [chapter["title"] for chapter in sheet["chapters"]] == [
        "Introduction", "Squeeze", "Plank", "Closing",
    ]  # fmt: skip
    assert {event["kind"] for event in sheet["events"]} == {
        "speech", "cue", "settle", "move", "hold", "rest",
    }  # fmt: skip


def test_the_cue_sheet_is_what_show_prints_and_does_not_change_when_warm(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    sheet = tmp_path / "a.json"
    for name in ("cold.wav", "warm.wav"):
        output(capsys, "render", script, "-o", tmp_path / name, "--cue-sheet", sheet)
    cold, warm = (soundfile.read(tmp_path / name)[0] for name in ("cold.wav", "warm.wav"))
    assert np.array_equal(cold, warm)
    assert json.loads(output(capsys, "show", script, "--timed", "--json")) == json.loads(
        sheet.read_text("utf-8")
    )
    assert "(about" not in output(capsys, "show", script), "stored clips have their true length"


def test_beeps_in_the_samples_are_where_the_cue_sheet_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    wav, sheet = tmp_path / "a.wav", tmp_path / "a.json"
    output(capsys, "render", script, "--detail", "cues", "-o", wav, "--cue-sheet", sheet)
    samples, rate = soundfile.read(wav, dtype="int16")
    events = json.loads(sheet.read_text("utf-8"))["events"]
    sounds = [event for event in events if event["kind"] in ("cue", "speech")]
    heard = 0
    for sound in sounds:
        if sound["kind"] == "cue" and not any(
            other["start"] < sound["start"] <= other["end"] for other in sounds
        ):
            start = round(sound["start"] * rate)
            assert start == pytest.approx(sound["start"] * rate, abs=1e-6), "to the frame"
            assert not samples[max(0, start - 24) : start].any()
            assert np.abs(samples[start : start + rate // 1000]).max() > 100, sound
            heard += 1
    assert heard > 20


def test_several_outputs_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    output(capsys, "render", script, "-o", tmp_path / "a.wav", "-o", tmp_path / "b.WAV", "-q")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.WAV").read_bytes()


def test_without_an_output_the_file_has_the_name_of_the_routine(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    script: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    output(capsys, "render", script, "--detail", "cues")
    assert (tmp_path / "short.wav").is_file()


def test_voices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    voices: Any = json.loads(output(capsys, "voices", "--json"))
    assert set(voices[0]) == {
        *("engine", "id", "name", "languages", "gender", "installed", "install")
    }
    english: Any = json.loads(output(capsys, "voices", "--language", "en", "--json"))
    assert 0 < len(english) < len(voices)
    assert all(any(tag.startswith("en") for tag in voice["languages"]) for voice in english)
    assert {"neural", "piper", "pyttsx3"} <= {voice["engine"] for voice in english}
    table = output(capsys, "voices", "--language", "en")
    assert all(voice["id"] in table for voice in english)
    assert "speaks the language `xx`" in output(capsys, "voices", "--language", "xx", code=1)


def test_a_voice_that_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    wav = tmp_path / "a.wav"
    text = output(capsys, "render", script, "--voice", "gmw/en-ux", "-o", wav, code=1)
    assert "there is no voice `gmw/en-ux` in the engine pyttsx3; did you mean `gmw/en-us`?" in text
    assert not wav.exists()


def test_what_was_left_out_is_listed_on_request(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    script.write_text("title: T\nexercises: [{name: A, hold: 20, settle: 0}]\n")
    assert (
        run(["render", str(script), "--count", "voice", "-o", str(tmp_path / "a.wav"), "-v"]) == 0
    )
    told = capsys.readouterr().err
    assert "did not fit and were left out" in told
    assert "Halfway. (something else is spoken then)" in told


def test_timed_show_for_people(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    text = output(capsys, "show", script, "--timed", "--count", "both")
    assert "== Squeeze" in text
    assert "*start" in text
    assert '"Squeeze."' in text
    assert "hold 3s" in text


# -- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["render", "si-joint-releif"], 1, "there is no routine `si-joint-releif`; did you mean "
         "`si-joint-relief`?"),
        (["show", "missing.yaml"], 1, "cannot read missing.yaml: no such file"),
        (["render", "box-breathing", "-o", "a.mpx"], 1, "it has the ending `.mpx`"),
        (["render", "box-breathing", "-o", "noending"], 1, "it has no ending"),
        (["render", "box-breathing", "-o", "no/such/folder/a.wav"], 1, "there is no folder"),
        (["show", "box-breathing", "--reps", "99"], 1, "reps 99 is outside the prescribed 10 to 20 of box-breathing"),
        (["show", "box-breathing", "--reps", "x"], 1, "--reps x: expected a whole number"),
        (["show", "box-breathing", "--speed", "9"], 1, '--speed: expected at most 2, found "9"'),
        (["show", "box-breathing", "--cues", "clasic"], 1, "did you mean `classic`?"),
        (["show", "box-breathing", "--language", "xx"], 1, "no phrases in the language `xx`"),
        (["show", "box-breathing", "--engine", "pytsx3"], 1, "did you mean `pyttsx3`?"),
        (["show", "box-breathing", "--only", ""], 1, "--only: expected a name, found an empty text"),
        (["show", "box-breathing", "--voice", ""], 1, "--voice: expected a name"),
        (["show", "box-breathing", "--count", "loud"], 2, "--count"),
        (["show", "box-breathing", "--hodl", "5"], 2, "--hold"),
        (["show"], 2, "Missing argument 'ROUTINE'"),
        (["rendre", "x"], 2, "there is no command `rendre`; did you mean `render`?"),
    ],
)  # fmt: skip
def test_errors_are_sentences_with_the_right_code(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in " ".join(output(capsys, *arguments, code=code).split())
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_a_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    (tmp_path / "dir.wav").mkdir()
    text = output(capsys, "render", script, "-o", tmp_path / "dir.wav", code=1)
    assert "it is a folder" in text


def test_names_that_no_file_can_have(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    name = "x" * 300
    for command in ("show", "check", "render", "adjust", "history"):
        assert "there is no routine `xxx" in output(capsys, command, name, code=1)
    for arguments in (["check", f"{name}.yaml"], ["render", script, "-o", f"{name}.wav"]):
        assert "file name too long" in output(capsys, *arguments, code=1)
    for arguments in (["new", "--blank", f"{name}.yaml"], ["render", script, "--music", name]):
        assert "file name too long\n       Choose a sh" in output(capsys, *arguments, code=1)


def test_no_file_is_written_twice_or_over_the_script(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    wav = tmp_path / "a.wav"
    linked = tmp_path / "linked.yaml"
    linked.symlink_to(script)
    for arguments, message in (
        (["-o", wav, "-o", tmp_path / "." / "a.wav"], "that is another file to write"),
        (["-o", wav, "--cue-sheet", wav], "that is another file to write"),
        (["-o", wav, "--cue-sheet", linked], "that is the script that is read"),
    ):
        assert message in output(capsys, "render", script, *arguments, code=1)
    assert script.read_text() == SHORT
    assert not wav.exists()


def test_devices_and_pipes_are_not_replaced(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    text = output(capsys, "render", script, "-o", tmp_path / "pipe.wav", code=1)
    assert "no regular file" in text
    text = output(
        capsys, "render", script, "-o", tmp_path / "a.wav", "--cue-sheet", "/dev/null", code=1
    )
    assert "cannot write /dev/null: it is no regular file" in text
    assert (tmp_path / "pipe.wav").is_fifo()
    assert not Path("/dev/null").is_file()


def test_a_folder_of_scripts_may_hold_other_things(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert output(capsys, "check", tmp_path).splitlines() == [f"{script}: good"]


def test_a_linked_output_stays_a_link(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path
) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "a.wav"
    link.symlink_to(tmp_path / "real" / "b.wav")
    output(capsys, "render", script, "--detail", "cues", "-o", link)
    assert link.is_symlink()
    assert soundfile.info(tmp_path / "real" / "b.wav").frames


def test_check_looks_at_the_cue_pack(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("title: T\ncues: clasic\nexercises: [{name: A, hold: 3}]\n")
    assert "did you mean `classic`?" in output(capsys, "check", path, code=1)


def test_a_script_with_problems_shows_them_all(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("titel: T\nexercises: [{name: A, hodl: 5}]\n")
    text = output(capsys, "render", bad, "-o", tmp_path / "a.wav", code=1)
    assert "did you mean `title`?" in text
    assert "did you mean `hold`?" in text
    assert "      ^" in text
    assert not (tmp_path / "a.wav").exists()


def test_a_bug_is_logged_and_exits_with_three(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("coach.library.bundled_routines", broken)
    text = output(capsys, "list", code=3)
    assert "this is a bug: RuntimeError: out of luck" in text
    log = Path(text.split("What happened is in ")[1].split(";")[0])
    assert "out of luck" in log.read_text("utf-8")


def test_texts_that_are_hard_to_say_are_rendered(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "hard.yaml"
    path.write_text(
        "title: 🙂\nexercises:\n  - {name: תרגיל, setup: [🙂, 'שלום עולם', '...'], hold: 3, settle: 0}\n",
        "utf-8",
    )
    output(capsys, "render", path, "-o", tmp_path / "a.wav")
    assert soundfile.info(tmp_path / "a.wav").duration > 5
