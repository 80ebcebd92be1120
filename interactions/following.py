"""Follow what colleagues do with a conversation in the CRM: its status, assignee, labels and rating.

Each of these keeps the newest word on it, said here or there, whatever order the news came in.
"""

from datetime import datetime
from typing import Any

from django.db.models import F

from customers.upsert import upsert_contact
from interactions import outcomes
from interactions.colleagues import person_of
from interactions.crm.base import ConversationFact, RatingFact
from interactions.events import ConversationClosed, tell_all
from interactions.models import Connection, Conversation, Message
from interactions.talk import tell_conversation
from interactions.thread import hold, lock, set_newest

Status = Conversation.Status


def follow(connection: Connection, fact: ConversationFact, *, is_history: bool) -> tuple[Conversation, str]:
    """Apply it in the caller's transaction; returns the reason when it changed nothing."""
    lock(connection, fact.conversation)
    contact = upsert_contact(connection.pk, fact.contact) if fact.contact else None
    told = {"subject": fact.subject, "channel": fact.channel, "contact": contact}
    conversation, opens = hold(connection, fact.conversation, fact.changed_at, told)
    changed = _take(connection, conversation, fact)
    if fact.status == Status.RESOLVED:
        conversation.resolved_at = max(conversation.resolved_at or fact.changed_at, fact.changed_at)
    if opens:
        outcomes.derive_earlier(conversation)
    if not (changed or opens):
        conversation.save(update_fields=["told_at", "resolved_at"])
        outcomes.derive(conversation)
        return conversation, "nothing new is told of it"
    conversation.version += 1
    conversation.save()
    outcomes.derive(conversation)
    if "status" in changed and conversation.status == Status.RESOLVED and not is_history:
        tell_all(ConversationClosed(conversation.pk))
    tell_conversation(conversation)
    return conversation, ""


def _take(connection: Connection, conversation: Conversation, fact: ConversationFact) -> list[str]:
    """Set what the fact tells where it is the newest word; returns the names of what changed."""
    told: dict[str, Any] = {}
    if fact.status == Status.OPEN or (fact.status and not _customer_wrote_since(conversation, fact.changed_at)):
        told["status"] = fact.status
        # Not every CRM that snoozes says until when; every other status ends a snooze.
        if fact.status != Status.SNOOZED or fact.snoozed_until:
            told["snoozed_until"] = fact.snoozed_until if fact.status == Status.SNOOZED else None
    if fact.assignee is not None:
        told["assignee"] = person_of(connection, fact.assignee)
    if fact.labels is not None:
        told["labels"] = sorted(set(fact.labels))
    changed = [name for name, value in told.items() if set_newest(conversation, name, value, fact.changed_at)]
    if conversation.status != Status.SNOOZED:
        conversation.snoozed_until = None
    return changed


def _customer_wrote_since(conversation: Conversation, at: datetime) -> bool:
    """Then it is open again, whichever of the two was told first; at the same instant too."""
    spoken = conversation.messages.filter(by=Message.By.CUSTOMER, automatic="", sent_at__gte=at)
    return spoken.exists()


def rate(connection: Connection, fact: RatingFact) -> tuple[Conversation, str]:
    """The customer's latest rating is the one that is kept."""
    lock(connection, fact.conversation)
    conversation, _ = hold(connection, fact.conversation, fact.rated_at, {})
    known = (conversation.rated_at, conversation.rating)
    if conversation.rated_at and known >= (fact.rated_at, fact.score):
        return conversation, "a newer rating is here already"
    Conversation.objects.filter(pk=conversation.pk).update(
        rating=fact.score, rating_comment=fact.comment, rated_at=fact.rated_at, version=F("version") + 1
    )
    conversation.refresh_from_db(fields=["version"])
    tell_conversation(conversation)
    return conversation, ""
