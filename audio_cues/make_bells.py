"""Make the cue pack `bells`: handbells, a triangle and a chime. See `synthesis`.

A bell's partials are those of a church bell an octave or two up: hum, prime, minor third, fifth
and octave, of which the upper ones fade first. Attacks take 2 to 4 ms: struck, but with leather.
"""

from __future__ import annotations

from synthesis import (
    A5,
    B5,
    B6,
    D5,
    D6,
    D7,
    G5,
    G6,
    Pack,
    Sound,
    main,
    partials,
    sequence,
    shape,
)


def handbell(pitch: float, seconds: float, fall: float) -> Sound:
    """Return a stroke on a handbell, which is tuned to an octave and a fifth.

    Args:
        pitch: Hz.
        seconds: length.
        fall: seconds in which the prime falls to 1/e.
    """
    parts = [
        (1.0, 1.0, fall),
        (1.002, 0.4, fall),
        (2.0, 0.22, fall / 2),
        (3.0, 0.35, fall / 3),
        (4.2, 0.06, fall / 8),
    ]
    return shape(partials(pitch, seconds, parts), 0.003, seconds / 3)


def ready() -> Sound:
    """A small bell on D6, damped with the hand."""
    return shape(partials(D6, 0.22, [(1, 1, 0.09), (3, 0.12, 0.03)]), 0.004, 0.08)


def start() -> Sound:
    """Two bells in quick succession, D6 and B6, the higher one ringing: go."""
    high = handbell(B6, 0.27, 0.16)
    return sequence(0.36, [(0, 0.8 * handbell(D6, 0.2, 0.1)), (0.09, high)])


def tick() -> Sound:
    """A thimble on a small glass."""
    glass = [(1.0, 1.0, 0.014), (1.52, 0.5, 0.009)]
    return shape(partials(G6, 0.06, glass), 0.001, 0.025)


def final() -> Sound:
    """A triangle on D7, held at once."""
    return shape(partials(D7, 0.14, [(1, 1, 0.07), (1.003, 0.3, 0.07)]), 0.002, 0.05)


def end() -> Sound:
    """Three bells downward, B6, G6 and D6, run into each other: let go."""
    notes = [(0.0, B6, 0.8), (0.09, G6, 0.9), (0.18, D6, 1.0)]
    return sequence(0.6, [(at, level * handbell(p, 0.6 - at, 0.15)) for at, p, level in notes])


def halfway() -> Sound:
    """One stroke on a large bell on G5, with its minor third."""
    parts = [
        (1.0, 1.0, 0.4),
        (1.004, 0.4, 0.4),
        (1.2, 0.55, 0.3),
        (1.5, 0.3, 0.2),
        (2.0, 0.6, 0.2),
        (2.67, 0.15, 0.08),
    ]
    return shape(partials(G5, 0.95, parts), 0.003, 0.4)


def rest() -> Sound:
    """Two slow bells downward, B5 and D5, almost without overtones: breathe out."""
    bowl = [(1.0, 1.0, 0.45), (1.0015, 0.4, 0.45), (2.71, 0.12, 0.12)]
    high = shape(partials(B5, 0.55, bowl), 0.004, 0.25)
    low = shape(partials(D5, 0.7, bowl), 0.004, 0.35)
    return sequence(1.15, [(0, high), (0.45, low)])


def switch() -> Sound:
    """Ding-dong, twice: G6 and B5."""
    high, low = handbell(G6, 0.22, 0.1), handbell(B5, 0.24, 0.1)
    return sequence(0.77, [(0, high), (0.17, low), (0.36, high), (0.53, low)])


def finish() -> Sound:
    """The chime of a clock: B5, G5, A5, D6, then G6 above G5."""
    steps = [(0.0, B5, 0.9), (0.25, G5, 0.9), (0.5, A5, 0.9), (0.75, D6, 0.9)]
    steps += [(1.1, G6, 1.0), (1.1, G5, 0.6)]
    notes = [(at, level * handbell(pitch, 2.2 - at, 0.4)) for at, pitch, level in steps]
    return sequence(2.2, notes)


BELLS = Pack(
    "bells",
    "Handbells and a chime, clear above music.",
    (ready, start, tick, final, end, halfway, rest, switch, finish),
)

if __name__ == "__main__":
    main(BELLS)
