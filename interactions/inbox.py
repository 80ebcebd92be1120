"""Every delivery is a row before it is answered (`record`), and is applied once (`apply`)."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.db import connection as database
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

import bell
from customers.facts import AccountFact, ContactFact, RecordFact
from customers.upsert import upsert_account, upsert_contact, upsert_record
from interactions.crm.base import CrmError, Delivery, MessageFact, Unreadable, Unverified
from interactions.crm.registry import crm_for
from interactions.hearing import hear
from interactions.models import Connection, Conversation, InboxEvent
from people.audit import note_deed
from people.models import ApiKey, User

log = logging.getLogger(__name__)
State = InboxEvent.State

APPLY = "interactions.tasks.apply_events"
# Seconds after each failed attempt; then the event is dead, with its reason, until replayed.
SCHEDULE = (1, 5, 30, 300, 1800)
MOST_REPLAYED = 10_000
BODIES_KEPT = timedelta(days=30)

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
_SAME = f"SELECT 1 FROM interactions_connection WHERE id = %s AND {VERSION} = %s"
_REFUSED = """
INSERT INTO interactions_refusal (connection_id, hour, reason, count, last_at)
VALUES (%s, date_trunc('hour', now()), %s, 1, now())
ON CONFLICT (connection_id, hour, reason)
DO UPDATE SET count = interactions_refusal.count + 1, last_at = now()
"""


class Outdated(Exception):
    """The connection's row is not the one that was read: it was paused, rotated or revoked."""


def record(connection: Connection, headers: Mapping[str, str], body: bytes) -> tuple[int, bool]:
    """Keep a delivery; returns its event's id and whether it was here already.

    Raises Unverified when it is not proven to come from the CRM; Outdated when the connection
    changed since it was read; and Unreadable, after it was kept with the reason, when it makes no sense.
    """
    crm = crm_for(connection.kind)
    try:
        key = crm.verify(connection.secrets, headers, body, timezone.now())
    except Exception as error:
        reason = str(error) if isinstance(error, Unverified) else "the signature is garbage"
        raise Unverified(reason) from None
    try:
        deliveries = crm.split(key, body)
    except Unreadable as error:
        _insert(connection, Delivery(key, "", body), State.DEAD, str(error))
        raise
    kept = [_insert(connection, one, State.RECORDED) for one in deliveries]
    return kept[0]


def refuse(connection: Connection, reason: str) -> None:
    """Count what was turned away, by the hour, so that an admin sees it and a flood fits one row."""
    with database.cursor() as cursor:
        cursor.execute(_REFUSED, [connection.pk, reason])


def _insert(connection: Connection, one: Delivery, state: str, reason: str = "") -> tuple[int, bool]:
    with database.cursor() as cursor:
        cursor.execute(_INSERT, [one.key, one.type, one.body, state, reason, connection.pk, connection.version])
        new = cursor.fetchone()
    if new is None:
        return _known(connection, one.key), True
    if state == State.RECORDED and connection.paused_at is None:
        bell.ring_batch(APPLY, new[0])
    return int(new[0]), False


def _known(connection: Connection, key: str) -> int:
    """The event that was here already; nothing was inserted for that reason, or for another."""
    with database.cursor() as cursor:
        cursor.execute(_SAME, [connection.pk, connection.version])
        if cursor.fetchone() is None:
            raise Outdated
    return InboxEvent.objects.values_list("pk", flat=True).get(connection=connection, key=key)


def apply(event_id: int) -> None:
    """Apply a due event in one transaction; a failure is written on its row."""
    try:
        with transaction.atomic():
            event = _claim(event_id)
            if event is not None:
                _apply(event)
    except CrmError as error:
        _failed(event_id, str(error), permanent=error.permanent)
    except (IntegrityError, DatabaseError) as error:
        # Two events raced for the same new row, or a lock took too long: the next try sees it.
        _failed(event_id, f"the database refused it: {type(error).__name__}", permanent=False)
    except Exception as error:
        log.exception("event %s could not be applied", event_id)
        _failed(event_id, f"an error of ours: {type(error).__name__}", permanent=False)


def _claim(event_id: int) -> InboxEvent | None:
    due = InboxEvent.objects.filter(
        pk=event_id, state__in=InboxEvent.DUE, due_at__lte=Now(), connection__paused_at=None
    )
    return due.select_for_update(skip_locked=True, of=("self",)).select_related(
        "connection__team"
    ).first()  # fmt: skip


def _apply(event: InboxEvent) -> None:
    connection = event.connection
    fact = crm_for(connection.kind).parse(event.type, bytes(event.body))
    event.state, event.reason = State.APPLIED, ""
    match fact:
        case None:
            event.state, event.reason = State.IGNORED, "a type that Rapport does not know"
        case MessageFact():
            event.conversation, why = hear(connection, fact)
            if why:
                event.state, event.reason = State.IGNORED, why
        case ContactFact():
            upsert_contact(connection.pk, fact)
        case AccountFact():
            upsert_account(connection.pk, fact)
        case RecordFact():
            upsert_record(connection.pk, fact)
    event.applied_at = timezone.now()
    event.save(update_fields=["state", "reason", "conversation", "applied_at"])


def _failed(event_id: int, reason: str, *, permanent: bool) -> None:
    event = InboxEvent.objects.filter(pk=event_id, state__in=InboxEvent.DUE)
    attempts = event.values_list("attempts", flat=True).first()
    if attempts is None:
        return
    last = permanent or attempts >= len(SCHEDULE)
    wait = timedelta(seconds=0 if last else SCHEDULE[attempts])
    event.update(
        state=State.DEAD if last else State.RETRY, reason=reason[:500],
        attempts=F("attempts") + 1, due_at=Now() + wait,
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


def due_events(limit: int) -> list[int]:
    due = InboxEvent.objects.filter(state__in=InboxEvent.DUE, due_at__lte=Now(), connection__paused_at=None)
    return list(due.order_by("due_at").values_list("pk", flat=True)[:limit])


def wake_snoozed() -> int:
    """Conversations whose snooze is over stand in the inbox again."""
    return Conversation.objects.filter(status=Conversation.Status.SNOOZED, snoozed_until__lte=Now()).update(
        status=Conversation.Status.OPEN, snoozed_until=None
    )
