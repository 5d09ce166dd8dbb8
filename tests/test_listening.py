"""The rendered session as a listener gets it: beeps found in the sound, instructions understood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from pocketsphinx import Decoder

from coach.cli import run
from coach.cues import load_pack, load_samples
from coach.files.shipped import data_dir
from coach.steps import CueName

INSTRUCTIONS = (
    "Do this session only after your doctor has cleared you for exercise.",
    "Move slowly, keep breathing, and stop if anything hurts.",
    "Come down slowly onto your hands and knees, on the carpet or the mat, not on the bed.",
    "Place your hands under your shoulders and your knees under your hips.",
    "5 repetitions, hold each for 5 seconds.",
    "Stay on your hands and knees, hands under your shoulders, knees under your hips.",
    "Sit back on your heels. Your hands stay where they are, and your head goes down.",
    "First sit down and lie on your side, then roll over with shoulders and hips together.",
    "Bend your knees and set both feet flat on the floor.",
    "Roll onto your side to get up, and sit down on the chair.",
)
NAMES: tuple[CueName, ...] = ("start", "final", "end", "rest")
UNDERSTOOD = 0.45
"""Of the words, by a recogniser that makes nothing of the robot's voice in one word out of two.
Noise in place of the speech gets none."""


@pytest.fixture(scope="module")
def session(
    tmp_path_factory: pytest.TempPathFactory, common_cache: Path
) -> tuple[NDArray[np.int16], int, Any]:
    """Return the samples, the rate and the cue sheet of si-joint-relief."""
    folder = tmp_path_factory.mktemp("listen")
    wav, sheet = folder / "a.wav", folder / "a.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(common_cache))
        assert run(["render", "si-joint-relief", "-o", str(wav), "--cue-sheet", str(sheet)]) == 0
    samples, rate = soundfile.read(wav, dtype="int16")
    return samples, rate, json.loads(Path(sheet).read_text("utf-8"))


def found_in(samples: NDArray[np.int16], sound: NDArray[np.int16]) -> set[int]:
    """Return the frames at which `sound` begins: where the samples are like it, and no worse.

    A file has another loudness than the pack, and the same for every beep of a kind.
    """
    wanted = sound.astype(np.float64)
    whole = np.dot(wanted, wanted)
    # Piece by piece, which takes a third of the time of all at once.
    size = 1 << 17
    step, turned = size - len(wanted), np.conj(np.fft.rfft(wanted, size))
    clean: dict[int, float] = {}
    for start in range(0, len(samples), step):
        piece = samples[start : start + size]
        gains = np.fft.irfft(np.fft.rfft(piece, size) * turned, size)[: min(step, len(piece))]
        gains /= whole
        near = np.flatnonzero(gains > 0.5)
        gain = gains[near]
        energy = np.concatenate([[0.0], np.cumsum(np.square(piece, dtype=np.float64))])
        power = (energy[np.minimum(near + len(wanted), len(piece))] - energy[near]) / whole
        # A match that is clean: nothing else is there.
        is_clean = np.abs(power - gain**2) < 1e-3 * gain**2
        clean |= zip((start + near[is_clean]).tolist(), gain[is_clean].tolist(), strict=True)
    louder = float(np.median(list(clean.values())))
    return {frame for frame, gain in clean.items() if abs(gain - louder) < 2e-3 * louder}


@pytest.fixture(scope="module")
def beeps(session: tuple[NDArray[np.int16], int, Any]) -> Mapping[str, set[int]]:
    """Return the frames at which each beep begins."""
    samples, rate, _ = session
    pack = load_samples(load_pack("classic", data_dir("audio_cues")), rate)
    return {name: found_in(samples, pack[name]) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_beeps_are_in_the_sound_where_the_cue_sheet_says(
    session: tuple[NDArray[np.int16], int, Any], beeps: Mapping[str, set[int]], name: Any
) -> None:
    _, rate, sheet = session
    sound = load_samples(load_pack("classic", data_dir("audio_cues")), rate)[name]
    told = {
        round(event["start"] * rate)
        for event in sheet["events"]
        if event["kind"] == "cue" and event["cue"] == name
    }
    found = beeps[name]
    assert found <= told, "no beep that the cue sheet does not know"
    spoken = [
        (round(e["start"] * rate), round(e["end"] * rate))
        for e in sheet["events"]
        if e["kind"] == "speech"
    ]
    covered = {
        frame for frame in told if any(a < frame + len(sound) and frame < b for a, b in spoken)
    }
    assert told - found <= covered, "every beep is there, unless a word sounds with it"
    assert len(found) >= 4


def test_holds_last_what_is_prescribed_from_beep_to_beep(
    session: tuple[NDArray[np.int16], int, Any], beeps: Mapping[str, set[int]]
) -> None:
    _, rate, sheet = session
    starts, ends = beeps["start"], beeps["end"]
    holds = [event for event in sheet["events"] if event["kind"] == "hold"]
    prescribed = {"resisted-hip-abduction": 3}
    measured = 0
    for hold in holds:
        start, length = round(hold["start"] * rate), prescribed.get(hold["exercise"], 5)
        if start in starts and start + length * rate in ends:
            measured += 1
    assert measured == len(holds) == 30


def test_instructions_are_understood(session: tuple[NDArray[np.int16], int, Any]) -> None:
    samples, rate, sheet = session
    # One that looks at less takes a third of the time, and what is clear is clear to it, too.
    hasty = {"ds": 2, "beam": 1e-40, "pbeam": 1e-40, "wbeam": 1e-20, "maxhmmpf": 3000, "maxwpf": 5}
    decoder = Decoder(samprate=16_000, loglevel="FATAL", fwdflat=False, **hasty)
    spoken = {e["text"]: e for e in sheet["events"] if e["kind"] == "speech"}
    words = heard = 0
    numbers = {"5": "five"}
    for text in INSTRUCTIONS:
        event = spoken[text]
        part = samples[round(event["start"] * rate) : round(event["end"] * rate)]
        sound = np.pad(soxr.resample(part, rate, 16_000), 4000).astype(np.int16)
        decoder.start_utt()
        decoder.process_raw(sound.tobytes(), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        understood = hypothesis.hypstr.split() if hypothesis else []
        wanted = [
            numbers.get(word, word)
            for word in text.lower().replace(",", "").replace(".", "").split()
        ]
        words += len(wanted)
        heard += sum(word in understood for word in wanted)
    assert heard / words > UNDERSTOOD, f"{heard} of {words} words"
