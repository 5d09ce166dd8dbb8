"""The `coach` command, as `coach` and `python -m coach` start it."""

from __future__ import annotations

import os


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from coach.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        # Only before anything has begun is it not the command line that is interrupted.
        os.write(2, b"Interrupted.\n")
        os._exit(130)


if __name__ == "__main__":
    main()
