"""Engines that are installed on wish, as extras of the coach, and what their networks give."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from coach.errors import SpeechError
from coach.speech import Speech
from coach.speech.mend import pip_install

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SILENT_PEAK = 64 / 32768
"""A text whose samples all stay below this part of full scale has given no speech."""


class Extra(Struct, frozen=True):
    """What an engine needs that does not come with the coach."""

    requirement: str
    """For pip."""
    distribution: str
    packages: tuple[str, ...]
    """What is imported; the first is the engine's own."""
    languages: tuple[str, ...]
    """Primary language tags; empty if that is up to the user's voices."""
    get_voice: str = ""
    """How to get a voice, where the engine comes without any."""


EXTRAS: Mapping[str, Extra] = MappingProxyType(
    {
        "neural": Extra("hibari-tts==0.2.1", "hibari-tts", ("hibari", "onnxruntime"), ("en",)),
        "piper": Extra(
            "piper-tts>=1.8,<2",
            "piper-tts",
            ("piper", "onnxruntime"),
            (),
            "fetch a voice, such as by `python -m piper.download_voices de_DE-thorsten-medium`, "
            "and name its file: --voice de_DE-thorsten-medium.onnx",
        ),
    }
)
"""The engines that are extras, by name; each is the name of its extra, too."""


def missing_packages(name: str) -> tuple[str, ...]:
    """Return which packages of an engine are not there; none is imported."""
    return tuple(package for package in EXTRAS[name].packages if folder_of(package) is None)


def is_installed(name: str) -> bool:
    """Return whether all packages of an engine could be imported; none is."""
    return not missing_packages(name)


def install_command(name: str) -> str:
    """Return the command that installs an engine."""
    return pip_install(f'"{EXTRAS[name].requirement}"')


def check_installed(name: str) -> None:
    """Check that the packages of an engine are there.

    Raises:
        SpeechError: they are not, or only some.
    """
    missing = missing_packages(name)
    if EXTRAS[name].packages[0] in missing:
        raise SpeechError(f"the speech engine {name} is not installed", hint=install_command(name))
    if missing:
        raise half_installed(name, f"the package {missing[0]} is missing")


def half_installed(name: str, said: str) -> SpeechError:
    """Return the error for an engine of which something is missing or broken, and what."""
    packages = f'"{EXTRAS[name].requirement}" onnxruntime'
    return SpeechError(
        f"the speech engine {name} is only half installed: {said}",
        hint=f"{pip_install(f'--force-reinstall --no-deps {packages}')}; "
        "until then --engine pyttsx3 speaks",
    )


def version_of(name: str) -> str:
    """Return the version of an engine's package, or "none"."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(EXTRAS[name].distribution)
    except PackageNotFoundError:
        return "none"


@cache
def folder_of(package: str) -> Path | None:
    """Return where a package is, which is not imported; None if it is nowhere."""
    from importlib.util import find_spec

    try:
        spec = find_spec(package)
    except (ImportError, ValueError):  # it is there in part, or kept from being imported
        return None
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def as_speech(samples: NDArray[np.float32], rate: int, text: str) -> Speech:
    """Return what a network gave as 16 bit.

    Args:
        samples: mono, full scale is 1.
        rate: in Hz.
        text: what it should say.

    Raises:
        SpeechError: nothing is to be heard in it.
    """
    import numpy as np

    if not samples.size or not np.abs(samples).max() > SILENT_PEAK:  # which NaN is not, too
        raise SpeechError(f"the voice found nothing to say in “{text}”")
    return Speech(rate, np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16))


def load_early(load: Callable[[], object]) -> None:
    """Begin to load a network, and do not wait for it; what goes wrong is told to who needs it."""
    # Python may give the half of a library that is being imported to a second thread that wants
    # it, and this is the one that everybody wants.
    import numpy as np

    del np

    def run() -> None:
        with contextlib.suppress(SpeechError):
            load()

    threading.Thread(target=run, daemon=True).start()


def one_thread() -> Any:
    """Return the settings of a network that takes one thread for each text.

    Several texts at once, a core each, are quicker than one text on all cores.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options
