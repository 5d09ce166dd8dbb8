"""A program that prints what a keyboard sends, until it is told to stop.

key_printer.py [plain | failing | handlers | thread]
"""

from __future__ import annotations

import queue
import signal
import sys
import threading
from types import FrameType

from coach.controls import Command
from coach.controls.keyboard import Keyboard

POLL_S = 0.1


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(7)


def stop(number: int, frame: FrameType | None) -> None:
    tell("own stop")
    signal.raise_signal(signal.SIGSTOP)


def go_on(number: int, frame: FrameType | None) -> None:
    tell("own continue")


def next_of(commands: queue.Queue[Command]) -> Command:
    # A signal between the last look for one and the wait itself would not end a wait without limit,
    # and on a SimpleQueue, before Python 3.13, not even one with a limit.
    while True:
        try:
            return commands.get(timeout=POLL_S)
        except queue.Empty:
            continue


def run() -> None:
    commands: queue.Queue[Command] = queue.Queue()
    with Keyboard(commands.put) as keyboard:
        tell(f"available {keyboard.is_available()}")
        while (command := next_of(commands)) is not Command.STOP:
            tell(command)
            if command is Command.HELP and how == "failing":
                raise ValueError("on purpose")
    tell("end")


how = sys.argv[1]
if how == "handlers":
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGTSTP, stop)
    signal.signal(signal.SIGCONT, go_on)
if how == "thread":
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
else:
    run()
if how == "handlers":
    tell(str(signal.getsignal(signal.SIGTSTP) is stop))
