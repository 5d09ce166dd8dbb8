"""What was said in an utterance: pocketsphinx finds the likeliest command, and how sure it is."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from coach.listening import Spoken, Style
from coach.listening.clearing import clear
from coach.listening.command_list import CommandList
from coach.listening.phrase_model import PHONES, grammar, phrase_model

if TYPE_CHECKING:
    from coach.timeline import Samples

WORST = -80.0
"""A word this much unlikelier a frame than other sounds was not said."""
NARROW = {"beam": 1e-25, "pbeam": 1e-25, "wbeam": 1e-20}
"""How much unlikelier a phone may be at a moment to be looked at further: it saves time."""
ADDRESSED, AGREED, DISAGREED, WORD_MORE = 1.78, 0.85, -3.04, -0.71
"""What it adds to the odds of a command that the model of commands among other words hears the
address first, the same command, another command, and for each word that it hears more or fewer."""
SINGLE = 1.1
"""What it takes from the odds that a command is a single word, which much is like."""
HOPELESS = -1.0
"""Odds that are not worth the time to ask that model if it could not lift them above this."""


class Guess(Struct, frozen=True):
    """The command that an utterance is most like."""

    command: Spoken
    wording: str
    """With the address if it was said."""
    confidence: float
    """From 0 to 1."""


class Evidence(Struct, frozen=True):
    """What speaks for a command; likelihoods are in pocketsphinx's unit, a frame of 10 ms."""

    whole: float
    """How much likelier the words are than any sounds."""
    least: float
    """The same of the word for which it is least."""
    fit: float
    """How likely the words are, of the best that the model knows."""
    seconds: float
    """Of speech."""


class _Word(Struct, frozen=True):
    word: str
    start: int
    end: int
    """Frame behind its last."""
    score: float
    """Of all its frames."""


class PhraseDecoder:
    """Understands utterances as commands, with pocketsphinx and the English model in its wheel.

    A grammar of commands finds which of them an utterance is most like, also in noise. Whether it
    is one at all is told by two others: a loop of phones, than which a command that was said is
    hardly less likely, and a model of commands among other words, which seldom hears the address
    where it was not said, but overlooks some commands.
    """

    def __init__(self, commands: CommandList, style: Style) -> None:
        """Load the models, which takes about half a second."""
        from pocketsphinx import get_model_path

        self._commands, self._style = commands, style
        model = phrase_model(commands, style, Path(get_model_path("en-us/cmudict-en-us.dict")))
        # Scores can be compared only where all of them are computed, and along one path.
        exact = {"compallsen": True, "bestpath": False}
        self._grammar = _decoder(model.dictionary, "jsgf", model.commands, **exact)
        self._sounds = _decoder(model.sound_dictionary, "jsgf", model.sounds, **exact, **NARROW)
        self._words = _decoder(model.dictionary, "lm", model.words)
        self._mean = _decoder(model.sound_dictionary, "jsgf", grammar(PHONES[0]), bestpath=False)

    def guess(self, samples: Samples, lead: int) -> Guess | None:
        """Return the command in an utterance; None if it is none.

        Args:
            samples: the utterance and some silence around it.
            lead: how many of the samples are before it.
        """
        cleared = clear(samples, lead)
        # The mean of the spectrum is subtracted. That of what was said before may be of another
        # voice or noise, that of a few words alone is too rough: this is between the two.
        _decode(self._mean, cleared)
        mean = self._mean.get_cmn(False)
        words = self._decode(self._grammar, cleared, mean)
        phrase = " ".join(word.word for word in words)
        command = self._command_of(phrase)
        if command is None:
            return None
        odds = _odds(_evidence(words, self._decode(self._sounds, cleared, mean)))
        if " " not in phrase.removeprefix(f"{self._commands.address} "):
            odds -= SINGLE
        if odds + ADDRESSED + AGREED > HOPELESS:
            spotted = [word.word for word in self._decode(self._words, cleared, mean)]
            if spotted == [self._commands.address]:
                return None
            odds += self._seconded(command, words, spotted)
        return Guess(command, phrase, 1 / (1 + math.exp(-odds)))

    def _seconded(self, command: Spoken, words: Sequence[_Word], spotted: Sequence[str]) -> float:
        """Return what the words that were found among others add to the odds of a command."""
        odds = WORD_MORE * min(4, abs(len(spotted) - len(words)))
        if spotted[:1] == [self._commands.address]:
            odds += ADDRESSED
        among_others = self._command_of(" ".join(spotted))
        if among_others is not None:
            odds += AGREED if among_others == command else DISAGREED
        return odds

    def _decode(self, decoder: Any, samples: Samples, mean: str) -> list[_Word]:
        decoder.set_cmn(mean)
        words = _decode(decoder, samples)
        decoder.set_cmn(mean)
        return words

    def _command_of(self, said: str) -> Spoken | None:
        address, _, wording = said.partition(" ")
        if address == self._commands.address:
            return self._commands.command_of(wording)
        return self._commands.command_of(said) if self._style == "plain" else None


def _odds(evidence: Evidence) -> float:
    """Return the logarithm of the odds that a command was said, for now.

    These weights, and those above, are of a logistic regression over 880 commands, in quiet and in
    noise, and 770 other utterances of the corpus of `tests/bench/listening.py`.
    """
    words = 0.088 * evidence.whole + 0.022 * evidence.least + 0.105 * evidence.fit
    # What is longer is taken for something else less often, up to a point.
    return 7.66 + words + 1.84 * math.log(min(evidence.seconds, 1.4))


def _decoder(dictionary: str, kind: str, model: str, **options: float) -> Any:
    """Return a decoder of its own for a model; what they find depends on no other's work."""
    from pocketsphinx import Decoder, get_model_path

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dictionary").write_text(dictionary, "utf-8")
        (folder / "model").write_text(model, "utf-8")
        return Decoder(
            hmm=get_model_path("en-us/en-us"),
            dict=str(folder / "dictionary"),
            cmn="live",
            pl_window=0,
            loglevel="FATAL",
            **{kind: str(folder / "model")},
            **options,
        )


def _decode(decoder: Any, samples: Samples) -> list[_Word]:
    """Return the words, without silence, that are likeliest in an utterance."""
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=False)
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    return [
        _Word(
            re.sub(r"\(\d+\)$", "", part.word),
            part.start_frame,
            part.end_frame + 1,
            # Of 1.0001, in which it is counted inside.
            math.log(part.ascore) / math.log(1.0001) if part.ascore > 0 else -1e6,
        )
        for part in decoder.seg()
        if part.word[0].isalpha() and part.end_frame >= part.start_frame
    ]


def _evidence(words: list[_Word], sounds: list[_Word]) -> Evidence:
    """Return what speaks for words, given the likeliest sounds in their place."""
    frames = max(word.end for word in (*words, *sounds))
    free: NDArray[np.float64] = np.zeros(frames)
    for sound in sounds:
        free[sound.start : sound.end] = sound.score / (sound.end - sound.start)
    lengths = [word.end - word.start for word in words]
    each = [
        max(WORST, (word.score - float(free[word.start : word.end].sum())) / length)
        for word, length in zip(words, lengths, strict=True)
    ]
    total = sum(lengths)
    return Evidence(
        whole=float(np.average(each, weights=lengths)),
        least=min(each),
        fit=sum(word.score for word in words) / total,
        seconds=total / 100,
    )
