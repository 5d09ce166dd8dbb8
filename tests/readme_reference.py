"""The command reference in the README, made from the help texts.

`python -m tests.readme_reference` (or `make readme`) writes it anew.
"""

from __future__ import annotations

from pathlib import Path

import click

from coach.cli import coach

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- reference: made by `make readme` from the help texts -->"
END = "<!-- end of reference -->"
COLUMNS = 80


def context_of(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    """Return the context in which `command` runs, on a terminal of 80 columns."""
    settings = {**command.context_settings, "terminal_width": COLUMNS}
    return click.Context(command, info_name=name, parent=parent, **settings)


def reference() -> str:
    """Return the reference in Markdown: a heading and a block for `coach` and each command."""
    group = context_of(coach, "coach")
    contexts = [group]
    for name in coach.list_commands(group):
        command = coach.get_command(group, name)
        if command is not None:
            contexts.append(context_of(command, name, group))
    return "\n\n".join(
        f"### `{context.command_path}`\n\n```text\n{_help(context)}\n```" for context in contexts
    )


def _help(context: click.Context) -> str:
    lines = click.unstyle(context.command.get_help(context)).splitlines()
    return "\n".join(line.rstrip() for line in lines).rstrip()


def with_reference(readme: str) -> str:
    """Return the text of a README with the present reference between its markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"expected the markers {BEGIN} and {END} in {README}")
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


if __name__ == "__main__":
    README.write_text(with_reference(README.read_text("utf-8")), "utf-8", newline="\n")
