"""A session made ready to be written, in as many formats as are wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from coach.files.replacing import scratch
from coach.parallel import aside
from coach.render import Encoder, Format, Progress
from coach.render.chapters import Chapter
from coach.render.cover import draw_cover
from coach.render.cutting import Excerpt, cut_details, with_silence
from coach.render.details import details_of
from coach.render.loudness import LOUDNESS
from coach.render.measuring import ClipMeter
from coach.render.music import LEVEL_DB
from coach.render.programme import Programme, produce
from coach.script import default_id
from coach.session import RENDER_RATE, Session
from coach.units import frames

if TYPE_CHECKING:
    from fractions import Fraction

    from coach.render.details import Details

PAGE_SOUND = "mp3"
"""The format inside a page: every browser plays it."""
PAGE_MEDIA_TYPE = "audio/mpeg"


class Wanted(Struct, frozen=True):
    """How a session is to sound in a file."""

    loudness: float = LOUDNESS
    """LUFS."""
    music: Path | None = None
    """A file, or a folder of them."""
    music_level: float = LEVEL_DB
    """LU beside the voice."""
    lead_in: Fraction | None = None
    """Seconds of silence before the first sound."""
    gap: Fraction | None = None
    """Seconds of silence after each exercise."""


class Job(Struct, frozen=True):
    """A file that is to be written."""

    target: Path
    write: Callable[[Path, Progress], None]
    """Writes it to a path."""
    length: int | None = None
    """Frames of its sound, if it has any."""
    rate: int = RENDER_RATE
    """Hz."""


def json_job(target: Path, document: Any) -> Job:
    """Return the job of writing a JSON document."""

    def write(path: Path, _: Progress) -> None:
        _write_text(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")

    return Job(target, write)


class Publication:
    """A session, with everything that its files are made of.

    What takes long is made when it is needed first: captions need no sound.

    Attributes:
        session: with its pauses.
        texts: of the file with the whole session, without a cover.
        details: the same with one.
        problems: what of the music cannot be played, once there is a programme.
    """

    def __init__(
        self,
        session: Session,
        wanted: Wanted,
        day: date,
        *,
        is_cut: bool = False,
        meter: ClipMeter | None = None,
    ) -> None:
        """Bind the parts.

        Args:
            session: spoken.
            wanted: how it is to sound.
            day: of rendering.
            is_cut: whether each exercise becomes a file of its own, with its own lead-in.
            meter: knows clips that were measured before.
        """
        rate = session.timeline.rate
        lead_in, gap = (frames(time, rate) if time else 0 for time in (wanted.lead_in, wanted.gap))
        timeline = with_silence(session.timeline, lead_in, gap, each_leads_in=is_cut)
        self.session = replace(session, timeline=timeline)
        self._wanted = wanted
        self._day = day
        self._meter = meter or ClipMeter()
        self.problems: tuple[str, ...] = ()

    @cached_property
    def texts(self) -> Details:
        return details_of(self.session, self._day)

    @cached_property
    def details(self) -> Details:
        return replace(self.texts, cover=draw_cover(self.session.routine.title))

    @cached_property
    def programme(self) -> Programme:
        """Return what is to be heard.

        Raises:
            CoachError: the music cannot be used.
        """
        wanted, timeline = self._wanted, self.session.timeline
        if wanted.music is None:
            return produce(timeline, wanted.loudness, meter=self._meter)
        from coach.render.loudness import of_clips
        from coach.render.music import lay_below, load_tune

        path = wanted.music
        tune = aside(lambda: load_tune(path, timeline.rate, timeline.duration))
        self.problems = tune.problems
        clips = (clip.samples for clip in timeline.clips)
        voice = of_clips(timeline, self._meter.measure(clips, timeline.rate))
        bed = lay_below(timeline, tune, LOUDNESS if voice is None else voice, wanted.music_level)
        return produce(timeline, wanted.loudness, bed, self._meter)

    def jobs(self, target: Path, format_: Format, parts: Format) -> Iterator[Job]:
        """Yield the files that `target` means.

        Args:
            target: the path.
            format_: of that file.
            parts: of the files in a playlist.
        """
        timeline = self.session.timeline
        if format_.kind == "text":
            yield Job(target, lambda path, _: _write_text(path, format_.make()(self.texts)))
        elif format_.kind == "page":
            yield Job(target, self._write_page, timeline.duration, timeline.rate)
        elif format_.kind == "sound":
            encoder: Encoder = format_.make()
            programme, details = self.programme, self.details
            yield Job(
                target,
                lambda path, progress: encoder.encode(programme, details, path, progress),
                programme.duration,
                timeline.rate,
            )
        else:
            yield from self._playlist(target, parts)

    def _playlist(self, target: Path, format_: Format) -> Iterator[Job]:
        timeline = self.session.timeline
        chapters = [
            Chapter(
                _milliseconds(marker.start, timeline.rate),
                _milliseconds(end, timeline.rate),
                marker.title,
                marker.start,
                end,
            )
            for marker, end in timeline.chapters()
            if end > marker.start
        ]
        encoder: Encoder = format_.make()
        lines = ["#EXTM3U", f"#PLAYLIST:{self.details.routine}"]
        for number, chapter in enumerate(chapters, 1):
            digits = len(str(max(10, len(chapters))))
            slug = default_id(chapter.title) or "part"
            name = f"{target.stem[:100]}-{number:0{digits}}-{slug[:60]}"
            part = target.with_name(f"{name}{format_.ending}")
            excerpt = Excerpt(self.programme, chapter.first, chapter.end)
            details = cut_details(self.details, chapter, number, len(chapters))
            seconds = excerpt.duration / timeline.rate
            lines += [f"#EXTINF:{seconds:.3f},{' '.join(chapter.title.split())}"]
            # A line that begins with # is a comment.
            lines.append(f"./{part.name}" if part.name.startswith("#") else part.name)
            yield Job(part, _encoding(encoder, excerpt, details), excerpt.duration, timeline.rate)
        yield Job(target, lambda path, _: _write_text(path, "\n".join(lines) + "\n"))

    def _write_page(self, path: Path, progress: Progress) -> None:
        from coach.render import FORMATS

        encoder: Encoder = FORMATS[PAGE_SOUND].make()
        with scratch() as sound:
            encoder.encode(self.programme, self.details, sound, progress)
            page = FORMATS["html"].make()
            failure = None
            try:
                with (
                    sound.open("rb") as audio,
                    path.open("w", encoding="utf-8", newline="\n") as file,
                ):
                    file.writelines(page(self.session, audio, PAGE_MEDIA_TYPE))
            except OSError as error:
                failure = error
        if failure is not None:  # told of the page, not of where its sound was for a while
            raise failure


def _encoding(
    encoder: Encoder, excerpt: Excerpt, details: Details
) -> Callable[[Path, Progress], None]:
    return lambda path, progress: encoder.encode(excerpt, details, path, progress)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")


def _milliseconds(frame: int, rate: int) -> int:
    return round(1000 * frame / rate)
