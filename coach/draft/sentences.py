"""Sentences of a handout: where they end, and what each is for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from coach.draft.dose import Dose, doses_in

_ENDS = re.compile(r"(?<=[.!?])[\"')]?\s+(?=[\"'(]?[A-Z0-9])|\n")
_ABBREVIATED = re.compile(
    r"^\W*\d{1,2}\.$|\b(?:e\.g|i\.e|approx|no|dr|mr|mrs|ms|vs|fig|st|ea|w)\.$", re.IGNORECASE
)
_LABEL = re.compile(
    r"^(?:start(?:ing)? position|action|movement|method|how(?: to do it)?\??|what "
    r"to do|do this|instructions?)\s?[:.?]\s*",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"^(?:step ?\d{1,2}[.:)]?|\(?(?:\d{1,2}|[a-h])[.)]|[-*\u2022])\s+", re.IGNORECASE
)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; lines that are kept apart are sentences of their own."""
    found: list[str] = []
    start = 0
    for end in _ENDS.finditer(text):
        piece = text[start : end.start()]
        if _ABBREVIATED.search(piece) and "\n" not in end[0]:
            continue
        found.append(piece)
        start = end.end()
    found.append(text[start:])
    tidied = (_LABEL.sub("", _STEP.sub("", piece.strip())).strip() for piece in found)
    return [piece for piece in tidied if any(letter.isalnum() for letter in piece)]


_CAUTION = re.compile(
    r"\b(?:stop\b.{0,60}\b(?:if|pain|hurts?|that makes|when|at once|immediately|anything|should)|"
    r"if\b.{0,80}\b(?:stop|pain\w*|dizz\w*|worse|hurts?|swell\w*|bleeding|numb\w*|symptoms)|"
    r"(?:ask|see|consult|call|contact|ring|tell|talk to|speak to|check with|seek|clearance from|"
    r"cleared by)\b.{0,60}\b"
    r"(?:doctor|physician|midwife|therapist|physio\w*|gp|clinic|advice|us|if|pain|provider|"
    r"professional|team)|"
    r"clearance|(?:do not|don't|never|avoid|please don't|should not|shouldn't|must not)\b.{0,80}|"
    r"no pain\b|not for you|warning|caution|sharp pain|severe pain|pain (?:below|under)|keep "
    r"(?:the )?pain|"
    r"skip\b.{0,40}\b(?:if|hurts?|pain\w*)|discomfort below|discuss\b.{0,40}\b(?:doctor|physio\w*|"
    r"therapist|gp)|tell\b.{0,30}\b(?:nurs\w+|staff|doctor|"
    r"therapist|physio)|(?:should|must) decide|within (?:the limits of )?your pain|stops? "
    r"anything)",
    re.IGNORECASE | re.DOTALL,
)
_WARM_UP = re.compile(
    r"^\W*(?:(?:always )?warm(?:ing)?[ -]?up|start with (?:a|some) (?:gentle|light|easy))\b|"
    r"\bwarm up with\b",
    re.IGNORECASE,
)
_COOL_DOWN = re.compile(
    r"^\W*(?:cool(?:ing)?[ -]?down|finish with (?:a|some) (?:gentle|light|easy)|afterwards?\b)",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"^(?:this|these|the) (?:\w+ ){0,3}(?:pose|stretch|exercise|move|movement|drill)s?\b.{0,40}?"
    r"\b(?:opens?|helps?|strengthens?|targets?|is (?:great|good|ideal|for)|works?|improves?|"
    r"relieves?|stretches|will)\b|"
    r"^(?:improves?|mobilises?|mobilizes?|strengthens?|loosens?|relieves?|increases?|helps?|"
    r"builds?)\b|"
    r"^(?:targets?|benefits?|why|great for|good for|muscles?|main muscles)\b",
    re.IGNORECASE,
)
_RETURN = re.compile(
    r"^(?:and |then |now |slowly |gently )*(?:release|relax|lower|return|come back|let go|let it|"
    r"go back|come down|"
    r"back to|push your knee so|straighten up|slide (?:it |them )?back|crawl (?:back )?down|stand "
    r"back up|unwind)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:lower|back) (?:leg|arm|knee|trapezius)\b", re.IGNORECASE)
_ABOUT_ALL = re.compile(
    r"\b(?:each|all|every|both|these|any)(?: of (?:the|these))? (?:\w+ )?(?:exercises?|moves?|"
    r"movements?|stretch(?:es)?|poses?)\b|\b(?:the|this) (?:\w+ )?(?:exercises|moves|movements|"
    r"stretches|poses|programme|program|plan|routine|circuit|lot)\b|"
    r"\b(?:complete|perform|repeat|do|for|times|go)\b.{0,30}\brounds?\b|\bround\b.{0,20}\btimes\b|"
    r"\b(?:rounds of|circuits?)\b|\bnext (?:station|exercise|move|one)\b|^\W*\w+ rounds\W*$|"
    r"\bbetween (?:the )?(?:exercises|moves|rounds)\b|\bdo (?:these|"
    r"them|all)\b|\bevery day\b",
    re.IGNORECASE,
)
_STILL = re.compile(
    r"\b(?:hold|holds|plank|stretch|pose|wall sit|stand|stands|stance|balanc\w+|isometric|static|"
    r"tandem|hang|fold|twist|lunge|"
    r"bridge|set|sets|qs|squeezes?|squeeze|press|push|tighten|clench|keep|stay|lean|lie still|lie "
    r"flat|"
    r"in this position)\b",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"\b(?:sit[ -]to[ -]stands?|jumping|crawl\w*|carry|carries|jumps?|hop\w*|shuttle|sprint\w*|"
    r"bike|rower|swim\w*|jacks?|push-?ups?|press-?ups?|sit-?ups?|squats|climbers?|"
    r"march\w*|run\w*|"
    r"walk\w*|jog\w*|step\w*|circles?|swing\w*|roll\w*|"
    r"knees|kicks?|burpees?|lunges|skip\w*|cycl\w*|dips|crunches|raises?|taps?|back and forth|up "
    r"and down)\b",
    re.IGNORECASE,
)

_ALONE = re.compile(
    r"^(?:how (?:many|long|often)|there is no hold|no hold|tips?|notes?|variations?|options?|"
    r"how(?: to)?|steps?|goals?|"
    r"dos(?:e|age)|position|"
    r"start(?:ing)? position|action|progressions?|instructions?|why|easier|harder|exercises?|"
    r"stretch)\W*$",
    re.IGNORECASE,
)
_AS_TOLD = re.compile(
    r"^(?:repeat|complete|do|perform)\b.{0,60}\b(?:prescribed|instructed|guidelines?|advised|"
    r"told)\b",
    re.IGNORECASE,
)


def is_label(text: str) -> bool:
    """Whether a sentence only says what the next ones are."""
    return _ALONE.match(text) is not None


def is_caution(text: str) -> bool:
    """Whether a sentence warns."""
    return _CAUTION.search(text[:600]) is not None


def is_warm_up(text: str) -> bool:
    """Whether a sentence tells what comes before the exercises."""
    return _WARM_UP.search(text[:200]) is not None


def is_cool_down(text: str) -> bool:
    """Whether a sentence tells what comes after the exercises."""
    return _COOL_DOWN.search(text[:200]) is not None


def is_reason(text: str) -> bool:
    """Whether a sentence tells what an exercise is good for, or who knows more, and not how."""
    return (_REASON.search(text[:200]) or _AS_TOLD.search(text[:200])) is not None


def is_return(text: str) -> bool:
    """Whether a sentence leads back to where the movement began."""
    return _RETURN.search(text) is not None and not _CONDITION.search(text[:20])


def is_about_all(text: str) -> bool:
    """Whether a sentence is about all exercises, and not about one of them."""
    return _ABOUT_ALL.search(text[:400]) is not None


def is_active(text: str) -> bool:
    """Whether words tell of activity."""
    return _ACTIVE.search(text) is not None


def is_still(name: str, context: str, sentence: str) -> bool:
    """Whether what is done for a time is stillness and not activity.

    Args:
        name: the exercise's.
        context: the heading above the list that it stands in; may be empty.
        sentence: the one that tells what is done for that time.
    """
    if re.search(r"\bhold\b", name, re.IGNORECASE):
        return True
    if _ACTIVE.search(name) and not _STRETCHED.search(name):
        return False
    if _MOVING.search(sentence) and not re.search(r"\b(?:plank|stretch)\b", name, re.IGNORECASE):
        return False
    if _STILL.search(name):
        return True
    if _STILL.search(sentence):
        return _ACTIVE.search(sentence) is None
    return _STRETCHED.search(context) is not None and _ACTIVE.search(sentence) is None


_MOVING = re.compile(
    r"\b(?:flow|circles?|swing|march\w*|pump\w*|flutter\w*|back and forth|up and down|"
    r"side to side|keep moving|keep going|alternat\w+)\b",
    re.IGNORECASE,
)
_STRETCHED = re.compile(
    r"\b(?:plank|stretch(?:es|ing)?|isometric|pose|yoga|"
    r"holds)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\s*(?:[,;]\s*(?:and then |and |then )?|\s-\s|\s\u2013\s|\(|\)|\s(?:and then|and|then)\s)\s*"
)
_FILLERS = frozenset(
    {
        *("and", "then", "relax", "repeat", "repeats", "repeated", "again", "release", "rest"),
        *(
            "resting",
            "hold",
            "holding",
            "holds",
            "do",
            "doing",
            "done",
            "session",
            "sessions",
            "this",
            "these",
            "it",
            "for",
        ),
        *("of", "the", "a", "an", "in", "each", "to", "with", "on", "exercise", "exercises"),
        *("stretch", "position", "times", "time", "slowly", "please", "try", "dose", "perform"),
        *("complete", "aim", "or", "them", "that", "your", "you"),
        *("should", "be", "by", "reps", "rep", "repetition", "repetitions", "set", "sets"),
        *("side", "sides", "leg", "legs", "arm", "arms", "foot", "feet", "hand", "hands", "knee"),
        *("other", "no", "there", "between", "after", "total", "build", "up", "seconds"),
        *("second", "secs", "sec", "s", "minutes", "minute", "mins", "min", "same", "thing"),
        *("well", "if", "can", "twice", "once", "day", "daily", "week", "per", "every", "both"),
        *("ea", "x", "switch", "change", "another", "about", "count", "freq", "frequency"),
        *("break", "round", "rounds", "alternate", "hour", "hourly", "how", "often", "duration"),
        *("while", "counting", "at", "least", "approximately", "around", "lasting", "pause"),
        *("stay", "remain", "here", "from", "is", "none"),
        *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "eighteen", "twenty"),
        *("thirty", "forty", "fifty", "sixty", "ninety"),
    }
)
"""Words of which a sentence consists that says nothing but a dose."""

_EACH_WAY = re.compile(r"\b(?:in )?(?:each|either) (?:way|direction)\b")
_AGAIN = re.compile(
    r"^(?:and |then |now )*(?:repeat|relax|release|rest|switch|change|do the same|perform|"
    r"alternate)\b",
    re.IGNORECASE,
)


def is_bare(text: str) -> bool:
    """Whether a text says hardly anything but how long and how often."""
    plain = _EACH_WAY.sub(" ", text.lower().replace("'", ""))
    return all(word in _FILLERS for word in re.findall(r"[a-z]+", plain))


def without_doses(sentence: str) -> str:
    """Return a sentence without the parts that say nothing but a dose; empty if that is all."""
    doses = doses_in(sentence)
    if not any(letter.isalpha() for letter in sentence):
        return ""
    if is_bare(sentence) and (doses or _AGAIN.match(sentence)):
        return ""
    if not doses:
        return sentence
    # A clause that is bare goes, with what joins it to the rest.
    doses = tuple(dose for dose in doses if dose.kind != "move")
    kept: list[tuple[int, int]] = []
    start = 0
    for end in [*_CLAUSE.finditer(sentence), None]:
        stop = end.start() if end else len(sentence)
        if sentence[start:stop].strip(" .!") and not _is_dose_clause(sentence, start, stop, doses):
            kept.append((start, _before_count(sentence, start, stop, doses)))
        start = end.end() if end else stop
    if not kept:
        return ""
    # What lies between two clauses that stay stays, too.
    text = sentence[kept[0][0] : kept[0][1]]
    for (_, before), (begin, stop) in itertools.pairwise(kept):
        between = sentence[before:begin]
        is_whole = not _CLAUSE.sub("", between).strip()
        text += (between if is_whole else ", ") + sentence[begin:stop]
    text = text.strip(" ,;-\u2013")
    if text.count("(") != text.count(")"):
        text = text.replace("(", "").replace(")", "")
    return text


def _before_count(sentence: str, start: int, stop: int, doses: Sequence[Dose]) -> int:
    """Return where a clause ends without the count at its end, as in `slide it back x 10`."""
    for dose in doses:
        is_count = dose.kind in ("reps", "sets", "times") and start < dose.start < stop
        if is_count and is_bare(sentence[dose.start : stop]):
            if len(sentence[start : dose.start].split()) >= 3:
                return dose.start
    return stop


def _is_dose_clause(sentence: str, start: int, stop: int, doses: Sequence[Dose]) -> bool:
    clause = sentence[start:stop].strip()
    has_dose = any(dose.start < stop and dose.end > start for dose in doses)
    return is_bare(clause) and (has_dose or _AGAIN.match(clause) is not None)


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """Return a sentence with its full stop."""
    text = text.strip()
    if text.startswith("(") and text.rstrip(".").endswith(")") and text.count("(") == 1:
        text = text.rstrip(".")[1:-1]
    text = capital(text.rstrip(",;:- \u2013"))
    return text if not text or text[-1] in ".!?" else f"{text}."
