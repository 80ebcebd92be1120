"""Tell Chatwoot: replies, private notes, and how a conversation stands; and find out whether it heard us.

Chatwoot repeats whatever it is sent twice (https://github.com/chatwoot/chatwoot/issues/15743), so each
message carries our mark. `source_id` would be the field for it, but a message that has one is taken
for one that came from the channel, and never leaves (app/services/base/send_on_channel_service.rb).
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from interactions.crm import api
from interactions.crm.base import Agent, Answer, CrmError
from interactions.crm.chatwoot import reading
from interactions.crm.chatwoot.asking import headers, in_conversation, messages, own_token
from interactions.crm.chatwoot.reading import MARK, Json
from interactions.letter import Letter
from interactions.models import Connection, Message, OutboxMessage

SKEW = timedelta(minutes=10)  # that two clocks may differ by


def send(connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
    data = json.loads(bytes(row.payload))
    is_reply = row.type == "reply.approved"
    if not _number(data) or (row.conversation and row.conversation.connection_id != connection.pk):
        return Answer(
            "dead" if is_reply else "sent", body="Chatwoot has no such conversation; nothing was done."
        )
    try:
        if is_reply:
            return _reply(connection, row, Letter.read(bytes(row.payload)), as_agent)
        if note := _note(row.type, data):
            return _post_note(connection, row, data, note, as_agent)
        return _change(connection, row, data, as_agent)
    except CrmError as error:  # before anything was sent
        return Answer("dead" if error.permanent else "retry", body=str(error))


def _number(data: Json) -> str:
    """A note on a customer names their newest conversation, if there is one."""
    return reading.text(reading.part(data, "conversation").get("id"))


def arrived(connection: Connection, row: OutboxMessage) -> Answer:
    """A message is looked for; a change of the conversation is made again, which changes nothing twice."""
    said = _said(row)
    if not said:
        return Answer("retry", body="Setting it again does no harm.")
    number = _number(json.loads(bytes(row.payload)))
    try:
        there = messages(connection, number, row.created_at - SKEW)
    except CrmError as error:
        return Answer("unknown", body=str(error))
    for one in there:
        if _is_ours(one, row, said):
            return Answer("sent", body="Found in Chatwoot.", external_id=reading.text(one.get("id")))
    return Answer("retry", body="Chatwoot does not have it.")


def _reply(connection: Connection, row: OutboxMessage, letter: Letter, agent: Agent | None) -> Answer:
    if letter.attachments:
        return Answer("dead", body="Chatwoot cannot be sent attachments yet, and they were approved.")
    is_mail = letter.channel == "email"
    if not is_mail and (letter.cc or letter.bcc):
        return Answer("dead", body="This channel has no copies, and they were approved.")
    fields: dict[str, Any] = {"content": letter.text, "private": False}
    if is_mail:
        who = {"to_emails": letter.to, "cc_emails": letter.cc, "bcc_emails": letter.bcc}
        fields |= {name: ",".join(addresses) for name, addresses in who.items()}
    return _post(connection, row, letter.conversation, fields, agent)


def _post_note(
    connection: Connection, row: OutboxMessage, data: Json, note: str, agent: Agent | None
) -> Answer:
    """Under the token's owner it says who wrote it."""
    words = note if own_token(connection, agent) else _signed(row, note)
    fields = {"content": words, "private": True}
    return _post(connection, row, _number(data), fields, agent)


def _post(connection: Connection, row: OutboxMessage, number: str, fields: Json, agent: Agent | None) -> Answer:
    body = {"message_type": "outgoing", "content_attributes": {MARK: str(row.pk)}, **fields}
    url = in_conversation(connection, number, "/messages")
    return api.tell("POST", url, headers(connection, agent), body=body)


def _change(connection: Connection, row: OutboxMessage, data: Json, agent: Agent | None) -> Answer:
    answer = Answer("dead", body="Chatwoot has no place for this.")
    for name, value in reading.part(data, "changed").items():
        path, body = _setting(row, name, value)
        url = in_conversation(connection, _number(data), path)
        answer = api.tell("POST", url, headers(connection, agent), body=body, made="")
        if answer.result == "unknown":
            answer = replace(answer, result="retry")  # setting it again does no harm
        if answer.result != "sent":
            break
    return answer


def _setting(row: OutboxMessage, name: str, value: Any) -> tuple[str, Json]:
    match name:
        case "status":
            until = row.conversation.snoozed_until if row.conversation and value == "snoozed" else None
            ends = {"snoozed_until": int(until.timestamp())} if until else {}
            return "/toggle_status", {"status": value, **ends}
        case "labels":
            return "/labels", {"labels": value}
        case "assignee":
            return "/assignments", {"assignee_id": _number_of(value)}
    raise CrmError(f"Chatwoot has no place for the {name}.", permanent=True)


def _number_of(assignee: Json | None) -> int:
    """0 takes it from whoever has it."""
    if assignee is None:
        return 0
    number = str(assignee.get("id", ""))
    if not number.isdecimal():
        raise CrmError(f"{assignee.get('name')} is mapped to no agent of Chatwoot.", permanent=True)
    return int(number)


def _note(type: str, data: Json) -> str:
    """What a private note says; empty for what is no note."""
    match type:
        case "conversation.changed":
            return str(reading.part(data, "changed", "note").get("text", ""))
        case "note.accepted":
            return f"Note on the customer: {reading.part(data, 'note').get('text', '')}"
        case "promise.made":
            promise = reading.part(data, "promise")
            due = f" (by {promise['due_at'][:10]})" if promise.get("due_at") else ""
            return f"We promised: {promise.get('text', '')}{due}"
        case "conversation.escalated":
            asked = f" “{data['question']}”" if data.get("question") else ""
            return f"Handed to {data.get('to')} ({str(data.get('reason')).replace('_', ' ')}).{asked}"
    return ""


def _signed(row: OutboxMessage, note: str) -> str:
    return f"{row.person.name}: {note}" if row.person else note


def _said(row: OutboxMessage) -> tuple[str, ...]:
    """The words that a message of ours may have there; none for what is no message."""
    if row.type == "reply.approved":
        return (Letter.read(bytes(row.payload)).text,)
    note = _note(row.type, json.loads(bytes(row.payload)))
    return (note, _signed(row, note)) if note else ()


def _is_ours(one: Json, row: OutboxMessage, said: tuple[str, ...]) -> bool:
    """By our mark; where an older Chatwoot dropped it, by its words, unless that message is known already."""
    mark = reading.text(reading.part(one, "content_attributes").get(MARK))
    if mark:
        return mark == str(row.pk)
    at, private = reading.moment(one.get("created_at")), row.type != "reply.approved"
    if one.get("message_type") != 1 or (one.get("private") is True) != private:
        return False
    if at is None or at < row.created_at - SKEW or _is_known(row, reading.text(one.get("id"))):
        return False
    words = reading.text(one.get("content"), reading.LONGEST_TEXT).split()
    return any(words == own.split() for own in said)


def _is_known(row: OutboxMessage, number: str) -> bool:
    told = {"conversation": row.conversation_id, "external_id": number}
    others = OutboxMessage.objects.filter(**told).exclude(pk=row.pk)
    return others.exists() or Message.objects.filter(**told).exists()
