"""What is spoken, as captions: SubRip, WebVTT, LRC, and a transcript to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from coach.render.chapters import Chapter
    from coach.render.details import Details
    from coach.timeline import Timeline

READABLE_S = 1.0
"""Seconds that a caption stays at least, if the next one does not come before."""
_HOUR, _MINUTE = 3_600_000, 60_000
_SUBRIP_MARKS = re.compile(r"<(?=[^\s\d<])|--(?=>)")
"""Where players take what follows for a tag or for a time."""
_BRACES = str.maketrans("{}", "()")
"""Many a player takes what is in braces for commands, whatever it is."""
_LRC_MARKS = re.compile(r"[\[<](?=\s*\w+\s*:)")
"""Where they take it for a time or for a field."""
_NOTHING = "\u200c"
"""Not seen, and no part of a mark: neither format has escapes."""


class Caption(Struct, frozen=True):
    """A sentence and when it is spoken."""

    start: int
    """Milliseconds from the first frame."""
    stop: int
    """The millisecond after its last."""
    text: str


def captions_of(timeline: Timeline) -> tuple[Caption, ...]:
    """Return what is spoken, in order; no two captions overlap."""
    spoken = [clip for clip in timeline.clips if clip.kind == "speech"]
    starts = [round(1000 * clip.start / timeline.rate) for clip in spoken]
    end = -(-1000 * timeline.duration // timeline.rate)
    captions = []
    for clip, start, following in zip(spoken, starts, [*starts[1:], end], strict=False):
        stop = max(round(1000 * clip.end / timeline.rate), start + round(1000 * READABLE_S))
        captions.append(Caption(start, max(start + 1, min(stop, following)), _one_line(clip.label)))
    return tuple(captions)


def subrip_of(details: Details) -> str:
    """Return an SRT file."""
    return subrip(details.captions)


def webvtt_of(details: Details) -> str:
    """Return a WebVTT file."""
    return webvtt(details.captions, details.language, details.title)


def lrc_of(details: Details) -> str:
    """Return an LRC file."""
    return details.timed_lyrics


def transcript_of(details: Details) -> str:
    """Return a text."""
    return details.lyrics


def subrip(captions: Sequence[Caption]) -> str:
    """Return an SRT file."""
    return "\n".join(
        f"{n}\n{_time(caption.start, ',')} --> {_time(caption.stop, ',')}\n"
        f"{_SUBRIP_MARKS.sub(_apart, caption.text.translate(_BRACES))}\n"
        for n, caption in enumerate(captions, 1)
    )


def webvtt(captions: Sequence[Caption], language: str, title: str) -> str:
    """Return a WebVTT file (W3C WebVTT 1)."""
    head = f"WEBVTT - {_escaped(_one_line(title))}\nLanguage: {language}\n\n"
    return head + "\n".join(
        f"{_time(caption.start, '.')} --> {_time(caption.stop, '.')}\n{_escaped(caption.text)}\n"
        for caption in captions
    )


def lrc(captions: Sequence[Caption], title: str, length: int) -> str:
    """Return an LRC file, as music players show lyrics; `length` in milliseconds."""
    seconds = -(-length // 1000)
    lines = [
        f"[ti:{_LRC_MARKS.sub(_apart, _one_line(title))}]",
        f"[length:{seconds // 60:02}:{seconds % 60:02}]",
    ]
    lines += [
        f"[{_lrc_time(caption.start)}]{_LRC_MARKS.sub(_apart, caption.text)}"
        for caption in captions
    ]
    return "\n".join(lines) + "\n"


def transcript(captions: Sequence[Caption], chapters: Sequence[Chapter], title: str) -> str:
    """Return what is spoken as a text: a heading for each chapter, and a paragraph below."""
    blocks = [_one_line(title)]
    for chapter, paragraph in _paragraphs(captions, chapters):
        blocks.append(f"{_one_line(chapter.title)} ({_short_time(chapter.start)})\n{paragraph}")
    return "\n\n".join(block.rstrip() for block in blocks) + "\n"


def _paragraphs(
    captions: Sequence[Caption], chapters: Sequence[Chapter]
) -> Iterator[tuple[Chapter, str]]:
    rest = list(reversed(captions))
    for chapter in chapters:
        said = []
        while rest and rest[-1].start < chapter.stop:
            said.append(rest.pop().text)
        yield chapter, " ".join(said)


def _time(milliseconds: int, point: str) -> str:
    hours, rest = divmod(milliseconds, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _lrc_time(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, _MINUTE)
    return f"{minutes:02}:{rest // 1000:02}.{rest % 1000 // 10:02}"


def _short_time(milliseconds: int) -> str:
    hours, rest = divmod(milliseconds, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    head = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{head}:{rest // 1000:02}"


def _apart(found: re.Match[str]) -> str:
    return f"{found[0]}{_NOTHING}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
