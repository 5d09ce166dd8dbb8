"""The shipped cue packs are what they promise, and bad packs are refused in sentences."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from coach.cues import bundled_packs, load_pack, load_samples
from coach.errors import CuePackError
from coach.render.music import LEVEL_DB
from coach.steps import CUE_NAMES, CueName

Sound: TypeAlias = NDArray[np.float64]
Clip: TypeAlias = NDArray[np.int16]

AUDIO_CUES = Path(__file__).parent.parent / "audio_cues"
CLASSIC = AUDIO_CUES / "classic"
RATE = 48_000
PACKS = ("bells", "classic", "soft")
LONGEST = {
    "ready": 0.25,
    "start": 0.4,
    "tick": 0.06,
    "final": 0.15,
    "end": 0.65,
    "halfway": 1.0,
    "rest": 1.2,
    "switch": 0.8,
    "finish": 2.3,
}
"""Seconds: speech waits for `start`, and the first three are a second apart."""
FULL_AFTER = {"bells": 0.008, "classic": 0.005, "soft": 0.008}
"""Seconds in which a cue has set in: at once in time, and without a click."""
PAIRS = list(itertools.combinations(CUE_NAMES, 2))
THIRD_OCTAVES = 500 * 2 ** (np.arange(-4, 15) / 3)
"""Edges of the bands from 200 Hz to 10 kHz that `distance` compares."""


every_pack = pytest.mark.parametrize("pack", PACKS)


def read(name: CueName, pack: str = "classic") -> Sound:
    samples, rate = soundfile.read(AUDIO_CUES / pack / f"{name}.wav", dtype="float64")
    assert rate == RATE
    return np.asarray(samples, dtype=np.float64)


def power_spectrum(samples: Sound, size: int = 1 << 17) -> tuple[Sound, Sound]:
    frequencies = np.arange(size // 2 + 1).astype(np.float64) * RATE / size
    return frequencies, np.abs(np.fft.rfft(samples, size)).astype(np.float64) ** 2


def pitch(samples: Sound) -> float:
    """Return the strongest frequency in Hz."""
    frequencies, power = power_spectrum(samples)
    return float(frequencies[power.argmax()])


def onset(samples: Sound | Clip, rate: int) -> float:
    """Return when the sound first reaches a tenth of its greatest amplitude, in seconds."""
    loud = np.abs(samples.astype(np.float64))
    return np.argmax(loud >= loud.max() / 10) / rate


def picture(samples: Sound) -> Sound:
    """Return how a sound's energy is spread: five parts of its time by third octave, sum 1."""
    parts = [power_spectrum(part, 1 << 16) for part in np.array_split(samples, 5)]
    bands = [np.histogram(f, bins=THIRD_OCTAVES, weights=power)[0] for f, power in parts]
    return np.asarray(bands / np.sum(bands), dtype=np.float64)


def elsewhere(one: Sound, other: Sound) -> float:
    """Return the share of the energy that lies elsewhere in `picture`: 0 is same, 1 is disjoint.

    Pitch, timbre, movement and decay at once, whatever the lengths and levels.
    """
    return float(np.abs(picture(one) - picture(other)).sum() / 2)


def distance(one: Sound, other: Sound) -> float:
    """Return `elsewhere` plus the ratio of the lengths in octaves, at most 1.

    A listener knows a sound from one that is twice as long.
    """
    return elsewhere(one, other) + min(1.0, float(abs(np.log2(len(one) / len(other)))))


def active_level(samples: Sound) -> float:
    """Return dBFS as pack.yaml defines it, written out here a second time."""
    squares = [np.mean(samples[i : i + 480] ** 2) for i in range(0, len(samples) - 479, 480)]
    heard = [square for square in squares if square >= max(squares) * 10**-2]
    return float(10 * np.log10(sum(heard) / len(heard)))


# The shipped packs


def test_all_packs_are_looked_at() -> None:
    assert bundled_packs(AUDIO_CUES) == PACKS


@every_pack
def test_a_pack_is_complete(pack: str) -> None:
    loaded = load_pack(pack, AUDIO_CUES)
    assert (loaded.name, loaded.licence, loaded.author) == (pack, "CC0-1.0", "audio coach")
    assert loaded.description
    assert tuple(cue.name for cue in loaded.cues) == CUE_NAMES
    assert all(cue.meaning.endswith(".") and cue.gain == 0 for cue in loaded.cues)
    files = {path.name for path in (AUDIO_CUES / pack).iterdir()}
    assert files == {"pack.yaml", *(f"{name}.wav" for name in CUE_NAMES)}


@every_pack
def test_the_kept_script_makes_the_shipped_files(pack: str, tmp_path: Path) -> None:
    made, shipped = tmp_path / "made", AUDIO_CUES / pack
    script = AUDIO_CUES / f"make_{pack}.py"
    subprocess.run([sys.executable, "-B", script, made], check=True, timeout=120)
    assert {path.name for path in made.iterdir()} == {path.name for path in shipped.iterdir()}
    for name in CUE_NAMES:
        file = f"{name}.wav"
        assert (made / file).read_bytes() == (shipped / file).read_bytes(), file
    # As text: a checkout on Windows may have other line ends.
    text = (shipped / "pack.yaml").read_text(encoding="utf-8")
    assert (made / "pack.yaml").read_text(encoding="utf-8") == text


@every_pack
@pytest.mark.parametrize("name", CUE_NAMES)
def test_format_and_length(pack: str, name: CueName) -> None:
    with wave.open(str(AUDIO_CUES / pack / f"{name}.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, RATE, 2)
        assert 0.03 <= file.getnframes() / RATE <= LONGEST[name]


@every_pack
@pytest.mark.parametrize("name", CUE_NAMES)
def test_no_clipping_no_clicks_no_offset(pack: str, name: CueName) -> None:
    samples = read(name, pack)
    peak = np.abs(samples).max()
    assert peak <= 10 ** (-6 / 20)
    assert samples[0] == 0
    assert samples[-1] == 0
    assert np.abs(samples[-48:]).max() < 0.02 * peak, "the last millisecond has faded"
    assert abs(samples.mean()) < 1e-5


@every_pack
@pytest.mark.parametrize("name", CUE_NAMES)
def test_begins_at_once_and_without_a_click(pack: str, name: CueName) -> None:
    samples = read(name, pack)
    assert onset(samples, RATE) < 0.0025
    beginning = np.abs(samples[: RATE // 20])
    assert np.argmax(beginning >= 0.9 * beginning.max()) / RATE <= FULL_AFTER[pack]
    # A click is a jump: energy far above the partials in the first 2 ms.
    frequencies, power = power_spectrum(samples[: RATE // 500] * np.hanning(RATE // 500))
    assert power[frequencies > 12_000].sum() < 0.002 * power.sum()


@every_pack
@pytest.mark.parametrize("name", CUE_NAMES)
def test_fades_away(pack: str, name: CueName) -> None:
    parts = [np.mean(part**2) for part in np.array_split(read(name, pack), 6)]
    assert parts[-1] < 0.2 * max(parts)


@every_pack
@pytest.mark.parametrize("name", CUE_NAMES)
def test_is_heard_from_a_small_loudspeaker(pack: str, name: CueName) -> None:
    frequencies, power = power_spectrum(read(name, pack))
    carried = power[(frequencies >= 500) & (frequencies <= 4000)].sum() / power.sum()
    assert carried >= 0.9


@every_pack
@pytest.mark.parametrize("name", CUE_NAMES)
def test_is_heard_through_music(pack: str, name: CueName) -> None:
    """In some third octave it is 6 dB above music that is not even made softer for it.

    Music is pink, all octaves alike from 50 Hz to 12.8 kHz, at the default level below speech.
    """
    music = 10 ** ((-20 + LEVEL_DB) / 10) / 24
    samples = read(name, pack)
    frequencies, power = power_spectrum(samples)
    bands, _ = np.histogram(frequencies, bins=THIRD_OCTAVES, weights=power / power.sum())
    strongest = 10 ** (active_level(samples) / 10) * bands.max()
    assert strongest >= 4 * music


@every_pack
def test_levels_are_as_stated_and_balanced(pack: str) -> None:
    loaded = load_pack(pack, AUDIO_CUES)
    levels = {cue.name: cue.level for cue in loaded.cues if cue.level is not None}
    for name in CUE_NAMES:
        assert active_level(read(name, pack)) == pytest.approx(levels[name], abs=0.5), name
    assert all(-28 <= level <= -18 for level in levels.values())
    assert levels["start"] == pytest.approx(-20, abs=1)
    assert levels["end"] == pytest.approx(-20, abs=1)
    assert levels["tick"] == min(levels.values())
    assert levels["tick"] + 3 <= levels["final"]


@pytest.mark.parametrize("name", CUE_NAMES)
def test_a_cue_is_as_loud_in_every_pack(name: CueName) -> None:
    levels = [active_level(read(name, pack)) for pack in PACKS]
    assert max(levels) - min(levels) <= 0.2


@every_pack
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_every_pair_is_told_apart(pack: str, one: CueName, other: CueName) -> None:
    assert elsewhere(read(one, pack), read(other, pack)) >= 0.35
    assert distance(read(one, pack), read(other, pack)) >= 0.85


def test_the_distance_tells_same_from_other() -> None:
    tick = read("tick")
    assert distance(tick, tick / 2) == pytest.approx(0)
    assert distance(tick, np.append(tick, np.zeros(100))) < 0.2


@every_pack
def test_pitches_and_movements_mean_what_they_should(pack: str) -> None:
    names: tuple[CueName, ...] = ("tick", "final", "start", "end")
    tick, final, start, end = (read(name, pack) for name in names)
    assert pitch(final) > 1.4 * pitch(tick)
    assert pitch(start[-RATE // 10 :]) > 1.5 * pitch(start[: RATE // 20])
    assert pitch(end[-RATE // 10 :]) < 0.75 * pitch(end[: RATE // 20])


# Samples


@pytest.mark.parametrize("rate", [22_050, 24_000, 44_100, 48_000])
def test_samples_at_a_rate(rate: int) -> None:
    samples = load_samples(load_pack("classic", AUDIO_CUES), rate)
    assert tuple(samples) == CUE_NAMES
    for name, clip in samples.items():
        original = read(name)
        assert clip.dtype == np.int16
        assert clip.ndim == 1
        assert len(clip) == pytest.approx(len(original) * rate / RATE, abs=1)
        assert onset(clip, rate) <= 0.001
        assert active_level_at(clip, rate) == pytest.approx(active_level(original), abs=0.3)
        assert abs(int(clip[0])) <= 33, "-60 dBFS: no click before the attack"
        assert abs(int(clip[-1])) <= 33


def active_level_at(clip: Clip, rate: int) -> float:
    """Return `active_level` of 16 bit samples at another rate."""
    size = round(rate / 100)
    whole = clip[: len(clip) // size * size].reshape(-1, size) / 32768
    power = np.mean(whole**2, axis=1)
    return float(10 * np.log10(np.mean(power[power >= power.max() / 100])))


@pytest.mark.parametrize("rate", [22_050, 24_000, 44_100])
def test_resampling_does_not_move_the_sound(rate: int) -> None:
    """Resampled down and up again, the clip matches the original at its own place, no other."""
    pack = load_pack("classic", AUDIO_CUES)
    originals, resampled = load_samples(pack, RATE), load_samples(pack, rate)
    for name in CUE_NAMES:
        original, clip = originals[name].astype(float), resampled[name].astype(float)
        back = np.interp(np.arange(len(original)) * rate / RATE, np.arange(len(clip)), clip)
        shifts = range(-20, 21)
        match = [np.dot(original, np.roll(back, shift)) for shift in shifts]
        assert abs(shifts[int(np.argmax(match))]) <= 1, name


def test_a_file_of_the_right_kind_comes_back_unchanged() -> None:
    samples = load_samples(load_pack("classic", AUDIO_CUES), RATE)
    for name in CUE_NAMES:
        stored, _ = soundfile.read(CLASSIC / f"{name}.wav", dtype="int16")
        assert np.array_equal(samples[name], stored)


# Packs of others


@pytest.fixture
def pack_folder(tmp_path: Path) -> Path:
    """Return a copy of `classic` to spoil."""
    folder = tmp_path / "packs" / "mine"
    shutil.copytree(CLASSIC, folder)
    return folder


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "pack.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def refusal(name_or_folder: str | Path, search: Path = AUDIO_CUES) -> CuePackError:
    with pytest.raises(CuePackError) as caught:
        load_pack(name_or_folder, search)
    return caught.value


def test_a_folder_and_a_name_in_a_search_folder(pack_folder: Path) -> None:
    for pack in (
        load_pack(pack_folder, AUDIO_CUES),
        load_pack(str(pack_folder), AUDIO_CUES),
        load_pack("mine", pack_folder.parent),
    ):
        assert pack.folder == pack_folder
        assert pack.cues[0].path == (pack_folder / "ready.wav").resolve()


def test_a_bundled_name_wins_over_a_folder_beside_the_user(
    pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack_folder.rename(pack_folder.parent / "classic")
    monkeypatch.chdir(pack_folder.parent)
    assert load_pack("classic", AUDIO_CUES).folder == CLASSIC
    assert load_pack("./classic", AUDIO_CUES).folder == Path("classic")
    assert load_pack(Path("classic"), AUDIO_CUES).folder == Path("classic")


def test_only_files_are_needed(tmp_path: Path) -> None:
    shutil.copytree(CLASSIC, tmp_path / "bare")
    lines = ["cues:", *(f"  {name}: {{file: {name}.wav}}" for name in CUE_NAMES)]
    (tmp_path / "bare" / "pack.yaml").write_text("\n".join(lines), encoding="utf-8-sig")
    pack = load_pack(tmp_path / "bare", AUDIO_CUES)
    assert (pack.name, pack.description, pack.licence, pack.author) == ("bare", "", "", "")
    assert {(cue.gain, cue.level, cue.meaning) for cue in pack.cues} == {(0, None, "")}


def test_texts_that_yaml_would_take_for_something_else_stay_texts(pack_folder: Path) -> None:
    edit(pack_folder, "name: classic", "name: 010")
    edit(pack_folder, "author: audio coach", "author: no")
    pack = load_pack(pack_folder, AUDIO_CUES)
    assert (pack.name, pack.author) == ("010", "no")


@pytest.mark.parametrize("gain", [-6, 3.5])
def test_gain(pack_folder: Path, gain: float) -> None:
    edit(pack_folder, "file: tick.wav", f"file: tick.wav\n    gain: {gain}")
    pack = load_pack(pack_folder, AUDIO_CUES)
    assert [cue.gain for cue in pack.cues if cue.gain] == [gain]
    tick = load_samples(pack, RATE)["tick"] / 32768
    assert active_level(tick) == pytest.approx(active_level(read("tick")) + gain, abs=0.05)


def test_gain_clips_and_never_wraps(pack_folder: Path) -> None:
    edit(pack_folder, "file: start.wav", "file: start.wav\n    gain: 40")
    start = load_samples(load_pack(pack_folder, AUDIO_CUES), 24_000)["start"]
    assert (start.min(), start.max()) == (-32768, 32767)
    whole = load_samples(load_pack("classic", AUDIO_CUES), 24_000)["start"]
    loud = np.abs(whole.astype(int)) > 3
    assert np.array_equal(np.sign(start[loud]), np.sign(whole[loud]))


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [
        ("wav", "PCM_U8"),
        ("wav", "PCM_24"),
        ("wav", "FLOAT"),
        ("aiff", "PCM_16"),
        ("flac", "PCM_16"),
        ("ogg", "VORBIS"),
    ],
)
def test_any_sample_format_and_stereo(pack_folder: Path, suffix: str, subtype: str) -> None:
    samples, rate = soundfile.read(pack_folder / "end.wav")
    both = np.stack([samples * 1.5, samples * 0.5], axis=1)
    soundfile.write(pack_folder / f"both.{suffix}", both, rate, subtype=subtype)
    edit(pack_folder, "file: end.wav", f"file: both.{suffix}")
    loaded = load_samples(load_pack(pack_folder, AUDIO_CUES), rate)["end"] / 32768
    assert loaded.shape == samples.shape
    error = np.sqrt(np.mean((loaded - samples) ** 2) / np.mean(samples**2))
    assert error < (0.1 if subtype == "VORBIS" else 0.05)


# Refusals


def test_unknown_name() -> None:
    error = refusal("clasic")
    assert "found `clasic`; did you mean `classic`?" in error.message
    assert error.hint == "Bundled packs: bells, classic, soft."


@pytest.mark.parametrize("name", ["", "no/such/folder", "x" * 5000, "nul\0byte"])
def test_no_such_folder(name: str, tmp_path: Path) -> None:
    error = refusal(name, tmp_path / "nowhere")
    assert error.message.startswith("expected the name of a cue pack or a pack's folder")
    assert len(error.message) < 200
    assert error.hint == "Bundled packs: none."


def test_no_pack_file(tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert error.message == f"there is no file {tmp_path / 'pack.yaml'}"
    assert "pack.yaml" in error.hint


SOUND_FILES = "\n".join(f"  {name}: {{file: {name}.wav}}" for name in CUE_NAMES)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ":1:1: expected a cue pack with `cues`, found an empty file"),
        (b"- a\n", "found a list"),
        (b"just words", 'found the text "just words"'),
        (b"name: x\n", "found no `cues`"),
        (b"cues:\n", ":1:6: `cues`: expected the keys `ready`"),
        (b"cues: ", "`finish`, found nothing"),
        (b"cues: {}\n", "expected a file for each of the 9 cues, found none for `ready`, `start`"),
        (b"cues: [", "expected YAML, found a bracket or brace that is not closed"),
        (b"name: \x01\n", ":1:7: expected a YAML text, found an unprintable character (0x01)"),
        (b"name: \xff\n", ":1:7: expected UTF-8 text, found the byte 0xFF"),
        (b"[" * 60_000, "expected at most 40 levels of nesting, found more"),
        (b"a\n--- b\n", ":2:1: expected one document in a file, found a second one"),
        (b"a: *" + b"b" * 500, ":1:4: expected an anchor `&bbb"),
        (b"x: y\n" * 1000, "and 988 more problems"),
        (b"name: x\n" * 10_000, "expected at most 64 KiB, found more"),
        (b"license: MIT\n", ":1:1: expected one of `name`"),
        (b"license: MIT\n", "found `license`; did you mean `licence`?"),
        (b"? [a]\n: b\n", ":1:3: expected a key, found a list"),
        (b"name: [a]\ncues: {}", "`name`: expected a text, found a list"),
        (
            b"name: a\nname: b\ncues: {}",
            ":2:1: expected each key once, found `name` again (first on line 1)",
        ),
        (f"cues:\n{SOUND_FILES}\n  tock: x".encode(), "found `tock`; did you mean `tick`?"),
        (SOUND_FILES.replace("{file: tick.wav}", "tick.wav").encode(), 'found the text "tick.wav"'),
        (SOUND_FILES.replace("{file: tick.wav}", "{gain: 1}").encode(), "such as `file: tick.wav`"),
        (SOUND_FILES.replace("tick.wav", "tick.wav, gain: loud").encode(), 'found the text "loud"'),
        (SOUND_FILES.replace("tick.wav", "tick.wav, gain: .nan").encode(), 'found the text ".nan"'),
        (SOUND_FILES.replace("tick.wav", "tick.wav, gain: [1]").encode(), "found a list"),
        (SOUND_FILES.replace("tick.wav", "tick.wav, gain: 41").encode(), "from -40 to 40 dB"),
        (SOUND_FILES.replace("tick.wav", "tick.wav, gian: 1").encode(), "did you mean `gain`?"),
        (SOUND_FILES.replace("tick.wav", "[tick.wav]").encode(), "`tick`: `file`: expected a text"),
        (SOUND_FILES.replace("tick.wav", "tock.wav").encode(), "`tick`: there is no file"),
        (SOUND_FILES.replace("tick.wav", "''").encode(), "`tick`: expected a file's name"),
        (SOUND_FILES.replace("tick.wav", ".").encode(), "is not a file"),
        (SOUND_FILES.replace("tick.wav", '"a\\0b"').encode(), "`tick`: there is no file"),
    ],
)
def test_bad_pack_file(pack_folder: Path, content: bytes, expected: str) -> None:
    if content.startswith(b"  "):
        content = b"cues:\n" + content
    (pack_folder / "pack.yaml").write_bytes(content)
    error = refusal(pack_folder)
    told = (error.message, *error.more)
    assert expected in "\n".join(told)
    assert str(pack_folder / "pack.yaml") in error.message
    assert all(len(line) < 400 and line.isprintable() for line in told)


def test_an_alias_bomb_is_told(pack_folder: Path) -> None:
    bomb = ["cues:", "- &a0 [x, x]"]
    bomb += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    (pack_folder / "pack.yaml").write_text("\n".join(bomb), encoding="utf-8")
    assert "values after unfolding, found more" in refusal(pack_folder).message


def test_what_cues_have_in_common_is_written_once(pack_folder: Path) -> None:
    edit(pack_folder, "file: tick.wav", "&quiet\n    file: tick.wav\n    gain: -6")
    edit(pack_folder, "file: final.wav", "<<: *quiet\n    file: final.wav")
    cues = {cue.name: cue for cue in load_pack(pack_folder, AUDIO_CUES).cues}
    assert (cues["final"].path.name, cues["final"].gain) == ("final.wav", -6)


def test_all_problems_are_told_at_once(pack_folder: Path) -> None:
    (pack_folder / "rest.wav").unlink()
    (pack_folder / "tick.wav").write_bytes(b"not a sound")
    edit(pack_folder, "licence:", "license:")
    edit(pack_folder, "file: end.wav", "file: ../end.wav")
    refused = refusal(pack_folder)
    lines = [refused.message, *refused.more]
    assert len(lines) == 4
    for line, what in zip(lines, ["`license`", "tick.wav", "../end.wav", "rest.wav"], strict=True):
        assert what in line


@pytest.mark.parametrize(
    "file",
    [
        "../tick.wav",
        "a/../../tick.wav",
        "/sounds/tick.wav",
        "C:/tick.wav",
        "C:tick.wav",
        "a\\tick.wav",
    ],
)
def test_a_path_may_not_leave_the_folder(pack_folder: Path, file: str) -> None:
    shutil.copy(CLASSIC / "tick.wav", pack_folder.parent)
    edit(pack_folder, "file: tick.wav", f"file: '{file}'")
    message = refusal(pack_folder).message
    assert (
        f"`tick`: expected a file inside the pack's folder, written with `/`, found `{file}`"
        in (message)
    )


def test_a_link_may_not_leave_the_folder(pack_folder: Path) -> None:
    shutil.move(pack_folder / "tick.wav", pack_folder.parent / "tick.wav")
    (pack_folder / "tick.wav").symlink_to(pack_folder.parent / "tick.wav")
    assert "is a link that leaves the pack's folder" in refusal(pack_folder).message


def test_links_inside_the_folder_and_of_the_folder(pack_folder: Path, tmp_path: Path) -> None:
    (pack_folder / "tick.wav").rename(pack_folder / "other.wav")
    (pack_folder / "tick.wav").symlink_to("other.wav")
    (tmp_path / "link").symlink_to(pack_folder, target_is_directory=True)
    assert len(load_pack(tmp_path / "link", AUDIO_CUES).cues) == 9


def test_links_in_a_circle(pack_folder: Path) -> None:
    (pack_folder / "tick.wav").unlink()
    (pack_folder / "tick.wav").symlink_to("tick.wav")
    assert "`tick`: there is no file" in refusal(pack_folder).message


def write_sound(
    path: Path, frames: int, rate: int = RATE, channels: int = 1, kind: str = "WAV"
) -> None:
    soundfile.write(path, np.full((frames, channels), 0.1), rate, format=kind)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_bytes(b"not a sound"), "WAV, FLAC, Ogg, AIFF or MP3 file"),
        (lambda path: path.write_bytes(b"\0\0\0\x20ftypM4A "), "found an M4A: save it as one"),
        (lambda path: path.write_bytes(b"ID3 and nothing else"), "MP3 file, found a damaged one"),
        (lambda path: path.write_bytes(path.read_bytes()[:20]), "MP3 file, found a damaged one"),
        (lambda path: write_sound(path, 0), "it has no samples"),
        (
            lambda path: write_sound(path, 5 * RATE + 1),
            "expected a sound of at most 5 s, found 5.0",
        ),
        (lambda path: write_sound(path, 10, rate=4000), "expected 8000 to 192000 frames a second"),
        (lambda path: write_sound(path, 10, channels=9), "mono or stereo, found 9 channels"),
    ],
)
def test_bad_sound_file(pack_folder: Path, spoil: Callable[[Path], object], expected: str) -> None:
    spoil(pack_folder / "final.wav")
    message = refusal(pack_folder).message
    assert expected in message
    assert str((pack_folder / "final.wav").resolve()) in message
    assert len(message.splitlines()) == 1


def test_the_longest_sound_is_taken(pack_folder: Path) -> None:
    write_sound(pack_folder / "final.wav", 5 * RATE)
    assert len(load_samples(load_pack(pack_folder, AUDIO_CUES), 24_000)["final"]) == 120_000


def test_a_huge_file_is_not_read(pack_folder: Path) -> None:
    with (pack_folder / "final.wav").open("r+b") as file:
        file.truncate(33 * 1024 * 1024)
    assert "expected at most 32768 KiB, found more" in refusal(pack_folder).message


def test_a_name_says_nothing_about_the_content(pack_folder: Path) -> None:
    (pack_folder / "tick.wav").rename(pack_folder / "tick.raw")
    edit(pack_folder, "file: tick.wav", "file: tick.raw")
    samples = load_samples(load_pack(pack_folder, AUDIO_CUES), RATE)
    assert len(samples["tick"]) == len(read("tick"))


def test_files_that_go_bad_between_the_two_steps(pack_folder: Path) -> None:
    pack = load_pack(pack_folder, AUDIO_CUES)
    (pack_folder / "tick.wav").unlink()
    with pytest.raises(CuePackError, match="there is no file"):
        load_samples(pack, RATE)
    soundfile.write(pack_folder / "tick.wav", np.full(100, np.nan), RATE, subtype="FLOAT")
    with pytest.raises(CuePackError, match="found a damaged file"):
        load_samples(pack, RATE)
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, RATE)
    soundfile.write(pack_folder / "tick.wav", noise, RATE, format="FLAC")
    content = (pack_folder / "tick.wav").read_bytes()
    (pack_folder / "tick.wav").write_bytes(content[:200])
    with pytest.raises(CuePackError, match="found a damaged one"):
        load_samples(pack, RATE)


def test_importing_is_cheap() -> None:
    heavy = "{'numpy', 'soundfile', 'soxr', 'yaml'}"
    code = f"import sys, coach.cues; sys.exit(', '.join({heavy} & set(sys.modules)) or None)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
