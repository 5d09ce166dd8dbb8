"""What can speak here, and what could: all engines with all their voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from msgspec import Struct

from coach.errors import SpeechError, did_you_mean, near_match
from coach.speech import ENGINES, ENTRY_POINTS, Voice, open_engine
from coach.speech.extras import EXTRAS, install_command, missing_packages
from coach.speech.voice_choice import as_tag, speaks


class Listed(Struct, frozen=True):
    """A voice, or an engine that has none here."""

    engine: str
    voice: Voice | None = None
    languages: tuple[str, ...] = ()
    """Language tags; empty if that is not known."""
    install: str = ""
    """How to get it; empty if it is here."""
    problem: str = ""
    """Why the engine cannot be used, with what to do about it; empty if it can."""


def engine_names() -> tuple[str, ...]:
    """Return the names of the engines that ship and of those of other packages."""
    from importlib.metadata import entry_points

    found = (entry.name for entry in entry_points(group=ENTRY_POINTS))
    return tuple(dict.fromkeys((*ENGINES, *found)))


def listing(engines: Sequence[str], language: str | None = None) -> Iterator[Listed]:
    """Yield the voices of engines, and the engines that have none here.

    Args:
        engines: their names.
        language: a language tag; what speaks it, or may do so. None: everything.

    Raises:
        SpeechError: there is no such engine.
    """
    for name in engines:
        extra = EXTRAS.get(name)
        if extra is not None and extra.packages[0] in missing_packages(name):
            if language is None or not extra.languages or speaks(extra.languages, language):
                yield Listed(name, languages=extra.languages, install=install_command(name))
            continue
        with closing(open_engine(name, language=language or "en")) as engine:
            try:
                voices = engine.voices()
            except SpeechError as error:
                yield Listed(name, problem=". ".join(filter(None, (error.message, error.hint))))
                continue
        fitting = [one for one in voices if language is None or speaks(one.languages, language)]
        for voice in fitting:
            yield Listed(name, voice, voice.languages, voice.install)
        if extra is not None and extra.get_voice and not fitting:
            yield Listed(name, install=extra.get_voice)


def here(language: str | None = None, besides: str = "") -> tuple[Voice, ...]:
    """Return the voices that are here, of all engines but one.

    Args:
        language: a language tag; None for all.
        besides: the name of the engine that is left out.
    """
    names = [name for name in engine_names() if name != besides]
    return tuple(one.voice for one in listing(names, language) if one.voice and not one.install)


def no_language(language: str, engine: str, known: Sequence[str]) -> SpeechError:
    """Return the error for a language that an engine has no voice for.

    Args:
        language: the language tag.
        engine: the engine's name.
        known: the primary tags of the languages that it has.
    """
    others = dict.fromkeys(voice.engine for voice in here(language, besides=engine))
    if others:
        names = " and ".join(others)
        hint = f"{names} {'has' if len(others) == 1 else 'have'} one: --engine {next(iter(others))}"
    else:
        hint = "no engine here has one; Piper has voices for 50 languages (--engine piper)"
    return SpeechError(
        f"there is no voice for the language `{language}` in the engine {engine}"
        f"{did_you_mean(language, known)}",
        hint=f"{hint}. `coach voices` lists all; another can be forced with --voice",
    )


def no_voice(requested: str, engine: str, voices: Sequence[Voice]) -> SpeechError:
    """Return the error for a voice that an engine does not have.

    Args:
        requested: what was asked for.
        engine: the engine's name.
        voices: what it has.
    """
    others = here(besides=engine)
    theirs = {text: other for other in others for text in (other.id, other.name)}
    owner = next((one for text, one in theirs.items() if as_tag(text) == as_tag(requested)), None)
    ours = [text for voice in voices for text in (voice.id, voice.name)]
    message = f"there is no voice `{requested}` in the engine {engine}"
    if owner is not None:
        return SpeechError(message, hint=f"{owner.engine} has it: --engine {owner.engine}")
    if requested.casefold().endswith(".onnx"):
        return SpeechError(message, hint="a voice file is for Piper: --engine piper")
    near = near_match(requested, [*ours, *theirs])
    message += did_you_mean(requested, [*ours, *theirs])
    if near in theirs and near not in ours:
        message += f" That is one of {theirs[near].engine}."
    return SpeechError(message, hint="`coach voices` lists those there are")
