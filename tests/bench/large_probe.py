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
HOURLY = """\
  - name: Part {number}
    reps: 75
    phases: [{{cue: In, move: 2s, hold: 40s}}, {{cue: Out, move: 2s}}]
"""
"""About an hour: what is heard here is mostly holds."""
BUFFER_S = 0.2
"""How much a device takes at once, which is also how often it is looked around in a day."""
HANDS = (
    (0.50, Command.PAUSE),
    (0.51, Command.RESUME),
    (1.20, Command.LONGER),
    (1.71, Command.SHORTER),
    (3.10, Command.NEXT),
    (4.30, Command.REPEAT),
    (5.00, Command.LONGER),
    (6.40, Command.BACK),
    (7.15, Command.TOGGLE),
    (7.65, Command.TOGGLE),
    (8.20, Command.MORE),
    (9.90, Command.NEXT),
    (10.60, Command.PAUSE),
    (11.10, Command.RESUME),
    (12.30, Command.FASTER),
    (13.45, Command.REPEAT),
    (14.10, Command.FEWER),
    (15.25, Command.BACK),
    (16.05, Command.PAUSE),
    (16.06, Command.RESUME),
    (16.80, Command.LOUDER),
    (17.30, Command.PREVIOUS_EXERCISE),
    (17.90, Command.REPEAT),
    (18.00, Command.SLOWER),
)
"""What somebody does in a day, and in which hour of it; the last hours are left alone."""
HOLDS_S = (40, 45)
"""As planned, and after `LONGER`. `SHORTER` comes early in a hold: one that has lasted longer than
the new time ends at once."""


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
    latency = 0.0
    underruns = 0

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._last = 0
        self.frames = 0
        self.starts: list[int] = []
        self.holds: Counter[int] = Counter()

    def start(self, source: Source, rate: int) -> Listener:
        def take(now: float) -> None:
            self.write(source.read(round(now * rate) - self.frames))

        self._detach = self._clock.attach(take)
        return self

    def problem(self) -> str | None:
        return None

    def close(self) -> None:
        self._detach()

    def write(self, block: NDArray[np.int16]) -> None:
        before = np.concatenate([[self._last], block[:-1]])
        begins = (block != before) & ((block == START) | (block == END))
        for at in np.flatnonzero(begins).tolist():
            if block[at] == START:
                self.starts.append(self.frames + at)
            elif self.starts:
                self.holds[self.frames + at - self.starts[-1]] += 1
        self._last = int(block[-1])
        self.frames += len(block)


class Paced(Listener):
    """The same at the pace of an output of the coach."""

    def start(self, source: Source, rate: int) -> Any:
        return PacedPlayback(self._clock, source, rate, self.write, lambda: None)


class Hands(VirtualClock):
    """A clock on which somebody does something now and then."""

    STEP_S = BUFFER_S

    def __init__(self) -> None:
        super().__init__()
        self.coming: list[tuple[float, Callable[[], None]]] = []

    def wait(self, arrivals: Any, seconds: float) -> Any:
        while self.coming and self.now() >= self.coming[-1][0]:
            self.coming.pop()[1]()
        return super().wait(arrivals, seconds)


def day_of(hours: int) -> Routine:
    """Return a routine that takes a little less than so many hours."""
    parts = "".join(HOURLY.format(number=number) for number in range(1, hours + 1))
    return routine_of(f"title: Day\nlanguage: en\nrest: 30s\nexercises:\n{parts}")


def day(hours: int, *, hands: bool) -> dict[str, float]:
    """Play for so many virtual hours; with hands, all of `HANDS` is done meanwhile."""
    clock = Hands()
    listener = Listener(clock)
    plannings: list[float] = []
    live = LiveSession(
        day_of(hours),
        Settings(),
        Room(),
        Loudspeaker(listener, RATE),
        clock,
        spawn=lambda job: plannings.append(timed(job)),
    )
    planning = timed(lambda: live.begin(lambda _done, _total: None))
    first = peak_mb()
    if hands:
        clock.coming = [(3600 * at, lambda what=what: live.obey(what)) for at, what in HANDS[::-1]]  # type: ignore[misc]
    peaks: list[float] = []

    def see(_: object) -> None:
        if clock.now() >= 3600 * (len(peaks) + 1):
            peaks.append(peak_mb())

    live.run(see)
    live.close()
    planned = [clip.start for clip in live.timeline.clips if clip.label == "start"]
    left_alone = RATE * (3600 * HANDS[-1][0] + 2 * max(HOLDS_S)) if hands else 0
    late = [start for start in listener.starts if start >= left_alone]
    off = [heard - start for heard, start in zip(late[::-1], planned[::-1], strict=False)]
    wrong = sum(
        count
        for length, count in listener.holds.items()
        if length not in [RATE * hold for hold in HOLDS_S]
    )
    # What was planned beforehand and in the first hours has taken its memory by then.
    since = peaks[len(peaks) // 4 :]
    return {
        "hours": listener.frames / RATE / 3600,
        "planning": planning,
        "changes": len(plannings) - 1,
        "change": sum(plannings[1:]) / max(1, len(plannings) - 1),
        "longest_change": max(plannings[1:], default=0.0),
        "first_mb": first,
        "mb": peaks[-1],
        "mb_per_hour": (since[-1] - since[0]) / max(1, len(since) - 1),
        "holds": sum(listener.holds.values()),
        "longer_holds": listener.holds[RATE * HOLDS_S[1]],
        "wrong_holds": wrong,
        "compared": len(off),
        "drift": max(off) - min(off) if hands else max(map(abs, off)),
    }


def hour() -> dict[str, float]:
    """Play for an hour as a coach does that is not hurried: its own blocks, its own ticks."""
    clock = VirtualClock()
    listener = Paced(clock)
    live = LiveSession(
        day_of(1),
        Settings(),
        Room(),
        Loudspeaker(listener, RATE),
        clock,
        spawn=lambda job: job(),
    )
    live.begin(lambda _done, _total: None)
    used = timed(lambda: live.run(lambda _: None))
    live.close()
    return {"cpu_per_hour": used / (listener.frames / RATE / 3600)}


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
        "hour": lambda _: hour(),
        "texts": texts,
        "store": store,
        "history": history,
    }
    print(json.dumps(measures[what](number)))


if __name__ == "__main__":
    main()
