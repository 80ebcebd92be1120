"""A HubSpot account on loopback: an inbox with threads, contacts, companies, deals and users, in the shape
that its documentation gives, and the webhooks it sends of them, signed by its published rule."""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from interactions.models import AgentLink, Connection, Conversation, InboxEvent
from tests.cast import Cast
from tests.factories import a_connection
from tests.vendors.server import Asked, FakeVendor, Says
from tests.work import run_tasks

RECORDED = Path(__file__).resolve().parent.parent / "fixtures" / "crm" / "hubspot"
_OWN = ("id", "text", "richText", "createdAt")
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
TOKEN = "pat-eu1-for-tests"
PORTAL = 62515
THREADS = "/conversations/v3/conversations/threads"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


def recorded_event(type: str, **having: Any) -> dict[str, Any]:
    """The first recorded event of the type with these values."""
    events = (one for one in recorded("events") if one["subscriptionType"] == type)
    found: dict[str, Any] = next(one for one in events if having.items() <= one.items())
    return found


class FakeHubSpot(FakeVendor):
    """Holds one open thread, "4711", in which Sigrid has written."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(100)
        self.threads = {"4711": recorded("thread")}
        self.messages: dict[str, list[dict[str, Any]]] = {"4711": [recorded("message")]}
        self.originals: dict[str, dict[str, str]] = {}
        self.objects = {
            "contacts": {"512": recorded("contact")}, "companies": {"9001": recorded("company")},
            "deals": {"7001": recorded("deal")}, "tickets": {"8001": recorded("ticket")},
        }  # fmt: skip
        self.notes: list[dict[str, Any]] = []
        self.owners = recorded("owners")
        self.page_size = 100
        one = rf"{THREADS}/(\w+)"
        self.on("GET", THREADS, self._list_threads)
        self.on("GET", one, self._thread)
        self.on("PATCH", one, self._update_thread)
        self.on("PUT", r"/conversations/conversations/v3/threads/(\w+)/assignee", self._assign)
        self.on("DELETE", r"/conversations/conversations/v3/threads/(\w+)/assignee", self._unassign)
        self.on("GET", rf"{one}/messages", self._list_messages)
        self.on("POST", rf"{one}/messages", self._post_message)
        self.on("GET", rf"{one}/messages/([\w-]+)", self._message)
        self.on("GET", rf"{one}/messages/([\w-]+)/original-content", self._original)
        self.on("POST", "/conversations/v3/conversations/actors/batch/read", self._actors)
        self.on("POST", "/crm/v3/objects/notes", self._note)
        self.on("GET", r"/crm/v3/objects/(\w+)/(\w+)", self._object)
        self.on("GET", "/crm/v3/owners", lambda asked: self._paged(asked, self.owners))

    def allows(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer {TOKEN}"

    def thread(self, id: str, at: datetime, text: str) -> None:
        """Another thread, in which somebody wrote."""
        told = {"id": id, "createdAt": iso(at), "latestMessageTimestamp": iso(at)}
        self.threads[id] = recorded("thread") | told
        self.messages[id] = []
        self.says(id, text, at)

    def says(self, thread: str, text: str, at: datetime, **more: Any) -> str:
        """A message in it, from Sigrid if not told otherwise; returns its id."""
        id = f"m-{next(self._numbers)}"
        self._add(
            thread, recorded("message") | {"id": id, "text": text, "richText": "", "createdAt": iso(at)} | more
        )
        return id

    def answers(self, thread: str, text: str, at: datetime, **more: Any) -> str:
        """Tomas answers in HubSpot's own window."""
        told = {name: value for name, value in recorded("answer").items() if name not in _OWN}
        return self.says(thread, text, at, **{**told, **more})

    def _add(self, thread: str, message: dict[str, Any]) -> None:
        self.messages[thread].append(message | {"conversationsThreadId": thread})
        self.threads[thread]["latestMessageTimestamp"] = message["createdAt"]

    def _paged(self, asked: Asked, found: Sequence[Any]) -> dict[str, Any]:
        begin = int(asked.params.get("after", 0))
        end = begin + min(int(asked.params.get("limit", 100)), self.page_size)
        paging = {"paging": {"next": {"after": str(end)}}} if end < len(found) else {}
        return {"results": found[begin:end], **paging}

    def _list_threads(self, asked: Asked) -> Any:
        found = sorted(self.threads.values(), key=lambda one: int(one["id"]))
        if asked.params.get("sort") == "latestMessageTimestamp":
            since = datetime.fromisoformat(asked.params["latestMessageTimestampAfter"])
            found = [one for one in found if datetime.fromisoformat(one["latestMessageTimestamp"]) >= since]
            found.sort(key=lambda one: one["latestMessageTimestamp"])
        return self._paged(asked, found)

    def _thread(self, asked: Asked, id: str) -> Any:
        found = self.threads.get(id)
        is_asked_for = found and found["archived"] == (asked.params.get("archived") == "true")
        return found if is_asked_for else _missing()

    def _update_thread(self, asked: Asked, id: str) -> Any:
        self.threads[id]["status"] = asked.body["status"]
        return self.threads[id]

    def _assign(self, asked: Asked, id: str) -> Any:
        self.threads[id]["assignedTo"] = asked.body["actorId"]
        return self.threads[id]

    def _unassign(self, asked: Asked, id: str) -> Says:
        self.threads[id].pop("assignedTo", None)
        return Says(204)

    def _list_messages(self, asked: Asked, id: str) -> Any:
        if id not in self.messages:
            return _missing()
        newest = sorted(self.messages[id], key=lambda one: one["createdAt"], reverse=True)
        return self._paged(asked, newest)

    def _message(self, asked: Asked, thread: str, id: str) -> Any:
        return next((one for one in self.messages.get(thread, []) if one["id"] == id), None) or _missing()

    def _original(self, asked: Asked, thread: str, id: str) -> Any:
        return self.originals.get(id) or _missing()

    def _post_message(self, asked: Asked, id: str) -> Any:
        """As strict as the published schema about what each kind needs."""
        told, needed = asked.body, {"type", "text", "attachments"}
        if told.get("type") == "MESSAGE":
            needed |= {"recipients", "senderActorId", "channelId", "channelAccountId"}
        if needed - set(told):
            return Says(
                400, {"status": "error", "category": "VALIDATION_ERROR", "message": "Invalid input JSON"}
            )
        actor = told.get("senderActorId", "I-54321")
        made = {
            **told, "id": f"m-{next(self._numbers)}", "createdAt": iso(timezone.now()), "createdBy": actor,
            "client": {"clientType": "INTEGRATION", "integrationAppId": 54321}, "senders": [{"actorId": actor}],
            "recipients": [], "direction": "OUTGOING", "truncationStatus": "NOT_TRUNCATED",
        }  # fmt: skip
        self._add(id, made)
        return Says(201, made)

    def _actors(self, asked: Asked) -> Any:
        known = {f"A-{one['userId']}": one for one in self.owners}
        found = [(id, known[id]) for id in asked.body["inputs"] if id in known]
        named = [
            {"id": id, "type": "AGENT", "name": f"{one['firstName']} {one['lastName']}", "email": one["email"]}
            for id, one in found
        ]
        return {"status": "COMPLETE", "results": named}

    def _note(self, asked: Asked) -> Says:
        self.notes.append(asked.body)
        return Says(201, {"id": f"n-{next(self._numbers)}", "properties": asked.body["properties"]})

    def _object(self, asked: Asked, plural: str, id: str) -> Any:
        return self.objects.get(plural, {}).get(id) or _missing()


def _missing() -> Says:
    return Says(404, {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "resource not found"})


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class PushingHubSpot:
    """Sends what an account's app is subscribed to, through the front door."""

    def __init__(self, connection: Connection, client: Client) -> None:
        self.connection = connection
        self._client = client
        self._numbers = itertools.count(5000)

    def event(
        self, type: str, object: str | int = 4711, at: datetime | None = None, **more: Any
    ) -> dict[str, Any]:
        occurred = int((at or timezone.now()).timestamp() * 1000)
        return {
            "eventId": next(self._numbers), "subscriptionId": 21, "portalId": PORTAL, "appId": 54321,
            "occurredAt": occurred, "subscriptionType": type, "attemptNumber": 0, "objectId": int(object),
            **more,
        }  # fmt: skip

    def wrote(self, message: str, thread: str = "4711", **more: Any) -> dict[str, Any]:
        return self.event("conversation.newMessage", thread, messageId=message, messageType="MESSAGE", **more)

    def push(self, *events: Any, at: datetime | None = None, **headers: str) -> Any:
        """A delivery. `headers` replace those of the signature."""
        return self.push_raw(json.dumps(events).encode(), at=at, **headers)

    def push_raw(self, body: bytes, at: datetime | None = None, **headers: str) -> Any:
        path = f"/webhooks/{self.connection.pk}"
        stamp = str(int((at or timezone.now()).timestamp() * 1000))
        signed = signature(f"{settings.PUBLIC_URL}{path}", body, stamp)
        proof = {"X-HubSpot-Signature-v3": signed, "X-HubSpot-Request-Timestamp": stamp}
        told = proof | {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(path, data=body, content_type="application/json", headers=told)

    def accepted(self, *events: Any) -> None:
        answer = self.push(*events)
        assert answer.status_code == 202, answer.content

    def states(self) -> list[tuple[str, str]]:
        events = InboxEvent.objects.filter(connection=self.connection).order_by("pk")
        return list(events.values_list("type", "state"))


def signature(uri: str, body: bytes, stamp: str) -> str:
    """Made here from the published rule, not by the code under test."""
    signed = f"POST{uri}".encode() + body + stamp.encode()
    return base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()


def ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


@pytest.fixture
def hubspot() -> Iterator[FakeHubSpot]:
    one = FakeHubSpot()
    yield one
    one.close()


@pytest.fixture
def at_hubspot(cast: Cast, hubspot: FakeHubSpot) -> Connection:
    """Support's HubSpot account."""
    connection = a_connection(
        team=cast.support, name="HubSpot", kind="hubspot", secrets=(SECRET,),
        config={"portal": str(PORTAL), "api_base": hubspot.url},
    )  # fmt: skip
    connection.set_credentials({"access_token": TOKEN})
    connection.save()
    return connection


@pytest.fixture
def from_hubspot(at_hubspot: Connection, client: Client) -> PushingHubSpot:
    return PushingHubSpot(at_hubspot, client)


@pytest.fixture
def hubspot_thread(from_hubspot: PushingHubSpot, cast: Cast) -> Conversation:
    """Sigrid's mail has arrived here, and Ines is known in HubSpot."""
    AgentLink.objects.create(connection=from_hubspot.connection, external_id="302", user=cast.ines)
    from_hubspot.accepted(from_hubspot.wrote("m-1", at=ago(60)))
    run_tasks()
    return Conversation.objects.get(connection=from_hubspot.connection, external_id="4711")
