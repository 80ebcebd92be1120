"""Add what was said to a conversation, and keep its waiting time true."""

from django.db import connection as database
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


_HOLD = "SELECT 1 FROM interactions_conversation WHERE id = %s FOR NO KEY UPDATE"
_SETTLE = """
WITH said AS (
    SELECT "by", sent_at, automatic = '' AND "by" <> 'note' AS spoken
    FROM interactions_message WHERE conversation_id = %(id)s
), answered AS (
    SELECT max(sent_at) AS at FROM said WHERE spoken AND "by" = 'colleague'
)
UPDATE interactions_conversation SET
    version = version + 1,
    last_message_at = coalesce(
        (SELECT max(sent_at) FROM said WHERE spoken), (SELECT max(sent_at) FROM said), last_message_at
    ),
    waiting_since = (
        SELECT min(sent_at) FROM said
        WHERE spoken AND "by" = 'customer' AND sent_at > coalesce((SELECT at FROM answered), '-infinity')
    )
WHERE id = %(id)s
RETURNING version, last_message_at, waiting_since
"""


def settle(conversation: Conversation, *, held: bool = False) -> None:
    """Work out again, from the messages alone, how long the customer has been waiting.

    It is the same whatever order the messages arrived in. The row is held first, by the caller or
    here, so that a message which another worker adds at the same moment is counted by one of the two.
    """
    with database.cursor() as cursor:
        if not held:
            cursor.execute(_HOLD, [conversation.pk])
        cursor.execute(_SETTLE, {"id": conversation.pk})
        [(conversation.version, conversation.last_message_at, conversation.waiting_since)] = cursor.fetchall()


def tell_conversation(conversation: Conversation) -> None:
    """Open pages that show the conversation, or the inbox it is in, look again."""
    bell.tell(f"conversation:{conversation.pk}", conversation.version)
    bell.tell(f"inbox:{conversation.team_id}", conversation.version)
