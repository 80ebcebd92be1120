"""HubSpot asked by itself: for old threads, for news beside the webhooks, for one thread, and for its users."""

from datetime import timedelta

import pytest
from django.utils import timezone

from interactions.crm import api
from interactions.crm.base import Agent, ConversationFact, MessageFact
from interactions.crm.hubspot import HubSpot
from interactions.models import Connection
from tests.vendors.hubspot import (
    FakeHubSpot,
    ago,
    recorded,
)

CRM = HubSpot()


def test_old_threads_are_read_page_by_page_with_the_times_of_their_own(
    at_hubspot: Connection, hubspot: FakeHubSpot
) -> None:
    hubspot.messages["4711"] += [
        recorded(name) for name in ("answer", "comment", "assignment", "status_change")
    ]
    hubspot.threads["4711"] |= {"status": "CLOSED", "assignedTo": "A-301"}
    hubspot.thread("4712", ago(60), "Another question")
    hubspot.page_size = 1
    first = CRM.history(at_hubspot, {})
    second = CRM.history(at_hubspot, first.cursor or {})
    assert second.cursor is None
    [one], [other] = first.deliveries, second.deliveries
    found = CRM.fetch(at_hubspot, one.type, one.body)
    told = CRM.parse(one.type, one.body, found)
    assert CRM.read(at_hubspot, "4711") == told and other.key != one.key
    assert [(fact.external_id, fact.by_us, fact.private) for fact in told if isinstance(fact, MessageFact)] == [
        ("m-1", False, False), ("m-2", True, False), ("m-3", True, True),
    ]  # fmt: skip
    status, assignee = (fact for fact in told if isinstance(fact, ConversationFact))
    assert (status.status, status.changed_at.isoformat()) == ("resolved", "2025-11-20T09:30:00+00:00")
    assert (assignee.assignee, assignee.changed_at.isoformat()) == (
        Agent("301", "Tomas Lind", "tomas@tern.example"), "2025-11-20T09:19:00+00:00",
    )  # fmt: skip


def test_polling_begins_now_and_tells_each_thread_once(at_hubspot: Connection, hubspot: FakeHubSpot) -> None:
    begun = CRM.poll(at_hubspot, {})
    assert begun.deliveries == () and begun.cursor and not hubspot.calls
    quiet = CRM.poll(at_hubspot, begun.cursor)
    assert (list(quiet.deliveries), quiet.cursor) == ([], begun.cursor)
    for number, text in (("4800", "One"), ("4801", "Two")):
        hubspot.thread(number, timezone.now() + timedelta(seconds=1), text)
    hubspot.page_size = 1
    first = CRM.poll(at_hubspot, begun.cursor)
    second = CRM.poll(at_hubspot, first.cursor or {})
    third = CRM.poll(at_hubspot, second.cursor or {})
    assert [len(page.deliveries) for page in (first, second)] == [1, 1]
    seen = {one.key for page in (first, second) for one in page.deliveries}
    assert len(seen) == 2 and {one.key for one in third.deliveries} <= seen
    assert third.cursor and third.cursor["since"] > begun.cursor["since"]


def test_the_users_are_listed_and_prove_the_token(at_hubspot: Connection, hubspot: FakeHubSpot) -> None:
    hubspot.page_size = 2
    assert CRM.agents(at_hubspot) == [
        Agent("301", "Tomas Lind", "tomas@tern.example"), Agent("302", "Ines Duarte", "ines@tern.example"),
    ]  # fmt: skip
    at_hubspot.set_credentials({"access_token": "another"})
    with pytest.raises(api.Refused) as refused:
        CRM.agents(at_hubspot)
    assert refused.value.status == 401


def test_a_dated_version_of_the_api_has_other_paths(at_hubspot: Connection, hubspot: FakeHubSpot) -> None:
    at_hubspot.config["version"] = "2026-09"
    for ask in (lambda: CRM.read(at_hubspot, "47/11"), lambda: CRM.agents(at_hubspot)):
        with pytest.raises(api.Refused):
            ask()
    assert [one.path for one in hubspot.calls] == [
        "/conversations/conversations/2026-09/threads/47%2F11", "/crm/owners/2026-09",
    ]  # fmt: skip
