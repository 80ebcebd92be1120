"""A letter's parts and its sentences: pure, for what is learnt of letters and what is done to them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from copilot import words

KEPT = 0.6  # of two sentences of which one is the other in other words
QUESTION = "?"
_ENDS = tuple(".!?…:")
_LINE = 60  # characters of a greeting or a closing line


@dataclass(frozen=True, slots=True)
class Parts:
    """Where a letter's greeting, body and closing phrase stand, as (start, end); empty ones are (n, n)."""

    greeting: tuple[int, int]
    body: tuple[int, int]
    closing: tuple[int, int]


def parts(text: str, lines_after: int | None = None) -> Parts:
    """Of a letter. `lines_after`: a closing in words of their own is the line with so many below it."""
    spans = [(m.start(), m.end()) for m in re.finditer(r"[^\n]*\S[^\n]*", text)]
    first = text[slice(*spans[0])] if spans else ""
    greets = len(spans) > 1 and (words.is_greeting(first) or _is_salute(first, text, spans))
    greeting = spans[0] if greets else (0, 0)
    below = _closing(text, spans, lines_after)
    closing = spans[below] if below is not None else (len(text), len(text))
    return Parts(greeting, (greeting[1], closing[0]), closing)


def _is_salute(line: str, text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Short, ending as a greeting ends, with an empty line below it."""
    gap = text[spans[0][1] : spans[1][0]]
    return len(line) <= _LINE and line.rstrip()[-1:] in (",", "!", ":") and gap.count("\n") > 1


def _closing(text: str, spans: Sequence[tuple[int, int]], lines_after: int | None) -> int | None:
    for back in range(1, min(5, len(spans) - 1) + 1):
        if words.is_closing(text[slice(*spans[-back])]):
            return len(spans) - back
    own = len(spans) - 1 - (lines_after if lines_after is not None else len(spans))
    if own < 1:
        return None
    line, gap = text[slice(*spans[own])], text[spans[own - 1][1] : spans[own][0]]
    short = len(line) <= _LINE and line.rstrip()[-1:] not in (".", "?")
    return own if short and gap.count("\n") > 1 else None


def lines_after_closing(text: str) -> int | None:
    """How many lines stand below the closing phrase; None without one."""
    closing = parts(text).closing
    below = text[closing[1] :]
    return sum(bool(line.strip()) for line in below.split("\n")) if closing[0] < len(text) else None


def said_in(text: str, body: tuple[int, int]) -> list[tuple[int, int]]:
    """Where each sentence of a body stands. A line that ends as none does (a list's, a name) is no sentence."""
    found = [(body[0] + start, body[0] + end) for start, end in words.sentences(text[slice(*body)])]
    return [(start, end) for start, end in found if text[start:end].rstrip(")”\"’'")[-1:] in _ENDS]


def marked(said: Sequence[str], sign: str) -> int | None:
    """Which of the sentences has the sign: the only one that asks, or that has these words."""
    stems = words.content(sign)
    asked = sign == QUESTION
    hits = [
        at for at, one in enumerate(said)
        if (one[-1:] == QUESTION if asked else stems and stems <= words.content(one))
    ]  # fmt: skip
    return hits[0] if len(hits) == 1 else None


def kept_of(was: Sequence[str], now: Sequence[str]) -> int:
    """How many of a draft's sentences stand in what was sent, reworded or not."""
    return sum(place_of(one, now) is not None for one in was)


def sentences(text: str) -> list[str]:
    return [text[slice(*one)] for one in said_in(text, parts(text).body)]


def place_of(said: str, among: Sequence[str]) -> int | None:
    """Where a sentence stands in what was sent, in other words or not."""
    told = words.tokens(said)
    alike = [words.likeness(told, words.tokens(one)) for one in among]
    nearest = max(range(len(among)), key=lambda at: alike[at], default=0)
    return nearest if alike and alike[nearest] >= KEPT else None
