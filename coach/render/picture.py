"""The picture of a session: its lanes over time, as SVG or PNG."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args
from xml.sax.saxutils import escape

from coach.errors import OutputError, did_you_mean
from coach.render.drawing import AXIS, BOTTOM, LEFT, RIGHT, TALL, TOP, WIDTH, Drawing, height_of
from coach.render.lanes import lanes
from coach.render.lettering import Lettering, families, plain
from coach.session import Session
from coach.units import clock, seconds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PictureKind = Literal["svg", "png"]

DOTS = 200
"""Dots an inch of a PNG, so that it stays sharp on fine screens and in print."""
TALLEST = 1800.0
"""Points of all lanes together; of more than fit, each becomes lower."""
BARS_A_POINT = 1
"""How finely bars are told apart; whatever is finer is merged."""


def kind_of(path: Path) -> PictureKind:
    """Return the kind of picture that the ending of `path` asks for.

    Raises:
        OutputError: it is neither `.svg` nor `.png`.
    """
    kinds: dict[str, PictureKind] = {f".{kind}": kind for kind in get_args(PictureKind)}
    ending = path.suffix.lower()
    if ending in kinds:
        return kinds[ending]
    found = f"the ending `{ending}`" if ending else "no ending"
    raise OutputError(
        f"cannot tell the kind of picture {path}: it has {found}{did_you_mean(ending, kinds)}",
        "Give a name that ends in .svg or .png.",
    )


def plot(session: Session, path: Path, kind: PictureKind, *, is_exact: bool = True) -> None:
    """Write the picture of a session to `path`.

    Args:
        session: what is drawn.
        path: the file; its ending says nothing.
        kind: what to write.
        is_exact: whether every sentence has its true length.

    Raises:
        OSError: the disk is full, or whatever else keeps a file from being written.
    """
    with _quietly(session):
        picture = figure(session, is_exact=is_exact)
        if kind == "png":
            picture.savefig(path, format="png", dpi=DOTS, metadata={"Title": _title(session)})
            return
        text = io.StringIO()
        about = {"Title": _title(session), "Date": None, "Creator": "audio coach"}
        picture.savefig(text, format="svg", metadata=about)
    # Screen readers announce the title, and on demand the session in words.
    words = escape(description(session, is_exact=is_exact))
    drawn = text.getvalue().replace("<svg ", '<svg role="img" ', 1)
    drawn = drawn.replace("</title>", f"</title>\n <desc>{words}</desc>", 1)
    path.write_text(drawn, "utf-8", newline="\n")


@contextlib.contextmanager
def _quietly(session: Session) -> Iterator[None]:
    """Keep the user's own style of plots away, and the library's remarks off the terminal."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import matplotlib as mpl
            from matplotlib import style

            with style.context("default"):
                mpl.rcParams["svg.fonttype"] = "none"
                mpl.rcParams["svg.hashsalt"] = "coach"
                mpl.rcParams["path.simplify"] = False
                mpl.rcParams["font.sans-serif"] = families(_texts(session))
                yield
    finally:
        log.setLevel(level)


def figure(session: Session, *, is_exact: bool = True) -> Figure:
    """Return the picture of a session as a figure.

    Args:
        session: what is drawn.
        is_exact: whether every sentence has its true length.
    """
    from matplotlib.figure import Figure

    timeline = session.timeline
    length = timeline.duration / timeline.rate
    across = WIDTH * 72 - LEFT - RIGHT
    shown = lanes(session, max(1, math.ceil(timeline.duration / (across * BARS_A_POINT))))
    heights = [height_of(lane) for lane in shown]
    scale = min(1.0, TALLEST / sum(heights))
    height = sum(heights) * scale
    is_tall = height > TALL
    top = TOP + (AXIS if is_tall else 0)
    tall = height + top + BOTTOM
    picture = Figure(figsize=(WIDTH, tall / 72), facecolor="white")
    place = (LEFT / (WIDTH * 72), BOTTOM / tall, across / (WIDTH * 72), height / tall)
    axes = picture.add_axes(place, xlim=(0, length), ylim=(height, 0))
    drawing = Drawing(axes, timeline.rate, across, Lettering(picture))
    drawing.time(length, on_top=is_tall)
    floor = 0.0
    for lane, full in zip(shown, heights, strict=True):
        floor += full * scale
        drawing.lane(lane, floor, full * scale)
    drawing.bars()
    drawing.heading(_title(session), _summary(session, is_exact=is_exact), top)
    drawing.legend(tall)
    return picture


def description(session: Session, *, is_exact: bool = True) -> str:
    """Return in words what the picture shows: the exercises with their doses, and the times."""
    rate = session.timeline.rate
    parts = [
        f"{plain(lane.name)}: {', '.join(filter(None, (plain(lane.dose), clock(lane.time))))}"
        + (f", from {clock(seconds(lane.chapters[0].start, rate))}" if lane.chapters else "")
        for lane in lanes(session)
    ]
    return (
        ". ".join([f"A session of {'' if is_exact else 'about '}{_total(session)}", *parts]) + "."
    )


def _title(session: Session) -> str:
    return plain(session.routine.title) or session.routine.id


def _total(session: Session) -> str:
    return clock(seconds(session.timeline.duration, session.timeline.rate))


def _summary(session: Session, *, is_exact: bool) -> str:
    count = sum(1 for _ in session.routine.exercises())
    parts = f"{_total(session)}, {count} exercise{'s' if count > 1 else ''}"
    if is_exact:
        return parts
    return f"about {parts}; times are exact once the session has been spoken"


def _texts(session: Session) -> Iterator[str]:
    yield session.routine.title
    for exercise in session.routine.exercises():
        yield exercise.name
        yield from exercise.sides
