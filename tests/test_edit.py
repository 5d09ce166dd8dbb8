"""`coach edit`: a copy in the user's editor, which takes the script's place once it is right."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from coach.cli import run
from coach.editing import editing
from coach.errors import CoachError
from coach.files.replacing import replacing
from coach.files.shipped import data_dir
from coach.library import own_folder
from coach.routine import load_routine

GOOD = "title: T\nexercises: [{name: A, hold: 5}]\n"
BAD = "title: T\nexercises: [{name: A, hodl: 5}]\n"

Editor = Callable[..., None]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """Return the function that says what the user's editor does, each time that it is opened."""
    program = tmp_path / "an editor.py"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {shlex.quote(str(program))} --wait")

    def does(*actions: str) -> None:
        log = tmp_path / "editor.log"
        log.unlink(missing_ok=True)
        program.write_text(
            "import os, signal, sys\nfrom pathlib import Path\n"
            f"log = Path({str(log)!r})\n"
            "file = Path(sys.argv[-1])\nassert sys.argv[1] == '--wait'\n"
            "time = len(log.read_text().split()) if log.exists() else 0\n"
            "log.write_text('x ' * (time + 1))\n"
            f"exec({list(actions)!r}[time])\n"
        )

    return does


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The answers to whether to edit again, as at a terminal."""
    answers: list[bool] = []
    monkeypatch.setattr("coach.cli.edit._is_interactive", lambda: True)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: answers.pop(0))
    return answers


def writing(text: str) -> str:
    return f"file.write_text({text!r})"


def kept() -> list[str]:
    """Return what is kept of what has been written, each copy's text."""
    return [path.read_text() for path in own_folder().with_name("edited").glob("*.yaml")]


def test_a_script_is_edited_in_its_place(
    script: Path, editor: Editor, capsys: pytest.CaptureFixture[str]
) -> None:
    script.chmod(0o600)
    editor(writing(GOOD.replace("T", "Ü")))
    assert run(["edit", str(script)]) == 0
    assert script.read_text() == GOOD.replace("T", "Ü")
    assert script.stat().st_mode & 0o777 == 0o600
    assert f"Wrote {script}." in capsys.readouterr().out
    assert kept() == []


def test_bytes_stay_what_they_are(script: Path, editor: Editor) -> None:
    script.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    editor("file.write_bytes(file.read_bytes().replace(b'T', b'U'))")
    assert run(["edit", str(script)]) == 0
    assert script.read_bytes() == b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode().replace(
        b"T", b"U"
    )


def test_a_routine_that_ships_becomes_ones_own(
    editor: Editor, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = data_dir("scripts") / "box-breathing.yaml"
    before = shipped.read_bytes()
    editor("file.write_text(file.read_text().replace('title: Box', 'title: My box'))")
    assert run(["edit", "box-breathing"]) == 0
    own = own_folder() / "box-breathing.yaml"
    assert load_routine(own).title == "My box breathing"
    assert shipped.read_bytes() == before
    assert "`box-breathing` is this one of yours" in capsys.readouterr().out
    assert run(["show", "box-breathing"]) == 0
    assert "My box breathing" in capsys.readouterr().out
    editor("file.write_text(file.read_text().replace('My box', 'Our box'))")
    assert run(["edit", "box-breathing"]) == 0
    assert load_routine(own).title == "Our box breathing"


def test_nothing_changed_writes_nothing(
    script: Path, editor: Editor, capsys: pytest.CaptureFixture[str]
) -> None:
    before = script.stat().st_mtime_ns
    editor("pass", "pass")
    assert run(["edit", str(script)]) == 0
    assert run(["edit", "box-breathing"]) == 0
    assert "Nothing was changed." in capsys.readouterr().out
    assert script.stat().st_mtime_ns == before
    assert not (own_folder() / "box-breathing.yaml").exists()
    assert kept() == []


def test_problems_are_shown_at_their_lines_and_can_be_mended(
    script: Path, editor: Editor, again: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    again.append(True)
    editor(
        writing(BAD), "file.write_text(file.read_text().replace('hodl', 'hold').replace('5', '6'))"
    )
    assert run(["edit", str(script)]) == 0
    captured = capsys.readouterr()
    assert f"{script}:2:23: unknown key `hodl`" in captured.err
    assert "                          ^" in captured.err
    assert script.read_text() == GOOD.replace("5", "6")
    assert again == []


def test_what_was_written_is_kept_and_gone_on_with(
    script: Path, editor: Editor, again: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    again.append(False)
    editor(
        writing(BAD),
        "assert 'hodl' in file.read_text(); file.write_text('title: A')",
        writing(GOOD.replace("5", "7")),
    )
    assert run(["edit", str(script)]) == 1
    assert script.read_text() == GOOD
    assert kept() == [BAD]
    assert "stays as it was. What you wrote is kept in" in capsys.readouterr().err
    again.append(True)
    assert run(["edit", str(script)]) == 0
    assert "Going on with what you wrote before" in capsys.readouterr().err
    assert script.read_text() == GOOD.replace("5", "7")
    assert kept() == []


def test_without_a_terminal_it_does_not_ask(script: Path, editor: Editor) -> None:
    editor(writing(BAD))
    assert run(["edit", str(script)]) == 1
    assert kept() == [BAD]


def test_an_editor_that_fails_loses_nothing(
    script: Path, editor: Editor, capsys: pytest.CaptureFixture[str]
) -> None:
    editor(writing(GOOD + "# more\n") + "; sys.exit(3)", "sys.exit(4)")
    assert run(["edit", str(script)]) == 1
    assert "ended with 3" in capsys.readouterr().err
    assert kept() == [GOOD + "# more\n"]
    assert run(["edit", str(script)]) == 1
    assert kept() == [GOOD + "# more\n"]
    assert script.read_text() == GOOD


def test_a_script_that_changes_meanwhile_is_not_overwritten(
    script: Path, editor: Editor, capsys: pytest.CaptureFixture[str]
) -> None:
    editor(
        f"Path({str(script)!r}).write_text('theirs'); file.write_text({GOOD + '# mine'!r})", "pass"
    )
    assert run(["edit", str(script)]) == 1
    assert "has been changed since you began to edit it" in capsys.readouterr().err
    assert script.read_text() == "theirs"
    assert kept() == [GOOD + "# mine"]
    assert run(["edit", str(script)]) == 1
    assert kept() == [GOOD + "# mine"]


def test_what_cannot_be_written_is_kept(
    script: Path,
    editor: Editor,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = script.parent / "gone" / script.name
    monkeypatch.setattr(
        "coach.editing.replacing",
        lambda path, **options: replacing(nowhere if path == script else path, **options),
    )
    editor(writing(GOOD.replace("A", "B")))
    assert run(["edit", str(script)]) == 1
    told = capsys.readouterr().err
    assert "cannot write" in told
    assert f"`coach edit {script}` goes on with it." in told
    assert kept() == [GOOD.replace("A", "B")]


def test_two_cannot_edit_the_same(script: Path) -> None:
    message = "is being edited already"
    with (
        editing(str(script)),
        pytest.raises(CoachError, match=message),
        editing(str(script)),
    ):
        pass
    with editing(str(script)):
        pass


@pytest.mark.skipif(os.name == "nt", reason="no signal to send")
def test_ctrl_c_is_the_editors(script: Path, tmp_path: Path) -> None:
    editor = tmp_path / "e.py"
    editor.write_text(
        "import os, signal, sys\n"
        "os.kill(os.getppid(), signal.SIGINT)\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
        f"open(sys.argv[1], 'w').write({GOOD.replace('5', '8')!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "coach", "edit", str(script)],
        env={**os.environ, "VISUAL": f"{sys.executable} {editor}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert script.read_text() == GOOD.replace("5", "8")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-editor-anywhere", "cannot start the editor `no-such-editor-anywhere`"),
        ("'open", "VISUAL has a quotation mark that is not closed"),
    ],
)
def test_editors_that_are_none(
    script: Path,
    command: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VISUAL", command)
    assert run(["edit", str(script)]) == 1
    assert message in capsys.readouterr().err
    assert kept() == []


def test_a_script_that_is_not_there(editor: Editor, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["edit", "./nowhere.yaml"]) == 1
    assert "`coach new` writes a new one" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
