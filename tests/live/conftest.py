"""A sound server for every test that wants one, and a system without any sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.rig import Rig

LONGEST = (
    *("obeys_beside_its_own_sound", "two_outputs_play", "delays_no_beep", "silence_is_told_once"),
    *("what_listens_is_killed", "five_commands_said", "microphone_that_is_lost", "muted"),
    *("no_microphone_and", "microphone_is_lost", "was_stopped_goes_on", "keys_pause_and_skip"),
    *("dies_and_comes_back", "gone_for_a_while", "where_it_is_told", "goes_on_without"),
)
"""Parts of the names of the tests that last longest: begun with, none is left at the end."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "to_the_frame: what is heard has no gap, or is not late; wants a machine that is hardly busy",
    )
    config.addinivalue_line("markers", "one_at_a_time: what is heard has no gap for long")
    config.addinivalue_line("markers", "alone: has no gap while it keeps every core busy itself")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((n for n, part in enumerate(LONGEST) if part in item.name), len(LONGEST))

    items.sort(key=place)
    # Each process gets two at first, of which the second should not have to wait for long.
    pairs = zip(items, reversed(items), strict=True)
    items[:] = [item for pair in pairs for item in pair][: len(items)]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Yield a running server that this process and its children take for the system's."""
    server = Rig(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def no_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this a system without a sound server and without a card."""
    alsa = tmp_path / "asound.conf"
    alsa.write_text("")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nowhere")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa))
