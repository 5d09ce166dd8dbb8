"""What tells how an exercise is done, and how often."""

from __future__ import annotations

import re

from coach.draft.dose import doses_in
from coach.draft.sentences import (
    is_about_all,
    is_bare,
    is_caution,
    is_warm_up,
    sentences,
)

DOSING = frozenset({"hold", "time", "reps", "sets", "times", "breaths", "rounds"})
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
BEGINS = re.compile(rf"^(?:slowly |gently |carefully |now |then )?(?:{_VERBS})\b", re.IGNORECASE)
INSTRUCTS = re.compile(r"\b(?:your|the|yourself|on all fours|hands and knees)\b", re.IGNORECASE)
POSITION = re.compile(
    r"^(?:lie|lying|sit|sitting|stand|standing|kneel|kneeling|start|starting|begin|on your|repeat|"
    r"hold)\b",
    re.IGNORECASE,
)


def has_dose(text: str) -> bool:
    """Whether a text says how long or how often an exercise is done, and not all of them."""
    return any(
        dose.kind in DOSING
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


def instructs(text: str) -> bool:
    return any(
        BEGINS.match(sentence) and INSTRUCTS.search(sentence) for sentence in sentences(text)
    )


def begins_lightly(text: str) -> bool:
    """Whether a text begins as an instruction does."""
    return BEGINS.match(text) is not None and len(text.split()) >= 3
