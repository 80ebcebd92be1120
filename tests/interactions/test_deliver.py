"""What leaves: signed, once, by the published schedule, with every attempt on record."""

import gzip
import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.db.models.functions import Now
from django.utils import timezone
from standardwebhooks import Webhook

from interactions import delivering, outbox
from interactions.models import Attempt, Connection, Conversation, OutboxMessage
from tests.cast import Cast
from tests.factories import a_conversation, a_message, a_reply
from tests.receiver import Receiver, Reply
from tests.work import end_undo_time, end_waits, run_tasks


@pytest.fixture
def asked(cast: Cast, listening: Connection) -> Conversation:
    made = a_conversation(team=cast.support, contact=cast.sigrid, connection=listening, external_id="c-7")
    a_message(conversation=made)
    return made


@pytest.fixture
def row(asked: Conversation, cast: Cast) -> OutboxMessage:
    return a_reply(conversation=asked, person=cast.ines)


def again(row: OutboxMessage) -> OutboxMessage:
    row.refresh_from_db()
    return row


def test_a_reply_arrives_signed_with_exactly_what_was_approved(row: OutboxMessage, receiver: Receiver) -> None:
    run_tasks()
    first = receiver.deliveries[0]
    Webhook(row.connection.secrets[0]).verify(first.body.decode(), dict(first.headers))  # type: ignore[union-attr]
    told = json.loads(first.body)
    assert first.headers["webhook-id"] == str(row.pk)
    assert told["type"] == "reply.approved"
    assert told["data"] == json.loads(bytes(row.payload))
    assert told["data"]["conversation"] == {"id": "c-7"}
    assert bytes(row.payload) in first.body
    assert again(row).state == "sent"


def test_a_sent_reply_stands_in_the_conversation_and_is_announced(
    row: OutboxMessage, asked: Conversation, receiver: Receiver
) -> None:
    run_tasks()
    message = asked.messages.get(by="colleague")
    assert (message.text, message.author_name) == ("Yes, it is on its way.", "Ines Duarte")
    assert again(row).message == message
    asked.refresh_from_db()
    assert asked.waiting_since is None
    announced = json.loads(receiver.deliveries[1].body)
    assert (announced["type"], announced["data"]["delivery_id"]) == ("reply.sent", str(row.pk))


def test_it_is_signed_with_both_secrets_while_one_rotates(row: OutboxMessage, receiver: Receiver) -> None:
    old = row.connection.secrets[0]  # type: ignore[union-attr]
    new = "whsec_" + "QUJD" * 8
    row.connection.set_secrets([new, old])  # type: ignore[union-attr]
    row.connection.save()  # type: ignore[union-attr]
    run_tasks()
    first = receiver.deliveries[0]
    for secret in (old, new):
        Webhook(secret).verify(first.body.decode(), dict(first.headers))


def test_nothing_leaves_within_the_undo_time(asked: Conversation, cast: Cast, receiver: Receiver) -> None:
    waiting = a_reply(conversation=asked, person=cast.ines, undo_seconds=30)
    run_tasks()
    delivering.deliver(str(waiting.pk))
    assert (again(waiting).state, receiver.deliveries) == ("pending", [])
    end_undo_time()
    run_tasks()
    assert again(waiting).state == "sent"


def test_the_published_schedule_is_kept_and_then_it_is_dead(row: OutboxMessage, receiver: Receiver) -> None:
    receiver.will(*[Reply(500, b"out of order")] * 20)
    waits = []
    for _ in outbox.SCHEDULE:
        before = timezone.now()
        run_tasks()
        assert (again(row).state, row.reason) == ("retry", "The receiver answered 500.")
        waits.append((row.due_at - before).total_seconds())
        end_waits()
    for wait, published in zip(waits, (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400), strict=True):
        assert 0.9 * published <= wait <= 1.1 * published + 5
    run_tasks()
    assert again(row).state == "dead"
    assert {one.headers["webhook-id"] for one in receiver.deliveries} == {str(row.pk)}
    assert len({one.body for one in receiver.deliveries}) == 1
    numbers = list(row.log.values_list("number", "status", "answer"))
    assert numbers == [(n, 500, "out of order") for n in range(1, 11)]


def test_a_dead_delivery_is_replayed_by_hand_under_its_same_id(
    row: OutboxMessage, receiver: Receiver, cast: Cast
) -> None:
    receiver.will(Reply(410))
    run_tasks()
    assert again(row).state == "dead"
    Connection.objects.update(disabled_reason="")
    assert outbox.replay(row, cast.ada)
    assert not outbox.replay(row, cast.ada)
    run_tasks()
    assert again(row).state == "sent"
    assert len({one.headers["webhook-id"] for one in receiver.deliveries[:2]}) == 1


@pytest.mark.parametrize(
    ("header", "least", "most"), [("900", 895, 905), ("999999", 86390, 86410), ("soon", 4, 7)]
)
def test_retry_after_is_honoured_up_to_a_day(
    row: OutboxMessage, receiver: Receiver, header: str, least: float, most: float
) -> None:
    receiver.will(Reply(429, headers={"retry-after": header}))
    run_tasks()
    wait = (again(row).due_at - timezone.now()).total_seconds()
    assert least - 1 <= wait <= most


def test_retry_after_may_be_a_date(row: OutboxMessage, receiver: Receiver) -> None:
    when = (timezone.now() + timedelta(minutes=20)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    receiver.will(Reply(503, headers={"retry-after": when}))
    run_tasks()
    assert 1190 <= (again(row).due_at - timezone.now()).total_seconds() <= 1201


def test_gone_switches_the_receiver_off(
    row: OutboxMessage, asked: Conversation, cast: Cast, receiver: Receiver
) -> None:
    receiver.will(Reply(410))
    run_tasks()
    assert again(row).state == "dead"
    assert Connection.objects.get().disabled_reason == "The receiver answered 410 Gone."
    later = a_reply(conversation=asked, person=cast.ines)
    run_tasks()
    assert again(later).state == "retry"
    assert len(receiver.deliveries) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(row: OutboxMessage, receiver: Receiver, status: int) -> None:
    receiver.will(Reply(status, headers={"location": receiver.url + "/elsewhere"}))
    run_tasks()
    assert again(row).state == "retry"
    assert [one.path for one in receiver.deliveries] == ["/hook"]


def test_a_broken_connection_is_tried_again(row: OutboxMessage, receiver: Receiver) -> None:
    receiver.will(Reply(ending="reset"))
    run_tasks()
    assert again(row).state == "retry"
    assert row.log.get().status is None
    end_waits()
    run_tasks()
    assert again(row).state == "sent"


def test_a_receiver_that_is_not_there_is_tried_again(row: OutboxMessage, receiver: Receiver) -> None:
    Connection.objects.update(deliver_to="http://127.0.0.1:9/hook")
    run_tasks()
    assert (again(row).state, row.reason) == ("retry", "ConnectError")


def test_a_receiver_that_hangs_is_let_go(
    row: OutboxMessage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interactions.crm.post.TIMEOUT_SECONDS", 0.3)
    receiver.will(Reply(ending="hang"))
    run_tasks()
    assert (again(row).state, row.reason) == ("retry", "ReadTimeout")


def test_an_answer_that_drips_is_not_waited_for(
    row: OutboxMessage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interactions.crm.post.READING_SECONDS", 0.5)
    receiver.will(Reply(ending="drip"))
    run_tasks()
    assert again(row).state == "sent"
    assert row.log.get(number=1).duration_ms < 3000


def test_only_the_first_kibibyte_of_an_answer_is_kept(row: OutboxMessage, receiver: Receiver) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    receiver.will(Reply(500, b"\x00y" * 5000), Reply(500, bomb, {"content-encoding": "gzip"}))
    run_tasks()
    end_waits()
    run_tasks()
    first, second = row.log.all()
    assert first.answer == "\ufffdy" * 512
    assert len(second.answer) <= 1024


@pytest.mark.parametrize(
    "url", ["http://[::1", "https://x:99999/", "ftp://127.0.0.1/", "https://a@127.0.0.1/", "https://"]
)
def test_an_impossible_address_is_dead_with_a_reason(row: OutboxMessage, url: str) -> None:
    Connection.objects.update(deliver_to=url)
    run_tasks()
    assert (again(row).state, row.reason) == ("dead", "the address is not an https URL")


def test_a_revoked_connection_sends_nothing(row: OutboxMessage, receiver: Receiver) -> None:
    Connection.objects.update(revoked_at=timezone.now())
    run_tasks()
    assert (again(row).state, receiver.deliveries) == ("dead", [])


def test_a_way_out_that_was_not_approved_is_not_taken(
    row: OutboxMessage, cast: Cast, receiver: Receiver
) -> None:
    OutboxMessage.objects.filter(pk=row.pk).update(connection=None)
    run_tasks()
    assert again(row).reason == "The way out is not the one that was approved."
    assert receiver.deliveries == []


def test_taking_back_after_it_was_claimed_fails(row: OutboxMessage) -> None:
    OutboxMessage.objects.filter(pk=row.pk).update(state="sending", lease_until=Now())
    assert not outbox.cancel(str(row.pk), "Too late.")
    assert again(row).state == "sending"


def test_what_was_taken_back_never_leaves(row: OutboxMessage, receiver: Receiver) -> None:
    assert outbox.cancel(str(row.pk), "Taken back.")
    assert not outbox.cancel(str(row.pk), "Taken back.")
    delivering.deliver(str(row.pk))
    run_tasks()
    assert (again(row).state, receiver.deliveries) == ("cancelled", [])


def test_a_webhook_whose_sender_died_is_sent_again_under_its_id(row: OutboxMessage, receiver: Receiver) -> None:
    OutboxMessage.objects.filter(pk=row.pk).update(
        state="sending", attempts=1, fence=1, lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert delivering.release_expired() == [str(row.pk)]
    run_tasks()
    assert again(row).state == "sent"
    assert receiver.deliveries[0].headers["webhook-id"] == str(row.pk)


def test_a_webhook_that_keeps_killing_its_sender_is_given_to_a_person(row: OutboxMessage) -> None:
    OutboxMessage.objects.filter(pk=row.pk).update(
        state="sending", attempts=10, lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert delivering.release_expired() == []
    assert again(row).state == "unknown"


def test_a_lease_that_holds_is_left_alone(row: OutboxMessage) -> None:
    OutboxMessage.objects.filter(pk=row.pk).update(
        state="sending", attempts=1, lease_until=timezone.now() + timedelta(seconds=30)
    )
    assert delivering.release_expired() == []
    delivering.deliver(str(row.pk))
    assert (again(row).state, Attempt.objects.count()) == ("sending", 0)


def test_nothing_is_queued_where_nobody_listens(cast: Cast, connection: Connection) -> None:
    heard = a_conversation(team=cast.support, contact=cast.sigrid, connection=connection)
    outbox.announce(heard, "draft.ready", {})
    outbox.announce(a_conversation(team=cast.support, contact=cast.sigrid), "draft.ready", {})
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_it_once(row: OutboxMessage, receiver: Receiver) -> None:
    start = threading.Barrier(6)

    def work() -> None:
        close_old_connections()
        start.wait()
        delivering.deliver(str(row.pk))
        connection.close()

    workers: list[Any] = [threading.Thread(target=work) for _ in range(6)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    replies = [one for one in receiver.deliveries if one.headers["webhook-id"] == str(row.pk)]
    assert len(replies) == 1
    assert again(row).state == "sent"
    assert row.log.count() == 1


def test_an_unknown_row_is_no_error(db: None) -> None:
    delivering.deliver(str(uuid.uuid4()))
