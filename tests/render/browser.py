"""Pages of sessions, and a browser to look at them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coach.render.page import page
from coach.render.wav import WavEncoder
from coach.session import Session

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def mp3_of(session: Session, folder: Path) -> bytes:
    """Return the sound of a session as MP3."""
    wav, mp3 = folder / "session.wav", folder / "session.mp3"
    WavEncoder().encode(session.timeline, wav, lambda _done, _total: None)
    command = ("ffmpeg", "-v", "error", "-y", "-i", wav, "-b:a", "64k", mp3)
    subprocess.run(command, check=True)
    return mp3.read_bytes()


def page_file(session: Session, folder: Path) -> Path:
    """Return a file with the page of a session."""
    path = folder / "session.html"
    path.write_text(page(session, mp3_of(session, folder), "audio/mpeg"), "utf-8")
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield the system's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    assert program, "Chromium is missing: apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            # Root has no sandbox, and a test presses no button before it plays.
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        try:
            yield browser
        finally:
            browser.close()
