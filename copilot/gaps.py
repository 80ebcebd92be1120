"""Gaps: what a draft leaves open for all to see, as words in square brackets such as [the delivery date]."""

import re
from collections.abc import Iterable

# The kinds of detail that `slots` masks, as a person is asked for them.
WORDS = {
    "link": "the link", "email": "the mail address", "phone": "the phone number", "amount": "the amount",
    "date": "the date", "time": "the time", "day": "the weekday", "id": "the order or invoice number",
    "number": "the number",
}  # fmt: skip
LONGEST = 80
# A letter first, so that no citation and no footnote is one; and no link as Markdown writes it.
_GAP = re.compile(rf"\[([^\W\d_][^\[\]\n]{{1,{LONGEST - 2}}}[^\s\[\]])\](?!\()")


def gap(slot: str) -> str:
    return f"[{WORDS[slot]}]"


def gaps(text: str, said: Iterable[str] = ()) -> tuple[str, ...]:
    """The words of each gap, once. What stands in brackets in a source too, such as [Save], is none."""
    elsewhere = tuple(said)
    found = dict.fromkeys(hit[1] for hit in _GAP.finditer(text))
    return tuple(words for words in found if not any(f"[{words}]" in one for one in elsewhere))


def slot_of(words: str) -> str:
    """The kind of detail that fills the gap, where it is one of WORDS."""
    return next((slot for slot, known in WORDS.items() if known == words), "")
