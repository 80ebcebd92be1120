"""What people do with a conversation besides answering it: take it, put it off, close it, note something.

Each is the newest word on the matter, and is told to the conversation's CRM, so that both sides agree.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from interactions import outbox, outcomes
from interactions.colleagues import agent_of
from interactions.events import ConversationClosed, tell_all
from interactions.models import Conversation, Message
from interactions.talk import tell_conversation
from interactions.thread import stamp
from people.models import User

Status = Conversation.Status


@transaction.atomic
def assign(conversation: Conversation, to: User | None, by: User) -> None:
    _change(conversation, by, {"assignee": to})


@transaction.atomic
def snooze(conversation: Conversation, until: datetime, by: User) -> None:
    """Out of the inbox until then, or until the customer writes."""
    _change(conversation, by, {"status": Status.SNOOZED, "snoozed_until": until})


@transaction.atomic
def resolve(conversation: Conversation, by: User) -> None:
    _change(conversation, by, {"status": Status.RESOLVED, "snoozed_until": None, "resolved_at": timezone.now()})
    outcomes.derive(conversation)
    tell_all(ConversationClosed(conversation.pk))


@transaction.atomic
def reopen(conversation: Conversation, by: User) -> None:
    """Back in the inbox, from a snooze or from resolved."""
    _change(conversation, by, {"status": Status.OPEN, "snoozed_until": None})


@transaction.atomic
def label(conversation: Conversation, labels: Sequence[str], by: User) -> None:
    _change(conversation, by, {"labels": sorted({one.strip() for one in labels if one.strip()})})


@transaction.atomic
def add_note(conversation: Conversation, person: User, text: str) -> Message:
    """A note for colleagues, here and in the CRM; no customer sees it and it answers nobody."""
    now = timezone.now()
    note = Message.objects.create(
        conversation=conversation, by=Message.By.NOTE, person=person, author_name=person.name,
        text=text.replace("\r\n", "\n").strip(), sent_at=now, received_at=now,
    )  # fmt: skip
    _change(conversation, person, {})
    said = {"id": note.pk, "text": note.text, "author": person.name}
    _tell(conversation, person, {"note": said}, stamp(now))
    return note


def _change(conversation: Conversation, by: User, fields: Mapping[str, Any]) -> None:
    now = stamp(timezone.now())
    held = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    told = [name for name in ("status", "assignee", "labels") if name in fields]
    held.told_at |= dict.fromkeys(fields.keys() - {"resolved_at"}, now)
    held.version += 1
    for name, value in fields.items():
        setattr(held, name, value)
    held.save(update_fields=["version", "told_at", *fields])
    conversation.refresh_from_db(fields=["version", "told_at", *fields])
    if told:
        _tell(held, by, {name: _in_words(held, name) for name in told}, now)
    tell_conversation(conversation)


def _in_words(conversation: Conversation, name: str) -> Any:
    """A value as the CRM is told it; the assignee as the agent the person was mapped to."""
    if name != "assignee":
        return getattr(conversation, name)
    person = conversation.assignee
    if person is None:
        return None
    agent = agent_of(conversation.connection, person) if conversation.connection else None
    return {"id": agent.external_id if agent else "", "name": person.name, "email": person.email}


def _tell(conversation: Conversation, by: User, changed: Mapping[str, Any], at: str) -> None:
    data = {"changed": changed, "at": at, "by": by.email}
    outbox.announce(conversation, "conversation.changed", data, by)
