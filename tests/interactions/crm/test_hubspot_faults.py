"""What can go wrong with HubSpot's API, and what it means for an event or for a reply."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from interactions import handling, outbox
from interactions.crm import post
from interactions.crm.hubspot import HubSpot
from interactions.models import Connection, Conversation, InboxEvent, OutboxMessage
from tests.cast import Cast
from tests.factories import a_reply, an_attachment
from tests.vendors.hubspot import (
    FakeHubSpot,
    PushingHubSpot,
    ago,
)
from tests.vendors.server import Fault
from tests.work import end_waits, run_tasks

CRM = HubSpot()


def last_row() -> OutboxMessage:
    return OutboxMessage.objects.latest("created_at")


def row_of(row: OutboxMessage) -> Connection:
    assert row.connection is not None
    return row.connection


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        (Fault(401), "dead", "the CRM answered 401"),
        (Fault(404), "dead", "the CRM answered 404"),
        (Fault(422), "dead", "the CRM answered 422"),
        (Fault(429, retry_after="900"), "retry", "the CRM answered 429"),
        (Fault(503), "retry", "the CRM answered 503"),
        (Fault(ending="close"), "retry", "the CRM did not answer"),
        (Fault(ending="hang"), "retry", "the CRM did not answer"),
        (Fault(200, body=["no thread"]), "retry", "not a JSON object"),
        (Fault(200, body={"id": []}), "dead", "does not read"),
    ],
)
def test_what_goes_wrong_with_asking_is_written_on_the_event(
    from_hubspot: PushingHubSpot, hubspot: FakeHubSpot, monkeypatch: pytest.MonkeyPatch,
    fault: Fault, state: str, reason: str,
) -> None:  # fmt: skip
    if fault.ending == "hang":
        monkeypatch.setattr(post, "TIMEOUT_SECONDS", 0.2)
    hubspot.will(fault)
    from_hubspot.accepted(from_hubspot.wrote("m-1"))
    run_tasks()
    event = InboxEvent.objects.get()
    assert event.state == state and reason in event.reason
    if fault.status == 429:
        assert event.due_at > timezone.now() + timedelta(seconds=800)
    InboxEvent.objects.update(state="retry", due_at=Now())
    run_tasks()
    assert InboxEvent.objects.get().state == "applied"


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault(401), "dead"),
        (Fault(404), "dead"),
        (Fault(422), "dead"),
        (Fault(429, retry_after="900"), "retry"),
        (Fault(500), "unknown"),
        (Fault(ending="close"), "unknown"),
        (Fault(ending="hang"), "unknown"),
    ],
)
@pytest.mark.parametrize("on", ["GET", "POST"])
def test_what_goes_wrong_with_a_reply_decides_whether_it_is_tried_again(
    hubspot_thread: Conversation, hubspot: FakeHubSpot, cast: Cast, monkeypatch: pytest.MonkeyPatch,
    fault: Fault, state: str, on: str,
) -> None:  # fmt: skip
    """While asking where it goes nothing has left yet, so nothing is uncertain."""
    if fault.ending == "hang":
        monkeypatch.setattr(post, "TIMEOUT_SECONDS", 0.2)
    hubspot.will(Fault(fault.status, fault.retry_after, ending=fault.ending, on=f"{on} "))
    row = a_reply(conversation=hubspot_thread, person=cast.ines)
    run_tasks()
    row.refresh_from_db()
    assert row.state == ("retry" if on == "GET" and state == "unknown" else state)
    if fault.status == 429:
        assert row.due_at > timezone.now() + timedelta(seconds=800)


def test_a_change_that_may_have_arrived_is_said_again(
    hubspot_thread: Conversation, hubspot: FakeHubSpot, cast: Cast
) -> None:
    hubspot.will(Fault(ending="close", on="PATCH ", done=True))
    handling.resolve(hubspot_thread, cast.ines)
    run_tasks()
    assert last_row().state == "retry"
    assert CRM.arrived(row_of(last_row()), last_row()).result == "retry"
    end_waits()
    run_tasks()
    assert (last_row().state, len(hubspot.asked("PATCH"))) == ("sent", 2)


def test_a_reply_that_cannot_go_says_why(
    hubspot_thread: Conversation, hubspot: FakeHubSpot, cast: Cast
) -> None:
    by_nobody = a_reply(conversation=hubspot_thread, person=cast.petra)
    with_file = a_reply(conversation=hubspot_thread, person=cast.ines, attachments=(an_attachment(),))
    to_nobody = a_reply(conversation=hubspot_thread, person=cast.ines, to=())
    run_tasks()
    hubspot.messages["4711"].clear()
    too_early = a_reply(conversation=hubspot_thread, person=cast.ines)
    run_tasks()
    rows = OutboxMessage.objects.in_bulk([by_nobody.pk, with_file.pk, to_nobody.pk, too_early.pk])
    assert {one.state for one in rows.values()} == {"dead"}
    assert rows[by_nobody.pk].reason.startswith("Petra Novak is nobody in HubSpot yet")
    assert "attachments" in rows[with_file.pk].reason and "nobody to send it to" in rows[to_nobody.pk].reason
    assert "no message yet" in rows[too_early.pk].reason


def test_a_reply_is_not_sent_twice_after_a_replay_nor_when_hubspots_clock_is_behind(
    hubspot_thread: Conversation, hubspot: FakeHubSpot, cast: Cast
) -> None:
    row = a_reply(conversation=hubspot_thread, person=cast.ines, text="It is on its way.")
    hubspot.will(Fault(401, on="POST "), Fault(ending="close", on="POST "))
    run_tasks()
    row.log.update(at=ago(60))  # given up an hour ago, and sent again by hand now
    outbox.replay(OutboxMessage.objects.get(pk=row.pk), cast.petra)
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("unknown", 1)
    assert CRM.arrived(row_of(row), row).result == "unknown", "the try of an hour ago proves nothing"

    actor = {"type": "MESSAGE", "direction": "OUTGOING", "senders": [{"actorId": "A-302"}]}
    id = hubspot.says("4711", "It is on its way.", ago(9), **actor)
    assert CRM.arrived(row_of(row), row).external_id == id


def test_an_uncertain_reply_is_looked_for_by_its_words(
    hubspot_thread: Conversation, hubspot: FakeHubSpot, cast: Cast
) -> None:
    hubspot.will(Fault(ending="close", on="POST ", done=True))
    row = a_reply(conversation=hubspot_thread, person=cast.ines, text="It is on its way.\n\nInes")
    run_tasks()
    row.refresh_from_db()
    assert row.state == "unknown"
    assert (CRM.arrived(row_of(row), row).result, CRM.arrived(row_of(row), row).external_id) == (
        "sent", hubspot.messages["4711"][-1]["id"],
    )  # fmt: skip
    hubspot.messages["4711"][-1]["senders"] = [{"actorId": "A-301"}]
    assert CRM.arrived(row_of(row), row).result == "unknown"  # somebody said something since
    hubspot.messages["4711"].pop()
    assert CRM.arrived(row_of(row), row).result == "unknown"  # it may still be on its way
    row.log.update(at=ago(6))
    row.due_at = ago(7)
    assert CRM.arrived(row_of(row), row).result == "retry"
    hubspot.will(Fault(503))
    assert CRM.arrived(row_of(row), row).result == "unknown"

    hubspot.will(Fault(500, on="POST ", done=True))
    handling.add_note(hubspot_thread, cast.ines, "Ask the workshop.")
    run_tasks()
    note = last_row()
    assert (note.state, CRM.arrived(row_of(note), note).result) == ("unknown", "sent")
