"""Every sentence that refuses a setting, with its advice, as it was read and found good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from coach.errors import CoachError
from coach.settings import Settings
from coach.settings.adjust import adjust
from coach.settings.assign import reset
from coach.settings.fit import fit
from coach.settings.foresee import parse_when
from coach.settings.layers import saved_layer
from coach.settings.saved import Saved, SavedValue
from coach.settings.text import (
    SAVED_KEYS,
    parse_assignment,
    parse_manner,
    parse_names,
    parse_option,
    parse_speed,
    parse_volume,
)
from tests.conftest import routine_of
from tests.settings.test_adjust import WAITING
from tests.settings.test_assign import given_saved
from tests.settings.test_layers import NOW, saved
from tests.test_plan import check_golden

ROUTINE = routine_of("""
title: T
exercises:
  - {name: Cat, reps: 5-10, phases: [{cue: Up, move: 1, hold: 5-8s}, {cue: Down, hold: 5s}]}
  - {name: Plank, hold: 20-40s, sides: [left, right]}
  - {rounds: 1-3, name: Ring, exercises: [{name: Jacks, work: 30s}]}
  - {name: Pull, reps: 5}
""")
PLAIN = routine_of("title: T\nexercises: [{name: A, reps: 5}]\n")
SPECIAL = saved(hold__reps="7", hold__hold="9", cat__hold="6", speed="1")


def adjusted(key: Any, text: str, routine: Any = ROUTINE, **settings: Any) -> Callable[[], object]:
    return lambda: adjust(routine, Settings((parse_option(key, text),), **settings))


def assigned(*texts: str, before: Saved | None = None) -> Callable[[], object]:
    return lambda: given_saved(before or saved(plank__hold="30"), *texts, routine=ROUTINE)


def taken_back(target: str, before: Saved = SPECIAL) -> Callable[[], object]:
    return lambda: reset(before, [target])


REFUSED: dict[str, Callable[[], object]] = {
    **{
        f"--{key} {text}": adjusted(key, text)
        for key, text in (
            *(("reps", "11"), ("reps", "ring=2"), ("rounds", "cat=2"), ("rounds", "4")),
            *(("hold", "cat=9"), ("hold", "cat.up=9"), ("hold", "up=8"), ("hold", "cat.upp=8")),
            *(("hold", "pull.up=8"), ("hold", "pull=8"), ("hold", "abc"), ("reps", "x=y=5")),
            *(("reps", "a.b=5"), ("hold", "a.=4"), ("reps", "=4"), ("work", "cat.up=4")),
            *(
                ("pace", "cat=4"),
                ("sides", "top,bottom"),
                ("sides", "plank=top"),
                ("sides", "cat=left"),
            ),
            *(("sides", "plank=,"), ("settle", "cat=soon")),
        )
    },
    "--work 5 without work": adjusted("work", "5", PLAIN),
    "--settle +1, all waiting": lambda: adjust(
        WAITING, Settings((parse_option("settle", "ready"), parse_option("settle", "+1")))
    ),
    "--settle a=+1, a waiting": adjusted("settle", "a=+1", WAITING),
    "--hold 24h": adjusted("hold", "plank=24h", beyond_range=True),
    "--only nobody": lambda: adjust(ROUTINE, Settings(only=("nobody",))),
    "--only plnk without circuits": lambda: adjust(PLAIN, Settings(only=("plnk",))),
    "--skip all": lambda: adjust(ROUTINE, Settings(skip=("cat", "plank", "ring", "pull"))),
    "--skip ,": lambda: parse_names("--skip", [","]),
    "--speed fast": lambda: parse_speed("fast"),
    "--speed cat=0.8": lambda: parse_speed("cat=0.8"),
    "--cue-volume 10": lambda: parse_volume("10", "--cue-volume"),
    "fit 1:00": lambda: fit(ROUTINE, Settings(), Fraction(60), lambda _: Fraction(61)),
    **{
        f"adjust {' '.join(texts)}": assigned(*texts)
        for texts in (
            *(("reps",), ("hodl=8",), ("a.b.c.reps= 8",), (" .reps=8",), ("cat.up.reps=8",)),
            *(("up.hold=8",), ("cat.upp.hold=8",), ("reps= 1.5 ",), ("reps=11",), ("reps=+6",)),
            *(("cat.hold=9",), ("cat.reps=-9",), ("cat.reps=7", "cat.reps=8")),
            *(("cat.speed=1",), ("cat.voice=x",), ("speed=fast",), ("speed=+2",), ("speed=",)),
            *(("detail=loud",), ("count=bepe",), ("style=",), ("voice=",), ("voice=a\tb",)),
            *(("cue-volume=10",), ("speech_volume=x",), ("skip=nobody",), ("skip=,",)),
            *(("skip=cat,plank,ring,pull",), ("progress=soon",), ("cat.progress=soon",)),
            *(("nobody.progress=none",), ("progress=restart",), ("plank.hold=+40m",)),
        )
    },
    "reset plonk": taken_back("plonk", saved(plank__hold="30", speed="1")),
    "reset reps, nothing saved": taken_back("reps", Saved()),
    "reset hold, an exercise and a key": taken_back("hold"),
    "reset up": taken_back("up", saved(cat__up__hold="6")),
    "saved =8": lambda: parse_assignment(" =8", SAVED_KEYS),
    "saved detail": lambda: parse_manner("detail", ("full", "brief")),
    **{
        f"--at {text}": lambda text=text: parse_when(text, NOW)  # type: ignore[misc]
        for text in ("", " Soon", "2026-03-01", "2040-01-01", "in 9999 months", "2001 sessions")
    },
}
NOT_USED = {
    "hodl": "8", "cat.hold": "9", "reps": "+1", "cat.speed": "1", "speed": "fast",
    "skip": "nobody", "gone.reps": "7", "cat.progress": "soon", "plank.progress": "none",
    "gone.progress": "none", "voice": "ok", "cue-volume": "3", "pull.up.hold": "5",
}  # fmt: skip


def told(refused: Callable[[], object]) -> Iterator[str]:
    with pytest.raises(CoachError) as caught:
        refused()
    yield f"  {caught.value.message}"
    if caught.value.hint:
        yield f"    {caught.value.hint}"


def test_every_refusal_says_what_was_expected_and_what_to_do() -> None:
    lines = [line for name, case in REFUSED.items() for line in (name.strip(), *told(case))]
    check_golden("refused-settings.txt", "\n".join(lines) + "\n")


def test_every_saved_value_that_does_not_fit_says_why() -> None:
    values = {name: SavedValue(text, NOW) for name, text in NOT_USED.items()}
    problems = saved_layer(ROUTINE, Saved(values)).problems
    lines = [f"{name}={NOT_USED[name]}\n  {error.message}" for name, error in problems.items()]
    check_golden("unused-settings.txt", "\n".join(lines) + "\n")
    assert set(values) - set(problems) == {"plank.progress", "voice", "cue-volume"}
