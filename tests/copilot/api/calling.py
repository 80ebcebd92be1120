"""Programs that call the API with a key, and the rows they ask about."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from copilot.models import Draft
from interactions.models import Connection, Conversation, InboxEvent
from people.models import ApiKey, Scope, User
from tests.factories import a_message

ALL = [Scope.READ, Scope.WRITE, Scope.DECIDE]
V1 = "/api/v1/"
TEXT = "Dear Sigrid,\n\nyour order 4411 arrives on Monday.\n\nKind regards\nInes"
CHECK = {"id": "c1", "kind": "promise", "words": "arrives on Monday", "label": "I will see to it:",
         "note": "new promise", "start": 30, "end": 47, "tick": True}  # fmt: skip
SOURCE = {"id": "r1", "n": 1, "kind": "record", "title": "Order 4411", "author": "", "at": None,
          "quote": "Arrives on Monday", "url": "", "internal": False, "marks": [47]}  # fmt: skip


@dataclass(frozen=True)
class Program:
    """Holds one key and says JSON."""

    key: str
    client: Client

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(V1 + path, query, headers=self._headers())

    def post(self, path: str, body: Any = None, *, once: str = "") -> Any:
        headers = self._headers() | ({"Idempotency-Key": once} if once else {})
        return self.client.post(V1 + path, body or {}, content_type="application/json", headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(V1 + path, body, content_type="application/json", headers=self._headers())

    def send(self, method: str, path: str) -> Any:
        return self.client.generic(method, V1 + path, headers=self._headers())

    def raw(self, path: str, body: bytes, content_type: str = "application/json") -> Any:
        return self.client.generic("POST", V1 + path, body, content_type, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def program_of(person: User, scopes: list[Scope] = ALL) -> Program:
    return Program(ApiKey.make(f"{person.name}'s program", list(scopes), person)[1], Client())


def program_of_connection(connection: Connection) -> Program:
    key, text = ApiKey.make("The CRM's own", [Scope.READ, Scope.WRITE])
    connection.api_key = key
    connection.save(update_fields=["api_key"])
    return Program(text, Client())


def a_draft(*, conversation: Conversation, text: str = TEXT, **fields: Any) -> Draft:
    """A ready draft that answers the newest message, or one that was just written."""
    said = conversation.messages.first() or a_message(conversation=conversation)
    contact = conversation.contact
    told: dict[str, Any] = {
        "n": conversation.drafts.count() + 1, "answers": said, "state": Draft.State.READY, "text": text,
        "sources": [SOURCE], "engine": "offline", "due_at": timezone.now(), "ready_at": timezone.now(),
        "envelope": {"to": [contact.email] if contact else [], "cc": [], "bcc": [],
                     "subject": f"Re: {conversation.subject}", "attachments": []},
    }  # fmt: skip
    return Draft.objects.create(conversation=conversation, **(told | fields))


_keys = itertools.count(1)


def an_event(*, connection: Connection, state: str = InboxEvent.State.DEAD, **fields: Any) -> InboxEvent:
    at = timezone.now() - timedelta(minutes=5)
    told = {"key": f"evt-{next(_keys)}", "type": "message.received", "body": b"{}", "reason": "unreadable"}
    return InboxEvent.objects.create(
        connection=connection, state=state, due_at=at, received_at=at, **(told | fields)
    )


def is_problem(answer: HttpResponse, status: int, kind: str = "") -> bool:
    """Every error has the same form, whatever went wrong."""
    body = answer.json()  # type: ignore[attr-defined]
    assert answer.status_code == status, (answer.status_code, body)
    assert answer["Content-Type"] == "application/problem+json"
    assert body["status"] == status and body["title"] and body["detail"]
    assert body["type"] == (f"/api/v1/docs/#problem-{kind}" if kind else "about:blank")
    return True
