"""What looks like an exercise."""

from __future__ import annotations

from msgspec import Struct, field


class Candidate(Struct):
    """What looks like an exercise."""

    name: str
    lines: list[str] = field(default_factory=list)
    """What the handout says about it, in its order."""
    labelled: list[str] = field(default_factory=list)
    """Doses from a table, as `Reps: 10`."""
    context: str = ""
    """The heading above the list that it stands in."""
    shared: str = ""
    """The dose that stands above that list, for all in it."""
    is_named: bool = True
    """Whether the handout gives the name."""
