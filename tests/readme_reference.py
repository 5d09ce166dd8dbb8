"""What is made from the code: the references in the README, and the schema that is shipped.

`python -m tests.readme_reference` (or `make readme`) writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from coach.cli import coach
from coach.files.shipped import SCHEMA
from coach.format import json_schema

README = Path(__file__).parent.parent / "README.md"
COMMANDS = "<!-- reference: made by `make readme` from the help texts -->"
KEYS = "<!-- keys of {}: made by `make readme` from the schema -->"
END = "<!-- end of reference -->"
COLUMNS = 80
OWNERS = {
    "a routine": "",
    "an exercise": "ExerciseKeys",
    "a phase": "PhaseKeys",
    "a circuit": "CircuitKeys",
}
"""What has keys -> its name among the schema's definitions."""


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


def keys_table(owner: Mapping[str, Any]) -> str:
    """Return a table of the keys that a part of a script has."""
    rows = ["| Key | Value | If left out |", "|---|---|---|"]
    for (value, default), group in groupby(_rows(owner), key=lambda row: row[1:]):
        names = ", ".join(f"`{name}`" for name, *_ in group)
        rows.append(f"| {names} | {value} | {default} |")
    return "\n".join(rows)


def _rows(owner: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, schema in owner["properties"].items():
        value, _, default = schema["description"].rstrip(".").partition(". Default: ")
        if name in owner["required"]:
            default = "must be there"
        # The pronoun is never at the beginning, so a lower letter changes no name.
        yield name, value[:1].lower() + value[1:], default or "none"


def with_references(readme: str) -> str:
    """Return the text of a README with the present references between their markers."""
    schema = json_schema()
    readme = _between(readme, COMMANDS, reference())
    for what, name in OWNERS.items():
        owner = schema["$defs"][name] if name else schema
        readme = _between(readme, KEYS.format(what), keys_table({"required": (), **owner}))
    return readme


def _between(readme: str, begin: str, made: str) -> str:
    before, found, rest = readme.partition(begin)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise ValueError(f"expected the markers {begin} and {END} in {README}")
    return f"{before}{begin}\n\n{made}\n\n{END}{after}"


def schema_text() -> str:
    """Return the text of the schema that is shipped."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    README.write_text(with_references(README.read_text("utf-8")), "utf-8", newline="\n")
    SCHEMA.write_text(schema_text(), "utf-8", newline="\n")
