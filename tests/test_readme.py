"""The README tells the truth: its scripts, its commands, its tables and its reference."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from coach import cli
from coach import format as keys
from coach.cli.options import settings_from
from coach.files.shipped import SCHEMA
from coach.library import bundled_routines, find_routine
from coach.listening import SPOKEN
from coach.listening.command_list import command_list
from coach.routine import load_routine, routine_from
from coach.script import parse_script
from coach.session import prepare
from coach.steps import CUE_NAMES
from coach.units import parse_duration
from coach.values import TEXT_FIELDS
from tests.readme_reference import README, context_of, schema_text, with_references
from tests.test_architecture import LAYERS

ROOT = README.parent
TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [text for name, text in BLOCKS if name == language]


def script_of(block: str) -> str:
    """Return a block as a whole script: as it is, or its items in a routine."""
    if block.startswith("- "):
        return f"coach: 1\ntitle: Example\nexercises:\n{block}"
    return block


def commands() -> list[str]:
    """Return every line of a block that starts coach."""
    lines = (line for block in blocks("sh") for line in block.splitlines())
    found = [line.partition("#")[0].strip() for line in lines if line.startswith("coach ")]
    return [line.partition(" > ")[0].strip() for line in found]


SCRIPTS = [script_of(block) for block in blocks("yaml")]


def test_there_is_something_to_check() -> None:
    assert len(SCRIPTS) >= 3
    assert len(commands()) >= 20


@pytest.mark.parametrize("text", SCRIPTS)
def test_every_script_is_valid_without_a_warning(text: str) -> None:
    assert routine_from(parse_script(text, "README.md"), Path("README.md")).warnings == ()


@pytest.mark.parametrize("line", commands())
def test_every_command_is_understood_and_fits_its_routine(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-routine.yaml").write_text(SCRIPTS[0], "utf-8")
    _, name, *arguments = shlex.split(line)
    group = context_of(cli.coach, "coach")
    command = cli.coach.get_command(group, name)
    assert command is not None, line
    values: dict[str, Any] = command.make_context(name, [*arguments], parent=group).params
    named = values.get("routines") or (values.get("routine"),)
    for routine in named if "only" in values else ():
        if routine:  # `coach play --resume` names none
            prepare(find_routine(routine), settings_from(values))
    for path in values.get("paths", ()):
        load_routine(Path(path))
    if "--watch" in arguments:  # which ends by Ctrl-C alone
        return
    is_form = name == "adjust" and len(arguments) == 1  # which wants a terminal
    if name in ("list", "check", "schema", "fmt") or (name == "adjust" and not is_form):
        if "--reset" in arguments or "restart" in arguments:
            assert cli.run(["adjust", arguments[0], "cat-camel.hold=8", "--progress", RULE]) == 0
        assert cli.run([name, *arguments]) == 0


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(
        re.findall(r"^make (?:\w+=\S+ )*(\w+)|`make (?:\w+=\S+ )*(\w+)`", TEXT, re.MULTILINE)
    )
    targets = {first or second for first, second in named}
    assert {"session", "test", "bench"} <= targets
    assert targets <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("The routine", keys.RoutineKeys),
        ("An exercise", keys.ExerciseKeys),
        ("A phase", keys.PhaseKeys),
        ("A circuit", keys.CircuitKeys),
    ],
)
def test_the_tables_name_the_keys_of_the_format(heading: str, model: type[BaseModel]) -> None:
    section = TEXT.partition(f"### {heading}\n")[2].partition("\n#")[0]
    table = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    assert {key for cell in table for key in re.findall(r"`(\w+)`", cell)} == set(
        model.model_fields
    )


def test_the_defaults_are_those_of_the_coach() -> None:
    text = "title: T\nexercises:\n  - {name: A, reps: 2}\n  - {name: B, hold: 5, settle: ready}\n"
    exercise, ready = routine_from(parse_script(text, "x"), Path("x")).exercises()
    told = dict(
        re.findall(r"^\| `(settle|switch|rest|pace)` \| [^|]* \| (\w+) \|", TEXT, re.MULTILINE)
    )
    assert set(told) == {"settle", "switch", "rest", "pace"}
    for key, value in told.items():
        assert getattr(exercise, key).value == parse_duration(value)
    (wait,) = re.findall(r'"when you are ready": (\d+) s in a file', TEXT)
    assert ready.settle.value == int(wait)


def test_fields_cues_and_exit_codes_are_named() -> None:
    assert all(f"`{{{field}}}`" in TEXT for field in TEXT_FIELDS)
    assert all(f"`{name}`" in TEXT for name in CUE_NAMES)
    codes = [cli.DONE, cli.MENDABLE, cli.USAGE, cli.BUG, cli.INTERRUPTED]
    assert re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == [str(code) for code in codes]


def test_the_bundled_routines_that_are_named_exist() -> None:
    named = set(re.findall(r"coach (?:play|render|show) ([a-z][\w-]*)(?![\w.-])", TEXT))
    assert named <= {*bundled_routines(), "my-routine"}
    (section,) = re.findall(r"^### The routines that ship\n(.*?)^#", TEXT, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`([\w-]+)`", section)) == {*bundled_routines()}


def test_the_json_example_has_the_keys_of_the_cue_sheet() -> None:
    from coach.render.cue_sheet import cue_sheet
    from coach.session import build
    from tests.conftest import RATE, FakeVoice, fake_cues

    (block,) = blocks("json")
    example = json.loads(block)
    prepared = prepare(find_routine("si-joint-relief"), settings_from(DEFAULTS))
    sheet = cue_sheet(build(prepared, FakeVoice(), fake_cues(), RATE))
    assert list(example) == list(sheet)
    shapes = {(event["kind"], *event) for event in sheet["events"]}
    assert {(event["kind"], *event) for event in example["events"]} <= shapes
    assert example["settings"]["cat-camel"]["phases"][0] in sheet["settings"]["cat-camel"]["phases"]
    kinds = re.search(r"Kinds of events: (.*?)\.", TEXT, re.DOTALL)
    assert kinds is not None
    assert {event["kind"] for event in sheet["events"]} <= set(re.findall(r"`(\w+)`", kinds[1]))


def test_the_spoken_commands_that_are_named_are_those_understood_best() -> None:
    table = TEXT.partition('| Say "coach, ..." | |')[2].partition("\n\n")[0]
    named = [
        said.strip().lower()
        for row in table.splitlines()[2:]
        for said in row.split("|")[1].split(",")
    ]
    best = command_list("en").wordings
    assert sorted(named) == sorted(best[command][0] for command in SPOKEN)


RULE = "+1 rep every 2 sessions"
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("hold", "reps", "sets", "rest", "only", "skip", "adjust"), ()),
    **dict.fromkeys(("detail", "count", "speed", "language", "voice", "engine", "cues")),
    **dict.fromkeys(("style", "cue_volume", "speech_volume")),
    "beyond_range": False,
}


def test_the_layout_lists_every_layer_lowest_first() -> None:
    listing = TEXT.partition("    coach/       the package\n")[2].partition("\n    scripts/")[0]
    names = [name for line in listing.splitlines() for name in line[:41].split()]
    assert [name.strip(",/") for name in names] == list(LAYERS)


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    paths = re.findall(r"`((?:tests|audio_cues|scripts|\.ci)/[\w./-]*)`", TEXT)
    assert links
    assert [path for path in (*links, *paths) if not (ROOT / path).exists()] == []


def test_the_references_are_what_the_help_and_the_schema_say() -> None:
    assert with_references(TEXT) == TEXT, "run `make readme`"


def test_the_schema_that_is_shipped_is_that_of_the_format() -> None:
    assert SCHEMA.read_text("utf-8") == schema_text(), "run `make readme`"
