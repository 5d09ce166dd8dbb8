"""Blocks into what may be exercises, and what stands before and after them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from coach.draft.blocks import Block, Handout
from coach.draft.dose import doses_in
from coach.draft.noise import is_noise, is_noise_heading, without_letter, without_noise
from coach.draft.sentences import (
    is_about_all,
    is_bare,
    is_caution,
    is_cool_down,
    is_warm_up,
    sentences,
)


@dataclass(slots=True)
class Candidate:
    """What looks like an exercise."""

    name: str
    lines: list[str] = field(default_factory=list)
    """What the handout says about it, in its order."""
    labelled: list[str] = field(default_factory=list)
    """Doses from a table, as `Reps: 10`."""
    context: str = ""
    """The heading above the list that it stands in."""
    is_named: bool = True
    """Whether the handout gives the name."""


@dataclass(slots=True)
class Sections:
    """A handout taken apart."""

    title: str
    exercises: list[Candidate]
    around: list[str]
    """Sentences that belong to no exercise, in the handout's order."""
    needed: list[str]
    """Lists of what is needed."""


MAX_EXERCISES = 300
"""Of one handout."""

_DOSING = frozenset({"hold", "time", "reps", "sets", "times", "breaths", "rounds"})
_COLLECTION = re.compile(
    r"\b(?:exercises|stretches|moves|workout|routine|program(?:me)?|plan|leaflet|sequence|circuit|"
    r"therapy|physio\w*|"
    r"flow|yoga|mobility|phase \d|week|day [a-d1-7]|hep|strength|balance|treatment|guide|handout|"
    r"sciatica|pain|session|core)\b",
    re.IGNORECASE,
)
_COLLECTIVE = re.compile(
    r"\b(?:routine|exercises|stretches|moves|programme?|plan|workouts?|circuit|session|"
    r"activation)\W*$",
    re.IGNORECASE,
)
"""Headings of several exercises."""
_NEEDED = re.compile(
    r"^\W*(?:what you(?:'ll| will)? need|you(?:'ll| will) need|equipment(?: needed| required)?|"
    r"props|materials|kit)\b\s?:?\s*",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"^\W*(?:(?:additional |general )?(?:notes?|tips?|goals?|aims?|advice|precautions?|"
    r"restrictions?|"
    r"warnings?|safety)\b|criteria|progress\w*|when to|before you|important|why\b|benefits|"
    r"common mistakes|how often|how it works|the bottom line|what to expect|"
    r"(?:your )?comments?\b|introduction|overview|summary|conclusion|remember)",
    re.IGNORECASE,
)
"""Headings of what tells about all exercises, and is none."""
_NO_NAME = re.compile(
    r"^\W*(?:(?:(?:main |target )?muscles?(?: worked| used)?|repetitions?|reps?|sets?|holds?|"
    r"days?(?: (?:per|a) week)?|"
    r"freq(?:uency)?|duration|times?(?: (?:per|a) day)?|steps?(?: ?\d+)?|tips?|notes?|goals?|"
    r"aims?|purpose|levels?|directions?|why|"
    r"targets?|benefits?|dos(?:e|age)|progressions?|rest|modifications?|start(?:ing)?(?: "
    r"position)?|position|movement|action|"
    r"description|method|variations?|options?|easier|harder|subject|overview|introduction|summary|"
    r"conclusion|total|"
    r"general advice|name|date|patient|key points?|common mistakes)\W*$|"
    r"(?:warning|caution|important|equipment|what you|you(?:'ll| will)? need|props\b|remember|"
    r"safety|stop|how (?:to|often|many)|"
    r"warm(?:ing)?[- ]?up|cool(?:ing)?[- ]?down|finish|the bottom line|when to|before you|after\b|"
    r"if you|dear\b|hi\b|hello\b|"
    r"week \d|phase \d|do (?:these|this|all|them|each|every)|repeat|perform|complete|try\b|please|"
    r"ice\b|build\b|"
    r"each (?:exercise|move|stretch)|all (?:exercises|moves|movements)|take a\b|then\b|and\b|or\b|"
    r"keep\b|home exercise)\b)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?P<name>[^:.!?\n]{2,70}?)(?:\s*:\s+|\s+[-\u2013\u2014]\s*|\s*\u2014\s*|"
    r"\s*\u2013\s+)(?P<rest>\S.*)",
    re.DOTALL,
)
_NUMBER = re.compile(
    r"^\s*(?:(?:exercise|stretch|move|pose)\s+)?(?:no\.? ?)?"
    r"(?:\d{1,2}\s*[.):]\s*|[A-H]\d?\s*[.):]\s+|(?:\d{1,2}|[A-H])\s+[\u2013-]\s+)(?=\S)",
    re.IGNORECASE,
)
_VERBS = (
    r"lie|lying|sit|sitting|stand|standing|kneel|kneeling|start|starting|begin|place|get|come|"
    r"put|set|hold|loop|fasten|bend|bring|lift|raise|push|pull|press|squeeze|tighten|slide|roll|"
    r"turn|tilt|lean|reach|step|rest|keep|let|draw|rock|arch|relax|with|while|from|on|stay|"
    r"repeat|do|move|lower|straighten|rotate|extend|cross|grasp|attach|walk|breathe|inhale|"
    r"exhale|in|touch|make|take|grip|twist|wring|rub|swing|circle|point|curl|clasp|cup|wrap|"
    r"anchor|hook|nod|tuck|shift|drive|hinge|flex|spread|open|close|look|face|fold|drop|sink|"
    r"tip|tap|trace|balance|march|jump|hop|squat|lunge|throw|catch|use|lock|rise|go|sway|clench|"
    r"scrunch|pump|shrug|round|sweep|kick|climb|spell|write|pick"
)
_BEGINS = re.compile(rf"^(?:slowly |gently |carefully |now |then )?(?:{_VERBS})\b", re.IGNORECASE)
_INSTRUCTS = re.compile(r"\b(?:your|the|yourself|on all fours|hands and knees)\b", re.IGNORECASE)

_COUNTED = re.compile(
    r"^(?P<dose>\d{1,3}(?:\s?-\s?\d{1,3})?(?:[ -]?(?:seconds?|secs?|minutes?|mins?|s|min)\b)?)[ -]"
    r"(?:of )?(?P<name>[A-Za-z][\w' -]{2,40}?)(?P<rest>(?:,| (?:per|each|on|with|for)\b).*|$)",
    re.IGNORECASE,
)
"""A line such as `20 bicycle crunches per side` or `45-second plank`."""
_NAME = r"(?P<name>[\w' -]{3,45}?)"
_STOP = r"(?=[.,:;(]|\s+(?:and|which|where|next|first|then|exercise|to)\b)"
_INTRODUCED = re.compile(
    rf"(?:\b(?:start|begin|finish|end|continue|carry on|go on|move on|follow)(?: off| up| "
    rf"this)?,? (?:with|to) (?:the |an? )?|"
    rf"\b(?:first|second|third|fourth|fifth|sixth|next|last|final|other|another)(?: (?:one|"
    rf"exercise|move|movement|stretch))? (?:is|are) (?:the |an? |called (?:the )?)?|"
    rf"\b(?:after that|then|next|finally|lastly)(?:,)? (?:comes?|do|try|is) (?:the |an? )|"
    rf"\b(?:this|it) is called (?:the |an? )?){_NAME}{_STOP}|"
    rf"^(?:now |next,? )?(?:in|for|to (?:do|perform)) (?:the|an?) (?P<other>[\w' -]{{3,45}}?) "
    rf"(?:exercise|stretch|movement)\b(?=,| you\b)",
    re.IGNORECASE,
)


def sections(handout: Handout) -> Sections:
    """Return what of a handout may be exercises, and the rest of it."""
    blocks, subject = without_letter(handout.blocks)
    blocks = without_noise(blocks)
    blocks = list(_with_own_items(list(_with_headings(blocks))))
    found = _Walk(blocks)
    found.run()
    title = _title(handout, subject, {item.name for item in found.exercises})
    return Sections(title, found.exercises[:MAX_EXERCISES], found.around, found.needed)


def _title(handout: Handout, subject: str, names: set[str]) -> str:
    if subject:
        return subject
    headings = [
        block
        for block in handout.blocks
        if block.kind == "heading"
        and clean_name(block.text) not in names
        and not is_noise(block.text)
        and not is_noise_heading(block.text)
        and (block.level < 5 or _COLLECTION.search(block.text))
    ]
    top = [block.text for block in headings if block.level == 1]
    if top:
        return top[0]
    first = handout.blocks[0] if handout.blocks else None
    is_title = first is not None and first.kind == "heading" and not is_noise(first.text)
    if first is not None and is_title and clean_name(first.text) not in names:
        if not any(block.level < first.level for block in headings):
            return first.text
    texts = [
        block.lines[0]
        for block in handout.blocks[:6]
        if block.kind in ("heading", "text") and len(block.lines[0]) < 90
    ]
    telling = [
        text
        for text in texts
        if _COLLECTION.search(text)
        and not text.endswith((".", ":"))
        and clean_name(text) not in names
        and not is_noise(text)
    ]
    named = [
        text
        for text in telling
        if re.search(
            r"exercis|stretch|program|yoga|pain|workout|circuit|hep\b", text, re.IGNORECASE
        )
    ]
    for choice in (
        named,
        telling,
        [block.text for block in headings],
        [handout.title.split(" | ")[0]],
    ):
        if choice and choice[0]:
            return choice[0]
    return ""


def clean_name(text: str) -> str:
    """Return a name without its number and what only sets it off."""
    text = _NUMBER.sub("", text.split("\n", maxsplit=1)[0].strip())
    text = text.strip(" \t:-\u2013\u2014.*#|,;@(")
    letters = [letter for letter in text if letter.isalpha()]
    if (len(letters) > 4 and text == text.upper() and " " in text) or (
        len(letters) > 5 and text == text.upper()
    ):
        text = text.capitalize()
    return text[:1].upper() + text[1:]


def is_name(text: str) -> bool:
    """Whether words may be the name of an exercise."""
    name = clean_name(text)
    words = name.split()
    return (
        1 <= len(words) <= 9
        and 2 <= len(name) <= 70
        and any(letter.isalpha() for letter in name)
        and not _NO_NAME.match(name)
        and not re.search(r"[.!?]\s|\?$", name)
        and not doses_in(name)
    )


def _with_headings(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; short items that name what follows, and bold lines, become headings."""
    for index, block in enumerate(blocks):
        after = blocks[index + 1] if index + 1 < len(blocks) else None
        lines = block.lines
        short = _short_named(block.text) if len(lines) == 1 else None
        if (
            short
            and block.kind in ("text", "heading")
            and is_bare(short[1])
            and after is not None
            and after.kind in ("item", "text")
            and not _short_named(after.lines[0])
            and _instructs_lightly(after.text)
        ):
            # A name with its dose beside it, above the steps.
            yield Block("heading", short[0], 7, mark=block.mark)
            yield Block("text", short[1])
            continue
        is_short = len(block.text.split()) <= 8 and len(lines) == 1 and block.text[-1:] not in ".!?"
        follows = (
            after is not None
            and after.kind != "heading"
            and (
                after.kind != block.kind
                or after.level > block.level
                or (block.mark[:1].isalnum() and not after.mark[:1].isalnum())
            )
        )
        is_all_bold = (
            bool(block.lead)
            and block.kind == "text"
            and block.lead.strip(" :") == block.text.strip(" :")
        )
        is_numbered_text = (
            block.kind == "text" and _NUMBER.match(block.text) and is_name(block.text)
        )
        if is_short and is_numbered_text and after is not None and after.kind != "heading":
            yield Block("heading", block.text, 7, mark="1.")
            continue
        is_short_item = (
            block.kind == "item"
            and is_short
            and is_name(block.text)
            and (block.mark != "-" or (after is not None and after.level > block.level))
            and not (_BEGINS.match(block.text) and _INSTRUCTS.search(block.text))
        )
        is_above_text = is_all_bold and after is not None and after.kind != "heading"
        if is_short and (is_above_text or (follows and is_short_item)):
            yield Block("heading", block.text, 7, mark=block.mark)
        else:
            yield block


def _with_own_items(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; a paragraph whose lines are exercises each becomes items."""
    for block in blocks:
        lines = block.lines
        if block.kind == "text" and len(lines) > 1:
            short = [line for line in lines if _short_named(line)]
            if len(short) >= 2 and len(short) >= 0.6 * len(lines):
                for line in lines:
                    yield Block("item", line, mark="-")
                continue
        yield block


def _short_named(text: str) -> tuple[str, str] | None:
    """Return the name and the rest of a line such as `SLR 2x10, 3s hold`, or None."""
    doses = [dose for dose in doses_in(text) if dose.kind in _DOSING]
    if not doses or doses[0].start < 2 or is_about_all(text):
        return None
    name = text[: doses[0].start].strip(" -\u2013\u2014:,@(|.")
    first = re.split(r"[,.]\s", name)[0]
    if first != name and len(name.split()) <= 9:
        name = first
    if len(name.split()) > 6 or re.search(r"[.;!?]", name) or not is_name(name):
        return None
    if re.search(r"\b(?:your|and|then|it|for|until|them)\b|,", name, re.IGNORECASE) or name.split()[
        -1
    ].lower() in ("the", "of", "do", "x"):
        return None
    return name, text[len(name) :].strip(" -\u2013\u2014:,")


def named_part(block: Block) -> tuple[str, str, bool] | None:
    """Return the name at a block's beginning, what follows, and whether it is set off."""
    text = block.text
    if block.lead and text.startswith(block.lead) and is_name(block.lead):
        rest = text[len(block.lead) :].strip(" \n:-\u2013\u2014.")
        if rest and len(block.lead.split()) <= 8:
            return clean_name(block.lead), rest, True
    lines = block.lines
    if (
        len(lines) > 1
        and len(lines[0].split()) <= 8
        and lines[0][-1] not in ".!?,"
        and is_name(lines[0])
    ):
        if not re.match(r"^\s*[\w /]+:\s", lines[0]) and not (
            block.kind == "text" and lines[0].endswith(":")
        ):
            return clean_name(lines[0]), "\n".join(lines[1:]), block.kind == "item"
    lead = _LEAD.match(text)
    if (
        lead
        and is_name(lead["name"])
        and len(lead["name"].split()) <= 8
        and not is_bare(lead["name"])
    ):
        name = lead["name"].strip()
        if not (_BEGINS.match(name) and _INSTRUCTS.search(name)):
            return clean_name(name), lead["rest"].strip(), False
    counted = _COUNTED.match(text) if len(lines) == 1 and block.kind == "item" else None
    if counted and is_name(counted["name"]) and not _BEGINS.match(counted["name"]):
        rest = f"{counted['dose']}{counted['rest']}"
        return clean_name(counted["name"]), rest.strip(" ,"), False
    short = _short_named(text) if len(lines) == 1 else None
    return (clean_name(short[0]), short[1], False) if short else None


def _is_counted(block: Block, name: str) -> bool:
    """Whether an item begins with how many of what it names, as in `10 walking planks`."""
    counted = _COUNTED.match(block.text)
    return block.kind == "item" and counted is not None and clean_name(counted["name"]) == name


def has_dose(text: str) -> bool:
    """Whether a text says how long or how often an exercise is done, and not all of them."""
    return any(
        dose.kind in _DOSING
        for sentence in sentences(text)
        if not (
            is_about_all(sentence)
            and not re.search(
                r"\b(?:this|the) (?:exercise|stretch|movement)\b", sentence, re.IGNORECASE
            )
        )
        and not (
            is_caution(sentence)
            and not is_bare(sentence)
            and "hold" not in sentence.lower()
            and "repeat" not in sentence.lower()
        )
        and not is_warm_up(sentence)
        for dose in doses_in(sentence)
    )


def _instructs(text: str) -> bool:
    return any(
        _BEGINS.match(sentence) and _INSTRUCTS.search(sentence) for sentence in sentences(text)
    )


def _instructs_lightly(text: str) -> bool:
    """Whether a text begins as an instruction does."""
    return _BEGINS.match(text) is not None and len(text.split()) >= 3


class _Walk:
    """Goes over the blocks, heading by heading."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self.exercises: list[Candidate] = []
        self.around: list[str] = []
        self.needed: list[str] = []
        self._dosed: Counter[int] = Counter()
        """Level of headings -> how many of them have exercises with doses below."""
        everything = [sentence for block in blocks for sentence in sentences(block.text)]
        self._has_dose_for_all = any(
            dose.kind in _DOSING and dose.kind != "rounds"
            for sentence in everything
            if is_about_all(sentence)
            for dose in doses_in(sentence)
        )

    def run(self) -> None:
        """Sort every block to an exercise or to what is around them."""
        parts: list[tuple[Block | None, list[Block]]] = [(None, [])]
        for block in self._blocks:
            if block.kind == "heading":
                parts.append((block, []))
            else:
                parts[-1][1].append(block)
        for heading, body in parts:
            if heading and is_name(heading.text):
                self._dosed[heading.level] += any(has_dose(block.text) for block in body)
        for index, (heading, body) in enumerate(parts):
            is_last = index == len(parts) - 1
            self._part(heading, body, is_first=index <= 1, is_last=is_last)

    def _part(
        self,
        heading: Block | None,
        body: list[Block],
        *,
        is_first: bool,
        is_last: bool,
    ) -> None:
        if heading is not None and _NEEDED.match(heading.text):
            self.needed += [line for block in body for line in block.lines]
            return
        if heading is not None and _ASIDE.match(heading.text):
            for block in body:
                self._aside(block)
            return
        rows = [block for block in body if block.kind == "row"]
        if rows:
            before = len(self.exercises)
            self._rows(rows)
            body = [block for block in body if block.kind != "row"]
            if len(self.exercises) > before and not sum(map(self._is_named, body)) > 1:
                for block in body:
                    self._aside(block)
                return
        has_siblings = heading is not None and self._dosed[heading.level] >= 2
        named = [
            block
            for block, after in itertools.zip_longest(body, body[1:])
            if self._is_named(block) and not self._groups(block, after)
        ]
        prose = self._introduced(body)
        is_own_name = (
            heading is not None
            and is_name(heading.text)
            and not (is_first and _COLLECTION.search(heading.text))
            and not _COLLECTIVE.search(heading.text)
            and not any(
                count >= 2 and level > heading.level for level, count in self._dosed.items()
            )
        )
        bold = [block for block in named if (part := named_part(block)) and part[2]]
        kinds = Counter(block.kind for block in named).most_common(1)
        of_kind = [block for block in body if kinds and block.kind == kinds[0][0]]
        is_named_list = len(named) >= 2 and len(named) >= 0.5 * len(of_kind)
        is_only = len(body) == 1 and body[0].kind == "item"
        is_lone = len(named) == 1 and (not is_own_name or is_only) and has_dose(named[0].text)
        if len(bold) >= 2 or is_named_list or is_lone or (bold and not is_own_name):
            self._named(body, heading.text if heading else "")
        elif len(prose) >= 2 and not (has_siblings and is_own_name):
            self._prose(body)
        elif heading is not None and is_own_name and self._is_worth(heading, body):
            self._headed(heading, body, is_last=is_last)
        elif self._unnamed(heading, body):
            pass
        elif (
            heading is not None
            and is_name(heading.text)
            and not has_siblings
            and any(has_dose(block.text) for block in body)
        ):
            self._headed(heading, body, is_last=is_last)
        else:
            if (
                heading is not None
                and (_COLLECTION.search(heading.text) is None)
                and is_caution(heading.text)
            ):
                self.around.append(heading.text)
            for block in body:
                self._aside(block)

    def _is_named(self, block: Block) -> bool:
        """Whether a block begins with the name of an exercise that it tells about."""
        part = named_part(block)
        if part is None:
            return False
        if has_dose(part[1]) or has_dose(block.text) or _is_counted(block, part[0]):
            return True
        return self._has_dose_for_all and (part[2] or block.kind == "item") and _instructs(part[1])

    @staticmethod
    def _tells_how(block: Block) -> bool:
        """Whether a block has an instruction; an item or a numbered paragraph may be short."""
        if _instructs(block.text):
            return True
        is_listed = block.kind == "item" or _NUMBER.match(block.text) is not None
        return is_listed and any(_instructs_lightly(text) for text in sentences(block.text))

    def _groups(self, block: Block, after: Block | None) -> bool:
        """Whether an item only groups exercises that stand below it."""
        if after is None or not block.kind == after.kind == "item":
            return False
        return after.level > block.level and self._is_named(after)

    def _is_worth(self, heading: Block, body: Sequence[Block]) -> bool:
        """Whether what stands below a heading is an exercise."""
        if any(has_dose(block.text) for block in body):
            return True
        told = [sentence for block in body for sentence in sentences(block.text)]
        steps = [
            sentence
            for sentence in told
            if _instructs(sentence) and not is_caution(sentence) and not is_warm_up(sentence)
        ]
        # Its own numbers may be missing, but those of its kind have them, or all have the same.
        is_of_kind = self._dosed[heading.level] >= 2 or self._has_dose_for_all
        is_numbered = bool(heading.mark or _NUMBER.match(heading.text))
        return is_of_kind and bool(steps) and (is_numbered or 2 * len(steps) >= len(told))

    def _aside(self, block: Block) -> None:
        needed = _NEEDED.match(block.text)
        if needed:
            first, _, others = block.text[needed.end() :].partition("\n")
            rest = sentences(first)
            self.needed += rest[:1]
            self.around += [*rest[1:], *sentences(others)]
        else:
            self.around += sentences(block.text)

    def _headed(self, heading: Block, body: Sequence[Block], *, is_last: bool) -> None:
        candidate = Candidate(clean_name(heading.text))
        is_dosed = False
        for block in body:
            is_apart = is_dosed and block.kind == "text" and len(body) > 1
            if (
                is_apart
                and not has_dose(block.text)
                and (
                    is_caution(block.text)
                    or is_cool_down(block.text)
                    or (is_last and not _instructs(block.text))
                )
            ):
                self._aside(block)
                continue
            candidate.lines += block.lines
            is_dosed = is_dosed or has_dose(block.text)
        self.exercises.append(candidate)

    def _named(self, body: Sequence[Block], context: str) -> None:
        """Take every block that begins with a name, with those that go on with it."""
        current: Candidate | None = None
        level = 0
        for index, block in enumerate(body):
            part = named_part(block)
            after = body[index + 1] if index + 1 < len(body) else None
            if self._groups(block, after):
                # What only groups those below it.
                current = None
                self._aside(block)
                continue
            is_step = current is not None and block.kind == "item" and block.level > level
            is_step = is_step and not (level == 0 and self._is_named(block))
            if (
                part
                and not is_step
                and (
                    has_dose(part[1])
                    or part[2]
                    or _is_counted(block, part[0])
                    or (block.kind == "item" and _instructs(part[1]))
                )
            ):
                current = Candidate(part[0], part[1].split("\n"), context=context)
                level = block.level
                self.exercises.append(current)
            elif current is not None and (
                is_step
                or (
                    block.kind == "text"
                    and has_dose(block.text)
                    and not is_caution(block.text)
                    and not is_cool_down(block.text)
                )
            ):
                current.lines += block.lines
            else:
                self._aside(block)

    @staticmethod
    def _introduced(body: Sequence[Block]) -> list[str]:
        texts = (block.text.replace("\n", " ") for block in body if block.kind == "text")
        found = (_INTRODUCED.search(sentence) for text in texts for sentence in sentences(text))
        return [match["name"] or match["other"] for match in found if match]

    def _prose(self, body: Sequence[Block]) -> None:
        """Take the exercises that running text introduces by their names."""
        current: Candidate | None = None
        for block in body:
            for sentence in sentences(block.text.replace("\n", " ")):
                match = _INTRODUCED.search(sentence)
                name = (match["name"] or match["other"]) if match else ""
                if match and is_name(name):
                    current = Candidate(clean_name(name))
                    self.exercises.append(current)
                    rest = sentence[match.end() :].strip(" .,:")
                    if rest and (doses_in(rest) or _BEGINS.match(rest)):
                        current.lines.append(rest)
                elif (
                    current is None
                    or (is_about_all(sentence) and doses_in(sentence))
                    or (is_caution(sentence) and not doses_in(sentence))
                ):
                    self.around.append(sentence)
                else:
                    current.lines.append(sentence)

    def _steps(self, heading: Block | None, body: Sequence[Block]) -> None:
        """Take a list of steps as one exercise, named by what stands above it."""
        first = next(index for index, block in enumerate(body) if block.kind == "item")
        above = [heading.text] if heading else []
        above += [block.text for block in body[:first] if block.text.endswith(":")]
        above += [sentences(body[first].text)[0]]
        name = re.sub(r"^(?:how )?to (?:do )?(?:the |a )?", "", above[0], flags=re.IGNORECASE)
        candidate = Candidate(clean_name(name)[:70] or "Exercise", is_named=heading is not None)
        for block in body:
            if block.kind == "item" or has_dose(block.text):
                candidate.lines += block.lines
            else:
                self._aside(block)
        self.exercises.append(candidate)

    def _unnamed(self, heading: Block | None, body: Sequence[Block]) -> bool:
        """Take the paragraphs or items that are exercises without a name; tell if there are any."""
        whole = [
            block
            for block in body
            if has_dose(block.text) and self._tells_how(block) and not is_bare(block.text)
        ]
        dosed = [block for block in body if has_dose(block.text)]
        steps = [block for block in body if block.kind == "item" and _instructs(block.text)]
        if dosed and len(whole) <= 1 and len(steps) >= 2:
            self._steps(heading, body)
            return True
        if not whole:
            return False
        is_list = sum(block.kind == "item" for block in whole) >= 2
        for block in body:
            if block in whole or (is_list and block.kind == "item" and _instructs(block.text)):
                self.exercises.append(Candidate(_name_of(block.text), block.lines, is_named=False))
            elif self.exercises and has_dose(block.text) and is_bare(sentences(block.text)[0]):
                self.exercises[-1].lines += block.lines
            else:
                self._aside(block)
        return True

    def _rows(self, rows: Sequence[Block]) -> None:
        heads: Sequence[str] = rows[0].heads
        if not any(_column(head) for head in heads):
            known = [cell for cell in rows[0].cells if _column(cell) or _NAME_COLUMN.search(cell)]
            heads = rows[0].cells if len(known) >= 2 else ()
            rows = rows[1:] if heads else rows
        name_at = next((i for i, head in enumerate(heads) if _NAME_COLUMN.search(head)), 0)
        for row in rows:
            if name_at >= len(row.cells) or not is_name(row.cells[name_at]):
                continue
            candidate = Candidate(clean_name(row.cells[name_at]))
            for index, cell in enumerate(row.cells):
                head = heads[index] if index < len(heads) else ""
                kind = _column(head)
                if index == name_at or not any(letter.isalnum() for letter in cell):
                    continue
                if kind in ("sets", "reps", "hold", "rest", "often", "time"):
                    candidate.labelled.append(_labelled(kind, head, cell))
                else:
                    candidate.lines += cell.split("\n")
            if candidate.labelled or any(has_dose(line) for line in candidate.lines):
                self.exercises.append(candidate)
            else:
                self.around += [line for cell in row.cells for line in sentences(cell)]


def _name_of(text: str) -> str:
    """Return the first words of a movement, for an exercise that the handout gives no name."""
    parts = sentences(text)
    moving = [part for part in parts if not _POSITION.match(part) and _BEGINS.match(part)]
    first = re.sub(
        r"^(?:while|as you|on|in|from|"
        r"with)\b[^,]{0,60},\s*",
        "",
        (moving or parts)[0],
        flags=re.IGNORECASE,
    )
    words = re.split(r"[,.;:]|\b(?:and|with|until|so that|for)\b", first)[0].split()
    return clean_name(" ".join(words[:7])) or "Exercise"


_POSITION = re.compile(
    r"^(?:lie|lying|sit|sitting|stand|standing|kneel|kneeling|start|starting|begin|on your|repeat|"
    r"hold)\b",
    re.IGNORECASE,
)
_NAME_COLUMN = re.compile(
    r"^\W*(?:exercise|name|movement|move|stretch|pose|drill|activity)s?\b", re.IGNORECASE
)
_COLUMNS = {
    "sets": r"sets?\b",
    "reps": r"how many|number|rep(?:etition)?s?\b|times\b",
    "hold": r"holds?\b",
    "rest": r"rest\b|break\b|recovery\b",
    "time": r"time\b|duration\b|seconds?\b|secs?\b",
    "often": r"freq|how often|per day|daily|days?\b",
    "text": r"dos(?:e|age)\b|how\b|notes?\b|description|instructions?|comments?|details?|cues?|"
    r"position|what to do",
}


def _column(head: str) -> str:
    """Return what a column with this heading holds; empty if that is not known."""
    return next(
        (
            kind
            for kind, pattern in _COLUMNS.items()
            if re.match(rf"^\W*(?:{pattern})", head, re.IGNORECASE)
        ),
        "",
    )


def _labelled(kind: str, head: str, cell: str) -> str:
    """Return a cell with its column's heading, as it is then understood."""
    cell = cell.replace("\n", " ")
    own = {dose.kind for dose in doses_in(cell)}
    if kind in ("sets", "reps") and own & {"time", "hold", "sets"}:
        return cell
    if kind == "often":
        return cell
    if kind in ("hold", "rest", "time") and not own & {"time", "hold", "pause", "rest"}:
        if re.fullmatch(r"[\d\s.\u2013-]+", cell):
            unit = re.search(r"\b(?:min|sec)\w*|\bs\b", head, re.IGNORECASE)
            cell = f"{cell} {unit[0] if unit else 's'}"
    # The column's own words if they are understood, so that the comment has them.
    own_label = re.sub(r"\W*\(.*", "", head).strip()
    for label in (own_label, {"sets": "Sets", "reps": "Reps"}.get(kind, kind.capitalize())):
        text = f"{label}: {cell}"
        if any(dose.start == 0 for dose in doses_in(text)):
            return text
    return cell
