"""The bench's table, what was recorded last, and on which machine."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.bench.run import Row

RECORD = Path(__file__).with_name("results.json")
NOISE = 0.15
"""Of a ratio, from one run to the next on a machine that does nothing else; what is beyond it in
the wrong direction is told as slower."""
LIBRARIES = (
    *("audio-coach", "av", "babel", "click", "hibari-tts", "lameenc", "miniaudio", "mutagen"),
    *("numpy", "pillow", "pydantic", "pyttsx3", "PyYAML", "rich", "soundfile", "soxr"),
)

Results = Mapping[str, Sequence[Row]]
"""The rows of each part, by its name."""


def machine() -> dict[str, Any]:
    """Return what the figures are of: the computer, its system, and the versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "system": _system(),
        "python": platform.python_version(),
        "ffmpeg": _ffmpeg(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform(terse=True)
    return f"{name}, {platform.system()} {platform.release()}"


def _ffmpeg() -> str:
    if not shutil.which("ffmpeg"):
        return ""
    told = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=False)
    return told.stdout.partition("version ")[2].partition(" ")[0]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def recorded(path: Path = RECORD) -> dict[str, Any]:
    """Return what was recorded last; nothing if nothing was."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {"machine": {}, "parts": {}}
    return found


def record(results: Results, path: Path = RECORD) -> None:
    """Keep the figures of the parts that were measured, beside those of the others.

    Raises:
        SystemExit: those of the others are of another machine.
    """
    last, here = recorded(path), machine()
    others = {name: part for name, part in last["parts"].items() if name not in results}
    same = ("processor", "cores", "memory_gb", "system")
    if others and any(here[key] != last["machine"].get(key) for key in same):
        raise SystemExit(
            f"{path} has figures of another machine ({last['machine'].get('processor')}): "
            "record all parts"
        )
    now = datetime.now(UTC).date().isoformat()
    parts = {
        name: {"recorded": now, "rows": [{**asdict(row), "ratio": row.ratio} for row in rows]}
        for name, rows in results.items()
    }
    whole = {"machine": here, "parts": dict(sorted((others | parts).items()))}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")


def change(row: Row, last: Mapping[str, Any] | None) -> float | None:
    """Return by how much a row's ratio is worse than the last one; 0.2 is a fifth, below 0 better.

    None if there is nothing to compare.
    """
    before: float | None = last["ratio"] if last else None
    if not before or not row.ratio:
        return None
    return (before / row.ratio if row.at_least else row.ratio / before) - 1


def told(results: Results, last: Mapping[str, Any], noise: float = NOISE) -> str:
    """Return the table, and which figures are worse than those that were recorded last."""
    known = {
        (name, row["what"], row["beside"]): row
        for name, part in last["parts"].items()
        for row in part["rows"]
    }
    heads = ("", "figure", "ratio", "beside", "limit", "last", "change")
    table: list[tuple[str, ...]] = [heads]
    slower = []
    for name, rows in results.items():
        table.append((f"{name}:", *[""] * 6))
        for row in rows:
            before = known.get((name, row.what, row.beside))
            worse = change(row, before)
            table.append(
                (
                    f"  {row.what}",
                    f"{row.figure:,.{_digits(row.figure)}f} {row.unit}",
                    "" if row.rival is None else f"{row.figure / row.rival:.2f}",
                    row.beside,
                    row.verdict,
                    _before(row, before),
                    "" if worse is None else _change(worse, noise),
                )
            )
            if worse is not None and worse > noise:
                slower.append(f"  {name}: {row.what}: {100 * worse:+.0f} %")
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(map(_padded, line, widths, range(7))).rstrip() for line in table]
    if not known:
        lines.append("Nothing was recorded before; --record does.")
    elif slower:
        lines += [f"Slower than recorded by more than {noise:.0%}:", *slower]
    else:
        lines.append(f"Nothing is slower than recorded by more than {noise:.0%}.")
    return "\n".join(lines)


def _digits(figure: float) -> int:
    return 0 if abs(figure) >= 100 else 1 if abs(figure) >= 10 else 2


def _before(row: Row, before: Mapping[str, Any] | None) -> str:
    if before is None:
        return ""
    if row.rival is not None and before["ratio"]:
        return f"{before['ratio']:.2f}"
    return f"{before['figure']:,.{_digits(before['figure'])}f} {before['unit']}"


def _change(worse: float, noise: float) -> str:
    if abs(worse) <= noise:
        return "same"
    return f"SLOWER {100 * worse:+.0f} %" if worse > 0 else f"better {100 * worse:+.0f} %"


def _padded(text: str, width: int, column: int) -> str:
    return text.rjust(width) if column in (1, 2, 5) else text.ljust(width)
