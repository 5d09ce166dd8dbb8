"""`coach cues`: the sounds that mark what happens, to be looked at, heard and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import asdict

from coach.cli.console import echo_json, echo_text, note, say, table

if TYPE_CHECKING:
    from coach.cues import CuePack
    from coach.cues.examine import Examined, Report
    from coach.outputs import Output
    from coach.timeline import Timeline

CHECK = "check"
"""What stands before a folder that is to be checked."""
GOOD, AT_FAULT = 0, 1


@click.command("cues", options_metavar="[OPTIONS]")
@click.argument("names", nargs=-1, metavar="[PACK | check FOLDER]")
@click.option("--play", is_flag=True, help="Play the sounds of PACK, and print their names.")
@click.option("--speak", is_flag=True, help="Say the name of each sound before it.")
@click.option(
    "-o",
    "--output-file",
    "target",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Write the sounds of PACK one after the other; the ending says the format.",
)
@click.option(
    "--output",
    "output_name",
    metavar="NAME",
    default="auto",
    help="The output to play with: auto, miniaudio, simpleaudio or none. [default: auto]",
)
@click.option("--device", metavar="NAME", help="The device to play on, or a part of its name.")
@click.option("--engine", metavar="NAME", default="auto", help="Who says names. [default: auto]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def cues_command(
    names: tuple[str, ...],
    target: Path | None,
    output_name: str,
    device: str | None,
    engine: str,
    *,
    play: bool,
    speak: bool,
    as_json: bool,
) -> int:
    """List the cue packs, hear one, or check one of your own.

    PACK is the name of a pack that ships, or a folder. `coach cues check FOLDER` says what is
    missing, clipped, too loud, too soft, too long or late, what a phone's loudspeaker swallows,
    and which cues sound alike; it exits with 1 if there is anything.

    \b
    coach cues
    coach cues soft --play
    coach cues bells --speak -o bells.mp3
    coach cues check ./my-pack
    """
    is_heard = play or target is not None
    if names[:1] == (CHECK,):
        if len(names) != 2:
            raise click.UsageError(f"expected one folder after `{CHECK}`, found {len(names) - 1}")
        if is_heard or speak:
            raise click.UsageError(f"`{CHECK}` plays nothing: leave out {CHECK} to hear the pack")
        return _check(names[1], as_json=as_json)
    if len(names) > 1:
        raise click.UsageError(f"expected one pack, found {len(names)}: {' '.join(names)}")
    if not names:
        if is_heard or speak:
            raise click.UsageError(
                "say which pack is to be heard, such as `coach cues soft --play`"
            )
        _list(as_json=as_json)
        return GOOD
    if speak and not is_heard:
        raise click.UsageError("--speak goes with --play or -o FILE")
    if as_json and play:
        raise click.UsageError("--play prints names, so it does not go with --json")
    pack = _pack(names[0])
    if as_json:
        echo_json(_pack_document(pack))
    elif not is_heard:
        _show(pack)
    if target is not None:
        _write(pack, target, engine if speak else None, quiet=as_json)
    if play:
        _play(pack, _output(output_name, device), engine if speak else None)
    return GOOD


def _pack(name: str) -> CuePack:
    from coach.cues import load_pack
    from coach.files.shipped import data_dir

    return load_pack(name, data_dir("audio_cues"))


def _meanings(pack: CuePack) -> dict[str, str]:
    """Return what each cue tells; what a pack of somebody's own does not say is as it always is."""
    from coach.cli.sessions import DEFAULT_CUES

    usual = {cue.name: cue.meaning for cue in _pack(DEFAULT_CUES).cues}
    return {cue.name: cue.meaning or usual[cue.name] for cue in pack.cues}


# -- listing -------------------------------------------------------------------------------------


def _list(*, as_json: bool) -> None:
    from coach.cli.sessions import DEFAULT_CUES
    from coach.cues import bundled_packs
    from coach.files.shipped import data_dir

    packs = [_pack(name) for name in bundled_packs(data_dir("audio_cues"))]
    if as_json:
        echo_json([_pack_document(pack) for pack in packs])
        return
    rows = [
        (pack.name, "default" if pack.name == DEFAULT_CUES else "", pack.description)
        for pack in packs
    ]
    table(("Pack", "Used", "Description"), rows, whole=("Pack",))
    say()
    shown = next(pack for pack in packs if pack.name == DEFAULT_CUES)
    table(("Cue", "Meaning"), [(cue.name, cue.meaning) for cue in shown.cues], whole=("Cue",))
    say()
    echo_text("`coach cues PACK --play` plays one; --cues PACK takes it for a session.")


def _show(pack: CuePack) -> None:
    from coach.cues.examine import examine

    echo_text(f"{pack.name}: {pack.description}" if pack.description else pack.name)
    about = [text for text in (pack.author, pack.licence) if text]
    if about:
        echo_text(", ".join(about))
    say()
    measured: dict[str, Examined] = {cue.name: cue for cue in examine(pack).cues}
    rows = [
        (name, meaning, f"{measured[name].seconds:.2f} s", _level(measured[name]))
        for name, meaning in _meanings(pack).items()
    ]
    table(("Cue", "Meaning", "Length", "Level"), rows, right=("Length", "Level"), whole=("Cue",))


def _level(cue: Examined) -> str:
    return "silent" if cue.level == -math.inf else f"{cue.level:.1f} dBFS"


def _pack_document(pack: CuePack) -> dict[str, Any]:
    from coach.cues.examine import examine

    measured = {cue.name: _measures(cue) for cue in examine(pack).cues}
    meanings = _meanings(pack)
    return {
        "name": pack.name,
        "description": pack.description,
        "licence": pack.licence,
        "author": pack.author,
        "folder": str(pack.folder),
        "cues": [
            {
                "name": cue.name,
                "meaning": meanings[cue.name],
                "file": str(cue.path),
                "gain": cue.gain,
                **measured[cue.name],
            }
            for cue in pack.cues
        ],
    }


def _measures(cue: Examined) -> dict[str, Any]:
    """Return what was measured; JSON has no infinite numbers, so silence has no level."""
    return {
        key: None if value == -math.inf else round(value, 4) if key != "is_clipped" else value
        for key, value in asdict(cue).items()
        if key != "name"
    }


# -- checking ------------------------------------------------------------------------------------


def _check(folder: str, *, as_json: bool) -> int:
    from coach.cues import find_pack
    from coach.cues.examine import examine
    from coach.cues.reading import read_pack
    from coach.files.shipped import data_dir

    pack, problems = read_pack(find_pack(folder, data_dir("audio_cues")))
    report = examine(pack)
    is_good = not (problems or report.findings)
    if as_json:
        echo_json(_check_document(pack, problems, report, is_good=is_good))
    else:
        _tell_check(pack, problems, report, is_good=is_good)
    return GOOD if is_good else AT_FAULT


def _check_document(
    pack: CuePack, problems: Sequence[str], report: Report, *, is_good: bool
) -> dict[str, Any]:
    return {
        "good": is_good,
        "pack": pack.name,
        "folder": str(pack.folder),
        "problems": list(problems),
        "findings": [asdict(finding) for finding in report.findings],
        "cues": [{"name": cue.name, **_measures(cue)} for cue in report.cues],
    }


def _tell_check(pack: CuePack, problems: Sequence[str], report: Report, *, is_good: bool) -> None:
    rows = [
        (
            cue.name,
            f"{cue.seconds:.2f} s",
            _level(cue),
            f"{cue.peak:.1f} dBFS" if cue.peak > -math.inf else "",
            f"{cue.on_phone:.0%}",
        )
        for cue in report.cues
    ]
    heads = ("Cue", "Length", "Level", "Peak", "On a phone")
    if rows:
        table(heads, rows, right=heads[1:], whole=("Cue",))
        say()
    for problem in problems:
        echo_text(problem)
    for finding in report.findings:
        echo_text(finding.message)
    if problems:
        echo_text("It cannot be used before that is mended.")
    elif not is_good:
        echo_text("It can be used as it is, but is better with that mended.")
    else:
        echo_text(f"Good: {pack.folder} can be used with --cues.")


# -- hearing -------------------------------------------------------------------------------------


def _timeline(pack: CuePack, engine: str | None, rate: int) -> Timeline:
    """Return all cues one after the other, with their names said if there is an engine for that.

    Raises:
        CoachError: a file cannot be read, or nothing can speak.
    """
    from coach.cues import load_samples
    from coach.cues.parade import parade
    from coach.steps import Say, lines_in
    from coach.timeline import lay_out

    steps = tuple(parade(pack, is_spoken=engine is not None))
    sounds = load_samples(pack, rate)
    words = _spoken([line.text for line in lines_in(steps)], engine, rate) if engine else {}
    return lay_out(
        steps, lambda what: words[what.text] if isinstance(what, Say) else sounds[what.name], rate
    )


def _spoken(texts: Sequence[str], engine_name: str, rate: int) -> Mapping[str, Any]:
    from contextlib import closing
    from fractions import Fraction

    from coach.speech import open_engine
    from coach.speech.speaker import Speaker
    from coach.speech.store import ClipStore

    with closing(open_engine(engine_name, speed=Fraction(1), language="en")) as engine:
        return Speaker(engine, ClipStore(), language="en", rate=rate).speak(texts)


def _write(pack: CuePack, target: Path, engine: str | None, *, quiet: bool) -> None:
    from datetime import UTC, datetime

    from coach.errors import OutputError
    from coach.files.replacing import check_writable, replacing
    from coach.files.targets import check_different, telling
    from coach.render import MUSIC_RATE, SOUNDS, Encoder, format_for
    from coach.render.captions import captions_of
    from coach.render.chapters import chapters_of
    from coach.render.cover import draw_cover
    from coach.render.details import Details
    from coach.render.loudness import LOUDNESS
    from coach.render.programme import produce

    format_ = format_for(target)
    if format_.kind != "sound":
        raise OutputError(
            f"cues can be written as a sound file only, not as {format_.what}",
            f"Formats: {', '.join(SOUNDS)}.",
        )
    check_different(pack.cues[0].path, target)
    check_writable(target)
    timeline = _timeline(pack, engine, MUSIC_RATE)
    title = f"Cues: {pack.name}"
    details = Details(
        title=title,
        routine=title,
        language="en",
        date=datetime.now(UTC).astimezone().date().isoformat(),
        settings=f"cues={pack.name}",
        chapters=chapters_of(timeline),
        captions=captions_of(timeline),
        cover=draw_cover(title),
    )
    encoder: Encoder = format_.make()
    with replacing(target) as place, telling(target):
        encoder.encode(produce(timeline, LOUDNESS), details, place, lambda _done, _total: None)
    if not quiet:
        note(f"Wrote {target}.")


def _output(name: str, device: str | None) -> Output:
    from coach.clock import RealClock
    from coach.outputs import open_output
    from coach.outputs.paced import SilentOutput

    return SilentOutput(RealClock()) if name == "none" else open_output(name, device)


def _play(pack: CuePack, output: Output, engine: str | None) -> None:
    """Play the cues, and print the name of each when it is heard."""
    from coach.cli.aloud import play_aloud
    from coach.outputs import LIVE_RATE
    from coach.timeline import mix

    timeline = _timeline(pack, engine, LIVE_RATE)
    meanings = _meanings(pack)
    coming = [
        (marker.start / LIVE_RATE, f"{marker.title}: {meanings[marker.title]}")
        for marker, _ in timeline.chapters()
    ]

    def tell(heard: float) -> None:
        while coming and coming[0][0] <= heard:
            echo_text(coming.pop(0)[1])

    play_aloud(output, mix(timeline, 0, timeline.duration), tell)
