"""What the tests of controls share: waiting for something, and a message bus of one's own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

LIMIT_S = 20.0


def until(condition: Callable[[], object], what: str = "it") -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.005)


BUS_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """A message bus that nothing else is connected to."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "bus"
        self.address = f"unix:path={self.socket}"
        config = folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=self.socket))
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout
        assert self.process.stdout.readline(), "it listens once it has told its address"

    def close(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT_S)
        if self.process.stdout:
            self.process.stdout.close()


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
