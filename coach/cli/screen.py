"""What a live session looks like: a screen that is read from three metres, or plain lines."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, Self

from coach.characters import shown
from coach.cli.console import say
from coach.controls.keys import KEYS
from coach.units import clock, short_duration

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from coach.listening import Heard
    from coach.view import View

WIDE, TALL = 60, 20
"""Columns and lines from which on there is room for large letters."""
LARGE_FONTS = ("ansi_regular", "calvin_s")
"""Of pyfiglet's, the largest first: five and three lines high."""
PLAIN_FONTS = ("banner3", "small")
"""The same for terminals without block characters."""
CAPTION_LINES = 3
"""A longer sentence is cut."""
LAST_SECONDS = 3
"""From here on the bar has another colour, as the beeps have another pitch."""

_WAITS = {"rest": "Rest", "settle": "Get ready", "switch": "Switch sides"}
_STATES = {"paused": "Paused", "lost": "No sound", "waiting": "One moment"}
_EARS = {"": "", "listening": "Listening", "deaf": "Not listening while it speaks"}
_EIGHTHS = " ▏▎▍▌▋▊▉"


class Screen(Protocol):
    """Shows a session while it runs."""

    def show(self, view: View, *, with_keys: bool) -> None:
        """Show this moment, and all the keys if asked."""
        ...


class NoScreen:
    """Shows nothing."""

    def show(self, view: View, *, with_keys: bool) -> None:
        """Do nothing."""


class PlainScreen:
    """Prints a line for whatever is new: for screen readers, pipes and logs."""

    def __init__(self, *, has_keys: bool) -> None:
        """Bind whether there is a keyboard to tell the keys of."""
        self._has_keys = has_keys
        self._seen: dict[str, object] = {}
        self._showed_keys = False

    def show(self, view: View, *, with_keys: bool) -> None:
        """Print what has changed since the last call."""
        if self._is_new("title", view.title):
            _print(f"{view.title}, {_plural(view.exercises, 'exercise')}, {clock(view.length)}.")
            if self._has_keys:
                _print("Keys: space pauses, q stops, ? shows all keys.")
        for line in self._lines(view):
            _print(line)
        if with_keys and not self._showed_keys:
            for key in KEYS:
                _print(f"  {key.label:6} {key.does}")
        self._showed_keys = with_keys

    def _lines(self, view: View) -> Iterator[str]:
        where = view.where
        if view.exercise and self._is_new("exercise", (view.number, where.rounds)):
            yield f"Exercise {view.number} of {view.exercises}: {view.exercise.name}."
        if view.kind == "reps" and view.exercise and self._is_new("rep", where):
            yield f"  {_count_in_words(view)}"
        if view.span == "rest" and self._is_new("rest", where):
            yield f"  Rest for {short_duration(view.span_length)}."
        if view.kind == "settle" and self._is_new("settle", (view.is_awaited, where)):
            if view.is_awaited:
                how = 'Enter or the word "ready"' if view.ear else "Enter"
                yield f"  Take the position; {how} goes on."
        if self._is_new("ear", bool(view.ear)) and view.ear:
            yield "Listening for spoken commands."
        if self._is_new("heard", view.heard) and view.heard:
            yield _heard(view.heard)
        if self._is_new("state", view.state) and view.state in (*_STATES, "playing"):
            yield {"playing": "Playing.", "lost": "No sound: waiting for the loudspeaker."}.get(
                view.state, f"{_STATES.get(view.state, '')}."
            )
        if self._is_new("notice", view.notice) and view.notice:
            yield view.notice

    def _is_new(self, what: str, value: object) -> bool:
        is_new = what not in self._seen or self._seen[what] != value
        self._seen[what] = value
        return is_new


class FullScreen:
    """Fills the terminal, and redraws only what has changed; a context manager."""

    def __init__(self) -> None:
        """Prepare; the terminal is not touched yet."""
        from rich.console import Console
        from rich.live import Live

        self._console = Console(highlight=False, markup=False)
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, vertical_overflow="crop"
        )
        self._shown: object = None

    def __enter__(self) -> Self:
        try:
            self._live.__enter__()
        except BaseException:  # an interrupt must not leave a terminal half changed
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            self._live.__exit__(None, None, None)

    def leave(self) -> None:
        """Give the terminal back while the program is stopped."""
        with contextlib.suppress(OSError):
            self._console.set_alt_screen(enable=False)
            self._console.show_cursor(show=True)

    def come_back(self) -> None:
        """Take the terminal again, and draw everything anew."""
        self._shown = None
        with contextlib.suppress(OSError):
            if _is_foreground():
                self._console.set_alt_screen(enable=True)
                self._console.show_cursor(show=False)

    def show(self, view: View, *, with_keys: bool) -> None:
        """Draw this moment, unless it looks like the last one or the terminal is not ours."""
        size = self._console.size
        pictured = picture(view, size.width, size.height, with_keys=with_keys, **self._traits)
        with contextlib.suppress(OSError):
            if pictured != self._shown and _is_foreground():
                self._shown = pictured
                self._live.update(_styled(pictured), refresh=True)

    @property
    def _traits(self) -> dict[str, bool]:
        return {"has_blocks": "utf" in (self._console.encoding or "").lower()}


def _is_foreground() -> bool:
    """Return whether the terminal on stdout is this job's; True where there is no job control."""
    if not hasattr(os, "tcgetpgrp"):
        return True
    return os.tcgetpgrp(sys.stdout.fileno()) == os.getpgrp()


Line = tuple[str, str]
"""What stands in a line, and rich's style of it."""


def picture(
    view: View, width: int, height: int, *, with_keys: bool, has_blocks: bool = True
) -> tuple[Line, ...]:
    """Return the lines of the screen, at most `height` of them, none wider than `width`.

    Args:
        view: the moment.
        width: columns.
        height: lines.
        with_keys: show all keys instead of the session.
        has_blocks: whether the terminal has block characters.
    """
    is_large = width >= WIDE and height >= TALL
    inner = width - 2
    head = _head(view, inner)
    foot = _foot(view, inner)
    if with_keys:
        body = [(f"{key.label:>6}  {key.does}", "") for key in KEYS]
    else:
        body = _body(view, inner, is_large=is_large, has_blocks=has_blocks)
    room = max(0, height - len(head) - len(foot))
    body = [*body[:room], *([("", "")] * (room - len(body)))]
    lines = [*head, *body, *foot][:height]
    return tuple((f" {_cut(text, inner)}", style) for text, style in lines)


def _head(view: View, width: int) -> list[Line]:
    left = f"{clock(Fraction(math.ceil(view.left)))} left"
    if view.number:
        left = f"{view.number} of {view.exercises}, {left}"
    title = _cut(view.title, max(0, width - len(left) - 2))
    ear = (_heard(view.heard), "bold green") if view.heard else (_EARS[view.ear], "dim")
    return [(f"{title}{left:>{max(1, width - len(title))}}", "dim"), ear]


def _foot(view: View, width: int) -> list[Line]:
    does = "pause"
    if view.state == "paused":
        does = "go on"
    elif view.is_awaited:
        does = "ready" if view.kind == "settle" else "done"
    keys = (
        f"space: {does}  arrows: skip, back  r: repeat  + -: reps  ?: keys  q: stop",
        f"space: {does}  ?: keys  q: stop",
    )
    notice = view.notice
    if not notice and view.spoken < view.texts:
        notice = f"Speaking: {view.spoken} of {view.texts} sentences"
    upcoming = f"Next: {view.upcoming}" if view.upcoming else "Next: the end"
    return [
        (notice, "bold yellow"),
        (upcoming if view.number else "", "blue"),
        (keys[len(keys[0]) > width], "dim"),
    ]


def _body(view: View, width: int, *, is_large: bool, has_blocks: bool) -> list[Line]:
    name = view.exercise.name if view.exercise else view.title
    heading = _STATES.get(view.state) or _WAITS.get(view.kind) or name
    colour = "yellow" if view.state in _STATES else "blue" if view.kind in _WAITS else "white"
    lines = _large(heading, f"bold {colour}", width, is_large=is_large, has_blocks=has_blocks)
    if heading != name:
        lines.append((name, "bold"))
    caption = textwrap.wrap(_doing(view), max(1, width))[:CAPTION_LINES]
    lines += [*((line, "bold cyan") for line in caption or [""]), ("", "")]
    numbers = "     ".join(part for part in (_count(view), _seconds_left(view)) if part)
    if numbers:
        lines += _large(numbers, "bold green", width, is_large=is_large, has_blocks=has_blocks)
    if view.span and view.span_length and view.span != "move":
        bar = _bar(view.span_left / view.span_length, width, has_blocks=has_blocks)
        is_ending = view.span_left <= LAST_SECONDS
        style = "magenta" if is_ending else "blue" if view.span in _WAITS else "green"
        # Twice: what is read from far away is high.
        lines += [(bar, style)] * (2 if is_large else 1)
    return lines


def _doing(view: View) -> str:
    """Return what is to be done at this moment, in a line."""
    sides = [view.where.side] if view.where.side else []
    sets = []
    if view.exercise and view.where.set and view.exercise.sets.value > 1:
        sets.append(f"set {view.where.set} of {view.exercise.sets.value}")
    rounds = [f"round {'.'.join(map(str, view.where.rounds))}"] if view.where.rounds else []
    does = view.phase if view.kind == "reps" and view.phase else view.sentence
    return " · ".join([part for part in (does, *sides, *sets, *rounds) if part])


def _count(view: View) -> str:
    if view.kind != "reps" or view.exercise is None:
        return ""
    total = view.exercise.reps.value
    if view.exercise.is_self_paced:
        return f"{total} x"
    return f"{view.where.rep}/{total}" if total > 1 else ""


def _count_in_words(view: View) -> str:
    if view.exercise is None:
        return ""
    where, exercise = view.where, view.exercise
    parts = []
    if where.rep:
        parts.append(f"Repetition {where.rep} of {exercise.reps.value}")
    elif exercise.is_self_paced:
        paced = _plural(exercise.reps.value, "repetition")
        parts.append(f"{paced} at your own pace, Enter when done")
    if exercise.sets.value > 1:
        parts.append(f"set {where.set} of {exercise.sets.value}")
    if where.side:
        parts.append(where.side)
    return f"{', '.join(parts)}."


def _seconds_left(view: View) -> str:
    if not view.span or view.span == "move":
        return ""
    left = math.ceil(view.span_left)
    return str(left) if left < 100 else clock(Fraction(left))


def _heard(heard: Heard) -> str:
    whistled = "" if heard.wording else " (whistled)"
    return f"heard: {heard.command}{whistled}"


def _bar(part: Fraction, width: int, *, has_blocks: bool) -> str:
    eighths = math.ceil(part * width * 8)
    if not has_blocks:
        return "#" * (eighths // 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _large(text: str, style: str, width: int, *, is_large: bool, has_blocks: bool) -> list[Line]:
    """Return a text in the largest letters that fit into the width, or as it is."""
    for font in LARGE_FONTS if has_blocks else PLAIN_FONTS:
        letters = _letters(text, font) if is_large else ()
        if letters and max(map(len, letters)) <= width:
            return [*((line, style) for line in letters), ("", "")]
    return [(text, style), ("", "")]


@lru_cache(maxsize=64)
def _letters(text: str, font: str) -> Sequence[str]:
    """Return the lines of a text in large letters; none if the font lacks one of them."""
    from pyfiglet import Figlet

    if not text.isascii():
        return ()
    lines = str(Figlet(font=font, width=1000).renderText(text)).splitlines()
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _cut(text: str, width: int) -> str:
    text = shown(text)
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _styled(lines: Sequence[Line]) -> RenderableType:
    from rich.text import Text

    def parts() -> Iterator[Text]:
        for text, style in lines:
            yield Text(text, style=style, no_wrap=True, overflow="crop")

    return Text("\n").join(parts())


def _plural(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _print(line: str) -> None:
    with contextlib.suppress(OSError):
        say(line)
        if sys.stdout is not None:
            sys.stdout.flush()
