"""A session as one HTML file for a phone: player, exercise sheet and sound, without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from html import escape
from typing import Any, BinaryIO

from coach.phrases import load_phrasebook
from coach.render.page_content import LONG_STEP, content
from coach.render.page_sheet import Sheet
from coach.render.page_words import DATA, direction, load_words
from coach.session import Session
from coach.template import fill
from coach.units import clock, seconds

_MEDIA_TYPE = re.compile(r"audio/[\w.+-]+")
_PLACEHOLDER = re.compile(r"\{\{ ([a-z]+)(?:\.([a-z_]+))? \}\}")
_AUDIO = "{{ audio }}"
_BLOCK = 3 << 18
"""Bytes that are read at once; three of them make four letters, with nothing left over."""
_IN_SCRIPT = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""Escapes of JSON for what means something in HTML or ends a line in JavaScript."""


def page(session: Session, audio: BinaryIO, media_type: str) -> Iterator[str]:
    """Yield the HTML document of a session, piece by piece. It needs nothing besides itself.

    The sound of ten hours has 300 MB, so it is never in memory as a whole.

    Args:
        session: what is heard in `audio`.
        audio: a sound file, which is read twice.
        media_type: its type, such as `audio/mpeg`.

    Raises:
        ValueError: `media_type` is no type of sound.
    """
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ValueError(f"expected a media type such as audio/mpeg, found {media_type!r}")
    routine, timeline = session.routine, session.timeline
    language = session.manner.language
    words, phrases = load_words(language), load_phrasebook(language)
    data = content(session, words, phrases)
    # A page remembers its own place, not that of another session of the same routine.
    digest = hashlib.sha256()
    for block in iter(partial(audio.read, _BLOCK), b""):
        digest.update(block)
    digest.update(routine.title.encode("utf-8", "replace"))
    data["key"] = digest.hexdigest()[:16]
    style, script = (_data(name) for name in ("page.css", "page.js"))
    length = clock(seconds(timeline.duration, timeline.rate))
    data["length"] = words.say("session", time=length)
    data["description"] = routine.description
    parts = {
        "language": escape(language),
        "direction": direction(language),
        "policy": escape(content_security_policy(script, style)),
        "title": escape(routine.title),
        "description": escape(data["description"]),
        "length": escape(data["length"]),
        "clock": escape(length),
        "step": str(LONG_STEP),
        "duration": str(round(timeline.duration / timeline.rate)),
        "chapters": _chapter_list(data["chapters"]),
        "sheet": Sheet(routine, words, phrases).html(),
        "data": json_for_html(data),
        "style": style,
        "script": script,
    }

    def part(found: re.Match[str]) -> str:
        group, key = found.groups()
        if not key:
            return parts[group]
        text = words.phrases[key]
        return escape(fill(text, {"n": str(LONG_STEP)}))

    before, after = _data("page.html").split(_AUDIO)
    yield _writable(_PLACEHOLDER.sub(part, before))
    yield f"data:{media_type};base64,"
    audio.seek(0)
    for block in iter(partial(audio.read, _BLOCK), b""):
        yield base64.b64encode(block).decode("ascii")
    yield _writable(_PLACEHOLDER.sub(part, after))


def _writable(text: str) -> str:
    """Return a text without halves of surrogate pairs, which a script can hold but no file."""
    return text.encode("utf-8", "replace").decode("utf-8")


def content_security_policy(script: str, style: str) -> str:
    """Return a policy that allows this script and this style, embedded sound, and no network."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "media-src blob: data:",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def json_for_html(value: Mapping[str, Any]) -> str:
    """Return JSON that is safe inside of a script element: no tag and no comment can begin."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_IN_SCRIPT)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _chapter_list(chapters: list[dict[str, Any]]) -> str:
    return "\n".join(
        f'<li><button type="button" class="chapter" data-chapter="{n}">'
        f'<span class="name">{escape(chapter["title"])}</span> '
        f"<time>{chapter['clock']}</time></button>"
        for n, chapter in enumerate(chapters)
    )


def _data(name: str) -> str:
    return (DATA / name).read_text("utf-8")
