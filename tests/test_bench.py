"""What the bench says about its figures; the figures themselves are no test's matter."""

from __future__ import annotations

from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.bench.__main__ import PARTS
from tests.bench.results import change, machine, record, recorded, told
from tests.bench.run import Row

FAST = Row("start", 30.0, "ms", 2.0, rival=20.0, beside="click")
SLOW = Row("start", 90.0, "ms", 2.0, rival=40.0, beside="click")
SPEED = Row("speed", 1500.0, "x", 2000.0, at_least=True)


def as_recorded(*rows: Row) -> dict[str, Any]:
    return {"parts": {"p": {"rows": [{**asdict(row), "ratio": row.ratio} for row in rows]}}}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_measured_by_a_function(part: str) -> None:
    module, _, name = PARTS[part].partition(":")
    assert callable(getattr(import_module(f"tests.bench.{module}"), name))


def test_a_limit_is_of_the_ratio_where_there_is_a_rival() -> None:
    assert FAST.verdict == "<= 2 met"
    assert SLOW.verdict == "<= 2 MISSED"
    assert SPEED.verdict == ">= 2,000 MISSED"
    assert Row("a", 1.0, "s").verdict == ""


@pytest.mark.parametrize(
    ("now", "before", "worse"),
    [
        (FAST, FAST, 0),
        (SLOW, FAST, 0.5),
        (FAST, SLOW, -1 / 3),
        (SPEED, Row("speed", 1800.0, "x", at_least=True), 0.2),
        (Row("m", 120.0, "MB"), Row("m", 100.0, "MB"), 0.2),
    ],
)
def test_what_is_worse_than_before_is_judged_by_the_ratio(
    now: Row, before: Row, worse: float
) -> None:
    assert change(now, {"ratio": before.ratio}) == pytest.approx(worse)


def test_seconds_alone_and_what_is_new_are_not_judged() -> None:
    seconds = Row("a", 3.0, "s", 2.0)
    assert change(seconds, {"ratio": seconds.ratio}) is None
    assert change(FAST, None) is None


def test_the_table_has_the_last_figure_and_tells_what_got_slower() -> None:
    same = told({"p": [FAST, SPEED]}, as_recorded(FAST, SPEED))
    assert "Nothing is slower" in same
    table = told({"p": [SLOW]}, as_recorded(FAST))
    (line,) = (line for line in table.splitlines() if line.startswith("  start "))
    assert line.split() == [
        *("start", "90.0", "ms", "2.25", "click", "<=", "2", "MISSED"),
        *("1.50", "SLOWER", "+50", "%"),
    ]
    assert table.splitlines()[-1] == "  p: start: +50 %"
    assert "--record" in told({"p": [SLOW]}, {"parts": {}})


def test_a_record_of_some_parts_keeps_the_others_of_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    record({"a": [FAST], "b": [SPEED]}, path)
    record({"a": [SLOW]}, path)
    found = recorded(path)
    assert found["machine"] == machine()
    assert [found["parts"][part]["rows"][0]["figure"] for part in "ab"] == [90.0, 1500.0]
    path.write_text(path.read_text("utf-8").replace('"cores": ', '"cores": 9'), "utf-8")
    with pytest.raises(SystemExit, match="another machine"):
        record({"a": [FAST]}, path)
    record({"a": [FAST], "b": [SPEED]}, path)
    assert recorded(path)["machine"] == machine()
