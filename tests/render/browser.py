"""Pages of sessions, and a browser to look at them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from coach.render import FORMATS
from coach.render.publication import Publication, Wanted
from coach.session import Session

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def page_file(session: Session, folder: Path) -> Path:
    """Return a file with the page of a session, as `coach render` writes it."""
    path = folder / "session.html"
    page = FORMATS["html"]
    for job in Publication(session, Wanted(), date(2026, 1, 2)).jobs(path, page, page):
        job.write(path, lambda _done, _total: None)
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
