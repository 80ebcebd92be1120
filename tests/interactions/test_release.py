"""The database itself keeps a reply back until a second person has released exactly the approved bytes."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.utils import timezone

from interactions import outbox
from interactions.models import Connection, Conversation, OutboxMessage, Release
from tests.cast import Cast
from tests.factories import a_conversation, a_letter
from tests.work import run_tasks

OUTBOX = "UPDATE interactions_outboxmessage SET {} WHERE id = %s"
RELEASE = (
    "INSERT INTO interactions_release (approval_id, approver_id, digest, role, person_id, at)"
    " VALUES (%s, %s, %s, %s, %s, now())"
)


@pytest.fixture
def talk(cast: Cast, connection: Connection) -> Conversation:
    return a_conversation(team=cast.support, contact=cast.sigrid, connection=connection)


@pytest.fixture
def waiting(talk: Conversation, cast: Cast) -> OutboxMessage:
    """Ines approved it; a lead is to release it."""
    return _approved(talk, cast)


def _approved(talk: Conversation, cast: Cast, text: str = "Yes.") -> OutboxMessage:
    letter = a_letter(conversation=talk, person=cast.ines, text=text)
    return outbox.queue_reply(talk, letter, cast.ines, None, 0, release_by="lead", why="It is about refunds.")


def refuses(sql: str, *values: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(sql, list(values))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_raw_sql_cannot_send_what_nobody_released(waiting: OutboxMessage, cast: Cast) -> None:
    for state in ("pending", "sending", "retry", "sent", "unknown", "dead"):
        refuses(OUTBOX.format("state = %s"), state, waiting.pk)
    # Nor by saying that it needs no release, on one side, on the other, or both together.
    refuses(OUTBOX.format("release_by = '', state = 'pending'"), waiting.pk)
    refuses("UPDATE interactions_approval SET release_by = '' WHERE id = %s", waiting.approval_id)
    refuses(OUTBOX.format("release_by = 'account_manager'"), waiting.pk)
    # Nor by the approver's own yes, under a false name, in another role, to other bytes.
    yes = [waiting.approval_id, cast.ines.pk, bytes(waiting.digest), "lead", cast.petra.pk]
    refuses(RELEASE, *yes[:4], cast.ines.pk)
    refuses(RELEASE, waiting.approval_id, cast.tomas.pk, *yes[2:4], cast.ines.pk)
    refuses(RELEASE, *yes[:3], "account_manager", cast.karim.pk)
    refuses(RELEASE, *yes[:3], "", cast.petra.pk)
    refuses(RELEASE, *yes[:2], sha256(b"other").digest(), *yes[3:])
    run_tasks()
    waiting.refresh_from_db()
    assert waiting.state == "waiting" and not Release.objects.exists()


def test_one_release_serves_one_reply_and_cannot_be_bent(
    waiting: OutboxMessage, talk: Conversation, cast: Cast
) -> None:
    other = _approved(talk, cast, "Ten thousand euros.")
    assert outbox.release(waiting, cast.petra, None, 30)
    assert not outbox.release(waiting, cast.petra, None, 30)
    assert not outbox.give_back(waiting, cast.petra, None, "Too late.")
    given = Release.objects.get()
    assert (given.approver, given.person, given.role) == (cast.ines, cast.petra, "lead")
    refuses(OUTBOX.format("release_id = %s, state = 'pending'"), given.pk, other.pk)
    refuses(OUTBOX.format("payload = payload || ' '"), waiting.pk)
    refuses(OUTBOX.format("release_id = NULL"), waiting.pk)
    refuses("UPDATE interactions_release SET person_id = approver_id WHERE id = %s", given.pk)
    refuses("UPDATE interactions_approval SET person_id = %s WHERE id = %s", cast.petra.pk, waiting.approval_id)
    refuses("DELETE FROM interactions_release WHERE id = %s", given.pk)
    waiting.refresh_from_db()
    assert waiting.state == "pending" and waiting.reason == ""
    assert waiting.due_at > timezone.now() + timedelta(seconds=20)
