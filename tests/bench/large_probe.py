"""What one process measures for `large.py`, printed as JSON: `large_probe.py WHAT NUMBER`.

Seconds are those of the processor. Speech is of a voice without an engine, whose clips are as long
as their texts, so that what is measured is the coach.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coach.clock import VirtualClock
from coach.controls import Command
from coach.live import LiveSession
from coach.outputs import Source
from coach.outputs.loudspeaker import Loudspeaker
from coach.outputs.paced import PacedPlayback
from coach.routine import Routine, routine_from
from coach.script import parse_script
from coach.session import GradualVoice, Session, build, prepared
from coach.settings import Manner, Settings
from coach.steps import CueName
from tests.bench.large import script
from tests.conftest import FakeVoice, fake_cues

RATE = 2000
"""Hz; enough for whatever is counted in frames here."""
START, END = 10_001, 10_004
"""The values of the start and the end tone of `fake_cues`."""
HOLD_S = 40
HOURLY = """\
  - name: Part {number}
    reps: 75
    phases: [{{cue: In, move: 2s, hold: 40s}}, {{cue: Out, move: 2s}}]
"""
"""About an hour: what is heard here is mostly holds."""
HANDS = (
    (300, Command.PAUSE),
    (330, Command.RESUME),
    (600, Command.BACK),
    (900, Command.NEXT),
    (1200, Command.LONGER),
    (1500, Command.SHORTER),
    (1800, Command.REPEAT),
    (2100, Command.MORE),
    (2400, Command.FEWER),
    (2700, Command.TOGGLE),
    (2709, Command.TOGGLE),
    (3000, Command.LOUDER),
    (3300, Command.SOFTER),
)
"""What somebody does in every hour, and in which second of it."""


def peak_mb() -> float:
    """Return the most memory that this process has taken so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1e6 if sys.platform == "darwin" else 1e3
    )


def timed(action: Callable[[], Any]) -> float:
    """Return the seconds of processor that something takes."""
    before = time.process_time()
    action()
    return time.process_time() - before


def routine_of(text: str) -> Routine:
    return routine_from(parse_script(text, "large.yaml"), Path("large.yaml"))


# -- a day of playing ----------------------------------------------------------------------------


class Room:
    """A studio without an engine."""

    rate = RATE

    def voice_for(self, decided: Manner) -> GradualVoice:
        return FakeVoice(Fraction(1, 16) / decided.speed, rate=RATE)

    def cues(self, louder: int) -> Mapping[CueName, NDArray[np.int16]]:
        del louder
        return fake_cues(RATE)


class Listener:
    """An output that listens for tones and forgets everything else."""

    name = "listener"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._last = 0
        self.frames = 0
        self.starts: list[int] = []
        self.holds: Counter[int] = Counter()

    def start(self, source: Source, rate: int) -> PacedPlayback:
        return PacedPlayback(self._clock, source, rate, self._write, lambda: None)

    def _write(self, block: NDArray[np.int16]) -> None:
        before = np.concatenate([[self._last], block[:-1]])
        begins = (block != before) & ((block == START) | (block == END))
        for at in np.flatnonzero(begins).tolist():
            if block[at] == START:
                self.starts.append(self.frames + at)
            elif self.starts:
                self.holds[self.frames + at - self.starts[-1]] += 1
        self._last = int(block[-1])
        self.frames += len(block)


class Hands(VirtualClock):
    """A clock on which somebody does the same in each hour."""

    def __init__(self) -> None:
        super().__init__()
        self.coming: list[tuple[int, Callable[[], None]]] = []

    def wait(self, arrivals: Any, seconds: float) -> Any:
        while self.coming and self.now() >= self.coming[-1][0]:
            self.coming.pop()[1]()
        return super().wait(arrivals, seconds)


def day(hours: int, *, hands: bool) -> dict[str, float]:
    """Play for so many virtual hours; with hands, that many times all of `HANDS`."""
    parts = "".join(HOURLY.format(number=number) for number in range(1, hours + 1))
    text = f"title: Day\nlanguage: en\nrest: 30s\nexercises:\n{parts}"
    routine = routine_of(text)
    clock = Hands()
    listener = Listener(clock)
    live = LiveSession(
        routine,
        Settings(),
        Room(),
        Loudspeaker(listener, RATE),
        clock,
        spawn=lambda job: job(),
    )
    live.begin(lambda _done, _total: None)
    planned = live.length
    timeline = build(prepared(routine, Settings()), FakeVoice(rate=RATE), fake_cues(RATE), RATE)
    if hands:
        doings = [(3600 * hour + at, what) for hour in range(hours) for at, what in HANDS]
        clock.coming = [(at, lambda what=what: live.obey(what)) for at, what in doings[::-1]]  # type: ignore[misc]
    peaks: list[float] = []

    def see(_: object) -> None:
        if clock.now() >= 3600 * (len(peaks) + 1):
            peaks.append(peak_mb())

    used = timed(lambda: live.run(see))
    live.close()
    lasted = listener.frames / RATE / 3600
    starts = [clip.start for clip in timeline.timeline.clips if clip.label == "start"]
    wrong = sum(
        count for length, count in listener.holds.items() if length % RATE or length < HOLD_S * RATE
    )
    return {
        "hours": lasted,
        "planned_hours": float(planned) / 3600,
        "cpu_per_hour": used / lasted,
        "mb": peaks[-1] if peaks else peak_mb(),
        "mb_per_hour": (peaks[-1] - peaks[0]) / max(1, len(peaks) - 1) if peaks else 0.0,
        "holds": sum(listener.holds.values()),
        "wrong_holds": wrong,
        "drift": 0.0
        if hands
        else max(abs(a - b) for a, b in zip(listener.starts, starts, strict=True)),
    }


# -- many of everything --------------------------------------------------------------------------


def texts(count: int) -> dict[str, float]:
    """Measure what is made of a session of so many exercises."""
    from coach.phrases import load_phrasebook
    from coach.render.captions import lrc_of, subrip_of, transcript_of, webvtt_of
    from coach.render.cue_sheet import cue_sheet
    from coach.render.details import details_of
    from coach.render.page import page
    from coach.render.page_words import load_words

    load_words("en"), load_phrasebook("en")
    made: list[Session] = []
    routine = routine_of(script(count))
    voice = FakeVoice(Fraction(1, 1000), Fraction(1, 100), RATE)
    found = {
        "session": timed(
            lambda: made.append(
                build(prepared(routine, Settings(detail="brief")), voice, fake_cues(RATE), RATE)
            )
        )
    }
    (session,) = made
    details = details_of(session, date(2024, 5, 15))
    for name, write in (
        ("captions", lambda: [of(details) for of in (lrc_of, subrip_of, webvtt_of)]),
        ("transcript", lambda: transcript_of(details)),
        ("cue sheet", lambda: json.dumps(cue_sheet(session))),
        ("page", lambda: "".join(page(session, io.BytesIO(b""), "audio/mpeg"))),
    ):
        found[name] = timed(write)
    return found | {"mb": peak_mb()}


def store(count: int) -> dict[str, float]:
    """Measure a store of so many clips, in the folder where this runs."""
    from coach.speech.store import ClipStore, clip_key
    from coach.speech.upkeep import is_due

    clips = ClipStore(Path(f"clips-{count}"))
    size = 344
    for n in range(count):
        key = clip_key("engine", "en", str(n), 1)
        shelf = clips.folder / key[:2]
        shelf.mkdir(parents=True, exist_ok=True)
        (shelf / f"{key}.wav").write_bytes(bytes(size))
    before = peak_mb()
    look = timed(clips.tidy)
    grown = peak_mb() - before
    return {
        "empty": timed(clips.is_empty),
        "due": timed(lambda: is_due(clips.folder, 1, clips.largest, time.time())),
        "look": look,
        "mb": grown,
        "half": timed(lambda: clips.tidy(largest=count * size // 2)),
    }


def history(count: int) -> dict[str, float]:
    """Measure a history of so many sessions of one routine, one a day."""
    from coach.history import History
    from coach.history.database import writing

    path = Path(f"history-{count}.db").absolute()
    names = (
        *("uid", "started", "utc_offset", "routine", "title", "script", "settings", "planned"),
        *("length", "done", "seconds", "finished", "closed"),
    )
    slots = ", ".join("?" * len(names))
    now = datetime.now(UTC)
    with writing(path) as connection:
        for n in range(count):
            started = (now - timedelta(days=count - n)).isoformat(timespec="microseconds")
            row = (f"{n:x}", started, 0, "r", "R", "r", '{"speed": "1"}', 40, 600, 40, 610, 1, 1)
            connection.execute(f"INSERT INTO session ({', '.join(names)}) VALUES ({slots})", row)  # noqa: S608
    sessions = History(path)
    return {
        "newest": timed(lambda: sessions.sessions("r", 1)),
        "unfinished": timed(lambda: sessions.unfinished("r")),
        "weeks": timed(lambda: sessions.sessions("r", since=now - timedelta(weeks=10))),
        "past": timed(lambda: sessions.past("r")),
        "all": timed(sessions.sessions),
        "mb": peak_mb(),
    }


def main() -> None:
    what, number = sys.argv[1], int(sys.argv[2])
    measures: dict[str, Callable[[int], dict[str, float]]] = {
        "day": lambda hours: day(hours, hands=False),
        "handled-day": lambda hours: day(hours, hands=True),
        "texts": texts,
        "store": store,
        "history": history,
    }
    print(json.dumps(measures[what](number)))


if __name__ == "__main__":
    main()
