"""What may be said is enough, unambiguous, and known to the decoder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pocketsphinx import get_model_path

from coach.errors import ListeningError
from coach.listening import SPOKEN, Style
from coach.listening.command_list import command_list
from coach.listening.phrase_model import phrase_model

ENGLISH = command_list("en")
WORDINGS = [wording for wordings in ENGLISH.wordings.values() for wording in wordings]


def test_every_command_can_be_said_in_several_ways() -> None:
    assert set(ENGLISH.wordings) == set(SPOKEN)
    assert all(len(wordings) >= 2 for wordings in ENGLISH.wordings.values())


def test_no_wording_asks_for_two_things() -> None:
    assert [wording for wording, times in Counter(WORDINGS).items() if times > 1] == []
    for command, wordings in ENGLISH.wordings.items():
        assert {ENGLISH.command_of(wording) for wording in wordings} == {command}
    assert ENGLISH.command_of("stand on your head") is None


def test_what_is_said_best_has_several_words() -> None:
    assert [w for w in ENGLISH.wordings.values() if " " not in w[0]] == []


@pytest.mark.parametrize("style", ["address", "plain"])
def test_the_decoder_knows_every_word(style: Style) -> None:
    path = Path(get_model_path("en-us/cmudict-en-us.dict"))
    dictionary = phrase_model(ENGLISH, style, path).dictionary
    known = {line.partition(" ")[0] for line in dictionary.splitlines()}
    assert {word for wording in WORDINGS for word in wording.split()} <= known
    assert {ENGLISH.address, "knees", "twelve"} <= known
    assert len(known) > 600


@pytest.mark.parametrize("style", ["address", "plain"])
def test_help_names_what_is_understood(style: Style) -> None:
    lines = ENGLISH.help_lines(style)
    text = " ".join(lines)
    assert "{" not in text
    named = [command for command in SPOKEN if f'{ENGLISH.wordings[command][0]}"' in text]
    assert {"pause", "resume", "next", "pain", "stop"} <= set(named)
    assert (ENGLISH.address in text) == (style == "address")
    assert len(text.split()) < 60, "it is read aloud"


def test_other_languages_say_that_english_is_understood() -> None:
    with pytest.raises(ListeningError) as raised:
        command_list("tlh")
    assert "English" in raised.value.hint
