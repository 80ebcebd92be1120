"""A person corrected a detail that the draft had from an article: so the article may be wrong.

A correction is a sentence that was sent with another number, date, amount, link or the like than the
draft had, where the draft's own detail stands in an article that it cites.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from copilot import words
from copilot.knowledge.proposals import Origin, Seen, propose
from copilot.models import Article, ArticleProposal, NoTeacher, Signal
from copilot.slots import details
from customers.models import Contact

ALIKE = 0.5  # of the words of two sentences
SHARED = 2  # content words that a sentence and its article have in common


@dataclass(frozen=True, slots=True)
class Correction:
    """One sentence as it was drafted and as it was sent, and each detail with what took its place."""

    drafted: str
    sent: str
    details: tuple[tuple[str, str], ...]


def propose_corrections(signal: Signal) -> list[ArticleProposal]:
    """For each article that the draft cites and the sent reply contradicts: the change, with its evidence."""
    draft = signal.draft
    cited = [one["id"][1:] for one in draft.sources if one["kind"] == "article"] if draft else []
    if not cited or not signal.script or NoTeacher.objects.filter(person=signal.person_id).exists():
        return []
    found = list(corrections(signal.drafted, signal.sent))
    private = _details_of(signal.conversation.contact)
    made = []
    for article in Article.objects.filter(pk__in=cited, retired_at=None) if found else ():
        for one in found:
            change = _change(article.body, one)
            if change and not any(new in private for _, new in one.details):
                made.append(_propose(signal, article, one, *change))
    return made


def _propose(signal: Signal, article: Article, one: Correction, before: str, after: str) -> ArticleProposal:
    seen = Seen(signal.conversation, sent=one.sent, drafted=one.drafted, signal=signal)
    return propose(
        signal.team, signal.person, after, origin=Origin.CORRECTION, article=article, before=before,
        seen=seen,
    )  # fmt: skip


def _details_of(contact: Contact | None) -> set[str]:
    """What belongs to the customer alone and into no article."""
    return {contact.email, contact.phone} - {""} if contact else set()


def corrections(drafted: str, sent: str) -> Iterable[Correction]:
    """Each drafted sentence that was sent with other details, beside the sentence that took its place."""
    old, new = _sentences(drafted), _sentences(sent)
    fresh = [one for one in new if one not in old]
    for said in old:
        if said in new or not fresh:
            continue
        nearest = max(fresh, key=lambda one: words.likeness(words.tokens(said), words.tokens(one)))
        if words.likeness(words.tokens(said), words.tokens(nearest)) >= ALIKE:
            changed = _changed(said, nearest)
            if changed:
                yield Correction(said, nearest, changed)


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in words.sentences(text)]


def _changed(drafted: str, sent: str) -> tuple[tuple[str, str], ...]:
    """Details that were replaced, in order. One that was only added or only dropped corrects nothing."""
    old, new = ([text[start:end] for _, start, end in details(text)] for text in (drafted, sent))
    gone = [one for one in old if one not in new]
    come = [one for one in new if one not in old]
    return tuple(zip(gone, come, strict=True)) if len(gone) == len(come) else ()


def _change(body: str, correction: Correction) -> tuple[str, str] | None:
    """The article's sentence that said so too, and the same sentence corrected."""
    asked = words.content(correction.drafted)
    best, change = SHARED - 1, None
    for said in _sentences(body):
        corrected = _replaced(said, correction.details)
        shared = len(asked & words.content(said))
        if corrected != said and shared > best:
            best, change = shared, (said, corrected)
    return change


def _replaced(said: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        said = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _, new=new: new, said)  # type: ignore[misc]
    return said
