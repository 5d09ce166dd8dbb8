"""What the coach says in each language: complete catalogs, plural forms, durations and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.lists import format_list
from msgspec.structs import replace

from coach.errors import CoachError
from coach.phrases import Phrasebook, languages, load_phrasebook
from coach.phrases.doses import spoken_changes, spoken_dose
from coach.plan import plan
from coach.render import page_words
from coach.settings import Manner
from coach.settings.since import DoseChange
from coach.steps import lines_in
from coach.template import fields_in
from tests.conftest import bundled, routine_of

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
OTHERS = tuple(language for language in LANGUAGES if language != "en")


def books(language: str) -> tuple[Phrasebook, Phrasebook]:
    """Return the phrases of the coach and those of the page."""
    return load_phrasebook(language), page_words.load_words(language)


def texts_of(phrase: Any) -> list[str]:
    """Return all forms of a phrase."""
    if isinstance(phrase, Mapping):
        return [str(text) for text in phrase.values()]
    return list(phrase) if isinstance(phrase, list) else [phrase]


def fields_of(phrase: Any) -> set[str]:
    return {field.name for text in texts_of(phrase) for field in fields_in(text)}


def plurals(book: Phrasebook) -> Iterator[tuple[str, Mapping[Any, str]]]:
    """Yield the phrases that have plural forms."""
    for key, phrase in book.phrases.items():
        if isinstance(phrase, Mapping) and key != "sides":
            yield key, phrase


def test_the_languages() -> None:
    assert languages() == LANGUAGES
    assert page_words.languages() == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalog_has_every_phrase_and_every_field(language: str) -> None:
    for book, english in zip(books(language), books("en"), strict=True):
        assert list(book.phrases) == list(english.phrases)
        for key, phrase in english.phrases.items():
            own = book.phrases[key]
            assert type(own) is type(phrase), key
            assert all(texts_of(own)), key
            assert fields_of(own) == fields_of(phrase), key
            if isinstance(phrase, list) and key != "ones":
                assert len(own) == len(phrase), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_has_the_plural_forms_of_its_language(language: str) -> None:
    categories = {*Locale.parse(language).plural_form.tags, "other"}
    for book in books(language):
        for key, forms in plurals(book):
            assert {form for form in forms if not form.isdecimal()} == categories, key
            needed = set.union(*map(fields_of, forms.values()))
            for form, text in forms.items():
                # What is said of one number alone need not name it.
                missing = needed - fields_of(text) - ({"n"} if form.isdecimal() else set())
                assert not missing, (key, form)


@pytest.mark.parametrize("language", OTHERS)
def test_no_phrase_is_left_in_english(language: str) -> None:
    alike = {"title", "sentence", "exercise_alone", "number", "comma", "dose_work", "introduction"}
    alike |= {"between", "times", "position", "position_of", "player", "pause", "circuit", "source"}
    alike |= {"range", "set", "sets", "set_of", "week", "ones"}
    for book, english in zip(books(language), books("en"), strict=True):
        same = {key for key, phrase in english.phrases.items() if book.phrases[key] == phrase}
        assert same <= alike


@pytest.mark.parametrize(
    ("language", "hour", "half", "one", "nothing", "least", "three"),
    [
        ("en", "1 hour, 2 minutes, and 5 seconds", "2.5 seconds", "1 second", "0 seconds",
         "less than a minute", "a, b, and c"),
        ("de", "eine Stunde, 2 Minuten und 5 Sekunden", "2,5 Sekunden", "eine Sekunde",
         "0 Sekunden", "weniger als eine Minute", "a, b und c"),
        ("es", "una hora, 2 minutos y 5 segundos", "2,5 segundos", "un segundo", "0 segundos",
         "menos de un minuto", "a, b y c"),
        ("fr", "une heure, 2 minutes et 5 secondes", "2,5 secondes", "une seconde", "0 seconde",
         "moins d'une minute", "a, b et c"),
        ("it", "un'ora, 2 minuti e 5 secondi", "2,5 secondi", "un secondo", "0 secondi",
         "meno di un minuto", "a, b e c"),
        ("nl", "één uur, 2 minuten en 5 seconden", "2,5 seconden", "één seconde", "0 seconden",
         "minder dan een minuut", "a, b en c"),
        ("pt", "uma hora, 2 minutos e 5 segundos", "2,5 segundos", "um segundo", "0 segundo",
         "menos de um minuto", "a, b e c"),
    ],
)  # fmt: skip
def test_quantities(
    language: str, hour: str, half: str, one: str, nothing: str, least: str, three: str
) -> None:
    book = load_phrasebook(language)
    assert book.duration(Fraction(3725)) == hour
    assert book.duration(Fraction(5, 2)) == half
    assert book.duration(Fraction(1)) == one
    assert book.duration(Fraction(0)) == nothing
    assert book.about(Fraction(20)) == least
    assert book.listed(["a", "b", "c"]) == three
    assert book.listed(["a"]) == "a"


def test_plural_forms_follow_the_rules_of_the_language() -> None:
    assert load_phrasebook("fr").duration(Fraction(3, 2)) == "1,5 seconde"
    assert load_phrasebook("en").duration(Fraction(1, 2)) == "0.5 seconds"
    assert load_phrasebook("es").say("repetitions", n=1_000_000) == "1000000 de repeticiones"
    assert load_phrasebook("pt").say("repetitions", n=2) == "duas repetições"
    assert load_phrasebook("en-GB").about(Fraction(3600 + 29)) == "about 1 hour"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_catalog_says_of_its_language_is_what_unicode_says(language: str) -> None:
    book = load_phrasebook(language)
    locale = Locale.parse(language)
    forms = {form: form for form in ("one", "few", "many", "other")}
    told = {**book.phrases, "category": forms}
    for n in (*range(2001), 9_999, 10_000, 100_000, 999_999, 1_000_000, 2_000_000):
        said = replace(book, phrases=told).say("category", n=n)
        assert said == locale.plural_form(n), n
    for items in (["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d", "{e}"]):
        assert book.listed(items) == format_list(items, locale=locale)


@pytest.mark.parametrize(
    ("language", "dose"),
    [
        ("en", "2 sets of 5 repetitions, hold each for 5 seconds, on each side"),
        ("de", "2 Sätze, je 5 Wiederholungen, jeweils 5 Sekunden halten, auf jeder Seite"),
        ("es", "2 series de 5 repeticiones, mantén 5 segundos cada vez, con cada lado"),
        ("fr", "2 séries, 5 répétitions chacune, tenez chaque fois 5 secondes, de chaque côté"),
        ("it", "2 serie da 5 ripetizioni, tieni ogni volta per 5 secondi, per ogni lato"),
        ("nl", "2 sets van 5 herhalingen, houd telkens 5 seconden vast, aan elke kant"),
        ("pt", "duas séries de 5 repetições, segure 5 segundos cada vez, de cada lado"),
    ],
)
def test_a_dose_is_said(language: str, dose: str) -> None:
    text = "title: T\nexercises: [{name: A, reps: 5, sets: 2, hold: 5s, sides: [left, right]}]\n"
    (exercise,) = routine_of(text).exercises()
    assert spoken_dose(exercise, load_phrasebook(language)) == dose


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_every_routine_can_be_planned_in_every_language(path: Any, language: str) -> None:
    from coach.session import prepare
    from coach.settings import Settings

    ready = prepare(path, Settings(language=language))
    lines = lines_in(plan(ready.routine, Manner(), ready.phrases, Fraction(600)))
    said = [line.text for line in lines]
    assert all(said)


def test_sides_are_called_in_the_language() -> None:
    book = load_phrasebook("de")
    assert book.side("left") == book.side("Links") == "linke Seite"
    assert book.side("linkes Bein vorn") == "linkes Bein vorn"


def incomplete(**phrases: Any) -> Phrasebook:
    book = load_phrasebook("de")
    return replace(book, phrases={**book.phrases, **phrases})


@pytest.mark.parametrize(
    ("key", "phrase", "message"),
    [
        ("halfway", None, "the phrases of the language `de` lack the phrase `halfway`"),
        (
            "rest",
            "Pause {zeit}",
            r"have the unknown field \{zeit\} in `rest`, which takes \{time\}",
        ),
        ("seconds", {"one": "{n} Sekunde"}, "lack the phrase `seconds`"),
    ],
)
def test_a_catalog_that_lacks_something_is_told(key: str, phrase: Any, message: str) -> None:
    fields: dict[str, str] = {"time": "5"} if key == "rest" else {}
    with pytest.raises(CoachError, match=message) as raised:
        incomplete(**{key: phrase}).say(key, n=2 if key == "seconds" else None, **fields)
    assert "de.yaml" in raised.value.hint


def test_a_language_that_the_coach_does_not_speak() -> None:
    with pytest.raises(CoachError, match="no phrases in the language `xx`") as raised:
        load_phrasebook("xx")
    assert "de, en, es, fr, it, nl, pt" in raised.value.hint


def test_turns() -> None:
    book = load_phrasebook("nl")
    choices: Sequence[str] = book.phrases["well_done"]
    assert [book.turn("well_done", n) for n in range(len(choices) + 1)] == [*choices, choices[0]]


def test_decimals_have_the_sign_of_the_language() -> None:
    assert load_phrasebook("de").decimal_sign == ","
    assert load_phrasebook("en").decimal_sign == "."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: ]\n", "cannot be read from line 2 on"),
        ("a: \0", "cannot be read"),
        ("- a", "cannot be read from line 1 on"),
    ],
)
def test_phrases_that_are_damaged_are_told(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "en" in languages()
    (tmp_path / "en.yaml").write_text(text)
    monkeypatch.setattr("coach.phrases.resources.files", lambda _: tmp_path)
    with pytest.raises(CoachError, match=f"the phrases of the language `en` {message}") as caught:
        load_phrasebook("en")
    assert str(tmp_path / "en.yaml") in caught.value.hint


def test_a_phrase_that_is_not_there_is_told() -> None:
    with pytest.raises(CoachError, match="`en` lack the phrase `nonsense`"):
        load_phrasebook("en").phrases["nonsense"]


def test_changes_of_many_are_told_by_their_number_and_of_what_is_gone_not_at_all() -> None:
    names = ("A", "B", "C", "D", "E")
    items = ", ".join(f"{{name: {name}, reps: 5}}" for name in names)
    routine = routine_of(f"title: T\nexercises: [{items}]\n")
    told = [
        DoseChange("reps", 5, 6, ("gone",)),
        DoseChange("reps", 5, 6, ("a", "b", "c", "d")),
        DoseChange("reps", 5, 6, ("a", "gone", "c")),
    ]
    first, second = spoken_changes(told, routine, load_phrasebook("en"))
    assert "4 exercises" in first
    assert "A and C" in second
