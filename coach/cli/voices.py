"""`coach voices`: what can speak, what it sounds like, and which one to take from now on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.console import echo_json, echo_text, note, table
from coach.cli.options import profile_from, profile_option

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from coach.cli.sample import Asked
    from coach.profile import Profile
    from coach.settings.default_voices import DefaultVoices
    from coach.speech.catalogue import Listed

NONE = "none"
"""What `--default` takes for no default any more."""


@click.command("voices")
@click.option("--engine", metavar="NAME", help="Only this speech engine. [default: all]")
@click.option("--language", metavar="CODE", help="Only voices that speak this language.")
@click.option(
    "--sample",
    metavar="[VOICE]",
    is_flag=False,
    flag_value="",
    help="Say a sentence in this voice; without one, in the best for the language.",
)
@click.option(
    "-o",
    "--file",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Write the sample to a sound file instead; its ending says the format.",
)
@click.option(
    "--output",
    metavar="NAME",
    default="auto",
    help="The output for the sample: auto, miniaudio or simpleaudio. [default: auto]",
)
@click.option("--device", metavar="NAME", help="The device for the sample, or part of its name.")
@click.option(
    "--default",
    metavar="VOICE",
    help="Take this voice for all routines in its language from now on; none for no longer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@profile_option
def voices_command(
    engine: str | None,
    language: str | None,
    sample: str | None,
    file: Path | None,
    output: str,
    device: str | None,
    default: str | None,
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """List the voices of all speech engines, hear one, or choose one for all routines.

    What is listed is for --voice: an id, a name, a language, or the path of a Piper voice file.

    \b
    coach voices --language de
    coach voices --sample heart
    coach voices --sample de -o sample.mp3
    coach voices --default heart
    """
    from coach.cli.sample import Asked
    from coach.settings.text import parse_names

    if sample is not None and default is not None:
        raise click.UsageError("--sample and --default exclude each other")
    if sample is None and (file or device or output != "auto"):
        raise click.UsageError("-o, --output and --device go with --sample")
    if file and (device or output != "auto"):
        raise click.UsageError("a sample is either written (-o) or heard (--output, --device)")
    if as_json and (sample is not None or default is not None):
        raise click.UsageError("--json goes with the list")
    for name, value in (("engine", engine), ("language", language), ("default", default)):
        if value is not None:
            parse_names(f"--{name}", [value])
    profile = profile_from(options)
    if default is not None and default.casefold() == NONE:
        _forget(profile, language)
    elif default is not None:
        _prefer(profile, Asked(_whole(default), engine or "auto", language))
    elif sample is not None:
        _say(Asked(sample or None, engine or "auto", language), file, output, device)
    else:
        _list(engine, language, profile, as_json=as_json)


def _whole(voice: str) -> str:
    """Return a voice as it can be found from any folder."""
    return str(Path(voice).expanduser().absolute()) if voice.endswith(".onnx") else voice


def _prefer(profile: Profile, asked: Asked) -> None:
    """Save a voice as the default.

    Raises:
        SpeechError: it cannot speak.
        CoachError: it cannot be saved.
    """
    from coach.cli.sample import meet
    from coach.profile import new_profile_notice
    from coach.settings.default_voices import DefaultVoice, primary, save_default_voice

    met = meet(asked)
    language = primary(asked.language) if asked.language else next(iter(met.languages), "en")
    if profile.is_new:
        note(f"coach: {new_profile_notice(profile)}")
    save_default_voice(profile, language, DefaultVoice(str(asked.voice), met.engine))
    echo_text(
        f"`{asked.voice}` of {met.engine} speaks all routines in `{language}` from now on, where "
        "nothing else is asked for."
    )


def _forget(profile: Profile, language: str | None) -> None:
    from coach.settings.default_voices import forget_default_voices

    gone = forget_default_voices(profile, language).voices
    if not gone:
        echo_text("There was no default voice.")
    for tag, chosen in gone.items():
        echo_text(f"`{chosen.voice}` is no longer the default voice for `{tag}`.")


def _say(asked: Asked, file: Path | None, output: str, device: str | None) -> None:
    """Say or write a sentence.

    Raises:
        CoachError: the voice, the file or the output is at fault.
    """
    from coach.cli.aloud import play_aloud
    from coach.cli.sample import check_sound, meet, spoken, write_sample
    from coach.outputs import LIVE_RATE, open_output
    from coach.session import RENDER_RATE

    if file:
        check_sound(file)
    met = meet(asked)
    language = asked.language or next(iter(met.languages), "en")
    text, samples = spoken(asked, language, RENDER_RATE if file else LIVE_RATE)
    name = f"{asked.voice} of {met.engine}" if asked.voice else met.engine
    if file:
        write_sample(file, name, text, samples, language)
        note(f"Wrote {file}.")
        return
    note(f"{name}: {text}")
    play_aloud(open_output(output, device), samples)


def _list(engine: str | None, language: str | None, profile: Profile, *, as_json: bool) -> None:
    """Print what there is.

    Raises:
        SpeechError: there is no such engine, or nothing speaks that language.
    """
    from coach.errors import SpeechError, did_you_mean
    from coach.settings.default_voices import load_default_voices, primary
    from coach.speech.catalogue import engine_names, listing

    if engine == "auto":
        engine = None
    listed = list(listing([engine] if engine else engine_names(), language))
    if not any(one.voice for one in listed):
        problem = next((one for one in listed if one.problem), None)
        if problem is not None:
            raise SpeechError(problem.problem)
        if engine is None:
            everything = listing(engine_names())
            known = {primary(tag) for one in everything for tag in one.languages}
            meant = _named(language or "", known) or did_you_mean(language or "", known)
            message = f"no voice here speaks the language `{language}`{meant}"
            hint = "Piper has voices for 50 languages: `coach voices --engine piper`"
            raise SpeechError(message, hint)
        if not listed:
            raise SpeechError(
                f"no voice of the engine `{engine}` speaks the language `{language}`",
                f"`coach voices --language {language}` lists those of all engines",
            )
    defaults = load_default_voices(profile)
    if defaults.problem:
        note(f"coach: {defaults.problem}")
    if as_json:
        echo_json([_described(one) for one in listed])
    else:
        _print(listed, defaults)


def _named(language: str, known: Collection[str]) -> str:
    """Return a question for a language that is written out, or in a code of three letters."""
    from babel import Locale
    from babel.core import get_global

    from coach.phrases import languages

    wanted = language.strip().casefold()
    code = str(get_global("language_aliases").get(wanted, ""))
    for tag in known:
        in_itself = Locale.parse(tag).get_display_name() if tag in languages() else None
        names = (Locale("en").languages.get(tag), in_itself)
        if wanted in {name.casefold() for name in names if name}:
            code = tag
    return f"; did you mean `{code}`?" if code in known else ""


def _print(listed: Sequence[Listed], defaults: DefaultVoices) -> None:
    rows = [
        (
            one.voice.id if one.voice else "-",
            one.voice.name if one.voice else "",
            ", ".join(one.languages),
            one.engine,
            one.problem or one.install or "yes",
        )
        for one in listed
    ]
    table(("Voice", "Name", "Language", "Engine", "Installed"), rows)
    for language, chosen in defaults.voices.items():
        echo_text(f"Default for `{language}`: {chosen.voice} of {chosen.engine}.")


def _described(one: Listed) -> dict[str, Any]:
    return {
        "engine": one.engine,
        "id": one.voice.id if one.voice else None,
        "name": one.voice.name if one.voice else None,
        "languages": list(one.languages),
        "gender": one.voice.gender if one.voice else None,
        "installed": one.voice is not None and not one.install,
        "install": one.problem or one.install or None,
    }
