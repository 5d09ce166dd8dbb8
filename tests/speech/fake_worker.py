"""A worker that speaks the protocol and misbehaves as told: fake_worker.py HOW RECORD WORKSPACE.

Each start adds a line to the file RECORD. HOW is what happens when the worker is asked to speak,
`once-` before it: only in the first process, the others do well.
"""

from __future__ import annotations

import array
import contextlib
import json
import math
import os
import signal
import struct
import sys
import threading
import wave
from collections.abc import Iterable
from pathlib import Path

how, record = sys.argv[1], Path(sys.argv[2])
with record.open("a") as file:
    file.write("started\n")
if how.startswith("once-"):
    how = how.removeprefix("once-") if len(record.read_text().splitlines()) == 1 else "well"


def write_wav(path: str, samples: Iterable[int], channels: int = 1, rate: int = 16000) -> None:
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array.array("h", samples).tobytes())


def speak(path: str, asked: int) -> str | dict[str, object]:
    tone = [round(8000 * math.sin(number / 5)) for number in range(8000)]
    if how == "hang":
        threading.Event().wait()
    elif how == "die":
        print("Traceback\nOSError: no such thing", file=sys.stderr, flush=True)
        os._exit(3)
    elif how == "die-silently":
        os._exit(4)
    elif how == "babble":
        return "hello there"
    elif how == "endless":
        with contextlib.suppress(BrokenPipeError):
            while True:
                os.write(1, b"\xff" * 65536)
    elif how == "deep":
        return "[" * 100_000
    elif how == "half":
        os.write(1, b'{"ok": tr')
        threading.Event().wait()
    elif how == "half-and-die":
        os.write(1, b'{"ok": tr')
        os._exit(5)
    elif how == "close-output":
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os._exit(6)
    elif how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "at-the-third" and count == 3:
        os._exit(7)
    elif how == "at-the-third":
        write_wav(path, tone)
    elif how == "flood":
        for _ in range(1000):
            os.write(2, b"no card\n" * 8192)
        write_wav(path, tone)
    elif how == "other-number":
        return {"ok": True, "number": -1}
    elif how == "twice":
        write_wav(path, tone)
        return (
            json.dumps({"ok": True, "number": asked}) + "\n" + json.dumps({"ok": True, "number": 0})
        )
    elif how == "too-long":
        write_wav(path, tone * 200)
    elif how == "slow":
        write_wav(path, tone, rate=1)
    elif how == "fast":
        write_wav(path, tone, rate=4_000_000)
    elif how == "no-rate":
        write_wav(path, tone)
        content = bytearray(Path(path).read_bytes())
        content[24:28] = bytes(4)
        Path(path).write_bytes(content)
    elif how == "not-a-number":
        sound = array.array("f", [math.nan] * 8000).tobytes()
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 16000, 64000, 4, 32)
        parts = b"WAVE" + form + struct.pack("<4sI", b"data", len(sound)) + sound
        Path(path).write_bytes(struct.pack("<4sI", b"RIFF", len(parts)) + parts)
    elif how == "cut-off":
        write_wav(path, tone)
        os.truncate(path, 60)
    elif how == "odd-json":
        return "[1, 2]"
    elif how == "refuse":
        return {"ok": False, "kind": "failed", "message": "ValueError: no"}
    elif how == "garbage-file":
        Path(path).write_bytes(b"no sound" * 100)
    elif how == "header-only":
        write_wav(path, [])
    elif how == "silent-file":
        write_wav(path, [0, 1, -1] * 5000)
    elif how == "stereo":
        write_wav(path, [value for value in tone for _ in range(2)], channels=2, rate=44100)
    elif how == "well":
        write_wav(path, tone)
    else:
        assert how == "nothing", how
    return {"ok": True}


VOICES = [
    {"id": "gmw/en-us", "name": "English (America)", "languages": ["en-us"], "gender": "Male"},
    {"id": "roa/fr", "name": "French", "languages": ["fr_FR"], "gender": "VoiceGenderFemale"},
    {"id": "x", "name": " X ", "languages": [], "gender": "VoiceGenderNeuter"},
]

count = 0
for line in sys.stdin:
    request = json.loads(line)
    answer: dict[str, object]
    if request["do"] == "hello":
        answer = {"ok": True, "driver": "fake", "library": "1", "default": "roa/fr"}
        if how in ("no-pyttsx3", "no-library"):
            answer = {"ok": False, "kind": how, "message": "it is not there"}
        elif how == "die-at-start":
            os._exit(1)
    elif request["do"] == "voices":
        answer = {"ok": True, "voices": VOICES, "variants": ["f2", "f3"]}
        if how == "no-list":
            answer = {"ok": True, "voices": [{"id": 1}], "variants": None}
    else:
        count += 1
        spoken = speak(request["path"], request["number"])
        if isinstance(spoken, str):
            print(spoken, flush=True)
            continue
        answer = spoken
    print(json.dumps({"number": request["number"], **answer}), flush=True)
