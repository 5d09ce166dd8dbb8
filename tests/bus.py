"""A message bus of one's own, and a remote control for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.waiting import LIMIT_S

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


def remote(*command: str) -> str:
    """Return what a program prints that asks something over the bus; empty if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
