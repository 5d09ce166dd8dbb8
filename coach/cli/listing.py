"""`coach list`: which routines there are, and which of them fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from msgspec import Struct

from coach.cli.console import echo_json, note, table
from coach.errors import CoachError, SettingError, did_you_mean
from coach.units import Level, parse_duration

if TYPE_CHECKING:
    from coach.routine import Routine

NOTHING = "none"
"""What `--equipment` takes for routines that need nothing."""


class _Length(click.ParamType[Fraction]):
    """A length of a session; a bare number, which could be minutes, is refused."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        """Return the seconds."""
        text = str(value)
        try:
            length = parse_duration(text)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if text.strip().replace(".", "").isdecimal():
            self.fail(f'expected a length with its unit, such as {text.strip()}m, found "{text}"')
        return length


class _Wanted(Struct, frozen=True):
    """What a routine must be like to be listed."""

    tags: tuple[str, ...]
    """All of them."""
    equipment: tuple[str, ...]
    """All of these things are used."""
    levels: tuple[str, ...]
    """One of these; empty if any will do."""

    def takes(self, routine: Routine) -> bool:
        """Return whether a routine is such, whatever its length."""
        tags = {_folded(tag) for tag in routine.tags}
        return (
            all(_folded(tag) in tags for tag in self.tags)
            and (not self.levels or routine.level in self.levels)
            and all(_uses(routine, thing) for thing in self.equipment)
        )


@click.command("list")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="With that tag; repeatable.")
@click.option(
    "--equipment",
    multiple=True,
    metavar="THING",
    help=f"That use that thing, such as mat; `{NOTHING}`: that need nothing; repeatable.",
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=click.Choice(get_args(Level)),
    help="Of that level; repeatable for one or the other.",
)
@click.option("--shorter-than", type=_Length(), help="That take less time: --shorter-than 10m.")
@click.option("--longer-than", type=_Length(), help="That take more time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_command(
    *,
    tags: tuple[str, ...],
    equipment: tuple[str, ...],
    levels: tuple[str, ...],
    shorter_than: Fraction | None,
    longer_than: Fraction | None,
    as_json: bool,
) -> None:
    """List the routines, with about how long each takes.

    Those that ship, and your own (`coach new`, `coach edit`); an own one takes the place of one
    that ships under the same name.

    \b
    coach list --tag neck --equipment none --shorter-than 10m
    """
    rows = list(_rows(_Wanted(tags, equipment, levels), shorter_than, longer_than))
    if as_json:
        echo_json(rows)
        return
    if not rows:
        note("No routine is like that. `coach list` shows all of them.")
        return
    table(
        ("Routine", "About", "Level", "What it is", "Tags"),
        [
            (
                f"{row['name']} (yours)" if row["own"] else row["name"],
                f"{max(1, round(row['seconds'] / 60))} min",
                row["level"] or "",
                row["description"],
                ", ".join(row["tags"]),
            )
            for row in rows
        ],
        right=("About",),
        whole=("Routine", "Level"),
    )


def _rows(
    wanted: _Wanted, shorter_than: Fraction | None, longer_than: Fraction | None
) -> Iterator[dict[str, Any]]:
    """Yield what there is to tell about each routine that is wanted.

    Raises:
        SettingError: no routine at all has one of the tags.
    """
    from coach.library import own_routines
    from coach.session import estimate, prepared
    from coach.settings import Settings

    own = own_routines()
    routines = _loaded(own)
    _check_tags(wanted.tags, list(routines.values()))
    for name, routine in routines.items():
        if not wanted.takes(routine):
            continue
        length = estimate(prepared(routine, Settings()))
        if (shorter_than is not None and length >= shorter_than) or (
            longer_than is not None and length <= longer_than
        ):
            continue
        yield {
            "name": name,
            "own": name in own,
            "title": routine.title,
            "description": routine.description,
            "language": routine.language,
            "level": routine.level,
            "tags": list(routine.tags),
            "equipment": list(routine.equipment),
            "exercises": sum(1 for _ in routine.exercises()),
            "seconds": float(length),
        }


def _loaded(own: Mapping[str, Path]) -> dict[str, Routine]:
    """Return all routines by name; of those in `own` that have problems, a note is printed."""
    from coach.library import routines
    from coach.phrases import load_phrasebook
    from coach.routine import load_routine

    loaded = {}
    for name, path in routines().items():
        try:
            routine = load_routine(path)
            load_phrasebook(routine.language)
        except CoachError:
            if name not in own:
                raise
            note(f"{name} cannot be used as it is: `coach check {name}` tells why.")
        else:
            loaded[name] = routine
    return loaded


def _check_tags(tags: tuple[str, ...], routines: list[Routine]) -> None:
    known = {_folded(tag): tag for routine in routines for tag in routine.tags}
    for tag in tags:
        if _folded(tag) not in known:
            names = sorted(known.values())
            raise SettingError(
                f"no routine has the tag `{tag}`{did_you_mean(tag, names)}",
                f"The tags: {', '.join(names)}.",
            )


def _uses(routine: Routine, thing: str) -> bool:
    """Return whether a thing, in any language of the script, is among what a routine needs."""
    if _folded(thing) == NOTHING:
        return not routine.equipment
    editions = routine.translations.values() or (routine,)
    pattern = re.compile(rf"\b{re.escape(_folded(thing))}(?:s|es)?\b")
    return any(pattern.search(_folded(text)) for each in editions for text in each.equipment)


def _folded(text: str) -> str:
    return " ".join(text.replace("-", " ").casefold().split())
