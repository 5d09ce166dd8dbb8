"""Engines, outputs and the like by name: those that ship, and those of other packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from coach.errors import CoachError, did_you_mean


def load_part(
    name: str,
    shipped: Mapping[str, str],
    group: str,
    *,
    kind: str,
    error: type[CoachError],
    others: Sequence[str] = ("auto",),
) -> Any:
    """Return the class of a part, imported now.

    Args:
        name: the part's.
        shipped: name -> `module:class`.
        group: the entry point group in which other packages offer parts.
        kind: what to call a part in a message.
        error: what is raised.
        others: further names that the user may give, for the message.

    Raises:
        CoachError: an `error`; there is no such part.
    """
    if name in shipped:
        module, _, attribute = shipped[name].partition(":")
        return getattr(import_module(module), attribute)
    from importlib.metadata import entry_points

    found = {entry.name: entry for entry in entry_points(group=group)}
    if name in found:
        return found[name].load()
    known = [*others, *shipped, *found]
    raise error(
        f"there is no {kind} `{name}`{did_you_mean(name, known)}",
        hint=f"choose one of: {', '.join(known)}",
    )
