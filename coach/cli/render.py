"""`coach render`: a session into files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coach.cli.console import left_out_lines, note, progress
from coach.cli.options import RoutineName, request_from, session_options


@click.command("render")
@click.argument("routine", type=RoutineName())
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file to write; its ending says the format (.wav). Repeatable. [default: ROUTINE.wav]",
)
@click.option(
    "--cue-sheet",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Also write what sounds when.",
)
@session_options
def render_command(
    routine: str, outputs: tuple[Path, ...], cue_sheet: Path | None, **options: Any
) -> None:
    """Write a session of ROUTINE to sound files, as it would be heard live.

    \b
    coach render si-joint-relief -o session.wav
    coach render si-joint-relief -o short.wav --reps 5 --skip bridging
    """
    import json

    from coach.cli.personal import Personal
    from coach.cli.sessions import build_session, tell_decided
    from coach.files import check_different, check_writable, replacing
    from coach.render import encoder_for
    from coach.session import RENDER_RATE
    from coach.units import clock, seconds

    quiet = options["quiet"]
    personal = Personal(routine, request_from(options))
    path = personal.path
    paths = outputs or (Path(f"{path.stem}.wav"),)
    encoders = [(encoder_for(target), target) for target in paths]
    check_different(path, *paths, *([cue_sheet] if cue_sheet else []))
    for target in (*paths, *([cue_sheet] if cue_sheet else [])):
        check_writable(target)
    made = build_session(personal, RENDER_RATE, quiet=quiet)
    session = made.session
    tell_decided(made.decided, personal, quiet=quiet)
    for encoder, target in encoders:
        with replacing(target) as temporary, progress("Writing", quiet=quiet) as show:
            encoder.encode(session.timeline, temporary, show)
        if not quiet:
            length = clock(seconds(session.timeline.duration, RENDER_RATE))
            size = target.stat().st_size / 1e6
            note(f"Wrote {target} ({length}, {size:.1f} MB).")
    if cue_sheet:
        from coach.render.cue_sheet import cue_sheet as sheet_of

        with replacing(cue_sheet) as temporary:
            text = json.dumps(sheet_of(session), ensure_ascii=False, indent=1)
            temporary.write_text(f"{text}\n", "utf-8")
        if not quiet:
            note(f"Wrote {cue_sheet}.")
    left_out = len(session.timeline.left_out)
    if left_out and not quiet:
        note(f"{left_out} spoken counts or remarks did not fit and were left out.")
        for line in left_out_lines(session.timeline) if options["verbose"] else ():
            note(line)
