"""Of a delivery nobody knows whether it arrived: its CRM is asked, or tells it by an echo, before a person."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from interactions import asking, delivering, outbox
from interactions.crm import api
from interactions.crm.base import OUTBOUND, About, Agent, Answer
from interactions.crm.generic import Generic
from interactions.crm.registry import CRMS
from interactions.models import Connection, Conversation, OutboxMessage
from tests.cast import Cast
from tests.crm import PushingCrm
from tests.factories import a_connection, a_conversation, a_message, a_reply
from tests.vendors.server import Asked, FakeVendor, Fault, Says
from tests.work import run_tasks


class Marking(Generic):
    """Keeps our id beside each message, and may be asked for it."""

    kind = "marking"
    about = About(label="Marking", takes=OUTBOUND)

    def send(self, connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
        return api.tell("POST", f"{connection.deliver_to}/messages", {}, body={"marker": str(row.pk)})

    def arrived(self, connection: Connection, row: OutboxMessage) -> Answer:
        found = api.ask("GET", f"{connection.deliver_to}/messages", {}, params={"marker": str(row.pk)})
        return Answer("sent", 200, external_id=found[0]) if found else Answer("retry", 200)


class MarkingVendor(FakeVendor):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []
        self.on("POST", "/messages", self._keep)
        self.on(
            "GET", "/messages", lambda asked: [f"v-{one}" for one in self.kept if one == asked.params["marker"]]
        )

    def _keep(self, asked: Asked) -> Says:
        self.kept.append(asked.body["marker"])
        return Says(200, {"id": f"v-{asked.body['marker']}"})


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[MarkingVendor]:
    monkeypatch.setitem(CRMS, "marking", Marking)
    one = MarkingVendor()
    yield one
    one.close()


@pytest.fixture
def asked(cast: Cast, vendor: MarkingVendor) -> Conversation:
    marking = a_connection(team=cast.support, kind="marking", deliver_to=vendor.url)
    made = a_conversation(team=cast.support, contact=cast.sigrid, connection=marking, external_id="c-7")
    a_message(conversation=made)
    return made


@pytest.fixture
def row(cast: Cast, asked: Conversation) -> OutboxMessage:
    return a_reply(conversation=asked, person=cast.ines)


def ask(row: OutboxMessage) -> str:
    """Let the time of the next question come, and ask it as a worker does."""
    OutboxMessage.objects.filter(pk=row.pk, lease_until__isnull=False).update(lease_until=Now())
    for pk in asking.due_questions(10):
        asking.ask_arrived(pk)
    row.refresh_from_db()
    return row.state


def test_it_was_taken_before_the_line_broke(
    row: OutboxMessage, asked: Conversation, vendor: MarkingVendor
) -> None:
    vendor.will(Fault(ending="close", done=True))
    run_tasks()
    row.refresh_from_db()
    assert (row.state, asking.due_questions(10)) == ("unknown", []), "it is asked after a moment"

    assert ask(row) == "sent"
    assert (row.external_id, row.lease_until) == (f"v-{row.pk}", None)
    assert asked.messages.get(by="colleague").text == "Yes, it is on its way."
    assert [one.result for one in row.log.all()] == ["unknown", "asked"]
    assert vendor.kept == [str(row.pk)]


def test_it_never_arrived_and_leaves_again_under_its_id(row: OutboxMessage, vendor: MarkingVendor) -> None:
    vendor.will(Fault(502))
    run_tasks()
    assert ask(row) == "retry"
    assert row.due_at > timezone.now()
    OutboxMessage.objects.update(due_at=Now())
    run_tasks()
    row.refresh_from_db()
    assert (row.state, vendor.kept.count(str(row.pk))) == ("sent", 1)


def test_what_the_crm_cannot_say_is_left_to_a_person(
    row: OutboxMessage, cast: Cast, vendor: MarkingVendor
) -> None:
    vendor.will(Fault(502), *[Fault(500, on="GET")] * 9)
    run_tasks()
    assert {ask(row) for _ in range(6)} == {"unknown"}
    assert len(vendor.asked("GET")) == len(outbox.ASKS)
    assert row.lease_until is None
    assert outbox.settle_unknown(row, cast.ines, arrived=True)


def test_an_event_of_which_nobody_knows_is_given_up(asked: Conversation, vendor: MarkingVendor) -> None:
    outbox.announce(asked, "note.accepted", {})
    row = OutboxMessage.objects.get()
    vendor.will(Fault(502), *[Fault(500, on="GET")] * 9)
    run_tasks()
    assert [ask(row) for _ in range(4)] == ["unknown", "unknown", "unknown", "dead"]


def test_a_dead_senders_row_is_asked_for_at_once(row: OutboxMessage, vendor: MarkingVendor) -> None:
    vendor.kept.append(str(row.pk))
    past = timezone.now() - timedelta(seconds=1)
    OutboxMessage.objects.update(state="sending", attempts=1, lease_until=past)
    assert delivering.release_expired() == []
    assert ask(row) == "sent"


def test_a_person_may_be_faster_than_the_answer(row: OutboxMessage, cast: Cast, vendor: MarkingVendor) -> None:
    vendor.will(Fault(502))
    run_tasks()
    row.refresh_from_db()
    assert outbox.settle_unknown(row, cast.ines, arrived=True)
    assert not outbox.settle_asked(row, Answer("retry"), 1)
    row.refresh_from_db()
    assert row.state == "sent"


@pytest.mark.parametrize("by", ["id", "words"])
def test_the_echo_of_it_settles_it(cast: Cast, listening: Connection, crm: PushingCrm, by: str) -> None:
    crm.says("Where is it?")
    run_tasks()
    row = a_reply(conversation=crm.conversation(), person=cast.ines)
    OutboxMessage.objects.filter(pk=row.pk).update(state="unknown", attempts=1, lease_until=None)
    if by == "id":
        crm.answers("It was reworded on its way.", delivery_id=str(row.pk), message="m-9")
    else:
        crm.answers("Yes, it is on its way.", message="m-9")
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.external_id) == ("sent", "m-9")
    assert crm.conversation().messages.filter(by="colleague").count() == 1
