"""Ask which tickets changed: from now on (poll), or from the first one on (history).

Zendesk allows ten such requests a minute and leaves out what changed within the last minute.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from interactions.crm.api import Refused
from interactions.crm.base import Delivery, Names, Page
from interactions.crm.zendesk import asking
from interactions.models import Connection

SEEN = "ticket.seen"  # our own word for a ticket that an export told of
NEWS = 100  # tickets a page: each is asked for by its own event
MOST = 1000  # that a page of an export may hold
STORIES = 20  # tickets a page of history, each asked for at once: about three requests
# The export lags by a minute and refuses a start within it; the rest is for a clock that is off.
LAG = timedelta(minutes=5)


def poll(connection: Connection, cursor: Mapping[str, Any], now: datetime) -> Page:
    """Every changed ticket points at what happened to it since a poll last came to the end."""
    before = (now - LAG).isoformat()
    since = cursor.get("since", before)
    place = {"after": cursor.get("after"), "start": cursor.get("start", int((now - LAG).timestamp()))}
    page = _export(connection, place, NEWS)
    found = [_delivery(one, since, None) for one in _living(page)]
    place["after"] = page.get("after_cursor") or place["after"]
    return Page(found, {**place, "since": before if page.get("end_of_stream") else since})


def history(connection: Connection, cursor: Mapping[str, Any]) -> Page:
    """Whole tickets, so that a slow worker asks Zendesk for nothing; a page can be asked for again."""
    page = _export(connection, {"after": cursor.get("after"), "start": 0}, STORIES)
    found = []
    for one in _living(page):
        try:
            found.append(_delivery(one, None, asking.ticket(connection, str(one["id"]))))
        except Refused as error:
            if error.status != 404:  # deleted since it was listed
                raise
    after = page.get("after_cursor")
    over = page.get("end_of_stream") or not after
    return Page(found, None if over else {"after": after}, None if cursor else _count(connection))


def recent(connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
    """What changed since then, the longest ago first; what changed within the last minute is the poll's."""
    start = min(since, timezone.now() - LAG)
    page = _export(connection, {"after": cursor.get("after"), "start": int(start.timestamp())}, MOST)
    after = page.get("after_cursor")
    is_over = page.get("end_of_stream") or not after
    return Names([str(one["id"]) for one in _living(page)], None if is_over else {"after": after})


def _export(connection: Connection, place: Mapping[str, Any], size: int) -> dict[str, Any]:
    start = {"cursor": place["after"]} if place["after"] else {"start_time": place["start"]}
    return asking.ask(connection, "/api/v2/incremental/tickets/cursor.json", {**start, "per_page": size})


def _living(page: dict[str, Any]) -> list[dict[str, Any]]:
    rows = asking.rows_of(page, "tickets")
    return [one for one in rows if isinstance(one.get("id"), int) and one.get("status") != "deleted"]


def _delivery(ticket: Mapping[str, Any], since: str | None, told: dict[str, Any] | None) -> Delivery:
    """`generated_timestamp` moves with every change, also with those that leave `updated_at` alone."""
    moved = ticket.get("generated_timestamp") or ticket.get("updated_at")
    kind = "history" if told else "seen"
    body = {"detail": {"id": ticket["id"]}, "time": since, "told": told}
    return Delivery(f"{kind}-{ticket['id']}-{moved}", SEEN, json.dumps(body).encode())


def _count(connection: Connection) -> int | None:
    """https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#count-tickets"""
    count = asking.ask(connection, "/api/v2/tickets/count.json").get("count")
    value = count.get("value") if isinstance(count, dict) else None
    return value if isinstance(value, int) else None
