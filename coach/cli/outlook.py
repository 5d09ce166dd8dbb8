"""A routine with what is saved for it, looked at only as far as something is told of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from coach.errors import CoachError
from coach.routine import Routine, load_routine

if TYPE_CHECKING:
    from coach.cli.personal import Decided, Personal
    from coach.cli.sessions import Made
    from coach.settings.saved import Saved


class Outlook:
    """What comes of the settings that are saved at one moment.

    Attributes:
        personal: the routine's script, and what is saved for it.
    """

    def __init__(self, personal: Personal, former: Outlook | None = None) -> None:
        """Bind the parts; `former` is of the same script, and its routine is used again."""
        self.personal = personal
        self._former = former

    def with_saved(self, saved: Saved) -> Outlook:
        """Return the same with other settings saved."""
        return Outlook(self.personal.with_saved(saved), self)

    @cached_property
    def routine(self) -> Routine:
        """The routine as the script has it.

        Raises:
            ScriptError: something is wrong with the script.
        """
        return self._former.routine if self._former else load_routine(self.personal.path)

    @cached_property
    def decided(self) -> Decided:
        """What is in force.

        Raises:
            CoachError: something is wrong with the script, or nothing can be in force.
        """
        return self.personal.decide(self.routine)

    @cached_property
    def made(self) -> Made:
        """The session, described without being spoken.

        Raises:
            CoachError: it cannot be had.
        """
        from coach.cli.sessions import described
        from coach.session import RENDER_RATE

        return described(self.personal, self.routine, self.decided, RENDER_RATE)

    @cached_property
    def problem(self) -> CoachError | None:
        """What keeps the session from being had, if something does."""
        try:
            _ = self.made
        except CoachError as error:
            return error
        return None
