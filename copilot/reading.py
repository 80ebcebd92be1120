"""What was said is read for promises, by a worker of its own: the reply has left, whatever comes of it."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

import bell
from copilot.models import Reading
from copilot.relationship import promises
from interactions.models import Conversation, Message

log = logging.getLogger(__name__)

READ = "copilot.tasks.read"
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3


def want(conversation: Conversation, message: Message) -> None:
    """Have a colleague's message read, once; rings after the commit."""
    if conversation.account_id is None or message.person_id is None:
        return
    told = {"conversation": conversation, "due_at": Now()}
    row, made = Reading.objects.get_or_create(message=message, defaults=told)
    if made:
        bell.ring(READ, row.pk)


def due_readings(limit: int) -> list[int]:
    due = Reading.objects.filter(due_at__lte=Now()).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def read(reading_id: int) -> None:
    """Once, however often it is rung for; one that fails is tried again when its lease is over."""
    mine = Reading.objects.filter(pk=reading_id)
    if not mine.filter(due_at__lte=Now()).update(due_at=Now() + LEASE, attempts=F("attempts") + 1):
        return
    row = mine.get()
    try:
        _read(row)
    except Exception as error:  # whatever it is, its text may hold a customer's words
        log.warning("reading %s: %s", reading_id, type(error).__name__)
        if row.attempts >= MOST_ATTEMPTS:
            mine.update(due_at=None)


@transaction.atomic
def _read(row: Reading) -> None:
    """What was found and that it was read, together."""
    related = ("conversation__account", "conversation__contact", "person")
    promises.keep_promises_of(Message.objects.select_related(*related).get(reading=row))
    Reading.objects.filter(pk=row.pk).update(due_at=None, done_at=Now())
