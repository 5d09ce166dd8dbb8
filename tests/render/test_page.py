"""The page as a text: nothing from outside, nothing that a routine's text could break."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from coach.phrases import languages as spoken_languages
from coach.phrases import load_phrasebook
from coach.render import page as pages
from coach.render.page import json_for_html
from coach.render.page_words import DATA, direction, exercise_dose, languages, load_words
from coach.session import Session, build, prepare, prepared
from coach.settings import Override, Settings
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of, typical

AUDIO = bytes(range(256)) * 8
HOSTILE = """</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>"'&amp;{{ data }}"""
SCRIPT = """
coach: 1
title: {text}
description: {text}
source: {text}
equipment: [{text}]
safety: [{text}]
closing: [{text}]
exercises:
  - rounds: 2
    name: {text}
    exercises:
      - name: {text}
        id: one
        setup: [{text}]
        sides: [{text}, right]
        reps: 2
        phases: [{{cue: {text}, guide: {text}, move: 1s, hold: 2s}}]
"""


def page(session: Session, audio: bytes, media_type: str) -> str:
    return "".join(pages.page(session, io.BytesIO(audio), media_type))


def session_of(text: str) -> Session:
    return build(prepared(routine_of(text), Settings()), FakeVoice(), fake_cues(), RATE)


def session_at(path: Path) -> Session:
    return build(prepare(path, Settings()), FakeVoice(), fake_cues(), RATE)


def hostile_session() -> Session:
    # In a script a brace of one's own is written twice.
    text = json.dumps(HOSTILE.replace("{", "{{").replace("}", "}}"))
    return session_of(SCRIPT.replace("{{", "{").replace("}}", "}").replace("{text}", text))


class Elements(HTMLParser):
    """Collects what a document consists of."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.contents: list[tuple[str, str]] = []
        self._inside = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.contents.append((self._inside, data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text(self, tag: str) -> str:
        return "".join(text for name, text in self.contents if name == tag)


def embedded(document: str) -> Any:
    found = re.search(
        r'<script type="application/json" id="session">(.*?)</script>', document, re.DOTALL
    )
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("script", typical(), ids=lambda path: path.stem)
def test_a_page_needs_nothing_from_outside(script: Path) -> None:
    document = page(session_at(script), AUDIO, "audio/mpeg")
    assert not re.search(r"https?:|//[\w-]+\.\w|@import|\burl\(", document)
    for tag, attributes in Elements(document).tags:
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            value = attributes.get(name) or ""
            assert not value or value.startswith("data:"), (tag, name, value[:40])


@pytest.mark.parametrize("script", typical(), ids=lambda path: path.stem)
def test_besides_the_sound_a_page_is_small(script: Path) -> None:
    document = page(session_at(script), b"", "audio/mpeg")
    assert len(document.encode()) < 60_000


def test_the_sound_is_embedded_with_its_type() -> None:
    document = page(session_at(typical()[0]), AUDIO, "audio/mp4")
    (sound,) = Elements(document).all("audio")
    kind, _, body = (sound["src"] or "").partition(",")
    assert kind == "data:audio/mp4;base64"
    assert base64.b64decode(body) == AUDIO


def test_a_page_holds_no_more_of_the_sound_than_a_block() -> None:
    """Ten hours of sound have 300 MB."""
    reads: list[int] = []

    class Sound(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            reads.append(-1 if size is None else size)
            return super().read(size)

    audio = AUDIO * 1000
    pieces = list(pages.page(session_at(typical()[0]), Sound(audio), "audio/mpeg"))
    block = max(reads)
    assert min(reads) > 0
    assert block < len(audio)
    assert max(map(len, pieces[1:-1])) <= block * 4 // 3
    (sound,) = Elements("".join(pieces)).all("audio")
    assert base64.b64decode((sound["src"] or "").partition(",")[2]) == audio


@pytest.mark.parametrize("kind", ["", "text/html", 'audio/mpeg" onerror="alert(1)', "audio/"])
def test_only_sound_is_embedded(kind: str) -> None:
    with pytest.raises(ValueError, match="expected a media type such as audio/mpeg"):
        page(session_at(typical()[0]), AUDIO, kind)


def test_the_policy_allows_this_script_and_this_style_and_no_other() -> None:
    document = page(session_at(typical()[0]), AUDIO, "audio/mpeg")
    (policy,) = (
        meta["content"] or ""
        for meta in Elements(document).all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split("; ")}
    for element, rule in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", document, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[rule] == [f"'sha256-{digest}'"]
    assert rules["default-src"] == ["'none'"]
    assert not {"connect-src", "frame-src", "font-src"} & set(rules)
    assert "unsafe" not in policy
    assert not re.search(r"\sstyle=|\son[a-z]+=", document.split("<body>")[1])


def test_no_text_of_a_routine_becomes_an_element() -> None:
    harmless = SCRIPT.replace("{text}", "Text").replace("{{", "{").replace("}}", "}")
    plain = Elements(page(session_of(harmless), AUDIO, "audio/mpeg"))
    hostile = Elements(page(hostile_session(), AUDIO, "audio/mpeg"))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert [list(names) for _, names in hostile.tags] == [list(names) for _, names in plain.tags]
    assert hostile.text("h1") == HOSTILE


def test_a_routine_s_texts_come_through_the_data_unchanged() -> None:
    data = embedded(page(hostile_session(), AUDIO, "audio/mpeg"))
    assert data["title"] == HOSTILE
    assert data["description"] == HOSTILE
    assert HOSTILE in data["texts"]
    assert data["chapters"][1]["title"] == HOSTILE


@pytest.mark.parametrize("character", ["<", ">", "&", "\u2028", "\u2029"])
def test_what_ends_a_script_or_a_line_is_escaped(character: str) -> None:
    written = json_for_html({"text": f"a{character}b"})
    assert character not in written
    assert json.loads(written) == {"text": f"a{character}b"}


def test_half_a_character_can_be_written() -> None:
    session = session_at(typical()[0])
    routine = replace(session.routine, title="A \ud800 b")
    document = page(replace(session, routine=routine), AUDIO, "audio/mpeg")
    assert "<h1>A ? b</h1>" in document.encode().decode()


def test_the_page_has_the_words_of_every_language_that_is_spoken() -> None:
    assert set(spoken_languages()) <= set(languages())
    keys = set(load_words("en").phrases)
    for language in languages():
        assert set(load_words(language).phrases) == keys
        assert len(load_words(language).phrases["days"]) == 7


def test_every_word_is_used_somewhere() -> None:
    sources = [*DATA.glob("page.*"), *DATA.parent.glob("page*.py")]
    used = "".join(path.read_text("utf-8") for path in sources)
    built = {"hold_time", "work_time", "move_time", "sets", "reps", "rounds"}
    spans = {"move", "hold", "work", "rest", "settle", "switch"}
    for key in set(load_words("en").phrases) - built - spans:
        assert re.search(rf"\b{key}\b", used), key


def test_a_language_without_words_of_the_page_gets_english_ones() -> None:
    assert load_words("tlh-Latn").language == "en"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        *(("en", "ltr"), ("en-GB", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("fa", "rtl")),
        *(("ur-Latn", "ltr"), ("pa-Arab-PK", "rtl"), ("de", "ltr")),
    ],
)
def test_the_direction_of_a_language(language: str, expected: str) -> None:
    assert direction(language) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("hold: 20-30s", "hold 20s (20s\u201330s)"),
        ("reps: 5-10, move: 2s", "5 reps (5\u201310) \u00b7 move 2s"),
        (
            "sets: 2, reps: 3, rest: 1m30s",
            "2 sets \u00b7 3 reps \u00b7 at your own pace \u00b7 rest 1m30s",
        ),
        ("hold: 5s, sides: [left, right]", "hold 5s \u00b7 each side: left, right"),
        ("phases: [{cue: Up, hold: 5s}]", "once"),
    ],
)
def test_a_dose_in_words(keys: str, expected: str) -> None:
    text = f"coach: 1\ntitle: T\nexercises: [{{name: One, {keys}}}]\n"
    (exercise,) = routine_of(text).exercises()
    assert exercise_dose(exercise, load_words("en")) == expected


def test_a_changed_dose_tells_what_is_prescribed() -> None:
    routine = routine_of("coach: 1\ntitle: T\nexercises: [{name: One, reps: 5, move: 1s}]\n")
    settings = Settings(overrides=(Override("reps", 8),))
    (exercise,) = prepared(routine, settings).routine.exercises()
    assert exercise_dose(exercise, load_words("en")).startswith("8 reps (prescribed 5)")


def test_a_dose_of_one_side_alone() -> None:
    text = "coach: 1\ntitle: T\nexercises: [{name: One, hold: 5s, sides: [left, right]}]\n"
    settings = Settings(overrides=(Override("sides", ("left",)),))
    (exercise,) = prepared(routine_of(text), settings).routine.exercises()
    assert exercise_dose(exercise, load_words("en")) == "hold 5s \u00b7 one side: left"


def test_there_is_a_box_for_every_set_of_every_round_and_day() -> None:
    text = """
coach: 1
title: T
exercises:
  - {rounds: 2, exercises: [{name: One, hold: 5s, sets: 2}, {name: Two, hold: 5s, sets: 4}]}
  - {name: Three, hold: 5s}
"""
    document = page(session_of(text), AUDIO, "audio/mpeg")
    boxes = [row.count("<i></i>") for row in re.findall(r'<p class="days".*?</p>', document)]
    assert boxes == [2 * 2 * 7, 7, 7]
    assert "\u00d7 8" in document, "eight sets are one box"


def test_a_page_speaks_the_language_of_the_session() -> None:
    document = page(session_at(typical()[0]), AUDIO, "audio/mpeg")
    (root,) = Elements(document).all("html")
    assert root == {"lang": "en", "dir": "ltr"}
    assert load_phrasebook("en").language == "en"
