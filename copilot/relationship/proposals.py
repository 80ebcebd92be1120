"""Notes that the copilot proposes: each with words that stand in a message, and the same thing never twice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from django.utils import timezone

from copilot.words import content
from customers.models import Account, Note
from interactions.models import Message, Quote

MOST_AT_ONCE = 5
COMPARED = 200  # notes of the account
SAME = 0.8  # of its content words, from where a quote says no more than another
_NUMBER = re.compile(r"\d+")
_DENIES = re.compile(r"\b(?:not|no|never|without|cannot|nothing|only)\b|n['’]t\b", re.I)
_DAY = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|\bmay\b|june|july|august"
    r"|september|october|november|december|morning|afternoon|evening|noon|mail|phone|call",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody or something noticed in a message; `text` is how the note would read."""

    message: Message
    kind: str
    text: str
    quote: str
    confidence: str = ""


def propose_notes(account: Account, found: Iterable[Proposal]) -> list[Note]:
    """Those that are new to the account, whatever became of what was known; in the caller's transaction."""
    known = [
        _sense(one)
        for quote, text in account.notes.order_by("-pk").values_list("quote", "text")[:COMPARED]
        for one in (quote, text)
        if one
    ]
    made: list[Note] = []
    for one in found:
        quote, sense = verbatim(one.quote, one.message.text), _sense(one.quote)
        if not quote or len(made) == MOST_AT_ONCE or any(_says_no_more(sense, other) for other in known):
            continue
        note = _propose(account, one, quote)
        known += [sense, _sense(one.text)]
        made += [note] if note else []
    return made


def verbatim(quote: str, text: str) -> str:
    """The words as they stand in the text, white space aside; empty where they do not."""
    parts = [re.escape(part) for part in quote.split()]
    found = re.search(r"\s+".join(parts), text) if parts else None
    return found.group() if found else ""


def _propose(account: Account, one: Proposal, quote: str) -> Note | None:
    message = one.message
    note, made = Note.objects.get_or_create(
        account=account, key=_key(one.quote),
        defaults={
            "contact": message.contact or message.conversation.contact, "kind": one.kind, "text": one.text,
            "quote": quote, "confidence": one.confidence, "by_copilot": True, "owner": account.manager,
            "created_at": timezone.now(),
        },
    )  # fmt: skip
    if made:
        Quote.objects.create(message=message, note=note, text=quote)
    return note if made else None


def _key(quote: str) -> str:
    return sha256(" ".join(quote.casefold().split()).encode()).hexdigest()


type Sense = tuple[frozenset[str], frozenset[str], bool]


def _sense(text: str) -> Sense:
    """What it is about; which numbers, days and ways it names; whether it denies."""
    named = {one.lower() for pattern in (_NUMBER, _DAY) for one in pattern.findall(text)}
    return frozenset(content(text)), frozenset(named), bool(_DENIES.search(text))


def _says_no_more(new: Sense, known: Sense) -> bool:
    """The opposite, or the same of another day, is something else."""
    if new[2] != known[2] or not new[1] <= known[1]:
        return False
    return new[0] == known[0] or (len(new[0]) > 2 and len(new[0] & known[0]) >= SAME * len(new[0]))


def may_clash(one: Note, other: Note) -> bool:
    """Of one kind, about one person and much the same thing, and yet not the same: for a person to settle."""
    if one.kind != other.kind or (one.contact_id and other.contact_id and one.contact_id != other.contact_id):
        return False
    first, second = _sense(one.quote or one.text), _sense(other.quote or other.text)
    return len(first[0] & second[0]) >= 2 and first[1:] != second[1:]
