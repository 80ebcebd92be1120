"""Deliver what is queued: claim, send outside any transaction, write down what came back."""

import json
import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

import bell
from interactions import listeners, outbox
from interactions.channels import mail
from interactions.colleagues import agent_of
from interactions.crm import post
from interactions.crm.base import Answer
from interactions.crm.registry import CRMS, crm_for
from interactions.letter import Letter
from interactions.models import Connection, Conversation, OutboxMessage
from interactions.outbox import DELIVER, SCHEDULE
from interactions.thread import stamp

log = logging.getLogger(__name__)
State = OutboxMessage.State

LEASE = timedelta(seconds=120)
MOST_OF_ONE = 50


def deliver(row_id: str) -> None:
    with listeners.place(row_id) as is_free:
        row = _claim(row_id) if is_free else None
        if row is not None:
            _deliver(row)
    if row is not None and row.connection_id:
        _ring_next(row.connection_id)


def _deliver(row: OutboxMessage) -> None:
    post.heard_at.set(None)
    try:
        answer = _refused(row) or _send(row)
    except Exception as error:
        # Nothing of ours may leave the row half-way: it would be sent again and again.
        log.exception("delivery %s: an error of ours", row.pk)
        answer = Answer(_unsure(row), body=f"An error of ours: {type(error).__name__}")
    with transaction.atomic():
        _settle(row, answer)


def _unsure(row: OutboxMessage) -> str:
    """A webhook may be repeated, for its receiver knows its id; what others took may not."""
    return "retry" if row.connection and crm_for(row.connection.kind).about.repeats_safely else "unknown"


def _claim(row_id: str) -> OutboxMessage | None:
    claimed = OutboxMessage.objects.filter(
        pk=row_id, state__in=OutboxMessage.DUE, due_at__lte=Now()
    ).update(
        state=State.SENDING, lease_until=Now() + LEASE, fence=F("fence") + 1,
        attempts=F("attempts") + 1,
    )  # fmt: skip
    if not claimed:
        return None
    return OutboxMessage.objects.select_related("connection", "conversation", "approval__person", "person").get(
        pk=row_id
    )


def _refused(row: OutboxMessage) -> Answer | None:
    """Why it is not even tried."""
    connection = row.connection
    if row.kind == OutboxMessage.Kind.REPLY:
        letter = Letter.read(bytes(row.payload))
        if letter.connection != str(row.connection_id or ""):
            return Answer("dead", body="The way out is not the one that was approved.")
        if not letter.connection:
            return None
    if connection is None or connection.revoked_at:
        return Answer("dead", body="The connection was revoked.")
    if not listeners.has_way_out(connection):
        return Answer("retry", body="The connection takes no deliveries now.")
    if _is_overtaken(row):
        return Answer("overtaken", body="Somebody has changed it again since.")
    return None


def _is_overtaken(row: OutboxMessage) -> bool:
    """A change that was made here, while a newer one of the same thing was made there."""
    if row.type != "conversation.changed" or row.conversation is None:
        return False
    data = json.loads(bytes(row.payload))
    told_at = row.conversation.told_at
    return any(told_at.get(name, "") > data["at"] for name in data["changed"])


def _send(row: OutboxMessage) -> Answer:
    connection = row.connection
    if connection is None:
        return mail.send(row)
    acting = row.approval.person if row.approval else row.person
    answer = crm_for(connection.kind).send(connection, row, agent_of(connection, acting))
    if answer.result in {"retry", "unknown"}:
        listeners.it_failed(connection)
    else:
        listeners.it_answered(connection)
    return answer


def _settle(row: OutboxMessage, answer: Answer) -> None:
    """Write down the attempt, and move the row unless somebody else took it meanwhile."""
    state, due, reason = _next(row, answer)
    asked_at = outbox.asked_after(row, 0) if state == State.UNKNOWN else None
    moved = OutboxMessage.objects.filter(
        pk=row.pk, state=State.SENDING, fence=row.fence
    ).update(
        state=state, due_at=Now() + timedelta(seconds=due), lease_until=asked_at, reason=reason,
        sent_at=Now() if state == State.SENT else None, external_id=answer.external_id[:200],
    )  # fmt: skip
    outbox.note_attempt(row, answer)
    if not moved:
        return
    if answer.result == "gone" and row.connection:
        Connection.objects.filter(pk=row.connection.pk).update(
            disabled_reason="The receiver answered 410 Gone."
        )
    if row.kind == OutboxMessage.Kind.REPLY:
        outbox.reply_moved(row, state)
    if row.type == "conversation.changed" and answer.result == "sent" and (taken_at := post.heard_at.get()):
        _date_by_its_clock(row, taken_at)


def _date_by_its_clock(row: OutboxMessage, taken_at: datetime) -> None:
    """Our word is now the CRM's, since then: what its people say next is newer, wherever its clock stands."""
    data = json.loads(bytes(row.payload))
    about = Conversation.objects.select_for_update(no_key=True).filter(deliveries=row).first()
    if about is None:
        return
    ours = [name for name in data["changed"] if about.told_at.get(name) == data["at"]]
    # The header has whole seconds; what happened there in the same second was before ours.
    about.told_at |= dict.fromkeys(ours, stamp(taken_at + timedelta(microseconds=999_999)))
    about.save(update_fields=["told_at"])


def _next(row: OutboxMessage, answer: Answer) -> tuple[str, float, str]:
    """The state, the seconds until the next attempt, and the reason in words."""
    if answer.result == "overtaken":
        return State.CANCELLED, 0, answer.body
    answered = f"The receiver answered {answer.status}." if answer.status else ""
    if answer.result in {"sent", "dead", "unknown"}:
        reason = "" if answer.result == "sent" else f"{answered} {answer.body}".strip()[:500]
        return State(answer.result), 0, reason
    reason = answered or answer.body
    if answer.result == "gone" or row.attempts > len(SCHEDULE):
        return State.DEAD, 0, reason
    return State.RETRY, max(outbox.wait_after(row.attempts), answer.retry_after or 0), reason


def _ring_next(connection_id: UUID) -> None:
    """Whoever found the receiver's places taken has gone away again; now one is free."""
    due = OutboxMessage.objects.filter(
        listeners.RESTED, connection=connection_id, state__in=OutboxMessage.DUE, due_at__lte=Now()
    )
    for pk in due.order_by("due_at").values_list("pk", flat=True)[: listeners.AT_ONCE]:
        bell.ring(DELIVER, str(pk))


_DUE = """
SELECT id FROM (
    SELECT due.id, due.due_at FROM interactions_connection c CROSS JOIN LATERAL (
        SELECT id, due_at FROM interactions_outboxmessage
        WHERE connection_id = c.id AND state IN ('pending', 'retry') AND due_at <= statement_timestamp()
        ORDER BY due_at LIMIT %(most)s
    ) due WHERE c.rests_until IS NULL OR c.rests_until <= statement_timestamp()
    UNION ALL (
        SELECT id, due_at FROM interactions_outboxmessage
        WHERE connection_id IS NULL AND state IN ('pending', 'retry') AND due_at <= statement_timestamp()
        ORDER BY due_at LIMIT %(limit)s
    )
) AS rows ORDER BY due_at LIMIT %(limit)s
"""


def due_rows(limit: int) -> list[str]:
    """Ids that are due and unclaimed, the oldest first; none of a receiver that rests, some of each other."""
    with database.cursor() as cursor:
        cursor.execute(_DUE, {"limit": limit, "most": min(limit, MOST_OF_ONE)})
        return [str(pk) for (pk,) in cursor.fetchall()]


def release_expired() -> list[str]:
    """Rows whose sender died in mid-delivery. A webhook is sent again under its same id, which
    its receiver knows; a mail or a vendor's reply may already be out, so that is found out first."""
    gone = OutboxMessage.objects.filter(state=State.SENDING, lease_until__lt=Now())
    if not gone.exists():
        return []
    safe = gone.filter(connection__kind__in=[kind for kind, crm in CRMS.items() if crm().about.repeats_safely])
    ids = [str(pk) for pk in safe.filter(attempts__lte=len(SCHEDULE)).values_list("pk", flat=True)[:500]]
    safe.filter(pk__in=ids).update(state=State.RETRY, due_at=Now(), lease_until=None)
    why = "The sender stopped in mid-delivery, so nobody knows whether it left."
    worn_out = safe.filter(attempts__gt=len(SCHEDULE))
    worn_out.filter(kind=OutboxMessage.Kind.EVENT).update(state=State.DEAD, lease_until=None, reason=why)
    # Where nobody can be asked it is left to a person, of whom no time is asked.
    worn_out.update(state=State.UNKNOWN, lease_until=None, reason=why)
    gone.filter(connection=None).update(state=State.UNKNOWN, lease_until=None, reason=why)
    gone.exclude(pk__in=safe.values("pk")).update(state=State.UNKNOWN, lease_until=Now(), reason=why)
    return ids
