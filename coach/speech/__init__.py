"""Speech: text in, samples out, whatever engine speaks.

`open_engine` gives an engine; `coach.speech.speaker.Speaker` turns texts into clips with it.
Importing this package costs nothing: numpy and the engines come when they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import Struct

from coach.errors import SpeechError
from coach.parts import load_part
from coach.units import SPEED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

ENTRY_POINTS = "coach.engines"
"""The entry point group in which other packages offer engines."""

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "neural": "coach.speech.neural_engine:NeuralEngine",
        "piper": "coach.speech.piper_engine:PiperEngine",
        "pyttsx3": "coach.speech.pyttsx3_engine:Pyttsx3Engine",
    }
)
"""The engines that ship: name -> module:class."""

PREFERENCE = ("neural", "piper")
"""What "auto" asks whether they offer a voice, best first."""

OTHERWISE = "pyttsx3"
"""What "auto" takes if none of them does."""


class Speech(Struct, frozen=True, eq=False):
    """One spoken text."""

    rate: int
    """Frames a second, in Hz."""
    samples: Samples
    """Mono, 16 bit, shape (frames,)."""


class Voice(Struct, frozen=True):
    """A voice that an engine has."""

    engine: str
    """The engine's name in `ENGINES`."""
    id: str
    """What the engine calls it; `--voice` takes this, the name or a language."""
    name: str
    """What people call it."""
    languages: tuple[str, ...]
    """Language tags in lower case, such as `en-us`; empty if the engine does not say."""
    gender: str | None
    """`female`, `male`, or None if the engine does not say."""
    install: str = ""
    """How to get it; empty if it is here."""


class Engine(Protocol):
    """What speaks. Engines are opened with the keywords `voice`, `speed` and `language`.

    Opening one is cheap and starts nothing; a missing library or voice is a `SpeechError` of the
    first call that needs it.
    """

    @property
    def name(self) -> str:
        """Return the engine's name."""

    @property
    def fingerprint(self) -> str:
        """Return everything that changes the sound: versions, the requested voice, the speed.

        Known without starting the engine, so that a run whose clips are all stored never does.
        """

    @property
    def workers(self) -> int:
        """Return how many texts can be synthesised at once."""

    def start(self, count: int) -> None:
        """Begin to make ready for `count` texts, and do not wait for it."""

    def synthesize(self, text: str) -> Speech:
        """Return `text` spoken, as the engine gave it; may be called from several threads.

        Raises:
            SpeechError: the text could not be spoken.
        """

    def voices(self) -> tuple[Voice, ...]:
        """Return what the engine has.

        Raises:
            SpeechError: the engine cannot be used here.
        """

    def close(self) -> None:
        """End whatever the engine started; it cannot be used afterwards."""


def open_engine(
    name: str = "auto",
    *,
    voice: str | None = None,
    speed: Fraction = Fraction(1),
    language: str = "en",
) -> Engine:
    """Return the engine `name`, set to a voice (None: the best for the language) and a speed.

    Args:
        name: one of `ENGINES`, an engine of another package, or "auto" for the best one that has
            such a voice.
        voice: an id, a name or a language of the engine's voices; checked when first used.
        speed: 1 is normal, 2 twice as fast.
        language: a language tag, such as "en" or "pt-br".

    Raises:
        SpeechError: there is no such engine, or the speed is out of range.
    """
    if not SPEED.least <= speed <= SPEED.most:
        least, most = SPEED.show(SPEED.least), SPEED.show(SPEED.most)
        raise SpeechError(f"expected a speed from {least} to {most}, found {SPEED.show(speed)}")
    if name == "auto":
        name = next((one for one in PREFERENCE if _offers(one, voice, language)), OTHERWISE)
    opener = load_part(name, ENGINES, ENTRY_POINTS, kind="speech engine", error=SpeechError)
    engine_class = cast("Callable[..., Engine]", opener)
    return engine_class(voice=voice, speed=speed, language=language)


def _offers(name: str, voice: str | None, language: str) -> bool:
    engine = load_part(name, ENGINES, ENTRY_POINTS, kind="speech engine", error=SpeechError)
    return bool(engine.offers(voice, language))
