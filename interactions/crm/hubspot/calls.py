"""Ask HubSpot: where things are, page by page, and all that an event only points at."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from interactions.crm import api
from interactions.crm.base import Agent, CrmError
from interactions.crm.events import Part
from interactions.crm.generic import in_words
from interactions.crm.hubspot.payloads import PLURALS, Event, Message, Object, Thread
from interactions.models import Connection

BASE = "https://api.hubapi.com"
VERSION = "v3"
PAGE = 100
MOST_MESSAGES = 1000
PROPERTIES = {
    "contact": "firstname,lastname,email,phone,jobtitle,hs_language,lifecyclestage,associatedcompanyid",
    "company": "name,domain,industry,lifecyclestage,city,country",
    "deal": "dealname,dealstage,pipeline,amount,deal_currency_code,closedate",
    "ticket": "subject,hs_pipeline,hs_pipeline_stage,hs_ticket_priority,closed_date",
}
_RULES = {"contact": "contact", "company": "account", "deal": "record", "ticket": "record"}


def headers(connection: Connection) -> dict[str, str]:
    return {"Authorization": f"Bearer {connection.credentials.get('access_token', '')}"}


def _url(connection: Connection, *path: str) -> str:
    base = str(connection.config.get("api_base") or BASE).rstrip("/")
    return "/".join((base, *(quote(part, safe="") for part in path)))


def threads(connection: Connection, *path: str) -> str:
    return _at(connection, "conversations", "conversations", "threads", *path)


def objects(connection: Connection, *path: str) -> str:
    return _at(connection, "crm", "objects", *path)


def _at(connection: Connection, area: str, what: str, *path: str) -> str:
    """A version by date stands behind what it is of: /crm/v3/objects, but /crm/objects/2026-09."""
    version = _version(connection)
    return _url(connection, area, *((version, what) if version == VERSION else (what, version)), *path)


def assignee(connection: Connection, thread: str) -> str:
    """Of this one the path has its present form in v3 too.

    https://developers.hubspot.com/docs/api-reference/2026-09-beta/conversations/conversations/threads/update-assignee
    """
    return _url(
        connection, "conversations", "conversations", _version(connection), "threads", thread, "assignee"
    )


def _version(connection: Connection) -> str:
    return str(connection.config.get("version") or VERSION)


def get(connection: Connection, where: str, **params: Any) -> dict[str, Any]:
    found = api.ask("GET", where, headers(connection), params=params)
    if not isinstance(found, dict):
        raise CrmError("HubSpot's answer is not a JSON object", permanent=False)
    return found


def page(connection: Connection, where: str, **params: Any) -> tuple[list[dict[str, Any]], str]:
    """The results, and the token of the next page, empty after the last."""
    found = get(connection, where, **{name: value for name, value in params.items() if value})
    results, paging = found.get("results"), found.get("paging")
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise CrmError("HubSpot's answer has no list of results", permanent=False)
    following = paging.get("next") if isinstance(paging, dict) else None
    return results, str(following.get("after") or "") if isinstance(following, dict) else ""


def each(connection: Connection, where: str, most: int, **params: Any) -> Iterator[dict[str, Any]]:
    after, seen = "", 0
    while seen < most:
        results, after = page(connection, where, limit=PAGE, after=after, **params)
        yield from results
        seen += len(results)
        if not after or not results:
            return


def newest_messages(connection: Connection, thread: str) -> list[dict[str, Any]]:
    return page(connection, threads(connection, thread, "messages"), limit=PAGE, sort="-createdAt")[0]


def found_for(connection: Connection, event: Event) -> dict[str, Any] | None:
    """What the event points at; None when it tells all itself. Raises CrmError."""
    portal = str(connection.config.get("portal") or "")
    if portal and portal != event.portalId:
        raise CrmError(f"the event is of another HubSpot account, {event.portalId}", permanent=True)
    if event.action == "privacyDeletion" or (event.family, event.action) == ("contact", "deletion"):
        return None
    if event.family == "conversation":
        return _found_thread(connection, event)
    if event.family in PLURALS:
        return _found_object(connection, event)
    return None


def _found_thread(connection: Connection, event: Event) -> dict[str, Any]:
    gone = event.action == "deletion" or (event.propertyName, event.propertyValue) == ("isArchived", "true")
    thread = get(connection, threads(connection, event.about), **({"archived": "true"} if gone else {}))
    messages = []
    if event.messageId:
        messages.append(_message(connection, event.about, event.messageId))
    return _with_people(connection, thread, messages, event.propertyValue)


def _message(connection: Connection, thread: str, message: str) -> dict[str, Any]:
    found = get(connection, threads(connection, thread, "messages", message))
    return _whole(connection, thread, found)


def _whole(connection: Connection, thread: str, message: dict[str, Any]) -> dict[str, Any]:
    """A long one is cut short, and its whole text stands elsewhere."""
    if message.get("truncationStatus") != "TRUNCATED":
        return message
    where = threads(connection, thread, "messages", str(message.get("id")), "original-content")
    return {**message, **get(connection, where)}


def whole_thread(connection: Connection, thread: str) -> dict[str, Any]:
    """A thread with its newest 1,000 messages, oldest first."""
    found = get(connection, threads(connection, thread))
    where = threads(connection, thread, "messages")
    messages = list(each(connection, where, MOST_MESSAGES, sort="-createdAt"))
    whole = [_whole(connection, thread, one) for one in reversed(messages)]
    return _with_people(connection, found, whole, "")


def _with_people(
    connection: Connection, thread: dict[str, Any], messages: list[dict[str, Any]], value: str
) -> dict[str, Any]:
    """With the contact, their company, and the colleagues who are named."""
    told = read(Thread, thread)
    contact = _perhaps(connection, "contact", told.associatedContactId)
    company = _company_of(connection, contact) if contact else None
    named = {value, told.assignedTo}
    for one in (read(Message, message) for message in messages):
        named |= {one.assignedTo, *(sender.actorId for sender in one.senders)}
    actors = _actors(connection, sorted(one for one in named if one.startswith("A-")))
    return {"thread": thread, "messages": messages, "object": contact, "company": company, "actors": actors}


def read[Model: Part](model: type[Model], found: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise CrmError(f"HubSpot's answer does not read: {in_words(error)}", permanent=True) from None


def _actors(connection: Connection, ids: list[str]) -> list[Any]:
    if not ids:
        return []
    where = _at(connection, "conversations", "conversations", "actors", "batch", "read")
    found = api.ask("POST", where, headers(connection), body={"inputs": ids})
    results = found.get("results") if isinstance(found, dict) else None
    return results if isinstance(results, list) else []


def _found_object(connection: Connection, event: Event) -> dict[str, Any]:
    gone = event.action == "deletion"
    found = _object(connection, event.family, event.about, archived=gone)
    company = _company_of(connection, found) if event.family != "company" else None
    return {"object": found, "company": company}


def _object(connection: Connection, family: str, id: str, *, archived: bool = False) -> dict[str, Any]:
    params = {"properties": _properties(connection, family)}
    if family in ("deal", "ticket"):
        params["associations"] = "contacts,companies"
    if archived:
        params["archived"] = "true"
    return get(connection, objects(connection, PLURALS[family], id), **params)


def _properties(connection: Connection, family: str) -> str:
    """The usual ones, and those that an admin gave a place here."""
    rules = connection.field_rules.filter(kind=_RULES[family]).values_list("source", flat=True)
    return ",".join([PROPERTIES[family], *sorted(rules)])


def _perhaps(connection: Connection, family: str, id: str) -> dict[str, Any] | None:
    """A visitor who is no contact yet has a number too, and is not found under it."""
    try:
        return _object(connection, family, id) if id else None
    except api.Refused as error:
        if error.status == 404:
            return None
        raise


def _company_of(connection: Connection, found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The company that counts: a contact's primary one, a deal's or ticket's first."""
    told = read(Object, found)
    return _perhaps(connection, "company", told.told("associatedcompanyid") or told.linked("companies"))


def agents(connection: Connection) -> list[Agent]:
    """The account's users. The owners' list names each with the address, under one read scope.

    https://developers.hubspot.com/docs/api-reference/crm-crm-owners-v3/guide
    """
    owners = each(connection, _at(connection, "crm", "owners"), 10_000)
    return [
        Agent(str(one["userId"]), f"{one.get('firstName') or ''} {one.get('lastName') or ''}".strip(),
              str(one.get("email") or ""))
        for one in owners if one.get("userId")
    ]  # fmt: skip
