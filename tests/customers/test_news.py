"""What a source tells about accounts, contacts and records, in any order."""

import itertools
from typing import Any

import pytest
from django.test import Client

from customers.models import Account, Contact, Record
from tests.cast import Cast
from tests.crm import PushingCrm, minutes_ago, through
from tests.factories import a_connection
from tests.work import run_tasks


def of_account(**fields: Any) -> dict[str, Any]:
    return {"id": "a-9", "name": "Polder Foods", **fields}


def test_a_change_makes_a_customer_nobody_wrote_for_yet(crm: PushingCrm) -> None:
    account = {"id": "a-9", "name": "Polder Foods"}
    crm.tells(
        "contact.changed",
        {"id": "p-9", "name": "Joris Vos", "email": "Joris@Polder.example", "account": account},
    )
    run_tasks()
    joris = Contact.objects.get(name="Joris Vos")
    assert (joris.email, str(joris.account)) == ("joris@polder.example", "Polder Foods")


def test_an_older_change_told_late_changes_nothing_newer(crm: PushingCrm) -> None:
    crm.tells("contact.changed", {"id": "p-9", "name": "Joris Vos-Berg"}, minutes_ago(5))
    crm.tells("contact.changed", {"id": "p-9", "name": "Joris Vos", "phone": "+31 1"}, minutes_ago(9))
    run_tasks()
    joris = Contact.objects.latest("id")
    assert (joris.name, joris.phone) == ("Joris Vos-Berg", "+31 1")


def test_what_is_not_told_is_not_deleted(crm: PushingCrm) -> None:
    crm.tells("contact.changed", {"id": "p-9", "name": "Joris Vos", "title": "Buyer", "fields": {"a": 1}})
    crm.tells("contact.changed", {"id": "p-9", "email": "j@polder.example"})
    run_tasks()
    joris = Contact.objects.latest("id")
    assert (joris.name, joris.title, joris.fields) == ("Joris Vos", "Buyer", {"a": 1})


NEWS = [
    ("account.changed", of_account(tier="silver", fields={"a": 1, "b": 1}), 9),
    ("account.changed", of_account(tier="gold", fields={"a": 2}), 7),
    ("contact.changed", {"id": "p-9", "account": {"id": "a-9", "name": "Polder"}}, 5),
    ("account.changed", of_account(domain="polder.example", fields={"b": 3}), 3),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_any_order_of_news_ends_in_the_same_account(crm: PushingCrm, order: tuple[int, ...]) -> None:
    for number in order:
        type, data, minutes = NEWS[number]
        crm.tells(type, data, minutes_ago(minutes))
        run_tasks()
    account = Account.objects.latest("id")
    assert (account.name, account.tier, account.domain) == ("Polder Foods", "gold", "polder.example")
    assert account.fields == {"a": 2, "b": 3}


def test_a_record_may_come_before_its_customer(crm: PushingCrm) -> None:
    crm.tells(
        "record.changed", {"id": 8812, "kind": "order", "account_id": "a-9", "contact_id": 31}, minutes_ago(5)
    )
    crm.tells("account.changed", of_account(), minutes_ago(9))
    crm.tells("contact.changed", {"id": "31", "name": "Joris Vos"}, minutes_ago(9))
    run_tasks()
    record = Record.objects.get()
    assert (str(record.account), str(record.contact), record.external_id) == (
        "Polder Foods",
        "Joris Vos",
        "8812",
    )


def test_a_record_is_replaced_by_newer_news_only(crm: PushingCrm) -> None:
    for status, minutes in (("packed", 5), ("sent", 3), ("ordered", 9)):
        crm.tells("record.changed", {"id": "8812", "kind": "order", "status": status}, minutes_ago(minutes))
    run_tasks()
    assert Record.objects.get().status == "sent"


def test_an_address_joins_two_sources_within_one_account_only(
    crm: PushingCrm, cast: Cast, client: Client
) -> None:
    """The same info@ address at another company is another person."""
    second = PushingCrm(a_connection(team=cast.support, name="Second"), through(client))
    told = {"name": "Front desk", "email": "info@shared.example"}
    crm.tells("contact.changed", {"id": "p-1", **told, "account": {"id": "a-1", "name": "One"}})
    second.tells("contact.changed", {"id": "p-1", **told, "account": {"id": "a-1", "name": "Other"}})
    second.tells("contact.changed", {"id": "p-2", **told})
    run_tasks()
    assert Contact.objects.filter(email="info@shared.example").count() == 3


def test_a_phone_number_joins_two_sources_where_nothing_speaks_against_it(
    crm: PushingCrm, cast: Cast, client: Client
) -> None:
    """Colleagues may share a telephone, and nobody is known by a name alone."""
    told = {"name": "Joris Vos", "email": "joris@polder.example", "phone": "+31 20 555 0101"}
    crm.tells("contact.changed", {"id": "p-1", **told, "account": of_account()})
    run_tasks()
    joris, polder = Contact.objects.get(name="Joris Vos"), Account.objects.get(name="Polder Foods")
    for number, (same, phone, more) in enumerate([
        (True, "0031 20 5550101", {"name": "joris vos"}),
        (True, "+31-20-555-01-01", {}),
        (False, "+31 20 555 0101", {"name": "Anneke Smit"}),
        (False, "+31 20 555 0101", {"email": "anneke@polder.example"}),
        (False, "0101", {"name": "Joris Vos"}),
        (False, "", {"name": "Joris Vos"}),
        (False, "+31 20 555 0101", {"account": {"id": "a-8", "name": "Other"}}),
    ]):  # fmt: skip
        third = PushingCrm(a_connection(team=cast.support, name=f"CRM {number}"), through(client))
        polder.identities.create(source=third.connection.pk, kind="account", external_id="a-9")
        third.tells("contact.changed", {"id": "x", "phone": phone, "account": of_account(), **more})
        run_tasks()
        found = Contact.objects.get(identities__source=third.connection.pk)
        assert (found == joris) is same, (phone, more)
        if not same:
            found.delete()
