"""Lines of `phrase;seconds`, as audio_program_generator reads them.

Each line is a phrase to be spoken and the seconds of silence after it (apg.py); `*` is silence
alone. Lines of five seconds and more become exercises, what is said for a shorter time before one
of them becomes its instructions. Where all lines are short, as in breathing, they are the phases
of one exercise.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from coach.errors import CoachError
from coach.exchange import Content, Draft, Found
from coach.exchange.content import (
    MAX_ENTRIES,
    Notes,
    active_time,
    cleaned,
    fitting,
    idle_time,
    number,
    shortened_to,
)
from coach.exchange.items import with_usual_rest
from coach.exchange.program import Interval, is_rest_name
from coach.exchange.unfolding import program_of, tell_what_stays, without_loops_below
from coach.routine import Exercise, Item, Routine
from coach.units import ACTIVE_TIME, decimal
from coach.values import MAX_NAME, MAX_TEXT

TITLE = "lines of phrases"
LOOKS_FOR = "lines of `phrase;seconds`"
SHORT = Fraction(5)
"""Seconds; what takes less is no exercise if others take more."""
MAX_PHASES = 50
PAUSE = Fraction(1)
"""Seconds after an instruction, where nothing else is said."""
SILENCE = "*"
_SECONDS = re.compile(r"\s*(\d{1,6}(?:[.,]\d{1,3})?)\s*s?\s*", re.ASCII)


class _Line(Struct, frozen=True):
    phrase: str
    """Empty for silence."""
    seconds: Fraction

    @property
    def rests(self) -> bool:
        return not self.phrase or is_rest_name(self.phrase)


def recognise(content: Content) -> bool:
    """Return whether most of the lines end in a semicolon and a number."""
    if content.is_json:
        return False
    lines = [line.strip() for line in content.text[:20_000].splitlines() if line.strip()]
    timed = [line for line in lines if _SECONDS.fullmatch(line.rpartition(";")[2]) and ";" in line]
    return bool(timed) and 2 * len(timed) > len(lines)


def read(content: Content, notes: Notes) -> list[Found]:
    """Return the lines as one routine."""
    del notes
    return [Found(content.title, lambda notes: _draft(content, notes))]


def _lines(content: str, notes: Notes) -> Iterator[_Line]:
    for place, raw in enumerate(io.StringIO(content, newline=None), 1):
        text, semicolon, after = raw.rpartition(";")
        match = _SECONDS.fullmatch(after)
        if semicolon and (match or not after.strip()):
            phrase = cleaned(text)
            seconds = (number(match[1]) if match else None) or Fraction(0)
            yield _Line("" if phrase == SILENCE else phrase, seconds)
        elif raw.strip():
            notes.add("lines without a semicolon and seconds", f"line {place}")


def _draft(content: Content, notes: Notes) -> Draft:
    lines = []
    for line in _lines(content.text, notes):
        lines.append(line)
        if len(lines) > MAX_ENTRIES:
            raise CoachError(f"expected at most {MAX_ENTRIES:,} lines, found more")
    if any(line.seconds >= SHORT and not line.rests for line in lines):
        return Draft(_exercises(lines, notes))
    return Draft(_paced(lines, content.title, notes))


def _exercises(lines: Sequence[_Line], notes: Notes) -> dict[str, Any]:
    """Return exercises, each with what is said shortly before it."""
    items: list[dict[str, Any]] = []
    said: list[_Line] = []
    for line in lines:
        if line.rests:
            if items and not said:
                rest = items[-1].pop("silence", Fraction(0)) + line.seconds
                items[-1] |= {"silence": rest}
            elif line.seconds:
                notes.add("silences that do not follow an exercise", f"{decimal(line.seconds)} s")
        elif line.seconds < SHORT:
            said.append(line)
        else:
            items.append(_exercise(line, said, notes))
            said = []
    for item in items:
        item["rest"] = idle_time(item.pop("silence", Fraction(0)), notes, item["name"])
    if items[-1].pop("rest", "0s") != "0s":
        notes.add("the rest at the very end, since a session ends with its last exercise")
    script = with_usual_rest(items)
    if said:
        texts = [shortened_to(line.phrase, MAX_TEXT) for line in said]
        script["closing"] = fitting(texts, notes, "the end")
    return script


def _exercise(line: _Line, said: Sequence[_Line], notes: Notes) -> dict[str, Any]:
    name = shortened_to(line.phrase, MAX_NAME)
    texts = [said_line.phrase for said_line in said]
    if name != line.phrase:
        texts.append(line.phrase)
    item: dict[str, Any] = {"name": name}
    if texts:
        pauses = {said_line.seconds for said_line in said} or {PAUSE}
        if len(pauses) > 1:
            notes.add("different silences between instructions (the longest is taken)", name)
        item["setup"] = fitting([shortened_to(text, MAX_TEXT) for text in texts], notes, name)
        item["pause"] = idle_time(max(pauses), notes, name)
    return item | {"work": active_time(line.seconds, notes, name)}


def _paced(lines: Sequence[_Line], title: str, notes: Notes) -> dict[str, Any]:
    """Return exercises whose phases are the lines."""
    phases = [_phase(line, notes) for line in lines if line.phrase or line.seconds]
    if not any("cue" in phase for phase in phases):
        raise CoachError("expected phrases with the seconds after them, found none")
    parts = [phases[first : first + MAX_PHASES] for first in range(0, len(phases), MAX_PHASES)]
    name = shortened_to(title, MAX_NAME - 10)
    items: list[dict[str, Any]] = [
        {"name": f"{name} {number}" if len(parts) > 1 else name, "phases": part}
        for number, part in enumerate(parts, 1)
    ]
    return with_usual_rest(items)


def _phase(line: _Line, notes: Notes) -> dict[str, Any]:
    phase: dict[str, Any] = {"cue": shortened_to(line.phrase, MAX_TEXT)} if line.phrase else {}
    if line.phrase and line.seconds >= ACTIVE_TIME.least:
        phase["work"] = active_time(line.seconds, notes, line.phrase)
    elif line.seconds:
        phase["move"] = idle_time(line.seconds, notes, line.phrase)
    return phase


def write(routine: Routine, notes: Notes) -> str:
    """Return the lines, all loops written out.

    Raises:
        CoachError: there would be too many lines.
    """
    tell_what_stays(routine, notes, kept=("closing", "settle", "setup", "cue", "switch"))
    lines: list[str] = []
    if all(map(_is_paced, routine.items)):
        phases = [phase for exercise in routine.exercises() for phase in exercise.phases]
        lines += [_line(phase.cue or SILENCE, phase.time) for phase in phases]
    else:
        for step in without_loops_below(program_of(routine, notes, setup=True), 0, notes):
            if isinstance(step, Interval):
                lines += [_line(text, step.pause) for text in step.setup]
                lines.append(_line(step.name, step.seconds))
    lines += [_line(text, PAUSE) for text in routine.closing]
    return "\n".join(lines) + "\n"


def _is_paced(item: Item) -> bool:
    """Whether an item is made of short phrases, one after the other."""
    if not isinstance(item, Exercise) or item.sides or item.setup or item.is_self_paced:
        return False
    is_once = item.reps.value == item.sets.value == 1
    return is_once and all(
        (phase.cue and (phase.time < SHORT or is_rest_name(phase.cue)))
        or (phase.move and not phase.hold and not phase.work)
        for phase in item.phases
    )


def _line(text: str, seconds: Fraction) -> str:
    return f"{cleaned(text)};{decimal(seconds)}"
