"""Add what was said to a conversation, and keep its waiting time true."""

from django.db.models import Max, Min, Q
from django.utils import timezone

import bell
from interactions.letter import Letter
from interactions.models import Conversation, Message, OutboxMessage


def add_sent_reply(row: OutboxMessage) -> Message:
    letter = Letter.read(bytes(row.payload))
    assert row.conversation is not None and row.approval is not None
    message = Message.objects.create(
        conversation=row.conversation, by=Message.By.COLLEAGUE, person=row.approval.person,
        author_name=row.approval.person.name, external_id=f"rapport-{row.pk}", text=letter.text,
        to=list(letter.to), cc=list(letter.cc), sent_at=row.sent_at or timezone.now(),
        attachments=[{"name": one.name, "sha256": one.sha256} for one in letter.attachments],
        received_at=timezone.now(),
    )  # fmt: skip
    OutboxMessage.objects.filter(pk=row.pk).update(message=message)
    settle(row.conversation)
    return message


def settle(conversation: Conversation) -> None:
    """Work out again, from the messages alone, how long the customer has been waiting.

    It is the same whatever order the messages arrived in. The row is held first, so that a message
    which another worker adds at the same moment is counted by one of the two.
    """
    held = Conversation.objects.select_for_update(no_key=True)
    conversation.refresh_from_db(fields=["last_message_at", "version"], from_queryset=held)
    spoken = Q(automatic="") & ~Q(by=Message.By.NOTE)
    times = conversation.messages.aggregate(
        last=Max("sent_at", filter=spoken),
        any=Max("sent_at"),
        answered=Max("sent_at", filter=spoken & Q(by=Message.By.COLLEAGUE)),
    )
    waiting = conversation.messages.filter(spoken, by=Message.By.CUSTOMER)
    if times["answered"]:
        waiting = waiting.filter(sent_at__gt=times["answered"])
    conversation.waiting_since = waiting.aggregate(first=Min("sent_at"))["first"]
    conversation.last_message_at = times["last"] or times["any"] or conversation.last_message_at
    conversation.version += 1
    conversation.save(update_fields=["waiting_since", "last_message_at", "version"])


def tell_conversation(conversation: Conversation) -> None:
    """Open pages that show the conversation, or the inbox it is in, look again."""
    bell.tell(f"conversation:{conversation.pk}", conversation.version)
    bell.tell(f"inbox:{conversation.team_id}", conversation.version)
