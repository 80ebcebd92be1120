"""Find what a contact left in raw bytes: events as their CRM sent them, and deliveries as they left."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database

from customers.erasing import Name
from customers.facts import ContactErasedFact, ContactFact, NoteFact, RecordFact
from interactions.crm.base import ConversationFact, Fact, MessageFact, RatingFact, Unreadable
from interactions.crm.registry import crm_for
from interactions.models import InboxEvent

# Dead events have no conversation, so each of them is looked at; rows that a worker holds will find
# the contact gone, and are emptied when they are applied.
_EVENTS = """
SELECT event.id FROM interactions_inboxevent event
WHERE event.connection_id = ANY(%(sources)s)
  AND (event.body <> '' OR event.fetched IS NOT NULL)
  AND (event.conversation_id = ANY(%(conversations)s) OR event.state = 'dead' OR EXISTS (
    SELECT 1 FROM unnest(%(needles)s::text[]) needle
    WHERE position(convert_to(needle, 'UTF8') IN event.body) > 0
       OR position(convert_to(needle, 'UTF8') IN coalesce(event.fetched, '')) > 0))
FOR UPDATE SKIP LOCKED
"""
_DELIVERIES = "SELECT id FROM interactions_outboxmessage WHERE position(convert_to(%s, 'UTF8') IN payload) > 0"
# A note or promise names whom it is about; not everybody has an address.
_ABOUT = """
SELECT id FROM interactions_outboxmessage WHERE kind = 'event'
  AND convert_from(payload, 'UTF8')::jsonb #>> '{contact,rapport_id}' = %s
"""
_AT_ONCE = 500


def deliveries_with(email: str) -> list[UUID]:
    with database.cursor() as cursor:
        cursor.execute(_DELIVERIES, [email])
        return [row[0] for row in cursor.fetchall()]


def deliveries_about(contact_id: int) -> list[UUID]:
    """What tells a CRM something about the contact, whatever conversation it goes along with."""
    with database.cursor() as cursor:
        cursor.execute(_ABOUT, [str(contact_id)])
        return [row[0] for row in cursor.fetchall()]


def empty_told_of(email: str, names: Sequence[Name], conversations: Collection[int], at: datetime) -> int:
    """Empty the bodies of all events that tell of them; what was due and came before `at` is over."""
    contacts = {external_id for _, kind, external_id in names if kind == "contact"}
    found: dict[str, Any] = {
        "sources": list({source for source, _, _ in names}), "conversations": list(conversations),
        "needles": [*contacts, email] if email else list(contacts),
    }  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute(_EVENTS, found)
        ids = [row[0] for row in cursor.fetchall()]
    emptied = 0
    for start in range(0, len(ids), _AT_ONCE):
        events = InboxEvent.objects.filter(pk__in=ids[start : start + _AT_ONCE]).select_related("connection")
        told = [one for one in events if one.conversation_id in conversations or _tells_of(one, email, names)]
        emptied += _empty(told, at)
    return emptied


def _empty(events: Sequence[InboxEvent], at: datetime) -> int:
    late = {one.pk for one in events if one.state in InboxEvent.DUE and one.received_at > at}
    rows = InboxEvent.objects.filter(pk__in=[one.pk for one in events if one.pk not in late])
    rows.filter(state__in=InboxEvent.DUE).update(
        state=InboxEvent.State.IGNORED, reason="the contact was erased before it was applied"
    )
    return rows.update(body=b"", fetched=None)


def _tells_of(event: InboxEvent, email: str, names: Sequence[Name]) -> bool:
    """By what its connector reads in it; what nobody can read goes when an id stands in it."""
    body, fetched = bytes(event.body), bytes(event.fetched) if event.fetched else None
    if email and email.encode() in body + (fetched or b""):
        return True
    mine = {(kind, external_id) for source, kind, external_id in names if source == event.connection_id}
    try:
        facts = crm_for(event.connection.kind).parse(event.type, body, fetched)
    except Unreadable:
        facts = ()
    if not facts:
        return any(json.dumps(external_id).encode() in body for _, external_id in mine)
    return any(not mine.isdisjoint(_named(fact)) for fact in facts)


def _named(fact: Fact) -> set[tuple[str, str]]:
    match fact:
        case ContactFact() | ContactErasedFact():
            return {("contact", fact.external_id)}
        case RecordFact() | NoteFact():
            return {("contact", fact.contact)}
        case MessageFact() | ConversationFact():
            contact = fact.contact.external_id if fact.contact else ""
            return {("contact", contact), ("conversation", fact.conversation)}
        case RatingFact():
            return {("conversation", fact.conversation)}
    return set()
