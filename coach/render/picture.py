"""The picture of a session: its lanes over time, as SVG or PNG."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from coach.errors import OutputError, did_you_mean
from coach.render.lanes import Bar, BarKind, Lane, Stretch, lanes
from coach.render.lettering import Lettering, families, plain
from coach.session import Session
from coach.units import clock, seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PictureKind = Literal["svg", "png"]

WIDTH = 9.0
"""Inches; at 100 dots an inch as wide as a README is shown."""
DOTS = 200
"""Dots an inch of a PNG, so that it stays sharp on fine screens and in print."""
LEFT, RIGHT, TOP, BOTTOM = 186.0, 20.0, 52.0, 46.0
"""Points around the lanes: names; half a number of the axis; the title; axis and legend."""
LANE, LABELS, QUIET_LANE = 32.0, 9.0, 22.0
"""Points of an exercise's lane, what is added to name its sets, and of a lane of speech alone."""
TALLEST = 3600.0
"""Points of all lanes together; of more than fit, each becomes lower."""
BARS_A_POINT = 2
"""How finely bars are told apart; whatever is finer is merged."""

COLOURS: dict[BarKind, str] = {
    "hold": "#0072B2",
    "work": "#E69F00",
    "move": "#56B4E9",
    "rest": "#009E73",
    "settle": "#F0E442",
    "switch": "#882255",
    "speech": "#6B6B6B",
    "chapter": "#EDF0F3",
}
"""Okabe and Ito's, which colour-blind people tell apart, and one of Paul Tol's; those of bars of
the same height differ in lightness, too, for print without colours."""
HEIGHTS: dict[BarKind, float] = {
    "hold": 17.0,
    "work": 17.0,
    "move": 11.0,
    "rest": 6.0,
    "settle": 6.0,
    "switch": 6.0,
    "speech": 3.5,
}
"""Points; the more there is to do, the higher."""
MEANINGS: dict[BarKind, str] = {
    "hold": "hold",
    "work": "work",
    "move": "move",
    "rest": "rest",
    "settle": "get into position",
    "switch": "switch sides",
    "speech": "speech",
}
"""What the legend says, in its order."""
BASE = 8.0
"""Points from a lane's lower edge up to its bars; speech lies below."""
INK, PALE, LINE = "#1A1A1A", "#5C5C5C", "#D5D9DD"
NAME, SMALL, TINY = 8.5, 7.0, 6.0
"""Points of letters."""
MARGIN, GAP = 12.0, 8.0
"""Points beside the names, and between them and the times."""
NARROWEST = 3.0
"""Points of a bracket above a set."""
TALL = 600.0
"""Points of all lanes from which on the times stand above them, too."""
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
"""Seconds that may lie between two numbers of the axis."""
MOST_TICKS = 9


def kind_of(path: Path) -> PictureKind:
    """Return the kind of picture that the ending of `path` asks for.

    Raises:
        OutputError: it is neither `.svg` nor `.png`.
    """
    ending = path.suffix.lower()
    for kind in get_args(PictureKind):
        if ending == f".{kind}":
            return kind
    found = f"the ending `{ending}`" if ending else "no ending"
    raise OutputError(
        f"cannot tell the kind of picture {path}: it has {found}"
        f"{did_you_mean(ending, ('.svg', '.png'))}",
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
        about = {"Title": _title(session), "Description": description(session)}
        text = io.StringIO()
        picture.savefig(text, format="svg", metadata={**about, "Date": None})
    # What screen readers announce: the title as a name, and the session in words.
    drawn = text.getvalue().replace("<svg ", '<svg role="img" ', 1)
    path.write_text(drawn, "utf-8", newline="\n")


@contextlib.contextmanager
def _quietly(session: Session) -> Iterator[None]:
    """Keep the user's own style of plots away, and the library's remarks off the terminal."""
    import matplotlib as mpl
    from matplotlib import style

    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.CRITICAL)
    own = {"svg.fonttype": "none", "svg.hashsalt": "coach", "path.simplify": False}
    try:
        with warnings.catch_warnings(), style.context("default"), mpl.rc_context(own):
            warnings.simplefilter("ignore")
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
    heights = [_height(lane) for lane in shown]
    scale = min(1.0, TALLEST / sum(heights))
    height = sum(heights) * scale
    tall = height + TOP + BOTTOM
    picture = Figure(figsize=(WIDTH, tall / 72), facecolor="white")
    place = (LEFT / (WIDTH * 72), BOTTOM / tall, across / (WIDTH * 72), height / tall)
    axes = picture.add_axes(place, xlim=(0, length), ylim=(height, 0))
    drawing = _Drawing(axes, timeline.rate, across, Lettering(picture))
    drawing.time(length, on_top=height > TALL)
    floor = 0.0
    for lane, full in zip(shown, heights, strict=True):
        floor += full * scale
        drawing.lane(lane, floor, full * scale)
    drawing.bars()
    drawing.heading(session.routine.title, _summary(session, is_exact=is_exact))
    drawing.legend(tall)
    return picture


def _height(lane: Lane) -> float:
    if not lane.dose:
        return QUIET_LANE
    return LANE + LABELS if lane.stretches else LANE


def description(session: Session) -> str:
    """Return in words what the picture shows: the exercises with their doses, and the times."""
    rate = session.timeline.rate
    parts = [
        f"{plain(lane.name)}: {', '.join(filter(None, (plain(lane.dose), clock(lane.time))))}"
        + (f", from {clock(seconds(lane.chapters[0].start, rate))}" if lane.chapters else "")
        for lane in lanes(session)
    ]
    return ". ".join([f"A session of {_total(session)}", *parts]) + "."


def _title(session: Session) -> str:
    return plain(session.routine.title)


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


class _Drawing:
    """Draws on axes that have seconds across, and points downwards."""

    def __init__(self, axes: Axes, rate: int, across: float, lettering: Lettering) -> None:
        self._axes = axes
        self._rate = rate
        self._across = across
        self._lettering = lettering
        self._shapes: dict[BarKind, list[list[tuple[float, float]]]] = {}
        self._named_at = -math.inf
        """How far down the last name stands."""

    def time(self, length: float, *, on_top: bool) -> None:
        """Draw the axis of time, `length` seconds long; if wanted, above the lanes as well."""
        axis = self._axes
        step = next((step for step in STEPS if length / step <= MOST_TICKS), STEPS[-1])
        ticks = range(0, math.floor(length) + 1, step)
        axis.set_xticks(ticks, [clock(Fraction(tick)) for tick in ticks])
        axis.tick_params("x", length=3, color=LINE, labelcolor=PALE, labelsize=7.5, top=on_top)
        axis.tick_params("x", labeltop=on_top, pad=2)
        axis.grid(visible=True, axis="x", color=LINE, linewidth=0.5)
        axis.set_axisbelow(True)
        axis.set_yticks([])
        axis.annotate(
            "h:min:s" if length >= 3600 else "min:s",
            *((0, 0), (-GAP - 16, -5)),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=SMALL,
            color=PALE,
            ha="right",
            va="top",
        )
        axis.spines[:].set_visible(False)

    def lane(self, lane: Lane, floor: float, height: float) -> None:
        """Take up a lane that ends `floor` points below the first one's upper edge."""
        scale = height / _height(lane)
        base = floor - BASE * scale
        for bar in lane.chapters:
            self._add(bar, floor - height + scale, floor - scale)
        for bar in lane.spans:
            self._add(bar, base - HEIGHTS[bar.kind] * scale, base)
        for bar in lane.speech:
            top = base + 1.5 * scale
            self._add(bar, top, top + HEIGHTS["speech"] * scale)
        self._axes.axhline(floor, color=LINE, linewidth=0.5 * scale, zorder=0.9)
        self._name(lane, floor, height)
        self._stretches(lane.stretches, base - (HEIGHTS["hold"] + 2.5) * scale, scale)

    def _add(self, bar: Bar, top: float, bottom: float) -> None:
        left, right = bar.start / self._rate, bar.end / self._rate
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        self._shapes.setdefault(bar.kind, []).append(corners)

    def _name(self, lane: Lane, floor: float, height: float) -> None:
        middle = floor - height / 2
        if middle - self._named_at < SMALL + 1:
            return
        self._named_at = middle
        time = clock(lane.time)
        has_dose = bool(lane.dose) and height >= 2 * SMALL + 6
        size = min(NAME, max(SMALL, height - 2))
        room = LEFT - MARGIN - GAP
        beside_time = room - GAP - self._lettering.width(time, SMALL)
        weight = "bold" if lane.dose else "normal"
        name = self._lettering.shortened(lane.name, size, room if has_dose else beside_time, weight)
        above, below = (middle - SMALL / 2 - 1, middle + SMALL / 2 + 2) if has_dose else (middle,) * 2
        self._beside(name, above, MARGIN - LEFT, size, INK, weight=weight)
        self._beside(time, below, -GAP, SMALL, PALE, ha="right")
        if has_dose:
            dose = self._lettering.shortened(lane.dose, SMALL, beside_time)
            self._beside(dose, below, MARGIN - LEFT, SMALL, PALE)

    def _beside(
        self,
        text: str,
        y: float,
        x: float,
        size: float,
        color: str,
        *,
        weight: str = "normal",
        ha: Literal["left", "right"] = "left",
    ) -> None:
        """Write a text `x` points right of the axis."""
        self._axes.annotate(
            text,
            (0, y),
            (x, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=size,
            color=color,
            fontweight=weight,
            ha=ha,
            va="center_baseline",
            annotation_clip=False,
            parse_math=False,
        )

    def _stretches(self, stretches: Sequence[Stretch], y: float, scale: float) -> None:
        """Draw a bracket above the bars of each set, side or round, with its name if that fits."""
        length = self._axes.get_xlim()[1]
        a_second = self._across / length
        centres = [(item.start + item.end) / 2 / self._rate for item in stretches]
        # A name may be wider than its bracket, up to where the next one begins.
        free = [-centres[0], *centres, 2 * length - centres[-1]] if centres else []
        for n, (stretch, centre) in enumerate(zip(stretches, centres, strict=True)):
            left, right = stretch.start / self._rate, stretch.end / self._rate
            if (right - left) * a_second < NARROWEST:
                continue
            self._axes.plot(
                [left, left, right, right],
                [y + 2 * scale, y, y, y + 2 * scale],
                color=PALE,
                linewidth=0.6,
                solid_joinstyle="miter",
                solid_capstyle="butt",
            )
            room = min(centre - free[n], free[n + 2] - centre) * a_second - 4
            label = self._label(stretch, room)
            if label and scale == 1:
                self._axes.text(
                    *(centre, y - 2, label),
                    fontsize=TINY,
                    color=PALE,
                    ha="center",
                    va="baseline",
                    parse_math=False,
                )

    def _label(self, stretch: Stretch, room: float) -> str:
        labels = [plain(label) for label in stretch.labels]
        for label in labels:
            if self._lettering.width(label, TINY) <= room:
                return label
        label = self._lettering.shortened(labels[-1], TINY, room)
        return label if len(label) > 4 else ""

    def bars(self) -> None:
        """Draw all bars that were taken up, a collection for each kind."""
        from matplotlib.collections import PolyCollection

        for kind, shapes in self._shapes.items():
            is_ground = kind == "chapter"
            self._axes.add_collection(
                PolyCollection(
                    shapes,
                    facecolors=COLOURS[kind],
                    edgecolors="none" if is_ground else "white",
                    linewidths=0 if is_ground else 0.2,
                    zorder=0.5 if is_ground else 2,
                    gid=kind,
                ),
                autolim=False,
            )

    def heading(self, title: str, below: str) -> None:
        """Write the title, and a line below it."""
        for text, up, size, color, weight in (
            (title, TOP - 22, 13.0, INK, "bold"),
            (below, TOP - 37, 8.0, PALE, "normal"),
        ):
            shown = self._lettering.shortened(text, size, WIDTH * 72 - 2 * MARGIN, weight)
            self._axes.annotate(
                shown,
                (0, 1),
                (MARGIN - LEFT, up),
                xycoords="axes fraction",
                textcoords="offset points",
                fontsize=size,
                color=color,
                fontweight=weight,
                va="baseline",
                annotation_clip=False,
                parse_math=False,
            )

    def legend(self, tall: float) -> None:
        """Explain the colours that occur, at the foot of a picture `tall` points high."""
        from matplotlib.patches import Patch

        kinds = [kind for kind in MEANINGS if kind in self._shapes]
        picture = self._axes.get_figure()
        if picture is None or not kinds:
            return
        picture.legend(
            handles=[Patch(facecolor=COLOURS[kind]) for kind in kinds],
            labels=[MEANINGS[kind] for kind in kinds],
            ncols=len(kinds),
            loc="lower left",
            bbox_to_anchor=((LEFT - 2) / (WIDTH * 72), 8 / tall),
            frameon=False,
            fontsize=7.5,
            labelcolor=INK,
            handlelength=1.1,
            handleheight=0.8,
            handletextpad=0.5,
            columnspacing=1.4,
            borderpad=0,
            borderaxespad=0,
        )
