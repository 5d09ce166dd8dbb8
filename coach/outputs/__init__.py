"""Where a live session is heard: a sound device, a file, or nowhere.

An output pulls sound from a `Source`, in its own time, until it is closed. Pausing and skipping
are the source's business: it yields silence, or goes on elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from msgspec import Struct

from coach.errors import DeviceError
from coach.parts import load_part

if TYPE_CHECKING:
    from coach.timeline import Samples

LIVE_RATE = 48_000
"""Hz of live sound: what devices run at, so that nothing behind us resamples it."""

ENTRY_POINTS = "coach.outputs"
"""The entry point group in which other packages offer outputs."""

OUTPUTS: Mapping[str, str] = MappingProxyType(
    {
        "miniaudio": "coach.outputs.miniaudio_output:MiniaudioOutput",
        "simpleaudio": "coach.outputs.simpleaudio_output:SimpleaudioOutput",
    }
)
"""The outputs to a loudspeaker that ship: name -> module:class."""

WITHOUT_LOUDSPEAKER = ("file", "none")
"""The outputs of `coach.outputs.paced`, which need a clock."""

PREFERENCE = ("miniaudio", "simpleaudio")
"""What "auto" tries, best first: packages of the same names."""

INSTEAD = "`coach doctor` says what is wrong; `coach render` writes a file for any player."
"""The hint where a session cannot be heard here."""


class Device(Struct, frozen=True):
    """Something to listen with."""

    name: str
    """What the system calls it; `--device` takes this or a part of it."""
    is_default: bool
    """Whether the system sends sound there unless told otherwise."""
    backend: str
    """The sound system that leads to it, such as "PulseAudio"."""


class Source(Protocol):
    """What is to be heard."""

    def read(self, count: int) -> Samples:
        """Return the next `count` frames, mono int16; called from the output's own thread."""
        ...


class Playback(Protocol):
    """A source that is being heard."""

    @property
    def latency(self) -> float:
        """Return about how many seconds pass between the reading of a frame and its sound."""
        ...

    @property
    def underruns(self) -> int:
        """Return how often the device had to wait for sound, as far as that can be told."""
        ...

    def problem(self) -> str | None:
        """Return why nothing is heard any more, or None while all is well."""
        ...

    def close(self) -> None:
        """End at once, and never hang; may be called twice."""
        ...


class Output(Protocol):
    """A place for sound. Making one is cheap and opens nothing."""

    name: str

    def start(self, source: Source, rate: int) -> Playback:
        """Begin to play `source` at `rate` Hz, mono.

        Raises:
            DeviceError: there is no device, or it cannot be used; with what to do about it.
        """
        ...


@runtime_checkable
class ListsDevices(Protocol):
    """An output that can tell which devices there are."""

    def devices(self) -> tuple[Device, ...]:
        """Return the devices, the default first.

        Raises:
            DeviceError: the system does not say.
        """
        ...


def open_output(name: str = "auto", device: str | None = None) -> Output:
    """Return the output `name`; nothing is opened yet.

    Args:
        name: one of `OUTPUTS`, an output of another package, or "auto" for the first in
            `PREFERENCE` that is installed.
        device: the name of a device, or a part of it; None is the system's own choice.

    Raises:
        DeviceError: there is no such output, or none is installed.
    """
    if name == "auto":
        name = next((known for known in PREFERENCE if is_installed(known)), "")
        if not name:
            from coach.outputs.mend import not_installed

            raise not_installed(PREFERENCE[0])
    others = ("auto", *WITHOUT_LOUDSPEAKER)
    opener = load_part(name, OUTPUTS, ENTRY_POINTS, kind="output", error=DeviceError, others=others)
    output_class = cast("Callable[..., Output]", opener)
    return output_class(device=device)


def is_installed(package: str) -> bool:
    """Return whether a package could be imported; it is not."""
    from importlib.util import find_spec

    return find_spec(package) is not None
