"""Chatwoot as a server: conversations and their messages behind its API, and its signed webhooks.

What happens there, by a person or over the API, is told by webhooks that wait in `webhooks` until `push`
sends them, so that a test may lose, repeat or shuffle them on the way.
"""

import hashlib
import hmac
import itertools
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from interactions.models import Connection
from people.models import Team
from tests.factories import a_connection
from tests.vendors.server import Asked, FakeVendor, Says

SECRET = "cw-signing-secret-of-the-webhook"
TOKEN = "cw-token-of-the-admin"
AGENTS = {
    3: {"name": "Rapport", "email": "rapport@tern.example", "role": "administrator", "token": TOKEN},
    7: {"name": "Ines Duarte", "email": "ines@tern.example", "role": "agent", "token": "cw-token-of-ines"},
    9: {"name": "Tomas Lind", "email": "tomas@tern.example", "role": "agent", "token": "cw-token-of-tomas"},
}
SIGRID = {
    "id": 41, "name": "Sigrid Moe", "email": "sigrid@fjord.example", "phone_number": "+4755501234",
    "identifier": None, "custom_attributes": {"plan": "Team"},
    "additional_attributes": {"company_name": "Fjord Shipping"},
}  # fmt: skip
PAGE = 25
MESSAGES_PAGE = 20
_BASE = r"/api/v1/accounts/1"
_KINDS = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}


@dataclass
class Talk:
    """A conversation over there."""

    id: int
    contact: Mapping[str, Any]
    channel: str
    subject: str
    created_at: float
    status: str = "open"
    snoozed_until: int | None = None
    assignee: int = 0
    labels: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    updated_at: float = 0
    last_activity_at: float = 0


class FakeChatwoot(FakeVendor):
    """`page`: how many conversations it lists at once. `keeps_attributes`: as versions of 2026 do. `token` (the
    admin's) and `secret` are those that are good now; other tokens may be `revoked`."""

    def __init__(self) -> None:
        super().__init__()
        self.talks: dict[int, Talk] = {}
        self.webhooks: list[dict[str, Any]] = []
        self.page, self.keeps_attributes = PAGE, True
        self.token, self.secret = TOKEN, SECRET
        self.revoked: set[str] = set()
        self._numbers = itertools.count(1001)
        one = _BASE + r"/conversations/(\d+)"
        self.on("GET", _BASE + "/agents", lambda _: [self._agent(number) for number in AGENTS])
        self.on("GET", _BASE + "/conversations", self._list)
        self.on("GET", one, lambda _, number: self._found(number, self._shown))
        self.on("GET", one + "/messages", self._messages)
        self.on("POST", one + "/messages", self._create)
        self.on("POST", one + "/toggle_status", self._toggle)
        self.on("POST", one + "/assignments", self._assign)
        self.on("POST", one + "/labels", self._label)

    # What people do there.

    def customer_writes(
        self, text: str, number: int = 0, *, contact: Mapping[str, Any] = SIGRID,
        channel: str = "Channel::WebWidget", subject: str = "", **more: Any,
    ) -> Talk:  # fmt: skip
        talk = self.talks.get(number) or self._open(contact, channel, subject)
        self._say(talk, 0, text, {**contact, "type": "contact"}, more)
        if talk.status != "open":
            self._change(talk, status="open", snoozed_until=None)
        return talk

    def agent_writes(
        self, talk: Talk, text: str, agent: int = 9, *, private: bool = False, **more: Any
    ) -> None:
        self._say(talk, 1, text, self._sender(agent), {"private": private, **more})

    def bot_writes(self, talk: Talk, text: str) -> None:
        self._say(talk, 1, text, {"id": 2, "name": "Greeter", "type": "agent_bot"}, {})

    def agent_sets(self, talk: Talk, **fields: Any) -> None:
        self._change(talk, **fields)

    def customer_rates(self, talk: Talk, rating: int, comment: str = "") -> None:
        asked = {"content_type": "input_csat"}
        survey = next((one for one in talk.messages if one["content_type"] == "input_csat"), None)
        survey = survey or self._say(talk, 3, "How did we do?", {}, asked)
        answer = {"rating": rating, "feedback_message": comment}
        survey["content_attributes"] = {"submitted_values": {"csat_survey_response": answer}}
        talk.updated_at = self.now()
        self._tell("message_updated", self._message_told(talk, survey))

    def push(self, send: Callable[..., Any], connection: Connection) -> list[Any]:
        """Send the waiting webhooks through the door of the connection; returns its answers."""
        waiting, self.webhooks = self.webhooks, []
        path = f"/webhooks/{connection.pk}"
        return [send(path, *signed(one, at=self.now(), secret=self.secret)) for one in waiting]

    def now(self) -> float:
        return time.time() + self.skew

    # What its API does.

    def allows(self, asked: Asked) -> bool:
        return self._by(asked) != 0

    def _by(self, asked: Asked) -> int:
        token = asked.headers.get("api-access-token")
        good = {number: one["token"] for number, one in AGENTS.items()} | {3: self.token}
        return next((number for number, one in good.items() if one == token not in self.revoked), 0)

    def _found(self, number: str, then: Callable[[Talk], Any]) -> Any:
        talk = self.talks.get(int(number))
        return then(talk) if talk else Says(404, {"error": "Resource could not be found"})

    def _list(self, asked: Asked) -> Any:
        by = {"last_activity_at_desc": "last_activity_at", "created_at_desc": "created_at"}[
            asked.params["sort_by"]
        ]
        talks = sorted(self.talks.values(), key=lambda one: (getattr(one, by), one.id), reverse=True)
        kept = [one for one in talks if asked.params.get("status") in ("all", one.status)]
        start = (int(asked.params.get("page", 1)) - 1) * self.page
        payload = [self._shown(one) for one in kept[start : start + self.page]]
        return {"data": {"meta": {"all_count": len(kept)}, "payload": payload}}

    def _messages(self, asked: Asked, number: str) -> Any:
        def page(talk: Talk) -> Any:
            edge = int(asked.params.get("before", 10**9))
            older = [one for one in talk.messages if one["id"] < edge]
            return {"meta": {"labels": talk.labels}, "payload": [_shown(m) for m in older[-MESSAGES_PAGE:]]}

        return self._found(number, page)

    def _create(self, asked: Asked, number: str) -> Any:
        body = asked.body
        if not body.get("content"):
            return Says(422, {"error": "Validation failed: Content can't be blank"})
        kept = {"content_attributes": body["content_attributes"]} if self.keeps_attributes else {}
        more = {"private": body["private"], **kept}
        sender = self._sender(self._by(asked))
        return self._found(number, lambda talk: _shown(self._say(talk, 1, body["content"], sender, more)))

    def _toggle(self, asked: Asked, number: str) -> Any:
        until = asked.body.get("snoozed_until")
        news = {"status": asked.body["status"], "snoozed_until": until}
        return self._found(number, lambda talk: self._changed(talk, {"payload": {"success": True}}, **news))

    def _assign(self, asked: Asked, number: str) -> Any:
        agent = asked.body["assignee_id"]
        return self._found(number, lambda talk: self._changed(talk, self._agent(agent), assignee=agent))

    def _label(self, asked: Asked, number: str) -> Any:
        labels = asked.body["labels"]
        return self._found(number, lambda talk: self._changed(talk, {"payload": labels}, labels=labels))

    # How it keeps and tells it.

    def _open(self, contact: Mapping[str, Any], channel: str, subject: str) -> Talk:
        number = len(self.talks) + 1
        talk = Talk(number, contact, channel, subject, self.now(), updated_at=self.now())
        self.talks[number] = talk
        self._tell("conversation_created", self._conversation_told(talk))
        return talk

    def _say(self, talk: Talk, kind: int, text: str, sender: Any, more: Mapping[str, Any]) -> dict[str, Any]:
        at = self.now()
        said = {
            "id": next(self._numbers), "content": text, "message_type": kind, "content_type": "text",
            "private": False, "content_attributes": {}, "source_id": None, "created_at": at,
            "conversation_id": talk.id, "sender": sender or None, **more,
        }  # fmt: skip
        talk.messages.append(said)
        talk.last_activity_at = talk.updated_at = at
        if kind != 2:
            self._tell("message_created", self._message_told(talk, said))
        return said

    def _changed(self, talk: Talk, answer: Any, **fields: Any) -> Any:
        self._change(talk, **fields)
        return answer

    def _change(self, talk: Talk, **fields: Any) -> None:
        old = {name: getattr(talk, name) for name in fields}
        for name, value in fields.items():
            setattr(talk, name, value)
        self._say(talk, 2, "The conversation was changed.", None, {})
        names = {"assignee": "assignee_id", "labels": "label_list"}
        changed = [
            {names.get(name, name): {"previous_value": old[name], "current_value": value}}
            for name, value in fields.items()
        ]
        event = "conversation_status_changed" if "status" in fields else "conversation_updated"
        self._tell(event, {**self._conversation_told(talk), "changed_attributes": changed})

    def _tell(self, event: str, data: Mapping[str, Any]) -> None:
        self.webhooks.append({"event": event, "account": {"id": 1, "name": "Harbour"}, **data})

    def _conversation_told(self, talk: Talk) -> dict[str, Any]:
        assignee = self._sender(talk.assignee) if talk.assignee else None
        return {
            "id": talk.id, "inbox_id": 5, "status": talk.status, "channel": talk.channel,
            "labels": talk.labels, "snoozed_until": _iso(talk.snoozed_until) if talk.snoozed_until else None,
            "additional_attributes": {"mail_subject": talk.subject} if talk.subject else {},
            "custom_attributes": {}, "messages": [], "unread_count": 1, "priority": None,
            "meta": {"sender": {**talk.contact, "type": "contact"}, "assignee": assignee, "team": None},
            "created_at": int(talk.created_at), "updated_at": talk.updated_at,
            "last_activity_at": int(talk.last_activity_at), "timestamp": int(talk.last_activity_at),
        }  # fmt: skip

    def _message_told(self, talk: Talk, said: Mapping[str, Any]) -> dict[str, Any]:
        told = {**said, "message_type": _KINDS[said["message_type"]], "created_at": _iso(said["created_at"])}
        if told["sender"] and told["sender"]["type"] == "user":
            told["sender"] = {**told["sender"], "email": AGENTS[told["sender"]["id"]]["email"]}
        inbox = {"id": 5, "name": "Support"}
        return {**told, "conversation": self._conversation_told(talk), "inbox": inbox}

    def _shown(self, talk: Talk) -> dict[str, Any]:
        told = self._conversation_told(talk)
        meta: dict[str, Any] = {"sender": talk.contact, "channel": talk.channel}
        if talk.assignee:
            meta["assignee"] = self._agent(talk.assignee)
        return {**told, "channel": None, "account_id": 1, "meta": meta}

    def _agent(self, number: int) -> dict[str, Any] | None:
        one = AGENTS.get(number)
        return one and {"id": number, **{name: one[name] for name in ("name", "email", "role")}}

    def _sender(self, number: int) -> dict[str, Any]:
        return {"id": number, "name": AGENTS[number]["name"], "type": "user"}


def signed(
    told: Mapping[str, Any] | bytes, *, at: float = 0, secret: str = SECRET
) -> tuple[bytes, dict[str, str]]:
    """A webhook's body and headers, by the published rule."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    stamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {
        "x-chatwoot-signature": f"sha256={digest}", "x-chatwoot-timestamp": stamp,
        "x-chatwoot-delivery": str(uuid.uuid4()),
    }  # fmt: skip


def chatwoot_connection(team: Team, vendor: FakeChatwoot, **credentials: str) -> Connection:
    made = a_connection(
        team=team, name="Chatwoot", kind="chatwoot", secrets=(SECRET,),
        config={"base_url": vendor.url, "account_id": "1"},
    )  # fmt: skip
    made.set_credentials({"api_token": TOKEN, **credentials})
    made.save()
    return made


def _shown(said: Mapping[str, Any]) -> dict[str, Any]:
    return {**said, "created_at": int(said["created_at"])}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
