"""Every format, written by `coach render` and read back by ffmpeg, ffprobe and mutagen."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
from numpy.typing import NDArray

from coach.cli import run
from coach.cli.batch import _FILE_FORMATS
from coach.cli.render import _FORMATS
from coach.errors import OutputError
from coach.render import FORMATS, SOUNDS, format_for
from tests.conftest import RATE
from tests.forked import coach
from tests.render.sounds import decoded, probed

pytestmark = pytest.mark.usefixtures("clips_at_hand")

ROUTINE = "living-room-circuit"
ONLY = ("--only", "jumping-jacks", "--only", "plank", "--adjust", "rounds=2")
"""Of four exercises two, in two rounds."""
LOSSLESS = ("wav", "flac")
LOSSY = tuple(name for name in SOUNDS if name not in LOSSLESS)


@dataclass(frozen=True)
class Rendered:
    """One session in every format."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / f"{ROUTINE}.{name}"

    def decoded(self, name: str) -> NDArray[np.int16]:
        if name not in self._decoded:
            self._decoded[name] = decoded(self.path(name), RATE)[:, 0]
        return self._decoded[name]

    def probed(self, name: str) -> dict[str, Any]:
        if name not in self._probed:
            self._probed[name] = probed(self.path(name))
        return self._probed[name]

    @cached_property
    def _probed(self) -> dict[str, dict[str, Any]]:
        return {}

    @cached_property
    def _decoded(self) -> dict[str, NDArray[np.int16]]:
        return {}

    @cached_property
    def sheet(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "sheet.json").read_text("utf-8"))
        return found

    @cached_property
    def chapters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sheet["chapters"]
        return found


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, common_cache: Path) -> Rendered:
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("formats")
    formats = [option for name in FORMATS if name != "m3u8" for option in ("--format", name)]
    ran = coach(
        *("render", ROUTINE, *ONLY, *formats, "-q", "-o", folder),
        *("--cue-sheet", folder / "sheet.json", "--chapters", folder / "chapters.json"),
        environment={**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(common_cache)},
    )
    assert ran.code == 0, ran
    assert not ran.told
    return Rendered(folder)


def test_the_options_name_every_format() -> None:
    assert tuple(FORMATS) == _FORMATS
    assert tuple(name for name in FORMATS if name != "m3u8") == _FILE_FORMATS


@pytest.mark.parametrize("name", SOUNDS)
def test_the_file_is_as_long_as_the_cue_sheet_says(rendered: Rendered, name: str) -> None:
    found = rendered.decoded(name)
    # An AAC decoder gives whole packets.
    more = 1024 if name.startswith("m4") else 0
    assert 0 <= len(found) - round(rendered.sheet["duration"] * RATE) <= more
    assert not found[round(rendered.sheet["duration"] * RATE) :].any()


def test_lossless_formats_have_the_same_samples(rendered: Rendered) -> None:
    assert (rendered.decoded("wav") == rendered.decoded("flac")).all()


@pytest.mark.parametrize("name", SOUNDS)
def test_every_beep_is_where_the_cue_sheet_has_it(rendered: Rendered, name: str) -> None:
    """Find each beep that has silence around it by its likeness to the session's samples."""
    events = [event for event in rendered.sheet["events"] if event["kind"] in ("cue", "speech")]
    wav, found = rendered.decoded("wav"), rendered.decoded(name)
    around = round(0.02 * RATE)
    late = []
    for before, event, after in zip(events, events[1:], events[2:], strict=False):
        start, stop = (round(event[key] * RATE) for key in ("start", "end"))
        is_after = before["end"] * RATE < start - 2 * around
        if event["kind"] == "cue" and is_after and stop + 2 * around < after["start"] * RATE:
            heard = found[start - around : stop + around].astype(float)
            late.append(lag(wav[start:stop].astype(float), heard))
    assert len(late) > 50
    assert np.abs(late).max() <= 0.001 * RATE


def lag(beep: NDArray[np.float64], heard: NDArray[np.float64]) -> int:
    """Return how many frames after the middle of `heard` the beep in it is, and check that it is."""
    products = np.correlate(heard, beep, "valid")
    energy = np.concatenate([[0.0], np.cumsum(np.square(heard))])
    powers = energy[len(beep) :] - energy[: -len(beep)]
    likeness = products / np.sqrt(powers * np.square(beep).sum())
    assert likeness.max() > 0.97
    return int(np.argmax(likeness)) - (len(likeness) - 1) // 2


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_sound_like_the_session(rendered: Rendered, name: str) -> None:
    wav, found = rendered.decoded("wav").astype(float), rendered.decoded(name).astype(float)
    found = found[: len(wav)]
    frame = RATE // 10
    whole = len(wav) // frame * frame
    levels = [
        np.sqrt(np.square(samples[:whole].reshape(-1, frame)).mean(axis=1)) + 3
        for samples in (wav, found)
    ]
    decibels = 20 * np.log10(levels[1] / levels[0])
    loud = levels[0] > 300
    assert np.abs(decibels[loud]).max() < 3, "nothing is lost or added where there is sound"
    assert levels[1][levels[0] == 3].max() < 60, "nothing is heard where there is silence"


@pytest.mark.parametrize("name", SOUNDS)
def test_ffprobe_reads_the_chapters(rendered: Rendered, name: str) -> None:
    found = rendered.probed(name)["chapters"]
    assert [chapter["tags"]["title"] for chapter in found] == [
        chapter["title"] for chapter in rendered.chapters
    ]
    for chapter, wanted in zip(found, rendered.chapters, strict=True):
        assert float(chapter["start_time"]) == pytest.approx(wanted["start"], abs=0.001)
        # Opus declares its delay, and ffprobe ends the last chapter with it.
        assert float(chapter["end_time"]) == pytest.approx(wanted["end"], abs=0.01)


@pytest.mark.parametrize("name", SOUNDS)
def test_ffprobe_reads_the_tags(rendered: Rendered, name: str) -> None:
    found = rendered.probed(name)
    streams = found["streams"]
    tags = {
        key.lower(): value
        for source in (found["format"], *streams[:1])
        for key, value in source.get("tags", {}).items()
    }
    assert tags["title"] == "Living room circuit"
    assert tags["album"] == "Living room circuit"
    assert tags["artist"] == "Audio coach"
    assert tags["date"][:2] == "20"
    assert "detail=full" in tags["comment"]
    assert tags["language"] in ("en", "eng")
    assert "Living room circuit" in next(value for key, value in tags.items() if "lyrics" in key)
    assert any(stream["codec_name"] == "mjpeg" for stream in streams) or name == "wav"


def test_mutagen_reads_id3(rendered: Rendered) -> None:
    tags = mutagen.File(rendered.path("mp3")).tags
    chapters = sorted(tags.getall("CHAP"), key=lambda frame: frame.start_time)
    assert [frame.sub_frames["TIT2"].text[0] for frame in chapters] == [
        chapter["title"] for chapter in rendered.chapters
    ]
    (toc,) = tags.getall("CTOC")
    assert toc.child_element_ids == [frame.element_id for frame in chapters]
    (lyrics,) = tags.getall("USLT")
    assert lyrics.lang == "eng"
    assert "You are done." in lyrics.text
    (timed,) = tags.getall("SYLT")
    spoken = [event for event in rendered.sheet["events"] if event["kind"] == "speech"]
    assert [time for _, time in timed.text] == [round(1000 * event["start"]) for event in spoken]
    assert tags.getall("APIC")[0].data[:3] == b"\xff\xd8\xff"
    info = mutagen.File(rendered.path("mp3")).info
    assert info.length == pytest.approx(rendered.sheet["duration"], abs=0.05)
    assert info.bitrate == 64_000


@pytest.mark.parametrize("name", ["flac", "ogg", "opus"])
def test_mutagen_reads_vorbis_comments(rendered: Rendered, name: str) -> None:
    tags = mutagen.File(rendered.path(name)).tags
    assert tags["title"] == ["Living room circuit"]
    assert tags["chapter000"] == ["00:00:00.000"]
    assert tags["chapter000name"] == ["Introduction"]
    assert tags["lyrics"][0].startswith("[ti:Living room circuit]")


@pytest.mark.parametrize("name", ["m4a", "m4b"])
def test_mutagen_reads_mp4(rendered: Rendered, name: str) -> None:
    file = mutagen.File(rendered.path(name))
    assert file.tags["\xa9nam"] == ["Living room circuit"]
    assert "You are done." in file.tags["\xa9lyr"][0]
    assert bytes(file.tags["covr"][0])[:3] == b"\xff\xd8\xff"
    begin = rendered.path(name).read_bytes()[:4096]
    assert b"moov" in begin, "a player can begin before it has all of it"


def test_mutagen_reads_the_tags_of_a_wav(rendered: Rendered) -> None:
    tags = mutagen.File(rendered.path("wav")).tags
    assert tags["TIT2"].text == ["Living room circuit"]
    assert tags.getall("APIC")


def test_podcast_chapters_are_those_of_the_file(rendered: Rendered) -> None:
    found = json.loads((rendered.folder / "chapters.json").read_text("utf-8"))
    assert found["version"] == "1.2.0"
    assert [(c["startTime"], c["endTime"], c["title"]) for c in found["chapters"]] == [
        (chapter["start"], chapter["end"], chapter["title"]) for chapter in rendered.chapters
    ]


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_ffprobe_reads_the_captions(rendered: Rendered, name: str) -> None:
    done = subprocess.run(
        [
            *("ffprobe", "-v", "error", "-show_packets", "-show_data", "-of", "json"),
            str(rendered.path(name)),
        ],
        capture_output=True,
        check=True,
    )
    packets = json.loads(done.stdout)["packets"]
    spoken = [event for event in rendered.sheet["events"] if event["kind"] == "speech"]
    assert len(packets) == len(spoken)
    for packet, event in zip(packets, spoken, strict=True):
        assert float(packet["pts_time"]) == pytest.approx(event["start"], abs=0.001)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("a.mp4", "`.m4a`"), ("a.ap3", "`.mp3`"), ("a.OGA", "`.ogg`"), ("a", "no ending")],
)
def test_an_unknown_ending_is_told_with_what_was_meant(name: str, meant: str) -> None:
    with pytest.raises(OutputError) as caught:
        format_for(Path(name))
    assert meant in caught.value.message
    assert ".opus" in caught.value.hint


def test_endings_are_read_in_capitals() -> None:
    assert format_for(Path("A.MP3")) is FORMATS["mp3"]


@pytest.mark.parametrize("name", SOUNDS)
def test_a_session_that_is_hardly_anything_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "short.yaml"
    script.write_text("title: X\nexercises: [{name: A, hold: 1}]\n")
    target = tmp_path / f"short.{name}"
    assert run(["render", str(script), "-o", str(target), "--detail", "cues"]) == 0, (
        capsys.readouterr()
    )
    assert len(decoded(target, RATE)) > RATE


@pytest.mark.parametrize("name", SOUNDS)
def test_texts_of_every_kind_are_kept(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "odd.yaml"
    title = 'Été "=;#\\ 日本 -->&<b>'
    script.write_text(
        f"title: '{title}'\nsource: 'Ünï = ; #\\'\nexercises: [{{name: '= ; # \\ [x] é', hold: 1}}]\n",
        "utf-8",
    )
    target = tmp_path / f"odd.{name}"
    assert run(["render", str(script), "-o", str(target), "--engine", "pyttsx3"]) == 0, (
        capsys.readouterr()
    )
    found = probed(target)
    tags = {**found["format"].get("tags", {}), **found["streams"][0].get("tags", {})}
    assert title in tags.values()
    assert found["chapters"][1]["tags"]["title"] == "= ; # \\ [x] é"
