"""`coach doctor`: whether a session could be heard here, and what to do if not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click
from msgspec import Struct
from msgspec.structs import asdict, replace

from coach.cli.clean import Clean
from coach.cli.console import echo_json, echo_text, say, table
from coach.cli.hearing import Hearing, find_hearing
from coach.cli.options import profile_from, profile_option
from coach.listening import Style

if TYPE_CHECKING:
    from coach.outputs import Device, Output
    from coach.profile import Profile
    from coach.timeline import Samples

PHRASE = "This is your coach. Can you hear me?"

State = Literal["works", "fails", "not installed"]


class _Finding(Struct, frozen=True):
    """One thing that a session needs, and how it is."""

    what: str
    state: State
    detail: str
    """What it is if it works, and what is wrong if not."""
    mend: tuple[str, ...] = ()
    """What to do, a command or a sentence each; most likely to help first."""


@click.command("doctor")
@click.option(
    "--output",
    "output_name",
    metavar="NAME",
    default="auto",
    help="The output to play with: auto, miniaudio or simpleaudio. [default: auto]",
)
@click.option("--device", metavar="NAME", help="The device to play on, or a part of its name.")
@click.option("--engine", metavar="NAME", default="auto", help="A speech engine. [default: auto]")
@click.option("--silent", is_flag=True, help="Play nothing that could be heard.")
@click.option(
    "--listen",
    is_flag=True,
    help="Try spoken commands with the microphone, and save what suits; with FILE, tell which "
    "commands would be heard in that recording.",
)
@click.option(
    "--listen-style",
    type=click.Choice(get_args(Style)),
    default="address",
    help='Whether commands begin with "coach" (address) or not (plain). [default: address]',
)
@click.option(
    "--microphone",
    metavar="NAME",
    help="The microphone to try, or a part of its name; `default` is the system's own choice.",
)
@click.option(
    "--clean",
    is_flag=False,
    flag_value="old",
    type=click.Choice(get_args(Clean)),
    help="Only remove what killed runs left and, beyond the bound, the spoken clips longest "
    "unused; with `all`, every clip.",
)
@profile_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.argument("file", type=click.Path(path_type=Path, readable=False), required=False)
def doctor_command(
    output_name: str,
    device: str | None,
    engine: str,
    listen_style: Style,
    microphone: str | None,
    file: Path | None,
    *,
    silent: bool,
    listen: bool,
    clean: Clean | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Check the outputs, the devices and the voice, and say a sentence.

    Exits with 0 if a session could be heard, and with 1 if not. With --listen it has five commands
    said, and exits with 0 if enough of them were understood.

    \b
    coach doctor
    coach doctor --device headphones
    coach doctor --listen
    coach doctor --listen recording.wav --json
    coach doctor --clean
    """
    if clean is not None:
        if listen or file is not None or microphone is not None:
            raise click.UsageError("--clean goes with --json alone")
        from coach.cli.clean import clean as remove

        return remove(clean, as_json=as_json)
    if listen:
        return _listen(file, listen_style, microphone, profile_from(options), as_json=as_json)
    if file is not None or microphone is not None:
        raise click.UsageError("FILE and --microphone go with --listen")
    devices, outputs, chosen = _outputs(output_name, device)
    speech, phrase = _speech(engine)
    findings = [*outputs, speech, _clips()]
    hearing = find_hearing()
    if not as_json:
        _show(findings, devices, hearing)
    is_ready = chosen is not None and phrase is not None
    if chosen is not None and phrase is not None and not silent:
        if not as_json:
            echo_text(f"Saying with {chosen.name}: {PHRASE}")
        played = _play(chosen, phrase)
        findings.append(played)
        is_ready = played.state == "works"
    if as_json:
        echo_json(_document(findings, devices, hearing, is_ready=is_ready))
    else:
        _conclude(findings, is_ready=is_ready)
    return 0 if is_ready else 1


def _listen(
    file: Path | None,
    style: Style,
    microphone: str | None,
    profile: Profile,
    *,
    as_json: bool,
) -> int:
    """Try spoken commands, and return the exit code.

    Raises:
        ListeningError: nothing can be understood here, or not with this microphone or file.
    """
    if file is None and as_json:
        raise click.UsageError("with --listen, --json needs a FILE")
    if file is not None and microphone is not None:
        raise click.UsageError("a FILE needs no --microphone")
    if file is not None:
        from coach.cli.listen_recording import check_recording

        return check_recording(file, style, profile, as_json=as_json)
    from coach.cli.listen_check import check_live

    return check_live(style, microphone, profile)


# -- the checks ----------------------------------------------------------------------------------


def _outputs(
    wanted: str, device: str | None
) -> tuple[tuple[Device, ...], tuple[_Finding, ...], Output | None]:
    """Return the devices, how each output is, and the output to use if there is one."""
    from coach.errors import DeviceError
    from coach.outputs import PREFERENCE, ListsDevices, is_installed, open_output
    from coach.outputs.mend import not_installed

    installed = [name for name in PREFERENCE if is_installed(name)]
    if wanted == "auto":
        wanted = next(iter(installed), PREFERENCE[0])
    findings: list[_Finding] = []
    devices: tuple[Device, ...] = ()
    chosen: Output | None = None
    for name in dict.fromkeys((wanted, *PREFERENCE)):
        what = f"output {name}"
        if name in PREFERENCE and name not in installed:
            mend = (f"install {name}: {not_installed(name).hint}",)
            findings.append(_Finding(what, "not installed", "", mend))
            continue
        try:
            output = open_output(name, device if name == wanted else None)
            _try(output)
        except DeviceError as error:
            findings.append(_Finding(what, "fails", error.message, _how_to_mend(error)))
        else:
            findings.append(_Finding(what, "works", ""))
            chosen = output if name == wanted else chosen
            if name != wanted and chosen is None:
                findings[0] = replace(
                    findings[0], mend=(*findings[0].mend, f"or use --output {name}, which works")
                )
            if isinstance(output, ListsDevices):
                devices = devices or output.devices()
    return devices, tuple(findings), chosen


def _try(output: Output) -> None:
    """Start `output` with silence, and close it again.

    Raises:
        DeviceError: it does not play.
    """
    from coach.cli.aloud import Sound
    from coach.outputs import LIVE_RATE

    with closing(output.start(Sound(), LIVE_RATE)):
        pass


def _how_to_mend(error: Exception) -> tuple[str, ...]:
    import os

    from coach.errors import CoachError
    from coach.outputs import INSTEAD
    from coach.outputs.mend import advice

    hint = error.hint if isinstance(error, CoachError) else ""
    if hint and hint != INSTEAD:
        return (hint,)
    return tuple(
        f"{item.finding}: {item.command}" if item.command else item.finding
        for item in advice(os.environ)
    )


def _speech(engine_name: str) -> tuple[_Finding, Samples | None]:
    """Return how the speech engine is, and the test phrase followed by a beep."""
    from fractions import Fraction

    import numpy as np

    from coach.cli.sessions import DEFAULT_CUES
    from coach.cues import load_pack, load_samples
    from coach.errors import CoachError
    from coach.files.shipped import data_dir
    from coach.outputs import LIVE_RATE
    from coach.speech import open_engine
    from coach.speech.speaker import Speaker
    from coach.speech.store import ClipStore

    try:
        with closing(open_engine(engine_name, speed=Fraction(1))) as engine:
            name, voices = engine.name, engine.voices()
            speaker = Speaker(engine, ClipStore(), language="en", rate=LIVE_RATE)
            words = speaker.speak([PHRASE])[PHRASE]
        cues = load_samples(load_pack(DEFAULT_CUES, data_dir("audio_cues")), LIVE_RATE)
    except CoachError as error:
        return _Finding("speech", "fails", error.message, (error.hint,) if error.hint else ()), None
    pause = np.zeros(LIVE_RATE // 2, np.int16)
    phrase = np.concatenate([words, pause, cues["start"]])
    detail = f"{name}, {len(voices)} voices; `coach voices` lists them"
    return _Finding("speech", "works", detail), phrase


def _clips() -> _Finding:
    """Return whether spoken clips can be stored, and how much they take."""
    import tempfile

    from coach.cli.clean import stored_text
    from coach.errors import SettingError
    from coach.speech.store import ClipStore, default_folder

    folder = default_folder()
    what = "stored clips"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        store = ClipStore()
        clips, held = store.held()
    except OSError as error:
        detail = f"{folder}: {error.strerror or error}; everything is spoken anew each time"
        return _Finding(what, "fails", detail, ("make the folder writable",))
    except SettingError as error:
        return _Finding(what, "fails", error.message, (error.hint,))
    return _Finding(what, "works", f"{folder}: {stored_text(clips, held, store.largest)}")


def _play(output: Output, phrase: Samples) -> _Finding:
    """Play the phrase to its end, and return how that went."""
    from coach.cli.aloud import play_aloud
    from coach.errors import DeviceError

    what = f"playing with {output.name}"
    try:
        playback = play_aloud(output, phrase)
    except DeviceError as error:
        return _Finding(what, "fails", error.message, _how_to_mend(error))
    gaps = f", {playback.underruns} gaps" if playback.underruns else ""
    heard_after = f"a command is heard after about {playback.latency * 1000:.0f} ms"
    return _Finding(what, "works", f"{heard_after}{gaps}")


# -- telling -------------------------------------------------------------------------------------


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from coach import __version__

    found = {"coach": __version__, "python": platform.python_version()}
    for package in ("miniaudio", "simpleaudio", "pyttsx3", "hibari-tts", "piper-tts", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _system() -> str:
    import platform

    return f"{platform.system()} {platform.release()} {platform.machine()}"


def _document(
    findings: Sequence[_Finding],
    devices: tuple[Device, ...],
    hearing: Hearing,
    *,
    is_ready: bool,
) -> dict[str, Any]:
    return {
        "ready": is_ready,
        "system": _system(),
        "versions": _versions(),
        "checks": [asdict(finding) for finding in findings],
        "devices": [asdict(device) for device in devices],
        "listening": hearing.document(),
    }


def _show(findings: Sequence[_Finding], devices: tuple[Device, ...], hearing: Hearing) -> None:
    versions = ", ".join(f"{name} {version}" for name, version in _versions().items())
    echo_text(f"{versions}; {_system()}")
    say()
    rows = [(finding.what, finding.state, finding.detail) for finding in findings]
    table(("Check", "State", "Detail"), rows, whole=("Check", "State"))
    if devices:
        say()
        listed = [
            (device.name, "default" if device.is_default else "", device.backend)
            for device in devices
        ]
        table(("Device", "Used", "By"), listed)
    say()
    echo_text(hearing.line())
    say()


def _conclude(findings: Sequence[_Finding], *, is_ready: bool) -> None:
    # An output that is not installed is no fault while another one works.
    faults = [one for one in findings if not (is_ready and one.state == "not installed")]
    remedies = tuple(dict.fromkeys(remedy for one in faults for remedy in one.mend))
    last = findings[-1]
    if last.state == "fails":
        echo_text(f"{last.what}: {last.detail}")
    elif last.what.startswith("playing"):
        echo_text(f"Played: {last.detail}.")
        echo_text("If you heard nothing, turn it up, or choose a device with --device NAME.")
    if not is_ready:
        echo_text("A session cannot be heard here.")
    if remedies:
        echo_text("What may help:")
    for remedy in remedies:
        echo_text(f"  {remedy}")
    if not is_ready:
        echo_text("`coach render ROUTINE` writes a session to a file, for any player or phone.")
    elif not last.what.startswith("playing"):
        echo_text("A session can be played.")
