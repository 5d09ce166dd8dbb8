"""The sound systems that miniaudio reaches: which this machine has, and the devices of each.

They are named, one at a time, because where there is none miniaudio takes a "Null" one that plays
to nobody and records silence.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from coach.errors import DeviceError, did_you_mean
from coach.outputs import Device


class SoundSystem(Struct, frozen=True):
    """A sound system, and the buffer that it gets."""

    name: str
    """As `miniaudio.Backend` calls it."""
    period_ms: int
    periods: int


class Found(Struct, frozen=True):
    """A device, and what opens it."""

    device: Device
    system: SoundSystem
    id: Any
    """A `ma_device_id *`."""
    is_equipment: bool
    """Whether there is something behind it: not so for what records a loudspeaker (PulseAudio's
    monitors), and for what only converts or discards (ALSA's plugins)."""


# PulseAudio fits all that it buffers into one period, whatever their number, and then asks for
# whole ones: 60 ms means that a change is heard after 45 to 105 ms. The others keep all periods
# full, so theirs are shorter.
_PULSE = SoundSystem("PULSEAUDIO", 60, 3)
_LINUX = (_PULSE, SoundSystem("ALSA", 20, 3))
_MAC = (SoundSystem("COREAUDIO", 20, 3),)
_WINDOWS = (
    SoundSystem("WASAPI", 20, 3),
    SoundSystem("DSOUND", 20, 3),
    SoundSystem("WINMM", 20, 3),
)
_BSD = (
    _PULSE,
    SoundSystem("SNDIO", 20, 3),
    SoundSystem("AUDIO4", 20, 3),
    SoundSystem("OSS", 20, 3),
)


def sound_systems() -> tuple[SoundSystem, ...]:
    """Return this machine's sound systems, best first; never the one that plays to nobody."""
    by_platform = {"linux": _LINUX, "darwin": _MAC, "win32": _WINDOWS}
    return by_platform.get(sys.platform, _BSD)


def list_devices(kind: Literal["playback", "capture"]) -> list[Found]:
    """Return the devices of the first sound system that has any; empty if there are none."""
    import miniaudio

    for system in sound_systems():
        quieten(system)
        try:
            found = list(_devices_of(system, kind))
        except miniaudio.MiniaudioError:
            continue
        if found:
            return found
    return []


def _devices_of(system: SoundSystem, kind: Literal["playback", "capture"]) -> Iterator[Found]:
    import miniaudio

    ffi, lib = miniaudio.ffi, miniaudio.lib
    # Not by `get_playbacks`: it does not tell which one is the default, and fails as a whole if
    # one device does not answer.
    listing = miniaudio.Devices([miniaudio.Backend[system.name]])
    infos, count = ffi.new("ma_device_info **"), ffi.new("ma_uint32 *")
    wanted, other = (infos, count), (ffi.NULL, ffi.NULL)
    both = (*wanted, *other) if kind == "playback" else (*other, *wanted)
    result = lib.ma_context_get_devices(listing._context, *both)  # noqa: SLF001
    if result != lib.MA_SUCCESS:
        raise miniaudio.MiniaudioError("cannot list the devices", result)
    for i in range(count[0]):
        info = infos[0][i]
        name = ffi.string(info.name).decode("utf-8", "replace")
        device_id = ffi.new("ma_device_id *", info.id)
        text = bytes(ffi.buffer(device_id)).partition(b"\0")[0].decode("utf-8", "replace")
        device = Device(name, bool(info.isDefault), listing.backend)
        yield Found(device, system, device_id, _is_equipment(system, text))


def _is_equipment(system: SoundSystem, device_id: str) -> bool:
    if system.name == "PULSEAUDIO":
        return not device_id.endswith(".monitor")
    if system.name == "ALSA":
        # Cards are numbered, as in `hw:0,0`; plugins have a name alone.
        return ":" in device_id or device_id == "default"
    return True


def choose(wanted: str, found: Sequence[Found], what: str) -> Found:
    """Return the device whose name is `wanted`, or the only one with that in it.

    Args:
        wanted: a name, or a part of one, in any case.
        found: all devices.
        what: what they are, such as "sound device".

    Raises:
        DeviceError: there is none, or there are several.
    """
    names = [one.device.name for one in found]
    folded = wanted.casefold()
    exact = [one for one in found if one.device.name.casefold() == folded]
    partly = [one for one in found if folded in one.device.name.casefold()]
    if exact or len(partly) == 1:
        return (exact or partly)[0]
    if partly:
        listed = ", ".join(f"`{one.device.name}`" for one in partly)
        raise DeviceError(f"several {what}s have `{wanted}` in their name", f"Choose one: {listed}")
    listed = ", ".join(f"`{name}`" for name in names)
    raise DeviceError(
        f"there is no {what} `{wanted}`{did_you_mean(wanted, names)}", f"Choose one: {listed}"
    )


def closing_fully(device_class: Any) -> Any:
    """Return a device class of miniaudio's that closes its connection to the server as well."""
    import miniaudio

    class Device(device_class):  # type: ignore[misc]
        def close(self) -> None:
            super().close()
            context, self._context = getattr(self, "_context", None), None
            if context is not None:
                miniaudio.lib.ma_context_uninit(context)

    return Device


def quieten(system: SoundSystem) -> None:
    """Keep ALSA from writing dozens of lines to stderr where there is no sound card."""
    if system.name != "ALSA":
        return
    import ctypes

    try:
        alsa = ctypes.CDLL("libasound.so.2")
        # A handler in C, because a Python one could be called while the interpreter ends. This
        # one ignores what it is given.
        alsa.snd_lib_error_set_handler(ctypes.cast(alsa.snd_asoundlib_version, ctypes.c_void_p))
    except (OSError, AttributeError):
        pass  # then miniaudio does not find it either
