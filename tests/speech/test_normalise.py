# ruff: noqa: RUF001 - characters that look alike are what is tested
from __future__ import annotations

import string
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coach.speech.normalise import normalise

ENGLISH = [
    # Times.
    ("Hold 10s.", "Hold 10 seconds."),
    ("Hold for 10 s", "Hold for 10 seconds"),
    ("1 s", "1 second"),
    ("30 sec hold", "30 seconds hold"),
    ("30 sec. hold", "30 seconds hold"),
    ("Rest 30 sec. Then go on.", "Rest 30 seconds. Then go on."),
    ("Rest 30 SEC", "Rest 30 seconds"),
    ("1.5 min", "1.5 minutes"),
    ("5 m", "5 minutes"),
    ("5m", "5 minutes"),
    ("5 min", "5 minutes"),
    ("1 hr", "1 hour"),
    ("2 h", "2 hours"),
    ("an hr", "an hour"),
    ("a few secs or mins", "a few seconds or minutes"),
    ("0:30", "30 seconds"),
    ("1:30", "1 minute 30 seconds"),
    ("Rest 1:00.", "Rest 1 minute."),
    ("2:01", "2 minutes 1 second"),
    ("1:02:03", "1 hour 2 minutes 3 seconds"),
    ("0:30-1:00", "30 seconds to 1 minute"),
    ("1:30 min", "1 minute 30 seconds"),
    ("at 10:30 am", "at 10:30 am"),
    ("work to rest 2:1", "work to rest 2 to 1"),
    ("1m30s", "1 minute 30 seconds"),
    ("1h30m", "1 hour 30 minutes"),
    ("a 10-sec hold", "a 10-second hold"),
    ("a 10-second hold", "a 10-second hold"),
    ("in your 30s", "in your 30s"),
    ("the 30s hold", "the 30 seconds hold"),
    # Ranges.
    ("5-10", "5 to 10"),
    ("5–10", "5 to 10"),
    ("5 – 10", "5 to 10"),
    ("5 - 10 times", "5 to 10 times"),
    ("5-10s", "5 to 10 seconds"),
    ("5-10 reps", "5 to 10 repetitions"),
    ("5s-10s", "5 to 10 seconds"),
    ("30 s - 1 min", "30 seconds to 1 minute"),
    ("1.5–2 kg", "1.5 to 2 kilograms"),
    ("10%-20%", "10 to 20%"),
    ("45°–90°", "45 to 90°"),
    ("a 5-10-second hold", "a 5 to 10-second hold"),
    ("3-2-1, go", "3, 2, 1, go"),
    ("the 90-90 stretch", "the 90 90 stretch"),
    ("L4-L5", "L4-L5"),
    # Counts.
    ("3x8", "3 times 8"),
    ("3 x 8", "3 times 8"),
    ("3×8", "3 times 8"),
    ("3x30s", "3 times 30 seconds"),
    ("3x5-10", "3 times 5 to 10"),
    ("10x", "10 times"),
    ("1x", "1 time"),
    ("Repeat x10.", "Repeat 10 times."),
    ("2-3x/week", "2 to 3 times per week"),
    ("10 reps/side", "10 repetitions per side"),
    ("1 rep", "1 repetition"),
    ("#3", "number 3"),
    ("No. 3", "number 3"),
    ("~10 reps", "about 10 repetitions"),
    ("<5 min", "less than 5 minutes"),
    ("1/2", "one half"),
    ("1/2 min", "one half minute"),
    ("1 1/2 min", "1 and one half minutes"),
    ("3/4 of the way", "three quarters of the way"),
    ("pain of 3/10", "pain of 3 out of 10"),
    ("120/80", "120 over 80"),
    ("½ turn", "½ turn"),
    # Measures.
    ("5kg", "5 kilograms"),
    ("1 kg", "1 kilogram"),
    ("a 5-kg ball", "a 5-kilogram ball"),
    ("10 lbs", "10 pounds"),
    ("weights (lb)", "weights (pounds)"),
    ("20 cm", "20 centimetres"),
    ("5 mm", "5 millimetres"),
    ("6 in apart", "6 inches apart"),
    ("a 12-in box", "a 12-inch box"),
    ("4 in, 4 out", "4 in, 4 out"),
    ("6 ft", "6 feet"),
    ("walk 10 m", "walk 10 metres"),
    ("walk for 10 m", "walk for 10 minutes"),
    ("1,000 m", "1,000 metres"),
    ("5 km/h", "5 kilometres per hour"),
    ("90° and 50%", "90° and 50%"),
    ("90 deg", "90 degrees"),
    ("120 bpm", "120 beats per minute"),
    ("-5", "-5"),
    # Words.
    ("L/R", "left and right"),
    ("raise the (L) leg", "raise the left leg"),
    ("R arm, L knee", "right arm, left knee"),
    ("w/ a band", "with a band"),
    ("w/band", "with band"),
    ("w/o shoes", "without shoes"),
    ("and/or", "and or"),
    ("mat/carpet", "mat or carpet"),
    ("left vs. right", "left versus right"),
    ("e.g. a belt", "for example a belt"),
    ("i.e. slowly", "that is slowly"),
    ("belts, etc.", "belts, et cetera."),
    ("belts etc. and bands", "belts et cetera and bands"),
    ("approx. 10", "approximately 10"),
    ("Reps", "Repetitions"),
    ("push & pull", "push and pull"),
    ("the SI joint", "the S I joint"),
    ("si, rom and hit", "si, rom and hit"),
    ("HIIT, EMOM, AMRAP", "hit, E mom, am rap"),
    ("your IT band", "your I T band"),
    ("Tabata, psoas, vertebrae", "Tabata, psoas, vertebrae"),
    ("strep, secsy, hrm", "strep, secsy, hrm"),
]

ANY_LANGUAGE = [
    ("“Hello” — it’s me", '"Hello", it\'s me'),
    ("Hold… and relax", "Hold, and relax"),
    ("Wait… Now", "Wait. Now"),
    ("a -- b – c", "a, b, c"),
    ("a -> b → c", "a, b, c"),
    ("a\u00a0b\u2009c\td", "a b c d"),
    ("• one\n• two", "one, two"),
    ("Do:\n- one\n- two", "Do: one, two"),
    ("# Title\nText", "Title Text"),
    ("line\nline", "line line"),
    ("*bold*, _it_ and `code`", "bold, it and code"),
    ("Strong 💪🏽! 👨‍👩‍👧 ❤️", "Strong!"),
    ("1️⃣ one", "1 one"),
    ("[[h@'loU]] hello", "hello"),
    ("[[slnc 500]]", ""),
    ('<break time="1s"/>Now <b>go</b>', "Now go"),
    ("[optional]", "(optional)"),
    ("so\u00adft wo\u200brd\x00\x1b", "soft word"),
    ("e\u0301", "é"),
    ("क्\u200dष", "क्\u200dष"),
    ("a\u200db", "ab"),
    ("\ud800", ""),
    ("…", ""),
    ("— ?! 🙂 %", ""),
    ("", ""),
    ("  \n ", ""),
]


@pytest.mark.parametrize(("written", "spoken"), ENGLISH)
def test_english(written: str, spoken: str) -> None:
    assert normalise(written, "en") == spoken
    assert normalise(written, "en-GB") == spoken


@pytest.mark.parametrize(("written", "spoken"), ANY_LANGUAGE)
@pytest.mark.parametrize("language", ["en", "de"])
def test_any_language(written: str, spoken: str, language: str) -> None:
    assert normalise(written, language) == spoken


@pytest.mark.parametrize("text", ["10s", "5-10", "1/2", "SI", "3x8", "t.ex. 10 kg", "Öva dagligen"])
def test_languages_without_tables_keep_their_abbreviations(text: str) -> None:
    assert normalise(text, "sv") == text


def test_en_dash_in_other_languages() -> None:
    assert normalise("5–10 gånger – varje dag", "sv") == "5-10 gånger, varje dag"
    assert normalise("5–10 Mal – jeden Tag", "de") == "5 bis 10 Mal, jeden Tag"


@pytest.mark.parametrize(
    ("written", "pronounce", "spoken"),
    [
        ("TRX and SI", {"TRX": "tee are ex"}, "tee are ex and S I"),
        ("Cat-camel", {"Cat": "kat", "Cat-camel": "kat kammel"}, "kat kammel"),
        ("trx TRXs TRX", {"TRX": "X"}, "trx TRXs X"),
        ("Dr. Bo's way", {"Dr. Bo": "doctor Boh"}, "doctor Boh's way"),
        ("don’t", {"don't": "do not"}, "do not"),
        ("two  words", {"two words": "one"}, "one"),
        ("10s", {"10s": "ten"}, "ten"),
        ("a+b (c)", {"+": " plus ", "(c)": "see"}, "a plus b see"),
        ("same", {"": "x", " ": "y"}, "same"),
        ("x", {"x": "\\1 \\g<0>"}, "1 gram less than 0"),
    ],
)
def test_pronounce(written: str, pronounce: Mapping[str, str], spoken: str) -> None:
    assert normalise(written, "en", pronounce) == spoken


WORDLIKE = st.lists(
    st.one_of(
        st.sampled_from([written for written, _ in ENGLISH + ANY_LANGUAGE]),
        st.text(st.sampled_from("0123456789xXsm:/-–.,;()[]<>#*~+=½%° LR'…\n\u200d")),
        st.sampled_from(
            [*"-–/.:,x<>[]()*#&+=~", " ", "", "…", "s", "10", "1/2", "w/", "etc.", "SI"]
        ),
        st.text(),
        st.text(string.printable),
    ),
    max_size=8,
).map("".join)


@settings(max_examples=10 * settings().max_examples)
@given(WORDLIKE, st.sampled_from(["en", "de", "es", "fr", "it", "nl", "pt"]))
@example("+ + 5", "en")
@example("<a<b>c>", "en")
@example("[[a[[b]]c]]", "en")
def test_normalising_twice_gives_the_same(text: str, language: str) -> None:
    once = normalise(text, language)
    assert normalise(once, language) == once


@settings(max_examples=10 * settings().max_examples)
@given(WORDLIKE, st.sampled_from(["en", "de", "", "x_y-z"]))
def test_only_speakable_text_in_one_line_comes_out(text: str, language: str) -> None:
    spoken = normalise(text, language)
    assert spoken == spoken.strip()
    assert not set(spoken) & set("\n\t[]<>{}*_`^\\~#🙂\u00a0\u200b")
    assert "  " not in spoken
    assert "[[" not in spoken
    assert spoken == "" or any(map(str.isalnum, spoken))


@given(WORDLIKE, st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=5))
def test_no_pronunciation_makes_it_fail(text: str, pronounce: Mapping[str, str]) -> None:
    normalise(text, "en", pronounce)


# What takes a square of the time would not end while anyone waits.
@pytest.mark.parametrize(
    "piece",
    [
        *("1", "1-", "1:30 ", "1 1/2 ", "x1", "5s-", "1/", "a/b ", "e.g.", "w/", "IT ", "No."),
        *("<a", "[[", "[[a", "(,", ", ", "! ", ".", "-", "- ", "=", "\n", " ", "\n- ", "—"),
        *("😀", "\u200d", "é\u200d", "\u0301\u0316", "a\u0301", "Hold 10s, 5-10 reps. "),
    ],
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    normalise(piece * (40_000 // len(piece)), "en", {"SI": "S I", "1 1": "one"})


def test_a_long_text() -> None:
    sentence = "Hold for 10s, repeat 5-10 reps w/ the (L) leg. "
    count = 100_000 // len(sentence)
    spoken = normalise(sentence * count, "en")
    assert (
        spoken.count("Hold for 10 seconds, repeat 5 to 10 repetitions with the left leg.") == count
    )
