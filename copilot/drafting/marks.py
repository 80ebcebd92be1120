"""Citation marks such as `[r3]`: taken out of a text as it grows, kept as offsets beside it."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from copilot.drafting.engine import Mark

ID = r"[a-z]{1,3}[0-9]{1,9}"
MARK = re.compile(rf"\[ ?{ID}(?:[,;] ?{ID})* ?\]")
# What the end of a growing text looks like while it may still become a mark.
HALF = re.compile(r"\[[a-z0-9,; ]*")


@dataclass(frozen=True, slots=True)
class Marked:
    """The clean text, its marks, and those whose ids nobody offered."""

    text: str
    marks: tuple[Mark, ...] = ()
    unknown: tuple[Mark, ...] = ()


def read(raw: str, known: Collection[str], *, whole: bool = True) -> Marked:
    """Separate text and marks. With `whole` false the end is held back while it is undecided,
    so that what was shown once is never taken back."""
    if not whole:
        raw = _decided(raw)
    text = ""
    end = 0
    marks: dict[Mark, None] = {}
    unknown: dict[Mark, None] = {}
    for found in MARK.finditer(raw):
        text = _joined(text, raw[end : found.start()], after_mark=end > 0).rstrip(" \t")
        end = found.end()
        at = len(text.rstrip())
        for item_id in re.findall(ID, found.group()):
            if item_id in known:
                marks[Mark(at, item_id)] = None
            else:
                unknown[Mark(at, item_id)] = None
    text = _joined(text, raw[end:], after_mark=end > 0).rstrip()
    return Marked(text, tuple(marks), tuple(unknown))


def _joined(before: str, following: str, *, after_mark: bool) -> str:
    """A mark leaves no hole and no double space, at the start of a line no indent."""
    if after_mark and before[-1:] in ("", "\n"):
        following = following.lstrip(" \t")
    elif after_mark and following[:1].isalnum():
        following = " " + following
    return before + following


def _decided(raw: str) -> str:
    opening = raw.rfind("[")
    if opening >= 0 and HALF.fullmatch(raw, opening):
        raw = raw[:opening]
    return raw.rstrip()
