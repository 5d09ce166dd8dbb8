"""w2a, "workout to audio": its YAML files.

The fields are those of internal/config in mrclmr/w2a, which refuses any others: `tts`,
`audio_format`, `i18n`, `pause`, `half_time` (each with `text` and `duration`),
`exercise_beginning` and `exercises` are required, `before_workout_announce`,
`after_workout_announce` and `log_level` are not. An exercise has `name`, `duration`, and perhaps
`texts`, `half_time` and `pause_duration`. Durations are Go's, such as `1m30s` or `500ms`.

What it makes of them is in cmd/w2a/root.go: before *each* exercise a pause, then the name and the
texts within the duration; with `half_time` the sides are changed after the half of it, for as long
as `half_time.duration`. Texts have Go's templates, such as `{{ .ExerciseName }}`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from coach.errors import CoachError, ScriptError
from coach.exchange import Content, Draft, Found
from coach.exchange.content import (
    MAX_ENTRIES,
    Notes,
    active_time,
    cleaned,
    fitting,
    idle_time,
    joined,
    mappings,
    name_of,
    sentences,
    shortened_to,
    tell_unknown,
)
from coach.exchange.items import with_usual_rest
from coach.exchange.unfolding import tell_what_stays
from coach.phrases import Phrasebook, languages, load_phrasebook
from coach.phrases.fields import exercise_fields
from coach.routine import Circuit, Exercise, Item, Routine
from coach.script import parse_script, plain
from coach.template import fill
from coach.units import ACTIVE_TIME, exact_duration
from coach.values import MAX_TEXT

TITLE = "w2a"
LOOKS_FOR = "YAML with `exercises`, each with `name` and `duration`, and `pause`"
MAX_CHARACTERS = 1_000_000
"""YAML takes more memory than it has characters, by far."""
_READ = frozenset(
    {
        *("exercises", "pause", "half_time", "after_workout_announce", "before_workout_announce"),
        *("exercise_beginning", "tts", "audio_format", "i18n", "log_level"),
    }
)
"""Keys that are read, or say in which words and with which program it is spoken."""
SIDES = ("left", "right")
_GO_UNITS: Mapping[str, int | Fraction] = {
    "h": 3600,
    "m": 60,
    "s": 1,
    "ms": Fraction(1, 1000),
    "us": Fraction(1, 10**6),
    "\u00b5s": Fraction(1, 10**6),
    "ns": Fraction(1, 10**9),
}
_GO_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s|us|\u00b5s|ns))+", re.ASCII)
_GO_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|\u00b5s|ns)", re.ASCII)
_ANNOUNCED = re.compile(r"(?P<title>[^{}]+)\. \{\{ \.WorkoutExercisesCount \}\}")


def recognise(content: Content) -> bool:
    """Return whether this has the list of exercises with durations."""
    if content.is_json or not re.search(r"^exercises\s*:", content.text, re.MULTILINE):
        return False
    if re.search(r"^(?:title|coach)\s*:", content.text, re.MULTILINE):
        return False
    return re.search(r"\bduration['\"]?\s*:", content.text) is not None


def read(content: Content, notes: Notes) -> list[Found]:
    """Return the workout."""
    del notes
    if content.is_json:
        return []
    if len(content.text) > MAX_CHARACTERS:
        raise CoachError(
            f"{content.name} is larger than {MAX_CHARACTERS // 1_000_000} MB, "
            "so it is hardly a workout for w2a",
        )
    try:
        document = parse_script(content.text, content.name, "a workout with `exercises`")
    except ScriptError as error:
        first = error.problems[0]
        raise CoachError(f"{first.where}: {first.message}") from error
    data = plain(document.root)
    announced = _ANNOUNCED.match(_text(data.get("before_workout_announce")))
    title = name_of(announced["title"]) if announced else ""
    return [Found(title or content.title, lambda notes: _draft(data, notes))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _draft(data: Mapping[str, Any], notes: Notes) -> Draft:
    pause = _announced(data, "pause", notes)
    switch = _announced(data, "half_time", notes)
    items: list[dict[str, Any]] = []
    for position, exercise in enumerate(mappings(data.get("exercises")), 1):
        name = name_of(exercise.get("name")) or f"Exercise {position}"
        time = _duration(exercise.get("duration"))
        if not time:
            notes.add("exercises without a `duration` such as 30s", name)
            continue
        own = _duration(exercise.get("pause_duration")) or pause
        if items:
            items[-1]["rest"] = idle_time(own, notes, name)
        item: dict[str, Any] = {"name": name, "setup": _said(exercise.get("texts"), notes, name)}
        if not items and own:
            item["settle"] = idle_time(own, notes, name)
        is_halved = _text(exercise.get("half_time")).lower() in ("true", "yes", "on", "y")
        if is_halved and time / 2 < ACTIVE_TIME.least:
            notes.add("sides in times of less than a second", name)
        elif is_halved:
            item |= {"sides": list(SIDES), "switch": idle_time(switch, notes, name)}
            time /= 2
        items.append(item | {"work": active_time(time, notes, name)})
        if len(items) > MAX_ENTRIES:
            raise CoachError(f"expected at most {MAX_ENTRIES:,} exercises, found more")
    if not items:
        raise CoachError("expected `exercises` with `name` and `duration`, found none")
    script = with_usual_rest(items)
    after = _text(data.get("after_workout_announce"))
    if "{{" not in after:
        script["closing"] = fitting(sentences(after), notes, "after_workout_announce")
    else:
        notes.add("announcements (the coach makes its own)", "after_workout_announce")
    before = _text(data.get("before_workout_announce"))
    if before and not _ANNOUNCED.match(before):
        notes.add("announcements (the coach makes its own)", "before_workout_announce")
    # Exercises that come several times are written once, below a key of any name.
    referenced = [key for key, value in data.items() if isinstance(value, dict)]
    tell_unknown(data, {*_READ, *referenced}, notes)
    return Draft(script | _language(data))


def _said(texts: Any, notes: Notes, name: str) -> list[str]:
    """Return the texts of an exercise."""
    said = [cleaned(text) for text in texts] if isinstance(texts, list) else []
    return fitting([shortened_to(text, MAX_TEXT) for text in said if text], notes, name)


def _announced(data: Mapping[str, Any], key: str, notes: Notes) -> Fraction:
    """Return the seconds of an announcement."""
    announcement = data.get(key)
    if not isinstance(announcement, dict):
        return Fraction(0)
    time = _duration(announcement.get("duration"))
    if time is None:
        notes.add("durations that are not such as 10s", key)
    return time or Fraction(0)


def _language(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the language that eSpeak NG's voice speaks, if the coach does, too."""
    tts = data.get("tts")
    voice = _text(tts.get("espeak_ng_voice")) if isinstance(tts, dict) else ""
    language = voice.partition("-")[0].lower()
    return {"language": language} if language in languages() else {}


def _duration(value: Any) -> Fraction | None:
    """Return the seconds that a duration of Go means; a bare number is nanoseconds."""
    text = _text(value).strip()
    if text.isdecimal() and text.isascii() and len(text) <= 18:
        return Fraction(int(text), 10**9)
    if len(text) > 40 or not _GO_DURATION.fullmatch(text):
        return None
    return sum((Fraction(n) * _GO_UNITS[unit] for n, unit in _GO_PART.findall(text)), Fraction(0))


_WORDS = {
    "en": ("and", "minute", "minutes", "second", "seconds", "Change sides", "exercises"),
    "de": ("und", "Minute", "Minuten", "Sekunde", "Sekunden", "Seite wechseln", "Übungen"),
    "es": ("y", "minuto", "minutos", "segundo", "segundos", "Cambia de lado", "ejercicios"),
    "fr": (
        "et",
        "minute",
        "minutes",
        "seconde",
        "secondes",
        "Changez de c\u00f4t\u00e9",
        "exercices",
    ),
    "it": ("e", "minuto", "minuti", "secondo", "secondi", "Cambia lato", "esercizi"),
    "nl": ("en", "minuut", "minuten", "seconde", "seconden", "Wissel van kant", "oefeningen"),
    "pt": ("e", "minuto", "minutos", "segundo", "segundos", "Troque de lado", "exercícios"),
}
"""What w2a says; it has no words of its own."""


class _Entry(Struct, frozen=True):
    """One exercise as w2a has it. Times in seconds."""

    exercise: Exercise
    time: Fraction
    pause: Fraction
    """Before it."""


def write(routine: Routine, notes: Notes) -> str:
    """Return a whole file for w2a, in which eSpeak NG speaks.

    Raises:
        CoachError: it would be too long.
    """
    tell_what_stays(routine, notes, kept=("title", "closing", "settle", "setup", "switch"))
    first = next(routine.exercises())
    entries = list(_entries(routine.items, first.settle.value, Fraction(0), notes))
    if any(exercise.settle.value != first.settle.value for exercise in routine.exercises()):
        notes.add("`settle` of all but the first exercise")
    pauses = Counter(entry.pause for entry in entries)
    # A pause of an exercise's own cannot be nothing: that stands for the usual one.
    usual = Fraction(0) if 0 in pauses else pauses.most_common(1)[0][0]
    switches = Counter(entry.exercise.switch.value for entry in entries if entry.exercise.sides)
    switch = switches.most_common(1)[0][0] if switches else Fraction(4)
    if len(switches) > 1:
        notes.add("times to change sides but the most usual one")
    language = routine.language.partition("-")[0].lower()
    words = _WORDS.get(language, _WORDS["en"])
    head = [
        "tts:",
        f"  espeak_ng_voice: {_quoted(language)}",
        "audio_format: 'mp3'",
        "i18n:",
        f"  and: {_quoted(words[0])}",
        f"  minute: {{singular: {_quoted(words[1])}, plural: {_quoted(words[2])}}}",
        f"  second: {{singular: {_quoted(words[3])}, plural: {_quoted(words[4])}}}",
        "before_workout_announce: "
        + _quoted(f"{cleaned(routine.title)}. {{{{ .WorkoutExercisesCount }}}} {words[6]}."),
    ]
    if routine.closing:
        closing = joined([cleaned(text) for text in routine.closing])
        head.append(f"after_workout_announce: {_quoted(closing)}")
    head += [
        "pause:",
        "  text: '{{ .ExerciseName }}, {{ .ExerciseDuration }}'",
        f"  duration: '{_go(usual)}'",
        "half_time:",
        f"  text: {_quoted(words[5])}",
        f"  duration: '{_go(switch)}'",
        "exercise_beginning: '{{ .ExerciseName }}'",
        "exercises:",
    ]
    phrases = load_phrasebook(routine.language)
    lines = [line for entry in entries for line in _lines(entry, usual, phrases)]
    return "\n".join([*head, *lines]) + "\n"


def _entries(
    items: Sequence[Item], before: Fraction, tail: Fraction, notes: Notes
) -> Iterator[_Entry]:
    """Yield what is done in turn.

    Args:
        items: those of the routine or of a circuit.
        before: the pause before the first of them.
        tail: the rest after all of them.
        notes: they are added to.
    """
    for item in items:
        after = tail if item is items[-1] else item.rest.value
        if isinstance(item, Circuit):
            rounds = item.rounds.value
            if rounds > 1:
                notes.add("circuits (their rounds are written out)", item.name)
            for round_ in range(1, rounds + 1):
                end = after if round_ == rounds else item.rest.value
                yield from _entries(item.items, before, end, notes)
                before = end
        else:
            time = _time(item, notes)
            if item.sets.value > 1:
                notes.add("sets (they are written out)", item.name)
            for _ in range(item.sets.value):
                yield _Entry(item, time, before)
                before = item.rest.value
        before = after


def _time(exercise: Exercise, notes: Notes) -> Fraction:
    """Return the seconds of one set, on both sides."""
    time = exercise.repetition * exercise.reps.value
    if exercise.is_self_paced:
        notes.add("the user's own pace (w2a goes on by itself)", exercise.name)
    elif exercise.reps.value > 1 or len(exercise.phases) > 1:
        notes.add("repetitions and phases (the time is that of all)", exercise.name)
    if exercise.sides and exercise.sides != SIDES:
        notes.add("what sides are called", exercise.name)
    if len(exercise.sides) > 2:
        notes.add("sides beyond two", exercise.name)
    return 2 * time if exercise.sides else time


def _lines(entry: _Entry, usual: Fraction, phrases: Phrasebook) -> list[str]:
    exercise = entry.exercise
    lines = [f"  - name: {_quoted(cleaned(exercise.name))}", f"    duration: '{_go(entry.time)}'"]
    if exercise.setup:
        values = exercise_fields(exercise, phrases)
        lines.append("    texts:")
        lines += [f"      - {_quoted(cleaned(fill(text, values)))}" for text in exercise.setup]
    if exercise.sides:
        lines.append("    half_time: true")
    if entry.pause != usual:
        lines.append(f"    pause_duration: '{_go(entry.pause)}'")
    return lines


def _go(seconds: Fraction) -> str:
    """Return a time as Go writes it."""
    return exact_duration(seconds)


def _quoted(text: str) -> str:
    """Return a text as YAML in quotation marks, of which JSON's are a kind."""
    return json.dumps(text, ensure_ascii=False)
