"""The way into the `coach` command, also as `python -m coach`: Ctrl-C is no traceback from here."""

import signal


def main() -> None:
    """Run the command line and exit with its code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Nothing has been begun, so nothing has to be tidied up: let it end the process.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from coach.cli import main as command

    command()


if __name__ == "__main__":
    main()
