"""What a terminal sends becomes commands, whatever it is and however it is split."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.controls import Command
from coach.controls.keyboard import MOST_AT_ONCE, REPEAT_S, Pace
from coach.controls.keys import COMMANDS, KEYS, KeyDecoder

SEQUENCES = {
    b"\x1b[C": Command.NEXT,
    b"\x1bOC": Command.NEXT,
    b"\x1b[1;5C": Command.NEXT,
    b"\x1b[1;2D": Command.BACK,
    b"\x1bO5D": Command.BACK,
    b"\x1b\x1b[D": Command.BACK,
    b"\x1b[A": Command.PREVIOUS_EXERCISE,
    b"\x1bOA": Command.PREVIOUS_EXERCISE,
    b"\x1b[5~": Command.PREVIOUS_EXERCISE,
    b"\x1b[B": Command.NEXT_EXERCISE,
    b"\x1b[6~": Command.NEXT_EXERCISE,
    b"\x1b[6;5~": Command.NEXT_EXERCISE,
    b"\x1bOM": Command.READY,
    b"\x1bOk": Command.MORE,
    b"\x1bOm": Command.FEWER,
    b"\x1bn": Command.NEXT_EXERCISE,
}

UNKNOWN = (
    b"\x1b[H", b"\x1b[3~", b"\x1bOP", b"\x1b[15;2~", b"\x1b[[A", b"\x1b[200~ q\rnp0\x1b[C[201~\x1b[201~",
    b"\x1b[<0;10;20M", b"\x1b[<0;1;1m", b"\x1b[M 0q", b"\x1b[?1;2c", b"\x1b[13;5u", b"\x1b[I", b"\x1b[O",
    b"\x1b]11;rgb:0000/9999/0000\x1b\\", b"\x1b]11;rgb:0000/9999/0000\x07", b"\x1bP1$r0q\x1b\\",
    b"\x1b[" + b"1;" * 500 + b"C~"[1:], "é".encode(), "日本語".encode(), "🧘".encode(), b"\x00", b"\x7f",
    b"\x9b", b"\xff\xfe", b"\x04", b"x", b"Z", b"\x1bx",
)  # fmt: skip

bits = st.one_of(
    st.binary(max_size=6),
    st.sampled_from([*SEQUENCES, *UNKNOWN]),
    st.sampled_from([name.encode() for name in COMMANDS if len(name) == 1]),
)
streams = st.lists(bits, max_size=12).map(b"".join)


def decoded(data: bytes) -> list[Command]:
    return KeyDecoder().feed(data)


def test_every_command_has_a_key_but_those_of_buttons() -> None:
    assert {key.command for key in KEYS} == set(Command) - {Command.PAUSE, Command.RESUME}
    assert len(COMMANDS) == sum(len(key.names) for key in KEYS), "no key does two things"
    assert all(key.label.isascii() and key.does for key in KEYS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if len(name) == 1])
def test_a_character_does_what_the_legend_says(name: str) -> None:
    assert decoded(name.encode()) == [COMMANDS[name]]
    assert decoded(name.upper().encode()) == [COMMANDS[name]]


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_is_one_key(sequence: bytes) -> None:
    assert decoded(sequence) == [SEQUENCES[sequence]]


@pytest.mark.parametrize("sequence", UNKNOWN)
def test_what_is_unknown_is_swallowed_whole(sequence: bytes) -> None:
    assert decoded(sequence + b" ") == [Command.TOGGLE]


@given(streams)
def test_any_bytes_are_taken(data: bytes) -> None:
    assert all(isinstance(command, Command) for command in decoded(data))


@given(streams, st.data())
def test_however_it_is_split_it_means_the_same(data: bytes, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    decoder = KeyDecoder()
    parts = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert [command for part in parts for command in decoder.feed(part)] == decoded(data)


@given(streams)
def test_after_giving_up_the_next_key_counts(data: bytes) -> None:
    decoder = KeyDecoder()
    decoder.feed(data)
    decoder.give_up()
    assert not decoder.is_midway
    assert decoder.feed(b" \x1b[C") == [Command.TOGGLE, Command.NEXT]


def test_a_lone_escape_holds_up_few_keys() -> None:
    held = {
        key for key in string.printable if decoded(b"\x1b" + key.encode()) != decoded(key.encode())
    }
    assert held & set(COMMANDS) == {"]", "["}, "and those only until it is given up"


def test_a_key_held_down_works_at_a_pace() -> None:
    pace = Pace()
    held = [pace.admit([Command.MORE], number / 30) for number in range(60)]
    assert 15 <= sum(map(len, held)) <= 2 / REPEAT_S + 1


def test_taps_all_count() -> None:
    pace = Pace()
    assert all(pace.admit([Command.MORE], number / 8) for number in range(20))
    assert pace.admit([Command.FEWER], 19 / 8 + 0.01), "another key is no repeat"


def test_a_paste_by_mistake_does_nothing() -> None:
    assert Pace().admit(decoded(b"https://example.org/a-page?q=0,9"), 0.0) == []
    assert Pace().admit([Command.NEXT] * 50, 0.0) == [Command.NEXT]
    typed = list(Command)[:MOST_AT_ONCE]
    assert Pace().admit(typed, 0.0) == typed
