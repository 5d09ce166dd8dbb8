"""The rules of a session's time, over generated routines, settings and voices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coach.phrases import load_phrasebook
from coach.plan import plan
from coach.routine import Exercise, Item, Routine
from coach.session import Prepared, build
from coach.settings import Manner
from coach.steps import At, Chapter, Gap, Line, Now, Rank, Say, Step, Timed, Where, lines_in
from coach.timeline import Clip, Span, Timeline, lay_out, mix
from coach.units import frames
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of
from tests.strategies import scripts

manners = st.builds(
    Manner,
    detail=st.sampled_from(["full", "brief", "cues"]),
    count=st.sampled_from(["beep", "voice", "both"]),
)
voices = st.builds(
    FakeVoice,
    seconds=st.sampled_from([Fraction(1, 100), Fraction(1, 16), Fraction(1, 4)]),
    base=st.sampled_from([Fraction(1, 10), Fraction(1, 2)]),
)


def session_of(script: Any, manner: Manner, voice: FakeVoice) -> tuple[Routine, Timeline]:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    prepared = Prepared(routine, manner, load_phrasebook("en"))
    return routine, build(prepared, voice, fake_cues(), RATE).timeline


def cues_at(timeline: Timeline, name: str) -> set[int]:
    return {clip.start for clip in timeline.clips if clip.kind == "cue" and clip.label == name}


def spans(timeline: Timeline, kind: str) -> list[Span]:
    return [span for span in timeline.spans if span.kind == kind]


def seconds_of(routine: Routine, span: Span, key: str) -> Fraction:
    exercise = next(e for e in routine.exercises() if e.id == span.where.exercise)
    phase = next(p for p in exercise.phases if p.id == span.where.phase)
    value: Fraction = getattr(phase, key).value
    return value


@given(scripts(), manners, voices)
def test_a_hold_is_exact_from_its_start_tone_to_its_end_tone(
    script: Any, manner: Manner, voice: FakeVoice
) -> None:
    routine, timeline = session_of(script, manner, voice)
    starts, ends = cues_at(timeline, "start"), cues_at(timeline, "end")
    for hold in spans(timeline, "hold"):
        assert hold.start in starts
        assert hold.end in ends
        assert hold.end - hold.start == frames(seconds_of(routine, hold, "hold"), RATE)


@given(scripts(), manners, voices)
def test_work_is_exact_and_marked_at_both_ends(
    script: Any, manner: Manner, voice: FakeVoice
) -> None:
    routine, timeline = session_of(script, manner, voice)
    tones = cues_at(timeline, "start") | cues_at(timeline, "end")
    for work in spans(timeline, "work"):
        assert {work.start, work.end} <= tones
        if work.where.phase:
            assert work.end - work.start == frames(seconds_of(routine, work, "work"), RATE)


@given(scripts(), manners, voices)
def test_every_whole_second_of_a_hold_has_its_beep(
    script: Any, manner: Manner, voice: FakeVoice
) -> None:
    _, timeline = session_of(script, manner, voice)
    beeps = Counter(
        (clip.start, clip.label) for clip in timeline.clips if clip.label in ("tick", "final")
    )
    expected: Counter[tuple[int, str]] = Counter()
    for hold in spans(timeline, "hold") if manner.count != "voice" else ():
        for frame in range(hold.start + RATE, hold.end, RATE):
            expected[frame, "final" if hold.end - frame <= 3 * RATE else "tick"] += 1
    work = [(span.start, span.end) for span in spans(timeline, "work")]
    in_holds = Counter(
        {key: n for key, n in beeps.items() if not any(a < key[0] < b for a, b in work)}
    )
    assert in_holds == expected


@given(scripts(), manners, voices)
def test_spoken_clips_never_overlap_and_are_whole(
    script: Any, manner: Manner, voice: FakeVoice
) -> None:
    _, timeline = session_of(script, manner, voice)
    speech = [clip for clip in timeline.clips if clip.kind == "speech"]
    for before, after in pairwise(speech):
        assert before.end <= after.start
    for clip in speech:
        line = Line(clip.label, clip.speed)
        assert len(clip.samples) == len(voice.speak([line])[line])
        assert clip.end <= timeline.duration


@given(scripts(), manners, voices)
def test_what_is_required_is_spoken_and_the_rest_spoken_or_listed(
    script: Any, manner: Manner, voice: FakeVoice
) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    steps = plan(routine, manner, load_phrasebook("en"), Fraction(60))
    clips = voice.speak(lines_in(steps))
    cues = fake_cues()
    timeline = lay_out(
        steps, lambda what: clips[what.line] if isinstance(what, Say) else cues[what.name], RATE
    )
    planned: Counter[str] = Counter()
    required: Counter[str] = Counter()
    for step in steps:
        says = [step.what] if isinstance(step, Now) else []
        if isinstance(step, Timed):
            says = [*step.opening, *(at.what for at in step.events)]
        for say in says:
            if isinstance(say, Say):
                planned[say.text] += 1
                required[say.text] += say.rank == Rank.REQUIRED
    spoken = Counter(clip.label for clip in timeline.clips if clip.kind == "speech")
    left_out = Counter(item.text for item in timeline.left_out)
    assert spoken + left_out == planned
    assert not required - spoken


@given(scripts(), manners, voices)
def test_spans_follow_each_other_and_lie_inside(
    script: Any, manner: Manner, voice: FakeVoice
) -> None:
    _, timeline = session_of(script, manner, voice)
    for before, after in pairwise(timeline.spans):
        assert before.start <= before.end <= after.start
    assert all(span.end <= timeline.duration for span in timeline.spans)
    assert [clip.start for clip in timeline.clips] == sorted(c.start for c in timeline.clips)
    assert [m.start for m in timeline.markers] == sorted(m.start for m in timeline.markers)


@given(scripts(), manners)
def test_every_repetition_of_every_set_side_and_round_is_there(script: Any, manner: Manner) -> None:
    routine, timeline = session_of(script, manner, FakeVoice())
    done = Counter(
        (span.where.exercise, span.where.phase)
        for span in timeline.spans
        if span.kind in ("hold", "work")
    )
    times: Counter[str] = Counter()

    def count(items: Sequence[Item], rounds: int) -> None:
        for item in items:
            if isinstance(item, Exercise):
                times[item.id] += rounds
            else:
                count(item.items, rounds * item.rounds.value)

    count(routine.items, 1)
    for exercise in routine.exercises():
        if exercise.is_self_paced:
            sets = exercise.sets.value * max(1, len(exercise.sides))
            assert done[exercise.id, None] == sets * times[exercise.id]
        for phase in exercise.phases:
            parts = (phase.hold is not None) + (phase.work is not None)
            expected = parts * exercise.repetitions * times[exercise.id]
            assert done[exercise.id, phase.id] == expected


@given(st.integers(1, 9), st.integers(1, 20), st.integers(1, 20), st.integers(1, 9))
def test_a_longer_dose_makes_the_session_longer_by_just_that(
    reps: int, before: int, after: int, move: int
) -> None:
    def length(hold: int) -> int:
        text = (
            "title: T\nexercises:\n  - name: A\n"
            f"    phases: [{{move: {move}, hold: {hold}}}]\n    reps: {reps}\n"
        )
        steps = plan(routine_of(text), Manner(detail="cues"), load_phrasebook("en"), Fraction(60))
        clips = FakeVoice(seconds=Fraction(0)).speak(lines_in(steps))
        cues = fake_cues()
        return lay_out(
            steps, lambda what: clips[what.line] if isinstance(what, Say) else cues[what.name], RATE
        ).duration

    assert length(after) - length(before) == reps * (after - before) * RATE


@given(scripts(), st.sampled_from(["beep", "voice", "both"]))
def test_the_session_says_how_long_it_takes(script: Any, count: Any) -> None:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    phrases = load_phrasebook("en")
    session = build(Prepared(routine, Manner(count=count), phrases), FakeVoice(), fake_cues(), RATE)
    length = Fraction(session.timeline.duration, RATE)
    # Where saying one number of minutes makes the session last the other, either is right.
    nearly = {phrases.about(length + off) for off in (-2, 0, 2)}
    spoken = " ".join(clip.label for clip in session.timeline.clips if clip.kind == "speech")
    assert any(f", {about}." in spoken and f"That took {about}." in spoken for about in nearly)


def test_spoken_seconds_stand_on_their_seconds_and_those_too_long_are_listed() -> None:
    where = Where("a", "b", 1, None, 1)
    counts = tuple(
        At(Fraction(k), Say(text, Rank.COUNT), until=Fraction(k + 1))
        for k, text in ((1, "3"), (2, "a number that is far too long"), (3, "1"))
    )
    step = Timed("hold", Fraction(4), where, events=counts)
    timeline = lay_out([step], lambda what: FakeVoice().speak([what.line])[what.line], RATE)  # type: ignore[union-attr]
    assert [(c.start, c.label) for c in timeline.clips] == [(RATE, "3"), (3 * RATE, "1")]
    assert [(item.at, item.why) for item in timeline.left_out] == [
        (2 * RATE, "longer than a second")
    ]


@pytest.mark.parametrize("count", ["voice", "both"])
@pytest.mark.parametrize("hold", ["4.1s", "4.5s", "5s"])
def test_a_count_is_over_before_its_hold_ends(hold: str, count: Any) -> None:
    script = {
        "title": "T",
        "exercises": [
            {
                "name": "A",
                "reps": 3,
                "phases": [{"cue": "In", "hold": hold}, {"cue": "Out", "work": 4}],
            }
        ],
    }
    _, timeline = session_of(script, Manner(count=count), FakeVoice(Fraction(1, 4), Fraction(1, 2)))
    speech = [clip for clip in timeline.clips if clip.kind == "speech"]
    for before, after in pairwise(speech):
        assert before.end <= after.start
    for span in spans(timeline, "hold"):
        inside = [clip for clip in speech if span.start <= clip.start < span.end]
        assert all(clip.end <= span.end for clip in inside)


@pytest.mark.parametrize("count", ["beep", "voice", "both"])
def test_the_tones_of_spans_that_touch_do_not_depend_on_the_count(count: Any) -> None:
    script = {
        "title": "T",
        "exercises": [
            {"name": "A", "phases": [{"cue": "In", "hold": 12}, {"cue": "Out", "work": 5}]}
        ],
    }
    _, timeline = session_of(script, Manner(count=count), FakeVoice())
    touch = spans(timeline, "hold")[0].end
    assert spans(timeline, "work")[0].start == touch
    assert [
        clip.label for clip in timeline.clips if clip.start == touch and clip.kind == "cue"
    ] == ["end"]


def test_where_two_things_collide_the_one_that_matters_more_is_spoken() -> None:
    where = Where("a", "b", 1, None, 1)
    events = (
        At(Fraction(5), Say("Keep going, you are doing well.", Rank.ENCOURAGEMENT)),
        At(Fraction(6), Say("Halfway.", Rank.HALFWAY)),
    )
    step = Timed("hold", Fraction(12), where, opening=(Say("Hold"),), events=events)
    timeline = lay_out([step], lambda what: FakeVoice().speak([what.line])[what.line], RATE)  # type: ignore[union-attr]
    assert [clip.label for clip in timeline.clips] == ["Hold", "Halfway."]
    assert timeline.left_out[0].why == "something else is spoken then"


def test_a_cue_too_long_for_its_span_is_spoken_before_it() -> None:
    where = Where("a", "b", 1, None, 1)
    step = Timed("work", Fraction(2), where, opening=(Say("x" * 80), Say("1", Rank.COUNT)))
    timeline = lay_out([step], lambda what: FakeVoice().speak([what.line])[what.line], RATE)  # type: ignore[union-attr]
    work = timeline.spans[0]
    assert [clip.label for clip in timeline.clips] == ["x" * 80, "1"], "nothing is left out"
    assert timeline.clips[-1].end <= work.start
    assert work.end - work.start == 2 * RATE


def test_nothing_but_silence_is_left_of_texts_that_cannot_be_spoken() -> None:
    steps: list[Step] = [Now(Say("🙂"), Where()), Gap(Fraction(1)), Chapter("x")]
    timeline = lay_out(steps, lambda _: np.zeros(0, np.int16), RATE)
    assert timeline.clips == ()
    assert timeline.duration == RATE


@given(scripts(), st.data())
def test_any_range_mixes_to_the_same_samples(script: Any, data: st.DataObject) -> None:
    _, timeline = session_of(script, Manner(count="both"), FakeVoice())
    stop = min(timeline.duration, 120 * RATE)
    whole = mix(timeline, 0, stop)
    begin = data.draw(st.integers(0, stop))
    end = data.draw(st.integers(begin, stop))
    assert np.array_equal(mix(timeline, begin, end), whole[begin:end])


def test_the_mix_is_the_saturated_sum_of_its_clips() -> None:
    loud = np.full(100, 30_000, np.int16)
    clips = (
        Clip(0, loud, "cue", "a", Where()),
        Clip(50, loud, "cue", "b", Where()),
        Clip(70, -loud, "cue", "c", Where()),
    )
    timeline = Timeline(RATE, 200, clips, (), (), (), 100)
    expected = np.zeros(200, np.int64)
    expected[0:50] = 30_000
    expected[50:70] = 32_767
    expected[70:100] = 32_767 - 30_000
    expected[100:150] = 0
    expected[150:170] = -30_000
    assert np.array_equal(mix(timeline, 0, 200), expected)
    assert not mix(timeline, 200, 300).any()


def test_every_duration_is_exact_at_every_rate() -> None:
    text = "title: T\nexercises: [{name: A, reps: 7, phases: [{hold: 5.3s, move: 1.1s}]}]\n"
    routine = routine_of(text)
    for rate in (22_050, 24_000, 44_100, 48_000):
        prepared = Prepared(routine, Manner(), load_phrasebook("en"))
        timeline = build(prepared, FakeVoice(rate=rate), fake_cues(rate), rate).timeline
        for hold in spans(timeline, "hold"):
            assert hold.end - hold.start == round(Fraction(53, 10) * rate)


def test_work_that_flows_into_work_has_one_tone_in_between() -> None:
    script = {
        "title": "T",
        "exercises": [
            {
                "name": "B",
                "reps": 2,
                "phases": [{"cue": "In", "work": 4}, {"cue": "Out", "work": 4}],
            }
        ],
    }
    _, timeline = session_of(script, Manner(), FakeVoice())
    works = spans(timeline, "work")
    assert [one.end for one in works[:-1]] == [one.start for one in works[1:]]
    assert cues_at(timeline, "end") == {works[-1].end}
    assert {one.start for one in works} <= cues_at(timeline, "start")


def test_what_does_not_fit_into_a_span_is_said_before_it_and_belongs_to_it() -> None:
    exercise = {"name": "A", "hold": 5, "sides": ["left", "right"], "switch": 2}
    _, timeline = session_of({"title": "T", "exercises": [exercise]}, Manner(), FakeVoice())
    (switch,) = spans(timeline, "switch")
    (clip,) = (clip for clip in timeline.clips if clip.label == "Switch sides. Right side.")
    assert clip.end <= switch.start
    assert clip.where == switch.where
