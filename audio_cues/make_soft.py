"""Make the cue pack `soft`: a marimba and wooden blocks, without an edge. See `synthesis`.

A marimba's bar is tuned to 1 : 4 : 10; the mallet here is a soft one, so the upper two are faint
and gone within moments. Attacks take 3 to 8 ms.
"""

from __future__ import annotations

from synthesis import A5, B5, D5, D6, E6, G5, G6, Pack, Sound, main, partials, sequence, shape


def bar(pitch: float, seconds: float, fall: float, attack: float = 0.004) -> Sound:
    """Return a stroke on a marimba's bar.

    Args:
        pitch: Hz.
        seconds: length.
        fall: seconds in which the lowest partial falls to 1/e.
        attack: seconds in which it sets in.
    """
    parts = [(1.0, 1.0, fall), (3.93, 0.16, fall / 6), (9.6, 0.03, fall / 20)]
    return shape(partials(pitch, seconds, parts), attack, seconds / 4)


def ready() -> Sound:
    """A muted stroke on G5."""
    return bar(G5, 0.2, 0.07, 0.006)


def start() -> Sound:
    """Three quick strokes upward, G5, B5 and G6: go."""
    notes = [(at, 0.8 * bar(pitch, 0.16, 0.08)) for at, pitch in ((0.0, G5), (0.075, B5))]
    return sequence(0.36, [*notes, (0.15, bar(G6, 0.21, 0.1))])


def tick() -> Sound:
    """A finger's tap on hollow wood."""
    wood = [(1.0, 1.0, 0.011), (2.2, 0.25, 0.005)]
    return shape(partials(880.0, 0.06, wood), 0.002, 0.025)


def final() -> Sound:
    """A soft mallet on E6, above every tick."""
    return bar(E6, 0.13, 0.06, 0.003)


def end() -> Sound:
    """Two strokes downward, D6 and G5, the lower one left to ring: let go."""
    return sequence(0.5, [(0, bar(D6, 0.2, 0.09)), (0.13, 1.1 * bar(G5, 0.37, 0.14))])


def halfway() -> Sound:
    """A roll on B5 that swells and fades."""
    strokes = [0.45, 0.6, 0.8, 1.0, 1.0, 0.85, 0.65, 0.45]
    notes = [(0.085 * n, level * bar(B5, 0.14, 0.06)) for n, level in enumerate(strokes)]
    return sequence(0.76, notes)


def rest() -> Sound:
    """Two slow, dark strokes downward, G5 and D5: breathe out."""
    hollow = [(1.0, 1.0, 0.3), (2.0, 0.08, 0.15), (3.0, 0.16, 0.12)]
    high = shape(partials(G5, 0.42, hollow), 0.008, 0.15)
    low = shape(partials(D5, 0.55, hollow), 0.008, 0.25)
    return sequence(0.95, [(0, high), (0.38, low)])


def switch() -> Sound:
    """To and fro: four strokes, A5 and D6 in turn."""
    low, high = bar(A5, 0.17, 0.05), bar(D6, 0.17, 0.05)
    return sequence(0.62, [(0, low), (0.15, high), (0.30, low), (0.45, high)])


def finish() -> Sound:
    """A run up the chord, G5, B5, D6, and G6 that rings with it."""
    steps = [(0.0, G5, 1.0), (0.17, B5, 0.9), (0.34, D6, 0.85), (0.56, G6, 0.9), (0.56, B5, 0.5)]
    notes = [(at, level * bar(pitch, 1.6 - at, 0.32, 0.005)) for at, pitch, level in steps]
    return sequence(1.6, notes)


SOFT = Pack(
    "soft",
    "Marimba and wood, soft and dark, for quiet rooms and long holds.",
    (ready, start, tick, final, end, halfway, rest, switch, finish),
)

if __name__ == "__main__":
    main(SOFT)
