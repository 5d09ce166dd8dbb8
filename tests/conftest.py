"""What several tests need: scripts from texts, a voice without an engine, a home of their own."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from numpy.typing import NDArray

from coach.files.shipped import data_dir
from coach.profile import Profile
from coach.routine import Routine, routine_from
from coach.script import parse_script
from coach.session import Session
from coach.settings import Settings
from coach.steps import CUE_NAMES, CueName, Line
from tests.bus import Bus

RATE = 24_000
hypothesis_settings.register_profile(
    "coach",
    deadline=None,
    derandomize=True,
    max_examples=int(os.environ.get("COACH_EXAMPLES", "30")),
    # A busy machine generates slowly, which says nothing about the code.
    suppress_health_check=[HealthCheck.too_slow],
)
# A fault has to be noticed, not explained: no example is made smaller.
hypothesis_settings.register_profile(
    "mutants",
    hypothesis_settings.get_profile("coach"),
    max_examples=5,
    phases=[Phase.explicit, Phase.generate],
)
hypothesis_settings.load_profile("coach")


LONGEST = (
    *("test_recogniser", "test_surroundings", "test_kills"),
    *("test_picture", "test_failing_files", "test_faults", "test_spoken", "test_live"),
    *("test_batch", "test_formats", "test_hostile_texts", "test_packaging", "test_adjust"),
    *("test_render_command", "test_schema", "test_damaged_files", "test_loudness"),
)
"""The files that take longest, which one process tries alone: begun with, none is left at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_collection_finish() -> None:
    """Let the garbage collector look no more at the thousands of tests that stay to the end.

    And less often at the rest: a process of tests has no lack of memory.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every test has a home."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def own_home(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's own clips, logs and settings."""
    # pytest's numbered folders would look through all that are there, thousands of times.
    home = tempfile.mkdtemp(dir=homes)
    monkeypatch.setenv("HOME", home)
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", f"{home}/{name.lower()}")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")


@pytest.fixture(scope="session")
def common_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache that tests with `clips_at_hand` have in common, of all processes of this run."""
    folder = tmp_path_factory.getbasetemp()
    return (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "common-cache"


@pytest.fixture
def clips_at_hand(own_home: None, common_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let nothing be spoken anew that such a test has spoken before; return the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(common_cache))
    return common_cache


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    """A private message bus, in the environment as the session's."""
    # A socket's path may have about 100 characters, which a test's own folder may exceed.
    folder = Path(tempfile.mkdtemp(prefix="coach-bus-"))
    opened = Bus(folder)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", opened.address)
    yield opened
    opened.close()
    shutil.rmtree(folder)


def routine_of(text: str) -> Routine:
    """Return the routine in a script's text."""
    return routine_from(parse_script(text, "test.yaml"), Path("test.yaml"))


def spoken(script: Path, rate: int, settings: Settings | None = None) -> Session:
    """Return the session of a script, spoken for real as the commands do it."""
    from coach.cli.options import Request
    from coach.cli.personal import Personal
    from coach.cli.sessions import build_session

    request = Request(settings or Settings(), Profile())
    return build_session(Personal(str(script), request), rate, quiet=True).session


def bundled() -> list[Path]:
    """Return the scripts that ship."""
    return sorted(data_dir("scripts").glob("*.yaml"))


def typical() -> list[Path]:
    """Return those of the scripts that ship which have everything that the others have."""
    names = ("box-breathing", "evening-stretches", "living-room-circuit", "si-joint-relief")
    return [data_dir("scripts") / f"{name}.yaml" for name in names]


class FakeVoice:
    """A voice whose clips are as long as their texts: `seconds` a character and `base` more."""

    def __init__(
        self, seconds: Fraction = Fraction(1, 16), base: Fraction = Fraction(1, 5), rate: int = RATE
    ) -> None:
        self._seconds = seconds
        self._base = base
        self._rate = rate

    def speak(
        self, lines: Iterable[Line], progress: object = None
    ) -> Mapping[Line, NDArray[np.int16]]:
        return {line: self._clip(line) for line in lines}

    def each(self, lines: Iterable[Line]) -> Iterator[tuple[Line, NDArray[np.int16]]]:
        return iter(self.speak(lines).items())

    def lengths(self, lines: Iterable[Line]) -> Mapping[Line, int]:
        return {}

    def _clip(self, line: Line) -> NDArray[np.int16]:
        seconds = (self._base + self._seconds * len(line.text)) / (line.speed or 1)
        return np.full(round(seconds * self._rate), 1 + sum(map(ord, line.text)) % 1000, np.int16)


def fake_cues(rate: int = RATE) -> dict[CueName, NDArray[np.int16]]:
    """Return a cue pack whose sounds are told apart by their value."""
    return {
        name: np.full(rate // 20, 10_000 + number, np.int16)
        for number, name in enumerate(CUE_NAMES)
    }
