"""How much a Context may hold, and what goes first when it would hold more.

Dropped first to last, as DROPPED_FIRST spells out: answers in the customer's other conversations, the oldest
messages here (the case so far tells of them), the oldest records, articles and saved replies after the nearest,
the oldest notes; then more of each in the same order, promises and goals, and at last all but the customer's
newest message. Who the customer is, that message and what colleagues asked for always stay. What was dropped is
named on the draft with its number, never with its words.

Tokens are estimated here, because counting them exactly needs the model's server. Beside the tokenizer that
Anthropic published for Claude 2, dialogues of STAR came out 10 to 31 % too high, orders as JSON 9 to 16 % too
high, sentences in French and Chinese 10 % too high, in Swedish 13 % and in German 12 to 26 % too low. Newer
models count up to a third more, so a budget of 16,000 is at the most some 25,000 of theirs.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from copilot.context.value import Context, Item, Turn, Unused

# A kind, and how many of it stay for now; each step drops the last of the kind that is still there.
DROPPED_FIRST = (
    ("earlier", 0), ("turn", 20), ("record", 8), ("article", 1), ("saved_reply", 1), ("note", 8), ("turn", 6),
    ("record", 2), ("note", 2), ("promise", 3), ("goal", 2), ("article", 0), ("saved_reply", 0), ("record", 0),
    ("note", 0), ("promise", 0), ("goal", 0), ("past_reply", 0), ("turn", 1),
)  # fmt: skip
WORDS = {
    "earlier": ("answer in another conversation", "answers in other conversations"),
    "turn": ("older message", "older messages"),
    "record": ("older record", "older records"),
    "article": ("less near article", "less near articles"),
    "saved_reply": ("less near saved reply", "less near saved replies"),
    "note": ("older note", "older notes"),
    "promise": ("later promise", "later promises"),
    "goal": ("goal", "goals"),
    "past_reply": ("usual reply", "usual replies"),
}
NO_ROOM = "no room left for it in one prompt"
ENVELOPE = 40  # what names, dates and braces around one text come to
FEWEST_BYTES = 2  # of one token; nothing that people write came out at fewer
_WORD = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")


def tokens(text: str) -> int:
    """About how many tokens a model takes for the text."""
    found = 0.0
    for word in _WORD.findall(text):
        if word.isascii():
            found += 1 + (len(word) - 1) / 8 if word.isalpha() else 0.4 if word.isdigit() else 0.7
        else:
            odd = sum(letter > "\x7f" for letter in word)
            found += 1 + (len(word) - 1) / 8 + odd * 0.9 - (odd == len(word))
    return round(found)


def fitting(items: Iterable[Item], most: int) -> list[Item]:
    """The first of them that come to no more than about `most` tokens."""
    kept: list[Item] = []
    for item in items:
        most -= tokens(item.text) + ENVELOPE
        if most < 0:
            break
        kept.append(item)
    return kept


def within(context: Context, most: int) -> Context:
    """The Context with no more than about `most` tokens, and what it had to leave out among the unused."""
    if sum(len(text.encode()) + ENVELOPE for text in _texts(context)) <= most * FEWEST_BYTES:
        return context
    over = sum(tokens(text) + ENVELOPE for text in _texts(context)) - most
    pools, gone, dropped = _pools(context), Counter[str](), set[str]()
    for kind, stay in DROPPED_FIRST:
        pool = pools.get(kind, [])
        while over > 0 and len(pool) > stay:
            one = pool.pop()
            over -= tokens(one.text) + ENVELOPE
            gone[kind] += 1
            dropped.add(one.id)
    return _without(context, dropped, gone)


def _texts(context: Context) -> Iterable[str]:
    yield from (turn.text for turn in context.turns)
    yield from (f"{line.text} {line.quote}" for line in context.case)
    yield from (item.text for item in context.items if item.id not in context.here)
    yield from (f"{rule.before} {rule.after}" for rule in context.lessons)
    yield from (*context.about_account, *context.instructions, context.subject)


def _pools(context: Context) -> dict[str, list[Turn | Item]]:
    """What may go, by its kind, that which stays longest first."""
    newest = next((turn for turn in reversed(context.turns) if turn.by == "customer"), None)
    older = [turn for turn in reversed(context.turns) if turn is not newest]
    pools: dict[str, list[Turn | Item]] = {"turn": [newest, *older] if newest else [*older]}
    for item in context.items:
        if item.id not in context.here:
            pools.setdefault("earlier" if item.kind == "message" else item.kind, []).append(item)
    return pools


def _without(context: Context, dropped: set[str], gone: Counter[str]) -> Context:
    left = (Unused(f"{n} {WORDS[kind][n > 1]}", NO_ROOM) for kind, n in gone.items())
    return replace(
        context,
        turns=tuple(turn for turn in context.turns if turn.id not in dropped),
        items=tuple(item for item in context.items if item.id not in dropped),
        unused=(*context.unused, *left),
    )
