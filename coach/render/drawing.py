"""The looks of a session's picture: sizes, colours, and how lanes, bars and names are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from coach.render.lanes import Bar, BarKind, Lane, Stretch
from coach.render.lettering import Lettering, plain
from coach.units import clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 9.0
"""Inches; at 100 dots an inch as wide as a README is shown."""
LEFT, RIGHT, TOP, BOTTOM = 186.0, 20.0, 52.0, 46.0
"""Points around the lanes: names; half a number of the axis; the title; axis and legend."""
LANE, LABELS, QUIET_LANE = 32.0, 9.0, 22.0
"""Points of an exercise's lane, what is added to name its sets, and of a lane of speech alone."""
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
AXIS = 12.0
"""Points that the numbers above the lanes take."""
NARROWEST, EDGED = 3.0, 1.5
"""Points of a bracket above a set, and of a bar that has a fine white edge."""
LOWEST = 0.7
"""How much of its usual height a lane needs for the names of its sets."""
TALL = 600.0
"""Points of all lanes from which on the times stand above them, too."""
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
"""Seconds that may lie between two numbers of the axis."""
MOST_TICKS = 9


def height_of(lane: Lane) -> float:
    """Return how many points high a lane is where there is room for all."""
    if not lane.dose:
        return QUIET_LANE
    return LANE + LABELS if lane.stretches else LANE


class Drawing:
    """Draws on axes that have seconds across, and points downwards."""

    def __init__(self, axes: Axes, rate: int, across: float, lettering: Lettering) -> None:
        self._axes = axes
        self._rate = rate
        self._across = across
        self._lettering = lettering
        self._shapes: dict[BarKind, list[list[tuple[float, float]]]] = {}
        self._floors: list[float] = []
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
        scale = height / height_of(lane)
        base = floor - BASE * scale
        for bar in lane.chapters:
            self._add(bar, floor - height + scale, floor - scale)
        for bar in lane.spans:
            self._add(bar, base - HEIGHTS[bar.kind] * scale, base)
        top = base + 1.5 * scale if lane.dose else floor - (height + HEIGHTS["speech"] * scale) / 2
        for bar in lane.speech:
            self._add(bar, top, top + HEIGHTS["speech"] * scale)
        if height > SMALL:
            self._floors.append(floor)
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
        above, below = (
            (middle - SMALL / 2 - 1, middle + SMALL / 2 + 2) if has_dose else (middle,) * 2
        )
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
        beyond = RIGHT / a_second
        ends = (-centres[0] - beyond, 2 * (length + beyond) - centres[-1]) if centres else (0, 0)
        free = [ends[0], *centres, ends[1]]
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
            if label and scale >= LOWEST:
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

        right = self._axes.get_xlim()[1]
        self._axes.hlines(self._floors, 0, right, colors=LINE, linewidths=0.5, zorder=0.9)
        narrowest = EDGED / self._across * right
        for kind, shapes in self._shapes.items():
            is_ground = kind == "chapter"
            edges = [
                0.2 if shape[1][0] - shape[0][0] > narrowest and not is_ground else 0
                for shape in shapes
            ]
            self._axes.add_collection(
                PolyCollection(
                    shapes,
                    facecolors=COLOURS[kind],
                    edgecolors="white",
                    linewidths=edges,
                    zorder=0.5 if is_ground else 2,
                    gid=kind,
                ),
                autolim=False,
            )

    def heading(self, title: str, below: str, top: float) -> None:
        """Write the title, and a line below it, from `top` points above the lanes on."""
        for text, up, size, color, weight in (
            (title, top - 22, 13.0, INK, "bold"),
            (below, top - 37, 8.0, PALE, "normal"),
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
