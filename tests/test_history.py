"""The history of sessions: nothing is lost, nothing stops a session, and how it is shown."""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from coach.characters import shown as shown_text
from coach.cli import coach, run
from coach.cli.history import csv_text
from coach.cli.history_chart import BLOCKS, WEEKS, chart
from coach.errors import CoachError, HistoryError
from coach.history import Entry, History, Hurt, Recording, database, default_path, entry
from coach.history.database import SCHEMA_VERSION, move_aside
from coach.locks import Lock
from coach.settings import DoseKey, Override, Settings
from coach.steps import Where
from coach.units import Count, Detail, Style
from tests.forked import Coach, Ran, common_server
from tests.waiting import until

NOON = datetime(2024, 5, 15, 12, tzinfo=timezone(timedelta(hours=2)))
"""A Wednesday."""


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


def begin(history: History, **changes: Any) -> Recording:
    values: dict[str, Any] = {
        "routine": "si-joint-relief",
        "title": "SI joint relief",
        "script": "si-joint-relief",
        "settings": Settings(),
        "planned": 25,
        "length": 812.5,
        **changes,
    }
    return history.begin(**values)


def record(history: History, done: int = 0, *, finished: bool = True, **changes: Any) -> Entry:
    """Record a whole session and return it as it is read."""
    recording = begin(history, **changes)
    for rep in range(1, done + 1):
        recording.done(Where("squeeze", set=1, rep=rep))
        recording.at(Where("squeeze", set=1, rep=rep + 1), 10 * rep)
    recording.finish(finished=finished)
    assert recording.problem is None
    return history.sessions(limit=1)[0]


def sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


# -- what is recorded is what is read ------------------------------------------------------------

TEXTS = st.text(st.characters(), max_size=20)  # lone surrogates included
OPTIONAL = st.none() | TEXTS
FRACTIONS = st.fractions(min_value=Fraction(1, 1000), max_value=10_000)
WHERES = st.builds(
    Where,
    exercise=OPTIONAL,
    phase=OPTIONAL,
    set=st.integers(0, 100),
    side=OPTIONAL,
    rep=st.integers(0, 1000),
    rounds=st.lists(st.integers(1, 1000), max_size=2).map(tuple),
)
OVERRIDES = st.builds(
    Override,
    key=st.sampled_from(get_args(DoseKey)),
    value=st.integers(0, 1000) | FRACTIONS | st.just("ready") | st.lists(TEXTS).map(tuple),
    owner=OPTIONAL,
    phase=OPTIONAL,
    is_beyond=st.booleans(),
)
VOLUMES = st.fractions(-24, 9)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "overrides": st.lists(OVERRIDES, max_size=3).map(tuple),
    "only": st.lists(TEXTS, max_size=3).map(tuple),
    "skip": st.lists(TEXTS, max_size=3).map(tuple),
    "beyond_range": st.booleans(),
    "detail": st.none() | st.sampled_from(get_args(Detail)),
    "count": st.none() | st.sampled_from(get_args(Count)),
    "speed": st.none() | FRACTIONS,
    "language": OPTIONAL,
    "voice": OPTIONAL,
    "engine": OPTIONAL,
    "cues": OPTIONAL,
    "cue_volume": st.none() | VOLUMES,
    "speech_volume": st.none() | VOLUMES,
    "style": st.none() | st.sampled_from(get_args(Style)),
}
SETTINGS = st.builds(Settings, **FIELDS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def exact(value: Any) -> str:
    """Return a text that tells 5 from Fraction(5) and True, which are equal."""
    return repr(value)


def test_every_setting_is_recorded() -> None:
    names = {field.name for field in structs.fields(Settings)}
    assert set(FIELDS) == set(entry._SETTINGS) == names
    fields = {field.name for field in structs.fields(Override)}
    # Where a value came from is not kept; the owner is called as it was before circuits had one.
    assert {*entry._OVERRIDE, "beyond"} == {
        {"owner": "exercise", "is_beyond": "beyond"}.get(name, name) for name in fields - {"origin"}
    }
    assert set(entry._WHERE) == {field.name for field in structs.fields(Where)}


@given(SETTINGS)
def test_settings_are_read_back_exactly(settings: Settings) -> None:
    text = entry.settings_to_json(settings)
    assert exact(entry.settings_from_json(text)) == exact(settings)
    assert text.isascii()


@given(WHERES)
def test_places_are_read_back_exactly(where: Where) -> None:
    assert exact(entry.where_from_json(entry.where_to_json(where))) == exact(where)


@given(SETTINGS, st.dictionaries(st.text().filter(lambda name: name not in FIELDS), JSON))
def test_what_only_a_newer_coach_knows_is_left_out(settings: Settings, more: Any) -> None:
    document = entry.settings_document(settings) | more
    document["overrides"] = [
        *({**override, "unit": "s"} for override in document.get("overrides", [])),
        {"key": "tempo", "value": 3, "exercise": None, "phase": None},
    ]
    assert exact(entry.settings_from_json(json.dumps(document))) == exact(settings)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), JSON))
def test_values_that_are_none_of_ours_are_left_out(document: Any) -> None:
    settings = entry.settings_from_json(json.dumps(document))
    assert entry.settings_from_json(entry.settings_to_json(settings)) == settings


def test_half_an_override_changes_nothing() -> None:
    texts = [
        '{"overrides": [{"key": "hold", "value": "1/0", "exercise": null, "phase": null}]}',
        '{"overrides": [{"key": "hold", "value": 3, "exercise": 7, "phase": null}]}',
        '{"overrides": [{"key": "hold", "value": 3}]}',
    ]
    assert [entry.settings_from_json(text) for text in texts] == [Settings()] * 3


@given(WHERES.filter(lambda where: where.exercise is not None), SETTINGS, SETTINGS, st.data())
def test_a_session_is_read_back_as_it_was_recorded(
    tmp_path_factory: pytest.TempPathFactory,
    where: Where,
    before: Settings,
    after: Settings,
    data: st.DataObject,
) -> None:
    offset = timezone(timedelta(minutes=data.draw(st.integers(-14 * 60, 14 * 60))))
    started = data.draw(
        st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(offset))  # noqa: DTZ001
    )
    title = data.draw(st.text(st.characters(exclude_categories=["Cs"])))
    pains = data.draw(st.tuples(*[st.none() | st.integers(0, 10)] * 2))
    clock = Clock()
    history = History(tmp_path_factory.mktemp("history") / "history.db", clock=clock)
    recording = begin(
        history, title=title, settings=before, length=Fraction(1, 4), pain=pains[0], started=started
    )
    recording.at(where, 12.5)
    clock.now += 60
    recording.change(after, 30)
    clock.now += 1000
    recording.finish(finished=False, seconds=61.5, pain=pains[1])
    assert recording.problem is None
    (found,) = history.sessions()
    assert found == Entry(
        id=found.id,
        started=started,
        routine="si-joint-relief",
        title=title,
        script="si-joint-relief",
        settings=after,
        planned=30,
        done=0,
        length=0.25,
        seconds=61.5,
        finished=False,
        running=False,
        where=where,
        pain_before=pains[0],
        pain_after=pains[1],
    )
    assert found.id == recording.id
    assert found.started.utcoffset() == started.utcoffset()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, "up"]), st.integers(1, 3))))
def test_each_repetition_counts_once(
    tmp_path_factory: pytest.TempPathFactory, done: list[tuple[str, str | None, int]]
) -> None:
    history = History(tmp_path_factory.mktemp("history") / "history.db")
    recording = begin(history)
    for exercise, phase, rep in done:
        recording.done(Where(exercise, phase, 1, None, rep))
    recording.finish(finished=True)
    (found,) = history.sessions()
    assert found.done == len({(exercise, rep) for exercise, _, rep in done})
    assert found.where is None


def test_sides_sets_and_rounds_are_repetitions_of_their_own(path: Path) -> None:
    recording = begin(History(path))
    places = [
        Where("a", set=1, rep=1),
        Where("a", set=2, rep=1),
        Where("a", set=1, side="left", rep=1),
        Where("a", set=1, rep=1, rounds=(2,)),
    ]
    for where in places * 2:
        recording.done(where)
    recording.finish(finished=True)
    assert History(path).sessions()[0].done == 4


def test_the_time_of_a_session_without_an_end_is_that_of_the_last_news(path: Path) -> None:
    clock = Clock()
    history = History(path, clock=clock)
    recording = begin(history)
    clock.now += 30
    recording.done(Where("a", rep=1))
    clock.now += 500
    assert recording.flush()
    (found,) = history.sessions()
    assert (found.seconds, found.running, found.done) == (30, True, 1)
    recording.at(Where("a", rep=2), 31)
    clock.now += 4
    recording.done(Where("a", rep=2))
    assert recording.flush()
    assert history.sessions()[0].seconds == 35, "a pause before what is told does not count"
    clock.now += 5
    recording.finish(finished=False)
    assert history.sessions()[0].seconds == 40


def test_after_the_end_nothing_changes(path: Path) -> None:
    recording = begin(History(path))
    recording.finish(finished=True, seconds=10)
    recording.done(Where("a", rep=1))
    recording.at(Where("a", rep=2), 3)
    recording.finish(finished=False, seconds=20, pain=5)
    (found,) = History(path).sessions()
    assert (found.done, found.where, found.finished, found.seconds) == (0, None, True, 10)


def test_a_time_without_a_zone_is_local(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    import time

    time.tzset()
    try:
        found = record(History(path), started=datetime(2024, 5, 15, 12))  # noqa: DTZ001
        now = record(History(path))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found.started == datetime(2024, 5, 15, 6, 15, tzinfo=UTC)
    assert f"{found.started:%H:%M %z}" == "12:00 +0545"
    assert now.started.utcoffset() == found.started.utcoffset()
    assert abs(now.started - datetime.now(UTC)) < timedelta(days=1)


def test_a_clock_that_is_set_back_changes_no_order(path: Path) -> None:
    history = History(path)
    first = record(history, 2, started=NOON)
    second = record(history, 3, finished=False, started=NOON - timedelta(days=400))
    assert [found.id for found in history.sessions()] == [second.id, first.id]
    assert history.unfinished() == second
    assert second.id > first.id
    assert second.seconds >= 0


def test_a_script_is_found_by_its_path_or_its_id(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    history = History(path)
    odd = tmp_path / os.fsdecode(b"b\xff.yaml")
    a = record(history, routine="a", script=Path("a.yaml"))
    b = record(history, routine="b", script=odd, title=os.fsdecode(b"\xff"))
    assert a.script == str(tmp_path.resolve() / "a.yaml")
    assert history.sessions("a") == history.sessions(tmp_path / "a.yaml") == (a,)
    assert history.sessions("b") == history.sessions(Path(odd.name)) == (b,)
    assert history.sessions("c") == history.sessions(tmp_path / "c.yaml") == ()


def test_the_newest_sessions_and_those_since_a_time(path: Path) -> None:
    history = History(path)
    ids = [record(history, started=NOON + timedelta(days=day)).id for day in range(5)]
    assert [found.id for found in history.sessions()] == ids[::-1]
    assert [found.id for found in history.sessions(limit=2)] == ids[:2:-1]
    since = (NOON + timedelta(days=3)).astimezone(timezone(-timedelta(hours=7)))
    assert [found.id for found in history.sessions(since=since)] == ids[:2:-1]


# -- what was broken off -------------------------------------------------------------------------


def test_the_newest_session_can_be_gone_on_with_if_it_was_broken_off(path: Path) -> None:
    history = History(path)
    assert history.unfinished() is None
    broken = record(history, 3, finished=False, routine="a", script="a")
    assert broken.where == Where("squeeze", set=1, rep=4)
    assert history.unfinished() == history.unfinished("a") == broken
    record(history, 3, routine="b", script="b")
    assert history.unfinished() is None
    assert history.unfinished("a") == broken
    record(history, 25, routine="a", script="a")
    assert history.unfinished("a") is None


def test_one_that_was_killed_in_its_last_words_is_finished(history: History) -> None:
    recording = begin(history)
    recording.at(Where("a", rep=1), 1.0)
    recording.done(Where("a", rep=1))
    recording.at(Where(), 9.0)
    recording.flush()
    entry, *_ = history.sessions()
    assert (entry.finished, entry.where, entry.done) == (True, None, 1)
    recording.at(Where("a", rep=1), 10.0)  # gone back to
    recording.finish(finished=False)
    found = history.unfinished()
    assert found
    assert found.where == Where("a", rep=1)


def test_a_session_that_came_to_no_exercise_hides_none(path: Path) -> None:
    history = History(path)
    broken = record(history, 3, finished=False)
    recording = begin(history)
    recording.at(Where(), 1)
    recording.finish(finished=False)
    assert history.unfinished() == broken
    recording = begin(history)
    recording.at(Where("plank"), 1)
    recording.finish(finished=False)
    again = history.unfinished()
    assert again
    assert again.where == Where("plank")


def record_alone(path: str, reps: int, how: str, gate: str) -> None:
    """Record a session as soon as there is a line to read, and be nothing but that.

    One that does not finish stays in its last repetition until it is killed.
    """
    with Path(gate).open() as opened:
        opened.readline()
    recording = begin(History(Path(path)), planned=reps, length=1.0)
    for rep in range(1, reps + 1):
        recording.done(Where("squeeze", rep=rep))
        recording.at(Where("squeeze", rep=rep + 1), rep)
        if how != "finish":
            assert recording.flush(60), recording.problem
            os.write(1, f"{rep}\n".encode())
    if how == "finish":
        recording.finish(finished=True)
        os.write(1, f"{recording.problem}\n".encode())
    else:
        signal.pause()
    sys.exit(0)


def has_told(run: Coach, lines: int) -> bool:
    """Return whether a run has printed so many lines, or has ended."""
    return run.told.count("\n") >= lines or not run.runs(0)


class Recorder:
    """A process that records a session as soon as it is told to begin."""

    def __init__(self, path: Path, reps: int, *, finish: bool) -> None:
        gate = Path(tempfile.mkdtemp(dir=path.parents[1]), "gate")
        os.mkfifo(gate)
        # One that reads, too, has not to wait for the other end.
        self._gate = os.open(gate, os.O_RDWR)
        how = "finish" if finish else "go on"
        self.run = common_server().start(before=(record_alone, str(path), reps, how, str(gate)))

    def begin(self) -> None:
        os.write(self._gate, b"\n")

    def ran(self) -> Ran:
        """Return what came of it, once it has ended."""
        ran = self.run.ran()
        os.close(self._gate)
        return ran


def test_a_killed_session_loses_nothing_that_was_written(path: Path) -> None:
    history = History(path)
    chance = random.Random(7)
    for number in range(1, 26):
        least = chance.randrange(1, 12)
        # Who reads beside one that never stops writing, as no session does, may wait for long.
        is_read = number % 5 == 0
        recorder = Recorder(path, least if is_read else 100_000, finish=False)
        recorder.begin()
        until(functools.partial(has_told, recorder.run, least))
        for _ in range(chance.randrange(30_000)):  # a moment within the writing
            pass
        if is_read:
            assert history.sessions(limit=1)[0].running
            assert history.unfinished() is None, "it is still running"
        recorder.run.send(signal.SIGKILL)
        ran = recorder.ran()
        assert ran.code == -signal.SIGKILL, ran
        reported = int(ran.out.splitlines()[-1])
        found = history.unfinished()
        assert found
        assert not found.running
        assert len(history.sessions()) == number
        assert found.done - reported in (0, 1)
        assert found.where
        assert found.where.rep - found.done in (0, 1)
    record(history)
    left = sorted(file.name for file in path.parent.iterdir())
    assert left == ["history.db"], "what killed sessions left is removed"


def test_several_processes_at_once(path: Path) -> None:
    told = together([Recorder(path, 40, finish=True) for _ in range(4)])
    assert told == ["None"] * 4
    found = History(path).sessions()
    assert [(one.done, one.finished, one.running) for one in found] == [(40, True, False)] * 4


def together(recorders: list[Recorder]) -> list[str]:
    """Let them begin as one, and return what each printed."""
    for recorder in recorders:
        recorder.begin()
    ran = [recorder.ran() for recorder in recorders]
    assert [one.code for one in ran] == [0] * len(ran), ran
    return [one.out.decode().strip() for one in ran]


# -- when things go wrong ------------------------------------------------------------------------


def garbage(content: bytes) -> bytes:
    return b"This is no database. " * 1000 + content[:0]


def cut_off(content: bytes) -> bytes:
    return content[: len(content) // 2 - 100]


def overwritten(content: bytes) -> bytes:
    return content[:4096] + random.Random(1).randbytes(len(content) - 4096)


def damage(path: Path, how: Any) -> bytes:
    """Damage a history of some sessions and return the damaged file's content."""
    history = History(path)
    for _ in range(30):
        record(history, 3)
    content: bytes = how(path.read_bytes())
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("how", [garbage, cut_off, overwritten])
def test_a_damaged_history_is_moved_aside(path: Path, how: Any) -> None:
    content = damage(path, how)
    history = History(path)
    for reading in (history.sessions, history.unfinished, lambda: history.set_pain(3)):
        with pytest.raises(HistoryError, match=r"history\.db is damaged: ") as caught:
            reading()
        assert "moves it aside" in caught.value.hint
    assert path.read_bytes() == content
    recording = begin(history)
    recording.done(Where("a", rep=1))
    recording.finish(finished=True)
    aside = path.with_name(f"history.db.damaged-{datetime.now(UTC).astimezone():%Y-%m-%d}")
    assert recording.problem == (
        f"the history of sessions was damaged: it is now in {aside}, and a new one has begun"
    )
    assert aside.read_bytes() == content
    assert [found.done for found in history.sessions()] == [1]
    path.write_bytes(garbage(b""))
    begin(history).finish(finished=True)
    assert aside.with_name(f"{aside.name}-2").read_bytes() == garbage(b"")
    assert len(list(path.parent.iterdir())) == 3


def test_a_history_damaged_in_mid_session_loses_nothing_of_it(path: Path) -> None:
    history = History(path)
    record(history)
    recording = begin(history)
    recording.done(Where("a", rep=1))
    assert recording.flush()
    path.write_bytes(garbage(b""))
    recording.done(Where("a", rep=2))
    recording.finish(finished=True)
    assert recording.problem
    assert "a new one has begun" in recording.problem
    assert [found.done for found in history.sessions()] == [2]


def test_a_history_removed_in_mid_session_is_begun_anew(path: Path) -> None:
    history = History(path)
    recording = begin(history)
    recording.done(Where("a", rep=1))
    assert recording.flush()
    shutil.rmtree(path.parent)
    recording.done(Where("a", rep=2))
    recording.finish(finished=True)
    assert recording.problem is None
    assert [found.done for found in history.sessions()] == [2]


def test_of_several_that_find_the_damage_at_once_one_moves_it(path: Path) -> None:
    content = damage(path, garbage)
    told = together([Recorder(path, 20, finish=True) for _ in range(4)])
    assert sum("a new one has begun" in line for line in told) == 1
    assert sum(line == "None" for line in told) == 3
    assert [found.done for found in History(path).sessions()] == [20] * 4
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == content


def test_what_another_process_has_mended_is_left_alone(path: Path) -> None:
    kept = record(History(path), 3)
    assert move_aside(path) is None
    assert History(path).sessions() == (kept,)
    path.write_bytes(garbage(b""))
    other = Lock(path.with_name("history.db.mending"))
    assert other.acquire()
    with pytest.raises(HistoryError, match="another coach is moving it aside"):
        move_aside(path)
    stranger = Lock(path.with_name("history.db.mending"))
    assert not stranger.acquire()
    other.release()
    moved = move_aside(path)
    assert moved
    assert [file.name for file in path.parent.iterdir()] == [moved.name]


@pytest.mark.parametrize(
    "change",
    [
        *("settings = 'no JSON'", "started = 'yesterday'", "seconds = 9e999", "title = x'ff00'"),
        *("pain_after = 'bad'", "place = '[]'", "hurt = '{}'", "utc_offset = 1e9", "done = 'x'"),
    ],
)
def test_a_row_that_no_coach_wrote_is_left_out(path: Path, change: str) -> None:
    kept = record(History(path))
    record(History(path))
    sql(path, f"UPDATE session SET {change} WHERE id = 2")  # noqa: S608 - ours
    history = History(path)
    assert history.sessions() == (kept,)
    assert history.unreadable == {2}
    assert record(history).id == 3


def test_what_is_left_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    record(History())
    sql(default_path(), "UPDATE session SET started = 'yesterday'")
    for option in ((), ("--json",), ("--csv",)):
        assert run(["history", *option]) == 0
        assert "left out is a session that cannot be understood" in capsys.readouterr().err


def test_a_newer_history_is_left_alone(path: Path) -> None:
    record(History(path), 3)
    sql(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    content = path.read_bytes()
    history = History(path)
    for reading in (history.sessions, history.unfinished, lambda: history.set_pain(3)):
        with pytest.raises(HistoryError, match="is from a newer coach") as caught:
            reading()
        assert "Update the coach" in caught.value.hint
    recording = begin(history)
    recording.finish(finished=True)
    assert recording.problem
    assert "is from a newer coach" in recording.problem
    assert recording.id is None
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]


FIRST_SCHEMA = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, started TEXT NOT NULL,
    utc_offset INTEGER NOT NULL, routine TEXT NOT NULL, title TEXT NOT NULL, script TEXT NOT NULL,
    settings TEXT NOT NULL, planned INTEGER NOT NULL, length REAL NOT NULL, done INTEGER NOT NULL,
    seconds REAL NOT NULL, place TEXT, pain_before INTEGER, pain_after INTEGER,
    finished INTEGER NOT NULL, closed INTEGER NOT NULL
)
"""


def first_version(path: Path) -> None:
    """Make a history as the first version of the database had it, with one session."""
    sql(path, FIRST_SCHEMA)
    sql(path, "PRAGMA user_version = 1")
    sql(
        path,
        "INSERT INTO session VALUES (7, 'u', '2024-05-15T10:00:00.000000+00:00', 7200, 'r', 'R', "
        """'r', '{"speed": "4/5"}', 9, 60.0, 3, 30.0, NULL, 5, NULL, 1, 1)""",
    )


def test_an_older_history_is_read_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first_version(path)
    content = path.read_bytes()
    history = History(path)
    (entry,) = history.sessions("r")
    assert (entry.id, entry.done, entry.pain_before, entry.hurt) == (7, 3, 5, ())
    assert history.past("r").last == Settings(speed=Fraction(4, 5))
    assert history.unfinished() is None
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("how", ["record", "pain"])
def test_an_older_history_is_kept_when_something_is_written(path: Path, how: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first_version(path)
    history = History(path)
    before = history.sessions()
    if how == "record":
        recording = begin(history)
        recording.hurt(Where("squeeze", set=1, rep=2), 30.0)
        recording.finish(finished=True)
        assert recording.problem is None
        newest, *older = history.sessions()
        assert newest.id == 8
        assert newest.hurt == (Hurt(Where("squeeze", set=1, rep=2), 30.0),)
        assert tuple(older) == before
    else:
        assert history.set_pain(2) == structs.replace(before[0], pain_after=2)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(session)")]
    assert sorted(columns) == sorted(entry.COLUMNS)


@given(st.lists(st.builds(Hurt, WHERES, st.floats(0, 1e6)), max_size=5))
def test_moments_of_pain_are_read_as_they_were_written(hurt: list[Hurt]) -> None:
    assert entry.hurt_from_json(entry.hurt_to_json(hurt)) == tuple(hurt)


def test_what_hurt_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    history = History()
    recording = begin(history, started=NOON)
    recording.hurt(Where("squeeze", set=1, rep=2), 30.5)
    recording.hurt(Where("bridging", set=2, side="left", rep=1), 200.0)
    recording.finish(finished=False, seconds=210.0)
    lines = [" ".join(line.split()) for line in shown(capsys).splitlines()]
    told = "squeeze, repetition 2 (0:30); bridging, set 2, left, repetition 1 (3:20)"
    assert lines[0] == "Date Routine Reps Time Pain Hurt End"
    assert lines[2] == f"2024-05-15 12:00 SI joint relief 0/25 3:30 {told} stopped"
    (session,) = json.loads(shown(capsys, "--json"))["sessions"]
    assert [moment["at"] for moment in session["hurt"]] == [30.5, 200.0]
    assert session["hurt"][1]["where"]["exercise"] == "bridging"
    (row,) = csv.DictReader(io.StringIO(shown(capsys, "--csv")))
    assert row["hurt_at"] == told


def test_while_another_program_keeps_the_file_the_session_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.history.database.BUSY_S", 0.0)
    history = History(path)
    recording = begin(history)
    assert recording.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        recording.done(Where("a", rep=1))
        assert not recording.flush()
        assert recording.problem
        assert recording.problem.endswith("cannot be written: another program is using it")
        with pytest.raises(HistoryError, match="cannot be read: another program is using it"):
            history.sessions()
    recording.done(Where("a", rep=2))
    assert recording.flush()
    assert recording.problem is None, "the next write made it good"
    recording.finish(finished=True)
    assert history.sessions()[0].done == 2


SMALL_DISK = """
import subprocess, sys
from pathlib import Path
from coach.errors import HistoryError
from coach.history import History
from coach.settings import Settings
from coach.steps import Where

def begin():
    return History(path).begin(
        routine="r", title="R", script="r", settings=Settings(), planned=9, length=1.0
    )

def told(recording):
    recording.flush()
    print(recording.problem)

folder = Path(sys.argv[1])
path = folder / "history.db"
filler = folder / "filler"

def fill():
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(512)):
                pass
        except OSError:
            pass

fill()
recording = begin()
recording.done(Where("a", rep=1))
told(recording)
filler.unlink()
recording.done(Where("a", rep=2))
told(recording)
fill()
recording.done(Where("a", rep=3))
told(recording)
filler.unlink()
recording.finish(finished=False)
print(recording.problem)
subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
print(History(path).sessions()[0].done, History(path).unfinished() is not None)
recording = begin()
recording.finish(finished=True)
print(recording.problem)
try:
    History(path).set_pain(3)
except HistoryError as error:
    print(error.message)
print(sorted(file.name for file in folder.iterdir()))
"""


def test_a_full_disk_and_a_read_only_one(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    command = f'mount -t tmpfs -o size=256k none {folder} || exit 99; exec $0 -c "$1" {folder}'
    result = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command, sys.executable, SMALL_DISK],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    refused = f"the history of sessions in {folder}/history.db cannot be written"
    assert result.stdout.splitlines() == [
        f"{refused}: no space left on device",
        "None",
        f"{refused}: no space left on device",
        "None",
        "3 True",
        f"{refused}: it is read-only",
        f"{refused}: it is read-only",
        "['history.db']",
    ]
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("home", "reason"),
    [("/proc/nowhere", "no such file or directory"), ("relative", "there is no home folder")],
)
def test_without_a_home_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch, home: str, reason: str
) -> None:
    monkeypatch.setattr("coach.history.default_path", lambda: Path(home) / "history.db")
    history = History()
    recording = begin(history)
    recording.done(Where("a", rep=1))
    recording.finish(finished=True)
    assert recording.problem
    assert recording.problem.endswith(reason)
    assert history.sessions() == ()
    assert not Path("relative").exists()


def test_a_folder_in_its_place(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(HistoryError, match="cannot be read: is a directory"):
        History(path).sessions()
    recording = begin(History(path))
    recording.finish(finished=True)
    assert recording.problem
    assert recording.problem.endswith("cannot be written: is a directory")


def test_reading_makes_no_file(path: Path) -> None:
    history = History(path)
    assert history.sessions() == ()
    assert history.unfinished() is None
    with pytest.raises(HistoryError, match="there is no session"):
        history.set_pain(3)
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch()
    assert history.sessions() == ()
    assert path.stat().st_size == 0


def test_pain_after_is_noted_and_kept(path: Path) -> None:
    history = History(path)
    first = record(history, routine="a", script="a", pain=7)
    recording = begin(history)
    assert recording.flush()
    assert history.set_pain(4).id == recording.id
    assert history.set_pain(5, session=first.id) == structs.replace(first, pain_after=5)
    recording.finish(finished=True)
    assert [found.pain_after for found in history.sessions()] == [4, 5]
    assert history.set_pain(0, routine="a").pain_after == 0
    assert history.sessions("a")[0].pain_after == 0
    with pytest.raises(HistoryError, match="there is no session"):
        history.set_pain(3, session=99)
    for wrong in (-1, 11):
        with pytest.raises(ValueError, match="0 to 10"):
            history.set_pain(wrong)


def many(path: Path, count: int) -> History:
    """Return a history with so many sessions, a day apart."""
    history = History(path)
    record(history, 3, started=NOON)
    names = [name for name in entry.COLUMNS if name not in ("id", "uid", "started")]
    sql(
        path,
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}) "  # noqa: S608
        f"INSERT INTO session (uid, started, {', '.join(names)}) "
        f"SELECT 'x' || i, '2030-01-01T00:00:00.000000+00:00', {', '.join(names)} FROM session, n",
    )
    return history


def test_of_ten_thousand_sessions_only_those_asked_for_are_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = many(path, 10_000)
    found = history.sessions()
    assert len(found) == 10_000
    read = []

    def counted(*arguments: Any) -> Entry:
        read.append(arguments)
        return entry.entry_of(*arguments)

    monkeypatch.setattr("coach.history.entry_of", counted)
    assert history.sessions(limit=20) == found[:20]
    assert history.unfinished() is None
    assert len(read) == 21
    assert begin(history).flush()
    assert len(history.sessions()) == 10_001


# -- coach history -------------------------------------------------------------------------------


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what `coach history` prints on stdout."""
    coach.main(["history", *arguments], standalone_mode=False)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.fixture
def history() -> History:
    """The user's own history, with three sessions."""
    history = History()
    record(history, 25, started=NOON, pain=6)
    history.set_pain(4)
    script = Path("my/=stretch.yaml")
    record(history, 3, finished=False, routine="stretch", title="=1+2", script=script, started=NOON)
    begin(history, started=NOON, settings=Settings(speed=Fraction(4, 5))).finish(finished=False)
    return history


def test_an_empty_history_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == "No sessions yet. `coach play ROUTINE` begins one.\n"
    assert shown(capsys, "box-breathing") == (
        "No sessions of box-breathing yet. `coach play box-breathing` begins one.\n"
    )
    assert json.loads(shown(capsys, "--json")) == {"version": 1, "sessions": []}
    assert shown(capsys, "--csv").count("\n") == 1
    with pytest.raises(HistoryError, match="there is no session"):
        shown(capsys, "--pain", "3")
    assert not default_path().exists()


def test_the_table_has_the_newest_last(
    capsys: pytest.CaptureFixture[str], history: History
) -> None:
    lines = shown(capsys).splitlines()
    assert [" ".join(line.split()) for line in (lines[0], *lines[2:])] == [
        "Date Routine Reps Time Pain End",
        "2024-05-15 12:00 SI joint relief 25/25 4:10 6 -> 4 finished",
        "2024-05-15 12:00 =1+2 3/25 0:30 stopped at squeeze, repetition 4",
        "2024-05-15 12:00 SI joint relief 0/25 0:00 stopped",
    ]
    recording = begin(history)
    assert recording.flush()
    lines = shown(capsys, "--limit", "1").splitlines()
    assert lines[2].split()[-1] == "running"
    assert lines[3] == "Older sessions are not shown; --limit 5 shows more."
    assert lines[5].split() == ["Day", "Sessions", "Minutes"]
    recording.finish(finished=True)


def test_the_sessions_of_one_routine(capsys: pytest.CaptureFixture[str], history: History) -> None:
    for name in ("stretch", "my/=stretch.yaml", str(Path("my/=stretch.yaml").absolute())):
        found = json.loads(shown(capsys, name, "--json"))["sessions"]
        assert [session["routine"] for session in found] == ["stretch"]
    assert "No sessions of other.yaml yet." in shown(capsys, "other.yaml")
    with pytest.raises(CoachError, match="there is no routine `box-breathin`; did you mean"):
        shown(capsys, "box-breathin")


def test_json_has_everything(capsys: pytest.CaptureFixture[str], history: History) -> None:
    document = json.loads(shown(capsys, "--json"))
    assert document["version"] == 1
    sessions = document["sessions"]
    assert [session["id"] for session in sessions] == [3, 2, 1]
    assert json.loads(shown(capsys, "--json", "--limit", "1"))["sessions"] == sessions[:1]
    assert sessions[0]["settings"] == {"speed": "4/5"}
    newest = sessions[1] | {"seconds": 0}
    assert newest == {
        "id": 2,
        "started": "2024-05-15T12:00:00+02:00",
        "routine": "stretch",
        "title": "=1+2",
        "script": str(Path("my/=stretch.yaml").absolute()),
        "settings": {},
        "planned": 25,
        "done": 3,
        "length": 812.5,
        "seconds": 0,
        "finished": False,
        "running": False,
        "where": structs.asdict(Where("squeeze", set=1, rep=4)) | {"rounds": []},
        "pain_before": None,
        "pain_after": None,
        "hurt": [],
    }


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10), st.sampled_from("=+-@\t\r\n")
)
def test_no_text_becomes_a_formula(text: str, start: str) -> None:
    title = start + text
    session = structs.replace(SESSION, title=title, routine="=r", script="\t@s")
    rows = list(csv.DictReader(io.StringIO(csv_text([session]), newline="")))
    kept = shown_text(title.translate(dict.fromkeys(map(ord, "\t\r\n"), " ")))
    assert rows[0]["title"].lstrip("'").split() == kept.lstrip("'").split()
    assert (rows[0]["routine"], rows[0]["script"]) == ("'=r", "' @s")
    assert not any(row[name].lstrip().startswith(tuple("=+-@")) for row in rows for name in row)


def test_csv_has_a_heading_and_a_line_a_session(
    capsys: pytest.CaptureFixture[str], history: History
) -> None:
    rows = list(csv.DictReader(io.StringIO(shown(capsys, "--csv"))))
    assert [row["id"] for row in rows] == ["3", "2", "1"]
    assert [row["done"] for row in rows] == ["0", "3", "25"]
    assert rows[1]["title"] == "'=1+2"
    assert rows[1]["stopped_at"] == "squeeze, repetition 4"
    assert (rows[2]["pain_before"], rows[2]["pain_after"]) == ("6", "4")
    assert rows[2]["started"] == "2024-05-15T12:00:00+02:00"
    assert shown(capsys, "--csv", "--limit", "1").count("\n") == 2


def test_pain_is_noted_on_the_command_line(
    capsys: pytest.CaptureFixture[str], history: History
) -> None:
    told = shown(capsys, "stretch", "--pain", "2")
    assert told == "Noted: pain 2 after =1+2, 2024-05-15 12:00.\n"
    assert [found.pain_after for found in history.sessions()] == [None, 2, 4]
    for wrong in (["--pain", "11"], ["--json", "--csv"], ["--pain", "1", "--json"]):
        with pytest.raises(click.UsageError):
            shown(capsys, *wrong)


def test_a_terminal_without_blocks_gets_ascii(history: History) -> None:
    record(history, 25, pain=6)
    program = "from coach.cli.history import history_command; history_command()"
    results = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout.decode(encoding)
        for encoding in ("ascii", "utf-8")
    ]
    assert results[0].isascii()
    assert "Pain" in results[0]
    assert any(block in results[1] for block in BLOCKS.strip())


def test_importing_the_command_loads_nothing_heavy() -> None:
    program = "import sys, coach.cli.history; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    heavy = {"numpy", "pydantic", "yaml", "rich", "sqlite3", "platformdirs"}
    assert not heavy & set(done.stdout.split())


# -- the chart -----------------------------------------------------------------------------------

SESSION = Entry(
    id=1,
    started=NOON,
    routine="r",
    title="R",
    script="r",
    settings=Settings(),
    planned=9,
    done=9,
    length=600.0,
    seconds=600.0,
    finished=True,
    running=False,
    where=None,
    pain_before=None,
    pain_after=None,
)


def sessions_at(*days: int, minutes: int = 10, pain: int | None = None) -> Iterator[Entry]:
    """Yield a session on each of the days, counted back from noon on the Wednesday."""
    for day in days:
        yield structs.replace(
            SESSION, started=NOON - timedelta(days=day), seconds=60.0 * minutes, pain_after=pain
        )


def test_a_chart_by_day() -> None:
    entries = [
        *sessions_at(4, minutes=10, pain=10),
        *sessions_at(2, 2, minutes=10, pain=6),
        *sessions_at(0, minutes=5, pain=0),
    ]
    assert chart(entries, NOON.date(), 80, blocks=True).splitlines() == [
        "Day     Sessions  Minutes",
        "11 May  1 █       10 ██████████",
        "12 May  0          0",
        "13 May  2 ██      20 ████████████████████",
        "14 May  0          0",
        "15 May  1 █        5 █████",
        "Pain    █▅▅▁  10 -> 0",
    ]


def test_a_chart_by_week() -> None:
    entries = [*sessions_at(*range(20, 26), minutes=30), *sessions_at(3, 8, 40, minutes=11, pain=3)]
    assert chart(entries, NOON.date(), 40, blocks=False).splitlines() == [
        "Week of  Sessions  Minutes",
        "01 Apr   1          11 ##",
        "08 Apr   0           0",
        "15 Apr   2          60 ########",
        "22 Apr   4         120 #################",
        "29 Apr   0           0",
        "06 May   2          22 ###",
        "13 May   0           0",
        "Pain     3 3 3",
    ]


def test_a_chart_of_nothing_is_nothing() -> None:
    assert chart([], NOON.date(), 80, blocks=True) == ""
    assert chart(sessions_at(-1, 7 * WEEKS), NOON.date(), 80, blocks=True) == ""
    assert "Pain" not in chart(sessions_at(1), NOON.date(), 80, blocks=True)


@given(
    st.lists(
        st.tuples(st.integers(-3, 120), st.integers(0, 24 * 3600), st.none() | st.integers(0, 10)),
        max_size=60,
    ),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.integers(26, 200),
    st.booleans(),
)
def test_any_chart_fits_and_counts_every_session(
    sessions: list[tuple[int, int, int | None]], today: date, width: int, blocks: bool
) -> None:
    entries = [
        structs.replace(
            SESSION,
            started=datetime(today.year, today.month, today.day, 23, tzinfo=UTC)
            - timedelta(days=day),
            seconds=float(seconds),
            pain_before=pain,
        )
        for day, seconds, pain in sessions
    ]
    lines = chart(entries, today, width, blocks=blocks).splitlines()
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    inside = [one for one in entries if first <= one.started.date() <= today]
    assert bool(lines) == bool(inside)
    assert all(len(line) <= width and line == line.rstrip() for line in lines)
    assert blocks or all(line.isascii() for line in lines)
    rows = [line for line in lines[1:] if not line.startswith("Pain")]
    assert len(rows) <= 14
    assert sum(int(row.split()[2]) for row in rows) == len(inside)
    assert ("Pain" in "".join(lines)) == any(one.pain_before is not None for one in inside)


def test_the_bars_are_as_long_as_their_numbers() -> None:
    entries = [
        entry
        for day, minutes in enumerate((200, 100, 1))
        for entry in sessions_at(day, minutes=minutes)
    ]
    for blocks, block, least in ((True, "█", "▎"), (False, "#", "#")):
        lines = chart(entries, NOON.date(), 80, blocks=blocks).splitlines()
        assert [line.split()[-1] for line in lines[1:]] == [least, block * 20, block * 40]


# -- many sessions -------------------------------------------------------------------------------


def multiply(path: Path, times: int) -> None:
    """Double what is recorded so many times, all but the sessions that are newest."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(session)")]
        kept = ", ".join(name for name in names if name not in ("id", "uid"))
        connection.execute("BEGIN")
        for _ in range(times):
            connection.execute(
                f"INSERT INTO session (uid, {kept}) SELECT hex(randomblob(8)), {kept} FROM session"  # noqa: S608
            )
        connection.execute("COMMIT")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What counts the steps of all queries, in its only item."""
    steps = [0]
    connect = database._connect

    def step() -> int:
        steps[0] += 1
        return 0

    def counting(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_progress_handler(step, 1)
        return connection

    monkeypatch.setattr(database, "_connect", counting)
    return steps


def test_what_begins_a_session_does_not_depend_on_how_many_there_were(
    path: Path, work: list[int]
) -> None:
    history = History(path)
    record(history, started=NOON - timedelta(weeks=500))
    record(history, script="other", routine="other", started=NOON - timedelta(weeks=400))

    def steps() -> list[int]:
        found = []
        for ask in (
            lambda: history.sessions("si-joint-relief", 1),
            lambda: history.sessions("never-done", 1),
            lambda: history.sessions(limit=21),
            lambda: history.sessions(since=NOON - timedelta(weeks=10)),
            lambda: history.sessions("si-joint-relief", since=NOON - timedelta(weeks=10)),
            lambda: history.unfinished("si-joint-relief"),
            lambda: history.unfinished("never-done"),
            lambda: history.past("never-done"),
        ):
            work[0] = 0
            ask()
            found.append(work[0])
        return found

    multiply(path, 8)
    newest = record(history, started=NOON)
    few = steps()
    multiply(path, 1)
    # The newest one was copied, too.
    sql(
        path,
        f"DELETE FROM session WHERE started = (SELECT max(started) FROM session) AND id > {newest.id}",  # noqa: S608
    )
    assert len(history.sessions()) > 1000
    assert steps() == few


def test_the_sessions_of_a_routine_are_found_by_either_of_its_names(path: Path) -> None:
    history = History(path)
    own = record(history, script=Path("/own/stretch.yaml"), routine="stretch", started=NOON)
    record(history, script="other", routine="other", started=NOON)
    moved = record(history, script=Path("/else/stretch.yaml"), routine="stretch", started=NOON)
    renamed = record(history, script=Path("/own/stretch.yaml"), routine="renamed", started=NOON)
    assert [entry.id for entry in history.sessions("stretch")] == [moved.id, own.id]
    assert [entry.id for entry in history.sessions(Path("/own/stretch.yaml"))] == [
        renamed.id,
        own.id,
    ]
    assert [entry.id for entry in history.sessions("stretch", since=NOON)] == [moved.id, own.id]
    assert not history.sessions("stretch", since=NOON + timedelta(seconds=1))
