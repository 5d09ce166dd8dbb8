"""Write samples as a WAV file with numpy and nothing else: as quick as a Python program can.

python bare_write.py SAMPLES.npy TARGET.wav
"""

from __future__ import annotations

import struct
import sys

import numpy as np

RATE = 24_000


def main(source: str, target: str) -> None:
    samples = np.load(source, mmap_mode="r")
    size = samples.nbytes
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE,
                       2 * RATE, 2, 16)  # fmt: skip
    with open(target, "wb") as file:  # noqa: PTH123 - pathlib would be one import more
        file.write(head + struct.pack("<4sI", b"data", size))
        samples.tofile(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
