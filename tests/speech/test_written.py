# ruff: noqa: RUF001 - characters that look alike are what is tested
"""What is written short in the languages besides English, and what must be spoken."""

from __future__ import annotations

import pytest

from coach.phrases import languages
from coach.speech import written
from coach.speech.normalise import normalise
from tests.speech.test_normalise import ANY_LANGUAGE, ENGLISH

WRITTEN = {
    "de": [
        ("10 s halten", "10 Sekunden halten"),
        ("1 min Pause", "eine Minute Pause"),
        ("0:30", "30 Sekunden"),
        ("1:30", "eine Minute und 30 Sekunden"),
        ("5–10 Wdh.", "5 bis 10 Wiederholungen."),
        ("5-10 kg", "5 bis 10 Kilogramm"),
        ("3x8", "3 mal 8"),
        ("10x", "10 mal"),
        ("1/2", "ein halb"),
        ("½ Drehung", "ein halb Drehung"),
        ("z. B. ein Gürtel", "zum Beispiel ein Gürtel"),
        ("ca. 23 cm", "circa 23 Zentimeter"),
        ("das ISG", "das I S G"),
        ("45° und 50 %", "45 Grad und 50 Prozent"),
        ("1.5 kg", "1,5 Kilogramm"),
        ("Matte/Teppich", "Matte oder Teppich"),
        ("Halten … und lösen", "Halten, und lösen"),
        ("Gut gemacht 💪", "Gut gemacht"),
    ],
    "es": [
        ("10 s", "10 segundos"),
        ("1 min", "un minuto"),
        ("1:30", "un minuto y 30 segundos"),
        ("5-10 reps", "5 a 10 repeticiones"),
        ("3x8", "3 por 8"),
        ("10x", "10 veces"),
        ("3/4", "tres cuartos"),
        ("5 kg", "5 kilos"),
        ("p. ej. un cinturón", "por ejemplo un cinturón"),
        ("aprox. 23 cm", "aproximadamente 23 centímetros"),
        ("pierna izq.", "pierna izquierda."),
        ("la 2ª serie", "la segunda serie"),
        ("90°", "90 grados"),
        ("uno — dos", "uno, dos"),
    ],
    "fr": [
        ("10 s", "10 secondes"),
        ("1 min", "une minute"),
        ("1:30", "une minute et 30 secondes"),
        ("5–10 rép.", "5 à 10 répétitions."),
        ("3 x 8", "3 fois 8"),
        ("1/4", "un quart"),
        ("2,5 kg", "2,5 kilos"),
        ("p. ex. une ceinture", "par exemple une ceinture"),
        ("la 2e série", "la deuxième série"),
        ("la 1re série", "la première série"),
        ("env. 23 cm", "environ 23 centimètres"),
        ("« Tenez »", '" Tenez "'),
        ("~10 min", "environ 10 minutes"),
    ],
    "it": [
        ("10 s", "10 secondi"),
        ("1 min", "un minuto"),
        ("1:30", "un minuto e 30 secondi"),
        ("5-10 rip.", "5 a 10 ripetizioni."),
        ("3x8", "3 per 8"),
        ("10x", "10 volte"),
        ("2/3", "due terzi"),
        ("5 kg", "5 chili"),
        ("p. es. una cintura", "per esempio una cintura"),
        ("gamba sx", "gamba sinistra"),
        ("la 2ª serie", "la seconda serie"),
        ("90° e 50%", "90 gradi e 50 per cento"),
        ("ecc.", "eccetera."),
    ],
    "nl": [
        ("10 s", "10 seconden"),
        ("1 min", "één minuut"),
        ("1:30", "één minuut en 30 seconden"),
        ("5-10 herh.", "5 tot 10 herhalingen."),
        ("3x8", "3 keer 8"),
        ("1/2", "een half"),
        ("5 kg", "5 kilo"),
        ("bijv. een riem", "bijvoorbeeld een riem"),
        ("de 3e set", "de derde set"),
        ("ca. 23 cm", "circa 23 centimeter"),
        ("het SI-gewricht", "het S I-gewricht"),
        ("90°", "90 graden"),
        ("mat/tapijt", "mat of tapijt"),
    ],
    "pt": [
        ("10 s", "10 segundos"),
        ("1 min", "um minuto"),
        ("1:30", "um minuto e 30 segundos"),
        ("5-10 reps", "5 a 10 repetições"),
        ("3x8", "3 vezes 8"),
        ("1x", "uma vez"),
        ("1/2", "meio"),
        ("5 kg", "5 quilos"),
        ("p. ex. um cinto", "por exemplo um cinto"),
        ("perna esq.", "perna esquerda."),
        ("a 2ª série", "a segunda série"),
        ("dor de 3/10", "dor de 3 de 10"),
        ("<5 min", "menos de 5 minutos"),
    ],
}


def test_there_are_enough_forms() -> None:
    assert sum(map(len, WRITTEN.values())) + len(ENGLISH) + len(ANY_LANGUAGE) >= 150
    assert all(len(forms) >= 12 for forms in WRITTEN.values())
    assert {*written.languages(), "en"} == set(languages())


@pytest.mark.parametrize(
    ("language", "form", "spoken"),
    [(language, *pair) for language, pairs in WRITTEN.items() for pair in pairs],
)
def test_what_is_spoken(language: str, form: str, spoken: str) -> None:
    assert normalise(form, language) == spoken
    assert normalise(spoken, language) == spoken


@pytest.mark.parametrize("language", sorted(WRITTEN))
@pytest.mark.parametrize(
    "piece", ["1", "1-", "1:30 ", "1 1/2 ", "x1", "5 s-", "1/", "a/b ", "z.b.", "½"]
)
def test_time_grows_with_the_length_only(language: str, piece: str) -> None:
    normalise(piece * (100_000 // len(piece)), language)
