"""Live sessions that are spoken to: what each command does, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coach.controls import Command
from coach.cues.sounds import read_bytes  # noqa: F401
from coach.errors import SpeechError
from coach.listening import SPOKEN, Heard, Spoken
from coach.listening.tones import tone
from coach.listening.windows import ECHO, SHORT, sounding_spans, spoken_at
from coach.outputs.paced import PacedPlayback, SilentOutput
from coach.session import GradualVoice
from coach.settings import Manner, Settings
from coach.spoken import AGAIN_S, COMMANDS, Words
from coach.steps import Line, Where
from coach.tally import Ending
from coach.timeline import Clip, Timeline, mix
from coach.view import View
from tests.conftest import RATE, FakeVoice
from tests.test_live import SCRIPT, Room, Session, free_session, rendered, tones

WORDS = Words(help="Say pause, or keep going.")


class FakeEar:
    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    def deaf(self, from_: float, until: float) -> None:
        self.spans.append((from_, until))

    def is_deaf(self, second: float) -> bool:
        starts, ends = np.array(self.spans).reshape(-1, 2).T
        return bool(((starts <= second) & (second < ends)).any())


class Talker(FakeVoice):
    """Remembers what it was asked for beside the session, which it speaks otherwise."""

    said: list[str]

    def speak(
        self, lines: Iterable[Line], progress: object = None
    ) -> Mapping[Line, NDArray[np.int16]]:
        asked = list(lines)
        if len(asked) == 1:
            self.said.append(asked[0].text)
        return super().speak(asked, progress)


class Told(Session):
    """A live session of `SCRIPT` to which something is said at certain seconds."""

    def __init__(
        self,
        folder: Path,
        script: str = SCRIPT,
        settings: Settings | None = None,
        *,
        is_headset: bool = False,
        **options: Any,
    ) -> None:
        said: list[str] = []
        self.said = said

        class Heedful(Talker):
            pass

        Heedful.said = said
        options.setdefault("room", Room(Heedful))
        super().__init__(folder, script, settings, **options)
        said.clear()
        self.ear = FakeEar()
        self.live.listen(self.ear, WORDS, is_headset=is_headset)

    def told(self, seconds: float, *commands: Spoken, wording: str | None = None) -> Told:
        for command in commands:
            heard = Heard(
                command, seconds - 1.5, seconds - 0.5, 0.9, wording or f"{command} please"
            )
            self.clock.plan.append((seconds, lambda heard=heard: self.live.hear(heard)))  # type: ignore[misc]
        return self

    def answers(self) -> list[str]:
        """Return what was answered, without what is only made ready."""
        ready = [WORDS.stopping, WORDS.hurting, WORDS.help]
        return self.said[len(ready) :] if self.said[:3] == ready else self.said

    def aloud(self, text: str) -> list[int]:
        """Return the frames at which a text begins that is heard whole.

        Its beginning may have a tone above it.
        """
        clip = FakeVoice()._clip(Line(text))
        edges = np.flatnonzero(np.diff(np.concatenate([[0], self.heard() == clip[0], [0]])))
        runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        return [stop - len(clip) for start, stop in runs if stop - start > len(clip) - RATE // 5]


@pytest.fixture(scope="module")
def free() -> Session:
    """A session to which nothing is said."""
    return free_session()


def test_every_command_does_something() -> None:
    special = {"stop", "time", "pain", "help"}
    assert set(COMMANDS) | special == set(SPOKEN)
    assert not set(COMMANDS) & special


def test_pause_and_resume(tmp_path: Path, free: Session) -> None:
    hold = free.second_of(lambda view: view.span == "hold")
    session = Told(tmp_path).told(hold + 2, "pause").told(hold + 32, "resume")
    ending = session.run()
    assert session.view_at(hold + 20).state == "paused"
    assert session.view_at(hold + 33).state == "playing"
    assert ending.done == 15
    assert session.answers() == []


def test_by_word_a_whole_exercise_is_skipped_or_gone_back_to(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path).told(second, "next").told(second + 5, "back").told(second + 6, "back")
    session.run()
    assert session.view_at(second + 1).number == 2
    assert session.view_at(second + 7).number == 1


@pytest.mark.parametrize("command", ["next", "back", "repeat", "ready", "done", "resume"])
def test_who_asks_for_something_in_a_pause_wants_to_go_on(
    tmp_path: Path, free: Session, command: Spoken
) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path).told(second, "pause").told(second + 10, command)
    assert session.run().is_finished
    assert session.view_at(second + 9).state == "paused"
    assert session.view_at(second + 11).state == "playing"


@pytest.mark.parametrize("command", ["slower", "faster", "longer", "shorter", "more", "louder"])
def test_a_change_in_a_pause_leaves_it_a_pause(
    tmp_path: Path, free: Session, command: Spoken
) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path).told(second, "pause").told(second + 10, command)
    session.told(second + 40, "resume").run()
    assert session.view_at(second + 39).state == "paused"


def test_repeat(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path).told(second + 1, "repeat")
    assert session.run().done == 15
    said = session.seen(lambda view: view.sentence)
    assert said.count("Exercise 1 of 3. Cat.") == 2


def test_changes(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path).told(second, "more", "longer", "longer", "shorter", "slower", "louder")
    ending = session.run()
    overrides = {item.key: item.value for item in session.live.settings.overrides}
    assert overrides == {"reps": 4, "hold": 6}
    assert session.live.settings.speed == Fraction(9, 10)
    assert ending.done == 16
    session = Told(tmp_path).told(second, "faster", "softer")
    session.run()
    assert session.live.settings.speed == Fraction(11, 10)
    assert "Beeps -3 dB." in session.seen(lambda view: view.notice)


@pytest.mark.parametrize("command", ["ready", "done", "next"])
def test_a_wait_ends_by_word(tmp_path: Path, free: Session, command: Spoken) -> None:
    waits = free.second_of(lambda view: view.kind == "settle" and view.number == 2)
    session = Told(tmp_path).told(waits + 3, command).told(waits + 12, command)
    ending = session.run()
    assert ending.done == 15
    assert float(ending.played) < float(free.live.length) - 30


def test_a_session_is_stopped_by_two_words(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 3)
    session = Told(tmp_path).told(second + 1, "stop").told(second + 12, "stop")
    ending = session.run()
    assert not ending.is_finished
    assert not ending.problem
    assert ending.done == 2
    assert session.clock.now() < second + 13
    assert session.view_at(second + 11).state == "paused"
    assert len(session.aloud(WORDS.stopping)) == 1


@pytest.mark.parametrize("later", ["resume", "slower", "time", "next", None])
def test_a_stop_that_is_not_confirmed_ends_nothing(
    tmp_path: Path, free: Session, later: Spoken | None
) -> None:
    second = free.second_of(lambda view: view.where.rep == 3)
    session = Told(tmp_path).told(second + 1, "stop")
    if later:
        session.told(second + 12, later).told(second + 16, "stop")
    ending = session.run()
    assert ending.is_finished
    assert len(session.aloud(WORDS.stopping)) == (2 if later else 1)
    spoken = len(FakeVoice()._clip(Line(WORDS.stopping))) / RATE
    resumed = second + 1 + spoken + AGAIN_S
    if not later:
        assert session.view_at(resumed - 1).state == "paused"
        assert session.view_at(resumed + 1).state == "playing"
        assert ending.done == 15
    else:
        assert session.view_at(second + 15).state == "playing"


@pytest.mark.parametrize("kind", ["settle", "reps"])
def test_who_keeps_going_after_a_stop_is_still_waited_for(
    tmp_path: Path, free: Session, kind: str
) -> None:
    waits = free.second_of(lambda view: view.kind == kind and view.is_awaited)
    session = Told(tmp_path).told(waits + 1, "stop").told(waits + 8, "resume")
    session.run()
    assert session.view_at(waits + 7).state == "paused"
    later = session.view_at(waits + 9)
    assert (later.state, later.kind, later.is_awaited) == ("playing", kind, True)


def test_a_stop_in_a_pause_leaves_it_a_pause(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 3)
    session = Told(tmp_path).told(second, "pause").told(second + 5, "stop")
    session.told(second + 100, "resume")
    assert session.run().done == 15
    assert session.view_at(second + 99).state == "paused"


def test_a_pause_after_a_stop_stays(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 3)
    session = Told(tmp_path).told(second, "stop").told(second + 12, "pause")
    session.told(second + 100, "resume")
    assert session.run().done == 15
    assert session.view_at(second + 99).state == "paused"


def test_a_key_answers_for_the_voice(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 3)
    session = Told(tmp_path).told(second, "stop")
    session.at(second + 1, Command.TOGGLE).at(second + 2, Command.PAUSE)
    session.told(second + 100, "resume")
    assert session.run().done == 15
    assert session.view_at(second + 1.5).state == "playing"
    assert session.view_at(second + 99).state == "paused"


def test_how_long(tmp_path: Path, free: Session) -> None:
    """Where nothing is spoken it is answered without a break: the hold is as long as ever."""
    hold = free.second_of(lambda view: view.span == "hold")
    session = Told(tmp_path).told(hold + 2, "time")
    ending = session.run()
    minutes = round((float(free.live.length) - hold - 2) / 60)
    text = f"About {minutes} minutes left."
    assert session.answers() == [text]
    assert session.view_at(hold + 3).notice == text
    timeline = rendered(SCRIPT)
    extra = session.heard()[: timeline.duration].astype(int) - mix(timeline, 0, timeline.duration)
    begun = int(np.flatnonzero(extra)[0])
    assert begun / RATE == pytest.approx(hold + 2, abs=0.1)
    clip = FakeVoice()._clip(Line(text))
    assert np.count_nonzero(extra) == pytest.approx(len(clip), abs=RATE // 10)
    assert (extra[begun + RATE // 4 : begun + len(clip) - 10] == clip[0]).all()
    assert ending.done == 15
    assert ending.played == free.live.ending().played


def test_where_there_are_words_an_answer_comes_first(tmp_path: Path, free: Session) -> None:
    hold = free.second_of(lambda view: view.span == "hold")
    session = Told(tmp_path).told(hold + 4.5, "time")
    ending = session.run()
    (begun,) = session.aloud(session.answers()[0])
    assert begun / RATE == pytest.approx(hold + 4.5, abs=0.1)
    # The hold begins again.
    heard = session.heard()
    starts, ends = tones(heard, 10_001), tones(heard, 10_004)
    assert starts[2] == begun + len(FakeVoice()._clip(Line(session.answers()[0])))
    assert ends[0] - starts[2] == 5 * RATE
    assert ending.done == 15
    assert "paused" not in session.seen(lambda view: view.state)


def test_nothing_is_answered_twice_at_once(tmp_path: Path, free: Session) -> None:
    hold = free.second_of(lambda view: view.span == "hold")
    session = Told(tmp_path, is_headset=True).told(hold + 1, "pause")
    session.told(hold + 2, "help").told(hold + 3, "time").told(hold + 30, "resume").run()
    assert session.aloud(WORDS.help) == []
    (second,) = session.aloud(session.answers()[-1])
    heard = session.heard()
    assert heard[second + RATE // 2] == FakeVoice()._clip(Line(session.answers()[-1]))[0]


def test_what_is_asked_for_later_takes_the_place_of_an_answer_to_come(
    tmp_path: Path, free: Session
) -> None:
    jobs: list[Callable[[], None]] = []
    session = Told(tmp_path, spawn=jobs.append)
    jobs.pop()()
    second = free.second_of(lambda view: view.span == "hold") + 2
    session.told(second, "time").told(second + 1, "pause").told(second + 60, "resume")

    def finish() -> None:
        for job in jobs:
            job()

    session.clock.plan.append((second + 3, finish))
    session.run()
    assert session.answers()
    assert session.aloud(session.answers()[-1]) == []


def test_pain_stops_is_noted_and_can_be_skipped(tmp_path: Path, free: Session) -> None:
    hold = free.second_of(lambda view: view.span == "hold" and view.where.rep == 2)
    session = Told(tmp_path).told(hold + 2, "pain").told(hold + 60, "next")
    ending = session.run()
    assert ending.done == 12 + 1
    ((where, at),) = session.notes.pains
    assert where == Where("cat", None, 1, None, 2)
    assert at == pytest.approx(hold + 2, abs=0.1)
    assert len(session.aloud(WORDS.hurting)) == 1
    assert session.view_at(hold + 59).state == "paused"
    assert session.view_at(hold + 61).number == 2


def test_after_pain_even_a_wait_is_skipped(tmp_path: Path, free: Session) -> None:
    waits = free.second_of(lambda view: view.kind == "settle" and view.number == 2)
    session = Told(tmp_path).told(waits + 2, "pain").told(waits + 20, "time")
    session.told(waits + 30, "next")
    assert session.run().done == 5
    assert session.view_at(waits + 29).state == "paused"
    assert session.view_at(waits + 31).number == 3


def test_pain_before_the_first_exercise_is_of_the_one_to_come(tmp_path: Path) -> None:
    session = Told(tmp_path).told(0.5, "pain").told(30, "resume")
    assert session.run().done == 15
    assert session.notes.pains[0][0].exercise == "cat"


def test_help_says_the_most_useful_commands(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path).told(second, "help")
    assert session.run().done == 15
    assert len(session.aloud(WORDS.help)) == 1


def test_a_refusal_is_spoken_briefly(tmp_path: Path) -> None:
    script = SCRIPT.replace("hold: 20-40s", "hold: 20-21s")
    settings = Settings(only=("plank",))
    session = Told(tmp_path, script, settings).told(30, "longer").told(35, "longer")
    session.run()
    assert set(session.answers()) == {"20s to 21s are prescribed."}
    assert "Plank: 20s to 21s are prescribed." in session.seen(lambda view: view.notice)


def test_an_answer_that_cannot_be_spoken_is_told(tmp_path: Path, free: Session) -> None:
    class Tired(FakeVoice):
        def speak(self, lines: Iterable[Line], progress: object = None) -> Any:
            asked = list(lines)
            if len(asked) == 1:
                raise SpeechError("the voice has died")
            return super().speak(asked, progress)

    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path, room=Room(Tired)).told(second, "time", "time").told(second + 9, "stop")
    assert session.run().done == 15
    assert session.live.warnings == ["the voice has died"]
    assert session.view_at(second + 1).notice == "the voice has died"


def test_a_bug_of_the_voice_is_no_silence(tmp_path: Path) -> None:
    class Wrong(FakeVoice):
        def speak(self, lines: Iterable[Line], progress: object = None) -> Any:
            asked = list(lines)
            if asked == [Line(WORDS.stopping)]:
                raise ValueError("a bug")
            return super().speak(asked, progress)

    with pytest.raises(ValueError, match="a bug"):
        Told(tmp_path, room=Room(Wrong)).told(20, "stop").run()


def test_answers_are_in_english(tmp_path: Path) -> None:
    asked: list[str] = []

    class Polyglot(Room):
        def voice_for(self, decided: Manner) -> GradualVoice:
            asked.append(decided.language)
            return super().voice_for(decided)

    session = Told(tmp_path, SCRIPT + "language: de\n", room=Polyglot())
    asked.clear()
    session.told(20, "time").run()
    assert set(asked) == {"en"}


def test_a_fault_is_told_once_and_the_session_goes_on(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path)
    why = "The microphone was lost; the session goes on without it. Plug it in."
    for after in (0, 5):
        session.clock.plan.append((second + after, lambda: session.live.miss(why)))
    assert session.run().done == 15
    assert session.live.warnings == [why]
    assert session.view_at(second + 1).notice == why
    assert session.view_at(second - 1).ear != ""
    assert session.view_at(second + 1).ear == ""
    assert session.answers()[0] == "The microphone was lost; the session goes on without it"


def test_what_was_heard_is_seen_for_a_while(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path).told(second, "longer")
    session.run()
    assert session.view_at(second - 1).heard is None
    seen = session.view_at(second + 1).heard
    assert seen
    assert seen.command == "longer"
    assert session.view_at(second + 6).heard is None


def test_a_whistle_pauses_and_resumes(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    session = Told(tmp_path)
    for at, command in ((second, "pause"), (second + 10, "resume")):
        heard = Heard(command, at - 1, at - 0.5, 1.0, "")  # type: ignore[arg-type]
        session.clock.plan.append((at, lambda heard=heard: session.live.hear(heard)))  # type: ignore[misc]
    assert session.run().done == 15
    assert session.view_at(second + 9).state == "paused"


def test_nothing_is_heard_of_a_session_that_does_not_listen(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.live.hear(Heard("stop", 0, 1, 1.0, "stop"))
    session.live.miss("It is gone.")
    assert session.run().done == 15
    assert session.live.warnings == []


# -- hearing itself --------------------------------------------------------------------------------


def test_the_coach_does_not_obey_itself(tmp_path: Path, free: Session) -> None:
    said = free.second_of(lambda view: view.sentence == "Come down.")
    session = Told(tmp_path, is_headset=True)
    session.told(said + 0.8, "pause", wording="come down")
    session.told(said + 30, "pause", wording="come down").told(said + 60, "resume")
    session.run()
    assert session.view_at(said + 2).state == "playing"
    assert session.view_at(said + 31).state == "paused"


@pytest.mark.parametrize("latency", [0.0, 0.2])
def test_it_is_deaf_while_it_speaks_and_answers(
    tmp_path: Path, free: Session, latency: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PacedPlayback, "latency", latency)
    hold = free.second_of(lambda view: view.span == "hold" and view.where.rep == 2)
    session = Told(tmp_path).told(hold + 2, "stop").told(hold + 15, "resume")
    session.run()
    heard = session.heard()
    is_speech = (heard > 0) & (heard < 9000)
    known = {int(FakeVoice()._clip(Line(text))[0]) for text in session.seen(lambda v: v.sentence)}
    known.add(int(FakeVoice()._clip(Line(WORDS.stopping))[0]))
    for frame in range(0, len(heard), RATE // 50):
        if is_speech[frame] and int(heard[frame]) in known:
            # A tick later at most: what is not known beforehand is told within one.
            assert session.ear.is_deaf(frame / RATE + latency + 0.05)
    assert not session.ear.is_deaf(hold + 14), "a pause is quiet"
    in_hold = [second / 10 for second in range(round(10 * hold) + 8, round(10 * hold) + 18)]
    assert not any(map(session.ear.is_deaf, in_hold)), "ticks do not count"


def test_in_a_headset_it_is_never_deaf(tmp_path: Path) -> None:
    session = Told(tmp_path, is_headset=True).told(30, "time")
    session.run()
    assert session.ear.spans == []
    assert session.seen(lambda view: view.ear) == ["listening"]


SOUNDS = st.lists(
    st.tuples(st.integers(0, 30_000), st.integers(1, 4000), st.sampled_from(["speech", "cue"])),
    max_size=20,
)


@given(sounds=SOUNDS, frame=st.integers(0, 40_000), horizon=st.integers(0, 5000))
def test_deaf_spans_hold_all_that_disturbs_and_little_else(
    sounds: list[tuple[int, int, Any]], frame: int, horizon: int
) -> None:
    rate = 1000
    clips = tuple(
        Clip(start, np.ones(length, np.int16), kind, "a", Where())
        for start, length, kind in sorted(sounds)
    )
    longest = max((len(clip.samples) for clip in clips), default=0)
    timeline = Timeline(rate, 40_000, clips, (), (), (), longest)
    spans = sounding_spans(timeline, frame, horizon)
    for before, after in pairwise(spans):
        assert before[1] < after[0]
    for start, end in spans:
        assert frame <= start < end <= frame + horizon
    deaf = np.zeros(horizon, bool)
    for start, end in spans:
        deaf[start - frame : end - frame] = True
    expected = np.zeros(50_000, bool)
    for clip in clips:
        if clip.kind == "speech" or len(clip.samples) > SHORT * rate:
            expected[clip.start : clip.end + int(ECHO * rate)] = True
    assert np.array_equal(deaf, expected[frame : frame + horizon])
    said = list(spoken_at(timeline, frame))
    now = [c for c in clips if c.kind == "speech" and c.start <= frame < c.end]
    assert len(said) == len(now)


# -- tones -----------------------------------------------------------------------------------------


def spectrum(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return how the power of a sound is spread over a hundred bands up to 4 kHz."""
    power = np.abs(np.fft.rfft(samples.astype(float), 48_000)) ** 2
    bands = power[:4000].reshape(100, 40).sum(axis=1)
    shares: NDArray[np.float64] = bands / np.linalg.norm(bands)
    return shares


@pytest.mark.parametrize("answer", ["heard", "refused"])
def test_a_tone_is_short_soft_and_no_cue(answer: Any) -> None:
    from coach.cues import load_pack, load_samples
    from coach.files.shipped import data_dir

    made = tone(answer, 48_000)
    assert made.dtype == np.int16
    assert len(made) <= SHORT * 48_000
    assert 500 < np.abs(made.astype(int)).max() < 8000
    assert abs(int(made[0])) < 50
    assert abs(int(made[-1])) < 50
    for pack in ("classic", "soft", "bells"):
        for name, cue in load_samples(load_pack(pack, data_dir("audio_cues")), 48_000).items():
            assert spectrum(made) @ spectrum(cue) < 0.5, (pack, name)
    other = tone("refused" if answer == "heard" else "heard", 48_000)
    half = len(made) // 2
    assert spectrum(made[:half]) @ spectrum(other[:half]) < 0.5


def test_a_command_is_answered_by_a_tone_that_delays_nothing(tmp_path: Path, free: Session) -> None:
    hold = free.second_of(lambda view: view.span == "hold")
    session = Told(tmp_path).told(hold + 2.3, "softer")
    session.run()
    timeline = rendered(SCRIPT)
    extra = session.heard()[: timeline.duration].astype(int) - mix(timeline, 0, timeline.duration)
    begun = int(np.flatnonzero(extra)[0])
    made = tone("heard", RATE)
    assert begun / RATE == pytest.approx(hold + 2.3, abs=0.1)
    assert np.array_equal(extra[begun - 1 : begun - 1 + len(made)][: RATE // 8], made[: RATE // 8])


def test_a_refusal_has_another_tone(tmp_path: Path, free: Session) -> None:
    second = free.second_of(lambda view: view.where.rep == 2)
    softer: list[Spoken] = ["softer"] * 9
    session = Told(tmp_path).told(second, *softer)
    session.run()
    assert "The beeps are as loud or as soft as they get." in session.answers()


def ended(ending: Ending, views: list[View]) -> bool:
    return ending.is_finished and views[-1].state == "over"


@hypothesis_settings(max_examples=hypothesis_settings().max_examples // 3)
@given(
    said=st.lists(
        st.tuples(st.integers(1, 250), st.sampled_from([c for c in SPOKEN if c != "stop"])),
        max_size=8,
    ),
    is_headset=st.booleans(),
)
def test_whatever_is_said_it_ends_and_counts_right(
    said: list[tuple[int, Spoken]], is_headset: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    session = Told(folder, is_headset=is_headset, output=lambda clock, _: SilentOutput(clock))
    for second, command in said:
        session.told(second, command).told(second + 20, "resume")
    for n in range(9):
        session.told(300 + n, "next")
    ending = session.run()
    assert ended(ending, session.views)
    assert ending.done <= ending.planned
    assert len(session.notes.finished) == len(set(session.notes.finished)) == ending.done


def test_a_single_stop_never_ends_a_session(tmp_path: Path) -> None:
    session = Told(tmp_path)
    for second in range(5, 400, 40):
        session.told(second, "stop")
    assert session.run().is_finished
