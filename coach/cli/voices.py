"""`coach voices`: what can speak."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction

import click

from coach.cli.console import echo_json, table


@click.command("voices")
@click.option("--engine", metavar="NAME", default="auto", help="A speech engine. [default: auto]")
@click.option("--language", metavar="CODE", help="Only voices that speak this language.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def voices_command(engine: str, language: str | None, *, as_json: bool) -> None:
    """List the voices of the speech engine, for use with --voice."""
    from coach.errors import SpeechError
    from coach.speech import open_engine

    with closing(
        open_engine(engine, voice=None, speed=Fraction(1), language=language or "en")
    ) as speaker:
        voices = [
            voice
            for voice in speaker.voices()
            if not language
            or any(spoken.lower().startswith(language.lower()) for spoken in voice.languages)
        ]
    if not voices:
        raise SpeechError(f"no voice of the engine `{engine}` speaks `{language}`")
    if as_json:
        echo_json(
            [
                {
                    "engine": voice.engine,
                    "id": voice.id,
                    "name": voice.name,
                    "languages": list(voice.languages),
                    "gender": voice.gender,
                }
                for voice in voices
            ]
        )
        return
    table(
        ("Voice", "Name", "Language", "Engine"),
        [(voice.id, voice.name, ", ".join(voice.languages), voice.engine) for voice in voices],
    )
