"""Every delivery is a row before it is answered (`record`), and is applied once (`apply`)."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime

from django.db import DatabaseError, IntegrityError, transaction
from django.db import connection as database
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

import bell
from customers.erasing import Erased
from customers.facts import AccountFact, ContactErasedFact, ContactFact, NoteFact, RecordFact
from customers.upsert import upsert_account, upsert_contact, upsert_note, upsert_record
from interactions.crm.base import (
    Call,
    ConversationFact,
    Crm,
    CrmError,
    Delivery,
    Fact,
    MessageFact,
    RatingFact,
    Unreadable,
    Unverified,
    with_headers,
)
from interactions.crm.registry import crm_for
from interactions.erasing import erase_told
from interactions.following import follow, rate
from interactions.hearing import hear
from interactions.mapping import mapped
from interactions.models import Connection, Conversation, FieldRule, InboxEvent
from people.audit import note_deed
from people.models import ApiKey, User
from prepared import first, prepared

log = logging.getLogger(__name__)
State = InboxEvent.State

APPLY = "interactions.tasks.apply_events"
APPLY_HISTORY = "interactions.tasks.apply_history"
# Seconds after each failed attempt; then the event is dead, with its reason, until replayed.
SCHEDULE = (1, 5, 30, 300, 1800)
MOST_REPLAYED = 10_000
BODIES_KEPT = timedelta(days=30)
# What was written this shortly before it was told is news, though it came among old mail: its webhook
# may be lost, or come later and then find it here already.
NEWS = timedelta(minutes=10)

# A row as PostgreSQL itself numbers its versions: any change to the connection makes another.
VERSION = "xmin::text || ctid::text"
_INSERT = f"""
INSERT INTO interactions_inboxevent
    (connection_id, key, type, body, state, reason, attempts, due_at, received_at)
SELECT id, %s, %s, %s, %s, %s, 0, now(), now()
FROM interactions_connection WHERE id = %s AND {VERSION} = %s
ON CONFLICT (connection_id, key) DO NOTHING
RETURNING id
"""
_INSERT_MANY = """
INSERT INTO interactions_inboxevent
    (connection_id, key, type, body, is_history, state, reason, attempts, due_at, received_at)
SELECT %s, one.key, one.type, one.body, %s, one.state, one.reason, 0, now(), now()
FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::text[], %s::text[]) AS one (key, type, body, state, reason)
ON CONFLICT (connection_id, key) DO NOTHING
RETURNING id, state
"""
_SAME = f"SELECT 1 FROM interactions_connection WHERE id = %s AND {VERSION} = %s"
_REFUSED = """
INSERT INTO interactions_refusal (connection_id, hour, reason, count, last_at)
VALUES (%s, date_trunc('hour', now()), %s, 1, now())
ON CONFLICT (connection_id, hour, reason)
DO UPDATE SET count = interactions_refusal.count + 1, last_at = now()
"""


class Outdated(Exception):
    """The connection's row is not the one that was read: it was paused, rotated or revoked."""


def record(connection: Connection, call: Call) -> tuple[int, bool]:
    """Keep a delivery; returns its first event's id and whether all of it was here already.

    Raises Unverified when it is not proven to come from the CRM; Outdated when the connection
    changed since it was read; and Unreadable, after it was kept with the reason, when it makes no sense.
    """
    crm = crm_for(connection.kind)
    if not connection.secrets:
        raise Unverified("there is no signing secret yet")
    try:
        key = crm.verify(connection.secrets, call, timezone.now())
    except Exception as error:
        reason = str(error) if isinstance(error, Unverified) else "the signature is garbage"
        raise Unverified(reason) from None
    body = _kept(crm, call)
    try:
        deliveries = crm.split(key, body)
    except Unreadable as error:
        _insert(connection, Delivery(key, "", body, broken=str(error)))
        raise
    if len(deliveries) == 1:
        return _insert(connection, deliveries[0])
    with transaction.atomic():  # of a batch all is kept, or nothing: its sender repeats the whole
        kept = [_insert(connection, one) for one in deliveries]
    return kept[0][0] if kept else 0, bool(kept) and all(known for _, known in kept)


def _kept(crm: Crm, call: Call) -> bytes:
    """What is written in the row: the raw bytes, under the headers that they are read by and when they came."""
    if not crm.about.keeps:
        return call.body
    named = {name: call.headers.get(name, "") for name in crm.about.keeps}
    return with_headers({**named, "date": format_datetime(timezone.now())}, call.body)


def keep(connection: Connection, deliveries: Sequence[Delivery], *, is_history: bool = False) -> int:
    """Keep what a CRM told when it was asked, in the caller's transaction; returns how many were new.

    What a webhook told before collapses with it by its key.
    """
    if not is_history:
        _is_news(connection, [one.key for one in deliveries])
    states = [State.DEAD if one.broken else State.RECORDED for one in deliveries]
    columns = zip(*((one.key, one.type, one.body, one.broken[:500]) for one in deliveries), strict=True)
    keys, types, bodies, reasons = map(list, columns) if deliveries else ([], [], [], [])
    with database.cursor() as cursor:
        cursor.execute(_INSERT_MANY, [connection.pk, is_history, keys, types, bodies, states, reasons])
        new = cursor.fetchall()
    for event_id, state in new:
        if state == State.RECORDED:
            bell.ring_batch(APPLY_HISTORY if is_history else APPLY, event_id)
    return len(new)


def _is_news(connection: Connection, keys: Sequence[str]) -> None:
    """Told again as news, an event that waits among old mail waits no longer."""
    waiting = InboxEvent.objects.filter(connection=connection, key__in=keys, state__in=InboxEvent.DUE)
    waiting.filter(is_history=True).update(is_history=False)


def refuse(connection: Connection, reason: str) -> None:
    """Count what was turned away, by the hour, so that an admin sees it and a flood fits one row."""
    with database.cursor() as cursor:
        cursor.execute(_REFUSED, [connection.pk, reason])


def _insert(connection: Connection, one: Delivery) -> tuple[int, bool]:
    state = State.DEAD if one.broken else State.RECORDED
    with database.cursor() as cursor:
        cursor.execute(
            _INSERT, [one.key, one.type, one.body, state, one.broken[:500], connection.pk, connection.version]
        )
        new = cursor.fetchone()
    if new is None:
        return _known(connection, one.key), True
    if not one.broken and connection.paused_at is None:
        bell.ring_batch(APPLY, new[0])
    return int(new[0]), False


def _known(connection: Connection, key: str) -> int:
    """The event that was here already; nothing was inserted for that reason, or for another."""
    with database.cursor() as cursor:
        cursor.execute(_SAME, [connection.pk, connection.version])
        if cursor.fetchone() is None:
            raise Outdated
    _is_news(connection, [key])
    return InboxEvent.objects.values_list("pk", flat=True).get(connection=connection, key=key)


def apply(event_id: int) -> None:
    """Apply a due event in one transaction; a failure is written on its row."""
    try:
        event = _try(event_id)
        if event is not None:  # it only points at something: ask for that first, outside any transaction
            _fetch(event)
            _try(event_id)
    except CrmError as error:
        _failed(event_id, str(error), permanent=error.permanent, wait=error.retry_after)
    except (IntegrityError, DatabaseError) as error:
        # Two events raced for the same new row, or a lock took too long: the next try sees it.
        _failed(event_id, f"the database refused it: {type(error).__name__}", permanent=False)
    except Exception as error:
        log.exception("event %s could not be applied", event_id)
        _failed(event_id, f"an error of ours: {type(error).__name__}", permanent=False)


def _try(event_id: int) -> InboxEvent | None:
    """Apply it if it is due; returns it untouched where its CRM must be asked first."""
    with transaction.atomic():
        event = first(_due(event=event_id))
        if event is None:
            return None
        if event.fetched is None and crm_for(event.connection.kind).about.fetches:
            return event
        _apply(event)
    return None


def _fetch(event: InboxEvent) -> None:
    found = crm_for(event.connection.kind).fetch(event.connection, event.type, bytes(event.body))
    InboxEvent.objects.filter(pk=event.pk, state__in=InboxEvent.DUE).update(fetched=found or b"")


@prepared
def _due(*, event: int) -> QuerySet[InboxEvent]:
    """The event, held, if it is due."""
    due = InboxEvent.objects.filter(
        pk=event, state__in=InboxEvent.DUE, due_at__lte=Now(), connection__paused_at=None
    )
    ruled = Exists(FieldRule.objects.filter(connection=OuterRef("connection")))
    held = due.select_for_update(skip_locked=True, of=("self",))
    return held.select_related("connection__team").annotate(is_ruled=ruled)


def _apply(event: InboxEvent) -> None:
    connection = event.connection
    is_ruled: bool = event.is_ruled  # type: ignore[attr-defined]
    facts = read(event, list(connection.field_rules.all()) if is_ruled else [])
    reasons = [_take_in(event, fact) for fact in facts]
    changed = any(not why for why in reasons)
    event.state = State.APPLIED if changed else State.IGNORED
    event.reason = "" if changed else (reasons or ["a type that Rapport does not know"])[0]
    event.applied_at = timezone.now()
    event.save(update_fields=["state", "reason", "conversation", "applied_at"])


def read(event: InboxEvent, rules: Sequence[FieldRule]) -> Sequence[Fact]:
    """The facts that a kept event tells, each field where the rules put it. Raises Unreadable."""
    fetched = bytes(event.fetched) if event.fetched else None
    return mapped(rules, crm_for(event.connection.kind).parse(event.type, bytes(event.body), fetched))


def _take_in(event: InboxEvent, fact: Fact) -> str:
    """One fact; returns the reason when it changed nothing."""
    try:
        return _take(event, fact)
    except Erased as erased:
        _empty(event)
        return str(erased)


def _empty(event: InboxEvent) -> None:
    """Keep nothing of what it said."""
    InboxEvent.objects.filter(pk=event.pk).update(body=b"", fetched=None)


def _take(event: InboxEvent, fact: Fact) -> str:
    source = event.connection.pk
    match fact:
        case MessageFact() | ConversationFact() | RatingFact():
            event.conversation, why = _take_in_talk(event, fact)
            return why
        case ContactFact():
            upsert_contact(source, fact)
        case AccountFact():
            upsert_account(source, fact)
        case RecordFact():
            upsert_record(source, fact)
        case NoteFact():
            return upsert_note(source, fact)
        case ContactErasedFact():
            _empty(event)
            return erase_told(source, fact)
    return ""


def _take_in_talk(
    event: InboxEvent, fact: MessageFact | ConversationFact | RatingFact
) -> tuple[Conversation | None, str]:
    match fact:
        case MessageFact():
            return hear(event.connection, fact, is_history=_is_old(event, fact.sent_at))
        case ConversationFact():
            return follow(event.connection, fact, is_history=_is_old(event, fact.changed_at))
        case RatingFact():
            return rate(event.connection, fact)


def _is_old(event: InboxEvent, at: datetime) -> bool:
    return event.is_history and at < event.received_at - NEWS


def _failed(event_id: int, reason: str, *, permanent: bool, wait: float | None = None) -> None:
    event = InboxEvent.objects.filter(pk=event_id, state__in=InboxEvent.DUE)
    attempts = event.values_list("attempts", flat=True).first()
    if attempts is None:
        return
    last = permanent or attempts >= len(SCHEDULE)
    wait = max(wait or 0, 0 if last else SCHEDULE[attempts])
    event.update(
        state=State.DEAD if last else State.RETRY, reason=reason[:500],
        attempts=F("attempts") + 1, due_at=Now() + timedelta(seconds=wait),
    )  # fmt: skip
    log.warning("event %s: %s (%s)", event_id, "dead" if last else "retry", reason)


@transaction.atomic
def replay(event_id: int, person: User, key: ApiKey | None = None) -> bool:
    """Make a dead event due again; False when it is not dead, or its body is gone."""
    revived = _revive(InboxEvent.objects.filter(pk=event_id))
    if revived:
        note_deed(person, "replayed", InboxEvent(pk=event_id), key=key)
        bell.ring_batch(APPLY, event_id)
    return bool(revived)


@transaction.atomic
def replay_dead(connection: Connection, person: User, key: ApiKey | None = None) -> int:
    """Make a connection's dead events due again, the oldest first and a bounded number at once.

    The sweep rings for them.
    """
    dead = InboxEvent.objects.filter(connection=connection, state=State.DEAD).exclude(body=b"").order_by("pk")
    revived = _revive(InboxEvent.objects.filter(pk__in=dead.values("pk")[:MOST_REPLAYED]))
    if revived:
        note_deed(person, "replayed", connection, key=key, events=revived)
    return revived


def _revive(events: QuerySet[InboxEvent]) -> int:
    dead = events.filter(state=State.DEAD).exclude(body=b"")
    return dead.update(state=State.RECORDED, attempts=0, due_at=Now(), reason="")


def empty_old_bodies(limit: int) -> int:
    """Forget what old deliveries said; their rows go on saying that they came, and what became of them."""
    old = InboxEvent.objects.filter(state__in=InboxEvent.DONE, received_at__lt=Now() - BODIES_KEPT)
    old = old.exclude(body=b"")
    return old.filter(pk__in=old.order_by("received_at").values("pk")[:limit]).update(body=b"")


def due_events(limit: int, *, is_history: bool = False) -> list[int]:
    """What is to be applied now; old mail is asked for by itself, so that it delays no news."""
    due = InboxEvent.objects.filter(state__in=InboxEvent.DUE, due_at__lte=Now(), connection__paused_at=None)
    due = due.filter(is_history=is_history)
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def wake_snoozed() -> int:
    """Conversations whose snooze is over stand in the inbox again."""
    return Conversation.objects.filter(status=Conversation.Status.SNOOZED, snoozed_until__lte=Now()).update(
        status=Conversation.Status.OPEN, snoozed_until=None
    )
