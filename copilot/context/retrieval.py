"""Find what is near a question: past replies, saved replies and articles, by full text.

Any of the question's words may match (OR), and the rank is normalised by length: with all words
required a third of the good neighbours was found, with this nine in ten.
"""

import re
from typing import Any

from django.contrib.postgres.search import SearchRank
from django.db import models
from django.db.models import F, Func, Q, QuerySet, Value

from copilot.context.value import Example
from copilot.models import Article, PastReply, SavedReply
from copilot.models.knowledge import dictionary
from copilot.slots import names_in
from people.models import Team

MOST_WORDS = 60
_WORD = re.compile(r"\w+")


class AnyWord(Func):
    """A tsquery that matches any of the words."""

    template = "replace(plainto_tsquery(%(expressions)s)::text, '&', '|')::tsquery"  # quoted lexemes stay
    output_field = models.CharField()


def any_word(text: str, language: str) -> AnyWord:
    """The first distinct words of the text, each long enough to say something."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))[:MOST_WORDS]
    config = models.ExpressionWrapper(
        Func(Value(dictionary(language)), template="%(expressions)s::regconfig"),
        output_field=models.CharField(),
    )
    return AnyWord(config, Value(" ".join(words)))


def _near[M: models.Model](rows: QuerySet[M], text: str, language: str, limit: int) -> list[M]:
    query = any_word(text, language)
    rank = SearchRank(F("vector"), query, normalization=1, cover_density=True)
    matching = rows.annotate(near=rank).filter(Q(Func(F("vector"), query, **_MATCHES)))
    return list(matching.order_by("-near", "-pk")[:limit])


_MATCHES: dict[str, Any] = {
    "template": "%(expressions)s",
    "arg_joiner": " @@ ",
    "output_field": models.BooleanField(),
}


def near_replies(team: Team, text: str, language: str, exclude: int, limit: int = 30) -> list[Example]:
    """Past replies of the team to something like `text`, the nearest first."""
    rows = PastReply.objects.filter(team=team).exclude(conversation_id=exclude)
    rows = rows.select_related("contact", "account", "message").defer("vector")
    return [_example(row) for row in _near(rows, text, language, limit)]


def _example(row: PastReply) -> Example:
    people = (row.contact.name if row.contact else "", row.account.name if row.account else "")
    return Example(
        asked=row.asked,
        text=row.text,
        customer=_customer(row),
        author=row.author,
        names=names_in(*people, row.message.author_name),
        score=float(getattr(row, "near", 0.0)),
        sent_at=row.sent_at,
    )


def _customer(row: PastReply) -> str:
    """Contacts that were merged are one customer: what both were told may still be one person's detail."""
    shown_as = row.contact.shown_as_id if row.contact else None
    return f"contact:{shown_as}" if shown_as and row.account_id is None else row.customer


def near_saved_replies(team: Team, text: str, language: str, limit: int = 3) -> list[SavedReply]:
    rows = SavedReply.objects.filter(team=team).defer("vector")
    return _near(rows, text, language, limit)


def near_articles(team: Team, text: str, language: str, limit: int = 3) -> list[Article]:
    rows = Article.objects.filter(Q(teams=None) | Q(teams=team)).defer("vector")
    return _near(rows, text, language, limit)


def asked_text(before: str, question: str) -> str:
    """What a past reply is found by: the question, and the end of what we had said before it."""
    return f"{question}\n{before[-300:]}".strip()
