"""`coach cues`: packs are listed, heard, written and checked, and flaws are found one by one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from coach.cli import run
from coach.cues import load_pack, load_samples
from coach.cues.examine import distance, examine
from coach.cues.sounds import read_mono
from coach.errors import CuePackError
from coach.files.shipped import data_dir
from coach.steps import CUE_NAMES

pytestmark = pytest.mark.usefixtures("clips_at_hand")

AUDIO_CUES = data_dir("audio_cues")
RATE = 48_000


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return a pack of one's own: nine files that are named after the cues."""
    folder = tmp_path / "mine"
    shutil.copytree(AUDIO_CUES / "soft", folder, ignore=shutil.ignore_patterns("pack.yaml"))
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> tuple[str, str]:
    """Return what `coach cues` prints on stdout and stderr."""
    assert run(["cues", *map(str, arguments)]) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out, captured.err


def checked(capsys: pytest.CaptureFixture[str], folder: Path, code: int) -> Any:
    return json.loads(told(capsys, "check", folder, "--json", code=code)[0])


def replace_sound(folder: Path, name: str, samples: NDArray[Any], rate: int = RATE) -> None:
    soundfile.write(folder / f"{name}.wav", samples, rate, subtype="FLOAT")


def tone(pitch: float, seconds: float, level: float = 0.2) -> NDArray[Any]:
    time = np.arange(round(seconds * RATE)) / RATE
    fade = np.minimum(1, np.minimum(time, seconds - time) / 0.01)
    return level * fade * np.sin(2 * np.pi * pitch * time)


# Listing and hearing


def test_packs_and_meanings_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = told(capsys)
    for said in ("bells", "classic", "soft", "default", *CUE_NAMES, "let go"):
        assert said in text
    packs = json.loads(told(capsys, "--json")[0])
    assert [pack["name"] for pack in packs] == ["bells", "classic", "soft"]
    for pack in packs:
        assert [cue["name"] for cue in pack["cues"]] == list(CUE_NAMES)
        assert all(cue["meaning"] and cue["seconds"] and cue["level"] for cue in pack["cues"])


def test_one_pack_is_shown(capsys: pytest.CaptureFixture[str], mine: Path) -> None:
    text, _ = told(capsys, "bells")
    assert "Handbells" in text
    assert "CC0-1.0" in text
    text, _ = told(capsys, mine)
    assert "One second of a hold has passed." in text, "what a pack does not say itself"
    assert json.loads(told(capsys, mine, "--json")[0])["name"] == "mine"


def test_names_are_printed_while_it_plays(
    capsys: pytest.CaptureFixture[str], mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in mine.iterdir():
        samples, rate = soundfile.read(path)
        soundfile.write(path, samples[: rate // 20], rate)
    monkeypatch.setattr("coach.cues.parade.BETWEEN", 0)
    lines = told(capsys, mine, "--play", "--output", "none")[0].splitlines()
    assert [line.partition(":")[0] for line in lines] == list(CUE_NAMES)


def test_a_pack_is_written_cue_after_cue(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "bells.flac"
    _, err = told(capsys, "bells", "-o", target)
    assert err == f"Wrote {target}.\n"
    written, rate = soundfile.read(target)
    cues = load_samples(load_pack("bells", AUDIO_CUES), rate)
    position = 0
    for name, clip in cues.items():
        part = written[position : position + len(clip)]
        likeness = np.corrcoef(part, clip)[0, 1]
        assert likeness > 0.99, name
        position += len(clip) + round(0.8 * rate)
    assert len(written) == position


def test_names_are_spoken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, "soft", "-o", tmp_path / "bare.wav")
    told(capsys, "soft", "-o", tmp_path / "named.wav", "--speak")
    bare, named = (soundfile.info(tmp_path / f"{name}.wav").duration for name in ("bare", "named"))
    assert named > bare + len(CUE_NAMES) * 0.4


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("sotf",), 1, "did you mean `soft`?"),
        (("soft", "bells"), 2, "expected one pack, found 2"),
        (("--play",), 2, "say which pack"),
        (("soft", "--speak"), 2, "--speak goes with --play or -o"),
        (("soft", "--play", "--json"), 2, "does not go with --json"),
        (("check",), 2, "expected one folder after `check`, found 0"),
        (("check", "soft", "--play"), 2, "`check` plays nothing"),
        (("soft", "-o", "x.srt"), 1, "cues can be written as a sound file only"),
        (("soft", "-o", "no/such/x.wav"), 1, "no/such"),
        (("check", "nowhere"), 1, "expected the name of a cue pack or a pack's folder"),
    ],
)
def test_what_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, expected: str
) -> None:
    assert expected in told(capsys, *arguments, code=code)[1]


# Packs of one's own


def test_files_named_after_cues_are_a_pack(mine: Path) -> None:
    pack = load_pack(mine, AUDIO_CUES)
    assert tuple(cue.name for cue in pack.cues) == CUE_NAMES
    assert pack.name == "mine"
    shipped = load_samples(load_pack("soft", AUDIO_CUES), RATE)
    for name, clip in load_samples(pack, RATE).items():
        assert np.array_equal(clip, shipped[name])


def test_names_in_capitals_and_other_endings(mine: Path) -> None:
    samples, rate = soundfile.read(mine / "tick.wav")
    (mine / "tick.wav").unlink()
    soundfile.write(mine / "Tick.FLAC", samples, rate, format="FLAC")
    pack = load_pack(mine, AUDIO_CUES)
    assert {cue.name: cue.path.name for cue in pack.cues}["tick"] == "Tick.FLAC"


def test_a_file_that_is_missing_is_named(mine: Path) -> None:
    (mine / "rest.wav").unlink()
    (mine / "end.wav").write_text("no sound")
    with pytest.raises(CuePackError) as caught:
        load_pack(mine, AUDIO_CUES)
    told = "".join((caught.value.message, *caught.value.more))
    assert "found none for `rest`" in told
    assert "end.wav: expected a WAV, FLAC, Ogg, AIFF or MP3 file" in told


@pytest.mark.parametrize(
    ("kind", "subtype", "rate"),
    [
        ("CAF", "PCM_16", 44_100),
        ("AU", "PCM_16", 22_050),
        ("W64", "PCM_24", 96_000),
        ("RF64", "PCM_16", 48_000),
        ("OGG", "OPUS", 48_000),
        ("AIFF", "PCM_24", 32_000),
    ],
)
def test_other_formats_are_converted_without_delay(
    mine: Path, kind: str, subtype: str, rate: int
) -> None:
    click = np.zeros(rate // 10)
    click[: rate // 50] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate // 50) / rate)
    soundfile.write(mine / "tick.wav", click, rate, format=kind, subtype=subtype)
    tick = load_samples(load_pack(mine, AUDIO_CUES), 24_000)["tick"]
    assert len(tick) == 2400
    loud = np.abs(tick) > 0.2 * np.abs(tick).max()
    assert np.argmax(loud) <= 24, "within a millisecond"


# Checking


@pytest.mark.parametrize("name", ["bells", "classic", "soft"])
def test_what_ships_is_good(capsys: pytest.CaptureFixture[str], name: str) -> None:
    text, _ = told(capsys, "check", name)
    assert "Good: " in text
    assert checked(capsys, AUDIO_CUES / name, 0)["good"] is True


def quick_flaw(folder: Path) -> None:
    samples, rate = soundfile.read(folder / "end.wav")
    replace_sound(folder, "rest", np.append(samples, np.zeros(rate // 50)))


@pytest.mark.parametrize(
    ("spoil", "flaw", "cues", "expected"),
    [
        (
            lambda folder: replace_sound(folder, "end", np.clip(tone(700, 0.5, 3.0), -1, 1)),
            "clipped",
            ["end"],
            "`end` is clipped",
        ),
        (
            lambda folder: replace_sound(folder, "end", tone(700, 0.5, 0.9)),
            "loud",
            ["end"],
            "give it `gain: -16`",
        ),
        (
            lambda folder: replace_sound(folder, "end", tone(700, 0.5, 0.01)),
            "soft",
            ["end"],
            "give it `gain: 21`",
        ),
        (lambda folder: replace_sound(folder, "end", np.zeros(20_000)), "soft", ["end"], "silent"),
        (
            lambda folder: replace_sound(folder, "final", tone(2500, 0.9, 0.1)),
            "long",
            ["final"],
            "0.90 s",
        ),
        (
            lambda folder: replace_sound(folder, "end", tone(80, 0.5)),
            "phone",
            ["end"],
            "0% of it lies between 500 and 4000 Hz",
        ),
        (
            lambda folder: replace_sound(
                folder, "end", np.append(np.zeros(RATE // 10), tone(700, 0.4))
            ),
            "late",
            ["end"],
            "begins 10",
        ),
        (quick_flaw, "similar", ["end", "rest"], "`end` and `rest` sound alike"),
    ],
)
def test_each_flaw_is_found_and_no_other(
    capsys: pytest.CaptureFixture[str],
    mine: Path,
    spoil: Callable[[Path], None],
    flaw: str,
    cues: list[str],
    expected: str,
) -> None:
    spoil(mine)
    document = checked(capsys, mine, 1)
    found = {finding["flaw"]: finding for finding in document["findings"]}
    assert flaw in found
    assert set(found) <= {flaw, "loud"} if flaw == "clipped" else set(found) == {flaw}
    assert found[flaw]["cues"] == cues
    assert expected in found[flaw]["message"]
    assert document["problems"] == []
    text, _ = told(capsys, "check", mine, code=1)
    assert expected in " ".join(text.split())
    assert "It can be used as it is" in text


def test_a_gain_that_clips_is_found(mine: Path) -> None:
    lines = ["cues:", *(f"  {name}: {{file: {name}.wav}}" for name in CUE_NAMES)]
    text = "\n".join(lines).replace("{file: end.wav}", "{file: end.wav, gain: 20}")
    (mine / "pack.yaml").write_text(text)
    flaws = {
        (finding.flaw, finding.cues) for finding in examine(load_pack(mine, AUDIO_CUES)).findings
    }
    assert flaws == {("clipped", ("end",)), ("loud", ("end",))}


def test_what_is_missing_is_told_beside_the_flaws(
    capsys: pytest.CaptureFixture[str], mine: Path
) -> None:
    (mine / "rest.wav").unlink()
    replace_sound(mine, "end", tone(80, 0.5))
    document = checked(capsys, mine, 1)
    assert "found none for `rest`" in document["problems"][0]
    assert [finding["flaw"] for finding in document["findings"]] == ["phone"]
    assert len(document["cues"]) == len(CUE_NAMES) - 1
    assert "It cannot be used" in told(capsys, "check", mine, code=1)[0]


def test_distance_does_not_care_for_level() -> None:
    one = tone(700, 0.3)
    assert distance(one, 0.1 * one) == pytest.approx(0, abs=1e-6)
    assert distance(one, tone(1400, 0.3)) > 0.9


def test_a_folder_that_is_nearly_there_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-pack").mkdir()
    (tmp_path / "notes.txt").write_text("none")
    for given, message in (
        ("my-pakc", "found `my-pakc`; did you mean `my-pack`?"),
        ("notes.txt", "found the file `notes.txt`"),
        ("", "found ``"),
    ):
        assert run(["cues", "check", given]) == 1
        assert message in capsys.readouterr().err


def test_cues_in_other_formats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """48 kHz stereo, Ogg and MP3 are converted; what is no sound is refused with its name."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(data_dir("audio_cues") / "classic", tmp_path / "mine")
    samples, rate = soundfile.read(tmp_path / "mine/end.wav")
    stereo = np.stack([soxr.resample(samples, rate, 48_000)] * 2, axis=1)
    soundfile.write(tmp_path / "mine/end.ogg", stereo, 48_000)
    soundfile.write(tmp_path / "mine/end.mp3", stereo, 48_000)
    (tmp_path / "mine/end.aiff").write_bytes(b"no sound")
    listed = (tmp_path / "mine/pack.yaml").read_text()
    (tmp_path / "s.yaml").write_text("title: S\nexercises: [{name: A, hold: 2s}]\n")

    def rendered(ending: str) -> int:
        (tmp_path / "mine/pack.yaml").write_text(listed.replace("end.wav", f"end.{ending}"))
        assert run(["cues", "check", "mine"]) == run(["cues", "check", "mine", "--json"])
        return run(["render", "s.yaml", "-o", f"{ending}.wav", "--cues", "mine"])

    plain, _ = read_mono(tmp_path / "mine/end.wav")
    for ending in ("ogg", "mp3"):
        assert rendered(ending) == 0
        mono, rate = read_mono(tmp_path / f"mine/end.{ending}")
        assert rate == 48_000
        both = np.correlate(np.pad(plain, 4800), mono[: len(plain)])
        assert abs(int(np.argmax(both)) - 4800) < 0.005 * rate, "it is not late"
    capsys.readouterr()
    assert rendered("aiff") == 1
    said = capsys.readouterr().err
    assert "end.aiff: expected a WAV, FLAC, Ogg, AIFF or MP3 file, found something else" in said
    assert not (tmp_path / "aiff.wav").exists()
