"""Generated files of other programs, as these write them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(
    [
        *(
            "Squats",
            "Plank",
            "Side plank",
            "Arm circles",
            "Übung",
            "Stand up: sit down",
            "10",
            "yes",
        ),
        *("\N{FLEXED BICEPS}", "A" * 130, "Lift {hold} it", "Left - right", "# 1", "Rest"),
    ]
) | st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
RESTS = st.sampled_from(["Rest", "rest", "Pause", "Break", "Get ready"])
SENTENCES = st.sampled_from(
    [
        *("Keep your back straight.", "Breathe out!", "do this, e.g. slowly", "Why?", "Lie down"),
        *("Now 3. then {reps}", "Right: left", "- no", "Slowly\nand evenly. Then rest."),
    ]
)
SECONDS = st.integers(1, 90)
INTERVALS = st.tuples(NAMES | RESTS, SECONDS)


def jawt_workouts() -> st.SearchStrategy[dict[str, Any]]:
    exercises = INTERVALS.map(lambda pair: {"id": "x", "name": pair[0], "duration": pair[1]})
    sets = st.fixed_dictionaries(
        {
            "id": st.just("y"),
            "repetitions": st.integers(1, 12),
            "exercises": st.lists(exercises, min_size=1, max_size=4),
        },
        optional={"name": NAMES},
    )
    return st.fixed_dictionaries(
        {
            "title": NAMES,
            "sets": st.lists(sets, min_size=1, max_size=5),
            "version": st.just(2),
            "position": st.just(-1),
        }
    )


def timer_machine_timers() -> st.SearchStrategy[dict[str, Any]]:
    voices = SENTENCES.map(lambda text: {"type": "VOICE", "label": text})
    behaviours = st.lists(
        voices | st.sampled_from([{"type": "HALT"}, {"type": "MUSIC"}, {"type": "COUNT"}]),
        max_size=2,
    )
    lengths = st.integers(500, 90_000)
    bare = st.fixed_dictionaries(
        {"label": NAMES | RESTS, "length": lengths, "behaviour": behaviours}
    )
    steps = st.tuples(bare, st.sampled_from(["NORMAL", "NOTIFIER"])).map(
        lambda pair: {"step_type": "step", **pair[0], "type": pair[1]}
    )
    groups = st.fixed_dictionaries(
        {
            "step_type": st.just("group"),
            "name": st.just("") | NAMES,
            "loop": st.integers(1, 12),
            "steps": st.lists(steps, min_size=1, max_size=4),
        }
    )
    return st.fixed_dictionaries(
        {
            "id": st.just(1),
            "name": NAMES,
            "loop": st.integers(1, 4),
            "steps": st.lists(steps | groups, min_size=1, max_size=4),
        },
        optional={"startStep": bare, "endStep": bare, "folderId": st.just(1)},
    )


def openhiit_timers() -> st.SearchStrategy[dict[str, Any]]:
    times = st.integers(0, 90)
    settings = st.fixed_dictionaries(
        {
            "workTime": SECONDS,
            **dict.fromkeys(("restTime", "breakTime", "warmupTime", "cooldownTime"), times),
            "getReadyTime": times,
        }
    )
    return st.fixed_dictionaries(
        {
            "name": NAMES,
            "activeIntervals": st.integers(1, 6),
            "restarts": st.integers(0, 3),
            "activities": st.lists(NAMES, max_size=6),
            "timeSettings": settings | settings.map(json.dumps),
        }
    )


def physio_timer_exercises() -> st.SearchStrategy[list[dict[str, Any]]]:
    exercise = st.fixed_dictionaries(
        {
            "name": NAMES,
            "sets": st.integers(1, 12),
            "holdTime": SECONDS,
            "restTime": SECONDS,
            "gapTime": st.integers(0, 20),
        }
    )
    return st.lists(exercise, min_size=1, max_size=5)


def w2a_workouts() -> st.SearchStrategy[dict[str, Any]]:
    """Workouts as data; JSON is a kind of YAML."""
    durations = st.integers(1, 90).map(lambda n: f"{n}s") | st.sampled_from(["1m30s", "2m", "1.5s"])
    exercises = st.fixed_dictionaries(
        {"name": NAMES, "duration": durations},
        optional={
            "texts": st.lists(SENTENCES, min_size=1, max_size=3),
            "half_time": st.booleans(),
            "pause_duration": durations,
        },
    )
    announcements = st.fixed_dictionaries({"text": st.just("x"), "duration": durations})
    return st.fixed_dictionaries(
        {
            "tts": st.sampled_from(["en-gb", "de", "fr-fr"]).map(
                lambda voice: {"espeak_ng_voice": voice}
            ),
            "pause": announcements,
            "half_time": announcements,
            "exercises": st.lists(exercises, min_size=1, max_size=5),
        },
        optional={"after_workout_announce": SENTENCES},
    )


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Lines of a table, the headings first, in any order."""
    counts = st.integers(1, 20).map(str) | st.sampled_from(["5-10", "8-12", "", "0"])
    columns: dict[str, st.SearchStrategy[str]] = {
        "position": SENTENCES | st.just(""),
        "seconds": counts | st.sampled_from(["2.5", "1:30", "5-10 s", "30s"]),
        "reps": counts,
        "sets": counts,
        "comment": st.lists(SENTENCES, max_size=3).map(" ".join),
        "work": counts,
        "rest": counts,
        "sides": st.sampled_from(["", "both", "left/right", "no", "front, back"]),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(columns)), unique=True, min_size=1))
    headings = draw(st.permutations(["name", *chosen]))
    rows = draw(st.integers(1, 5))
    lines = [
        [draw(NAMES if heading == "name" else columns[heading]) for heading in headings]
        for _ in range(rows)
    ]
    return [headings, *lines]


def phrase_lines() -> st.SearchStrategy[str]:
    seconds = st.integers(0, 90).map(str) | st.sampled_from(["2", "0.4", "4.5", "1,5"])
    phrases = NAMES.map(lambda text: " ".join(text.split())) | SENTENCES.map(
        lambda text: " ".join(text.split())
    )
    lines = st.tuples(phrases | st.just("*") | RESTS, seconds).map(";".join)
    return st.lists(lines, min_size=1, max_size=12).map("\n".join)
