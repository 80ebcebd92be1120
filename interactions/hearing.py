"""Turn a message a CRM tells of into rows: customers' letters, and colleagues' answers elsewhere."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Count, Q
from django.utils import timezone

from customers.models import Account, Contact
from customers.upsert import upsert_account, upsert_contact
from interactions import outbox, wording
from interactions.automatic import kind_of_automatic
from interactions.crm.base import MessageFact
from interactions.events import ColleagueWrote, CustomerWrote, tell_all
from interactions.letter import Letter
from interactions.models import Connection, Conversation, Message, OutboxMessage
from interactions.talk import settle, tell_conversation
from people.models import Team, User

LOOP_MESSAGES = 20
LOOP_WINDOW = timedelta(minutes=10)
ECHO_WINDOW = timedelta(minutes=10)


def hear(connection: Connection, fact: MessageFact) -> tuple[Conversation, str]:
    """Apply one message in the caller's transaction; returns the reason when it changed nothing."""
    _lock(connection.pk, fact.conversation)
    contact = upsert_contact(connection.pk, fact.contact) if fact.contact else None
    conversation = _conversation(connection, fact, contact)
    told = _told_before(conversation, fact)
    if told["same"]:
        return conversation, "this message is here already"
    if fact.by_us and _is_echo(conversation, fact):
        return conversation, "the echo of our own reply"
    message = _add(conversation, fact, contact, _automatic(fact, contact, told["lately"]))
    settle(conversation, held=True)
    if fact.by_us:
        _colleague_wrote(conversation, message)
    else:
        _customer_wrote(conversation, message)
    tell_conversation(conversation)
    return conversation, ""


def _lock(source: UUID, conversation: str) -> None:
    """One at a time for a conversation, also while it does not exist yet."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{source}:{conversation}"])


def _conversation(connection: Connection, fact: MessageFact, contact: Contact | None) -> Conversation:
    """The conversation's row, held. What its oldest message says of it is what it is about."""
    held = Conversation.objects.select_for_update(no_key=True, of=("self",))
    known = held.filter(connection=connection, external_id=fact.conversation)
    conversation = known.select_related("team", "account", "contact").first() or Conversation(
        connection=connection, external_id=fact.conversation, team=connection.team,
        created_at=fact.sent_at, last_message_at=fact.sent_at,
    )  # fmt: skip
    opens = conversation.pk is None or fact.sent_at < conversation.created_at
    news = _news(conversation, connection, fact, contact, opens)
    if opens or news:
        for name, value in news.items():
            setattr(conversation, name, value)
        conversation.created_at = min(conversation.created_at, fact.sent_at)
        conversation.save()
        if conversation.account:
            conversation.account.teams.add(conversation.team)
    return conversation


def _news(
    conversation: Conversation, connection: Connection, fact: MessageFact, contact: Contact | None, opens: bool
) -> dict[str, Any]:
    """What the message tells of its conversation that is not there, or is told better by its opening."""
    told: dict[str, Any] = {
        "subject": fact.subject, "channel": fact.channel, "contact": contact,
        "language": _language(fact, contact),
    }  # fmt: skip
    if opens or conversation.account is None:
        told["account"] = _account(connection, fact) or conversation.account or (contact and contact.account)
    return {name: value for name, value in told.items() if value and (opens or not getattr(conversation, name))}


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


def _add(conversation: Conversation, fact: MessageFact, contact: Contact | None, automatic: str) -> Message:
    new, quoted = wording.split_quoted(_text(fact))
    person = _person(fact) if fact.by_us else None
    return Message.objects.create(
        conversation=conversation,
        by=Message.By.COLLEAGUE if fact.by_us else Message.By.CUSTOMER,
        contact=None if fact.by_us else contact, person=person,
        author_name=_author(fact, contact, person), external_id=fact.external_id, text=new,
        html=wording.safe_html(fact.html) if fact.html else "", quoted=quoted, cc=list(fact.cc),
        attachments=[dict(one) for one in fact.attachments],
        automatic=automatic, sent_at=fact.sent_at,
        received_at=timezone.now(),
    )  # fmt: skip


def _person(fact: MessageFact) -> User | None:
    return User.objects.filter(email=fact.author_email.lower()).first() if fact.author_email else None


def _author(fact: MessageFact, contact: Contact | None, person: User | None) -> str:
    if fact.by_us:
        return person.name if person else fact.author
    return (contact.name or contact.email) if contact else fact.author


def _told_before(conversation: Conversation, fact: MessageFact) -> dict[str, int]:
    """How often this very message is here already, and how many the customer wrote just before it."""
    # By when they were written: a CRM that tells a long history at once is no loop.
    lately = Q(by=Message.By.CUSTOMER, sent_at__range=(fact.sent_at - LOOP_WINDOW, fact.sent_at))
    return conversation.messages.aggregate(
        same=Count("pk", filter=Q(external_id=fact.external_id)), lately=Count("pk", filter=lately)
    )


def _automatic(fact: MessageFact, contact: Contact | None, lately: int) -> str:
    if fact.by_us:
        return ""
    sender = contact.email if contact else ""
    own = {address.lower() for address in Team.objects.values_list("email", flat=True) if address}
    kind = kind_of_automatic(sender, fact.subject, fact.headers or {}, own)
    return kind or ("loop" if lately >= LOOP_MESSAGES else "")


def _is_echo(conversation: Conversation, fact: MessageFact) -> bool:
    """Our own reply, told back: by its delivery id, or by its very words where it may have left."""
    replies = OutboxMessage.objects.filter(conversation=conversation, kind=OutboxMessage.Kind.REPLY)
    if fact.echo_of in {str(pk) for pk in replies.values_list("pk", flat=True)}:
        return True
    left = replies.filter(state__in=OutboxMessage.MAY_HAVE_LEFT, attempts__gt=0)
    words = _own_words(_text(fact))
    return any(
        _own_words(Letter.read(bytes(row.payload)).text) == words
        for row in left.order_by("-created_at")[:10]
        if row.sent_at is None or abs(fact.sent_at - row.sent_at) < ECHO_WINDOW
    )


def _own_words(text: str) -> list[str]:
    return wording.split_quoted(text)[0].split()


def _customer_wrote(conversation: Conversation, message: Message) -> None:
    is_new = message.automatic == "" and message.sent_at >= conversation.last_message_at
    if is_new:
        outbox.cancel_waiting(conversation, "The customer wrote again.")
        if conversation.status != Conversation.Status.OPEN:
            conversation.status = Conversation.Status.OPEN
            conversation.snoozed_until = None
            conversation.save(update_fields=["status", "snoozed_until"])
    tell_all(CustomerWrote(message, is_new))


def _colleague_wrote(conversation: Conversation, message: Message) -> None:
    if message.sent_at >= conversation.last_message_at:
        outbox.cancel_waiting(conversation, "A colleague answered in the CRM.")
    tell_all(ColleagueWrote(message))
