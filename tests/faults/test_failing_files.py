"""Every operation on files fails in turn, for real: below Python, SQLite and the sound libraries.

Whatever fails, a command ends with 0 or 1 and a sentence; what it was to write is there whole, or
as it was before; and as soon as nothing fails any more, the next run makes all as it should be,
with nothing left behind.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.faults.runs import ERRORS, LASTING, ONCE, SHORT, Fault, Outcome, Runs, World

ALL = os.environ.get("COACH_FAULTS") == "all"
"""Whether each operation fails in every way, which takes an hour; else some do, in one way."""

ROUNDS = int(os.environ.get("COACH_FAULTS", "3")) if not ALL else 0
"""How many operations of a command fail, at even distances."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A command, and where its operations fail."""

    command: str
    folders: str
    """Below which files fail, or the files themselves."""
    is_new: bool = False
    """Whether nothing was spoken before."""
    names_all: bool = False
    """Whether the disk has no files without a name."""


SCENES = {
    "wav": Scene("render short.yaml -o out/a.wav --cue-sheet out/a.json", "out tmp"),
    "mp3": Scene("render short.yaml -o out/a.mp3", "out"),
    "flac": Scene("render short.yaml -o out/a.flac", "out"),
    "ogg": Scene("render short.yaml -o out/a.ogg", "out"),
    "opus": Scene("render short.yaml -o out/a.opus", "out"),
    "m4a": Scene("render short.yaml -o out/a.m4a", "out"),
    "page": Scene("render short.yaml -o out/a.html -o out/a.srt", "out tmp"),
    "playlist": Scene("render short.yaml -o out/a.m3u8", "out"),
    "clips stored": Scene("render short.yaml -o out/a.srt", "cache", is_new=True),
    "clips read": Scene("render short.yaml -o out/a.srt", "cache"),
    "settings read": Scene("render short.yaml -o out/a.srt", "config data short.yaml"),
    "adjust": Scene("adjust short.yaml press.reps=3", "config"),
    "adjust elsewhere": Scene("adjust short.yaml press.reps=3", "config", names_all=True),
    "wav elsewhere": Scene("render short.yaml -o out/a.wav", "out", names_all=True),
    "reset": Scene("adjust short.yaml --reset", "config"),
    "play": Scene("play short.yaml --output none", "data config"),
    "history": Scene("history --json", "data"),
    "pain": Scene("history --pain 3", "data"),
    "batch": Scene("batch people.csv --out out --format srt", "out people.csv tmp"),
    "new": Scene("new mine", "data"),
    "edit": Scene("edit short.yaml", "data ."),
    "fmt": Scene("fmt mess.yaml", "."),
    "import": Scene("import table.csv -o out/i.yaml --force", "out table.csv"),
    "draft": Scene("draft handout.txt -o out/d.yaml", "out handout.txt"),
}

LITTER = re.compile(r"\.(part|tmp|lock|base)$|-journal$|\.running-|^tmp/|/edited/")
"""What a fault may leave until the next run."""


@pytest.mark.parametrize("name", SCENES)
def test_every_operation_fails_in_turn(runs: Runs, world: World, name: str) -> None:
    told = Rounds(runs, world, SCENES[name]).problems()
    assert not told, "\n".join(told)


class Rounds:
    """Runs of one command, with a fault each."""

    def __init__(self, runs: Runs, world: World, scene: Scene) -> None:
        self._runs = runs
        self._world = world
        self._scene = scene
        self._kept = "new" if scene.is_new else "used"
        world.set_back(self._kept)
        world.names_all = scene.names_all
        self._before = world.content()
        self._good = self._run(None)
        self._after = world.content()
        self._again = self._run(None)
        self._after_again = world.content()
        self._known: dict[str, str] = {}

    def problems(self) -> list[str]:
        """Return all that was wrong in any round."""
        assert self._good.code == 0, self._good
        assert len(self._good.operations) > 5
        found = []
        for fault in faults(self._good.operations):
            self._world.set_back(self._kept)
            outcome = self._run(fault)
            now = self._world.content()
            found += [
                f"{fault} ({outcome.failed}): {what}\n  {outcome.err.strip()[-400:]}"
                for what in (*self._wrong(outcome, now), self._wrong_next(now))
                if what
            ]
        return found

    def _run(self, fault: Fault | None) -> Outcome:
        scene = self._scene
        return self._runs.run(self._world, scene.command, scene.folders.split(), fault)

    def _wrong(self, outcome: Outcome, now: Mapping[str, str]) -> Iterator[str]:
        """Yield what is wrong with a run that had a fault."""
        if outcome.code not in (0, 1):
            yield f"it ended with {outcome.code}"
        if "Traceback" in outcome.err:
            yield "a traceback"
        if outcome.code == 1 and not re.search(
            r"^(coach|[\w.]+(:\d+)?): ", outcome.err, re.MULTILINE
        ):
            yield "no sentence"
        changed = {
            path
            for path in {*now, *self._after}
            if now.get(path) != self._after.get(path) and not LITTER.search(path)
        }
        if outcome.code == 0 and changed and "coach: " not in outcome.err:
            yield f"nothing was told of {sorted(changed)}"
        for path in changed:
            if path.endswith("history.db"):
                if not now.get(path, "ok").startswith("ok"):
                    yield f"the history is damaged: {now[path]}"
            elif now.get(path) != self._before.get(path) and not path.endswith("manifest.jsonl"):
                # What could not be read is gone on without, and told.
                if outcome.code or not re.search(r"not used|cannot be read", outcome.err):
                    yield f"{path} is neither old nor new"

    def _wrong_next(self, now: Mapping[str, str]) -> str:
        """Return what is wrong with the run after one with a fault, which depends on its leavings."""
        state = json.dumps(now, sort_keys=True)
        if state not in self._known:
            self._known[state] = self._next(now)
        return self._known[state]

    def _next(self, now: Mapping[str, str]) -> str:
        old = time.time() - 7200
        for path in now:
            if path.endswith((".part", ".tmp")):
                os.utime(self._world.root / path, (old, old))
        outcome = self._run(None)
        after = self._world.content()
        for expected, as_before in ((self._good, self._after), (self._again, self._after_again)):
            wrong = {
                path: after.get(path)
                for path in {*after, *as_before}
                if after.get(path) != as_before.get(path)
                # Those are the system's to tidy, and these are once a day.
                and not (path.startswith("tmp/") or re.search("^cache/.*tmp$", path))
                and not (path.endswith("history.db") and is_sound(after[path]))
            }
            if outcome.code == expected.code and not wrong:
                return ""
        return f"the next run ends with {outcome.code}: {outcome.err.strip()} {wrong}"


def is_sound(history: str) -> bool:
    """Whether a history is whole, all its sessions are closed, and the last one was finished."""
    rows = re.findall(r"\((\d+), (\d), (\d), (\w+)\)", history)
    return history.startswith("ok") and all(row[2] == "1" for row in rows) and rows[-1][1] == "1"


def faults(operations: Sequence[str]) -> Sequence[Fault]:
    """Return what is to fail: of each kind of operation the first, the second and the last."""
    kinds: dict[str, list[int]] = {}
    for number, operation in enumerate(operations, 1):
        kinds.setdefault(re.sub(r"[0-9a-f]{64}\S*|\d+", "…", operation), []).append(number)
    found = []
    for turn, (kind, numbers) in enumerate(kinds.items()):
        if ALL:
            every = itertools.product(numbers, ERRORS, (ONCE, LASTING))
            found += [Fault(*one) for one in every]
        else:
            for number in sorted({*numbers[:2], numbers[-1]}):
                error, mode = ERRORS[(turn + number) % 4], (ONCE, LASTING)[number % 2]
                found.append(Fault(number, error, mode))
        if kind.startswith(("write", "pwrite")):
            step = 1 if ALL else 7
            found += [Fault(number, errno.EIO, SHORT) for number in numbers[::step]]
    rounds = range(0 if ALL else min(ROUNDS, len(found)))
    return found if ALL else [found[n * len(found) // len(rounds)] for n in rounds]
