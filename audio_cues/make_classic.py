"""Make the cue pack `classic`: short tones, clear and bright. See `synthesis`."""

from __future__ import annotations

from synthesis import A5, B5, D5, D6, G5, G6, Pack, Sound, main, partials, sequence, shape


def ready() -> Sound:
    """A short, round, quiet tone on G5."""
    return shape(partials(G5, 0.18, [(1, 1, 0.2), (2, 0.12, 0.1)]), 0.0025, 0.06)


def start() -> Sound:
    """A bright swoop an octave up, G5 to G6, that stays on top: go."""
    bright = [(1.0, 1.0, 9.0), (2.0, 0.55, 9.0), (3.0, 0.3, 9.0), (4.0, 0.15, 9.0)]
    rise = shape(partials(G5, 0.15, bright, glide_to=G6), 0.002, 0.012)
    held = [(ratio, level, 0.16) for ratio, level, _ in bright]
    top = shape(partials(G6, 0.192, held), 0.010, 0.05)
    return sequence(0.33, [(0, rise), (0.138, top)])


def tick() -> Sound:
    """The click of a small wooden block: three modes out of tune that die at once."""
    block = [(1.0, 1.0, 0.0075), (1.62, 0.45, 0.004), (2.71, 0.22, 0.0022)]
    return shape(partials(1020.0, 0.05, block), 0.0005, 0.02)


def final() -> Sound:
    """A clear pip on G6."""
    return shape(partials(G6, 0.12, [(1, 1, 0.3), (2, 0.1, 0.2)]), 0.002, 0.03)


def end() -> Sound:
    """A soft tone that sinks from D6 to D5 and fades: let go."""
    return shape(partials(D6, 0.48, [(1, 1, 0.3), (2, 0.05, 0.2)], glide_to=D5), 0.0025, 0.2)


def halfway() -> Sound:
    """One stroke on a small bell: partials of a struck bar, long ringing."""
    bar = [(1.0, 1.0, 0.22), (2.756, 0.6, 0.12), (5.404, 0.12, 0.04)]
    return shape(partials(B5, 0.7, bar), 0.001, 0.1)


def rest() -> Sound:
    """Two slow notes downward, G5 and D5, hollow like a clarinet: breathe out."""
    reed = [(1.0, 1.0, 0.5), (3.0, 0.4, 0.4), (5.0, 0.12, 0.3)]
    high = shape(partials(G5, 0.36, reed), 0.0025, 0.1)
    low = shape(partials(D5, 0.46, reed), 0.020, 0.2)
    return sequence(0.76, [(0, high), (0.30, low)])


def switch() -> Sound:
    """To and fro: four plucked notes, A5 and D6 in turn."""
    string = [(float(n), n**-1.1, 0.09 / n) for n in range(1, 7)]
    low, high = (shape(partials(note, 0.18, string), 0.001, 0.03) for note in (A5, D6))
    return sequence(0.6, [(0, low), (0.14, high), (0.28, low), (0.42, high)])


def finish() -> Sound:
    """A music box: G5, B5, D6, then G6 over the ringing chord."""
    box = [(1.0, 1.0, 0.45), (2.0, 0.25, 0.25), (4.2, 0.08, 0.05)]
    steps = [(0.0, G5, 1.0), (0.16, B5, 0.9), (0.32, D6, 0.85), (0.52, G6, 0.9)]
    notes = [
        (at, shape(level * partials(pitch, 1.7 - at, box), 0.002, 0.3))
        for at, pitch, level in steps
    ]
    return sequence(1.7, notes)


CLASSIC = Pack(
    "classic",
    "Nine short tones in G major that can be told apart with closed eyes.",
    (ready, start, tick, final, end, halfway, rest, switch, finish),
)

if __name__ == "__main__":
    main(CLASSIC)
