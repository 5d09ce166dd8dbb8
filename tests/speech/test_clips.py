"""What engines really give, made into clips: one loudness, no silence at the ends, no clicks.

Sentences, numbers and words that begin and end with what is hard to cut: weak consonants, stops,
vowels at once.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coach.routine import load_routine
from coach.session import RENDER_RATE, outline, prepared
from coach.settings import Settings
from coach.speech import open_engine
from coach.speech.level import PEAK_DB, TARGET_DB, active_level
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore
from tests.conftest import bundled

SILENT_DB = TARGET_DB - 40
"""Samples below it are silence: in dB of full scale."""
LONGEST_SILENCE_S = 0.030
EDGE_S = 0.001
NUMBERS = ("1", "2", "3", "4", "5", "6", "8", "10", "12", "20", "28")
WORDS = {
    "en": ("Go", "In", "Up", "Off", "Fish", "Half", "Thief", "Six", "Stop", "Shh", "Left.", "Pop"),
    "de": ("Auf", "Ab", "Aus", "Fuß", "Halb", "Links"),
    "es": ("Sí", "Ya", "Pies", "Alto"),
    "fr": ("Haut", "Oui", "Stop", "Six"),
    "it": ("Su", "Giù", "Via", "Tre"),
    "nl": ("Op", "Af", "Ja", "Zes"),
    "pt": ("Sim", "Pés", "Já", "Dois"),
}
ENGINES = (
    ("neural", "en", 17),
    ("piper", "en", 9),
    *(("pyttsx3", language, 17) for language in WORDS),
)
"""Engine, language, and how many sentences of it are spoken; Piper takes its time."""


def sentences(language: str, count: int) -> list[str]:
    """Return so many of the texts of a session, the longest among them."""
    routine = load_routine(next(path for path in bundled() if path.stem == "si-joint-relief"))
    lines = outline(prepared(routine, Settings(language=language))).lines
    texts = sorted((line.text for line in lines), key=len)
    return texts[:: max(1, len(texts) // count)] if count > 9 else texts[:count]


def spoken(
    engine: str, language: str, texts: list[str], folder: Path
) -> dict[str, NDArray[np.int16]]:
    with closing(open_engine(engine, language=language)) as opened:
        speaker = Speaker(opened, ClipStore(folder), language=language, rate=RENDER_RATE)
        return speaker.speak(texts)


@pytest.mark.parametrize(("engine", "language", "count"), ENGINES)
def test_clips_are_alike_trimmed_and_do_not_click(
    engine: str, language: str, count: int, tmp_path: Path
) -> None:
    texts = [*sentences(language, count), *NUMBERS, *WORDS[language]]
    clips = spoken(engine, language, texts, tmp_path)
    assert set(clips) == set(texts)
    for text, clip in clips.items():
        signal = np.abs(clip / 32768)
        level = active_level(clip, RENDER_RATE)
        assert level == pytest.approx(TARGET_DB, abs=1), text
        # Resampling adds a little to a peak.
        assert signal.max() < 10 ** ((PEAK_DB + 0.3) / 20), text
        loud = np.flatnonzero(signal > 10 ** (SILENT_DB / 20))
        assert loud[0] <= LONGEST_SILENCE_S * RENDER_RATE, text
        assert len(clip) - 1 - loud[-1] <= LONGEST_SILENCE_S * RENDER_RATE, text
        steps = np.abs(np.diff(signal, prepend=0, append=0))
        edge = round(EDGE_S * RENDER_RATE)
        assert max(signal[0], signal[-1]) < 0.001, text
        assert max(steps[:edge].max(), steps[-edge:].max()) < steps.max() / 2, text


@pytest.mark.parametrize("engine", ["neural", "piper"])
def test_clips_are_the_same_to_the_byte_in_another_store(engine: str, tmp_path: Path) -> None:
    texts = [*sentences("en", 4), "7", "Shh"]
    kept = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        # The order in which they are spoken must not matter either.
        texts.reverse()
        spoken(engine, "en", texts, folder)
        files = sorted(folder.rglob("*.wav"))
        kept.append([(path.name, hashlib.sha256(path.read_bytes()).digest()) for path in files])
    assert len(kept[0]) >= len(texts)
    assert kept[0] == kept[1]
