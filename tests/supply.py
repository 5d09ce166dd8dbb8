"""What is locked, whose licences it has, and the list of it that goes with a release.

`python -m tests.supply FILE` writes that list: CycloneDX, and the same bytes on every machine.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import coach

ROOT = Path(__file__).parent.parent
LOCKS = ROOT / ".ci" / "lock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LICENCES: dict[str, dict[str, str]] = tomllib.loads(
    (ROOT / ".ci" / "licences.toml").read_text("utf-8")
)

UNSAID = {"pyobjc-framework-cocoa": "pyttsx3"}
"""Who wants what the project asks for itself, since the lock leaves out who asks for more."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A package as a lock names it."""

    requirement: Requirement
    hashes: tuple[str, ...]
    """SHA-256 of every file that it may be installed from, in hexadecimal."""
    wanted_by: frozenset[str]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (pin,) = self.requirement.specifier
        return pin.version

    @property
    def reference(self) -> PackageURL:
        return PackageURL("pypi", name=self.name, version=self.version)


def locked(lock: str) -> tuple[Locked, ...]:
    """Return what a lock names, in its order."""
    text = (LOCKS / f"{lock}.txt").read_text("utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return tuple(_entry(entry) for entry in entries if not entry.startswith("#"))


def _entry(text: str) -> Locked:
    requirement = Requirement(text.partition("\\\n")[0])
    comments = re.findall(r"^ +#(.*)$", text, re.MULTILINE)
    wanted_by = {line.replace("via", "", 1).split(" (")[0].strip() for line in comments}
    wanted_by |= {UNSAID.get(canonicalize_name(requirement.name), "")}
    return Locked(
        requirement,
        tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", text)),
        frozenset(wanted_by - {""}),
    )


def asked_for(*extras: str) -> Iterator[Requirement]:
    """Yield what pyproject.toml asks for: always, and with some extras."""
    project = PROJECT["project"]
    for text in project["dependencies"]:
        yield Requirement(text)
    for extra in extras:
        for text in project["optional-dependencies"][extra]:
            yield Requirement(text)


def delivered() -> tuple[Locked, ...]:
    """Return what a user can get by installing coach: all but what only developers need."""
    extras = set(PROJECT["project"]["optional-dependencies"]) - {"dev"}
    found: set[str] = {canonicalize_name(each.name) for each in asked_for(*extras)}
    lock = locked("test")
    while more := {entry.name for entry in lock if entry.wanted_by & found} - found:
        found |= more
    return tuple(entry for entry in lock if entry.name in found)


def licence(name: str) -> str:
    """Return the SPDX expression of a package's licence; raises KeyError if none is noted."""
    return LICENCES["stated"].get(name) or LICENCES["read"][name]


def bill_of_materials() -> str:
    """Return the CycloneDX document of what coach is delivered with, as JSON text."""
    named = LicenseFactory()
    own = Component(
        name="audio-coach",
        version=coach.__version__,
        type=ComponentType.APPLICATION,
        bom_ref="audio-coach",
        purl=PackageURL("pypi", name="audio-coach", version=coach.__version__),
        licenses=[named.make_from_string("MIT")],
    )
    entries = delivered()
    components = {
        entry.reference.to_string(): Component(
            name=entry.name,
            version=entry.version,
            type=ComponentType.LIBRARY,
            bom_ref=entry.reference.to_string(),
            purl=entry.reference,
            licenses=[named.make_from_string(licence(entry.name))],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in entry.hashes],
            properties=[Property(name="audio-coach:marker", value=str(entry.requirement.marker))]
            if entry.requirement.marker
            else [],
        )
        for entry in entries
    }
    bom = Bom(components=components.values())
    bom.metadata.component = own
    wanted = {canonicalize_name(requirement.name) for requirement in asked_for()}
    of = {entry.reference.to_string(): entry for entry in entries}
    bom.register_dependency(own, [c for r, c in components.items() if of[r].name in wanted])
    for reference, component in components.items():
        needs = [c for r, c in components.items() if of[reference].name in of[r].wanted_by]
        bom.register_dependency(component, needs)
    return _reproducible(JsonV1Dot6(bom).output_as_string())


def _reproducible(text: str) -> str:
    """Return the document with a number made of its contents, and without the time of day."""
    document = json.loads(text)
    del document["serialNumber"], document["metadata"]["timestamp"]
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(document, sort_keys=True))
    document["serialNumber"] = number.urn
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(bill_of_materials(), "utf-8", newline="\n")
