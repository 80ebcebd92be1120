"""Forget what drafts, decisions and learning hold of an erased contact, in the teller's transaction."""

import json

from django.db.models import Q

from copilot.drafting import opening
from copilot.learning import ledger, sense_kept, together
from copilot.models import (
    ArticleProposal,
    Brief,
    CaseSummary,
    Decision,
    Draft,
    IdempotentAnswer,
    LessonEvidence,
    PastReply,
    ProposalEvidence,
    Question,
    RehearsedReply,
    RoughText,
    Signal,
    TopicLabel,
)
from copilot.relationship.forgotten import forget_in_strategies
from customers.models import ContactMerge
from interactions.erasing import BLANK
from interactions.events import ContactErased
from interactions.models import Conversation

State = Draft.State
# What a repeated request is answered from then on: done again it must not be.
GONE = {
    "type": "about:blank", "title": "Gone", "status": 410,
    "detail": "The contact was erased, and this answer with them. Nothing was done again.",
}  # fmt: skip


def erase(fact: ContactErased) -> None:
    within = Q(conversation__in=fact.conversations)
    fact.gone["proposals"] = _forget_proposals(fact)
    fact.gone["briefs"] = Brief.objects.filter(escalation__conversation__in=fact.conversations).delete()[0]
    _forget_evidence(fact)
    RoughText.objects.filter(within).delete()
    fact.gone["signals"] = _forget_signals(within)
    together.refresh()
    fact.gone["decisions"] = Decision.objects.filter(within).delete()[0]
    fact.gone["past replies"] = PastReply.objects.filter(within | Q(contact=fact.contact_id)).delete()[0]
    fact.gone["cases so far"] = CaseSummary.objects.filter(within).delete()[0]
    TopicLabel.objects.filter(within).delete()
    fact.gone["questions"] = Question.objects.filter(within).delete()[0]
    fact.gone["rehearsed replies"] = RehearsedReply.objects.filter(within | _near(fact)).delete()[0]
    fact.gone["drafts"] = Draft.objects.filter(within).delete()[0]
    fact.gone["sources of other drafts"] = _strike_sources(fact)
    fact.gone["lines of other briefs"] = _strike_lines(fact)
    fact.gone["strategies"] = forget_in_strategies(fact)
    fact.gone["kept answers"] = _forget_answers(fact)
    _strike_address(fact.email)
    for conversation in Conversation.objects.filter(pk__in=fact.shared).select_related("team", "contact"):
        _draft_anew(conversation)


def _forget_proposals(fact: ContactErased) -> int:
    """What was proposed on their conversations alone goes; an article that took it up stays."""
    theirs = Q(evidence__conversation__in=fact.conversations)
    ids = list(ArticleProposal.objects.filter(theirs).values_list("pk", flat=True))
    ProposalEvidence.objects.filter(conversation__in=fact.conversations).delete()
    bare = ArticleProposal.objects.filter(pk__in=ids, evidence=None)
    return bare.exclude(state=ArticleProposal.State.ACCEPTED).delete()[0]


def _forget_evidence(fact: ContactErased) -> None:
    """Lessons that rested on their conversations are judged by what is left."""
    theirs = LessonEvidence.objects.filter(conversation__in=fact.conversations)
    rested = set(theirs.values_list("lesson", flat=True))
    theirs.delete()
    fact.gone["lessons"] = ledger.recount(rested)


def _forget_signals(within: Q) -> int:
    taught = Signal.objects.filter(within).exclude(choice_learnt_at=None).exists()
    gone = Signal.objects.filter(within).delete()[0]
    if taught:
        sense_kept.forget()
    return gone


def _strike_sources(fact: ContactErased) -> int:
    """Drafts to others of the account may rest on a note about this contact; open ones are written anew.

    So may drafts to whom they were one with, until that merge was taken back.
    """
    ids = {f"{kind[0]}{pk}" for kind, pk in fact.rows}
    struck = 0
    near = Draft.objects.filter(_near(fact))
    for draft in near.filter(~Q(sources=[]) | Q(state__in=Draft.WORKING)).select_related("conversation"):
        kept = [one for one in draft.sources if one["id"] not in ids]
        struck += len(draft.sources) - len(kept)
        if draft.state in Draft.WORKING:  # it may be reading one of them now
            opening.requeue(draft, None)
        elif len(kept) < len(draft.sources):
            _rest_on(draft, kept)
    return struck


def _near(fact: ContactErased) -> Q:
    """What is about the conversations of others of the account, or of whom they were one with for a time."""
    pairs = ContactMerge.objects.filter(Q(contact=fact.contact_id) | Q(into=fact.contact_id))
    once_one = {pk for pair in pairs.values_list("contact", "into") for pk in pair}
    theirs = Q(conversation__account__isnull=False, conversation__account=fact.account_id)
    return theirs | Q(conversation__contact__in=once_one)


def _rest_on(draft: Draft, sources: list[object]) -> None:
    """What a person made of it goes as well; what was sent to others stays theirs."""
    if draft.state in (State.READY, State.STALE):
        opening.requeue(draft, None)
    else:
        draft.alternatives.all().delete()
        Draft.objects.filter(pk=draft.pk).update(
            sources=sources, text=BLANK, edited_text="", missing=[], unused=[], checks=[], goals=[]
        )


def _strike_lines(fact: ContactErased) -> int:
    told = {f"{kind}:{pk}" for kind, pk in fact.rows} | {f"contact:{fact.contact_id}"}
    struck = 0
    for brief in Brief.objects.filter(escalation__conversation__account=fact.account_id or 0):
        kept = [one for one in brief.lines if one["source"] not in told]
        if len(kept) < len(brief.lines):
            struck += len(brief.lines) - len(kept)
            Brief.objects.filter(pk=brief.pk).update(lines=kept)
    return struck


def _forget_answers(fact: ContactErased) -> int:
    forgotten = 0
    for answer in IdempotentAnswer.objects.exclude(status=None):
        told = json.loads(bytes(answer.body))
        if isinstance(told, dict) and _is_theirs(told, fact):
            IdempotentAnswer.objects.filter(pk=answer.pk).update(status=410, body=json.dumps(GONE).encode())
            forgotten += 1
    return forgotten


_QUOTING = {"quotes", "board", "aim"}  # an answer to a question; rounds and strategies


def _is_theirs(told: dict[str, object], fact: ContactErased) -> bool:
    """An answer about a customer quotes whom it will, so each of those goes."""
    return told.get("conversation") in fact.conversations or not _QUOTING.isdisjoint(told)


def _strike_address(email: str) -> None:
    """Off the envelopes of everybody's drafts."""
    addressed = Q()
    for name in ("to", "cc", "bcc"):
        addressed |= Q(**{f"envelope__{name}__contains": [email]})
    for draft in Draft.objects.filter(addressed) if email else ():
        lists = {name: [one for one in draft.envelope[name] if one != email] for name in ("to", "cc", "bcc")}
        Draft.objects.filter(pk=draft.pk).update(envelope=draft.envelope | lists)


def _draft_anew(conversation: Conversation) -> None:
    """The others are still waiting for their answer."""
    newest = opening.newest_from_customer(conversation)
    if newest and conversation.waiting_since and newest.sent_at >= conversation.waiting_since:
        opening.customer_wrote(conversation, newest)
