"""Which output is taken, how long a library may take, and what requests for sound tell."""

from __future__ import annotations

import re
import sys
import threading
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from coach.errors import DeviceError
from coach.outputs import OUTPUTS, open_output, simpleaudio_output
from coach.outputs.lead import Lead
from coach.outputs.time_limit import TooLateError, within

RATE = 48_000
PERIOD = RATE // 20


def test_auto_takes_the_first_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_output().name == "miniaudio"
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    assert open_output("auto").name == "simpleaudio"
    monkeypatch.setitem(sys.modules, "simpleaudio", None)
    with pytest.raises(DeviceError, match="miniaudio is not installed") as caught:
        open_output()
    assert caught.value.hint == f'"{sys.executable}" -m pip install miniaudio'


@pytest.mark.parametrize("name", ["miniaudio", "simpleaudio"])
def test_what_is_not_installed_is_told_when_it_is_started(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert name in OUTPUTS
    monkeypatch.setitem(sys.modules, name, None)
    output = open_output(name)
    with pytest.raises(DeviceError, match=f"{name} is not installed"):
        output.start(None, RATE)  # type: ignore[arg-type]


def test_an_unknown_output_has_a_near_match() -> None:
    with pytest.raises(DeviceError, match="did you mean `simpleaudio`") as caught:
        open_output("simple-audio")
    assert "auto" in caught.value.hint


def test_outputs_of_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry_points(*, group: str) -> EntryPoints:
        return EntryPoints([EntryPoint("mine", f"{__name__}:Mine", group)])

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    output = open_output("mine", "kitchen")
    assert isinstance(output, Mine)
    assert output.device == "kitchen"


class Mine:
    name = "mine"

    def __init__(self, device: str | None) -> None:
        self.device = device

    def start(self, source: object, rate: int) -> object:
        raise NotImplementedError


def test_within_returns_raises_and_gives_up() -> None:
    assert within(10, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(10, lambda: 1 / 0)
    go_on = threading.Event()
    late: list[bool] = []
    came = threading.Event()

    def keep(result: bool) -> None:
        late.append(result)
        came.set()

    with pytest.raises(TooLateError):
        within(0.01, lambda: go_on.wait(10), keep)
    go_on.set()
    assert came.wait(10)
    assert late == [True]


def requests(
    lead: Lead, start: float, seconds: float, late: float = 0.0, drift: float = 0.0
) -> float:
    """Let a device ask once a period, each second time `late`; return when it would go on."""
    count = round(seconds * RATE / PERIOD)
    for number in range(count):
        lead.gave(PERIOD, start + number * PERIOD / RATE * (1 + drift) + late * (number % 2))
    return start + count * PERIOD / RATE * (1 + drift)


@pytest.mark.parametrize("drift", [0.0, 200e-6, -200e-6])
@pytest.mark.parametrize("late", [0.0, 0.03])
def test_late_requests_and_drifting_clocks_are_no_underruns(drift: float, late: float) -> None:
    lead = Lead(RATE)
    lead.gave(PERIOD, 100.0)
    requests(lead, 100.0, 3600, late, drift)
    assert lead.underruns == 0


def test_time_that_is_lost_for_good_is_an_underrun() -> None:
    lead = Lead(RATE)
    lead.gave(PERIOD, 100.0)
    resumed = requests(lead, 100.0, 10)
    assert lead.latency == pytest.approx(0.05)
    resumed = requests(lead, resumed + 0.03, 10)
    assert lead.underruns == 1
    requests(lead, resumed + 0.5, 10)
    assert lead.underruns == 2


ODD_CHILD = """
import json, sys, time
tape = json.loads(sys.stdin.readline())["tape"]
for odd in ("7", "[]", "{", "[" * 99_000, json.dumps({"tape": 1}), json.dumps({"tape": tape, "at": "soon"})):
    print(odd)
print("x" * 300_000)
WHAT
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("", "did not start within 0.5 s"),
        ("sys.exit()", "ended as soon as it was started"),
        ("print(json.dumps({'tape': tape, 'error': 'failed', 'message': 'no card'}))", "no card"),
    ],
)
def test_what_a_child_says_that_is_no_answer_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, what: str, told: str
) -> None:
    program = ODD_CHILD.replace("WHAT", f"{what}\nsys.stdout.flush()")
    monkeypatch.setattr(simpleaudio_output, "CHILD", (sys.executable, "-c", program))
    monkeypatch.setattr(simpleaudio_output, "OPEN_S", 20.0 if what else 0.5)
    with pytest.raises(DeviceError, match=re.escape(told)):
        simpleaudio_output.SimpleaudioOutput().start(None, RATE)  # type: ignore[arg-type]
