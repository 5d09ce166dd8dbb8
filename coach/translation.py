"""A routine in another of the languages that its script has texts in."""

from __future__ import annotations

from msgspec.structs import replace

from coach.editions import matching
from coach.routine import Circuit, Item, Routine


def in_language(routine: Routine, language: str) -> Routine:
    """Return a routine, which may be adjusted, with its script's texts in `language`.

    It is the same if the script has no texts in that language. Ids stay.
    """
    tag = matching(language, tuple(routine.translations))
    if tag is None:
        return routine
    other, own = routine.translations[tag], routine.translations[routine.language]
    names = {circuit.id: circuit.name for circuit in other.circuits()}
    texts = {exercise.id: exercise for exercise in other.exercises()}
    sides = {item.id: item.sides for item in own.exercises()}

    def spoken(item: Item) -> Item:
        if isinstance(item, Circuit):
            return replace(item, name=names[item.id], items=tuple(map(spoken, item.items)))
        text = texts[item.id]
        said = {phase.id: phase for phase in text.phases}
        called = dict(zip(sides[item.id], text.sides, strict=True))
        phases = tuple(
            replace(phase, cue=said[phase.id].cue, guide=said[phase.id].guide)
            for phase in item.phases
        )
        return replace(
            item,
            name=text.name,
            setup=text.setup,
            phases=phases,
            sides=tuple(called[side] for side in item.sides),
        )

    return replace(
        other,
        items=tuple(map(spoken, routine.items)),
        warnings=routine.warnings,
        translations=routine.translations,
        untranslated=routine.untranslated,
    )


def language_notice(routine: Routine, language: str) -> str:
    """Return what a session in `language` says in another one; empty if it says nothing so.

    Args:
        routine: as the script has it.
        language: of the session.
    """
    if matching(language, (routine.language,)):
        return ""
    tag = matching(language, tuple(routine.translations))
    if tag is None:
        return (
            f"the script has no texts in `{language}`, so the exercises are called by their names "
            f"in `{routine.language}`; only the coach's own words are in `{language}`"
        )
    if number := routine.untranslated.get(tag, 0):
        texts = "1 text is" if number == 1 else f"{number} texts are"
        return (
            f"{texts} missing in `{tag}` and said in `{routine.language}`; `coach check` shows "
            "where"
        )
    return ""
