"""The `coach` command: the only place that prints or exits."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from coach import __version__
from coach.cli.console import note, note_problems, show_cursor
from coach.cli.interrupts import Interrupts
from coach.errors import CoachError, ScriptError

DONE, MENDABLE, USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""
_GARBAGE = 50_000
"""Objects after which Python collects garbage, that is what only refers to one another."""
_USUAL_GARBAGE = gc.get_threshold()

_COMMANDS = {
    "play": ("coach.cli.play", "Speak a session, hands-free."),
    "render": ("coach.cli.render", "Write sessions to sound files, captions or a page."),
    "batch": ("coach.cli.batch", "Write the session files of many people."),
    "show": ("coach.cli.routines", "Show a session: exercises, doses, times."),
    "adjust": ("coach.cli.adjust", "Set holds, repetitions and more, for all sessions to come."),
    "list": ("coach.cli.listing", "List the routines: all, or those that fit."),
    "new": ("coach.cli.new", "Write a new routine script."),
    "edit": ("coach.cli.edit", "Change a routine in your editor, and check it."),
    "draft": ("coach.cli.draft", "Draft a routine script from a handout."),
    "check": ("coach.cli.check", "Check routine scripts and show every problem."),
    "fmt": ("coach.cli.fmt", "Put the keys of scripts into the usual order."),
    "import": ("coach.cli.exchange", "Make scripts of other programs' routines."),
    "export": ("coach.cli.exchange", "Write a routine as another program reads it."),
    "schema": ("coach.cli.check", "Print the JSON Schema of routine scripts."),
    "history": ("coach.cli.history", "Show the sessions so far."),
    "cues": ("coach.cli.cues", "List, play and check the sounds of cue packs."),
    "voices": ("coach.cli.voices", "List the voices that can speak."),
    "doctor": ("coach.cli.doctor", "Find out why nothing is heard, and mend it."),
}
"""Where each command is, imported when it runs, and its line in the help."""


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are used, so that help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(_COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from coach.errors import did_you_mean

        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            raise click.UsageError(
                f"there is no command `{name}`{did_you_mean(name, _COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="coach")
def coach() -> None:
    """A voice-guided exercise coach.

    It reads a routine, speaks each instruction, counts the repetitions and marks every hold with
    beeps. ROUTINE is the name of a routine (`coach list`) or the path of a script.
    """


def collect_garbage_often() -> None:
    """Collect it little and often from now on, not among what is there: sound cannot wait."""
    gc.freeze()
    gc.set_threshold(*_USUAL_GARBAGE)


def main() -> None:
    """Run the command line and exit with its code."""
    # numpy would start a thread for each core, to multiply matrices that coach does not have; that
    # takes a seventh of a short run.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # pydantic would look through all installed packages for what changes how it validates.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is imported stays, so looking for garbage among it at every 700th object is in vain.
    gc.set_threshold(_GARBAGE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    completion = os.environ.get("_COACH_COMPLETE")
    if completion:
        sys.exit(_complete(completion))
    interrupts = Interrupts()
    interrupts.begin()
    try:
        code = run(sys.argv[1:], interrupts)
        # What is done is done: a late Ctrl-C changes nothing any more.
        interrupts.ignore()
    except KeyboardInterrupt:  # between the two
        interrupts.ignore()
        code = INTERRUPTED
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()
    except OSError as error:
        _close_stdout()
        code = _tell_system_error(error)
    if code == INTERRUPTED or threading.active_count() > 1:
        # Threads may be within a library that does not outlive being ended with the interpreter:
        # what is written in C++ aborts the process.
        with contextlib.suppress(OSError, AttributeError):
            sys.stderr.flush()
        os._exit(code)
    gc.freeze()  # the interpreter would look through everything again, thrice
    sys.exit(code)


def run(arguments: Sequence[str], interrupts: Interrupts | None = None) -> int:
    """Return the exit code of `coach` with these arguments, every error told on stderr.

    Args:
        arguments: as typed.
        interrupts: watches for Ctrl-C; None is one that does so while this runs.
    """
    if interrupts is None:
        with Interrupts() as own:
            return run(arguments, own)
    code = _outcome(arguments, interrupts)
    if interrupts.is_pressed and code != INTERRUPTED:
        return _tell_interrupted()  # it came where Python has lost it
    return code


def _outcome(arguments: Sequence[str], interrupts: Interrupts) -> int:
    try:
        with coach.make_context("coach", list(arguments), obj=interrupts) as context:
            result = coach.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        note(*told.getvalue().removesuffix("\n").split("\n"))
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return _tell_interrupted()
    except CoachError as error:
        _tell(error)
        return MENDABLE
    except BrokenPipeError:
        _close_stdout()
        return DONE
    except OSError as error:
        return _tell_system_error(error)
    except MemoryError:
        return _tell_little_memory()
    except RuntimeError as error:
        # All that Python says of a thread for which there is no room.
        return _tell_little_memory() if "new thread" in str(error) else _tell_bug(error)
    except Exception as error:  # noqa: BLE001 - the one place where a bug is caught and logged
        # A library that is interrupted while it is imported may raise what it likes.
        return _tell_interrupted() if interrupts.is_pressed else _tell_bug(error)
    return result if isinstance(result, int) else DONE


def _complete(asked: str) -> int:
    """Write what a shell asks for: the script for it, or how words go on."""
    from click.shell_completion import shell_complete

    try:
        return shell_complete(coach, {}, "coach", "_COACH_COMPLETE", asked)
    except BrokenPipeError:
        _close_stdout()
        return DONE
    except OSError as error:
        _close_stdout()
        return _tell_system_error(error)
    except (KeyError, ValueError):
        see = "see `_COACH_COMPLETE` in the README"
        note(f"coach: the shell has not told the words to go on from; {see}.")
        return USAGE


def _tell_interrupted() -> int:
    show_cursor()
    note("Interrupted.")
    return INTERRUPTED


def _close_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's own flush at exit stays silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _tell(error: CoachError) -> None:
    if isinstance(error, ScriptError):
        note_problems(error.problems)
    note(f"coach: {error.message}", *error.more)
    if error.hint:
        note(f"       {error.hint}")


def _tell_system_error(error: OSError) -> int:
    """Tell what the system refused, such as a name that is too long or a full disk."""
    import errno

    reason = error.strerror or str(error)
    where = f"{error.filename}: " if error.filename else ""
    mends = {
        errno.ENAMETOOLONG: "Choose a shorter name.",
        errno.ENOSPC: "Make room there.",
        errno.EMFILE: "Allow this program more open files, as by `ulimit -n 1024`.",
    }
    hint = mends.get(error.errno or 0, "Choose another place, or see who may use this one.")
    if not where and error.errno == errno.ENOENT:  # all that is said of a folder that is gone
        where, hint = "the folder you are in: ", "Go to another one."
    note(f"coach: {where}{reason[:1].lower()}{reason[1:]}", f"       {hint}")
    return MENDABLE


def _tell_little_memory() -> int:
    note("coach: the memory does not suffice: end other programs, or allow this one more.")
    return MENDABLE


def _tell_bug(error: Exception) -> int:
    """Write the traceback to a log file, and say where."""
    import tempfile
    import traceback

    import platformdirs

    text = "".join(traceback.format_exception(error))
    for folder in (platformdirs.user_log_path("audio-coach"), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            log = folder / "coach-error.log"
            log.write_text(
                f"coach {__version__}, Python {sys.version}\n{sys.argv}\n{text}", "utf-8"
            )
        except OSError:
            continue
        note(f"coach: this is a bug: {type(error).__name__}: {error}")
        note(f"       What happened is in {log}; please report it.")
        return BUG
    note(*text.split("\n"))
    return BUG
