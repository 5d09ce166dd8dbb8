"""Fuzz a target, led by what it has covered:  python -m tests.fuzz.run TARGET [libFuzzer's options]

It begins with the kept corpus and the files of other tests, and writes what is new into
`.fuzz/TARGET`; what breaks it is written as `.fuzz/TARGET-crash-…`. Mend the cause, then keep the
input in `tests/fuzz/corpus/TARGET`, where every run of the tests tries it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["coach", "yaml"], enable_loader_override=False):
    from tests.fuzz.targets import KEPT, TARGETS, place, seeds

WORDS = re.compile(rb"[^\W\d][\w/ -]{0,20}:?|</?\w+>|%\w+")
TRICKS = (
    *(
        b"<<: *a",
        b"&a ",
        b"*a",
        b"!!python/object:",
        b"..",
        b"1e999",
        b"{hold}",
        b"? ",
        b"- ",
        b"{{",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\x00",
        b"\\e",
        b"\\ud800",
        b"[[[[",
        b"/etc/",
        b"\\\\a\\b",
        b"5-10",
    ),
)
MOST_WORDS = 400
FOUND = Path(".fuzz")


def main(target: str, *options: str) -> None:
    """Fuzz until the options say that it is enough."""
    found = FOUND / target
    begin = FOUND / f"{target}-seeds"
    for folder in (found, begin):
        folder.mkdir(parents=True, exist_ok=True)
    words: Counter[bytes] = Counter()
    for data in seeds(target):
        words.update(set(WORDS.findall(data[:20_000])))
        (begin / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    dictionary = FOUND / f"{target}.dict"
    common = (word for word, _ in words.most_common(MOST_WORDS))
    dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in (*TRICKS, *common)))
    os.environ["HOME"] = str(FOUND.resolve() / "home")
    folders = [found, begin, *filter(Path.is_dir, [KEPT / target])]
    with place() as here:
        run = TARGETS[target]
        bounds = [
            f"-dict={dictionary}",
            "-timeout=20",
            "-rss_limit_mb=1500",
            f"-artifact_prefix={FOUND}/{target}-",
        ]
        arguments = [sys.argv[0], *map(str, folders), *bounds, *options]
        atheris.Setup(arguments, lambda data: run(here, data))
        atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(*sys.argv[1:])
