"""What speaks the sessions of a batch, and says what the sound of each follows from."""

from __future__ import annotations

from contextlib import ExitStack, closing
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Self

from coach.cli.personal import usable_voices
from coach.cli.sessions import KeepingVoice, cues_of
from coach.errors import CoachError
from coach.profile import Profile
from coach.routine import Routine, load_routine
from coach.session import Prepared, Session, build, prepared
from coach.settings import Manner, Settings, manner
from coach.speech import Engine, open_engine
from coach.speech.pronounce import load_pronunciations, pronunciation
from coach.speech.speaker import Speaker
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
        self._stack = ExitStack()
        self._store = ClipStore()
        self._routine = cache(load_routine)
        self._engines: dict[tuple[str, str | None, Fraction, str], Engine] = {}
        self._voices: dict[tuple[Engine, Any, Fraction, int], KeepingVoice] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fingerprint(self, script: Path, settings: Settings) -> str:
        """Return what the speech of a session follows from besides its script and settings.

        It is empty where no session can be had, which is told when it is made.
        """
        try:
            routine = self._routine(script)
            chosen = self._with_default(routine, settings)
            decided = manner(routine, chosen)
            words = pronunciation(routine, self._pronounce, decided.language)
            return f"{self._engine(chosen, decided).fingerprint} {sorted(words.items())}"
        except CoachError:
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

    def _engine(self, settings: Settings, decided: Manner) -> Engine:
        name = settings.engine or "auto"
        key = (name, settings.voice, decided.speed, decided.language)
        if key not in self._engines:
            engine = open_engine(
                name, voice=settings.voice, speed=decided.speed, language=decided.language
            )
            self._engines[key] = self._stack.enter_context(closing(engine))
        return self._engines[key]

    def _voice(self, ready: Prepared, settings: Settings, rate: int) -> KeepingVoice:
        decided = ready.manner
        volume = balanced(decided).speech
        engine = self._engine(settings, decided)
        said = pronunciation(ready.routine, self._pronounce, decided.language)
        key = (engine, tuple(said.items()), volume, rate)
        if key not in self._voices:
            speaker = Speaker(
                engine, self._store, language=decided.language, pronounce=said, rate=rate
            )
            self._voices[key] = KeepingVoice(voice_at(speaker, volume, rate))
        return self._voices[key]
