"""hibari-tts as an engine: a small neural network that speaks English on the processor.

It runs on threads. Most of its time is spent in native code that lets other threads run, and
loading it takes as long as speaking 30 sentences, so processes would be slower.
"""

from __future__ import annotations

import json
import threading
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from coach.errors import SpeechError
from coach.parallel import cores
from coach.speech import OTHERWISE, Speech, Voice, open_engine
from coach.speech.extras import (
    as_speech,
    check_installed,
    folder_of,
    half_installed,
    is_installed,
    load_early,
    version_of,
)
from coach.speech.voice_choice import as_tag, choose_voice, speaks

NORMAL_SPEED = 0.85
"""hibari's speed at ours of 1. Its own makes 193 words a minute, too many for instructions."""
SEED = 0
"""Of the noise in a voice: a sentence is the same to the sample each time."""
FIRST_NOT_LATIN = "\u0250"
"""Behind the last of the Latin letters, in Unicode."""
_LOADING = threading.Lock()


class NeuralEngine:
    """Speaks English through hibari-tts, a sentence on each core.

    Attributes:
        fingerprint: what changes the sound.
        workers: how many sentences are synthesised at once.
    """

    name = "neural"

    def __init__(
        self, *, voice: str | None = None, speed: Fraction = Fraction(1), language: str = "en"
    ) -> None:
        """Prepare; nothing is loaded before the first text.

        Args:
            voice: a name or a language; None for one that is here and speaks `language`.
            speed: 1 is `NORMAL_SPEED`.
            language: the language tag of the texts.
        """
        self.workers = cores()
        self._voice = voice
        self._language = as_tag(language)
        self._speed = NORMAL_SPEED * float(speed)
        self._other = open_engine(OTHERWISE, speed=speed, language=language)
        self._is_closed = False
        wanted = voice.casefold() if voice is not None else f"for {self._language}"
        here = " ".join(one.id for one in _known_voices() if not one.install)
        parts = (self.name, version_of(self.name), wanted, here, f"{self._speed:.4f}")
        self.fingerprint = " | ".join(parts)

    @staticmethod
    def offers(voice: str | None, language: str) -> bool:
        """Return whether this speaks `language`, with a voice that is so called if one is named."""
        if not is_installed("neural"):
            return False
        known = _known_voices()
        if voice is not None and as_tag(voice) in {one.id for one in known}:
            return True
        here = [one.languages for one in known if not one.install]
        wanted = {as_tag(language).partition("-")[0], "en" if voice is None else as_tag(voice)}
        return any(all(speaks(tags, tag) for tag in wanted) for tags in here)

    def close(self) -> None:
        """Refuse further texts; what is loaded stays for the next engine."""
        self._is_closed = True
        self._other.close()

    def start(self, count: int) -> None:
        """Begin to load the network, and do not wait for it."""
        if count and is_installed(self.name):
            load_early(lambda: _loaded(self._chosen()))

    def voices(self) -> tuple[Voice, ...]:
        """Return the voices that there are, those that are here first.

        Raises:
            SpeechError: a package is missing, or a part of it.
        """
        check_installed(self.name)
        found = _known_voices()
        if not found:
            raise half_installed(self.name, "the list of its voices is missing")
        return found

    def synthesize(self, text: str) -> Speech:
        """Return `text` spoken, by pyttsx3 if it is in another script than ours.

        Raises:
            SpeechError: a package or the voice is missing, or nothing can be said of the text.
        """
        if self._is_closed:
            raise SpeechError("the speech engine has been closed")
        network = _loaded(self._chosen())
        if not _is_readable(text):
            return self._other.synthesize(text)
        try:
            samples = network(text, speed=self._speed, seed=SEED)
        except Exception as error:  # onnxruntime raises what it likes
            raise SpeechError(f"the voice engine neural could not say “{text}”: {error}") from error
        return as_speech(samples, network.sample_rate, text)

    def _chosen(self) -> str:
        known = self.voices()
        here = [one for one in known if not one.install]
        return choose_voice(
            known if self._voice is not None else here,
            requested=self._voice,
            language=self._language,
            default=here[0].id if here else None,
            engine=self.name,
        )


def _is_readable(text: str) -> bool:
    """Return whether there are letters or digits in a text, and of Latin script alone.

    The network leaves out what it does not know, without a word.
    """
    said = [character for character in text if character.isalnum()]
    return bool(said) and max(said) < FIRST_NOT_LATIN


def _loaded(voice: str) -> Any:
    with _LOADING:  # or each worker would load one of its own
        return _load(voice)


@lru_cache(maxsize=1)
def _load(voice: str) -> Any:
    """Return a voice's network, and the dictionary that it needs.

    Raises:
        SpeechError: a package is broken, or the voice cannot be fetched.
    """
    try:
        from hibari import Hibari
        from hibari.voices import voice_path
    except Exception as error:  # what is half unpacked fails in its own way
        raise half_installed("neural", f"{type(error).__name__}: {error}") from error
    try:
        path = voice_path(voice)
    except RuntimeError as error:
        why = error.__cause__ or error
        raise SpeechError(
            f"the voice `{voice}` is not on this computer and cannot be fetched ({why})",
            hint="connect it to the internet for once, or choose --voice heart",
        ) from error
    try:
        network = Hibari(voice=voice, threads=1)
        network("one", seed=SEED)
    except Exception as error:
        if not Path(path).is_relative_to(folder_of("hibari") or ""):
            raise SpeechError(
                f"the voice `{voice}` cannot be used: {error}",
                hint=f"remove {path}, so that it is fetched again",
            ) from error
        raise half_installed("neural", f"{type(error).__name__}: {error}") from error
    return network


def _known_voices() -> tuple[Voice, ...]:
    """Return the voices that hibari lists, those that are here first; none if it is not here."""
    folder = folder_of("hibari")
    if folder is None:
        return ()
    try:
        listed = json.loads((folder / "assets" / "voices.json").read_bytes())
        found = [_voice(name, entry) for name, entry in listed.items()]
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return ()
    return tuple(sorted(found, key=lambda one: bool(one.install)))


def _voice(name: str, entry: dict[str, Any]) -> Voice:
    is_here = entry.get("bundled") or (_fetched_folder() / entry["file"]).is_file()
    return Voice(
        engine=NeuralEngine.name,
        id=name,
        name=f"{name.capitalize()} ({entry['accent']})",
        languages=(as_tag(entry["language"]),),
        gender=entry["gender"],
        install="" if is_here else "fetched when it is first used, 8 MB",
    )


def _fetched_folder() -> Path:
    """Return where hibari keeps what it fetches, as `hibari.voices.cache_dir` has it."""
    import os
    import sys

    if chosen := os.environ.get("HIBARI_HOME"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "hibari"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/hibari"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hibari"
