"""Lists and details: who sees what, how they are narrowed and paged, and that rows cost no query each."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from copilot.models import Article, Draft
from customers.models import Identity, Note, Promise, Record
from interactions.models import Attempt, Connection, Conversation, InboxEvent, OutboxMessage
from people.models import Scope
from tests.cast import Cast
from tests.copilot.api.calling import (
    Program,
    a_draft,
    an_event,
    is_problem,
    program_of,
    program_of_connection,
)
from tests.factories import a_connection, a_contact, a_conversation, a_message

pytestmark = pytest.mark.django_db

RESOURCES = [
    "accounts", "contacts", "records", "notes", "promises", "conversations", "messages", "drafts", "decisions",
    "signals", "articles", "connections", "events", "deliveries", "people", "teams",
]  # fmt: skip
ABOUT_CUSTOMERS = ["accounts", "contacts", "records", "notes", "promises"]
ABOUT_TALK = ["conversations", "messages", "drafts", "decisions", "signals", "deliveries"]


@pytest.fixture
def house(cast: Cast, connection: Connection, draft: Draft) -> Connection:
    """One row of every kind, all of the support team."""
    now = timezone.now()
    for kind, who in (("account", cast.fjord), ("contact", cast.sigrid)):
        Identity.objects.create(source=connection.pk, kind=kind, external_id="x-1", **{kind: who})
    Record.objects.create(source=connection.pk, external_id="o-1", kind="order", account=cast.fjord,
                          source_updated_at=now)  # fmt: skip
    Note.objects.create(account=cast.fjord, kind="preference", text="Writes briefly", created_at=now)
    Promise.objects.create(account=cast.fjord, text="A call on Monday", made_at=now)
    Article.objects.create(title="Delivery", body="By ship.", updated_at=now).teams.add(cast.support)
    an_event(connection=connection)
    _approved(cast, draft)
    return connection


def _approved(cast: Cast, draft: Draft) -> None:
    body = {"kind": "approve", "version": draft.version}
    made = program_of(cast.ines).post(f"drafts/{draft.pk}/decisions/", body)
    assert made.status_code == 201, made.json()
    row = OutboxMessage.objects.get(pk=made.json()["delivery"])
    Attempt.objects.create(outbox=row, number=1, at=timezone.now(), duration_ms=5, result="retry")


def results(program: Program, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = program.get(path, **query)
    assert answer.status_code == 200, answer.json()
    return list(answer.json()["results"])


def test_a_list_and_its_details_agree(house: Connection, petra: Program) -> None:
    for name in RESOURCES:
        rows = results(petra, f"{name}/")
        assert rows and petra.get(f"{name}/{rows[0]['id']}/").json() == rows[0], name


def test_records_events_and_deliveries_are_narrowed_down(house: Connection, petra: Program) -> None:
    before, after = (timezone.now() + timedelta(hours=hours) for hours in (-1, 1))
    yes: list[tuple[str, dict[str, Any]]] = [
        ("records", {"kind": "order", "connection": house.pk, "external_id": "o-1", "updated_since": before}),
        ("events", {"type": "message.received", "state": "dead", "received_since": before}),
        ("deliveries", {"kind": "reply", "type": "reply.approved", "created_since": before}),
    ]
    no: list[tuple[str, dict[str, Any]]] = [
        ("records", {"kind": "invoice"}), ("records", {"status": "paid"}), ("records", {"contact": 1}),
        ("records", {"updated_since": after}), ("events", {"type": "x"}), ("events", {"key": "x"}),
        ("events", {"received_since": after}), ("deliveries", {"kind": "event"}),
        ("deliveries", {"created_since": after}),
    ]  # fmt: skip
    for name, by in (*yes, *no):
        told = {key: one.isoformat() if isinstance(one, datetime) else str(one) for key, one in by.items()}
        assert len(results(petra, f"{name}/", **told)) == ((name, by) in yes), (name, by)


def test_a_moment_that_the_database_refuses_is_the_callers_mistake(house: Connection, petra: Program) -> None:
    """PostgreSQL knows no offset of 16 hours; Python does."""
    assert len(results(petra, "records/", updated_since="2020-01-01T00:00:00-19:36")) > 0
    for never in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-02-31T10:00:00Z", "soon"):
        assert is_problem(petra.get("records/", updated_since=never), 400, "invalid"), never


def test_strangers_see_nothing(house: Connection, petra: Program, lukas: Program) -> None:
    for name in (*ABOUT_CUSTOMERS, *ABOUT_TALK, "articles", "events", "connections"):
        found = results(petra, f"{name}/")[0]
        assert found not in results(lukas, f"{name}/"), name
        assert is_problem(lukas.get(f"{name}/{found['id']}/"), 404), name


def test_an_account_managers_own_customers(house: Connection, cast: Cast) -> None:
    karim = program_of(cast.karim)
    for name in (*ABOUT_CUSTOMERS, *ABOUT_TALK):
        assert results(karim, f"{name}/"), name


def test_an_admin_sees_metadata_only(house: Connection, ada: Program, cast: Cast) -> None:
    for name in (*ABOUT_CUSTOMERS, *ABOUT_TALK):
        assert bool(results(ada, f"{name}/")) == (name == "deliveries"), name
    cast.ada.may_read_conversations = True
    cast.ada.save()
    for name in (*ABOUT_CUSTOMERS, *ABOUT_TALK):
        assert results(ada, f"{name}/"), name


def test_a_connection_sees_what_is_its_own(house: Connection, cast: Cast) -> None:
    neighbour = a_connection(team=cast.support)
    own, other = program_of_connection(house), program_of_connection(neighbour)
    mine = {"accounts", "contacts", "records", "conversations", "messages", "drafts", "events", "deliveries"}
    for name in RESOURCES:
        assert bool(results(own, f"{name}/")) == (name in mine | {"connections"}), name
        themselves = [str(neighbour.pk)] if name == "connections" else []
        assert [row["id"] for row in results(other, f"{name}/")] == themselves, name


def test_rows_are_for_reading(petra: Program) -> None:
    """A promise and an article are made by posting them, and refused with 400 when nothing is said."""
    for name, method in product(RESOURCES, ("POST", "PUT", "PATCH", "DELETE")):
        made = method == "POST" and name in ("promises", "articles")
        expected = (400, "invalid") if made else (405, "")
        assert is_problem(petra.send(method, f"{name}/"), *expected), (method, name)


def queries_of(petra: Program, name: str) -> int:
    with CaptureQueriesContext(database) as asked:
        results(petra, f"{name}/")
    return len(asked)


def test_more_rows_cost_no_more_queries(house: Connection, cast: Cast, petra: Program) -> None:
    few = {name: queries_of(petra, name) for name in RESOURCES}
    for number in range(3):
        contact = a_contact(name=f"Nils{number} Berg", account=cast.fjord)
        talk = a_conversation(team=cast.support, contact=contact, connection=house)
        _approved(cast, a_draft(conversation=talk))
        an_event(connection=house)
    for name in RESOURCES:
        assert queries_of(petra, name) == few[name] <= 6, name
        row = results(petra, f"{name}/")[0]
        with CaptureQueriesContext(database) as one:
            petra.get(f"{name}/{row['id']}/")
        assert len(one) <= 6, name


def test_no_secret_leaves_with_a_connection(cast: Cast, petra: Program) -> None:
    url = "https://user:sesame@crm.example/hook?token=mellon"
    made = a_connection(team=cast.support, deliver_to=url)
    text = petra.get(f"connections/{made.pk}/").content.decode()
    assert "https://crm.example/hook" in text
    assert not any(secret in text for secret in ("sesame", "mellon", "whsec", made.sealed_secrets))


def test_filters(
    house: Connection, conversation: Conversation, draft: Draft, petra: Program, cast: Cast
) -> None:
    aside = a_conversation(team=cast.support, contact=cast.sigrid, connection=house)
    other = a_draft(conversation=aside)
    outside = str(conversation.external_id)
    assert [c["id"] for c in results(petra, "conversations/", external_id=outside, connection=house.pk)] == [
        conversation.pk
    ]
    assert (
        results(petra, "conversations/", external_id=outside, connection=a_connection(team=cast.support).pk)
        == []
    )
    assert [d["id"] for d in results(petra, "drafts/", conversation=aside.pk)] == [other.pk]
    assert [d["id"] for d in results(petra, "drafts/", state="ready")] == [other.pk]
    for name in ("signals", "deliveries", "decisions"):
        assert [row["draft"] for row in results(petra, f"{name}/", draft=draft.pk)] == [draft.pk]
        assert results(petra, f"{name}/", draft=other.pk) == []


@pytest.mark.parametrize(
    "query",
    [
        {"conversation": "abc"}, {"conversation": 10**30}, {"conversation": -1}, {"state": "asleep"},
        {"conversation": "1\x00"}, {"cursor": "cD1hYmM="}, {"cursor": "ä"},
    ],
)  # fmt: skip
def test_filters_that_make_no_sense(petra: Program, query: dict[str, Any]) -> None:
    answer = petra.get("drafts/", **query)
    assert answer.status_code in (400, 404), answer.json()
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", [{"connection": "x"}, {"external_id": "a\x00"}, {"external_id": "x" * 201}])
def test_conversation_filters_that_make_no_sense(petra: Program, query: dict[str, Any]) -> None:
    assert is_problem(petra.get("conversations/", **query), 400, "invalid")


@pytest.mark.parametrize(
    "path",
    [f"drafts/{10**30}/", f"drafts/{'9' * 5000}/", "drafts/abc/", "drafts/1%00/", "deliveries/7/", "nowhere/"],
)
def test_addresses_that_lead_nowhere(petra: Program, path: str) -> None:
    assert is_problem(petra.get(path), 404)


def test_pages_are_stable_while_rows_come_in(petra: Program, cast: Cast, conversation: Conversation) -> None:
    ids = [a_message(conversation=conversation).pk for _ in range(5)]
    first = petra.get("messages/", limit=2).json()
    a_message(conversation=conversation)
    seen = [row["id"] for row in first["results"]]
    while first["next"]:
        first = petra.client.get(first["next"], headers={"Authorization": f"Bearer {petra.key}"}).json()
        seen += [row["id"] for row in first["results"]]
    assert seen == sorted(ids, reverse=True)


def test_rows_without_an_order_of_their_own_page_too(
    petra: Program, connection: Connection, cast: Cast
) -> None:
    made = {str(connection.pk)} | {str(a_connection(team=cast.support).pk) for _ in range(4)}
    now = timezone.now()
    Connection.objects.update(created_at=now)  # all at the same moment
    page, seen = petra.get("connections/", limit=2).json(), []
    seen += [row["id"] for row in page["results"]]
    while page["next"]:
        page = petra.client.get(page["next"], headers={"Authorization": f"Bearer {petra.key}"}).json()
        seen += [row["id"] for row in page["results"]]
    assert sorted(seen) == sorted(made)


def test_the_body_of_an_event_stays_inside(house: Connection, ada: Program) -> None:
    assert InboxEvent.objects.exists()
    assert "body" not in results(ada, "events/")[0]


def test_a_failed_draft_says_so_in_words(ines: Program, conversation: Conversation) -> None:
    draft = a_draft(conversation=conversation, state=Draft.State.FAILED, failure="timeout", text="")
    told = ines.get(f"drafts/{draft.pk}/").json()
    assert told["failure"].startswith("The model took too long to answer.")


def test_reading_takes_the_scope(cast: Cast) -> None:
    assert is_problem(program_of(cast.ines, [Scope.DECIDE]).get("drafts/"), 403)
