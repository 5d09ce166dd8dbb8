"""What `coach render` makes of its options: which files, in which formats, or which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from coach.cli import run
from tests.render.sounds import measured, probed

pytestmark = pytest.mark.usefixtures("clips_at_hand")

SCRIPT = "title: {title}\nexercises: [{{name: Plank, hold: 3}}, {{name: Squat, hold: 2}}]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(SCRIPT.format(title=name))
    (tmp_path / "here").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ("one.yaml", ["one.wav"]),
        ("one.yaml --format mp3", ["one.mp3"]),
        ("one.yaml --format MP3 --format srt", ["one.mp3", "one.srt"]),
        ("one.yaml -o a.mp3 -o b.txt", ["a.mp3", "b.txt"]),
        ("one.yaml -o a.bin --format wav", ["a.bin"]),
        ("one.yaml -o here --format opus", ["here/one.opus"]),
        ("one.yaml -o new/deep/ --format txt", ["new/deep/one.txt"]),
        ("one.yaml two.yaml --format srt", ["one.srt", "two.srt"]),
        ("one.yaml two.yaml -o here", ["here/one.wav", "here/two.wav"]),
        ("one.yaml two.yaml --format txt --format lrc -o x", [
            "x/one.lrc", "x/one.txt", "x/two.lrc", "x/two.txt"]),
        ("one.yaml -o l.m3u8 -o l.srt", [
            "l-01-introduction.mp3", "l-02-plank.mp3", "l-03-squat.mp3", "l-04-closing.mp3",
            "l.m3u8", "l.srt"]),
        ("one.yaml --format m3u8 --format flac -o here", [
            "here/one-01-introduction.flac", "here/one-02-plank.flac", "here/one-03-squat.flac",
            "here/one-04-closing.flac", "here/one.m3u8"]),
        ("one.yaml -o a.txt --chapters c.json --cue-sheet s.json", ["a.txt", "c.json", "s.json"]),
    ],
)  # fmt: skip
def test_the_files_that_are_written(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, files: list[str]
) -> None:
    before = set(folder.rglob("*"))
    assert run(["render", *arguments.split()]) == 0, capsys.readouterr()
    made = {path for path in set(folder.rglob("*")) - before if path.is_file()}
    assert sorted(str(path.relative_to(folder)) for path in made) == files
    told = capsys.readouterr().err
    assert all(f"Wrote {name}" in told for name in files if "-0" not in name)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("one.yaml -o here", 1, "it has no ending"),
        ("one.yaml -o here/x", 1, "it has no ending"),
        ("one.yaml -o there/a.mp3", 1, "there is no folder there"),
        ("one.yaml -o a.mp3 -o ./a.mp3", 1, "another file to write"),
        ("one.yaml -o one.yaml --format txt", 1, "the script that is read"),
        ("one.yaml -o a.mp3 --cue-sheet a.mp3", 1, "another file to write"),
        ("one.yaml two.yaml -o a.mp3", 2, "one file for 2 routines; give a folder: -o a/"),
        ("one.yaml -o a.mp3 --format mp3 --format flac", 2, "one file for 2 formats"),
        ("one.yaml two.yaml --cue-sheet c.json", 2, "describes one session"),
        ("one.yaml one.yaml -o here", 1, "another file to write"),
        ("one.yaml -o a.mp3 --loudness loud", 1, "--loudness: expected a number from -40 to -14"),
        ("one.yaml -o a.mp3 --music-level 20", 1, "--music-level: expected a number from -60 to 6"),
        ("one.yaml -o a.mp3 --gap later", 1, "--gap: expected a duration"),
        ("one.yaml -o a.mp3 --lead-in -3", 1, "--lead-in: expected a duration"),
        ("one.yaml --format mp9", 2, "'mp9' is not one of"),
        ("", 2, "Missing argument 'ROUTINE...'"),
        ("one.yaml broken.yaml --format txt", 1, "broken.yaml"),
    ],
)
def test_what_cannot_be_written_is_told_and_nothing_is_left(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: int, told: str
) -> None:
    (folder / "broken.yaml").write_text("title: [")
    before = set(folder.rglob("*"))
    assert run(["render", *arguments.split()]) == code
    assert told in capsys.readouterr().err
    assert set(folder.rglob("*")) == before


def test_loudness_is_what_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for asked in ("-20", "-14 LUFS"):
        assert run(["render", "one.yaml", "-o", "a.wav", "--loudness", asked]) == 0, (
            capsys.readouterr()
        )
        loudness, peak = measured(folder / "a.wav")
        assert loudness == pytest.approx(float(asked.split()[0]), abs=0.5)
        assert peak <= -1


def test_music_makes_it_stereo(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np
    import soundfile

    noise = np.random.default_rng(1).standard_normal((8 * 44_100, 2)) * 0.1
    soundfile.write(folder / "music.flac", noise, 44_100)
    options = ["--music", "music.flac", "--music-level", "-20", "--detail", "cues", "-q"]
    options += ["--only", "plank"]
    names = [f"a.{name}" for name in ("wav", "mp3", "opus", "m4a", "ogg", "flac")]
    arguments = [part for name in names for part in ("-o", name)]
    assert run(["render", "one.yaml", *arguments, *options]) == 0, capsys.readouterr()
    for name in names:
        stream = probed(folder / name)["streams"][0]
        assert (stream["channels"], stream["sample_rate"]) == (2, "48000")
        loudness, peak = measured(folder / name)
        assert loudness == pytest.approx(-16, abs=0.5)
        assert peak <= -1


@pytest.mark.parametrize(
    "arguments",
    [
        "-o music.wav --music music.wav",
        "-o a.mp3 --cue-sheet music.wav --music .",
        "--music music.wav",
    ],
)
def test_music_is_never_written_over(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str
) -> None:
    """Neither by the sound, nor by what goes with it, nor by a name that is made."""
    import numpy as np
    import soundfile

    noise = np.random.default_rng(1).standard_normal((2 * 8000, 1)) * 0.1
    soundfile.write(folder / "music.wav", noise, 8000)
    if "-o" not in arguments:
        (folder / "music.yaml").write_bytes((folder / "one.yaml").read_bytes())
    routine = "one.yaml" if "-o" in arguments else "music.yaml"
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert run(["render", routine, *arguments.split()]) == 1
    assert "music.wav: that is the music that is read" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("name", ["mp3", "opus", "m4a"])
def test_a_stream_is_where_the_pieces_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Long music is encoded as a stream; the same session is, if every sound counts as long."""
    import numpy as np

    from coach.render import packets
    from tests.conftest import RATE
    from tests.render.sounds import decoded

    assert run(["render", "one.yaml", "-o", f"pieces.{name}", "-o", "a.wav"]) == 0
    monkeypatch.setattr(packets, "LONG_S", 0)
    assert run(["render", "one.yaml", "-o", f"stream.{name}"]) == 0, capsys.readouterr()
    wav, pieces, stream = (
        decoded(folder / path, RATE)[:, 0].astype(float)
        for path in ("a.wav", f"pieces.{name}", f"stream.{name}")
    )
    assert len(pieces) == len(stream)
    stream = stream[: len(wav)]
    likeness = np.corrcoef(wav, stream)[0, 1]
    assert likeness > 0.95, "nothing is moved, lost or added"
    assert np.sqrt(np.square(stream).mean() / np.square(wav).mean()) == pytest.approx(1, abs=0.03)
