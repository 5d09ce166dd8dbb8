"""Generated scripts: anything that the format allows, small enough to lay out often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

WORDS = st.sampled_from(["Arch up", "Sink down", "Squeeze", "Hold", "Breathe in", "Lift", "Lower"])
SENTENCES = st.sampled_from(
    [
        "Keep your back straight.",
        "Look at the floor and keep breathing, slowly and evenly.",
        "Hold on to the chair if you need it; nothing is to be forced here, so take your time.",
        "Do {reps} of these.",
    ]
)


def seconds(least: int, most: int) -> st.SearchStrategy[str]:
    """Durations as scripts write them, halves included, single or as a range."""
    halves = st.integers(least * 2, most * 2)
    single = halves.map(lambda n: f"{n / 2:g}s")
    ranges = st.tuples(halves, halves).map(lambda pair: f"{min(pair) / 2:g}-{max(pair) / 2:g}s")
    return single | ranges


def counts(most: int) -> st.SearchStrategy[str]:
    numbers = st.integers(1, most)
    return numbers.map(str) | st.tuples(numbers, numbers).map(
        lambda pair: f"{min(pair)}-{max(pair)}"
    )


PROGRESS = st.sampled_from(
    [
        "none",
        "+1 rep every 2 sessions",
        ["+1 set every week", "+2s hold every session"],
        {"steps": "+5s work every 2 weeks", "hold_if": "pain >= 4"},
    ]
)
PHASES = st.fixed_dictionaries(
    {"cue": WORDS},
    optional={
        "guide": SENTENCES,
        "move": seconds(0, 4),
        "hold": seconds(1, 45),
        "work": seconds(1, 45),
    },
)
DOSES: dict[str, st.SearchStrategy[Any]] = {
    "setup": st.lists(SENTENCES, max_size=2),
    "settle": seconds(0, 8) | st.just("ready"),
    "sets": counts(3),
    "rest": seconds(0, 12),
    "sides": st.just(["left", "right"]),
    "switch": seconds(0, 8),
    "pace": seconds(1, 4),
    "progress": PROGRESS,
}
SHORT = st.fixed_dictionaries(
    {"hold": seconds(1, 45)}, optional={"cue": WORDS, "move": seconds(0, 3), "reps": counts(9)}
)
BREATHS = st.fixed_dictionaries(
    {
        "phases": st.lists(
            st.fixed_dictionaries({"cue": WORDS, "hold": seconds(1, 6)})
            | st.fixed_dictionaries({"cue": WORDS, "work": seconds(1, 6)}),
            min_size=2,
            max_size=4,
        ),
        "reps": counts(4),
    }
)
LONG = st.fixed_dictionaries(
    {"phases": st.lists(PHASES, min_size=1, max_size=3)}, optional={"reps": counts(9)}
)
SELF_PACED = st.fixed_dictionaries({"reps": counts(9)})


@st.composite
def exercises(draw: st.DrawFn) -> dict[str, Any]:
    body = draw(st.one_of(SHORT, LONG, BREATHS, SELF_PACED))
    return {
        "name": "Exercise",
        **body,
        **draw(st.fixed_dictionaries({}, optional=DOSES)),
    }


def items() -> st.SearchStrategy[list[dict[str, Any]]]:
    def circuits(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {"rounds": counts(3), "exercises": st.lists(inner, min_size=1, max_size=2)},
            optional={"rest": seconds(0, 10), "name": st.just("Circuit"), "progress": PROGRESS},
        )

    nested = circuits(exercises() | circuits(exercises()))
    return st.lists(exercises() | nested, min_size=1, max_size=3)


def leaves(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the exercises of `items`, those in circuits included."""
    for item in items:
        if "exercises" in item:
            yield from leaves(item["exercises"])
        else:
            yield item


@st.composite
def scripts(draw: st.DrawFn) -> dict[str, Any]:
    """Whole scripts, as what YAML would hold."""
    script = draw(
        st.fixed_dictionaries(
            {"title": st.just("Generated")},
            optional={
                "safety": st.lists(SENTENCES.filter(lambda text: "{" not in text), max_size=2),
                "closing": st.just("Well done, that is all."),
                "level": st.sampled_from(["easy", "medium", "hard"]),
                "tags": st.just(["low back", "mat"]) | st.just("core"),
                "equipment": st.just(["a mat", "a ball"]),
                "settle": seconds(0, 6),
                "rest": seconds(0, 10),
                "progress": PROGRESS,
            },
        )
    )
    content = draw(items())
    for number, leaf in enumerate(leaves(content), 1):
        leaf["name"] = f"Exercise {number}"
    return {"coach": 1, **script, "exercises": content}
