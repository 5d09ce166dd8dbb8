"""A sentence in a voice, to hear what it is like."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from coach.speech import Engine
    from coach.timeline import Samples, Timeline

WITHOUT_PHRASES = "1, 2, 3, 4, 5."
"""What a voice says whose language the coach has no phrases in: numbers are words in any."""


class Asked(Struct, frozen=True):
    """Which voice is meant, as the options name it."""

    voice: str | None
    """None for the best one."""
    engine: str
    language: str | None
    """A language tag; None for the voice's own."""

    def open(self, language: str | None = None) -> Engine:
        """Return the engine, set to that voice."""
        from coach.speech import open_engine

        return open_engine(
            self.engine, voice=self.voice, language=language or self.language or "en"
        )


class Met(Struct, frozen=True):
    """A voice that has spoken."""

    engine: str
    languages: tuple[str, ...]
    """Primary language tags; empty if the engine does not say."""


def meet(asked: Asked) -> Met:
    """Return what is known of a voice, which has said a word.

    Raises:
        SpeechError: the engine or the voice is not there, or it does not work.
    """
    from coach.errors import SpeechError
    from coach.settings.default_voices import primary
    from coach.speech.voice_choice import choose_voice

    with closing(asked.open()) as engine:
        engine.synthesize("1")
        voices = engine.voices()
        # A variant, as in `en-us+f3`, does not change the language.
        for name in (asked.voice, (asked.voice or "").partition("+")[0]):
            try:
                chosen = choose_voice(
                    voices, requested=name, language=asked.language or "en", default=None
                )
            except SpeechError:
                continue
            tags = next((one.languages for one in voices if one.id == chosen), ())
            return Met(engine.name, tuple(dict.fromkeys(primary(tag) for tag in tags)))
    return Met(engine.name, ())


def sentence(language: str) -> str:
    """Return what is said in a language."""
    from coach.phrases import languages, load_phrasebook
    from coach.settings.default_voices import primary

    if primary(language) not in languages():
        return WITHOUT_PHRASES
    phrases = load_phrasebook(language)
    hold = phrases.say("dose_hold", time=phrases.duration(Fraction(5)))
    count = "1, 2, 3, 4, 5."
    held = phrases.say("sentence", words=hold[:1].upper() + hold[1:])
    return " ".join((phrases.say("get_ready"), held, count, phrases.turn("well_done", 0)))


def spoken(asked: Asked, language: str, rate: int) -> tuple[str, Samples]:
    """Return a sentence and how the voice says it.

    Raises:
        SpeechError: the engine or the voice is not there, or it does not work.
    """
    from coach.speech.speaker import Speaker
    from coach.speech.store import ClipStore

    text = sentence(language)
    with closing(asked.open(language)) as engine:
        speaker = Speaker(engine, ClipStore(), language=language, rate=rate)
        return text, speaker.speak([text])[text]


def check_sound(path: Path) -> None:
    """Check that a sound file of that name can be written, before anything is spoken.

    Raises:
        OutputError: it cannot, or its ending is not that of a sound.
    """
    from coach.errors import OutputError
    from coach.files.replacing import check_writable
    from coach.render import FORMATS, SOUNDS, format_for

    endings = f"Choose one of: {', '.join(FORMATS[name].ending for name in SOUNDS)}."
    try:
        kind = format_for(path).kind
    except OutputError as error:
        raise OutputError(error.message, endings) from error
    if kind != "sound":
        raise OutputError(f"a sample is a sound, and {path.name} is none", endings)
    check_writable(path)


def write_sample(path: Path, title: str, text: str, samples: Samples, language: str) -> None:
    """Write a sample to a sound file, of the format that its ending says.

    Raises:
        OutputError: it cannot be written.
    """
    from datetime import UTC, datetime

    from coach.files.replacing import replacing
    from coach.files.targets import telling
    from coach.render import Encoder, format_for
    from coach.render.details import Details
    from coach.render.loudness import LOUDNESS
    from coach.render.programme import produce

    timeline = _timeline(text, samples)
    details = Details(
        title=title,
        routine=title,
        language=language,
        date=datetime.now(UTC).astimezone().date().isoformat(),
        settings=title,
    )
    encoder: Encoder = format_for(path).make()
    with telling(path), replacing(path) as temporary:
        programme = produce(timeline, LOUDNESS)
        encoder.encode(programme, details, temporary, lambda _done, _total: None)


def _timeline(text: str, samples: Samples) -> Timeline:
    from coach.session import RENDER_RATE
    from coach.steps import Where
    from coach.timeline import Clip, Timeline

    clip = Clip(0, samples, "speech", text, Where())
    return Timeline(RENDER_RATE, len(samples), (clip,), (), (), (), longest_clip=len(samples))
