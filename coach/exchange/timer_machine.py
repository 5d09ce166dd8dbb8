"""TimeR Machine: backups and single timers.

The fields are those of the JSON classes in timer-machine/timer-machine-android (data/src/main/java/
xyz/aprildown/timer/data/datas): `AppDataData` has `folders`, `timers`, `notifier`, `timerStamps`,
`schedulers` and `prefs`; `TimerData` has `id`, `name`, `loop`, `steps`, `startStep`, `endStep`,
`more` and `folderId`, of which 1 is the usual folder and 2 the trash (domain's FolderEntity.kt).
A step has `step_type`, which is `step` (also if it is missing) or `group` (db/Converters.kt):

- `Step` has `label`, `length` in milliseconds, `behaviour` and a `type`: NORMAL, NOTIFIER (a
  reminder between two steps), START or END, which are done once, before and after all loops;
- `Group` has `name`, `loop` and `steps`.

A `behaviour` has `type`, `label`, `content` and `loop` (domain's BehaviourEntity.kt): with VOICE
the `label` is what is spoken, or the step's name if it is empty; HALT stays until the user goes on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from coach.errors import CoachError
from coach.exchange import Content, Draft, Found
from coach.exchange.content import (
    Notes,
    count,
    fitting,
    idle_time,
    joined,
    mappings,
    name_of,
    number,
    sentences,
    tell_unknown,
)
from coach.exchange.items import SETTLE, as_script, first_exercise
from coach.exchange.program import Group, Interval, Step
from coach.exchange.unfolding import program_of, tell_what_stays, without_loops_below
from coach.routine import Routine
from coach.units import parse_duration

TITLE = "TimeR Machine"
LOOKS_FOR = "JSON with `timers`, or with `name`, `loop` and `steps`"
TRASH = 2
_TIMER = ("id", "name", "loop", "steps", "startStep", "endStep", "more", "folderId")
_STEP = ("step_type", "label", "length", "behaviour", "type")
_GROUP = ("step_type", "name", "loop", "steps")
END_LENGTH = 5000
"""Milliseconds of the step that says the closing."""
_DEEPEST = 20
_SILENT = frozenset({"COUNT", "BEEP", "HALF", "NOTIFICATION", "HALT", "VOICE"})
"""Behaviours that need no note: the coach counts and beeps anyway, and the last two are kept."""
_OTHERS = frozenset({"MUSIC", "VIBRATION", "SCREEN", "FLASHLIGHT", "IMAGE"})
_VARIABLE = re.compile(r"\{|\$[a-z]")


def recognise(content: Content) -> bool:
    """Return whether this is a backup or a timer."""
    data = content.data
    if not isinstance(data, dict):
        return False
    timers = data.get("timers")
    if isinstance(timers, list):
        return all(_is_timer(timer) for timer in timers)
    return _is_timer(data)


def _is_timer(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("steps"), list) and "loop" in data


def read(content: Content, notes: Notes) -> list[Found]:
    """Return the timers that are not in the trash."""
    data = content.data if isinstance(content.data, dict) else {}
    found = []
    for timer in mappings(data.get("timers", [data])):
        title = name_of(timer.get("name")) or content.title
        if timer.get("folderId") == TRASH:
            notes.add("timers in the trash", title)
        else:
            found.append(Found(title, partial(_draft, timer)))
    for key in ("schedulers", "timerStamps"):
        if data.get(key):
            notes.add(f"`{key}`")
    return found


def _draft(timer: Mapping[str, Any], notes: Notes) -> Draft:
    tell_unknown(timer, _TIMER, notes)
    more = timer.get("more")
    if isinstance(more, dict) and more.get("triggerTimerId"):
        notes.add("the timer that starts after this one (`triggerTimerId`)")
    loop = count(timer.get("loop", 1))
    steps = tuple(_steps(timer.get("steps"), notes, 1))
    draft = as_script([Group("", 1 if loop is None else loop, steps)], notes)
    script = draft.script
    start, end = timer.get("startStep"), timer.get("endStep")
    if isinstance(start, dict):
        if seconds := _length(start, notes):
            first_exercise(script)["settle"] = idle_time(seconds, notes, "startStep")
            if "rounds" in script["exercises"][0]:
                notes.add("getting ready only once (the coach does so in each round)")
        script["safety"] = fitting(_spoken(start, notes), notes, "startStep")
    if isinstance(end, dict):
        said = _spoken(end, notes) or sentences(end.get("label"))
        script["closing"] = fitting(said, notes, "endStep")
    return draft


def _steps(steps: Any, notes: Notes, depth: int) -> Iterator[Step]:
    if depth > _DEEPEST:
        raise CoachError(f"expected at most {_DEEPEST} groups in each other, found more")
    for position, step in enumerate(mappings(steps), 1):
        if step.get("step_type") == "group" or ("steps" in step and "length" not in step):
            tell_unknown(step, _GROUP, notes)
            times = count(step.get("loop", 1))
            inner = tuple(_steps(step.get("steps"), notes, depth + 1))
            yield Group(name_of(step.get("name")), 1 if times is None else times, inner)
            continue
        tell_unknown(step, _STEP, notes)
        name = name_of(step.get("label")) or f"Step {position}"
        said = tuple(_spoken(step, notes))
        waits = any(kind.get("type") == "HALT" for kind in mappings(step.get("behaviour")))
        is_rest = step.get("type") == "NOTIFIER"
        yield Interval(name, _length(step, notes), said, waits=waits, is_rest=is_rest)


def _length(step: Mapping[str, Any], notes: Notes) -> Fraction:
    """Return the seconds of a step."""
    length = number(step.get("length"))
    if length is None or length < 0:
        notes.add("steps without a `length` in milliseconds", name_of(step.get("label")))
        return Fraction(0)
    return length / 1000


def _spoken(step: Mapping[str, Any], notes: Notes) -> list[str]:
    """Return what a step says beside its name; tells what else it does."""
    label = name_of(step.get("label"))
    said: list[str] = []
    for behaviour in mappings(step.get("behaviour")):
        kind = behaviour.get("type")
        # Newer versions keep what they say with their variables in `content`.
        texts = (behaviour.get("label"), behaviour.get("content"))
        text = next((text for text in texts if isinstance(text, str) and text.strip()), "")
        if kind == "VOICE" and _VARIABLE.search(text):
            notes.add("what is said with variables", label)
        elif kind == "VOICE":
            said += [part for part in sentences(text) if part != label]
        elif not isinstance(kind, str) or kind not in _SILENT:
            is_known = isinstance(kind, str) and kind in _OTHERS
            what = str(kind).lower() if is_known else "behaviour of an unknown type"
            notes.add(f"{what} in a step", label)
    return said


def write(routine: Routine, notes: Notes) -> str:
    """Return a backup with one timer, which the app's import takes.

    Raises:
        CoachError: there would be too many steps.
    """
    told = ("title", "closing", "safety", "setup", "guide", "cue")
    tell_what_stays(routine, notes, kept=(*told, "settle", "switch"))
    steps: Sequence[Step] = program_of(routine, notes, setup=True, guide=True)
    loop = 1
    only = steps[0] if len(steps) == 1 else None
    if isinstance(only, Group) and not only.name:
        loop, steps = only.times, only.steps
    written = [_step(step) for step in without_loops_below(steps, 1, notes)]
    timer: dict[str, Any] = {"id": 1, "name": routine.title, "loop": loop, "steps": written}
    settle = next(routine.exercises()).settle.value
    if settle != parse_duration(SETTLE) or routine.safety:
        timer["startStep"] = _said("Get ready", settle, routine.safety) | {"type": "START"}
    if routine.closing:
        end = Fraction(END_LENGTH, 1000)
        timer["endStep"] = _said("The end", end, routine.closing) | {"type": "END"}
    timer |= {"more": {"showNotif": True, "notifCount": True}, "folderId": 1}
    data = {
        "folders": [{"id": 1, "name": "Default"}],
        "timers": [timer],
        "timerStamps": [],
        "schedulers": [],
        "prefs": {},
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _step(step: Step) -> dict[str, Any]:
    if isinstance(step, Group):
        inner = [_step(below) for below in step.steps]
        return {"step_type": "group", "name": step.name, "loop": step.times, "steps": inner}
    written = _said(step.name, step.seconds, step.setup)
    if step.waits:
        written["behaviour"].append({"type": "HALT"})
    return {"step_type": "step", **written, "type": "NORMAL"}


def _said(label: str, seconds: Fraction, texts: Sequence[str]) -> dict[str, Any]:
    """Return a step that says its label, or the texts."""
    voice = {"type": "VOICE"} | ({"label": joined(texts)} if texts else {})
    behaviour = [voice, {"type": "COUNT", "label": "3"}]
    return {"label": label, "length": round(seconds * 1000), "behaviour": behaviour}
