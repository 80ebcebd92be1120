"""HubSpot: conversations and tickets of its inbox, contacts, companies and deals.

https://developers.hubspot.com/docs
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.utils import timezone
from pydantic import ValidationError

from interactions.crm.base import (
    About,
    Agent,
    Answer,
    Call,
    Delivery,
    Fact,
    Names,
    Page,
    Setting,
    Unreadable,
)
from interactions.crm.generic import decode, decode_any, in_words
from interactions.crm.hubspot import calls, facts, sending, signature
from interactions.crm.hubspot.payloads import Event, Thread
from interactions.models import Connection, OutboxMessage

_SETTINGS = (
    Setting(
        "access_token", "Access token", "On the app's Auth tab; it starts with pat-.", secret=True,
        example="pat-eu1-…",
    ),
    Setting(
        "portal", "HubSpot account ID", "Beside the account's name, top right. Others' events are refused.",
        example="62515",
    ),
    Setting(
        "sender", "User ID for people without a HubSpot user",
        "Their replies leave in this user's name. Empty: they are held back, and you are told.", required=False,
    ),
    Setting("api_base", "Address of the API", required=False, example=calls.BASE),
    Setting(
        "version", "Version of the API", "v3, or a date.", required=False,
        example=calls.VERSION,
    ),
)  # fmt: skip
_OLD_PAGE = 10  # HubSpot allows a hundred requests in ten seconds
_TAKES = frozenset(
    {"reply.approved", "conversation.changed", "conversation.escalated", "note.accepted", "promise.made"}
)


class HubSpot:
    kind = "hubspot"
    about = About(
        label="HubSpot", settings=_SETTINGS, makes_secret=False, fetches=True, polls=True, has_history=True,
        takes=_TAKES,
    )  # fmt: skip

    def verify(self, secrets: list[str], call: Call, now: datetime) -> str:
        return signature.verify(secrets, call, now)

    def split(self, key: str, body: bytes) -> list[Delivery]:
        """A list of up to 100 events. An event's number alone is not unique, so its key has five parts."""
        told = decode_any(body)
        if not isinstance(told, list) or not told:
            raise Unreadable("the body is not a list of events")
        return [_delivery(one) for one in told]

    def fetch(self, connection: Connection, type: str, body: bytes) -> bytes | None:
        told = decode(body)
        if type == facts.THREAD:
            found: Mapping[str, Any] | None = calls.whole_thread(connection, str(told.get("thread")))
        else:
            found = calls.found_for(connection, _event(told))
        return json.dumps(found).encode() if found else None

    def parse(self, type: str, body: bytes, fetched: bytes | None) -> list[Fact]:
        return facts.facts_of(type, body, fetched)

    def send(self, connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
        return sending.send(connection, row, as_agent)

    def arrived(self, connection: Connection, row: OutboxMessage) -> Answer:
        return sending.arrived(connection, row)

    def read(self, connection: Connection, conversation: str) -> list[Fact]:
        found = json.dumps(calls.whole_thread(connection, conversation)).encode()
        return facts.facts_of(facts.THREAD, b"", found)

    def poll(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        """Threads with a message since the last look; which it tells in the order of their messages."""
        since = cursor.get("since") or timezone.now().isoformat()
        if not cursor:
            return Page((), {"since": since})
        threads, after = _spoken_in(connection, since, cursor.get("after"))
        spoken = [one.latestMessageTimestamp.isoformat() for one in threads if one.latestMessageTimestamp]
        following = {"since": since, "after": after} if after else {"since": max(spoken, default=since)}
        return Page([_look_at(one) for one in threads], following)

    def history(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        """Every thread by its number, each of which is then looked at as a whole: some five requests."""
        threads, after = _threads(connection, limit=_OLD_PAGE, after=cursor.get("after"))
        return Page([_look_at(one) for one in threads], {"after": after} if after else None)

    def recent(self, connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
        """Threads with a message since then; HubSpot lists no others by time, and none the newest first."""
        threads, after = _spoken_in(connection, since.isoformat(), cursor.get("after"))
        return Names([one.id for one in threads if not one.spam], {"after": after} if after else None)

    def agents(self, connection: Connection) -> list[Agent]:
        return calls.agents(connection)

    def sample(self, connection: Connection, url: str, now: datetime) -> Call:
        """It points at a conversation that is not there, as an event only ever points."""
        stamp = str(int(now.timestamp() * 1000))
        event = {
            "portalId": connection.config.get("portal", ""), "subscriptionId": 0, "eventId": 0,
            "subscriptionType": "conversation.creation", "occurredAt": int(stamp), "objectId": 0,
        }  # fmt: skip
        body = json.dumps([event]).encode()
        signed = signature.sign(connection.secrets[0], "POST", url, body, stamp)
        headers = {"x-hubspot-signature-v3": signed, "x-hubspot-request-timestamp": stamp}
        return Call(url, headers, body)


def _delivery(told: Any) -> Delivery:
    body = json.dumps(told).encode()
    try:
        event = _event(told)
    except Unreadable as error:
        return Delivery(f"broken-{sha256(body).hexdigest()}", _type_of(told), body, broken=str(error))
    about = event.objectId or f"{event.fromObjectId}-{event.toObjectId}"
    occurred = str(told["occurredAt"])
    key = ":".join((event.portalId, event.subscriptionId, event.eventId, about, occurred))
    return Delivery(key, event.subscriptionType, body) if len(key) <= 200 else _too_long(event, body)


def _too_long(event: Event, body: bytes) -> Delivery:
    key = f"broken-{sha256(body).hexdigest()}"
    return Delivery(key, event.subscriptionType, body, broken="its numbers are longer than HubSpot's are")


def _event(told: Any) -> Event:
    try:
        return Event.model_validate(told)
    except ValidationError as error:
        raise Unreadable(in_words(error)) from None


def _type_of(told: Any) -> str:
    type = told.get("subscriptionType") if isinstance(told, dict) else ""
    return type[:60] if isinstance(type, str) else ""


def _spoken_in(connection: Connection, since: str, after: str | None) -> tuple[list[Thread], str]:
    """By their last message, the oldest first. The sort demands the time, and can be turned round only for one
    contact's threads: https://developers.hubspot.com/docs/api-reference/legacy/conversations/conversations/threads/get-conversations
    """
    by_time = {"sort": "latestMessageTimestamp", "latestMessageTimestampAfter": since}
    return _threads(connection, limit=calls.PAGE, after=after, **by_time)


def _threads(connection: Connection, **params: Any) -> tuple[list[Thread], str]:
    found, after = calls.page(connection, calls.threads(connection), **params)
    return [calls.read(Thread, one) for one in found], after


def _look_at(thread: Thread) -> Delivery:
    """The same look at the same thread has the same key, whoever asks for it."""
    spoken = thread.latestMessageTimestamp or thread.createdAt
    body = json.dumps({"thread": thread.id}).encode()
    return Delivery(f"thread:{thread.id}:{spoken.isoformat()}", facts.THREAD, body)
