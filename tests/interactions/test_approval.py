"""The database itself refuses to let anything leave that a named person did not approve to the byte."""

import json
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database

from interactions.models import Approval, Connection, Conversation, OutboxMessage
from tests.cast import Cast
from tests.factories import a_conversation, a_reply, an_attachment


@pytest.fixture
def asked(cast: Cast, connection: Connection) -> Conversation:
    return a_conversation(team=cast.support, contact=cast.sigrid, connection=connection)


@pytest.fixture
def row(asked: Conversation, cast: Cast) -> OutboxMessage:
    return a_reply(conversation=asked, person=cast.ines, undo_seconds=30, attachments=(an_attachment(),))


def refuses(sql: str, values: list[Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


ALTERED: list[tuple[str, Any]] = [
    ("text", "Yes, it is on its way!"),
    ("subject", "Re: Another question"),
    ("to", ["someone@else.example"]),
    ("cc", ["boss@fjord.example"]),
    ("bcc", ["spy@else.example"]),
    ("sender", "ceo@tern.example"),
    ("attachments", [{"name": "terms.pdf", "sha256": "1" * 64}]),
    ("attachments", []),
    ("conversation", {"id": "another"}),
    ("connection", ""),
    ("in_reply_to", "<another@mail>"),
    ("approved_by", "Petra Novak"),
]


@pytest.mark.parametrize(("part", "value"), ALTERED)
def test_an_altered_part_is_refused(row: OutboxMessage, part: str, value: Any) -> None:
    payload = json.loads(bytes(row.payload))
    assert payload[part] != value
    payload[part] = value
    raw = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    refuses("UPDATE interactions_outboxmessage SET payload = %s WHERE id = %s", [raw, row.pk])


def test_a_single_byte_is_refused(row: OutboxMessage) -> None:
    refuses("UPDATE interactions_outboxmessage SET payload = payload || ' ' WHERE id = %s", [row.pk])


def test_the_digest_cannot_be_written(row: OutboxMessage) -> None:
    with pytest.raises(Exception, match="generated"), transaction.atomic(), database.cursor() as cursor:
        cursor.execute("UPDATE interactions_outboxmessage SET digest = 'x' WHERE id = %s", [row.pk])


def test_the_approval_cannot_be_bent_to_another_text(row: OutboxMessage) -> None:
    other = sha256(b"other").digest()
    refuses("UPDATE interactions_approval SET digest = %s WHERE id = %s", [other, row.approval_id])


def test_the_approval_cannot_be_taken_away(row: OutboxMessage) -> None:
    refuses("UPDATE interactions_outboxmessage SET approval_id = NULL WHERE id = %s", [row.pk])
    refuses("DELETE FROM interactions_approval WHERE id = %s", [row.approval_id])


def test_another_approval_does_not_fit(row: OutboxMessage, asked: Conversation, cast: Cast) -> None:
    other = a_reply(conversation=asked, person=cast.tomas, text="Something else")
    refuses("UPDATE interactions_outboxmessage SET approval_id = %s WHERE id = %s", [other.approval_id, row.pk])


def test_one_approval_serves_one_reply(row: OutboxMessage) -> None:
    refuses(
        "INSERT INTO interactions_outboxmessage (id, kind, type, payload, approval_id, state, due_at, fence,"
        " attempts, reason, created_at) SELECT gen_random_uuid(), kind, type, payload, approval_id, state,"
        " due_at, fence, attempts, reason, created_at FROM interactions_outboxmessage WHERE id = %s",
        [row.pk],
    )


@pytest.mark.parametrize(
    "change", ["kind = 'event'", "kind = 'event', approval_id = NULL, payload = 'x'", "type = 'x'"]
)
def test_a_reply_cannot_leave_as_something_that_needs_no_approval(row: OutboxMessage, change: str) -> None:
    refuses(f"UPDATE interactions_outboxmessage SET {change} WHERE id = %s", [row.pk])


def test_nobody_can_queue_a_reply_without_approval(asked: Conversation) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMessage.objects.create(
            kind="reply", type="reply.approved", conversation=asked, payload=b"{}", due_at=asked.created_at
        )


def test_the_approval_names_a_person_and_keeps_the_digest(row: OutboxMessage, cast: Cast) -> None:
    approval = Approval.objects.get()
    assert approval.person == cast.ines
    assert bytes(approval.digest) == sha256(bytes(row.payload)).digest()
