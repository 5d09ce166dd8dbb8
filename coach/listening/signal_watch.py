"""What is wrong with the sound of a microphone that works: nothing but silence, or overdriven."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Literal

from coach.listening import RATE

if TYPE_CHECKING:
    from coach.timeline import Samples

SILENT_DB = -70.0
"""dBFS under which a second is silent; a microphone in a quiet room gives some -60."""

SILENT_S = 20
"""Seconds of silence after which a microphone that has never given anything seems to be muted."""

SILENT_LATER_S = 60
"""The same for one that has: what takes away noise leaves silence between the words."""

FULL = 0.98 * 32768
"""A magnitude that only an overdriven signal reaches often, also after resampling."""

CLIPPED_SHARE = 0.01
"""Of the frames of a second: a loud word touches full scale in less."""

CLIPPED_S, WITHIN_S = 3, 10
"""Seconds that must be clipped, of so many."""

FULL_SCALE = 32768.0

Trouble = Literal["silent", "clipped"]


class SignalWatch:
    """Looks at each second of a signal."""

    def __init__(self) -> None:
        self._second: list[Samples] = []
        self._frames = 0
        self._silent = 0
        self._has_sounded = False
        self._clipped: deque[bool] = deque(maxlen=WITHIN_S)

    def hear(self, samples: Samples) -> Trouble | None:
        """Return what is wrong, judging by the last seconds, or None."""
        self._second.append(samples)
        self._frames += len(samples)
        if self._frames < RATE:
            return None
        import numpy as np

        second = np.concatenate(self._second)
        self._second.clear()
        self._frames = 0
        return self._judge(second)

    def _judge(self, second: Samples) -> Trouble | None:
        import numpy as np

        if level(second) < SILENT_DB:
            self._silent += 1
        else:
            self._silent = 0
            self._has_sounded = True
        self._clipped.append(bool(np.mean(np.abs(second.astype(np.int32)) >= FULL) > CLIPPED_SHARE))
        if self._silent >= (SILENT_LATER_S if self._has_sounded else SILENT_S):
            return "silent"
        return "clipped" if sum(self._clipped) >= CLIPPED_S else None


def level(samples: Samples) -> float:
    """Return how loud samples are in dBFS, where a full square wave is 0; `-inf` for silence."""
    import numpy as np

    power = float(np.mean(np.square(samples.astype(np.float64)))) if len(samples) else 0.0
    return 10 * math.log10(power / FULL_SCALE**2) if power else -math.inf


def peak(samples: Samples) -> float:
    """Return the highest magnitude in dBFS; `-inf` for silence."""
    import numpy as np

    highest = int(np.max(np.abs(samples.astype(np.int32)), initial=0))
    return 20 * math.log10(highest / FULL_SCALE) if highest else -math.inf
