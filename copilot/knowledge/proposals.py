"""Propose a change to an article, or a new article; its owner or a lead says yes, edits it, or declines.

The one verb for every room that has something to propose is `propose`. Learning calls it for what an
edit corrected (`corrections`), asking the agent for an answer worth keeping, and a person from a page.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from copilot.knowledge import texts
from copilot.models import Article, ArticleProposal, ProposalEvidence, Signal
from interactions.models import Conversation
from people.audit import note_deed
from people.models import ApiKey, Team, User

State = ArticleProposal.State
Origin = ArticleProposal.Origin


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said in which conversation; only those who may see that one are shown it."""

    conversation: Conversation
    sent: str
    drafted: str = ""
    signal: Signal | None = None


class Refused(Exception):
    """It cannot be done; the message says why, what was kept, and what to do."""


@transaction.atomic
def propose(
    team: Team,
    person: User | None,
    after: str,
    *,
    origin: ArticleProposal.Origin,
    article: Article | None = None,
    before: str = "",
    title: str = "",
    why: str = "",
    seen: Seen | None = None,
) -> ArticleProposal:
    """In `article` let `before` become `after`; without one: a new article `title` with the text `after`.

    `team` is whose lead may decide on a new article. A change that is proposed already, or was
    declined, gains evidence and is not proposed twice.
    """
    after = texts.clean(after)
    same = ArticleProposal.objects.exclude(state=State.ACCEPTED).filter(
        article=article, before=before, after=after, title=title, **({} if article else {"team": team})
    )
    proposal = same.order_by("-pk").first() or ArticleProposal.objects.create(
        team=team, article=article, origin=origin, title=title[: texts.LONGEST_TITLE], before=before,
        after=after, why=why[:300], by=person,
    )  # fmt: skip
    if seen:
        ProposalEvidence.objects.get_or_create(
            proposal=proposal, signal=seen.signal, conversation=seen.conversation, sent=seen.sent,
            defaults={"drafted": seen.drafted, "by": person},
        )  # fmt: skip
    return proposal


def applied(proposal: ArticleProposal) -> str | None:
    """The article's text with the change made; None where the words to change are no longer in it."""
    article = proposal.article
    if article is None:
        return proposal.after
    if not proposal.before or proposal.before not in article.body:
        return None
    return article.body.replace(proposal.before, proposal.after, 1)


@transaction.atomic
def accept(
    proposal: ArticleProposal, person: User, *, title: str = "", body: str = "", key: ApiKey | None = None
) -> Article:
    """The change is made, as proposed or with the whole text `body` that the person made of it."""
    body = body or applied(proposal) or ""
    if not body:
        raise Refused("The article says it otherwise by now. Nothing was changed; edit the proposal to fit.")
    _decide(proposal, person, State.ACCEPTED)
    article = proposal.article
    title = title or proposal.title or (article.title if article else "")
    if not title:
        raise Refused("A new article needs a title. Nothing was kept.")
    if article is None:
        article = texts.new_article(person, title, body, [proposal.team], key, owner=person)
        ArticleProposal.objects.filter(pk=proposal.pk).update(article=article)
    elif not texts.rewrite(article, person, article.version, title, body, proposal.why or _why(proposal), key):
        raise Refused("Somebody changed the article just now. Nothing was changed; look at it again.")
    note_deed(person, "accepted proposal", proposal, key=key, article=article.pk)
    return article


def _why(proposal: ArticleProposal) -> str:
    return f"Proposed by {proposal.by.name}" if proposal.by else proposal.get_origin_display()


@transaction.atomic
def decline(proposal: ArticleProposal, person: User, reason: str = "", key: ApiKey | None = None) -> None:
    _decide(proposal, person, State.DECLINED, reason=reason[:300])
    note_deed(person, "declined proposal", proposal, key=key)


def _decide(proposal: ArticleProposal, person: User, state: str, **fields: str) -> None:
    open_one = ArticleProposal.objects.filter(pk=proposal.pk, state=State.PROPOSED)
    if not open_one.update(state=state, decided_by=person, decided_at=Now(), **fields):
        raise Refused("This was decided already. Nothing was changed.")
