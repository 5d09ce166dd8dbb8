"""What `tests.forked` has imported before it forks; importing it is all there is to do."""

from __future__ import annotations

import gc
from importlib import import_module
from pkgutil import walk_packages

import coach

PROGRAMS = {"coach.__main__", "coach.controls.windows_keys", "coach.listening.permission"}
for module in walk_packages(coach.__path__, "coach."):
    if module.name not in PROGRAMS:
        import_module(module.name)
for name in (
    *("rich.live", "rich.table", "rich.progress", "soundfile", "soxr", "av", "lameenc"),
    *("mutagen.id3", "PIL.Image", "babel.dates", "num2words", "matplotlib.figure", "pyfiglet"),
    *("matplotlib.backends.backend_svg", "prompt_toolkit.application", "jsonschema", "sqlite3"),
):
    import_module(name)
# A process that looks at everything in memory would have to copy it all.
gc.freeze()
