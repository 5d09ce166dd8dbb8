"""The project as others get it: sdist, wheel, editable install and plain checkout."""

from __future__ import annotations

import email
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import coach

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".venv*", ".hypothesis", ".*_cache", "__pycache__", "build", "dist", "*.egg-info"
)


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Return what a program prints, run in a folder; its failure fails the test."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(tree: Path, target: Path, *options: str, **environment: str) -> list[Path]:
    """Return the archives that are built from a tree, without a network."""
    tool = (sys.executable, "-m", "build", "--no-isolation", "--outdir", target)
    run(*tool, *options, tree, folder=tree, **environment)
    return sorted(target.iterdir())


def elsewhere(tree: Path, folder: Path) -> Path:
    """Return a copy of a tree whose files are younger, of other rights, and in another order."""
    for path in sorted(tree.rglob("*"), reverse=True):
        if path.is_file():
            copy = folder / path.relative_to(tree)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(0o700 if os.access(path, os.X_OK) else 0o600)
    return folder


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with coach in it; its dependencies are those of this test run."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def coach(self) -> Path:
        return self.folder / ("Scripts/coach.exe" if os.name == "nt" else "bin/coach")

    @classmethod
    def make(cls, folder: Path) -> Environment:
        """Return a new one that sees what is installed here, coach excepted."""
        venv.create(folder, with_pip=False)
        made = cls(folder)
        find = "import sysconfig; print(sysconfig.get_path('purelib'))"
        own = Path(run(made.python, "-c", find, folder=folder).strip())
        here = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
        # Folders that are named in such a file are searched, but their own .pth files, and so
        # coach's editable install, are not followed.
        (own / "dependencies.pth").write_text("\n".join(here) + "\n", "utf-8")
        return made

    def install(self, *what: str | Path) -> None:
        """Install without any download, beside whatever is there."""
        # The environment sees this one's pip; `--python` would start that a second time.
        pip = (self.python, "-m", "pip", "install", "--quiet")
        run(
            *(*pip, "--no-index", "--no-deps", "--ignore-installed", "--no-build-isolation", *what),
            folder=self.folder,
            PIP_DISABLE_PIP_VERSION_CHECK="1",
        )

    def imported_from(self, folder: Path) -> Path:
        """Return the folder of the package that is imported by a program run in `folder`."""
        program = "import coach; print(coach.__file__)"
        return Path(run(self.python, "-P", "-c", program, folder=folder).strip()).parent


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout as it is committed: without anything that was built."""
    folder = tmp_path_factory.mktemp("checkout") / "coach"
    shutil.copytree(ROOT, folder, ignore=NOT_SOURCE)
    return folder


@pytest.fixture(scope="session")
def archives(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the sdist, the wheel that is built from it, and both built elsewhere from the tree."""
    both = build(tree, tmp_path_factory.mktemp("archives"))
    other = elsewhere(tree, tmp_path_factory.mktemp("another place") / "of another name")
    time_and_language = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    target = tmp_path_factory.mktemp("again")
    again = build(other, target, "--sdist", "--wheel", **time_and_language)
    (sdist, sdist_again), (wheel, direct) = (
        [path for made in (both, again) for path in made if path.name.endswith(suffix)]
        for suffix in (".tar.gz", ".whl")
    )
    assert len(both) == len(again) == 2
    return {"sdist": sdist, "wheel": wheel, "direct": direct, "sdist again": sdist_again}


@pytest.fixture(scope="session")
def installed(archives: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return an environment in which the wheel is installed."""
    environment = Environment.make(tmp_path_factory.mktemp("wheel"))
    environment.install(archives["wheel"])
    return environment


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def sources(*folders: str) -> set[str]:
    """Return the files below folders of the checkout, as paths from its root."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(
    archives: dict[str, Path],
) -> None:
    info = f"audio_coach-{coach.__version__}.dist-info"
    data = {f"coach/_data/{name}" for name in sources("scripts", "audio_cues")}
    names = names_in(archives["wheel"])
    of_coach = {name for name in names if not name.startswith(f"{info}/")}
    assert of_coach == sources("coach") | data
    assert {
        "coach/py.typed",
        "coach/phrases/en.yaml",
        "coach/_data/scripts/si-joint-relief.yaml",
        "coach/_data/audio_cues/classic/pack.yaml",
        "coach/_data/audio_cues/classic/tick.wav",
    } <= of_coach
    assert {f"{info}/licenses/LICENSE", f"{info}/entry_points.txt"} <= names


def test_the_wheel_from_the_sdist_is_the_wheel_from_the_tree(archives: dict[str, Path]) -> None:
    assert archives["wheel"].read_bytes() == archives["direct"].read_bytes()


def test_the_sdist_is_the_same_wherever_and_whenever_it_is_built(
    archives: dict[str, Path],
) -> None:
    assert archives["sdist"].read_bytes() == archives["sdist again"].read_bytes()


def test_the_sdist_holds_what_a_developer_needs(archives: dict[str, Path]) -> None:
    with tarfile.open(archives["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert sources("coach", "scripts", "audio_cues", "tests") <= names
    assert {"Makefile", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= names
    allowed = ("coach", "scripts", "audio_cues", "tests", ".ci", ".github", ".readme")
    top = {name.partition("/")[0] for name in names if "/" in name}
    assert top <= set(allowed)


def test_metadata(archives: dict[str, Path]) -> None:
    info = f"audio_coach-{coach.__version__}.dist-info"
    with zipfile.ZipFile(archives["wheel"]) as archive:
        metadata = email.message_from_bytes(archive.read(f"{info}/METADATA"))
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
    assert metadata["Name"] == "audio-coach"
    assert metadata["Version"] == coach.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "coach = coach.__main__:main" in entry_points
    for minor in (11, 12, 13, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in metadata.get_all("Classifier", [])
    required = [text for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text]
    assert len(required) == len(PROJECT["project"]["dependencies"])


def test_every_dependency_says_why() -> None:
    project = PROJECT["project"]
    more = [*project["optional-dependencies"].values(), *PROJECT["dependency-groups"].values()]
    wanted = [*project["dependencies"], *(name for each in more for name in each)]
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    for requirement in wanted:
        (line,) = (line for line in lines if line.strip().startswith(f'"{requirement}"'))
        assert re.search(r'",\s+# \w.{8,}', line), f"no reason beside {line.strip()}"
        assert re.search(r"[>=]=|\[", requirement), f"no oldest version of {requirement}"


def test_the_version_is_in_the_changelog() -> None:
    assert coach.__version__ in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_an_installed_wheel_works_from_another_folder(
    installed: Environment, tmp_path: Path
) -> None:
    assert installed.imported_from(tmp_path).is_relative_to(installed.folder)
    command = installed.coach
    assert coach.__version__ in run(command, "--version", folder=tmp_path)
    listed = json.loads(run(command, "list", "--json", folder=tmp_path))
    shipped = {path.stem for path in (ROOT / "scripts").glob("*.yaml")}
    assert {row["name"] for row in listed} == shipped
    assert json.loads(run(command, "schema", folder=tmp_path))["title"] == "Audio coach routine"
    schema = Path(run(command, "schema", "--path", folder=tmp_path).strip())
    assert schema.is_relative_to(installed.folder)
    assert json.loads(schema.read_text("utf-8"))["title"] == "Audio coach routine"
    script = tmp_path / "mine.yaml"
    shutil.copy(ROOT / "scripts" / "box-breathing.yaml", script)
    assert "good" in run(command, "check", script, folder=tmp_path)
    options = ("--detail", "cues", "--cue-sheet", "sheet.json", "-o", "out.wav")
    run(command, "render", "box-breathing", *options, folder=tmp_path)
    sheet = json.loads((tmp_path / "sheet.json").read_text("utf-8"))
    frames = round(sheet["duration"] * sheet["rate"])
    assert (tmp_path / "out.wav").stat().st_size >= 2 * frames
    assert "speech" in {event["kind"] for event in sheet["events"]}


def test_types_of_an_installed_wheel_are_seen(installed: Environment, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "from coach.units import parse_duration\nreveal_type(parse_duration('5s'))\n", "utf-8"
    )
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", installed.python)
    said = run(*mypy, "user.py", folder=tmp_path, MYPYPATH="")
    assert 'Revealed type is "fractions.Fraction"' in said


def test_an_editable_install_follows_the_tree(tree: Path, tmp_path: Path) -> None:
    environment = Environment.make(tmp_path / "editable")
    environment.install("--editable", tree)
    assert environment.imported_from(tmp_path) == tree / "coach"
    listed = json.loads(run(environment.coach, "list", "--json", folder=tmp_path))
    assert {row["name"] for row in listed} == {path.stem for path in tree.glob("scripts/*.yaml")}
    new = tree / "scripts" / "written-later.yaml"
    shutil.copy(tree / "scripts" / "box-breathing.yaml", new)
    try:
        assert new.stem in run(environment.coach, "list", "--json", folder=tmp_path)
    finally:
        new.unlink()


def test_a_plain_checkout_works(tree: Path, tmp_path: Path) -> None:
    environment = Environment.make(tmp_path / "plain")
    inside = run(environment.python, "-m", "coach", "list", "--json", folder=tree)
    outside = run(
        *(environment.python, "-m", "coach", "list", "--json"),
        folder=tmp_path,
        PYTHONPATH=str(tree),
    )
    assert {row["name"] for row in json.loads(inside)} == {
        path.stem for path in tree.glob("scripts/*.yaml")
    }
    assert outside == inside
    where = (environment.python, "-m", "coach", "show", "box-breathing", "--json")
    assert json.loads(run(*where, folder=tree))["routine"] == "box-breathing"
