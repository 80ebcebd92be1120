"""An admin says where a CRM's own fields go, sees it on the last event, and what may reach the model."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from copilot.drafting.work import work
from copilot.models import Draft
from customers.models import Account, Contact, Record
from interactions import inbox
from interactions.models import FieldRule
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import FJORD, SIGRID, PushingCrm
from tests.factories import a_person
from tests.fakes import FakeModel
from tests.work import run_tasks

CONTACT = {**SIGRID, "account": FJORD, "fields": {
    "job": "Head of Freight", "seats_wanted": 14, "owes": "Owes us 900", "crm": {"score": "A-plus", "x": 1},
}}  # fmt: skip
ACCOUNT = {**FJORD, "fields": {"plan": "Platinum", "churn": "About to leave", "vip": "Board knows them"}}
RECORD = {"id": "i-1", "kind": "invoice", "account_id": "a-1", "title": "Invoice 2291",
          "fields": {"vat": "190", "margin": "17 percent"}}  # fmt: skip


@pytest.fixture
def model(settings: Settings) -> Iterator[FakeModel]:
    settings.DRAFT_DEBOUNCE_SECONDS = 0
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL = fake.url
        yield fake


def tell_all(crm: PushingCrm) -> None:
    crm.tells("contact.changed", CONTACT)
    crm.tells("account.changed", ACCOUNT)
    crm.tells("record.changed", RECORD)
    run_tasks()


def rows_of(*rules: tuple[str, str, str, str, bool]) -> dict[str, Any]:
    """What the form sends: kind, source, target, another name, and the tick."""
    told: dict[str, Any] = {}
    for n, (kind, source, target, own, may) in enumerate(rules):
        told |= {f"kind-{n}": kind, f"source-{n}": source, f"target-{n}": target, f"own-{n}": own}
        told |= {f"model-{n}": "on"} if may else {}
    return told


RULED = rows_of(
    ("contact", "job", "title", "", True),
    ("contact", "seats_wanted", "", "", True),
    ("contact", "owes", "", "", False),
    ("contact", "crm.score", "fields.", "score", True),
    ("account", "plan", "tier", "", False),
    ("account", "churn", "-", "", True),
    ("account", "vip", "fields.", "standing", False),
    ("record", "vat", "", "", True),
    ("record", "margin", "", "", False),
)


def keep(client: Client, crm: PushingCrm, told: dict[str, Any]) -> Any:
    return client.post(f"/settings/connections/{crm.connection.pk}/fields/", told, follow=True)


def test_fields_go_where_the_admin_says(cast: Cast, crm: PushingCrm, sign_in: SignIn) -> None:
    tell_all(crm)
    rut = a_person(name="Rut Granted", is_admin=True, may_read_conversations=True)
    ada, reader = sign_in(cast.ada), sign_in(rut)
    page = ada.get(f"/settings/connections/{crm.connection.pk}/fields/")
    seen = {(line.kind, line.source): line.seen for line in page.context["lines"]}
    assert seen["contact", "job"] == "a text of 15 letters" and seen["contact", "crm.score"]
    assert "Head of Freight" not in page.content.decode()

    answer = keep(ada, crm, RULED)
    assert answer.redirect_chain[0][1] == 303
    preview = {pair.name: pair.value for pair in answer.context["preview"]}
    assert preview["record margin: a text of 10 letters"] == "record margin, never in a prompt"
    assert "17 percent" in reader.get(answer.request["PATH_INFO"]).content.decode()
    # As it is without a rule, no rule is kept.
    assert FieldRule.objects.count() == 7
    assert AuditEntry.objects.get().verb == "set field rules"

    tell_all(crm)
    contact = Contact.objects.get(identities__external_id="p-1")
    account = Account.objects.get(identities__external_id="a-1")
    assert contact.title == "Head of Freight"
    assert contact.fields["score"] == "A-plus" and contact.fields["seats_wanted"] == 14
    assert account.tier == "Platinum"
    assert account.fields["standing"] == "Board knows them"
    assert Record.objects.get(external_id="i-1").fields == RECORD["fields"]


def test_rules_that_make_no_sense_are_refused(cast: Cast, crm: PushingCrm, sign_in: SignIn) -> None:
    client = sign_in(cast.ada)
    url = f"/settings/connections/{crm.connection.pk}/fields/"
    twice = rows_of(("contact", "job", "title", "", True), ("contact", "role", "title", "", True))
    for wrong in (twice, rows_of(("contact", "plan", "tier", "", True))):
        assert client.post(url, wrong).status_code == 422
    assert not FieldRule.objects.exists()
    assert sign_in(cast.petra).get(url).status_code == 404


def test_only_what_is_ticked_reaches_the_model(
    cast: Cast, crm: PushingCrm, sign_in: SignIn, model: FakeModel
) -> None:
    tell_all(crm)
    first = prompt_after(crm, model, "m-1")
    assert "190" in first and "17 percent" in first  # records go as they are told
    for own in ("Head of Freight", "seats wanted", "Owes us", "Platinum", "About to leave", "Board knows"):
        assert own not in first

    keep(sign_in(cast.ada), crm, RULED)
    tell_all(crm)
    second = prompt_after(crm, model, "m-2")

    for ticked in ("Head of Freight", "seats wanted: 14", "score: A-plus", "190"):
        assert ticked in second
    for kept_back in ("Owes us", "Platinum", "About to leave", "Board knows", "17 percent"):
        assert kept_back not in second


def test_a_connection_without_rules_is_not_asked_for_any(crm: PushingCrm) -> None:
    crm.tells("contact.changed", CONTACT)
    with CaptureQueriesContext(connection) as asked:
        inbox.apply(crm.last_event().pk)
    about_rules = [one["sql"] for one in asked if "interactions_fieldrule" in one["sql"]]
    assert len(about_rules) == 1 and "FOR UPDATE" in about_rules[0]  # asked within the claim itself


def prompt_after(crm: PushingCrm, model: FakeModel, message: str) -> str:
    """What the model received when the customer writes in a conversation of its own."""
    crm.says("What do we pay?", message=message, conversation=f"c-{message}")
    inbox.apply(crm.last_event().pk)
    work(Draft.objects.latest("pk").pk)
    return f"{model.asked[-1].system}{model.asked[-1].said}"
