"""Queue what leaves, take it back, and say what became of it; `delivering` sends it."""

import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

import bell
from customers.models import Account, Contact
from interactions.crm.base import Answer
from interactions.events import ReplySettled, tell_all
from interactions.letter import Letter
from interactions.listeners import listeners_about, listeners_of, listeners_to
from interactions.models import (
    Approval,
    Attempt,
    Connection,
    Conversation,
    Message,
    OutboxMessage,
    Release,
)
from interactions.talk import add_sent_reply, tell_conversation
from people.audit import note_deed
from people.models import ApiKey, Team, User

State = OutboxMessage.State

DELIVER = "interactions.tasks.deliver"
# The schedule that Standard Webhooks publishes: seconds after each failed attempt.
SCHEDULE = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
JITTER = 0.1
# Seconds before a CRM is asked for the first, second, ... time whether an uncertain delivery is there.
ASKS = (10, 60, 300, 1800)
MOST_REPLAYED = 1000


class Late(Exception):
    """It is too late for this reply to leave; the message is for the person who tried."""


def queue_reply(
    conversation: Conversation, letter: Letter, person: User, key: ApiKey | None, undo_seconds: int,
    *, release_by: str = "", why: str = "",
) -> OutboxMessage:  # fmt: skip
    """The approval and the row it allows; delivered once the undo time is over.

    With `release_by` it waits until a second person in that role releases it; `why` is shown meanwhile.
    """
    payload = letter.canonical()
    row = OutboxMessage(
        kind=OutboxMessage.Kind.REPLY, type="reply.approved", conversation=conversation,
        connection_id=letter.connection or None, payload=payload, release_by=release_by,
        state=State.WAITING if release_by else State.PENDING, reason=why[:500],
        due_at=Now() + timedelta(seconds=undo_seconds),
    )  # fmt: skip
    row.approval = Approval.objects.create(
        person=person, key=key, digest=sha256(payload).digest(), release_by=release_by
    )
    row.save()
    row.refresh_from_db(fields=["due_at"])
    if undo_seconds == 0 and not release_by:
        bell.ring(DELIVER, str(row.pk))
    return row


def announce(
    conversation: Conversation, type: str, data: Mapping[str, Any], person: User | None = None
) -> None:
    """Tell the conversation's own CRM, and whoever hears all of the team, what happened to it."""
    about = {"id": conversation.external_id, "rapport_id": conversation.pk}
    told = {"conversation": about, **data}
    for connection in listeners_to(conversation, type):
        queue_event(connection, type, told, conversation=conversation, person=person)


def announce_about(
    account: Account, contact: Contact | None, type: str, data: Mapping[str, Any], person: User | None = None
) -> None:
    """Tell the CRMs that know an account what is new about it, with their own names for it.

    The newest conversation of the account in that CRM goes along: some have no other place for a note.
    """
    for connection in listeners_about(account, type):
        conversation = _newest(connection, account, contact)
        told = {
            "account": _named(connection, account), "contact": _named(connection, contact),
            "conversation": {"id": conversation.external_id, "rapport_id": conversation.pk}
            if conversation else None,
            **data,
        }  # fmt: skip
        queue_event(connection, type, told, conversation=conversation, person=person)


def announce_to(team: Team, type: str, data: Mapping[str, Any], person: User | None = None) -> None:
    """Tell a team's CRMs what is about no customer."""
    for connection in listeners_of(team, type):
        queue_event(connection, type, data, person=person)


def _newest(connection: Connection, account: Account, contact: Contact | None) -> Conversation | None:
    there = Conversation.objects.filter(connection=connection, account=account).order_by("-last_message_at")
    with_them = there.filter(contact=contact).first() if contact else None
    return with_them or there.first()


def _named(connection: Connection, row: Account | Contact | None) -> dict[str, Any] | None:
    if row is None:
        return None
    known = row.identities.filter(source=connection.pk).order_by("pk").first()
    named = {"id": known.external_id if known else "", "rapport_id": row.pk, "name": row.name}
    # By the address their deliveries are found when they are erased.
    return named | {"email": row.email} if isinstance(row, Contact) else named


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


@transaction.atomic
def cancel(row_id: str, reason: str) -> bool:
    """Take a reply back while it waits or within its undo time; False when it has left or is leaving."""
    return _end(row_id, OutboxMessage.NOT_LEFT, state=State.CANCELLED, reason=reason)


def _end(row_id: str, states: Iterable[str], **fields: Any) -> bool:
    ended = OutboxMessage.objects.filter(pk=row_id, state__in=states).update(**fields)
    if ended:
        _reply_settled(OutboxMessage.objects.get(pk=row_id), sent=False)
    return bool(ended)


@transaction.atomic
def release(row: OutboxMessage, person: User, key: ApiKey | None, undo_seconds: int) -> bool:
    """The second yes, to the very bytes that were approved; False when the reply waits no more."""
    held = _held(row)
    if held is None or held.approval is None:
        return False
    given = Release.objects.create(
        approval=held.approval, approver_id=held.approval.person_id, digest=held.approval.digest,
        role=held.release_by, person=person, key=key,
    )  # fmt: skip
    OutboxMessage.objects.filter(pk=held.pk).update(
        state=State.PENDING, release=given, reason="", due_at=Now() + timedelta(seconds=undo_seconds)
    )
    note_deed(person, "released reply", held, key=key, role=held.release_by, why=held.reason)
    if undo_seconds == 0:
        bell.ring(DELIVER, str(held.pk))
    _tell_talk(held)
    return True


@transaction.atomic
def give_back(row: OutboxMessage, person: User, key: ApiKey | None, reason: str) -> bool:
    """No second yes: the reply goes back to its approver and never leaves; False when it waits no more."""
    given_back = _end(str(row.pk), [State.WAITING], state=State.RETURNED, person=person, reason=reason[:500])
    if given_back:
        note_deed(person, "returned reply", row, key=key, role=row.release_by)
        _tell_talk(row)
    return given_back


def _held(row: OutboxMessage) -> OutboxMessage | None:
    """Locked, so that of two who release or return it at once one comes second."""
    waiting = OutboxMessage.objects.filter(pk=row.pk, state=State.WAITING).select_related("approval")
    return waiting.select_for_update(of=("self",)).first()


def _tell_talk(row: OutboxMessage) -> None:
    if row.conversation:
        tell_conversation(row.conversation)


def cancel_waiting(conversation: Conversation, reason: str) -> int:
    """Hold every reply of the conversation that has not left yet."""
    waiting = OutboxMessage.objects.filter(
        conversation=conversation, kind=OutboxMessage.Kind.REPLY, state__in=OutboxMessage.NOT_LEFT
    )
    return sum(cancel(str(row_id), reason) for row_id in waiting.values_list("pk", flat=True))


def reply_moved(row: OutboxMessage, state: str) -> None:
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


def wait_after(attempts: int) -> float:
    """Seconds, a tenth more or less, so that what failed together is not tried again together."""
    return SCHEDULE[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)


def note_attempt(row: OutboxMessage, answer: Answer, result: str = "") -> None:
    if not OutboxMessage.objects.filter(pk=row.pk).exists():
        return  # erased with its contact while it left
    Attempt.objects.create(
        outbox=row, number=row.attempts, at=Now(), duration_ms=answer.duration_ms,
        status=answer.status, result=result or answer.result, answer=answer.body[:1024],
    )  # fmt: skip


def asked_after(row: OutboxMessage, asked: int) -> Any:
    """When the row's CRM is asked whether it is there; None: that is left to a person.

    Of a row in the state unknown `lease_until` tells it.
    """
    if row.connection_id is None or asked >= len(ASKS):
        return None
    return Now() + timedelta(seconds=ASKS[asked])


@transaction.atomic
def replay(row: OutboxMessage, person: User, key: ApiKey | None = None) -> bool:
    """Send a dead delivery again by hand, under its same id; False when it is not dead.

    Raises Late for a reply after which something was said or approved: it would answer what is over.
    """
    if row.kind == OutboxMessage.Kind.REPLY and row.state == State.DEAD:
        _check_still_the_answer(row)
    revived = OutboxMessage.objects.filter(pk=row.pk, state=State.DEAD).update(
        state=State.RETRY, attempts=0, due_at=Now(), reason=""
    )
    if revived:
        note_deed(person, "replayed", row, key=key)
        bell.ring(DELIVER, str(row.pk))
        if row.conversation:
            tell_conversation(row.conversation)
    return bool(revived)


def _check_still_the_answer(row: OutboxMessage) -> None:
    """Under the conversation's lock, so that nobody approves another reply meanwhile."""
    assert row.conversation_id is not None
    conversation = Conversation.objects.select_for_update(no_key=True).get(pk=row.conversation_id)
    said = conversation.messages.filter(automatic="", sent_at__gt=row.created_at)
    if said.exclude(by=Message.By.NOTE).exists():
        raise Late("Something was said in this conversation since. Nothing was sent; answer it anew.")
    over = (State.DEAD, *OutboxMessage.NEVER_LEFT)
    newer = conversation.deliveries.filter(kind=OutboxMessage.Kind.REPLY, created_at__gt=row.created_at)
    if newer.exclude(state__in=over).exists():
        raise Late("Another reply was approved since. This one was not sent again.")


def settle_echo(row: OutboxMessage, external_id: str, sent_at: datetime) -> bool:
    """The CRM told us of a delivery of which nobody knew whether it had arrived; True when that settled it."""
    settled = OutboxMessage.objects.filter(pk=row.pk, state=State.UNKNOWN).update(
        state=State.SENT, reason="", sent_at=sent_at, external_id=external_id[:200], lease_until=None
    )
    if settled:
        reply_moved(row, State.SENT)
    return bool(settled)


@transaction.atomic
def settle_asked(row: OutboxMessage, answer: Answer, asked: int) -> bool:
    """What its CRM said when it was asked; `asked` counts the times. False when it is settled already."""
    note_attempt(row, answer, "asked")
    unknown = OutboxMessage.objects.filter(pk=row.pk, state=State.UNKNOWN, attempts=row.attempts)
    state = _state_by(row, answer, asked)
    changes: dict[str, Any]
    if state == State.SENT:
        changes = {"sent_at": F("due_at"), "external_id": answer.external_id[:200] or F("external_id")}
    elif state == State.RETRY:
        changes = {"due_at": Now() + timedelta(seconds=wait_after(row.attempts))}
    else:
        changes = {"lease_until": asked_after(row, asked)}
    reason = {State.SENT: "", State.RETRY: "It had not arrived."}.get(state, row.reason)
    settled = unknown.update(**{"state": state, "lease_until": None, "reason": reason, **changes})
    if settled and row.kind == OutboxMessage.Kind.REPLY and state != State.UNKNOWN:
        reply_moved(row, state)
    return bool(settled)


def _state_by(row: OutboxMessage, answer: Answer, asked: int) -> State:
    if answer.result == "sent":
        return State.SENT
    if answer.result == "retry":
        return State.RETRY if row.attempts <= len(SCHEDULE) else State.DEAD
    # Of an event nobody needs to be asked: the next one tells how things stand then.
    is_over = asked >= len(ASKS) and row.kind == OutboxMessage.Kind.EVENT
    return State.DEAD if is_over else State.UNKNOWN


@transaction.atomic
def settle_unknown(row: OutboxMessage, person: User, *, arrived: bool, key: ApiKey | None = None) -> bool:
    """A person found out whether it arrived; False when that is not the question any more.

    What did not arrive leaves again under its same id. What did had left when it was tried, which
    `due_at` still tells: a customer who has written since is not answered by it.
    """
    state = State.SENT if arrived else State.RETRY
    times = {"sent_at": F("due_at")} if arrived else {"due_at": Now()}
    unknown = OutboxMessage.objects.filter(pk=row.pk, state=State.UNKNOWN)
    settled = unknown.update(state=state, reason="", lease_until=None, **times)
    if not settled:
        return False
    note_deed(person, "settled delivery", row, key=key, arrived=arrived)
    if row.kind == OutboxMessage.Kind.REPLY:
        reply_moved(row, state)
    if not arrived:
        bell.ring(DELIVER, str(row.pk))
    return True
