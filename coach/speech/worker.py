"""The voice worker: a child process that owns pyttsx3 and writes one sound file for each request.

pyttsx3 may hang for ever, end its process or print on stdout. Here it may: the process that
started this one waits with a time limit and starts another. This file runs by its path, without
the coach package, so that it starts fast and works from a plain checkout:

    python -P worker.py WORKSPACE

Requests come as JSON, one a line, on stdin; each is answered by one line on stdout, with the same
`number` (left out here):

    {"do": "hello"}   -> {"ok": true, "driver": "espeak", "library": "1.52.0", "default": VOICE_ID}
    {"do": "voices"}  -> {"ok": true, "voices": [{"id", "name", "languages", "gender"}, ...],
                          "variants": [...]}
    {"do": "speak", "text": ..., "voice": ID or null, "rate": WORDS_PER_MINUTE, "path": ABSOLUTE}
                      -> {"ok": true}
    whatever fails    -> {"ok": false, "kind": "no-pyttsx3" | "no-library" | "failed",
                          "message": ...}

The process ends by itself when stdin closes, whatever it is doing, and removes WORKSPACE (it
belongs to the parent, which is then gone or closing); so nothing stays behind a killed parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

LONGEST_DATA_PATH = 120
"""Bytes. eSpeak NG keeps its data path in 160 bytes and ends the process when that overflows."""

TRIES = 3
"""How often a sentence is spoken into a file that stays empty: of 200 workers, 2 need a second."""

EMPTY_FILE = 128
"""Bytes: a WAV or AIFF header and less than 2 ms of sound."""

ROOM, ROOM_PER_CHARACTER = 65_536, 8_192
"""Bytes that must be free for a sentence: more than the slowest voice makes of it."""

Message = dict[str, Any]


class Failure(Exception):  # noqa: N818 - it is an answer, not a defect
    """What the parent is told when a request cannot be done."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Voicebox:
    """pyttsx3 with one driver, held so that none of its known faults gets through."""

    def __init__(self) -> None:
        is_espeak = sys.platform not in ("win32", "darwin")
        notes = _prepare_espeak() if is_espeak else ""
        try:
            import pyttsx3
        except ImportError as error:
            raise Failure("no-pyttsx3", str(error)) from error
        self.driver = {"win32": "sapi5", "darwin": "nsss"}.get(sys.platform, "espeak")
        self._errors: list[str] = []
        self._synchronize: Callable[[], object] = int
        self.version = ""
        try:
            self._engine = pyttsx3.init(self.driver)
            if is_espeak:
                from pyttsx3.drivers import _espeak

                self._synchronize = _espeak.Synchronize
                self.version = _espeak.Info(None).decode("utf-8", "replace")
                # Until a first loop has run, pyttsx3 only queues what it is told, and then does
                # it all while it speaks: the first sentence may come out at the wrong speed.
                self._engine.runAndWait()
        except Exception as error:
            # pyttsx3 lets through whatever its driver raises: OSError, RuntimeError, COM errors.
            message = " ".join(filter(None, (f"{type(error).__name__}: {error}", notes)))
            raise Failure("no-library", message) from error
        self._engine.connect("error", self._on_error)
        self.default = self._engine.getProperty("voice")

    def _on_error(self, name: object, exception: object) -> None:  # noqa: ARG002 - pyttsx3's call
        self._errors.append(f"{type(exception).__name__}: {exception}")

    def voices(self) -> list[Message]:
        """Return what the engine lists, as it names them."""
        return [
            {
                "id": str(voice.id),
                "name": str(voice.name),
                "languages": [_text(language) for language in voice.languages or () if language],
                "gender": voice.gender if isinstance(voice.gender, str) else None,
            }
            for voice in self._engine.getProperty("voices")
        ]

    def variants(self) -> list[str]:
        """Return eSpeak's voice variants (`f3` in `gmw/en-us+f3`), if they can be listed."""
        data = os.environ.get("ESPEAK_DATA_PATH")
        folder = Path(data) / "voices" / "!v" if data and self.driver == "espeak" else None
        return sorted(path.name for path in folder.iterdir()) if folder and folder.is_dir() else []

    def speak(self, text: str, voice: str | None, rate: int, path: str) -> None:
        """Write `text`, spoken at `rate` words a minute, to the file `path`."""
        if not text.strip():
            raise Failure("failed", "there is no text to speak")
        # pyttsx3 swallows a path that it cannot write, and then hangs; so too on a full disk.
        Path(path).write_bytes(bytes(ROOM + ROOM_PER_CHARACTER * len(text)))
        self._errors.clear()
        if voice is not None:
            self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        # Without this, eSpeak's own thread may cancel the sentence that follows.
        self._synchronize()
        for _ in range(TRIES):
            self._engine.save_to_file(text, path)
            self._engine.runAndWait()
            # runAndWait may return before the file is there.
            self._synchronize()
            if self._errors:
                raise Failure("failed", "; ".join(self._errors))
            # A late end of something earlier, seen with the first sentence, ends this one too.
            if Path(path).stat().st_size > EMPTY_FILE:
                break


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _prepare_espeak() -> str:
    """Load the eSpeak NG of `espeakng_loader`, if it is there; return what went wrong, for people.

    Its SONAME is the one that pyttsx3 opens, so pyttsx3 gets this library and not the system's.
    """
    try:
        import espeakng_loader

        library, data = espeakng_loader.get_library_path(), Path(espeakng_loader.get_data_path())
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    except (ImportError, OSError, RuntimeError) as error:
        # The system's library then: with the user's own data path, unless it would end us.
        theirs = os.environ.get("ESPEAK_DATA_PATH", "")
        if len(os.fsencode(theirs)) > LONGEST_DATA_PATH or not Path(theirs).is_dir():
            os.environ.pop("ESPEAK_DATA_PATH", None)
        return f"(espeakng_loader: {error})"
    # From within the folder the path is short wherever the library is installed.
    sys.path[:] = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100 - keeps links
    os.chdir(data.parent)
    os.environ["ESPEAK_DATA_PATH"] = data.name
    return ""


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the two ends of the protocol, moved out of reach of anything that prints or reads.

    On Windows a library that is loaded while a thread waits for the real stdin would wait too.
    """
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return requests, replies


def _read(requests: BinaryIO, inbox: queue.SimpleQueue[bytes], workspace: Path) -> None:
    """Pass lines on until the parent is gone, then end the process, even out of a hang."""
    for line in requests:
        inbox.put(line)
    shutil.rmtree(workspace, ignore_errors=True)
    os._exit(0)


def _boot() -> Voicebox | Failure:
    """Return the engine, or why there is none."""
    try:
        return Voicebox()
    except Failure as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - the parent decides what it means
        return Failure("failed", f"{type(error).__name__}: {error}")


def _answer(voicebox: Voicebox | Failure, request: Message) -> Message:
    if isinstance(voicebox, Failure):
        raise voicebox
    what = request.pop("do")
    if what == "speak":
        voicebox.speak(**request)
        return {}
    if what == "voices":
        return {"voices": voicebox.voices(), "variants": voicebox.variants()}
    return {"driver": voicebox.driver, "library": voicebox.version, "default": voicebox.default}


def main(workspace: Path) -> None:
    """Answer requests for ever; the reading thread ends the process."""
    requests, replies = _take_pipes()
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, inbox, workspace), daemon=True).start()
    # Before it is asked for, so that the parent can do something else meanwhile.
    voicebox = _boot()
    while True:
        request = json.loads(inbox.get())
        number = request.pop("number")
        try:
            reply = {"ok": True, **_answer(voicebox, request)}
        except Failure as failure:
            reply = {"ok": False, "kind": failure.kind, "message": failure.message}
        except Exception as error:  # noqa: BLE001 - the parent decides what it means
            reply = {"ok": False, "kind": "failed", "message": f"{type(error).__name__}: {error}"}
        reply["number"] = number
        with contextlib.suppress(BrokenPipeError):
            replies.write(json.dumps(reply).encode("ascii") + b"\n")


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; the parent decides what it means for this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(Path(sys.argv[1]))
