"""Whether there is what spoken commands need, for `coach doctor`; no session needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

if TYPE_CHECKING:
    from coach.outputs import Device


class Hearing(Struct, frozen=True):
    """Whether spoken commands can be heard."""

    microphones: tuple[Device, ...]
    problem: str
    """Why they cannot; empty if they can."""
    mend: str

    def line(self) -> str:
        """Return that in a line."""
        if self.problem:
            return f"Spoken commands: {self.problem}. {self.mend}".rstrip()
        names = ", ".join(
            f"{one.name} (default)" if one.is_default else one.name for one in self.microphones
        )
        return f"Spoken commands: by {names}. Try them: coach doctor --listen"

    def document(self) -> dict[str, Any]:
        """Return that for JSON."""
        return {
            "ready": not self.problem,
            "problem": self.problem or None,
            "microphones": [asdict(microphone) for microphone in self.microphones],
        }


def find_hearing() -> Hearing:
    """Return what there is to listen with; no session needs it."""
    from coach.errors import ListeningError
    from coach.listening.ear import check_installed
    from coach.listening.microphone import list_microphones

    found: tuple[Device, ...] = ()
    try:
        check_installed()
        found = list_microphones()
    except ListeningError as error:
        return Hearing(found, error.message, error.hint)
    return Hearing(found, "" if found else "there is no microphone", "")
