"""What coach is made with: locked, under licences that agree, listed; and how it is released."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

import pytest
import yaml
from packaging.licenses import canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply import (
    LICENCES,
    LOCKS,
    PROJECT,
    ROOT,
    asked_for,
    bill_of_materials,
    delivered,
    licence,
    locked,
)

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYTHONS = [
    classifier.rpartition(" ")[2]
    for classifier in PROJECT["project"]["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", classifier)
]
SYSTEMS = (
    ("linux", "Linux", "posix", "x86_64"),
    ("linux", "Linux", "posix", "aarch64"),
    ("darwin", "Darwin", "posix", "arm64"),
    ("win32", "Windows", "nt", "AMD64"),
)

WITH_GPL_3 = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT", "MIT-0", "MIT-CMU"),
    *("MPL-2.0", "PSF-2.0", "Zlib"),
    *("GPL-2.0-or-later", "GPL-3.0-or-later", "LGPL-2.1-or-later", "LGPL-3.0-or-later"),
}
"""Licences of which the Free Software Foundation's list says that they go with the GNU GPL 3."""


def environments() -> Iterator[dict[str, str]]:
    """Yield what markers are judged by, on every system and Python that coach is for."""
    for python in PYTHONS:
        for platform, system, os_name, machine in SYSTEMS:
            yield {
                "python_version": python,
                "python_full_version": f"{python}.1",
                "sys_platform": platform,
                "platform_system": system,
                "os_name": os_name,
                "platform_machine": machine,
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
                "extra": "",
            }


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment)


def wanted(lock: str) -> list[Requirement]:
    """Return what pyproject.toml asks a lock to have."""
    groups = PROJECT["dependency-groups"]
    if lock != "test":
        return [Requirement(text) for text in groups[lock]]
    (itself,) = (each for each in asked_for("dev") if each.name == "audio-coach")
    everything = [each for each in asked_for("dev", *itself.extras) if each != itself]
    return everything + [Requirement(text) for text in groups["build"]]


@pytest.mark.parametrize("lock", ["build", "fuzz", "mutants", "supply", "test"])
def test_a_lock_has_one_version_of_all_that_is_asked_for(lock: str) -> None:
    entries = locked(lock)
    for requirement in wanted(lock):
        name = canonicalize_name(requirement.name)
        for environment in environments():
            if not applies(requirement, environment):
                continue
            pins = [
                entry.version
                for entry in entries
                if entry.name == name and applies(entry.requirement, environment)
            ]
            assert len(pins) == 1, f"{requirement} in {environment}: {pins}; run `make lock`"
            assert requirement.specifier.contains(pins[0]), f"{requirement}: {pins}; `make lock`"


@pytest.mark.parametrize("lock", ["build", "fuzz", "mutants", "supply", "test"])
def test_a_lock_names_files_by_their_hashes_and_no_place(lock: str) -> None:
    assert all(entry.hashes for entry in locked(lock))
    assert "://" not in (LOCKS / f"{lock}.txt").read_text("utf-8")
    of_tests = {(entry.name, entry.version) for entry in locked("test")}
    shared = {name for name, _ in of_tests}
    for entry in locked(lock):
        assert entry.name not in shared or (entry.name, entry.version) in of_tests


def test_the_licence_of_everything_delivered_is_noted_and_goes_with_the_others() -> None:
    noted = [*LICENCES["stated"], *LICENCES["read"]]
    assert sorted(noted) == sorted({entry.name for entry in delivered()})
    for name in noted:
        expression = canonicalize_license_expression(licence(name))
        # Of alternatives one is enough; all others have to be kept together.
        for part in expression.split(" AND "):
            assert set(part.split(" OR ")) & WITH_GPL_3, f"{name}: {expression}"


@pytest.mark.parametrize("name", LICENCES["stated"])
def test_a_licence_is_the_one_that_the_package_states(name: str) -> None:
    try:
        stated = metadata(name)["License-Expression"]
    except PackageNotFoundError:  # of another system or Python
        return
    assert canonicalize_license_expression(stated) == LICENCES["stated"][name]


def test_the_bill_of_materials_is_valid_complete_and_the_same_each_time() -> None:
    # Here, since it takes longer to load than all tests here take.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = bill_of_materials()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert bill_of_materials() == text
    document = json.loads(text)
    named = {component["name"] for component in document["components"]}
    extras = set(PROJECT["project"]["optional-dependencies"]) - {"dev"}
    assert {canonicalize_name(requirement.name) for requirement in asked_for(*extras)} <= named
    assert not named & {"pytest", "ruff", "mypy", "hatchling"}
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    (rich,) = (reference for reference in needs if reference.startswith("pkg:pypi/rich@"))
    assert rich in needs["audio-coach"]
    assert any(reference.startswith("pkg:pypi/pygments@") for reference in needs[rich])


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_little_and_runs_only_what_was_pinned(path: Any) -> None:
    text = path.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60
        assert set(job["permissions"]) <= {"contents", "id-token", "attestations"}
        if "write" in job["permissions"].values():
            assert name in ("attest", "publish", "announce")
            assert not any("checkout" in step.get("uses", "") for step in job["steps"])
        for versions in [job.get("strategy", {}).get("matrix", {}).get("python", PYTHONS)]:
            assert versions == PYTHONS
    for line in re.findall(r"uses: .*", text):
        assert re.fullmatch(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    for step in steps(workflow):
        # What somebody can name (a branch, a title) reaches a shell by the environment only.
        assert "${{" not in step.get("run", "")
        if "pip install" in step.get("run", ""):
            installed = re.findall(r"pip install.*", step["run"])
            assert all("--require-hashes" in one or "--no-deps" in one for one in installed)


def test_what_is_tested_everywhere_needs_nothing_that_is_not_everywhere() -> None:
    (path,) = (path for path in WORKFLOWS if path.stem == "test")
    everywhere = yaml.safe_load(path.read_text("utf-8"))["jobs"]["elsewhere"]["env"]["EVERYWHERE"]
    for name in everywhere.split():
        place = ROOT / name
        for file in place.glob("*.py") if place.is_dir() else [place]:
            text = file.read_text("utf-8")
            assert (
                not re.search(
                    r"^import (pty|termios|fcntl|resource)|ffprobe|tests\.bus|tests\.live|chromium|unshare",
                    text,
                    re.MULTILINE,
                )
                or file.name == "test_supply.py"
            ), file
