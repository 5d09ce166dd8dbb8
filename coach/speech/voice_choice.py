"""Which of an engine's voices is meant: by what a user typed, or by the language alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from coach.errors import SpeechError, did_you_mean
from coach.speech import Voice

PREFERRED: Mapping[str, str] = MappingProxyType(
    {
        "en": "gmw/en-us+f2",
        "en-us": "gmw/en-us+f2",
        "en-gb": "gmw/en+f2",
        "no": "gmq/nb",
        "zh": "sit/cmn",
    }
)
"""Voices taken for a language where the engine lists them.

For English, of 34 voices and variants of eSpeak NG, a speech recogniser (pocketsphinx, 40 sentences
of instructions, 160 words a minute) understood `en-us+f2` and `en-us+f5` best by far: 41 and 38
words in 100 wrong, against 59 to 106 of the others; 77 of plain `en-us`, 74 of `en+f2`.
"""


def as_tag(language: str) -> str:
    """Return a language tag in one spelling: `en_US` is `en-us`."""
    return language.strip().replace("_", "-").casefold()


def speaks(tags: Collection[str], language: str) -> bool:
    """Return whether one of the language tags is `language` or a kind of it: en-us is English."""
    wanted = as_tag(language)
    return any(tag == wanted or tag.startswith(f"{wanted}-") for tag in map(as_tag, tags))


def choose_voice(
    voices: Sequence[Voice],
    *,
    requested: str | None,
    language: str,
    default: str | None,
    variants: Collection[str] = (),
    engine: str = "pyttsx3",
) -> str:
    """Return the id of the voice to speak with.

    Args:
        voices: what the engine lists.
        requested: an id, a name, a language or a part of one name, in any case; with eSpeak NG
            followed by `+` and a variant if wished. None: the best for the language.
        language: the language tag of the texts.
        default: the id of the voice that the system is set to.
        variants: what may follow `+`.
        engine: whose voices they are.

    Raises:
        SpeechError: no voice fits; the message names what does.
    """
    if requested is not None:
        return _requested(voices, requested, variants, engine)
    found = _for_language(voices, as_tag(language), default, variants)
    if found is None:
        from coach.speech.catalogue import no_language

        known = sorted({tag.partition("-")[0] for voice in voices for tag in voice.languages})
        raise no_language(language, engine, known)
    return found


def _requested(
    voices: Sequence[Voice], requested: str, variants: Collection[str], engine: str
) -> str:
    # A name may hold a `+` of its own, so the whole is tried first.
    voice_id = _by_any_name(voices, requested)
    if voice_id is not None:
        return voice_id
    base, plus, variant = requested.partition("+")
    voice_id = _by_any_name(voices, base) if plus else None
    if voice_id is None:
        from coach.speech.catalogue import no_voice

        raise no_voice(requested, engine, voices)
    for known_variant in variants:
        if known_variant.casefold() == variant.strip().casefold():
            return f"{voice_id}+{known_variant}"
    raise SpeechError(
        f"the voice `{base}` has no variant `{variant}`{did_you_mean(variant, variants)}",
        hint=f"choose one of: {', '.join(variants)}" if variants else f"try --voice {base}",
    )


def _by_any_name(voices: Sequence[Voice], typed: str) -> str | None:
    wanted = typed.strip().casefold()
    if not wanted:
        return None
    exact = (
        lambda voice: voice.id.casefold() == wanted,
        lambda voice: voice.name.casefold() == wanted,
        lambda voice: _tail(voice) == as_tag(wanted),
        lambda voice: as_tag(wanted) in voice.languages,
    )
    for matches in exact:
        for voice in voices:
            if matches(voice):
                return voice.id
    # "en" means any English; a longer tag that nothing has is rather a slip than a wish.
    by_language = _for_language(voices, wanted, None, ()) if wanted.isalpha() else None
    if by_language is not None:
        return by_language
    # "zira" for "Microsoft Zira Desktop - English (United States)", if it means one voice only.
    partly = [voice.id for voice in voices if wanted in voice.name.casefold()]
    return partly[0] if len(partly) == 1 else None


def _for_language(
    voices: Sequence[Voice], tag: str, default: str | None, variants: Collection[str]
) -> str | None:
    preferred, _, variant = PREFERRED.get(tag, "").partition("+")
    if any(voice.id == preferred for voice in voices):
        return f"{preferred}+{variant}" if variant in variants else preferred
    primary = tag.partition("-")[0]
    exactly = [voice for voice in voices if tag in voice.languages]
    roughly = [
        voice
        for voice in voices
        if any(language.partition("-")[0] == primary for language in voice.languages)
    ]
    # `roa/fr` is listed as fr-fr, after fr-be: the plain id is the plain language.
    plain = [voice for voice in roughly if _tail(voice) in (tag, primary)]
    for fitting in (exactly, plain, roughly):
        ids = [voice.id for voice in fitting]
        if default in ids:
            return default
        if ids:
            return ids[0]
    return None


def _tail(voice: Voice) -> str:
    return as_tag(voice.id.rpartition("/")[2])
