"""Which drafts, decisions and signals a person may see: those of the conversations they may see."""

from django.db.models import Q, QuerySet

from copilot.models import Article, Decision, Draft, Signal
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


def visible_articles(who: Standing) -> QuerySet[Article]:
    articles = Article.objects.all()
    if who.is_admin:
        return articles
    return articles.filter(Q(teams=None) | Q(teams__in=who.teams)).distinct()
