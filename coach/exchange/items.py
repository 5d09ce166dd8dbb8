"""A timer's program as the items of a script.

An interval becomes an exercise with `work`; one that is called rest or pause becomes the `rest` of
what comes before it, which the coach announces as such; a loop becomes `sets` of one exercise, or a
circuit, or, if its steps are short, an exercise with phases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

from coach.errors import CoachError
from coach.exchange import Draft, Place
from coach.exchange.content import (
    MAX_ENTRIES,
    Notes,
    active_time,
    fitting,
    idle_time,
    shortened_to,
)
from coach.exchange.program import (
    Group,
    Interval,
    Step,
    is_cycle,
    is_ready_name,
    is_rest_name,
    is_sets,
    normal,
    with_rests_joined,
)
from coach.script import default_id
from coach.units import ROUNDS, SETS, parse_duration
from coach.values import MAX_NAME, MAX_TEXT

SETTLE = "3s"
"""Before each exercise, for its three beeps; a timer has the time to get ready in its rests."""
DEEPEST = 2
"""Circuits in each other, in a script."""


def as_script(steps: Sequence[Step], notes: Notes, *, readies: bool = False) -> Draft:
    """Return a script that does a program.

    Args:
        steps: any.
        notes: they are added to.
        readies: whether a first step that is called "get ready" is the time to settle.

    Raises:
        CoachError: there is nothing to do in it, or too much.
    """
    program = normal(steps, notes)
    ready = program[0] if readies and len(program) > 1 else None
    if isinstance(ready, Interval) and is_ready_name(ready.name) and not ready.waits:
        program = program[1:]
    else:
        ready = None
    items, after = _Items(notes).of(program, depth=0)
    if items and isinstance(ready, Interval):
        first = next(_leaves(items))
        first["settle"] = idle_time(ready.seconds, notes, ready.name)
        if "rounds" in items[0]:
            notes.add("getting ready only once (the coach does so in each round)")
    if not items:
        raise CoachError("expected something to do for a time, found nothing of the kind")
    if after or (_is_single(items[-1]) and items[-1].pop("rest", None)):
        notes.add("the rest at the very end, since a session ends with its last exercise")
    comments = {(*place, "rounds"): "once, for the rest after it" for place in _once(items, ())}
    return Draft(with_usual_rest(items), comments)


def _once(items: Sequence[dict[str, Any]], above: Place) -> Iterator[Place]:
    """Yield the places of circuits that are done once."""
    for position, item in enumerate(items):
        place: Place = (*above, "exercises", position)
        if item.get("rounds") == "1":
            yield place
        yield from _once(item.get("exercises", ()), place)


def with_usual_rest(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the keys of a script with these items, whose rests are written out.

    The rest that most of them have becomes the script's.
    """
    name_apart(items)
    rest = _take_usual_rest(items)
    return {"settle": _take_usual_settle(items), "rest": rest, "exercises": items}


class _Items:
    """Turns steps into the items of a script."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._found = 0

    def of(self, steps: Sequence[Step], depth: int) -> tuple[list[dict[str, Any]], Fraction]:
        """Return the items of steps that are in `depth` circuits, and the rest after all of them.

        That is what comes on top of the last item's own rest, in seconds.
        """
        items: list[dict[str, Any]] = []
        flat = with_rests_joined(_limited(self._flat(steps, depth)), self._notes)
        for position, step in enumerate(flat):
            if isinstance(step, Group):
                items += self._group(step, depth)
            elif not step.rests or not items:
                items += self._exercise(step)
            elif _is_single(items[-1]):
                items[-1]["rest"] = self._rest(step.seconds, step)
            elif position == len(flat) - 1:
                return items, step.seconds
            elif depth + _depth(items[-1]) < DEEPEST:
                rest = _seconds(items[-1].get("rest")) + step.seconds
                once = {"rounds": "1", "rest": self._rest(rest, step), "exercises": [items[-1]]}
                items[-1] = once
            else:
                items += self._exercise(step)
        return items, Fraction(0)

    def _flat(self, steps: Sequence[Step], depth: int) -> Iterator[Step]:
        """Yield the steps, with all groups unfolded that no circuit is made of."""
        for step in steps:
            if isinstance(step, Interval) or depth < DEEPEST or is_sets(step) or is_cycle(step):
                yield step
            else:
                what = f"loops beyond {DEEPEST} in each other (the innermost are written out)"
                self._notes.add(what, step.name)
                unfolded = _limited(self._flat(step.steps, depth))
                for _ in range(step.times):
                    yield from unfolded

    def _exercise(self, step: Interval) -> list[dict[str, Any]]:
        self._count()
        setup = fitting(step.setup, self._notes, step.name)
        item: dict[str, Any] = {"name": step.name, "setup": setup}
        time = active_time(step.seconds, self._notes, step.name)
        return [item | ({"reps": "1", "pace": time} if step.waits else {"work": time})]

    def _rest(self, seconds: Fraction, step: Interval) -> str:
        if step.setup:
            self._notes.add("what is said in a rest", step.name)
        return idle_time(seconds, self._notes, step.name)

    def _group(self, group: Group, depth: int) -> list[dict[str, Any]]:
        if is_cycle(group):
            return self._cycle(group)
        inner, after = self.of(group.steps, depth if is_sets(group) else depth + 1)
        last = inner[-1]
        rest = _seconds(last.get("rest")) + after
        between = idle_time(rest, self._notes, group.name or last.get("name") or "")
        if len(inner) == 1 and _is_single(last) and group.times <= SETS.most:
            if group.name and group.name != last["name"]:
                self._notes.add("names of groups of one step", group.name)
            return [last | {"sets": str(group.times), "rest": between}]
        if _is_single(last):
            last.pop("rest", None)
        rounds = min(group.times, ROUNDS.most)
        if rounds < group.times:
            self._notes.add(f"rounds beyond {ROUNDS.most:,}", group.name)
        circuit: dict[str, Any] = {"name": group.name} if group.name else {}
        return [circuit | {"rounds": str(rounds), "rest": between, "exercises": inner}]

    def _cycle(self, group: Group) -> list[dict[str, Any]]:
        """Return the exercise of which a repetition has these steps."""
        phases: list[dict[str, Any]] = []
        for step in group.steps:
            if not isinstance(step, Interval):
                continue
            is_rest = is_rest_name(step.name)
            time = (idle_time if is_rest else active_time)(step.seconds, self._notes, step.name)
            said = shortened_to(" ".join(step.setup), MAX_TEXT)
            guide = {"guide": said} if said else {}
            phases.append({"cue": step.name, **guide, "move" if is_rest else "work": time})
        self._count()
        names = dict.fromkeys(phase["cue"] for phase in phases if "work" in phase)
        name = group.name or shortened_to(", ".join(names), MAX_NAME)
        return [{"name": name, "reps": str(group.times), "phases": phases}]

    def _count(self) -> None:
        self._found += 1
        if self._found > MAX_ENTRIES:
            raise _too_many()


def _limited(steps: Iterator[Step]) -> list[Step]:
    """Return the steps, if they are not too many; each exercise may have a rest."""
    found = list(islice(steps, 2 * MAX_ENTRIES + 1))
    if len(found) > 2 * MAX_ENTRIES:
        raise _too_many()
    return found


def _too_many() -> CoachError:
    return CoachError(
        f"expected at most {MAX_ENTRIES:,} exercises in a routine, found more",
        "Split it in the other program.",
    )


def _is_single(item: dict[str, Any]) -> bool:
    """Whether an item is an exercise that is done once."""
    return "rounds" not in item and "sets" not in item


def _depth(item: dict[str, Any]) -> int:
    if "rounds" not in item:
        return 0
    return 1 + max(_depth(inner) for inner in item["exercises"])


def _seconds(time: str | None) -> Fraction:
    return parse_duration(time) if time else Fraction(0)


def _leaves(items: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        if "rounds" in item:
            yield from _leaves(item["exercises"])
        else:
            yield item


def name_apart(items: Sequence[dict[str, Any]]) -> None:
    """Give an id of its own to every exercise whose name stands for another one already."""
    leaves = list(_leaves(items))
    taken = {default_id(leaf["name"]) for leaf in leaves}
    used: Counter[str] = Counter()
    for leaf in leaves:
        base = default_id(leaf["name"])
        if not base:
            continue
        used[base] += 1
        if used[base] > 1:
            while (name := f"{base[:50].rstrip('-')}-{used[base]}") in taken:
                used[base] += 1
            taken.add(name)
            leaf["id"] = name


def _take_usual_settle(items: Sequence[dict[str, Any]]) -> str:
    """Return the time to settle that most exercises have, and drop it where it is."""
    leaves = list(_leaves(items))
    if not all("settle" in leaf for leaf in leaves):
        return SETTLE
    usual = Counter(leaf["settle"] for leaf in leaves).most_common(1)[0][0]
    for leaf in leaves:
        if leaf["settle"] == usual:
            del leaf["settle"]
    return str(usual)


def _take_usual_rest(items: Sequence[dict[str, Any]]) -> str:
    """Return the rest that is needed most often, and drop it where it is."""
    resting = list(_resting(items))
    rests = Counter(item.get("rest", "0s") for item in resting)
    usual = rests.most_common(1)[0][0] if rests else "0s"
    for item in resting:
        rest = item.pop("rest", "0s")
        if rest != usual:
            item["rest"] = rest
    return usual


def _resting(items: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the items whose rest counts: all but single exercises at the end of a list."""
    for item in items:
        if not (_is_single(item) and item is items[-1]):
            yield item
        if "rounds" in item:
            yield from _resting(item["exercises"])


def first_exercise(script: dict[str, Any]) -> dict[str, Any]:
    """Return the first exercise of a script, which may be changed."""
    return next(_leaves(script["exercises"]))
