"""Which rows of the copilot a person may see, and which they may change.

Drafts, decisions and signals go with their conversations, strategies with their accounts, articles and saved
replies with their teams.
"""

from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from copilot.models import (
    Article,
    ArticleProposal,
    Decision,
    Draft,
    DraftingRequest,
    Lesson,
    LessonMove,
    LessonUse,
    Offer,
    Rehearsal,
    RehearsedReply,
    SavedReply,
    Signal,
    Spending,
    Strategy,
    Topic,
)
from customers.access import managed_accounts, visible_accounts
from interactions.access import answerable_conversations, visible_conversations
from people.access import Standing


def visible_drafts(who: Standing) -> QuerySet[Draft]:
    return Draft.objects.filter(conversation__in=visible_conversations(who))


def decidable_drafts(who: Standing) -> QuerySet[Draft]:
    return Draft.objects.filter(conversation__in=answerable_conversations(who))


def visible_decisions(who: Standing) -> QuerySet[Decision]:
    return Decision.objects.filter(conversation__in=visible_conversations(who))


def visible_signals(who: Standing) -> QuerySet[Signal]:
    return Signal.objects.filter(conversation__in=visible_conversations(who))


def visible_topics(who: Standing) -> QuerySet[Topic]:
    return Topic.objects.all() if who.is_admin else Topic.objects.filter(team__in=who.teams)


def visible_lessons(who: Standing) -> QuerySet[Lesson]:
    """Those of the own teams; what a colleague keeps to themselves, their leads see."""
    if who.is_admin:
        return Lesson.objects.all()
    everyones = Q(team__in=who.teams) & (Q(person=None) | Q(person=who.user_id))
    return Lesson.objects.filter(everyones | Q(team__in=who.lead_teams))


def movable_lessons(who: Standing) -> QuerySet[Lesson]:
    if who.is_admin:
        return Lesson.objects.all()
    return visible_lessons(who).filter(Q(team__in=who.lead_teams) | Q(person=who.user_id))


def visible_offers(who: Standing) -> QuerySet[Offer]:
    """Those to the own teams, and those that they made."""
    if who.is_admin:
        return Offer.objects.all()
    return Offer.objects.filter(Q(team__in=who.teams) | Q(from_team__in=who.teams))


def decidable_offers(who: Standing) -> QuerySet[Offer]:
    return Offer.objects.all() if who.is_admin else Offer.objects.filter(team__in=who.lead_teams)


def visible_rehearsals(who: Standing) -> QuerySet[Rehearsal]:
    return Rehearsal.objects.all() if who.is_admin else Rehearsal.objects.filter(team__in=who.teams)


def led_rehearsals(who: Standing) -> QuerySet[Rehearsal]:
    return Rehearsal.objects.all() if who.is_admin else Rehearsal.objects.filter(team__in=who.lead_teams)


def visible_rehearsed(who: Standing) -> QuerySet[RehearsedReply]:
    """Their texts go with the conversations."""
    mine = RehearsedReply.objects.filter(rehearsal__in=visible_rehearsals(who))
    return mine.filter(conversation__in=visible_conversations(who))


def visible_requests(who: Standing) -> QuerySet[DraftingRequest]:
    rows = DraftingRequest.objects.all()
    return rows if who.is_admin else rows.filter(team__in=who.teams)


def decidable_requests(who: Standing) -> QuerySet[DraftingRequest]:
    rows = DraftingRequest.objects.all()
    return rows if who.is_admin else rows.filter(team__in=who.lead_teams)


def counted_lessons(rows: QuerySet[Lesson]) -> QuerySet[Any]:
    """With how many conversations speak for and against, the drafts that used it, and its last move."""
    stands = Q(evidence__undone_at=None)
    last = LessonMove.objects.filter(lesson=OuterRef("pk")).order_by("-pk")
    uses = LessonUse.objects.filter(lesson=OuterRef("pk")).order_by().values("lesson").annotate(n=Count("pk"))
    return rows.select_related("team", "person").annotate(
        agree=Count("evidence__conversation", filter=stands & Q(evidence__agrees=True), distinct=True),
        against=Count("evidence__conversation", filter=stands & Q(evidence__agrees=False), distinct=True),
        used=Coalesce(Subquery(uses.values("n")), 0), last_deed=Subquery(last.values("deed")[:1]),
        last_by=Subquery(last.annotate(name=F("by__name")).values("name")[:1]),
    )  # fmt: skip


def visible_spending(who: Standing) -> QuerySet[Spending]:
    """Money is for leads and admins."""
    return Spending.objects.all() if who.is_admin else Spending.objects.filter(team__in=who.lead_teams)


def visible_strategies(who: Standing) -> QuerySet[Strategy]:
    return Strategy.objects.filter(account__in=visible_accounts(who))


def managed_strategies(who: Standing) -> QuerySet[Strategy]:
    return Strategy.objects.filter(account__in=managed_accounts(who))


def visible_articles(who: Standing) -> QuerySet[Article]:
    articles = Article.objects.all()
    if who.is_admin:
        return articles
    return articles.filter(Q(teams=None) | Q(teams__in=who.teams)).distinct()


def writable_articles(who: Standing) -> QuerySet[Article]:
    """A lead writes what one of the own teams uses, an owner the own ones; what is for all teams, an admin."""
    if who.is_admin:
        return Article.objects.all()
    leads = Article.objects.filter(teams__in=who.lead_teams).values("pk")
    return visible_articles(who).filter(Q(owner=who.user_id) | Q(pk__in=leads))


def visible_saved_replies(who: Standing) -> QuerySet[SavedReply]:
    return SavedReply.objects.all() if who.is_admin else SavedReply.objects.filter(team__in=who.teams)


def writable_saved_replies(who: Standing) -> QuerySet[SavedReply]:
    rows = visible_saved_replies(who)
    return rows if who.is_admin else rows.filter(Q(owner=who.user_id) | Q(team__in=who.lead_teams))


def visible_proposals(who: Standing) -> QuerySet[ArticleProposal]:
    """Those of the own teams, and those to articles that one writes."""
    if who.is_admin:
        return ArticleProposal.objects.all()
    return ArticleProposal.objects.filter(Q(team__in=who.teams) | Q(article__in=writable_articles(who)))


def decidable_proposals(who: Standing) -> QuerySet[ArticleProposal]:
    """Who writes the article decides; on a new one, a lead of the team that proposes it."""
    if who.is_admin:
        return ArticleProposal.objects.all()
    new = Q(article=None, team__in=who.lead_teams)
    return ArticleProposal.objects.filter(Q(article__in=writable_articles(who)) | new)
