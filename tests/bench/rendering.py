"""How quick renders are, of one session and of many, and how much memory they take."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from functools import partial

from tests.bench.run import COACH, ENGINE, ROOT, ROUTINE, Bench, Row

QUARTER_HOUR = ("--reps", "7", "--rest", "29s")
"""What makes the routine last 15 minutes."""
LONG = """\
title: Ten hours
language: en
rest: 60s
exercises:
""" + "".join(
    f"  - {{name: Part {n}, reps: 60, phases: [{{cue: Breathe in, move: 3s, hold: 7s}},"
    " {cue: Breathe out, move: 3s, work: 45s}]}\n"
    for n in range(1, 11)
)


def cold(bench: Bench) -> list[Row]:
    """Compare a first render with the engine's time for its sentences alone."""

    def total() -> float:
        bench.cold()
        return bench.render("cold.wav")

    def speech_alone() -> float:
        bench.cold()
        return bench.probe("speech", ROUTINE, ENGINE)["seconds"]

    whole, speech = bench.in_turn(total, speech_alone, rounds=bench.rounds)
    length = bench.probe("samples", "cold.wav", "cold.npy")["seconds"]
    return [
        Row("first render", whole, "s", 1.5, rival=speech, beside="the engine's time alone"),
        Row("first render, times real time", length / whole, "x", at_least=True),
    ]


def warm(bench: Bench) -> list[Row]:
    """Compare a second render of 15 minutes with what writes the same samples."""
    bench.render("quarter.wav", *QUARTER_HOUR)
    length = bench.probe("samples", "quarter.wav", "quarter.npy")["seconds"]
    bare = (sys.executable, str(ROOT / "tests/bench/bare_write.py"), "quarter.npy", "bare.wav")
    whole, least = bench.in_turn(
        lambda: bench.render("quarter.wav", *QUARTER_HOUR),
        lambda: bench.run(*bare),
        rounds=2 * bench.rounds,
    )
    command = (*COACH, "render", ROUTINE, "-q", "-o", "quarter.wav", "--engine", ENGINE)
    ours, theirs = bench.in_turn(
        partial(bench.processor, *command, *QUARTER_HOUR),
        partial(bench.processor, *bare),
        rounds=bench.rounds,
    )
    beside = "a bare numpy program that writes it"
    return [
        Row("second render of 15 minutes, WAV", whole, "s", 4.0, rival=least, beside=beside),
        Row("second render of 15 minutes, processor", ours, "s", rival=theirs, beside=beside),
        Row("second render, times real time", length / whole, "x", 2000.0, at_least=True),
    ]


ENCODED = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "64k"),
    "opus": ("-c:a", "libopus", "-application", "lowdelay", "-b:a", "40k"),
    "m4a": ("-c:a", "aac", "-b:a", "64k"),
}
"""What makes ffmpeg encode as coach does."""
ENCODED_LIMITS = {"mp3": 0.6, "opus": 1.0}


def encoding(bench: Bench) -> list[Row]:
    """Compare a whole render with ffmpeg, which encodes the samples that are ready in a WAV."""
    bench.render("encoded.wav", *QUARTER_HOUR)
    rows = []
    for name, options in ENCODED.items():
        target = f"encoded.{name}"
        by_ffmpeg = ("ffmpeg", "-v", "error", "-y", "-i", "encoded.wav", "-map", "0:a")
        ours, theirs = bench.in_turn(
            partial(bench.render, target, *QUARTER_HOUR),
            partial(bench.run, *by_ffmpeg, *options, f"theirs.{name}"),
            rounds=bench.rounds,
        )
        what, limit = f"second render of 15 minutes, {name}", ENCODED_LIMITS.get(name)
        rows.append(Row(what, ours, "s", limit, rival=theirs, beside="ffmpeg encoding the WAV"))
    return rows


VARIANTS = 24


def many_people(bench: Bench) -> list[Row]:
    """Compare a batch of MP3s with encoding them alone, by coach and by ffmpeg on all cores."""
    people = "".join(
        f"P{n},{ROUTINE},reps={5 + n % 6} rest={20 + n}s cat-camel.hold={5 + n % 3}\n"
        for n in range(VARIANTS)
    )
    (bench.folder / "people.csv").write_text(f"name,routine,settings\n{people}", "utf-8")
    batch = (*COACH, "batch", "people.csv", "-q", "--out")
    bench.run(*batch, "wavs", "--format", "wav")

    def made() -> float:
        shutil.rmtree(bench.folder / "made", ignore_errors=True)
        return bench.run(*batch, "made")

    def by_ffmpeg() -> float:
        ffmpeg = "ffmpeg -v error -y -i {} -map 0:a -c:a libmp3lame -b:a 64k {}.mp3"
        cores = os.cpu_count() or 1
        return bench.run("sh", "-c", f"ls wavs/*.wav | xargs -P{cores} -I{{}} {ffmpeg}")

    whole, alone, theirs = bench.in_turn(
        made,
        lambda: bench.probe("encoding", "wavs")["seconds"],
        by_ffmpeg,
        rounds=max(1, bench.rounds // 3),
    )
    what = f"batch of {VARIANTS} MP3s"
    return [
        Row(what, whole, "s", 1.3, rival=alone, beside="its encoder alone, all cores"),
        Row(f"{what} again", whole, "s", rival=theirs, beside="ffmpeg encoding them, all cores"),
    ]


def adjusting(bench: Bench) -> list[Row]:
    """Compare a profile in which a thousand routines have settings with one of a single one."""
    for count, profile in ((1, "one"), (1000, "many")):
        folder = bench.folder / "home/config/audio-coach/profiles" / profile / "settings"
        folder.mkdir(parents=True)
        for n in range(count - 1):
            (folder / f"routine-{n}.yaml").write_text("coach: 1\nvalues: {reps: 7}\n", "utf-8")

    def adjust(profile: str) -> float:
        return 1000 * bench.processor(
            *COACH, "adjust", ROUTINE, "reps=7", "-q", "--profile", profile
        )

    many, one = bench.in_turn(partial(adjust, "many"), partial(adjust, "one"), rounds=bench.rounds)
    what = "coach adjust, 1,000 routines saved"
    return [Row(what, many, "ms", 1.1, rival=one, beside="with one saved")]


def memory(bench: Bench) -> list[Row]:
    """Measure the memory of a render of ten hours."""
    (bench.folder / "long.yaml").write_text(LONG, "utf-8")
    command = (*COACH, "render", "long.yaml", "-q", "--engine", ENGINE, "-o", "long.wav")
    process = bench.start(command)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the long render failed:\n{process.stderr and process.stderr.read()!r}")
    process.returncode = 0
    return [Row("peak memory, ten hours", _megabytes(used), "MB", 200.0)]


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
