"""Find conversations by what was said in them or what they are about, the newest first."""

from dataclasses import dataclass
from typing import cast

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Model, Q, QuerySet

from interactions.models import Conversation, Message

MOST_MESSAGES = 120  # of the newest that match; more of them are mostly in the same conversations
RECENT = 1000  # a word that is common stands in enough of the newest messages
PARTIES = ("contact", "account", "team")


@dataclass(frozen=True, slots=True)
class Found:
    """`message` is the newest one that matches; None where only the subject does."""

    conversation: Conversation
    message: Message | None = None


def find_conversations(visible: QuerySet[Conversation], words: str, limit: int) -> list[Found]:
    """Those among `visible` with all of the words, in any order, in one message or in the subject."""
    said: dict[int, Found] = {}
    for message in _newest(_said(visible, words), Message, MOST_MESSAGES):
        said.setdefault(message.conversation_id, Found(message.conversation, message))
    for conversation in _newest(_about(visible, words), Conversation, limit):
        said.setdefault(conversation.pk, Found(conversation))
    newest = sorted(said.values(), key=lambda one: one.conversation.last_message_at, reverse=True)
    return newest[:limit]


def saying(conversations: QuerySet[Conversation], words: str) -> QuerySet[Conversation]:
    """Those of them with all of the words in one message or in the subject."""
    said = _matching(Message.objects.filter(conversation__in=conversations), "text", words)
    about = _matching(conversations, "subject", words)
    return conversations.filter(Q(pk__in=said.values("conversation")) | Q(pk__in=about.values("pk")))


def _newest[M: Model](matching: QuerySet[M], model: type[M], most: int) -> list[M]:
    """The newest that match: read through the newest of all first, and ask the index where those are too few.

    The sum keeps the database from reading all rows in their order instead of asking the index.
    """
    last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    recent = list(matching.filter(pk__gt=last - RECENT).order_by("-pk")[:most])
    return recent if len(recent) == most else list(matching.order_by((F("pk") + 0).desc())[:most])


def _said(visible: QuerySet[Conversation], words: str) -> QuerySet[Message]:
    matching = _matching(Message.objects.filter(conversation__in=visible), "text", words)
    return matching.select_related(*(f"conversation__{name}" for name in PARTIES))


def _about(visible: QuerySet[Conversation], words: str) -> QuerySet[Conversation]:
    return _matching(visible, "subject", words).select_related(*PARTIES)


def _matching[M: Model](rows: QuerySet[M], field: str, words: str) -> QuerySet[M]:
    wanted = SearchQuery(words, config="simple", search_type="websearch")
    found = rows.alias(words=SearchVector(field, config="simple")).filter(words=wanted)
    return cast("QuerySet[M]", found)
