"""Queue what leaves, then deliver it: claim, send outside any transaction, write down what came back."""

import json
import logging
import random
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

import bell
from interactions.channels import mail
from interactions.colleagues import agent_of
from interactions.crm.base import Answer
from interactions.crm.registry import CRMS, crm_for
from interactions.events import ReplySettled, tell_all
from interactions.letter import Letter
from interactions.models import Approval, Attempt, Connection, Conversation, OutboxMessage
from interactions.talk import add_sent_reply, tell_conversation
from people.audit import note_deed
from people.models import ApiKey, User

log = logging.getLogger(__name__)
State = OutboxMessage.State

DELIVER = "interactions.tasks.deliver"
LEASE = timedelta(seconds=120)
# The schedule that Standard Webhooks publishes: seconds after each failed attempt.
SCHEDULE = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
JITTER = 0.1


def queue_reply(
    conversation: Conversation, letter: Letter, person: User, key: ApiKey | None, undo_seconds: int
) -> OutboxMessage:
    """The approval and the row it allows; delivered once the undo time is over."""
    payload = letter.canonical()
    row = OutboxMessage(
        kind=OutboxMessage.Kind.REPLY, type="reply.approved", conversation=conversation,
        connection_id=letter.connection or None, payload=payload,
        due_at=Now() + timedelta(seconds=undo_seconds),
    )  # fmt: skip
    row.approval = Approval.objects.create(person=person, key=key, digest=sha256(payload).digest())
    row.save()
    row.refresh_from_db(fields=["due_at"])
    if undo_seconds == 0:
        bell.ring(DELIVER, str(row.pk))
    return row


def announce(
    conversation: Conversation, type: str, data: Mapping[str, Any], person: User | None = None
) -> None:
    """Tell the conversation's own CRM, and whoever hears all of the team, what happened to it."""
    about = {"id": conversation.external_id, "rapport_id": conversation.pk}
    told = {"conversation": about, **data}
    for connection in _listeners(conversation, type):
        queue_event(connection, type, told, conversation=conversation, person=person)


def _listeners(conversation: Conversation, type: str) -> list[Connection]:
    mine = Q(pk=conversation.connection_id) | Q(team=conversation.team_id, hears_team=True)
    return [one for one in Connection.objects.filter(mine) if listens(one, type)]


def queue_event(
    connection: Connection, type: str, data: Mapping[str, Any], *,
    conversation: Conversation | None = None, person: User | None = None,
) -> None:  # fmt: skip
    row = OutboxMessage.objects.create(
        kind=OutboxMessage.Kind.EVENT, type=type, connection=connection, due_at=Now(),
        conversation=conversation, person=person,
        payload=json.dumps(data, ensure_ascii=False, sort_keys=True).encode(),
    )  # fmt: skip
    bell.ring(DELIVER, str(row.pk))


def listens(connection: Connection, type: str) -> bool:
    """Whether this connection takes events of the type now."""
    wanted = crm_for(connection.kind).about.takes
    if connection.subscriptions is not None:
        wanted &= set(connection.subscriptions) | {"reply.approved"}
    return type in wanted and has_way_out(connection)


def has_way_out(connection: Connection) -> bool:
    closed = connection.revoked_at or connection.disabled_reason
    return bool(connection.deliver_to or connection.sealed_credentials) and not closed


@transaction.atomic
def cancel(row_id: str, reason: str) -> bool:
    """Take a reply back within its undo time; False when it has already left or is leaving."""
    cancelled = OutboxMessage.objects.filter(pk=row_id, state=State.PENDING).update(
        state=State.CANCELLED, reason=reason
    )
    if cancelled:
        _reply_settled(OutboxMessage.objects.get(pk=row_id), sent=False)
    return bool(cancelled)


def cancel_waiting(conversation: Conversation, reason: str) -> int:
    """Hold every reply of the conversation that has not left yet."""
    waiting = OutboxMessage.objects.filter(
        conversation=conversation, kind=OutboxMessage.Kind.REPLY, state=State.PENDING
    )
    return sum(cancel(str(row_id), reason) for row_id in waiting.values_list("pk", flat=True))


def deliver(row_id: str) -> None:
    row = _claim(row_id)
    if row is None:
        return
    try:
        answer = _send(row)
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


def _send(row: OutboxMessage) -> Answer:
    connection = row.connection
    if row.kind == OutboxMessage.Kind.REPLY:
        letter = Letter.read(bytes(row.payload))
        if letter.connection != str(row.connection_id or ""):
            return Answer("dead", body="The way out is not the one that was approved.")
        if not letter.connection:
            return mail.send(row)
    if connection is None or connection.revoked_at:
        return Answer("dead", body="The connection was revoked.")
    if not has_way_out(connection):
        return Answer("retry", body="The connection takes no deliveries now.")
    if _is_overtaken(row):
        return Answer("overtaken", body="Somebody has changed it again since.")
    acting = row.approval.person if row.approval else row.person
    return crm_for(connection.kind).send(connection, row, agent_of(connection, acting))


def _is_overtaken(row: OutboxMessage) -> bool:
    """A change that was made here, while a newer one of the same thing was made there."""
    if row.type != "conversation.changed" or row.conversation is None:
        return False
    data = json.loads(bytes(row.payload))
    told_at = row.conversation.told_at
    return any(told_at.get(name, "") > data["at"] for name in data["changed"])


def _settle(row: OutboxMessage, answer: Answer) -> None:
    """Write down the attempt, and move the row unless somebody else took it meanwhile."""
    state, due, reason = _next(row, answer)
    moved = OutboxMessage.objects.filter(
        pk=row.pk, state=State.SENDING, fence=row.fence
    ).update(
        state=state, due_at=Now() + timedelta(seconds=due), lease_until=None, reason=reason,
        sent_at=Now() if state == State.SENT else None, external_id=answer.external_id[:200],
    )  # fmt: skip
    Attempt.objects.create(
        outbox=row, number=row.attempts, at=Now(), duration_ms=answer.duration_ms,
        status=answer.status, result=answer.result, answer=answer.body,
    )  # fmt: skip
    if not moved:
        return
    if answer.result == "gone" and row.connection:
        Connection.objects.filter(pk=row.connection.pk).update(
            disabled_reason="The receiver answered 410 Gone."
        )
    if row.kind == OutboxMessage.Kind.REPLY:
        _reply_moved(row, state)


def _next(row: OutboxMessage, answer: Answer) -> tuple[str, float, str]:
    """The state, the seconds until the next attempt, and the reason in words."""
    if answer.result == "overtaken":
        return State.CANCELLED, 0, answer.body
    if answer.result in {"sent", "dead", "unknown"}:
        return State(answer.result), 0, "" if answer.result == "sent" else answer.body[:500]
    reason = f"The receiver answered {answer.status}." if answer.status else answer.body
    if answer.result == "gone" or row.attempts > len(SCHEDULE):
        return State.DEAD, 0, reason
    wait = SCHEDULE[row.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    return State.RETRY, max(wait, answer.retry_after or 0), reason


def _reply_moved(row: OutboxMessage, state: str) -> None:
    if state == State.SENT:
        row.refresh_from_db(fields=["sent_at"])
        add_sent_reply(row)
        _announce_sent(row)
        _reply_settled(row, sent=True)
    elif state == State.DEAD:
        _reply_settled(row, sent=False)
    if row.conversation:
        tell_conversation(row.conversation)


def _reply_settled(row: OutboxMessage, *, sent: bool) -> None:
    if row.conversation_id:
        tell_all(ReplySettled(row.conversation_id, str(row.pk), sent))


def _announce_sent(row: OutboxMessage) -> None:
    if row.conversation:
        at = row.sent_at.isoformat() if row.sent_at else None
        announce(row.conversation, "reply.sent", {"delivery_id": str(row.pk), "sent_at": at})


def release_expired() -> list[str]:
    """Rows whose sender died in mid-delivery. A webhook is sent again under its same id, which
    its receiver knows; a mail or a vendor's reply may already be out, so that is found out first."""
    gone = OutboxMessage.objects.filter(state=State.SENDING, lease_until__lt=Now())
    safe = [kind for kind, crm in CRMS.items() if crm.about.repeats_safely]
    repeatable = gone.filter(connection__kind__in=safe, attempts__lte=len(SCHEDULE))
    ids = [str(pk) for pk in repeatable.values_list("pk", flat=True)[:500]]
    repeatable.filter(pk__in=ids).update(state=State.RETRY, due_at=Now(), lease_until=None)
    gone.exclude(pk__in=repeatable.values("pk")).update(
        state=State.UNKNOWN, lease_until=None,
        reason="The sender stopped in mid-delivery, so nobody knows whether it left.",
    )  # fmt: skip
    return ids


@transaction.atomic
def replay(row_id: str, person: User) -> bool:
    """Send a dead delivery again by hand, under its same id; False when it is not dead."""
    revived = OutboxMessage.objects.filter(pk=row_id, state=State.DEAD).update(
        state=State.RETRY, attempts=0, due_at=Now(), reason=""
    )
    if revived:
        note_deed(person, "replayed", OutboxMessage(pk=row_id))
        bell.ring(DELIVER, row_id)
    return bool(revived)


@transaction.atomic
def settle_unknown(row: OutboxMessage, person: User, *, arrived: bool, key: ApiKey | None = None) -> bool:
    """A person found out whether it arrived; False when that is not the question any more.

    What did not arrive leaves again under its same id. What did had left when it was tried, which
    `due_at` still tells: a customer who has written since is not answered by it.
    """
    state = State.SENT if arrived else State.RETRY
    times = {"sent_at": F("due_at")} if arrived else {"due_at": Now()}
    unknown = OutboxMessage.objects.filter(pk=row.pk, state=State.UNKNOWN)
    settled = unknown.update(state=state, reason="", **times)
    if not settled:
        return False
    note_deed(person, "settled delivery", row, key=key, arrived=arrived)
    if row.kind == OutboxMessage.Kind.REPLY:
        _reply_moved(row, state)
    if not arrived:
        bell.ring(DELIVER, str(row.pk))
    return True


def due_rows(limit: int) -> list[str]:
    """Ids that are due and unclaimed, the oldest first."""
    due = OutboxMessage.objects.filter(state__in=OutboxMessage.DUE, due_at__lte=Now())
    return [str(pk) for pk in due.order_by("due_at").values_list("pk", flat=True)[:limit]]
