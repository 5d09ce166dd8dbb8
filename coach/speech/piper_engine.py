"""Piper as an engine: neural voices in many languages, each a file that the user brings.

It runs on threads, as the neural engine does and for the same reason.
"""

from __future__ import annotations

import json
import threading
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeGuard

from msgspec import Struct

from coach.errors import SpeechError, did_you_mean
from coach.parallel import cores
from coach.speech import Speech, Voice
from coach.speech.extras import (
    EXTRAS,
    as_speech,
    check_installed,
    half_installed,
    is_installed,
    load_early,
    one_thread,
    version_of,
)
from coach.speech.voice_choice import as_tag, choose_voice

ENDING = ".onnx"
GET_VOICE = EXTRAS["piper"].get_voice
_LOADING = threading.Lock()
_DAMAGE = (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What reading a voice's description raises if it is none."""


class PiperEngine:
    """Speaks through Piper, a sentence on each core.

    Attributes:
        fingerprint: what changes the sound.
        workers: how many sentences are synthesised at once.
    """

    name = "piper"

    def __init__(
        self, *, voice: str | None = None, speed: Fraction = Fraction(1), language: str = "en"
    ) -> None:
        """Prepare; nothing is loaded before the first text.

        Args:
            voice: the path of a voice file, or the name of an installed voice; None for an
                installed one that speaks `language`.
            speed: 1 is the voice's own.
            language: the language tag of the texts.
        """
        self.workers = cores()
        self._voice = voice
        self._language = as_tag(language)
        self._speed = float(speed)
        self._is_closed = False
        parts = (self.name, version_of(self.name), self._wanted(), f"{self._speed:.4f}")
        self.fingerprint = " | ".join(parts)

    @staticmethod
    def offers(voice: str | None, language: str) -> bool:
        """Return whether a voice is named that is a file, or one of those installed."""
        del language
        if voice is None:
            return False
        if _is_path(voice):
            return True
        return is_installed("piper") and as_tag(voice) in map(as_tag, _installed())

    def close(self) -> None:
        """Refuse further texts; what is loaded stays for the next engine."""
        self._is_closed = True

    def start(self, count: int) -> None:
        """Begin to load the voice, and do not wait for it."""
        if count and is_installed(self.name):
            load_early(self._network)

    def voices(self) -> tuple[Voice, ...]:
        """Return the voices that are installed as packages, and the file that is asked for.

        Raises:
            SpeechError: Piper is missing, or a part of it.
        """
        check_installed(self.name)
        named = [(self._voice, _path(self._voice))] if _is_path(self._voice) else []
        return tuple(_voice(name, path) for name, path in (*named, *sorted(_installed().items())))

    def synthesize(self, text: str) -> Speech:
        """Return `text` spoken, at the voice's rate.

        Raises:
            SpeechError: Piper or the voice is missing or broken, or nothing can be said of the
                text.
        """
        import numpy as np

        if self._is_closed:
            raise SpeechError("the speech engine has been closed")
        network = self._network()
        try:
            from piper import SynthesisConfig

            # Without noise a sentence is the same to the sample each time.
            manner = SynthesisConfig(
                length_scale=network.config.length_scale / self._speed,
                noise_scale=0.0,
                noise_w_scale=0.0,
            )
            parts = [part.audio_float_array for part in network.synthesize(text, manner)]
        except Exception as error:  # onnxruntime raises what it likes
            raise SpeechError(f"the voice engine piper could not say “{text}”: {error}") from error
        samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        return as_speech(samples, network.config.sample_rate, text)

    def _network(self) -> Any:
        check_installed(self.name)
        file = self._file()
        with _LOADING:  # or each worker would load one of its own
            return _load(file)

    def _file(self) -> VoiceFile:
        """Return the file of the voice that is asked for.

        Raises:
            SpeechError: it is not there.
        """
        if _is_path(self._voice):
            path = _path(self._voice)
        else:
            listed = self.voices()
            if not listed:
                wanted = f"called `{self._voice}`" if self._voice else "installed"
                raise SpeechError(f"the engine piper has no voice {wanted}", hint=GET_VOICE)
            chosen = choose_voice(
                listed,
                requested=self._voice,
                language=self._language,
                default=None,
                engine=self.name,
            )
            path = _installed()[chosen]
        return _found(path)

    def _wanted(self) -> str:
        """Return what tells the voice apart from any other, without loading it."""
        try:
            file = self._file()
        except SpeechError:
            return f"{self._voice} for {self._language}"
        return f"{file.path} {file.size} {file.changed}"


class VoiceFile(Struct, frozen=True):
    """A voice on disk, as it was when it was looked at."""

    path: Path
    size: int
    """Bytes."""
    changed: int
    """Nanoseconds since the epoch."""


def _is_path(voice: str | None) -> TypeGuard[str]:
    return voice is not None and voice.casefold().endswith(ENDING)


def _path(voice: str) -> Path:
    return Path(voice).expanduser()


def _found(path: Path) -> VoiceFile:
    """Return the voice at `path`.

    Raises:
        SpeechError: it or its description is not there.
    """
    try:
        status = path.stat()
        if not path.is_file():
            raise SpeechError(f"{path} is no voice file of Piper", hint=GET_VOICE)
    except OSError as error:
        near = did_you_mean(path.name, _beside(path))
        reason = (error.strerror or str(error)).lower()
        raise SpeechError(
            f"there is no voice file {path}: {reason}{near}", hint=GET_VOICE
        ) from error
    description = _description(path)
    if not description.is_file():
        raise SpeechError(
            f"the voice {path.name} lacks its description: there is no {description}",
            hint=f"put {description.name} beside it, from where the voice came from",
        )
    return VoiceFile(path.resolve(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=1)
def _load(file: VoiceFile) -> Any:
    """Return a voice's network.

    Raises:
        SpeechError: Piper is broken, or the voice.
    """
    try:
        import onnxruntime
        from piper import PiperVoice
        from piper import espeakbridge as _  # noqa: F401 - it is loaded late, and may be missing
        from piper.config import PiperConfig
    except Exception as error:  # what is half unpacked fails in its own way
        raise half_installed("piper", f"{type(error).__name__}: {error}") from error
    description = _description(file.path)
    try:
        config = PiperConfig.from_dict(json.loads(description.read_bytes()))
    except _DAMAGE as error:
        raise SpeechError(
            f"{description} does not describe a voice of Piper ({type(error).__name__}: {error})",
            hint="fetch it again from where the voice came from",
        ) from error
    try:
        session = onnxruntime.InferenceSession(
            str(file.path), sess_options=one_thread(), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises what it likes
        raise SpeechError(
            f"the voice file {file.path} is damaged, or none of Piper ({error})",
            hint="fetch it again from where it came from",
        ) from error
    return PiperVoice(session=session, config=config)


@cache
def _installed() -> dict[str, Path]:
    """Return the files of the voices that are installed as packages, by the voice's name."""
    from importlib.metadata import distributions

    found = {}
    for distribution in distributions():
        name = (distribution.metadata["Name"] or "").casefold()
        if "piper" not in name or name == "piper-tts":
            continue
        for file in distribution.files or ():
            path = Path(str(distribution.locate_file(file)))
            if path.suffix == ENDING and _description(path).is_file():
                found[path.stem] = path
    return found


def _voice(name: str, path: Path) -> Voice:
    languages: tuple[str, ...] = ()
    try:
        described = json.loads(_description(path).read_bytes())
        language = described.get("language", {}).get("code") or described["espeak"]["voice"]
        languages = (as_tag(language),)
    except _DAMAGE:
        pass  # whoever wants to speak with it is told
    return Voice("piper", name, path.stem, languages, None)


def _description(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _beside(path: Path) -> list[str]:
    try:
        return [other.name for other in path.parent.iterdir() if other.suffix == ENDING]
    except OSError:
        return []
