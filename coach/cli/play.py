"""`coach play`: a session that is heard while it runs."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from coach.cli import collect_garbage_often
from coach.cli.by_voice import begin_listening, by_voice, listen_options
from coach.cli.console import left_out_lines, note, note_over
from coach.cli.interrupts import Interrupts
from coach.cli.options import RoutineName, request_from, session_options
from coach.errors import CoachError
from coach.units import clock

if TYPE_CHECKING:
    from coach.cli.personal import Decided, Personal
    from coach.cli.screen import FullScreen, Screen
    from coach.cli.sessions import LiveStudio
    from coach.clock import Clock
    from coach.history import Entry, History, Recording
    from coach.live import LiveSession
    from coach.outputs import Output
    from coach.profile import Profile
    from coach.routine import Routine
    from coach.tally import Ending
    from coach.view import View

PAIN_MOST = 10
INTERRUPTED = 130
GUESSED_PART = Fraction(3, 100)
"""Of a session's length, by which it may be longer than guessed while not all of it is spoken."""
WORTH_TELLING = 1.0
"""Seconds of speaking after which its progress is told."""
AWAKE_AFTER_S = 5.0
"""Seconds after which the machine is kept from falling asleep."""


@click.command("play")
@click.argument("routine", type=RoutineName(), required=False)
@click.option("--resume", is_flag=True, help="Go on where the last session was broken off.")
@click.option(
    "--pain",
    type=click.IntRange(0, PAIN_MOST),
    metavar="0-10",
    help="Your pain before; after it you are asked.",
)
@click.option("--plain", is_flag=True, help="Print lines instead of filling the screen.")
@click.option(
    "--output",
    metavar="NAME",
    default="auto",
    help="auto, miniaudio, simpleaudio, file (writes --file) or none. [default: auto]",
)
@click.option(
    "--device", metavar="NAME", help="A loudspeaker of `coach doctor`, or part of its name."
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE.wav",
    help="What --output file writes. [default: ROUTINE-live.wav]",
)
@click.option("--fast", is_flag=True, help="With --output file or none: do not wait for time.")
@listen_options
@session_options
def play_command(
    routine: str | None,
    *,
    resume: bool,
    pain: int | None,
    plain: bool,
    output: str,
    device: str | None,
    file: Path | None,
    fast: bool,
    **options: Any,
) -> int:
    """Speak a session of ROUTINE, hands-free from the first word to the last.

    Keys pause, skip, repeat and change it while it runs; ? shows them. Media keys and headset
    buttons work where the desktop passes them on (MPRIS). With --listen you ask for the same by
    word.

    \b
    coach play si-joint-relief
    coach play si-joint-relief --listen
    coach play si-joint-relief --reps 8 --skip bridging
    coach play --resume
    """
    from coach.cli.personal import Personal
    from coach.cli.sessions import LiveStudio, tell_decided
    from coach.history import History
    from coach.live import LiveSession
    from coach.outputs import LIVE_RATE
    from coach.outputs.loudspeaker import Loudspeaker
    from coach.profile import new_profile_notice
    from coach.routine import load_routine
    from coach.settings import layered

    request = request_from(options)
    if file and output != "file":
        raise click.UsageError("--file goes with --output file")
    if file and file.suffix.lower() != ".wav":
        raise click.UsageError(f"--file writes WAV: give it a name such as {file.stem}.wav")
    if not routine and not resume:
        raise click.UsageError("name a routine, such as si-joint-relief; `coach list` shows them")
    if resume and request.fit is not None:
        raise click.UsageError(
            "--fit goes with a session from the beginning; one that is resumed keeps its values"
        )
    wanted = by_voice(options, fast=fast)
    history = History(request.profile.history_path)
    entry = _unfinished(history, routine) if resume else None
    if entry is not None:
        routine = entry.script
        settings = layered(entry.settings, request.settings)
        request = structs.replace(request, settings=settings, use_saved=False, is_resumed=True)
    name = routine or ""
    personal = Personal(name, request)
    path = personal.path
    if request.profile.is_new:
        note(f"coach: {new_profile_notice(request.profile)}")
    clock_ = _clock(output, fast=fast)
    interrupts = click.get_current_context().ensure_object(Interrupts)
    with ExitStack() as stack:
        # Opening a device takes as long as loading the script, so both are done at once.
        live_file = file or Path(f"{path.stem}-live.wav")
        chosen = stack.enter_context(_output(output, device, clock_, live_file, path))
        loudspeaker = Loudspeaker(chosen, LIVE_RATE)
        stack.callback(loudspeaker.close)
        studio = stack.enter_context(LiveStudio(personal.manner, LIVE_RATE))
        loaded = load_routine(path)
        studio.furnish(loaded, personal.manner_for(loaded), personal.pronounce)
        with _explained(entry):
            decided = _decided(personal, loaded, studio)
        tell_decided(decided, personal, quiet=options["quiet"])
        collect_garbage_often()
        live = LiveSession(
            loaded, decided.settings, studio, loudspeaker, clock_, changes=decided.changes
        )
        obey = begin_listening(stack, live, wanted, request.profile) if wanted else None
        with _speaking(quiet=options["quiet"]) as progress, _explained(entry):
            live.begin(progress, entry.where if entry else None, entirely=fast)
        stack.callback(live.close)
        if obey:
            obey()
        interrupts.check()
        recording = None
        if not fast:  # nobody has exercised to that
            recording = history.begin(
                routine=loaded.id,
                title=loaded.title,
                script=personal.script,
                settings=live.settings,
                planned=live.planned,
                length=live.length,
                pain=pain,
            )
            live.record(recording)
        ending, code = _run(live, interrupts, plain=plain, quiet=options["quiet"])
        problems = [*live.warnings, *studio.problems]
        if recording:
            recording.finish(seconds=float(ending.played), finished=ending.is_finished)
            problems += filter(None, [recording.problem])
        if not options["quiet"]:
            is_kept = recording is not None and recording.id is not None
            again = _again(name, request.profile) if is_kept else ""
            _tell(live, ending, again, before=entry.done if entry else 0)
            for problem in problems:
                note(f"coach: {problem}")
        if options["verbose"]:
            note(f"Underruns of the output: {loudspeaker.underruns}.")
            for line in left_out_lines(live.timeline):
                note(line)
        if recording and pain is not None and code == 0:
            _ask_pain(history, recording)
    if ending.problem:
        raise CoachError(ending.problem, f"Go on later with: {_again(name, request.profile)}")
    return code


def _decided(personal: Personal, routine: Routine, studio: LiveStudio) -> Decided:
    """Return what is in force for a live session.

    Raises:
        SettingError: what is asked for does not fit the routine, or the routine not into the time.
    """
    from coach.cli.sessions import fitted

    decided = personal.decide(routine)
    if personal.fit is None:
        return decided
    length = studio.lengths(routine, decided)
    length.margin = personal.fit * GUESSED_PART
    return fitted(personal, routine, decided, length)


def _unfinished(history: History, routine: str | None) -> Entry:
    """Return the session to go on with.

    Raises:
        CoachError: there is none.
    """
    from coach.library import is_there, known_as
    from coach.script import is_path

    wanted: Path | str | None = routine
    if routine and (is_path(routine) or is_there(Path(routine))):
        wanted = known_as(routine)
    entry = history.unfinished(wanted)
    if entry is None:
        of = f" of `{routine}`" if routine else ""
        raise CoachError(
            f"there is nothing to resume: the last session{of} was not broken off",
            "`coach history` lists the sessions.",
        )
    return entry


@contextlib.contextmanager
def _explained(entry: Entry | None) -> Iterator[None]:
    """Say of an error in a resumed session where its settings come from."""
    from coach.errors import SettingError

    try:
        yield
    except SettingError as error:
        if entry is None:
            raise
        hint = "The session that was broken off was set so; begin anew without --resume."
        raise SettingError(error.message, hint) from error


def _clock(output: str, *, fast: bool) -> Clock:
    from coach.clock import RealClock, VirtualClock

    if not fast:
        return RealClock()
    if output not in ("file", "none"):
        raise click.UsageError("--fast goes with --output file or --output none")
    return VirtualClock()


@contextlib.contextmanager
def _output(
    name: str, device: str | None, clock_: Clock, file: Path, script: Path
) -> Iterator[Output]:
    """Yield the output that is asked for; a file is in its place once the block is over.

    Raises:
        CoachError: there is no such output, or the file cannot be written.
    """
    from coach.files.replacing import check_writable, replacing
    from coach.files.targets import check_different
    from coach.outputs import open_output
    from coach.outputs.paced import FileOutput, SilentOutput

    if name == "none":
        yield SilentOutput(clock_)
    elif name == "file":
        check_different(script, file)
        check_writable(file)
        with replacing(file) as place:
            yield FileOutput(clock_, place)
    else:
        yield open_output(name, device)


@contextlib.contextmanager
def _speaking(*, quiet: bool) -> Iterator[Any]:
    """Yield a function that tells how far speaking is, once that takes long."""
    import time

    began = time.monotonic()
    is_told = False
    is_terminal = sys.stderr is not None and sys.stderr.isatty()

    def progress(done: int, total: int) -> None:
        nonlocal is_told
        if quiet or not is_terminal or is_over or time.monotonic() - began < WORTH_TELLING:
            return
        is_told = True
        note_over(f"Speaking {done} of {total} sentences")

    is_over = False
    try:
        yield progress
    finally:
        is_over = True
        if is_told:
            note("")


def _run(
    live: LiveSession, interrupts: Interrupts, *, plain: bool, quiet: bool
) -> tuple[Ending, int]:
    """Return how the session ended, and the exit code; it is silent then."""
    ending, code = None, 0
    try:
        with ExitStack() as stack:
            try:
                ending = live.run(_shown(stack, live, interrupts, plain=plain, quiet=quiet))
            except KeyboardInterrupt:
                interrupts.ignore()  # from now on it only tidies up
                code = INTERRUPTED
            live.close()
    except KeyboardInterrupt:  # while it did
        interrupts.ignore()
        code = INTERRUPTED
        live.close()
    return ending or live.ending(), code


def _shown(
    stack: ExitStack, live: LiveSession, interrupts: Interrupts, *, plain: bool, quiet: bool
) -> Callable[[View], None]:
    """Return what shows the session, once the controls are ready."""
    from coach.controls.keyboard import Keyboard
    from coach.controls.mpris import Mpris

    stack.enter_context(_awake())
    keyboard = Keyboard(live.obey)
    screen = _screen(stack, plain=plain, quiet=quiet, has_keys=keyboard.is_available())
    if keyboard.is_available():
        stack.enter_context(keyboard)
        live.has_controls = True
    media = stack.enter_context(Mpris(live.obey))

    def show(view: View) -> None:
        interrupts.check()
        screen.show(view, with_keys=live.is_help_wanted)
        media.update(
            # The button of a headset says "play" only to what does not play.
            "Paused" if view.state in ("paused", "lost") or view.is_awaited else "Playing",
            view.exercise.name if view.exercise else view.title,
            view.title,
            float(view.length),
            lambda: float(view.position),
        )

    return show


def _screen(stack: ExitStack, *, plain: bool, quiet: bool, has_keys: bool) -> Screen:
    from coach.cli.screen import FullScreen, NoScreen, PlainScreen

    if quiet:
        return NoScreen()
    if plain or not _is_screen():
        return PlainScreen(has_keys=has_keys)
    screen = stack.enter_context(FullScreen())
    stack.enter_context(_stoppable(screen))
    return screen


@contextlib.contextmanager
def _stoppable(screen: FullScreen) -> Iterator[None]:
    """Give the terminal back while Ctrl-Z keeps the program stopped."""
    if not hasattr(signal, "SIGTSTP") or signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN:
        yield
        return

    def stop(number: int, _: object) -> None:
        screen.leave()
        own = signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)  # returns when the program goes on
        signal.signal(number, own)

    before = signal.signal(signal.SIGTSTP, stop)
    before_continue = signal.signal(signal.SIGCONT, lambda *_: screen.come_back())
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)
        signal.signal(signal.SIGCONT, before_continue)


def _is_screen() -> bool:
    """Return whether stdout is a terminal that can move its cursor."""
    import os

    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and os.environ.get("TERM", "") not in ("dumb", "unknown")


@contextlib.contextmanager
def _awake() -> Iterator[None]:
    """Keep the machine from falling asleep, as far as it lets us; nothing waits for that."""
    import threading

    over = threading.Event()

    def keep() -> None:
        # What this loads takes the processor from the first words, and nothing sleeps that soon.
        if over.wait(AWAKE_AFTER_S):
            return
        with contextlib.suppress(Exception):
            import wakepy

            with wakepy.keep.presenting(on_fail="pass"):
                over.wait()

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(1.0)  # on some systems a program of theirs has to be ended


def _tell(live: LiveSession, ending: Ending, again: str, *, before: int) -> None:
    count = f"{ending.done} of {ending.planned} repetitions in {clock(ending.played)}"
    if before:
        count = f"{count}, after {before} before the break"
    if ending.is_finished:
        note(f"Done: {count}.")
    else:
        note(f"Stopped {_place(live, ending)}: {count}.")
        if again:
            note(f"Go on with: {again}")


def _place(live: LiveSession, ending: Ending) -> str:
    where = ending.where
    exercises = live.routine.exercises()
    exercise = next((item for item in exercises if item.id == where.exercise), None)
    if exercise is None:
        return "at the end"
    rep = f", repetition {where.rep} of {exercise.reps.value}" if where.rep else ""
    return f"in {exercise.name}{rep}"


def _again(name: str, profile: Profile) -> str:
    whose = f" --profile {shlex.quote(profile.name)}" if profile.name else ""
    safe = f"./{name}" if name.startswith("-") else name
    return f"coach play {shlex.quote(safe)} --resume{whose}"


def _ask_pain(history: History, recording: Recording) -> None:
    if sys.stdin is None or not sys.stdin.isatty() or recording.id is None:
        return
    after = click.prompt(
        f"Pain now, 0 to {PAIN_MOST} (Enter leaves it open)",
        default="",
        show_default=False,
        err=True,
        value_proc=_pain_of,
    )
    if after is not None:
        history.set_pain(after, recording.id)


def _pain_of(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isdecimal() and int(text) <= PAIN_MOST):
        raise click.BadParameter(f"expected a number from 0 to {PAIN_MOST}, found {text!r}")
    return int(text)
