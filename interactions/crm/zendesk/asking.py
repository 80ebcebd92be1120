"""What Zendesk is asked for: a ticket with its audits and people, a user, an organization, what changed.

A ticket's audits are its whole story: each comment, each change of a field with its time, and the mark
that our own updates carry. https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from interactions.crm import api
from interactions.crm.base import Agent, CrmError
from interactions.models import Connection

PAGE = 100  # the most that a page of the list endpoints holds
MOST_PAGES = 60  # a ticket takes up to 5,000 comments
SHOWN_AT_ONCE = 100  # the most ids that a show_many endpoint takes

_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.I)

type Json = dict[str, Any]


def address(connection: Connection) -> str:
    """Where the company's Zendesk is: the setting holds its subdomain, or the whole address."""
    named = str(connection.config.get("subdomain", "")).strip().rstrip("/")
    if named.startswith(("https://", "http://")):
        return named
    if not _SUBDOMAIN.fullmatch(named):
        raise CrmError("the Zendesk subdomain is missing or is not one", permanent=True)
    return f"https://{named}.zendesk.com"


def headers(connection: Connection) -> dict[str, str]:
    """https://developer.zendesk.com/api-reference/introduction/security-and-auth/#api-token"""
    pair = f"{connection.config.get('email', '')}/token:{connection.credentials.get('api_token', '')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def ask(connection: Connection, path: str, params: Mapping[str, Any] | None = None) -> Json:
    found = api.ask("GET", address(connection) + path, headers(connection), params=params)
    if not isinstance(found, dict):
        raise CrmError("Zendesk's answer is not an object", permanent=False)
    return found


def all_of(connection: Connection, path: str, name: str, params: Mapping[str, Any] | None = None) -> list[Json]:
    """Every page of a list. https://developer.zendesk.com/api-reference/introduction/pagination/"""
    found: list[Json] = []
    after = ""
    for _ in range(MOST_PAGES):
        page = ask(
            connection,
            path,
            {**(params or {}), "page[size]": PAGE, **({"page[after]": after} if after else {})},
        )
        found += rows_of(page, name)
        after = _next(page)
        if not after:
            return found
    raise CrmError(f"Zendesk tells of more than {MOST_PAGES * PAGE} {name}", permanent=True)


def _next(page: Json) -> str:
    meta = page.get("meta")
    return str(meta.get("after_cursor") or "") if isinstance(meta, dict) and meta.get("has_more") else ""


def rows_of(page: Json, name: str) -> list[Json]:
    rows = page.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CrmError(f"Zendesk's answer tells no {name}", permanent=False)
    return rows


def ticket(connection: Connection, number: str) -> Json:
    """A ticket as it is, with all that was ever done to it and everybody who is named in it.

    The audits are asked for first: the ticket is then at least as new as they are.
    """
    audits = all_of(connection, f"/api/v2/tickets/{number}/audits.json", "audits")
    shown = ask(connection, f"/api/v2/tickets/{number}.json", {"include": "users,organizations"})
    found = shown.get("ticket")
    if not isinstance(found, dict):
        raise CrmError("Zendesk's answer tells no ticket", permanent=False)
    people = {found.get("requester_id"), found.get("assignee_id"), *(found.get("email_cc_ids") or ())}
    people |= {_author(audit, event) for audit in audits for event in _comments(audit)}
    known = _known(shown)
    users = known["users"] + _missing(connection, "users", people, known["users"])
    return {
        "connection": str(connection.pk), "ticket": found, "audits": audits, "users": users,
        "organizations": _organizations(connection, users, known["organizations"]),
    }  # fmt: skip


def user(connection: Connection, number: str) -> Json:
    shown = ask(connection, f"/api/v2/users/{number}.json", {"include": "organizations"})
    found = shown.get("user")
    if not isinstance(found, dict):
        raise CrmError("Zendesk's answer tells no user", permanent=False)
    known = _known(shown)["organizations"]
    return {"user": found, "organizations": _organizations(connection, [found], known)}


def organization(connection: Connection, number: str) -> Json:
    return ask(connection, f"/api/v2/organizations/{number}.json")


def _known(shown: Json) -> dict[str, list[Json]]:
    return {name: rows_of(shown, name) if shown.get(name) else [] for name in ("users", "organizations")}


def _comments(audit: Json) -> list[Json]:
    events = audit.get("events")
    found = events if isinstance(events, list) else []
    return [one for one in found if isinstance(one, dict) and one.get("type") == "Comment"]


def _author(audit: Json, comment: Json) -> Any:
    return comment.get("author_id") or audit.get("author_id")


def _organizations(connection: Connection, users: Iterable[Json], known: list[Json]) -> list[Json]:
    wanted = {one.get("organization_id") for one in users}
    return known + _missing(connection, "organizations", wanted, known)


def _missing(connection: Connection, name: str, wanted: Iterable[Any], known: list[Json]) -> list[Json]:
    """Those that were not told along; -1 is Zendesk itself."""
    told = {one.get("id") for one in known}
    ids = sorted({one for one in wanted if isinstance(one, int) and one > 0} - told)
    found: list[Json] = []
    for start in range(0, len(ids), SHOWN_AT_ONCE):
        some = ",".join(str(one) for one in ids[start : start + SHOWN_AT_ONCE])
        found += rows_of(ask(connection, f"/api/v2/{name}/show_many.json", {"ids": some}), name)
    return found


def agents(connection: Connection) -> list[Agent]:
    """https://developer.zendesk.com/api-reference/ticketing/users/users/#list-users"""
    staff = all_of(connection, "/api/v2/users.json", "users", {"role[]": ["agent", "admin"]})
    at_work = [one for one in staff if one.get("active", True) and not one.get("suspended")]
    return [
        Agent(str(one.get("id", "")), str(one.get("name") or ""), str(one.get("email") or ""))
        for one in at_work
    ]


def comment_id(found: Any) -> str:
    """The id of the comment that an audit tells of; empty for one without."""
    comments = _comments(found) if isinstance(found, dict) else []
    return str(comments[0].get("id") or "") if comments else ""


def mark_of(audit: Json) -> Json:
    """What an update of ours said of itself; empty for everybody else's."""
    metadata = audit.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, dict) else None
    return custom if isinstance(custom, dict) and "rapport" in custom else {}
