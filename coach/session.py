"""One session, built from a routine and settings: the way that every command takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from coach.errors import CoachError, did_you_mean
from coach.files import data_dir
from coach.phrases import Phrasebook, load_phrasebook
from coach.plan import plan
from coach.routine import Routine, check_length, load_routine
from coach.script import is_path
from coach.settings import Manner, Settings, adjust, manner
from coach.steps import CUE_NAMES, Cue, CueName, Say, Step, texts_in
from coach.timeline import Timeline, lay_out
from coach.units import seconds

if TYPE_CHECKING:
    from coach.timeline import Samples

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""

RENDER_RATE = 24_000
"""Hz of rendered speech."""
LENGTH_ROUNDS = 3
"""How often a session is laid out at most until it lasts what it says that it lasts."""


class Voice(Protocol):
    """Where the clips of spoken texts come from."""

    def speak(
        self, texts: Iterable[str], progress: Progress | None = None
    ) -> Mapping[str, Samples]:
        """Return the samples of each text, at the rate of the session."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that is known about a session before it is played or written."""

    routine: Routine
    """Adjusted to the settings."""
    manner: Manner
    steps: tuple[Step, ...]
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Prepared:
    """A routine that is ready to be planned: adjusted, with its manner and its phrases."""

    routine: Routine
    manner: Manner
    phrases: Phrasebook


def bundled_routines() -> dict[str, Path]:
    """Return the routines that ship, by name."""
    return {path.stem: path for path in sorted(data_dir("scripts").glob("*.yaml"))}


def find_routine(name: str) -> Path:
    """Return the script that `name` means: a bundled routine's name or a path.

    Raises:
        CoachError: there is neither; with the near match.
    """
    bundled = bundled_routines()
    if name in bundled:
        return bundled[name]
    path = Path(name)
    if is_path(name) or path.suffix in (".yaml", ".yml") or path.exists():
        return path
    raise CoachError(
        f"there is no routine `{name}`{did_you_mean(name, bundled)}",
        f"The bundled ones: {', '.join(bundled)}. Or give the path of a script.",
    )


def prepare(path: Path, settings: Settings) -> Prepared:
    """Return the routine at `path` with the settings applied.

    Raises:
        CoachError: the script, a setting or the language is wrong.
    """
    routine = adjust(load_routine(path), settings)
    decided = manner(routine, settings)
    return Prepared(routine, decided, load_phrasebook(decided.language))


def build(
    prepared: Prepared,
    voice: Voice,
    cues: Mapping[CueName, Samples],
    rate: int,
    progress: Progress | None = None,
) -> Session:
    """Return the session: planned, voiced and laid out at `rate` Hz.

    The session says how long it takes, which depends on what it says, so it is laid out again
    until both agree; the first guess comes from the length of the texts.

    Raises:
        SpeechError: something cannot be spoken.
    """
    length = estimate(prepared)
    check_length(length)
    clips: dict[str, Samples] = {}
    for _ in range(LENGTH_ROUNDS):
        steps = _plan(prepared, length)
        missing = [text for text in texts_in(steps) if text not in clips]
        clips |= voice.speak(missing, progress)
        timeline = lay_out(steps, _clip_of(clips, cues), rate)
        actual = seconds(timeline.duration, rate)
        if prepared.phrases.about(actual) == prepared.phrases.about(length):
            break
        length = actual
    return Session(prepared.routine, prepared.manner, steps, timeline)


class EstimatedVoice:
    """Clips of nothing but length: what is stored has its own, the rest is guessed.

    Quick and without an engine, for a session that is only to be described.
    """

    def __init__(
        self,
        rate: int,
        speed: Fraction,
        stored: Callable[[Iterable[str]], Mapping[str, Samples]] = lambda _: {},
    ) -> None:
        self._rate = rate
        self._speed = speed
        self._stored = stored
        self.is_exact = True
        """Whether no length had to be guessed so far."""

    def speak(
        self, texts: Iterable[str], progress: Progress | None = None
    ) -> Mapping[str, Samples]:
        """Return for each text its stored clip, or something that is as long as it may be."""
        del progress
        wanted = tuple(texts)
        clips = dict(self._stored(wanted))
        for text in wanted:
            if text not in clips:
                self.is_exact = False
                clips[text] = _silence(_spoken_seconds(text) / self._speed, self._rate)
        return clips


def texts_of(prepared: Prepared) -> tuple[str, ...]:
    """Return the texts that a session speaks; those about its length may turn out different."""
    return tuple(texts_in(_plan(prepared, estimate(prepared))))


def estimate(prepared: Prepared) -> Fraction:
    """Return about how many seconds a session takes, without any speech at hand."""
    rate = 1000
    voice = EstimatedVoice(rate, prepared.manner.speed)
    steps = _plan(prepared, Fraction(600))
    tones = dict.fromkeys(CUE_NAMES, _silence(Fraction(1, 4), rate))
    timeline = lay_out(steps, _clip_of(voice.speak(texts_in(steps)), tones), rate)
    return seconds(timeline.duration, rate)


def _plan(prepared: Prepared, length: Fraction) -> tuple[Step, ...]:
    return plan(prepared.routine, prepared.manner, prepared.phrases, length)


def _clip_of(
    clips: Mapping[str, Samples], cues: Mapping[CueName, Samples]
) -> Callable[[Say | Cue], Samples]:
    return lambda what: clips[what.text] if isinstance(what, Say) else cues[what.name]


def _spoken_seconds(text: str) -> Fraction:
    """Return about how long a text takes to say at normal speed.

    Fitted to the bundled routines as eSpeak NG speaks them.
    """
    return Fraction(1, 5) + Fraction(len(text), 15)


def _silence(length: Fraction, rate: int) -> Any:
    """Return something as long as a clip of `length` seconds; a range takes no memory."""
    return range(round(length * rate))
