"""Settings that the user has saved for a routine: a YAML file for each, which people can read.

Values are kept as text and looked at when they meet their routine, so what does not fit it any
more is told and kept. A file is replaced whole; `SettingsStore.change` locks it meanwhile, so that
two processes do not undo each other's work.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from coach.errors import CoachError, OutputError, ScriptError
from coach.files.replacing import check_writable, replacing
from coach.files.targets import damaged_name, telling
from coach.locks import Lock
from coach.script import Items, Node, Scalar, default_id, read_script
from coach.script import Mapping as Keys

LOCK_S = 5.0
"""Seconds to wait while another process changes the same settings."""
VERSION = "1"
_HEADER = """\
# What is set for this routine over its script: see `coach adjust --help`, which writes this file.
# `since` says from when on progress is counted. Comments are not kept.
"""

Value = str | tuple[str, ...]
"""As it is written; a list is a tuple."""


class SavedValue(Struct, frozen=True):
    """One value, as text."""

    value: Value
    since: datetime
    """When it was set, to the millisecond; progress counts from then on."""
    is_beyond: bool = False
    """Whether it may lie outside of the prescribed range."""

    @property
    def text(self) -> str:
        """Return the value in one text."""
        return self.value if isinstance(self.value, str) else ", ".join(self.value)


class Saved(Struct, frozen=True):
    """What is saved for one routine."""

    values: Mapping[str, SavedValue] = field(default_factory=dict)
    """By address, such as `cat-camel.hold`, or by name, such as `speed`."""

    def with_values(self, values: Mapping[str, SavedValue | None]) -> Saved:
        """Return what is saved after some of it has changed; None takes a value away."""
        merged: dict[str, SavedValue | None] = {**self.values, **values}
        return Saved({name: value for name, value in merged.items() if value is not None})


class Loaded(Struct, frozen=True):
    """What was found in a file, and what is wrong with it."""

    saved: Saved
    problem: str = ""
    """A sentence; empty if all is well."""


class NewerSettingsError(CoachError):
    """A settings file that a newer coach has written."""


class SettingsStore:
    """The saved settings of one person.

    Args:
        folder: where they are; it need not exist.
        header: what each file begins with.
    """

    def __init__(self, folder: Path, header: str = _HEADER) -> None:
        self._folder = folder.absolute()
        self._header = header

    def path(self, script: Path | str) -> Path:
        """Return the file of a routine, which is a bundled one's name or a script's path."""
        return self._folder / f"{_name(script)}.yaml"

    def load(self, script: Path | str) -> Loaded:
        """Return what is saved for a routine; a damaged file is moved aside."""
        path = self.path(script)
        try:
            return _read(path) if _is_there(path) else Loaded(Saved())
        except ScriptError as error:
            return self._load_damaged(path, error)
        except CoachError as error:
            if not _is_there(path):  # another process has taken everything back meanwhile
                return Loaded(Saved())
            return _unused(error.message)
        except OSError as error:
            return _unused(_cannot_read(path, error))

    def change(self, script: Path | str, change: Callable[[Saved], Saved]) -> Loaded:
        """Save what `change` makes of the settings of a routine, and return that.

        Args:
            script: a bundled routine's name or a script's path.
            change: called with what is saved now, while no other process can change it.

        Raises:
            CoachError: the file cannot be written, or is from a newer coach; or `change` raises.
        """
        path = self.path(script)
        try:
            # What somebody's body can and cannot do is nobody else's business.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(
                f"the settings cannot be saved in {self._folder}: {reason.lower()}",
                "Check the rights to that folder, or set XDG_CONFIG_HOME to another one.",
            ) from error
        check_writable(path)
        with _locked(path):
            try:
                loaded = self._load_locked(path)
            except OSError as error:
                raise OutputError(_cannot_read(path, error), "Check the rights to it.") from error
            changed = change(loaded.saved)
            if changed != loaded.saved:
                self._write(path, script, changed)
            return Loaded(changed, loaded.problem)

    def _load_locked(self, path: Path) -> Loaded:
        """Return what is in a file that no other process changes; a damaged one is moved aside."""
        if not _is_there(path):
            return Loaded(Saved())
        try:
            return _read(path)
        except ScriptError as error:
            return Loaded(Saved(), self._set_aside(path, _damage(path, error)))

    def _load_damaged(self, path: Path, damage: ScriptError) -> Loaded:
        """Return what is in a file that was damaged a moment ago."""
        try:
            with _locked(path):
                return self._load_locked(path)
        except (OutputError, OSError):
            return Loaded(Saved(), f"{_damage(path, damage)}: they are not used")
        except CoachError as error:
            return _unused(error.message)

    def _write(self, path: Path, script: Path | str, saved: Saved) -> None:
        if not saved.values:
            with telling(path):
                path.unlink(missing_ok=True)
            return
        with replacing(path, lasting=True) as temporary:
            temporary.write_text(self._header + _text(script, saved), "utf-8")

    def _set_aside(self, path: Path, told: str) -> str:
        """Move a damaged file aside and return a sentence that tells its new name."""
        target = damaged_name(path)
        try:
            path.rename(target)
        except OSError:
            return f"{told}: they are not used"
        return f"{told}: they are kept as {target.name} and not used"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes from changing a file.

    Raises:
        OutputError: another one does so for long, or there can be no lock.
    """
    lock = Lock(path.with_suffix(".lock"))
    try:
        is_locked = lock.wait(LOCK_S)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot write {path}: {reason[:1].lower()}{reason[1:]}",
            "Check the rights to its folder and the room there.",
        ) from error
    if not is_locked:
        raise OutputError(
            f"cannot write {path}: another coach is changing it", "Try again in a moment."
        )
    try:
        yield
    finally:
        lock.release()


def _damage(path: Path, error: ScriptError) -> str:
    problem = error.problems[0]
    return (
        f"the saved settings in {path} are damaged (line {problem.where.line}: {problem.message})"
    )


def _unused(reason: str) -> Loaded:
    return Loaded(Saved(), f"the saved settings are not used: {reason}")


def _is_there(path: Path) -> bool:
    """Return whether there is anything at all, a link that leads nowhere included.

    Raises:
        OSError: that cannot be known.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _cannot_read(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"cannot read {path}: {reason[:1].lower()}{reason[1:]}"


def _name(script: Path | str) -> str:
    """Return a file's name for a routine; scripts in different folders may be called the same."""
    if isinstance(script, str):
        return script
    place = os.path.realpath(script)
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:10]
    return f"{default_id(Path(place).stem) or 'routine'}-{digest}"


def _text(script: Path | str, saved: Saved) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts plainly, since they are read as texts whatever they look like."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as PyYAML has it

    name = script if isinstance(script, str) else os.path.realpath(script)
    document = {
        "coach": VERSION,
        "routine": name.encode("utf-8", "backslashreplace").decode("utf-8"),
        "values": {
            name: entry.value if isinstance(entry.value, str) else list(entry.value)
            for name, entry in saved.values.items()
        },
        "beyond": [name for name, entry in saved.values.items() if entry.is_beyond],
        "since": {name: _moment(entry.since) for name, entry in saved.values.items()},
    }
    kept = {key: value for key, value in document.items() if value}
    text: str = yaml.dump(kept, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=1000)
    return text


def _moment(since: datetime) -> str:
    return since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def this_moment() -> datetime:
    """Return the present moment as files hold it."""
    return datetime.fromisoformat(_moment(datetime.now(UTC)))


def _read(path: Path) -> Loaded:
    """Return what is saved in a file.

    Raises:
        ScriptError: it holds what no coach writes.
        CoachError: it cannot be read, or is from a newer coach.
    """
    document = read_script(path, "settings with `coach` and `values`")
    root = document.root
    if document.problems:
        raise ScriptError(document.problems)
    version = root.get("coach")
    if not isinstance(version, Scalar):
        raise ScriptError([document.problem(root.where, "expected the key `coach`, found none")])
    if version.text != VERSION:
        raise NewerSettingsError(
            f"{path} is from a newer coach (version {version.text[:20]}; this one knows {VERSION})",
            "Update the coach: pip install --upgrade audio-coach",
        )

    def wrong(node: Node, expected: str) -> ScriptError:
        return ScriptError([document.problem(node.where, f"expected {expected}, found another")])

    def section(key: str) -> Keys:
        node = root.get(key) or Keys({}, root.where, 1)
        if not isinstance(node, Keys):
            raise wrong(node, "names with their values")
        return node

    values, since, beyond = section("values"), section("since"), root.get("beyond")
    named = beyond.items if isinstance(beyond, Items) else ()
    allowed = {node.text for node in named if isinstance(node, Scalar)}
    # Of a value that was written by hand nobody knows more than when the file was written.
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    entries = {}
    for name, (_, node) in values.entries.items():
        value = _value(node)
        if value is None:
            raise wrong(node, "a value or a list of values")
        entries[name] = SavedValue(value, _since(since.get(name)) or written, name in allowed)
    return Loaded(Saved(entries))


def _value(node: Node) -> Value | None:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        texts = [item.text for item in node.items if isinstance(item, Scalar)]
        return tuple(texts) if len(texts) == len(node.items) else None
    return None


def _since(node: Node | None) -> datetime | None:
    """Return the moment that is written there; None if none is, or one that no clock shows."""
    if not isinstance(node, Scalar):
        return None
    try:
        found = datetime.fromisoformat(node.text)
        moment = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    # In the years at both ends, other time zones have moments that cannot be counted with.
    return moment if MINYEAR < moment.year < MAXYEAR else None
