"""`coach doctor --listen FILE`: the commands that would be heard in a recording."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from coach.cli.console import echo_json, echo_text, note, progress

if TYPE_CHECKING:
    from coach.listening import Heard, Recogniser, Style
    from coach.profile import Profile

AT_END_S = 1.5
"""Seconds of silence behind a recording, in which its last word is understood."""


def check_recording(path: Path, style: Style, profile: Profile, *, as_json: bool) -> int:
    """Tell what would be heard in a sound file, and return the exit code.

    Raises:
        ListeningError: nothing can be understood here, or it is no sound file.
    """
    from coach.listening import RATE
    from coach.listening.recording import read_recording, seconds_of

    blocks = read_recording(path)
    # What is no recording is told before what understands speech is loaded.
    first = next(blocks)
    recogniser = _recogniser(style, profile)
    found: list[Heard] = []
    with progress("Listening", quiet=as_json) as advance:
        whole = seconds_of(path)
        done = 0.0
        for samples in chain([first], blocks):
            found += recogniser.hear(samples)
            done += len(samples) / RATE
            advance(round(min(done, whole)), round(whole) or 1)
        found += _last_words(recogniser)
    if as_json:
        commands = [
            {
                "at": round(heard.at, 2),
                "command": heard.command,
                "confidence": round(heard.confidence, 2),
            }
            for heard in found
        ]
        echo_json({"commands": commands})
        return 0
    for heard in found:
        wording = f" (“{heard.wording}”)" if heard.wording else " (a whistle)"
        echo_text(f"{_clock(heard.at)} {heard.command}{wording}, confidence {heard.confidence:.2f}")
    count = len(found)
    echo_text(
        f"{count or 'No'} command{'s' if count != 1 else ''} would be heard in {_clock(done)}."
    )
    return 0


def _clock(seconds: float) -> str:
    """Return minutes and seconds, to a tenth."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _last_words(recogniser: Recogniser) -> Iterator[Heard]:
    import numpy as np

    from coach.listening import RATE

    for _ in range(round(AT_END_S * 10)):
        yield from recogniser.hear(np.zeros(RATE // 10, np.int16))


def _recogniser(style: Style, profile: Profile) -> Recogniser:
    """Return what would listen in a session of this person."""
    from coach.listening.ear import check_installed
    from coach.listening.recogniser import THRESHOLD, CommandRecogniser
    from coach.listening.saved import load_listening

    check_installed()
    saved = load_listening(profile)
    if saved.problem:
        note(f"coach: {saved.problem}")
    threshold = THRESHOLD if saved.threshold is None else saved.threshold
    return CommandRecogniser(style, threshold=threshold)
