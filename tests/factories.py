"""Rows for tests: plain functions, keyword-only, with an answer for everything not asked for."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from customers.models import Account, Contact
from interactions import outbox
from interactions.crm.signing import new_secret
from interactions.letter import Attached, Letter
from interactions.models import Connection, Conversation, Message, OutboxMessage
from people.models import Membership, Role, Team, User

PASSWORD = "correct-horse-battery"
_numbers = itertools.count(1)


def a_team(*, name: str, email: str = "") -> Team:
    slug = name.lower().replace(" ", "-")
    return Team.objects.create(name=name, slug=slug, email=email or f"{slug}@tern.example")


def a_person(
    *, name: str, team: Team | None = None, role: str = Role.AGENT, is_admin: bool = False, **fields: Any
) -> User:
    person = unsaved_person(name=name, is_admin=is_admin, **fields)
    person.save()
    if team:
        Membership.objects.create(user=person, team=team, role=role)
    return person


def unsaved_person(*, name: str, **fields: Any) -> User:
    email = f"{name.split(' ')[0].lower()}@tern.example"
    return User(email=email, password=make_password(PASSWORD), name=name, **fields)


def an_account(*, name: str, teams: tuple[Team, ...] = (), **fields: Any) -> Account:
    account = Account.objects.create(name=name, **fields)
    account.teams.add(*teams)
    return account


def a_contact(*, name: str, account: Account | None = None, **fields: Any) -> Contact:
    email = fields.pop("email", f"{name.split(' ')[0].lower()}@{_domain(account)}")
    return Contact.objects.create(name=name, account=account, email=email, **fields)


def _domain(account: Account | None) -> str:
    return f"{account.name.split(' ')[0].lower()}.example" if account else "nowhere.example"


def a_connection(
    *, team: Team, name: str = "The CRM", deliver_to: str = "", secrets: tuple[str, ...] = (), **fields: Any
) -> Connection:
    connection = Connection(name=name, team=team, deliver_to=deliver_to, **fields)
    connection.set_secrets(list(secrets) or [new_secret()])
    connection.save()
    return connection


def a_conversation(
    *, team: Team, contact: Contact | None = None, connection: Connection | None = None,
    subject: str = "A question", at: datetime | None = None, **fields: Any,
) -> Conversation:  # fmt: skip
    at = at or timezone.now() - timedelta(minutes=30)
    fields.setdefault("external_id", f"made-{next(_numbers)}" if connection else "")
    fields.setdefault("account", contact.account if contact else None)
    return Conversation.objects.create(
        team=team, contact=contact, connection=connection, subject=subject,
        created_at=at, last_message_at=at, **fields,
    )  # fmt: skip


def a_message(
    *, conversation: Conversation, text: str = "Hello, can you help?", by: str = Message.By.CUSTOMER,
    at: datetime | None = None, **fields: Any,
) -> Message:  # fmt: skip
    at = at or timezone.now() - timedelta(minutes=20)
    fields.setdefault("contact", conversation.contact if by == Message.By.CUSTOMER else None)
    return Message.objects.create(
        conversation=conversation, by=by, text=text, sent_at=at, received_at=at, **fields
    )


def a_letter(*, conversation: Conversation, person: User, **changes: Any) -> Letter:
    contact = conversation.contact
    told: dict[str, Any] = {
        "connection": str(conversation.connection_id or ""), "channel": conversation.channel,
        "conversation": conversation.external_id or str(conversation.pk),
        "sender": conversation.team.email, "to": (contact.email,) if contact else (), "cc": (), "bcc": (),
        "subject": f"Re: {conversation.subject}", "text": "Yes, it is on its way.",
        "attachments": (), "in_reply_to": "", "approved_by": person.name,
    }  # fmt: skip
    return Letter(**(told | changes))


def a_reply(*, conversation: Conversation, person: User, undo_seconds: int = 0, **letter: Any) -> OutboxMessage:
    """A reply that `person` approved, queued as a decision queues it."""
    made = a_letter(conversation=conversation, person=person, **letter)
    return outbox.queue_reply(conversation, made, person, None, undo_seconds)


def an_attachment(*, name: str = "terms.pdf", sha256: str = "0" * 64) -> Attached:
    return Attached(name, sha256)
