"""The process that listens: a microphone, and what understands the words.

    python -m coach.listening.child

The first line on stdin is its configuration, in JSON:

    {"style": "address" | "plain", "language": "en", "microphone": NAME or null,
     "threshold": 0 to 1 or null, "level_s": SECONDS between two levels}

Each further line is a span of monotonic seconds in which it does not listen, {"deaf": [from,
until]}. On stdout it writes, a line each:

    {"ready": NAME}                                  it listens, with this microphone
    {"heard": {"command", "at", "end", "confidence", "wording"}, "told": MONOTONIC SECONDS}
                                                     see `coach.listening.Heard`
    {"level": dBFS or null, "peak": dBFS or null}    of the last while; null for silence
    {"fault": SENTENCE, "hint": SENTENCE, "kind": KIND}   each kind once

The kinds: "none" (there is no microphone), "refused", "busy", "failed" (it cannot be opened),
"lost", "silent", "clipped", "unusable" (nothing can be understood here; the process ends) and
"bug". {"again": true} comes before it ends because it must be started again to be of use. The
process ends when its stdin does, and stores no sound.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec.structs import asdict

from coach.errors import CoachError
from coach.listening import BEHIND_S, RATE, Recogniser
from coach.listening.capture import Block, Capture, MicrophoneError
from coach.listening.deaf import DeafSpans
from coach.listening.permission import hint_for, place, refused_hint
from coach.listening.signal_watch import SILENT_S, SignalWatch, Trouble, level, peak

if TYPE_CHECKING:
    from coach.timeline import Samples

WAIT_S = 0.25
"""Seconds to wait for sound at a time."""

RETRY_S = 3.0
"""Seconds between two tries to open a microphone."""

NICENESS = 5
"""By how much this process stands back behind the one that plays: it gets a third as much where
there is not enough for both. With 10 it would get a tenth, and commands would come 2 s late."""

Message = dict[str, Any]
Answer = Callable[[Message], None]


class Listener:
    """Listens until the process ends."""

    def __init__(
        self,
        recogniser: Recogniser,
        open_microphone: Callable[[], Capture],
        answer: Answer,
        deaf: DeafSpans,
        *,
        level_s: float = 1.0,
        retry_s: float = RETRY_S,
    ) -> None:
        self._recogniser = recogniser
        self._open_microphone = open_microphone
        self._answer = answer
        self._deaf = deaf
        self._level_frames = round(level_s * RATE)
        self._retry_s = retry_s
        self._told: set[str] = set()
        self._watch = SignalWatch()
        self._passage: list[Samples] = []
        self._last: float | None = None
        """The monotonic time at which what was listened to last ended."""

    def run(self) -> None:
        """Listen until a microphone leaves something behind that hangs."""
        while True:
            capture = self._open()
            if capture is None:
                # A parent that hears nothing for long takes this process for dead.
                self._answer({"level": None, "peak": None})
                time.sleep(self._retry_s)
                continue
            if self._listen(capture):
                hint = f"See whether it is still in {place()}."
                self._tell("lost", "the microphone was lost", hint)
            else:
                message = f"the microphone `{capture.name}` gives no sound"
                self._tell("failed", message, hint_for("failed"))
            if not capture.close():
                # PortAudio takes a whole core for that.
                self._answer({"again": True})
                return

    def _open(self) -> Capture | None:
        try:
            capture = self._open_microphone()
        except MicrophoneError as error:
            self._tell(error.kind, error.message, error.hint)
            return None
        self._watch = SignalWatch()
        return capture

    def _listen(self, capture: Capture) -> bool:
        """Listen until the microphone is lost, and return whether it has ever given sound."""
        is_ready = False
        while not capture.is_lost():
            block = capture.read(WAIT_S)
            if block is None or not len(block.samples):
                continue
            if not is_ready:
                is_ready = True
                self._answer({"ready": capture.name})
                if self._last is not None:
                    self._recogniser.skip(max(0, round((block.start - self._last) * RATE)))
            self._take(block)
            self._last = block.end
        return is_ready

    def _take(self, block: Block) -> None:
        is_late = time.monotonic() - block.end > BEHIND_S
        for is_heard, samples in self._deaf.pieces(block):
            if is_late or not is_heard:
                self._recogniser.skip(len(samples))
                continue
            for heard in self._recogniser.hear(samples):
                self._answer({"heard": asdict(heard), "told": time.monotonic()})
        self._measure(block.samples)

    def _measure(self, samples: Samples) -> None:
        trouble = self._watch.hear(samples)
        if trouble is not None:
            self._tell(trouble, *_told_of(trouble))
        self._passage.append(samples)
        if sum(map(len, self._passage)) >= self._level_frames:
            import numpy as np

            passage = np.concatenate(self._passage)
            self._passage.clear()
            self._answer({"level": _finite(level(passage)), "peak": _finite(peak(passage))})

    def _tell(self, kind: str, message: str, hint: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            self._answer({"fault": message, "hint": hint, "kind": kind})


def _told_of(trouble: Trouble) -> tuple[str, str]:
    """Return the sentence, and what to do about it."""
    if trouble == "silent":
        # macOS gives silence to programs that may not listen.
        refused = f" {refused_hint()}" if sys.platform == "darwin" else ""
        return (
            f"the microphone has given nothing but silence for {SILENT_S} s or more",
            f"See whether it is muted, by a switch on it or in {place()}.{refused}",
        )
    return "the microphone is overdriven, which garbles words", f"Turn it down in {place()}."


def _finite(decibels: float) -> float | None:
    return round(decibels, 1) if math.isfinite(decibels) else None


def _command_recogniser(configuration: Message) -> Recogniser:
    from coach.listening.recogniser import THRESHOLD, CommandRecogniser

    threshold = configuration["threshold"]
    return CommandRecogniser(
        configuration["style"],
        language=configuration["language"],
        threshold=THRESHOLD if threshold is None else threshold,
    )


def _microphone(configuration: Message) -> Capture:
    from coach.listening.microphone import open_microphone

    return open_microphone(configuration["microphone"])


def main(
    open_recogniser: Callable[[Message], Recogniser] = _command_recogniser,
    open_microphone: Callable[[Message], Capture] = _microphone,
) -> None:
    """Listen until stdin closes."""
    # Ctrl-C is the parent's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stand_back()
    requests, answers = _take_pipes()

    def answer(message: Message) -> None:
        try:
            answers.write(json.dumps(message).encode("ascii") + b"\n")
        except OSError:  # the parent is gone
            os._exit(0)

    configuration = json.loads(requests.readline())
    deaf = DeafSpans()
    threading.Thread(target=_follow, args=(requests, deaf), daemon=True).start()
    try:
        recogniser = open_recogniser(configuration)
        Listener(
            recogniser,
            lambda: open_microphone(configuration),
            answer,
            deaf,
            level_s=configuration["level_s"],
        ).run()
    except CoachError as error:
        answer({"fault": error.message, "hint": error.hint, "kind": "unusable"})
    except Exception as error:  # noqa: BLE001 - the parent decides what it means
        said = f"{type(error).__name__}: {error}"
        answer({"fault": said, "hint": "", "kind": "bug", "traceback": traceback.format_exc()})
    # A library's own threads would keep the process alive.
    os._exit(1)


def _stand_back() -> None:
    """Give way to the process that plays, wherever there is not enough for both."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Linux may group processes by sessions, and this one has a session of its own: then the
    # groups share the machine, and a process's own niceness counts only within its group.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS), "ascii")


def _follow(requests: BinaryIO, deaf: DeafSpans) -> None:
    """Take in when not to listen, until the parent is gone; then end, even out of a hang."""
    for line in requests:
        deaf.add(*json.loads(line)["deaf"])
    os._exit(0)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the two ends of the protocol, out of reach of whatever prints or reads."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return requests, answers


if __name__ == "__main__":
    main()
