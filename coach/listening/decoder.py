"""What was said in an utterance: pocketsphinx looks for words, and for commands alone."""

from __future__ import annotations

import math
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coach.listening import RATE, Spoken, Style
from coach.listening.command_list import CommandList
from coach.listening.phrase_model import phrase_model

if TYPE_CHECKING:
    from coach.timeline import Samples

LOUDNESS = 0.08
"""Root mean square, of a full scale of 1, to which the speech in each utterance is brought."""
FRAMES = 100
"""Of the decoder, in a second."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The command that an utterance is most like."""

    command: Spoken
    wording: str
    """With the address if it was said."""
    confidence: float
    """From 0 to 1."""


class PhraseDecoder:
    """Understands utterances as commands, with pocketsphinx and the English model in its wheel."""

    def __init__(self, commands: CommandList, style: Style) -> None:
        """Load the model, which takes about half a second."""
        from pocketsphinx import Decoder, get_model_path

        self._commands, self._style = commands, style
        model = phrase_model(commands, style, Path(get_model_path("en-us/cmudict-en-us.dict")))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, text in (
                ("dictionary", model.dictionary),
                ("words", model.words),
                ("commands", model.commands),
            ):
                (folder / file).write_text(text, "utf-8")
            self._decoder = Decoder(
                hmm=get_model_path("en-us/en-us"),
                dict=str(folder / "dictionary"),
                lm=str(folder / "words"),
                # The mean is that of what was said before, and not of a few words alone.
                cmn="live",
                pl_window=0,
                loglevel="FATAL",
            )
            self._words = self._decoder.current_search()
            self._decoder.add_jsgf_file("commands", str(folder / "commands"))

    def guess(self, samples: Samples) -> Guess | None:
        """Return the command in an utterance; None if it is none."""
        levelled = _levelled(samples)
        words, words_score = self._decode(self._words, levelled)
        phrase, phrase_score = self._decode("commands", levelled)
        frames = len(samples) / RATE * FRAMES
        command = self._command_of(phrase)
        if command is None:
            return None
        margin = (phrase_score - words_score) / frames
        agrees = self._command_of(words) == command
        return Guess(command, phrase, _confidence(margin, agrees=agrees))

    def _command_of(self, said: str) -> Spoken | None:
        address, _, wording = said.partition(" ")
        if address == self._commands.address:
            return self._commands.command_of(wording)
        return self._commands.command_of(said) if self._style == "plain" else None

    def _decode(self, search: str, samples: Samples) -> tuple[str, float]:
        """Return the words that were found and how likely they are, as a logarithm."""
        decoder: Any = self._decoder
        decoder.activate_search(search)
        decoder.start_utt()
        decoder.process_raw(samples.tobytes(), full_utt=False)
        decoder.end_utt()
        found = decoder.hyp()
        if found is None or not found.hypstr or found.score <= 0:
            return "", -math.inf
        return re.sub(r"\(\d+\)", "", found.hypstr), math.log(found.score)


def _levelled(samples: Samples) -> Samples:
    """Return the samples with their speech at `LOUDNESS`."""
    sound = samples.astype(np.float64)
    power = np.mean(sound[: len(sound) // 320 * 320].reshape(-1, 320) ** 2, axis=1)
    loud = float(np.mean(power[power >= 0.01 * power.max()]))
    if loud <= 0:
        return samples
    levelled = sound * (LOUDNESS * 32768 / math.sqrt(loud))
    return np.clip(np.rint(levelled), -32767, 32767).astype(np.int16)


def _confidence(margin: float, *, agrees: bool) -> float:
    """Return how sure it is, from how much likelier other words are than the command, a frame."""
    return 1 / (1 + math.exp(-(4 + 200 * margin))) if agrees else 0.0
