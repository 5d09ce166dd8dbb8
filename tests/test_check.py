"""`coach check`: formats for other programs, advice, and files that are watched."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from coach.checking import Checked, changes
from coach.cli import run
from coach.cli.reports import as_github, as_sarif
from coach.errors import MOST_PROBLEMS, Location, Problem
from tests.conftest import bundled

ROOT = Path(__file__).parent.parent
GOOD = "title: T\nsafety: [Stop if it hurts.]\nexercises: [{name: A, hold: 5}]\n"
BAD = "title: T\nexercises: [{name: A, hodl: 5}]\n"
WARNED = "title: T\nexercises: [{name: A, hold: 8, setup: For 5 seconds.}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("bad", BAD), ("good", GOOD), ("warned", WARNED)):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    assert run(["check", *arguments]) == code
    return capsys.readouterr().out


# -- formats ---------------------------------------------------------------------------------


def test_json_is_the_same_by_both_options(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    text = output(capsys, "--json", ".", code=1)
    assert text == output(capsys, "--format", "json", ".", code=1)
    documents: Any = json.loads(text)
    assert [list(document) for document in documents] == [["path", "ok", "message", "problems"]] * 3
    assert run(["check", "--json", "--format", "sarif", "good.yaml"]) == 2


def test_sarif_has_what_the_standard_requires(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    log: Any = json.loads(output(capsys, "--format", "sarif", "--advice", ".", "x.yaml", code=1))
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(log)
    assert log["version"] == "2.1.0"
    assert re.fullmatch(r"https://.*sarif.*2\.1\.0.*\.json", log["$schema"])
    (run_,) = log["runs"]
    driver = run_["tool"]["driver"]
    assert driver["name"] == "audio-coach"
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(set(rules)) == len(rules)
    assert run_["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    for result in run_["results"]:
        assert set(result) == {"ruleId", "ruleIndex", "level", "message", "locations"}
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith(".yaml")
        if "region" in place:
            assert place["region"]["startLine"] >= 1
            assert place["region"]["startColumn"] >= 1
    assert {result["level"] for result in run_["results"]} == {"error", "warning", "note"}
    (found,) = (result for result in run_["results"] if "hodl" in result["message"]["text"])
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "bad.yaml"},
        "region": {"startLine": 2, "startColumn": 23},
    }
    missing = run_["results"][-1]["locations"][0]["physicalLocation"]
    assert missing == {"artifactLocation": {"uri": "x.yaml"}}


@pytest.mark.parametrize("name", ["a b.yaml", "ü%#?.yaml", "/tmp/a b.yaml"])
def test_a_path_is_a_uri_in_sarif(name: str) -> None:
    log = as_sarif([Checked(Path(name), message="x")])
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert re.fullmatch(r"[\w./:~%-]+", uri, re.ASCII)
    assert unquote(uri).removeprefix("file://") == name


def test_github_annotations(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    lines = output(capsys, "--format", "github", "--advice", ".", "x.yaml", code=1).splitlines()
    assert lines[0] == (
        "::error file=bad.yaml,line=2,col=23::unknown key `hodl` in an exercise; "
        "did you mean `hold`?"
    )
    assert [line.split()[0] for line in lines] == [
        "::error", "::warning", "::notice", "::notice", "::error",
    ]  # fmt: skip
    assert lines[-1] == "::error file=x.yaml::cannot read x.yaml: no such file or directory"


def test_what_github_would_misread_is_escaped() -> None:
    problem = Problem(Location("a,b:50%.yaml", 1, 2), "100 %\nof, it: all")
    assert list(as_github([Checked(Path("x"), (problem,))])) == [
        "::error file=a%2Cb%3A50%25.yaml,line=1,col=2::100 %25%0Aof, it: all"
    ]


# -- advice ----------------------------------------------------------------------------------


def test_advice_changes_no_exit_code(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert run(["check", "--advice", "warned.yaml"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "warned.yaml: good, with 1 warning; advice: 2\n"
    assert "warned.yaml:1:1: advice: no `safety`" in captured.err
    documents: Any = json.loads(output(capsys, "--json", "--advice", "warned.yaml", code=0))
    assert [item["severity"] for item in documents[0]["problems"]] == ["warning"]
    assert [item["severity"] for item in documents[0]["advice"]] == ["advice"] * 2
    documents = json.loads(output(capsys, "--json", "--advice", "bad.yaml", code=1))
    assert documents[0]["advice"] == []


def test_without_advice_wanted_there_is_none(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run(["check", "warned.yaml"]) == 0
    assert "advice" not in "".join(capsys.readouterr())


# -- watching --------------------------------------------------------------------------------


def test_a_change_is_seen_and_nothing_else(tmp_path: Path) -> None:
    first, second, other = (tmp_path / f"{name}.yaml" for name in "abc")
    first.write_text("a")
    other.write_text("replac")
    happenings: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "changed": lambda: first.write_text("longer"),
        "again nothing": lambda: None,
        "came": lambda: second.write_text("b"),
        "went": second.unlink,
        "replaced": lambda: other.replace(first),
    }
    happening = iter(happenings.items())
    told: list[str] = []

    def wait() -> None:
        name, action = next(happening)
        told.append(name)
        action()

    looks = changes(lambda: sorted(tmp_path.glob("[ab].yaml")), wait)
    for _ in range(5):
        next(looks)
        told.append("check")
    assert told == [
        *("check", "nothing", "changed", "check", "again nothing", "came", "check"),
        *("went", "check", "replaced", "check"),
    ]


@pytest.mark.skipif(os.name == "nt", reason="no signal to send")
def test_a_watched_script_is_checked_again_until_ctrl_c(tmp_path: Path) -> None:
    script = tmp_path / "a.yaml"
    script.write_text(BAD)
    said: Queue[str] = Queue()
    complaints: Queue[str] = Queue()
    command = [sys.executable, "-m", "coach", "check", "--watch", str(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        readers = [
            threading.Thread(target=_pass_on, args=pair)
            for pair in ((process.stdout, said), (process.stderr, complaints))
        ]
        for reader in readers:
            reader.start()
        try:
            assert said.get(timeout=20) == f"{script}: 1 problem\n"
            while not complaints.get(timeout=20).startswith("Checking again"):
                pass
            # Whole at once: one that is written in two steps may be checked at each.
            changed = tmp_path / "changed"
            changed.write_text(GOOD)
            changed.replace(script)
            assert said.get(timeout=20) == "\n"
            assert said.get(timeout=20) == f"{script}: good\n"
            script.unlink()
            assert said.get(timeout=20) == "\n"
            assert "1 problem" in said.get(timeout=20)
            assert "no such file" in complaints.get(timeout=20)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()
            for reader in readers:
                reader.join()
    assert complaints.empty()


def _pass_on(stream: Any, queue: Queue[str]) -> None:
    for line in stream:
        queue.put(line)


def test_watching_goes_with_no_other_format() -> None:
    assert run(["check", "--watch", "--json", "box-breathing"]) == 2


# -- pre-commit ------------------------------------------------------------------------------


def test_the_hook_is_one_that_pre_commit_understands() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert (hook["id"], hook["language"], hook["types"]) == ("coach-check", "python", ["yaml"])
    command, *arguments = hook["entry"].split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert command in project["scripts"]
    assert run([*arguments, "box-breathing", str(bundled()[0])]) == 0


def test_people_are_shown_the_first_problems_and_programs_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exercises = "".join(f"  - {{name: A {n}, hodl: 5}}\n" for n in range(1_200))
    (folder / "many.yaml").write_text(f"title: T\nexercises:\n{exercises}")
    for command in ("check", "fmt", "show"):
        assert run([command, "./many.yaml"]) == 1
        errors = capsys.readouterr().err
        assert errors.count("did you mean `hold`?") == MOST_PROBLEMS
        assert errors.index("many.yaml:3:") < errors.index("many.yaml:52:")
        assert "\n... and 1,150 more; `coach check --json` prints all of them.\n" in errors
    assert run(["check", "./many.yaml", "--json"]) == 1
    (document,) = json.loads(capsys.readouterr().out)
    assert len(document["problems"]) == 1_200
