"""HubSpot's words turned into facts; pure, so that recorded payloads can be read again at any time."""

import re
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from customers.facts import AccountFact, ContactErasedFact, ContactFact, RecordFact
from interactions.crm.base import Agent, ConversationFact, Fact, MessageFact, Unreadable
from interactions.crm.generic import decode, in_words
from interactions.crm.hubspot.payloads import Event, Found, Message, Object, Person, Thread

# https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide; others are "other".
_CHANNELS = {"1000": "chat", "1001": "messenger", "1002": "email"}
_STATUSES = {"OPEN": "open", "CLOSED": "resolved"}
_AUTOMATS = ("B-", "S-")  # chatflow bots and HubSpot itself: a greeting answers nobody
THREAD = "thread.read"  # our own: look at the whole thread, for history and for polling
_SIGNED = re.compile(r"\n\n— ([^\n]*), Rapport\Z")


def signed(text: str, name: str) -> str:
    """A comment is the app's, so it says whose it is."""
    return f"{text}\n\n— {name}, Rapport" if name else text


def facts_of(type: str, body: bytes, fetched: bytes | None) -> list[Fact]:
    """Raises Unreadable, and nothing else."""
    try:
        found = Found.model_validate(decode(fetched)) if fetched else Found()
        if type == THREAD:
            return whole(found)
        event = Event.model_validate(decode(body))
        return list(_facts(event, found))
    except ValidationError as error:
        raise Unreadable(in_words(error)) from None


def _facts(event: Event, found: Found) -> Iterator[Fact]:
    at = event.occurredAt
    match event.family:
        case "contact" if event.action == "privacyDeletion":
            yield ContactErasedFact(event.about, at)
        case "contact" if found.object:
            yield contact_of(found.object, found.company, at)
        case "company" if found.object and event.action != "deletion":
            yield account_of(found.object, at)
        case "deal" | "ticket" if found.object:
            if found.company:
                yield account_of(found.company, at)
            yield _record(event, found.object, found.company)
        case "conversation" if found.thread:
            yield from _thread_facts(event, found.thread, found)


def _thread_facts(event: Event, thread: Thread, found: Found) -> Iterator[Fact]:
    match event.action:
        case "newMessage":
            spoken = (_message(one, thread, found) for one in found.messages)
            yield from (one for one in spoken if one)
        case "propertyChange" if event.propertyName == "status":
            yield _standing(thread, found, event.occurredAt, status=event.propertyValue)
        case "propertyChange" if event.propertyName == "assignedTo":
            yield _standing(thread, found, event.occurredAt, assignee=event.propertyValue)
        case "propertyChange" if event.propertyName == "isArchived" and event.propertyValue == "true":
            yield _standing(thread, found, event.occurredAt, status="CLOSED")
        case "deletion":
            yield _standing(thread, found, event.occurredAt, status="CLOSED")
        case "creation":
            yield _standing(thread, found, event.occurredAt, assignee=thread.assignedTo)


def whole(found: Found) -> list[Fact]:
    """A thread as it is now: its messages, and how it stands since when."""
    if found.thread is None:
        raise Unreadable("thread: missing")
    told = sorted(found.messages, key=lambda one: one.createdAt)
    spoken = [one for one in (_message(message, found.thread, found) for message in told) if one]
    return [*spoken, *_standings(told, found.thread, found)]


def _standings(told: list[Message], thread: Thread, found: Found) -> list[Fact]:
    """The thread tells the state, and its messages tell when that was set."""
    since = thread.closedAt if thread.status == "CLOSED" else None
    closings = [one.createdAt for one in told if one.newStatus == thread.status]
    assignings = [one.createdAt for one in told if one.type == "ASSIGNMENT"]
    return [
        _standing(
            thread, found, max(closings, default=since or thread.createdAt), status=thread.status
        ),
        _standing(
            thread, found, max(assignings, default=thread.createdAt), assignee=thread.assignedTo
        ),
    ]  # fmt: skip


def _standing(
    thread: Thread, found: Found, at: datetime, status: str = "", assignee: str | None = None
) -> ConversationFact:
    return ConversationFact(
        conversation=thread.id, changed_at=at, channel=_channel(thread.originalChannelId),
        status=_STATUSES.get(status), contact=_contact(thread, found),
        assignee=None if assignee is None else _agent(assignee, found),
    )  # fmt: skip


def _message(message: Message, thread: Thread, found: Found) -> MessageFact | None:
    """None for what nobody said to us: spam, bots' greetings, the news of closing and assigning."""
    private, sender = message.type == "COMMENT", message.sender
    if thread.spam or message.type not in ("MESSAGE", "COMMENT") or sender.actorId.startswith(_AUTOMATS):
        return None
    by_us = private or message.direction == "OUTGOING"
    author = _author(sender, found) if by_us else Agent()
    text, name = _unsigned(message) if private else (message.text, "")
    return MessageFact(
        by_us=by_us, private=private, conversation=thread.id, subject=message.subject,
        channel=_channel(message.channelId or thread.originalChannelId),
        contact=_contact(thread, found) if by_us else _writer(sender, thread, found),
        external_id=message.id, text=text, html="" if name else message.richText, sent_at=message.createdAt,
        cc=() if by_us else _copied(message), attachments=_files(message),
        author=Agent(name=name) if name else author,
    )  # fmt: skip


def _unsigned(comment: Message) -> tuple[str, str]:
    """Without the name that we wrote below a note of ours, and that name."""
    found = _SIGNED.search(comment.text) if comment.client.clientType == "INTEGRATION" else None
    return (comment.text[: found.start()], found.group(1)[:200]) if found else (comment.text, "")


def _copied(message: Message) -> tuple[str, ...]:
    addresses = (one.address for one in message.recipients if one.recipientField.upper() == "CC")
    return tuple(one for one in addresses if one)


def _files(message: Message) -> tuple[dict[str, str], ...]:
    files = (one for one in message.attachments if one.type == "FILE")
    return tuple({"name": (one.name or "file")[:200], "url": one.url} for one in files)


def _writer(sender: Person, thread: Thread, found: Found) -> ContactFact:
    """Who wrote is the thread's contact, or somebody else, who is then not taken for them."""
    known = _contact(thread, found)
    visitor = sender.actorId[2:] if sender.actorId.startswith("V-") else ""
    address, name = sender.address[:254], sender.name[:200]
    if known and (visitor == known.external_id or (not visitor and address in ("", known.email.lower()))):
        return known if known.email or known.name else ContactFact(known.external_id, name, address)
    return ContactFact(visitor or f"address:{address}"[:200], name, address)


def _contact(thread: Thread, found: Found) -> ContactFact | None:
    if found.object:
        return contact_of(found.object, found.company, found.object.updatedAt)
    return ContactFact(thread.associatedContactId) if thread.associatedContactId else None


def _channel(number: str) -> str:
    return _CHANNELS.get(number, "other") if number else ""


def _agent(actor: str, found: Found) -> Agent:
    """A colleague; nobody, when it is a bot's or no one's."""
    user = actor.removeprefix("A-")
    if not user.isdigit():
        return Agent()
    known = next((one for one in found.actors if one.id == f"A-{user}"), None)
    return Agent(user, known.name[:200] if known else "", known.email if known else "")


def _author(sender: Person, found: Found) -> Agent:
    agent = _agent(sender.actorId, found)
    return Agent(agent.external_id, agent.name or sender.name[:200], agent.email)


def contact_of(told: Object, company: Object | None, at: datetime | None) -> ContactFact:
    return ContactFact(
        external_id=told.id, name=f"{told.told('firstname')} {told.told('lastname')}".strip()[:200],
        email=told.told("email", 254), phone=told.told("phone", 40), title=told.told("jobtitle", 120),
        language=told.told("hs_language", 8), account=account_of(company, at) if company else None,
        fields=told.properties, changed_at=at,
    )  # fmt: skip


def account_of(told: Object, at: datetime | None) -> AccountFact:
    return AccountFact(told.id, told.told("name"), told.properties, told.told("domain"), changed_at=at)


def _record(event: Event, told: Object, company: Object | None) -> RecordFact:
    gone = "deleted" if event.action == "deletion" else ""
    stage = told.told("dealstage" if event.family == "deal" else "hs_pipeline_stage", 60)
    return RecordFact(
        external_id=told.id, kind=event.family, status=gone or stage, fields=told.properties,
        title=told.told("dealname" if event.family == "deal" else "subject"),
        account=company.id if company else "", contact=told.linked("contacts"),
        occurred_at=told.createdAt, changed_at=event.occurredAt,
    )  # fmt: skip
