"""Sessions with more chapters than a byte counts, as circuits of many rounds have."""

from __future__ import annotations

import io
import json
import subprocess
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutagen.id3 import ID3

from coach.render.details import Details, details_of
from coach.render.moments import moments
from coach.render.mp3 import MOST_ENTRIES, Lame, id3
from coach.render.page_content import chapters
from coach.session import Session, build, prepared
from coach.settings import Settings
from tests.conftest import RATE, FakeVoice, fake_cues, routine_of

SCRIPT = """
title: Rounds
rest: 1s
settle: 0
exercises:
  - rounds: 150
    rest: 2s
    exercises: [{name: One, hold: 1s}, {name: Two, hold: 1s}]
"""


@pytest.fixture(scope="module")
def session() -> Session:
    return build(prepared(routine_of(SCRIPT), Settings()), FakeVoice(), fake_cues(), RATE)


@pytest.fixture(scope="module")
def details(session: Session) -> Details:
    return details_of(session, date(2024, 5, 15))


def tables(tag: bytes) -> dict[str, Any]:
    return {table.element_id: table for table in ID3(io.BytesIO(tag)).getall("CTOC")}


def test_the_table_of_contents_of_an_mp3_has_tables_below_it(details: Details) -> None:
    assert len(details.chapters) == 302
    found = tables(id3(details))
    below = found["toc"].child_element_ids
    assert [len(found[name].child_element_ids) for name in below] == [
        MOST_ENTRIES,
        302 - MOST_ENTRIES,
    ]
    listed = [entry for name in below for entry in found[name].child_element_ids]
    assert listed == [f"chp{n}" for n in range(302)]
    assert [int(found[name].flags) for name in ("toc", *below)] == [3, 1, 1]


def test_players_list_all_of_them_in_order(details: Details, tmp_path: Path) -> None:
    silence = [np.zeros(RATE, np.int16)]
    path = tmp_path / "rounds.mp3"
    path.write_bytes(id3(details) + b"".join(Lame(RATE, 1).encode(silence)))
    command = ("ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(path))
    done = subprocess.run(command, capture_output=True, check=True)
    found = json.loads(done.stdout)["chapters"]
    assert [chapter["tags"]["title"] for chapter in found] == [
        one.title for one in details.chapters
    ]


def test_each_chapter_of_a_page_belongs_to_the_exercise_in_it(session: Session) -> None:
    rows = chapters(session, moments(session.timeline))
    assert [row["panel"] for row in rows] == [0, *[1, 2] * 150, 3]
    assert all(one["start"] < other["start"] for one, other in pairwise(rows))
