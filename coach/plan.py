"""A routine into steps: what is said, cued and waited for, in which order.

Everything here is pure. Steps carry exact seconds; `coach.timeline` gives them their frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec.structs import replace

from coach.phrases.doses import spoken_changes, spoken_dose, spoken_limits
from coach.phrases.fields import exercise_fields, phase_fields
from coach.phrases.remarks import Remarks
from coach.routine import Circuit, Exercise, Item, Phase, Routine
from coach.steps import (
    At,
    Chapter,
    Cue,
    CueName,
    Gap,
    Now,
    Part,
    Rank,
    Say,
    SpanKind,
    Step,
    Timed,
    Where,
    at_speed,
)
from coach.template import fill

if TYPE_CHECKING:
    from coach.phrases import Phrasebook
    from coach.settings import Manner
    from coach.settings.since import DoseChange

LEAD_IN = Fraction(3, 4)
"""After the first tone, so that a loudspeaker that was asleep does not swallow the first word."""
SENTENCE = Fraction(1, 2)
"""Between sentences of an instruction."""
LONGEST_PAUSE = Fraction(5, 2)
"""After a sentence of a setup, of which a listener does what it says before the next one."""
CHARACTERS_PER_SECOND = 40
"""Of such a sentence, for the length of the pause: the more it asks for, the longer it is."""
BREATH = Fraction(1, 4)
"""Between the last word and a tone, or a tone and the next word."""
BETWEEN = Fraction(3, 4)
"""Between repetitions, after an end tone, and around announcements."""
AFTER_TONE = Fraction(1, 2)
"""Between the start of an end or halfway tone and the next word."""
COUNT_AFTER_BEEP = Fraction(1, 8)
"""Between a beep and the count that is spoken with it."""
LONG_HOLD = Fraction(20)
"""From here on the middle of a hold or of work is marked (seconds)."""
MANY_REPS = 8
"""From here on the middle of the repetitions is marked."""
LONG_WORK = Fraction(30)
"""From here on the last ten seconds of work are announced."""
BEEPED_WORK = Fraction(10)
"""Shorter work, such as a breath, ends without three beeps before."""
CALM_PRAISE = 2
"""Who is encouraged calmly is praised at every second rest, the first one included."""
LIVELY_REPS = 3
"""Who is encouraged lively hears a word at every third repetition, in its first span of at least
`ROOM` seconds."""
ROOM = Fraction(3)
INTO_SPAN = Fraction(1)
"""Seconds from there to the beginning of the word."""


def plan(
    routine: Routine,
    manner: Manner,
    phrases: Phrasebook,
    length: Fraction,
    took: Fraction | None = None,
    changes: Sequence[DoseChange] = (),
) -> tuple[Step, ...]:
    """Return the steps of a session.

    Args:
        routine: adjusted to the user's settings.
        manner: how much is said and how holds are counted.
        phrases: of the language that the coach speaks.
        length: the session's seconds, which the introduction speaks of.
        took: the seconds that the end speaks of; None for the same.
        changes: what the introduction tells to be different from the last time.
    """
    planner = _Planner(routine, manner, phrases, length, took or length, changes)
    return tuple(planner.session())


class _Planner:
    """Holds what every part of a session's plan needs to know."""

    def __init__(
        self,
        routine: Routine,
        manner: Manner,
        phrases: Phrasebook,
        length: Fraction,
        took: Fraction,
        changes: Sequence[DoseChange],
    ) -> None:
        self._routine = routine
        self._changes = changes
        self._phrases = phrases
        self._length = length
        self._took = took
        self._is_full = manner.detail == "full"
        self._has_words = manner.detail != "cues"
        self._beeps = manner.count != "voice"
        self._voice = manner.count != "beep"
        self._order = {exercise.id: n for n, exercise in enumerate(routine.exercises(), 1)}
        self._introduced: set[str] = set()
        self._rested = Fraction(0)
        """Seconds of the rest that has just ended, whose beeps lead into what comes next."""
        self._rests = 0
        self._events: dict[tuple[SpanKind, Fraction, str, str], tuple[At, ...]] = {}
        self._is_lively = self._is_full and manner.style == "lively"
        self._is_encouraging = self._is_full and manner.style != "plain"
        self._remarks = Remarks(phrases, manner.style, routine.id)

    # -- the whole session ---------------------------------------------------------------

    def session(self) -> Iterator[Step]:
        nowhere = Where()
        yield Chapter(self._phrases.say("introduction"))
        yield Now(Cue("ready"), nowhere)
        yield Gap(LEAD_IN)
        if self._has_words:
            yield from self._introduction(nowhere)
        yield from self._items(self._routine.items, ())
        yield Chapter(self._phrases.say("closing"))
        yield Now(Cue("finish"), nowhere)
        yield Gap(BETWEEN)
        if self._is_full:
            yield from self._sentences(self._routine.closing, nowhere)
        if self._has_words:
            took = self._phrases.say("took", time=self._phrases.about(self._took))
            yield Now(Say(took), nowhere)
            yield Gap(BETWEEN)

    def _introduction(self, where: Where) -> Iterator[Step]:
        phrases, routine = self._phrases, self._routine
        texts = [phrases.say("title", title=routine.title)]
        count = len(self._order)
        time = phrases.about(self._length)
        texts.append(phrases.say("exercises_and_time", n=count, time=time))
        texts += spoken_changes(self._changes, routine, phrases)
        if self._is_full:
            if routine.equipment:
                items = phrases.listed(routine.equipment)
                texts.append(phrases.say("equipment", items=items))
            texts += routine.safety
        yield from self._sentences(texts, where)
        yield Gap(BETWEEN)

    def _sentences(self, texts: Sequence[str], where: Where) -> Iterator[Step]:
        for text in texts:
            yield Now(Say(text), where)
            yield Gap(SENTENCE)

    # -- items, circuits and rests -------------------------------------------------------

    def _items(self, items: Sequence[Item], rounds: tuple[int, ...]) -> Iterator[Step]:
        for i, item in enumerate(items):
            if isinstance(item, Circuit):
                yield from self._circuit(item, rounds)
            elif item.speed is None:
                yield from self._exercise(item, rounds)
            else:
                yield from (at_speed(step, item.speed) for step in self._exercise(item, rounds))
            if i + 1 < len(items):
                upcoming = _first(items[i + 1])
                text = self._phrases.say("next", name=self._called(upcoming))
                # Where the exercise is going to be announced anyway, its name may be dropped.
                is_known = upcoming.id in self._introduced
                say = Say(text, Rank.REQUIRED if is_known else Rank.ENCOURAGEMENT)
                exercise = item.id if isinstance(item, Exercise) else None
                where = Where(exercise=exercise, rounds=rounds)
                yield from self._rest(item.rest.value, where, say)

    def _circuit(self, circuit: Circuit, outer: tuple[int, ...]) -> Iterator[Step]:
        total = circuit.rounds.value
        first = _first(circuit)
        is_new = first.id not in self._introduced
        for round_ in range(1, total + 1):
            rounds = (*outer, round_)
            # Between a rest's beeps and an exercise that is known, nothing is said.
            if self._has_words and (not self._rested or first.id not in self._introduced):
                texts = [self._sentence(circuit.name)] if circuit.name and round_ == 1 else []
                if total > 1:
                    texts.append(self._phrases.say("round", n=round_, total=str(total)))
                if round_ == 1 and is_new:
                    texts += spoken_limits(circuit, self._phrases)
                yield from self._sentences(texts, Where(rounds=rounds))
            yield from self._items(circuit.items, rounds)
            if round_ < total:
                name = self._called(first)
                text = self._phrases.say("next_round", n=round_ + 1, total=str(total), name=name)
                yield from self._rest(circuit.rest.value, Where(rounds=rounds), Say(text))

    def _called(self, exercise: Exercise) -> str:
        """Return the exercise's name, with the side that it begins on."""
        if not exercise.sides:
            return exercise.name
        side = self._phrases.side(exercise.sides[0])
        return self._phrases.listed_with_comma((exercise.name, side))

    def _rest(self, seconds: Fraction, where: Where, upcoming: Say) -> Iterator[Step]:
        yield Gap(BETWEEN)
        if not seconds:
            return
        says: tuple[Say, ...] = ()
        if self._is_lively or (self._is_encouraging and self._rests % CALM_PRAISE == 0):
            says = (Say(self._remarks.next("well_done"), Rank.ENCOURAGEMENT),)
        if self._has_words:
            time = self._phrases.duration(seconds)
            says = (*says, Say(self._phrases.say("rest", time=time)), upcoming)
        self._rests += 1
        self._rested = seconds
        yield _waiting("rest", seconds, where, says, tone="rest")

    # -- an exercise ---------------------------------------------------------------------

    def _exercise(self, exercise: Exercise, rounds: tuple[int, ...]) -> Iterator[Step]:
        where = Where(exercise=exercise.id, rounds=rounds)
        is_new = exercise.id not in self._introduced
        title = exercise.name
        if not is_new:
            n = ".".join(map(str, rounds))
            title = self._phrases.say("chapter_in_round", name=title, round=n)
        yield Chapter(title)
        if is_new:
            self._introduced.add(exercise.id)
            yield from self._presentation(exercise, where)
        elif self._has_words and not self._rested:
            yield from self._sentences([self._sentence(self._called(exercise))], where)
        # A rest is time to take the position as well, where no instruction comes after it.
        taken = Fraction(0) if is_new else self._rested
        yield from self._settle(max(Fraction(0), exercise.settle.value - taken), where)
        for set_ in range(1, exercise.sets.value + 1):
            if set_ > 1:
                yield from self._rest_between_sets(exercise, replace(where, set=set_ - 1), set_)
            for i, side in enumerate(exercise.sides or (None,)):
                here = replace(where, set=set_, side=side)
                if exercise.sets.value > 1 or len(exercise.sides) > 1:
                    yield Part(self._part(title, exercise, here))
                if i and side is not None:
                    yield from self._switch(exercise, here, side)
                yield from self._set(exercise, here)
        self._rested = Fraction(0)

    def _part(self, title: str, exercise: Exercise, where: Where) -> str:
        """Return the title of a set or a side."""
        parts = [title]
        if exercise.sets.value > 1:
            parts.append(self._phrases.say("set", n=where.set, total=str(exercise.sets.value)))
        if where.side is not None:
            parts.append(self._phrases.side(where.side))
        return self._phrases.listed_with_comma(parts)

    def _presentation(self, exercise: Exercise, where: Where) -> Iterator[Step]:
        if not self._has_words:
            return
        total = len(self._order)
        key = "exercise" if total > 1 else "exercise_alone"
        number = self._order[exercise.id]
        texts = [self._phrases.say(key, n=number, total=str(total), name=exercise.name)]
        if self._is_full:
            yield from self._sentences(texts, where)
            texts = []
            values = exercise_fields(exercise, self._phrases)
            for text in (fill(text, values) for text in exercise.setup):
                yield Now(Say(text), where)
                yield Gap(pause_after(text) if exercise.pause is None else exercise.pause)
        dose = spoken_dose(exercise, self._phrases)
        texts.append(self._sentence(dose) if dose else "")
        texts += spoken_limits(exercise, self._phrases)
        if exercise.sides:
            texts.append(self._side(exercise.sides[0]))
        yield from self._sentences([text for text in texts if text], where)

    def _side(self, side: str) -> str:
        return self._sentence(self._phrases.side(side))

    def _sentence(self, words: str) -> str:
        return self._phrases.say("sentence", words=words[:1].upper() + words[1:])

    def _settle(self, seconds: Fraction, where: Where) -> Iterator[Step]:
        if not seconds:
            return
        says: tuple[Say, ...] = ()
        if self._is_full and seconds >= 5:
            says = (Say(self._phrases.say("get_ready"), Rank.ENCOURAGEMENT),)
        yield _waiting("settle", seconds, where, says)

    def _rest_between_sets(self, exercise: Exercise, where: Where, set_: int) -> Iterator[Step]:
        parts = [self._phrases.say("set", n=set_, total=str(exercise.sets.value))]
        if exercise.sides:
            parts.append(self._phrases.side(exercise.sides[0]))
        text = self._phrases.listed_with_comma(parts)
        say = Say(self._phrases.say("next_set", set=text))
        yield from self._rest(exercise.rest.value, where, say)
        if not exercise.rest.value and self._has_words:
            yield from self._sentences([self._sentence(text)], where)

    def _switch(self, exercise: Exercise, where: Where, side: str) -> Iterator[Step]:
        yield Gap(BETWEEN)
        text = self._phrases.say("switch", side=self._side(side))
        says = (Say(text),) if self._has_words else ()
        if exercise.switch.value:
            yield _waiting("switch", exercise.switch.value, where, says, tone="switch")
        else:
            yield Now(Cue("switch"), where)
            yield from self._sentences([say.text for say in says], where)

    # -- a set of repetitions ------------------------------------------------------------

    def _set(self, exercise: Exercise, where: Where) -> Iterator[Step]:
        steps = self._self_paced(exercise, where)
        if exercise.phases:
            steps = self._repetitions(exercise, where)
        first = next(steps, Gap(BREATH))
        if not (isinstance(first, Timed) and first.kind in ("hold", "work")):
            yield Now(Cue("start"), where)
            yield Gap(BREATH)
        yield first
        yield from steps

    def _self_paced(self, exercise: Exercise, where: Where) -> Iterator[Step]:
        seconds = exercise.pace.value * exercise.reps.value
        events = (At(Fraction(0), Cue("start")), At(seconds, Cue("end")))
        yield Timed("work", seconds, where, events=events)
        yield Gap(AFTER_TONE)

    def _repetitions(self, exercise: Exercise, where: Where) -> Iterator[Step]:
        total = exercise.reps.value
        values = exercise_fields(exercise, self._phrases, where.side)
        first_side = exercise.sides[0] if exercise.sides else None
        is_flowing = _flows(exercise.phases[-1], exercise.phases[0])
        for rep in range(1, total + 1):
            if rep > 1 and not is_flowing:
                yield Gap(BETWEEN)
            says = self._count_of(rep, total)
            before = exercise.phases[-1] if is_flowing and rep > 1 else None
            remark = self._remark_in_set(rep, total)
            for phase in exercise.phases:
                place = replace(where, rep=rep, phase=phase.id)
                says += self._words_of(phase, place, values, first_side)
                if before and _is_timed(before) and not _flows(before, phase):
                    yield Gap(AFTER_TONE)
                has_room = bool(remark) and phase.time >= ROOM
                yield from self._phase(phase, before, place, tuple(says), remark * has_room)
                remark = "" if has_room else remark
                says = []
                before = phase
        if _is_timed(exercise.phases[-1]):
            yield Gap(AFTER_TONE)

    def _remark_in_set(self, rep: int, total: int) -> str:
        """Return what is said in this repetition to keep one going; mostly nothing."""
        is_due = rep % LIVELY_REPS == 0 and rep < total
        return self._remarks.next("in_set") if self._is_lively and is_due else ""

    def _count_of(self, rep: int, total: int) -> list[Say]:
        says = []
        if self._has_words and total >= MANY_REPS and rep == total // 2 + 1:
            says.append(Say(self._phrases.say("halfway"), Rank.HALFWAY))
        if total > 1:
            key = "last" if rep == total and self._has_words else "number"
            says.append(Say(self._phrases.say(key, n=rep), Rank.COUNT))
        return says

    def _words_of(
        self, phase: Phase, where: Where, values: dict[str, str], first_side: str | None
    ) -> list[Say]:
        own = phase_fields(values, phase, self._phrases)
        says = []
        if phase.cue and self._has_words:
            says.append(Say(self._spoken(fill(phase.cue, own))))
        is_first_set = where.set == 1 and where.side in (None, first_side)
        is_first = where.rep == 1 and is_first_set and set(where.rounds) <= {1}
        if phase.guide and self._is_full and is_first:
            says.append(Say(self._spoken(fill(phase.guide, own))))
        return says

    def _spoken(self, text: str) -> str:
        """Return a cue as a sentence, so that engines let the voice fall at its end."""
        return text if text[-1] in ".!?\u2026:;" else self._phrases.say("sentence", words=text)

    def _phase(
        self,
        phase: Phase,
        before: Phase | None,
        where: Where,
        says: tuple[Say, ...],
        remark: str,
    ) -> Iterator[Step]:
        """Yield the steps of a phase.

        Args:
            phase: any.
            before: the one that comes before it without a break, if any.
            where: its place.
            says: the count and its words.
            remark: what is said where there is room; may be empty.
        """
        if phase.move and phase.move.value:
            seconds = phase.move.value
            is_there = bool(remark) and not _is_timed(phase)
            events = (_encouraging(seconds / 2, remark),) if is_there else ()
            yield Timed("move", seconds, where, says, events, stretches=True)
            says = ()
        is_inside = bool(phase.work and not phase.hold) or (
            before is not None and _flows(before, phase)
        )
        if says and not is_inside:
            for say in says:
                yield Now(say, where)
                yield Gap(BREATH)
            says = ()
        if phase.hold:
            seconds = phase.hold.value
            yield Timed("hold", seconds, where, says, self._events_of("hold", seconds, remark))
            says, remark = (), ""
        if phase.work:
            seconds = phase.work.value
            yield Timed("work", seconds, where, says, self._events_of("work", seconds, remark))

    # -- what sounds in a hold or in work ------------------------------------------------

    def _events_of(self, kind: SpanKind, seconds: Fraction, remark: str) -> tuple[At, ...]:
        """Return the tones and counts of a span; equal spans share one tuple."""
        long_from = LONG_HOLD if self._is_lively else 2 * LONG_HOLD
        is_long = self._is_encouraging and seconds >= long_from
        late = self._remarks.next("keep_going") if is_long else ""
        key = (kind, seconds, remark, late)
        if key not in self._events:
            make = self._hold_events if kind == "hold" else self._work_events
            events = [*make(seconds), *self._middle(seconds)]
            if remark and seconds >= ROOM:
                events.append(_encouraging(INTO_SPAN, remark))
            if late:
                events.append(_encouraging(seconds * 3 / 4, late))
            self._events[key] = tuple(sorted(events, key=lambda at: at.offset))
        return self._events[key]

    def _hold_events(self, seconds: Fraction) -> Iterator[At]:
        yield At(Fraction(0), Cue("start"))
        for second in range(1, math.ceil(seconds)):
            left = seconds - second
            if self._beeps:
                yield At(Fraction(second), Cue("final" if left <= 3 else "tick"))
            if self._voice:
                yield self._spoken_second(Fraction(second), math.ceil(left))
        yield At(seconds, Cue("end"))

    def _work_events(self, seconds: Fraction) -> Iterator[At]:
        yield At(Fraction(0), Cue("start"))
        if seconds >= BEEPED_WORK:
            for at in _last_three(seconds, "final"):
                if self._beeps:
                    yield at
                if self._voice:
                    yield self._spoken_second(at.offset, int(seconds - at.offset))
        if seconds >= LONG_WORK and self._has_words:
            text = self._phrases.say("ten_seconds_left")
            yield At(seconds - 10, Say(text, Rank.ENCOURAGEMENT))
        yield At(seconds, Cue("end"))

    def _spoken_second(self, offset: Fraction, left: int) -> At:
        """Return the count of the seconds that are left, over before the next count."""
        begin = offset + COUNT_AFTER_BEEP if self._beeps else offset
        return At(begin, Say(self._phrases.say("number", n=left), Rank.COUNT), until=begin + 1)

    def _middle(self, seconds: Fraction) -> Iterator[At]:
        if seconds >= LONG_HOLD:
            yield At(seconds / 2, Cue("halfway"))
            if self._has_words:
                say = Say(self._phrases.say("halfway"), Rank.HALFWAY)
                yield At(seconds / 2 + AFTER_TONE, say)


def pause_after(sentence: str) -> Fraction:
    """Return the seconds of silence after a sentence of a setup, by its length, in quarters."""
    quarters = round(Fraction(4 * len(sentence), CHARACTERS_PER_SECOND))
    return min(max(SENTENCE, Fraction(quarters, 4)), LONGEST_PAUSE)


def _encouraging(offset: Fraction, text: str) -> At:
    return At(offset, Say(text, Rank.ENCOURAGEMENT))


def _first(item: Item) -> Exercise:
    return _first(item.items[0]) if isinstance(item, Circuit) else item


def _is_timed(phase: Phase) -> bool:
    return bool(phase.hold or phase.work)


def _flows(before: Phase, phase: Phase) -> bool:
    """Whether `phase` begins at the very moment at which `before` ends, as in paced breathing.

    That is so where nothing is to be travelled and work follows work or a hold, or a hold
    follows work.
    """
    if not _is_timed(before) or (phase.move and phase.move.value):
        return False
    return bool(before.work if phase.hold else phase.work)


def _last_three(
    seconds: Fraction, cue: CueName, earliest: Fraction = Fraction(0)
) -> tuple[At, ...]:
    """Return a beep at each of the last three seconds of a span, from `earliest` on."""
    offsets = (seconds - left for left in (3, 2, 1))
    return tuple(At(offset, Cue(cue)) for offset in offsets if offset >= earliest)


def _waiting(
    kind: SpanKind,
    seconds: Fraction,
    where: Where,
    says: tuple[Say, ...],
    tone: CueName | None = None,
) -> Timed:
    """Return a rest, settle or switch: its tone, what is said, and three beeps at the end."""
    beeps = _last_three(seconds, "ready", earliest=Fraction(1) if tone else Fraction(0))
    tones = (At(Fraction(0), Cue(tone)),) if tone else ()
    beeps_from = beeps[0].offset if beeps else None
    return Timed(kind, seconds, where, says, (*tones, *beeps), beeps_from)
