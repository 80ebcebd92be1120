"""What an event does once it is applied: kinds, bad data, hostile data, and the same again."""

import json
from datetime import timedelta, timezone
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client

from customers.models import Account, Contact, Record
from interactions import inbox
from interactions.models import Conversation, InboxEvent
from tests.cast import Cast
from tests.crm import SIGRID, PushingCrm, event, iso, minutes_ago, received, through
from tests.factories import a_connection
from tests.work import run_tasks


def test_a_moment_may_have_any_offset(crm: PushingCrm) -> None:
    """PostgreSQL itself refuses one of 16 hours or more."""
    at, body = minutes_ago(5), received("Where is it?")
    body["data"]["message"]["sent_at"] = at.astimezone(timezone(-timedelta(hours=19, minutes=36))).isoformat()
    crm.push(body)
    run_tasks()
    assert crm.conversation().messages.get().sent_at == at


def test_a_message_brings_its_customer_along(crm: PushingCrm) -> None:
    crm.says("Where is my order?", cc=["boss@fjord.example"], attachments=[{"name": "photo.jpg", "size": 10}])
    run_tasks()
    conversation = crm.conversation()
    message = conversation.messages.get()
    assert conversation.account and conversation.account.name == "Fjord Shipping"
    assert conversation.contact and conversation.contact.email == "sigrid@fjord.example"
    assert conversation.account.teams.get() == crm.connection.team
    assert (conversation.status, conversation.subject) == ("open", "My order")
    assert conversation.waiting_since == message.sent_at == conversation.last_message_at
    assert (message.by, message.author_name) == ("customer", "Sigrid Moe")
    assert message.cc == ["boss@fjord.example"]
    assert message.attachments[0]["name"] == "photo.jpg"
    assert crm.last_event().conversation == conversation


def test_a_message_in_a_known_conversation_costs_few_queries(
    crm: PushingCrm, django_assert_max_num_queries: Any
) -> None:
    crm.says("Where is my order?")
    run_tasks()
    crm.says("I still wait for it.")
    event_id = crm.last_event().pk
    with django_assert_max_num_queries(17):  # its account's and its contact's news are four of them
        inbox.apply(event_id)
    assert crm.conversation().messages.count() == 2


def test_a_type_we_do_not_know_is_kept_and_shown_as_ignored(crm: PushingCrm) -> None:
    crm.tells("invoice.tickled", {"id": 7})
    run_tasks()
    assert (crm.last_event().state, crm.last_event().reason) == ("ignored", "a type that Rapport does not know")


MISSING: list[tuple[list[str], Any, str]] = [
    (["data", "message", "sent_at"], None, "data.message.sent_at"),
    (["data", "conversation"], None, "data.conversation"),
    (["data", "contact", "id"], "", "data.contact.id"),
    (["data", "message", "id"], True, "data.message.id"),
    (["data", "message", "text"], ["a list"], "data.message.text"),
    (["data", "message", "sent_at"], "2026-11-22T10:00:00", "data.message.sent_at"),
    (["data", "message", "sent_at"], "2199-01-01T00:00:00Z", "data.message.sent_at"),
    (["data", "message", "sent_at"], "0001-01-01T00:00:00+14:00", "data.message.sent_at"),
    (["data", "contact", "name"], "n" * 201, "data.contact.name"),
    (["data", "message", "cc"], "boss@fjord.example", "data.message.cc"),
    (["timestamp"], None, "timestamp"),
]


@pytest.mark.parametrize(("path", "value", "named"), MISSING)
def test_wrong_fields_are_dead_with_a_reason_that_names_them(
    crm: PushingCrm, path: list[str], value: Any, named: str
) -> None:
    body = received("hello")
    inner: Any = body
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    crm.push(body)
    run_tasks()
    assert crm.last_event().state == "dead"
    assert crm.last_event().reason.startswith(named)
    assert not Conversation.objects.exists()


def test_a_dead_event_can_be_replayed_once_its_cause_is_gone(cast: Cast, crm: PushingCrm) -> None:
    broken = received("hello")
    del broken["data"]["message"]["sent_at"]
    crm.push(broken, key="evt-broken")
    run_tasks()
    event = crm.last_event()
    InboxEvent.objects.filter(pk=event.pk).update(body=json.dumps(received("hello")).encode())
    assert inbox.replay(event.pk, cast.petra)
    assert not inbox.replay(event.pk, cast.petra), "it is not dead any more"
    run_tasks()
    assert crm.last_event().state == "applied"
    assert crm.conversation().messages.count() == 1


HOSTILE = [
    "<script>alert(1)</script>",
    "\x00 nul \x00",
    "\ud83d half a pair",
    "مرحبا، أين طلبي؟ \u202e",
    "👩‍👩‍👧 wörld",
    "'; DROP TABLE interactions_message; --",
    "{{ 7*7 }} %s %(x)s",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_field_is_only_text(crm: PushingCrm, text: str) -> None:
    crm.push(event("message.received", {
        "conversation": {"id": text, "subject": text, "channel": text[:20]},
        "contact": {"id": text, "name": text, "email": text, "phone": text[:40]},
        "account": {"id": text, "name": text},
        "message": {"id": text, "text": text, "html": text, "sent_at": iso(minutes_ago(1)), "cc": [text],
                    "attachments": [{"name": text, "type": text, "url": text}], "headers": {text: text}},
    }))  # fmt: skip
    crm.tells("contact.changed", {"id": text, "title": text, "language": text[:8], "fields": {text: [text]}})
    crm.tells("account.changed", {"id": text, "name": text, "domain": text, "tier": text, "fields": {text: 1}})
    crm.tells(
        "record.changed", {"id": text, "kind": text[:40], "account_id": text, "fields": {text: {text: 1}}}
    )
    run_tasks()
    assert set(InboxEvent.objects.values_list("state", "reason")) == {("applied", "")}
    shown = text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")
    message = Conversation.objects.get().messages.get()
    assert message.text == shown.strip()
    assert "<script" not in message.html
    account = Account.objects.latest("id")
    assert (account.name, account.fields) == (shown, {shown: 1})
    assert Contact.objects.latest("id").fields == {shown: [shown]}
    assert Record.objects.get().account == account


def test_a_long_message_is_kept_whole(crm: PushingCrm) -> None:
    crm.says("a" * 100_000)
    run_tasks()
    assert len(crm.conversation().messages.get().text) == 100_000


def test_html_too_wild_for_a_person_is_shown_as_text(crm: PushingCrm) -> None:
    crm.says("", html="<div>" * 50_000 + "Hello there" + "<br" * 50_000)
    run_tasks()
    message = crm.conversation().messages.get()
    assert message.html == ""
    assert "Hello there" in message.text


def test_ids_may_be_numbers(crm: PushingCrm) -> None:
    body = received("hello", contact={**SIGRID, "id": 17}, account={"id": 4, "name": "Fjord"})
    body["data"]["conversation"]["id"] = 12345678901234567890
    crm.push(body)
    run_tasks()
    assert crm.conversation("12345678901234567890").messages.count() == 1


def test_the_same_message_under_another_event_id_is_ignored(crm: PushingCrm) -> None:
    crm.says("once", message="m-77")
    crm.says("once", message="m-77")
    run_tasks()
    assert crm.conversation().messages.count() == 1
    assert (crm.last_event().state, crm.last_event().reason) == ("ignored", "this message is here already")


def test_the_same_ids_in_two_connections_are_two_things(crm: PushingCrm, client: Client) -> None:

    second = PushingCrm(a_connection(team=crm.connection.team, name="Second"), through(client))
    crm.says("one")
    second.says(
        "two", contact={"id": "p-1", "name": "Someone else", "email": "else@else.example"}, account=None
    )
    run_tasks()
    assert crm.conversation() != second.conversation()
    assert crm.conversation().contact != second.conversation().contact


def test_a_failing_event_is_tried_again_by_the_schedule_and_then_dead(cast: Cast, crm: PushingCrm) -> None:
    crm.says("hello")
    with database.cursor() as cursor:
        cursor.execute("ALTER TABLE interactions_message ADD CONSTRAINT never CHECK (text <> 'hello')")
    event = crm.last_event()
    for attempt in range(len(inbox.SCHEDULE)):
        InboxEvent.objects.filter(pk=event.pk).update(due_at=event.received_at)
        run_tasks()
        event.refresh_from_db()
        assert (event.state, event.attempts) == ("retry", attempt + 1)
        assert "the database refused it" in event.reason
    InboxEvent.objects.filter(pk=event.pk).update(due_at=event.received_at)
    run_tasks()
    assert crm.last_event().state == "dead"
    with database.cursor() as cursor:
        cursor.execute("ALTER TABLE interactions_message DROP CONSTRAINT never")
    assert inbox.replay(event.pk, cast.petra)
    run_tasks()
    assert crm.conversation().messages.count() == 1
