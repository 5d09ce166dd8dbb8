"""Keys read from real terminals, with job control as shells do it."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import queue
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import pytest

from coach.controls import Command
from coach.controls.keyboard import Keyboard
from coach.controls.keys import KeyDecoder
from coach.controls.windows_keys import WindowsKeys
from tests.waiting import LIMIT_S, until

HERE = Path(__file__).parent
FLAGS = termios.ECHO | termios.ICANON


class Terminal:
    """A pseudo-terminal: the test types at one end, and looks at the settings of the other."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def is_restored(self) -> bool:
        return bool(termios.tcgetattr(self.slave) == self.before)

    def is_reading(self) -> bool:
        return not termios.tcgetattr(self.slave)[3] & FLAGS

    def shown(self) -> bytes:
        """Return what the terminal has shown."""
        data = b""
        while select.select([self.master], [], [], 0)[0]:
            data += os.read(self.master, 4096)
        return data

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        for number in {self.master, self.slave} - {-1}:
            os.close(number)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    opened.close()


# In this process


@pytest.fixture
def stream(terminal: Terminal) -> Iterator[TextIO]:
    with open(terminal.slave, closefd=False) as opened:
        yield opened


def test_keys_arrive_one_by_one_and_nothing_shows(terminal: Terminal, stream: TextIO) -> None:
    sent: queue.SimpleQueue[Command] = queue.SimpleQueue()
    keyboard = Keyboard(sent.put, stream)
    assert keyboard.is_available()
    with keyboard:
        assert terminal.is_reading()
        assert termios.tcgetattr(terminal.slave)[3] & termios.ISIG, "Ctrl-C stays an interrupt"
        for keys, command in (
            (b" ", Command.TOGGLE),
            (b"\x1b[C", Command.NEXT),
            (b"\r", Command.READY),
            (b"R", Command.REPEAT),
            ("éx日".encode() + b"?", Command.HELP),
        ):
            terminal.type(keys)
            assert sent.get(timeout=LIMIT_S) is command
        assert terminal.shown() == b""
    assert terminal.is_restored()


def test_a_sequence_in_pieces(
    terminal: Terminal, stream: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: queue.SimpleQueue[Command] = queue.SimpleQueue()
    monkeypatch.setattr("coach.controls.terminal.ESCAPE_S", LIMIT_S)  # a busy machine types slowly
    with Keyboard(sent.put, stream):
        for byte in b"\x1b[1;5C":
            terminal.type(bytes([byte]))
            until(lambda: not select.select([terminal.slave], [], [], 0)[0], "the reading")
        assert sent.get(timeout=LIMIT_S) is Command.NEXT


def test_a_lone_escape_is_given_up(
    terminal: Terminal, stream: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: queue.SimpleQueue[Command] = queue.SimpleQueue()
    given_up = threading.Event()
    give_up = KeyDecoder.give_up

    def tell(decoder: KeyDecoder) -> None:
        give_up(decoder)
        given_up.set()

    monkeypatch.setattr(KeyDecoder, "give_up", tell)
    with Keyboard(sent.put, stream):
        terminal.type(b"\x1b")
        assert given_up.wait(LIMIT_S)
        terminal.type(b"[")
        assert sent.get(timeout=LIMIT_S) is Command.SHORTER


def test_pastes_do_not_flood(terminal: Terminal, stream: TextIO) -> None:
    sent: queue.SimpleQueue[Command] = queue.SimpleQueue()
    with Keyboard(sent.put, stream):
        terminal.type(b"a paste, q and 0 9 0 9 n p r ? h - = [ ]\r" * 5)
        terminal.type(b"\x1b[200~" + b"q" * 3000 + b"\x1b[201~")
        until(lambda: not select.select([terminal.slave], [], [], 0)[0], "the reading")
        terminal.type(b">")
        assert sent.get(timeout=LIMIT_S) is Command.FASTER


def test_the_settings_come_back_after_an_exception(terminal: Terminal, stream: TextIO) -> None:
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    with pytest.raises(KeyboardInterrupt), Keyboard(lambda _command: None, stream):
        raise KeyboardInterrupt
    assert terminal.is_restored()
    assert {number: signal.getsignal(number) for number in signal.valid_signals()} == handlers


def test_a_handler_that_came_later_is_left_alone(stream: TextIO) -> None:
    before = signal.getsignal(signal.SIGCONT)
    try:
        with Keyboard(lambda _command: None, stream):
            signal.signal(signal.SIGCONT, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGCONT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGCONT, before)


def test_a_closed_terminal_ends_quietly(terminal: Terminal, stream: TextIO) -> None:
    sent: list[Command] = []
    with Keyboard(sent.append, stream):
        thread = next(thread for thread in threading.enumerate() if thread.name == "keyboard")
        terminal.hang_up()
        thread.join(LIMIT_S)
        assert not thread.is_alive()
    assert sent == []


def test_without_a_terminal_it_does_nothing() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (io.StringIO("q"), closed):
        keyboard = Keyboard(lambda _command: None, stream)
        assert not keyboard.is_available()
        with keyboard:
            assert "keyboard" not in {thread.name for thread in threading.enumerate()}


def test_a_program_without_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not Keyboard(lambda _command: None).is_available()


def test_a_fresh_keyboard_each_time_leaves_no_files_open(stream: TextIO) -> None:
    def count() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = count()
    for _ in range(20):
        with Keyboard(lambda _command: None, stream):
            pass
    assert count() == before


# Under a shell


class Job:
    """A program on a terminal, started by a shell; `foreground` or `background`."""

    def __init__(self, terminal: Terminal, how: str) -> None:
        self._terminal = terminal
        self._shell = subprocess.Popen(
            [sys.executable, HERE / "job_shell.py", str(terminal.slave), HERE / "key_printer.py", how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[terminal.slave],
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parent.parent)},
            bufsize=0,
        )  # fmt: skip
        self._lines = b""
        self.process = int(self.line().removeprefix("shell: "))

    def line(self) -> str:
        """Return the next line that the shell or the program writes."""
        assert self._shell.stdout
        deadline = time.monotonic() + LIMIT_S
        while b"\n" not in self._lines:
            assert time.monotonic() < deadline, f"no further line after {self._lines!r}"
            if select.select([self._shell.stdout], [], [], 0.1)[0]:
                self._lines += os.read(self._shell.stdout.fileno(), 4096)
        line, _, self._lines = self._lines.partition(b"\n")
        return line.decode()

    def lines(self, *expected: str) -> None:
        """Expect these next lines, whichever comes first: shell and program both write."""
        assert sorted(self.line() for _ in expected) == sorted(expected)

    def shell(self, command: str) -> None:
        assert self._shell.stdin
        self._shell.stdin.write(f"{command}\n".encode())

    def press(self, keys: bytes, command: str) -> None:
        self._terminal.type(keys)
        assert self.line() == command

    def start(self, command: str = "fg") -> None:
        """Start the program in the foreground, and wait until it reads."""
        self.shell(command)
        self.lines(f"shell: {command}", "available True")
        until(self._terminal.is_reading, "reading")

    def state(self) -> str:
        """Return the program's state as the system has it: T is stopped."""
        return Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()[0]

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        self._shell.kill()
        self._shell.communicate(timeout=LIMIT_S)


@pytest.fixture
def job(terminal: Terminal, request: pytest.FixtureRequest) -> Iterator[Job]:
    started = Job(terminal, getattr(request, "param", "plain"))
    yield started
    started.close()


def test_stopped_by_a_key_and_brought_back(terminal: Terminal, job: Job) -> None:
    job.start()
    for keys, command in ((b" ", "toggle"), (b"r", "repeat")):  # one key again would be held down
        job.press(keys, command)
        job.shell("wait")
        terminal.type(b"\x1a")
        assert job.line() == f"shell: stopped by {signal.SIGTSTP:d}"
        assert terminal.is_restored()
        job.shell("fg")
        assert job.line() == "shell: fg"
        until(terminal.is_reading, "reading again")
    job.press(b"n", "next-exercise")
    job.shell("wait")
    terminal.type(b"q")
    job.lines("end", "shell: ended with 0")
    assert terminal.is_restored()


def test_after_a_stop_that_cannot_be_seen_coming(terminal: Terminal, job: Job) -> None:
    job.start()
    job.shell("wait")
    os.kill(job.process, signal.SIGSTOP)
    assert job.line() == f"shell: stopped by {signal.SIGSTOP:d}"
    termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)  # as shells do
    job.shell("fg")
    assert job.line() == "shell: fg"
    until(terminal.is_reading, "reading again")
    job.press(b" ", "toggle")


def test_in_the_background_it_neither_reads_nor_stops(terminal: Terminal, job: Job) -> None:
    assert job.line() == "available True"
    until(lambda: job.state() == "S", "waiting")
    terminal.type(b"ls\n")
    until(lambda: select.select([terminal.slave], [], [], 0)[0], "the typing")
    assert os.read(terminal.slave, 100) == b"ls\n", "it is left to the shell"
    job.shell("up")
    assert job.line() == "shell: up"
    until(terminal.is_reading, "reading")
    job.press(b"]", "longer")


def test_stopped_and_sent_to_the_background(terminal: Terminal, job: Job) -> None:
    job.start()
    job.shell("wait")
    terminal.type(b"\x1a")
    assert job.line() == f"shell: stopped by {signal.SIGTSTP:d}"
    job.shell("bg")
    assert job.line() == "shell: bg"
    until(lambda: job.state() == "S", "going on")
    terminal.type(b"ls\n")
    job.shell("wait")
    os.kill(job.process, signal.SIGTERM)
    assert job.line() == f"shell: ended with {-signal.SIGTERM:d}", "and it was never stopped"
    assert terminal.is_restored()
    assert os.read(terminal.slave, 100) == b"ls\n", "what was typed was left to the shell"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_by_a_signal_that_nobody_handles(
    terminal: Terminal, job: Job, number: signal.Signals
) -> None:
    job.start()
    job.shell("wait")
    os.kill(job.process, number)
    assert job.line() == f"shell: ended with {-number:d}"
    assert terminal.is_restored()


def test_interrupted_by_a_key(terminal: Terminal, job: Job) -> None:
    job.start()
    job.shell("wait")
    terminal.type(b"\x03")
    assert job.line() == f"shell: ended with {-signal.SIGINT:d}"
    assert terminal.is_restored()


@pytest.mark.parametrize("job", ["failing"], indirect=True)
def test_a_program_that_fails(terminal: Terminal, job: Job) -> None:
    job.start()
    job.press(b"?", "help")
    job.shell("wait")
    assert job.line() == "shell: ended with 1"
    assert terminal.is_restored()


@pytest.mark.parametrize("job", ["handlers"], indirect=True)
def test_a_program_with_handlers_of_its_own(terminal: Terminal, job: Job) -> None:
    job.start("up")
    job.shell("wait")
    terminal.type(b"\x1a")
    assert job.line() == "own stop"
    assert job.line() == f"shell: stopped by {signal.SIGSTOP:d}"
    assert terminal.is_restored()
    job.shell("fg")
    job.lines("shell: fg", "own continue")
    until(terminal.is_reading, "reading again")
    job.press(b" ", "toggle")
    job.shell("wait")
    os.kill(job.process, signal.SIGTERM)
    assert job.line() == "shell: ended with 7"
    assert terminal.is_restored()


@pytest.mark.parametrize("job", ["thread"], indirect=True)
def test_outside_the_main_thread_it_reads_all_the_same(terminal: Terminal, job: Job) -> None:
    job.start("up")
    job.press(b" ", "toggle")
    job.shell("wait")
    terminal.type(b"q")
    job.lines("end", "shell: ended with 0")
    assert terminal.is_restored()


def test_a_terminal_that_hangs_up(terminal: Terminal, job: Job) -> None:
    job.start()
    os.close(terminal.slave)
    terminal.slave = -1
    job.shell("wait")
    terminal.hang_up()
    assert job.line() == f"shell: ended with {-signal.SIGHUP:d}"


# On Windows


class FakeConsole:
    """Stands in for `msvcrt`: characters that were typed, a prefix and a code being two."""

    def __init__(self) -> None:
        self.typed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.is_closed = False

    def kbhit(self) -> bool:
        if self.is_closed:
            raise OSError
        return not self.typed.empty()

    def getwch(self) -> str:
        return self.typed.get_nowait()


@pytest.fixture
def console() -> FakeConsole:
    return FakeConsole()


def test_keys_of_a_windows_console(console: FakeConsole) -> None:
    sent: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def receive(commands: Sequence[Command]) -> None:
        for command in commands:
            sent.put(command)

    keys = WindowsKeys(KeyDecoder(), receive, console)
    keys.start()
    try:
        for typed, command in (
            (" ", Command.TOGGLE),
            ("\xe0M", Command.NEXT),
            ("\x00K", Command.BACK),
            ("\xe0I", Command.PREVIOUS_EXERCISE),
            ("\x1b[C", Command.NEXT),
            ("\r", Command.READY),
            ("\xe0S?", Command.HELP),
            ("日\ud83d\x00;N", Command.NEXT_EXERCISE),
        ):
            for character in typed:
                console.typed.put(character)
            assert sent.get(timeout=LIMIT_S) is command
        console.typed.put("\xe0")  # the letter à
        until(console.typed.empty, "reading")
        console.typed.put("q")
        assert sent.get(timeout=LIMIT_S) is Command.STOP
    finally:
        keys.close()
    keys.close()


def test_ctrl_c_that_comes_as_a_character(console: FakeConsole) -> None:
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    keys = WindowsKeys(KeyDecoder(), lambda _commands: None, console)
    try:
        keys.start()
        console.typed.put("\x03")
        until(interrupted.is_set, "the interrupt")
    finally:
        keys.close()
        signal.signal(signal.SIGINT, before)


def test_a_closed_windows_console(console: FakeConsole) -> None:
    sent: list[Command] = []
    keys = WindowsKeys(KeyDecoder(), sent.extend, console)
    keys.start()
    console.is_closed = True
    until(lambda: "keyboard" not in {thread.name for thread in threading.enumerate()}, "the end")
    keys.close()
    assert sent == []
