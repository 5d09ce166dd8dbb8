from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from coach.errors import SpeechError
from coach.speech import Voice
from coach.speech.voice_choice import choose_voice


def voice(voice_id: str, name: str, *languages: str) -> Voice:
    return Voice("pyttsx3", voice_id, name, languages, None)


ESPEAK = (
    voice("gmw/de", "German", "de"),
    voice("gmw/en", "English (Great Britain)", "en-gb"),
    voice("gmw/en-gb-scotland", "English (Scotland)", "en-gb-scotland"),
    voice("gmw/en-us", "English (America)", "en-us"),
    voice("roa/fr-be", "French (Belgium)", "fr-be"),
    voice("roa/fr", "French (France)", "fr-fr"),
    voice("gmq/nb", "Norwegian Bokmål", "nb"),
    voice("roa/pt", "Portuguese (Portugal)", "pt"),
    voice("roa/pt-br", "Portuguese (Brazil)", "pt-br"),
)
SAPI = (
    voice("HKEY\\Tokens\\DAVID", "Microsoft David Desktop - English (United States)", "en-us"),
    voice("HKEY\\Tokens\\HAZEL", "Microsoft Hazel Desktop - English (Great Britain)", "en-gb"),
    voice("HKEY\\Tokens\\ZIRA", "Microsoft Zira Desktop - English (United States)", "en-us"),
)
VARIANTS = ("f2", "f3", "Mr serious")


def choose(
    voices: Sequence[Voice],
    requested: str | None = None,
    language: str = "en",
    default: str | None = None,
    variants: Collection[str] = VARIANTS,
) -> str:
    return choose_voice(
        voices, requested=requested, language=language, default=default, variants=variants
    )


@pytest.mark.parametrize(
    ("language", "chosen"),
    [
        ("en", "gmw/en-us+f2"),
        ("en-US", "gmw/en-us+f2"),
        ("en_GB", "gmw/en+f2"),
        ("en-gb-scotland", "gmw/en-gb-scotland"),
        ("en-au", "gmw/en"),
        ("de", "gmw/de"),
        ("de-AT", "gmw/de"),
        ("fr", "roa/fr"),
        ("fr-ca", "roa/fr"),
        ("pt", "roa/pt"),
        ("pt-BR", "roa/pt-br"),
        ("no", "gmq/nb"),
    ],
)
def test_a_language_has_its_voice(language: str, chosen: str) -> None:
    assert choose(ESPEAK, language=language) == chosen


def test_an_espeak_without_variants_has_the_plain_voice() -> None:
    assert choose(ESPEAK, variants=()) == "gmw/en-us"


@pytest.mark.parametrize(
    ("language", "default", "chosen"),
    [
        ("en", "HKEY\\Tokens\\ZIRA", "ZIRA"),
        ("en", None, "DAVID"),
        ("en-gb", "HKEY\\Tokens\\ZIRA", "HAZEL"),
        ("en-au", "HKEY\\Tokens\\HAZEL", "HAZEL"),
    ],
)
def test_the_systems_own_voice_is_kept_if_it_speaks_the_language(
    language: str, default: str | None, chosen: str
) -> None:
    assert choose(SAPI, language=language, default=default) == f"HKEY\\Tokens\\{chosen}"


@pytest.mark.parametrize(
    ("requested", "chosen"),
    [
        ("gmw/en-us", "gmw/en-us"),
        ("GMW/EN-US", "gmw/en-us"),
        ("english (america)", "gmw/en-us"),
        ("en-us", "gmw/en-us"),
        ("en_US", "gmw/en-us"),
        ("en", "gmw/en"),
        ("fr-fr", "roa/fr"),
        ("no", "gmq/nb"),
        ("german", "gmw/de"),
        ("brazil", "roa/pt-br"),
        ("en-us+f3", "gmw/en-us+f3"),
        ("gmw/de+F2", "gmw/de+f2"),
        ("de+mr serious", "gmw/de+Mr serious"),
    ],
)
def test_a_voice_is_found_by_id_name_or_language(requested: str, chosen: str) -> None:
    assert choose(ESPEAK, requested) == chosen


def test_a_part_of_one_name_is_enough() -> None:
    assert choose(SAPI, "zira").endswith("ZIRA")


@pytest.mark.parametrize(
    ("voices", "requested", "told"),
    [
        (ESPEAK, "gmw/en-uss", "did you mean `gmw/en-us`"),
        (ESPEAK, "germann", "did you mean `German`"),
        (ESPEAK, "nothing like it", "no voice `nothing like it`"),
        (ESPEAK, "", "no voice ``"),
        (ESPEAK, "+f2", "no voice"),
        (SAPI, "microsoft", "no voice `microsoft`"),
        (ESPEAK, "en-us+f33", "no variant `f33`; did you mean `f3`"),
        ((), "en", "no voice `en`"),
    ],
)
def test_a_voice_that_is_not_there_is_told(
    voices: Sequence[Voice], requested: str, told: str
) -> None:
    with pytest.raises(SpeechError, match=told.replace("+", r"\+")) as caught:
        choose(voices, requested)
    assert caught.value.hint


@pytest.mark.parametrize("language", ["xx", "", "tlh"])
def test_a_language_without_a_voice_is_told(language: str) -> None:
    with pytest.raises(SpeechError, match=f"no voice for the language `{language}`") as caught:
        choose(ESPEAK, language=language)
    assert "coach voices" in caught.value.hint
