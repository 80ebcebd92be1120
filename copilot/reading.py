"""What was said is read for promises and notes, by a worker: the reply has left, whatever comes of it."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

import bell
from copilot.drafting import noting
from copilot.models import Reading
from copilot.relationship import promises
from copilot.relationship.noted import MAYBE, PLAINLY, is_private, notes_in
from copilot.relationship.proposals import Proposal, propose_notes
from interactions.models import Conversation, Message

log = logging.getLogger(__name__)

READ = "copilot.tasks.read"
LEASE = timedelta(minutes=4)  # a model may be asked
MOST_ATTEMPTS = 3
MOST_MESSAGES = 40
TALKS = ("call", "meeting")  # channels of what a colleague wrote down


def want(conversation: Conversation, message: Message) -> None:
    """Have a colleague's message read for promises, once; rings after the commit."""
    if conversation.account_id is None or message.person_id is None:
        return
    told = {"conversation": conversation, "due_at": Now()}
    row, made = Reading.objects.get_or_create(message=message, defaults=told)
    if made:
        bell.ring(READ, row.pk)


def want_notes(conversation: Conversation) -> None:
    """Have what the customer said be read for notes, from where it was last read."""
    if conversation.account_id is None:
        return
    told = {"due_at": Now(), "attempts": 0}
    row, _ = Reading.objects.update_or_create(conversation=conversation, message=None, defaults=told)
    bell.ring(READ, row.pk)


def due_readings(limit: int) -> list[int]:
    due = Reading.objects.filter(due_at__lte=Now()).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def read(reading_id: int) -> None:
    """Once, however often it is rung for; one that fails is tried again when its lease is over."""
    mine = Reading.objects.filter(pk=reading_id)
    if not mine.filter(due_at__lte=Now()).update(due_at=Now() + LEASE, attempts=F("attempts") + 1):
        return
    related = [f"conversation__{name}" for name in ("team", "contact", "account__manager")]
    row = mine.select_related(*related).get()
    try:
        if row.message_id is None:
            _read_conversation(row)
        else:
            _read_message(row)
    except Exception as error:  # whatever it is, its text may hold a customer's words
        log.warning("reading %s: %s", reading_id, type(error).__name__)
        if row.attempts >= MOST_ATTEMPTS:
            mine.update(due_at=None)


@transaction.atomic
def _read_message(row: Reading) -> None:
    """What was found and that it was read, together."""
    related = ("conversation__account", "conversation__contact", "person")
    promises.keep_promises_of(Message.objects.select_related(*related).get(reading=row))
    _done(row)


def _read_conversation(row: Reading) -> None:
    """A model is asked before the transaction."""
    talk = row.conversation
    said = _said(row)
    found = list(_noticed(talk, said)) if said else []
    with transaction.atomic():
        if talk.account and found:
            propose_notes(talk.account, found)
        _done(row)


def _done(row: Reading) -> None:
    Reading.objects.filter(pk=row.pk).update(due_at=None, done_at=Now())


def _said(row: Reading) -> list[Message]:
    """What is new since it was last read: the customer's words, or what a colleague wrote down of a call."""
    talk = row.conversation
    by = Message.By.NOTE if talk.channel in TALKS else Message.By.CUSTOMER
    said = talk.messages.filter(by=by, automatic="", unproven=False).select_related("contact")
    if row.done_at:
        said = said.filter(received_at__gt=row.done_at)
    latest = list(said.order_by("-sent_at", "-pk")[:MOST_MESSAGES])[::-1]
    for message in latest:
        message.conversation = talk
    return latest


def _noticed(talk: Conversation, said: list[Message]) -> Iterable[Proposal]:
    """By a model where there is one, else by rules."""
    noticed = noting.notice(talk, said)
    if noticed is not None:
        for one in noticed:
            line = one.line
            if is_private(f"{line.text} {line.quote}"):
                continue
            surely = PLAINLY if line.surely else MAYBE
            yield Proposal(one.message, line.kind, line.text, line.quote, surely)
        return
    for message in said:
        by_us = message.by == Message.By.NOTE
        for found in notes_in(message.text, by_us=by_us):
            yield Proposal(message, found.kind, _worded(message, found.quote), found.quote, found.confidence)


def _worded(message: Message, quote: str) -> str:
    """A customer's sentence says who "I" is; a colleague's says so itself."""
    contact = message.contact
    who = "" if message.by == Message.By.NOTE or contact is None else contact.shown.first_name or str(contact)
    return f"{who} said: {quote}" if who else quote
