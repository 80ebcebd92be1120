"""Ask Chatwoot: a conversation, what is new since a while, all there ever was, and who works there.

The API: https://developers.chatwoot.com/api-reference (Application APIs). Conversations come in pages (25
unless the server says otherwise), messages 20 at a time, the newest first, older ones by `before=<id>`.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from interactions.crm import api
from interactions.crm.base import Agent, CrmError, Delivery, Fact, Names, Page, Unreadable
from interactions.crm.chatwoot import reading
from interactions.crm.chatwoot.reading import Json
from interactions.crm.generic import decode
from interactions.models import Connection

# Chatwoot counts activity in whole seconds, and a transaction of its may commit a little later than another.
OVERLAP = timedelta(minutes=2)
MOST_MESSAGES = 2000  # of one conversation
BUDGET_SECONDS = 60  # of one step through a page


def place(connection: Connection, path: str) -> str:
    """The address of something in the account. Raises CrmError where the connection is not set up."""
    base, account = (str(connection.config.get(name, "")).strip() for name in ("base_url", "account_id"))
    if not base or not account:
        raise CrmError("the connection lacks Chatwoot's address or the account's number", permanent=True)
    return f"{base.rstrip('/')}/api/v1/accounts/{quote(account, safe='')}/{path}"


def in_conversation(connection: Connection, number: str, path: str = "") -> str:
    """`number` is the one that people see, which webhooks and the API call `id`."""
    return place(connection, f"conversations/{quote(number, safe='')}{path}")


def headers(connection: Connection, agent: Agent | None = None) -> dict[str, str]:
    """Chatwoot acts as the owner of the token: the agent's own where there is one, else the connection's.

    Source: app/controllers/concerns/access_token_auth_helper.rb; nobody can act for somebody else.
    """
    own = own_token(connection, agent)
    # `api_access_token` in the documentation; nginx drops names with underscores, and Rack reads both alike.
    return {"api-access-token": own or connection.credentials.get("api_token", "")}


def own_token(connection: Connection, agent: Agent | None) -> str:
    """From the setting `agent_tokens`, which reads `7: token, 9: token`."""
    named = (one.partition(":") for one in connection.credentials.get("agent_tokens", "").split(","))
    tokens = {number.strip(): token.strip() for number, _, token in named}
    return tokens.get(agent.external_id, "") if agent else ""


def read(connection: Connection, number: str) -> Sequence[Fact]:
    told = _get(connection, in_conversation(connection, number))
    conversation = told if isinstance(told, dict) else {}
    found = {"conversation": conversation, "messages": messages(connection, number)}
    try:
        return reading.facts(reading.READ, decode(json.dumps(found).encode()))
    except Unreadable as error:
        raise CrmError(f"Chatwoot's answer makes no sense: {error}", permanent=False) from None


def agents(connection: Connection) -> list[Agent]:
    return reading.agents(_get(connection, place(connection, "agents")))


def messages(connection: Connection, number: str, since: datetime | None = None) -> list[Json]:
    """The newest of a conversation, back to `since` and at least 20; at most 2,000."""
    found: dict[str, Json] = {}
    before: dict[str, Any] = {}
    while len(found) < MOST_MESSAGES:
        told = _get(connection, in_conversation(connection, number, "/messages"), **before)
        page = reading.parts(told if isinstance(told, dict) else {}, "payload")
        older = {reading.text(one.get("id")): one for one in page if reading.text(one.get("id"))}
        if not older.keys() - found.keys():
            break
        found = {**older, **found}
        times = [at for one in page if (at := reading.moment(one.get("created_at")))]
        if since and times and min(times) < since:
            break
        before = {"before": min(older, key=_by_number)}
    return list(found.values())


def _by_number(name: str) -> tuple[int, str]:
    return (len(name), name)


def poll(connection: Connection, cursor: Mapping[str, Any]) -> Page:
    """The cursor is Chatwoot's own time, so that its clock may be wrong by any amount.

    A conversation that moves to the top while we walk down is newer than `newest`, and the next poll's. What
    had happened by the first one (`begun`) is no news, though we look back a little before `since`.
    """
    number, done = int(cursor.get("page", 1)), int(cursor.get("done", 0))
    found, _ = _conversations(connection, number, "last_activity_at_desc")
    newest = max([float(cursor.get("newest", 0)), *map(_active_at, found)])
    if "since" not in cursor:
        return Page((), {"since": newest, "begun": newest})
    begun = float(cursor.get("begun", 0))
    edge = max(float(cursor["since"]) - OVERLAP.total_seconds(), begun)
    recent = [one for one in found if _active_at(one) >= edge and _active_at(one) != begun]
    made, done = _deliveries(connection, recent, done, datetime.fromtimestamp(max(edge, 0), UTC))
    walk = {"since": cursor["since"], "begun": begun, "newest": newest}
    if done < len(recent):
        return Page(made, {**walk, "page": number, "done": done})
    if found and len(recent) == len(found):
        return Page(made, {**walk, "page": number + 1})
    return Page(made, {"since": max(newest, float(cursor["since"])), "begun": begun})


def history(connection: Connection, cursor: Mapping[str, Any]) -> Page:
    """The newest conversations first: what opens meanwhile moves the rest down, which only repeats some."""
    number, done = int(cursor.get("page", 1)), int(cursor.get("done", 0))
    found, total = _conversations(connection, number, "created_at_desc")
    made, done = _deliveries(connection, found, done, None)
    if done < len(found):
        return Page(made, {"page": number, "done": done}, total)
    return Page(made, {"page": number + 1} if found else None, total)


def recent(connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
    """The last active ones first, until one was last active before `since`."""
    number = int(cursor.get("page", 1))
    found, _ = _conversations(connection, number, "last_activity_at_desc")
    lately = [reading.text(one.get("id")) for one in found if _active_at(one) >= since.timestamp()]
    is_over = not found or len(lately) < len(found)
    return Names([name for name in lately if name], None if is_over else {"page": number + 1})


def _conversations(connection: Connection, number: int, order: str) -> tuple[list[Json], int | None]:
    asked = {"status": "all", "assignee_type": "all", "sort_by": order, "page": number}
    told = _get(connection, place(connection, "conversations"), **asked)
    data = reading.part(told if isinstance(told, dict) else {}, "data")
    total = reading.part(data, "meta").get("all_count")
    return list(reading.parts(data, "payload")), total if isinstance(total, int) else None


def _deliveries(
    connection: Connection, found: Sequence[Json], done: int, since: datetime | None
) -> tuple[list[Delivery], int]:
    """Each conversation with its messages while the time lasts; returns how many of the page are done."""
    made: list[Delivery] = []
    end = time.monotonic() + BUDGET_SECONDS
    for one in found[done:]:
        if made and time.monotonic() > end:
            break
        done += 1
        if number := reading.text(one.get("id")):
            made += _delivery(connection, number, one, since)
    return made, done


def _delivery(
    connection: Connection, number: str, conversation: Json, since: datetime | None
) -> list[Delivery]:
    try:
        said = messages(connection, number, since)
    except api.Refused as error:
        if error.status == 404:
            return []  # deleted since the list was made
        raise
    data = {"conversation": conversation, "messages": said}
    try:
        told = repr(reading.facts(reading.READ, data))  # who is online at the moment makes no news
    except Unreadable:
        told = json.dumps(data)
    key = f"read:{number[:60]}:{sha256(told.encode(errors='replace')).hexdigest()[:40]}"
    return [Delivery(key, reading.READ, json.dumps(data).encode())]


def _active_at(conversation: Json) -> float:
    at = reading.moment(conversation.get("last_activity_at"))
    return at.timestamp() if at else 0.0


def _get(connection: Connection, url: str, **params: Any) -> Any:
    return api.ask("GET", url, headers(connection), params=params or None)
