"""What people do with a conversation besides answering it: take it, put it off, close it, note something."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from interactions.events import ConversationClosed, tell_all
from interactions.models import Conversation, Message
from interactions.talk import tell_conversation
from people.models import User

Status = Conversation.Status


@transaction.atomic
def assign(conversation: Conversation, to: User | None) -> None:
    _change(conversation, {"assignee": to})


@transaction.atomic
def snooze(conversation: Conversation, until: datetime) -> None:
    """Out of the inbox until then, or until the customer writes."""
    _change(conversation, {"status": Status.SNOOZED, "snoozed_until": until})


@transaction.atomic
def resolve(conversation: Conversation) -> None:
    _change(conversation, {"status": Status.RESOLVED, "snoozed_until": None})
    tell_all(ConversationClosed(conversation.pk))


@transaction.atomic
def reopen(conversation: Conversation) -> None:
    """Back in the inbox, from a snooze or from resolved."""
    _change(conversation, {"status": Status.OPEN, "snoozed_until": None})


@transaction.atomic
def add_note(conversation: Conversation, person: User, text: str) -> Message:
    """A note for colleagues; it never leaves and answers nobody."""
    now = timezone.now()
    note = Message.objects.create(
        conversation=conversation, by=Message.By.NOTE, person=person, author_name=person.name,
        text=text.replace("\r\n", "\n").strip(), sent_at=now, received_at=now,
    )  # fmt: skip
    _change(conversation, {})
    return note


def _change(conversation: Conversation, fields: Mapping[str, Any]) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(version=F("version") + 1, **fields)
    conversation.refresh_from_db(fields=["version", *fields])
    tell_conversation(conversation)
