"""The form of `coach adjust`: one value a line, arrows change it, the length follows.

`Form` is what is on the screen and what keys do to it; `fill_in` shows it on a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from coach.characters import shown
from coach.errors import CoachError
from coach.routine import Exercise
from coach.settings import Address, Override, Settings
from coach.settings.adjust import set_doses
from coach.settings.choose import chosen_ids
from coach.settings.dose import QUANTITIES, doses, show_amount, show_range
from coach.settings.text import SAVED_KEYS, Assignment, parse_address
from coach.units import SPEED, Count, Detail, Range, clock, decimal, time_step

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from coach.routine import Routine

LengthOf = Callable[[Settings], Fraction]
"""Returns how many seconds a session with these settings takes."""

SPEED_STEP = Fraction(1, 20)
KEYS_LINE = "up, down: choose  left, right: change  d: prescribed  Enter: save  Esc: leave"


class Dial(Struct, frozen=True):
    """A quantity of a dose. It stays inside what is prescribed, if that is a range."""

    label: str
    address: Address
    value: Range[Any]
    start: int | Fraction
    """As the script has it."""

    @property
    def shown(self) -> str:
        """Return the value as people write it."""
        return show_amount(self.address.key, self.value.value)

    @property
    def told(self) -> str:
        """Return what is said beside the value."""
        return f"prescribed {show_range(self.address.key, self.value)}"

    def moved(self, steps: int) -> Dial:
        """Return it so many steps up or down, or at the end of what it can be.

        From outside of the range a step leads to its nearer end, and none leads farther away.
        """
        now = self.value.value
        least, most = self._bounds()
        if (steps > 0 and now >= most) or (steps < 0 and now <= least):
            return self
        is_time = isinstance(now, Fraction)
        wanted: Any = now + steps * (time_step(now, is_up=steps > 0) if is_time else 1)
        return replace(self, value=self.value.at(min(max(wanted, least), most)))

    def prescribed(self) -> Dial:
        """Return it as the script has it."""
        return replace(self, value=self.value.at(self.start))

    def _bounds(self) -> tuple[Any, Any]:
        quantity: Any = QUANTITIES[self.address.key]
        if self.value.is_fixed:
            # Nobody means a rest or a hold of nothing at all by a key pressed once too often.
            return max(quantity.least, min(self.value.low, type(quantity.least)(1))), quantity.most
        return self.value.low, self.value.high


class Toggle(Struct, frozen=True):
    """Whether an exercise is done."""

    label: str
    owner: str
    """The exercise's id."""
    is_done: bool

    @property
    def shown(self) -> str:
        return "yes" if self.is_done else "no"

    @property
    def told(self) -> str:
        return ""

    def moved(self, steps: int) -> Toggle:
        return replace(self, is_done=steps > 0 if steps else self.is_done)

    def prescribed(self) -> Toggle:
        return replace(self, is_done=True)


class Choice(Struct, frozen=True):
    """One of several texts."""

    name: Literal["speed", "detail", "count"]
    """The setting, which is its label, too."""
    options: tuple[str, ...]
    at: int
    start: int
    """As the script has it."""

    @property
    def label(self) -> str:
        return self.name

    @property
    def shown(self) -> str:
        return self.options[self.at]

    @property
    def told(self) -> str:
        return ""

    def moved(self, steps: int) -> Choice:
        return replace(self, at=min(max(self.at + steps, 0), len(self.options) - 1))

    def prescribed(self) -> Choice:
        return replace(self, at=self.start)


Field: TypeAlias = Dial | Toggle | Choice
"""One line that can be changed."""


class Section(Struct, frozen=True):
    """The fields of an exercise, or those of the whole session."""

    title: str
    fields: tuple[Field, ...]


class Form:
    """The state of a form. Nothing here knows of a terminal.

    Attributes:
        at: the number of the field that is chosen.
        length: how long the session takes, or why there cannot be such a session.
        is_possible: whether there can.
    """

    def __init__(self, routine: Routine, settings: Settings, length_of: LengthOf) -> None:
        """Fill the form with what is in force.

        Args:
            routine: as the script has it.
            settings: those in force, absolute.
            length_of: returns how many seconds a session takes.
        """
        self._routine = routine
        self._settings = settings
        self._length_of = length_of
        self.title = routine.title
        self.sections = list(_sections(routine, settings))
        self._first = [field for section in self.sections for field in section.fields]
        self._fields = list(self._first)
        self.at = 0
        self.length = ""
        self.is_possible = True
        self._measure()

    def lines(self) -> Iterator[tuple[str, Field | None, int]]:
        """Yield the form's lines: a section's title, or a field with its number."""
        number = 0
        for section in self.sections:
            yield section.title, None, -1
            for _ in section.fields:
                yield "", self._fields[number], number
                number += 1

    def choose(self, steps: int) -> None:
        """Go to another field."""
        self.at = min(max(self.at + steps, 0), len(self._fields) - 1)

    def move(self, steps: int) -> None:
        """Change the field that is chosen, up or down."""
        self._put(self._fields[self.at].moved(steps))

    def put_back(self) -> None:
        """Make the field that is chosen what the script has."""
        self._put(self._fields[self.at].prescribed())

    def is_changed(self, number: int) -> bool:
        """Return whether a field is not what it was when the form was opened."""
        return self._fields[number] != self._first[number]

    def assignments(self) -> list[Assignment]:
        """Return what has been changed, as it is to be saved."""
        changed = [field for number, field in enumerate(self._fields) if self.is_changed(number)]
        asked = []
        for field in changed:
            if not isinstance(field, Toggle):
                name = str(field.address) if isinstance(field, Dial) else field.name
                asked.append(Assignment(*parse_address(name, SAVED_KEYS), field.shown))
        if any(isinstance(field, Toggle) for field in changed):
            asked.append(Assignment(None, None, "skip", ", ".join(self._skipped()) or "none"))
        return asked

    def _skipped(self) -> tuple[str, ...]:
        """Return what is left out; a circuit keeps its name while none of its exercises is done."""
        toggles = [field for field in self._fields if isinstance(field, Toggle)]
        done = {toggle.owner for toggle in toggles if toggle.is_done}
        named = {name: chosen_ids(self._routine, (name,), ()) for name in self._settings.skip}
        kept = {name: ids for name, ids in named.items() if not ids & done}
        told = done.union(*kept.values())
        return (*kept, *(toggle.owner for toggle in toggles if toggle.owner not in told))

    def _put(self, field: Field) -> None:
        if field != self._fields[self.at]:
            self._fields[self.at] = field
            self._measure()

    def _measure(self) -> None:
        self.is_possible = True
        try:
            self.length = clock(self._length_of(self._current()))
        except CoachError as error:
            self.is_possible = False
            self.length = error.message

    def _current(self) -> Settings:
        """Return the settings as the form has them."""
        overrides = list(self._settings.overrides)
        fields: dict[str, Any] = {"skip": self._skipped()}
        for field in self._fields:
            if isinstance(field, Dial):
                key, owner, phase = field.address.key, field.address.owner, field.address.phase
                overrides.append(Override(key, field.value.value, owner, phase, is_beyond=True))
            elif isinstance(field, Choice):
                is_speed = field.name == "speed"
                fields[field.name] = SPEED.value(field.shown) if is_speed else field.shown
        return replace(self._settings, overrides=tuple(overrides), **fields)


def _sections(routine: Routine, settings: Settings) -> Iterator[Section]:
    adjusted = set_doses(routine, settings.overrides, beyond_range=True).routine
    original = {item.id: item for item in routine.owners()}
    done = chosen_ids(routine, (), settings.skip)
    for item in adjusted.owners():
        starts = {address: value.value for address, value in doses(original[item.id])}
        fields: list[Field] = []
        exercise = item if isinstance(item, Exercise) else None
        if exercise is not None:
            fields.append(Toggle("do it", item.id, item.id in done))
        for address, value in doses(item):
            if _is_offered(address, value):
                label = _label(address, exercise)
                fields.append(Dial(label, address, value, starts[address]))
        yield Section(item.name or item.id, tuple(fields))
    yield Section("The whole session", tuple(_manner_fields(routine, settings)))


def _is_offered(address: Address, value: Range[Any]) -> bool:
    if address.key in ("settle", "switch", "pace", "move"):
        return not value.is_fixed
    return not (address.key in ("sets", "reps") and value == Range.fixed(1))


def _label(address: Address, exercise: Exercise | None) -> str:
    phases = exercise.phases if exercise else ()
    cue = next((phase.cue for phase in phases if phase.id == address.phase), "")
    return f"{address.key}: {cue}" if cue else address.key


def _manner_fields(routine: Routine, settings: Settings) -> Iterator[Choice]:
    details, counts = get_args(Detail), get_args(Count)
    steps = int((SPEED.most - SPEED.least) / SPEED_STEP) + 1
    speeds = [SPEED.least + SPEED_STEP * n for n in range(steps)]
    speed = settings.speed or routine.speed or Fraction(1)
    speeds = sorted({*speeds, speed, routine.speed or Fraction(1)})
    shown = tuple(decimal(value) for value in speeds)
    start = speeds.index(routine.speed or Fraction(1))
    yield Choice("speed", shown, speeds.index(speed), start)
    detail = settings.detail or routine.detail or "full"
    start = details.index(routine.detail or "full")
    yield Choice("detail", details, details.index(detail), start)
    count = settings.count or routine.count or "beep"
    start = counts.index(routine.count or "beep")
    yield Choice("count", counts, counts.index(count), start)


# -- on a terminal -----------------------------------------------------------------------------


def fill_in(routine: Routine, settings: Settings, length_of: LengthOf) -> list[Assignment]:
    """Show the form until it is left; return what has been changed, nothing if it is not saved.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    form = Form(routine, settings, length_of)
    is_saved = bool(application(form).run())
    return form.assignments() if is_saved else []


def application(form: Form) -> Application[bool]:
    """Return what shows the form on the terminal; its result is whether to save."""
    from prompt_toolkit.application import Application
    from prompt_toolkit.data_structures import Point
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.layout import HSplit, Layout, Window
    from prompt_toolkit.layout.controls import FormattedTextControl

    keys = KeyBindings()
    for names, action in (
        (("up", "k"), lambda: form.choose(-1)),
        (("down", "j", "tab"), lambda: form.choose(1)),
        (("s-tab",), lambda: form.choose(-1)),
        (("pageup",), lambda: form.choose(-10)),
        (("pagedown",), lambda: form.choose(10)),
        (("left", "-", "h"), lambda: form.move(-1)),
        (("right", "+", "l", "="), lambda: form.move(1)),
        (("d", "delete"), form.put_back),
    ):
        for name in names:
            keys.add(name)(_handler(action))

    @keys.add("enter")
    @keys.add("s")
    def save(event: KeyPressEvent) -> None:
        if form.is_possible:  # else its title says why not
            event.app.exit(result=True)

    @keys.add("escape", eager=True)
    @keys.add("q")
    def leave(event: KeyPressEvent) -> None:
        event.app.exit(result=False)

    @keys.add("c-c")
    def interrupt(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt)

    body = FormattedTextControl(
        lambda: _styled(form),
        focusable=True,
        show_cursor=False,
        get_cursor_position=lambda: Point(0, _row_of(form)),
    )
    layout = HSplit(
        [
            Window(
                FormattedTextControl(lambda: [("bold", shown(f"{form.title}: {form.length}"))]),
                height=1,
            ),
            Window(height=1),
            Window(body),
            Window(height=1),
            Window(
                FormattedTextControl(KEYS_LINE), height=2, wrap_lines=True, dont_extend_height=True
            ),
        ]
    )
    return Application(Layout(layout), key_bindings=keys, full_screen=True, mouse_support=False)


def _handler(action: Callable[[], None]) -> Callable[[KeyPressEvent], None]:
    def handle(_event: KeyPressEvent) -> None:
        action()

    return handle


def _row_of(form: Form) -> int:
    rows = [number for _, _, number in form.lines()]
    return rows.index(form.at)


def _styled(form: Form) -> StyleAndTextTuples:
    lines = list(form.lines())
    width = max((len(shown(field.label)) for _, field, _ in lines if field), default=0)
    texts: StyleAndTextTuples = []
    for title, field, number in lines:
        if field is None:
            texts.append(("bold", f"{shown(title)}\n"))
            continue
        mark = "*" if form.is_changed(number) else " "
        value = f"< {field.shown} >" if number == form.at else f"  {field.shown}  "
        style = "reverse" if number == form.at else ""
        texts.append((style, f" {mark} {shown(field.label):<{width}}  {value:<10}"))
        texts.append(("", f"  {field.told}\n"))
    return texts
