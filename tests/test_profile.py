"""Profiles keep people apart."""

from __future__ import annotations

import pytest

from coach.errors import SettingError
from coach.profile import Profile, new_profile_notice, parse_profile


def test_each_has_folders_of_its_own() -> None:
    places = {
        path
        for profile in (Profile(), Profile("anna"), Profile("bert"))
        for path in (profile.settings_folder, profile.history_path)
    }
    assert len(places) == 6
    assert Profile("anna").settings_folder.parts[-3:] == ("profiles", "anna", "settings")


@pytest.mark.parametrize("name", ["anna", "Anna", " anna ", "dr-who", "jörg", "7", "a" * 40])
def test_names(name: str) -> None:
    assert parse_profile(name) == Profile(name.strip().casefold())


@pytest.mark.parametrize(
    "name", ["", " ", "../x", "a/b", ".", "a b", "-a", "a-", "a" * 41, "a\x07"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(SettingError, match="expected a profile's name"):
        parse_profile(name)


def test_a_new_one_is_told_with_those_that_it_may_have_been_meant_for() -> None:
    assert not Profile().is_new
    assert Profile("anna").is_new
    assert new_profile_notice(Profile("anna")) == "`anna` is a new profile."
    Profile("anna").settings_folder.mkdir(parents=True)
    Profile("bert").history_path.parent.mkdir(parents=True)
    assert not Profile("anna").is_new
    told = new_profile_notice(Profile("ana"))
    assert told == "`ana` is a new profile; did you mean `anna`? The others: anna, bert."
