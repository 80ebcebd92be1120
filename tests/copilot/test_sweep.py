"""The sweep rings for what is due, never into a long queue, and forgets what is kept no longer."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from copilot.management.commands import sweep
from copilot.models import IdempotentAnswer
from interactions import inbox
from interactions.models import Connection, InboxEvent
from people.models import ApiKey, Scope
from tests.cast import Cast
from tests.copilot.api.calling import an_event, is_problem, program_of
from tests.crm import PushingCrm, received
from tests.factories import a_conversation, a_reply
from tests.work import Programs, eventually, run_tasks, start_sweep


def grow_old(days: int) -> None:
    InboxEvent.objects.update(received_at=timezone.now() - timedelta(days=days))


def bodies() -> list[bytes]:
    return [bytes(body) for body in InboxEvent.objects.order_by("pk").values_list("body", flat=True)]


def test_a_body_is_emptied_after_30_days_and_its_row_stays(crm: PushingCrm) -> None:
    crm.says("Hello")
    run_tasks()
    grow_old(29)
    assert sweep.tidy_up() is False and bodies() != [b""]

    grow_old(31)
    sweep.tidy_up()

    event = crm.last_event()
    assert (bytes(event.body), event.state, event.type) == (b"", "applied", "message.received")
    assert crm.conversation().messages.get().text == "Hello"


def test_what_came_before_is_still_known_as_the_same(crm: PushingCrm) -> None:
    crm.push(received("Hello"), key="evt-1")
    run_tasks()
    grow_old(31)
    sweep.tidy_up()

    assert crm.push(received("Hello"), key="evt-1").json()["duplicate"] is True


def test_what_still_waits_keeps_its_body(connection: Connection) -> None:
    for state in ("recorded", "retry", "applied", "ignored", "dead"):
        an_event(connection=connection, state=state)
    grow_old(400)
    sweep.tidy_up()
    kept = [state for state, body in InboxEvent.objects.values_list("state", "body") if bytes(body)]
    assert sorted(kept) == ["recorded", "retry"]


def test_a_dead_event_without_its_body_cannot_be_replayed(cast: Cast, connection: Connection) -> None:
    event = an_event(connection=connection, reason="message: is missing.")
    grow_old(31)
    sweep.tidy_up()

    petra = program_of(cast.petra)
    answer = petra.post(f"events/{event.pk}/replay/")
    assert is_problem(answer, 409, "refused") and "kept for 30 days" in answer.json()["detail"]
    assert petra.post(f"connections/{connection.pk}/replay/").json() == {"replayed": 0, "kept_back": 0}

    petra.client.force_login(cast.petra, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = petra.client.get("/settings/events/").content.decode()
    assert "message: is missing. Its body is gone after 30 days" in page
    assert "Try again" not in page and "Try all again" not in page


def test_old_bodies_are_found_by_their_index(connection: Connection) -> None:
    """However many events there are, a look that finds nothing old costs nothing."""
    an_event(connection=connection)
    with CaptureQueriesContext(database) as asked:
        inbox.empty_old_bodies(10)
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "event_with_body" in plan, plan


def test_much_is_forgotten_in_batches(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "MOST_ROWS", 2)
    for _ in range(3):
        an_event(connection=connection)
    grow_old(31)
    assert sweep.tidy_up() is True and bodies().count(b"") == 2
    assert sweep.tidy_up() is False and bodies().count(b"") == 3


@pytest.fixture
def sweeping(programs: Programs) -> Iterator[None]:
    process = start_sweep(programs)
    yield
    programs.stop(process)


@pytest.mark.django_db(transaction=True)
def test_the_running_sweep_does_it(cast: Cast, connection: Connection, sweeping: None) -> None:
    an_event(connection=connection)
    grow_old(31)
    key, _ = ApiKey.make("A program", [Scope.READ], cast.ines)
    IdempotentAnswer.objects.create(api_key=key, key="k1", fingerprint="")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert eventually(lambda: bodies() == [b""] and not IdempotentAnswer.objects.exists())


@pytest.mark.django_db(transaction=True)
def test_a_long_queue_gets_no_more_until_it_is_short_or_lost(
    cast: Cast, connection: Connection, bells: redis.Redis, sweeping: None
) -> None:
    an_event(connection=connection, state="recorded")
    assert eventually(lambda: bells.llen("inbox") == 1), "the sweep is awake before the time counts"

    bells.rpush("sending", *["a message ahead"] * (sweep.LONG_QUEUE + 1))
    asked = a_conversation(team=cast.support, contact=cast.sigrid, connection=connection)
    for _ in range(3):
        a_reply(conversation=asked, person=cast.ines, undo_seconds=1)

    time.sleep(3)
    assert bells.llen("sending") == sweep.LONG_QUEUE + 1, "the rows wait, and no ring for them is added"

    bells.flushdb()
    assert eventually(lambda: bells.llen("sending") == 3, within=2), "a lost queue is made anew from the rows"


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run")
