"""The media player on a real message bus, asked by real clients."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageFlag,
    MessageType,
    message_bus,
    new_method_call,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from coach.controls import Command, mpris_object
from coach.controls import bus as bus_module
from coach.controls.bus import BusError, session_bus_paths
from coach.controls.mpris import NAME, Mpris
from coach.controls.mpris_object import PlayerObject, State, microseconds, text
from coach.controls.mpris_spec import INTERFACES, PATH, PEER, PLAYER, PROPERTIES, ROOT
from tests.bus import Bus
from tests.waiting import LIMIT_S, until

ERROR = "org.freedesktop.DBus.Error."
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"


class Session:
    """A player on the bus, what it was sent, and where it is."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.place = 12.5
        self.mpris = Mpris(self.sent.append)

    def show(
        self, status: Any = "Playing", title: str = "Cat-camel", album: str = "SI joint relief"
    ) -> None:
        self.mpris.update(status, title, album, 812.4, lambda: self.place)


@pytest.fixture
def session(bus: Bus) -> Iterator[Session]:
    opened = Session()
    opened.show()
    with opened.mpris:
        assert opened.mpris.wait(LIMIT_S)
        assert opened.mpris.problem is None
        yield opened


class Client:
    """Another program on the bus."""

    def __init__(self, address: str) -> None:
        self.connection: DBusConnection = open_dbus_connection(address)
        self.signals: deque[Message] = deque()

    def call(
        self, interface: str | None, member: str, signature: str = "", *body: Any, path: str = PATH
    ) -> Any:
        """Return what a method gives, or the name of the error."""
        address = DBusAddress(path, NAME, interface)
        message = new_method_call(address, member, signature or None, body)
        reply = self.connection.send_and_get_reply(message, timeout=LIMIT_S)
        if reply.header.message_type is MessageType.error:
            assert reply.body[0], "an error has a message"
            return reply.header.fields[HeaderFields.error_name].removeprefix(ERROR)
        return reply.body[0] if reply.body else None

    def owner(self) -> str:
        """Return the player's unique name."""
        reply = self.connection.send_and_get_reply(message_bus.GetNameOwner(NAME), timeout=LIMIT_S)
        return str(reply.body[0])

    def get(self, name: str, interface: str = PLAYER) -> Any:
        return self.call(PROPERTIES, "Get", "ss", interface, name)[1]

    def introspect(self, path: str) -> ET.Element:
        return ET.fromstring(self.call(INTROSPECTABLE, "Introspect", path=path))  # noqa: S314 - ours

    def listen(self) -> None:
        """Collect the signals of the player from now on."""
        rule = MatchRule(type="signal", path=PATH)
        self.connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=LIMIT_S)
        self.connection.filter(rule, queue=self.signals)

    def told(self) -> list[tuple[str, Any]]:
        """Return which signals came up to now: name and body."""
        self.call(PEER, "Ping")  # whatever was sent before its answer has come by then
        found = [(each.header.fields[HeaderFields.member], each.body) for each in self.signals]
        self.signals.clear()
        return found

    def next_told(self) -> list[tuple[str, Any]]:
        """Wait for signals and return them."""
        found: list[tuple[str, Any]] = []

        def look() -> bool:
            found.extend(self.told())
            return bool(found)

        until(look, "a signal")
        return found


@pytest.fixture
def client(session: Session, bus: Bus) -> Iterator[Client]:
    opened = Client(bus.address)
    yield opened
    opened.connection.close()


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def playerctl(*arguments: str) -> str:
    return run("playerctl", "--player=audio_coach", *arguments)


# With the programs that people use


def test_playerctl_asks(session: Session) -> None:
    assert run("playerctl", "--list-all") == "audio_coach"
    assert playerctl("status") == "Playing"
    session.show("Paused")  # else playerctl lets the position go on by itself
    assert float(playerctl("position")) == 12.5
    session.place = 13.25
    assert float(playerctl("position")) == 13.25
    shown = playerctl("metadata", "--format", "{{artist}}|{{album}}|{{title}}|{{mpris:length}}")
    assert shown == "Audio coach|SI joint relief|Cat-camel|812400000"
    assert playerctl("status") == "Paused"
    session.show("Paused", title="Pelvic tilt")
    assert playerctl("metadata", "title") == "Pelvic tilt"


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["play-pause"], Command.TOGGLE),
        (["play"], Command.RESUME),
        (["pause"], Command.PAUSE),
        (["stop"], Command.STOP),
        (["next"], Command.NEXT),
        (["previous"], Command.BACK),
        (["position", "10+"], Command.NEXT),
        (["position", "10-"], Command.BACK),
        (["position", "10"], None),
    ],
)
def test_playerctl_commands(
    session: Session, arguments: list[str], command: Command | None
) -> None:
    playerctl(*arguments)
    assert session.sent == ([command] if command else [])


def test_dbus_send(session: Session) -> None:
    def send(*arguments: str) -> str:
        return run("dbus-send", "--print-reply", f"--dest={NAME}", PATH, *arguments)

    assert "<interface" in send(f"{INTROSPECTABLE}.Introspect")
    send(f"{PEER}.Ping")
    send(f"{ROOT}.Quit")
    assert session.sent == [Command.STOP]
    assert 'variant       string "Playing"' in send(
        f"{PROPERTIES}.Get", f"string:{PLAYER}", "string:PlaybackStatus"
    )


# By the specifications


def test_it_is_as_it_describes_itself(client: Client) -> None:
    node = client.introspect(PATH)
    assert {each.get("name") for each in node} == set(INTERFACES)
    for interface in node:
        name = interface.get("name")
        values = client.call(PROPERTIES, "GetAll", "s", name)
        described = {each.get("name"): each.get("type") for each in interface.iter("property")}
        assert {each: value[0] for each, value in values.items()} == described
        for each, (_, value) in values.items():
            assert client.get(each, str(name)) == value


def test_the_objects_above_lead_to_it(client: Client) -> None:
    path = ""
    while path != PATH:
        (child,) = (each.get("name") for each in client.introspect(path or "/"))
        path += f"/{child}"


def test_what_it_can_do(client: Client) -> None:
    values = {
        **client.call(PROPERTIES, "GetAll", "s", ROOT),
        **client.call(PROPERTIES, "GetAll", "s", PLAYER),
    }
    assert {name: value for name, (_, value) in values.items() if isinstance(value, bool)} == {
        "CanQuit": True, "CanRaise": False, "HasTrackList": False, "CanGoNext": True, "CanSeek": True,
        "CanGoPrevious": True, "CanPlay": True, "CanPause": True, "CanControl": True,
    }  # fmt: skip
    rates = [values[name] for name in ("Rate", "MinimumRate", "MaximumRate", "Volume")]
    assert rates == [("d", 1.0)] * 4
    assert values["Identity"] == ("s", "Audio coach")
    assert values["Metadata"][1]["mpris:trackid"][0] == "o"


def test_changes_are_told_once_and_the_position_never(session: Session, client: Client) -> None:
    client.listen()
    session.show("Paused")
    assert client.next_told() == [
        ("PropertiesChanged", (PLAYER, {"PlaybackStatus": ("s", "Paused")}, []))
    ]
    for _ in range(1000):
        session.show("Paused")
    assert client.told() == []
    track = client.get("Metadata")["mpris:trackid"]
    session.show("Playing", title="Pelvic tilt")
    interface, changed, invalidated = client.next_told()[0][1]
    assert interface == PLAYER
    assert invalidated == []
    assert set(changed) == {"PlaybackStatus", "Metadata"}
    assert changed["Metadata"][1]["xesam:title"] == ("s", "Pelvic tilt")
    assert changed["Metadata"][1]["mpris:trackid"] != track


def test_a_jump_is_told(session: Session, client: Client) -> None:
    client.listen()
    session.show("Paused")
    assert client.next_told()
    session.place = 100.0
    assert client.next_told() == [("Seeked", (100_000_000,))]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ((PLAYER, "Rewind"), "UnknownMethod"),
        ((None, "Rewind"), "UnknownMethod"),
        (("org.mpris.MediaPlayer2.TrackList", "GoTo", "o", "/a"), "UnknownInterface"),
        ((PLAYER, "Seek"), "InvalidArgs"),
        ((PLAYER, "Seek", "s", "far"), "InvalidArgs"),
        ((PLAYER, "Next", "x", 1), "InvalidArgs"),
        ((PLAYER, "OpenUri", "s", "file:///a.mp3"), "NotSupported"),
        ((PROPERTIES, "Get", "ss", PLAYER, "Shuffle"), "UnknownProperty"),
        ((PROPERTIES, "Get", "ss", "org.example.None", "Rate"), "UnknownInterface"),
        ((PROPERTIES, "GetAll", "s", "org.example.None"), "UnknownInterface"),
        ((PROPERTIES, "Set", "ssv", PLAYER, "CanPlay", ("b", False)), "PropertyReadOnly"),
        ((PROPERTIES, "Set", "ssv", PLAYER, "Shuffle", ("b", False)), "UnknownProperty"),
        ((PROPERTIES, "Set", "ssv", PLAYER, "Volume", ("d", 0.5)), "NotSupported"),
        ((PROPERTIES, "Set", "ssv", PLAYER, "Rate", ("s", "fast")), "InvalidArgs"),
    ],
)
def test_a_wrong_call_gets_its_error(
    session: Session, client: Client, call: tuple[Any, ...], error: str
) -> None:
    assert client.call(*call) == error
    assert session.sent == []


def test_other_objects_and_peers(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert client.call(PLAYER, "Next", path="/") == "UnknownObject"
    assert (
        client.call(INTROSPECTABLE, "Introspect", path="/org/mpris/MediaPlayer2/x")
        == "UnknownObject"
    )
    assert client.call(PEER, "Ping", path="/anywhere") is None
    path = tmp_path / "machine-id"
    monkeypatch.setattr(mpris_object, "MACHINE_IDS", (tmp_path / "none", path))
    assert client.call(PEER, "GetMachineId") == "FileNotFound"
    path.write_text("0123456789abcdef0123456789abcdef\n")
    assert client.call(PEER, "GetMachineId") == "0123456789abcdef0123456789abcdef"


def test_calls_that_need_no_answer_or_interface(session: Session, client: Client) -> None:
    message = new_method_call(DBusAddress(PATH, NAME, PLAYER), "Next")
    message.header.flags = MessageFlag.no_reply_expected
    client.connection.send(message)
    assert client.call(None, "Previous") is None
    assert client.call(PROPERTIES, "Set", "ssv", PLAYER, "Rate", ("d", 0.0)) is None
    assert client.call(PROPERTIES, "Set", "ssv", PLAYER, "Rate", ("d", 2.0)) is None
    assert client.call(ROOT, "Raise") is None
    assert session.sent == [Command.NEXT, Command.BACK, Command.PAUSE]
    assert client.call(PROPERTIES, "Get", "ss", "", "Identity") == ("s", "Audio coach")


def test_what_cannot_be_read_is_survived(client: Client) -> None:
    message = new_method_call(DBusAddress(PATH, NAME, PLAYER), "Seek", "u", (0,))
    raw = message.serialise(1000)
    descriptor = raw.replace(b"\x01u\x00", b"\x01h\x00")  # one, of which none came along
    assert descriptor != raw
    client.connection.sock.sendall(descriptor)
    reply = client.connection.receive(timeout=LIMIT_S)
    while reply.header.fields.get(HeaderFields.reply_serial) != 1000:
        reply = client.connection.receive(timeout=LIMIT_S)
    assert reply.header.fields[HeaderFields.error_name] == f"{ERROR}InvalidArgs"
    assert reply.header.fields[HeaderFields.sender] == client.owner(), "the player's, not the bus's"
    message.header.fields[HeaderFields.unix_fds] = 0
    field = message.serialise(1001).replace(b"\x09\x01u\x00", b"\x2a\x01u\x00")  # of a later time
    assert bus_module._unpacked(field) is None
    assert client.call(PEER, "Ping") is None


def test_a_command_that_fails() -> None:
    def fail(command: Command) -> None:
        raise ValueError(f"{command} on purpose \ud800")

    player = PlayerObject("Coach", fail, lambda: (State(), 0.0))
    message = new_method_call(DBusAddress(PATH, NAME, PLAYER), "Next")
    reply = player.answer(message)
    assert reply
    assert reply.header.fields[HeaderFields.error_name] == f"{ERROR}Failed"


words = st.one_of(
    st.sampled_from(["Next", "Get", "GetAll", "Set", "Seek", "Introspect", "x"]), st.text()
)
arguments = st.sampled_from(
    [("", ()), ("s", ("",)), ("x", (5,)), ("ss", (PLAYER, "Rate")), ("ssv", (PLAYER, "Rate", ("as", []))), ("ox", ("/", 1))]
)  # fmt: skip


@given(
    st.sampled_from([*INTERFACES, "", "a.b"]),
    words,
    arguments,
    st.sampled_from([PATH, "/", "/org", "/b"]),
)
def test_every_call_gets_an_answer(
    interface: str, member: str, given_: tuple[str, tuple[Any, ...]], path: str
) -> None:
    player = PlayerObject("Coach", lambda _command: None, lambda: (State(), 0.0))
    message = new_method_call(DBusAddress(PATH, NAME), "Ping", given_[0] or None, given_[1])
    message.header.fields[HeaderFields.path] = path
    message.header.fields[HeaderFields.member] = member
    message.header.fields[HeaderFields.interface] = interface
    message.header.serial = 7
    reply = player.answer(message)
    assert reply
    assert reply.header.fields[HeaderFields.reply_serial] == 7
    if "\ud800" <= max(member, default="") <= "\udfff":
        return
    assert reply.serialise(1)


# Texts and numbers


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_one_of_the_bus(value: str) -> None:
    made = text(value)
    assert "\0" not in made
    made.encode("utf-8")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return
    assert made == value.replace("\0", "\ufffd")


def test_texts_arrive(session: Session) -> None:
    session.show(title="Übung 🧘 תרגיל \0 \ud83d \ud83e\uddd8", album="\udcff")
    assert playerctl("metadata", "title") == "Übung 🧘 תרגיל \ufffd \ufffd 🧘"
    assert playerctl("metadata", "album") == "\ufffd"


@given(st.floats())
def test_any_time_becomes_one_of_the_bus(seconds: float) -> None:
    assert 0 <= microseconds(seconds) < 2**63


def test_before_anything_plays_and_without_a_length() -> None:
    state = State()
    player = PlayerObject("Coach", lambda _command: None, lambda: (state, 0.0))
    assert player._get(PLAYER, "Metadata") == ("a{sv}", {})
    assert player._get(PLAYER, "PlaybackStatus") == ("s", "Stopped")
    state = State("Playing", "A", "B", float("nan"), 1)
    assert "mpris:length" not in player._get(PLAYER, "Metadata")[1]


# Names, threads, and buses that fail


def test_several_coaches_at_once(session: Session, bus: Bus) -> None:
    second, third = Mpris(session.sent.append), Mpris(session.sent.append)
    with second, third:
        assert second.wait(LIMIT_S)
        assert third.wait(LIMIT_S)
        instance = f"{NAME}.instance{os.getpid()}"
        names = {session.mpris.name, second.name, third.name}
        assert names == {NAME, instance, f"{instance}_2"}
        assert set(run("playerctl", "--list-all").split()) == {
            str(name).removeprefix("org.mpris.MediaPlayer2.") for name in names
        }
    assert second.name is None
    assert run("playerctl", "--list-all") == "audio_coach"


def test_updates_from_many_threads(session: Session, client: Client) -> None:
    def show(number: int) -> None:
        for _ in range(200):
            session.show("Playing", title=f"Exercise {number}")
            session.show("Paused")

    threads = [threading.Thread(target=show, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    session.show("Stopped", title="The end")
    assert client.get("PlaybackStatus") == "Stopped"
    assert client.get("Metadata")["xesam:title"] == ("s", "The end")


def test_the_bus_dies_in_mid_session(session: Session, bus: Bus) -> None:
    bus.close()
    until(lambda: session.mpris.problem, "the problem")
    assert (
        session.mpris.problem
        == "Media keys do not work: the D-Bus session bus closed the connection."
    )
    assert session.mpris.name is None
    session.show("Paused")
    session.mpris.close()


def test_the_bus_hangs_in_mid_session(session: Session, bus: Bus) -> None:
    bus.process.send_signal(signal.SIGSTOP)
    for number in range(2000):
        session.show(title=f"{number} " + "long " * 2000)
    session.mpris.close()
    assert "mpris" not in {thread.name for thread in threading.enumerate()}


def test_while_the_bus_takes_nothing_changes_add_up(
    session: Session, client: Client, bus: Bus
) -> None:
    client.listen()
    bus.process.send_signal(signal.SIGSTOP)
    long = "long " * 2000
    for number in range(2000):
        session.show(title=f"{number} {long}")
        time.sleep(0)  # the player's thread gets its turn
    bus.process.send_signal(signal.SIGCONT)
    assert client.get("Metadata")["xesam:title"] == ("s", text(f"1999 {long}"))
    assert len(client.told()) < 200, "as many as fit into a socket"


def problem_with(monkeypatch: pytest.MonkeyPatch, address: str) -> str:
    """Return what a player says when this is the bus's address."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(bus_module, "ANSWER_S", 0.2)
    with Mpris(lambda _command: None) as mpris:
        assert mpris.wait(LIMIT_S)
        mpris.update("Playing", "A", "B", 1.0, float)
        assert mpris.name is None
        return str(mpris.problem)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "is not there (neither"),
        ("nonsense", "has no address that can be used: 'nonsense'"),
        ("tcp:host=localhost,port=1", "has no address that can be used"),
        ("unix:path=/nonexistent/bus", "takes no connection (/nonexistent/bus: No such file"),
        ("unix:path=/" + "x" * 200, "takes no connection"),
        ("unix:path=%00", "takes no connection"),
        (
            "unix:abstract=coach-none-here",
            "takes no connection (@coach-none-here: Connection refused",
        ),
    ],
)
def test_no_bus(monkeypatch: pytest.MonkeyPatch, address: str, reason: str) -> None:
    assert reason in problem_with(monkeypatch, address)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([], "gave no answer within 0.2 s"),
        ([b"REJECTED EXTERNAL\r\n"], "refused the connection"),
        ([b"x" * 9000], "refused the connection"),
        ([b"OK 0123\r\n"], "gave no answer within 0.2 s"),
        ([b"OK 0123\r\n", b"hello, hello, hello"], "sent something else than messages"),
        ([b"OK 0123\r\n", b""], "closed the connection"),
    ],
)
def test_something_else_than_a_bus(
    monkeypatch: pytest.MonkeyPatch, answers: list[bytes], reason: str
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        name = f"coach-test-{os.getpid()}-{time.monotonic_ns()}"
        server.bind(f"\0{name}")
        server.listen()

        def serve() -> None:
            opened, _ = server.accept()
            with opened:
                for answer in answers:
                    opened.recv(4096)
                    opened.sendall(answer)
                while answers[-1:] != [b""] and opened.recv(4096):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        assert reason in problem_with(monkeypatch, f"unix:abstract={name}")
        thread.join(LIMIT_S)


def test_a_bus_that_nobody_answers_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
        name = f"coach-test-{os.getpid()}-full"
        server.bind(f"\0{name}")
        server.listen(0)
        first.connect(f"\0{name}")
        assert "takes no connection" in problem_with(monkeypatch, f"unix:abstract={name}")


def test_the_addresses_of_a_bus() -> None:
    def paths(address: str, runtime: str = "") -> list[bytes]:
        return session_bus_paths({"DBUS_SESSION_BUS_ADDRESS": address, "XDG_RUNTIME_DIR": runtime})

    assert paths("unix:path=/a%20b/%c3%bc,guid=1") == ["/a b/ü".encode()]
    assert paths("tcp:host=x;unix:abstract=/tmp/x;unix:path=/y") == [b"\0/tmp/x", b"/y"]
    assert paths("unix:runtime=yes", "/run/user/1") == [b"/run/user/1/bus"]
    assert paths("", "/run/user/1") == [b"/run/user/1/bus"]
    for address, runtime in (("unix:runtime=yes", ""), ("", "run/user/1")):
        with pytest.raises(BusError):
            paths(address, runtime)


def test_without_jeepney(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "jeepney"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jeepney", None)
    assert problem_with(monkeypatch, bus.address) == (
        "Media keys do not work: the package jeepney is not installed."
    )


def test_importing_it_loads_no_library() -> None:
    program = "import sys, coach.controls.mpris, coach.controls.keyboard; sys.stdout.write(' '.join(sys.modules))"
    modules = run(sys.executable, "-c", program).split()
    assert not {"jeepney", "termios", "xml"} & set(modules)


def test_closed_twice_or_never_started() -> None:
    mpris = Mpris(lambda _command: None)
    mpris.update("Playing", "A", "B", 1.0, float)
    mpris.close()
    mpris.close()
