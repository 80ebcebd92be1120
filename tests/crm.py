"""A CRM that signs its events and pushes them through the front door."""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from interactions.models import Connection, Conversation, InboxEvent

SIGRID = {"id": "p-1", "name": "Sigrid Moe", "email": "sigrid@fjord.example"}
FJORD = {"id": "a-1", "name": "Fjord Shipping"}

type Send = Callable[[str, bytes, dict[str, str]], Any]


class PushingCrm:
    """Speaks for one connection. `push` takes any bytes; the rest say something a CRM would say."""

    def __init__(self, connection: Connection, send: Send) -> None:
        self.connection = connection
        self.secret = connection.secrets[0]
        self._send = send
        self._numbers = itertools.count(1)

    def push(
        self, body: bytes | Mapping[str, Any], *, key: str = "", at: datetime | None = None,
        secret: str = "", headers: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        """Sign and send. `headers` replace those of the signature."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = sign(secret or self.secret, key or f"evt-{next(self._numbers)}", raw, at)
        return self._send(f"/webhooks/{self.connection.pk}", raw, {**signed, **(headers or {})})

    def says(self, text: str = "When will it arrive?", **how: Any) -> Any:
        """A customer writes."""
        return self._pushed(received(text, **{"message": f"m-{next(self._numbers)}", **how}))

    def answers(self, text: str = "It arrives on Monday.", **how: Any) -> Any:
        """A colleague answers in the CRM's own window."""
        return self._pushed(sent(text, **{"message": f"m-{next(self._numbers)}", **how}))

    def tells(self, type: str, data: Mapping[str, Any], at: datetime | None = None) -> Any:
        return self._pushed(event(type, data, at))

    def _pushed(self, body: Mapping[str, Any]) -> Any:
        answer = self.push(body)
        assert answer.status_code == 202, answer.content
        return answer

    def conversation(self, external_id: str = "c-1") -> Conversation:
        return Conversation.objects.get(connection=self.connection, external_id=external_id)

    def last_event(self) -> InboxEvent:
        return InboxEvent.objects.filter(connection=self.connection).latest("id")


def sign(secret: str, key: str, body: bytes, at: datetime | None = None) -> dict[str, str]:
    """Made here from the published rule, not by the code under test."""
    stamp = str(int((at or timezone.now()).timestamp()))
    seed = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(seed, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": signature}


def event(type: str, data: Mapping[str, Any], at: datetime | None = None) -> dict[str, Any]:
    return {"type": type, "timestamp": iso(at or timezone.now()), "data": data}


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def minutes_ago(number: float) -> datetime:
    return timezone.now() - timedelta(minutes=number)


def received(
    text: str, *, conversation: str = "c-1", message: str = "m-1", at: datetime | None = None,
    told_at: datetime | None = None, subject: str = "My order", channel: str = "email",
    contact: Mapping[str, Any] = SIGRID, account: Mapping[str, Any] | None = FJORD, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A message.received. `at`: when it was written; `told_at`: when the CRM told of it."""
    at = at or timezone.now()
    data: dict[str, Any] = {
        "conversation": {"id": conversation, "subject": subject, "channel": channel},
        "contact": dict(contact),
        "message": {"id": message, "text": text, "sent_at": iso(at), **more},
    }
    if account:
        data["account"] = dict(account)
    return event("message.received", data, told_at or at)


def sent(
    text: str, *, conversation: str = "c-1", message: str = "m-1", at: datetime | None = None,
    contact: Mapping[str, Any] | None = SIGRID, account: Mapping[str, Any] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A message.sent: an answer that left the CRM without us, or the echo of ours."""
    at = at or timezone.now()
    data: dict[str, Any] = {
        "conversation": {"id": conversation},
        "message": {"id": message, "text": text, "sent_at": iso(at), **more},
    }
    if contact:
        data["contact"] = dict(contact)
    if account:
        data["account"] = dict(account)
    return event("message.sent", data, at)


def through(client: Client) -> Send:
    def send(path: str, body: bytes, headers: dict[str, str]) -> HttpResponse:
        return client.post(path, data=body, content_type="application/json", headers=headers)  # type: ignore[return-value]

    return send


def over_http(base: str) -> Send:
    def send(path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        return httpx.post(base + path, content=body, headers=headers, trust_env=False, verify=False, timeout=10)

    return send


@pytest.fixture
def crm(connection: Connection, client: Client) -> PushingCrm:
    return PushingCrm(connection, through(client))
