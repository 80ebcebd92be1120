"""Who is told what, and how a receiver that fails is let alone while the others get theirs at once."""

import json
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import close_old_connections
from django.db import connection as database
from django.utils import timezone

from copilot.management.commands import sweep
from interactions import delivering, listeners, outbox
from interactions.models import Connection, Conversation, OutboxMessage
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.factories import a_connection, a_conversation, a_reply
from tests.receiver import Receiver, Reply
from tests.work import end_waits, run_tasks


@pytest.fixture
def asked(cast: Cast, listening: Connection) -> Conversation:
    return a_conversation(team=cast.support, contact=cast.sigrid, connection=listening, external_id="c-7")


def told(receiver: Receiver) -> list[str]:
    return [json.loads(one.body)["type"] for one in receiver.deliveries]


def test_a_receiver_is_told_what_it_subscribed_to_and_replies_always(
    cast: Cast, asked: Conversation, receiver: Receiver
) -> None:
    path = f"connections/{asked.connection_id}/"
    answer = program_of(cast.petra).patch(path, {"subscriptions": ["conversation.escalated"]})
    assert (answer.status_code, answer.json()["subscriptions"]) == (200, ["conversation.escalated"])
    entry = AuditEntry.objects.get(verb="changed connection")
    assert (entry.person, entry.detail) == (cast.petra, {"fields": ["subscriptions"]})

    for type in ("draft.ready", "conversation.escalated"):
        outbox.announce(asked, type, {})
    a_reply(conversation=asked, person=cast.ines)
    run_tasks()
    assert sorted(told(receiver)) == ["conversation.escalated", "reply.approved"]

    assert program_of(cast.petra).patch(path, {"subscriptions": None}).json()["subscriptions"] is None
    outbox.announce(asked, "draft.ready", {})
    run_tasks()
    assert told(receiver)[-1] == "draft.ready"


def test_a_generic_connection_may_hear_the_teams_other_conversations(
    cast: Cast, connection: Connection, receiver: Receiver
) -> None:
    beside = a_connection(team=cast.support, name="The archive", deliver_to=receiver.url)
    stranger = a_connection(team=cast.sales, name="Sales' own", deliver_to=receiver.url, hears_team=True)
    asked = a_conversation(team=cast.support, contact=cast.sigrid, connection=connection)
    outbox.announce(asked, "draft.ready", {})
    assert not OutboxMessage.objects.exists()

    assert program_of(cast.petra).patch(f"connections/{beside.pk}/", {"hears_team": True}).status_code == 200
    outbox.announce(asked, "draft.ready", {})
    assert OutboxMessage.objects.get().connection == beside != stranger


def test_what_makes_no_sense_is_refused(cast: Cast, asked: Conversation) -> None:
    petra, path = program_of(cast.petra), f"connections/{asked.connection_id}/"
    for body in ({"subscriptions": ["everything"]}, {"subscriptions": "draft.ready"}, {"hears_team": "perhaps"},
                 {"deliver_to": "ftp://fjord.example/"}, {"deliver_to": None}):  # fmt: skip
        assert is_problem(petra.patch(path, body), 400, "invalid")
    assert not AuditEntry.objects.exists()


def fail(receiver: Receiver, asked: Conversation, times: int) -> None:
    receiver.will(*[Reply(500)] * times)
    for _ in range(times):
        outbox.announce(asked, "draft.ready", {})
        run_tasks()


def seconds_of_rest() -> float:
    until = Connection.objects.get().rests_until
    assert until is not None
    return (until - timezone.now()).total_seconds()


def test_after_five_failures_in_a_row_it_rests_and_then_one_delivery_tries_it(
    asked: Conversation, receiver: Receiver
) -> None:
    fail(receiver, asked, 4)
    assert Connection.objects.get().rests_until is None
    fail(receiver, asked, 1)
    assert 25 < seconds_of_rest() <= 30

    outbox.announce(asked, "draft.ready", {})
    waiting = OutboxMessage.objects.latest("created_at")
    delivering.deliver(str(waiting.pk))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts, len(receiver.deliveries)) == ("pending", 0, 5)
    assert delivering.due_rows(500) == []
    rung: sweep.Rung = {}
    sweep.sweep_once(rung)
    assert rung == {}, "no ring for a receiver that rests"

    for most in (60, 120, 240, 480, 600, 600):
        receiver.will(Reply(503))
        Connection.objects.update(rests_until=None)
        OutboxMessage.objects.filter(pk=waiting.pk).update(due_at=timezone.now())
        delivering.deliver(str(waiting.pk))
        assert most - 5 < seconds_of_rest() <= most

    end_waits()
    run_tasks()
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"sent"}
    healed = Connection.objects.get()
    assert (healed.failures, healed.rests_until) == (0, None)


def test_an_answer_of_any_sense_ends_the_count(asked: Conversation, receiver: Receiver, cast: Cast) -> None:
    fail(receiver, asked, 4)
    outbox.announce(asked, "draft.ready", {})
    run_tasks()
    assert Connection.objects.get().failures == 0


def test_after_410_an_admin_enables_it_again(asked: Conversation, receiver: Receiver, cast: Cast) -> None:
    receiver.will(Reply(410))
    outbox.announce(asked, "draft.ready", {})
    run_tasks()
    outbox.announce(asked, "draft.ready", {})
    assert OutboxMessage.objects.count() == 1, "it takes nothing now"

    listeners.enable(Connection.objects.get(), cast.ada)
    outbox.announce(asked, "draft.ready", {})
    run_tasks()
    assert [row.state for row in OutboxMessage.objects.order_by("created_at")] == ["dead", "sent"]
    assert AuditEntry.objects.get(verb="enabled connection").person == cast.ada


@pytest.fixture
def hanging() -> Iterator[Receiver]:
    one = Receiver()
    one.will(*[Reply(ending="hang")] * 20)
    yield one
    one.close()


@pytest.mark.django_db(transaction=True)
def test_two_hanging_receivers_leave_a_worker_and_delay_nobody_else(
    cast: Cast, asked: Conversation, receiver: Receiver, hanging: Receiver
) -> None:
    """Half of the sending pool, and a queue in which the hanging receivers stand first."""
    slow = [a_connection(team=cast.support, name=f"Hangs {n}", deliver_to=hanging.url) for n in (1, 2)]
    stuck = [a_conversation(team=cast.support, contact=cast.sigrid, connection=one) for one in slow]
    for about in stuck * 10 + [asked] * 10:
        outbox.announce(about, "draft.ready", {})
    end = time.monotonic() + 10

    def work() -> None:
        close_old_connections()
        while len(receiver.deliveries) < 10 and time.monotonic() < end:
            for row in delivering.due_rows(50):
                delivering.deliver(row)
        database.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    while len(receiver.deliveries) < 10 and time.monotonic() < end:
        time.sleep(0.02)
    assert len(receiver.deliveries) == 10 and len(hanging.deliveries) in (2, 3)
    hanging.close()
    for one in workers:
        one.join()
    states = OutboxMessage.objects.filter(connection__in=slow).values_list("state", flat=True)
    assert (len(states), set(states)) == (20, {"pending", "retry"})


def test_every_place_is_given_back_also_by_mails_and_by_receivers_that_failed(
    cast: Cast, asked: Conversation, receiver: Receiver
) -> None:
    """A place that is kept would be missing for as long as the worker lives."""
    by_mail = a_conversation(team=cast.support, contact=cast.sigrid)
    sent = a_reply(conversation=by_mail, person=cast.ines)
    fail(receiver, asked, 1)
    outbox.announce(asked, "draft.ready", {})
    run_tasks()
    assert OutboxMessage.objects.get(approval=sent.approval).connection is None
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_has_just_failed_has_one_place(asked: Conversation, receiver: Receiver) -> None:
    outbox.announce(asked, "draft.ready", {})
    row = str(OutboxMessage.objects.get().pk)
    seen: list[bool] = []

    def another() -> None:
        close_old_connections()
        with listeners.place(row) as is_free:
            seen.append(is_free)
        database.close()

    for failures in (0, 1):
        Connection.objects.update(failures=failures)
        with listeners.place(row) as is_free:
            assert is_free
            thread = threading.Thread(target=another)
            thread.start()
            thread.join()
    assert seen == [True, False]
