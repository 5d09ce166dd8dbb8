"""Chapters, captions, silence between exercises, and a file for each of them."""

from __future__ import annotations

import itertools
import json
import subprocess
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from coach.cli import run
from coach.render.captions import Caption, captions_of, lrc, subrip, transcript, webvtt
from coach.render.chapters import LONG_S, chapters_of
from coach.render.cutting import Excerpt, cut_details, with_silence
from coach.render.details import details_of, settings_text
from coach.render.programme import Programme
from coach.session import Session, build, prepared
from coach.settings import Settings
from coach.timeline import Timeline
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of, typical
from tests.render.sounds import decoded, probed
from tests.strategies import scripts

pytestmark = pytest.mark.usefixtures("clips_at_hand")


def session_of(text: str | dict[str, Any]) -> Session:
    script = text if isinstance(text, str) else json.dumps(text)
    return build(prepared(routine_of(script), Settings()), FakeVoice(), fake_cues(), RATE)


def bundled_session(path: Path) -> Session:
    from coach.session import prepare

    return build(prepare(path, Settings()), FakeVoice(), fake_cues(), RATE)


@given(scripts())
def test_chapters_cover_the_session_without_a_gap(text: dict[str, Any]) -> None:
    timeline = session_of(text).timeline
    chapters = chapters_of(timeline)
    assert chapters[0].first == chapters[0].start == 0
    assert chapters[-1].end == timeline.duration
    for one, other in itertools.pairwise(chapters):
        assert (one.end, one.stop) == (other.first, other.start)
        assert one.first < one.end
    assert {marker.title for marker in timeline.markers} - {c.title for c in chapters} == set()


def test_long_exercises_have_a_chapter_for_each_set_and_side() -> None:
    text = """
title: T
exercises:
  - {name: Short, sets: 2, hold: 5, rest: 5s}
  - {name: Long, sets: 2, sides: [left, right], hold: 40, rest: 20s}
"""
    timeline = session_of(text).timeline
    assert [chapter.title for chapter in chapters_of(timeline)] == [
        "Introduction",
        "Short",
        "Long",
        "Long, set 1 of 2, left side",
        "Long, set 1 of 2, right side",
        "Long, set 2 of 2, left side",
        "Long, set 2 of 2, right side",
        "Closing",
    ]
    long = chapters_of(timeline)[3]
    held = [
        span for span in timeline.spans if span.kind == "hold" and span.where.exercise == "long"
    ]
    assert long.first <= held[0].start < long.end
    assert len(held) * 40 > LONG_S


@given(scripts())
def test_captions_have_the_words_at_their_time_and_do_not_overlap(text: dict[str, Any]) -> None:
    timeline = session_of(text).timeline
    captions = captions_of(timeline)
    spoken = [clip for clip in timeline.clips if clip.kind == "speech"]
    assert [caption.text for caption in captions] == [" ".join(c.label.split()) for c in spoken]
    for caption, clip in zip(captions, spoken, strict=True):
        assert abs(caption.start - 1000 * clip.start / RATE) <= 0.5
        assert caption.start < caption.stop
    for one, other in itertools.pairwise(captions):
        assert one.stop <= other.start or one.stop == one.start + 1


@pytest.mark.parametrize("path", typical(), ids=lambda path: path.stem)
def test_captions_stay_until_their_words_are_spoken(path: Path) -> None:
    timeline = bundled_session(path).timeline
    spoken = [clip for clip in timeline.clips if clip.kind == "speech"]
    for caption, clip in zip(captions_of(timeline), spoken, strict=True):
        assert caption.stop >= 1000 * clip.end / RATE - 1


def test_captions_are_written_as_each_format_has_it() -> None:
    from coach.render.chapters import Chapter

    captions = (Caption(0, 1500, "Tom & <Jerry> {x}"), Caption(3_723_004, 3_725_000, "a --> b"))
    assert subrip(captions) == (
        "1\n00:00:00,000 --> 00:00:01,500\nTom & <\u200cJerry> (x)\n\n"
        "2\n01:02:03,004 --> 01:02:05,000\na --\u200c> b\n"
    )
    assert webvtt(captions, "en", "T > U") == (
        "WEBVTT - T &gt; U\nLanguage: en\n\n"
        "00:00:00.000 --> 00:00:01.500\nTom &amp; &lt;Jerry&gt; {x}\n\n"
        "01:02:03.004 --> 01:02:05.000\na --&gt; b\n"
    )
    assert lrc(captions, "T", 3_725_000).splitlines() == [
        "[ti:T]",
        "[length:62:05]",
        "[00:00.00]Tom & <Jerry> {x}",
        "[62:03.00]a --> b",
    ]
    chapters = (Chapter(0, 2000, "One", 0, 0), Chapter(2000, 4_000_000, "Two", 0, 0))
    assert transcript(captions, chapters, "T") == (
        "T\n\nOne (0:00)\nTom & <Jerry> {x}\n\nTwo (0:02)\na --> b\n"
    )


def test_no_text_is_a_mark_of_its_captions(tmp_path: Path) -> None:
    text = (
        "<b>A</b> <font color=red>B</font> C 00:00:09,000 --> 00:00:10,000 [00:09.00]D "
        "[ti:E] <00:09.00>F & G < 5 > 3 X1"
    )
    captions = [Caption(0, 1000, text), Caption(2000, 3000, text)]
    for name, written in (
        ("a.srt", subrip(captions)),
        ("a.vtt", webvtt(captions, "en", text)),
        ("a.lrc", lrc(captions, "T", 3000)),
    ):
        (tmp_path / name).write_text(written, "utf-8")
        command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / name), "-f", "webvtt", "-"]
        told = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        read = [block.split("\n", 1)[1] for block in told.strip().split("\n\n")[1:]]
        assert [unescape(line).replace("\u200c", "") for line in read] == [text] * 2
        assert [block.split(" ")[0] for block in told.strip().split("\n\n")[1:]] == [
            "00:00.000",
            "00:02.000",
        ]


@given(scripts(), st.integers(0, 3 * RATE), st.integers(0, 3 * RATE), st.booleans())
def test_silence_moves_everything_and_changes_nothing_else(
    text: dict[str, Any], lead_in: int, gap: int, each: bool
) -> None:
    before = session_of(text).timeline
    after = with_silence(before, lead_in, gap, each_leads_in=each)
    count = len(before.markers) - 1
    more = gap + (lead_in if each else 0)
    assert after.duration == before.duration + lead_in + count * more
    assert [clip.label for clip in after.clips] == [clip.label for clip in before.clips]
    assert [s.end - s.start for s in after.spans] == [s.end - s.start for s in before.spans]
    for (was, _), (now, end) in zip(before.chapters(), after.chapters(), strict=True):
        inside = [clip for clip in after.clips if now.start <= clip.start < end]
        first = next((clip for clip in before.clips if clip.start >= was.start), None)
        if inside and first:
            own = lead_in if each or now.start == 0 else 0
            assert inside[0].start - now.start == first.start - was.start + own


@pytest.mark.parametrize("path", typical(), ids=lambda path: path.stem)
def test_no_sound_goes_on_into_the_next_chapter(path: Path) -> None:
    timeline = bundled_session(path).timeline
    starts = [marker.start for marker in timeline.markers]
    for clip in timeline.clips:
        assert not any(clip.start < start < clip.end for start in starts)


def test_parts_of_a_programme_make_up_the_whole() -> None:
    session = bundled_session(typical()[0])
    whole = Programme(session.timeline)
    for marker, end in session.timeline.chapters():
        part = Excerpt(whole, marker.start, end)
        assert part.duration == end - marker.start
        assert (part.read(0, part.duration) == whole.read(marker.start, end)).all()
        assert not part.read(part.duration, part.duration + 100).any()
        for piece in part.sounding():
            assert 0 <= piece.start < piece.stop <= part.duration


def test_the_details_of_a_part_are_of_that_part() -> None:
    session = bundled_session(typical()[-1])
    details = details_of(session, date(2026, 1, 2))
    whole = details.chapters[2]
    part = cut_details(details, whole, 3, 7)
    assert part.title == whole.title
    assert part.track == (3, 7)
    assert part.routine == details.title
    assert part.chapters == ()
    assert part.captions[0].start == pytest.approx(0, abs=2000)
    assert all(0 <= caption.start < whole.stop - whole.start for caption in part.captions)
    total = sum(len(cut_details(details, chapter, 1, 1).captions) for chapter in details.chapters)
    assert total == len(details.captions)


def test_the_comment_is_taken_by_adjust() -> None:
    from coach.settings.text import SAVED_KEYS, parse_assignment

    session = bundled_session(typical()[1])
    for text in settings_text(session.routine, session.manner).split():
        parse_assignment(text, SAVED_KEYS)


SCRIPT = "title: Two\nexercises: [{name: Plank, hold: 3}, {name: 'Plank / 2', hold: 3}]\n"


def test_a_playlist_has_a_file_for_each_exercise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "two.yaml"
    script.write_text(SCRIPT)
    target = tmp_path / "out.m3u8"
    options = ["--format", "flac", "--lead-in", "1s", "--gap", "2s"]
    assert run(["render", str(script), "-o", str(target), *options]) == 0, capsys.readouterr()
    lines = target.read_text("utf-8").splitlines()
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:Two"]
    names = [line for line in lines if not line.startswith("#")]
    assert names == [
        "out-01-introduction.flac",
        "out-02-plank.flac",
        "out-03-plank-2.flac",
        "out-04-closing.flac",
    ]
    for number, (name, line) in enumerate(zip(names, lines[2::2], strict=True), 1):
        tags = {
            key.lower(): value for key, value in probed(tmp_path / name)["format"]["tags"].items()
        }
        assert tags["track"].split("/")[0] == str(number)
        assert tags["album"] == "Two"
        sound = decoded(tmp_path / name, RATE)
        assert line.startswith(f"#EXTINF:{len(sound) / RATE:.3f},")
        assert not sound[: RATE - 10].any(), "each begins with the lead-in"
        if number < len(names):
            assert not sound[-2 * RATE :].any(), "and ends with the gap"


def test_silence_is_in_the_file_and_in_its_cue_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    script = tmp_path / "two.yaml"
    script.write_text(SCRIPT)
    lengths = {}
    for name, options in (("a", []), ("b", ["--lead-in", "1.5s", "--gap", "4"])):
        target, sheet = tmp_path / f"{name}.wav", tmp_path / f"{name}.json"
        arguments = ["render", str(script), "-o", str(target), "--cue-sheet", str(sheet), *options]
        assert run(arguments) == 0, capsys.readouterr()
        told = json.loads(sheet.read_text("utf-8"))
        assert len(decoded(target, RATE)) == round(told["duration"] * RATE)
        lengths[name] = told["duration"]
    assert lengths["b"] - lengths["a"] == pytest.approx(1.5 + 3 * 4, abs=0.001)


def test_markers_of_an_empty_timeline() -> None:
    empty = Timeline(RATE, 0, (), (), (), (), 0)
    assert chapters_of(replace(empty)) == ()
    assert captions_of(empty) == ()
    assert with_silence(empty, 5, 5).duration == 0
