"""What speaks whole sessions: engines, each opened once, and lines at speeds of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from coach.speech import Engine, open_engine
from coach.speech.speaker import Speaker
from coach.steps import Line
from coach.units import SPEED

if TYPE_CHECKING:
    from collections.abc import Callable

    from coach.settings import Manner, Settings
    from coach.speech.store import ClipStore
    from coach.timeline import Samples

Choice = tuple[str | None, str | None, Fraction, str]
"""What an engine is opened with: its name, its voice, the speed, the language."""


class Voices:
    """The engines that a command needs, opened when they are asked for, and what speaks by them."""

    def __init__(self, store: ClipStore) -> None:
        """Bind the store in which all clips are kept."""
        self._store = store
        self._stack = ExitStack()
        self._engines: dict[Choice, Engine] = {}
        self._speakers: dict[tuple[object, ...], Speaker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every engine."""
        self._stack.close()

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what could not be spoken or stored, a sentence each."""
        told = [problem for speaker in self._speakers.values() for problem in speaker.problems]
        return (*told, *([self._store.problem] if self._store.problem else []))

    def engine(self, settings: Settings, decided: Manner) -> Engine:
        """Return the engine that the settings ask for, at the speed and in the language decided.

        Raises:
            SpeechError: there is none.
        """
        choice = (settings.engine, settings.voice, decided.speed, decided.language)
        if choice not in self._engines:
            engine = open_engine(
                settings.engine or "auto",
                voice=settings.voice,
                speed=decided.speed,
                language=decided.language,
            )
            self._engines[choice] = self._stack.enter_context(closing(engine))
        return self._engines[choice]

    def speakers(
        self, settings: Settings, decided: Manner, pronounce: Mapping[str, str], rate: int
    ) -> Speakers:
        """Return what speaks lines.

        Args:
            settings: of the user, with the engine and the voice.
            decided: the speed and the language of a session.
            pronounce: what to say for certain words.
            rate: Hz of the clips.
        """

        def speaker_at(speed: Fraction) -> Speaker:
            engine = self.engine(settings, replace(decided, speed=speed))
            key = (engine, rate, *pronounce.items())
            if key not in self._speakers:
                self._speakers[key] = Speaker(
                    engine,
                    self._store,
                    language=decided.language,
                    pronounce=pronounce,
                    rate=rate,
                )
            return self._speakers[key]

        return Speakers(speaker_at, decided.speed)


class Speakers:
    """Speaks lines: each by the speaker of its speed, which is asked for when it is needed."""

    def __init__(self, speaker_at: Callable[[Fraction], Speaker], speed: Fraction) -> None:
        """Bind the parts.

        Args:
            speaker_at: returns the speaker of a speed, for the same speed the same one.
            speed: of the session; 1 is normal. A line's own speed makes it slower or faster, as far
                as engines go.
        """
        self._speaker_at = speaker_at
        self._speed = speed

    def begin(self, lines: Iterable[Line]) -> None:
        """Let the engines start that any of the lines needs, and do not wait for them."""
        for speed, texts in _by_speed(lines).items():
            self._speaker(speed).begin(texts)

    def speak(
        self, lines: Iterable[Line], progress: Callable[[int, int], None] | None = None
    ) -> dict[Line, Samples]:
        """Return the clip of each line; see `Speaker.speak`."""
        wanted = tuple(lines)
        clips: dict[Line, Samples] = {}
        for speed, texts in _by_speed(wanted).items():
            spoken = self._speaker(speed).speak(texts, _counted_on(progress, len(clips), wanted))
            clips |= {Line(text, speed): clip for text, clip in spoken.items()}
        return clips

    def each(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Samples]]:
        """Yield each line with its clip; see `Speaker.each`.

        A change of speed divides them: what comes after it is looked for after all before it.
        """
        for speed, run in groupby(lines, lambda line: line.speed):
            for text, clip in self._speaker(speed).each([line.text for line in run]):
                yield Line(text, speed), clip

    def lengths(self, lines: Iterable[Line]) -> dict[Line, int]:
        """Return how many frames the clips of those lines have that need no engine."""
        return {
            Line(text, speed): length
            for speed, texts in _by_speed(lines).items()
            for text, length in self._speaker(speed).lengths(texts).items()
        }

    def _speaker(self, speed: Fraction | None) -> Speaker:
        wanted = self._speed if speed is None else self._speed * speed
        return self._speaker_at(min(max(wanted, SPEED.least), SPEED.most))


def _by_speed(lines: Iterable[Line]) -> dict[Fraction | None, list[str]]:
    found: dict[Fraction | None, list[str]] = {}
    for line in lines:
        found.setdefault(line.speed, []).append(line.text)
    return found


def _counted_on(
    progress: Callable[[int, int], None] | None, before: int, lines: Sequence[Line]
) -> Callable[[int, int], None] | None:
    """Return what tells of a part of the lines as a part of all, `before` of which are done."""
    if progress is None:
        return None
    return lambda done, _total: progress(before + done, len(lines))
