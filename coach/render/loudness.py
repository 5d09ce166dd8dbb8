"""How loud a programme is (EBU R128), and how it is brought to the loudness that is wanted.

Loudness is what ffmpeg's `ebur128` filter measures. A session is mostly silence, which the gates
of ITU-R BS.1770 leave out anyway, so the silence is left out before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from coach.parallel import as_finished, cores
from coach.render.pieces import Piece, groups_of, pieces_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frames: TypeAlias = NDArray[np.int16]
    """Shape (frames, channels)."""

LOUDNESS = -16.0
"""LUFS of a programme: what podcast platforms ask for (AES TD1008 for speech)."""
QUIETEST, LOUDEST = -40.0, -14.0
"""LUFS that can be asked for. Above, speech has peaks that no inaudible limiting takes away."""
BLOCK_S = 0.4
"""A gating block (BS.1770-4)."""
HOP_S = 0.1
_GROUP_S = 30
"""Seconds that are measured by one filter."""
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0
"""LUFS, and LU below the mean."""


def loudness(
    read: Callable[[int, int], Frames],
    sounding: Sequence[Piece],
    duration: int,
    rate: int,
    channels: int,
    sound_of: Callable[[Piece], Hashable] = lambda piece: piece,
) -> float | None:
    """Return the integrated loudness in LUFS; None for silence.

    Args:
        read: returns the frames from one up to another.
        sounding: where there is sound, in order.
        duration: in frames.
        rate: Hz, a multiple of 10.
        channels: 1 or 2.
        sound_of: returns what is the same for pieces that sound alike; one of them is measured.
    """
    hop, tail = round(HOP_S * rate), round(BLOCK_S * rate)
    pieces = pieces_of(sounding, duration, grid=hop, lead=0, tail=tail)
    alike: dict[Hashable, list[Piece]] = {}
    for piece in pieces:
        alike.setdefault(sound_of(piece), []).append(piece)
    # The last one: the first may begin with the session, where its first blocks are cut off.
    chosen = {same[-1]: len(same) for same in alike.values()}
    groups = groups_of(sorted(chosen), _GROUP_S * rate)
    blocks: list[float] = []
    measure = _Meter(read, rate, channels)
    for _, found in as_finished(measure, groups, cores()):
        for piece, own in found:
            blocks += own * chosen[piece]
    return gated(blocks)


def gated(blocks: Sequence[float]) -> float | None:
    """Return the integrated loudness of gating blocks, in LUFS (ITU-R BS.1770-4, formula 7).

    Args:
        blocks: the loudness of each block of 400 ms, 100 ms apart, in LUFS; -inf is silence.
    """
    powers = [10 ** (block / 10) for block in blocks if block > ABSOLUTE_GATE]
    if not powers:
        return None
    gate = math.fsum(powers) / len(powers) * 10 ** (RELATIVE_GATE / 10)
    loud = [power for power in powers if power > gate]
    return 10 * math.log10(math.fsum(loud) / len(loud))


class _Meter:
    """Measures the gating blocks of one group of pieces after the other."""

    def __init__(self, read: Callable[[int, int], Frames], rate: int, channels: int) -> None:
        self._read = read
        self._rate = rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._channels = channels

    def __call__(self, group: Sequence[Piece]) -> list[tuple[Piece, list[float]]]:
        import av
        import numpy as np
        from av.audio.frame import AudioFrame
        from av.filter import Graph

        graph = Graph()
        source = graph.add_abuffer(format="s16", sample_rate=self._rate, layout=self._layout)
        meter = graph.add("ebur128", "metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        blocks: list[float] = []

        def feed(samples: Frames) -> None:
            frame = AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", self._layout)
            frame.sample_rate = self._rate
            graph.push(frame)
            while True:
                try:
                    metadata = sink.pull().metadata
                except (av.error.BlockingIOError, av.error.EOFError):
                    return
                block = metadata.get("lavfi.r128.M", "nan")
                blocks.append(-math.inf if block == "nan" else float(block))

        # A block that only ends in the first piece counts, too; none begins before the session.
        before = round(BLOCK_S / HOP_S) - 1
        if group[0].start:
            feed(np.zeros((before * round(HOP_S * self._rate), self._channels), np.int16))
        for piece in group:
            for start in range(piece.start, piece.stop, 10 * self._rate):
                feed(self._read(start, min(start + 10 * self._rate, piece.stop)))
        found = []
        at = before
        for piece in group:
            end = at + piece.length // round(HOP_S * self._rate)
            if not piece.start:
                end -= before
            found.append((piece, blocks[at:end]))
            at = end
        return found
