"""Who may import whom, and who may print."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import coach

PACKAGE = Path(coach.__file__).parent

LAYERS = (
    *(
        "errors",
        "characters",
        "units",
        "clock",
        "resample",
        "limiter",
        "template",
        "locks",
        "files",
        "media",
        "parallel",
        "parts",
    ),
    "profile",
    *(
        "progress",
        "script",
        "script_writer",
        "editions",
        "schemas",
        "values",
        "format",
        "validation",
    ),
    *("routine", "formatting", "interview", "advice", "translation", "settings", "phrases"),
    *("steps", "plan", "timeline", "places", "correspondence"),
    *("cues", "library", "session", "checking", "editing"),
    *("speech", "render", "history", "outputs", "listening"),
    *("volume", "navigation", "player", "view", "controls", "changes", "replan", "tally"),
    *("answers", "own_sound", "spoken", "live"),
    "batch",
    *("exchange", "draft"),
    "cli",
)
"""What lies below `coach`, lowest first. A module imports from its own layer and those below."""

OUTSIDE_LAYERS = ("coach", "coach.__main__")

PROGRAMS = (
    PACKAGE / "speech" / "worker.py",
    PACKAGE / "outputs" / "simpleaudio_child.py",
    PACKAGE / "listening" / "child.py",
    PACKAGE / "draft" / "documents.py",
)
"""Programs of their own, whose standard output is a protocol."""

PRINTERS = frozenset(
    {
        *("print", "input", "exit", "quit", "SystemExit"),
        *("sys.exit", "os._exit", "sys.stdout", "sys.stderr"),
        *("click.echo", "click.secho", "click.confirm", "click.prompt"),
    }
)


def module_of(path: Path, package: Path = PACKAGE) -> str:
    """Return the dotted name of a file below the package."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def layer(module: str) -> int:
    """Return the place of a module's layer; raises ValueError if it has none."""
    return LAYERS.index(module.split(".")[1])


def running_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node that runs: all but what stands under `if TYPE_CHECKING:`."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo += node.orelse
        else:
            todo += ast.iter_child_nodes(node)


def imports(source: str, module: str, *, is_package: bool) -> set[str]:
    """Return the modules of `coach` that a module imports when it runs."""
    found = set()
    for node in running_nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
                base = ".".join([*kept, *filter(None, [base])])
            if base == "coach":
                found |= {f"coach.{alias.name}" for alias in node.names}
            found.add(base)
        # Engines, encoders and commands are named in tables as "coach.module" or "module:class".
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.partition(":")[0]
            found |= {name} & set(MODULES)
    return {name for name in found if name in MODULES and name != "coach"}


def upward(source: str, module: str, *, is_package: bool = False) -> set[str]:
    """Return what a module imports from layers above its own."""
    own = layer(module)
    used = imports(source, module, is_package=is_package)
    return {name for name in used if layer(name) > own}


SHELLS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})


def shells(source: str) -> set[str]:
    """Return where a module would hand a text to a shell."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute | ast.Name):
            found |= {ast.unparse(node)} & SHELLS
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} & SHELLS
        elif isinstance(node, ast.keyword) and node.arg == "shell":
            found.add(ast.unparse(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("subprocess."):
            # One text for a command would be split by the system on Windows.
            if node.args and isinstance(node.args[0], ast.Constant | ast.JoinedStr):
                found.add(ast.unparse(node.args[0]))
    return found


def printing(source: str) -> set[str]:
    """Return which ways to print or exit a module uses."""
    nodes = list(running_nodes(ast.parse(source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    dotted = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    imported = {
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return (names | dotted | imported) & PRINTERS


LAYERED = sorted(set(MODULES) - set(OUTSIDE_LAYERS))


def test_every_module_has_a_layer_and_every_layer_a_module() -> None:
    assert {module.split(".")[1] for module in LAYERED} == set(LAYERS)


@pytest.mark.parametrize("module", LAYERED)
def test_imports_point_down(module: str) -> None:
    path = MODULES[module]
    source = path.read_text("utf-8")
    assert not upward(source, module, is_package=path.name == "__init__.py")


@pytest.mark.parametrize("module", LAYERED)
def test_only_the_command_line_prints_or_exits(module: str) -> None:
    path = MODULES[module]
    if path not in PROGRAMS and not module.startswith("coach.cli"):
        assert not printing(path.read_text("utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_no_text_reaches_a_shell(module: str) -> None:
    assert not shells(MODULES[module].read_text("utf-8"))


def test_what_prints_does_so_by_the_console() -> None:
    """So that no text of a file can do anything to a terminal."""
    asked = {"coach.cli.edit": {"click.confirm"}, "coach.cli.play": {"click.prompt"}}
    for module, path in MODULES.items():
        if path not in PROGRAMS and module not in ("coach.cli.console", "coach.cli"):
            ways = {way for way in printing(path.read_text("utf-8")) if way.startswith("click.")}
            assert ways <= asked.get(module, set()), module


@pytest.mark.parametrize(
    "source",
    [
        "import coach.session",
        "from coach.session import build",
        "from coach import session",
        "from . import session",
        "from .session import build",
        "def late():\n    from coach.session import build",
        "TABLE = {'x': 'coach.session:build'}",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import coach.session",
    ],
)
def test_an_import_upwards_is_seen(source: str) -> None:
    assert upward(source, "coach.plan") == {"coach.session"}


@pytest.mark.parametrize(
    "source",
    [
        "import coach.units",
        "from coach.plan import Say",
        "import sessions, click",
        "from coach import __version__",
        "if TYPE_CHECKING:\n    from coach.session import build",
        "if typing.TYPE_CHECKING:\n    from coach.session import build",
    ],
)
def test_other_imports_are_left_alone(source: str) -> None:
    assert upward(source, "coach.plan") == set()


def test_imports_relative_to_a_package_are_seen() -> None:
    assert upward("from . import store", "coach.speech", is_package=True) == set()
    assert upward("from .. import render", "coach.speech.store") == {"coach.render"}
    assert upward("from ..render import wav", "coach.speech", is_package=True) == {"coach.render"}


@pytest.mark.parametrize(
    "source",
    [
        "print(1)",
        "import click\nclick.echo('x')",
        "from click import echo",
        "import sys\nsys.exit(1)",
        "import sys\nsys.stdout.write('x')",
        "raise SystemExit",
    ],
)
def test_printing_is_seen(source: str) -> None:
    assert printing(source)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.system('ls')",
        "from os import popen",
        "import subprocess\nsubprocess.run(['ls'], shell=True)",
        "import subprocess\nsubprocess.run(f'ls {name}')",
    ],
)
def test_a_shell_is_seen(source: str) -> None:
    assert shells(source)
