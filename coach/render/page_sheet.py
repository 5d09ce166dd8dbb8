"""The exercise sheet of a page, as HTML: what to have, what to do, how much, boxes to tick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from coach.phrases import Phrasebook
from coach.phrases.fields import exercise_fields, phase_fields
from coach.render.page_words import circuit_dose, exercise_dose, phase_dose
from coach.routine import Exercise, Item, Phase, Routine
from coach.template import fill

MOST_BOXES = 6
"""Boxes to tick for a day; where there are more sets, one box stands for all of them."""


class Sheet:
    """Makes the sheet of one routine. Every text of the routine is escaped."""

    def __init__(self, routine: Routine, words: Phrasebook, phrases: Phrasebook) -> None:
        """Bind the parts.

        Args:
            routine: adjusted to the settings.
            words: the page's own.
            phrases: of the language of the routine's texts.
        """
        self._routine = routine
        self._words = words
        self._phrases = phrases
        self._numbers = {item.id: n for n, item in enumerate(routine.exercises(), 1)}

    @property
    def closing_panel(self) -> int:
        """The number of the panel after those of the exercises; the one before them is 0."""
        return len(self._numbers) + 1

    def html(self) -> str:
        """Return the panels: what comes before, each exercise, and what comes afterwards."""
        routine = self._routine
        about = [
            *self._titled_list("equipment", routine.equipment),
            *self._titled_list("safety", routine.safety),
        ]
        if routine.source:
            title = self._say("source")
            about.append(
                f'<div class="source"><h3>{title}</h3><p>{escape(routine.source)}</p></div>'
            )
        parts = [self._panel(0, "about", "before", about)]
        parts += self._items(routine.items, 1)
        closing = list(_list_of("ul", routine.closing))
        parts.append(self._panel(self.closing_panel, "closing", "afterwards", closing))
        return "\n".join(part for part in parts if part)

    def _panel(self, number: int, name: str, title: str, content: Sequence[str]) -> str:
        if not content:
            return ""
        return (
            f'<section class="panel {name}" data-panel="{number}">'
            f"<h2>{self._say(title)}</h2>{''.join(content)}</section>"
        )

    def _items(self, items: Sequence[Item], times: int) -> Iterator[str]:
        """Yield exercises and circuits, which are done `times` times."""
        for item in items:
            if isinstance(item, Exercise):
                yield self._exercise(item, times)
                continue
            name = escape(item.name) or self._say("circuit")
            dose = escape(circuit_dose(item, self._words))
            yield '<section class="circuit">'
            yield f'<h2>{name}</h2><p class="dose">{dose}</p>'
            yield from self._items(item.items, times * item.rounds.value)
            yield "</section>"

    def _exercise(self, exercise: Exercise, times: int) -> str:
        number = self._numbers[exercise.id]
        fields = exercise_fields(exercise, self._phrases)
        setup = [fill(text, fields) for text in exercise.setup]
        named = [phase for phase in exercise.phases if phase.cue or len(exercise.phases) > 1]
        dose = escape(exercise_dose(exercise, self._words))
        return "".join(
            (
                f'<section class="panel exercise" data-panel="{number}">',
                f'<h2><span class="number">{number}</span> {escape(exercise.name)}</h2>',
                f'<p class="dose">{dose}</p>',
                *_list_of("ul", setup, "setup"),
                '<ol class="phases">' if named else "",
                *(self._phase(exercise, phase, fields) for phase in named),
                "</ol>" if named else "",
                self._days(exercise.sets.value * times),
                "</section>",
            )
        )

    def _phase(self, exercise: Exercise, phase: Phase, fields: dict[str, str]) -> str:
        own = phase_fields(fields, phase, self._phrases)
        cue = fill(phase.cue, own) or (self._words.say("hold" if phase.hold else "work"))
        guide = f" <span>{escape(fill(phase.guide, own))}</span>" if phase.guide else ""
        time = escape(phase_dose(phase, self._words))
        number = exercise.phases.index(phase)
        return (
            f'<li data-phase="{number}"><strong>{escape(cue)}</strong> <small>{time}</small>{guide}'
        )

    def _days(self, count: int) -> str:
        """Return the boxes to tick, for pencils only."""
        boxes = "<i></i>" * count
        if count > MOST_BOXES:
            boxes = f"<i></i>{escape(self._words.say('times', n=count))}"
        days = self._words.phrases["days"]
        cells = "".join(f"<span>{escape(day)}{boxes}</span>" for day in days)
        return f'<p class="days" aria-hidden="true">{cells}</p>'

    def _titled_list(self, title: str, texts: Sequence[str]) -> Iterator[str]:
        if texts:
            yield f'<div class="{title}"><h3>{self._say(title)}</h3>'
            yield from _list_of("ul", texts)
            yield "</div>"

    def _say(self, key: str) -> str:
        return escape(self._words.say(key))


def _list_of(tag: str, texts: Sequence[str], name: str = "") -> Iterator[str]:
    """Yield a list of texts, or nothing if there are none."""
    if texts:
        yield f'<{tag} class="{name}">' if name else f"<{tag}>"
        yield from (f"<li>{escape(text)}" for text in texts)
        yield f"</{tag}>"
