"""The voices for all routines, and settings that a script has left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from coach.profile import Profile
from coach.settings import Settings
from coach.settings.default_voices import (
    DefaultVoice,
    DefaultVoices,
    default_voices_path,
    forget_default_voices,
    load_default_voices,
    primary,
    save_default_voice,
)
from coach.settings.layers import in_force
from coach.settings.moved import moved_notices
from coach.settings.saved import Saved, SavedValue, SettingsStore
from tests.settings.test_layers import NOW, ROUTINE, saved

HEART, ANNA = DefaultVoice("heart", "neural"), DefaultVoice("anna", "piper")
VOICES = DefaultVoices({"en": HEART, "de": ANNA})


@pytest.mark.parametrize(
    ("asked", "language", "voice", "engine"),
    [
        (Settings(), "en-GB", "heart", "neural"),
        (Settings(), "DE_at", "anna", "piper"),
        (Settings(), "fr", None, None),
        (Settings(voice="own"), "en", "own", None),
        (Settings(engine="neural"), "en", "heart", "neural"),
        (Settings(engine="piper"), "en", None, "piper"),
    ],
)
def test_a_default_voice_is_used_where_nothing_else_is_asked_for(
    asked: Settings, language: str, voice: str | None, engine: str | None
) -> None:
    found = VOICES.applied(asked, language)
    assert (found.voice, found.engine) == (voice, engine)
    assert found.overrides == asked.overrides


def test_a_default_voice_is_told_to_be_one() -> None:
    state = in_force(ROUTINE, Settings(), Saved(), [], NOW, VOICES)
    assert (state.settings.voice, state.settings.engine) == ("heart", "neural")
    assert {key: state.origins.get(key) for key in ("voice", "engine", "cues")} == {
        "voice": "default", "engine": "default", "cues": None,
    }  # fmt: skip
    own = in_force(ROUTINE, Settings(voice="own"), saved(engine="piper"), [], NOW, VOICES)
    assert (own.origins["voice"], own.origins["engine"]) == ("session", "saved")


def test_languages_are_told_apart_by_their_first_part() -> None:
    assert [primary(tag) for tag in ("en", "en-us", "EN_US", "pt-BR-x")] == ["en", "en", "en", "pt"]


def test_default_voices_are_kept_for_each_person_and_taken_back() -> None:
    mine, other = Profile(), Profile("anna")
    assert load_default_voices(mine) == DefaultVoices()
    save_default_voice(mine, "en-GB", HEART)
    save_default_voice(mine, "de", ANNA)
    save_default_voice(other, "en", ANNA)
    assert load_default_voices(mine) == VOICES
    assert load_default_voices(other).voices == {"en": ANNA}
    text = default_voices_path(mine).read_text("utf-8")
    assert text.startswith("# The default voices: see `coach voices --help`")
    assert default_voices_path(mine).parent == mine.settings_folder.parent
    assert forget_default_voices(mine, "fr").voices == {}
    assert forget_default_voices(mine, "en_US").voices == {"en": HEART}
    assert load_default_voices(mine).voices == {"de": ANNA}
    assert forget_default_voices(mine).voices == {"de": ANNA}
    assert not default_voices_path(mine).exists()
    assert load_default_voices(other).voices == {"en": ANNA}


def test_damaged_default_voices_are_told_and_half_of_one_is_none() -> None:
    path = default_voices_path(Profile())
    path.parent.mkdir(parents=True)
    path.write_text("coach: 1\nvalues: {en.voice: heart, de.voice: anna, de.engine: piper}\n")
    assert load_default_voices(Profile()) == DefaultVoices({"de": ANNA})
    path.write_text("[]")
    found = load_default_voices(Profile())
    assert found.voices == {}
    assert "not used" in found.problem


def test_settings_of_a_script_that_was_moved_are_offered(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings")
    before, after, other = (tmp_path / name / "mine.yaml" for name in ("a", "b", "c"))
    for script in (before, after, other):
        script.parent.mkdir()
        script.touch()
    entry = Saved({"reps": SavedValue("7", NOW)})
    store.change(before, lambda _: entry)
    store.change(other, lambda _: entry)
    store.change("mine", lambda _: entry)
    assert list(moved_notices(store, after)) == [], "they are still there"
    before.unlink()
    old, new = store.path(before), store.path(after)
    assert list(moved_notices(store, after)) == [
        f"settings are saved for {before}, which is not there any more; if that is this script "
        f"now, rename {old} to {new.name} to use them"
    ]
    old.rename(new)
    assert list(moved_notices(store, after)) == [], "they were taken over"
    new.write_text("- no settings")
    new.with_name(f"{new.stem}0.yaml").write_text("coach: 1\nroutine: mine\n")
    assert list(moved_notices(store, after)) == []
