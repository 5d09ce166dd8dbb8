"""Characters with which a text from outside could deceive whoever reads it."""

from __future__ import annotations

import re

DECEPTIVE = re.compile(
    "[\0-\x1f\x7f-\x9f"  # what terminals obey
    "\u2028-\u202e\u2066-\u2069"  # new lines, and what turns the order of a text round
    "\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # not seen
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    "\ud800-\udfff\ufffe\uffff]"  # no characters
)
"""The joiners and the marks of direction are not among them: Persian, Hindi, Hebrew and many an
emoji are not written without."""


def shown(text: str) -> str:
    """Return a text as it may stand in a line, with what could deceive as escapes."""
    if text.isprintable():
        return text
    return DECEPTIVE.sub(lambda found: ascii(found[0])[1:-1], text)
