"""Silence before and between the exercises, and one file cut into several."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from coach.render.captions import Caption
from coach.render.chapters import Chapter
from coach.render.pieces import Piece

if TYPE_CHECKING:
    from coach.render.details import Details
    from coach.render.loudness import Frames
    from coach.render.programme import Programme
    from coach.timeline import Timeline


def with_silence(
    timeline: Timeline, lead_in: int, gap: int, *, each_leads_in: bool = False
) -> Timeline:
    """Return the timeline with silence before its first sound and between its chapters.

    Args:
        timeline: any.
        lead_in: frames before the first sound.
        gap: frames at the end of each chapter but the last.
        each_leads_in: whether every chapter begins with `lead_in`, as files of their own do.
    """
    if not lead_in and not gap:
        return timeline
    begins = [marker.start for marker in timeline.markers[1:]]
    more = gap + (lead_in if each_leads_in else 0)

    def moved(frame: int) -> int:
        return frame + lead_in + more * bisect_right(begins, frame)

    def begun(frame: int) -> int:
        """Return where a chapter begins, before its own lead-in."""
        at = bisect_right(begins, frame)
        return frame and moved(frame) - (lead_in if each_leads_in or not at else 0)

    return replace(
        timeline,
        duration=moved(timeline.duration) if timeline.duration else 0,
        clips=tuple(replace(clip, start=moved(clip.start)) for clip in timeline.clips),
        spans=tuple(
            replace(span, start=moved(span.start), end=moved(span.start) + span.end - span.start)
            for span in timeline.spans
        ),
        markers=tuple(replace(marker, start=begun(marker.start)) for marker in timeline.markers),
        parts=tuple(replace(part, start=moved(part.start)) for part in timeline.parts),
        left_out=tuple(replace(item, at=moved(item.at)) for item in timeline.left_out),
    )


class Excerpt:
    """A range of a programme, as a programme of its own.

    Attributes:
        rate: Hz.
        channels: as in the whole.
        duration: frames.
    """

    def __init__(self, whole: Programme, start: int, stop: int) -> None:
        self.rate = whole.rate
        self.channels = whole.channels
        self.duration = stop - start
        self._whole = whole
        self._start = start

    def sounding(self) -> list[Piece]:
        """Return where there is sound, in order."""
        cut = (
            Piece(max(0, piece.start - self._start), min(self.duration, piece.stop - self._start))
            for piece in self._whole.sounding()
        )
        return [piece for piece in cut if piece.start < piece.stop]

    def read(self, start: int, stop: int) -> Frames:
        """Return the frames from `start` up to `stop`; beyond the end they are silent."""
        import numpy as np

        end = max(start, min(stop, self.duration))
        found = self._whole.read(self._start + start, self._start + end)
        silence = np.zeros((stop - end, self.channels), np.int16)
        return np.concatenate([found, silence]) if stop > end else found


def cut_details(details: Details, whole: Chapter, number: int, total: int) -> Details:
    """Return what the file of one exercise says about itself.

    Args:
        details: of the whole session.
        whole: the range of the exercise.
        number: of the file, counted from 1.
        total: how many files there are.
    """
    inside = [
        Chapter(
            chapter.start - whole.start,
            chapter.stop - whole.start,
            chapter.title,
            chapter.first - whole.first,
            chapter.end - whole.first,
        )
        for chapter in details.chapters
        if whole.first <= chapter.first < whole.end
    ]
    captions = details.captions
    low = bisect_right(captions, whole.start - 1, key=attrgetter("start"))
    high = bisect_right(captions, whole.stop - 1, key=attrgetter("start"))
    return replace(
        details,
        title=whole.title,
        track=(number, total),
        chapters=tuple(inside) if len(inside) > 1 else (),
        captions=tuple(
            Caption(caption.start - whole.start, caption.stop - whole.start, caption.text)
            for caption in captions[low:high]
        ),
    )
