"""Measure how well a speech recogniser understands each engine: the word error rate.

    python tests/bench/wer.py [--engine NAME]... [--voice NAME]

Everything that the English routines that ship say in three words or more is spoken, and
pocketsphinx, with the English model in its wheel, writes down what it hears. It is a crude
listener, so only the ratio between two voices means something. Clips come from a folder of their
own, so each is spoken anew.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from pocketsphinx import Decoder

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from coach.library import bundled_routines
from coach.parallel import as_finished, cores
from coach.session import outline, prepare
from coach.settings import Settings
from coach.speech import open_engine
from coach.speech.normalise import normalise
from coach.speech.speaker import Speaker
from coach.speech.store import ClipStore

RATE = 16_000
"""Hz, which the recogniser wants."""
LEAST_WORDS = 3
SILENCE = np.zeros(RATE // 4, np.int16)
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def instructions() -> tuple[str, ...]:
    """Return what the English routines that ship say in several words, each text once."""
    texts: dict[str, None] = {}
    for path in bundled_routines().values():
        prepared = prepare(path, Settings())
        if prepared.manner.language.partition("-")[0] == "en":
            pronounce = dict(prepared.routine.pronounce)
            texts |= dict.fromkeys(
                normalise(line.text, "en", pronounce) for line in outline(prepared).lines
            )
    return tuple(text for text in texts if len(words_of(text)) >= LEAST_WORDS)


def words_of(text: str) -> list[str]:
    """Return the words of a text as a recogniser writes them, numbers among them."""
    spelled = re.sub(r"\d+", lambda found: f" {_number(int(found[0]))} ", text.lower())
    return re.findall(r"[a-z]+(?:'[a-z]+)?", spelled.replace("\u2019", "'"))


def _number(number: int) -> str:
    if number < len(_ONES):
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")
    return " ".join(_ONES[int(digit)] for digit in str(number))


def errors(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words have to be put in, left out or replaced (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def word_error_rate(
    engine_name: str, texts: Iterable[str], voice: str | None = None
) -> tuple[float, int]:
    """Return the share of words that are misheard, and how many words there are."""
    wanted = tuple(texts)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_engine(engine_name, voice=voice)) as engine,
    ):
        clips = Speaker(engine, ClipStore(Path(folder)), language="en", rate=24_000).speak(wanted)

    def misheard(part: Sequence[str]) -> tuple[int, int]:
        decoder = Decoder(samprate=RATE, loglevel="FATAL")
        wrong = count = 0
        for text in part:
            sound = np.concatenate([SILENCE, soxr.resample(clips[text], 24_000, RATE), SILENCE])
            decoder.start_utt()
            decoder.process_raw(sound.astype(np.int16).tobytes(), full_utt=True)
            decoder.end_utt()
            hypothesis = decoder.hyp()
            heard = re.findall(r"[a-z']+", hypothesis.hypstr.lower()) if hypothesis else []
            wrong += errors(words_of(text), heard)
            count += len(words_of(text))
        return wrong, count

    parts = [wanted[start :: cores()] for start in range(cores())]
    found = [result for _, result in as_finished(misheard, parts, cores())]
    total = sum(count for _, count in found)
    return sum(wrong for wrong, _ in found) / total, total


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how well engines are understood.")
    parser.add_argument("--engine", action="append", help="repeatable (default: all three)")
    parser.add_argument("--voice", help="of the engine (default: its best)")
    chosen: Any = parser.parse_args()
    texts = instructions()
    for name in chosen.engine or ("pyttsx3", "neural", "piper"):
        rate, count = word_error_rate(name, texts, chosen.voice)
        print(f"{name:<10} {100 * rate:5.1f} % of {count} words misheard, {len(texts)} texts")


if __name__ == "__main__":
    main()
