"""What a live session looks like, on any terminal."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from coach.characters import shown
from coach.cli.screen import PlainScreen, picture
from coach.controls.keys import KEYS
from coach.listening import Heard
from coach.phrases import load_phrasebook
from coach.places import places
from coach.session import Prepared, build
from coach.settings import Manner
from coach.view import EarState, View, view
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of
from tests.test_places import TWO

SESSION = build(
    Prepared(routine_of(TWO), Manner(), load_phrasebook("en")), FakeVoice(), fake_cues(), RATE
)
FOUND = places(SESSION.timeline)
STATES = st.sampled_from(["playing", "paused", "waiting", "lost", "over"])


def seen(frame: int, state: str = "playing", notice: str = "") -> View:
    return view(SESSION, FOUND, frame, state, notice)  # type: ignore[arg-type]


def texts(of: View, width: int = 80, height: int = 24, **options: bool) -> list[str]:
    lines = picture(of, width, height, **{"with_keys": False, **options})
    return [line for line, _ in lines]


def hold(second: float) -> int:
    span = next(span for span in SESSION.timeline.spans if span.kind == "hold")
    return span.start + int(second * RATE)


@given(
    part=st.fractions(0, 1),
    state=STATES,
    notice=st.text(max_size=200),
    name=st.text(min_size=1, max_size=200),
    size=st.tuples(st.integers(1, 200), st.integers(1, 60)),
    with_keys=st.booleans(),
    has_blocks=st.booleans(),
)
def test_a_picture_fits_any_terminal_and_moves_no_cursor(
    part: Fraction,
    state: str,
    notice: str,
    name: str,
    size: tuple[int, int],
    with_keys: bool,
    has_blocks: bool,
) -> None:
    width, height = size
    now = seen(int(part * SESSION.timeline.duration), state, notice)
    if now.exercise:
        now = replace(now, exercise=replace(now.exercise, name=name))
    lines = texts(now, width, height, with_keys=with_keys, has_blocks=has_blocks)
    assert len(lines) <= height
    for line in lines:
        assert len(line) <= max(width, 2)
        assert shown(line) == line


def test_a_hold() -> None:
    lines = texts(seen(hold(2)))
    assert "1 of 2" in lines[0]
    assert any("Up" in line for line in lines)
    bars = [line.strip() for line in lines if line.strip().startswith("█" * 30)]
    assert bars == ["█" * 46 + "▉"] * 2, "three fifths of 78 columns, to an eighth"
    assert "Next: Push-ups" in lines[-2]


def test_the_bar_drains_to_nothing() -> None:
    lengths = []
    for tenth in range(50):
        lines = texts(seen(hold(tenth / 10)))
        lengths.append(
            max(len(line.strip()) for line in lines if line.strip()[:30] == "█" * 30)
            if tenth < 30
            else 0
        )
    full = lengths[:30]
    assert full == sorted(full, reverse=True)
    assert full[0] == 78


def test_large_letters_are_left_out_where_there_is_no_room() -> None:
    assert not any("Cat" in line for line in texts(seen(hold(1)), 80, 24)[2:8])
    for width, height in ((50, 24), (80, 15)):
        assert any("Cat" in line for line in texts(seen(hold(1)), width, height)[2:4])
        assert any("1/3" in line for line in texts(seen(hold(1)), width, height))


def test_without_block_characters() -> None:
    for line in texts(seen(hold(1)), has_blocks=False):
        assert line.isascii()


def test_the_keys() -> None:
    lines = texts(seen(hold(1)), with_keys=True)
    for key in KEYS:
        assert any(key.does in line for line in lines)


@pytest.mark.parametrize(
    ("state", "told"), [("paused", "go on"), ("lost", "No sound"), ("waiting", "One moment")]
)
def test_other_states(state: str, told: str) -> None:
    lines = texts(seen(hold(1), state), 50, 15)
    assert any(told in line for line in lines)


def test_what_is_heard() -> None:
    heard = Heard("pause", 0.0, 1.0, 0.9, "wait a moment")
    told: dict[EarState, str] = {
        "listening": "Listening",
        "deaf": "Not listening while it speaks",
    }
    for ear, line in told.items():
        assert texts(replace(seen(hold(1)), ear=ear))[1].strip() == line
    assert texts(replace(seen(hold(1)), ear="deaf", heard=heard))[1].strip() == "heard: pause"
    assert texts(seen(hold(1)))[1].strip() == ""


def test_plain_lines_of_what_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen(has_keys=False)
    listening = replace(seen(hold(1)), ear="listening")
    pauses = [Heard("pause", at, at + 1, 0.9, wording) for at, wording in ((1, "hold on"), (5, ""))]
    for heard in (None, *pauses[:1] * 3, None, *pauses, None):
        screen.show(replace(listening, heard=heard), with_keys=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines.count("Listening for spoken commands.") == 1
    told = ["heard: pause", "heard: pause", "heard: pause (whistled)"]
    assert [line for line in lines if line.startswith("heard")] == told


def test_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen(has_keys=True)
    for frame in range(0, SESSION.timeline.duration, RATE // 10):
        screen.show(seen(frame), with_keys=False)
    screen.show(seen(hold(1), "paused"), with_keys=True)
    screen.show(seen(hold(1), "lost", "Cat: 4 repetitions."), with_keys=True)
    lines = capsys.readouterr().out.splitlines()
    keys = [f"  {key.label:6} {key.does}" for key in KEYS]
    start = lines.index(keys[0])
    assert lines[start : start + len(keys)] == keys
    del lines[start : start + len(keys)]
    assert lines == [
        lines[0],
        "Keys: space pauses, q stops, ? shows all keys.",
        "Playing.",
        "Exercise 1 of 2: Cat.",
        "  Repetition 1 of 3.",
        "  Repetition 2 of 3.",
        "  Repetition 3 of 3.",
        "  Rest for 10s.",
        "Exercise 2 of 2: Push-ups.",
        "  Take the position; Enter goes on.",
        "  10 repetitions at your own pace, Enter when done.",
        "Exercise 1 of 2: Cat.",
        "  Repetition 1 of 3.",
        "Paused.",
        "No sound: waiting for the loudspeaker.",
        "Cat: 4 repetitions.",
    ]
    assert lines[0].startswith("Two, 2 exercises, ")
