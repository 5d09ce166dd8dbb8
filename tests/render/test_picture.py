"""The picture of a session: what it shows is the session, whatever the names and the length."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from coach.cli import run
from coach.render.drawing import COLOURS, HEIGHTS, MEANINGS
from coach.render.lanes import Bar, BarKind, lanes, visible
from coach.render.lettering import plain
from coach.render.picture import figure, plot
from coach.session import EstimatedVoice, Session, build, prepared
from coach.settings import Settings
from coach.units import clock, seconds
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of, typical
from tests.readme_reference import README

SIDES = (
    "title: Sides\nexercises:\n"
    "  - {name: Tilt, sides: [left, right], sets: 2, hold: 20s, reps: 1}\n"
    "  - rounds: 3\n    rest: 30s\n    exercises:\n"
    "      - {name: Squats, work: 40s, rest: 15s}\n"
    "      - {name: Rolls, reps: 2, rest: 0, phases: [{cue: Up, move: 4s, hold: 6s}, {cue: Down, move: 4s}]}\n"
)
HOSTILE = (
    *("$x^2$", r"\frac 12 $", "a_b^c % & # ~", "<b>bold</b> & ]]>", "\"quoted\" 'name'"),
    *("كلب ينظر إلى الأسفل", "כלב מביט מטה", "下犬式", "अधोमुख श्वानासन", "\U0001f9d8 Lotus"),
    *("e\u0301\u0323" * 10, "\u202eabc", "\ufffe x", "x" * 100, "word " * 20),
)
SVG = "{http://www.w3.org/2000/svg}"


def session_of(text: str) -> Session:
    return build(prepared(routine_of(text), Settings()), FakeVoice(), fake_cues(), RATE)


def silent_session_of(text: str) -> Session:
    """Return a session whose clips take no memory."""
    voice = EstimatedVoice(RATE, Fraction(1))
    return build(prepared(routine_of(text), Settings()), voice, fake_cues(), RATE)


def bars_of(drawn: Figure, kind: BarKind) -> list[tuple[int, int]]:
    """Return from which frame to which each bar of a kind is drawn, in order."""
    (axes,) = drawn.axes
    collections = [item for item in axes.collections if item.get_gid() == kind]
    extents = [
        path.get_extents()
        for collection in collections
        if isinstance(collection, PolyCollection)
        for path in collection.get_paths()
    ]
    return sorted((round(extent.x0 * RATE), round(extent.x1 * RATE)) for extent in extents)


def parsed(svg: Path) -> ET.Element:
    return ET.parse(svg).getroot()  # noqa: S314 - a file of our own


def texts_of(svg: Path) -> list[str]:
    return ["".join(item.itertext()) for item in parsed(svg).iter(f"{SVG}text")]


def svg_of(session: Session, folder: Path, **options: Any) -> Path:
    path = folder / "picture.svg"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot(session, path, "svg", **options)
    return path


# -- what is drawn ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["move", "hold", "work", "rest", "settle", "switch"])
def test_every_span_is_a_bar_from_its_start_to_its_end(kind: BarKind) -> None:
    session = session_of(SIDES)
    spans = [span for span in session.timeline.spans if span.kind == kind]
    assert spans
    drawn = bars_of(figure(session), kind)
    assert drawn == [(span.start, span.end) for span in spans]


def test_speech_and_chapters_are_drawn_when_they_are() -> None:
    session = session_of(
        "title: T\nexercises: [{name: A, reps: 2, hold: 10s}, {name: B, work: 9}]\n"
    )
    drawn = figure(session)
    chapters = [(marker.start, end) for marker, end in session.timeline.chapters()]
    assert len(chapters) == 4
    assert bars_of(drawn, "chapter") == chapters
    clips = [clip for clip in session.timeline.clips if clip.kind == "speech"]
    assert bars_of(drawn, "speech") == [(clip.start, clip.end) for clip in clips]


def test_each_exercise_has_its_lane_in_every_round() -> None:
    session = session_of(SIDES)
    shown = lanes(session)
    assert [lane.name for lane in shown] == ["Introduction", "Tilt", "Squats", "Rolls", "Closing"]
    assert [len(lane.chapters) for lane in shown] == [1, 1, 3, 3, 1]
    assert sum(lane.time for lane in shown) == seconds(session.timeline.duration, RATE)
    assert [stretch.labels[0] for stretch in shown[1].stretches] == [
        *("set 1, left", "set 1, right", "set 2, left", "set 2, right")
    ]
    assert [stretch.labels[0] for stretch in shown[2].stretches] == [
        "round 1",
        "round 2",
        "round 3",
    ]
    # The rest between rounds belongs to nobody, and is shown beside what comes before.
    assert [bar.kind for bar in shown[3].spans].count("rest") == 2
    doses = ["", "2 sets, hold 20s, each side", "work 40s", "2 reps, hold 6s", ""]
    assert [lane.dose for lane in shown] == doses


def test_the_bars_of_a_lane_stand_in_it_and_no_other() -> None:
    session = session_of(SIDES)
    (axes,) = figure(session).axes
    heights = {}
    for name in ("Tilt", "Squats", "Rolls"):
        (text,) = [text for text in axes.texts if text.get_text() == name]
        heights[name] = text.xy[1]  # type: ignore[attr-defined]
    (work,) = [item for item in axes.collections if item.get_gid() == "work"]
    for path in work.get_paths():
        extent = path.get_extents()
        assert heights["Tilt"] < extent.y0 < extent.y1 < heights["Rolls"]
        assert extent.y0 < heights["Squats"] + 10


def test_the_legend_explains_what_occurs_and_nothing_else() -> None:
    (legend,) = figure(session_of(SIDES)).legends
    assert [text.get_text() for text in legend.get_texts()] == list(MEANINGS.values())
    only_hold = "title: T\nexercises: [{name: A, hold: 10s, settle: 0}]\n"
    (legend,) = figure(session_of(only_hold)).legends
    assert [text.get_text() for text in legend.get_texts()] == ["hold", "speech"]


def test_bars_of_the_same_height_differ_in_lightness() -> None:
    from matplotlib.colors import to_rgb

    def lightness(kind: BarKind) -> float:
        red, green, blue = to_rgb(COLOURS[kind])
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for height in set(HEIGHTS.values()):
        shades = sorted(lightness(kind) for kind in HEIGHTS if HEIGHTS[kind] == height)
        assert all(lighter - darker > 0.1 for darker, lighter in pairwise(shades))


@pytest.mark.parametrize("script", typical(), ids=lambda path: path.stem)
@pytest.mark.parametrize("is_exact", [True, False])
def test_the_bundled_routines_are_drawn_whole(script: Path, tmp_path: Path, is_exact: bool) -> None:
    session = session_of(script.read_text("utf-8"))
    svg = svg_of(session, tmp_path, is_exact=is_exact)
    texts = texts_of(svg)
    total = clock(seconds(session.timeline.duration, RATE))
    assert {exercise.name for exercise in session.routine.exercises()} < set(texts)
    assert {session.routine.title, "Introduction", "Closing"} < set(texts)
    assert any(text.startswith(total if is_exact else f"about {total}") for text in texts)
    assert svg.stat().st_size < 100_000
    root = parsed(svg)
    assert root.findtext(f"{SVG}title") == session.routine.title
    assert root.get("role") == "img"
    words = root.findtext(f"{SVG}desc") or ""
    assert all(exercise.name in words for exercise in session.routine.exercises())
    plot(session, tmp_path / "a.png", "png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_nothing_leaves_the_picture_or_covers_another_text() -> None:
    for script in typical():
        drawn = figure(session_of(script.read_text("utf-8")))
        drawn.canvas.draw()
        (axes,) = drawn.axes
        boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
        frame = drawn.bbox
        assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
        for n, box in enumerate(boxes):
            assert not any(box.overlaps(other.padded(-1)) for other in boxes[n + 1 :])


# -- merging ----------------------------------------------------------------------------------


@st.composite
def many_bars(draw: st.DrawFn) -> list[Bar]:
    bars: list[Bar] = []
    now = 0
    kinds: list[BarKind] = ["hold", "move", "rest"]
    for gap, length, kind in draw(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(1, 30), st.sampled_from(kinds)),
            max_size=60,
        )
    ):
        bars.append(Bar(now + gap, now + gap + length, kind))
        now += gap + length
    return bars


@given(many_bars(), st.integers(1, 50))
def test_merged_bars_are_few_and_what_is_long_stays(bars: list[Bar], resolution: int) -> None:
    shown = list(visible(bars, resolution))
    assert [bar for bar in bars if bar.end - bar.start >= resolution] == [
        bar for bar in shown if bar.end - bar.start >= resolution and bar in bars
    ]
    assert all(one.end <= other.start for one, other in pairwise(shown))
    length = bars[-1].end - bars[0].start if bars else 0
    assert len(shown) <= 2 * length / resolution + 1
    if resolution == 1:
        assert shown == bars


def test_merged_bars_share_the_space_as_they_share_the_time() -> None:
    def pattern() -> Iterator[Bar]:
        for n in range(1000):
            yield Bar(10 * n, 10 * n + 6, "hold")
            yield Bar(10 * n + 6, 10 * n + 9, "move")

    shown = list(visible(list(pattern()), 50))
    for kind, share in (("hold", 0.6), ("move", 0.3)):
        space = sum(bar.end - bar.start for bar in shown if bar.kind == kind)
        assert space / 10_000 == pytest.approx(share, abs=0.02)


def test_ten_hours_and_many_exercises_make_a_small_picture(tmp_path: Path) -> None:
    long = (
        "title: Long\nexercises:\n"
        "  - {name: A, reps: 1000, sets: 3, phases: [{cue: Up, move: 3s, hold: 5s}, {cue: Down, move: 3s}]}\n"
        "  - {rounds: 500, exercises: [{name: B, hold: 3s, settle: 1s, rest: 3s}]}\n"
    )
    session = silent_session_of(long)
    assert seconds(session.timeline.duration, RATE) > 10 * 3600
    assert len(session.timeline.spans) > 9000
    assert svg_of(session, tmp_path).stat().st_size < 500_000
    many = "title: Many\nexercises:\n" + "".join(
        f"  - {{name: Exercise {n}, hold: 5s}}\n" for n in range(1000)
    )
    session = silent_session_of(many)
    assert svg_of(session, tmp_path).stat().st_size < 2_000_000
    width, height = figure(session).get_size_inches()
    assert (width, height <= 30) == (9, True)


def test_sixty_exercises_are_all_named(tmp_path: Path) -> None:
    names = [f"Exercise {n}" for n in range(60)]
    text = "title: Sixty\nexercises:\n" + "".join(
        f"  - {{name: {name}, hold: 5s}}\n" for name in names
    )
    assert set(names) < set(texts_of(svg_of(silent_session_of(text), tmp_path)))


# -- names ------------------------------------------------------------------------------------


def test_hostile_names_are_texts_and_nothing_else(tmp_path: Path) -> None:
    exercises = [
        {"name": name, "id": f"e{n}", "hold": "10s", "sides": [f"{name[:8]} 1", "b $y$"]}
        for n, name in enumerate(HOSTILE)
    ]
    for title in ("$\\alpha$ <i>", "\u202e", "T" * 120):
        text = json.dumps({"title": title, "exercises": exercises}, ensure_ascii=False)
        text = text.replace("\ufffe", r"\ufffe")
        session = session_of(text)
        svg = svg_of(session, tmp_path)
        shown = texts_of(svg)
        for name in HOSTILE:
            stem = plain(name)
            assert any(
                text == stem or (text.endswith("…") and stem.startswith(text[:-1]))
                for text in shown
            ), name
        words = parsed(svg).findtext(f"{SVG}desc") or ""
        assert all(plain(name) in words for name in HOSTILE)
        plot(session, tmp_path / "a.png", "png")


@given(st.text())
def test_a_plain_text_can_stand_in_a_file(text: str) -> None:
    shown = plain(text)
    assert shown == " ".join(shown.split())
    shown.encode("utf-8")
    assert not re.search("[\x00-\x1f\x7f-\x9f\ufffe\uffff\u202a-\u202e\u2066-\u2069]", shown)


def test_the_same_session_gives_the_same_file(tmp_path: Path) -> None:
    session = session_of(SIDES)
    first = svg_of(session, tmp_path).read_bytes()
    assert svg_of(session, tmp_path).read_bytes() == first
    assert b"<dc:date>" not in first


# -- the command ------------------------------------------------------------------------------


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "sides.yaml"
    path.write_text(SIDES)
    return path


@pytest.mark.parametrize("ending", ["svg", "png", "SVG"])
@pytest.mark.parametrize("more", [(), ("--json",), ("--at", "in 3 weeks"), ("--fit", "9m")])
def test_show_draws_what_it_shows(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    script: Path,
    ending: str,
    more: tuple[str, ...],
) -> None:
    target = tmp_path / f"a.{ending}"
    assert run(["show", str(script), *more]) == 0
    without = capsys.readouterr()
    assert run(["show", str(script), "--plot", str(target), *more]) == 0
    told = capsys.readouterr()
    if "--at" not in more:  # which tells the moment
        assert told.out == without.out
    assert told.err == f"{without.err}Wrote {target}.\n"
    if "--json" in more:
        json.loads(told.out)
    head = target.read_bytes()[:100]
    assert head.startswith(b"\x89PNG" if ending == "png" else b"<?xml")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.sgv", "it has the ending `.sgv`; did you mean `.svg`?"),
        ("a.pdf", "it has the ending `.pdf`\n"),
        ("a", "it has no ending"),
        ("folder.svg", "folder.svg: it is a folder"),
        ("missing/a.svg", "there is no folder"),
        ("linked.svg", "that is the script that is read"),
        (f"{'x' * 300}.svg", "file name too long"),
    ],
)
def test_a_place_where_nothing_can_be_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, script: Path, name: str, message: str
) -> None:
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "linked.svg").symlink_to(script)
    before = sorted(tmp_path.iterdir())
    assert run(["show", str(script), "--plot", str(tmp_path / name)]) == 1
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""
    assert sorted(tmp_path.iterdir()) == before
    assert script.read_text() == SIDES


def coach(
    *arguments: object, before: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return what a coach of its own says, started by a shell after some commands."""
    command = " ".join(map(str, [sys.executable, "-m", "coach", *arguments]))
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{before} {command}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [("-o size=4k", "no space left on device"), ("-o ro", "read-only file system")],
)
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_full_or_read_only_folder(
    tmp_path: Path, script: Path, options: str, reason: str, ending: str
) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = f"mount -t tmpfs {options} none {folder} || exit 99;"
    done = coach("show", script, "--plot", folder / f"a.{ending}", before=mount)
    assert done.returncode == 1, done.stderr
    assert f"a.{ending}: {reason}" in done.stderr
    assert done.stdout == ""


def test_no_home_and_a_style_of_the_users_own_are_not_told(tmp_path: Path, script: Path) -> None:
    target = tmp_path / "a.svg"
    assert coach("show", script, "--plot", target).stderr == f"Wrote {target}.\n"
    plain_style = target.read_bytes()
    style = tmp_path / "matplotlibrc"
    style.write_text("bogus: 1\naxes.facecolor: red\nfont.size: 40\nsvg.fonttype: path\n")
    done = coach("show", script, "--plot", target, MATPLOTLIBRC=str(style), MPLCONFIGDIR="/proc/no")
    assert done.stderr == f"Wrote {target}.\n"
    assert target.read_bytes() == plain_style


def test_the_picture_in_the_readme_is_what_is_drawn(tmp_path: Path) -> None:
    target = tmp_path / "a.svg"
    assert run(["show", "evening-stretches", "--plot", str(target), "-q"]) == 0
    kept = README.parent / ".readme" / "session.svg"
    assert kept.stat().st_size < 150_000
    assert texts_of(kept) == texts_of(target), "run `make pictures`"
