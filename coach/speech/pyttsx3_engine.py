"""pyttsx3 as an engine: SAPI5 on Windows, NSSpeech on macOS, eSpeak NG elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from fractions import Fraction
from typing import TYPE_CHECKING, Self, TypeVar

from coach.errors import SpeechError
from coach.speech import Speech, Voice
from coach.speech.mend import missing_library, missing_pyttsx3
from coach.speech.pool import (
    WORKER_COMMAND,
    Limits,
    Worker,
    WorkerLostError,
    WorkerPool,
    WorkerRefusedError,
)
from coach.speech.voice_choice import PREFERRED, as_tag, choose_voice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

R = TypeVar("R")

NORMAL_RATE = 160
"""Words a minute at speed 1: calm, and at half speed still the 80 that eSpeak NG does at least.
A speech recogniser understands 150 to 180 alike; "one" to "twenty" take 0.8 s at most."""

MOST_WORKERS = 4
"""More bring nothing: sentences are short, and starting a process costs as much as ten."""

SILENT_PEAK = 64
"""A clip whose samples all stay below this (-54 dB of full scale) holds no speech."""

ATTEMPTS = 2
"""How often a sentence is tried, each time on a fresh worker if the one before failed."""

RATES = range(4_000, 200_000)
"""Hz that a voice may have."""

SHORTEST_S = 0.02
"""No letter is shorter."""

LONGEST_S, LONGEST_S_PER_CHARACTER = 20.0, 1.0
"""Of a sentence: at half speed a letter takes an eighth of a second, a digit of a large number
0.7."""

_SHOWN = 40


class Pyttsx3Engine:
    """Speaks through pyttsx3, in worker processes that are replaced when they hang or die.

    A context manager. Whatever ends the interpreter in an orderly way ends the workers too, and
    anything else closes their stdin, at which they end by themselves.

    Attributes:
        fingerprint: what changes the sound. Of a system's own engine only the system's version
            is known without starting it.
        workers: how many sentences are synthesised at once.
    """

    name = "pyttsx3"

    def __init__(
        self,
        *,
        voice: str | None = None,
        speed: Fraction = Fraction(1),
        language: str = "en",
        command: Sequence[str] = WORKER_COMMAND,
        workers: int | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        """Prepare; nothing is started before the first text.

        Args:
            voice: an id, a name or a language; None for the best voice for `language`.
            speed: 1 is `NORMAL_RATE`.
            language: the language tag of the texts.
            command: what starts a worker; its workspace is appended.
            workers: how many to run at most; None for one a processor, at most `MOST_WORKERS`.
            limits: how long a worker may take.
        """
        self.workers = workers or min(os.cpu_count() or 1, MOST_WORKERS)
        self._voice = voice
        self._language = as_tag(language)
        self._rate = round(NORMAL_RATE * speed)
        self.fingerprint = _fingerprint(self._voice, self._language, self._rate)
        self._pool = WorkerPool(command, self.workers, limits)
        self._choosing = threading.Lock()
        self._voice_id: str | None = None
        # Runs at exit too, and when nobody holds the engine any more.
        self._finalizer = weakref.finalize(self, self._pool.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, even in the middle of a sentence."""
        self._finalizer()

    def start(self, count: int) -> None:
        """Begin to start the workers that `count` texts need, and do not wait for them."""
        self._pool.start(count)

    def voices(self) -> tuple[Voice, ...]:
        """Return the voices that the system lists.

        Raises:
            SpeechError: the engine cannot be used here; the hint is the command that mends it.
        """
        return self._try("list its voices", lambda worker, _: self._list(worker)[0])

    def synthesize(self, text: str) -> Speech:
        """Return `text` spoken; the rate is the voice's own.

        Raises:
            SpeechError: the engine or the voice is missing, or two workers failed at this text.
        """

        def speak(worker: Worker, path: Path) -> Speech:
            request = {
                "do": "speak",
                "text": text,
                "voice": self._chosen(worker),
                "rate": self._rate,
                "path": str(path),
            }
            worker.ask(request, self._pool.limits.for_text(text))
            return _read(path, longest=LONGEST_S + LONGEST_S_PER_CHARACTER * len(text))

        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()}…"
        return self._try(f"say “{shown}”", speak)

    def _try(self, what: str, job: Callable[[Worker, Path], R]) -> R:
        """Return `job` done by a worker, or by a fresh one if the first fails."""
        failures: list[str] = []
        while True:
            try:
                with self._pool.worker() as (worker, path):
                    return job(worker, path)
            except WorkerRefusedError as error:
                if error.kind == "no-pyttsx3":
                    raise missing_pyttsx3(str(error)) from error
                if error.kind == "no-library":
                    raise missing_library(str(error)) from error
                failures.append(f"it reported {error}")
            except (WorkerLostError, _UnusableError) as error:
                failures.append(f"it {error}")
            if len(failures) == ATTEMPTS:
                # The same twice is said once.
                told = "; then ".join(dict.fromkeys(failures))
                raise SpeechError(
                    f"the voice engine pyttsx3 could not {what}: {told} ({ATTEMPTS} attempts)",
                    hint="try another --voice; `coach voices` lists them",
                )

    def _chosen(self, worker: Worker) -> str:
        with self._choosing:
            if self._voice_id is None:
                listed, variants = self._list(worker)
                self._voice_id = choose_voice(
                    listed,
                    requested=self._voice,
                    language=self._language,
                    default=str(worker.greeting.get("default") or "") or None,
                    variants=variants,
                )
            return self._voice_id

    def _list(self, worker: Worker) -> tuple[tuple[Voice, ...], tuple[str, ...]]:
        reply = worker.ask({"do": "voices"}, self._pool.limits.start)
        try:
            listed = tuple(
                Voice(
                    engine=self.name,
                    id=str(voice["id"]),
                    name=voice["name"].strip(),
                    languages=tuple(as_tag(language) for language in voice["languages"]),
                    gender=_gender(voice["gender"]),
                )
                for voice in reply["voices"]
            )
            variants = tuple(map(str, reply["variants"]))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _UnusableError("gave no list of voices") from error
        return listed, variants


class _UnusableError(Exception):
    """A worker said that it was done, but what it wrote is no speech."""


def _read(path: Path, longest: float) -> Speech:
    """Return what a worker wrote: WAV, or AIFF on macOS; at most `longest` seconds of it."""
    import numpy as np
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            rate, length = file.samplerate, file.frames / file.samplerate
            if rate not in RATES:
                raise _UnusableError(f"wrote sound of {rate} Hz")
            if length > longest:
                raise _UnusableError(f"wrote {length:.0f} s of sound")
            samples = file.read(dtype="int16", always_2d=True)
    except (OSError, ValueError, ZeroDivisionError, soundfile.SoundFileError) as error:
        raise _UnusableError("wrote no sound file") from error
    if len(samples) < SHORTEST_S * rate:
        raise _UnusableError("wrote a sound file without sound")
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1).astype(np.int16)
    if np.abs(mono.astype(np.int32)).max() < SILENT_PEAK:
        raise _UnusableError("wrote nothing but silence")
    return Speech(int(rate), np.ascontiguousarray(mono))


def _gender(said: str | None) -> str | None:
    """Return one spelling of `Female`, `VoiceGenderFemale`, ..."""
    spelled = (said or "").casefold()
    for gender in ("female", "male"):
        if spelled.endswith(gender):
            return gender
    return None


def _fingerprint(voice: str | None, language: str, rate: int) -> str:
    if sys.platform == "win32":
        system = ".".join(map(str, sys.getwindowsversion()[:3]))
    elif sys.platform == "darwin":
        system = os.uname().release
    else:
        system = _version("espeakng-loader")
    # Without a request the voice follows from the language, by a table that may change.
    wanted = voice.casefold() if voice is not None else f"for {language}: {PREFERRED.get(language)}"
    parts = ("pyttsx3", _version("pyttsx3"), sys.platform, system, wanted, str(rate))
    return " | ".join(parts)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
