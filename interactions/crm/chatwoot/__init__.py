"""Chatwoot: what its webhooks tell, what its API is asked, and what it is told.

Signatures, events and the API were read from https://developers.chatwoot.com and from the source at
https://github.com/chatwoot/chatwoot; docs/connectors/chatwoot.md says what could not be verified.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

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
    Unverified,
)
from interactions.crm.chatwoot import asking, reading, telling
from interactions.crm.generic import decode
from interactions.models import Connection, OutboxMessage

TOLERANCE = timedelta(minutes=5)
# Every key that is pressed; nothing to keep a row for.
NOISE = frozenset({"conversation_typing_on", "conversation_typing_off"})


class Chatwoot:
    kind = "chatwoot"
    about = About(
        label="Chatwoot",
        settings=(
            Setting("base_url", "Address", "Where you sign in, without a path.", example="https://app.chatwoot.com"),
            Setting("account_id", "Account number", "It follows /accounts/ in the address bar.", example="1"),
            Setting("api_token", "Access token", "An administrator's, from Profile settings.", secret=True),
            Setting(
                "agent_tokens", "Agents' own access tokens",
                "So that an agent answers under their own name: the agent's number and token.",
                secret=True, required=False, example="7: token, 9: token",
            ),
        ),
        makes_secret=False, polls=True, has_history=True,
        takes=frozenset(
            {
                "reply.approved", "conversation.changed", "conversation.escalated", "note.accepted",
                "promise.made",
            }
        ),
    )  # fmt: skip

    def verify(self, secrets: list[str], call: Call, now: datetime) -> str:
        """Chatwoot signs from 4.11.2 on (https://github.com/chatwoot/chatwoot/issues/13862). For what is older
        the secret stands in the address, as `?token=`."""
        if "x-chatwoot-signature" in call.headers:
            _check_signature(secrets, call, now)
        else:
            _check_token(secrets, call)
        key = call.headers.get("x-chatwoot-delivery", "")
        if len(key) > 180 or not key.isprintable():
            raise Unverified("X-Chatwoot-Delivery is not a text of at most 180 characters")
        return key or f"body:{sha256(call.body).hexdigest()}"

    def split(self, key: str, body: bytes) -> list[Delivery]:
        event = decode(body).get("event")
        if not isinstance(event, str) or not event or len(event) > 60:
            raise Unreadable("`event` is not a short text")
        return [] if event in NOISE else [Delivery(key=key, type=event, body=body)]

    def fetch(self, connection: Connection, type: str, body: bytes) -> None:
        return None

    def parse(self, type: str, body: bytes, fetched: bytes | None) -> list[Fact]:
        return reading.facts(type, decode(body))

    def sample(self, connection: Connection, url: str, now: datetime) -> Call:
        """A webhook about an invented customer, as Chatwoot would sign it."""
        key, at = f"test-{uuid4()}", now.timestamp()
        sender = {"id": key, "name": "Test Customer", "email": "test.customer@example.com", "type": "contact"}
        talk = {"id": key, "channel": "Channel::WebWidget", "status": "open", "meta": {"sender": sender}}
        message = {"id": key, "content": "Hello, this is a test.", "message_type": "incoming", "created_at": at}
        told = {"event": "message_created", **message, "sender": sender, "conversation": talk}
        body, stamp = json.dumps(told).encode(), str(int(at))
        signed = _signature(connection.secrets[0], stamp, body)
        headers = {"x-chatwoot-signature": signed, "x-chatwoot-timestamp": stamp, "x-chatwoot-delivery": key}
        return Call(url, headers, body)

    def send(self, connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
        return telling.send(connection, row, as_agent)

    def arrived(self, connection: Connection, row: OutboxMessage) -> Answer:
        return telling.arrived(connection, row)

    def read(self, connection: Connection, conversation: str) -> Sequence[Fact]:
        return asking.read(connection, conversation)

    def poll(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return asking.poll(connection, cursor)

    def history(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return asking.history(connection, cursor)

    def recent(self, connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
        return asking.recent(connection, since, cursor)

    def agents(self, connection: Connection) -> list[Agent]:
        return asking.agents(connection)


def _check_signature(secrets: list[str], call: Call, now: datetime) -> None:
    """`sha256=hex(HMAC-SHA256(secret, "timestamp.body"))`, the timestamp in Unix seconds."""
    stamp = call.headers.get("x-chatwoot-timestamp", "")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise Unverified("the timestamp is more than 5 minutes away")
    given = call.headers["x-chatwoot-signature"].encode()
    wanted = [
        _signature(one, stamp, call.body) for one in secrets if one
    ]  # with an empty one anybody could sign
    if not any(hmac.compare_digest(one.encode(), given) for one in wanted):
        raise Unverified("no signature matches")


def _signature(secret: str, stamp: str, body: bytes) -> str:
    return f"sha256={hmac.digest(secret.encode(), f'{stamp}.'.encode() + body, 'sha256').hex()}"


def _check_token(secrets: list[str], call: Call) -> None:
    given = parse_qs(urlsplit(call.url).query).get("token", [""])[-1].encode()
    if not given:
        raise Unverified("the signature headers are missing")
    if not any(hmac.compare_digest(one.encode(), given) for one in secrets if len(one) >= 20):
        raise Unverified("the token in the address is not the secret")
