"""Write to a ticket: one PUT, marked with the delivery's id so that it can be found again in the audits.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from interactions import files
from interactions.crm import api
from interactions.crm.base import Agent, Answer, CrmError
from interactions.crm.zendesk import asking
from interactions.letter import Letter
from interactions.models import Connection, OutboxMessage

TAKES = frozenset(
    {"reply.approved", "conversation.changed", "conversation.escalated", "note.accepted", "promise.made"}
)
# Zendesk has no snooze; its pending and hold mean other things, and its rules act on them.
STATUS_THERE = {"open": "open", "resolved": "solved"}
_FIELDS = {"status": "status", "assignee": "assignee_id", "labels": "tags"}

type Json = dict[str, Any]


def send(connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
    """One delivery; whatever goes wrong before Zendesk is told to change anything may be tried again."""
    number = row.conversation.external_id if row.conversation else ""
    if not number.isdigit() or (row.conversation and row.conversation.connection_id != connection.pk):
        return Answer("dead", body="It belongs to no ticket of this Zendesk, and only tickets take comments.")
    try:
        change = _change(row, as_agent)
        if isinstance(change, str):
            return Answer("dead", body=change)
        if not change:
            return Answer("sent", body="Zendesk has no place for this, so it was not told.")
        if row.type == "reply.approved":
            change["comment"] |= _uploads(connection, row)
        refusal = _prepare(connection, row, number, change, as_agent)
        return refusal or _put(connection, row, number, change)
    except files.Unfit as error:
        return Answer("dead", body=str(error))
    except api.Refused as error:
        result = "dead" if error.permanent else "retry"
        return Answer(result, error.status, error.body, error.retry_after)
    except CrmError as error:
        return Answer("dead" if error.permanent else "retry", body=str(error))


def arrived(connection: Connection, row: OutboxMessage) -> Answer:
    """Whether an audit of the ticket carries the delivery's mark.

    An update that changed nothing leaves no audit; sending it again changes nothing either.
    """
    number = row.conversation.external_id if row.conversation else ""
    try:
        audits = asking.all_of(connection, f"/api/v2/tickets/{number}/audits.json", "audits")
    except CrmError as error:
        return Answer("unknown", body=str(error))
    for audit in audits:
        if asking.mark_of(audit).get("rapport") == str(row.pk):
            return Answer("sent", 200, external_id=asking.comment_id(audit))
    return Answer("retry", body="Zendesk has no update with this delivery's mark.")


def _put(connection: Connection, row: OutboxMessage, number: str, change: Json) -> Answer:
    mark = {"rapport": str(row.pk), "rapport_connection": str(connection.pk)}
    answer = api.tell(
        "PUT",
        f"{asking.address(connection)}/api/v2/tickets/{number}.json",
        asking.headers(connection),
        body={"ticket": {**change, "metadata": mark}},
        made=lambda found: asking.comment_id(found.get("audit") if isinstance(found, dict) else None),
    )
    # Somebody changed the ticket between our look and our word: nothing was done, so we look again.
    return replace(answer, result="retry") if answer.status == 409 else answer


def _change(row: OutboxMessage, as_agent: Agent | None) -> Json | str:
    """What the ticket is to be told, or why it cannot be."""
    if row.type == "reply.approved":
        return _reply(Letter.read(bytes(row.payload)), as_agent)
    data = json.loads(bytes(row.payload))
    if row.type == "conversation.changed":
        return _changed(data["changed"], as_agent)
    return {"comment": _note(_words(row.type, data), as_agent)}


def _reply(letter: Letter, as_agent: Agent | None) -> Json | str:
    if letter.bcc:
        return "Zendesk cannot send a blind copy. Nothing was sent; write it again without one."
    change: Json = {"comment": {"body": letter.text, "public": True, **_author(as_agent)}}
    if letter.cc:
        change["email_ccs"] = [{"user_email": one, "action": "put"} for one in letter.cc]
    return change


def _uploads(connection: Connection, row: OutboxMessage) -> Json:
    """The letter's files, uploaded one by one; what no comment takes up, Zendesk forgets after an hour.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/
    """
    letter = Letter.read(bytes(row.payload))
    tokens = []
    for name, content, kind in files.contents_of(row.conversation_id or 0, letter.attachments):
        said = api.ask(
            "POST", f"{asking.address(connection)}/api/v2/uploads.json",
            {**asking.headers(connection), "Content-Type": kind}, body=content, params={"filename": name},
        )  # fmt: skip
        tokens.append(said["upload"]["token"])
    return {"uploads": tokens} if tokens else {}


def _changed(changed: Mapping[str, Any], as_agent: Agent | None) -> Json:
    change: Json = {}
    if changed.get("status") in STATUS_THERE:
        change["status"] = STATUS_THERE[changed["status"]]
    if "assignee" in changed:
        change |= _assignee(changed["assignee"])
    if "labels" in changed:
        # A tag is lower case and has no spaces: https://support.zendesk.com/hc/en-us/articles/4408835059482
        change["tags"] = ["_".join(label.lower().split()) for label in changed["labels"]]
    if "note" in changed:
        note = changed["note"]
        words = note["text"] if as_agent else f"{note.get('author', '')}: {note['text']}"
        change["comment"] = _note(words, as_agent)
    return change


def _assignee(told: Mapping[str, Any] | None) -> Json:
    if told is None:
        return {"assignee_id": None}
    number = str(told.get("id", ""))
    return {"assignee_id": int(number)} if number.isdigit() else {"assignee_email": told.get("email", "")}


def _words(type: str, data: Mapping[str, Any]) -> str:
    match type:
        case "conversation.escalated":
            asked = f"\n\n{data['question']}" if data.get("question") else ""
            return f"Escalated to {data['to']} by {data['by']}.{asked}"
        case "promise.made":
            promise = data.get("promise") or data
            due = f" (due {promise['due_at'][:10]})" if promise.get("due_at") else ""
            return f"Promised: {promise['text']}{due}"
    return f"Noted: {(data.get('note') or data)['text']}"


def _note(words: str, as_agent: Agent | None) -> Json:
    return {"body": words, "public": False, **_author(as_agent)}


def _author(as_agent: Agent | None) -> Json:
    """Without it the comment is by whom the API token acts as."""
    number = as_agent.external_id if as_agent else ""
    return {"author_id": int(number)} if number.isdigit() else {}


def _prepare(
    connection: Connection, row: OutboxMessage, number: str, change: Json, as_agent: Agent | None
) -> Answer | None:
    """Where it sets how the ticket stands: look first, and let Zendesk refuse if that changes meanwhile.

    The newest word wins on both sides, so what was set there after our `at` is left as it is.
    """
    if not change.keys() & {"status", "assignee_id", "assignee_email", "tags"}:
        return None
    data = json.loads(bytes(row.payload))
    shown = asking.ask(connection, f"/api/v2/tickets/{number}.json").get("ticket") or {}
    at, updated = datetime.fromisoformat(data["at"]), str(shown.get("updated_at", ""))
    if _moment(updated) > at and _overtaken(connection, number, shown, set(data["changed"]), at):
        return Answer("overtaken", body="Somebody has changed it in Zendesk since.")
    change |= {"safe_update": True, "updated_stamp": updated}
    if change.get("status") == "solved" and not shown.get("assignee_id") and "assignee_id" not in change:
        own = _author(as_agent).get("author_id")
        change |= {"assignee_id": own} if own else {}
    return None


def _overtaken(connection: Connection, number: str, shown: Json, names: set[str], at: datetime) -> bool:
    fields = {_FIELDS[name] for name in names if name in _FIELDS}
    audits = asking.all_of(connection, f"/api/v2/tickets/{number}/audits.json", "audits")
    newer = [one for one in audits if _moment(str(one.get("created_at", ""))) > at and not asking.mark_of(one)]
    events = [event for audit in newer for event in audit.get("events") or ()]
    if any(one.get("type") == "Change" and one.get("field_name") in fields for one in events):
        return True
    asked = [one for one in events if one.get("type") == "Comment" and one.get("public")]
    return "status" in fields and any(one.get("author_id") == shown.get("requester_id") for one in asked)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
