"""What leaves for HubSpot: replies and comments on threads, how a thread stands, notes on contacts."""

import html
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from customers.models import Identity
from interactions.crm import api
from interactions.crm.base import Agent, Answer, CrmError
from interactions.crm.hubspot import calls
from interactions.crm.hubspot.facts import signed
from interactions.crm.hubspot.payloads import Message, Person
from interactions.letter import Letter
from interactions.models import AgentLink, Connection, OutboxMessage
from interactions.models import Message as Said

_BY_MAIL, _MAIL = "1002", "HS_EMAIL_ADDRESS"
_NOTE_TO = {"contact": 202, "account": 190}  # HubSpot's own types: note to contact, note to company
_LONG_ENOUGH = timedelta(minutes=5)
_SKEW = timedelta(minutes=10)  # that HubSpot's clock and ours may differ by
_MESSAGES = TypeAdapter(list[Message])


def send(connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
    if row.type == "reply.approved":
        return _reply(connection, row, as_agent)
    data = json.loads(bytes(row.payload))
    if row.type == "conversation.changed":
        return _change(connection, row, data)
    return _note(connection, row, data)


def _reply(connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
    letter = Letter.read(bytes(row.payload))
    sender = as_agent.external_id if as_agent else str(connection.config.get("sender") or "")
    if letter.attachments:
        return Answer("dead", body="HubSpot is not given attachments yet, and they were approved.")
    if not sender:
        return Answer("dead", body=f"{letter.approved_by} is nobody in HubSpot yet. Map them, then try again.")
    try:
        before = _newest(connection, letter.conversation)
    except CrmError as error:
        return _not_sent(error)
    last = next((one for one in before if one.type == "MESSAGE" and one.channelAccountId), None)
    if last is None:
        return Answer("dead", body="The thread has no message yet, so HubSpot knows no way to answer it.")
    body = {
        "type": "MESSAGE", "text": letter.text, "attachments": [], "senderActorId": f"A-{sender}",
        "channelId": last.channelId, "channelAccountId": last.channelAccountId,
        **_addressed(letter, before, last),
    }  # fmt: skip
    if not body["recipients"]:
        return Answer("dead", body="The letter names nobody to send it to.")
    where = calls.threads(connection, letter.conversation, "messages")
    return api.tell("POST", where, calls.headers(connection), body=body)


def _newest(connection: Connection, thread: str) -> list[Message]:
    try:
        return _MESSAGES.validate_python(calls.newest_messages(connection, thread))
    except ValidationError:
        raise CrmError("HubSpot's messages do not read", permanent=False) from None


def _not_sent(error: CrmError) -> Answer:
    """What went wrong while asking, before anything was sent."""
    status = error.status if isinstance(error, api.Refused) else None
    said = error.body if isinstance(error, api.Refused) else str(error)
    return Answer("dead" if error.permanent else "retry", status, said, error.retry_after)


def _addressed(letter: Letter, before: list[Message], last: Message) -> dict[str, Any]:
    """By mail it goes to whom the letter was approved for; in a chat there is only who wrote."""
    people = [one for message in before for one in (*message.senders, *message.recipients)]
    told = [one.deliveryIdentifier for one in (*last.senders, *last.recipients)]
    if last.channelId == _BY_MAIL or any(one and one.type == _MAIL for one in told):
        fields = {"TO": letter.to, "CC": letter.cc, "BCC": letter.bcc}
        recipients = [
            _by_mail(address, field, people) for field, addresses in fields.items() for address in addresses
        ]
        return {"recipients": recipients, "subject": letter.subject}
    writers = (one.senders for one in before if one.type == "MESSAGE" and one.direction == "INCOMING")
    return {"recipients": [_in_chat(one) for one in next(writers, [])]}


def _by_mail(address: str, field: str, people: list[Person]) -> dict[str, Any]:
    known = next((one for one in people if one.address == address.lower() and one.actorId), None)
    recipient = {"recipientField": field, "deliveryIdentifiers": [{"type": _MAIL, "value": address}]}
    return {**recipient, "actorId": known.actorId, "name": known.name} if known else recipient


def _in_chat(writer: Person) -> dict[str, Any]:
    told = writer.deliveryIdentifier
    ways = [{"type": told.type, "value": told.value}] if told else []
    return {
        "actorId": writer.actorId, "name": writer.name, "recipientField": "TO", "deliveryIdentifiers": ways
    }  # fmt: skip


def _change(connection: Connection, row: OutboxMessage, data: Mapping[str, Any]) -> Answer:
    """Status and assignee; said twice they are the same, so what is uncertain is said again."""
    if not _is_ours(connection, row):
        return Answer("sent", body="The conversation is not one of HubSpot's; nothing was done there.")
    changed = data["changed"]
    answer = Answer("sent", body="HubSpot's threads have no labels; nothing was done.")
    if "note" in changed:
        return _comment(connection, row, signed(changed["note"]["text"], changed["note"]["author"]))
    if "status" in changed:
        answer = _set_status(connection, data["conversation"]["id"], changed["status"])
    if "assignee" in changed and answer.result == "sent":
        answer = _assign(connection, data["conversation"]["id"], changed["assignee"])
    return replace(answer, result="retry") if answer.result == "unknown" else answer


def _set_status(connection: Connection, thread: str, status: str) -> Answer:
    """HubSpot knows no snoozing; such a thread stays open there."""
    told = {"status": "CLOSED" if status == "resolved" else "OPEN"}
    return api.tell("PATCH", calls.threads(connection, thread), calls.headers(connection), body=told)


def _assign(connection: Connection, thread: str, to: Mapping[str, str] | None) -> Answer:
    where, headers = calls.assignee(connection, thread), calls.headers(connection)
    if to is None:
        return api.tell("DELETE", where, headers, body=None)
    if not to["id"]:
        return Answer("sent", body=f"{to['email']} is nobody in HubSpot yet; its assignee was left as it is.")
    return api.tell("PUT", where, headers, body={"actorId": f"A-{to['id']}"})


def _is_ours(connection: Connection, row: OutboxMessage) -> bool:
    return row.conversation is not None and row.conversation.connection_id == connection.pk


def _words(type: str, data: Mapping[str, Any]) -> str:
    if type == "conversation.escalated":
        return f"Handed to {data['to']}. {data['question']}".strip()
    told = data.get("promise" if type == "promise.made" else "note") or data
    due = f" Due {told['due_at'][:10]}." if told.get("due_at") else ""
    return f"{'Promised' if type == 'promise.made' else 'Noted'}: {told.get('text', '')}{due}"


def _name(row: OutboxMessage) -> str:
    return row.person.name if row.person else ""


def _note(connection: Connection, row: OutboxMessage, data: Mapping[str, Any]) -> Answer:
    """On the thread, unless it is another contact's; then on the contact's or the company's own page."""
    text, about = signed(_words(row.type, data), _name(row)), data.get("contact")
    of_another = row.conversation and about and row.conversation.contact_id != about["rapport_id"]
    if _is_ours(connection, row) and not of_another:
        return _comment(connection, row, text)
    if row.type == "conversation.escalated":
        return Answer("sent", body="The conversation is not one of HubSpot's; nothing was done there.")
    nobody = Answer("sent", body="HubSpot knows neither the contact nor the company; nothing was done there.")
    return _on_record(connection, row, text) or nobody


def _on_record(connection: Connection, row: OutboxMessage, text: str) -> Answer | None:
    """A note on the contact, else on the company; None when HubSpot knows neither."""
    about = _whom_it_is_about(connection, row)
    if about is None:
        return None
    kind, id = about
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _NOTE_TO[kind]}
    body = {
        "properties": {
            "hs_timestamp": row.created_at.isoformat(),
            "hs_note_body": html.escape(text).replace("\n", "<br>"),
        },
        "associations": [{"to": {"id": id}, "types": [link]}],
    }
    where = calls.objects(connection, "notes")
    return api.tell("POST", where, calls.headers(connection), body=body)


def _whom_it_is_about(connection: Connection, row: OutboxMessage) -> tuple[str, str] | None:
    """The contact under HubSpot's number, else the company: as the event names them, or its conversation."""
    data, known = json.loads(bytes(row.payload)), Identity.objects.filter(source=connection.pk)
    for kind in _NOTE_TO:
        named = (data.get(kind) or {}).get("id")
        mine = getattr(row.conversation, f"{kind}_id", None)
        identity = known.filter(kind=kind, **{kind: mine}).first() if mine and kind not in data else None
        if id := named or (identity.external_id if identity else ""):
            return kind, id
    return None


def _comment(connection: Connection, row: OutboxMessage, text: str) -> Answer:
    assert row.conversation is not None
    where = calls.threads(connection, row.conversation.external_id, "messages")
    body = {"type": "COMMENT", "text": text, "attachments": []}
    answer = api.tell("POST", where, calls.headers(connection), body=body)
    if answer.status == 400:  # help desk threads are said to take no comments of apps since September 2026
        return _on_record(connection, row, text) or answer
    return answer


def arrived(connection: Connection, row: OutboxMessage) -> Answer:
    """HubSpot keeps no marker of ours: the thread is searched for the words, by whom and since when.

    Where colleagues have answered otherwise since, what is missing proves nothing: a person looks. So they do
    for a note, which may stand on the contact's page.
    """
    if row.type == "conversation.changed" and b'"note"' not in bytes(row.payload):
        return Answer("retry", body="Status and assignee may be said twice.")
    if not _is_ours(connection, row) or row.conversation is None:
        return Answer("unknown", body="A note on a contact is not looked for; see there whether it arrived.")
    try:
        told = _newest(connection, row.conversation.external_id)
    except CrmError as error:
        return replace(_not_sent(error), result="unknown")
    known = _known(row)
    since = [one for one in told if _is_from_here(one, row) and one.id not in known]
    same = next((one for one in since if _is_same(connection, one, row)), None)
    if same:
        return Answer("sent", 200, external_id=same.id)
    # Where the sender died, the first question is on record, which came later than the sending.
    last = row.last_try().order_by("at").first()
    proven = row.type == "reply.approved" and not since and len(told) < calls.PAGE
    if not proven or last is None or timezone.now() - last.at < _LONG_ENOUGH:
        return Answer("unknown", body="HubSpot does not show it; that proves nothing yet.")
    return Answer("retry", body="Nothing was written on the thread since.")


def _known(row: OutboxMessage) -> set[str]:
    """What the thread is known to hold of others, by HubSpot's ids."""
    there = {"conversation": row.conversation_id}
    said = Said.objects.filter(**there).exclude(external_id="").values_list("external_id", flat=True)
    left = OutboxMessage.objects.filter(**there).exclude(pk=row.pk).values_list("external_id", flat=True)
    return {*said, *left}


def _is_from_here(message: Message, row: OutboxMessage) -> bool:
    if message.createdAt < row.created_at - _SKEW:
        return False
    if row.type == "reply.approved":
        return message.type == "MESSAGE" and message.direction == "OUTGOING"
    return message.type == "COMMENT"


def _is_same(connection: Connection, message: Message, row: OutboxMessage) -> bool:
    if row.type == "reply.approved":
        words = Letter.read(bytes(row.payload)).text.split()
        return message.text.split() == words and message.sender.actorId in _senders(connection, row)
    data = json.loads(bytes(row.payload))
    note = data.get("changed", {}).get("note")
    text = signed(note["text"], note["author"]) if note else signed(_words(row.type, data), _name(row))
    return message.text.split() == text.split()


def _senders(connection: Connection, row: OutboxMessage) -> set[str]:
    """The actors as whom it may have been sent: the approver's own, or the one for all who have none."""
    person = row.approval.person if row.approval else None
    links = AgentLink.objects.filter(connection=connection, user=person).values_list("external_id", flat=True)
    return {f"A-{one}" for one in (*links, str(connection.config.get("sender") or "")) if one}
