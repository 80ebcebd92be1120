"""The generic CRM: Standard Webhooks in, Standard Webhooks out."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from customers.facts import AccountFact, ContactErasedFact, ContactFact, NoteFact, RecordFact
from interactions.crm import events as e
from interactions.crm import post, signing
from interactions.crm.base import (
    OUTBOUND,
    About,
    Agent,
    Answer,
    Call,
    ConversationFact,
    Delivery,
    Fact,
    MessageFact,
    Names,
    Page,
    RatingFact,
    Unreadable,
)
from interactions.models import Connection, OutboxMessage


class Generic:
    """A CRM that speaks our events; it is asked for nothing."""

    kind = "generic"
    about = About(label="Webhooks of your own", repeats_safely=True, hears_others=True, takes=OUTBOUND,
                  sends_files=True)  # fmt: skip

    def verify(self, secrets: list[str], call: Call, now: datetime) -> str:
        return signing.verify(secrets, call.headers, call.body, now)

    def split(self, key: str, body: bytes) -> list[Delivery]:
        event = decode(body)
        kind = event.get("type")
        if not isinstance(kind, str) or not kind or len(kind) > 60:
            raise Unreadable("`type` is not a short text")
        return [Delivery(key=key, type=kind, body=body)]

    def fetch(self, connection: Connection, type: str, body: bytes) -> None:
        return None

    def parse(self, type: str, body: bytes, fetched: bytes | None) -> list[Fact]:
        model = e.EVENTS.get(type)
        if model is None:
            return []
        try:
            return [fact_of(model.model_validate(decode(body)))]
        except ValidationError as error:
            raise Unreadable(in_words(error)) from None

    def send(self, connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
        return post.deliver(connection, row)

    def arrived(self, connection: Connection, row: OutboxMessage) -> Answer:
        return Answer("retry", body="A webhook is repeated under its id, which its receiver knows.")

    def read(self, connection: Connection, conversation: str) -> list[Fact]:
        return []

    def poll(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return Page((), None)

    def history(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return Page((), None)

    def recent(self, connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
        return Names((), None)

    def agents(self, connection: Connection) -> list[Agent]:
        return []

    def sample(self, connection: Connection, url: str, now: datetime) -> Call:
        key, at = f"test-{uuid4()}", now.isoformat()
        contact = {"id": key, "name": "Test Customer", "email": "test.customer@example.com"}
        message = {"id": key, "text": "Hello, this is a test.", "sent_at": at}
        conversation = {"id": key, "subject": "A test", "channel": "email"}
        data = {"conversation": conversation, "contact": contact, "message": message}
        body = json.dumps({"type": "message.received", "timestamp": at, "data": data}).encode()
        return Call(url, signing.sign(connection.secrets[:1], key, now, body), body)


def decode(body: bytes) -> dict[str, Any]:
    event = decode_any(body)
    if not isinstance(event, dict):
        raise Unreadable("the body is not a JSON object")
    return event


def decode_any(body: bytes) -> Any:
    try:
        return _storable(json.loads(body.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON") from None


def _storable(value: Any) -> Any:
    """PostgreSQL keeps no NUL, half a surrogate pair or infinity, all of which Python's JSON lets pass.

    A reader sees the replacement character in place of the first two.
    """
    match value:
        case str():
            whole = value.replace("\x00", "\ufffd")
            return (
                whole
                if whole.isascii()
                else whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            )
        case dict():
            return {_storable(key): _storable(one) for key, one in value.items()}
        case list():
            return [_storable(one) for one in value]
        case float() if not math.isfinite(value):
            raise ValueError("not a number that JSON knows")
    return value


def in_words(error: ValidationError) -> str:
    """Which field is wrong and why, without the value: it may be a customer's words."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    ]
    return "; ".join(faults)[:500]


def fact_of(event: e.Envelope) -> Fact:
    match event:
        case e.MessageReceived(data=data):
            return _message(data.conversation, data.message, data.contact, data.account, event)
        case e.MessageSent(data=data):
            return _message(data.conversation, data.message, data.contact, data.account, event)
        case e.ConversationChanged(data=data):
            return _conversation(data, event.timestamp)
        case e.ConversationRated(data=data):
            return RatingFact(data.conversation.id, data.score, data.comment, data.rated_at)
    return _about_a_customer(event)


def _about_a_customer(event: e.Envelope) -> Fact:
    match event:
        case e.ContactChanged(data=data):
            return _contact(data, data.account, event.timestamp)
        case e.ContactErased(data=data):
            return ContactErasedFact(data.id, event.timestamp)
        case e.AccountChanged(data=data):
            return AccountFact(data.id, data.name, data.fields, data.domain, data.tier, event.timestamp)
        case e.RecordChanged(data=data):
            return RecordFact(
                external_id=data.id, kind=data.kind, title=data.title, status=data.status,
                fields=data.fields, account=data.account_id, contact=data.contact_id,
                occurred_at=data.occurred_at, changed_at=event.timestamp,
            )  # fmt: skip
        case e.NoteChanged(data=data):
            return NoteFact(
                external_id=data.id, account=data.account_id, contact=data.contact_id, text=data.text,
                author_email=data.author_email, changed_at=event.timestamp,
            )  # fmt: skip
    raise Unreadable("this type has no reader")


def _conversation(data: e.ConversationChangedData, changed_at: datetime) -> ConversationFact:
    return ConversationFact(
        conversation=data.id, changed_at=changed_at, subject=data.subject, channel=data.channel,
        status=data.status, snoozed_until=data.snoozed_until,
        assignee=Agent(data.assignee.id, data.assignee.name, data.assignee.email) if data.assignee else None,
        labels=None if data.labels is None else tuple(data.labels),
        contact=_contact(data.contact, data.account, changed_at) if data.contact else None,
    )  # fmt: skip


def _message(
    conversation: e.Conversation,
    message: e.Message,
    contact: e.ContactRef | None,
    account: e.AccountRef | None,
    event: e.Envelope,
) -> MessageFact:
    sent = message if isinstance(message, e.SentMessage) else None
    return MessageFact(
        by_us=sent is not None,
        conversation=conversation.id,
        subject=conversation.subject,
        channel=conversation.channel,
        contact=_contact(contact, account, event.timestamp) if contact else None,
        external_id=message.id,
        text=message.text,
        html=message.html,
        sent_at=message.sent_at,
        cc=tuple(message.cc),
        attachments=tuple(a.model_dump(exclude_none=True) for a in message.attachments),
        headers={name.lower(): value for name, value in message.headers.items()},
        author=Agent(sent.author_id, sent.author, sent.author_email) if sent else Agent(),
        echo_of=sent.delivery_id if sent else "",
        private=sent.private if sent else False,
    )


def _contact(contact: e.ContactRef, account: e.AccountRef | None, changed_at: datetime) -> ContactFact:
    more = contact if isinstance(contact, e.ContactChangedData) else None
    return ContactFact(
        external_id=contact.id, name=contact.name, email=contact.email, phone=contact.phone,
        title=more.title if more else "", language=more.language if more else "",
        account=AccountFact(account.id, account.name, changed_at=changed_at) if account else None,
        fields=more.fields if more else None, changed_at=changed_at,
    )  # fmt: skip
