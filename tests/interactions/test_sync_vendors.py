"""The engine that fetches, against the vendors' own ways: pages, faults in the middle, and nothing twice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from copilot.models import Draft
from interactions import sync
from interactions.models import Connection, Conversation, InboxEvent, Message, Sync
from people.models import Team
from tests.cast import Cast
from tests.crm import minutes_ago
from tests.factories import a_connection
from tests.vendors import chatwoot, hubspot, zendesk
from tests.vendors.server import Fault
from tests.work import run_tasks

pytestmark = pytest.mark.django_db

OLD = 7
MONTH = timedelta(days=30)


class AtChatwoot:
    """`lists`: the path of its list of conversations; `inside`: of one that the third needs."""

    lists, inside = "/conversations", "/conversations/3/messages"

    def __init__(self, team: Team) -> None:
        self.fake = chatwoot.FakeChatwoot()
        self.fake.page = 3
        self.connection = chatwoot.chatwoot_connection(team, self.fake)

    def asks(self, text: str) -> None:
        self.fake.customer_writes(text)

    def says(self, text: str) -> None:
        """In the first conversation."""
        self.fake.customer_writes(text, 1)

    def ages(self) -> None:
        for talk in self.fake.talks.values():
            for name in ("created_at", "updated_at", "last_activity_at"):
                setattr(talk, name, getattr(talk, name) - MONTH.total_seconds())
            for one in talk.messages:
                one["created_at"] -= MONTH.total_seconds()


class AtZendesk:
    lists = "/api/v2/incremental/tickets/cursor.json"

    @property
    def inside(self) -> str:
        return f"/tickets/{sorted(self.fake.tickets)[2]}/audits.json"

    def __init__(self, team: Team) -> None:
        self.fake = zendesk.FakeZendesk()
        config = {"subdomain": self.fake.url, "email": zendesk.EMAIL}
        self.connection = a_connection(team=team, kind="zendesk", secrets=(zendesk.SECRET,), config=config)
        self.connection.set_credentials({"api_token": zendesk.TOKEN})
        self.connection.save()

    def asks(self, text: str) -> None:
        self.fake.asks(text)

    def says(self, text: str) -> None:
        self.fake.says(min(self.fake.tickets), text)

    def ages(self) -> None:
        then = (timezone.now() - MONTH).strftime("%Y-%m-%dT%H:%M:%SZ")
        for ticket in self.fake.tickets.values():
            old = ticket["generated_timestamp"] - int(MONTH.total_seconds())
            ticket |= {"created_at": then, "updated_at": then, "generated_timestamp": old}
            for audit in self.fake.audits[ticket["id"]]:
                audit["created_at"] = then


class AtHubSpot:
    lists, inside = hubspot.THREADS, "/threads/5003/messages"

    def __init__(self, team: Team) -> None:
        self.fake = hubspot.FakeHubSpot()
        self.fake.page_size = 3
        self.fake.threads.clear()
        config = {"portal": str(hubspot.PORTAL), "api_base": self.fake.url}
        self.connection = a_connection(team=team, kind="hubspot", secrets=(hubspot.SECRET,), config=config)
        self.connection.set_credentials({"access_token": hubspot.TOKEN})
        self.connection.save()

    def asks(self, text: str) -> None:
        self.fake.thread(str(5001 + len(self.fake.threads)), timezone.now(), text)

    def says(self, text: str) -> None:
        self.fake.says("5001", text, timezone.now())

    def ages(self) -> None:
        then = hubspot.iso(timezone.now() - MONTH)
        for number, thread in self.fake.threads.items():
            thread |= {"createdAt": then, "latestMessageTimestamp": then}
            for one in self.fake.messages[number]:
                one["createdAt"] = then


@pytest.fixture(params=[AtChatwoot, AtZendesk, AtHubSpot], ids=["chatwoot", "zendesk", "hubspot"])
def there(request: pytest.FixtureRequest, cast: Cast) -> Iterator[Any]:
    """A vendor with seven old conversations of one message each; the connection is two weeks old."""
    made = request.param(cast.support)
    for number in range(OLD):
        made.asks(f"Question {number}")
    made.ages()
    Connection.objects.update(created_at=minutes_ago(14 * 24 * 60))
    yield made
    made.fake.close()


def turn(kind: str) -> Sync:
    """Let every wait be over, a worker take the row, and what came be applied."""
    row = Sync.objects.filter(kind=kind).latest("pk")
    Sync.objects.filter(pk=row.pk, state="due").update(due_at=Now())
    sync.fetch(row.pk)
    run_tasks()
    InboxEvent.objects.filter(state="retry").update(due_at=Now())
    run_tasks()
    row.refresh_from_db()
    return row


def waits(row: Sync) -> float:
    return (row.due_at - timezone.now()).total_seconds()


def test_all_of_the_past_comes_once_whatever_breaks(there: Any, cast: Cast) -> None:
    sync.start_backfill(there.connection, cast.petra)
    there.fake.will(Fault(429, retry_after="120", on=there.lists))
    row = turn("backfill")
    assert (row.reason, row.cursor, 110 < waits(row) <= 120) == ("the CRM answered 429", {}, True)
    there.fake.will(Fault(ending="close", on=there.inside))
    faults = [Fault(502, on=there.lists), Fault(ending="close", on=there.lists), Fault(503, on="/")]
    cursors = [row.cursor]
    while (row := turn("backfill")).state == "due":
        if row.reason:
            assert row.cursor == cursors[-1], "it goes on where it was"
        else:
            assert row.cursor not in cursors, "no page is asked for again"
            cursors.append(row.cursor)
            there.fake.will(*faults[:1])
            faults = faults[1:]
    assert (row.state, row.reason, there.fake.faults, len(cursors) >= 3) == ("done", "", [], True)
    assert sorted(Message.objects.values_list("text", flat=True)) == [f"Question {n}" for n in range(OLD)]
    assert Conversation.objects.count() == OLD and not Draft.objects.exists()
    assert set(InboxEvent.objects.values_list("state", flat=True)) <= {"applied", "ignored"}


def test_news_and_what_is_not_known_at_all_are_found_beside_the_webhooks(there: Any, cast: Cast) -> None:
    sync.keep_standing()
    turn("poll")
    assert not Message.objects.exists(), "what was before is the backfill's"
    there.says("Still there?")
    there.asks("Brand new")
    there.fake.will(Fault(503, on=there.lists), Fault(ending="close", on=there.lists))
    assert [turn("poll").attempts for _ in range(3)] == [1, 2, 0]
    told = ["Brand new", "Still there?"]
    heard = Message.objects.filter(text__in=told)
    assert sorted(heard.values_list("text", flat=True)) == told
    drafts = Draft.objects.filter(state=Draft.State.QUEUED)
    assert drafts.count() == 2
    messages = Message.objects.count()
    turn("poll"), turn("poll")
    assert (Message.objects.count(), drafts.count()) == (messages, 2), "nothing twice"

    # Two more that neither a webhook nor a poll ever told of.
    there.asks("Lost one")
    there.asks("Lost two")
    there.fake.will(Fault(429, retry_after="120", on=there.lists), Fault(502, on=there.lists))
    reasons = []
    while not (night := turn("compare")).ended_at:
        reasons += [night.reason] if night.reason else []
    assert reasons == ["the CRM answered 429", "the CRM answered 502"]
    assert (night.report["mended"]["conversation"], night.report["left"]) == (2, {})
    assert Message.objects.filter(text__startswith="Lost").count() == 2 and drafts.count() == 4
    while "ended_at" not in (night := turn("compare")).report:
        pass
    assert night.report["mended"] == {}, "found once"
