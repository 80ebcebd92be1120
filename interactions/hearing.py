"""Turn a message a CRM tells of into rows: customers' letters, and colleagues' answers elsewhere."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection as database
from django.db.models import QuerySet
from django.utils import timezone

from customers.models import Account, Contact
from customers.upsert import upsert_account, upsert_contact
from interactions import files, mailroom, outbox, outcomes, wording
from interactions.automatic import kind_of_automatic
from interactions.colleagues import person_of
from interactions.crm.base import MessageFact
from interactions.crm.registry import crm_for
from interactions.events import ColleagueWrote, CustomerWrote, tell_all
from interactions.letter import Letter
from interactions.models import Connection, Conversation, Message, OutboxMessage
from interactions.talk import settle, tell_conversation
from interactions.thread import hold, lock, set_newest
from people.models import User

Status = Conversation.Status

LOOP_MESSAGES = 20
LOOP_WINDOW = timedelta(minutes=10)
ECHO_WINDOW = timedelta(minutes=10)


def hear(
    connection: Connection, fact: MessageFact, *, is_history: bool = False
) -> tuple[Conversation | None, str]:
    """Apply one message in the caller's transaction; returns the reason when it changed nothing.

    `is_history`: it was over before we came, so nothing is opened, cancelled or drafted for it.
    """
    if crm_for(connection.kind).about.is_mail:
        ours = mailroom.own_reply(fact)
        if ours:
            outbox.settle_echo(ours, "", fact.sent_at)
            return ours.conversation, "the echo of our own reply"
        named = mailroom.sort(connection, fact)
        if named is None:
            return None, "an automatic answer of our own"
        fact = named
    return _hear(connection, fact, is_history=is_history)


def _hear(connection: Connection, fact: MessageFact, *, is_history: bool) -> tuple[Conversation, str]:
    lock(connection, fact.conversation)
    contact = upsert_contact(connection.pk, fact.contact, fact.sent_at) if fact.contact else None
    conversation, opens = _hold(connection, fact, contact)
    before = _told_before(conversation, fact, contact)
    if before.same:
        return conversation, "this message is here already"
    if fact.by_us and _is_echo(conversation, fact):
        return conversation, f"the echo of our own {'note' if fact.private else 'reply'}"
    message = _add(connection, conversation, fact, contact, _automatic(fact, contact, before))
    settle(conversation, held=True)
    if message.by == Message.By.CUSTOMER:
        _customer_wrote(conversation, message, before, is_history=is_history)
    elif message.by == Message.By.COLLEAGUE and not is_history:
        _colleague_wrote(conversation, message, before)
    outcomes.derive(conversation)
    if opens:
        outcomes.derive_earlier(conversation)
    tell_conversation(conversation)
    return conversation, ""


def _hold(connection: Connection, fact: MessageFact, contact: Contact | None) -> tuple[Conversation, bool]:
    told = {
        "subject": fact.subject, "channel": fact.channel, "contact": contact,
        "language": _language(fact, contact),
    }  # fmt: skip
    return hold(
        connection, fact.conversation, fact.sent_at, told, partial(_account, connection, fact), is_message=True
    )


def _account(connection: Connection, fact: MessageFact) -> Account | None:
    """The account the message was written for; its contact may have moved to another since."""
    named = fact.contact.account if fact.contact else None
    return upsert_account(connection.pk, named) if named else None


def _text(fact: MessageFact) -> str:
    return fact.text or wording.text_of(fact.html)


def _language(fact: MessageFact, contact: Contact | None) -> str:
    if fact.by_us:
        return ""
    return wording.language_of(wording.split_quoted(_text(fact))[0], contact.language if contact else "")


def _add(
    source: Connection, conversation: Conversation, fact: MessageFact, contact: Contact | None, automatic: str
) -> Message:
    new, quoted = wording.split_quoted(_text(fact))
    person = person_of(source, fact.author) if fact.by_us else None
    message = Message.objects.create(
        conversation=conversation, by=_by(fact),
        contact=None if fact.by_us else contact, person=person,
        author_name=_author(fact, contact, person), external_id=fact.external_id, text=new,
        html=wording.safe_html(fact.html) if fact.html else "", quoted=quoted,
        to=list(fact.to), cc=list(fact.cc), unproven=fact.unproven,
        attachments=[dict(one) for one in fact.attachments],
        automatic=automatic, sent_at=fact.sent_at,
        received_at=timezone.now(),
    )  # fmt: skip
    if fact.contents:
        files.keep_what_came(message, dict(fact.contents))
    return message


def _by(fact: MessageFact) -> str:
    if fact.private:
        return Message.By.NOTE
    return Message.By.COLLEAGUE if fact.by_us else Message.By.CUSTOMER


def _author(fact: MessageFact, contact: Contact | None, person: User | None) -> str:
    if fact.by_us:
        return person.name if person else fact.author.name
    return (contact.name or contact.email) if contact else fact.author.name


@dataclass(frozen=True, slots=True)
class _Before:
    """What is here already: the same message, the customer's others just before it, a reply in undo time."""

    same: int
    lately: int
    from_us: bool
    reply_waits: bool


# One plain query, for every message asks it: by the ORM it took three, and longer to make than to run.
_BEFORE = """
SELECT
    count(*) FILTER (WHERE external_id = %(external_id)s),
    count(*) FILTER (WHERE "by" = 'customer' AND sent_at BETWEEN %(start)s AND %(end)s),
    EXISTS (SELECT FROM people_team WHERE email <> '' AND lower(email) = %(sender)s),
    EXISTS (
        SELECT FROM interactions_outboxmessage
        WHERE conversation_id = %(conversation)s AND kind = 'reply' AND state IN ('pending', 'waiting')
    )
FROM interactions_message WHERE conversation_id = %(conversation)s
"""


def _told_before(conversation: Conversation, fact: MessageFact, contact: Contact | None) -> _Before:
    about: dict[str, Any] = {
        "conversation": conversation.pk, "external_id": fact.external_id,
        # By when they were written: a CRM that tells a long history at once is no loop.
        "start": fact.sent_at - LOOP_WINDOW, "end": fact.sent_at,
        "sender": contact.email.lower() if contact else "",
    }  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute(_BEFORE, about)
        return _Before(*cursor.fetchall()[0])


def _automatic(fact: MessageFact, contact: Contact | None, before: _Before) -> str:
    if fact.by_us:
        return ""
    sender = contact.email if contact else ""
    kind = kind_of_automatic(sender, fact.subject, fact.headers or {}, from_us=before.from_us)
    return kind or ("loop" if before.lately >= LOOP_MESSAGES else "")


def _is_echo(conversation: Conversation, fact: MessageFact) -> bool:
    """Our own, told back: by its delivery id, the CRM's id of it, or its very words where it may have left."""
    rows = OutboxMessage.objects.filter(conversation=conversation)
    known = rows.filter(external_id=fact.external_id).first() if fact.external_id else None
    row = known or _named(rows, fact) or (None if fact.private else _own_reply(rows, fact))
    if row is None:
        return fact.private and _is_own_note(conversation, fact)
    if row.kind == OutboxMessage.Kind.REPLY:
        outbox.settle_echo(row, fact.external_id, fact.sent_at)
    return True


def _named(rows: QuerySet[OutboxMessage], fact: MessageFact) -> OutboxMessage | None:
    return next((row for row in rows if str(row.pk) == fact.echo_of), None) if fact.echo_of else None


def _own_reply(rows: QuerySet[OutboxMessage], fact: MessageFact) -> OutboxMessage | None:
    replies = rows.filter(kind=OutboxMessage.Kind.REPLY).select_related("conversation", "approval__person")
    left = replies.filter(state__in=OutboxMessage.MAY_HAVE_LEFT, attempts__gt=0).order_by("-created_at")[:10]
    words = _own_words(_text(fact))
    alike = (
        row for row in left
        if (row.sent_at is None or abs(fact.sent_at - row.sent_at) < ECHO_WINDOW)
        and _own_words(Letter.read(bytes(row.payload)).text) == words
    )  # fmt: skip
    return next(alike, None)


def _is_own_note(conversation: Conversation, fact: MessageFact) -> bool:
    """A note written here comes back before the CRM's answer to it was kept."""
    window = (fact.sent_at - ECHO_WINDOW, fact.sent_at + ECHO_WINDOW)
    notes = conversation.messages.filter(by=Message.By.NOTE, external_id="", sent_at__range=window)
    return any(one.text.split() == _text(fact).split() for one in notes)


def _own_words(text: str) -> list[str]:
    return wording.split_quoted(text)[0].split()


def _customer_wrote(conversation: Conversation, message: Message, before: _Before, *, is_history: bool) -> None:
    """A customer's word opens the conversation again, unless a newer word says how it stands."""
    is_new = message.automatic == "" and message.sent_at >= conversation.last_message_at and not is_history
    if conversation.status != Status.OPEN and not is_history and _says_open(conversation, message):
        set_newest(conversation, "status", Status.OPEN, message.sent_at)
        set_newest(conversation, "snoozed_until", None, message.sent_at)
        conversation.save(update_fields=["status", "snoozed_until", "told_at"])
    if is_new and before.reply_waits:
        outbox.cancel_waiting(conversation, "The customer wrote again.")
    tell_all(CustomerWrote(message, is_new))


def _says_open(conversation: Conversation, message: Message) -> bool:
    """Where it was never told when the status was set, only what is newest says anything of it."""
    newest = message.sent_at >= conversation.last_message_at
    return message.automatic == "" and (newest or "status" in conversation.told_at)


def _colleague_wrote(conversation: Conversation, message: Message, before: _Before) -> None:
    if before.reply_waits and message.sent_at >= conversation.last_message_at:
        outbox.cancel_waiting(conversation, "A colleague answered in the CRM.")
    tell_all(ColleagueWrote(message))
