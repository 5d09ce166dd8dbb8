"""What a screen shows at every time of a session, over generated routines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.phrases import load_phrasebook
from coach.places import span_at
from coach.render.moments import Moment, moments
from coach.render.page_content import content
from coach.render.page_words import load_words
from coach.session import Prepared, Session, build
from coach.settings import Manner
from coach.timeline import Timeline
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of
from tests.strategies import scripts

manners = st.builds(
    Manner,
    detail=st.sampled_from(["full", "brief", "cues"]),
    count=st.sampled_from(["beep", "voice", "both"]),
)


def session_of(script: Any, manner: Manner) -> Session:
    routine = routine_of(yaml.safe_dump(script, sort_keys=False))
    return build(Prepared(routine, manner, load_phrasebook("en")), FakeVoice(), fake_cues(), RATE)


# Sessions are slow to make, so each is asked everything.
@settings(max_examples=settings().max_examples // 3)
@given(scripts(), manners)
def test_moments(script: Any, manner: Manner) -> None:
    session = session_of(script, manner)
    found = moments(session.timeline)
    check_order(session.timeline, found)
    check_spans(session.timeline, found)
    check_chapters(session.timeline, found)
    check_words(session.timeline, found)
    check_content(session, found)


def check_order(timeline: Timeline, found: Sequence[Moment]) -> None:
    """They follow each other from the first frame on."""
    assert found[0].start == 0
    for before, after in pairwise(found):
        assert before.start < after.start
        assert before.start <= before.begins < before.end <= after.begins
    assert found[-1].end <= timeline.duration


def check_spans(timeline: Timeline, found: Sequence[Moment]) -> None:
    """Each span is shown while it lasts."""
    by_begin = {moment.begins: moment for moment in found if moment.kind != "words"}
    spans = [span for span in timeline.spans if span.end > span.start]
    assert len(by_begin) == len(spans)
    for span in spans:
        moment = by_begin[span.start]
        assert moment.start <= span.start
        assert (moment.end, moment.kind, moment.where) == (span.end, span.kind, span.where)


def check_chapters(timeline: Timeline, found: Sequence[Moment]) -> None:
    """Words are shown up to the end of their chapter and no further."""
    for marker, end in timeline.chapters():
        inside = [moment for moment in found if marker.start <= moment.begins < end]
        assert all(moment.end <= end for moment in inside if moment.kind == "words")


def check_words(timeline: Timeline, found: Sequence[Moment]) -> None:
    """What is said outside of sets and spans is shown as words."""
    words = [moment for moment in found if moment.kind == "words"]
    for clip in timeline.clips:
        if clip.kind == "speech" and not clip.where.set and not span_at(timeline, clip.start):
            moment = words[bisect_right(words, clip.start, key=attrgetter("start")) - 1]
            assert moment.start <= clip.start < moment.end


def check_content(session: Session, found: Sequence[Moment]) -> None:
    """The content of a page is whole."""
    made = content(session, load_words("en"), load_phrasebook("en"))
    exercises = list(session.routine.exercises())
    assert len(made["moments"]) == len(found)
    for start, begins, end, kind, title, detail, place, label, phase in made["moments"]:
        assert 0 <= start <= begins < end <= made["duration"]
        assert bool(made["texts"][title]) == (kind != "words")
        assert all(0 <= number < len(made["texts"]) for number in (detail, place, label))
        assert -1 <= phase < max(len(exercise.phases) or 1 for exercise in exercises)
    titles = [marker.title for marker in session.timeline.markers]
    assert [chapter["title"] for chapter in made["chapters"]] == titles
    panels = [chapter["panel"] for chapter in made["chapters"]]
    assert panels[0] == 0
    assert panels[-1] == len(exercises) + 1
    for chapter in made["chapters"][1:-1]:
        assert chapter["title"].startswith(exercises[chapter["panel"] - 1].name)
