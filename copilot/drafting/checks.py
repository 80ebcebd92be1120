"""Checks after the engine and without it: what in the draft no source supports, in words."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from copilot.context.value import Context
from copilot.drafting.engine import Mark, Reply
from copilot.slots import details
from copilot.words import body, sentences

_PROMISE = re.compile(
    r"\b(I|we)(['’]ll| will| shall)\b|\byou(['’]ll| will) (have|get|receive|hear)\b"
    r"|\b(ich|wir) werden?\b|\bnous (vous )?\w+rons\b|\bje (vous )?\w+rai\b",
    re.I,
)
_DONE = re.compile(
    r"\b(I|we)(['’]ve| have)( just| now| already)? (\w+ed|sent|put|made|set|done|taken|given|written)\b"
    r"|\b(has|have) been (\w+ed|sent|paid|made|done)\b|\b(I|we) (just |now )?(refunded|credited|cancelled"
    r"|changed|added|removed|corrected|booked|sent|activated|reset)\b",
    re.I,
)
_OFFER = re.compile(r"\b(will be (happy|glad)|I hope|we hope|will help you)\b", re.I)
LABELS = {
    "promise": "I will see to it:",
    "done": "This was really done:",
    "figure": "I checked this figure:",
    "internal": "This repeats an internal note:",
}
NOTES = {"promise": "new promise", "done": "says it was done", "figure": "no source",
         "internal": "internal note"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a person must look at; `start` and `end` are its place in the text."""

    id: str
    kind: str
    words: str
    label: str
    note: str
    start: int
    end: int
    tick: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check(reply: Reply, context: Context) -> list[Check]:
    """At most one check a sentence, the gravest first; only sentences of the body count."""
    found: list[Check] = []
    core = body(reply.text)
    known = _known_details(context)
    marks = [mark for mark in reply.marks if _is_evidence(mark, context)]
    for start, end in sentences(reply.text):
        said = reply.text[start:end]
        if said not in core:
            continue
        kind = _fault(said, context, known, _is_marked(marks, start, end))
        if kind:
            found.append(Check(f"c{len(found) + 1}", kind, said, LABELS[kind], NOTES[kind], start, end))
    return found


def _is_evidence(mark: Mark, context: Context) -> bool:
    """House wording says how such a thing is put, never that it was done for this customer."""
    item = context.item(mark.item_id)
    return item is not None and item.kind in ("record", "note", "promise", "message")


def _is_marked(marks: Iterable[Mark], start: int, end: int) -> bool:
    return any(start < mark.at <= end + 1 for mark in marks)


def _fault(said: str, context: Context, known: set[str], marked: bool) -> str:
    if _repeats_internal(said, context):
        return "internal"
    if any(said[start:end].lower() not in known for _, start, end in details(said)):
        return "figure"
    if _OFFER.search(said):
        return ""
    if _PROMISE.search(said) and not marked:
        return "promise"
    return "done" if _DONE.search(said) and not marked else ""


def _known_details(context: Context) -> set[str]:
    """Every number, date, address and id that stands in a source or was said here."""
    texts = [item.text for item in context.items] + [item.title for item in context.items]
    texts += [turn.text for turn in context.turns if turn.by != "note"]
    texts += [context.subject, context.customer_email, *context.about_account, *context.instructions]
    said = {text[start:end].lower() for text in texts for _, start, end in details(text)}
    return said | _house_facts(context)


def _house_facts(context: Context) -> set[str]:
    """Details that two agents told two customers."""
    told: dict[str, tuple[set[str], set[str]]] = {}
    for example in context.examples:
        for _, start, end in details(example.text):
            customers, agents = told.setdefault(example.text[start:end].lower(), (set(), set()))
            customers.add(example.customer)
            agents.add(example.author)
    return {detail for detail, (c, a) in told.items() if len(c) > 1 and len(a) > 1}


def _repeats_internal(said: str, context: Context) -> bool:
    """Six words in a row of an internal note are no coincidence."""
    words = re.findall(r"\w+", said.lower())
    runs = {tuple(words[i : i + 6]) for i in range(len(words) - 5)}
    for item in context.items:
        if item.internal:
            note = re.findall(r"\w+", item.text.lower())
            if any(tuple(note[i : i + 6]) in runs for i in range(len(note) - 5)):
                return True
    return False
