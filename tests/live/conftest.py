"""A sound server for every test that wants one, and a system without any sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.rig import Rig


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "to_the_frame: what is heard has no gap; wants the machine alone"
    )


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
