"""One session, built from a routine and settings: the way that every command takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from coach.errors import SpeechError
from coach.phrases import Phrasebook, load_phrasebook
from coach.plan import plan
from coach.routine import Routine, check_length, load_routine
from coach.settings import Address, Manner, Override, Settings, manner
from coach.settings.adjust import adjust
from coach.settings.since import DoseChange
from coach.steps import CUE_NAMES, Cue, CueName, Line, Say, Step, lines_in
from coach.timeline import Clip, Timeline, lay_out
from coach.translation import in_language
from coach.units import frames, seconds

if TYPE_CHECKING:
    from coach.timeline import Samples

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""

RENDER_RATE = 24_000
"""Hz of rendered speech."""
RUNWAY = Fraction(15)
"""Seconds of sound that are ready before a live session begins; speaking is a hundred times as
fast as listening."""
RUNWAY_GROWTH = 4
"""How many times as much is ready when a draft takes the place of the one before. All of it is
laid out for each draft, so a long session takes few; and what is new has to be spoken while what
was ready is heard."""
LENGTH_ROUNDS = 3
"""How often a session is laid out at most until it lasts what it says that it lasts."""


class Voice(Protocol):
    """Where the clips of spoken lines come from."""

    def speak(
        self, lines: Iterable[Line], progress: Progress | None = None
    ) -> Mapping[Line, Samples]:
        """Return the samples of each line, at the rate of the session."""
        ...


class Session(Struct, frozen=True):
    """Everything that is known about a session before it is played or written."""

    routine: Routine
    """Adjusted to the settings, in the language of the session."""
    manner: Manner
    steps: tuple[Step, ...]
    timeline: Timeline
    sources: Mapping[Address, Override] = field(default_factory=dict)
    """Which override gave each value that does not come from the script, by its address."""


class Prepared(Struct, frozen=True):
    """A routine that is ready to be planned: adjusted, with its manner and its phrases."""

    routine: Routine
    manner: Manner
    phrases: Phrasebook
    sources: Mapping[Address, Override] = field(default_factory=dict)
    """Which override gave each value that does not come from the script, by its address."""
    changes: tuple[DoseChange, ...] = ()
    """What is to be told as different from the last time."""


def prepare(path: Path, settings: Settings) -> Prepared:
    """Return the routine at `path` with the settings applied.

    Raises:
        CoachError: the script, a setting or the language is wrong.
    """
    return prepared(load_routine(path), settings)


def prepared(
    routine: Routine, settings: Settings, changes: tuple[DoseChange, ...] = ()
) -> Prepared:
    """Return `routine` with the settings applied.

    Args:
        routine: as the script has it.
        settings: those in force.
        changes: what is to be told as different from the last time.

    Raises:
        CoachError: a setting or the language is wrong.
    """
    adjusted = adjust(routine, settings)
    decided = manner(adjusted.routine, settings)
    phrases = load_phrasebook(decided.language)
    spoken = in_language(adjusted.routine, decided.language)
    return Prepared(spoken, decided, phrases, adjusted.sources, changes)


def build(
    prepared: Prepared,
    voice: Voice,
    cues: Mapping[CueName, Samples],
    rate: int,
    progress: Progress | None = None,
    outlined: Outline | None = None,
) -> Session:
    """Return the session: planned, voiced and laid out at `rate` Hz.

    The session says how long it takes, which depends on what it says, so it is laid out again
    until both agree; the first guess comes from the length of the texts.

    Args:
        prepared: the routine.
        voice: speaks.
        cues: the cue pack's sounds.
        rate: Hz.
        progress: called with how many lines have been spoken, and of how many.
        outlined: its outline, if that is known already.

    Raises:
        SpeechError: something cannot be spoken.
    """
    outlined = outlined or outline(prepared)
    length, steps = outlined.length, outlined.steps
    check_length(length)
    clips: dict[Line, Samples] = {}
    for number in range(LENGTH_ROUNDS):
        if number:
            steps = _plan(prepared, length)
        missing = [line for line in lines_in(steps) if line not in clips]
        clips |= voice.speak(missing, progress)
        timeline = lay_out(steps, _clip_of(clips, cues), rate)
        actual = seconds(timeline.duration, rate)
        if prepared.phrases.about(actual) == prepared.phrases.about(length):
            break
        length = actual
    return Session(prepared.routine, prepared.manner, steps, timeline, prepared.sources)


class GradualVoice(Voice, Protocol):
    """A voice that gives clips one by one, and knows some of their lengths beforehand."""

    def each(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Samples]]:
        """Yield each line with its clip, those needed first early."""
        ...

    def lengths(self, lines: Iterable[Line]) -> Mapping[Line, int]:
        """Return how many frames the clips of those lines have of which it is known."""
        ...


class Draft(Struct, frozen=True):
    """A session of which perhaps not everything has been spoken yet."""

    session: Session
    missing: tuple[tuple[int, int], ...]
    """From which frame to which something has still to be spoken, in order."""
    problem: str = ""
    """Why something is never going to be spoken; empty if all is well."""

    def ready_from(self, frame: int) -> int:
        """Return the frame up to which the session can be heard, beginning at `frame`."""
        i = bisect_left(self.missing, (frame, 0))
        if i and self.missing[i - 1][1] > frame:
            return frame
        return self.missing[i][0] if i < len(self.missing) else self.session.timeline.duration


def build_gradually(
    prepared: Prepared,
    voice: GradualVoice,
    cues: Mapping[CueName, Samples],
    rate: int,
    first: Callable[[Session], int] = lambda _: 0,
    progress: Progress = lambda _done, _total: None,
) -> Iterator[Draft]:
    """Yield drafts of a session of which ever more has been spoken; the last one is whole.

    What is not spoken yet has a guessed length, so what comes after it moves from draft to
    draft; what comes before it is final.

    Args:
        prepared: the routine.
        voice: speaks.
        cues: the cue pack's sounds.
        rate: Hz.
        first: returns the frame of a session that is going to be heard first.
        progress: called with how many lines have been spoken, and of how many.

    Raises:
        SpeechError: there is no speech at all.
    """
    import numpy as np

    silent = EstimatedVoice(rate, prepared.manner.speed, voice.lengths)
    guess = build(prepared, silent, cues, rate)
    start = first(guess)
    ahead = [clip for clip in guess.timeline.clips if clip.kind == "speech" and clip.end > start]
    needed = dict.fromkeys(map(_line_of, ahead)) | lines_in(guess.steps)
    guessed = {
        line: np.broadcast_to(np.int16(0), len(clip)) for line, clip in silent.speak(needed).items()
    }
    clips: dict[Line, Samples] = {}

    def is_speech(clip: Clip) -> bool:
        return clip.kind == "speech"

    def draft(steps: Sequence[Step]) -> Draft:
        timeline = lay_out(steps, _clip_of({**guessed, **clips}, cues), rate)
        session = replace(guess, steps=tuple(steps), timeline=timeline)
        unspoken = [
            *((clip.start, clip.end, _line_of(clip)) for clip in timeline.clips if is_speech(clip)),
            *((item.at, item.at + 1, Line(item.text, item.speed)) for item in timeline.left_out),
        ]
        missing = sorted((start, end) for start, end, line in unspoken if line not in clips)
        return Draft(session, tuple(missing))

    upcoming = iter([(clip.start, _line_of(clip)) for clip in ahead])
    reached, line = next(upcoming, _NOTHING)
    runway = frames(RUNWAY, rate)
    is_begun = False
    try:
        for spoken, clip in voice.each(needed):
            clips[spoken] = clip
            progress(len(clips), len(needed))
            while line in clips:
                reached, line = next(upcoming, _NOTHING)
            if line is not None and reached - start >= runway:
                is_begun = True
                yield draft(guess.steps)
                runway = RUNWAY_GROWTH * (reached - start)
        length = seconds(guess.timeline.duration, rate)
        last = draft(guess.steps)
        took = seconds(last.session.timeline.duration, rate)
        steps = _plan(prepared, length, took)
        if steps != guess.steps:
            clips |= voice.speak([line for line in lines_in(steps) if line not in clips])
            last = draft(steps)
    except SpeechError as error:
        if not is_begun:
            raise
        clips |= {line: cues["tick"][:0] for line in needed if line not in clips}
        last = replace(draft(guess.steps), problem=error.message)
    yield last


_NOTHING: tuple[int, None] = (0, None)
"""What comes after the last sentence."""


class EstimatedVoice:
    """Clips of nothing but length: what is stored has its own, the rest is guessed.

    Quick and without an engine, for a session that is only to be described, or begins before
    all of it has been spoken.
    """

    def __init__(
        self,
        rate: int,
        speed: Fraction,
        lengths: Callable[[Iterable[Line]], Mapping[Line, int]] = lambda _: {},
    ) -> None:
        """Bind the parts.

        Args:
            rate: frames a second of the clips.
            speed: of the session's speech; 1 is normal.
            lengths: returns how many frames the clips have of those lines of which it is known.
        """
        self._rate = rate
        self._speed = speed
        self._lengths = lengths
        self.is_exact = True
        """Whether no length had to be guessed so far."""

    def speak(
        self, lines: Iterable[Line], progress: Progress | None = None
    ) -> Mapping[Line, Samples]:
        """Return for each line something silent that is as long as its clip is, or may be."""
        del progress
        wanted = tuple(lines)
        known = self._lengths(wanted)
        clips = {}
        for line in wanted:
            if (length := known.get(line)) is None:
                self.is_exact = False
                speed = self._speed if line.speed is None else self._speed * line.speed
                length = frames(_spoken_seconds(line.text) / speed, self._rate)
            clips[line] = silence(length)
        return clips


class Outline(Struct, frozen=True):
    """A session as far as it is known before anything is spoken."""

    length: Fraction
    """About how many seconds it takes."""
    steps: tuple[Step, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """What it speaks; lines about its length may turn out different."""
        return tuple(lines_in(self.steps))


def outline(prepared: Prepared) -> Outline:
    """Return the outline of a session."""
    length = estimate(prepared)
    return Outline(length, _plan(prepared, length))


def estimate(prepared: Prepared) -> Fraction:
    """Return about how many seconds a session takes, without any speech at hand."""
    rate = 1000
    voice = EstimatedVoice(rate, prepared.manner.speed)
    steps = _plan(prepared, Fraction(600))
    tones = dict.fromkeys(CUE_NAMES, silence(rate // 4))
    timeline = lay_out(steps, _clip_of(voice.speak(lines_in(steps)), tones), rate)
    return seconds(timeline.duration, rate)


def length_of(
    prepared: Prepared, voice: Voice, cues: Mapping[CueName, Samples], rate: int
) -> Fraction:
    """Return how many seconds a session takes."""
    return seconds(build(prepared, voice, cues, rate).timeline.duration, rate)


def _plan(prepared: Prepared, length: Fraction, took: Fraction | None = None) -> tuple[Step, ...]:
    return plan(prepared.routine, prepared.manner, prepared.phrases, length, took, prepared.changes)


def _clip_of(
    clips: Mapping[Line, Samples], cues: Mapping[CueName, Samples]
) -> Callable[[Say | Cue], Samples]:
    return lambda what: clips[what.line] if isinstance(what, Say) else cues[what.name]


def _line_of(clip: Clip) -> Line:
    return Line(clip.label, clip.speed)


def _spoken_seconds(text: str) -> Fraction:
    """Return about how long a text takes to say at normal speed: 15 characters a second.

    Fitted to the bundled routines as eSpeak NG speaks them.
    """
    return Fraction(3 + len(text), 15)


def silence(length: int) -> Any:
    """Return something as long as a clip of `length` frames; a range takes no memory."""
    return range(length)
