"""Turn a message a CRM tells of into rows: customers' letters, and colleagues' answers elsewhere."""

from datetime import timedelta
from uuid import UUID

from django.db import connection as database
from django.utils import timezone

from customers.models import Contact
from customers.upsert import upsert_contact
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


def hear(connection: Connection, fact: MessageFact) -> tuple[Conversation, str]:
    """Apply one message in the caller's transaction; returns the reason when it changed nothing."""
    _lock(connection.pk, fact.conversation)
    contact = upsert_contact(connection.pk, fact.contact) if fact.contact else None
    conversation = _conversation(connection, fact, contact)
    if Message.objects.filter(conversation=conversation, external_id=fact.external_id).exists():
        return conversation, "this message is here already"
    if fact.by_us and _is_echo(conversation, fact):
        return conversation, "the echo of our own reply"
    message = _add(conversation, fact, contact)
    settle(conversation)
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
    known = Conversation.objects.filter(connection=connection, external_id=fact.conversation)
    conversation = known.select_related("team", "account", "contact").first()
    if conversation is None:
        conversation = Conversation(
            connection=connection, external_id=fact.conversation, team=connection.team,
            channel=fact.channel, subject=fact.subject, created_at=fact.sent_at,
            last_message_at=fact.sent_at,
        )  # fmt: skip
    if contact and conversation.contact_id is None:
        conversation.contact = contact
    if conversation.contact and conversation.account_id is None:
        conversation.account = conversation.contact.account
    conversation.subject = conversation.subject or fact.subject
    conversation.save()
    if conversation.account:
        conversation.account.teams.add(conversation.team)
    return conversation


def _add(conversation: Conversation, fact: MessageFact, contact: Contact | None) -> Message:
    text = (fact.text or wording.text_of(fact.html)).replace("\x00", "\ufffd")
    new, quoted = wording.split_quoted(text)
    person = _person(fact) if fact.by_us else None
    if not fact.by_us and not conversation.language:
        told = contact.language if contact else ""
        conversation.language = wording.language_of(new, told)
        conversation.save(update_fields=["language"])
    return Message.objects.create(
        conversation=conversation,
        by=Message.By.COLLEAGUE if fact.by_us else Message.By.CUSTOMER,
        contact=None if fact.by_us else contact, person=person,
        author_name=_author(fact, contact, person), external_id=fact.external_id, text=new,
        html=wording.safe_html(fact.html) if fact.html else "", quoted=quoted, cc=list(fact.cc),
        attachments=[dict(one) for one in fact.attachments],
        automatic=_automatic(conversation, fact, contact), sent_at=fact.sent_at,
        received_at=timezone.now(),
    )  # fmt: skip


def _person(fact: MessageFact) -> User | None:
    return User.objects.filter(email=fact.author_email.lower()).first() if fact.author_email else None


def _author(fact: MessageFact, contact: Contact | None, person: User | None) -> str:
    if fact.by_us:
        return person.name if person else fact.author
    return (contact.name or contact.email) if contact else fact.author


def _automatic(conversation: Conversation, fact: MessageFact, contact: Contact | None) -> str:
    if fact.by_us:
        return ""
    sender = contact.email if contact else ""
    own = {address.lower() for address in Team.objects.values_list("email", flat=True) if address}
    kind = kind_of_automatic(sender, fact.subject, fact.headers or {}, own)
    recent = conversation.messages.filter(by=Message.By.CUSTOMER, received_at__gt=timezone.now() - LOOP_WINDOW)
    return kind or ("loop" if recent.count() >= LOOP_MESSAGES else "")


def _is_echo(conversation: Conversation, fact: MessageFact) -> bool:
    """Our own reply, told back: by its delivery id, or by its very words within ten minutes."""
    replies = OutboxMessage.objects.filter(conversation=conversation, kind=OutboxMessage.Kind.REPLY).exclude(
        state=OutboxMessage.State.CANCELLED
    )
    words = fact.text.split()
    for row in replies.order_by("-created_at")[:10]:
        if fact.echo_of == str(row.pk):
            return True
        near = abs(fact.sent_at - (row.sent_at or row.created_at)) < timedelta(minutes=10)
        left = row.state not in OutboxMessage.DUE or row.attempts > 0
        if left and near and Letter.read(bytes(row.payload)).text.split() == words:
            return True
    return False


def _customer_wrote(conversation: Conversation, message: Message) -> None:
    is_new = message.automatic == "" and message.sent_at >= conversation.last_message_at
    if is_new:
        outbox.cancel_waiting(conversation, "The customer wrote again.")
        if conversation.status != Conversation.Status.OPEN:
            conversation.status = Conversation.Status.OPEN
            conversation.snoozed_until = None
            conversation.save(update_fields=["status", "snoozed_until"])
    tell_all(CustomerWrote(conversation.pk, message.pk, is_new))


def _colleague_wrote(conversation: Conversation, message: Message) -> None:
    if message.sent_at >= conversation.last_message_at:
        outbox.cancel_waiting(conversation, "A colleague answered in the CRM.")
    tell_all(ColleagueWrote(conversation.pk, message.pk))
