"""Blocks into what may be exercises, and what stands before and after them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from coach.draft.blocks import Block, Handout
from coach.draft.candidate import Candidate
from coach.draft.dose import doses_in
from coach.draft.headings import COLLECTION, title_of, with_headings, with_own_items
from coach.draft.names import NUMBER, clean_name, is_counted, is_name, name_of, named_part
from coach.draft.noise import without_letter, without_noise
from coach.draft.prose import exercises_in_prose, introduced
from coach.draft.sentences import (
    is_about_all,
    is_bare,
    is_caution,
    is_cool_down,
    is_warm_up,
    sentences,
)
from coach.draft.tables import exercises_in_rows
from coach.draft.telling import DOSING, begins_lightly, has_dose, instructs


class Sections(Struct):
    """A handout taken apart."""

    title: str
    exercises: list[Candidate]
    around: list[str]
    """Sentences that belong to no exercise, in the handout's order."""
    needed: list[str]
    """Lists of what is needed."""


MAX_EXERCISES = 300
"""Of one handout."""
_COLLECTIVE = re.compile(
    r"\b(?:routine|exercises|stretches|moves|programme?|plan|workouts?|circuit|session|"
    r"activation)\W*$",
    re.IGNORECASE,
)
"""Headings of several exercises."""
_GROUP = re.compile(
    r"^\W*(?:block|set|circuit|part|group|superset|phase|day|week)\s?\w\b\W*", re.IGNORECASE
)
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


def sections(handout: Handout) -> Sections:
    """Return what of a handout may be exercises, and the rest of it."""
    blocks, subject = without_letter(handout.blocks)
    blocks = without_noise(blocks)
    blocks = list(with_own_items(list(with_headings(blocks))))
    found = _Walk(blocks)
    found.run()
    title = title_of(handout, subject, {item.name for item in found.exercises})
    return Sections(title, found.exercises[:MAX_EXERCISES], found.around, found.needed)


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
            dose.kind in DOSING and dose.kind != "rounds"
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
        if heading is not None and self._is_mere_name(heading, body):
            self.exercises.append(Candidate(clean_name(heading.text)))
            for block in body:
                self._aside(block)
            return
        rows = [block for block in body if block.kind == "row"]
        if rows:
            before = len(self.exercises)
            self._add(exercises_in_rows(rows))
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
        prose = introduced(body)
        is_own_name = (
            heading is not None
            and is_name(heading.text)
            and not (is_first and COLLECTION.search(heading.text))
            and not _COLLECTIVE.search(heading.text)
            and not any(
                count >= 2 and level > heading.level for level, count in self._dosed.items()
            )
        )
        bold = [block for block in named if (part := named_part(block)) and part[2]]
        kinds = Counter(block.kind for block in named).most_common(1)
        of_kind = [block for block in body if kinds and block.kind == kinds[0][0]]
        is_named_list = len(named) >= 2 and len(named) >= 0.5 * len(of_kind)
        is_only = [block for block in body if block.kind == "item"] == named
        is_lone = len(named) == 1 and (not is_own_name or is_only) and has_dose(named[0].text)
        if len(bold) >= 2 or is_named_list or is_lone or (bold and not is_own_name):
            self._named(body, heading.text if heading else "")
        elif len(prose) >= 2 and not (has_siblings and is_own_name):
            self._add(exercises_in_prose(body))
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
                and (COLLECTION.search(heading.text) is None)
                and is_caution(heading.text)
            ):
                self.around.append(heading.text)
            for block in body:
                self._aside(block)

    def _is_mere_name(self, heading: Block, body: Sequence[Block]) -> bool:
        """Whether a numbered name stands alone, the dose of all being told elsewhere."""
        is_told = any(instructs(block.text) or block.kind == "item" for block in body)
        return (
            bool(heading.mark) and self._has_dose_for_all and is_name(heading.text) and not is_told
        )

    def _is_named(self, block: Block) -> bool:
        """Whether a block begins with the name of an exercise that it tells about."""
        part = named_part(block)
        if part is None:
            return False
        if has_dose(part[1]) or has_dose(block.text) or is_counted(block, part[0]):
            return True
        return self._has_dose_for_all and (part[2] or block.kind == "item") and instructs(part[1])

    @staticmethod
    def _tells_how(block: Block) -> bool:
        """Whether a block has an instruction; an item or a numbered paragraph may be short."""
        if instructs(block.text):
            return True
        is_listed = block.kind == "item" or NUMBER.match(block.text) is not None
        return is_listed and any(begins_lightly(text) for text in sentences(block.text))

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
            if instructs(sentence) and not is_caution(sentence) and not is_warm_up(sentence)
        ]
        # Its own numbers may be missing, but those of its kind have them, or all have the same.
        is_of_kind = self._dosed[heading.level] >= 2 or self._has_dose_for_all
        is_numbered = bool(heading.mark or NUMBER.match(heading.text))
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
                    or (is_last and not instructs(block.text))
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
        level, shared = 0, ""
        context = _GROUP.sub("", context)
        if any(dose.kind in ("sets", "rest", "pause") for dose in doses_in(context)):
            shared = context
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
                    or is_counted(block, part[0])
                    or (block.kind == "item" and instructs(part[1]))
                )
            ):
                current = Candidate(part[0], part[1].split("\n"), context=context, shared=shared)
                level = block.level
                self.exercises.append(current)
            elif current is None and is_bare(block.text) and doses_in(block.text):
                shared = block.text
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
        steps = [block for block in body if block.kind == "item" and instructs(block.text)]
        if dosed and len(whole) <= 1 and len(steps) >= 2:
            self._steps(heading, body)
            return True
        if not whole:
            return False
        is_list = sum(block.kind == "item" for block in whole) >= 2
        for block in body:
            if block in whole or (is_list and block.kind == "item" and instructs(block.text)):
                name = clean_name(heading.text)[:70] if heading and len(whole) == 1 else ""
                name = name or name_of(block.text)
                self.exercises.append(Candidate(name, block.lines, is_named=False))
            elif self.exercises and has_dose(block.text) and is_bare(sentences(block.text)[0]):
                self.exercises[-1].lines += block.lines
            else:
                self._aside(block)
        return True

    def _add(self, found: tuple[list[Candidate], list[str]]) -> None:
        exercises, around = found
        self.exercises += exercises
        self.around += around
