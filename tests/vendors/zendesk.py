"""A Zendesk with state: tickets and their audits over its API, and signed event webhooks for what happens.

Written from developer.zendesk.com; it keeps whole seconds, pages of two, and the rules we rely on.
"""

import base64
import hashlib
import hmac
import itertools
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from interactions.models import Connection
from tests.vendors.server import Asked, FakeVendor, Says

EMAIL, TOKEN = "admin@tern.example", "zd-token"
SECRET = "dGhlX3NlY3JldF9vZl9hX2ZpY3Rpb25hbF93ZWJob29r"
PAGE = 2

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "crm" / "zendesk"

SIGRID, OWEN, INES, TOMAS, RULE = 501, 502, 901, 902, -1
FJORD = 701


class FakeZendesk(FakeVendor):
    """`events` are the webhooks that wait to be sent; whoever acts puts them there. `token` and `secret` are
    those that are good now."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.secret = TOKEN, SECRET
        self.tickets: dict[int, dict[str, Any]] = {}
        self.audits: dict[int, list[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self.uploads: dict[str, tuple[str, bytes]] = {}
        self.users = {one["id"]: one for one in _people()}
        self.organizations = {FJORD: _fjord()}
        self._numbers = itertools.count(1001)
        number = r"(\d+)"
        self.on("GET", rf"/api/v2/tickets/{number}\.json", self._show)
        self.on("PUT", rf"/api/v2/tickets/{number}\.json", self._update)
        self.on("POST", r"/api/v2/uploads\.json", self._upload)
        self.on("GET", rf"/api/v2/tickets/{number}/audits\.json", self._audits)
        self.on("GET", r"/api/v2/tickets/count\.json", lambda asked: {"count": {"value": len(self.tickets)}})
        self.on("GET", r"/api/v2/incremental/tickets/cursor\.json", self._export)
        self.on("GET", r"/api/v2/users\.json", self._staff)
        self.on("GET", rf"/api/v2/users/{number}\.json", self._user)
        self.on("GET", rf"/api/v2/organizations/{number}\.json", self._organization)
        self.on("GET", r"/api/v2/(users|organizations)/show_many\.json", self._many)

    def allows(self, asked: Asked) -> bool:
        pair = base64.b64encode(f"{EMAIL}/token:{self.token}".encode()).decode()
        return asked.headers.get("authorization") == f"Basic {pair}"

    def asks(self, text: str, *, subject: str = "Where is it?", by: int = SIGRID, **fields: Any) -> int:
        """A customer opens a ticket; returns its number."""
        number, now = next(self._numbers), _now()
        self.tickets[number] = {
            "id": number, "subject": subject, "status": "new", "tags": [], "requester_id": by,
            "assignee_id": None, "organization_id": FJORD, "email_cc_ids": [], "created_at": now,
            "updated_at": now, "via": {"channel": "email"}, "satisfaction_rating": {"score": "unoffered"},
        } | fields  # fmt: skip
        made = [{"id": next(self._numbers), "type": "Create", "field_name": "status", "value": "new"}]
        self._note(number, by, [self._comment(text, by, public=True), *made], {})
        self._tell(number, "ticket.created", {})
        return number

    def says(self, number: int, text: str, *, by: int = SIGRID, public: bool = True) -> None:
        """A comment; a customer's opens a ticket that was solved."""
        again = by == SIGRID and self.tickets[number]["status"] in ("pending", "solved")
        self.does(
            number, by=by, comment={"body": text, "public": public}, **({"status": "open"} if again else {})
        )

    def does(self, number: int, *, by: int = TOMAS, **change: Any) -> dict[str, Any] | None:
        """Change a ticket as a colleague does in Zendesk's own window."""
        return self._change(number, by, change, {})

    def rates(self, number: int, score: str, comment: str = "") -> None:
        self.tickets[number]["satisfaction_rating"] = {"score": score, "comment": comment}
        rated = {"id": next(self._numbers), "type": "SatisfactionRating", "score": score, "body": comment}
        self._note(number, self.tickets[number]["requester_id"], [rated], {})

    def push(self, client: Client, connection: Connection) -> list[Any]:
        """Send the waiting webhooks through the door of the connection; returns the answers."""
        waiting, self.events = self.events, []
        return [push(client, connection, one, self.secret) for one in waiting]

    def comments(self, number: int) -> list[tuple[int, str, bool]]:
        """Who said what, and whether the customer sees it."""
        events = [event for audit in self.audits[number] for event in audit["events"]]
        return [(e["author_id"], e["body"], e["public"]) for e in events if e["type"] == "Comment"]

    def _change(
        self, number: int, by: int, change: Mapping[str, Any], custom: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        ticket, events, told = self.tickets[number], [], []
        if comment := change.get("comment"):
            author = comment.get("author_id", by)
            events.append(self._comment(comment["body"], author, public=comment.get("public", True)))
            told.append(("ticket.comment_added", {"comment": {"id": events[0]["id"]}}))
        for name, type in _CHANGES.items():
            if name in change and change[name] != ticket[name]:
                was, ticket[name] = ticket[name], change[name]
                field = {"field_name": name, "value": ticket[name], "previous_value": was}
                events.append({"id": next(self._numbers), "type": "Change", **field})
                told.append((type, {"current": ticket[name], "previous": was}))
        if not events:
            return None
        audit = self._note(number, by, events, custom)
        for type, event in told:
            self._tell(number, type, event)
        return audit

    def _comment(self, text: str, by: int, *, public: bool) -> dict[str, Any]:
        return {
            "id": next(self._numbers), "type": "Comment", "author_id": by, "body": text, "public": public,
            "html_body": f"<p>{text}</p>", "attachments": [],
        }  # fmt: skip

    def _note(
        self, number: int, by: int, events: list[dict[str, Any]], custom: Mapping[str, Any]
    ) -> dict[str, Any]:
        now = _now()
        audit = {
            "id": next(self._numbers), "ticket_id": number, "created_at": now, "author_id": by,
            "metadata": {"system": {"client": "Mozilla"}, "custom": dict(custom)}, "events": events,
        }  # fmt: skip
        self.audits.setdefault(number, []).append(audit)
        moved = int(timezone.now().timestamp())
        self.tickets[number] |= {"updated_at": now, "generated_timestamp": moved}
        return audit

    def _tell(self, number: int, type: str, event: Mapping[str, Any]) -> None:
        ticket = self.tickets[number]
        detail = {"id": str(number), "status": ticket["status"].upper(), "subject": ticket["subject"]}
        self.events.append(told("ticket", number, type, detail, event))

    def _show(self, asked: Asked, number: str) -> Any:
        ticket = self.tickets.get(int(number))
        if ticket is None:
            return Says(404, {"error": "RecordNotFound", "description": "Not found"})
        return {"ticket": ticket, "users": [self.users[ticket["requester_id"]]], "organizations": []}

    def _update(self, asked: Asked, number: str) -> Any:
        ticket, change = self.tickets.get(int(number)), asked.body["ticket"]
        if ticket is None:
            return Says(404, {"error": "RecordNotFound", "description": "Not found"})
        if ticket["status"] == "closed":
            return Says(422, {"error": "RecordInvalid", "description": "Status: closed prevents ticket update"})
        if change.get("safe_update") and change["updated_stamp"] != ticket["updated_at"]:
            return Says(409, {"error": "UpdateConflict", "description": "Safe Update prevented the update"})
        named = {change.get("comment", {}).get("author_id", INES), change.get("assignee_id") or INES}
        if named - self.users.keys():
            return Says(422, {"error": "RecordInvalid", "description": "Author is invalid"})
        audit = self._change(int(number), INES, change, change.get("metadata", {}))
        return {"ticket": ticket, "audit": audit}

    def _upload(self, asked: Asked) -> Any:
        self.uploads[token := f"up-{len(self.uploads)}"] = (asked.params["filename"], asked.raw)
        return Says(201, {"upload": {"token": token}})

    def _audits(self, asked: Asked, number: str) -> Any:
        if int(number) not in self.audits:
            return Says(404, {"error": "RecordNotFound", "description": "Not found"})
        return _page(asked, "audits", self.audits[int(number)])

    def _export(self, asked: Asked) -> Any:
        """The cursor is the place in the order of change, as `<when>-<number>`."""
        if "cursor" in asked.params:
            place = tuple(int(part) for part in asked.params["cursor"].split("-"))
        else:
            place = (int(asked.params["start_time"]), -1)
            if place[0] > timezone.now().timestamp() - 60:
                return Says(400, {"error": "StartTimeTooRecent"})
        order = sorted((one["generated_timestamp"], one["id"]) for one in self.tickets.values())
        after = [one for one in order if one > place]
        shown = after[: min(int(asked.params["per_page"]), PAGE)]
        cursor = "-".join(map(str, shown[-1])) if shown else asked.params.get("cursor")
        tickets = [self.tickets[number] for _, number in shown]
        return {"tickets": tickets, "after_cursor": cursor, "end_of_stream": len(shown) == len(after)}

    def _staff(self, asked: Asked) -> Any:
        staff = [one for one in self.users.values() if one["role"] != "end-user"]
        return _page(asked, "users", staff) if "role[]" in asked.params else Says(400)

    def _user(self, asked: Asked, number: str) -> Any:
        found = self.users.get(int(number))
        return {"user": found, "organizations": []} if found else Says(404, {"error": "RecordNotFound"})

    def _organization(self, asked: Asked, number: str) -> Any:
        return {"organization": self.organizations[int(number)]}

    def _many(self, asked: Asked, name: str) -> Any:
        ids = {int(one) for one in asked.params["ids"].split(",")}
        found: dict[int, Any] = self.users if name == "users" else self.organizations
        return {name: [found[one] for one in sorted(ids) if one in found]}


_CHANGES = {
    "status": "ticket.status_changed",
    "assignee_id": "ticket.agent_assignment_changed",
    "tags": "ticket.tags_changed",
}


def told(
    kind: str, number: int, type: str, detail: Mapping[str, Any], event: Mapping[str, Any]
) -> dict[str, Any]:
    """An event as the webhooks tell it."""
    return {
        "account_id": 10001, "detail": dict(detail), "event": dict(event), "id": str(uuid.uuid4()),
        "subject": f"zen:{kind}:{number}", "time": timezone.now().isoformat(),
        "type": f"zen:event-type:{type}", "zendesk_event_version": "2022-11-06",
    }  # fmt: skip


def sign(body: bytes, secret: str = SECRET, stamp: str = "") -> dict[str, str]:
    """Made here from the published rule, not by the code under test."""
    stamp = stamp or _now()
    digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
    return {
        "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
        "x-zendesk-webhook-signature-timestamp": stamp,
    }


def recorded(name: str) -> Any:
    """A payload in the shape that Zendesk's documentation shows."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def raw(data: Any) -> bytes:
    return json.dumps(data).encode()


def signed(event: Mapping[str, Any], secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(event).encode()
    return body, sign(body, secret)


def push(client: Client, connection: Connection, event: Mapping[str, Any], secret: str) -> Any:
    body, headers = signed(event, secret)
    path = f"/webhooks/{connection.pk}"
    return client.post(path, body, content_type="application/json", headers=headers)


def _page(asked: Asked, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    start = int(asked.params.get("page[after]", 0))
    end = start + min(int(asked.params["page[size]"]), PAGE)
    return {name: rows[start:end], "meta": {"has_more": end < len(rows), "after_cursor": str(end)}}


def _now() -> str:
    return timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _people() -> list[dict[str, Any]]:
    def person(number: int, name: str, email: str, role: str, **more: Any) -> dict[str, Any]:
        return {
            "id": number, "name": name, "email": email, "role": role, "active": True, "phone": None,
            "locale": "en-US", "organization_id": None, "user_fields": {}, "updated_at": "2026-01-02T03:04:05Z",
        } | more  # fmt: skip

    return [
        person(SIGRID, "Sigrid Moe", "sigrid@fjord.example", "end-user", organization_id=FJORD,
               user_fields={"shoe_size": "38"}),
        person(OWEN, "Owen Pryce", "owen@bright.example", "end-user"),
        person(INES, "Ines Duarte", "ines@tern.example", "admin"),
        person(TOMAS, "Tomas Lind", "tomas@tern.example", "agent"),
        person(903, "Gone Person", "gone@tern.example", "agent", suspended=True),
    ]  # fmt: skip


def _fjord() -> dict[str, Any]:
    return {
        "id": FJORD, "name": "Fjord Shipping", "domain_names": ["fjord.example"],
        "organization_fields": {"plan": "gold"}, "updated_at": "2026-01-02T03:04:05Z",
    }  # fmt: skip
