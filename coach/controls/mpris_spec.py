"""The interfaces of a media player on D-Bus, as a table and as the XML made of it.

From the MPRIS D-Bus Interface Specification, version 2.2, and the standard interfaces of the
D-Bus Specification.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

PATH = "/org/mpris/MediaPlayer2"
ROOT = "org.mpris.MediaPlayer2"
PLAYER = "org.mpris.MediaPlayer2.Player"
PROPERTIES = "org.freedesktop.DBus.Properties"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
PEER = "org.freedesktop.DBus.Peer"


class Interface(Struct, frozen=True):
    """What an interface has, by name."""

    methods: Mapping[str, tuple[tuple[str, str, str], ...]]
    """Of each method its arguments: name, type, and direction (`in` or `out`)."""
    properties: Mapping[str, tuple[str, str]]
    """Of each property its type, and `read` or `readwrite`."""
    signals: Mapping[str, tuple[tuple[str, str], ...]]
    """Of each signal its arguments: name and type."""
    silent: tuple[str, ...] = ()
    """Properties of which no change is told."""


INTERFACES = {
    ROOT: Interface(
        methods={"Raise": (), "Quit": ()},
        properties={
            "CanQuit": ("b", "read"),
            "CanRaise": ("b", "read"),
            "HasTrackList": ("b", "read"),
            "Identity": ("s", "read"),
            "SupportedUriSchemes": ("as", "read"),
            "SupportedMimeTypes": ("as", "read"),
        },
        signals={},
    ),
    PLAYER: Interface(
        methods={
            "Next": (),
            "Previous": (),
            "Pause": (),
            "PlayPause": (),
            "Stop": (),
            "Play": (),
            "Seek": (("Offset", "x", "in"),),
            "SetPosition": (("TrackId", "o", "in"), ("Position", "x", "in")),
            "OpenUri": (("Uri", "s", "in"),),
        },
        properties={
            "PlaybackStatus": ("s", "read"),
            "Rate": ("d", "readwrite"),
            "Metadata": ("a{sv}", "read"),
            "Volume": ("d", "readwrite"),
            "Position": ("x", "read"),
            "MinimumRate": ("d", "read"),
            "MaximumRate": ("d", "read"),
            "CanGoNext": ("b", "read"),
            "CanGoPrevious": ("b", "read"),
            "CanPlay": ("b", "read"),
            "CanPause": ("b", "read"),
            "CanSeek": ("b", "read"),
            "CanControl": ("b", "read"),
        },
        signals={"Seeked": (("Position", "x"),)},
        silent=("Position", "CanControl"),
    ),
    PROPERTIES: Interface(
        methods={
            "Get": (
                ("interface_name", "s", "in"),
                ("property_name", "s", "in"),
                ("value", "v", "out"),
            ),
            "GetAll": (("interface_name", "s", "in"), ("properties", "a{sv}", "out")),
            "Set": (
                ("interface_name", "s", "in"),
                ("property_name", "s", "in"),
                ("value", "v", "in"),
            ),
        },
        properties={},
        signals={
            "PropertiesChanged": (
                ("interface_name", "s"),
                ("changed_properties", "a{sv}"),
                ("invalidated_properties", "as"),
            )
        },
    ),
    INTROSPECTABLE: Interface({"Introspect": (("xml_data", "s", "out"),)}, {}, {}),
    PEER: Interface({"Ping": (), "GetMachineId": (("machine_uuid", "s", "out"),)}, {}, {}),
}


def introspection(path: str) -> str:
    """Return the XML that describes the object at `path`, which is the player's or above it."""
    from xml.etree import ElementTree as ET

    node = ET.Element("node")
    if path != PATH:
        child = PATH.removeprefix(path.rstrip("/")).split("/")[1]
        ET.SubElement(node, "node", name=child)
    for name, interface in INTERFACES.items() if path == PATH else ():
        element = ET.SubElement(node, "interface", name=name)
        for method, arguments in interface.methods.items():
            entry = ET.SubElement(element, "method", name=method)
            for argument, kind, direction in arguments:
                ET.SubElement(entry, "arg", name=argument, type=kind, direction=direction)
        for signal, fields in interface.signals.items():
            entry = ET.SubElement(element, "signal", name=signal)
            for field, kind in fields:
                ET.SubElement(entry, "arg", name=field, type=kind)
        for prop, (kind, access) in interface.properties.items():
            entry = ET.SubElement(element, "property", name=prop, type=kind, access=access)
            if prop in interface.silent:
                ET.SubElement(
                    entry,
                    "annotation",
                    name="org.freedesktop.DBus.Property.EmitsChangedSignal",
                    value="false",
                )
    doctype = (
        '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n'
        '"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n'
    )
    return doctype + ET.tostring(node, "unicode")


def interface_of(member: str) -> str:
    """Return the interface that has a method; a call need not name it."""
    owners = (name for name, interface in INTERFACES.items() if member in interface.methods)
    return next(owners, PLAYER)
