"""What is said, in which order: goldens of the bundled routines, and single rules."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from coach.errors import ScriptError
from coach.phrases import load_phrasebook
from coach.plan import pause_after, plan
from coach.routine import Routine, load_routine
from coach.session import build, prepare, prepared
from coach.settings import Manner, Settings
from coach.settings.since import DoseChange
from coach.steps import (
    At,
    Chapter,
    Cue,
    Gap,
    Line,
    Now,
    Part,
    Rank,
    Say,
    Step,
    Timed,
    Where,
    lines_in,
)
from coach.units import decimal, short_duration
from tests.conftest import RATE, FakeVoice, bundled, fake_cues, routine_of

GOLDENS = Path(__file__).parent / "goldens"


def lines(steps: tuple[Step, ...]) -> list[str]:
    """Return steps as text, one line each."""
    text = []
    for step in steps:
        match step:
            case Part():
                text.append(f"=  {step.title}")
            case Chapter():
                text.append(f"== {step.title}")
            case Gap():
                text.append(f"   {decimal(step.seconds)}")
            case Now():
                text.append(f"   {shown(step.what)}")
            case Timed():
                text.append(
                    f"-- {step.kind} {short_duration(step.seconds)} ({place_of(step.where)})"
                )
                text += [f"      {shown(say)}" for say in step.opening]
                text += [f"      {event(at)}" for at in step.events]
    return text


def place_of(where: Where) -> str:
    place = [where.phase, where.set and f"set {where.set}", where.side]
    rounds = ".".join(map(str, where.rounds))
    place += [where.rep and f"rep {where.rep}", rounds and f"round {rounds}"]
    return ", ".join(str(part) for part in place if part)


def event(at: At) -> str:
    return f"{decimal(at.offset)}: {shown(at.what)}"


def shown(what: Say | Cue) -> str:
    return f'"{what.text}"' if isinstance(what, Say) else f"*{what.name}"


def planned(routine: Routine, manner: Manner) -> list[str]:
    return lines(plan(routine, manner, load_phrasebook("en"), Fraction(600)))


def said(text: str, manner: Manner | None = None) -> list[str]:
    """Return everything that the session of a script may say, in order."""
    found = planned(routine_of(text), manner or Manner())
    return [line[line.index('"') + 1 : -1] for line in found if '"' in line]


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "manner",
    [Manner(), Manner(detail="brief", count="both"), Manner(detail="cues", count="voice")],
    ids=["full-beep", "brief-both", "cues-voice"],
)
def test_bundled_routines_are_planned_as_they_were_read_and_found_good(
    path: Path, manner: Manner
) -> None:
    found = "\n".join(planned(load_routine(path), manner)) + "\n"
    check_golden(f"{path.stem}.{manner.detail}-{manner.count}.txt", found)


def check_golden(name: str, found: str) -> None:
    golden = GOLDENS / name
    if os.environ.get("COACH_WRITE_GOLDENS"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


@pytest.mark.parametrize("language", ["de", "es", "fr", "it", "nl", "pt"])
def test_a_routine_is_planned_in_other_languages_as_it_was_read_and_found_good(
    language: str,
) -> None:
    path = next(path for path in bundled() if path.stem == "si-joint-relief")
    ready = prepare(path, Settings(language=language))
    found = "\n".join(lines(plan(ready.routine, Manner(), ready.phrases, Fraction(600)))) + "\n"
    check_golden(f"{path.stem}.{language}.txt", found)
    assert " Exercise " not in found


EVERYTHING = """
title: everything
equipment: [a mat]
safety: ["Stop {name} if it hurts."]
closing: [Rest now.]
rest: 12
exercises:
  - name: Cat
    setup: ["Kneel down for {name}, with your hands below your shoulders.", Breathe.]
    settle: 6
    reps: 9
    speed: 0.8
    phases:
      - {cue: Arch, guide: "Slowly, {reps} times.", move: 4, hold: 4}
      - {cue: Round up., move: 2}
  - rounds: 2
    name: the ring
    rest: 7
    exercises:
      - {name: Plank, sides: [left, right], sets: 2, rest: 0, switch: 3, hold: 3.5s}
      - {name: Jacks, settle: 2, rest: 0, work: 30}
  - {name: Sit, hold: 40}
  - {name: Roll, reps: 4, phases: [{cue: Over, move: 4}]}
  - {name: Push-ups, sides: [left, right], sets: 2, switch: 0, rest: 2.5, reps: 8, pace: 3}
  - name: Breathe
    pause: 0
    setup: [Sit up.]
    reps: 4
    phases: [{cue: In, work: 4}, {cue: Wait, hold: 3.5}, {cue: Out, work: 12, move: 0}]
"""


@pytest.mark.parametrize(
    "manner",
    [
        Manner(count="both", style="lively"),
        Manner(count="voice", style="plain"),
        Manner(detail="brief"),
        Manner(detail="cues"),
    ],
    ids=["lively", "plain", "brief", "cues"],
)
def test_every_field_of_every_step_is_as_it_was_read_and_found_good(manner: Manner) -> None:
    changes = [DoseChange("reps", 8, 9, ("cat",))]
    steps = plan(
        routine_of(EVERYTHING), manner, load_phrasebook("en"), Fraction(600), Fraction(720), changes
    )
    found = "\n".join(in_full(steps)) + "\n"
    check_golden(f"everything.{manner.detail}-{manner.style}.txt", found)


def in_full(steps: tuple[Step, ...]) -> Iterator[str]:
    """Yield what `lines` gives of each step, and what that leaves out where it says something."""
    for step in steps:
        first, *more = lines((step,))
        if isinstance(step, Timed):
            beeps = "" if step.beeps_from is None else f" beeps from {decimal(step.beeps_from)}"
            yield f"{first} {step.where.exercise}{beeps}{' stretches' * step.stretches}"
            says = [
                *((say, None) for say in step.opening),
                *((a.what, a.until) for a in step.events),
            ]
            for line, (what, until) in zip(more, says, strict=True):
                end = "" if until is None else f" until {decimal(until)}"
                yield f"{line}{weight(what)}{end}"
        elif isinstance(step, Now):
            yield f"{first}{weight(step.what)} ({place_of(step.where)}) {step.where.exercise}"
        else:
            yield first


def weight(what: Say | Cue) -> str:
    """Return how much something spoken matters, and how fast it is said."""
    if isinstance(what, Cue):
        return ""
    speed = "" if what.speed is None else f" x{decimal(what.speed)}"
    return f" {what.rank.name.lower()}{speed}"


CAT = (
    "title: T\nsafety: [Be careful.]\nclosing: [Rest now.]\nexercises:\n"
    "  - name: Cat\n    setup: [Kneel down.]\n    reps: 3\n"
    "    phases:\n      - {cue: Arch, guide: Look down., move: 2s, hold: 5s}\n"
    "      - {cue: Release, move: 2s}\n"
)


def test_everything_is_said_in_full() -> None:
    assert said(CAT) == [
        "T.", "1 exercise, about 10 minutes.", "Be careful.",
        "Cat.", "Kneel down.", "3 repetitions, hold each for 5 seconds.", "Get ready.",
        "1", "Arch.", "Look down.", "Release.",
        "2", "Arch.", "Release.",
        "3, last one.", "Arch.", "Release.",
        "Rest now.", "That took about 10 minutes. You are done.",
    ]  # fmt: skip


def test_brief_has_names_cues_and_counts() -> None:
    assert said(CAT, Manner(detail="brief")) == [
        "T.", "1 exercise, about 10 minutes.", "Cat.", "3 repetitions, hold each for 5 seconds.",
        "1", "Arch.", "Release.", "2", "Arch.", "Release.", "3, last one.", "Arch.", "Release.",
        "That took about 10 minutes. You are done.",
    ]  # fmt: skip


def test_cues_has_counts_only() -> None:
    assert said(CAT, Manner(detail="cues")) == ["1", "2", "3"]


def test_a_hold_of_five_seconds_has_its_tones() -> None:
    found = planned(routine_of("title: T\nexercises: [{name: A, hold: 5}]\n"), Manner())
    at = found.index("-- hold 5s (phase-1, set 1, rep 1)")
    assert found[at + 1 : at + 7] == [
        "      0: *start", "      1: *tick", "      2: *final", "      3: *final",
        "      4: *final", "      5: *end",
    ]  # fmt: skip


def test_spoken_seconds_count_down_to_one() -> None:
    text = "title: T\nexercises: [{name: A, hold: 4.5}]\n"
    voiced = planned(routine_of(text), Manner(count="voice"))
    assert [line.strip() for line in voiced if line.startswith("      ") and '"' in line] == [
        '"Get ready."', '1: "4"', '2: "3"', '3: "2"', '4: "1"',
    ]  # fmt: skip
    both = planned(routine_of(text), Manner(count="both"))
    assert "      1: *tick" in both
    assert '      1.125: "4"' in both


def test_the_middle_is_marked_in_long_holds_and_many_repetitions() -> None:
    assert "Halfway." in said("title: T\nexercises: [{name: A, hold: 20}]\n")
    assert "Halfway." not in said("title: T\nexercises: [{name: A, hold: 19}]\n")
    words = said("title: T\nexercises: [{name: A, hold: 5, reps: 8}]\n")
    assert words[words.index("Halfway.") + 1] == "5"
    assert "Halfway." not in said("title: T\nexercises: [{name: A, hold: 5, reps: 7}]\n")


def test_numbers_in_texts_follow_the_settings() -> None:
    text = (
        "title: T\nexercises:\n  - name: A\n    hold: 8s\n    reps: 2\n    sets: 2\n    rest: 90\n"
        "    sides: [left, right]\n"
        "    setup: ['{reps} times, {sets} sets, {hold}, {rest}, {side}, {name}, {{braces}}']\n"
    )
    assert "2 times, 2 sets, 8 seconds, 1 minute and 30 seconds, left, A, {braces}" in (said(text))


def test_sides_are_named_and_switched() -> None:
    words = said("title: T\nexercises: [{name: A, hold: 5, sides: [left, right], sets: 2}]\n")
    assert words[3:] == [
        "2 sets, hold each for 5 seconds, on each side.", "Left side.", "Get ready.",
        "Switch sides. Right side.",
        "That was good.", "Rest for 15 seconds.", "Next: set 2 of 2, left side.",
        "Switch sides. Right side.",
        "That took about 10 minutes. You are done.",
    ]  # fmt: skip


def test_rounds_are_counted_and_instructions_given_once() -> None:
    words = said(
        "title: T\nexercises:\n  - rounds: 2\n    rest: 10\n    exercises:\n"
        "      - {name: A, work: 5, setup: Stand.}\n      - {name: B, work: 5, setup: Sit.}\n"
    )
    assert words.count("Stand.") == words.count("Sit.") == 1
    assert "Next: round 2 of 2, A." in words
    assert words.count("Next: B.") == 2


def test_a_circuit_after_a_rest_says_its_name_and_its_first_round() -> None:
    words = said(
        "title: T\nexercises:\n  - {name: Warm-up, work: 5, rest: 20}\n"
        "  - rounds: 2\n    name: The circuit\n    rest: 20\n    exercises: [{name: A, work: 5}]\n"
    )
    at = words.index("The circuit.")
    assert words[at + 1 : at + 3] == ["Round 1 of 2.", "Exercise 2 of 2. A."]
    assert "Round 2 of 2." not in words


def test_in_later_rounds_the_rest_counts_towards_the_position() -> None:
    def settles(rest: int) -> list[str]:
        text = (
            "title: T\nexercises: [{rounds: 2, rest: %d, exercises: "
            "[{name: A, settle: 15s, hold: 5}]}]\n"
        )
        found = planned(routine_of(text % rest), Manner())
        return [line for line in found if line.startswith("-- settle")]

    assert settles(0) == ["-- settle 15s (round 1)", "-- settle 15s (round 2)"]
    assert settles(2) == ["-- settle 15s (round 1)", "-- settle 13s (round 2)"]
    assert settles(20) == ["-- settle 15s (round 1)"]


def test_rounds_of_nested_circuits_are_told_apart() -> None:
    text = (
        "title: T\nexercises:\n  - rounds: 2\n    exercises:\n      - rounds: 2\n"
        "        exercises: [{name: A, reps: 2, phases: [{cue: Up, guide: Slowly., hold: 5}]}]\n"
    )
    steps = plan(routine_of(text), Manner(), load_phrasebook("en"), Fraction(60))
    holds = [step.where for step in steps if isinstance(step, Timed) and step.kind == "hold"]
    assert len(holds) == len(set(holds)) == 8
    chapters = [step.title for step in steps if isinstance(step, Chapter)]
    assert chapters[1:-1] == ["A", "A, round 1.2", "A, round 2.1", "A, round 2.2"]
    assert said(text).count("Slowly.") == 1


def test_a_guide_is_given_on_the_first_side_only() -> None:
    text = (
        "title: T\nexercises: [{name: A, cue: Up, guide: Slowly., hold: 5, sides: [left, right]}]\n"
    )
    assert said(text).count("Slowly.") == 1


def test_a_breath_that_begins_with_a_hold_flows_as_well() -> None:
    found = planned(
        routine_of(
            "title: T\nexercises: [{name: B, reps: 3, phases: [{cue: Hold, hold: 4}, "
            "{cue: Breathe, work: 4}]}]\n"
        ),
        Manner(),
    )
    first = next(i for i, line in enumerate(found) if line.startswith("-- work"))
    assert not [line for line in found[first:-8] if line.startswith("   0.")]


def test_a_breath_flows_from_phase_to_phase() -> None:
    found = planned(
        routine_of(
            "title: T\nexercises: [{name: B, reps: 2, phases: [{cue: In, work: 4}, "
            "{cue: Hold, hold: 4}, {cue: Out, work: 4}]}]\n"
        ),
        Manner(),
    )
    first = next(i for i, line in enumerate(found) if line.startswith("-- work"))
    assert not [line for line in found[first:-8] if line.startswith("   0.")]


def test_self_paced_repetitions_take_their_pace() -> None:
    found = planned(routine_of("title: T\nexercises: [{name: A, reps: 10, pace: 2}]\n"), Manner())
    assert '   "10 repetitions, at your own pace."' in found
    assert "-- work 20s (set 1)" in found


def test_the_pause_after_a_setup_sentence_grows_with_it_or_is_given() -> None:
    short, long = "Kneel.", "Put your hands under your shoulders and your knees under your hips."
    assert pause_after(short) == Fraction(1, 2)
    assert pause_after(long) == Fraction(7, 4)
    assert pause_after(5 * long) == Fraction(5, 2)

    def pauses(extra: str) -> list[Fraction]:
        text = f"title: T\n{extra}exercises: [{{name: A, setup: [{short}, {long}], hold: 5}}]\n"
        steps = plan(routine_of(text), Manner(), load_phrasebook("en"), Fraction(60))
        return [
            gap.seconds
            for step, gap in pairwise(steps)
            if isinstance(step, Now) and isinstance(gap, Gap)
            if isinstance(step.what, Say) and step.what.text in (short, long)
        ]

    assert pauses("") == [Fraction(1, 2), Fraction(7, 4)]
    assert pauses("pause: 4s\n") == [4, 4]
    assert pauses("pause: 0\n") == [0, 0]


def test_a_pause_of_one_exercise_wins() -> None:
    text = "title: T\npause: 4s\nexercises: [{name: A, setup: [Kneel.], hold: 5, pause: 0s}]\n"
    assert [item.pause for item in routine_of(text).exercises()] == [0]
    with pytest.raises(ScriptError, match="1 problem"):
        routine_of(text.replace("4s", "90s"))


def test_an_exercise_has_a_speed_of_its_own() -> None:
    script = """
        title: Two
        exercises:
          - {name: A, setup: [Lie down.], speed: 0.8, sets: 2, rest: 20s, cue: Up, hold: 40s}
          - {name: B, setup: [Sit up.], cue: Down, hold: 5s}
    """
    ready = prepared(routine_of(textwrap.dedent(script)), Settings())
    steps = plan(ready.routine, ready.manner, ready.phrases, Fraction(300))
    speeds: dict[str, set[Fraction | None]] = {}
    for line in lines_in(steps):
        speeds.setdefault(line.text, set()).add(line.speed)
    slow = {text for text, found in speeds.items() if Fraction(4, 5) in found}
    assert {"Lie down.", "Up.", "Set 2 of 2.", "Halfway."} & set(speeds) <= slow
    assert speeds["Lie down."] == {Fraction(4, 5)}
    assert speeds["Sit up."] == speeds["Down."] == {None}
    assert speeds["Rest for 20 seconds."] == {None, Fraction(4, 5)}
    timeline = build(ready, FakeVoice(), fake_cues(), RATE).timeline
    length = {clip.label: len(clip.samples) for clip in timeline.clips if clip.kind == "speech"}
    plain = {line.text: len(clip) for line, clip in FakeVoice().speak(map(Line, length)).items()}
    assert length["Sit up."] == plain["Sit up."]
    assert length["Lie down."] == pytest.approx(plain["Lie down."] / 0.8, abs=1)


# -- single rules ------------------------------------------------------------------------------


def steps_of(exercise: str, manner: Manner | None = None) -> tuple[Step, ...]:
    """Return the steps of a session of one exercise or circuit."""
    routine = routine_of(f"title: T\nexercises: [{exercise}]\n")
    return plan(routine, manner or Manner(), load_phrasebook("en"), Fraction(600))


def test_a_cue_names_the_side_that_is_done() -> None:
    words = said(
        "title: T\nexercises: [{name: A, cue: 'Up, {side}', hold: 5, sides: [left, right]}]"
    )
    assert [word for word in words if word.startswith("Up")] == ["Up, left.", "Up, right."]


def test_what_is_said_before_a_hold_belongs_to_its_repetition() -> None:
    steps = steps_of("{name: A, reps: 2, phases: [{id: up, cue: Up, hold: 5}]}")
    (first, second) = (
        step.where
        for step in steps
        if isinstance(step, Now) and isinstance(step.what, Say) and step.what.text == "Up."
    )
    assert (first.exercise, first.rep, first.phase) == ("a", 1, "up")
    assert (second.exercise, second.rep, second.phase) == ("a", 2, "up")


def test_a_hold_that_leads_into_work_is_announced_before_it() -> None:
    steps = steps_of("{name: A, phases: [{cue: Up, hold: 3s, work: 4s}]}")
    hold, work = (step for step in steps if isinstance(step, Timed) and step.kind != "settle")
    assert (hold.kind, work.kind) == ("hold", "work")
    assert hold.opening == work.opening == ()
    assert "Up." in said(
        "title: T\nexercises: [{name: A, phases: [{cue: Up, hold: 3s, work: 4s}]}]"
    )


def test_work_after_a_movement_does_not_flow_into_the_next_repetition() -> None:
    steps = steps_of("{name: A, reps: 2, phases: [{cue: Push, work: 5s}, {cue: Back, move: 2s}]}")
    (back, *_) = (
        n for n, step in enumerate(steps) if isinstance(step, Timed) and step.kind == "move"
    )
    assert isinstance(steps[back + 1], Gap)


@pytest.mark.parametrize(
    ("exercise", "parts"),
    [
        ("{name: A, hold: 5}", 0),
        ("{name: A, hold: 5, sets: 2}", 2),
        ("{name: A, hold: 5, sides: [left, right]}", 2),
        ("{name: A, hold: 5, sets: 2, sides: [left, right]}", 4),
    ],
)
def test_sets_and_sides_are_parts_where_there_are_several(exercise: str, parts: int) -> None:
    assert sum(isinstance(step, Part) for step in steps_of(exercise)) == parts


def test_a_circuit_that_is_gone_through_once_counts_no_rounds() -> None:
    text = "title: T\nexercises: [{name: C, rounds: %d, exercises: [{name: A, work: 5}]}]"
    assert "Round 1 of 1." not in said(text % 1)
    assert "Round 1 of 2." in said(text % 2)


def test_a_guide_is_given_in_the_first_round_only() -> None:
    steps = steps_of("{rounds: 2, exercises: [{name: A, cue: Up, guide: Slowly., hold: 5}]}")
    (guide,) = (step for step in steps if isinstance(step, Now) and step.what == Say("Slowly."))
    assert guide.where.rounds == (1,)


def test_the_name_of_what_comes_may_be_dropped_where_it_is_announced_all_the_same() -> None:
    steps = steps_of(
        "{rounds: 2, exercises: [{name: A, work: 5, rest: 9}, {name: B, work: 5, rest: 9}]}"
    )
    ranks = [
        say.rank
        for step in steps
        if isinstance(step, Timed) and step.kind == "rest"
        for say in step.opening
        if say.text == "Next: B."
    ]
    assert ranks == [Rank.ENCOURAGEMENT, Rank.REQUIRED]


def test_what_has_no_dose_is_told_none() -> None:
    text = "title: T\nexercises: [{name: A, phases: [{cue: Up, move: 2s}]}]"
    assert "." not in said(text)


@pytest.mark.parametrize(("seconds", "beeps"), [("9.5s", 0), ("10s", 3)])
def test_the_last_three_seconds_of_longer_work_have_beeps(seconds: str, beeps: int) -> None:
    (work,) = (
        step
        for step in steps_of(f"{{name: A, work: {seconds}}}")
        if isinstance(step, Timed) and step.kind == "work"
    )
    assert [at.what for at in work.events].count(Cue("final")) == beeps
