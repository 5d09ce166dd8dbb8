"""What speaks the sessions of a batch, and says what the sound of each follows from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Self

from coach.batch.manifest import key_of
from coach.cli.personal import usable_voices
from coach.cli.sessions import KeepingVoice, cues_of, pack_name
from coach.cues import load_pack
from coach.errors import CoachError
from coach.files.shipped import data_dir
from coach.profile import Profile
from coach.routine import Routine, load_routine
from coach.session import Prepared, Session, build, prepared
from coach.settings import Settings, manner
from coach.speech.pronounce import load_pronunciations, pronunciation
from coach.speech.speakers import Voices
from coach.speech.store import ClipStore
from coach.volume import balanced, cues_at, voice_at


class Studio:
    """Speaks the sessions of many people; each distinct sentence once.

    What is spoken is kept in memory, and in the store of clips. The default voices and the
    pronunciations are those of whoever has no profile.

    Attributes:
        notices: what of them cannot be used, a sentence each.
    """

    def __init__(self) -> None:
        """Read what is kept for all routines.

        Raises:
            CoachError: the file of the pronunciations is wrong.
        """
        profile = Profile()
        self._pronounce = load_pronunciations(profile.pronounce_path)
        self._defaults, self.notices = usable_voices(profile)
        self._routine = cache(load_routine)
        self._cues = cache(_cues_in)
        self._voices = Voices(ClipStore())
        self._kept: dict[tuple[object, ...], KeepingVoice] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._voices.close()

    def fingerprint(self, script: Path, settings: Settings) -> str:
        """Return what the sound of a session follows from besides its script and settings.

        It is empty where no session can be had, which is told when it is made.
        """
        try:
            routine = self._routine(script)
            chosen = self._with_default(routine, settings)
            decided = manner(routine, chosen)
            words = pronunciation(routine, self._pronounce, decided.language)
            engine = self._voices.engine(chosen, decided).fingerprint
            return f"{engine} {sorted(words.items())} {self._cues(pack_name(routine, chosen))}"
        except (CoachError, OSError):
            return ""

    def session(self, script: Path, settings: Settings, rate: int) -> Session:
        """Return the session of a script, spoken.

        Raises:
            CoachError: the script, a setting, the cue pack or the speech engine is at fault.
        """
        routine = self._routine(script)
        chosen = self._with_default(routine, settings)
        ready = prepared(routine, chosen)
        cues = cues_at(cues_of(routine, chosen, rate), balanced(ready.manner).cues, rate)
        return build(ready, self._voice(ready, chosen, rate), cues, rate)

    def _with_default(self, routine: Routine, settings: Settings) -> Settings:
        return self._defaults.applied(settings, manner(routine, settings).language)

    def _voice(self, ready: Prepared, settings: Settings, rate: int) -> KeepingVoice:
        decided = ready.manner
        volume = balanced(decided).speech
        said = pronunciation(ready.routine, self._pronounce, decided.language)
        key = (self._voices.engine(settings, decided), tuple(said.items()), volume, rate)
        if key not in self._kept:
            speakers = self._voices.speakers(settings, decided, said, rate)
            self._kept[key] = KeepingVoice(voice_at(speakers, volume, rate))
        return self._kept[key]


def _cues_in(pack: str | Path) -> str:
    """Return what stands for the sounds of a cue pack.

    Raises:
        CuePackError: there is no such pack, or something is wrong with it.
        OSError: a file of it is there no more.
    """
    cues = load_pack(pack, data_dir("audio_cues")).cues
    return key_of(*(part for cue in cues for part in (str(cue.gain), cue.path.read_bytes())))
