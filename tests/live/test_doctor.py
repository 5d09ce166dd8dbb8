"""`coach doctor` where there is sound, and where there is none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from coach.cli import run
from coach.cues import load_pack, load_samples
from coach.files.shipped import data_dir
from coach.outputs import LIVE_RATE
from coach.outputs.mend import advice
from tests.live.rig import HEADPHONES, SPEAKER, Rig


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Return what `coach doctor` prints; it must exit with `code`."""
    assert run(["doctor", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_phrase_and_a_beep_are_heard(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    with rig.record() as recording:
        out = doctor(capsys)
    beep = load_samples(load_pack("classic", data_dir("audio_cues")), LIVE_RATE)["start"]
    # Without silence, which a busy machine may have put in between.
    beep = beep[beep != 0]
    heard = recording.samples[recording.samples != 0]
    assert np.array_equal(heard[-len(beep) :], beep), "to its last frame"
    assert len(heard) > len(beep) + LIVE_RATE, "words come before it"
    for said in ("output miniaudio", "speech", "stored clips", SPEAKER, "PulseAudio", "Played:"):
        assert said in out


def test_it_can_be_silent(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    with rig.record() as recording:
        assert "A session can be played." in doctor(capsys, "--silent")
    assert not recording.heard().size


def test_it_plays_where_it_is_told(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    with rig.record("out1") as recording:
        doctor(capsys, "--device", "headphones")
    assert recording.heard().size
    with rig.record() as recording:
        assert "with simpleaudio" in doctor(capsys, "--output", "simpleaudio")
    assert recording.heard().size


def test_one_json_document(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(doctor(capsys, "--json", "--silent"))
    assert document["ready"] is True
    assert {check["state"] for check in document["checks"]} == {"works"}
    assert [device["name"] for device in document["devices"]] == [SPEAKER, HEADPHONES]
    assert document["versions"]["coach"]


@pytest.mark.usefixtures("no_sound")
def test_without_sound_it_says_why_and_what_works(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = doctor(capsys, code=1)
    assert f"the sound server is to be `unix:{tmp_path}/nowhere`" in out
    assert "`coach render ROUTINE`" in out
    document = json.loads(doctor(capsys, "--json", code=1))
    assert document["ready"] is False
    assert document["devices"] == []


def test_an_unknown_device_is_no_reason_to_play_elsewhere(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    with rig.record() as recording:
        out = doctor(capsys, "--device", "rig headfones", code=1)
    assert not recording.heard().size
    assert f"did you mean `{HEADPHONES}`" in out
    assert "--output simpleaudio" in out


def test_missing_packages_are_told_with_what_installs_them(
    rig: Rig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    out = doctor(capsys, "--output", "miniaudio", "--silent", code=1)
    assert f'"{sys.executable}" -m pip install miniaudio' in out
    assert "--output simpleaudio, which works" in out
    assert "A session can be played." in doctor(capsys, "--silent")
    monkeypatch.setitem(sys.modules, "simpleaudio", None)
    out = doctor(capsys, "--silent", code=1)
    assert "-m pip install simpleaudio" in out
    assert "gcc" in out, "it has to be built"


def test_what_else_a_session_needs(
    rig: Rig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = doctor(capsys, "--engine", "piip", "--silent", code=1)
    assert "there is no speech engine `piip`" in out
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    out = doctor(capsys, "--silent")
    assert "spoken anew each time" in out


def test_a_hanging_server_is_told(
    rig: Rig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("miniaudio", "simpleaudio"):
        monkeypatch.setattr(f"coach.outputs.{name}_output.OPEN_S", 1.0)
    rig.freeze()
    assert "it hangs" in doctor(capsys, code=1)


@pytest.mark.parametrize(
    ("programs", "has_socket", "command"),
    [
        (["apt-get"], False, "sudo apt install pulseaudio"),
        (["dnf"], False, "sudo dnf install pipewire-pulseaudio"),
        (["pacman"], False, "sudo pacman -S pipewire-pulse"),
        (["apt-get", "pulseaudio"], False, "pulseaudio --start"),
        (["pipewire-pulse"], False, "systemctl --user start pipewire-pulse"),
        (["pipewire-pulse", "pulseaudio"], True, "systemctl --user restart pipewire-pulse"),
        ([], False, None),
    ],
)
def test_advice_follows_from_what_is_there(
    programs: list[str],
    has_socket: bool,
    command: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for program in programs:
        (tmp_path / program).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "pulse").mkdir()
    if has_socket:
        (tmp_path / "pulse" / "native").touch()
    found = advice({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert found[-1].command == command


def test_over_ssh_a_file_is_offered() -> None:
    first = advice({"SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22"})[0]
    assert "SSH" in first.finding
    assert first.command is not None
    assert first.command.startswith("coach render")
