"""Write pictures of a session's page: `python -m tests.screenshots FOLDER [ROUTINE] [SECONDS]`.

Without SECONDS the picture is taken in the middle of the first hold or work. The routine is
spoken by the voice that `coach render` would take.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coach.library import find_routine
from coach.render.moments import moments
from coach.session import RENDER_RATE, Session
from tests.conftest import spoken
from tests.render.browser import chromium, page_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Scheme = Literal["light", "dark"]
SIZES: tuple[tuple[str, int, int, Scheme], ...] = (
    ("narrow-light", 390, 844, "light"),
    ("narrow-dark", 390, 844, "dark"),
    ("tiny", 320, 568, "light"),
    ("wide", 1280, 800, "light"),
)
"""Name, width and height in CSS pixels, and color scheme."""


def picture(
    browser: Browser, page: Path, target: Path, at: float, size: tuple[int, int], scheme: Scheme
) -> None:
    """Write a PNG of a page as it looks at a time.

    Args:
        browser: any.
        page: the HTML file.
        target: the PNG file.
        at: seconds from the start of the session.
        size: width and height in CSS pixels.
        scheme: light or dark.
    """
    width, height = size
    view = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=2,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    view.goto(page.as_uri())
    view.evaluate(
        """(time) => new Promise((done) => {
            const sound = document.getElementById("sound");
            const go = () => {
                sound.addEventListener("seeked", () => requestAnimationFrame(done), { once: true });
                sound.currentTime = time;
            };
            if (sound.readyState) go();
            else sound.addEventListener("loadedmetadata", go, { once: true });
        })""",
        at,
    )
    view.screenshot(path=target)
    view.close()


def in_first_effort(session: Session) -> float:
    """Return the seconds at which the first hold or work is halfway."""
    found = (moment for moment in moments(session.timeline) if moment.kind in ("hold", "work"))
    first = next(found)
    return (first.begins + first.end) / 2 / session.timeline.rate


def main(folder: Path, routine: str, at: float | None) -> None:
    session = spoken(find_routine(routine), RENDER_RATE)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        page = page_file(session, Path(temporary))
        time = in_first_effort(session) if at is None else at
        for name, width, height, scheme in SIZES:
            picture(browser, page, folder / f"{name}.png", time, (width, height), scheme)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        Path(given[0] if given else "screenshots"),
        given[1] if len(given) > 1 else "si-joint-relief",
        float(given[2]) if len(given) > 2 else None,
    )
