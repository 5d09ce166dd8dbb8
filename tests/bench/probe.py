"""What the bench measures inside one process, as JSON on stdout.

python probe.py speech ROUTINE ENGINE         seconds that the engine takes for all sentences
python probe.py one-by-one ROUTINE ENGINE     seconds of its start, and of all sentences in turn
python probe.py samples WAV TARGET.npy        the samples of a file, for bare_write.py
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from coach.cues import load_pack, load_samples
from coach.files.shipped import data_dir
from coach.library import find_routine
from coach.parallel import as_finished
from coach.render.mp3 import Lame
from coach.render.packets import packets_of
from coach.render.pieces import Piece
from coach.session import RENDER_RATE, EstimatedVoice, build, prepare
from coach.settings import Settings
from coach.speech import open_engine
from coach.speech.normalise import normalise
from coach.steps import lines_in


def _sentences(name: str) -> tuple[list[str], str]:
    """Return what a session says, as engines get it, and the language."""
    prepared = prepare(find_routine(name), Settings())
    cues = load_samples(load_pack("classic", data_dir("audio_cues")), RENDER_RATE)
    voice = EstimatedVoice(RENDER_RATE, prepared.manner.speed)
    lines = lines_in(build(prepared, voice, cues, RENDER_RATE).steps)
    language, pronounce = prepared.manner.language, dict(prepared.routine.pronounce)
    said = (normalise(line.text, language, pronounce) for line in lines)
    return list(dict.fromkeys(filter(None, said))), language


def speech(name: str, engine_name: str) -> dict[str, float]:
    """Return the seconds from an unstarted engine to the last sentence, nothing else done."""
    wanted, language = _sentences(name)
    start = time.perf_counter()
    with closing(open_engine(engine_name, language=language)) as engine:
        count = sum(1 for _ in as_finished(engine.synthesize, wanted, engine.workers))
        taken = time.perf_counter() - start
    return {"seconds": taken, "sentences": count}


def one_by_one(name: str, engine_name: str) -> dict[str, float]:
    """Return the seconds of an engine's start, of its sentences one after the other, its workers."""
    wanted, language = _sentences(name)
    begun = time.perf_counter()
    with closing(open_engine(engine_name, language=language)) as engine:
        engine.synthesize("one")
        started = time.perf_counter()
        for text in wanted:
            engine.synthesize(text)
        ended = time.perf_counter()
    return {"start": started - begun, "sentences": ended - started, "workers": engine.workers}


class _Written:
    """The sound in a file, with its silence, as an encoder wants it."""

    channels = 1

    def __init__(self, path: Path) -> None:
        import soundfile

        self._samples, self.rate = soundfile.read(path, dtype="int16")
        self.duration = len(self._samples)
        heard = np.flatnonzero(self._samples)
        gaps = np.flatnonzero(np.diff(heard) > self.rate // 100)
        starts, ends = heard[[0, *(gaps + 1)]], heard[[*gaps, -1]] + 1
        self._pieces = [Piece(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]

    def sounding(self) -> list[Piece]:
        return self._pieces

    def read(self, start: int, stop: int) -> Any:
        part = self._samples[start:stop]
        return np.pad(part, (0, stop - start - len(part)))[:, None]


def encoding(folder: str) -> dict[str, float]:
    """Return the seconds that encoding the WAVs in a folder as MP3 takes, once they are read."""
    sounds = [_Written(path) for path in sorted(Path(folder).glob("*.wav"))]
    codecs = [Lame(sound.rate, sound.channels) for sound in sounds]
    start = time.perf_counter()
    for sound, codec in zip(sounds, codecs, strict=True):
        deque(packets_of(sound, codec, lambda _done, _total: None), maxlen=0)
    return {"seconds": time.perf_counter() - start}


def samples(wav: str, target: str) -> dict[str, float]:
    """Write the samples of a file for `bare_write.py`, and return how many seconds they last."""
    import soundfile

    data, rate = soundfile.read(wav, dtype="int16")
    np.save(target, data)
    return {"seconds": len(data) / rate}


if __name__ == "__main__":
    probes: dict[str, Callable[..., dict[str, float]]] = {
        "speech": speech,
        "one-by-one": one_by_one,
        "samples": samples,
        "encoding": encoding,
    }
    json.dump(probes[sys.argv[1]](*sys.argv[2:]), sys.stdout)
