"""`coach adjust` and what comes of it, as people use it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from coach.cli import run
from coach.cli.options import Request
from coach.cli.personal import Personal
from coach.cli.play import _decided
from coach.cli.sessions import LiveStudio, build_session, described, open_lengths
from coach.files.shipped import data_dir
from coach.history import History
from coach.library import find_routine
from coach.outputs import LIVE_RATE
from coach.profile import Profile
from coach.routine import load_routine
from coach.session import Session, build, prepared
from coach.settings import Override, Settings
from coach.settings.adjust import adjust
from coach.settings.saved import SettingsStore
from coach.speech import Speech, Voice
from coach.speech.store import ClipStore
from coach.steps import Where
from coach.timeline import mix
from coach.units import seconds
from tests.test_cli import SHORT, output

pytestmark = pytest.mark.usefixtures("clips_at_hand")

NAME = "si-joint-relief"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    return json.loads(output(capsys, *arguments, "--json"))


def values(found: Any) -> dict[str, Any]:
    """Return the values that do not come from the script."""
    return {v["name"]: v["value"] for v in found["values"] if v["origin"] != "script"}


def exercised(
    script: Path | str, days: float, *, pain: int | None = None, profile: Profile | None = None,
    finished: bool = True, settings: Settings | None = None,
) -> None:  # fmt: skip
    """Record a session that was begun so many days from now."""
    history = History((profile or Profile()).history_path)
    started = datetime.now(UTC).astimezone() + timedelta(days=days)
    recording = history.begin(
        routine=script if isinstance(script, str) else script.stem, title="T", script=script,
        settings=settings or Settings(), planned=2, length=60, pain=pain, started=started,
    )  # fmt: skip
    recording.done(Where("squeeze", set=1, rep=1))
    recording.finish(finished=finished, seconds=50)


# -- saving and showing ----------------------------------------------------------------------------


def test_what_is_saved_is_told_shown_and_used(
    capsys: pytest.CaptureFixture[str], script: Path, tmp_path: Path
) -> None:
    told = output(capsys, "adjust", script, "squeeze.hold=4", "reps=3")
    assert f"Saved for {script}:" in told
    assert "reps          3   (was 2, prescribed 2 to 4)" in told
    assert "squeeze.hold  4s  (was 3s, prescribed 3s)" in told
    assert "instead of" in told
    shown = output(capsys, "show", script)
    assert "3 reps (2-4, saved), hold 4s (prescribed 3s, saved)" in shown
    assert "2 reps (2-4), hold 3s" in output(capsys, "show", script, "--no-saved")
    assert "4 reps (2-4, this session)" in output(capsys, "show", script, "--reps", "+1")
    sheet_file = tmp_path / "a.json"
    output(capsys, "render", script, "-o", tmp_path / "a.wav", "--cue-sheet", sheet_file)
    sheet: Any = json.loads(sheet_file.read_text("utf-8"))
    assert sheet["settings"]["squeeze"]["reps"] == 3
    assert script.read_text() == SHORT


def test_show_has_every_value_its_range_and_its_layer(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    output(capsys, "adjust", script, "plank.hold=6", "speed=0.9")
    found = document(capsys, "adjust", script)
    assert found["profile"] is None
    assert found["saved"]["plank.hold"]["value"] == "6s"
    assert Path(found["file"]).exists()
    assert values(found) == {"plank.phase-1.hold": 6.0}
    assert found["manner"]["speed"] == {"value": 0.9, "origin": "saved"}
    text = output(capsys, "adjust", script, "--show")
    (row,) = [line for line in text.splitlines() if line.startswith("plank.phase-1.hold")]
    assert row.split() == ["plank.phase-1.hold", "6s", "4s", "to", "8s", "saved"]
    assert "Also: speed 0.9 (saved)." in text
    assert f"Saved in {found['file']}." in text


def test_what_is_no_number_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    name = "evening-stretches"
    assert "sides" not in output(capsys, "adjust", name, "--show")
    output(capsys, "adjust", name, "neck-tilt.sides=left", "knee-rolls.settle=ready")
    rows = output(capsys, "adjust", name, "--show").splitlines()
    assert next(row.split() for row in rows if "sides" in row)[1:] == [
        "left",
        "left,right",
        "saved",
    ]
    assert next(row.split() for row in rows if "settle" in row)[1::2] == ["ready", "saved"]
    found = document(capsys, "adjust", name)
    assert values(found) == {"neck-tilt.sides": ["left"], "knee-rolls.settle": "ready"}


def test_without_a_terminal_no_form_opens(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    text = output(capsys, "adjust", script)
    assert "Nothing is saved;" in text
    assert "squeeze.reps" in text


def test_reset(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    output(capsys, "adjust", script, "squeeze.hold=4", "reps=3", "plank.rest=9")
    assert output(capsys, "adjust", script, "--reset", "squeeze").startswith(
        "Taken back: squeeze.hold (4s)."
    )
    assert set(document(capsys, "adjust", script)["saved"]) == {"reps", "plank.rest"}
    output(capsys, "adjust", script, "--reset", "reps", "plank.hold=7")
    assert set(document(capsys, "adjust", script)["saved"]) == {"plank.hold", "plank.rest"}
    output(capsys, "adjust", script, "--reset")
    assert document(capsys, "adjust", script)["saved"] == {}
    assert "nothing is saved for `squeeze`" in output(
        capsys, "adjust", script, "--reset", "squeeze", code=1
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["squeeze.reps=5"], "reps 5 is outside the prescribed 2 to 4 of squeeze"),
        (["squeese.reps=3"], "there is no exercise `squeese`; did you mean `squeeze`?"),
        (["reps=1.5"], "expected a whole number such as 8"),
        (["hold=abc"], "expected a duration such as 5"),
        (["reps"], "expected a setting such as reps=8"),
        (["reps=3", "reps=4"], "`reps` is given twice"),
        (["--progress", "soon"], "expected a rule such as"),
        (["cues=nope"], "expected the name of a cue pack or a pack's folder, found `nope`"),
        (["voice=nobody-at-all"], "there is no voice `nobody-at-all`"),
        (["engine=nope"], "nope"),
        (["language=xx"], "the coach has no phrases in the language `xx`"),
        (["speed="], "speed: expected a number"),
    ],
)
def test_what_is_refused_changes_nothing(
    capsys: pytest.CaptureFixture[str], script: Path, arguments: list[str], message: str
) -> None:
    output(capsys, "adjust", script, "plank.hold=6")
    assert message in output(capsys, "adjust", script, *arguments, code=1)
    assert set(document(capsys, "adjust", script)["saved"]) == {"plank.hold"}


def test_beyond_the_range_on_purpose(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    told = output(capsys, "adjust", script, "squeeze.reps=6", "--beyond-range")
    assert "(was 2, prescribed 2 to 4, beyond)" in told
    assert "6 reps (2-4, beyond, saved)" in output(capsys, "show", script)
    text = output(capsys, "show", script, "--timed")
    assert '"That is beyond the prescribed 2 to 4 repetitions."' in text


def test_a_cue_pack_is_found_again_from_another_folder(
    capsys: pytest.CaptureFixture[str],
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(data_dir("audio_cues") / "classic", tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    output(capsys, "adjust", script, "cues=./mine")
    monkeypatch.chdir("/")
    output(capsys, "show", script)


def test_sounds_and_words_that_are_gone_are_told_and_the_session_goes_on(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    path = SettingsStore(Profile().settings_folder).path(script)
    path.parent.mkdir(parents=True)
    saved = "{cues: /gone, language: xx, engine: gone, voice: anna, reps: 3}"
    path.write_text(f"coach: 1\nvalues: {saved}\n")
    for arguments in (["show", str(script)], ["adjust", str(script), "plank.hold=7"]):
        assert run(arguments) == 0
        told = capsys.readouterr().err
        assert "the saved `cues` is kept but not used: expected the name of a cue pack" in told
        assert "the saved `language` is kept but not used: the coach has no phrases" in told
        assert "the saved `engine` is kept but not used: there is no speech engine `gone`" in told
        assert "the saved `voice` is kept but not used: it was chosen for that engine" in told
    assert "  cues: /gone" in path.read_text()
    output(capsys, "adjust", script, "--reset", "cues", "--reset", "language")
    assert "cues" not in path.read_text()
    output(capsys, "adjust", script, "--reset")
    assert not path.exists()


def test_a_script_that_was_moved_finds_its_settings_again(
    capsys: pytest.CaptureFixture[str], script: Path, tmp_path: Path
) -> None:
    output(capsys, "adjust", script, "reps=3")
    copy = tmp_path / "copy" / script.name
    copy.parent.mkdir()
    shutil.copy(script, copy)
    assert document(capsys, "adjust", copy)["problems"] == [], "the other one is still there"
    script.unlink()
    store = SettingsStore(Profile().settings_folder)
    former, now = store.path(script), store.path(copy)
    (told,) = document(capsys, "adjust", copy)["problems"]
    assert told == (
        f"settings are saved for {script}, which is not there any more; if that is this script "
        f"now, rename {former} to {now.name} to use them"
    )
    assert document(capsys, "adjust", copy, "--profile", "anna")["problems"] == []
    former.rename(now)
    found = document(capsys, "adjust", copy)
    assert values(found) == {"squeeze.reps": 3}
    assert found["problems"] == []
    other = tmp_path / "other" / script.name
    other.parent.mkdir()
    shutil.copy(copy, other)
    assert document(capsys, "adjust", other)["problems"] == [], "they have been taken over"


@pytest.mark.parametrize(
    "values",
    [
        '{reps: "+1", "squeeze.reps": "+1", plank.hold: "+1"}',
        "{skip: [squeeze, plank]}",
        "{plank.hold: 1h, plank.reps: 900}\nbeyond: [plank.hold]",
        "{voice: nobody-at-all}",
        "{engine: nothing}",
    ],
)
def test_whatever_is_saved_can_be_taken_back(
    capsys: pytest.CaptureFixture[str], script: Path, values: str
) -> None:
    path = SettingsStore(Profile().settings_folder).path(script)
    path.parent.mkdir(parents=True)
    path.write_text(f"coach: 1\nvalues: {values}\n")
    output(capsys, "adjust", script, "squeeze.rest=9")
    assert "squeeze.rest: 9s" in path.read_text("utf-8")
    if "voice" not in values and "engine" not in values:
        output(capsys, "show", script)
    assert "Taken back: " in output(capsys, "adjust", script, "--reset")
    assert not path.exists()
    output(capsys, "show", script)


def test_a_script_that_is_broken_keeps_nothing_from_being_taken_back(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    output(capsys, "adjust", script, "reps=3")
    script.write_text("title: [")
    assert run(["adjust", str(script), "reps=2"]) == 1
    capsys.readouterr()
    assert "Taken back: reps (3)." in output(capsys, "adjust", script, "--reset")


def test_what_does_not_fit_the_script_any_more_is_told_and_kept(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    output(capsys, "adjust", script, "plank.hold=6", "squeeze.reps=4")
    script.write_text(SHORT.replace("Plank", "Board").replace("reps: 2-4", "reps: 2-3"))
    assert run(["show", str(script)]) == 0
    captured = capsys.readouterr()
    assert (
        "the saved `plank.hold` is kept but not used: there is no exercise `plank`" in captured.err
    )
    assert "the saved `squeeze.reps` is kept but not used: reps 4 is outside" in captured.err
    assert "2 reps (2-3)" in captured.out
    output(capsys, "adjust", script, "board.hold=7")
    assert set(document(capsys, "adjust", script)["saved"]) == {
        "plank.hold", "squeeze.reps", "board.hold",
    }  # fmt: skip


def test_a_damaged_file_is_kept_aside_and_the_session_goes_on(
    capsys: pytest.CaptureFixture[str], script: Path, tmp_path: Path
) -> None:
    output(capsys, "adjust", script, "reps=3")
    path = SettingsStore(Profile().settings_folder).path(script)
    path.write_bytes(b"\x00")
    assert run(["render", str(script), "-o", str(tmp_path / "a.wav")]) == 0
    captured = capsys.readouterr()
    (aside,) = path.parent.iterdir()
    assert f"they are kept as {aside.name} and not used" in captured.err
    assert "2 reps (2-4)" in output(capsys, "show", script)


def test_a_folder_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    Profile().settings_folder.parent.mkdir(parents=True)
    Profile().settings_folder.write_text("in the way")
    told = output(capsys, "adjust", script, "reps=3", code=1)
    assert "the settings cannot be saved in" in told
    output(capsys, "show", script)


# -- progress --------------------------------------------------------------------------------------


def test_progress_counts_what_was_finished(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    script.write_text(f"progress: +1 rep every 2 sessions; hold if pain >= 4\n{SHORT}")
    for days, pain, finished in ((-9, None, True), (-8, 7, True), (-7, None, False)):
        exercised(script, days, pain=pain, finished=finished)
    assert "2 reps (2-4)" in output(capsys, "show", script)
    exercised(script, -6)
    shown = output(capsys, "show", script)
    assert "3 reps (2-4, progress)" in shown
    assert "  squeeze: step 1 of 2; the next step comes after 2 more sessions." in shown
    assert "Compared with last time: reps 2 -> 3 of squeeze." in shown
    found = document(capsys, "show", script)
    assert found["exercises"][0]["reps"] == {"value": 3, "from": 2, "to": 4, "origin": "progress"}
    assert found["progress"]["squeeze"]["step"] == 1


def test_progress_is_begun_seen_and_undone_by_one_command_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = output(capsys, "adjust", NAME, "--progress", "+1 rep every 2 sessions")
    assert "progress  +1 rep every 2 sessions" in told
    assert (
        "bridging, resisted-hip-abduction, hip-adduction-ball-squeeze: step 0 of 5; the next"
        in told
    )
    for days in (0.001, 0.002):
        exercised(NAME, days)
    shown = output(capsys, "show", NAME, "--at", "in 4 sessions")
    assert "8 reps (5-10, progress)" in shown
    assert "counted with 3 sessions a week" not in shown, "there is a history"
    assert document(capsys, "show", NAME, "--at", "in 3 weeks")["at"] is not None
    told = output(capsys, "adjust", NAME, "--progress", "none")
    assert "What was climbed is as prescribed or saved again." in told
    assert "5 reps (5-10), hold" in output(capsys, "show", NAME, "--at", "in 3 weeks")


def test_a_rule_that_has_nothing_to_climb_is_told(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    told = output(capsys, "adjust", script, "--progress", "+1 set every week")
    assert "There is nothing to climb" in told


def test_a_history_that_cannot_be_read_is_told_and_the_session_goes_on(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    script.write_text(f"progress: +1 rep every session\n{SHORT}")
    path = Profile().history_path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 100)
    assert run(["show", str(script)]) == 0
    captured = capsys.readouterr()
    assert "progress is not counted: the history of sessions" in captured.err
    assert "2 reps (2-4)" in captured.out


def test_a_session_that_cannot_be_understood_is_passed_by(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    script.write_text(f"progress: +1 rep every session\n{SHORT}")
    for days in (-4, -3, -2, -1):
        exercised(script, days)
    with closing(sqlite3.connect(Profile().history_path)) as connection, connection:
        for column, id_ in (("started", 1), ("settings", 2), ("pain_after", 4)):
            connection.execute(f"UPDATE session SET {column} = 'x' WHERE id = ?", (id_,))  # noqa: S608
    assert run(["show", str(script)]) == 0
    captured = capsys.readouterr()
    assert "progress is counted without 3 sessions that cannot be understood" in captured.err
    assert "3 reps (2-4, progress)" in captured.out


def test_what_is_left_out_for_good_does_not_climb_in_time_to_come(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    output(capsys, "adjust", script, "skip=squeeze", "progress=+1 rep every session")
    found = document(capsys, "show", script, "--at", "in 9 sessions")
    assert found["progress"]["squeeze"]["step"] == 0


def test_what_is_different_is_spoken_live(
    capsys: pytest.CaptureFixture[str], script: Path, tmp_path: Path
) -> None:
    script.write_text(f"progress: +1 rep every session\n{SHORT}")
    exercised(script, -1)
    target = tmp_path / "heard.wav"
    output(capsys, "play", script, "--output", "file", "--fast", "--file", target)
    heard, _ = soundfile.read(target, dtype="int16")
    routine = load_routine(script)
    decided = Personal(str(script), Request(Settings(), Profile())).decide(routine)
    with LiveStudio(Settings(), LIVE_RATE) as studio:
        studio.furnish(routine)
        ready = prepared(routine, decided.settings, decided.changes)
        voice = studio.voice_for(ready.manner)
        timeline = build(ready, voice, studio.cues(0), LIVE_RATE).timeline
    said = [clip.label for clip in timeline.clips if clip.kind == "speech"]
    assert "Today, 3 repetitions, one more than last time." in said
    assert np.array_equal(heard[: timeline.duration], mix(timeline, 0, timeline.duration))


def test_what_is_chosen_to_fill_a_time_is_not_told_as_climbed(script: Path) -> None:
    script.write_text(f"progress: +1 rep every session\n{SHORT}")
    exercised(script, -1)
    routine = load_routine(script)
    personal = Personal(str(script), Request(Settings(), Profile(), fit=Fraction(30)))
    decided = personal.decide(routine)
    assert [(change.before, change.now) for change in decided.changes] == [(2, 3)]
    with LiveStudio(Settings(), LIVE_RATE) as studio:
        studio.furnish(routine)
        length = studio.lengths(routine, decided)

        def reps(settings: Settings) -> int:
            return next(iter(adjust(routine, settings).routine.exercises())).reps.value

        shorter = personal.fitted(routine, decided, lambda settings: Fraction(9 * reps(settings)))
        assert reps(shorter.settings) == 3
        assert shorter.changes == decided.changes
        same = personal.fitted(routine, decided, lambda settings: Fraction(11 * reps(settings)))
        assert reps(same.settings) == 2
        assert same.changes == ()
        # What the introduction tells takes its time.
        ready = [prepared(routine, shorter.settings, changes) for changes in ((), shorter.changes)]
        spoken = [
            build(one, studio.voice_for(one.manner), studio.cues(0), LIVE_RATE).timeline.duration
            for one in ready
        ]
        assert spoken[0] < spoken[1] == length(shorter.settings) * LIVE_RATE


# -- resuming --------------------------------------------------------------------------------------


def test_a_session_that_goes_on_keeps_its_values(
    capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    script.write_text(f"progress: +1 rep every session\n{SHORT}")
    output(capsys, "adjust", script, "plank.hold=7")
    session = subprocess.Popen(
        [sys.executable, "-m", "coach", "play", str(script), "--output", "none", "--plain",
         "--detail", "cues"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert session.stdout is not None
    for line in session.stdout:
        if "Repetition 1 of 2" in line:
            break
    session.terminate()
    session.communicate(timeout=30)
    # Whatever is saved or done meanwhile is for other sessions.
    output(capsys, "adjust", script, "plank.hold=5", "squeeze.hold=9")
    entry = History().unfinished(script)
    assert entry is not None
    exercised(script, -1)
    request = Request(entry.settings, Profile(), use_saved=False, is_resumed=True)
    routine = load_routine(script)
    decided = Personal(str(script), request).decide(routine)
    squeeze, plank = adjust(routine, decided.settings).routine.exercises()
    assert squeeze.reps.value == 2
    assert [p.hold.value for p in (*squeeze.phases, *plank.phases) if p.hold] == [3, 7]


# -- profiles --------------------------------------------------------------------------------------


def test_profiles_keep_settings_and_history_apart(
    capsys: pytest.CaptureFixture[str], script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["adjust", str(script), "reps=3", "--profile", "anna"]) == 0
    captured = capsys.readouterr()
    assert "`anna` is a new profile." in captured.err
    assert f"Saved for {script} of anna:" in captured.out
    assert values(document(capsys, "adjust", script)) == {}
    monkeypatch.setenv("COACH_PROFILE", "anna")
    assert values(document(capsys, "adjust", script)) == {"squeeze.reps": 3}
    assert values(document(capsys, "adjust", script, "--profile", "bert")) == {}
    exercised(script, -1, profile=Profile("anna"))
    assert len(document(capsys, "history")["sessions"]) == 1
    monkeypatch.delenv("COACH_PROFILE")
    assert document(capsys, "history")["sessions"] == []
    assert "expected a profile's name" in output(
        capsys, "show", script, "--profile", "../x", code=1
    )


# -- fitting ---------------------------------------------------------------------------------------


def test_a_rendered_session_fits_and_tells_what_was_chosen(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "a.wav"
    assert run(["render", NAME, "--fit", "14m", "--engine", "pyttsx3", "-o", str(target)]) == 0
    captured = capsys.readouterr()
    assert "Chosen to fill 14:00: cat-camel.reps=" in captured.err
    seconds = Fraction(soundfile.info(target).frames, 24_000)
    assert 14 * 60 - 15 < seconds <= 14 * 60
    shown = document(capsys, "show", NAME, "--fit", "14m", "--engine", "pyttsx3")
    assert shown["exact"] is True
    assert shown["duration"] == float(seconds)
    assert {e["reps"]["origin"] for e in shown["exercises"]} == {"fit"}


def test_a_time_that_is_too_short_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = output(capsys, "play", NAME, "--fit", "5m", "--output", "none", "--fast", code=1)
    assert "nothing fits into 5:00: the shortest session inside the prescribed ranges takes" in told
    assert "--fit: expected a duration" in output(capsys, "show", NAME, "--fit", "x", code=1)
    assert "For minutes write --fit 14m." in output(capsys, "show", NAME, "--fit", "14", code=1)


def test_a_time_that_cannot_be_filled_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for time, told in (
        ("40m", "repetitions and rests that are prescribed it is over before 40:00: cat-"),
        ("14m", "Chosen to fill 14:00: cat-camel.reps="),
    ):
        assert run(["show", NAME, "--fit", time]) == 0
        assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["adjust", NAME, "--hold", "8"], 2, "without hyphens before it: hold=8"),
        (
            ["adjust", NAME, "--reps", "cat-camel=8"],
            2,
            "without hyphens before it: cat-camel.reps=8",
        ),
        (["adjust", NAME, "--skip=bridging"], 2, "without hyphens before it: skip=bridging"),
        (["show", NAME, "--adjust", "speed=2"], 1, "It is an option of its own: --speed 2"),
        (["show", NAME, "--adjust", "progress=none"], 1, "--progress RULE` saves a rule"),
    ],
)
def test_what_belongs_elsewhere_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    assert told in output(capsys, *arguments, code=code)


def test_a_live_session_that_nothing_is_spoken_of_fits_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "a.wav"
    output(capsys, "play", NAME, "--fit", "13m", "--output", "file", "--fast", "--file", target)
    assert 12 * 60 < soundfile.info(target).duration <= 13 * 60


class Drawling:
    """An engine that takes for a sentence what nobody would guess, mostly long."""

    name = fingerprint = "drawling"
    workers = 1
    rate = 8000

    def start(self, count: int) -> None: ...

    def synthesize(self, text: str) -> Speech:
        length = self.rate * (1 + sum(map(ord, text)) % 7)
        return Speech(self.rate, (8000 * np.sin(np.arange(length))).astype(np.int16))

    def voices(self) -> tuple[Voice, ...]:
        return ()

    def close(self) -> None: ...


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_voice_that_takes_longer_than_guessed_is_soon_fitted(
    monkeypatch: pytest.MonkeyPatch, is_stored: bool
) -> None:
    attempts = []

    def counted(*arguments: Any) -> Session:
        attempts.append(arguments)
        return build(*arguments)

    monkeypatch.setattr("coach.cli.sessions.build", counted)
    monkeypatch.setattr("coach.speech.speakers.open_engine", lambda *_, **__: Drawling())
    if not is_stored:
        monkeypatch.setattr(ClipStore, "put", lambda *_: None)
    request = Request(Settings(), Profile(), fit=Fraction(20 * 60))
    session = build_session(Personal(NAME, request), 8000, quiet=True).session
    assert 19 * 60 < seconds(session.timeline.duration, 8000) <= 20 * 60
    assert len(attempts) <= 3


def test_a_margin_is_kept_as_far_as_there_is_room_for_it() -> None:
    routine = load_routine(find_routine(NAME))
    shortest = Settings((Override("reps", 5),))
    with LiveStudio(Settings(), LIVE_RATE) as studio:
        studio.furnish(routine)
        personal = Personal(NAME, Request(Settings(), Profile()))
        exactly = studio.lengths(routine, personal.decide(routine))(shortest)
        request = Request(Settings(), Profile(), fit=exactly + 2)
        decided = _decided(Personal(NAME, request), routine, studio)
    values = {override.key: override.value for override in decided.settings.overrides}
    assert values["reps"] == 5


def test_nothing_is_described_of_which_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    calls = []

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return described(*arguments)

    def count(*arguments: str) -> int:
        calls.clear()
        output(capsys, "adjust", script, *arguments)
        return len(calls)

    monkeypatch.setattr("coach.cli.sessions.described", counted)
    assert count("reps=3", "-q") == 0
    assert count("reps=2", "--json") == 1
    assert count("--show") == 1
    assert count("reps=4") == 2


def test_a_length_follows_the_speed_of_speech_too(script: Path) -> None:
    routine = load_routine(script)
    with open_lengths(routine, Settings(), 8000) as length_of:
        for settings in (Settings(), Settings(speed=Fraction(1, 2)), Settings()):
            personal = Personal(str(script), Request(settings, Profile()))
            timeline = described(personal, routine, personal.decide(routine), 8000).session.timeline
            assert length_of(settings) == seconds(timeline.duration, 8000)
        assert length_of(Settings(speed=Fraction(1, 2))) > length_of(Settings())


# -- at once, and many -----------------------------------------------------------------------------


def test_two_at_once_both_save(script: Path) -> None:
    commands = [
        [sys.executable, "-m", "coach", "adjust", str(script), setting, "-q"]
        for setting in ("squeeze.reps=3", "plank.hold=7", "plank.rest=9", "speed=0.9")
    ]
    running = [subprocess.Popen(command, env=dict(os.environ)) for command in commands]
    assert [process.wait(60) for process in running] == [0] * 4
    saved = SettingsStore(Profile().settings_folder).load(script).saved
    assert set(saved.values) == {"squeeze.reps", "plank.hold", "plank.rest", "speed"}
