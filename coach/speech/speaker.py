"""Texts in, clips out: from the store where they are, else spoken, trimmed, levelled and stored."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from coach.errors import SpeechError
from coach.parallel import as_finished
from coach.resample import resample, resampled_length
from coach.speech import Speech
from coach.speech.normalise import NO_WORDS, normalise
from coach.speech.store import PROCESSING_VERSION, clip_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from coach.speech import Engine, Samples
    from coach.speech.store import ClipStore

LOADERS = 2
"""Threads that read and resample stored clips; a third brings nothing."""

FINISHERS = 2
"""Threads beyond the engine's workers, which finish clips while the engine speaks the next."""


class Speaker:
    """Speaks for one session: one engine and voice, one language, one rate.

    Clips are stored at the engine's own rate and resampled once, when they are loaded.
    """

    def __init__(
        self,
        engine: Engine,
        store: ClipStore,
        *,
        language: str,
        pronounce: Mapping[str, str] = NO_WORDS,
        rate: int,
    ) -> None:
        """Bind the parts; nothing is started.

        Args:
            engine: speaks what is not stored. The caller closes it.
            store: where clips are kept.
            language: the language tag of all texts.
            pronounce: what to say for certain words, see `normalise`.
            rate: frames a second of the clips that `speak` returns.
        """
        self._engine = engine
        self._store = store
        self._language = language
        self._pronounce = pronounce
        self._rate = rate
        self._kept: dict[str, Samples] = {}
        """What `each` has given, so that a session that is changed need not load it again."""
        self._has_spoken = False
        self.problems: list[str] = []
        """What `each` could not have spoken, a sentence each."""
        self._turns = threading.BoundedSemaphore(engine.workers)

    def begin(self, texts: Iterable[str]) -> None:
        """Let the engine start if any of the texts is not stored, and do not wait for it."""
        spoken = filter(None, self._wanted(texts).values())
        missing = sum(not self._store.has(self._key(text)) for text in dict.fromkeys(spoken))
        if missing:
            self._engine.start(missing)

    def speak(
        self,
        texts: Iterable[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Samples]:
        """Return the clip of each text, mono at the speaker's rate; an empty one for no words.

        Each clip is stored as soon as it is spoken, so a run that is broken off keeps it.

        Args:
            texts: as written in the script; equal ones are spoken once.
            progress: called with how many clips are ready and how many there are, from the thread
                that called this.

        Raises:
            SpeechError: a text could not be spoken; the rest is given up.
        """
        wanted = self._wanted(texts)
        spoken = list(dict.fromkeys(filter(None, wanted.values())))
        clips = self._load(spoken)
        missing = [text for text in spoken if text not in clips]
        if progress is not None:
            progress(len(clips), len(spoken))
        for text, clip in as_finished(self._make, missing, self._engine.workers + FINISHERS):
            clips[text] = clip
            if progress is not None:
                progress(len(clips), len(spoken))
        if missing:
            self._store.tidy_if_due()
        return self._by_text(wanted, clips)

    def each(self, texts: Iterable[str]) -> Iterator[tuple[str, Samples]]:
        """Yield each text with its clip, those that are stored first, and each group in order.

        Something is ready long before all is, and what was given once is given again at once.
        Once the engine has spoken at all, a text that it cannot say is left silent, and
        `problems` tells of it.

        Raises:
            SpeechError: the engine cannot speak; the rest is given up.
        """
        writings: dict[str, list[str]] = {}
        for text, spoken in self._wanted(texts).items():
            writings.setdefault(spoken, []).append(text)
        self._kept[""] = self._by_text({"": ""}, {})[""]
        missing = []
        for spoken, texts_of_it in writings.items():
            if spoken in self._kept:
                yield from ((text, self._kept[spoken]) for text in texts_of_it)
            else:
                missing.append(spoken)
        unknown = []
        for spoken, clip in as_finished(self._loaded, missing, LOADERS):
            if clip is None:
                unknown.append(spoken)
            else:
                self._kept[spoken] = clip
                yield from ((text, clip) for text in writings[spoken])
        unknown.sort(key=missing.index)
        for spoken, made in as_finished(self._tried, unknown, self._engine.workers + FINISHERS):
            self._kept[spoken] = made
            yield from ((text, made) for text in writings[spoken])
        if unknown:
            self._store.tidy_if_due()

    def lengths(self, texts: Iterable[str]) -> dict[str, int]:
        """Return how many frames the clips of those texts have that need no engine."""
        found = {}
        for text, spoken in self._wanted(texts).items():
            if not spoken:
                found[text] = 0
            elif (size := self._store.size(self._key(spoken))) is not None:
                found[text] = resampled_length(size.frames, size.rate, self._rate)
        return found

    def _wanted(self, texts: Iterable[str]) -> dict[str, str]:
        """Return what to say for each text."""
        return {
            text: normalise(text, self._language, self._pronounce) for text in dict.fromkeys(texts)
        }

    def _by_text(
        self, wanted: Mapping[str, str], clips: Mapping[str, Samples]
    ) -> dict[str, Samples]:
        import numpy as np

        silence = np.zeros(0, np.int16)
        return {
            text: clips[spoken] if spoken else silence
            for text, spoken in wanted.items()
            if not spoken or spoken in clips
        }

    def _key(self, spoken: str) -> str:
        return clip_key(self._engine.fingerprint, self._language, spoken, PROCESSING_VERSION)

    def _load(self, spoken: list[str]) -> dict[str, Samples]:
        found = as_finished(self._loaded, spoken, LOADERS)
        return {text: clip for text, clip in found if clip is not None}

    def _loaded(self, spoken: str) -> Samples | None:
        speech = self._store.get(self._key(spoken))
        return None if speech is None else self._resampled(speech)

    def _make(self, spoken: str) -> Samples:
        from coach.speech.level import level, trim

        with self._turns:
            raw = self._engine.synthesize(spoken)
        speech = Speech(raw.rate, level(trim(raw.samples, raw.rate), raw.rate))
        self._store.put(self._key(spoken), speech)
        return self._resampled(speech)

    def _tried(self, spoken: str) -> Samples:
        try:
            clip = self._make(spoken)
        except SpeechError as error:
            if not self._has_spoken:
                raise
            self.problems.append(error.message)
            return self._by_text({"": ""}, {})[""]
        self._has_spoken = True
        return clip

    def _resampled(self, speech: Speech) -> Samples:
        return resample(speech.samples, speech.rate, self._rate)
