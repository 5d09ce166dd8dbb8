"""A session that fits into a given time. Pure: how long a session takes is asked of the caller.

Sets, repetitions, rounds and rests are raised evenly inside their prescribed ranges as far as the
time allows. Where a step of one is too long for what is left, the others go on without it, so in
the end no single further step would fit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from msgspec import Struct, structs

from coach.errors import SettingError
from coach.routine import Routine
from coach.settings import Address, DoseKey, Override, Settings
from coach.settings.adjust import adjust
from coach.settings.dose import doses
from coach.units import Range, clock

FITTED: tuple[DoseKey, ...] = ("sets", "reps", "rounds", "rest")
"""What is chosen; how long something is held is not a question of time."""
REST_STEP = Fraction(5)
"""Seconds."""
MOST_SINGLE_STEPS = 24
"""Above that many, what is left goes to the first ones that it suffices for."""

LengthOf = Callable[[Settings], Fraction]
"""Returns how many seconds a session with these settings takes."""


class _Dial(Struct, frozen=True):
    """A value that may be turned, and where it can stand."""

    address: Address
    stops: tuple[int | Fraction, ...]

    def at(self, step: int) -> Override:
        key, owner = self.address.key, self.address.owner
        return Override(key, self.stops[step], owner, None, "fit")


def fit(routine: Routine, settings: Settings, limit: Fraction, length_of: LengthOf) -> Settings:
    """Return settings with which a session takes `limit` seconds at most, and nearly as long.

    Args:
        routine: as the script has it.
        settings: those in force, absolute; what this session asks for stays as it is.
        limit: seconds.
        length_of: returns how many seconds a session takes.

    Raises:
        SettingError: even the shortest session inside the ranges takes longer.
    """
    return _Fitting(routine, settings, limit, length_of).settings()


class _Fitting:
    def __init__(
        self, routine: Routine, settings: Settings, limit: Fraction, length_of: LengthOf
    ) -> None:
        self._settings = settings
        self._limit = limit
        self._length_of = length_of
        self._dials = tuple(_dials(routine, settings))
        self._known: dict[tuple[int, ...], Fraction] = {}

    def settings(self) -> Settings:
        steps = [0] * len(self._dials)
        if not self._fits(steps):
            shortest, limit = clock(self._length(steps)), clock(self._limit)
            raise SettingError(
                f"nothing fits into {limit}: the shortest session inside the prescribed ranges "
                f"takes {shortest}",
                "Allow more time, or leave exercises out with --skip.",
            )
        return self._with(self._filled())

    def _with(self, steps: Sequence[int]) -> Settings:
        chosen = (dial.at(step) for dial, step in zip(self._dials, steps, strict=True))
        return structs.replace(self._settings, overrides=(*self._settings.overrides, *chosen))

    def _length(self, steps: Sequence[int]) -> Fraction:
        key = tuple(steps)
        if key not in self._known:
            self._known[key] = self._length_of(self._with(steps))
        return self._known[key]

    def _fits(self, steps: Sequence[int]) -> bool:
        return self._length(steps) <= self._limit

    def _filled(self) -> list[int]:
        """Return steps that no single further one could be added to."""
        tops = [len(dial.stops) - 1 for dial in self._dials]
        steps = [0] * len(tops)
        parts = sorted({Fraction(n, top) for top in set(tops) if top for n in range(top + 1)})
        going = [i for i, top in enumerate(tops) if top]
        while going:
            part, steps = self._level(steps, going, tops, parts)
            parts = parts[bisect_left(parts, part) :]
            going = [i for i in going if steps[i] < tops[i]]
            # Together they can go no further, but some of those that are next may.
            nearest = min((Fraction(steps[i] + 1, tops[i]) for i in going), default=None)
            following = [i for i in going if Fraction(steps[i] + 1, tops[i]) == nearest]
            raised = self._raised_singly(steps, following)
            stopped = {i for i in following if raised[i] == steps[i]}
            going = [i for i in going if i not in stopped]
            steps = raised
        return steps

    def _level(
        self,
        steps: Sequence[int],
        going: Sequence[int],
        tops: Sequence[int],
        parts: Sequence[Fraction],
    ) -> tuple[Fraction, list[int]]:
        """Return the greatest of the parts to which `going` can be raised together, and so."""

        def at(part: Fraction) -> list[int]:
            level = list(steps)
            for i in going:
                level[i] = max(level[i], int(part * tops[i]))
            return level

        part = parts[_last(len(parts), lambda n: self._fits(at(parts[n])))]
        return part, at(part)

    def _raised_singly(self, steps: Sequence[int], which: Sequence[int]) -> list[int]:
        """Return the steps with one more for as many of `which` as fit, the first ones first."""
        raised = list(steps)
        if len(which) > MOST_SINGLE_STEPS:
            count = _last(len(which) + 1, lambda n: self._fits(_raised(steps, which[:n])))
            return _raised(steps, which[:count])
        for i in which:
            if self._fits(_raised(raised, [i])):
                raised = _raised(raised, [i])
        return raised


def _dials(routine: Routine, settings: Settings) -> Iterator[_Dial]:
    adjusted = adjust(routine, settings)
    for item in adjusted.routine.owners():
        for address, value in doses(item):
            source = adjusted.sources.get(address)
            is_asked_for = source is not None and source.origin == "session"
            if address.key in FITTED and not (value.is_fixed or value.is_beyond or is_asked_for):
                yield _Dial(address, tuple(_stops(value)))


def _stops(value: Range[int] | Range[Fraction]) -> Iterator[int | Fraction]:
    step = REST_STEP if isinstance(value.low, Fraction) else 1
    now: int | Fraction = value.low
    while now < value.high:
        yield now
        now += step
    yield value.high


def _last(count: int, is_good: Callable[[int], bool]) -> int:
    """Return the last of `count` numbers that is good, of which 0 is and all up to one are."""
    low, high = 0, count - 1
    while low < high:
        middle = (low + high + 1) // 2
        if is_good(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _raised(steps: Sequence[int], which: Sequence[int]) -> list[int]:
    raised = list(steps)
    for i in which:
        raised[i] += 1
    return raised
