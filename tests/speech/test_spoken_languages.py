"""A session in each language: who speaks it, and what is really given to the engine."""

# ruff: noqa: RUF001 - characters that look alike are what is looked for

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from coach.cli import run
from coach.phrases import languages, load_phrasebook
from coach.settings import Settings
from coach.speech import Speech
from coach.speech.pyttsx3_engine import Pyttsx3Engine
from tests.conftest import RATE, bundled, spoken

LEFT = re.compile(
    r"[{}\[\]<>°%/×&=~#*_…–—•]|\d ?(?:s|sec|sek|seg|min|h|cm|mm|kg|g|x|m)\b|\d-\d|\d:\d|None"
)
"""What must have been written out before an engine gets it."""


def words_in(value: Any) -> set[str]:
    """Return the words of four letters and more in the phrases of a catalog."""
    if isinstance(value, dict):
        return set().union(*map(words_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(words_in, value))
    text = re.sub(r"\{\w*\}", " ", str(value))
    return {word.casefold() for word in re.findall(r"[^\W\d_]{4,}", text)}


@pytest.mark.parametrize("language", languages())
def test_a_session_is_spoken_by_a_voice_of_its_language(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    voices: set[str | None] = set()
    synthesize = Pyttsx3Engine.synthesize

    def watched(engine: Pyttsx3Engine, text: str) -> Speech:
        speech = synthesize(engine, text)
        given.append(text)
        voices.add(engine._voice_id)
        return speech

    monkeypatch.setattr(Pyttsx3Engine, "synthesize", watched)
    (script,) = (path for path in bundled() if path.stem == "si-joint-relief")
    settings = Settings(language=language, count="voice", style="lively", engine="pyttsx3")
    session = spoken(script, RATE, settings)
    (voice,) = voices
    assert voice is not None
    assert re.fullmatch(rf"{language}(-\w+)?", voice.rpartition("/")[2].partition("+")[0])
    assert len(given) > 40
    assert not [text for text in given if LEFT.search(text)]
    for clip in session.timeline.clips:
        assert "{" not in clip.label
        assert clip.kind != "speech" or len(clip.samples)
    if language != "en":
        english = words_in(load_phrasebook("en").phrases)
        foreign = english - words_in(load_phrasebook(language).phrases)
        said = {word.casefold() for text in given for word in re.findall(r"[^\W\d_]{4,}", text)}
        assert not said & foreign


def test_a_language_without_phrases_is_told_before_anything_is_spoken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["render", "si-joint-relief", "--language", "xx", "-o", "a.wav"]) == 1
    told = capsys.readouterr().err
    assert "no phrases in the language `xx`" in told
    assert "Languages: de, en, es, fr, it, nl, pt" in told


@pytest.mark.parametrize(
    "command",
    [
        "render small.yaml -o a.wav",
        "play small.yaml --output file --fast --file b.wav",
        "batch people.csv --out made --format wav",
    ],
)
def test_the_default_voice_of_a_language_speaks_it(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(
        "title: Klein\nlanguage: de\nexercises: [{name: Brücke, hold: 1s}]\n", "utf-8"
    )
    (tmp_path / "people.csv").write_text("name,routine\nAnna,small.yaml\n")
    assert run(["voices", "--default", "de+f4"]) == 0
    voices: set[str | None] = set()
    synthesize = Pyttsx3Engine.synthesize

    def watched(engine: Pyttsx3Engine, text: str) -> Speech:
        speech = synthesize(engine, text)
        voices.add(engine._voice_id)
        return speech

    monkeypatch.setattr(Pyttsx3Engine, "synthesize", watched)
    assert run(command.split()) == 0
    assert voices == {"gmw/de+f4"}
