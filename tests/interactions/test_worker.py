"""The same way with the real programs: web server, bell, worker, receiver."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection as database

import bell
from config.children import Process
from interactions.models import Connection, Conversation, InboxEvent, OutboxMessage
from tests.cast import Cast
from tests.crm import PushingCrm, over_http
from tests.factories import a_reply
from tests.receiver import Receiver
from tests.work import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def idle_at_the_end(transactional_db: None, real_worker: Process) -> Iterator[None]:
    """What was applied is drafted and read after that; emptying the tables meanwhile would be a deadlock."""
    yield
    assert eventually(lambda: not busy())


def busy() -> bool:
    """Whether another session does something, or did a moment ago."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
            " AND (state <> 'idle' OR state_change > clock_timestamp() - interval '400 ms'))"
        )
        (found,) = cursor.fetchone()
        return bool(found)


def test_an_event_is_applied_and_a_reply_delivered(
    listening: Connection, website: str, real_worker: Process, cast: Cast, receiver: Receiver
) -> None:
    crm = PushingCrm(listening, over_http(website))
    crm.says("Where is my order?")
    assert eventually(lambda: InboxEvent.objects.filter(state="applied").exists())
    row = a_reply(conversation=Conversation.objects.get(), person=cast.ines)
    assert eventually(lambda: OutboxMessage.objects.get(pk=row.pk).state == "sent")
    assert [one.headers["webhook-id"] for one in receiver.deliveries].count(str(row.pk)) == 1


def sessions(since: datetime) -> set[int]:
    """Of others, that were asked something since then and are still open, by the numbers of their processes."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND query_start > %s",
            [since],
        )
        return {pid for (pid,) in cursor.fetchall()}


def test_a_worker_keeps_its_connections_and_replaces_those_that_died(
    listening: Connection, real_worker: Process, crm: PushingCrm
) -> None:
    def works(words: str) -> set[int]:
        crm.says(words)
        row = InboxEvent.objects.latest("pk")
        bell.ring_batch("interactions.tasks.apply_events", row.pk)
        assert eventually(lambda: InboxEvent.objects.get(pk=row.pk).state == "applied")
        return sessions(row.received_at)

    served = [works(words) for words in ("One.", "Two.", "Three.", "Four.", "Five.")]
    opened = set.union(*served)
    assert all(served) and len(opened) <= 2, "each of its two processes has one"
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [list(opened)])
    assert not works("Six.") & opened
