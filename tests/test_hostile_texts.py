"""Texts that would command a terminal, turn a line round or look like mark-up, in all that is read.

Every command is run on a terminal and into pipes, and each byte that comes out is looked at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.characters import shown
from coach.cli.console import json_text
from coach.files.shipped import data_dir
from coach.history import History
from coach.settings import Settings
from tests.forked import Ran, coach

pytestmark = pytest.mark.usefixtures("clips_at_hand")

COMMANDS = "\x1b[53mA\x1b]0;title\x07B\x1b]8;;https://link.example\x1b\\C\x9b53mD\x90E\x08F\rG\x7fH"
"""What a terminal obeys: colours, a window's title, a link, 8-bit forms of them, and backspaces."""
TRICKS = "\u202edrow\u2066s\u2069 \u200bI\ufeffJ\u2028K\u2029L\u2064M\U000e0041N"
"""What no terminal obeys, but people do not see, or see elsewhere."""
MARKUP = "[red]P[/red] [link=https://link.example]Q[/link] <b>R</b> %s `touch S` $(touch S)"
TEXT = f"{TRICKS} {MARKUP}"
"""What a script's text may hold."""
ALL = f"{COMMANDS} {TEXT}"
NAME = f"{ALL}\udcff".replace("/", "|")
"""A file's name; the last character stands for a byte that is no UTF-8."""
OWN = re.compile(
    rb"\x1b\[(?!53m)[0-9;]*m|\x1b\[\?(?:25|1049)[hl]|\x1b\[[0-9;]*[AHJK]|\r(?=[\n\r\x1b]|Speaking)"
)
"""What coach itself has a terminal do: colours but the hostile one, the cursor, clear lines."""
QUICKLY = ("--engine", "pyttsx3")
"""The engine that is loaded sooner; what is rendered is spoken by the default one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A home, and a folder with hostile files in it."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, on_terminal: bool) -> Ran:
        return coach(
            *(argument.replace("{name}", NAME) for argument in arguments),
            folder=self.folder,
            environment=self.environment,
            terminal=(100, 40) if on_terminal else None,
        )


def quoted(text: str) -> str:
    """Return a text as YAML has it in quotation marks."""
    characters = (json.dumps(c)[1:-1] if c < "\x7f" else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(characters)}"'


def script(text: str) -> str:
    """Return a script that has a text wherever there can be one."""
    told = quoted(text)
    return f"""title: {told}
description: {told}
source: {told}
equipment: [{told}]
safety: [{told}]
closing: [{told}]
settle: 0s
exercises:
  - name: {told}
    id: one
    setup: [{told}]
    sides: [{told}, right]
    reps: 1-2
    phases: [{{cue: {told}, guide: {told}, move: 1s, hold: 1-3s}}]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    home = tmp_path_factory.mktemp("home")
    names = ("CACHE", "CONFIG", "DATA", "STATE")
    environment = {
        **os.environ,
        "HOME": str(home),
        **{f"XDG_{name}_HOME": str(home / name.lower()) for name in names},
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "TERM": "xterm-256color",
        "EDITOR": "true",
    }
    folder = tmp_path_factory.mktemp("files") / NAME
    folder.mkdir()
    (folder / f"{NAME}.yaml").write_text(script(TEXT))
    told = quoted(ALL)
    (folder / f"broken {NAME}.yaml").write_text(
        f"{told}: 1\ntitle: {told}\nhodl: {told}\nlanguage: {told}\n"
        f"exercises: [{{name: {told}, hold: {told}}}]\n# {TRICKS}\n"
    )
    (folder / "half.yaml").write_text(f'# {TRICKS}\ntitle: "{TRICKS}\\ud800"\n')
    (folder / "raw.yaml").write_bytes(f"title: {COMMANDS}\n".encode())
    (folder / "bytes.yaml").write_bytes(b"title: \x1b[53m\xff\x9b53m \xe2\x80\xae\n")
    own = home / "data" / "audio-coach" / "routines"
    own.mkdir(parents=True)
    (own / f"{NAME}.yaml").write_text(script(TEXT))
    (own / f"broken {NAME}.yaml").write_text("title: 1")
    pack = folder / f"pack {NAME}"
    shutil.copytree(data_dir("audio_cues") / "classic", pack)
    told = (pack / "pack.yaml").read_text("utf-8")
    told = re.sub("(name|description|author|licence|meaning): .*", r"\1: {}", told)
    (pack / "pack.yaml").write_text(told.replace("{}", quoted(ALL)))
    bad = folder / f"bad pack {NAME}"
    bad.mkdir()
    (bad / "pack.yaml").write_text(
        f"name: x\n{quoted(ALL)}: 1\ncues: {{tick: {{file: {quoted(ALL)}}}, {quoted(ALL)}: 1}}\n"
    )
    half = f"{ALL}\ud800"
    exercises = [{"id": "2", "name": half, "duration": 5}]
    sets = [{"id": "1", "name": half, "repetitions": 2, "exercises": exercises}]
    jawt = {"title": half, "version": 2, "position": -1, "sets": sets}
    (folder / f"jawt {NAME}.json").write_text(json.dumps(jawt))
    (folder / "many.json").write_text(json.dumps({"workouts": [jawt, jawt]}))
    (folder / "unknown.json").write_text(json.dumps({half: half}))
    (folder / "table.csv").write_text(
        f'name,position,seconds,reps,sets,comment\n"{ALL}","{ALL}",5,,,"{ALL}"\n"{ALL}","",x,,,\n'
    )
    (folder / f"handout {NAME}.txt").write_text(
        f"{TEXT}\n\n1. Bridge\nLift your hips. Hold for 5 seconds. Repeat 5 times. {TEXT}\n"
    )
    (folder / f"controls {NAME}.txt").write_text(f"1. Bridge {ALL}\nHold for 5 seconds.\n")
    (folder / f"roster {NAME}.csv").write_text(
        "name,routine,settings,voice,language,format\n"
        f'"{ALL}","{ALL}",,,,srt\nb,box-breathing,"{ALL}=1",,,srt\n'
        f'c,box-breathing,,"{ALL}",,srt\nd,box-breathing,,,"{ALL}",srt\n'
        f'e,box-breathing,,,,"{ALL}"\n'
    )
    history = History(home / "data" / "audio-coach" / "history.db")
    recording = history.begin(
        routine="one", title=ALL, script=folder / f"{NAME}.yaml", settings=Settings(),
        planned=2, length=9.0,
    )  # fmt: skip
    recording.finish(seconds=1.0, finished=False)
    assert not recording.problem
    return Place(folder, environment)


TELLING: list[tuple[str, ...]] = [
    ("list",),
    ("list", "--json"),
    ("show", "{name}.yaml"),
    ("show", "{name}.yaml", "--timed", "-v"),
    ("show", "{name}.yaml", "--json"),
    ("show", "{name}.yaml", "--json", "--timed"),
    ("show", "{name}.yaml", "--plot", "{name}.svg"),
    ("check", "{name}.yaml", "--advice"),
    ("fmt", "{name}.yaml", "--diff"),
    ("adjust", "{name}.yaml", "hold=2s"),
    ("adjust", "{name}.yaml", "--show"),
    ("adjust", "{name}.yaml", "--json"),
    ("render", "{name}.yaml", "-o", "{name}.wav"),
    ("render", "{name}.yaml", "-o", "{name}.srt", "-o", "{name}.vtt", "-o", "{name}.lrc"),
    ("play", "{name}.yaml", "--output", "none", "--fast", "-v", *QUICKLY),
    ("play", "{name}.yaml", "--output", "none", "--fast", "--plain", "-v", *QUICKLY),
    ("history",),
    ("history", "--json"),
    ("history", "--csv"),
    ("edit", "{name}.yaml"),
    ("import", "jawt {name}.json"),
    ("import", "jawt {name}.json", "-o", "{name} imported.yaml", "--force"),
    ("import", "table.csv"),
    ("export", "{name}.yaml", "--to", "jawt"),
    ("export", "{name}.yaml", "--to", "w2a"),
    ("draft", "handout {name}.txt"),
    ("draft", "handout {name}.txt", "-o", "{name} drafted.yaml", "--force"),
    ("cues",),
    ("cues", "./pack {name}"),
    ("cues", "check", "./pack {name}"),
]
"""What exits with 0, on a terminal and into pipes."""
WRONG: list[tuple[str, ...]] = [
    ("show", "{name}"),
    ("check", "broken {name}.yaml", "raw.yaml", "bytes.yaml", "half.yaml"),
    ("check", "broken {name}.yaml", "--json"),
    ("check", "broken {name}.yaml", "--format", "sarif"),
    ("check", "broken {name}.yaml", "--format", "github"),
    ("fmt", "broken {name}.yaml", "--check"),
    ("batch", "roster {name}.csv", "--out", "out {name}"),
    ("cues", "check", "./bad pack {name}", "--json"),
]
"""The same of what exits with 1."""
COMPLAINING: list[tuple[str, ...]] = [
    ("list", "--tag", ALL),
    ("show", "{name}.yaml", "--at", NAME),
    ("show", "{name}.yaml", "--hold", f"{NAME}={NAME}"),
    ("show", "{name}.yaml", "--only", NAME),
    ("show", "{name}.yaml", "--timed", "--voice", NAME),
    ("show", "{name}.yaml", "--timed", "--engine", NAME),
    ("show", "{name}.yaml", "--language", NAME),
    ("show", "{name}.yaml", "--cues", NAME),
    ("show", "{name}.yaml", "--profile", NAME),
    ("show", "{name}.yaml", "--plot", "{name}.x" + NAME),
    ("show", f"nowhere {NAME}"),
    ("adjust", "{name}.yaml", f"{NAME}={NAME}"),
    ("render", "{name}.yaml", "-o", "{name}." + NAME),
    ("render", "{name}.yaml", "-o", f"nowhere|{NAME}/a.wav".replace("|", "\x1b")),
    ("play", "{name}.yaml", "--output", NAME),
    ("play", "{name}.yaml", "--device", NAME),
    ("history", f"nowhere {NAME}.yaml", "--pain", "3"),
    ("import", "many.json"),
    ("import", "many.json", "--only", NAME),
    ("import", "unknown.json"),
    ("cues", "./bad pack {name}"),
    ("cues", "check", "./bad pack {name}"),
    ("new", "{name}.yaml"),
    ("draft", "controls {name}.txt"),
    ("show", "{name}.yaml", "--timed", "--cues", "./bad pack {name}"),
    ("voices", "--engine", NAME),
    ("voices", "--language", NAME),
    ("voices", "--default", NAME),
    ("doctor", "--silent", "--output", NAME),
    ("doctor", "--silent", "--device", NAME),
    ("doctor", "--listen", NAME),
    (NAME,),
    (f"--{NAME}",),
    ("show", "{name}.yaml", f"--{NAME}", NAME),
]


@pytest.mark.parametrize(
    ("command", "on_terminal"),
    [
        *((command, False) for command in (*TELLING, *WRONG)),
        *((command, True) for command in (*TELLING, *WRONG, *COMPLAINING)),
    ],
    ids=lambda value: (
        ascii(" ".join(value).replace(NAME, "*"))[:60]
        if isinstance(value, tuple)
        else ("terminal" if value else "pipe")
    ),
)
def test_no_text_commands_a_terminal(
    place: Place, command: tuple[str, ...], on_terminal: bool
) -> None:
    ran = place.run(*command, on_terminal=on_terminal)
    assert ran.code in ((0,) if command in TELLING else (1, 2)), ran
    told = OWN.sub(b"", ran.told) if on_terminal else ran.told
    assert b"Traceback" not in told
    assert not (place.folder / "S").exists(), "a shell took it for a command"
    text = told.decode("utf-8")
    found = {char for char in text if is_deceptive(char)}
    if command[0] == "export" and not on_terminal:  # a file of another program
        found = {char for char in found if unicodedata.category(char) == "Cc"}
    assert not found, text
    if command == ("show", "{name}.yaml"):
        assert MARKUP.split(maxsplit=1)[0] in text
        assert "\\u202edrow\\u2066s\\u2069 \\u200bI" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_offered_no_name_that_is_more_to_it(place: Place, shell: str) -> None:
    own = Path(place.environment["XDG_DATA_HOME"]) / "audio-coach" / "routines"
    shady = (" $(touch S)", ";touch S", "`touch S`", "\nplain,x", "*")
    names = ("knee", *(f"knee{end}" for end in shady))
    for name in names:
        (own / f"{name}.yaml").write_text("title: 1")
    asked = {"_COACH_COMPLETE": f"{shell}_complete", "COMP_WORDS": "coach show knee"}
    environment = {**place.environment, **asked, "COMP_CWORD": "2" if shell != "fish" else "knee"}
    told = coach(environment=environment).out.decode()
    for name in names:
        (own / f"{name}.yaml").unlink()
    offered = [word for line in told.splitlines() for word in line.split(",")]
    assert {word for word in offered if word.startswith("knee")} == {
        "knee",
        "knee-conditioning",
    }


@pytest.mark.parametrize(
    ("asked", "told", "code"),
    [
        ("bash_source", "no space left", 1),
        ("fish_complete", "the shell has not told the words", 2),
    ],
)
def test_what_a_shell_is_told_may_not_arrive(
    place: Place, asked: str, told: str, code: int
) -> None:
    environment = {**place.environment, "_COACH_COMPLETE": asked}
    ran = coach(environment=environment, before=_fill_stdout)
    assert (ran.code, ran.out) == (code, b"")
    assert ran.err.startswith(b"coach: ")
    assert told.encode() in ran.err
    assert b"Traceback" not in ran.err


def _fill_stdout() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


@pytest.mark.parametrize(
    "command",
    ["show", "check", "edit", "export --to csv", f"play --output none --fast {' '.join(QUICKLY)}"],
)
def test_a_name_that_begins_like_an_option(place: Place, command: str) -> None:
    (place.folder / "-o.yaml").write_text(script("A"))
    assert place.run(*command.split(), "--", "-o.yaml", on_terminal=False).code == 0
    (place.folder / "-o.yaml").unlink()


@pytest.mark.parametrize(
    "text",
    [
        *("Übung", "10\u00a0s", "½ · 90°", "\u3000", "\N{WOMAN}\u200d\N{EMOJI COMPONENT RED HAIR}"),
        "\N{ARABIC LETTER MEEM}\u200c\N{ARABIC LETTER KHAH}",
        *("\u200f\N{HEBREW LETTER SHIN}", "\u0915\u094d\u200d\u0937"),
    ],
)
def test_what_languages_need_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


@given(st.text(st.characters(codec="utf-8")))
def test_whatever_deceives_is_shown_as_an_escape(text: str) -> None:
    assert not any(map(is_deceptive, shown(text)))
    written = json_text([text], is_unicode=True)
    assert json.loads(written) == [text]
    assert not any(map(is_deceptive, written.replace("\n", "")))


HARMLESS = re.compile(
    "[\n\xad"  # where a word may be broken
    "\u200c\u200d\u200e\u200f\u061c"  # joiners, and the marks of direction
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # are seen
    "\U00013430-\U0001345f]"  # joiners of hieroglyphs
)


def is_deceptive(char: str) -> bool:
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return unicodedata.category(char) in kinds and not HARMLESS.match(char)
