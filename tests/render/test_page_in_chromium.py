"""The page in a real browser: a short session that was really spoken, as MP3."""

from __future__ import annotations

import base64
import io
import math
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from coach.render.cue_sheet import cue_sheet
from coach.render.page import page as page_of
from coach.session import RENDER_RATE, Session, build, prepare
from coach.settings import Settings
from tests.bus import Bus, remote
from tests.conftest import RATE, FakeVoice, bundled, fake_cues, spoken
from tests.render.browser import chromium, page_file
from tests.render.test_page import HOSTILE, hostile_session
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SCRIPT = """
coach: 1
title: A <short> session & more
description: For a test.
source: nowhere
equipment: [a mat]
safety: [Stop if it hurts.]
closing: [Well done.]
rest: 5s
settle: 4s
exercises:
  - name: Lift
    setup: [Lie down.]
    sets: 2
    reps: 2
    phases:
      - {cue: Up, guide: Lift your hips., move: 2s, hold: 4s}
      - {cue: Down, move: 2s}
  - name: Reach
    setup: [Sit up.]
    sides: [left, right]
    switch: 4s
    hold: 5s
"""
NEAR = 0.1
"""Seconds within which a browser comes to rest where it was sent."""

STUBS = """
window.handlers = {};
const setHandler = navigator.mediaSession.setActionHandler.bind(navigator.mediaSession);
navigator.mediaSession.setActionHandler = (name, handler) => {
    window.handlers[name] = handler;
    setHandler(name, handler);
};
window.positions = [];
const setState = navigator.mediaSession.setPositionState.bind(navigator.mediaSession);
navigator.mediaSession.setPositionState = (state) => {
    window.positions.push(state);
    setState(state);
};
window.locks = [];
navigator.wakeLock.request = async (kind) => {
    const lock = new EventTarget();
    lock.released = false;
    lock.kind = kind;
    lock.release = async () => {
        lock.released = true;
        lock.dispatchEvent(new Event("release"));
    };
    window.locks.push(lock);
    return lock;
};
"""
"""Remembers what the page asks of the system; the media session goes on to the system."""


@dataclass
class View:
    """A page that is open."""

    page: Page
    session: Session
    problems: list[str] = field(default_factory=list)
    """What the browser complained of, and what the page asked a network for."""

    def sound(self, expression: str) -> Any:
        """Return what an expression in JavaScript says of the audio element `sound`."""
        return self.page.evaluate(f"(() => {{ const sound = {SOUND}; return {expression}; }})()")

    @property
    def time(self) -> float:
        return float(self.sound("sound.currentTime"))

    def go(self, seconds: float) -> None:
        """Seek, and return once the page shows that time."""
        self.page.evaluate(SEEK, seconds)

    def text(self, name: str) -> str:
        return self.page.locator(f"#{name}").text_content() or ""

    def eval(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def button(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    @property
    def kind(self) -> str:
        return str(self.page.locator("#now").get_attribute("data-kind"))


SOUND = "document.getElementById('sound')"
SEEK = f"""(time) => new Promise((done) => {{
    const sound = {SOUND};
    sound.addEventListener("seeked", () => requestAnimationFrame(() => done()), {{ once: true }});
    sound.currentTime = time;
}})"""


@pytest.fixture(scope="module")
def session(common_cache: Path) -> Iterator[Session]:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(variable, str(folder))
        patch.setenv("XDG_CACHE_HOME", str(common_cache))
        script = folder / "short.yaml"
        script.write_text(SCRIPT, "utf-8")
        yield spoken(script, RENDER_RATE)


@pytest.fixture(scope="module")
def file(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_file(session, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def keys() -> Iterator[Bus]:
    """A message bus over which media keys come to the browser."""
    folder = Path(tempfile.mkdtemp(prefix="coach-bus-"))
    bus = Bus(folder)
    yield bus
    bus.close()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def browser(keys: Bus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("DBUS_SESSION_BUS_ADDRESS", keys.address)
        with chromium() as opened:
            yield opened


def open_page(browser: Browser, session: Session, script: str, **options: Any) -> View:
    """Return an empty page that has no network, in a context of its own."""
    context = browser.new_context(**options)
    context.set_offline(True)
    context.add_init_script(script)
    view = View(context.new_page(), session)
    view.page.on("pageerror", lambda error: view.problems.append(str(error)))
    view.page.on(
        "console",
        lambda message: (
            view.problems.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    view.page.on(
        "request",
        lambda request: (
            view.problems.append(request.url)
            if not request.url.startswith(("file:", "blob:", "data:"))
            else None
        ),
    )
    return view


@pytest.fixture
def opened(browser: Browser, file: Path, session: Session) -> Iterator[Callable[..., View]]:
    """Return the function that opens the page anew; at the end nothing may have gone wrong."""
    views: list[View] = []

    def opened_page(path: Path = file, script: str = STUBS, **options: Any) -> View:
        view = open_page(browser, session, script, **options)
        views.append(view)
        view.page.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            until(lambda: view.sound("sound.readyState > 0"), "the sound's length")
        return view

    yield opened_page
    problems = [problem for view in views for problem in view.problems]
    for view in views:
        view.page.context.close()
    assert not problems


@pytest.fixture(scope="module")
def common_page(browser: Browser, session: Session) -> View:
    """A page that tests load one after the other, which is quicker; none finds what was stored."""
    return open_page(browser, session, STUBS + "localStorage.clear();")


@pytest.fixture
def view(common_page: View, file: Path) -> Iterator[View]:
    common_page.page.set_viewport_size({"width": 1280, "height": 720})
    common_page.page.emulate_media(color_scheme="light")
    common_page.page.goto(file.as_uri())
    until(lambda: common_page.sound("sound.readyState > 0"), "the sound's length")
    yield common_page
    problems, common_page.problems = common_page.problems, []
    assert not problems


def chapters(session: Session) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cue_sheet(session)["chapters"]
    return found


def spans(session: Session, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in cue_sheet(session)["events"] if event["kind"] in kinds]


# -- playing and seeking -----------------------------------------------------------------------


def test_it_plays_and_pauses(view: View) -> None:
    view.button("Play")
    until(lambda: view.time > 0.3, "playing")
    assert view.eval("navigator.mediaSession.playbackState") == "playing"
    view.button("Pause")
    assert view.sound("sound.paused")
    until(lambda: view.page.get_by_role("button", name="Play", exact=True).count(), "its name")
    assert view.eval("navigator.mediaSession.playbackState") == "paused"


def test_the_sound_is_as_long_as_the_session(view: View) -> None:
    length = view.session.timeline.duration / view.session.timeline.rate
    assert view.sound("sound.duration") == pytest.approx(length, abs=0.1)
    assert view.sound("sound.src.startsWith('blob:')")


def test_a_tap_on_an_exercise_goes_there(view: View) -> None:
    for chapter in reversed(chapters(view.session)):
        name = re.compile(f"^{re.escape(chapter['title'])} ")
        view.page.get_by_role("button", name=name).click()
        assert view.time == pytest.approx(chapter["start"], abs=NEAR)
        assert view.text("chapter") == chapter["title"]
        current = view.page.locator("[aria-current=step]")
        assert current.count() == 1
        assert (current.text_content() or "").startswith(chapter["title"])
    assert view.sound("sound.paused"), "a tap begins nothing"


def test_previous_and_next_go_from_chapter_to_chapter(view: View) -> None:
    starts = [chapter["start"] for chapter in chapters(view.session)]
    for start in starts[1:]:
        view.button("Next exercise")
        assert view.time == pytest.approx(start, abs=NEAR)
    button = view.page.get_by_role("button", name="Next exercise")
    assert button.is_disabled()
    button.click(force=True)
    assert view.time == pytest.approx(starts[-1], abs=NEAR), "there is none after the last"
    view.go(starts[2] + 2.9)
    view.button("Previous exercise")
    assert view.time == pytest.approx(starts[1], abs=NEAR), "near the start it is the one before"
    view.go(starts[2] + 3.2)
    view.button("Previous exercise")
    assert view.time == pytest.approx(starts[2], abs=NEAR), "later it is its own start"
    view.go(starts[0] + 1)
    view.button("Previous exercise")
    assert view.time == pytest.approx(0, abs=NEAR)


def test_back_and_forward_go_ten_seconds(view: View) -> None:
    view.go(15)
    view.button("Forward 10 seconds")
    assert view.time == pytest.approx(25, abs=NEAR)
    view.button("Back 10 seconds")
    view.button("Back 10 seconds")
    assert view.time == pytest.approx(5, abs=NEAR)
    view.button("Back 10 seconds")
    assert view.time == 0


def test_the_seek_bar(view: View) -> None:
    bar = view.page.get_by_role("slider", name="Position")
    bar.fill("31")
    assert view.time == pytest.approx(31, abs=NEAR)
    assert view.text("elapsed") == "0:31"
    assert (bar.get_attribute("aria-valuetext") or "").startswith("0:31 of ")
    box = bar.bounding_box()
    assert box
    view.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert view.time == pytest.approx(view.sound("sound.duration") / 2, abs=1)


def test_the_end(view: View) -> None:
    view.go(view.sound("sound.duration") - 0.3)
    view.button("Play")
    until(lambda: view.sound("sound.ended"), "the end")
    until(lambda: view.kind == "done", "what the end says")
    assert view.text("instruction") == "You are done."
    view.button("Play")
    until(lambda: 0 < view.time < 5, "the beginning again")


# -- what is shown -----------------------------------------------------------------------------


def test_the_screen_shows_what_the_cue_sheet_has(view: View) -> None:
    found = spans(view.session, "move", "hold", "work", "rest", "settle", "switch")
    kinds = {span["kind"] for span in found}
    assert {"move", "hold", "rest", "settle", "switch"} <= kinds
    cues = {"up": "Up", "down": "Down", "phase-1": "Hold"}
    for span in found:
        time = span["start"] + 0.6 * (span["end"] - span["start"])
        view.go(time)
        left = span["end"] - view.time
        assert view.kind == span["kind"]
        assert view.text("seconds") == str(math.ceil(left - 0.02))
        offset = float(view.eval("document.getElementById('arc').style.strokeDashoffset"))
        assert 1 - offset == pytest.approx(left / (span["end"] - span["start"]), abs=0.02)
        if span["phase"]:
            assert view.text("instruction") == cues[span["phase"]]
        place = view.text("place")
        assert f"Rep {span['rep']} of 2" in place or span["exercise"] != "lift" or not span["rep"]
        assert f"Set {span['set']} of 2" in place or span["exercise"] != "lift" or not span["set"]
        if span["side"] and span["kind"] == "hold":
            assert place == f"{span['side']} side"


def test_the_ring_is_full_while_the_cue_is_spoken_and_drains_then(view: View) -> None:
    hold = spans(view.session, "hold")[0]

    def part(time: float) -> float:
        view.go(time)
        return 1 - float(view.eval("document.getElementById('arc').style.strokeDashoffset"))

    assert part(hold["start"] + 0.01) == pytest.approx(1, abs=0.02)
    assert part(hold["end"] - 0.1) == pytest.approx(0.025, abs=0.02)
    first = spans(view.session, "move")[0]
    assert part(first["start"] - 0.1) == 1
    assert view.kind == "move"


def test_captions_are_what_is_spoken(view: View) -> None:
    for event in spans(view.session, "speech"):
        view.go((event["start"] + event["end"]) / 2)
        assert view.text("caption") == event["text"]


def test_the_steps_of_the_current_exercise_are_shown(view: View) -> None:
    hold = spans(view.session, "hold")[0]
    view.go(hold["start"] + 1)
    panel = view.page.locator(".panel:visible")
    assert panel.count() == 1
    text = panel.inner_text()
    for part in (
        "2 sets",
        "2 reps",
        "Lie down.",
        "Up",
        "move 2s \u00b7 hold 4s",
        "Lift your hips.",
    ):
        assert part in text
    assert (panel.locator("li.current strong").text_content()) == "Up"


def test_it_runs_along_while_it_plays(view: View) -> None:
    hold = spans(view.session, "hold")[0]
    view.go(hold["start"] - 0.2)
    view.button("Play")
    seen: list[str] = []

    def is_over() -> bool:
        kind, seconds = view.eval(
            "[document.getElementById('now').dataset.kind,"
            " document.getElementById('seconds').textContent]"
        )
        if kind == "hold" and seconds not in seen:
            seen.append(seconds)
        return bool(view.time > hold["end"] + 0.1)

    until(is_over, "the end of the hold")
    assert seen == ["4", "3", "2", "1"]


def test_texts_are_shown_as_they_are(view: View) -> None:
    assert view.page.get_by_role("heading", level=1).text_content() == "A <short> session & more"
    assert view.page.title() == "A <short> session & more"


def test_hostile_texts_are_but_texts(opened: Callable[..., View], tmp_path: Path) -> None:
    made = hostile_session()
    view = opened(page_file(made, tmp_path), STUBS + ALERTS)
    assert view.page.get_by_role("heading", level=1).text_content() == HOSTILE
    for span in spans(made, "hold"):
        view.eval(f"window.handlers.seekto({{ seekTime: {span['start'] + 1} }})")
        assert view.text("instruction") == HOSTILE
        assert view.text("detail") == HOSTILE
    assert view.page.locator("img").count() == 0
    assert view.eval("window.alerts") == 0


def test_it_works_under_the_policy_of_a_server(browser: Browser, tmp_path: Path) -> None:
    """Neither its own policy nor a stricter one by a header is ever broken."""
    made = hostile_session()
    document = page_file(made, tmp_path).read_text("utf-8")
    own = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', document)
    assert own
    policy = f"{unescape(own[1])}; connect-src 'none'; frame-ancestors 'none'"
    context = browser.new_context()
    view = View(context.new_page(), made)
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    asked = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=document, content_type="text/html; charset=utf-8", headers=headers)

    context.route("**/*", answer)
    context.add_init_script(STUBS + ALERTS + VIOLATIONS)
    view.page.goto("https://coach.example/")
    until(lambda: view.sound("sound.readyState > 0"), "the sound's length")
    view.button("Play")
    until(lambda: view.time > 0.1, "playing")
    for span in spans(made, "hold"):
        view.go(span["start"] + 1)
        assert view.text("instruction") == HOSTILE
    assert view.page.title() == HOSTILE
    texts = view.page.locator("li, p, strong, h2, h3, button").all_text_contents()
    assert sum(HOSTILE in text for text in texts) > 8
    assert asked == ["https://coach.example/"]
    assert view.eval("window.violations") == []
    # What somebody might get into it nevertheless does not run.
    view.eval(INJECTION)
    until(lambda: len(view.eval("window.violations")) >= 2, "what the policy refused")
    assert view.eval("window.alerts") == 0
    context.close()


VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
INJECTION = """() => {
    const image = document.createElement("img");
    image.src = "https://elsewhere.example/x.png";
    document.body.append(image);
    const script = document.createElement("script");
    try { script.text = "alert(1)"; document.body.append(script); } catch { /* a text is no script */ }
}"""
ALERTS = "window.alerts = 0; window.alert = () => { window.alerts += 1; };"


# -- the system --------------------------------------------------------------------------------


def test_media_keys(view: View, keys: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", keys.address)
    starts = [chapter["start"] for chapter in chapters(view.session)]
    view.button("Play")
    until(lambda: view.time > 0.1, "playing")
    until(lambda: remote("playerctl", "status") == "Playing", "the player on the bus")

    def is_at(start: float) -> bool:
        return bool(start - NEAR <= view.time < start + 2.5)

    until(lambda: remote("playerctl", "metadata", "title") == "Introduction", "the title")
    assert remote("playerctl", "metadata", "artist") == "A <short> session & more"
    remote("playerctl", "next")
    until(lambda: is_at(starts[1]), "the next exercise")
    until(lambda: remote("playerctl", "metadata", "title") == "Lift", "its title")
    remote("playerctl", "next")
    until(lambda: is_at(starts[2]), "the one after it")
    remote("playerctl", "previous")
    until(lambda: is_at(starts[1]), "the one before")
    remote("playerctl", "pause")
    until(lambda: view.sound("sound.paused"), "the pause")
    remote("playerctl", "play")
    until(lambda: not view.sound("sound.paused"), "going on")


def test_the_lock_screen(view: View) -> None:
    names = {"play", "pause", "previoustrack", "nexttrack"}
    names |= {"seekbackward", "seekforward", "seekto"}
    assert set(view.eval("Object.keys(window.handlers)")) == names
    view.eval("window.handlers.seekto({ action: 'seekto', seekTime: 20 })")
    assert view.time == pytest.approx(20, abs=NEAR)
    view.eval("window.handlers.seekbackward({ action: 'seekbackward' })")
    assert view.time == pytest.approx(10, abs=NEAR)
    view.eval("window.handlers.seekforward({ action: 'seekforward', seekOffset: 5 })")
    assert view.time == pytest.approx(15, abs=NEAR)
    last = view.eval("window.positions.at(-1)")
    length = view.session.timeline.duration / view.session.timeline.rate
    assert last["duration"] == pytest.approx(length, abs=0.01)
    assert last["position"] == pytest.approx(15, abs=NEAR)


def test_the_screen_stays_on_while_it_plays(view: View) -> None:
    view.button("Play")
    until(lambda: view.eval("window.locks.length") == 1, "a lock")
    view.eval("window.locks[0].release()")
    view.eval("document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: view.eval("window.locks.length") == 2, "another lock, once it is seen again")
    assert not view.eval("window.locks[1].released")
    view.button("Pause")
    until(lambda: view.eval("window.locks[1].released"), "its release")
    view.eval("document.dispatchEvent(new Event('visibilitychange'))")
    assert view.eval("window.locks.length") == 2


def test_without_what_only_some_browsers_have_it_plays_all_the_same(
    opened: Callable[..., View],
) -> None:
    view = opened(
        script="""
        for (const name of ["mediaSession", "wakeLock"]) delete Navigator.prototype[name];
        delete Uint8Array.fromBase64;
        Object.defineProperty(window, "localStorage", { get() { throw new Error("no"); } });
        """
    )
    view.button("Play")
    until(lambda: view.time > 0.2, "playing")


def test_the_place_is_remembered(opened: Callable[..., View]) -> None:
    view = opened()
    view.go(21)
    view.button("Play")
    until(lambda: view.time > 21.2, "playing")
    view.button("Pause")
    view.page.reload()
    until(lambda: view.sound("sound.readyState > 0"), "the sound's length")
    until(lambda: view.time == pytest.approx(21.3, abs=1), "the place")
    assert "Play goes on from there" in view.text("notice")
    view.button("Previous exercise")
    assert view.text("notice") == ""


# -- keys and screen readers -------------------------------------------------------------------


def test_keys(view: View) -> None:
    press = view.page.keyboard.press
    starts = [chapter["start"] for chapter in chapters(view.session)]
    press("Space")
    until(lambda: view.time > 0.1, "playing")
    press("Space")
    assert view.sound("sound.paused")
    view.go(12)
    press("ArrowRight")
    assert view.time == pytest.approx(22, abs=NEAR)
    press("ArrowLeft")
    assert view.time == pytest.approx(12, abs=NEAR)
    view.page.get_by_role("slider").focus()
    press("ArrowRight")
    assert view.time == pytest.approx(22, abs=NEAR), "on the seek bar as everywhere"
    press("p")
    press("n")
    assert any(view.time == pytest.approx(start, abs=NEAR) for start in starts)
    view.go(12)
    view.page.get_by_role("button", name="Forward 10 seconds").focus()
    press("Space")
    assert view.time == pytest.approx(22, abs=NEAR), "on a button the space bar presses it"
    assert view.sound("sound.paused")


def test_the_focus_is_seen(view: View) -> None:
    for _ in range(3):
        view.page.keyboard.press("Tab")
        outline = view.eval("getComputedStyle(document.activeElement).outlineStyle")
        width = view.eval("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert (outline, width >= 2) == ("solid", True)


def test_what_a_screen_reader_finds(view: View) -> None:
    tree = view.page.locator("html").aria_snapshot()
    buttons = re.findall(r"- button\b.*", tree)
    assert len(buttons) == len(chapters(view.session)) + 6
    assert all(re.match(r'- button "[^"]+', button) for button in buttons)
    for landmark in ("banner", "main", 'navigation "Exercises"', 'region "Player"', 'region "Now"'):
        assert f"- {landmark}" in tree
    for heading in (1, 2):
        assert f"[level={heading}]" in tree
    assert '- slider "Position"' in tree
    assert view.page.locator("#caption[aria-live], #caption[role]").count() == 0
    assert view.page.locator("html").get_attribute("lang") == "en"


# -- looks -------------------------------------------------------------------------------------


def test_nothing_is_wider_than_the_screen(view: View) -> None:
    for chapter in chapters(view.session):
        view.go(chapter["start"] + 1)
        for width, height in ((320, 568), (844, 390), (1280, 800)):
            view.page.set_viewport_size({"width": width, "height": height})
            for letters in ("100%", "200%"):
                view.eval(f"document.documentElement.style.fontSize = '{letters}'")
                assert view.eval("document.documentElement.scrollWidth") <= width
                for box in view.eval(BOXES):
                    assert -1 <= box["left"] <= box["right"] <= width + 1, (width, letters, box)


BOXES = """[...document.querySelectorAll("button, p, li, h1, h2, input, svg")]
    .filter((element) => element.checkVisibility() && !element.matches(".hidden, .exercise h2"))
    .map((element) => {
        const { left, right } = element.getBoundingClientRect();
        return { left, right, what: element.outerHTML.slice(0, 80) };
    })"""


def test_light_and_dark_are_readable(view: View) -> None:
    papers = []
    for scheme in ("light", "dark"):
        view.page.emulate_media(color_scheme=scheme)
        ratios = view.eval(CONTRASTS)
        assert min(ratios.values()) >= 4.5, ratios
        assert ratios["ink on paper"] >= 12
        papers.append(view.eval("getComputedStyle(document.body).backgroundColor"))
    assert len(set(papers)) == 2


CONTRASTS = """(() => {
    const style = getComputedStyle(document.documentElement);
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const light = (name) => {
        canvas.fillStyle = style.getPropertyValue(`--${name}`);
        canvas.fillRect(0, 0, 1, 1);
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => {
            const value = part / 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const pairs = ["ink", "soft", "accent", "rest", "wait"].flatMap((ink) =>
        ["paper", "card"].map((paper) => [ink, paper]));
    pairs.push(["on-accent", "accent"], ["ink", "tint"]);
    return Object.fromEntries(pairs.map(([ink, paper]) => {
        const [low, high] = [light(ink), light(paper)].sort((a, b) => a - b);
        return [`${ink} on ${paper}`, (high + 0.05) / (low + 0.05)];
    }));
})()"""
"""The contrast of each pair of colors, after WCAG 2.2."""


def test_less_motion_means_whole_seconds(opened: Callable[..., View]) -> None:
    view = opened(reduced_motion="reduce")
    hold = spans(view.session, "hold")[0]
    offsets = set()
    for part in (1.2, 1.5, 1.8):
        view.go(hold["start"] + part)
        offsets.add(view.eval("document.getElementById('arc').style.strokeDashoffset"))
    assert len(offsets) == 1
    assert 1 - float(offsets.pop()) == pytest.approx(3 / 4, abs=0.01)


def test_without_scripts_the_sheet_and_the_browser_s_own_player_are_there(
    opened: Callable[..., View],
) -> None:
    view = opened(java_script_enabled=False)
    assert view.page.locator("audio[controls]").is_visible()
    assert view.page.locator(".panel:visible").count() == 4
    assert view.page.get_by_role("button").count() == 0


@pytest.mark.parametrize("font", ["", "DejaVu Sans"], ids=["usual", "wide-letters"])
def test_the_sheet_of_a_routine_is_one_page(
    opened: Callable[..., View], file: Path, tmp_path: Path, font: str
) -> None:
    (script,) = (path for path in bundled() if path.stem == "si-joint-relief")
    made = build(prepare(script, Settings()), FakeVoice(), fake_cues(), RATE)
    (sound,) = re.findall(r'src="data:audio/mpeg;base64,([^"]*)"', file.read_text("utf-8"))
    path = tmp_path / "sheet.html"
    document = page_of(made, io.BytesIO(base64.b64decode(sound)), "audio/mpeg")
    path.write_text("".join(document), "utf-8")
    view = opened(path)
    if font:
        view.eval(f"document.documentElement.style.fontFamily = '{font}'")
    for size in ("A4", "Letter"):
        view.page.pdf(path=tmp_path / "sheet.pdf", format=size)
        pages = PdfReader(tmp_path / "sheet.pdf").pages
        assert len(pages) == 1
        text = pages[0].extract_text()
        for exercise in made.routine.exercises():
            assert exercise.name in text
        for part in ("You need", "a chair", "Jena Bradley", "Mon", "Sun", "Afterwards"):
            assert part in text
        assert "Play" not in text
        assert text.count("Sun") == 5
