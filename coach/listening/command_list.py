"""The commands of a language: what is said for each, and how the coach tells what may be said."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from msgspec import Struct

from coach.errors import ListeningError
from coach.listening import SPOKEN, Spoken, Style


class CommandList(Struct, frozen=True):
    """What may be said in one language."""

    language: str
    address: str
    """The word by which the coach is spoken to."""
    wordings: Mapping[Spoken, tuple[str, ...]]
    """The ways to say each command, without the address, the one best understood first."""
    other: tuple[str, ...]
    """Words that people say beside commands."""
    help: Mapping[Style, tuple[str, ...]]
    """Sentences that tell what may be said, with fields for the wordings."""

    def example(self, command: Spoken, style: Style) -> str:
        """Return how a command is best said."""
        wording = self.wordings[command][0]
        return f"{self.address}, {wording}" if style == "address" else wording

    def help_lines(self, style: Style) -> list[str]:
        """Return the answer to "what can I say", in sentences that a voice can read."""
        best = {command: self.wordings[command][0] for command in SPOKEN}
        return [line.format(address=self.address, **best) for line in self.help[style]]

    def command_of(self, wording: str) -> Spoken | None:
        """Return the command that a wording without the address stands for."""
        for command, wordings in self.wordings.items():
            if wording in wordings:
                return command
        return None


@cache
def command_list(language: str) -> CommandList:
    """Return the commands of a language.

    Raises:
        ListeningError: there are none in that language.
    """
    from coach.script import read_texts

    path = resources.files(__package__).joinpath("commands", f"{language}.yaml")
    if not path.is_file():
        raise ListeningError(
            f"spoken commands are not understood in the language `{language}`",
            hint="They are understood in English, whatever language the coach speaks.",
        )
    data = read_texts(path.read_bytes(), language)
    return CommandList(
        language=language,
        address=data["address"],
        wordings=MappingProxyType(
            {command: tuple(data["wordings"][command]) for command in SPOKEN}
        ),
        other=tuple(data["other"].split()),
        help=MappingProxyType({style: tuple(data["help"][style]) for style in data["help"]}),
    )
