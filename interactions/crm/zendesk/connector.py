"""The connector: what arrives is proven and pointed out here, asked for, read and answered beside it."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from interactions.crm import events as e
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
from interactions.crm.generic import decode, in_words
from interactions.crm.zendesk import asking, exporting, reading, sending
from interactions.models import Connection, OutboxMessage

TOLERANCE = timedelta(minutes=5)
# What is told just before an event belongs to it, and may have been missed.
EARLIER = timedelta(minutes=10)

# The ticket events that we read; each only points at the ticket, which is asked for as it is.
# https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
TICKET = {
    "ticket.created", "ticket.comment_added", "ticket.status_changed", "ticket.custom_status_changed",
    "ticket.agent_assignment_changed", "ticket.tags_changed", "ticket.subject_changed",
    "ticket.requester_changed", "ticket.merged", "ticket.undeleted", exporting.SEEN,
}  # fmt: skip
# https://developer.zendesk.com/api-reference/webhooks/event-types/user-events
USER = {
    "user.created", "user.name_changed", "user.details_changed", "user.custom_field_changed",
    "user.identity_changed", "user.identity_created", "user.identity_deleted",
    "user.organization_membership_created", "user.organization_membership_deleted", "user.role_changed",
}  # fmt: skip
# https://developer.zendesk.com/api-reference/webhooks/event-types/organization-events/
ORGANIZATION = {"organization.created", "organization.name_changed", "organization.custom_field_changed"}

_SIGNATURE, _STAMP = "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"
_PREFIX = re.compile(r"^zen:event-type[:/]")


class Subject(e.Part):
    id: e.Id


class Event(e.Part):
    """What all of Zendesk's events have in common, and what our own polling adds to it."""

    detail: Subject
    time: e.Moment | None = None
    told: dict[str, Any] | None = None


class Zendesk:
    """https://developer.zendesk.com/api-reference/"""

    kind = "zendesk"
    about = About(
        label="Zendesk",
        settings=(
            Setting(
                "subdomain", "Subdomain", "The first part of your Zendesk's address, or all of it.",
                example="tern",
            ),
            Setting(
                "email", "Email of the agent that the token acts as", "An admin, who sees all tickets.",
                example="support@tern.example",
            ),
            Setting(
                "api_token", "API token", "Admin Center, Apps and integrations, APIs, API tokens.", secret=True
            ),
        ),
        makes_secret=False, fetches=True, polls=True, has_history=True, takes=sending.TAKES,
        sends_files=True,
    )  # fmt: skip

    def verify(self, secrets: list[str], call: Call, now: datetime) -> str:
        """https://developer.zendesk.com/documentation/webhooks/verifying/"""
        stamp = call.headers.get(_STAMP, "")
        given = call.headers.get(_SIGNATURE, "").encode()
        if not (stamp and given):
            raise Unverified("the signature headers are missing")
        if abs(now - datetime.fromisoformat(stamp)) > TOLERANCE:
            raise Unverified("the timestamp is more than 5 minutes away")
        for secret in filter(None, secrets):
            if hmac.compare_digest(_signature(secret, stamp, call.body), given):
                # No header names the event under the signature; its body does, if it can be read.
                return "body-" + hashlib.sha256(call.body).hexdigest()
        raise Unverified("no signature matches")

    def split(self, key: str, body: bytes) -> list[Delivery]:
        event = decode(body)
        type, own = event.get("type"), event.get("id")
        if not isinstance(type, str) or not _PREFIX.match(type) or len(type) > 60:
            raise Unreadable("`type` is not that of a Zendesk event")
        if not isinstance(own, str) or not 0 < len(own) <= 200 or not own.isprintable():
            raise Unreadable("`id` is not a text of at most 200 characters")
        return [Delivery(key=own, type=_PREFIX.sub("", type), body=body)]

    def fetch(self, connection: Connection, type: str, body: bytes) -> bytes | None:
        if type not in TICKET | USER | ORGANIZATION:
            return None
        event = _event(body)
        if event.told is not None:
            return None
        ask = asking.ticket if type in TICKET else asking.user if type in USER else asking.organization
        return json.dumps(ask(connection, event.detail.id)).encode()

    def parse(self, type: str, body: bytes, fetched: bytes | None) -> Sequence[Fact]:
        if type not in TICKET | USER | ORGANIZATION:
            return []
        event = _event(body)
        told = decode(fetched) if fetched else event.told or {}
        if type in USER:
            return reading.user_facts(told)
        if type in ORGANIZATION:
            return reading.organization_facts(told)
        return reading.ticket_facts(told, event.time - EARLIER if event.time else None)

    def send(self, connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
        return sending.send(connection, row, as_agent)

    def arrived(self, connection: Connection, row: OutboxMessage) -> Answer:
        return sending.arrived(connection, row)

    def read(self, connection: Connection, conversation: str) -> Sequence[Fact]:
        told = json.dumps(asking.ticket(connection, conversation)).encode()
        return reading.ticket_facts(decode(told), None)

    def poll(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return exporting.poll(connection, cursor, datetime.now(UTC))

    def history(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return exporting.history(connection, cursor)

    def recent(self, connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
        return exporting.recent(connection, since, cursor)

    def agents(self, connection: Connection) -> list[Agent]:
        return asking.agents(connection)

    def sample(self, connection: Connection, url: str, now: datetime) -> Call:
        """An event that tells its ticket along, so that Zendesk is asked for nothing."""
        key, at, stamp = str(uuid4()), now.isoformat(), now.astimezone(UTC).isoformat(timespec="seconds")
        customer = {"id": 1, "name": "Test Customer", "email": "test.customer@example.com", "role": "end-user"}
        said = {"id": 1, "type": "Comment", "body": "Hello, this is a test.", "public": True, "author_id": 1}
        # No ticket of Zendesk's has a number that begins with a zero.
        ticket = {
            "id": f"0{now:%Y%m%d%H%M%S%f}", "subject": "A test", "status": "new", "requester_id": 1,
            "created_at": at, "updated_at": at,
        }  # fmt: skip
        told = {
            "ticket": ticket,
            "users": [customer],
            "audits": [{"id": 1, "created_at": at, "events": [said]}],
        }
        event = {"id": key, "type": "zen:event-type:ticket.created", "time": at, "detail": ticket, "told": told}
        body = json.dumps(event).encode()
        signature = _signature(connection.secrets[0], stamp, body).decode()
        return Call(url, {_STAMP: stamp, _SIGNATURE: signature}, body)


def _signature(secret: str, stamp: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), stamp.encode() + body, "sha256"))


def _event(body: bytes) -> Event:
    try:
        event = Event.model_validate(decode(body))
    except ValidationError as error:
        raise Unreadable(in_words(error)) from None
    if not event.detail.id.isdigit():
        raise Unreadable("detail.id: is not a number")
    return event
